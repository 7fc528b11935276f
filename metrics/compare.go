package metrics

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Known is one of the two states that are compared: the books at a ledger sequence, and the policy that they judge the period by.
type Known struct {
	Seq     int64
	Hash    string
	Version policy.Version
}

// Comparison tells what differs between two states of the books. Both are asked at the same moment, so that nothing but the books makes
// the difference.
type Comparison struct {
	Period   period.Period
	From, To Known
	Policy   []policy.Difference // what the two policies say differently
	Values   []Difference        // the company, then departments depth first, then people by department and number; by KPI and period
	now      time.Time
	months   bool      // the values are by month
	said     Evaluator // of the question
}

// Difference is a value that differs.
type Difference struct {
	Department, Employee string      // as in Row
	KPI                  *policy.KPI // as the later policy has it, or the earlier one when the later has it no more
	Period               period.Period
	Before, After        *Value    // nil: the subject had no such value
	Num, Den, N          fixed.Num // what is to be added to the earlier sums; Den only of KPIs that divide
}

// Change gives how much the value moved in the KPI's unit, percentage points for percentages, and false when one of the two is not known.
func (d Difference) Change() (*big.Rat, bool) {
	if d.Before == nil || d.After == nil {
		return nil, false
	}
	x, ok := d.Before.Exact()
	y, ok2 := d.After.Exact()
	if !ok || !ok2 {
		return nil, false
	}
	return y.Sub(y, x), true
}

// Compare finds the values of the question's period that differ between the books at one ledger sequence and at another. kpis are ids; none
// stands for all listed ones of both policies. The question's version and sequence do not matter: each state has its own.
func Compare(ctx context.Context, b *books.Books, q Question, from, to int64, kpis []string, l Levels) (*Comparison, error) {
	c := &Comparison{Period: q.Period, now: q.Now, months: l.Month, said: q.Evaluator}
	err := c.find(ctx, b, from, to)
	var before, after *side
	if err == nil {
		before, err = c.side(ctx, b, c.From, kpis, l)
	}
	if err == nil {
		after, err = c.side(ctx, b, c.To, kpis, l)
	}
	if err != nil {
		return nil, fmt.Errorf("compare %s: %w", q.Period, err)
	}
	for _, id := range kpis {
		if before.policy.KPI(id) == nil && after.policy.KPI(id) == nil {
			return nil, fmt.Errorf("compare %s: neither policy has a KPI %q (没有这个指标)", q.Period, id)
		}
	}
	c.Policy = policy.Diff(c.From.Version.Policy, c.To.Version.Policy)
	c.Values = differences(before, after)
	return c, nil
}

// find names both states and their policies.
func (c *Comparison) find(ctx context.Context, b *books.Books, from, to int64) error {
	for _, s := range []struct {
		seq  int64
		into *Known
	}{{from, &c.From}, {to, &c.To}} {
		head, err := state(ctx, b, s.seq)
		if err != nil {
			return err
		}
		v, err := policy.InForce(ctx, b.Warehouse(), head.Seq, c.Period.LastDay())
		if err != nil {
			return err
		}
		*s.into = Known{head.Seq, head.Hash, v}
	}
	return nil
}

// side is the values of one state.
type side struct {
	policy *policy.Policy
	org    *organisation
	rows   []Row
}

// side computes the values as one state knows them.
func (c *Comparison) side(ctx context.Context, b *books.Books, k Known, ids []string, l Levels) (*side, error) {
	p := k.Version.Policy
	var kpis []*policy.KPI
	for _, k := range p.KPIs {
		if len(ids) == 0 && k.Listed || slices.Contains(ids, k.ID) {
			kpis = append(kpis, k)
		}
	}
	q := Question{Period: c.Period, Version: k.Version, AsOf: k.Seq, Now: c.now}
	v := &builder{Report: &Report{Policy: p, Period: c.Period, KPIs: kpis, Day: c.day()}}
	err := b.View(ctx, func(tx *warehouse.Tx) error { return v.gather(ctx, tx, kpis, q, c.Period.Start()) })
	if err != nil {
		return nil, fmt.Errorf("as of %d: %w", k.Seq, err)
	}
	return &side{p, v.org, v.rows(kpis, l)}, nil
}

// day is the report day of both states.
func (c *Comparison) day() time.Time { return earlier(c.Period.LastDay(), day(c.now)) }

// rowKey names a value of either state.
type rowKey struct {
	department, employee, kpi string
	period                    period.Period
}

func keyed(rows []Row) map[rowKey]*Value {
	m := make(map[rowKey]*Value, len(rows))
	for i := range rows {
		m[rows[i].key()] = &rows[i].Value
	}
	return m
}

func (r *Row) key() rowKey { return rowKey{r.Department, r.Employee, r.KPI.ID, r.Period} }

// differences pairs the values of two states.
func differences(before, after *side) (list []Difference) {
	old, now := keyed(before.rows), keyed(after.rows)
	for _, rows := range [][]Row{after.rows, before.rows} {
		for i := range rows {
			key := rows[i].key()
			x, y := old[key], now[key]
			delete(old, key)
			delete(now, key)
			if differ(x, y) {
				d := Difference{Department: key.department, Employee: key.employee, KPI: rows[i].KPI, Period: key.period, Before: x, After: y}
				d.Num, d.Den, d.N = added(x, y)
				list = append(list, d)
			}
		}
	}
	order(list, before, after)
	return list
}

// differ reports whether two values say different things, one of which may be missing.
func differ(x, y *Value) bool {
	if x == nil || y == nil {
		return x != y
	}
	a, ok := x.Exact()
	b, ok2 := y.Exact()
	return x.Ratio != y.Ratio || x.N != y.N || x.Status != y.Status || ok != ok2 || ok && a.Cmp(b) != 0 || !sameNum(x.Target, y.Target)
}

func sameNum(a, b *fixed.Num) bool { return a == b || a != nil && b != nil && *a == *b }

// added gives what turns the sums of one value into those of another.
func added(x, y *Value) (num, den, n fixed.Num) {
	for _, part := range []struct {
		*Value
		sign fixed.Num
	}{{x, -1}, {y, 1}} {
		if part.Value == nil {
			continue
		}
		num += part.sign * part.Ratio.Num
		n += part.sign * part.N
		if part.KPI.Divides() {
			den += part.sign * part.Ratio.Den
		}
	}
	return num, den, n
}

// order sorts differences as Comparison says. What only the earlier state has comes after what both have.
func order(list []Difference, before, after *side) {
	departments, kpis := map[string]int{}, map[string]int{}
	for _, s := range []*side{after, before} {
		for _, d := range s.org.departments {
			place1st(departments, d.ID)
		}
		for _, k := range s.policy.KPIs {
			place1st(kpis, k.ID)
		}
	}
	slices.SortStableFunc(list, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(level(a.Department, a.Employee), level(b.Department, b.Employee)),
			cmp.Compare(departments[a.Department], departments[b.Department]), strings.Compare(a.Employee, b.Employee),
			cmp.Compare(kpis[a.KPI.ID], kpis[b.KPI.ID]), a.Period.Start().Compare(b.Period.Start()))
	})
}

// place1st numbers names in the order in which they come.
func place1st(places map[string]int, name string) {
	if _, ok := places[name]; !ok {
		places[name] = len(places)
	}
}

// level is 0 for the company, 1 for a department, 2 for a person.
func level(department, employee string) int {
	switch {
	case employee != "":
		return 2
	case department != "":
		return 1
	}
	return 0
}

// Judgement is what a scorecard came to for a person or a department.
type Judgement struct {
	Department   string // of a person: at the end
	Total        *fixed.Num
	Band         *policy.Band
	Rank, RankOf int
	Status       ScoreStatus
}

// ScoreDifference is a score that differs in points, band or status.
type ScoreDifference struct {
	Department    string // of a person: at the end, as the later state has it
	Employee      string // "" for the department itself
	Name          policy.Text
	Before, After *Judgement // nil: not in the state's list
}

// CompareScores finds the scores of a comparison's period that differ: departments as in a report, then people by number.
func CompareScores(ctx context.Context, b *books.Books, c *Comparison) ([]ScoreDifference, error) {
	var reports [2]*Report
	for i, k := range []Known{c.From, c.To} {
		r, err := New(ctx, b, Question{Period: c.Period, Version: k.Version, AsOf: k.Seq, Now: c.now, Evaluator: c.said})
		if err != nil {
			return nil, fmt.Errorf("compare scores as of %d: %w", k.Seq, err)
		}
		reports[i] = r
	}
	before, after := reports[0], reports[1]
	return append(departmentScores(before, after), personScores(before, after)...), nil
}

func departmentScores(before, after *Report) (list []ScoreDifference) {
	sides := [2]map[string]*Judgement{{}, {}}
	var names []ScoreDifference
	for i, r := range []*Report{after, before} {
		for _, d := range r.Departments {
			id := d.Department.ID
			sides[i][id] = &Judgement{Department: id, Total: d.Score.Total, Band: d.Score.Band, Status: d.Score.Status}
			if i == 0 || sides[0][id] == nil {
				names = append(names, ScoreDifference{Department: id, Name: d.Department.Name})
			}
		}
	}
	for _, n := range names {
		if n.Before, n.After = sides[1][n.Department], sides[0][n.Department]; otherwise(n.Before, n.After) {
			list = append(list, n)
		}
	}
	return list
}

func personScores(before, after *Report) (list []ScoreDifference) {
	sides := [2]map[string]*Judgement{{}, {}}
	var names []ScoreDifference
	for i, r := range []*Report{after, before} {
		for _, s := range r.Scores {
			no := s.Person.No
			sides[i][no] = &Judgement{s.Department, s.Total, s.Band, s.Rank, s.RankOf, s.Status}
			if i == 0 || sides[0][no] == nil {
				names = append(names, ScoreDifference{Department: s.Department, Employee: no, Name: s.Person.Name})
			}
		}
	}
	slices.SortFunc(names, func(a, b ScoreDifference) int { return strings.Compare(a.Employee, b.Employee) })
	for _, n := range names {
		if n.Before, n.After = sides[1][n.Employee], sides[0][n.Employee]; otherwise(n.Before, n.After) {
			list = append(list, n)
		}
	}
	return list
}

// otherwise reports whether two judgements differ. The rank alone is no difference: it moves with the others.
func otherwise(a, b *Judgement) bool {
	if a == nil || b == nil {
		return a != b
	}
	return !sameNum(a.Total, b.Total) || idOf(a.Band) != idOf(b.Band) || a.Status != b.Status || a.Department != b.Department
}

func idOf(b *policy.Band) string {
	if b == nil {
		return ""
	}
	return b.ID
}
