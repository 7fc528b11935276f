package metrics

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"sync"
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
		last := earlier(s.Last, p.LastDay())
		for d := later(s.First, p.Start()); !d.After(last); {
			next := o.nextChange(employee, department, d)
			to := last
			if !next.IsZero() {
				to = earlier(last, next.AddDate(0, 0, -1))
			}
			no := o.superior(employee, department, d)
			if n := len(list) - 1; n >= 0 && list[n].No == no && list[n].To.AddDate(0, 0, 1).Equal(d) {
				list[n].To = to
			} else {
				list = append(list, Superior{no, d, to})
			}
			d = to.AddDate(0, 0, 1)
		}
	}
	slices.SortFunc(list, func(a, b Superior) int { return a.From.Compare(b.From) })
	return list
}

// superior gives who stands above a person in a department on a day, "" for nobody.
func (o *organisation) superior(employee, department string, day time.Time) string {
	role := ""
	own := o.own(employee)
	for i := range own {
		m := &own[i]
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

// nextChange gives the first day after day on which somebody else may stand above a person in a department; zero when nothing changes any more.
func (o *organisation) nextChange(employee, department string, day time.Time) time.Time {
	var next time.Time
	on := func(d time.Time) {
		if d.After(day) && (next.IsZero() || d.Before(next)) {
			next = d
		}
	}
	own := o.own(employee)
	for i := range own {
		if m := &own[i]; m.department == department {
			on(m.first)
			on(dayAfter(m.last))
			o.employment(m.superior, on)
		}
	}
	o.employment(employee, on)
	changes := o.posts().changes[department]
	if i, _ := slices.BinarySearchFunc(changes, dayAfter(day), time.Time.Compare); i < len(changes) {
		on(changes[i])
	}
	return next
}

// employment tells on of the first day of somebody's employment and the first one after it.
func (o *organisation) employment(no string, on func(time.Time)) {
	if p, ok := o.people[no]; ok {
		on(p.HiredOn)
		on(dayAfter(p.LeftOn))
	}
}

// dayAfter gives the next day; none after none.
func dayAfter(d time.Time) time.Time {
	if d.IsZero() {
		return d
	}
	return d.AddDate(0, 0, 1)
}

// own lists the memberships of a person.
func (o *organisation) own(employee string) []membership {
	i := sort.Search(len(o.memberships), func(i int) bool { return o.memberships[i].employee >= employee })
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
	for _, i := range o.posts().of[department] {
		m := &o.memberships[i]
		if m.role != role || m.employee == except || !o.holds(m, day) {
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

// posts are the heads and supervisors.
type posts struct {
	once    sync.Once
	of      map[string][]int       // their memberships, by department
	changes map[string][]time.Time // days on which those of a department or of one above may change, in order
}

// posts gives the heads and supervisors; they are found when they are first asked for, by whomever.
func (o *organisation) posts() *posts {
	o.leading.once.Do(o.findPosts)
	return &o.leading
}

func (o *organisation) findPosts() {
	l := &o.leading
	l.of, l.changes = map[string][]int{}, map[string][]time.Time{}
	for i := range o.memberships {
		if m := &o.memberships[i]; m.role == "head" || m.role == "supervisor" {
			l.of[m.department] = append(l.of[m.department], i)
		}
	}
	for _, d := range o.departments {
		var days []time.Time
		on := func(d time.Time) {
			if !d.IsZero() {
				days = append(days, d)
			}
		}
		for i, ok := o.index[d.ID]; ok; i, ok = o.index[o.departments[i].ParentID] {
			for _, at := range l.of[o.departments[i].ID] {
				m := &o.memberships[at]
				on(m.first)
				on(dayAfter(m.last))
				o.employment(m.employee, on)
			}
		}
		slices.SortFunc(days, time.Time.Compare)
		l.changes[d.ID] = slices.CompactFunc(days, time.Time.Equal)
	}
}
