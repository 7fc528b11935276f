package metrics

import (
	"cmp"
	"context"
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/warehouse"
)

// Stay is a stretch of days on which one person belongs to one department with the same share. The stays of one person in one
// department never share a day. What a department owns itself has a stay without employee.
type Stay struct {
	Employee, Department string
	First, Last          time.Time // both included
	// Share is how much of a record counts here: all stays of a person's day add up to 1.
	Share fixed.Num
	// Working is the part of full time that the person works: 0.6 for three days of five.
	Working fixed.Num
	pair    int // index into attribution.pairs
	span    span
}

// pair is a person in a department, whatever the days.
type pair struct{ employee, department string }

// attribution says to whom the records of a day belong.
type attribution struct {
	stays  []Stay // by employee, first day and department; then those of what departments own
	pairs  []pair
	people map[string][2]int // the range of a person's stays
}

// attribute splits the memberships into stays.
func (o *organisation) attribute() *attribution {
	a := &attribution{people: make(map[string][2]int, len(o.people)), stays: make([]Stay, 0, len(o.memberships)+len(o.departments))}
	for from := 0; from < len(o.memberships); {
		to := from + 1
		for to < len(o.memberships) && o.memberships[to].employee == o.memberships[from].employee {
			to++
		}
		before := len(a.stays)
		a.stays = append(a.stays, split(o.employed(o.memberships[from:to]))...)
		a.people[o.memberships[from].employee] = [2]int{before, len(a.stays)}
		from = to
	}
	for _, id := range slices.Sorted(maps.Keys(o.index)) { // whatever the tree, so that a move of a department leaves the stays as they are
		a.stays = append(a.stays, Stay{Department: id, First: firstDay, Last: lastDay, Share: fixed.Int(1), Working: fixed.Int(1)})
	}
	index := make(map[pair]int, len(a.stays))
	for i := range a.stays {
		s := &a.stays[i]
		p := pair{s.Employee, s.Department}
		at, ok := index[p]
		if !ok {
			at = len(a.pairs)
			index[p] = at
			a.pairs = append(a.pairs, p)
		}
		s.pair, s.span = at, spanOf(s.First, s.Last)
	}
	return a
}

var (
	firstDay = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	lastDay  = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
)

// employed cuts memberships to the days of employment and drops those without a day.
func (o *organisation) employed(of []membership) []membership {
	var kept []membership
	for _, m := range of {
		p, ok := o.people[m.employee]
		if !ok {
			continue
		}
		m.first = later(m.first, p.HiredOn)
		if !p.LeftOn.IsZero() {
			m.last = earlier(m.last, p.LeftOn)
		}
		if !m.first.After(m.last) {
			kept = append(kept, m)
		}
	}
	return kept
}

// split gives the stays of one person. Where memberships overlap, their shares are brought to a sum of one, so that a record counts once.
func split(of []membership) []Stay {
	if len(of) == 1 { // as most people have
		m := of[0]
		return []Stay{{Employee: m.employee, Department: m.department, First: m.first, Last: m.last, Share: fixed.Int(1), Working: m.working}}
	}
	borders := make([]time.Time, 0, 2*len(of)) // first days of stretches with the same memberships
	for _, m := range of {
		borders = append(borders, m.first, m.last.AddDate(0, 0, 1))
	}
	slices.SortFunc(borders, time.Time.Compare)
	borders = slices.CompactFunc(borders, time.Time.Equal)
	var stays []Stay
	for i := 0; i+1 < len(borders); i++ {
		first, last := borders[i], borders[i+1].AddDate(0, 0, -1)
		var here []membership
		for _, m := range of {
			if !m.first.After(first) && !m.last.Before(last) {
				here = append(here, m)
			}
		}
		shares := wholes(here)
		for j, m := range here {
			stays = prolong(stays, Stay{Employee: m.employee, Department: m.department, First: first, Last: last, Share: shares[j], Working: m.working})
		}
	}
	slices.SortStableFunc(stays, func(x, y Stay) int {
		return cmp.Or(x.First.Compare(y.First), strings.Compare(x.Department, y.Department))
	})
	return stays
}

// wholes brings the shares of memberships to a sum of exactly one; the greatest takes what rounding leaves.
func wholes(of []membership) []fixed.Num {
	shares := make([]fixed.Num, len(of))
	var sum, given fixed.Num
	greatest := 0
	for i, m := range of {
		sum += m.share
		if m.share > of[greatest].share {
			greatest = i
		}
	}
	for i, m := range of {
		shares[i] = fixed.Num(int64(m.share) * int64(fixed.Int(1)) / int64(sum))
		given += shares[i]
	}
	if len(of) > 0 {
		shares[greatest] += fixed.Int(1) - given
	}
	return shares
}

// prolong appends a stay, or lengthens the one that it continues.
func prolong(stays []Stay, s Stay) []Stay {
	for i := range stays {
		t := &stays[i]
		if t.Department == s.Department && t.Share == s.Share && t.Working == s.Working && t.Last.AddDate(0, 0, 1).Equal(s.First) {
			t.Last = s.Last
			return stays
		}
	}
	return append(stays, s)
}

// attributionTable is the temporary table that every scan joins: which stay a person's day belongs to. No dataset has columns called like its own.
const attributionTable = "attribution"

var createAttribution = warehouse.SQL("create attribution",
	"CREATE TEMPORARY TABLE attribution (_stay INTEGER, _employee VARCHAR, _department VARCHAR, _first DATE, _last DATE)")

// lay puts the stays into the transaction's temporary table.
func (a *attribution) lay(ctx context.Context, tx *warehouse.Tx) error {
	if _, err := tx.Exec(ctx, createAttribution, nil); err != nil {
		return fmt.Errorf("attribute records: %w", err)
	}
	err := tx.Append(ctx, attributionTable, func(row func(...driver.Value) error) error {
		for i, s := range a.stays {
			if err := row(int32(i), s.Employee, s.Department, s.First, s.Last); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("attribute records: %w", err)
	}
	return nil
}

// days counts the days of a stay within a stretch, both included.
func (s Stay) days(from, to time.Time) int {
	from, to = later(s.First, from), earlier(s.Last, to)
	if from.After(to) {
		return 0
	}
	return int(to.Sub(from).Hours()/24) + 1
}

// staysOf lists a person's stays by index.
func (a *attribution) staysOf(employee string) []int {
	var list []int
	for i := a.people[employee][0]; i < a.people[employee][1]; i++ {
		list = append(list, i)
	}
	return list
}
