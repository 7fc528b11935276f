package metrics

import (
	"context"
	"fmt"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Work is what a person did in a period, as a self-review lists it.
type Work struct {
	Hours   []HoursOf       // the most first
	Records [][]EvidenceRow // parallel to the policy's records of self-reviews; by file and row
}

// HoursOf is what was logged under one name.
type HoursOf struct {
	Name  string // "" where none was given
	Hours fixed.Num
	Logs  int64
	Days  int64
}

// WorkQuestion asks for the work of a period.
type WorkQuestion struct {
	Period    period.Period
	Employee  string // "" for all
	AsOf      int64
	ReportDay time.Time
}

// ReadWork lists what people did, by employee number.
func ReadWork(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, q WorkQuestion) (map[string]*Work, error) {
	work := map[string]*Work{}
	of := func(no string) *Work {
		w := work[no]
		if w == nil {
			w = &Work{Records: make([][]EvidenceRow, len(p.Reviews.SelfReview.Records))}
			work[no] = w
		}
		return w
	}
	if h := p.Reviews.SelfReview.Hours; h != nil {
		if err := readHours(ctx, tx, h, hoursQuestion{q.Employee, q.AsOf, []Span{{q.Period.Start(), q.Period.LastDay()}}}, of); err != nil {
			return nil, fmt.Errorf("hours of %s: %w", q.Period, err)
		}
	}
	if len(p.Reviews.SelfReview.Records) == 0 {
		return work, nil
	}
	org, err := readOrganisation(ctx, tx, p, q.AsOf, q.ReportDay)
	if err == nil {
		err = org.lay(ctx, tx)
	}
	if err != nil {
		return nil, err
	}
	for i, k := range p.Reviews.SelfReview.Records {
		e, err := org.examine(ctx, tx, p, EvidenceQuestion{KPI: k, Period: q.Period, Employee: q.Employee, AsOf: q.AsOf, ReportDay: q.ReportDay, Asked: q.ReportDay})
		if err != nil {
			return nil, fmt.Errorf("records of %s in %s: %w", k.ID, q.Period, err)
		}
		for _, row := range e.rows {
			if row.Employee != "" && (row.Counted == InBoth || row.Counted == InDenominator) {
				of(row.Employee).Records[i] = append(of(row.Employee).Records[i], row)
			}
		}
	}
	return work, nil
}

// ReadHours lists the hours that a person logged on the days of spans, the most first; nil for a policy whose self-reviews ask for none.
func ReadHours(ctx context.Context, b *books.Books, p *policy.Policy, employee string, asOf int64, spans []Span) (list []HoursOf, err error) {
	if p.Reviews == nil || p.Reviews.SelfReview.Hours == nil || len(spans) == 0 {
		return nil, nil
	}
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		w := &Work{}
		err := readHours(ctx, tx, p.Reviews.SelfReview.Hours, hoursQuestion{employee, asOf, spans}, func(string) *Work { return w })
		list = w.Hours
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("hours of %s: %w", employee, err)
	}
	return list, nil
}

// Span is a time from one day to another, both included.
type Span struct{ From, To time.Time }

// hoursQuestion asks for hours of days.
type hoursQuestion struct {
	employee string // "" for all
	asOf     int64
	spans    []Span
}

// where is the condition that a column is a day of the spans.
func (q hoursQuestion) where(day string) string {
	var list []string
	for _, s := range q.spans {
		list = append(list, fmt.Sprintf("CAST(%s AS DATE) BETWEEN DATE '%s' AND DATE '%s'", day, s.From.Format(time.DateOnly), s.To.Format(time.DateOnly)))
	}
	return "(" + strings.Join(list, " OR ") + ")"
}

// readHours adds up hours by person and name.
func readHours(ctx context.Context, tx *warehouse.Tx, h *policy.HoursBy, q hoursQuestion, of func(no string) *Work) error {
	owner, day, by, sum := warehouse.Ident(h.Dataset.Owner), warehouse.Ident(h.Dataset.Day), warehouse.Ident(h.By), warehouse.Ident(h.Sum)
	s := warehouse.SQL("hours by "+h.By, fmt.Sprintf(`SELECT %[1]s, coalesce(CAST(%[3]s AS VARCHAR), ''), CAST(coalesce(sum(%[4]s), 0) * 10000 AS BIGINT), count(*), count(DISTINCT CAST(%[2]s AS DATE))
FROM %[5]s %[6]s AND %[7]s AND ($employee = '' OR %[1]s = $employee)
GROUP BY ALL ORDER BY 1, 3 DESC, 2`, owner, day, by, sum, h.Dataset.Table(), known, q.where(day)))
	err := tx.Each(ctx, s, warehouse.Args{"as_of": q.asOf, "employee": q.employee}, func(scan func(...any) error) error {
		var no string
		var x HoursOf
		var hours int64
		if err := scan(&no, &x.Name, &hours, &x.Logs, &x.Days); err != nil {
			return err
		}
		x.Hours = fixed.Num(hours)
		of(no).Hours = append(of(no).Hours, x)
		return nil
	})
	return err
}
