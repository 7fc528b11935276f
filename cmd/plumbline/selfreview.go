package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/reports/tabular"
	"plumbline/reviews"
)

func (a *app) selfReviewCommand() *cobra.Command {
	c := a.family(&cobra.Command{
		Use:   "self-review",
		Short: a.say("月度自评：开放、取表、保存、提交、退回", "monthly self-reviews: open, fetch, save, submit, reopen"),
		Example: "  plumbline self-review open 2026-09 --as 00051\n  plumbline self-review form 2026-09 --as 00012 -o september.yaml\n" +
			"  plumbline self-review save september.yaml --as 00012\n  plumbline self-review submit 2026-09 --as 00012",
	})
	c.AddCommand(a.selfOpenCommand(), a.selfFormCommand(), a.selfSaveCommand(), a.selfSubmitCommand(), a.selfReopenCommand(), a.selfListCommand())
	return c
}

func (a *app) selfOpenCommand() *cobra.Command {
	var x acting
	c := &cobra.Command{
		Use: "open MONTH", Short: a.say("开放一个月的自评", "open the self-reviews of a month"), Example: "  plumbline self-review open 2026-09 --as 00051",
		Args: a.exactly(1, a.say("一个月份", "one MONTH")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.atDesk(c, args[0], x, func(ctx context.Context, d *reviews.Desk, p period.Period) error {
				if err := d.OpenMonth(ctx, p); err != nil {
					return err
				}
				r, err := reviews.Read(ctx, d.Books, p, always)
				if err != nil {
					return err
				}
				return a.done("%s 的自评已开放，截止 %s", "the self-reviews of %s are open, due %s", p, moment(r.Due, d.Zone))
			})
		},
	}
	a.actingFlags(c, &x, false)
	return c
}

// selfFile is a self-review as a person fills it in.
type selfFile struct {
	Month        string      `yaml:"month"`
	Employee     string      `yaml:"employee"`
	Name         string      `yaml:"name"`
	AsOf         int64       `yaml:"as_of"`   // of the lines; leave it as it is
	Version      int         `yaml:"version"` // of the self-review; leave it as it is
	Points       []selfPoint `yaml:"points"`
	Rest         string      `yaml:"rest"`
	Lines        []selfLine  `yaml:"lines"`
	Achievements string      `yaml:"achievements"`
	Problems     string      `yaml:"problems"`
	Plan         string      `yaml:"plan"`
}

type selfPoint struct {
	KPI     string `yaml:"kpi"`
	Name    string `yaml:"name"`
	Points  string `yaml:"points"`
	Comment string `yaml:"comment"`
}

type selfLine struct {
	Line    string `yaml:"line"`
	Says    string `yaml:"says"`
	Source  string `yaml:"source"`
	Reply   string `yaml:"reply"`
	Comment string `yaml:"comment"`
}

func (a *app) selfFormCommand() *cobra.Command {
	var x acting
	var out, xlsx string
	c := &cobra.Command{
		Use: "form MONTH [EMPLOYEE]", Short: a.say("取出本人预填好的自评表（YAML），或查看下属的", "fetch the actor's prefilled form (YAML), or read that of somebody under him"),
		Long:    a.say("写工号，查看此人的自评：只有本人、当月的上级（及其代理人）与人力资源可以查看，只有本人可以保存。", "With EMPLOYEE it shows that person's self-review: the person, the superiors of that month (or their deputies) and human resources may read it, only the person may save it."),
		Example: "  plumbline self-review form 2026-09 --as 00012 -o september.yaml\n  plumbline self-review form 2026-09 00012 --as 00047",
		Args:    a.between(1, 2, a.say("一个月份，可再写一个工号", "MONTH and at most one EMPLOYEE")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.atDesk(c, args[0], x, func(ctx context.Context, d *reviews.Desk, p period.Period) error {
				whose := d.Actor
				if len(args) == 2 {
					whose = args[1]
					if err := d.MayReadSelf(ctx, p, whose, a.now()); err != nil {
						return err
					}
				}
				f, err := a.selfForm(ctx, d, p, whose)
				if err != nil {
					return err
				}
				if xlsx != "" {
					return a.selfWorkbook(ctx, d, p, f, xlsx)
				}
				text, err := a.selfText(f)
				if err != nil || out == "" {
					_, werr := a.out.Write(text)
					return errors.Join(err, werr)
				}
				if err := os.WriteFile(out, text, 0o600); err != nil {
					return err
				}
				return a.done("%s：%d 行，请逐行答复、打分、填写后 plumbline self-review save", "%s: %d lines; answer them, give points, write, then plumbline self-review save", out, len(f.Lines))
			})
		},
	}
	a.actingFlags(c, &x, false)
	c.Flags().StringVarP(&out, "output", "o", "", a.say("写入的文件；默认写到标准输出", "file to write; standard output by default"))
	c.Flags().StringVar(&xlsx, "xlsx", "", a.say("改为写成 Excel 自评表：写入的目录", "write it as an Excel form instead: directory to write to"))
	a.passwordFlag(c)
	return c
}

// selfForm makes the form of somebody, with what was saved before.
func (a *app) selfForm(ctx context.Context, d *reviews.Desk, p period.Period, whose string) (*selfFile, error) {
	q, err := a.question(ctx, d.Books, p.String(), 0)
	if err != nil {
		return nil, err
	}
	forms, err := reviews.Forms(ctx, d.Books, q, whose)
	if err != nil {
		return nil, err
	}
	form := forms[whose]
	if form == nil {
		return nil, useError{fmt.Errorf(a.say("%s 在 %s 不属于任何部门，没有自评；用 --as 写明工号", "%s belonged to no department in %s and has no self-review; name the employee with --as"), whose, p)}
	}
	r, err := reviews.Read(ctx, d.Books, p, always)
	if err != nil {
		return nil, err
	}
	f := &selfFile{Month: p.String(), Employee: whose, Name: form.Person.Name.In(a.lang), AsOf: form.AsOf}
	var saved reviews.SelfText
	if s := r.SelfReviews[whose]; s != nil {
		f.Version, saved = s.Version, s.Text
	}
	f.Achievements, f.Problems, f.Plan = saved.Achievements, saved.Problems, saved.Plan
	for _, i := range form.Items {
		pt := selfPoint{KPI: i.KPI.ID, Name: i.KPI.Name.In(a.lang)}
		if at := slices.IndexFunc(saved.Points, func(x reviews.ItemPoints) bool { return x.KPI == i.KPI.ID }); at >= 0 {
			pt.Points, pt.Comment = saved.Points[at].Points.String(), saved.Points[at].Comment
		}
		f.Points = append(f.Points, pt)
	}
	for _, l := range form.Lines {
		line := selfLine{Line: l.Key, Says: l.Text.In(a.lang), Source: l.Source}
		if at := slices.IndexFunc(saved.Answers, func(x reviews.Answer) bool { return x.Line == l.Key }); at >= 0 {
			line.Reply, line.Comment = string(saved.Answers[at].Reply), saved.Answers[at].Comment
		}
		f.Lines = append(f.Lines, line)
	}
	return f, nil
}

// selfText writes a form with how to fill it in.
func (a *app) selfText(f *selfFile) ([]byte, error) {
	body, err := yaml.Marshal(f)
	head := a.say(`# 月度自评表。points：为每个考核项目打分，可在 comment 说明。
# lines：来自您自己的记录，逐行在 reply 写 accepted（认可）、commented（说明）或 disputed（有异议），后两种在 comment 写明。
# 其余各行都认可时，在 rest 写 accepted。achievements 成绩，problems 问题，plan 下月计划。其他内容请勿改动。
`, `# Monthly self-review. points: give each item of the scorecard points; comment if you like.
# lines: from your own records; reply accepted, commented or disputed, the last two with a comment.
# To accept all other lines, write accepted into rest. achievements, problems, plan (of the next month) are yours. Leave all else as it is.
`)
	return append([]byte(head), body...), err
}

func (a *app) selfSaveCommand() *cobra.Command {
	var x acting
	var submit bool
	c := &cobra.Command{
		Use: "save FILE", Short: a.say("保存填好的自评表", "save a form that was filled in"), Example: "  plumbline self-review save september.yaml --as 00012 --submit",
		Args: a.exactly(1, a.say("一个文件", "one FILE")),
		RunE: func(c *cobra.Command, args []string) error {
			f, draft, err := a.readSelf(args[0])
			if err != nil {
				return err
			}
			return a.atDesk(c, f.Month, x, func(ctx context.Context, d *reviews.Desk, p period.Period) error {
				if f.Employee != d.Actor {
					return useError{fmt.Errorf(a.say("%s 是 %s 的自评，不是 %s 的；自评只能由本人保存", "%s is the self-review of %s, not of %s; everybody saves his own"), args[0], f.Employee, d.Actor)}
				}
				if err := d.SaveSelf(ctx, p, draft, a.now()); err != nil {
					return err
				}
				if !submit {
					return a.done("已保存（第 %d 版），尚未提交", "saved as version %d, not submitted yet", draft.Version+1)
				}
				return a.submitSelf(ctx, d, p, draft.Version+1)
			})
		},
	}
	a.actingFlags(c, &x, false)
	c.Flags().BoolVar(&submit, "submit", false, a.say("保存后即提交", "submit it at once"))
	a.passwordFlag(c)
	return c
}

// readSelf reads a form that was filled in.
func (a *app) readSelf(path string) (*selfFile, reviews.SelfDraft, error) {
	var draft reviews.SelfDraft
	if strings.EqualFold(filepath.Ext(path), ".xlsx") {
		f, err := a.readSelfWorkbook(path)
		if err != nil {
			return nil, draft, err
		}
		return a.selfDraft(path, f)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, draft, useError{err}
	}
	var f selfFile
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&f); err != nil {
		return nil, draft, useError{fmt.Errorf(a.say("%s 不是自评表：%w", "%s is no self-review: %w"), path, err)}
	}
	return a.selfDraft(path, &f)
}

// selfDraft makes the draft of a form that was filled in.
func (a *app) selfDraft(path string, f *selfFile) (*selfFile, reviews.SelfDraft, error) {
	draft := reviews.SelfDraft{Version: f.Version, AsOf: f.AsOf, Rest: reviews.Reply(f.Rest),
		Text: reviews.SelfText{Achievements: f.Achievements, Problems: f.Problems, Plan: f.Plan}}
	for _, x := range f.Points {
		if x.Points == "" {
			continue
		}
		n, err := fixed.Parse(x.Points)
		if err != nil {
			return nil, draft, useError{fmt.Errorf(a.say("%s：%s 的分数 %q 不是数字", "%s: the points of %s, %q, are no number"), path, x.KPI, x.Points)}
		}
		draft.Text.Points = append(draft.Text.Points, reviews.ItemPoints{KPI: x.KPI, Points: n, Comment: x.Comment})
	}
	for _, l := range f.Lines {
		draft.Text.Answers = append(draft.Text.Answers, reviews.Answer{Line: l.Line, Reply: reviews.Reply(l.Reply), Comment: l.Comment})
	}
	return f, draft, nil
}

func (a *app) submitSelf(ctx context.Context, d *reviews.Desk, p period.Period, version int) error {
	if err := d.SubmitSelf(ctx, p, version, a.now()); err != nil {
		return err
	}
	r, err := reviews.Read(ctx, d.Books, p, always)
	if err != nil {
		return err
	}
	if r.SelfReviews[d.Actor].Late {
		return a.done("%s 的自评已提交，晚于截止时间 %s", "the self-review of %s is in, later than %s", d.Actor, moment(r.Due, d.Zone))
	}
	return a.done("%s 的自评已提交", "the self-review of %s is in", d.Actor)
}

func (a *app) selfSubmitCommand() *cobra.Command {
	var x acting
	c := &cobra.Command{
		Use: "submit MONTH", Short: a.say("提交本人保存的自评", "submit what the actor saved"), Example: "  plumbline self-review submit 2026-09 --as 00012",
		Args: a.exactly(1, a.say("一个月份", "one MONTH")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.atDesk(c, args[0], x, func(ctx context.Context, d *reviews.Desk, p period.Period) error {
				r, err := reviews.Read(ctx, d.Books, p, always)
				if err != nil {
					return err
				}
				version := 0
				if s := r.SelfReviews[d.Actor]; s != nil {
					version = s.Version
				}
				return a.submitSelf(ctx, d, p, version)
			})
		},
	}
	a.actingFlags(c, &x, false)
	return c
}

func (a *app) selfReopenCommand() *cobra.Command {
	var x acting
	c := &cobra.Command{
		Use: "reopen MONTH EMPLOYEE", Short: a.say("退回已提交的自评，写明理由", "give a submitted self-review back, with a reason"), Example: "  plumbline self-review reopen 2026-09 00012 --as 00047 --because 计划未写",
		Args: a.exactly(2, a.say("一个月份和一个工号", "MONTH and EMPLOYEE")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.atDesk(c, args[0], x, func(ctx context.Context, d *reviews.Desk, p period.Period) error {
				if err := d.ReopenSelf(ctx, p, args[1], x.because); err != nil {
					return err
				}
				return a.done("%s 的自评已退回", "the self-review of %s is open again", args[1])
			})
		},
	}
	a.actingFlags(c, &x, true)
	return c
}

func (a *app) selfListCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "list MONTH", Short: a.say("谁已提交、谁迟交、谁有异议", "who has submitted, who was late, who disputes"), Example: "  plumbline self-review list 2026-09",
		Args: a.exactly(1, a.say("一个月份", "one MONTH")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(b *books.Books) error {
				q, err := a.question(c.Context(), b, args[0], 0)
				if err != nil {
					return err
				}
				forms, err := reviews.Forms(c.Context(), b, q, "")
				if err != nil {
					return err
				}
				r, err := reviews.Read(c.Context(), b, q.Period, always)
				if err != nil {
					return err
				}
				return a.selfTable(r, forms, a.clock(q.Version.Policy).Location()).Write(a.out, a.format)
			})
		},
	}
	a.formatFlag(c)
	return c
}

// selfTable lists everybody who has a self-review to write.
func (a *app) selfTable(r *reviews.Round, forms map[string]*reviews.Form, zone *time.Location) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{a.column("period", "月份", "month"), a.column("employee_no", "工号", "employee"), a.column("name", "姓名", "name"),
		a.column("state", "状态", "state"), a.column("submitted", "提交时间", "submitted"), a.column("late", "迟交", "late"), a.column("lines", "行数", "lines", tabular.Integer),
		a.column("disputed", "异议", "disputed", tabular.Integer), a.column("reopened", "退回次数", "reopened", tabular.Integer)}}
	for _, no := range slices.Sorted(maps.Keys(forms)) {
		s := r.SelfReviews[no]
		if s == nil {
			t.Add(r.Period.String(), no, forms[no].Person.Name.In(a.lang), "", "", "", strconv.Itoa(len(forms[no].Lines)), "", "")
			continue
		}
		disputed, in, late := 0, "", ""
		for _, x := range s.Text.Answers {
			if x.Reply == reviews.Disputed {
				disputed++
			}
		}
		if s.In != nil {
			in, late = moment(s.In.At, zone), a.truth(s.Late)
		}
		t.Add(r.Period.String(), no, forms[no].Person.Name.In(a.lang), a.stateText(s.State), in, late, strconv.Itoa(len(forms[no].Lines)), strconv.Itoa(disputed), strconv.Itoa(len(s.Reopened)))
	}
	return t
}
