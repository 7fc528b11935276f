package metrics

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// organisation is who belonged where, as known at one ledger sequence, with the department tree of one day.
type organisation struct {
	departments []Department // depth first, siblings by id
	index       map[string]int
	people      map[string]Person
	memberships []membership // by employee, first day and department
	away        leaves
	leading     posts
	*attribution
}

// membership is what the list says of a person in a department; last is inclusive.
type membership struct {
	employee, department, role, superior string
	first, last                          time.Time
	share                                fixed.Num // of the person's work, in percent
	working                              fixed.Num // the part of full time, 1 for all of it
}

// optional is a column's expression, or NULL where the policy's dataset has no such column.
func optional(d *policy.Dataset, id string) string {
	if d == nil || d.Column(id) == nil {
		return "NULL::VARCHAR"
	}
	return warehouse.Ident(id)
}

// readOrganisation reads departments, employees, memberships and leave as known at asOf; the departments stand as on day.
func readOrganisation(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, asOf int64, day time.Time) (*organisation, error) {
	o := &organisation{index: map[string]int{}, people: map[string]Person{}}
	all, err := o.readDepartments(ctx, tx, p, asOf)
	if err == nil {
		err = changeDepartments(ctx, tx, p, asOf, day, all)
	}
	if err == nil {
		err = o.arrange(all)
	}
	for _, read := range []func(context.Context, *warehouse.Tx, *policy.Policy, int64) error{o.readPeople, o.readMemberships, o.readLeave} {
		if err == nil {
			err = read(ctx, tx, p, asOf)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read the organisation: %w", err)
	}
	o.attribution = o.attribute()
	o.posts()
	return o, nil
}

const known = "WHERE _seq <= $as_of AND _until > $as_of"

// moved keeps the rows of f that came or went after the ledger sequence $since, up to $as_of.
const moved = "(f._seq > $since AND f._seq <= $as_of OR f._until > $since AND f._until <= $as_of)"

// reorganised reports whether anything that an organisation is read from has changed since a ledger sequence.
func reorganised(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, since, asOf int64) (bool, error) {
	datasets := []*policy.Dataset{p.Dataset(policy.Departments), p.Dataset(policy.Employees), p.Dataset(policy.Memberships)}
	if d := p.Dataset(policy.DepartmentChanges); d != nil {
		datasets = append(datasets, d)
	}
	for _, l := range p.Leaves {
		datasets = append(datasets, l.Dataset)
	}
	var tables []string
	for _, d := range datasets {
		tables = append(tables, fmt.Sprintf("EXISTS (SELECT 1 FROM %s f WHERE %s)", d.Table(), moved))
	}
	s := warehouse.SQL("changes of the organisation", "SELECT "+strings.Join(tables, "\n  OR "))
	return warehouse.One[bool](ctx, tx, s, warehouse.Args{"since": since, "as_of": asOf})
}

func (o *organisation) readDepartments(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, asOf int64) ([]Department, error) {
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
	return all, err
}

// changeDepartments gives the departments the names, parents and kinds that the list of changes says they have on day.
func changeDepartments(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, asOf int64, day time.Time, all []Department) error {
	if p.Dataset(policy.DepartmentChanges) == nil {
		return nil
	}
	kind := p.Dataset(policy.Departments).Column("kind")
	s := warehouse.SQL("department changes", `SELECT department_id, coalesce("name", ''), coalesce(name_en, "name", ''), coalesce(parent_id, ''), coalesce("top", false), coalesce(kind, '')
FROM facts.department_changes `+known+" AND effective_on <= CAST($day AS DATE) ORDER BY effective_on, department_id, _seq, _row")
	return tx.Each(ctx, s, warehouse.Args{"as_of": asOf, "day": day}, func(scan func(...any) error) error {
		var id, zh, en, parent, newKind string
		var top bool
		if err := scan(&id, &zh, &en, &parent, &top, &newKind); err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(d Department) bool { return d.ID == id })
		if i < 0 {
			return nil // of a department that came later
		}
		d := &all[i]
		if zh != "" {
			d.Name = policy.Text{ZH: zh, EN: en}
		}
		if top || parent != "" {
			d.ParentID = parent
		}
		if newKind != "" {
			d.Kind, d.KindName = newKind, enumName(kind, newKind)
		}
		return nil
	})
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
	return eachArrow(ctx, tx, s, warehouse.Args{"as_of": asOf}, func(r arrowRow) {
		n := Person{No: r.text(0), Name: policy.Text{ZH: r.text(1), EN: r.text(2)}, Position: r.text(3), HiredOn: r.day(4), LeftOn: r.day(5)}
		o.people[n.No] = n
	})
}

func (o *organisation) readMemberships(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, asOf int64) error {
	d := p.Dataset(policy.Memberships)
	number := func(id string) string { // blank and no column: all of it
		if d.Column(id) == nil {
			return "CAST(1000000 AS BIGINT)"
		}
		return "CAST(coalesce(" + warehouse.Ident(id) + ", 100) * 10000 AS BIGINT)"
	}
	s := warehouse.SQL("memberships", fmt.Sprintf("SELECT employee_no, department_id, coalesce(role, ''), coalesce(%s, ''), valid_from, valid_to, %s, %s\nFROM facts.memberships %s ORDER BY employee_no, valid_from, department_id",
		optional(d, "superior_no"), number("share"), number("working_time"), known))
	return eachArrow(ctx, tx, s, warehouse.Args{"as_of": asOf}, func(r arrowRow) {
		m := membership{employee: r.text(0), department: r.text(1), role: r.text(2), superior: r.text(3), first: r.day(4), last: r.day(5),
			share: fixed.Num(r.number(6)), working: fixed.Num(r.number(7) / 100)}
		if m.last.IsZero() {
			m.last = lastDay
		}
		o.memberships = append(o.memberships, m)
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

// belonging is one person's days in one department within a period.
type belonging struct {
	pair
	at          int // index into attribution.pairs
	first, last time.Time
	days        int
	weight      fixed.Num // days × share
}

// belongings joins the stays of a period per person and department. They come by employee and first day.
func (o *organisation) belongings(p period.Period) []belonging {
	var all []belonging
	for _, s := range o.stays {
		days := s.days(p.Start(), p.LastDay())
		if days == 0 || s.Employee == "" {
			continue
		}
		first, last, weight := later(s.First, p.Start()), earlier(s.Last, p.LastDay()), fixed.Int(int64(days)).Times(s.Share)
		i := len(all) - 1
		for i >= 0 && all[i].employee == s.Employee && all[i].at != s.pair {
			i--
		}
		if i < 0 || all[i].employee != s.Employee {
			all = append(all, belonging{o.pairs[s.pair], s.pair, first, last, days, weight})
			continue
		}
		b := &all[i]
		b.last, b.days, b.weight = later(b.last, last), b.days+days, b.weight+weight
	}
	return all
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
func (o *organisation) holds(m *membership, day time.Time) bool {
	p, ok := o.people[m.employee]
	return ok && !day.Before(later(m.first, p.HiredOn)) && !day.After(m.last) && (p.LeftOn.IsZero() || !day.After(p.LeftOn))
}

// heads names the head of each department on a day: the one longest in the role, "" when vacant.
func (o *organisation) heads(day time.Time) {
	since := map[string]membership{}
	for _, m := range o.memberships {
		if m.role != "head" || !o.holds(&m, day) {
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
