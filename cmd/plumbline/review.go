package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"plumbline/company"
	"slices"
	"strconv"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/reports/tabular"
	"plumbline/reviews"
)

func (a *app) reviewCommand() *cobra.Command {
	c := a.family(&cobra.Command{
		Use:   "review",
		Short: a.say("季度上级评估：任务、评分、退回、校准、代理", "quarterly evaluations by the superior: tasks, points, return, calibration, deputies"),
		Example: "  plumbline review list 2026Q3\n  plumbline review form 2026Q3 --as 00047 -o q3.yaml\n  plumbline review save q3.yaml --as 00047 --submit\n" +
			"  plumbline review calibrate 2026Q3 00012 --department D003 --points 88 --because 与同组口径一致 --as 00051",
	})
	c.AddCommand(a.reviewListCommand(), a.reviewLeniencyCommand(), a.reviewFormCommand(), a.reviewSaveCommand(), a.reviewExportCommand(), a.reviewImportCommand(), a.reviewReturnCommand(), a.reviewCalibrateCommand(),
		a.reviewExemptCommand(), a.reviewCloseCommand(), a.reviewReopenCommand(), a.reviewDeputyCommand())
	return c
}

// evaluations reads a quarter's evaluations.
func (a *app) evaluations(ctx context.Context, b *books.Books, arg string) (*company.Judged, error) {
	p, err := a.period(arg)
	if err != nil {
		return nil, err
	}
	if p.Kind() != period.Quarter {
		return nil, useError{fmt.Errorf(a.say("%s 不是一个季度；请写 2026Q3 的样子", "%s is no quarter; write it like 2026Q3"), arg)}
	}
	return a.company(b).Judged(ctx, p)
}

func (a *app) reviewListCommand() *cobra.Command {
	var department, superior string
	c := &cobra.Command{
		Use: "list QUARTER", Short: a.say("谁评估谁：自评、上级、指标三方得分与差距", "who evaluates whom: self, superior and KPI points with their gaps"), Example: "  plumbline review list 2026Q3 --superior 00047",
		Args: a.exactly(1, a.say("一个季度", "one QUARTER")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(b *books.Books) error {
				x, err := a.evaluations(c.Context(), b, args[0])
				if err != nil {
					return err
				}
				x.Tasks = slices.DeleteFunc(x.Tasks, func(t reviews.Task) bool {
					return department != "" && t.Department != department || superior != "" && t.Superior != superior
				})
				return a.taskTable(x).Write(a.out, a.format)
			})
		},
	}
	c.Flags().StringVar(&department, "department", "", a.say("只列一个部门", "one department only"))
	c.Flags().StringVar(&superior, "superior", "", a.say("只列一位上级的任务", "the tasks of one superior only"))
	a.formatFlag(c)
	return c
}

// taskTable lists evaluations with the three views of a person.
func (a *app) taskTable(x *company.Judged) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{a.column("department", "部门", "department"), a.column("employee_no", "工号", "employee"), a.column("name", "姓名", "name"),
		a.column("superior", "上级", "superior"), a.column("days", "天数", "days", tabular.Integer), a.column("state", "状态", "state"), a.column("self", "自评", "self", tabular.Decimal),
		a.column("given", "上级评分", "superior's", tabular.Decimal), a.column("kpi", "指标得分", "KPI", tabular.Decimal), a.column("gap", "上级−指标", "superior−KPI", tabular.Decimal),
		a.column("calibrated", "校准为", "calibrated", tabular.Decimal), a.column("version", "版本", "version", tabular.Integer)}}
	for _, k := range x.Tasks {
		self, given, gap, cal, version := "", "", "", "", "0"
		if n := k.SelfTotal(); n != nil {
			self = n.Text(2)
		}
		if k.Done != nil {
			version = strconv.Itoa(k.Done.Version)
			if k.Done.State == reviews.Submitted {
				given = k.Done.Points.Text(2)
				if k.KPIPoints != nil {
					gap = (k.Done.Points - *k.KPIPoints).Text(2)
				}
			}
		}
		state := a.taskState(k)
		if c := x.Round.Calibrated[k.Member]; c != nil {
			cal = c.Points.Text(2)
		}
		t.Add(k.Department, k.Employee, k.Person.Name.In(a.lang), k.Superior, strconv.Itoa(k.Days), state, self, given, scoreText(k.KPIPoints), gap, cal, version)
	}
	return t
}

// taskState says how far an evaluation has come.
func (a *app) taskState(k reviews.Task) string {
	switch {
	case k.Exempt != nil && a.format != "table":
		return "exempt"
	case k.Exempt != nil:
		return a.say("免评", "exempt")
	case k.Done == nil && a.format != "table":
		return "none"
	case k.Done == nil:
		return a.say("未评", "none")
	}
	return a.stateText(k.Done.State)
}

func (a *app) reviewLeniencyCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "leniency QUARTER", Short: a.say("各上级评分的宽严：与所评的人的指标得分相比", "how leniently superiors judge, against the KPI points of the same people"), Example: "  plumbline review leniency 2026Q3",
		Args: a.exactly(1, a.say("一个季度", "one QUARTER")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(b *books.Books) error {
				x, err := a.evaluations(c.Context(), b, args[0])
				if err != nil {
					return err
				}
				t := &tabular.Table{Columns: []tabular.Column{a.column("superior", "上级", "superior"), a.column("people", "人数", "people", tabular.Integer), a.column("given", "平均评分", "given", tabular.Decimal),
					a.column("kpi", "平均指标得分", "KPI", tabular.Decimal), a.column("gap", "差", "gap", tabular.Decimal), a.column("against_all", "与全体上级之差相比", "against all", tabular.Decimal)}}
				for _, l := range reviews.Leniencies(x.Tasks) {
					t.Add(l.Superior, strconv.Itoa(l.People), l.Given.Text(2), l.KPI.Text(2), l.Gap.Text(2), l.Against.Text(2))
				}
				return t.Write(a.out, a.format)
			})
		},
	}
	a.formatFlag(c)
	return c
}

// reviewFile are the evaluations of one superior as he fills them in.
type reviewFile struct {
	Quarter     string       `yaml:"quarter"`
	Evaluations []reviewText `yaml:"evaluations"`
}

type reviewText struct {
	Employee   string       `yaml:"employee"`
	Name       string       `yaml:"name"`
	Department string       `yaml:"department"`
	Superior   string       `yaml:"superior"`
	Version    int          `yaml:"version"`
	Items      []reviewItem `yaml:"items"`
	Comment    string       `yaml:"comment"`
	Note       string       `yaml:"note"`
}

type reviewItem struct {
	KPI     string `yaml:"kpi"`
	Name    string `yaml:"name"`
	Value   string `yaml:"value"`
	KPIs    string `yaml:"kpi_points"`
	Self    string `yaml:"self"`
	Points  string `yaml:"points"`
	Comment string `yaml:"comment"`
}

func (a *app) reviewFormCommand() *cobra.Command {
	var x acting
	var out, superior string
	var all bool
	c := &cobra.Command{
		Use: "form QUARTER", Short: a.say("取出待评的人（YAML），带指标与自评", "fetch the people to evaluate (YAML), with KPIs and self-reviews"), Example: "  plumbline review form 2026Q3 --as 00047 -o q3.yaml",
		Args: a.exactly(1, a.say("一个季度", "one QUARTER")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.atDesk(c, args[0], x, func(ctx context.Context, d *reviews.Desk, p period.Period) error {
				in, err := a.evaluations(ctx, d.Books, args[0])
				if err != nil {
					return err
				}
				whose := d.Actor
				if c.Flags().Changed("for") {
					whose = superior
				}
				wanted := func(k reviews.Task) bool { return (all || k.Superior == whose) && k.Employee != d.Actor }
				if err := d.MayReadEvaluations(ctx, p, keysOf(in.Tasks, wanted), a.now()); err != nil {
					return err
				}
				f := a.reviewFile(in, wanted)
				text, err := yaml.Marshal(f)
				text = append([]byte(a.say(`# 季度上级评估。为每项打分（points），极端分或与指标得分相差过大的须在 comment 写明理由。
# comment 公布后本人可见；note 只有评估人与人力资源可见。其他内容请勿改动。
`, `# Evaluations of a quarter. Give each item points; extreme ones, and those far from the KPIs', need a comment.
# comment is shown to the person once published; note never is. Leave all else as it is.
`)), text...)
				if err != nil || out == "" {
					_, werr := a.out.Write(text)
					return errors.Join(err, werr)
				}
				if err := os.WriteFile(out, text, 0o600); err != nil {
					return err
				}
				return a.done("%s：%d 人", "%s: %d people", out, len(f.Evaluations))
			})
		},
	}
	a.actingFlags(c, &x, false)
	c.Flags().StringVar(&superior, "for", "", a.say("替哪位上级评估（代理时）；无上级的写空串", "for which superior (as a deputy); empty for people without one"))
	c.Flags().BoolVar(&all, "all", false, a.say("所有上级未评的人（总经理可代评）", "those of all superiors, for whom the CEO may evaluate"))
	c.Flags().StringVarP(&out, "output", "o", "", a.say("写入的文件；默认写到标准输出", "file to write; standard output by default"))
	return c
}

// keysOf names the evaluations that are wanted.
func keysOf(tasks []reviews.Task, wanted func(k reviews.Task) bool) (keys []metrics.Evaluated) {
	for _, k := range tasks {
		if wanted(k) {
			keys = append(keys, k.Evaluated)
		}
	}
	return keys
}

// reviewFile makes the form of the evaluations that are wanted and not submitted.
func (a *app) reviewFile(x *company.Judged, wanted func(k reviews.Task) bool) reviewFile {
	f := reviewFile{Quarter: x.Round.Period.String()}
	for _, k := range x.Tasks {
		if !wanted(k) || k.Exempt != nil || k.Done != nil && k.Done.State == reviews.Submitted {
			continue
		}
		t := reviewText{Employee: k.Employee, Name: k.Person.Name.In(a.lang), Department: k.Department, Superior: k.Superior}
		var said []reviews.ItemPoints
		if k.Done != nil {
			t.Version, t.Comment, t.Note, said = k.Done.Version, k.Done.Text.Comment, k.Done.Text.Note, k.Done.Text.Items
		}
		for _, i := range k.Items {
			item := reviewItem{KPI: i.Item.KPI.ID, Name: i.Item.KPI.Name.In(a.lang), Value: a.shortValue(i.Value)}
			if i.Points != nil {
				item.KPIs = fixed.Text(i.Points, 1)
			}
			if at := slices.IndexFunc(k.Self, func(p reviews.ItemPoints) bool { return p.KPI == item.KPI }); at >= 0 {
				item.Self = k.Self[at].Points.String()
			}
			if at := slices.IndexFunc(said, func(p reviews.ItemPoints) bool { return p.KPI == item.KPI }); at >= 0 {
				item.Points, item.Comment = said[at].Points.String(), said[at].Comment
			}
			t.Items = append(t.Items, item)
		}
		f.Evaluations = append(f.Evaluations, t)
	}
	return f
}

func (a *app) reviewSaveCommand() *cobra.Command {
	var x acting
	var submit bool
	c := &cobra.Command{
		Use: "save FILE", Short: a.say("保存填好的评估：全部或全不", "save evaluations that were filled in: all of them or none"), Example: "  plumbline review save q3.yaml --as 00047 --submit",
		Args: a.exactly(1, a.say("一个文件", "one FILE")),
		RunE: func(c *cobra.Command, args []string) error {
			text, err := os.ReadFile(args[0])
			if err != nil {
				return useError{err}
			}
			var f reviewFile
			if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&f); err != nil {
				return useError{fmt.Errorf(a.say("%s 不是评估表：%w", "%s is no file of evaluations: %w"), args[0], err)}
			}
			drafts, err := a.drafts(f, submit)
			if err != nil {
				return err
			}
			return a.atDesk(c, f.Quarter, x, func(ctx context.Context, d *reviews.Desk, p period.Period) error {
				if err := d.SaveEvaluations(ctx, p, drafts, a.now()); err != nil {
					return err
				}
				if submit {
					return a.done("%d 份评估已提交", "%d evaluations are in", len(drafts))
				}
				return a.done("%d 份评估已保存，尚未提交", "%d evaluations are saved, not submitted yet", len(drafts))
			})
		},
	}
	a.actingFlags(c, &x, false)
	c.Flags().BoolVar(&submit, "submit", false, a.say("保存后即提交", "submit them at once"))
	return c
}

func (a *app) drafts(f reviewFile, submit bool) (list []reviews.EvaluationDraft, err error) {
	for _, e := range f.Evaluations {
		x := reviews.EvaluationDraft{Evaluated: metrics.Evaluated{Member: metrics.Member{Employee: e.Employee, Department: e.Department}, Superior: e.Superior}, Version: e.Version,
			Text: reviews.EvaluationText{Comment: e.Comment, Note: e.Note}, Submit: submit}
		for _, i := range e.Items {
			if i.Points == "" {
				continue
			}
			n, err := fixed.Parse(i.Points)
			if err != nil {
				return nil, useError{fmt.Errorf(a.say("%s：%s 的分数 %q 不是数字", "%s: the points of %s, %q, are no number"), e.Employee, i.KPI, i.Points)}
			}
			x.Text.Items = append(x.Text.Items, reviews.ItemPoints{KPI: i.KPI, Points: n, Comment: i.Comment})
		}
		list = append(list, x)
	}
	return list, nil
}

// memberCommand is a command about a person in a department of a quarter.
func (a *app) memberCommand(use, zh, en, example string, decide func(ctx context.Context, d *reviews.Desk, p period.Period, m metrics.Member, because string) error) *cobra.Command {
	var x acting
	var department string
	c := &cobra.Command{
		Use: use + " QUARTER EMPLOYEE", Short: a.say(zh, en), Example: "  plumbline review " + example,
		Args: a.exactly(2, a.say("一个季度和一个工号", "QUARTER and EMPLOYEE")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.atDesk(c, args[0], x, func(ctx context.Context, d *reviews.Desk, p period.Period) error {
				return decide(ctx, d, p, metrics.Member{Employee: args[1], Department: department}, x.because)
			})
		},
	}
	a.actingFlags(c, &x, true)
	c.Flags().StringVar(&department, "department", "", a.say("部门编号", "department"))
	return c
}

func (a *app) reviewReturnCommand() *cobra.Command {
	var superior string
	c := a.memberCommand("return", "退回已提交的评估，写明理由", "give a submitted evaluation back, with a reason", "return 2026Q3 00012 --department D003 --superior 00047 --because 评语过于笼统 --as 00051",
		func(ctx context.Context, d *reviews.Desk, p period.Period, m metrics.Member, because string) error {
			r, err := reviews.Read(ctx, d.Books, p, always)
			if err != nil {
				return err
			}
			key, version := metrics.Evaluated{Member: m, Superior: superior}, 0
			if e := r.Evaluations[key]; e != nil {
				version = e.Version
			}
			if err := d.ReturnEvaluation(ctx, p, key, version, because); err != nil {
				return err
			}
			return a.done("对 %s 的评估已退回", "the evaluation of %s is open again", m.Employee)
		})
	c.Flags().StringVar(&superior, "superior", "", a.say("哪位上级的评估", "whose evaluation"))
	return c
}

func (a *app) reviewCalibrateCommand() *cobra.Command {
	var points string
	c := a.memberCommand("calibrate", "校准上级评分，写明理由；原评分保留", "set the superiors' part, with a reason; what they gave is kept", "calibrate 2026Q3 00012 --department D003 --points 88 --because 与同组口径一致 --as 00051",
		func(ctx context.Context, d *reviews.Desk, p period.Period, m metrics.Member, because string) error {
			n, err := a.amount("points", points)
			if err != nil {
				return err
			}
			r, err := reviews.Read(ctx, d.Books, p, always)
			if err != nil {
				return err
			}
			version := 0
			if c := r.Calibrated[m]; c != nil {
				version = c.Version
			}
			if err := d.Calibrate(ctx, p, m, version, n, because); err != nil {
				return err
			}
			return a.done("%s 的上级评分校准为 %s", "the superiors' part of %s is set to %s", m.Employee, n)
		})
	c.Flags().StringVar(&points, "points", "", a.say("校准后的评分", "the points from now on"))
	return c
}

func (a *app) reviewExemptCommand() *cobra.Command {
	var revoke bool
	c := a.memberCommand("exempt", "免评：本季没有人评估此人，写明理由；--revoke 撤销", "let nobody evaluate a person this quarter, with a reason; --revoke takes it back", "exempt 2026Q3 00030 --department D002 --because 在职 17 天 --as 00051",
		func(ctx context.Context, d *reviews.Desk, p period.Period, m metrics.Member, because string) error {
			if revoke {
				if err := d.Unexempt(ctx, p, m, because); err != nil {
					return err
				}
				return a.done("%s 在部门 %s 不再免评", "%s is no longer exempt in %s", m.Employee, m.Department)
			}
			if err := d.Exempt(ctx, p, m, because); err != nil {
				return err
			}
			return a.done("%s 在部门 %s 免评", "%s is exempt in %s", m.Employee, m.Department)
		})
	c.Flags().BoolVar(&revoke, "revoke", false, a.say("撤销免评：此人仍须评估", "take the exemption back: the person is to be evaluated"))
	return c
}

func (a *app) reviewCloseCommand() *cobra.Command {
	var x acting
	c := &cobra.Command{
		Use: "close QUARTER DEPARTMENT…", Short: a.say("结束部门的校准：评估不再变动", "close the calibration of departments: their evaluations stand"), Example: "  plumbline review close 2026Q3 D003 --as 00051",
		Args: a.between(2, 1000, a.say("一个季度和部门编号", "QUARTER and DEPARTMENTs")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.atDesk(c, args[0], x, func(ctx context.Context, d *reviews.Desk, p period.Period) error {
				for _, id := range args[1:] {
					if err := d.CloseCalibration(ctx, p, id); err != nil {
						return err
					}
					_ = a.done("部门 %s 的校准已结束", "the calibration of %s is closed", id)
				}
				return nil
			})
		},
	}
	a.actingFlags(c, &x, false)
	return c
}

func (a *app) reviewReopenCommand() *cobra.Command {
	var x acting
	c := &cobra.Command{
		Use: "reopen QUARTER DEPARTMENT", Short: a.say("重开部门的校准，写明理由", "open the calibration of a department again, with a reason"), Example: "  plumbline review reopen 2026Q3 D003 --because 漏评一人 --as 00051",
		Args: a.exactly(2, a.say("一个季度和一个部门编号", "QUARTER and DEPARTMENT")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.atDesk(c, args[0], x, func(ctx context.Context, d *reviews.Desk, p period.Period) error {
				if err := d.ReopenCalibration(ctx, p, args[1], x.because); err != nil {
					return err
				}
				return a.done("部门 %s 的校准已重开", "the calibration of %s is open again", args[1])
			})
		},
	}
	a.actingFlags(c, &x, true)
	return c
}

func (a *app) reviewDeputyCommand() *cobra.Command {
	var x acting
	var from, to string
	var revoke bool
	c := &cobra.Command{
		Use: "deputy SUPERIOR DEPUTY", Short: a.say("指定代理人，在一段时间内替上级评估、签字；--revoke 撤销", "name a deputy who evaluates and signs for a superior for a while; --revoke ends it"),
		Example: "  plumbline review deputy 00047 00050 --from 2026-10-01 --to 2026-10-20 --because 休假 --as 00047\n  plumbline review deputy 00047 00050 --revoke --because 已返岗 --as 00047",
		Args:    a.exactly(2, a.say("上级与代理人的工号", "SUPERIOR and DEPUTY")),
		RunE: func(c *cobra.Command, args []string) error {
			if revoke {
				return a.revokeDeputy(c, args[0], args[1], x, from+to != "")
			}
			first, err := time.Parse(time.DateOnly, from)
			last, err2 := time.Parse(time.DateOnly, to)
			if err := errors.Join(err, err2); err != nil {
				return useError{errors.New(a.say("--from 与 --to：请写 2026-10-01 的样子", "--from and --to: write dates like 2026-10-01"))}
			}
			return a.atDesk(c, period.MonthOf(first).String(), x, func(ctx context.Context, d *reviews.Desk, _ period.Period) error {
				if err := d.NameDeputy(ctx, args[0], args[1], first, last, x.because); err != nil {
					return err
				}
				return a.done("%s 至 %s 由 %s 代理 %s", "from %s to %s %s acts for %s", from, to, args[1], args[0])
			})
		},
	}
	a.actingFlags(c, &x, true)
	c.Flags().StringVar(&from, "from", "", a.say("代理首日", "first day"))
	c.Flags().StringVar(&to, "to", "", a.say("代理末日（含）", "last day, included"))
	c.Flags().BoolVar(&revoke, "revoke", false, a.say("撤销现在与以后的代理；此前所办仍有效", "end it now, and what was arranged for later; what was done until now stands"))
	return c
}

// revokeDeputy ends a deputyship from now on.
func (a *app) revokeDeputy(c *cobra.Command, superior, deputy string, x acting, days bool) error {
	if days {
		return useError{errors.New(a.say("--revoke 从现在起撤销，不写 --from 与 --to", "--revoke counts from now on; leave --from and --to out"))}
	}
	return a.atDesk(c, period.MonthOf(a.now()).String(), x, func(ctx context.Context, d *reviews.Desk, _ period.Period) error {
		if err := d.RevokeDeputy(ctx, superior, deputy, x.because); err != nil {
			return err
		}
		return a.done("%[2]s 不再代理 %[1]s", "%[2]s no longer acts for %[1]s", superior, deputy)
	})
}
