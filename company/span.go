package company

import (
	"context"
	"fmt"
	"time"

	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// LastDay gives the last day, today at the latest, on which a record counts for a KPI that somebody is judged by; today in a company without any.
func (c *Company) LastDay(ctx context.Context, p *policy.Policy, today time.Time) (time.Time, error) {
	last := time.Time{}
	err := c.Books.View(ctx, func(tx *warehouse.Tx) error {
		seen := map[string]bool{}
		for _, k := range p.KPIs {
			if k.Dataset == nil || k.CountsOn == "" || !p.Judges(k) || k.Expects() != "" || seen[k.Dataset.ID+"."+k.CountsOn] {
				continue
			}
			seen[k.Dataset.ID+"."+k.CountsOn] = true
			column := warehouse.Ident(k.CountsOn)
			s := warehouse.SQL("last day of "+k.Dataset.ID, fmt.Sprintf("SELECT max(%[1]s)::DATE FROM %[2]s WHERE %[1]s::DATE <= $today AND %[3]s > $as_of", column, k.Dataset.Table(), policy.UntilColumn))
			err := tx.Each(ctx, s, warehouse.Args{"today": today, "as_of": Always}, func(scan func(...any) error) error {
				var day *time.Time
				if err := scan(&day); err != nil || day == nil {
					return err
				}
				if day.After(last) {
					last = *day
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("last day with records: %w", err)
			}
		}
		return nil
	})
	if last.IsZero() {
		last = today
	}
	return last, err
}
