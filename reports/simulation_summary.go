package reports

import (
	"fmt"
	"strings"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// Columns of the summary. The tables share them.
const (
	sumLabel = iota + 1
	sumOld
	sumNew
	sumDiff
	sumFromOld
	sumFromNew
	sumPeopleOld
	sumPeopleNew
	sumPeopleDiff
	sumMoves
	sumID
	sumLast = sumID
)

// Columns of the departments' table.
const (
	unitOld     = sumOld
	unitNew     = sumNew
	unitDiff    = sumDiff
	unitScore   = sumFromOld
	unitNow     = sumFromNew
	unitStep    = sumPeopleOld
	unitPeople  = sumPeopleNew
	unitChanged = sumPeopleDiff
	unitMoves   = sumMoves
	unitID      = sumID // by which people are found: names may be alike
)

// Lines of the cost table.
const (
	costTotal = iota
	costPaid
	costNone
	costUnknown
	costDays
	costQuarters
	costLines
)

// fmtMoney is a difference of money.
const fmtMoney = "▲ #,##0.00;▼ #,##0.00;0.00"

// fmtCount is a difference of a count.
const fmtCount = "▲ #,##0;▼ #,##0;0"

// writeSummary writes the first sheet.
func (b *simulationBook) writeSummary() error {
	label := 22
	for _, d := range b.sim.Departments {
		label = max(label, textWidth(d.Department.Name.In(b.lang)))
	}
	s, err := b.open(b.names[0], frame{tab: tabOverview, columns: sumLast, rows: b.lastRow, titles: [2]int{1, 1},
		widths: []float64{fit(label, 24, 36), 15, 15, 15, 12, 12, 12, 12, 12, 13, 12}})
	if err != nil {
		return err
	}
	if err := b.summaryRules(); err != nil {
		return err
	}
	r := b.Report
	s.line(titleLook, r.Policy.Company.Name.In(b.lang)+"  "+b.periodName()+" "+simulationSubject.In(b.lang))
	s.line(noteLook, fmt.Sprintf(b.t("现行：制度第 %d 版；数据截至账序 %d、%s；试算不作记录。得分未含上级评分时为暂定。",
		"In force: policy version %d; data as of ledger sequence %d and %s; nothing is recorded. Scores without a superior's evaluation are provisional."),
		b.sim.Old.PolicyVersion, r.LedgerSeq, r.Day.Format("2006-01-02")))
	for _, h := range b.headlines {
		s.line(sayLook, h)
	}
	s.skip(1)
	b.costTable(s)
	b.bandTable(s)
	b.moveTable(s)
	b.unitTable(s)
	b.changeTable(s)
	return s.close()
}

// summaryRules colours differences: more for people is good; a cost is neither good nor bad.
func (b *simulationBook) summaryRules() error {
	last := b.departmentRow + len(b.sim.Departments) - 1
	if len(b.sim.Departments) == 0 {
		return nil
	}
	return b.arrowRules(b.names[0], address(unitStep, b.departmentRow)+":"+address(unitStep, last), true)
}

// costTable shows what the rewards come to, and the figures that every reward takes.
func (b *simulationBook) costTable(s *sheet) {
	s.section(b.t("成本", "Cost"))
	s.header([]string{b.t("项目", "Item"), b.t("现行", "In force"), b.t("试算", "Tried out"), b.t("差", "Change")}, 1)
	c := b.sim.Company
	s.put(sumLabel, wrapLook.strong(), b.t("奖金合计（元）", "Rewards in sum"))
	b.costSum(s, sumOld, simRewardOld, c.Old)
	b.costSum(s, sumNew, simRewardNew, c.New)
	old, now, unknown := address(sumOld, s.row), address(sumNew, s.row), s.row+costUnknown
	s.formula(sumDiff, number(fmtMoney).strong(), "IF(OR(NOT(ISNUMBER("+old+")),NOT(ISNUMBER("+now+")),"+address(sumOld, unknown)+"+"+address(sumNew, unknown)+
		`>0),"",ROUND(`+now+"-"+old+",2))", scoreOrBlank(c.Change()))
	s.end(0)
	count := func(words string, of func(metrics.Outcome) bool, formula func(cells string) string) {
		s.put(sumLabel, wrapLook, words)
		s.formula(sumOld, number(fmtInt), formula(b.people(simRewardOld)), b.countOf(func(e metrics.PersonEffect) bool { return of(e.Old) }))
		s.formula(sumNew, number(fmtInt), formula(b.people(simRewardNew)), b.countOf(func(e metrics.PersonEffect) bool { return of(e.New) }))
		s.blank(1, sumDiff, textLook)
		s.end(0)
	}
	texts := func(words ...string) func(string) string {
		return func(cells string) string { return b.countWords(cells, words...) }
	}
	count(b.t("有奖金的人数", "People with a reward"), func(o metrics.Outcome) bool { return o.Reward != nil }, func(cells string) string { return "COUNT(" + cells + ")" })
	count(b.t("无得分或未达等级的人数", "People without score or band"), func(o metrics.Outcome) bool { return o.Unpaid == metrics.NoTotal || o.Unpaid == metrics.NoBand },
		texts(b.noScoreWords(), b.noBandWords()))
	count(b.t("奖金无从计算的人数", "People whose reward is not known"), func(o metrics.Outcome) bool { return o.Unpaid == metrics.NoBonus || o.Unpaid == metrics.NoBase },
		texts(b.noBonusWords(), b.noBaseWords()))
	s.put(sumLabel, wrapLook, b.t("期间天数", "Days of the period"))
	s.put(sumNew, number(fmtInt), metrics.Days(b.Report.Period))
	s.blank(1, sumDiff, textLook)
	s.end(0)
	s.put(sumLabel, wrapLook, b.t("折合季度数（基数按季度）", "Quarters (bases are for a quarter)"))
	quarters, _ := metrics.Quarters(b.Report.Period).Float64()
	s.formula(sumNew, number("0.####"), fmt.Sprintf("%d/%d", b.Report.Period.Kind(), period.Quarter), quarters)
	s.blank(1, sumDiff, textLook)
	s.end(0)
	s.skip(1)
}

// costSum adds up the rewards of a column, and says that nothing is known where nothing is.
func (b *simulationBook) costSum(s *sheet, col, rewards int, sum *fixed.Num) {
	var shown any = b.t("未知", "not known")
	if sum != nil {
		shown = sum.Float()
	}
	cells := b.people(rewards)
	s.formula(col, number(fmtTwo).strong(), "IF(COUNT("+cells+")+"+b.countWords(cells, b.noScoreWords(), b.noBandWords())+"=0,"+literal(b.t("未知", "not known"))+",ROUND(SUM("+cells+"),2))", shown)
}

// countWords counts the cells that hold one of the words.
func (b *simulationBook) countWords(cells string, words ...string) string {
	parts := make([]string, len(words))
	for i, w := range words {
		parts[i] = "SUMPRODUCT(EXACT(" + cells + "," + literal(w) + ")*1)"
	}
	return strings.Join(parts, "+")
}

func (b *simulationBook) countOf(is func(metrics.PersonEffect) bool) (n int) {
	for _, e := range b.sim.People {
		if is(e) {
			n++
		}
	}
	return n
}

// bandTable shows the bands with their coefficients, which the people's rewards look up, and how many people reach them.
func (b *simulationBook) bandTable(s *sheet) {
	s.section(b.t("等级与奖金系数", "Bands and bonus coefficients"))
	s.header([]string{b.t("等级", "Band"), b.t("系数 现行", "Coefficient, in force"), b.t("系数 试算", "Coefficient, tried out"), b.t("差", "Change"),
		b.t("起始分 现行", "From, in force"), b.t("起始分 试算", "From, tried out"), b.t("人数 现行", "People, in force"), b.t("人数 试算", "People, tried out"), b.t("差", "Change")}, 1)
	for i := range b.bands {
		p := &b.bands[i]
		label := b.label(p.any())
		s.put(sumLabel, wrapLook.filled(bandFill(i, len(b.bands))), label)
		b.coefficient(s, sumOld, p.old, number("0.####"))
		b.coefficient(s, sumNew, p.new, number("0.####").filled(inputFill))
		old, now := address(sumOld, s.row), address(sumNew, s.row)
		s.formula(sumDiff, number(fmtMove), "IF(AND(ISNUMBER("+old+"),ISNUMBER("+now+")),ROUND("+now+"-"+old+`,4),"")`, coefficientChange(p))
		if p.old != nil {
			s.put(sumFromOld, number("0.##"), p.old.From.Float())
		}
		if p.new != nil {
			s.put(sumFromNew, number("0.##"), p.new.From.Float())
		}
		x := b.countOf(func(e metrics.PersonEffect) bool { return b.label(e.Old.Band) == label })
		y := b.countOf(func(e metrics.PersonEffect) bool { return b.label(e.New.Band) == label })
		count := func(col int) string {
			return "SUMPRODUCT(EXACT(" + b.people(col) + "," + address(sumLabel, s.row) + ")*1)"
		}
		s.formula(sumPeopleOld, number(fmtInt), count(simBandOld), x)
		s.formula(sumPeopleNew, number(fmtInt), count(simBandNew), y)
		s.formula(sumPeopleDiff, number(fmtCount), address(sumPeopleNew, s.row)+"-"+address(sumPeopleOld, s.row), y-x)
		s.blank(1, sumPeopleDiff, textLook)
		s.end(0)
	}
	s.line(noteLook, b.t("改动淡黄色的系数，人员表的奖金与上面的合计随即重算；等级本身不随之改变。",
		"Change a coefficient in pale yellow, and the people's rewards and the sums above follow; the bands themselves do not."))
	s.skip(1)
}

func (p *bandPair) any() *policy.Band {
	if p.new != nil {
		return p.new
	}
	return p.old
}

// coefficient writes a band's coefficient, or the word that there is none.
func (b *simulationBook) coefficient(s *sheet, col int, band *policy.Band, l look) {
	switch {
	case band == nil:
		s.put(col, look{align: "right", line: hairline}, "—")
	case band.Bonus == nil:
		s.put(col, unknownLook, b.noBonusWords())
	default:
		s.put(col, l, band.Bonus.Float())
	}
}

func coefficientChange(p *bandPair) any {
	if p.old == nil || p.new == nil || p.old.Bonus == nil || p.new.Bonus == nil {
		return ""
	}
	return (*p.new.Bonus - *p.old.Bonus).Float()
}

// moveTable counts the people from each band of the policy in force to each band of the one tried out.
func (b *simulationBook) moveTable(s *sheet) {
	s.section(b.t("等级变化：行为现行，列为试算（人数）", "Moves between bands: rows in force, columns tried out (people)"))
	labels := []string{}
	for i := range b.bands {
		labels = append(labels, b.label(b.bands[i].any()))
	}
	labels = append(labels, b.label(nil))
	shown := min(len(labels), sumLast-1) // a policy with more bands shows the best of them
	headRow := s.row
	s.header(append([]string{b.t("现行 ＼ 试算", "In force ＼ tried out")}, labels[:shown]...), 1)
	for _, from := range labels {
		s.put(sumLabel, wrapLook, from)
		for j, to := range labels[:shown] {
			n := b.countOf(func(e metrics.PersonEffect) bool { return b.label(e.Old.Band) == from && b.label(e.New.Band) == to })
			l := number(fmtInt + ";;")
			if from == to {
				l = l.filled(sumFill)
			}
			s.formula(sumLabel+1+j, l, "SUMPRODUCT(EXACT("+b.people(simBandOld)+",$A"+itoa(s.row)+")*EXACT("+b.people(simBandNew)+","+letters(sumLabel+1+j)+"$"+itoa(headRow)+"))", n)
		}
		s.blank(1, 1+shown, textLook)
		s.end(0)
	}
	s.skip(1)
}

// unitTable shows the departments with their rewards, scores and people, and the company below a line.
func (b *simulationBook) unitTable(s *sheet) {
	s.section(b.t("部门（按期末所在部门，不含下级部门）", "Departments (where people are at the end, without sub-departments)"))
	s.header([]string{b.t("部门", "Department"), b.t("奖金 现行", "Rewards, in force"), b.t("奖金 试算", "Rewards, tried out"), b.t("差", "Change"),
		b.t("部门得分 现行", "Score, in force"), b.t("部门得分 试算", "Score, tried out"), b.t("差", "Change"), b.t("人数", "People"),
		b.t("有变化", "Changed"), b.t("升级／降级", "Up / down"), b.t("部门编号", "Department ID")}, 1, unitID)
	first := s.row
	for _, d := range b.sim.Departments {
		b.unitRow(s, d)
	}
	sum := number(fmtTwo).strong()
	sum.line, sum.fill = rule, sumFill
	s.put(sumLabel, look{bold: true, align: "left", line: rule, fill: sumFill}, b.t("全公司", "Company"))
	add := func(col int, format string, value any) {
		l := sum
		l.format = format
		s.formula(col, l, "SUM("+address(col, first)+":"+address(col, s.row-1)+")", value)
	}
	if len(b.sim.Departments) > 0 {
		c := b.sim.Company
		for _, side := range []struct {
			col int
			p   *policy.Policy
			sum *fixed.Num
		}{{unitOld, b.sim.Old.Policy, c.Old}, {unitNew, b.sim.New.Policy, c.New}} {
			if side.sum == nil {
				l := unknownLook
				l.line, l.fill = rule, sumFill
				s.put(side.col, l, b.openWords(side.p))
			} else {
				add(side.col, fmtTwo, side.sum.Float())
			}
		}
		add(unitPeople, fmtInt, c.People)
		add(unitChanged, fmtInt, c.Changed)
		s.put(unitMoves, look{align: "right", bold: true, line: rule, fill: sumFill}, fmt.Sprintf("%d / %d", c.Up, c.Down))
		s.put(unitDiff, sum, nil)
		if c.Change() != nil {
			l := sum
			l.format = fmtMoney
			s.formula(unitDiff, l, "ROUND("+address(unitNew, s.row)+"-"+address(unitOld, s.row)+",2)", c.Change().Float())
		}
	}
	s.blank(1, unitMoves, sum)
	s.end(0)
	s.skip(1)
}

// unknownLook is of a word in the place of money that is not known.
var unknownLook = look{align: "right", line: hairline, ink: faintInk}

// openWords say why nobody's reward is known.
func (b *simulationBook) openWords(p *policy.Policy) string {
	if !hasBonus(p) {
		return b.noBonusWords()
	}
	return b.noBaseWords()
}

// unitRow writes one department. Its rewards are found by its id, which people's rows carry.
func (b *simulationBook) unitRow(s *sheet, d metrics.DepartmentEffect) {
	s.put(sumLabel, look{align: "left", indent: d.Department.Depth, wrap: true, line: hairline}, d.Department.Name.In(b.lang))
	s.put(unitID, textLook, d.Department.ID)
	own := "EXACT(" + b.people(simUnit) + "," + address(unitID, s.row) + ")*1"
	rewards := func(col, from int, p *policy.Policy, sum *fixed.Num) {
		if sum == nil {
			s.put(col, unknownLook, b.openWords(p))
			return
		}
		s.formula(col, number(fmtTwo), "ROUND(SUMPRODUCT("+own+","+b.people(from)+"),2)", sum.Float())
	}
	rewards(unitOld, simRewardOld, b.sim.Old.Policy, d.Cost.Old)
	rewards(unitNew, simRewardNew, b.sim.New.Policy, d.Cost.New)
	if change := d.Change(); change != nil {
		s.formula(unitDiff, number(fmtMoney), "ROUND("+address(unitNew, s.row)+"-"+address(unitOld, s.row)+",2)", change.Float())
	}
	s.put(unitScore, number(fmtTwo), orNothing(d.Old.Total))
	s.put(unitNow, number(fmtTwo), orNothing(d.New.Total))
	x, y := address(unitScore, s.row), address(unitNow, s.row)
	s.formula(unitStep, number(fmtMove), "IF(AND(ISNUMBER("+x+"),ISNUMBER("+y+")),ROUND("+y+"-"+x+`,2),"")`, difference(d.New.Total, d.Old.Total))
	s.put(unitPeople, number(fmtInt), d.People)
	s.put(unitChanged, number(fmtInt), d.Changed)
	moves := any(nil)
	if d.Up+d.Down > 0 {
		moves = fmt.Sprintf("%d / %d", d.Up, d.Down)
	}
	s.put(unitMoves, look{align: "right", line: hairline}, moves)
	s.blank(1, unitMoves, textLook)
	s.end(rowHeight(wrappedLines(d.Department.Name.In(b.lang), s.frame.widths[0]-float64(2*d.Department.Depth))))
}

// changeTable lists what the two policies say differently.
func (b *simulationBook) changeTable(s *sheet) {
	s.section(fmt.Sprintf(b.t("制度的变化（%d 处）", "What differs in the policy (%d)"), len(b.sim.Changes)))
	spans := [][2]int{{1, 1}, {2, 3}, {4, 7}, {8, sumLast}} // thing, what of it, old, new
	row := func(looks []look, texts []string, least float64) {
		lines := 1
		for i, text := range texts {
			s.put(spans[i][0], looks[i], text)
			for col := spans[i][0] + 1; col <= spans[i][1]; col++ {
				s.put(col, looks[i], nil)
			}
			if spans[i][0] < spans[i][1] {
				s.keep(s.stream.MergeCell(address(spans[i][0], s.row), address(spans[i][1], s.row)))
			}
			lines = max(lines, wrappedLines(text, s.visibleWidth(spans[i][0], spans[i][1])-1))
		}
		s.end(max(rowHeight(lines), least))
	}
	head := headLook
	head.align = "left"
	row([]look{head, head, head, head}, []string{b.t("内容", "Thing"), b.t("项", "What of it"), b.t("现行", "In force"), b.t("试算", "Tried out")}, 22)
	if len(b.sim.Changes) == 0 {
		row([]look{wrapLook, wrapLook, wrapLook, wrapLook}, []string{b.t("没有差别", "Nothing differs"), "", "", ""}, 0)
	}
	for _, d := range b.sim.Changes {
		thing := d.Part.Name().In(b.lang) + b.t("：", ": ") + d.Name.In(b.lang)
		if d.ID != "" {
			thing += b.t("（", " (") + d.ID + b.t("）", ")")
		}
		field := d.What.In(b.lang)
		if d.Field == "" {
			field = b.t("整项", "all of it")
		}
		row([]look{wrapLook, wrapLook, wrapLook, wrapLook}, []string{thing, field, orNone(b, d.Old.In(b.lang)), orNone(b, d.New.In(b.lang))}, 0)
	}
}

func orNone(b *simulationBook, s string) string {
	if s == "" {
		return b.t("（无）", "(none)")
	}
	return s
}
