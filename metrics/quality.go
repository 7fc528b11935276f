package metrics

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"maps"
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

//go:embed sql/*.sql
var files embed.FS

var statements = warehouse.MustLoad(must(fs.Sub(files, "sql")))

func must(f fs.FS, err error) fs.FS {
	if err != nil {
		panic(err)
	}
	return f
}

// Quality is what the policy's checks say of the data of a period. It warns beside the KPIs and corrects nothing.
type Quality struct {
	Period      period.Period
	Checks      []*policy.QualityCheck
	Departments []Department // depth first, siblings by id
	Findings    []Finding    // of the levels asked for: the company first, then departments depth first, then people by department and number; for each by check
}

// Finding is one check of one subject: a department with its subtree, an employee within one department, or the company when both are "".
type Finding struct {
	Check                *policy.QualityCheck
	Department, Employee string
	Ratio                fixed.Ratio // what was found over what was judged; of a delay days over 1, or over 2 between two in the middle
	N                    fixed.Num   // records or people judged, records split by their owners' shares
	Unjudged             fixed.Num   // records of the period that the check can say nothing about; Says tells why
	opened               time.Time   // the day of the first event
	Company              *big.Rat    // of Multiples, the share of the company in percent; nil: the company itself, or no data
	Status               Status
	Warning              bool
}

// Exact gives the value in percent, of a delay in days, and false when there is no data.
func (f Finding) Exact() (*big.Rat, bool) {
	r, ok := f.Ratio.Rat()
	if !ok || f.Status == NoData || f.Status == Withheld {
		return nil, false
	}
	if f.Check.Kind != policy.Delay {
		r.Mul(r, big.NewRat(100, 1))
	}
	return r, true
}

// Under gives the ids of a department and of all below it.
func (q *Quality) Under(department string) map[string]bool {
	ids, depth := map[string]bool{}, -1
	for _, d := range q.Departments {
		switch {
		case d.ID == department:
			depth = d.Depth
		case d.Depth <= depth:
			depth = -1
		}
		if depth >= 0 {
			ids[d.ID] = true
		}
	}
	return ids
}

// Warnings gives what stands as a warning beside a KPI of a department, "" for the company.
func (q *Quality) Warnings(k *policy.KPI, department string) []Finding {
	var list []Finding
	for _, f := range q.Findings {
		if f.Warning && f.Employee == "" && f.Department == department && f.Check.About(k) {
			list = append(list, f)
		}
	}
	return list
}

// Examine runs the policy's checks over the data of a period. It gives the findings of the levels, for the whole period only.
func Examine(ctx context.Context, b *books.Books, q Question, l Levels) (*Quality, error) {
	i, err := newInspector(ctx, b, q)
	if err == nil {
		err = b.View(ctx, func(tx *warehouse.Tx) error { return i.examine(ctx, tx) })
	}
	if err != nil {
		return nil, fmt.Errorf("data quality of %s: %w", q.Period, err)
	}
	return &Quality{Period: q.Period, Checks: q.Version.Policy.Quality, Departments: i.org.departments, Findings: i.findings(l)}, nil
}

// inspector collects what the checks find.
type inspector struct {
	Question
	arrivals map[int64]arrival // by ledger sequence
	opened   time.Time         // the day of the first event
	org      *organisation
	rolled   *Rolled // the KPIs that say what is expected
	found    map[*policy.QualityCheck][]verdict
}

// verdict is what a check finds in a stay.
type verdict struct {
	stay int
	judged
}

// judged adds up what a check finds. Of records num, den and unjudged are counted, of delays den by days, of people each once.
type judged struct {
	num, den, unjudged fixed.Num
	delays             map[int64]fixed.Num
	people             map[string]bool // true: found
}

func (j *judged) add(g judged) {
	j.num, j.den, j.unjudged = j.num+g.num, j.den+g.den, j.unjudged+g.unjudged
	for days, n := range g.delays {
		if j.delays == nil {
			j.delays = map[int64]fixed.Num{}
		}
		j.delays[days] += n
	}
	for no, is := range g.people {
		if j.people == nil {
			j.people = map[string]bool{}
		}
		j.people[no] = j.people[no] || is
	}
}

func newInspector(ctx context.Context, b *books.Books, q Question) (*inspector, error) {
	known, err := state(ctx, b, q.AsOf)
	if err != nil {
		return nil, err
	}
	q.AsOf = known.Seq // what comes in meanwhile is not looked at
	i := &inspector{Question: q, found: map[*policy.QualityCheck][]verdict{}}
	i.arrivals, i.opened, err = readArrivals(b.Ledger(), q)
	return i, err
}

// prepare reads the organisation and lays the temporary tables that the scans join.
func (i *inspector) prepare(ctx context.Context, tx *warehouse.Tx, kpis []*policy.KPI) (err error) {
	r := Range{From: i.Period.Start(), To: i.Period.End(), ReportDay: earlier(i.Period.LastDay(), day(i.Now)), Asked: day(i.Now), AsOf: i.AsOf}
	if i.org, err = readOrganisation(ctx, tx, i.Version.Policy, r.AsOf, r.ReportDay); err != nil {
		return err
	}
	if i.rolled, err = rollUp(ctx, tx, i.Version.Policy, i.org, kpis, r); err != nil {
		return err
	}
	return i.layArrivals(ctx, tx)
}

func (i *inspector) examine(ctx context.Context, tx *warehouse.Tx) error {
	checks := i.Version.Policy.Quality
	var kpis []*policy.KPI
	for _, c := range checks {
		if c.Kind == policy.Coverage {
			kpis = append(kpis, c.KPI)
		}
	}
	if err := i.prepare(ctx, tx, kpis); err != nil {
		return err
	}
	for _, s := range surveys(checks) {
		if err := i.survey(ctx, tx, s); err != nil {
			return err
		}
	}
	for _, c := range checks {
		if err := i.apart(ctx, tx, c); err != nil {
			return err
		}
	}
	return nil
}

// apart runs a check that no survey holds.
func (i *inspector) apart(ctx context.Context, tx *warehouse.Tx, c *policy.QualityCheck) error {
	switch c.Kind {
	case policy.Coverage:
		i.coverage(c)
	case policy.ClosedAtOnce:
		return i.counts(ctx, tx, c, closedSQL(c), i.args())
	case policy.DueMoved:
		return i.counts(ctx, tx, c, movedSQL(c), i.args())
	case policy.Copied:
		return i.counts(ctx, tx, c, copiedSQL(c), i.argsOf(c))
	case policy.Unvaried:
		return i.unvaried(ctx, tx, c)
	}
	return nil
}

// coverage takes what is there of what is expected from the sums of the KPI.
func (i *inspector) coverage(c *policy.QualityCheck) {
	first := monthNumber(i.Period)
	i.rolled.each(c.KPI, first, first+int(i.Period.Kind())-1, func(stay, _ int, s Sum) {
		v := verdict{stay, judged{num: s.Ratio.Num, den: s.Ratio.Den}}
		if c.OfPeople {
			v.judged = judged{people: map[string]bool{i.org.stays[stay].Employee: s.Ratio.Num > 0}}
		}
		i.found[c] = append(i.found[c], v)
	})
}

// counts runs a statement that yields stay, records, records judged and records found.
func (i *inspector) counts(ctx context.Context, tx *warehouse.Tx, c *policy.QualityCheck, sql string, args warehouse.Args) error {
	return eachArrow(ctx, tx, warehouse.SQL("check "+c.ID, sql), args, func(r arrowRow) {
		i.put(c, int(r.number(0)), r.number(1), r.number(2), r.number(3))
	})
}

func (i *inspector) args() warehouse.Args {
	return warehouse.Args{"as_of": i.AsOf, "from": i.Period.Start(), "to": i.Period.End()}
}

// argsOf gives the arguments of a check over texts or days.
func (i *inspector) argsOf(c *policy.QualityCheck) warehouse.Args {
	args := i.args()
	args["days"] = c.Days
	return args
}

// put notes counts of records; a stay has as much of each as its share.
func (i *inspector) put(c *policy.QualityCheck, stay int, all, looked, found int64) {
	share := i.org.stays[stay].Share
	part := func(n int64) fixed.Num { return fixed.Int(n).Times(share) }
	i.found[c] = append(i.found[c], verdict{stay, judged{num: part(found), den: part(looked), unjudged: part(all) - part(looked)}})
}

func (i *inspector) unvaried(ctx context.Context, tx *warehouse.Tx, c *policy.QualityCheck) error {
	return tx.Each(ctx, warehouse.SQL("check "+c.ID, unvariedSQL(c)), i.argsOf(c), func(scan func(...any) error) error {
		var stay int64
		var same bool
		if err := scan(&stay, &same); err != nil {
			return err
		}
		i.found[c] = append(i.found[c], verdict{int(stay), judged{people: map[string]bool{i.org.stays[stay].Employee: same}}})
		return nil
	})
}

// subjects are the sums of a check: by department with its subtree, the last one the company, and by person in a department.
type subjects struct {
	departments []judged
	people      map[int]*judged // by index into the attribution's pairs
}

func (i *inspector) add(list []verdict, l Levels) subjects {
	n := len(i.org.departments)
	s := subjects{make([]judged, n+1), map[int]*judged{}}
	for _, v := range list {
		of := &i.org.stays[v.stay]
		s.departments[n].add(v.judged)
		for at, ok := i.org.index[of.Department]; ok; at, ok = i.org.index[i.org.departments[at].ParentID] {
			s.departments[at].add(v.judged)
		}
		if of.Employee == "" || !l.Employee {
			continue
		}
		if s.people[of.pair] == nil {
			s.people[of.pair] = &judged{}
		}
		s.people[of.pair].add(v.judged)
	}
	return s
}

// findings gives what the checks come to, in the order of reports.
func (i *inspector) findings(l Levels) []Finding {
	checks := i.Version.Policy.Quality
	sums, pairs := make([]subjects, len(checks)), map[int]bool{}
	for at, c := range checks {
		sums[at] = i.add(i.found[c], l)
		for pair := range sums[at].people {
			pairs[pair] = true
		}
	}
	var list []Finding
	n := len(i.org.departments)
	line := func(department, employee string, of func(s subjects) *judged) {
		for at, c := range checks {
			if j := of(sums[at]); j != nil {
				list = append(list, i.finding(c, department, employee, *j, sums[at].departments[n]))
			}
		}
	}
	if l.Company {
		line("", "", func(s subjects) *judged { return &s.departments[n] })
	}
	for at, d := range i.org.departments {
		if l.Department {
			line(d.ID, "", func(s subjects) *judged { return &s.departments[at] })
		}
	}
	for _, at := range i.inOrder(pairs) {
		line(i.org.pairs[at].department, i.org.pairs[at].employee, func(s subjects) *judged { return s.people[at] })
	}
	return list
}

// inOrder sorts people by department and number; a department that is not known has no place.
func (i *inspector) inOrder(pairs map[int]bool) []int {
	known := slices.DeleteFunc(slices.Collect(maps.Keys(pairs)), func(at int) bool {
		_, ok := i.org.index[i.org.pairs[at].department]
		return !ok
	})
	return slices.SortedFunc(slices.Values(known), func(x, y int) int {
		a, b := i.org.pairs[x], i.org.pairs[y]
		if d := i.org.index[a.department] - i.org.index[b.department]; d != 0 {
			return d
		}
		return strings.Compare(a.employee, b.employee)
	})
}

// ratio gives what was found over what was judged, and how many were judged.
func (j judged) ratio(c *policy.QualityCheck) (r fixed.Ratio, n fixed.Num) {
	switch {
	case c.Kind == policy.Delay:
		return percentile(j.delays, c.Percentile), j.den
	case c.OfPeople || c.Kind == policy.Unvaried:
		for _, is := range j.people {
			r.Den += fixed.Int(1)
			if is {
				r.Num += fixed.Int(1)
			}
		}
		return r, r.Den
	}
	return fixed.Ratio{Num: j.num, Den: j.den}, j.den
}

// percentile gives the least number of days that so many percent of the records do not exceed. A median between two is their mean.
func percentile(delays map[int64]fixed.Num, p fixed.Num) fixed.Ratio {
	var total, upTo fixed.Num
	for _, n := range delays {
		total += n
	}
	need := new(big.Rat).Mul(total.Rat(), new(big.Rat).Quo(p.Rat(), big.NewRat(100, 1)))
	days := slices.Sorted(maps.Keys(delays))
	for at, d := range days {
		upTo += delays[d]
		switch upTo.Rat().Cmp(need) {
		case 0:
			if p == fixed.Int(50) && at+1 < len(days) {
				return fixed.Ratio{Num: fixed.Int(d + days[at+1]), Den: fixed.Int(2)}
			}
			return fixed.Ratio{Num: fixed.Int(d), Den: fixed.Int(1)}
		case 1:
			return fixed.Ratio{Num: fixed.Int(d), Den: fixed.Int(1)}
		}
	}
	return fixed.Ratio{}
}

// finding compares what was found with the limit.
func (i *inspector) finding(c *policy.QualityCheck, department, employee string, j, company judged) Finding {
	if secret(i.Version.Policy, c.Dataset) { // a count of few answers says something about each
		return Finding{Check: c, Department: department, Employee: employee, Status: Withheld}
	}
	f := Finding{Check: c, Department: department, Employee: employee, Unjudged: j.unjudged, opened: i.opened, Status: OK}
	f.Ratio, f.N = j.ratio(c)
	switch {
	case f.N == 0 || f.Ratio.Den == 0:
		f.Status = NoData
	case f.N < fixed.Int(c.Minimum):
		f.Status = Insufficient
	}
	if c.Kind == policy.Multiples && department != "" {
		whole := Finding{Check: c, Status: OK}
		whole.Ratio, _ = company.ratio(c)
		f.Company, _ = whole.Exact()
	}
	f.Warning = f.Status == OK && f.beyond()
	return f
}

// beyond reports whether the value lies on the bad side of the limit.
func (f Finding) beyond() bool {
	v, ok := f.Exact()
	if !ok {
		return false
	}
	switch limit := f.Check.Limit.Rat(); f.Check.Kind {
	case policy.Coverage:
		return v.Cmp(limit) < 0
	case policy.Multiples:
		return f.Company != nil && v.Sub(v, f.Company).Cmp(limit) > 0
	default:
		return v.Cmp(limit) > 0
	}
}
