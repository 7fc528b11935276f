package metrics

import (
	"context"
	"fmt"
	"time"

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
		if err := readHours(ctx, tx, h, q, of); err != nil {
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

// readHours adds up hours by person and name.
func readHours(ctx context.Context, tx *warehouse.Tx, h *policy.HoursBy, q WorkQuestion, of func(no string) *Work) error {
	owner, day, by, sum := warehouse.Ident(h.Dataset.Owner), warehouse.Ident(h.Dataset.Day), warehouse.Ident(h.By), warehouse.Ident(h.Sum)
	s := warehouse.SQL("hours by "+h.By, fmt.Sprintf(`SELECT %[1]s, coalesce(CAST(%[3]s AS VARCHAR), ''), CAST(coalesce(sum(%[4]s), 0) * 10000 AS BIGINT), count(*), count(DISTINCT CAST(%[2]s AS DATE))
FROM %[5]s %[6]s AND CAST(%[2]s AS DATE) >= $from AND CAST(%[2]s AS DATE) < $to AND ($employee = '' OR %[1]s = $employee)
GROUP BY ALL ORDER BY 1, 3 DESC, 2`, owner, day, by, sum, h.Dataset.Table(), known))
	err := tx.Each(ctx, s, warehouse.Args{"as_of": q.AsOf, "from": q.Period.Start(), "to": q.Period.End(), "employee": q.Employee}, func(scan func(...any) error) error {
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
