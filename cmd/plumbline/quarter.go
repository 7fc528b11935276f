package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"plumbline/internal/books"
	"plumbline/internal/ledger"
	"plumbline/internal/period"
	"plumbline/policy"
	"plumbline/reports/tabular"
	"plumbline/reviews"
)

func (a *app) quarterCommand() *cobra.Command {
	c := a.family(&cobra.Command{
		Use:     "quarter",
		Short:   a.say("一个季度：开放评估、进度、公布、封账、核验、调整", "a quarter: open, status, publish, seal, verify, adjustments"),
		Example: "  plumbline quarter open 2026Q3 --as 00051\n  plumbline quarter status 2026Q3\n  plumbline quarter verify 2026Q2",
	})
	c.AddCommand(a.quarterOpenCommand(), a.quarterStatusCommand(), a.quarterPublishCommand(), a.quarterSealCommand(), a.quarterVerifyCommand(), a.quarterAdjustmentsCommand(), a.quarterApproveCommand())
	return c
}

// quarterAct is a command of the actor about a whole quarter.
func (a *app) quarterAct(use, zh, en, example string, reason bool, decide func(ctx context.Context, d *reviews.Desk, p period.Period, because string) error) *cobra.Command {
	var x acting
	c := &cobra.Command{
		Use: use + " QUARTER", Short: a.say(zh, en), Example: "  plumbline quarter " + example,
		Args: a.exactly(1, a.say("一个季度", "one QUARTER")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.atDesk(c, args[0], x, func(ctx context.Context, d *reviews.Desk, p period.Period) error { return decide(ctx, d, p, x.because) })
		},
	}
	a.actingFlags(c, &x, reason)
	return c
}

func (a *app) quarterOpenCommand() *cobra.Command {
	return a.quarterAct("open", "开放一个季度的上级评估", "open the evaluations of a quarter", "open 2026Q3 --as 00051", false,
		func(ctx context.Context, d *reviews.Desk, p period.Period, _ string) error {
			if err := d.OpenQuarter(ctx, p); err != nil {
				return err
			}
			r, err := reviews.Read(ctx, d.Books, p, always)
			if err != nil {
				return err
			}
			return a.done("%s 的评估已开放，截止 %s", "the evaluations of %s are open, due %s", p, moment(r.Due, d.Zone))
		})
}

func (a *app) quarterPublishCommand() *cobra.Command {
	return a.quarterAct("publish", "公布结果，开始申诉期", "publish the results; the term for appeals begins", "publish 2026Q3 --as 00051", false,
		func(ctx context.Context, d *reviews.Desk, p period.Period, _ string) error {
			if err := d.Publish(ctx, p, a.now()); err != nil {
				return err
			}
			r, err := reviews.Read(ctx, d.Books, p, always)
			if err != nil {
				return err
			}
			return a.done("%s 的结果已公布，申诉期至 %s", "the results of %s are published; appeals until %s", p, moment(r.AppealUntil, d.Zone))
		})
}

func (a *app) quarterSealCommand() *cobra.Command {
	return a.quarterAct("seal", "封账：账本、记录、组织、制度与结果记入同一封账号", "seal: ledger, records, organisation, policy and results under one hash", "seal 2026Q3 --as 00051", false,
		func(ctx context.Context, d *reviews.Desk, p period.Period, _ string) error {
			s, err := d.Seal(ctx, p, a.now())
			if err != nil {
				return err
			}
			a.sealLines(s)
			return nil
		})
}

// sealLines tells what a seal stands on.
func (a *app) sealLines(s *reviews.Seal) {
	line := func(zh, en, value string) { fmt.Fprintf(a.out, "  %s  %s\n", a.say(zh, en), value) }
	fmt.Fprintf(a.out, a.say("✓ 已封账，封账号 %s\n", "✓ sealed, seal %s\n"), s.ID())
	line("封账哈希", "hash        ", s.Hash)
	line("账序　　", "ledger      ", fmt.Sprintf("%d %s", s.AsOf, s.Head))
	line("制度　　", "policy      ", s.Policy)
	line("记录　　", "records     ", s.Facts)
	line("组织　　", "organisation", s.Org)
	line("结果　　", "results     ", s.Results)
}

func (a *app) quarterStatusCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "status QUARTER", Short: a.say("各部门走到哪一步，还缺谁", "how far each department is, and who is missing"), Example: "  plumbline quarter status 2026Q3",
		Args: a.exactly(1, a.say("一个季度", "one QUARTER")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(b *books.Books) error { return a.quarterStatus(c.Context(), b, args[0]) })
		},
	}
	a.formatFlag(c)
	return c
}

func (a *app) quarterStatus(ctx context.Context, b *books.Books, arg string) error {
	x, err := a.evaluations(ctx, b, arg)
	if err != nil {
		return err
	}
	r, zone := x.Round, a.clock(x.Report.Policy).Location()
	mark := func(zh, en string, m *reviews.Mark) {
		if m != nil {
			a.tell("%s %s %s", a.say(zh, en), moment(m.At, zone), m.Actor)
		}
	}
	mark("评估开放：", "evaluations opened:", r.Opened)
	if r.Opened == nil {
		a.tell("%s", a.say("评估尚未开放", "the evaluations are not open yet"))
	} else {
		a.tell(a.say("评估截止：%s", "evaluations due: %s"), moment(r.Due, zone))
	}
	mark("结果公布：", "results published:", r.Published)
	if r.Published != nil {
		open, onTime, ended := 0, 0, 0
		for _, p := range r.Appeals {
			switch kept := p.InTime(); {
			case p.Ended() == nil:
				open++
			case p.Withdrawn == nil:
				ended++
				if *kept {
					onTime++
				}
			}
		}
		a.tell(a.say("申诉：至 %s；%d 件，未结 %d 件，按期办结 %d / %d", "appeals: until %s; %d, of which %d open; %d of %d decided in time"), moment(r.AppealUntil, zone), len(r.Appeals), open, onTime, ended)
	}
	if r.Sealed != nil {
		mark("封账：", "sealed:", &r.Sealed.Mark)
	}
	t := &tabular.Table{Columns: []tabular.Column{a.column("department", "部门", "department"), a.column("name", "名称", "name"), a.column("state", "状态", "state"), a.column("people", "人数", "people", tabular.Integer),
		a.column("self_due", "应自评", "self due", tabular.Integer), a.column("self_in", "已自评", "self in", tabular.Integer), a.column("self_late", "迟交", "late", tabular.Integer),
		a.column("due", "应评", "due", tabular.Integer), a.column("in", "已评", "in", tabular.Integer), a.column("exempt", "免评", "exempt", tabular.Integer), a.column("calibrated", "校准", "calibrated", tabular.Integer),
		a.column("waiting", "待评的上级", "waiting for")}}
	n := strconv.Itoa
	for _, p := range reviews.Progresses(r, x.Months, x.Report, x.Tasks) {
		t.Add(p.Department.ID, p.Department.Name.In(a.lang), a.stateText(p.State), n(p.People), n(p.SelfDue), n(p.SelfIn), n(p.SelfLate), n(p.Due), n(p.In), n(p.Exempt), n(p.Calibrated), short(p.Waiting, 5))
	}
	return t.Write(a.out, a.format)
}

// headFile is what doctor --write-head writes: what the ledger ended with at a moment.
type headFile struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// readHeads reads exported heads.
func (a *app) readHeads(paths []string) (heads []ledger.Head, err error) {
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, useError{err}
		}
		var h headFile
		if err := json.Unmarshal(text, &h); err != nil || h.Seq < 1 || len(h.Hash) != 64 {
			return nil, useError{fmt.Errorf(a.say("%s 不是 plumbline doctor --write-head 写出的文件", "%s was not written by plumbline doctor --write-head"), path)}
		}
		heads = append(heads, ledger.Head(h))
	}
	return heads, nil
}

func (a *app) quarterVerifyCommand() *cobra.Command {
	var heads []string
	c := &cobra.Command{
		Use: "verify QUARTER", Short: a.say("由原件重算封账的季度，与封账逐行核对", "recompute a sealed quarter from the originals and compare it with its seal"),
		Example: "  plumbline quarter verify 2026Q2 --head head.json",
		Args:    a.exactly(1, a.say("一个季度", "one QUARTER")),
		RunE: func(c *cobra.Command, args []string) error {
			p, err := a.period(args[0])
			if err != nil {
				return err
			}
			known, err := a.readHeads(heads)
			if err != nil {
				return err
			}
			return a.with(c.Context(), func(b *books.Books) error {
				v, err := a.current(c.Context(), b)
				if err != nil {
					return err
				}
				err = reviews.Verify(c.Context(), b, p, a.clock(v.Policy).Location(), known, func(t policy.Text) { fmt.Fprintf(a.out, "✓ %s\n", t.In(a.lang)) })
				if f, ok := errors.AsType[reviews.Fault](err); ok {
					fmt.Fprintf(a.out, a.say("✗ %s：%s\n", "✗ %s: %s\n"), f.What.In(a.lang), f.Detail.In(a.lang))
				}
				return err
			})
		},
	}
	c.Flags().StringArrayVar(&heads, "head", nil, a.say("早先用 doctor --write-head 导出的末尾，可重复", "a head exported earlier by doctor --write-head; may be repeated"))
	return c
}

func (a *app) quarterAdjustmentsCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "adjustments QUARTER", Short: a.say("封账之后会改变结果的事项：谁、何时、影响、是否已批准", "what came after the seal and would change the results: who, when, the effect, and whether it was approved"),
		Example: "  plumbline quarter adjustments 2026Q2",
		Args:    a.exactly(1, a.say("一个季度", "one QUARTER")),
		RunE: func(c *cobra.Command, args []string) error {
			p, err := a.period(args[0])
			if err != nil {
				return err
			}
			return a.with(c.Context(), func(b *books.Books) error { return a.adjustments(c.Context(), b, p) })
		},
	}
	a.formatFlag(c)
	return c
}

func (a *app) adjustments(ctx context.Context, b *books.Books, p period.Period) error {
	v, err := a.current(ctx, b)
	if err != nil {
		return err
	}
	zone := a.clock(v.Policy).Location()
	found, _, err := reviews.Adjustments(ctx, b, p, zone)
	if err != nil {
		return err
	}
	t := &tabular.Table{Columns: []tabular.Column{a.column("seq", "账序", "sequence", tabular.Integer), a.column("at", "时间", "at"), a.column("actor", "经手", "by"), a.column("event", "事项", "event"), a.column("file", "文件", "file"),
		a.column("rows", "结果变动行", "rows changed", tabular.Integer), a.column("scores", "得分变动", "scores changed"), a.column("approved_at", "批准时间", "approved"), a.column("approved_by", "批准人", "approved by"), a.column("reason", "理由", "reason")}}
	for _, x := range found {
		var scores []string
		for _, s := range x.Scores {
			scores = append(scores, s.Employee+" "+sealedText(s.Before)+" → "+sealedText(s.After))
		}
		var file struct{ Name string }
		_ = json.Unmarshal(x.Event.Data, &file) // some events have no file
		at, by, why := "", "", ""
		if x.Approved != nil {
			at, by, why = moment(x.Approved.At, zone), x.Approved.Actor, x.Approved.Text
		}
		t.Add(strconv.FormatInt(x.Event.Seq, 10), moment(x.Event.Time, zone), x.Event.Actor, x.Event.Kind, file.Name, strconv.Itoa(x.Rows), strings.Join(scores, "; "), at, by, why)
	}
	if len(found) == 0 {
		a.tell(a.say("封账之后没有会改变 %s 结果的事项", "nothing after the seal would change the results of %s"), p)
	}
	return t.Write(a.out, a.format)
}

func sealedText(s *reviews.SealedScore) string {
	if s == nil {
		return "–"
	}
	return scoreText(s.Total) + s.Band
}

func (a *app) quarterApproveCommand() *cobra.Command {
	var seq int64
	c := a.quarterAct("approve", "批准封账后的调整（至某账序），计入补差", "approve adjustments after the seal, up to a ledger sequence, for compensation", "approve 2026Q3 --up-to 57 --because 客户补签 --as 00070", true,
		func(ctx context.Context, d *reviews.Desk, p period.Period, because string) error {
			if err := d.Approve(ctx, p, seq, because); err != nil {
				return err
			}
			return a.done("%s 至账序 %d 的调整已批准", "the adjustments of %s up to the ledger sequence %d are approved", p, seq)
		})
	c.Flags().Int64Var(&seq, "up-to", 0, a.say("账序，见 quarter adjustments", "ledger sequence, see quarter adjustments"))
	return c
}
