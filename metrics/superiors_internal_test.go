package metrics

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plumbline/internal/period"
)

// TestSuperiorsAreThoseOfEachDay draws organisations in which posts, memberships and employments begin and end on any day, and holds the superiors of a
// quarter against those of its days, one by one.
func TestSuperiorsAreThoseOfEachDay(t *testing.T) {
	quarter, err := period.Parse("2026Q3")
	if err != nil {
		t.Fatal(err)
	}
	day := func(t *rapid.T, label string) time.Time {
		return quarter.Start().AddDate(0, 0, rapid.IntRange(-10, 100).Draw(t, label))
	}
	rapid.Check(t, func(t *rapid.T) {
		o := &organisation{index: map[string]int{}, people: map[string]Person{}, attribution: &attribution{people: map[string][2]int{}}}
		for i, parent := range []string{"", "A", "B", "A"} {
			d := Department{ID: string(rune('A' + i)), ParentID: parent}
			o.index[d.ID] = i
			o.departments = append(o.departments, d)
		}
		numbers := []string{"1", "2", "3", "4"}
		for _, no := range numbers {
			p := Person{No: no, HiredOn: day(t, "hired")}
			if rapid.Bool().Draw(t, "left") {
				p.LeftOn = day(t, "left on")
			}
			o.people[no] = p
		}
		var stays []Stay
		for range rapid.IntRange(1, 8).Draw(t, "memberships") {
			m := membership{employee: rapid.SampledFrom(numbers).Draw(t, "employee"), department: rapid.SampledFrom([]string{"A", "B", "C", "D"}).Draw(t, "department"),
				role: rapid.SampledFrom([]string{"head", "supervisor", "specialist"}).Draw(t, "role"), superior: rapid.SampledFrom([]string{"", "1", "2", "9"}).Draw(t, "superior"), first: day(t, "first"), last: day(t, "last")}
			o.memberships = append(o.memberships, m)
			stays = append(stays, Stay{Employee: m.employee, Department: m.department, First: m.first, Last: m.last})
		}
		slices.SortFunc(o.memberships, func(a, b membership) int {
			return cmp.Or(strings.Compare(a.employee, b.employee), a.first.Compare(b.first))
		})
		for _, no := range numbers { // a person's stays do not overlap in a department
			from := len(o.stays)
			for _, s := range stays {
				if s.Employee == no && !slices.ContainsFunc(o.stays[from:], func(x Stay) bool {
					return x.Department == s.Department && !x.First.After(s.Last) && !s.First.After(x.Last)
				}) {
					o.stays = append(o.stays, s)
				}
			}
			o.attribution.people[no] = [2]int{from, len(o.stays)}
		}
		for _, no := range numbers {
			for _, d := range o.departments {
				var want, got []string
				for _, i := range o.staysOf(no) {
					if s := o.stays[i]; s.Department == d.ID {
						for on := later(s.First, quarter.Start()); !on.After(earlier(s.Last, quarter.LastDay())); on = on.AddDate(0, 0, 1) {
							want = append(want, fmt.Sprint(on.Format(time.DateOnly), " ", o.superior(no, d.ID, on)))
						}
					}
				}
				for _, s := range o.superiors(no, d.ID, quarter) {
					for on := s.From; !on.After(s.To); on = on.AddDate(0, 0, 1) {
						got = append(got, fmt.Sprint(on.Format(time.DateOnly), " ", s.No))
					}
				}
				slices.Sort(want)
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Fatalf("%s in %s: %q, want %q", no, d.ID, got, want)
				}
			}
		}
	})
}
