package metrics

import (
	"context"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// daySet is a set of days of one month; bit 0 is the first.
type daySet uint32

func (s daySet) count() int64 { return int64(bits.OnesCount32(uint32(s))) }

// upTo is the set of the first n days of a month.
func upTo(n int) daySet { return daySet(uint64(1)<<min(max(n, 0), 31) - 1) }

// span is a stretch of days in months since year 0 and days of the month, both ends included.
type span struct{ firstMonth, firstDay, lastMonth, lastDay int }

func spanOf(first, last time.Time) span {
	return span{monthOf(first), first.Day(), monthOf(last), last.Day()}
}

// in is the set of the days of a month that lie in the span.
func (s span) in(month int) daySet {
	if month < s.firstMonth || month > s.lastMonth {
		return 0
	}
	days := upTo(31)
	if month == s.lastMonth {
		days = upTo(s.lastDay)
	}
	if month == s.firstMonth {
		days &^= upTo(s.firstDay - 1)
	}
	return days & upTo(lengthOf(month))
}

// lengthOf counts the days of a month.
func lengthOf(month int) int {
	year := month / 12
	switch month % 12 {
	case 1:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 3, 5, 8, 10:
		return 30
	}
	return 31
}

// startOf is the first day of a month counted since year 0.
func startOf(month int) time.Time {
	return time.Date(month/12, time.Month(month%12+1), 1, 0, 0, 0, 0, time.UTC)
}

// leaves are the whole days that people are on leave, by employee and month.
type leaves map[string]map[int]daySet

// readLeave reads the days on which the policy expects nobody to work.
func (o *organisation) readLeave(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, asOf int64) error {
	o.away = leaves{}
	for _, l := range p.Leaves {
		where := ""
		if l.Where.SQL != "" {
			where = " AND (" + l.Where.SQL + ")"
		}
		s := warehouse.SQL("leave in "+l.Dataset.ID, fmt.Sprintf("SELECT %s, CAST(%s AS DATE), CAST(%s AS DATE)\nFROM %s %s AND %s IS NOT NULL AND %s IS NOT NULL%s",
			warehouse.Ident(l.Dataset.Owner), warehouse.Ident(l.From), warehouse.Ident(l.To), l.Dataset.Table(), known, warehouse.Ident(l.From), warehouse.Ident(l.To), where))
		err := tx.Each(ctx, s, warehouse.Args{"as_of": asOf}, func(scan func(...any) error) error {
			var employee string
			var first, last time.Time
			if err := scan(&employee, &first, &last); err != nil {
				return err
			}
			o.away.add(employee, first, last)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (l leaves) add(employee string, first, last time.Time) {
	if l[employee] == nil {
		l[employee] = map[int]daySet{}
	}
	for m := monthOf(first); m <= monthOf(last); m++ {
		l[employee][m] |= spanOf(first, last).in(m)
	}
}

func monthOf(day time.Time) int { return day.Year()*12 + int(day.Month()) - 1 }

// expectation says what is due of people in the months of a range.
type expectation struct {
	org       *organisation
	calendar  period.Calendar
	reportDay time.Time      // what lies after it is not due yet
	begun     span           // all days up to it
	asked     time.Time      // the day on which it is asked
	workdays  map[int]daySet // of the months of the range and one more on either side; not changed
}

func newExpectation(o *organisation, c period.Calendar, r Range) *expectation {
	e := &expectation{org: o, calendar: c, reportDay: r.ReportDay, begun: spanOf(firstDay, r.ReportDay), asked: r.Asked, workdays: map[int]daySet{}}
	for m := monthOf(r.From) - 1; m <= monthOf(r.To)+1; m++ {
		e.workdays[m] = workdaysOf(c, m)
	}
	return e
}

// working is the set of the month's workdays.
func (e *expectation) working(month int) daySet {
	if s, ok := e.workdays[month]; ok {
		return s
	}
	return workdaysOf(e.calendar, month)
}

func workdaysOf(c period.Calendar, month int) (s daySet) {
	for d := startOf(month); monthOf(d) == month; d = d.AddDate(0, 0, 1) {
		if c.IsWorkday(d) {
			s |= 1 << (d.Day() - 1)
		}
	}
	return s
}

// present is the set of the workdays of a month on which a person is employed and not on leave.
func (e *expectation) present(employee string, month int) daySet {
	p := e.org.people[employee]
	last := p.LeftOn
	if last.IsZero() {
		last = lastDay
	}
	return e.working(month) & spanOf(p.HiredOn, last).in(month) &^ e.org.away[employee][month]
}

// occasions is the set of the days of a month on which something is due of a stay's person.
func (e *expectation) occasions(s *Stay, of policy.Occasion, month int) daySet {
	here := s.span.in(month) & e.begun.in(month)
	if here == 0 {
		return 0
	}
	switch of {
	case policy.Workday: // a stay lies within employment
		return here & e.working(month) &^ e.org.away[s.Employee][month]
	case policy.Week:
		return here & e.fridays(s.Employee, month)
	}
	if e.present(s.Employee, month) == 0 {
		return 0
	}
	return here & (1 << (lengthOf(month) - 1))
}

// fridays is the set of the Fridays in a month whose week holds a workday of the person.
func (e *expectation) fridays(employee string, month int) daySet {
	var due daySet
	for d := startOf(month); monthOf(d) == month; d = d.AddDate(0, 0, 1) {
		if d.Weekday() == time.Friday && e.worksBetween(employee, d.AddDate(0, 0, -4), d.AddDate(0, 0, 2)) {
			due |= 1 << (d.Day() - 1)
		}
	}
	return due
}

func (e *expectation) worksBetween(employee string, first, last time.Time) bool {
	for m := monthOf(first); m <= monthOf(last); m++ {
		if spanOf(first, last).in(m)&e.present(employee, m) != 0 {
			return true
		}
	}
	return false
}

// due is the set of the days on which something was due of a stay's person: what is not done but may still come in, if need be on the
// day on which it is asked, is not due yet.
func (e *expectation) due(k *policy.KPI, s *Stay, month int, done daySet) daySet {
	due := e.occasions(s, k.Expects(), month)
	wait := time.Duration(int64(k.Denominator.After)*24*60*60/int64(fixed.Int(1))) * time.Second
	if !e.asked.Before(startOf(month + 1).Add(wait)) {
		return due // the time of the whole month is up
	}
	for open := due &^ done; wait > 0 && open != 0; open &= open - 1 {
		day := startOf(month).AddDate(0, 0, bits.TrailingZeros32(uint32(open)))
		if !e.asked.After(day.Add(wait)) {
			due &^= open & -open
		}
	}
	return due
}

// fulfilment is what was due of a person in one department and month at one working time, and how much of it was done.
type fulfilment struct {
	stay      int // the first of those that it is of
	pair      int
	working   fixed.Num
	done, due fixed.Num // days, split by share
}

// met adds the days of a stay to what was due of its person so far.
func (e *expectation) met(so []fulfilment, k *policy.KPI, stay, month int, done daySet) []fulfilment {
	s := &e.org.stays[stay]
	due := e.due(k, s, month, done)
	i := slices.IndexFunc(so, func(m fulfilment) bool { return m.pair == s.pair && m.working == s.Working })
	if i < 0 {
		i = len(so)
		so = append(so, fulfilment{stay: stay, pair: s.pair, working: s.Working})
	}
	so[i].done += fixed.Int((done & due).count()).Times(s.Share)
	so[i].due += fixed.Int(due.count()).Times(s.Share)
	return so
}

// ratio gives what counts: the part that was done over the part that was due. Of part-time people as much is due as they work, and no
// more is credited.
func (m fulfilment) ratio(k *policy.KPI) fixed.Ratio {
	r := fixed.Ratio{Num: m.done, Den: m.due}
	if k.Expects() == policy.Workday && m.working < fixed.Int(1) {
		r.Den = r.Den.Times(m.working)
		r.Num = min(r.Num, r.Den)
	}
	return r
}

// like reports whether the same is expected of the same people.
func (e *expectation) like(f *expectation) bool {
	return e.reportDay.Equal(f.reportDay) && e.asked.Equal(f.asked) && maps.EqualFunc(e.org.away, f.org.away, maps.Equal[map[int]daySet, map[int]daySet])
}
