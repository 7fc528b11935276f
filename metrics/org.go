package metrics

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// organisation is who belonged where, as known at one ledger sequence.
type organisation struct {
	departments []Department // depth first, siblings by id
	index       map[string]int
	people      map[string]Person
	memberships []membership // by employee and first day
}

// membership is a stay; last is inclusive.
type membership struct {
	employee, department, role string
	first, last                time.Time
}

// optional is a column's expression, or NULL where the policy's dataset has no such column.
func optional(d *policy.Dataset, id string) string {
	if d == nil || d.Column(id) == nil {
		return "NULL::VARCHAR"
	}
	return warehouse.Ident(id)
}

// readOrganisation reads departments, employees and memberships as known at asOf.
func readOrganisation(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, asOf int64) (*organisation, error) {
	o := &organisation{index: map[string]int{}, people: map[string]Person{}}
	for _, read := range []func(context.Context, *warehouse.Tx, *policy.Policy, int64) error{o.readDepartments, o.readPeople, o.readMemberships} {
		if err := read(ctx, tx, p, asOf); err != nil {
			return nil, fmt.Errorf("read the organisation: %w", err)
		}
	}
	return o, nil
}

const known = "WHERE _seq <= $as_of AND _until > $as_of"

func (o *organisation) readDepartments(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, asOf int64) error {
	d := p.Dataset(policy.Departments)
	s := warehouse.SQL("departments", fmt.Sprintf("SELECT department_id, name, coalesce(%s, name), coalesce(parent_id, ''), kind, coalesce(%s, '')\nFROM facts.departments %s ORDER BY department_id",
		optional(d, "name_en"), optional(d, "structure"), known))
	var all []Department
	err := tx.Each(ctx, s, warehouse.Args{"as_of": asOf}, func(scan func(...any) error) error {
		var n Department
		var structure string
		if err := scan(&n.ID, &n.Name.ZH, &n.Name.EN, &n.ParentID, &n.Kind, &structure); err != nil {
			return err
		}
		n.Matrix = structure == "matrix"
		n.KindName = enumName(d.Column("kind"), n.Kind)
		all = append(all, n)
		return nil
	})
	if err != nil {
		return err
	}
	return o.arrange(all)
}

func enumName(c *policy.Column, value string) policy.Text {
	for _, v := range c.Values {
		if v.Value == value {
			return v.Name
		}
	}
	return policy.Text{ZH: value, EN: value}
}

// arrange orders the departments depth first and refuses a tree that bites its tail.
func (o *organisation) arrange(all []Department) error {
	children := map[string][]Department{}
	exists := map[string]bool{}
	for _, d := range all {
		exists[d.ID] = true
	}
	for _, d := range all {
		if !exists[d.ParentID] {
			d.ParentID = ""
		}
		children[d.ParentID] = append(children[d.ParentID], d)
	}
	var walk func(parent string, depth int)
	walk = func(parent string, depth int) {
		for _, d := range children[parent] {
			d.Depth = depth
			o.index[d.ID] = len(o.departments)
			o.departments = append(o.departments, d)
			walk(d.ID, depth+1)
		}
	}
	walk("", 0)
	if len(o.departments) == len(all) {
		return nil
	}
	var lost []string
	for _, d := range all {
		if _, ok := o.index[d.ID]; !ok {
			lost = append(lost, d.ID)
		}
	}
	return fmt.Errorf("departments %s are above each other in a circle; correct parent_id in the department list (部门上级循环，请更正上级部门编号)",
		strings.Join(lost, ", "))
}

func (o *organisation) readPeople(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, asOf int64) error {
	d := p.Dataset(policy.Employees)
	s := warehouse.SQL("employees", fmt.Sprintf("SELECT employee_no, name, coalesce(%s, name), coalesce(%s, ''), hired_on, left_on\nFROM facts.employees %s",
		optional(d, "name_en"), optional(d, "position"), known))
	return tx.Each(ctx, s, warehouse.Args{"as_of": asOf}, func(scan func(...any) error) error {
		var n Person
		var left sql.NullTime
		if err := scan(&n.No, &n.Name.ZH, &n.Name.EN, &n.Position, &n.HiredOn, &left); err != nil {
			return err
		}
		n.LeftOn = left.Time
		o.people[n.No] = n
		return nil
	})
}

func (o *organisation) readMemberships(ctx context.Context, tx *warehouse.Tx, _ *policy.Policy, asOf int64) error {
	s := warehouse.SQL("memberships", "SELECT employee_no, department_id, role, valid_from, valid_to\nFROM facts.memberships "+known+
		" ORDER BY employee_no, valid_from")
	return tx.Each(ctx, s, warehouse.Args{"as_of": asOf}, func(scan func(...any) error) error {
		var m membership
		var last sql.NullTime
		if err := scan(&m.employee, &m.department, &m.role, &m.first, &last); err != nil {
			return err
		}
		m.last = last.Time
		if !last.Valid {
			m.last = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
		}
		o.memberships = append(o.memberships, m)
		return nil
	})
}

// subtree gives the indexes of a department and all below it.
func (o *organisation) subtree(id string) []int {
	i, ok := o.index[id]
	if !ok {
		return nil
	}
	in := []int{i}
	for j := i + 1; j < len(o.departments) && o.departments[j].Depth > o.departments[i].Depth; j++ {
		in = append(in, j)
	}
	return in
}

// stay is one person's days in one department within a period.
type stay struct {
	employee, department string
	first, last          time.Time
	days                 int
}

// stays cuts the memberships to the period and to employment, and joins several in the same department. They come by employee
// and first day.
func (o *organisation) stays(p period.Period) []stay {
	var stays []stay
	for _, m := range o.memberships {
		person, ok := o.people[m.employee]
		if !ok {
			continue
		}
		first, last := later(later(m.first, p.Start()), person.HiredOn), earlier(m.last, p.LastDay())
		if !person.LeftOn.IsZero() {
			last = earlier(last, person.LeftOn)
		}
		if first.After(last) {
			continue
		}
		s := stay{m.employee, m.department, first, last, int(last.Sub(first).Hours()/24) + 1}
		i := slices.IndexFunc(stays[firstOf(stays, m.employee):], func(t stay) bool { return t.department == m.department })
		if i < 0 {
			stays = append(stays, s)
			continue
		}
		t := &stays[firstOf(stays, m.employee)+i]
		t.last, t.days = later(t.last, last), t.days+s.days
	}
	return stays
}

// firstOf finds where the stays of the last employee begin, when that is employee.
func firstOf(stays []stay, employee string) int {
	i := len(stays)
	for i > 0 && stays[i-1].employee == employee {
		i--
	}
	return i
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// holds reports whether a membership counts on a day: it runs, and its person is employed.
func (o *organisation) holds(m membership, day time.Time) bool {
	p, ok := o.people[m.employee]
	return ok && !day.Before(later(m.first, p.HiredOn)) && !day.After(m.last) && (p.LeftOn.IsZero() || !day.After(p.LeftOn))
}

// heads names the head of each department on a day: the one longest in the role, "" when vacant.
func (o *organisation) heads(day time.Time) {
	since := map[string]membership{}
	for _, m := range o.memberships {
		if m.role != "head" || !o.holds(m, day) {
			continue
		}
		if s, ok := since[m.department]; !ok || cmp.Or(m.first.Compare(s.first), strings.Compare(m.employee, s.employee)) < 0 {
			since[m.department] = m
		}
	}
	for i := range o.departments {
		o.departments[i].Head = since[o.departments[i].ID].employee
	}
}
