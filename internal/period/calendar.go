package period

import (
	"fmt"
	"iter"
	"math/bits"
	"time"
)

// Calendar says which days are workdays. The zero value is Monday to Friday without holidays. A day is the date that a time.Time
// shows; its clock is not looked at.
//
// It counts without stepping through days: plain weeks in closed form, and the months of the years listed by a table.
type Calendar struct {
	week   uint8   // bit n-1 is set: day n of the week (1 = Monday) is a workday; 0 stands for Monday to Friday
	first  int     // the first month listed, in months since year 0
	months []month // of the years listed, without a gap
	after  int     // what the years listed add to the count of plain weeks
}

// month is a listed month.
type month struct {
	before int    // workdays from Monday 1970-01-05 up to the last day of the month before
	days   uint32 // bit n-1 is set: day n of the month is a workday
}

// Exceptions are the days of a year on which it is not as in a plain week.
type Exceptions struct {
	Year      int
	Off, Work []time.Time
}

// NewCalendar makes a calendar of the workdays of a plain week and of years that follow one another.
func NewCalendar(week []time.Weekday, years ...Exceptions) (Calendar, error) {
	var c Calendar
	for _, day := range week {
		c.week |= 1 << isoDay(day) >> 1
	}
	if c.week == 0 {
		return Calendar{}, fmt.Errorf("calendar: a week needs a workday")
	}
	for i, y := range years {
		if y.Year != years[0].Year+i {
			return Calendar{}, fmt.Errorf("calendar: %d does not follow %d", y.Year, years[0].Year+i-1)
		}
		if err := c.list(y); err != nil {
			return Calendar{}, fmt.Errorf("calendar: %w", err)
		}
	}
	if len(years) > 0 {
		last := time.Date(years[len(years)-1].Year, time.December, 31, 0, 0, 0, 0, time.UTC)
		c.after = c.until(last) - c.plain(number(last))
	}
	return c, nil
}

// list adds the months of the year after those listed.
func (c *Calendar) list(y Exceptions) error {
	differs := map[int]bool{} // by day: whether it is a workday
	for _, days := range []struct {
		list []time.Time
		work bool
	}{{y.Off, false}, {y.Work, true}} {
		for _, day := range days.list {
			if day.Year() != y.Year {
				return fmt.Errorf("%s is not in %d", day.Format(time.DateOnly), y.Year)
			}
			if work, twice := differs[number(day)]; twice && work != days.work {
				return fmt.Errorf("%s is both off and a workday", day.Format(time.DateOnly))
			}
			differs[number(day)] = days.work
		}
	}
	first := time.Date(y.Year, time.January, 1, 0, 0, 0, 0, time.UTC)
	if len(c.months) == 0 {
		c.first = MonthOf(first).first
	}
	before := c.until(first.AddDate(0, 0, -1))
	for m := range 12 {
		days := c.daysOf(first.AddDate(0, m, 0), differs)
		c.months = append(c.months, month{before, days})
		before += bits.OnesCount32(days)
	}
	return nil
}

// daysOf gives the workdays of a month as bits.
func (c *Calendar) daysOf(first time.Time, differs map[int]bool) (days uint32) {
	for day := first; day.Month() == first.Month(); day = day.AddDate(0, 0, 1) {
		work, exception := differs[number(day)]
		if !exception {
			work = c.inWeek(day)
		}
		if work {
			days |= 1 << (day.Day() - 1)
		}
	}
	return days
}

// isoDay numbers the days of a week from Monday (1) to Sunday (7).
func isoDay(day time.Weekday) int { return (int(day)+6)%7 + 1 }

// number counts days from Monday 1970-01-05, which is 0.
func number(day time.Time) int {
	y, m, d := day.Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()/(24*60*60)) - 4
}

// workweek gives the workdays of a plain week as bits.
func (c Calendar) workweek() uint8 {
	if c.week == 0 {
		return 0b0011111
	}
	return c.week
}

func (c Calendar) inWeek(day time.Time) bool { return c.workweek()>>(isoDay(day.Weekday())-1)&1 == 1 }

// plain counts the workdays of plain weeks from Monday 1970-01-05 up to and including a day; before that Monday it is negative.
func (c Calendar) plain(day int) int {
	past := (day%7+7)%7 + 1 // days of its week up to it
	return (day+1-past)/7*bits.OnesCount8(c.workweek()) + bits.OnesCount8(c.workweek()&(1<<past-1))
}

// until counts the workdays from Monday 1970-01-05 up to and including a day.
func (c Calendar) until(day time.Time) int {
	i := MonthOf(day).first - c.first
	switch {
	case len(c.months) == 0 || i < 0:
		return c.plain(number(day))
	case i >= len(c.months):
		return c.plain(number(day)) + c.after
	}
	return c.months[i].before + bits.OnesCount32(c.months[i].days&(1<<day.Day()-1))
}

// IsWorkday reports whether day is a workday.
func (c Calendar) IsWorkday(day time.Time) bool {
	if i := MonthOf(day).first - c.first; 0 <= i && i < len(c.months) {
		return c.months[i].days>>(day.Day()-1)&1 == 1
	}
	return c.inWeek(day)
}

// Workdays counts the workdays from a day up to, but not including, another; none when to is not after from.
func (c Calendar) Workdays(from, to time.Time) int {
	return max(0, c.Between(from.AddDate(0, 0, -1), to.AddDate(0, 0, -1)))
}

// Between counts the workdays after a up to and including b: 0 on the same day, negative when b lies before a.
func (c Calendar) Between(a, b time.Time) int { return c.until(b) - c.until(a) }

// Days gives the workdays from a day up to, but not including, another, at midnight UTC.
func (c Calendar) Days(from, to time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		y, m, d := from.Date()
		for day := time.Date(y, m, d, 0, 0, 0, 0, time.UTC); number(day) < number(to); day = day.AddDate(0, 0, 1) {
			if c.IsWorkday(day) && !yield(day) {
				return
			}
		}
	}
}

// Knows reports whether the holidays of a year are listed. A calendar that lists no year at all has plain weeks on purpose, and
// knows every year.
func (c Calendar) Knows(year int) bool {
	i := year*12 - c.first
	return len(c.months) == 0 || 0 <= i && i < len(c.months)
}

// Table is a calendar as figures, for those who count workdays by the same rule elsewhere, such as in SQL.
type Table struct {
	Week   int   // bit n-1 is set: day n of the week (1 = Monday) is a workday
	First  int   // year × 12 + month − 1 of the first month listed
	Before []int // by month listed: workdays from Monday 1970-01-05 up to the last day of the month before
	Days   []int // by month listed: bit n-1 is set: day n is a workday
	After  int   // what is added to the count of plain weeks for days after the months listed
}

// Table gives the figures of c.
func (c Calendar) Table() Table {
	t := Table{Week: int(c.workweek()), First: c.first, After: c.after}
	for _, m := range c.months {
		t.Before, t.Days = append(t.Before, m.before), append(t.Days, int(m.days))
	}
	return t
}
