package web

import (
	"fmt"
	"slices"

	"plumbline/access"
	"plumbline/charts"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

func (s *Server) surveyRoutes() []route {
	return []route{
		{pattern: "GET /surveys", action: access.Surveys, about: nobody, handle: (*request).surveyLatest},
		{pattern: "GET /surveys/{period}", action: access.Surveys, about: ofPeriod, handle: (*request).surveys},
	}
}

// surveysPage tells of anonymous answers what the report tells.
type surveysPage struct {
	frame
	None   string
	Tables []table
}

func (q *request) surveyLatest() error { return q.latestOf("/surveys/") }

// surveys shows the anonymous KPIs of a period by department and month. What may not be told says so in place of the value.
func (q *request) surveys() error {
	of, err := q.period()
	if err != nil {
		return err
	}
	s, err := q.figures.of(q.ctx(), of)
	if err != nil {
		return err
	}
	p := &surveysPage{frame: q.frame(q.say("匿名问卷", "Anonymous surveys"))}
	p.Switch = q.periods(of, "/surveys/%s", q.choices(of))
	p.Foot = q.basis(s)
	for i, k := range s.KPIs {
		if k.Anonymous {
			p.Tables = append(p.Tables, q.surveyTable(s, i, k))
		}
	}
	if len(p.Tables) == 0 {
		p.None = q.say("制度里没有匿名指标。", "The policy has no anonymous KPIs.")
	}
	if q.wantsCSV() && len(p.Tables) > 0 {
		all := table{Head: append([]head{words(q.say("指标", "KPI"))}, p.Tables[0].Head...)}
		for _, t := range p.Tables {
			for _, r := range t.Rows {
				all.Rows = append(all.Rows, tableRow{Cells: append([]cell{text(t.Caption)}, r.Cells...)})
			}
		}
		return q.download(&all, fmt.Sprintf(q.say("%s-问卷", "%s-surveys"), of))
	}
	if len(p.Tables) > 0 {
		p.Downloads = []download{{q.r.URL.Path + "?format=csv", q.say("下载（CSV）", "Download (CSV)")}}
	}
	return q.render("surveys", p)
}

// surveyTable shows one KPI: the company and its departments, the period and its months.
func (q *request) surveyTable(s *sheet, i int, k *policy.KPI) table {
	t := table{Caption: charts.Name(k.Name).In(q.lang), Head: []head{words(q.say("范围", "Whose")), numbers(q.periodText(s.Period))}}
	var months []int
	if s.Period.Kind() != period.Month {
		for m, of := range s.Months {
			if slices.Contains(s.Period.Months(), of) {
				months = append(months, m)
				t.Head = append(t.Head, numbers(q.periodText(of)))
			}
		}
	}
	row := func(name string, l *metrics.Line) {
		cells := []cell{text(name), q.valueCell(l.Values[i], "")}
		for _, m := range months {
			c := text("–")
			if i < len(l.Months) && m < len(l.Months[i]) {
				c = q.valueCell(l.Months[i][m], "")
			}
			cells = append(cells, c)
		}
		t.add(cells...)
	}
	row(q.say("全公司", "The company"), &s.Company)
	for d := range s.Departments {
		row(s.Departments[d].Department.Name.In(q.lang), &s.Departments[d].Line)
	}
	return t
}
