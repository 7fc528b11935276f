package metrics

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"plumbline/internal/period"
)

// Superior is who stands above a person in a department, from one day to another, both included.
type Superior struct {
	No       string // "" when nobody does
	From, To time.Time
}

// superiors gives who stood above a person in a department on each day of a period: the one whom the membership names, or else the
// department's supervisor, its head, or the head of the next department above. Nobody is his own superior.
func (o *organisation) superiors(employee, department string, p period.Period) []Superior {
	var list []Superior
	for _, i := range o.staysOf(employee) {
		s := &o.stays[i]
		if s.Department != department {
			continue
		}
		for d := later(s.First, p.Start()); !d.After(earlier(s.Last, p.LastDay())); d = d.AddDate(0, 0, 1) {
			no := o.superior(employee, department, d)
			if n := len(list) - 1; n >= 0 && list[n].No == no && list[n].To.AddDate(0, 0, 1).Equal(d) {
				list[n].To = d
			} else {
				list = append(list, Superior{no, d, d})
			}
		}
	}
	slices.SortFunc(list, func(a, b Superior) int { return a.From.Compare(b.From) })
	return list
}

// superior gives who stands above a person in a department on a day, "" for nobody.
func (o *organisation) superior(employee, department string, day time.Time) string {
	role := ""
	for _, m := range o.own(employee) {
		if m.department != department || !o.holds(m, day) {
			continue
		}
		if m.superior != "" && m.superior != employee && o.employedOn(m.superior, day) {
			return m.superior
		}
		role = m.role
	}
	if role != "head" && role != "supervisor" {
		if no := o.holder(department, "supervisor", employee, day); no != "" {
			return no
		}
	}
	for i, ok := o.index[department]; ok; i, ok = o.index[o.departments[i].ParentID] {
		if no := o.holder(o.departments[i].ID, "head", employee, day); no != "" {
			return no
		}
	}
	return ""
}

// own lists the memberships of a person.
func (o *organisation) own(employee string) []membership {
	i, _ := slices.BinarySearchFunc(o.memberships, employee, func(m membership, no string) int { return strings.Compare(m.employee, no) })
	j := i
	for j < len(o.memberships) && o.memberships[j].employee == employee {
		j++
	}
	return o.memberships[i:j]
}

func (o *organisation) employedOn(no string, day time.Time) bool {
	p, ok := o.people[no]
	return ok && !day.Before(p.HiredOn) && (p.LeftOn.IsZero() || !day.After(p.LeftOn))
}

// holder gives who has held a role in a department longest on a day, except one person; "" for a vacant post.
func (o *organisation) holder(department, role, except string, day time.Time) string {
	var best *membership
	for _, i := range o.posts()[department] {
		m := &o.memberships[i]
		if m.role != role || m.employee == except || !o.holds(*m, day) {
			continue
		}
		if best == nil || cmp.Or(m.first.Compare(best.first), strings.Compare(m.employee, best.employee)) < 0 {
			best = m
		}
	}
	if best == nil {
		return ""
	}
	return best.employee
}

// posts lists the memberships of heads and supervisors by department.
func (o *organisation) posts() map[string][]int {
	if o.leading == nil {
		o.leading = map[string][]int{}
		for i, m := range o.memberships {
			if m.role == "head" || m.role == "supervisor" {
				o.leading[m.department] = append(o.leading[m.department], i)
			}
		}
	}
	return o.leading
}
