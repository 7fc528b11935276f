package metrics

import (
	"context"
	"fmt"

	"plumbline/internal/books"
	"plumbline/internal/warehouse"
)

// Judge makes the part of a report that judges people: People and Scores with the KPIs that scorecards ask for, and Departments by name
// alone. It looks at no other period, so that nothing says how people were judged before.
func Judge(ctx context.Context, b *books.Books, q Question) (*Report, error) {
	known, err := state(ctx, b, q.AsOf)
	if err != nil {
		return nil, fmt.Errorf("scores of %s: %w", q.Period, err)
	}
	q.AsOf = known.Seq
	j := &builder{Report: &Report{Policy: q.Version.Policy, PolicyVersion: q.Version.Number, PolicyHash: q.Version.Hash, Made: q.Now, Period: q.Period,
		Day: earlier(q.Period.LastDay(), day(q.Now)), LedgerSeq: known.Seq, LedgerHash: known.Hash, Seal: q.Seal}}
	for _, k := range q.Version.Policy.KPIs {
		if q.Version.Policy.Judges(k) {
			j.KPIs = append(j.KPIs, k)
		}
	}
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		if err := j.gather(ctx, tx, j.KPIs, q, q.Period.Start()); err != nil {
			return err
		}
		return j.evaluations(ctx, tx, q)
	})
	if err != nil {
		return nil, fmt.Errorf("scores of %s: %w", q.Period, err)
	}
	j.org.heads(j.Day)
	j.People, j.Scores = j.judge(q.Period)
	for _, d := range j.org.departments {
		j.Departments = append(j.Departments, DepartmentLine{Department: d})
	}
	return j.Report, nil
}
