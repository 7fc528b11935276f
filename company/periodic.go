package company

import (
	"context"

	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports"
)

// Days after a report's last one in which milestones are told.
const (
	weekAhead  = 14
	monthAhead = 31
)

// Periodic gathers what the report of a period shows: of the company for "", or of a department with those below it. week is nil but for a report of a week, whose last
// day lies in the report's month.
func (c *Company) Periodic(ctx context.Context, r *metrics.Report, q metrics.Question, week *period.Week, department string, names map[string]policy.Text) (d reports.Periodic, err error) {
	d = reports.Periodic{Report: r, Week: week, Department: department, Names: names, Made: q.Now}
	d.Activity, err = metrics.ReadActivity(ctx, c.Books, q, activityAsked(r, week, department))
	return d, err
}

// activityAsked asks for the days of a report; of a week for the shares over its days too.
func activityAsked(r *metrics.Report, week *period.Week, department string) metrics.ActivityQuestion {
	if week == nil {
		return metrics.ActivityQuestion{From: r.Period.Start(), To: r.Period.LastDay(), Department: department, Ahead: monthAhead}
	}
	ask := metrics.ActivityQuestion{From: week.Start(), To: week.LastDay(), Department: department, Ahead: weekAhead, Rates: []*policy.KPI{}}
	for _, k := range r.KPIs {
		if k.IsRate() && !k.Anonymous {
			ask.Rates = append(ask.Rates, k)
		}
	}
	return ask
}
