package metrics

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Receipt is one value with everything it is made of. All of it is read from one state of the books.
type Receipt struct {
	Department *Department // with its subtree, or the time of Person in the department itself; nil: all departments
	Person     *Person     // nil: a department or the company
	Stays      []Stay      // of Person in Department, cut to the period
	Value      Value       // with numerator, denominator, n, interval, target and its source
	Before     Value       // of the period before (环比)
	YearBefore Value       // of the same period a year earlier (同比)
	Change     Reading     // only Change and YearChange are filled in
	Rows       Rows
	Basis      Basis
}

// Rows is what the records did for a value. A record that counts in two departments of the subject is one record. All of it is empty
// where the value is withheld.
type Rows struct {
	Numerator   int       // records that count above the line
	Denominator int       // records that count below it; 0 without a denominator, and where occasions are counted and not records
	Done        int       // days of people on which something was due and done
	Missing     []Group   // and those on which it is missing
	LeftOut     []Group   // records that do not count, the largest group first
	Facts       []FactRow // the records that count, by dataset, file and row
	Uniform     fixed.Num // the share by which every record counts; 0 when they differ
}

// Group is records left out, or occasions missing, for one reason.
type Group struct {
	Reason policy.Text
	Count  int
	Days   []time.Time // of missing occasions, in order, each once
}

// FactRow names a record by the event that brought it and its physical row there.
type FactRow struct {
	Dataset  string
	Seq, Row int64
}

// Basis names what a figure rests on.
type Basis struct {
	PolicyVersion int
	PolicyHash    string
	LedgerSeq     int64
	LedgerHash    string
	Day           time.Time // the report day: what lies after it is not known yet
	Seal          string    // the id of the seal under which the period stands; "" for none
}

// Receipts gives the receipt of a KPI in a period: of the company when department and employee are "", of a department with its subtree,
// of a person in one department, or of a person in all departments.
func Receipts(ctx context.Context, b *books.Books, q Question, k *policy.KPI, department, employee string) (*Receipt, error) {
	known, err := state(ctx, b, q.AsOf)
	if err != nil {
		return nil, fmt.Errorf("receipt of %s in %s: %w", k.ID, q.Period, err)
	}
	q.AsOf = known.Seq
	var r *Receipt
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		v := &builder{Report: &Report{Policy: q.Version.Policy, PolicyVersion: q.Version.Number, PolicyHash: q.Version.Hash, Period: q.Period,
			KPIs: []*policy.KPI{k}, Day: earlier(q.Period.LastDay(), day(q.Now)), Made: q.Now, LedgerSeq: known.Seq, LedgerHash: known.Hash, Seal: q.Seal}}
		from := earlier(q.Period.YearBefore().Start(), q.Period.Before().Start())
		if err := v.gather(ctx, tx, v.KPIs, q, from); err != nil {
			return err
		}
		v.org.heads(v.Day)
		r, err = v.receipt(ctx, tx, k, department, employee)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("receipt of %s in %s: %w", k.ID, q.Period, err)
	}
	return r, nil
}

// receipt makes the receipt of any subject.
func (b *builder) receipt(ctx context.Context, tx *warehouse.Tx, k *policy.KPI, department, employee string) (*Receipt, error) {
	r := &Receipt{Basis: b.basis()}
	if err := b.name(r, department, employee); err != nil {
		return nil, err
	}
	value := b.valuer(k, department, employee)
	r.Value, r.Before, r.YearBefore = value(b.Period), value(b.Period.Before()), value(b.Period.YearBefore())
	r.Change = Reading{Change: changed(r.Value, r.Before), YearChange: changed(r.Value, r.YearBefore)}
	e, err := b.org.examine(ctx, tx, b.Policy, EvidenceQuestion{KPI: k, Period: b.Period, Department: department, Employee: employee,
		AsOf: b.LedgerSeq, ReportDay: b.Day, Asked: day(b.Made)})
	if err != nil {
		return nil, err
	}
	if r.Value.Status != Withheld { // how many answered would be half of what is withheld
		r.Rows = countRows(k, e.rows)
	}
	if k.Anonymous { // which ones, and what becomes of each, is nobody's business
		r.Rows.LeftOut, r.Rows.Facts = nil, nil
	}
	return r, nil
}

func (b *builder) basis() Basis {
	return Basis{b.PolicyVersion, b.PolicyHash, b.LedgerSeq, b.LedgerHash, b.Day, b.Seal}
}

// name fills in whose receipt it is.
func (b *builder) name(r *Receipt, department, employee string) error {
	if department != "" {
		i, ok := b.org.index[department]
		if !ok {
			return fmt.Errorf("no department has the id %q (没有这个部门编号)", department)
		}
		r.Department = &b.org.departments[i]
	}
	if employee == "" {
		return nil
	}
	p, ok := b.org.people[employee]
	if !ok {
		return fmt.Errorf("no employee has the number %q (没有这个工号)", employee)
	}
	r.Person, r.Stays = &p, b.staysIn(employee, department)
	return nil
}

// staysIn lists a person's stays of the period, in one department or in all, cut to the period.
func (b *builder) staysIn(employee, department string) []Stay {
	var list []Stay
	for _, i := range b.org.staysOf(employee) {
		s := b.org.stays[i]
		if (department == "" || s.Department == department) && s.days(b.Period.Start(), b.Period.LastDay()) > 0 {
			s.First, s.Last = later(s.First, b.Period.Start()), earlier(s.Last, b.Period.LastDay())
			list = append(list, s)
		}
	}
	return list
}

// valuer gives the values of one subject by period.
func (b *builder) valuer(k *policy.KPI, department, employee string) func(period.Period) Value {
	at, ok := b.org.index[department]
	switch {
	case employee == "" && !ok:
		at = len(b.org.departments)
		fallthrough
	case employee == "":
		t := b.rolled.tally(k)
		return func(p period.Period) Value { return b.value(k, p, t.over(at, p), b.subject(at)) }
	case ok:
		return func(p period.Period) Value {
			return b.value(k, p, b.rolled.ofPerson(k, p, employee, department), subject{at, employee})
		}
	}
	return func(p period.Period) Value {
		v := b.told(k, p, b.rolled.ofPerson(k, p, employee, ""), subject{-1, employee})
		v.Target, v.TargetFrom = b.everywhere(k, p, employee)
		return v
	}
}

// ofPerson sums a KPI of one person over a period, in one department or in all of them.
func (r *Rolled) ofPerson(k *policy.KPI, p period.Period, employee, department string) (sum Sum) {
	if k.DepartmentOnly() {
		return sum
	}
	fresh := r.fresh(k)
	r.each(k, monthNumber(p), monthNumber(p)+int(p.Kind())-1, func(stay, month int, s Sum) {
		if of := &r.org.stays[stay]; of.Employee == employee && (department == "" || of.Department == department) {
			sum.add(fresh(0, month, employee, s))
		}
	})
	return sum
}

// everywhere gives a person's target over all departments of a period: the one that all of them agree upon.
func (b *builder) everywhere(k *policy.KPI, p period.Period, employee string) (target *fixed.Num, from *TargetSource) {
	for _, s := range b.org.belongings(p) {
		at, ok := b.org.index[s.department]
		if s.employee != employee || !ok {
			continue
		}
		t, source := b.target(k, p, subject{at, employee})
		if t == nil || target != nil && *target != *t {
			return nil, nil
		}
		target, from = t, source
	}
	return target, from
}

// person is somebody's day.
type personDay struct {
	employee string
	day      time.Time
}

// countRows says what the rows of evidence did.
func countRows(k *policy.KPI, rows []EvidenceRow) Rows {
	c := rowCounter{facts: map[FactRow]Counted{}, left: map[FactRow]policy.Text{}, done: map[personDay]bool{}, missing: map[personDay]policy.Text{}}
	for _, r := range rows {
		c.take(k, r)
	}
	return c.rows(k)
}

// rowCounter counts every record and every occasion once.
type rowCounter struct {
	facts   map[FactRow]Counted
	left    map[FactRow]policy.Text
	done    map[personDay]bool
	missing map[personDay]policy.Text
	shares  []fixed.Num // that occur
}

func (c *rowCounter) take(k *policy.KPI, r EvidenceRow) {
	fact := FactRow{r.Dataset.ID, r.Seq, r.Row}
	switch r.Counted {
	case Missing:
		c.missing[personDay{r.Employee, r.Day}] = r.Reason
		return
	case LeftOut:
		c.left[fact] = plainReason(k, r.Reason)
		return
	case InDenominator:
		if c.facts[fact] == "" {
			c.facts[fact] = InDenominator
		}
	default:
		c.facts[fact] = InBoth
	}
	if k.Expects() != "" {
		c.done[personDay{r.Employee, r.Day}] = true
	}
	if !slices.Contains(c.shares, r.Share) {
		c.shares = append(c.shares, r.Share)
	}
}

// plainReason spares the reader the formula, which stands in the receipt, and the expression, which few read.
func plainReason(k *policy.KPI, reason policy.Text) policy.Text {
	for _, part := range []*policy.KPI{k, k.Of, k.To} {
		switch {
		case part == nil:
		case part.Where != nil && reason == notLookedAt(part):
			return policy.Text{ZH: "不在此指标的统计范围", EN: "outside of what the KPI looks at"}
		case reason == notInFormula(part):
			return policy.Text{ZH: "不符合口径", EN: "not what the formula counts"}
		}
	}
	return reason
}

func (c *rowCounter) rows(k *policy.KPI) Rows {
	r := Rows{Done: len(c.done)}
	for fact, counted := range c.facts {
		delete(c.left, fact) // what counts somewhere is not left out
		r.Facts = append(r.Facts, fact)
		if counted == InBoth {
			r.Numerator++
		}
		if k.HasDenominator() && k.Expects() == "" && (counted == InDenominator || !k.IsRatio()) {
			r.Denominator++
		}
	}
	slices.SortFunc(r.Facts, FactRow.compare)
	if len(c.shares) == 1 {
		r.Uniform = c.shares[0]
	}
	for _, reason := range c.left {
		r.LeftOut = joinGroup(r.LeftOut, reason)
	}
	for at, reason := range c.missing {
		r.Missing = joinGroup(r.Missing, reason, at.day)
	}
	arrange(r.LeftOut)
	arrange(r.Missing)
	return r
}

// joinGroup adds one to the group of a reason.
func joinGroup(groups []Group, reason policy.Text, days ...time.Time) []Group {
	i := slices.IndexFunc(groups, func(g Group) bool { return g.Reason == reason })
	if i < 0 {
		i, groups = len(groups), append(groups, Group{Reason: reason})
	}
	g := &groups[i]
	g.Count++
	for _, d := range days {
		if !slices.ContainsFunc(g.Days, d.Equal) {
			g.Days = append(g.Days, d)
		}
	}
	return groups
}

// arrange puts the largest group first, and days in order.
func arrange(groups []Group) {
	slices.SortFunc(groups, func(a, b Group) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Reason.ZH, b.Reason.ZH)
	})
	for _, g := range groups {
		slices.SortFunc(g.Days, time.Time.Compare)
	}
}
