package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/policy"
	"plumbline/reports/tabular"
	"plumbline/reviews"
)

func (a *app) appealCommand() *cobra.Command {
	c := a.family(&cobra.Command{
		Use:   "appeal",
		Short: a.say("申诉：提出、部门调解、提请仲裁、HR 仲裁、撤回", "appeals: file, mediate, escalate, arbitrate, withdraw"),
		Example: "  plumbline appeal file 2026Q3 --department D003 --against judgement --text 评分与同组口径不一致 --as 00012\n" +
			"  plumbline appeal mediate 2026Q3-A1 --outcome failed --because 双方未达成一致 --as 00070",
	})
	c.AddCommand(a.appealFileCommand(), a.appealVerdictCommand("mediate"), a.appealEscalateCommand(), a.appealVerdictCommand("arbitrate"), a.appealWithdrawCommand(), a.appealListCommand())
	return c
}

func (a *app) appealFileCommand() *cobra.Command {
	var x acting
	var o reviews.Objection
	var against string
	c := &cobra.Command{
		Use: "file QUARTER", Short: a.say("本人对公布的结果提出申诉", "object to one's own published results"),
		Example: "  plumbline appeal file 2026Q3 --department D003 --against fact --kpi on_time_rate --record JF00001201 --text 已按期交付，登记有误 --as 00012",
		Args:    a.exactly(1, a.say("一个季度", "one QUARTER")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.atDesk(c, args[0], x, func(ctx context.Context, d *reviews.Desk, p period.Period) error {
				o.Against = reviews.Against(against)
				id, err := d.File(ctx, p, o, a.now())
				if err != nil {
					return err
				}
				r, err := reviews.Read(ctx, d.Books, p, always)
				if err != nil {
					return err
				}
				return a.done("申诉 %s 已受理，部门调解期限 %s", "the appeal %s is taken up; the department mediates until %s", id, moment(r.Appeals[len(r.Appeals)-1].MediateBy, d.Zone))
			})
		},
	}
	a.actingFlags(c, &x, false)
	f := c.Flags()
	f.StringVar(&o.Department, "department", "", a.say("在哪个部门的结果", "the department of the result"))
	f.StringVar(&against, "against", "", a.say("fact 事实、rule 规则、judgement 评分", "fact, rule or judgement"))
	f.StringVar(&o.KPI, "kpi", "", a.say("哪个指标", "which KPI"))
	f.StringVar(&o.Record, "record", "", a.say("哪条记录", "which record"))
	f.StringVar(&o.Text, "text", "", a.say("申诉的内容", "what is wrong"))
	return c
}

// appealVerdictCommand is mediate or arbitrate.
func (a *app) appealVerdictCommand(use string) *cobra.Command {
	var x acting
	var outcome, points, corrected string
	short, outcomes := a.say("部门调解的结论", "how the department mediates"), a.say("granted 支持、settled 和解、failed 未成", "granted, settled or failed")
	if use == "arbitrate" {
		short, outcomes = a.say("HR 仲裁的结论", "how human resources arbitrate"), a.say("granted 支持、dismissed 驳回", "granted or dismissed")
	}
	c := &cobra.Command{
		Use: use + " APPEAL", Short: short, Example: "  plumbline appeal " + use + " 2026Q3-A1 --outcome granted --points 90 --because 复核后更正 --as 00070",
		Args: a.exactly(1, a.say("一个申诉编号", "one APPEAL")),
		RunE: func(c *cobra.Command, args []string) error {
			v := reviews.Verdict{Outcome: reviews.Outcome(outcome), Reason: x.because}
			if points != "" {
				n, err := a.amount("points", points)
				if err != nil {
					return err
				}
				v.Remedy.Points = &n
			}
			return a.atAppeal(c, args[0], x, func(ctx context.Context, d *reviews.Desk) (err error) {
				if v.Remedy.Seq, err = a.correction(ctx, d.Books, corrected); err != nil {
					return err
				}
				decide := d.Mediate
				if use == "arbitrate" {
					decide = d.Arbitrate
				}
				if err := decide(ctx, args[0], v); err != nil {
					return err
				}
				return a.done("申诉 %s：%s", "appeal %s: %s", args[0], a.outcomeText(v.Outcome))
			})
		},
	}
	a.actingFlags(c, &x, true)
	c.Flags().StringVar(&outcome, "outcome", "", outcomes)
	c.Flags().StringVar(&points, "points", "", a.say("支持对评分的申诉：更正后的上级评分", "granting one against a judgement: the superiors' part from now on"))
	c.Flags().StringVar(&corrected, "corrected", "", a.say("支持对事实或规则的申诉：更正所在的账序，或更正文件的名称", "granting one against a fact or rule: the ledger sequence of the correction, or the name of the corrected file"))
	return c
}

// correction finds the event of a correction by its sequence or by the name of the file, of which the last counts.
func (a *app) correction(ctx context.Context, b *books.Books, what string) (int64, error) {
	if seq, err := strconv.ParseInt(what, 10, 64); what == "" || err == nil {
		return seq, nil
	}
	files, err := ingest.Files(ctx, b, always)
	if err != nil {
		return 0, err
	}
	var last int64
	for _, f := range files {
		if f.Name == filepath.Base(what) {
			last = max(last, f.Seq)
		}
	}
	if last == 0 {
		return 0, useError{fmt.Errorf(a.say("--corrected %q：没有导入过这个文件；请先导入更正，或写账序", "--corrected %q: no such file was taken in; take the correction in first, or name its ledger sequence"), what)}
	}
	return last, nil
}

// atAppeal decides about the quarter of an appeal.
func (a *app) atAppeal(c *cobra.Command, id string, x acting, decide func(ctx context.Context, d *reviews.Desk) error) error {
	of, _, _ := strings.Cut(id, "-")
	if _, err := period.Parse(of); err != nil {
		return useError{fmt.Errorf(a.say("%q 不是申诉编号；写作 2026Q3-A1", "%q is no id of an appeal; write it like 2026Q3-A1"), id)}
	}
	return a.atDesk(c, of, x, func(ctx context.Context, d *reviews.Desk, _ period.Period) error { return decide(ctx, d) })
}

func (a *app) appealEscalateCommand() *cobra.Command {
	var x acting
	c := &cobra.Command{
		Use: "escalate APPEAL", Short: a.say("调解不成或逾期，本人提请 HR 仲裁", "bring an appeal to arbitration when mediation failed or took too long"), Example: "  plumbline appeal escalate 2026Q3-A1 --because 不接受调解意见 --as 00012",
		Args: a.exactly(1, a.say("一个申诉编号", "one APPEAL")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.atAppeal(c, args[0], x, func(ctx context.Context, d *reviews.Desk) error {
				if err := d.Escalate(ctx, args[0], x.because, a.now()); err != nil {
					return err
				}
				return a.done("申诉 %s 已提请人力资源仲裁", "the appeal %s is with human resources", args[0])
			})
		},
	}
	a.actingFlags(c, &x, true)
	return c
}

func (a *app) appealWithdrawCommand() *cobra.Command {
	var x acting
	c := &cobra.Command{
		Use: "withdraw APPEAL", Short: a.say("本人撤回申诉", "withdraw one's appeal"), Example: "  plumbline appeal withdraw 2026Q3-A1 --because 已沟通清楚 --as 00012",
		Args: a.exactly(1, a.say("一个申诉编号", "one APPEAL")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.atAppeal(c, args[0], x, func(ctx context.Context, d *reviews.Desk) error {
				if err := d.Withdraw(ctx, args[0], x.because); err != nil {
					return err
				}
				return a.done("申诉 %s 已撤回", "the appeal %s is withdrawn", args[0])
			})
		},
	}
	a.actingFlags(c, &x, true)
	return c
}

func (a *app) appealListCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "list QUARTER", Short: a.say("申诉及其期限与结论", "appeals with their terms and outcomes"), Example: "  plumbline appeal list 2026Q3",
		Args: a.exactly(1, a.say("一个季度", "one QUARTER")),
		RunE: func(c *cobra.Command, args []string) error {
			p, err := a.period(args[0])
			if err != nil {
				return err
			}
			return a.with(c.Context(), func(b *books.Books) error {
				v, err := a.current(c.Context(), b)
				if err != nil {
					return err
				}
				r, err := reviews.Read(c.Context(), b, p, always)
				if err != nil {
					return err
				}
				return a.appealTable(r, v.Policy).Write(a.out, a.format)
			})
		},
	}
	a.formatFlag(c)
	return c
}

func (a *app) appealTable(r *reviews.Round, p *policy.Policy) *tabular.Table {
	zone := a.clock(p).Location()
	t := &tabular.Table{Columns: []tabular.Column{a.column("appeal", "编号", "appeal"), a.column("employee_no", "工号", "employee"), a.column("department", "部门", "department"), a.column("against", "事项", "against"),
		a.column("kpi", "指标", "KPI"), a.column("record", "记录", "record"), a.column("text", "内容", "text"), a.column("filed", "提出", "filed"), a.column("term", "期限", "term"), a.column("stage", "环节", "stage"),
		a.column("outcome", "结论", "outcome"), a.column("ended", "办结", "ended"), a.column("workdays", "用时（工作日）", "workdays", tabular.Integer), a.column("in_time", "按期", "in time"), a.column("reason", "理由", "reason")}}
	for _, x := range r.Appeals {
		ended, took, inTime, reason := "", "", "", ""
		if end := x.Ended(); end != nil {
			ended = moment(end.At, zone)
			took = fmt.Sprint(p.Calendar.Between(dayIn(x.Filed.At, zone), dayIn(end.At, zone)))
			reason = x.Why()
		}
		if kept := x.InTime(); kept != nil {
			inTime = a.truth(*kept)
		}
		t.Add(x.ID, x.Employee, x.Department, a.againstText(x.Against), x.KPI, x.Record, x.Text, moment(x.Filed.At, zone), moment(x.Term(), zone), a.stageText(x), a.outcomeText(x.Outcome()), ended, took, inTime, reason)
	}
	return t
}

// dayIn is the day of a moment in a zone, as midnight UTC.
func dayIn(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func (a *app) againstText(x reviews.Against) string {
	if a.format != "table" {
		return string(x)
	}
	return map[reviews.Against]string{reviews.Fact: a.say("事实", "fact"), reviews.Rule: a.say("规则", "rule"), reviews.Judgement: a.say("评分", "judgement")}[x]
}

// stageText says with whom an appeal is or ended.
func (a *app) stageText(x *reviews.Appeal) string {
	arbitration := x.Escalated != nil
	switch {
	case a.format != "table" && arbitration:
		return "arbitration"
	case a.format != "table":
		return "mediation"
	case arbitration:
		return a.say("HR 仲裁", "arbitration")
	}
	return a.say("部门调解", "mediation")
}

func (a *app) outcomeText(x reviews.Outcome) string {
	if a.format != "table" && a.format != "" {
		return string(x)
	}
	return map[reviews.Outcome]string{reviews.Granted: a.say("支持", "granted"), reviews.Settled: a.say("和解", "settled"), reviews.Failed: a.say("调解未成", "mediation failed"),
		reviews.Dismissed: a.say("驳回", "dismissed"), reviews.Withdrawn: a.say("撤回", "withdrawn")}[x]
}
