package metrics

import (
	"context"
	"database/sql"
	"math/big"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// TargetSource says where a target comes from: the scorecard, or records of the dataset targets.
type TargetSource struct {
	Scorecard *policy.Scorecard // nil for a record
	IDs       []string          // of the record, or of those of all months
	// Department and Employee say for whom the record is; both "": for the whole company.
	Department, Employee string
	SetOn                time.Time     // the day of the record; zero: from the start
	Period               period.Period // the period that the record is for; a shorter one has its part of it
	Set                  fixed.Num     // what the record says for its period
	Present              *big.Rat      // the part of the period for which the person was there, of a sum; nil: not reduced
	Baseline             *fixed.Num
}

// target is a record of the dataset targets.
type target struct {
	TargetSource
	kpi string
}

// targets finds what a subject is to reach.
type targets struct {
	policy  *policy.Policy
	records map[string][]target // by KPI, the latest day of setting first
}

// readTargets reads the targets that are known at asOf and were set by the day on which it is asked.
func readTargets(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, asOf int64, asked time.Time) (*targets, error) {
	t := &targets{policy: p, records: map[string][]target{}}
	d := p.Dataset(policy.Targets)
	if d == nil {
		return t, nil
	}
	s := warehouse.SQL("targets", `SELECT target_id, kpi, coalesce(department_id, ''), coalesce(employee_no, ''), "period", CAST(target_value * 10000 AS BIGINT),
  CAST(baseline * 10000 AS BIGINT), set_on
FROM facts.targets `+known+` AND (set_on IS NULL OR set_on <= CAST($asked AS DATE))
ORDER BY set_on DESC NULLS LAST, _seq DESC, target_id`)
	err := tx.Each(ctx, s, warehouse.Args{"as_of": asOf, "asked": asked}, func(scan func(...any) error) error {
		var r target
		var id, of string
		var value int64
		var baseline sql.NullInt64
		var set sql.NullTime
		if err := scan(&id, &r.kpi, &r.Department, &r.Employee, &of, &value, &baseline, &set); err != nil {
			return err
		}
		r.IDs, r.SetOn, r.Set = []string{id}, set.Time, fixed.Num(value)
		if baseline.Valid {
			b := fixed.Num(baseline.Int64)
			r.Baseline = &b
		}
		var err error
		if r.Period, err = period.Parse(of); err == nil { // the dataset's rule is looser than the calendar: 2026Q7 is no target
			t.records[r.kpi] = append(t.records[r.kpi], r)
		}
		return nil
	})
	return t, err
}

// subject is a department (-1: none), or a person within it.
type subject struct {
	department int // index into organisation.departments; len: the company
	employee   string
}

func (b *builder) subject(i int) subject { return subject{department: i} }

// value gives a KPI's value of a subject with its target.
func (b *builder) value(k *policy.KPI, p period.Period, s Sum, of subject) Value {
	v := b.told(k, p, s, of)
	v.Target, v.TargetFrom = b.target(k, p, of)
	return v
}

// told gives a KPI's value of a subject, withheld when it may not be told.
func (b *builder) told(k *policy.KPI, p period.Period, s Sum, of subject) Value {
	if !b.rolled.tells(k, p, of, s) {
		return Value{KPI: k, Period: p, Status: Withheld}
	}
	return newValue(k, p, s, nil)
}

// target finds a subject's target: a record for the person, for the department or, unless the KPI adds up, for a department above
// it; then the scorecard's; then, unless it adds up, a record for the whole company. The company's own is its record, or else the
// scorecards' when all that have the KPI agree. Among records the shortest period that holds p counts, and of these the one set last
// before the period was over; one set afterwards counts only where there is no other, and then the first of them.
func (b *builder) target(k *policy.KPI, p period.Period, of subject) (*fixed.Num, *TargetSource) {
	if of.department >= len(b.org.departments) {
		if v, from := b.recorded(k, p, "", ""); v != nil {
			return v, from
		}
		return b.common(k)
	}
	d := b.org.departments[of.department]
	if of.employee != "" {
		if v, from := b.recorded(k, p, "", of.employee); v != nil {
			return b.reduced(k, p, of.employee, d.ID, v, from)
		}
	}
	if of.employee == "" || !k.Adds() { // a department's sum is nobody's own
		if v, from := b.above(k, p, d); v != nil {
			return v, from
		}
	}
	card := b.Policy.ScorecardFor(d.Kind)
	if v := targetIn(card, k); v != nil {
		return v, &TargetSource{Scorecard: card, Period: p, Set: *v}
	}
	if !k.Adds() {
		return b.recorded(k, p, "", "")
	}
	return nil, nil
}

// above finds the record of a department, or of the nearest one above it. What adds up is not handed down.
func (b *builder) above(k *policy.KPI, p period.Period, d Department) (*fixed.Num, *TargetSource) {
	for {
		if v, from := b.recorded(k, p, d.ID, ""); v != nil || k.Adds() {
			return v, from
		}
		i, ok := b.org.index[d.ParentID]
		if !ok {
			return nil, nil
		}
		d = b.org.departments[i]
	}
}

// recorded finds the record of exactly one subject, and breaks it down to the period.
func (b *builder) recorded(k *policy.KPI, p period.Period, department, employee string) (*fixed.Num, *TargetSource) {
	var best *target
	records := b.targets.records[k.ID]
	for i := range records {
		r := &records[i]
		if employee != "" && r.Employee == employee || employee == "" && r.Employee == "" && r.Department == department {
			if holds(r.Period, p) && (best == nil || r.before(best, p)) {
				best = r
			}
		}
	}
	if best == nil || best.Period != p {
		if v, from := b.inParts(k, p, department, employee); v != nil {
			return v, from
		}
	}
	if best == nil {
		return nil, nil
	}
	v := best.Set
	if k.Adds() && best.Period.Kind() != p.Kind() { // a sum of twelve months has a twelfth in each
		v, _ = fixed.Round(new(big.Rat).Mul(v.Rat(), big.NewRat(int64(p.Kind()), int64(best.Period.Kind()))), fixed.Scale)
	}
	from := best.TargetSource
	return &v, &from
}

// before reports whether r counts rather than t, which was set on the same day or later: it is for a shorter period, or it is for as
// long and t was set only after the period was over.
func (r *target) before(t *target, p period.Period) bool {
	if r.Period.Kind() != t.Period.Kind() {
		return r.Period.Kind() < t.Period.Kind()
	}
	return t.SetOn.After(p.LastDay())
}

// inParts adds up the records of a sum's months, when every month has one of its own.
func (b *builder) inParts(k *policy.KPI, p period.Period, department, employee string) (*fixed.Num, *TargetSource) {
	if !k.Adds() || p.Kind() == period.Month {
		return nil, nil
	}
	var sum fixed.Num
	from := TargetSource{Department: department, Employee: employee, Period: p}
	for _, m := range p.Months() {
		v, one := b.recorded(k, m, department, employee)
		if v == nil || one.Period != m {
			return nil, nil
		}
		sum += *v
		from.SetOn = later(from.SetOn, one.SetOn)
		from.IDs = append(from.IDs, one.IDs...)
	}
	from.Set = sum
	return &sum, &from
}

// holds reports whether a period lies within another.
func holds(outer, inner period.Period) bool {
	return outer.Contains(inner.Start()) && outer.Contains(inner.LastDay())
}

// reduced lowers a person's sum to the part of the period's workdays on which the person was employed, at work in the department and not
// on leave.
func (b *builder) reduced(k *policy.KPI, p period.Period, employee, department string, v *fixed.Num, from *TargetSource) (*fixed.Num, *TargetSource) {
	if !k.Adds() {
		return v, from
	}
	part := b.presence(employee, department, p)
	if part.Cmp(big.NewRat(1, 1)) == 0 {
		return v, from
	}
	from.Present = part
	n, _ := fixed.Round(new(big.Rat).Mul(v.Rat(), part), fixed.Scale)
	return &n, from
}

// presence is the part of a period's workdays on which a person belongs to a department and is not on leave, shares and part-time work
// in part.
func (b *builder) presence(employee, department string, p period.Period) *big.Rat {
	e := b.rolled.expected
	all, there := int64(0), new(big.Rat)
	for _, m := range p.Months() {
		month := monthNumber(m)
		all += e.working(month).count()
		for _, i := range b.org.staysOf(employee) {
			s := &b.org.stays[i]
			if s.Department != department {
				continue
			}
			days := s.span.in(month) & e.present(employee, month)
			weight := new(big.Rat).Mul(s.Share.Rat(), s.Working.Rat())
			there.Add(there, weight.Mul(weight, big.NewRat(days.count(), 1)))
		}
	}
	if all == 0 {
		return big.NewRat(1, 1)
	}
	return there.Quo(there, big.NewRat(all, 1))
}

// common gives the target that all scorecards with the KPI agree upon.
func (b *builder) common(k *policy.KPI) (*fixed.Num, *TargetSource) {
	var v *fixed.Num
	var from *TargetSource
	for _, s := range b.Policy.Scorecards {
		t := targetIn(s, k)
		if t == nil {
			continue
		}
		if v != nil && *v != *t {
			return nil, nil
		}
		v, from = t, &TargetSource{Scorecard: s, Set: *t}
	}
	return v, from
}

func targetIn(s *policy.Scorecard, k *policy.KPI) *fixed.Num {
	if s == nil {
		return nil
	}
	for _, item := range s.Items {
		if item.KPI == k {
			t := item.Target
			return &t
		}
	}
	return nil
}
