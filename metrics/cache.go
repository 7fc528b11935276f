package metrics

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Cache keeps the rollup of one company in memory, for whoever asks often. It holds the months of one range under one policy. When the
// books have moved on, only the months that the new events touch are scanned anew; a change of people, memberships, departments, leave or
// policy, or another report day, does what is needed and no more. It may be used from several goroutines.
type Cache struct {
	books *books.Books

	refreshing sync.Mutex // one at a time; pages are read meanwhile
	state      atomic.Pointer[cached]
}

// cached is what a cache holds. It is replaced, never changed.
type cached struct {
	version policy.Version
	day     time.Time // report day
	seq     int64     // ledger sequence
	targets *targets
	rolled  *Rolled
	tallies map[*policy.KPI]tally
	scanned int // months scanned by the last refresh, over all scans
}

// NewCache makes an empty cache of the books.
func NewCache(b *books.Books) *Cache { return &Cache{books: b} }

// Refresh brings the cache to the state of the books, for months from the first of from to the last of q.Period. It tells how many
// months it scanned, added up over all scans.
func (c *Cache) Refresh(ctx context.Context, q Question, from period.Period) (scanned int, err error) {
	c.refreshing.Lock()
	defer c.refreshing.Unlock()
	err = c.books.View(ctx, func(tx *warehouse.Tx) error {
		head, err := c.books.Applied(ctx, tx) // not the ledger's head, which may be one event ahead of what tx sees
		if err != nil {
			return err
		}
		next, err := c.refreshed(ctx, tx, q, from, head)
		if err == nil {
			c.state.Store(next)
			scanned = next.scanned
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("refresh the rollup: %w", err)
	}
	return scanned, nil
}

func (c *Cache) refreshed(ctx context.Context, tx *warehouse.Tx, q Question, from period.Period, head int64) (*cached, error) {
	p := q.Version.Policy
	r := Range{From: from.Start(), To: q.Period.End(), ReportDay: earlier(q.Period.LastDay(), day(q.Now)), Asked: day(q.Now), AsOf: head}
	org, err := c.organisation(ctx, tx, q, r)
	if err != nil {
		return nil, err
	}
	next := &cached{version: q.Version, day: r.ReportDay, seq: head}
	if next.targets, err = readTargets(ctx, tx, p, r.AsOf, r.Asked); err != nil {
		return nil, err
	}
	if err := org.lay(ctx, tx); err != nil {
		return nil, err
	}
	next.rolled = newRolled(org, p, r)
	old := c.usable(q, org, next.rolled)
	for _, plan := range Plans(p.KPIs) {
		s, n, err := renew(ctx, tx, plan, r, old)
		if err != nil {
			return nil, err
		}
		next.scanned += n
		next.rolled.put(s)
	}
	if err := next.rolled.disclose(ctx, tx, p, Plans(p.KPIs), r); err != nil {
		return nil, err
	}
	next.tally(p.KPIs, old)
	return next, nil
}

// tally sums the KPIs per department. Where nothing but records has changed since the former state, only touched months are summed anew.
func (c *cached) tally(kpis []*policy.KPI, old *cached) {
	c.tallies = make(map[*policy.KPI]tally, len(kpis))
	same := old != nil && slices.Equal(old.rolled.org.departments, c.rolled.org.departments) && old.rolled.expected.like(c.rolled.expected)
	for i, k := range kpis {
		if !same || k.Numerator.Kind == policy.Median {
			c.tallies[k] = c.rolled.tally(k)
			continue
		}
		was := old.tallies[old.version.Policy.KPIs[i]]
		c.tallies[k] = c.rolled.tallyAnew(k, was, c.rolled.changed(k, old.rolled))
	}
}

// changed lists the months in which a KPI has other rows than before.
func (r *Rolled) changed(k *policy.KPI, old *Rolled) []int {
	if k.IsRatio() {
		return append(r.changed(k.Of, old), r.changed(k.To, old)...)
	}
	s := r.sheets[k]
	had := old.sheetLike(s.plan)
	var months []int
	for m := r.first; m <= r.last; m++ {
		if had == nil || s.months[m] != had.months[m] {
			months = append(months, m)
		}
	}
	return months
}

// organisation gives that of the former state when it would be read from the same policy, rows and day, and else reads it.
func (c *Cache) organisation(ctx context.Context, tx *warehouse.Tx, q Question, r Range) (*organisation, error) {
	old := c.state.Load()
	if old != nil && old.version.Hash == q.Version.Hash && old.day.Equal(r.ReportDay) && old.seq <= r.AsOf {
		changed, err := reorganised(ctx, tx, q.Version.Policy, old.seq, r.AsOf)
		if err != nil {
			return nil, err
		}
		if !changed {
			return old.rolled.org, nil
		}
	}
	return readOrganisation(ctx, tx, q.Version.Policy, r.AsOf, r.ReportDay)
}

// usable gives the former state when its rows mean the same: the same policy, stays and months.
func (c *Cache) usable(q Question, org *organisation, r *Rolled) *cached {
	old := c.state.Load()
	if old == nil || old.version.Hash != q.Version.Hash || old.rolled.first != r.first || old.rolled.last != r.last ||
		old.rolled.org != org && !slices.Equal(old.rolled.org.stays, org.stays) {
		return nil
	}
	return old
}

// renew gives the sheet of a plan: the former one with the touched months scanned anew, or a scan of all. A plan whose expressions ask
// for the day of the report is scanned whole when that day has moved.
func renew(ctx context.Context, tx *warehouse.Tx, p Plan, r Range, old *cached) (*sheet, int, error) {
	r = r.whole(p)
	var had *sheet
	if old != nil {
		had = old.rolled.sheetLike(p)
	}
	if had == nil || !old.day.Equal(r.ReportDay) && p.asksForDay() || p.asksForToday() && !old.rolled.expected.asked.Equal(r.Asked) {
		s, err := sheetOf(ctx, tx, p, r)
		return s, monthOf(r.To.AddDate(0, 0, -1)) - monthOf(r.From) + 1, err
	}
	months, err := touched(ctx, tx, p, r, old.seq)
	if err != nil {
		return nil, 0, err
	}
	s := &sheet{plan: p, months: maps.Clone(had.months)}
	if len(months) == 0 {
		return s, 0, nil
	}
	for _, m := range months {
		delete(s.months, m)
	}
	r.months = months
	r.From, r.To = startOf(months[0]), startOf(months[len(months)-1]+1)
	anew, err := sheetOf(ctx, tx, p, r)
	if err != nil {
		return nil, 0, err
	}
	maps.Copy(s.months, anew.months)
	return s, len(months), nil
}

// touched lists the months of a plan with records that came, changed or went after the ledger sequence since, in order.
func touched(ctx context.Context, tx *warehouse.Tx, p Plan, r Range, since int64) ([]int, error) {
	s := warehouse.SQL("months touched in "+p.Dataset.ID, fmt.Sprintf("SELECT DISTINCT %s AS month\nFROM %s f\nWHERE "+moved+
		" AND %s >= CAST($from AS DATE) AND %s < CAST($to AS DATE)\nORDER BY month", p.month(), p.Dataset.Table(), p.day(), p.day()))
	var months []int
	err := tx.Each(ctx, s, warehouse.Args{"since": since, "as_of": r.AsOf, "from": r.From, "to": r.To}, func(scan func(...any) error) error {
		var m int64
		if err := scan(&m); err != nil {
			return err
		}
		months = append(months, int(m))
		return nil
	})
	return months, err
}

// Page gives the values of one department in every month of a period, all KPIs of the policy in its order: what a page shows. It reads
// memory only, and what the last Refresh found.
func (c *Cache) Page(department string, p period.Period) ([]Row, error) {
	s := c.state.Load()
	if s == nil {
		return nil, fmt.Errorf("page of %s: the rollup has not been read yet", department)
	}
	i, ok := s.rolled.org.index[department]
	if department == "" {
		i, ok = len(s.rolled.org.departments), true
	}
	if !ok {
		return nil, fmt.Errorf("page of %s: no department has this id (没有这个部门编号)", department)
	}
	b := &builder{Report: &Report{Policy: s.version.Policy, Period: p, Day: s.day}, org: s.rolled.org, rolled: s.rolled, targets: s.targets}
	months := p.Months()
	rows := make([]Row, 0, len(s.version.Policy.KPIs)*(len(months)+1))
	for _, k := range s.version.Policy.KPIs {
		for _, m := range append(months, p) {
			rows = append(rows, Row{Department: department, Value: b.value(k, m, s.tallies[k].over(i, m), b.subject(i))})
		}
	}
	return rows, nil
}
