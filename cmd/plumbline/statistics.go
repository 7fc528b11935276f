package main

import (
	"context"
	"math/big"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/stat"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports/tabular"
)

func (a *app) statisticsCommand() *cobra.Command {
	var f figureFlags
	c := a.ofPeriod(&f, func(ctx context.Context, b *books.Books, q asked) error {
		r, err := metrics.New(ctx, b, q.Question)
		if err != nil {
			return err
		}
		return a.statisticsTable(r, q.kpis, q.levels).Write(a.out, a.format)
	}, &cobra.Command{
		Use:   "statistics PERIOD",
		Short: a.say("数字旁边能说的话：环比、同比、同类水平、名次区间、季末预测", "what may be said beside the numbers: changes, peers, ranks that hold, forecast"),
		Long: a.say("环比、同比只有超出偶然波动才标为显著；名次按 95% 区间给出最好与最差可能，区间重叠即不可区分；同类指同一考核表的员工，或同类别、同层级的部门，不足 5 个不给出分布。",
			"Changes are called significant only where they exceed chance; ranks run from the best to the worst that the 95% intervals allow; peers are people judged by one scorecard, or departments of one kind and depth, and below five no quartiles are given."),
		Example: "  plumbline statistics 2026Q3 --kpi conversion_rate\n  plumbline statistics 2026Q3 --by employee --format csv",
	})
	c.Flags().StringSliceVar(&f.by, "by", []string{"company", "department"}, a.say("层次：company,department,employee", "levels: company,department,employee"))
	c.Flags().StringSliceVar(&f.kpis, "kpi", nil, a.say("只看这些指标", "only these KPIs"))
	return c
}

func (a *app) statisticsTable(r *metrics.Report, kpis []*policy.KPI, l metrics.Levels) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{{Name: "period", Heading: a.say("期间", "period")}, {Name: "department", Heading: a.say("部门", "department")},
		{Name: "employee_no", Heading: a.say("工号", "employee")}, {Name: "kpi", Heading: a.say("指标", "kpi")}}}
	for _, c := range []struct{ name, zh, en string }{
		{"value", "值", "value"}, {"change", "环比", "change"}, {"change_significant", "显著", "beyond chance"}, {"year_change", "同比", "on last year"},
		{"year_significant", "显著", "beyond chance"}, {"peers", "同类", "peers"}, {"q1", "下四分位", "q1"}, {"median", "中位", "median"}, {"q3", "上四分位", "q3"},
		{"rank_from", "名次最好", "rank at best"}, {"rank_to", "名次最差", "at worst"}, {"outlier", "离群", "outlier"},
		{"forecast", "季末预测", "forecast"}, {"forecast_low", "预测下限", "low"}, {"forecast_high", "预测上限", "high"}, {"course", "走势", "course"}} {
		kind := tabular.Decimal
		if slices.Contains([]string{"change_significant", "year_significant", "outlier", "course"}, c.name) {
			kind = tabular.Text
		}
		t.Columns = append(t.Columns, tabular.Column{Name: c.name, Heading: a.say(c.zh, c.en), Kind: kind})
	}
	add := func(department, employee string, values []metrics.Value, readings []metrics.Reading) {
		for i, k := range r.KPIs {
			if slices.Contains(kpis, k) && (employee == "" || values[i].Status != metrics.NoData) {
				t.Add(append([]string{r.Period.String(), department, employee, k.ID}, a.reading(values[i], readings[i])...)...)
			}
		}
	}
	if l.Company {
		add("", "", r.Company.Values, r.Company.Readings)
	}
	for _, d := range r.Departments {
		if l.Department {
			add(d.Department.ID, "", d.Values, d.Readings)
		}
	}
	for _, p := range r.People {
		if l.Employee {
			add(p.Department, p.Person.No, p.Values, p.Readings)
		}
	}
	return t
}

// reading gives the cells of one value; blank is what cannot be said.
func (a *app) reading(v metrics.Value, r metrics.Reading) []string {
	places := decimals
	if a.format == "table" {
		places = 2
	}
	number := func(f float64, known bool) string {
		if !known {
			return ""
		}
		return floatText(f, places)
	}
	value := ""
	if x, ok := v.Exact(); ok {
		value = fixed.Text(new(big.Rat).Set(x), places)
	}
	cells := []string{value, number(r.Change.Absolute, r.Change.Known), a.yes(r.Change.Known && r.Change.Significant),
		number(r.YearChange.Absolute, r.YearChange.Known), a.yes(r.YearChange.Known && r.YearChange.Significant)}
	if p := r.Peers; p != nil {
		cells = append(cells, strconv.Itoa(p.N), number(p.Q1, true), number(p.Median, true), number(p.Q3, true))
	} else {
		cells = append(cells, "", "", "", "")
	}
	from, to := "", ""
	if r.Standing.From > 0 {
		from, to = strconv.Itoa(r.Standing.From), strconv.Itoa(r.Standing.To)
	}
	cells = append(cells, from, to, a.yes(r.Outlier))
	if f := r.Forecast; f != nil {
		return append(cells, number(f.Value, true), number(f.Low, true), number(f.High, true), a.courseText(r.Course))
	}
	return append(cells, "", "", "", "")
}

func (a *app) yes(is bool) string {
	switch {
	case !is:
		return ""
	case a.format == "table":
		return a.say("是", "yes")
	}
	return "true"
}

// courseText is the machine word, or the reader's in a table for people.
func (a *app) courseText(c stat.Course) string {
	if a.format != "table" {
		return string(c)
	}
	switch c {
	case stat.OnCourse:
		return a.say("可达标", "on course")
	case stat.AtRisk:
		return a.say("有风险", "at risk")
	case stat.OffCourse:
		return a.say("难达标", "off course")
	}
	return ""
}
