package reports

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/xuri/excelize/v2"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// simulationSubject is what a workbook of a simulation is about.
var simulationSubject = policy.Text{ZH: "制度试算", EN: "Policy simulation"}

// WriteSimulation writes a simulation to path as a workbook: a summary with the cost, the bands with their coefficients, the departments and
// what differs in the policy; and the people as an Excel table. Rewards, their differences and all sums are formulas over the cells
// beside them, so that another coefficient or base shows at once what it would cost. The words are in lang. The same simulation gives
// the same bytes. A file that is there already is left alone.
func WriteSimulation(ctx context.Context, path string, s *metrics.Simulation, lang policy.Lang) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = errors.New("the file is there already; choose another name (文件已存在，请换一个文件名)")
		}
		return fmt.Errorf("write simulation to %s: %w", path, err)
	}
	return writeWhole(path, func(w io.Writer) error {
		if err := renderSimulation(ctx, w, s, lang); err != nil {
			return fmt.Errorf("write simulation to %s: %w", path, err)
		}
		return nil
	})
}

func renderSimulation(ctx context.Context, w io.Writer, s *metrics.Simulation, lang policy.Lang) error {
	b := &simulationBook{book: blankBook(lang), sim: s, names: [2]string{"概览", "人员"}}
	b.Data = Data{Report: s.New}
	if lang == policy.EN {
		b.names = [2]string{"Summary", "People"}
	}
	company := b.Report.Policy.Company.Name.In(lang)
	b.foot = footText(company) + " · " + b.periodName() + " " + simulationSubject.In(lang)
	b.plan()
	if err := b.create(b.names[:]); err != nil {
		return err
	}
	defer b.close()
	if err := b.describe(company+" "+b.periodName()+" "+simulationSubject.In(lang), simulationSubject, company, b.Report.Made); err != nil {
		return err
	}
	yes := true
	if err := b.file.SetCalcProps(&excelize.CalcPropsOptions{FullCalcOnLoad: &yes}); err != nil {
		return err
	}
	for _, write := range []func() error{b.writeSummary, b.writePeople} {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := write(); err != nil {
			return err
		}
	}
	_, err := b.pack(ctx, w)
	return err
}

// simulationBook is a workbook of a simulation being written.
type simulationBook struct {
	*book
	sim       *metrics.Simulation
	names     [2]string // of the summary and of the people's sheet
	bands     []bandPair
	headlines []string
	// Rows of the summary.
	costRow, bandRow, moveRow, departmentRow, changeRow, lastRow int
}

// bandPair is a band as the two policies have it; nil where one has it not.
type bandPair struct {
	id       string
	old, new *policy.Band
}

// plan counts the rows of the summary, to which the people's sheet points.
func (b *simulationBook) plan() {
	for i := range b.sim.New.Policy.Bands {
		band := &b.sim.New.Policy.Bands[i]
		b.bands = append(b.bands, bandPair{id: band.ID, new: band})
	}
	for i := range b.sim.Old.Policy.Bands {
		band := &b.sim.Old.Policy.Bands[i]
		if p := b.pairOf(band.ID); p != nil {
			p.old = band
		} else {
			b.bands = append(b.bands, bandPair{id: band.ID, old: band})
		}
	}
	b.headlines = b.simulationHeadlines()
	b.costRow = 3 + len(b.headlines) + 3               // title, note, headlines, blank, section, heads
	b.bandRow = b.costRow + costLines + 3              // blank, section, heads
	b.moveRow = b.bandRow + len(b.bands) + 1 + 3       // the note below the bands
	b.departmentRow = b.moveRow + len(b.bands) + 1 + 3 // one row for no band
	b.changeRow = b.departmentRow + len(b.sim.Departments) + 1 + 3
	b.lastRow = b.changeRow + max(len(b.sim.Changes), 1) - 1
}

func (b *simulationBook) pairOf(id string) *bandPair {
	for i := range b.bands {
		if b.bands[i].id == id {
			return &b.bands[i]
		}
	}
	return nil
}

// label names a band alike on both sides.
func (b *simulationBook) label(band *policy.Band) string {
	if band == nil {
		return b.t("无等级", "no band")
	}
	p := b.pairOf(band.ID)
	if p.new != nil {
		return b.bandLabel(p.new)
	}
	return b.bandLabel(p.old)
}

// Words that stand in cells of rewards and coefficients in the place of a number, and in formulas alike.
func (b *book) noBandWords() string  { return b.t("未达等级", "below bands") }
func (b *book) noBonusWords() string { return b.t("未定系数", "not set") }
func (b *book) noBaseWords() string  { return b.t("无基数", "no base") }

// unpaidWords says why there is no reward.
func (b *book) unpaidWords(u metrics.Unpaid) string {
	switch u {
	case metrics.NoTotal:
		return b.noScoreWords()
	case metrics.NoBand:
		return b.noBandWords()
	case metrics.NoBonus:
		return b.noBonusWords()
	}
	return b.noBaseWords()
}

// hasBonus reports whether a policy gives its bands coefficients.
func hasBonus(p *policy.Policy) bool { return len(p.Bands) > 0 && p.Bands[0].Bonus != nil }

// simulationHeadlines say in sentences what the changed policy does.
func (b *simulationBook) simulationHeadlines() []string {
	c := b.sim.Company
	people := fmt.Sprintf(b.t("• %d 人中 %d 人的得分、等级、系数或奖金有变化：%d 人升级，%d 人降级。", "• Of %d people %d get another score, band, coefficient or reward: %d move up a band, %d down."),
		c.People, c.Changed, c.Up, c.Down)
	list := []string{people, "• " + b.costHeadline(c)}
	for _, o := range b.sim.Overruled {
		list = append(list, "• "+OverruledWords(o).In(b.lang))
	}
	return list
}

// OverruledWords say that a changed target does not reach everybody.
func OverruledWords(o metrics.Overruled) policy.Text {
	return policy.Text{
		ZH: fmt.Sprintf("%s「%s」的目标改动不影响 %d 人（共 %d 人）：本人或所在部门另有目标记录，以记录为准。", o.Scorecard.Name.ZH, o.KPI.Name.ZH, o.People, o.Of),
		EN: fmt.Sprintf("The changed target of %s in %s does not reach %d of %d people: targets recorded for them or their departments go before it.",
			o.KPI.Name.EN, o.Scorecard.Name.EN, o.People, o.Of)}
}

func (b *simulationBook) costHeadline(c metrics.Cost) string {
	switch change := c.Change(); {
	case !hasBonus(b.sim.Old.Policy) && !hasBonus(b.sim.New.Policy):
		return b.t("两版制度的等级都没有奖金系数，成本无从计算。", "Neither policy gives its bands bonus coefficients; the cost is not known.")
	case !hasBonus(b.sim.Old.Policy):
		return fmt.Sprintf(b.t("现行制度没有奖金系数，成本无从比较；试算后奖金合计 %s 元。", "The policy in force has no bonus coefficients, so there is nothing to compare; the rewards tried out come to %s."), money(c.New))
	case !hasBonus(b.sim.New.Policy):
		return fmt.Sprintf(b.t("试算的制度没有奖金系数，成本无从比较；现行奖金合计 %s 元。", "The policy tried out has no bonus coefficients, so there is nothing to compare; the rewards in force come to %s."), money(c.Old))
	case change == nil:
		return fmt.Sprintf(b.t("%d 人没有奖金基数，未计入合计：现行 %s 元，试算 %s 元。", "%d people have no bonus base and are not in the sums: %s in force, %s tried out."),
			max(c.OldUnknown, c.NewUnknown), money(c.Old), money(c.New))
	case *change == 0:
		return fmt.Sprintf(b.t("奖金合计不变，为 %s 元。", "The rewards stay the same in sum: %s."), money(c.New))
	case *change > 0:
		return fmt.Sprintf(b.t("奖金合计由 %s 元变为 %s 元，增加 %s 元%s。", "The rewards go from %s to %s, up by %s%s."), money(c.Old), money(c.New), money(change), b.ofOld(*change, *c.Old))
	default:
		off := -*change
		return fmt.Sprintf(b.t("奖金合计由 %s 元变为 %s 元，减少 %s 元%s。", "The rewards go from %s to %s, down by %s%s."), money(c.Old), money(c.New), money(&off), b.ofOld(off, *c.Old))
	}
}

// ofOld is a change in percent of what was, where there was something.
func (b *simulationBook) ofOld(change, old fixed.Num) string {
	if old == 0 {
		return ""
	}
	r := change.Rat()
	r.Quo(r, old.Rat())
	return fmt.Sprintf(b.t("（%s%%）", " (%s%%)"), fixed.Text(r.Mul(r, fixed.Int(100).Rat()), 1))
}

func money(n *fixed.Num) string {
	if n == nil {
		return "—"
	}
	return fixed.Grouped(n.Text(2))
}
