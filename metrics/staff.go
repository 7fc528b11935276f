package metrics

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Staff is who belongs where and who stands above whom, as known at one ledger sequence: what the procedure of reviews asks.
type Staff struct {
	Basis Basis // only of NewStaff
	org   *organisation
}

// ReadStaff reads the organisation as known at asOf; the departments stand as on day.
func ReadStaff(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, asOf int64, day time.Time) (*Staff, error) {
	org, err := readOrganisation(ctx, tx, p, asOf, day)
	if err != nil {
		return nil, err
	}
	return &Staff{org: org}, nil
}

// NewStaff reads the organisation as a report of the question has it. The question's sequence is brought down to what the ledger holds.
func NewStaff(ctx context.Context, b *books.Books, q Question) (*Staff, error) {
	known, err := state(ctx, b, q.AsOf)
	if err != nil {
		return nil, fmt.Errorf("staff of %s: %w", q.Period, err)
	}
	s := &Staff{Basis: Basis{q.Version.Number, q.Version.Hash, known.Seq, known.Hash, earlier(q.Period.LastDay(), day(q.Now)), q.Seal}}
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		s.org, err = readOrganisation(ctx, tx, q.Version.Policy, known.Seq, s.Basis.Day)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("staff of %s: %w", q.Period, err)
	}
	return s, nil
}

// Placed is a person's time in a department within a period.
type Placed struct {
	Member
	From, To time.Time // both included
	Days     int
}

// Placed lists who was where in a period, by employee and first day.
func (s *Staff) Placed(p period.Period) []Placed {
	all := s.org.belongings(p)
	list := make([]Placed, 0, len(all))
	for _, b := range all {
		if _, ok := s.org.index[b.department]; !ok {
			continue
		}
		list = append(list, Placed{Member: Member{b.employee, b.department}, From: b.first, To: b.last, Days: b.days})
	}
	return list
}

// Superiors gives who stood above a person in a department on each day of a period, "" where nobody does.
func (s *Staff) Superiors(m Member, p period.Period) []Superior {
	return s.org.superiors(m.Employee, m.Department, p)
}

// Above gives who stands above a person in a department on a day, "" for nobody.
func (s *Staff) Above(m Member, day time.Time) string {
	return s.org.superior(m.Employee, m.Department, day)
}

// Person gives an employee by number.
func (s *Staff) Person(no string) (Person, bool) {
	p, ok := s.org.people[no]
	return p, ok
}

// People lists everybody who ever was employed, by number.
func (s *Staff) People() []Person {
	list := make([]Person, 0, len(s.org.people))
	for _, no := range slices.Sorted(maps.Keys(s.org.people)) {
		list = append(list, s.org.people[no])
	}
	return list
}

// Employed reports whether somebody is employed on a day.
func (s *Staff) Employed(no string, day time.Time) bool { return s.org.employedOn(no, day) }

// Department gives a department by its id.
func (s *Staff) Department(id string) (Department, bool) {
	i, ok := s.org.index[id]
	if !ok {
		return Department{}, false
	}
	return s.org.departments[i], true
}

// Departments lists all departments, depth first.
func (s *Staff) Departments() []Department { return s.org.departments }

// Chain lists the heads of a department and of those above it on a day, the nearest first, without the vacant posts and without except.
func (s *Staff) Chain(department string, day time.Time, except string) (heads []string) {
	for i, ok := s.org.index[department]; ok; i, ok = s.org.index[s.org.departments[i].ParentID] {
		if no := s.org.holder(s.org.departments[i].ID, "head", except, day); no != "" && !slices.Contains(heads, no) {
			heads = append(heads, no)
		}
	}
	return heads
}

// HeadOver gives the nearest head above a person in a department on a day, and the department that he heads; "" for nobody.
func (s *Staff) HeadOver(m Member, day time.Time) (department, head string) {
	for i, ok := s.org.index[m.Department]; ok; i, ok = s.org.index[s.org.departments[i].ParentID] {
		own := s.org.holder(s.org.departments[i].ID, "head", "", day)
		if own == m.Employee { // his own department is headed by himself
			continue
		}
		if own != "" {
			return s.org.departments[i].ID, own
		}
	}
	return "", ""
}

// Holders lists who holds an office on a day, by number.
func (s *Staff) Holders(h policy.Holders, day time.Time) (list []string) {
	for no, p := range s.org.people {
		named := slices.Contains(h.Employees, no) || slices.ContainsFunc(h.Positions, func(x string) bool { return strings.EqualFold(x, strings.TrimSpace(p.Position)) })
		if named && s.org.employedOn(no, day) {
			list = append(list, no)
		}
	}
	slices.Sort(list)
	return list
}

// Belongs lists the departments to which a person belongs on a day.
func (s *Staff) Belongs(no string, day time.Time) (departments []string) {
	for _, m := range s.org.own(no) {
		if s.org.holds(&m, day) && !slices.Contains(departments, m.department) {
			departments = append(departments, m.department)
		}
	}
	return departments
}

// Since gives the day from which a person has belonged to a department without a break until a day; zero when it does not.
func (s *Staff) Since(m Member, day time.Time) time.Time {
	var since time.Time
	own := s.org.own(m.Employee)
	for at := day; ; {
		i := slices.IndexFunc(own, func(x membership) bool { return x.department == m.Department && s.org.holds(&x, at) })
		if i < 0 {
			return since
		}
		since = later(own[i].first, s.org.people[m.Employee].HiredOn)
		at = since.AddDate(0, 0, -1)
	}
}

// Post is a role that somebody holds in a department.
type Post struct{ Employee, Department, Role string }

// DepartmentOn gives the department in which a person had the greatest share on a day, the first by id of several; "" for none.
func (s *Staff) DepartmentOn(employee string, day time.Time) string {
	best := -1
	for _, i := range s.org.staysOf(employee) {
		x := &s.org.stays[i]
		if day.Before(x.First) || day.After(x.Last) {
			continue
		}
		if best < 0 || x.Share > s.org.stays[best].Share || x.Share == s.org.stays[best].Share && x.Department < s.org.stays[best].Department {
			best = i
		}
	}
	if best < 0 {
		return ""
	}
	return s.org.stays[best].Department
}

// Posts lists the roles held on the report day by people who are not known to leave, by employee.
func (s *Staff) Posts() []Post {
	var list []Post
	for _, m := range s.org.memberships {
		if s.org.holds(&m, s.Basis.Day) && s.org.people[m.employee].LeftOn.IsZero() {
			list = append(list, Post{m.employee, m.department, m.role})
		}
	}
	return list
}

// Line gives a department with those below it and those above it.
func (s *Staff) Line(department string) map[string]bool {
	ids := map[string]bool{}
	for _, i := range s.org.subtree(department) {
		ids[s.org.departments[i].ID] = true
	}
	for i, ok := s.org.index[department]; ok; i, ok = s.org.index[s.org.departments[i].ParentID] {
		ids[s.org.departments[i].ID] = true
	}
	return ids
}

// Holds reports whether the roles name the one of a post; none names all.
func (p Post) Holds(roles []string) bool { return len(roles) == 0 || slices.Contains(roles, p.Role) }
