package metrics

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"plumbline/internal/anonymity"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Values of anonymous KPIs are withheld by one plan per KPI and quarter, whatever is asked for (internal/anonymity tells the rule and why it
// is enough). What a value is the sum of are cells: the answers of one department, without those below it, in one month. A value of a
// month or a quarter is shown when the plan says so of its cells; that of a year, when those of its quarters are. So a quarter is decided
// by its own answers alone, and what comes in for the next one changes nothing.
//
// The plan is made by the tree of departments of the quarter's last day, as the books know it now. A report on another day may have another
// tree, and with it other sums: they are held against the same plan.
//
// Answers are told of one state of the books only, the present one. As of an earlier sequence a quarter's values are withheld once its
// answers have changed since, and so they are in comparisons: what one answer more has changed is nowhere to be seen.
//
// Nobody has a value of his own, and no answer is listed: rows have an order and a time, and what stands in one row was said by one person.

// quarterMonths is how many months a plan is about.
const quarterMonths = int(period.Quarter)

// present is after every ledger sequence, and before the end of what has none.
const present = math.MaxInt64 - 1

// disclosure is what may be told of a KPI in a quarter.
type disclosure struct {
	plan    *anonymity.Plan // nil: nothing
	index   map[string]int  // its departments; what is of none of them is the last
	outside map[cellID]bool // answers that the plan does not count: of a department that was of another kind on the quarter's last day
}

type cellID struct {
	department string
	month      int
}

// quarterOf numbers the quarter of a month.
func quarterOf(month int) int { return month / quarterMonths }

// anonymous lists the anonymous KPIs that others are made of.
func (p Plan) anonymous() (list []*policy.KPI) {
	for _, k := range p.KPIs {
		if k.Anonymous {
			list = append(list, k)
		}
	}
	return list
}

// whole widens the range of a scan of anonymous answers to whole quarters.
func (r Range) whole(p Plan) Range {
	if len(p.anonymous()) > 0 {
		first, last := monthOf(r.From), monthOf(r.To.AddDate(0, 0, -1))
		r.From, r.To = startOf(quarterOf(first)*quarterMonths), startOf((quarterOf(last)+1)*quarterMonths)
	}
	return r
}

// disclose decides what may be told of the anonymous KPIs. The scans have been put.
func (r *Rolled) disclose(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, plans []Plan, asked Range) error {
	trees := map[int]*organisation{}
	for _, plan := range plans {
		if len(plan.anonymous()) == 0 {
			continue
		}
		changed, err := changedSince(ctx, tx, p, plan, asked.whole(plan))
		if err != nil {
			return err
		}
		for q := quarterOf(r.first); q <= quarterOf(r.last); q++ {
			if _, ok := trees[q]; !ok {
				if trees[q], err = readTree(ctx, tx, p, startOf((q+1)*quarterMonths).AddDate(0, 0, -1)); err != nil {
					return err
				}
			}
			for _, k := range plan.anonymous() {
				d := &disclosure{}
				if trees[q] != nil && !changed[q] && k.Expects() == "" {
					d = r.decide(k, trees[q], q)
				}
				if r.disclosures[k] == nil {
					r.disclosures[k] = map[int]*disclosure{}
				}
				r.disclosures[k][q] = d
			}
		}
	}
	return nil
}

// readTree reads the departments as they stood on a day, as known now; nil when they are above each other in a circle.
func readTree(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, day time.Time) (*organisation, error) {
	o := &organisation{index: map[string]int{}}
	all, err := o.readDepartments(ctx, tx, p, present)
	if err == nil {
		err = changeDepartments(ctx, tx, p, present, day, all)
	}
	if err != nil {
		return nil, fmt.Errorf("departments on %s: %w", day.Format(time.DateOnly), err)
	}
	if o.arrange(all) != nil {
		return nil, nil
	}
	return o, nil
}

// changedSince tells the quarters whose answers have changed since the sequence that is asked for, or may count otherwise.
func changedSince(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, plan Plan, r Range) (map[int]bool, error) {
	changed := map[int]bool{}
	if r.Proof {
		return changed, nil
	}
	since := r.AsOf
	r.AsOf = present
	months, err := touched(ctx, tx, plan, r, since)
	if err != nil {
		return nil, err
	}
	for _, m := range months {
		changed[quarterOf(m)] = true
	}
	if plan.Owner == "" {
		return changed, nil
	}
	for _, id := range []string{policy.Employees, policy.Memberships} { // whose answers they are decides where they count
		var n int64
		d := p.Dataset(id)
		s := warehouse.SQL("changes of "+id, "SELECT count(*) FROM "+d.Table()+" WHERE _seq > $since OR _until > $since AND _until <= $present")
		err := tx.Each(ctx, s, warehouse.Args{"since": since, "present": int64(present)}, func(scan func(...any) error) error { return scan(&n) })
		if err != nil {
			return nil, err
		}
		for q := quarterOf(monthOf(r.From)); n > 0 && q <= quarterOf(monthOf(r.To)); q++ {
			changed[q] = true
		}
	}
	return changed, nil
}

// decide makes the plan of a quarter.
func (r *Rolled) decide(k *policy.KPI, tree *organisation, quarter int) *disclosure {
	n := len(tree.departments)
	d := &disclosure{index: tree.index, outside: map[cellID]bool{}}
	parents, weights := make([]int, n), make([][]int64, n+1)
	for i := range weights {
		weights[i] = make([]int64, quarterMonths)
	}
	for i, of := range tree.departments {
		parents[i] = -1
		if above, ok := tree.index[of.ParentID]; ok {
			parents[i] = above
		}
	}
	for m := range quarterMonths {
		month := quarter*quarterMonths + m
		r.answers(k, month, func(department string, s Sum) {
			at, ok := tree.index[department]
			switch {
			case !ok:
				at = n
				fallthrough
			default:
				if len(k.DepartmentKinds) > 0 && (!ok || !slices.Contains(k.DepartmentKinds, tree.departments[at].Kind)) {
					d.outside[cellID{department, month}] = true
				} else {
					weights[at][m] += max(int64(s.N), 1) // something that counts as no row is still said by somebody
				}
			}
		})
	}
	d.plan = plans.decide(parents, weights)
	return d
}

// plans are those made last: a page asks for the same ones again and again, and a large company's takes a while.
var plans = &madePlans{by: map[[sha256.Size]byte]*anonymity.Plan{}}

// madePlans keeps plans, which nobody changes, by what they were made from.
type madePlans struct {
	mu    sync.Mutex
	by    map[[sha256.Size]byte]*anonymity.Plan
	order [][sha256.Size]byte // the oldest first
}

const plansAtMost = 100

func (m *madePlans) decide(parents []int, weights [][]int64) *anonymity.Plan {
	key := sha256.Sum256(fmt.Append(nil, parents, weights))
	m.mu.Lock()
	p := m.by[key]
	m.mu.Unlock()
	if p != nil {
		return p
	}
	p = anonymity.Decide(parents, weights, int64(fixed.Int(policy.AnonymousFrom)))
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.by[key] == nil {
		m.order = append(m.order, key)
	}
	m.by[key] = p
	if len(m.order) > plansAtMost {
		delete(m.by, m.order[0])
		m.order = m.order[1:]
	}
	return p
}

// answers calls f for everything that is there in a month, also of months and departments that the report is not about.
func (r *Rolled) answers(k *policy.KPI, month int, f func(department string, s Sum)) {
	s := r.sheets[k]
	if c := s.months[month]; c != nil {
		r.recorded(k, c, s.plan.uses[slices.Index(s.plan.KPIs, k)], func(row int, sum Sum) {
			if !sum.empty() {
				f(r.org.stays[c.stays[row]].Department, sum)
			}
		})
	}
}

// tells reports whether the value of a subject may be told. Of what there is none, that may be told.
func (r *Rolled) tells(k *policy.KPI, p period.Period, of subject, s Sum) bool {
	switch {
	case k.IsRatio(): // beside the one sum, the ratio tells the other
		return r.tells(k.Of, p, of, s) && r.tells(k.To, p, of, s)
	case r.barred[k]:
		return false
	case !k.Anonymous:
		return true
	case of.employee != "":
		return s.empty()
	}
	in, everything := r.departmentsOf(k, of)
	for _, months := range byQuarter(p) {
		if d := r.disclosures[k][quarterOf(months[0])]; d != nil && !d.tells(in, everything, months) {
			return false
		}
	}
	return true
}

// departmentsOf gives the departments that a subject's value is the sum of, and whether what belongs to none is in it.
func (r *Rolled) departmentsOf(k *policy.KPI, of subject) (ids []string, everything bool) {
	everything = of.department >= len(r.org.departments)
	list := r.org.departments
	if !everything {
		first := of.department
		next := first + 1
		for next < len(list) && list[next].Depth > list[first].Depth {
			next++
		}
		list = list[first:next]
	}
	for _, d := range list {
		if len(k.DepartmentKinds) == 0 || slices.Contains(k.DepartmentKinds, d.Kind) {
			ids = append(ids, d.ID)
		}
	}
	return ids, everything && len(k.DepartmentKinds) == 0
}

// byQuarter gives the months of a period, a quarter's together.
func byQuarter(p period.Period) [][]int {
	var list [][]int
	for _, m := range p.Months() {
		month := monthNumber(m)
		if n := len(list); n > 0 && quarterOf(list[n-1][0]) == quarterOf(month) {
			list[n-1] = append(list[n-1], month)
		} else {
			list = append(list, []int{month})
		}
	}
	return list
}

func (d *disclosure) tells(departments []string, everything bool, months []int) bool {
	if d.plan == nil {
		return false
	}
	rows, columns := make([]bool, len(d.index)+1), make([]bool, quarterMonths)
	rows[len(d.index)] = everything
	for _, m := range months {
		columns[m%quarterMonths] = true
	}
	for _, id := range departments {
		if at, ok := d.index[id]; ok {
			rows[at] = true
		}
		for _, m := range months {
			if d.outside[cellID{id, m}] {
				return false
			}
		}
	}
	return d.plan.Shows(rows, columns)
}

// unlisted says why no single answer is listed.
func unlisted(k *policy.KPI) error {
	return fmt.Errorf("%s rests on anonymous answers, and no answer is listed; its values are shown for groups of %d or more (%s 出自匿名答卷，不逐条列出；只显示不少于 %[2]d 份的合计)",
		k.ID, policy.AnonymousFrom, k.ID)
}

// bar withholds the KPIs over anonymous answers that another policy defines otherwise than the one in force: what is only tried out is written
// down nowhere, and the two could be subtracted from each other.
func (r *Rolled) bar(other, inForce *policy.Policy) {
	if inForce == nil {
		return
	}
	r.barred = map[*policy.KPI]bool{}
	for _, k := range other.KPIs {
		if k.IsRatio() || k.Dataset == nil {
			continue
		}
		had := inForce.KPI(k.ID)
		same := had != nil && !had.IsRatio() && had.Anonymous == k.Anonymous && had.CountsOn == k.CountsOn && had.Owner == k.Owner &&
			slices.Equal(had.DepartmentKinds, k.DepartmentKinds) && defined(had) == defined(k)
		r.barred[k] = !same && secret(inForce, inForce.Dataset(k.Dataset.ID))
	}
}

// secret reports whether a dataset holds anonymous answers.
func secret(p *policy.Policy, d *policy.Dataset) bool {
	return slices.ContainsFunc(p.KPIs, func(k *policy.KPI) bool { return k.Anonymous && !k.IsRatio() && k.Dataset == d })
}
