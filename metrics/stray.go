package metrics

import (
	"context"
	"fmt"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// StrayTarget is a record of the dataset targets that sets nothing.
type StrayTarget struct {
	ID, KPI, Period string
	NoKPI           bool // the policy has no such KPI; else there is no such period
}

// StrayTargets gives the records of the dataset targets that set nothing, by id: those of a KPI that the policy of the question has not,
// and those of a period that the calendar has not, such as 2026Q7.
func StrayTargets(ctx context.Context, b *books.Books, q Question) ([]StrayTarget, error) {
	p := q.Version.Policy
	if p.Dataset(policy.Targets) == nil {
		return nil, nil
	}
	var strays []StrayTarget
	err := b.View(ctx, func(tx *warehouse.Tx) (err error) {
		strays, err = readStrays(ctx, tx, p, q.AsOf, earlier(q.Period.LastDay(), day(q.Now)))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("targets that set nothing: %w", err)
	}
	return strays, nil
}

func readStrays(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, asOf int64, day time.Time) ([]StrayTarget, error) {
	var strays []StrayTarget
	s := warehouse.SQL("stray targets", `SELECT target_id, kpi, "period" FROM facts.targets `+known+
		" AND (set_on IS NULL OR set_on <= CAST($day AS DATE)) ORDER BY target_id")
	err := tx.Each(ctx, s, warehouse.Args{"as_of": asOf, "day": day}, func(scan func(...any) error) error {
		var t StrayTarget
		if err := scan(&t.ID, &t.KPI, &t.Period); err != nil {
			return err
		}
		_, err := period.Parse(t.Period)
		if t.NoKPI = p.KPI(t.KPI) == nil; t.NoKPI || err != nil {
			strays = append(strays, t)
		}
		return nil
	})
	return strays, err
}
