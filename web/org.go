package web

import (
	"context"
	"slices"
	"sync"
	"time"

	"plumbline/access"
	"plumbline/company"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// orgs keeps the organisation that access is decided by. It is read anew as soon as the books have moved: rights never rest on an older state.
type orgs struct {
	company *company.Company
	mu      sync.Mutex
	kept    *org
}

// org is the organisation as known at one state of the books. It is an access.Org.
type org struct {
	version policy.Version // in force today
	staff   *metrics.Staff
	moved   int64
	today   time.Time

	mu   sync.Mutex
	kept map[period.Period]*leading
}

// leading is who leads whom in a period, worked out for everybody at once.
type leading struct {
	departments map[string]map[string]bool         // by head: those he heads, and all below them
	people      map[string]map[metrics.Member]bool // by who stood above them on a day
	placed      []metrics.Placed
	stays       map[string][]metrics.Placed // by employee
}

// now gives the organisation as it is known now.
func (o *orgs) now(ctx context.Context) (*org, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	moved := o.company.Moved()
	if o.kept != nil && o.kept.moved == moved && o.kept.today.Equal(o.company.Today(o.kept.version.Policy)) {
		return o.kept, nil
	}
	v, err := o.company.Current(ctx)
	if err != nil {
		return nil, err
	}
	today := o.company.Today(v.Policy)
	q := metrics.Question{Period: period.MonthOf(today), Version: v, AsOf: company.Always, Now: o.company.Clock(v.Policy)}
	staff, err := metrics.NewStaff(ctx, o.company.Books, q)
	if err != nil {
		return nil, err
	}
	o.kept = &org{version: v, staff: staff, moved: moved, today: today, kept: map[period.Period]*leading{}}
	return o.kept, nil
}

// period gives the asked period, or this month for none.
func (o *org) period(of period.Period) period.Period {
	if of.IsZero() {
		return period.MonthOf(o.today)
	}
	return of
}

// LeadsDepartment reports whether somebody heads a department, or one above it, on a day of a period.
func (o *org) LeadsDepartment(head, department string, of period.Period) bool {
	return o.departmentsOf(head, of)[department]
}

// of gives who leads whom in a period.
func (o *org) of(p period.Period) *leading {
	p = o.period(p)
	o.mu.Lock()
	defer o.mu.Unlock()
	if kept := o.kept[p]; kept != nil {
		return kept
	}
	l := &leading{departments: map[string]map[string]bool{}, people: map[string]map[metrics.Member]bool{}, placed: o.staff.Placed(p), stays: map[string][]metrics.Placed{}}
	for _, x := range l.placed {
		l.stays[x.Employee] = append(l.stays[x.Employee], x)
	}
	o.heads(l, p)
	o.superiors(l, p)
	o.kept[p] = l
	return l
}

// heads finds the heads of each department and of those above it. They are asked on the first and last days of stays, which is where posts begin and end.
func (o *org) heads(l *leading, p period.Period) {
	days := []time.Time{p.Start(), p.LastDay()}
	for _, x := range l.placed {
		days = append(days, x.From, x.To)
	}
	slices.SortFunc(days, time.Time.Compare)
	days = slices.CompactFunc(days, time.Time.Equal)
	for _, d := range o.staff.Departments() {
		for _, day := range days {
			for _, head := range o.staff.Chain(d.ID, day, "") {
				if l.departments[head] == nil {
					l.departments[head] = map[string]bool{}
				}
				l.departments[head][d.ID] = true
			}
		}
	}
}

// superiors finds whom somebody stood above: as the superior on a day, or as the head of the department. Those above whom nobody stands, heads for the most part,
// are the CEO's.
func (o *org) superiors(l *leading, p period.Period) {
	over := func(head string, m metrics.Member) {
		if head == "" || head == m.Employee {
			return
		}
		if l.people[head] == nil {
			l.people[head] = map[metrics.Member]bool{}
		}
		l.people[head][m] = true
	}
	members, ceo := map[string][]metrics.Member{}, o.staff.Holders(o.version.Policy.Offices[policy.CEO], o.today)
	for _, x := range l.placed {
		for _, s := range o.staff.Superiors(x.Member, p) {
			if over(s.No, x.Member); s.No == "" {
				for _, no := range ceo {
					over(no, x.Member)
				}
			}
		}
		members[x.Department] = append(members[x.Department], x.Member)
	}
	for head, departments := range l.departments {
		for d := range departments {
			for _, m := range members[d] {
				over(head, m)
			}
		}
	}
}

// departmentsOf gives the departments that somebody leads on a day of a period.
func (o *org) departmentsOf(head string, of period.Period) map[string]bool {
	return o.of(of).departments[head]
}

// stays lists where somebody was in a period.
func (o *org) stays(employee string, of period.Period) []metrics.Placed {
	return o.of(of).stays[employee]
}

// placedIn lists who was where in a period.
func (o *org) placedIn(of period.Period) []metrics.Placed { return o.of(of).placed }

// holds reports whether somebody holds an office today.
func (o *org) holds(no string, office policy.Office) bool {
	return slices.Contains(o.staff.Holders(o.version.Policy.Offices[office], o.today), no)
}

// LeadsPerson reports whether somebody stood above a person on a day of a period.
func (o *org) LeadsPerson(head, employee, department string, of period.Period) bool {
	l := o.of(of)
	if department != "" {
		return l.people[head][metrics.Member{Employee: employee, Department: department}]
	}
	return slices.ContainsFunc(l.stays[employee], func(x metrics.Placed) bool { return l.people[head][x.Member] })
}

// daysOf tells on which days of a period somebody stood above a person in a department: rows of other days are none of his business.
func (o *org) daysOf(head string, m metrics.Member, of period.Period, day time.Time) bool {
	if slices.Contains(o.staff.Chain(m.Department, day, m.Employee), head) {
		return true
	}
	return slices.ContainsFunc(o.staff.Superiors(m, of), func(s metrics.Superior) bool {
		return (s.No == head || s.No == "" && o.holds(head, policy.CEO)) && !day.Before(s.From) && !day.After(s.To)
	})
}

// leads reports whether somebody leads anybody in a period.
func (o *org) leads(head string, of period.Period) bool {
	l := o.of(of)
	return head != "" && (len(l.departments[head]) > 0 || len(l.people[head]) > 0)
}

// seat is the organisation as somebody stands in it: for himself, and today for those whose deputy he is.
type seat struct {
	*org
	heads []string // the viewer first
}

var _ access.Org = seat{}

// LeadsDepartment is that of the viewer or of somebody whose deputy he is.
func (s seat) LeadsDepartment(_, department string, of period.Period) bool {
	return slices.ContainsFunc(s.heads, func(h string) bool { return s.org.LeadsDepartment(h, department, of) })
}

// LeadsPerson is that of the viewer or of somebody whose deputy he is.
func (s seat) LeadsPerson(_, employee, department string, of period.Period) bool {
	return slices.ContainsFunc(s.heads, func(h string) bool { return s.org.LeadsPerson(h, employee, department, of) })
}

// leadsAny reports whether the viewer leads anybody in a period.
func (s seat) leadsAny(of period.Period) bool {
	return slices.ContainsFunc(s.heads, func(h string) bool { return s.leads(h, of) })
}

// sees reports whether a row of a person's day is the business of somebody who leads him.
func (s seat) sees(m metrics.Member, of period.Period, day time.Time) bool {
	return slices.ContainsFunc(s.heads, func(h string) bool { return s.daysOf(h, m, of, day) })
}
