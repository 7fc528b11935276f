package sample

import (
	"fmt"
	"time"

	"plumbline/internal/period"
)

// day counts days since 1970-01-01; 0 stands for no day.
type day int32

func dayOf(t time.Time) day { return day(t.Unix() / 86400) }

func (d day) time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String is the day as 2026-07-01, and blank for no day.
func (d day) String() string { return d.in(isoDate) }

// in is the day in a layout of package time, and blank for no day.
func (d day) in(layout string) string {
	if d == 0 {
		return ""
	}
	return d.time().Format(layout)
}

// The ways in which dates stand in files.
const (
	isoDate     = "2006-01-02"
	slashDate   = "2006/1/2"
	dotDate     = "2006.1.2"
	chineseDate = "2006年1月2日"
	compactDate = "20060102"
	isoTime     = "2006-01-02 15:04"
)

// moment counts minutes of the wall clock since 1970-01-01; 0 stands for none.
type moment int64

// at is a time of day on d.
func (d day) at(hour, minute int) moment { return moment(d)*24*60 + moment(hour*60+minute) }

func (m moment) day() day { return day(m / (24 * 60)) }

// String is the moment as 2026-07-01 16:30, and blank for none.
func (m moment) String() string {
	if m == 0 {
		return ""
	}
	return time.Unix(int64(m)*60, 0).UTC().Format(isoTime)
}

// next gives the workday n workdays after the first one on or after d, or 0 when the company does not live to see it.
func (c *calendar) next(d day, n int) day {
	if i := c.index(d) + n; i < len(c.work) {
		return c.work[i]
	}
	return 0
}

// before gives the last workday on or before d.
func (c *calendar) before(d day) day { return c.work[max(0, c.index(d+1)-1)] }

// weeks gives the Mondays from a day to a day of the weeks that hold a workday.
func (c *calendar) weeks(from, to day) []day {
	var mondays []day
	for monday := from + (7-(from+3)%7)%7; monday <= to; monday += 7 {
		if c.index(monday+7) > c.index(monday) {
			mondays = append(mondays, monday)
		}
	}
	return mondays
}

// span is a run of days off or of make-up workdays in one year, both ends included, as MMDD.
type span struct{ from, to int }

// rest and extra are the public holidays and make-up workdays by notice of the State Council. Other years have the
// holidays of fixed date only, which is enough for a company that does not exist.
var (
	rest = map[int][]span{
		2025: {{101, 101}, {128, 204}, {404, 406}, {501, 505}, {531, 602}, {1001, 1008}},
		2026: {{101, 103}, {215, 223}, {404, 406}, {501, 505}, {619, 621}, {925, 927}, {1001, 1007}},
	}
	extra = map[int][]span{
		2025: {{126, 126}, {208, 208}, {427, 427}, {928, 928}, {1011, 1011}},
		2026: {{104, 104}, {214, 214}, {228, 228}, {509, 509}, {920, 920}, {1010, 1010}},
	}
	restElsewhere = []span{{101, 101}, {501, 505}, {1001, 1007}}
)

// isWorkday reports whether offices are open on d.
func isWorkday(d day) bool {
	t := d.time()
	mmdd := int(t.Month())*100 + t.Day()
	in := func(spans []span) bool {
		for _, s := range spans {
			if s.from <= mmdd && mmdd <= s.to {
				return true
			}
		}
		return false
	}
	if in(extra[t.Year()]) {
		return true
	}
	off, known := rest[t.Year()]
	if !known {
		off = restElsewhere
	}
	return !in(off) && t.Weekday() != time.Saturday && t.Weekday() != time.Sunday
}

// calendar is the time in which the company lives. Workdays are known from half a year before the first month, since
// what is due in the first month was begun earlier, to the last day: nothing happens after it.
type calendar struct {
	months []month
	first  day   // first day of the first month
	last   day   // last day of the last month
	work   []day // workdays in order
	base   day   // the day at which after begins
	after  []int // for base+i: the index in work of the first workday on or after that day
	iso    []byte
}

// month is a calendar month; the workdays in it are work[lo:hi].
type month struct {
	period  period.Period
	quarter string // 2026Q3
	lo, hi  int
}

func newCalendar(last period.Period, months int) *calendar {
	all := last.LastMonths(months)
	c := &calendar{first: dayOf(all[0].Start()), last: dayOf(last.LastDay())}
	c.base = dayOf(all[0].LastMonths(7)[0].Start())
	for d := c.base; d <= c.last; d++ {
		c.after = append(c.after, len(c.work))
		c.iso = append(c.iso, d.String()...)
		if isWorkday(d) {
			c.work = append(c.work, d)
		}
	}
	for _, p := range all {
		quarter := fmt.Sprintf("%dQ%d", p.Year(), (p.Number()+2)/3)
		c.months = append(c.months, month{p, quarter, c.index(dayOf(p.Start())), c.index(dayOf(p.End()))})
	}
	return c
}

// latestQuarter is the first day of the last month's quarter, or of its first month that the company lives in.
func (c *calendar) latestQuarter() day {
	m := len(c.months) - 1
	for m > 0 && c.months[m-1].quarter == c.months[m].quarter {
		m--
	}
	return dayOf(c.months[m].period.Start())
}

// index gives the place in work of the first workday on or after d.
func (c *calendar) index(d day) int {
	switch {
	case d < c.base:
		return 0
	case int(d-c.base) >= len(c.after):
		return len(c.work)
	}
	return c.after[d-c.base]
}

// within gives the workdays of m from and to these days (both included; 0 means open) as a range of work.
func (c *calendar) within(m month, from, to day) (lo, hi int) {
	lo, hi = m.lo, m.hi
	if from != 0 {
		lo = max(lo, c.index(from))
	}
	if to != 0 {
		hi = min(hi, c.index(to+1))
	}
	return lo, max(lo, hi)
}

// appendISO adds a day between base and last, and nothing for no day.
func (c *calendar) appendISO(b []byte, d day) []byte {
	if d == 0 {
		return b
	}
	at := int(d-c.base) * len(isoDate)
	return append(b, c.iso[at:at+len(isoDate)]...)
}
