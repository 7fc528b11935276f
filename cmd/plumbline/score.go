package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports/tabular"
)

func (a *app) scoreCommand() *cobra.Command {
	var by []string
	var asOf int64
	c := &cobra.Command{
		Use:     "score PERIOD",
		Short:   a.say("考核得分、等级与名次", "scores, rating bands and ranks"),
		Long:    a.say("员工得分是其在各部门期间得分按天数加权；上级评分未录入前为暂定分（只含指标部分）。", "A person's score is that of each stay weighted by days; it is provisional (KPI part only) until the superior's evaluation is in."),
		Example: "  plumbline score 2026Q3\n  plumbline score 2026Q3 --by department --format csv",
		Args:    a.exactly(1, a.say("一个期间", "one PERIOD")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(b *books.Books) error {
				q, err := a.question(c.Context(), b, args[0], asOf)
				if err != nil {
					return err
				}
				levels, err := a.levels(by)
				if err != nil {
					return err
				}
				r, err := metrics.New(c.Context(), b, q)
				if err != nil {
					return err
				}
				return a.scoreTable(r, levels).Write(a.out, a.format)
			})
		},
	}
	c.Flags().StringSliceVar(&by, "by", []string{"department", "employee"}, a.say("层次：department,employee", "levels: department,employee"))
	a.asOfFlag(c, &asOf)
	a.formatFlag(c)
	return c
}

func (a *app) scoreTable(r *metrics.Report, l metrics.Levels) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{
		{Name: "period", Heading: a.say("期间", "period")}, {Name: "department", Heading: a.say("部门", "department")},
		{Name: "employee_no", Heading: a.say("工号", "employee")}, {Name: "name", Heading: a.say("名称", "name")},
		{Name: "days", Heading: a.say("天数", "days"), Kind: tabular.Integer},
		{Name: "score", Heading: a.say("得分", "score"), Kind: tabular.Decimal}, {Name: "band", Heading: a.say("等级", "band")},
		{Name: "rank", Heading: a.say("名次", "rank"), Kind: tabular.Integer}, {Name: "rank_of", Heading: a.say("人数", "of"), Kind: tabular.Integer},
		{Name: "before", Heading: a.say("上期", "before"), Kind: tabular.Decimal}, {Name: "status", Heading: a.say("状态", "status")},
	}}
	p := r.Period.String()
	if l.Department {
		for _, d := range r.Departments {
			t.Add(p, d.Department.ID, "", d.Department.Name.In(a.lang), "", scoreText(d.Score.Total), bandText(d.Score.Band), "", "", "", a.scoreStatus(d.Score.Status))
		}
	}
	if l.Employee {
		for _, s := range r.Scores {
			days := 0
			for _, i := range s.Lines {
				days += r.People[i].Days
			}
			rank, of := "", ""
			if s.Rank > 0 {
				rank, of = strconv.Itoa(s.Rank), strconv.Itoa(s.RankOf)
			}
			t.Add(p, s.Department, s.Person.No, s.Person.Name.In(a.lang), strconv.Itoa(days), scoreText(s.Total), bandText(s.Band), rank, of,
				scoreText(s.Before), a.scoreStatus(s.Status))
		}
	}
	return t
}

func scoreText(n *fixed.Num) string {
	if n == nil {
		return ""
	}
	return n.Text(2)
}

func bandText(b *policy.Band) string {
	if b == nil {
		return ""
	}
	return b.ID
}

func (a *app) scoreStatus(s metrics.ScoreStatus) string {
	if a.format != "table" {
		return string(s)
	}
	switch s {
	case metrics.Provisional:
		return a.say("暂定", "provisional")
	case metrics.Final:
		return a.say("已定", "final")
	}
	return a.say("无得分", "no score")
}
