package main

import (
	"context"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports/tabular"
)

func (a *app) scoreCommand() *cobra.Command {
	var f figureFlags
	c := a.ofPeriod(&f, func(ctx context.Context, b *books.Books, q asked) error {
		r, err := metrics.New(ctx, b, q.Question)
		if err != nil {
			return err
		}
		return a.scoreTable(r, q.levels).Write(a.out, a.format)
	}, &cobra.Command{
		Use:     "score PERIOD",
		Short:   a.say("考核得分、等级与名次", "scores, rating bands and ranks"),
		Long:    a.say("员工得分是其在各部门期间得分按天数与兼任份额加权，再减扣分；上级评分公布前为暂定分（只含指标部分）。", "A person's score is that of each stay weighted by days and shares, less the penalties; it is provisional (KPI part only) until the evaluations are published."),
		Example: "  plumbline score 2026Q3\n  plumbline score 2026Q3 --by department --format csv",
	})
	a.evaluationsFlag(c)
	c.Flags().StringSliceVar(&f.by, "by", []string{"department", "employee"}, a.say("层次：department,employee", "levels: department,employee"))
	return c
}

// scoreTable lists scores. The columns of rules that only some scorecards have come last: in a table for people only where they say something.
func (a *app) scoreTable(r *metrics.Report, l metrics.Levels) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{
		{Name: "period", Heading: a.say("期间", "period")}, {Name: "department", Heading: a.say("部门", "department")},
		{Name: "employee_no", Heading: a.say("工号", "employee")}, {Name: "name", Heading: a.say("名称", "name")},
		{Name: "days", Heading: a.say("天数", "days"), Kind: tabular.Integer},
		{Name: "score", Heading: a.say("得分", "score"), Kind: tabular.Decimal}, {Name: "band", Heading: a.say("等级", "band")},
		{Name: "rank", Heading: a.say("名次", "rank"), Kind: tabular.Integer}, {Name: "rank_of", Heading: a.say("人数", "of"), Kind: tabular.Integer},
		{Name: "before", Heading: a.say("上期", "before"), Kind: tabular.Decimal}, {Name: "status", Heading: a.say("状态", "status")},
		{Name: "penalties", Heading: a.say("扣分", "penalties"), Kind: tabular.Decimal}, {Name: "earned_band", Heading: a.say("得分等级", "band by score")},
		{Name: "band_limit", Heading: a.say("等级上限", "limit")}, {Name: "forced", Heading: a.say("强制分布", "forced")},
	}}
	if l.Department {
		for i := range r.Departments {
			t.Add(a.departmentScore(r, &r.Departments[i])...)
		}
	}
	if l.Employee {
		for i := range r.Scores {
			t.Add(a.personScore(r, &r.Scores[i])...)
		}
	}
	if a.format == "table" {
		dropSilent(t)
	}
	return t
}

func (a *app) departmentScore(r *metrics.Report, d *metrics.DepartmentLine) []string {
	s, penalties, earned := &d.Score, "", ""
	if s.Total != nil {
		earned = bandText(r.Policy.BandFor(*s.Total))
	}
	if len(s.Penalties) > 0 {
		var sum fixed.Num
		for _, p := range s.Penalties {
			sum += p.Points
		}
		penalties = sum.Text(2)
	}
	return []string{r.Period.String(), d.Department.ID, "", d.Department.Name.In(a.lang), "", scoreText(s.Total), bandText(s.Band), "", "", "", a.scoreStatus(s.Status),
		penalties, earned, bandText(s.BandLimited), ""}
}

func (a *app) personScore(r *metrics.Report, s *metrics.PersonScore) []string {
	var days fixed.Num // each once, also of who belongs to two departments at a time
	rank, of, penalties, forced := "", "", "", ""
	for _, i := range s.Lines {
		days += r.People[i].Weight
		if len(r.People[i].Score.Penalties) > 0 {
			penalties = s.PenaltyPoints.Text(2)
		}
	}
	if s.Rank > 0 {
		rank, of = strconv.Itoa(s.Rank), strconv.Itoa(s.RankOf)
	}
	if s.Distribution != nil {
		forced = a.truth(s.Forced)
	}
	return []string{r.Period.String(), s.Department, s.Person.No, s.Person.Name.In(a.lang), days.Text(0), scoreText(s.Total), bandText(s.Band), rank, of,
		scoreText(s.Before), a.scoreStatus(s.Status), penalties, bandText(s.Earned), bandText(s.BandLimited), forced}
}

// truth is the machine word, or the reader's in a table for people.
func (a *app) truth(yes bool) string {
	switch {
	case a.format != "table":
		return strconv.FormatBool(yes)
	case yes:
		return a.say("是", "yes")
	}
	return a.say("否", "no")
}

// Columns of the score table.
const (
	bandColumn    = 6
	penaltyColumn = 11
	earnedColumn  = 12
)

// dropSilent takes out the columns of rules that nobody's scorecard has, and the band by score where it is everybody's band.
func dropSilent(t *tabular.Table) {
	for col := len(t.Columns) - 1; col >= penaltyColumn; col-- {
		says := slices.ContainsFunc(t.Rows, func(row []string) bool {
			if col == earnedColumn {
				return row[col] != row[bandColumn]
			}
			return row[col] != ""
		})
		if says {
			continue
		}
		t.Columns = slices.Delete(t.Columns, col, col+1)
		for i, row := range t.Rows {
			t.Rows[i] = slices.Delete(row, col, col+1)
		}
	}
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
