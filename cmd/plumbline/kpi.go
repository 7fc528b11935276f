package main

import (
	"context"
	"fmt"
	"math/big"
	"strings"

	"github.com/spf13/cobra"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports/tabular"
	"plumbline/reviews"
)

// decimals is how many decimals computed figures have in tables for machines.
const decimals = 6

func (a *app) kpiCommand() *cobra.Command {
	var f figureFlags
	c := a.ofPeriod(&f, func(ctx context.Context, b *books.Books, q asked) error {
		rows, err := metrics.Values(ctx, b, q.Question, q.kpis, q.levels)
		if err != nil {
			return err
		}
		if err := a.tellStrays(ctx, b, q.Question); err != nil {
			return err
		}
		a.tellWarnings(q.Question)
		if err := a.kpiTable(rows).Write(a.out, a.format); err != nil {
			return err
		}
		return a.qualityNote(ctx, b, q.Question, q.kpis, rows)
	}, &cobra.Command{
		Use:     "kpi PERIOD",
		Short:   a.say("指标值，带分子、分母、条数与区间", "KPI values with numerator, denominator, count and interval"),
		Example: "  plumbline kpi 2026Q3 --by department\n  plumbline kpi 2026-07 --kpi conversion_rate --by employee --format csv",
	})
	c.Flags().StringSliceVar(&f.by, "by", []string{"company", "department"}, a.say("层次：company,department,employee，可加 month", "levels: company,department,employee; month splits the period"))
	c.Flags().StringSliceVar(&f.kpis, "kpi", nil, a.say("只看这些指标", "only these KPIs"))
	return c
}

// figureFlags say which figures of a period a command is to show.
type figureFlags struct {
	by, kpis []string
	asOf     int64
}

// asked is what the flags come to.
type asked struct {
	metrics.Question
	levels metrics.Levels
	kpis   []*policy.KPI
}

// ofPeriod completes a command that shows figures of a PERIOD, as known at some time and in any format.
func (a *app) ofPeriod(f *figureFlags, show func(ctx context.Context, b *books.Books, q asked) error, c *cobra.Command) *cobra.Command {
	c.Args = a.exactly(1, a.say("一个期间", "one PERIOD"))
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.with(c.Context(), func(b *books.Books) error {
			q, err := a.figuresAsked(c.Context(), b, args[0], *f)
			if err != nil {
				return err
			}
			return show(c.Context(), b, q)
		})
	}
	a.asOfFlag(c, &f.asOf)
	a.formatFlag(c)
	return c
}

func (a *app) figuresAsked(ctx context.Context, b *books.Books, period string, f figureFlags) (q asked, err error) {
	if q.Question, err = a.question(ctx, b, period, f.asOf); err != nil {
		return q, err
	}
	if q.levels, err = a.levels(f.by); err != nil {
		return q, err
	}
	q.kpis, err = chosen(q.Version.Policy, f.kpis)
	return q, err
}

// tellWarnings says what a reader of the period must know.
func (a *app) tellWarnings(q metrics.Question) {
	for _, w := range metrics.Warnings(q.Version.Policy, q.Period) {
		a.tell(a.say("注意：", "note: ") + w.In(a.lang))
	}
}

// tellStrays names the targets that set nothing, since nobody would see otherwise that one is not in force.
func (a *app) tellStrays(ctx context.Context, b *books.Books, q metrics.Question) error {
	strays, err := metrics.StrayTargets(ctx, b, q)
	for _, s := range strays {
		if s.NoKPI {
			a.tell(a.say("注意：目标 %s 不起作用，制度中没有指标 %q；请改正指标编号后重新导入", "note: the target %s sets nothing, since the policy has no KPI %q; correct the KPI and take it in again"), s.ID, s.KPI)
		} else {
			a.tell(a.say("注意：目标 %s 不起作用，没有 %q 这个期间；写作 2026、2026Q3 或 2026-07 后重新导入", "note: the target %s sets nothing, since there is no period %q; write 2026, 2026Q3 or 2026-07 and take it in again"), s.ID, s.Period)
		}
	}
	return err
}

// question reads the period and finds the policy that counts at its end; of a sealed period it says so.
func (a *app) question(ctx context.Context, b *books.Books, arg string, asOf int64) (metrics.Question, error) {
	p, err := a.period(arg)
	if err != nil {
		return metrics.Question{}, err
	}
	if asOf, err = a.asOfDay(ctx, b, asOf); err != nil {
		return metrics.Question{}, err
	}
	q, seal, err := a.company(b).Question(ctx, p, asOf)
	if err != nil {
		return q, err
	}
	if seal != nil {
		a.tell(a.say("%s 已封账：以下为封账时的数字（账序 %d，封账号 %s）", "%s is sealed: these are the figures of the seal (ledger sequence %d, seal %s)"), p, seal.AsOf, seal.ID())
	} else if a.unpublished {
		q.Evaluator = reviews.Evaluate
	}
	return q, nil
}

// evaluationsFlag gives a command the flag --with-evaluations.
func (a *app) evaluationsFlag(c *cobra.Command) {
	c.Flags().BoolVar(&a.unpublished, "with-evaluations", false, a.say("公布之前也计入已提交的上级评分（人力资源预览，勿外传）", "count evaluations that are in also before the publication: a preview for human resources, not to be handed out"))
}

func (a *app) levels(by []string) (l metrics.Levels, err error) {
	for _, s := range by {
		switch s {
		case "company":
			l.Company = true
		case "department":
			l.Department = true
		case "employee":
			l.Employee = true
		case "month":
			l.Month = true
		default:
			return l, useError{fmt.Errorf(a.say("--by %q：应为 company、department、employee、month", "--by %q: use company, department, employee, month"), s)}
		}
	}
	if !l.Company && !l.Department && !l.Employee {
		l.Company, l.Department = true, true
	}
	return l, nil
}

// chosen gives the KPIs with the ids, or all listed ones.
func chosen(p *policy.Policy, ids []string) ([]*policy.KPI, error) {
	var kpis []*policy.KPI
	for _, id := range ids {
		k := p.KPI(id)
		if k == nil {
			return nil, unknownKPI(p, id)
		}
		kpis = append(kpis, k)
	}
	if len(ids) == 0 {
		for _, k := range p.KPIs {
			if k.Listed {
				kpis = append(kpis, k)
			}
		}
	}
	return kpis, nil
}

func unknownKPI(p *policy.Policy, id string) error {
	var known []string
	for _, k := range p.KPIs {
		known = append(known, k.ID)
	}
	return useError{fmt.Errorf("no KPI %q (没有这个指标); known ones: %s", id, strings.Join(known, ", "))}
}

func (a *app) kpiTable(rows []metrics.Row) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{
		{Name: "period", Heading: a.say("期间", "period")}, {Name: "department", Heading: a.say("部门", "department")},
		{Name: "employee_no", Heading: a.say("工号", "employee")}, {Name: "kpi", Heading: a.say("指标", "kpi")},
		{Name: "value", Heading: a.say("值", "value"), Kind: tabular.Decimal}, {Name: "numerator", Heading: a.say("分子", "numerator"), Kind: tabular.Decimal},
		{Name: "denominator", Heading: a.say("分母", "denominator"), Kind: tabular.Decimal}, {Name: "n", Heading: a.say("条数", "n"), Kind: tabular.Decimal},
		{Name: "low", Heading: a.say("下限", "low"), Kind: tabular.Decimal}, {Name: "high", Heading: a.say("上限", "high"), Kind: tabular.Decimal},
		{Name: "target", Heading: a.say("目标", "target"), Kind: tabular.Decimal}, {Name: "attainment", Heading: a.say("达成率", "attainment"), Kind: tabular.Decimal},
		{Name: "status", Heading: a.say("状态", "status")},
	}}
	places := decimals
	if a.format == "table" {
		places = 2
	}
	for _, r := range rows {
		n := r.N.String()
		if r.Status == metrics.Withheld {
			n = "" // how few answered is not said either
		}
		value, attainment, num, den, low, high := "", "", "", "", "", ""
		if v, ok := r.Exact(); ok {
			value, num = fixed.Text(v, places), r.Ratio.Num.String()
			if r.KPI.Divides() {
				den = r.Ratio.Den.String()
			}
		}
		if v, ok := r.Attainment(); ok {
			attainment = fixed.Text(v, places)
		}
		if r.HasInterval {
			low, high = floatText(r.Low, places), floatText(r.High, places)
		}
		t.Add(r.Period.String(), r.Department, r.Employee, r.KPI.ID, value, num, den, n, low, high,
			numText(r.Target), attainment, a.statusText(r.Status))
	}
	return t
}

// statusText is the machine word, or the reader's in a table for people.
func (a *app) statusText(s metrics.Status) string {
	if a.format != "table" {
		return string(s)
	}
	switch s {
	case metrics.OK:
		return a.say("正常", "ok")
	case metrics.Insufficient:
		return a.say("样本不足", "insufficient data")
	case metrics.Withheld:
		return a.say("不显示", "withheld")
	}
	return a.say("无数据", "no data")
}

func floatText(f float64, places int) string {
	r := new(big.Rat)
	r.SetFloat64(f)
	return fixed.Text(r, places)
}

func numText(n *fixed.Num) string {
	if n == nil {
		return ""
	}
	return n.String()
}
