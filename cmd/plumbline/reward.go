package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plumbline/company"
	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports"
	"plumbline/reports/tabular"
	"plumbline/reviews"
)

func (a *app) rewardCommand() *cobra.Command {
	c := a.family(&cobra.Command{
		Use:   "reward",
		Short: a.say("奖惩：试算、生成名单、逐级签字、应急发放、工资表、晋升与轮岗", "rewards: preview, draw up, sign, emergency, payroll, promotion and rotation"),
		Example: "  plumbline reward preview 2026Q3 --as 00051\n  plumbline reward draw 2026Q3 --as 00051\n  plumbline reward sign 2026Q3 --department D001 --as 00025\n" +
			"  plumbline reward payroll 2026Q3 -o out",
	})
	c.AddCommand(a.rewardPreviewCommand(), a.rewardDrawCommand(), a.rewardListCommand(), a.rewardLinesCommand(), a.rewardSignCommand("sign"), a.rewardSignCommand("refuse"), a.rewardSignCommand("emergency"),
		a.rewardPayrollCommand(), a.rewardCandidatesCommand(), a.rewardRotationCommand())
	return c
}

func (a *app) rewardPreviewCommand() *cobra.Command {
	var x acting
	c := &cobra.Command{
		Use: "preview QUARTER", Short: a.say("试算下一份名单，不作记录；预算不够时给出削减", "work the next list out without recording it; with what the budget would cut"), Example: "  plumbline reward preview 2026Q3",
		Args: a.exactly(1, a.say("一个季度", "one QUARTER")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.atDesk(c, args[0], x, func(ctx context.Context, d *reviews.Desk, p period.Period) error {
				l, lines, err := d.Preview(ctx, p)
				if err != nil {
					return err
				}
				a.tellList(l)
				return a.rewardTable(p, l.Number, lines).Write(a.out, a.format)
			})
		},
	}
	a.actingFlags(c, &x, false)
	a.formatFlag(c)
	return c
}

// tellList says what a list comes to.
func (a *app) tellList(l *reviews.RewardList) {
	kind := a.say("奖惩名单", "reward list")
	if l.Compensation {
		kind = a.say("补差名单", "list of compensations")
	}
	a.tell(a.say("第 %d 号%s：%d 人，合计 %s 元，预算削减 %s 元", "%[2]s %[1]d: %[3]d people, %[4]s yuan in all, %[5]s yuan cut by the budget"), l.Number, kind, l.Lines, l.Total.Text(2), l.Cut.Text(2))
}

func (a *app) rewardDrawCommand() *cobra.Command {
	var x acting
	c := &cobra.Command{
		Use: "draw QUARTER", Short: a.say("由封账结果生成名单；有已批准的调整时生成补差名单", "draw the list up from the sealed results; after approved adjustments, the compensations"), Example: "  plumbline reward draw 2026Q3 --as 00051",
		Args: a.exactly(1, a.say("一个季度", "one QUARTER")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.atDesk(c, args[0], x, func(ctx context.Context, d *reviews.Desk, p period.Period) error {
				l, err := d.Draw(ctx, p)
				if err != nil {
					return err
				}
				a.tellList(l)
				return a.done("名单已生成，待签字：plumbline reward list %s", "the list waits for signatures: plumbline reward list %s", p)
			})
		},
	}
	a.actingFlags(c, &x, false)
	return c
}

func (a *app) rewardListCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "list QUARTER", Short: a.say("名单及各部门签到哪一步", "the lists, and how far each sheet is signed"), Example: "  plumbline reward list 2026Q3",
		Args: a.exactly(1, a.say("一个季度", "one QUARTER")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.atDesk(c, args[0], acting{}, func(ctx context.Context, d *reviews.Desk, p period.Period) error {
				r, err := reviews.Read(ctx, d.Books, p, always)
				if err != nil {
					return err
				}
				t := &tabular.Table{Columns: []tabular.Column{a.column("list", "名单", "list", tabular.Integer), a.column("kind", "类别", "kind"), a.column("sheet", "部门", "department"), a.column("people", "人数", "people", tabular.Integer),
					a.column("total", "金额（元）", "yuan", tabular.Decimal), a.column("signed", "已签", "signed"), a.column("next", "待签", "next"), a.column("payable", "可发放", "payable"), a.column("note", "备注", "note")}}
				for _, l := range r.Lists {
					a.sheetRows(t, l, d.Zone)
				}
				return t.Write(a.out, a.format)
			})
		},
	}
	a.formatFlag(c)
	return c
}

func (a *app) sheetRows(t *tabular.Table, l *reviews.RewardList, zone *time.Location) {
	kind := a.say("名单", "list")
	if l.Compensation {
		kind = a.say("补差", "compensation")
	}
	for i := range l.Sheets {
		s := &l.Sheets[i]
		var signed []string
		for _, x := range s.Signed() {
			text := x.Step.Name().In(a.lang) + " " + x.Actor + " " + moment(x.At, zone)
			if x.MadeUp {
				text += a.say("（补签）", " (made up)")
			}
			if x.Late {
				text += a.say("（逾期）", " (late)")
			}
			signed = append(signed, text)
		}
		note := ""
		if s.Emergency != nil {
			note = fmt.Sprintf(a.say("应急发放：%s（%s，补签期限 %s）", "emergency: %s (%s, to be made up by %s)"), s.Emergency.Text, s.Emergency.Actor, moment(s.Emergency.MakeUpBy, zone))
		}
		next := ""
		if n := s.Next(); n != "" {
			next = n.Name().In(a.lang)
		}
		payable := a.truth(s.Payable() && l.Refused == nil)
		if l.Refused != nil {
			next, note = "", fmt.Sprintf(a.say("已退回：%s（%s）", "refused: %s (%s)"), l.Refused.Text, l.Refused.Actor)
		}
		t.Add(strconv.Itoa(l.Number), kind, s.Department, strconv.Itoa(s.People), s.Total.Text(2), strings.Join(signed, "; "), next, payable, note)
	}
}

func (a *app) rewardLinesCommand() *cobra.Command {
	var number int
	c := &cobra.Command{
		Use: "lines QUARTER", Short: a.say("一份名单的每一行", "every line of a list"), Example: "  plumbline reward lines 2026Q3 --number 1 --format csv",
		Args: a.exactly(1, a.say("一个季度", "one QUARTER")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.atDesk(c, args[0], acting{}, func(ctx context.Context, d *reviews.Desk, p period.Period) error {
				l, err := a.rewardList(ctx, d, p, number)
				if err != nil {
					return err
				}
				lines, err := l.ReadLines(d.Books)
				if err != nil {
					return err
				}
				return a.rewardTable(p, l.Number, lines).Write(a.out, a.format)
			})
		},
	}
	c.Flags().IntVar(&number, "number", 0, a.say("名单号；默认最后一份", "number of the list; the last one by default"))
	a.formatFlag(c)
	return c
}

func (a *app) rewardList(ctx context.Context, d *reviews.Desk, p period.Period, number int) (*reviews.RewardList, error) {
	r, err := reviews.Read(ctx, d.Books, p, always)
	if err != nil {
		return nil, err
	}
	l := r.List(number)
	if l == nil {
		return nil, useError{fmt.Errorf(a.say("%s 没有这份名单；用 plumbline reward list %[1]s 查看", "%s has no such list; plumbline reward list %[1]s shows them"), p)}
	}
	return l, nil
}

func (a *app) rewardTable(p period.Period, number int, lines []reviews.RewardLine) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{a.column("period", "期间", "period"), a.column("list", "名单", "list", tabular.Integer), a.column("sheet", "签字部门", "signed in"), a.column("department", "部门", "department"),
		a.column("employee_no", "工号", "employee"), a.column("name", "姓名", "name"), a.column("score", "得分", "score", tabular.Decimal), a.column("band", "等级", "band"), a.column("base", "基数", "base", tabular.Decimal),
		a.column("coefficient", "系数", "coefficient", tabular.Decimal), a.column("weight", "天数×比例", "days × share", tabular.Decimal), a.column("bonus", "奖金", "bonus", tabular.Decimal), a.column("extra", "超额奖", "extra", tabular.Decimal),
		a.column("cut", "预算削减", "cut", tabular.Decimal), a.column("before", "已发", "given", tabular.Decimal), a.column("amount", "应发（元）", "yuan", tabular.Decimal), a.column("certificate", "证书", "certificate"), a.column("note", "说明", "note")}}
	for _, l := range lines {
		t.Add(p.String(), strconv.Itoa(number), l.Sheet, l.Department, l.Employee, l.Name.In(a.lang), scoreText(l.Total), l.Band, scoreText(l.Base), scoreText(l.Coefficient), l.Weight.String(), l.Bonus.Text(2), l.Extra.Text(2),
			l.Cut.Text(2), l.Before.Text(2), l.Amount.Text(2), l.Certificate, a.rewardNote(l))
	}
	return t
}

// rewardNote says what is special about a line.
func (a *app) rewardNote(l reviews.RewardLine) string {
	var notes []string
	if l.Capped {
		notes = append(notes, a.say("有查实事件，系数受限", "a confirmed incident bounds the coefficient"))
	}
	if l.ExtraFor != "" {
		notes = append(notes, a.say("超额：", "exceeded: ")+l.ExtraFor)
	}
	switch l.Unpaid {
	case metrics.NoTotal:
		notes = append(notes, a.say("没有得分", "no score"))
	case metrics.NoBand:
		notes = append(notes, a.say("低于最低等级", "below the lowest band"))
	case metrics.NoBonus:
		notes = append(notes, a.say("制度没有奖金系数", "the policy has no coefficients"))
	case metrics.NoBase:
		notes = append(notes, a.say("没有奖金基数", "no bonus base"))
	}
	return strings.Join(notes, "; ")
}

// rewardSignCommand is sign, refuse or emergency.
func (a *app) rewardSignCommand(use string) *cobra.Command {
	var x acting
	var department string
	var number int
	short := map[string]string{"sign": a.say("在轮到自己时签字", "sign when it is one's turn"), "refuse": a.say("拒签，整份名单退回，写明理由", "refuse to sign; the whole list goes back, with a reason"),
		"emergency": a.say("应急：先发放，后补签，写明理由", "emergency: pay first, make the signatures up, with a reason")}[use]
	c := &cobra.Command{
		Use: use + " QUARTER", Short: short, Example: "  plumbline reward " + use + " 2026Q3 --department D001 --as 00025",
		Args: a.exactly(1, a.say("一个季度", "one QUARTER")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.atDesk(c, args[0], x, func(ctx context.Context, d *reviews.Desk, p period.Period) error {
				switch use {
				case "refuse":
					if err := d.RefuseList(ctx, p, number, department, x.because); err != nil {
						return err
					}
					return a.done("名单已退回", "the list goes back")
				case "emergency":
					if err := d.PayAhead(ctx, p, number, department, x.because, a.now()); err != nil {
						return err
					}
					return a.done("部门 %q 的名单可先行发放，须按期补签", "the sheet of %q may be paid; its signatures are to be made up", department)
				}
				if err := d.Sign(ctx, p, number, department); err != nil {
					return err
				}
				return a.done("%s 已在部门 %q 的名单上签字", "%s signed the sheet of %q", d.Actor, department)
			})
		},
	}
	a.actingFlags(c, &x, use != "sign")
	c.Flags().StringVar(&department, "department", "", a.say("哪个部门的表；各部门负责人所在的表写空串", "the sheet; empty for that of the heads"))
	c.Flags().IntVar(&number, "number", 0, a.say("名单号；默认最后一份", "number of the list; the last one by default"))
	return c
}

func (a *app) rewardPayrollCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use: "payroll QUARTER -o DIR", Short: a.say("签完（或应急）的各表，写成工资系统可导入的 csv 和带合计的 Excel 表", "the sheets that may be paid, as csv for payroll and as a workbook with their total"), Example: "  plumbline reward payroll 2026Q3 -o out",
		Args: a.exactly(1, a.say("一个季度", "one QUARTER")),
		RunE: func(c *cobra.Command, args []string) error {
			if err := a.output(out); err != nil {
				return err
			}
			return a.atDesk(c, args[0], acting{}, func(ctx context.Context, d *reviews.Desk, p period.Period) error { return a.payroll(ctx, d, p, out) })
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", a.say("写入的目录", "directory to write to"))
	a.passwordFlag(c)
	return c
}

func (a *app) payroll(ctx context.Context, d *reviews.Desk, p period.Period, out string) error {
	sheet, err := a.company(d.Books).Payroll(ctx, p, d.Version, a.lang)
	if err != nil {
		return err
	}
	if len(sheet.Lines) == 0 {
		return useError{fmt.Errorf(a.say("%s 还没有可以发放的名单；用 plumbline reward list %[1]s 查看签字", "nothing of %s may be paid yet; plumbline reward list %[1]s shows the signatures"), p)}
	}
	t := company.PayrollTable(sheet)
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	path := ""
	if a.passwordFile == "" { // a CSV cannot be protected
		path = filepath.Join(out, fmt.Sprintf("payroll-%s.csv", p))
		if err := writePrivately(path, t); err != nil {
			return err
		}
	}
	to, err := a.folder(out)
	if err != nil {
		return err
	}
	book, _, err := reports.WritePayroll(ctx, to, sheet, a.lang)
	if err != nil {
		return err
	}
	if sheet.Waiting > 0 {
		a.tell(a.say("另有 %d 行尚未签完，未列入", "%d lines are not signed by all yet and left out"), sheet.Waiting)
	}
	if path == "" {
		return a.done("%s：%d 行，有密码保护；CSV 无法保护，未写", "%s: %d lines, protected; a CSV cannot be, and is not written", book, len(t.Rows))
	}
	return a.done("%s：%d 行\n  %s", "%s: %d lines\n  %s", path, len(t.Rows), book)
}

func (a *app) rewardCandidatesCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "candidates QUARTER", Short: a.say("晋升人选：连续封账季度达到等级的人，以及只差一季的人", "candidates for promotion by sealed quarters in a row, and those who lack one"), Example: "  plumbline reward candidates 2026Q2",
		Args: a.exactly(1, a.say("一个季度", "one QUARTER")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.atDesk(c, args[0], acting{}, func(ctx context.Context, d *reviews.Desk, p period.Period) error {
				list, sealed, err := reviews.Candidates(ctx, d.Books, d.Version.Policy, p)
				if err != nil {
					return err
				}
				rule := d.Version.Policy.Rewards.Promotion
				a.tell(a.say("规则：连续 %d 个封账季度不低于 %s，每年 %d 月晋升；已封账 %d 个季度", "the rule: %d sealed quarters in a row in %s or better, promotion each year in month %d; %d quarters are sealed"), rule.Quarters, rule.Band.ID, rule.Month, len(sealed))
				t := &tabular.Table{Columns: []tabular.Column{a.column("employee_no", "工号", "employee"), a.column("department", "部门", "department"), a.column("bands", "等级（近者在前）", "bands, latest first"),
					a.column("run", "连续季度", "in a row", tabular.Integer), a.column("lacks", "还差", "lacks", tabular.Integer), a.column("earned", "达到", "earned")}}
				for _, x := range list {
					t.Add(x.Employee, x.Department, strings.Join(x.Bands, " "), strconv.Itoa(x.Run), strconv.Itoa(max(int(rule.Quarters)-x.Run, 0)), a.truth(x.Earned))
				}
				return t.Write(a.out, a.format)
			})
		},
	}
	a.formatFlag(c)
	return c
}

func (a *app) rewardRotationCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "rotation", Short: a.say("谁在同一部门满年限，可申请轮岗", "who has been in a department long enough to apply for another one"), Example: "  plumbline reward rotation",
		Args: a.nothing(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c.Context(), func(b *books.Books) error {
				v, err := a.current(c.Context(), b)
				if err != nil {
					return err
				}
				return a.rotations(c.Context(), b, v.Policy)
			})
		},
	}
	a.formatFlag(c)
	return c
}

func (a *app) rotations(ctx context.Context, b *books.Books, p *policy.Policy) error {
	list, err := reviews.Rotations(ctx, b, p, a.today(p))
	if err != nil {
		return err
	}
	t := &tabular.Table{Columns: []tabular.Column{a.column("employee_no", "工号", "employee"), a.column("name", "姓名", "name"), a.column("department", "部门", "department"), a.column("since", "在本部门始于", "since"),
		a.column("from", "可申请始于", "may apply from"), a.column("eligible", "可申请", "eligible")}}
	for _, x := range list {
		t.Add(x.Employee, x.Person.Name.In(a.lang), x.Department, x.Since.Format(time.DateOnly), x.From.Format(time.DateOnly), a.truth(x.Eligible))
	}
	return t.Write(a.out, a.format)
}

// writePrivately writes a table as CSV that its owner alone may read.
func writePrivately(path string, t *tabular.Table) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(t.Write(f, "csv"), f.Close())
}
