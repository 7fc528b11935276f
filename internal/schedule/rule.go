package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/period"
)

// Clock is a time of the day by the wall.
type Clock struct{ Hour, Minute int }

// ParseClock reads 09:00.
func ParseClock(s string) (Clock, error) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return Clock{}, fmt.Errorf("time of day %q: write it like 09:00 (时刻应写作 09:00)", s)
	}
	return Clock{t.Hour(), t.Minute()}, nil
}

func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", c.Hour, c.Minute) }

// kind is the length of a rule's periods.
type kind int

const (
	never kind = iota
	everyMinutes
	daily
	weekly
	monthly
	beforeDate
)

// Rule says when a job is due: at one moment of each of its periods. The zero value is never.
type Rule struct {
	kind     kind
	minutes  int
	at       Clock
	weekday  time.Weekday
	day      int // of the month
	months   []time.Month
	workdays int
	calendar period.Calendar
}

// Every is due every n minutes, counted in absolute time, so that a changed clock neither adds nor loses one. n lies between 1 and 1440.
func Every(n int) Rule { return Rule{kind: everyMinutes, minutes: min(max(n, 1), 24*60)} }

// Daily is due every day.
func Daily(at Clock) Rule { return Rule{kind: daily, at: at} }

// Weekly is due on a day of each week.
func Weekly(day time.Weekday, at Clock) Rule { return Rule{kind: weekly, weekday: day, at: at} }

// Monthly is due on a day of each month, 1 to 31; a shorter month is due on its last day.
func Monthly(day int, at Clock) Rule {
	return Rule{kind: monthly, day: min(max(day, 1), 31), at: at}
}

// WorkdayBefore is due on the n-th workday before a day of each month, n from 1 to 60. The moment may lie in a month before.
func WorkdayBefore(n, day int, at Clock, c period.Calendar) Rule {
	return Rule{kind: beforeDate, workdays: min(max(n, 1), 60), day: min(max(day, 1), 31), at: at, calendar: c}
}

// In keeps a monthly rule, or one before a day of the month, to these months; of the latter it is the month of that day that counts.
func (r Rule) In(months ...time.Month) Rule {
	r.months = slices.Clone(months)
	return r
}

// Next gives the first moment after another at which the rule is due in a zone; zero for a rule that never is.
//
// A time of the day that a change of the clock leaves out is due when the clock goes on, one that comes twice is due the first time.
func (r Rule) Next(after time.Time, zone *time.Location) time.Time {
	switch r.kind {
	case never:
		return time.Time{}
	case everyMinutes:
		step := time.Duration(r.minutes) * time.Minute
		return after.Truncate(step).Add(step).In(zone)
	}
	// The period before is looked at too, since a moment may lie before or after the days of its period.
	first := r.periodOf(after.In(zone)) - 1
	for i := first; i < first+r.most(); i++ {
		if t, ok := r.moment(i, zone); ok && t.After(after) {
			return t
		}
	}
	return time.Time{}
}

// most is how many periods hold a moment after any other: some more where only some months count, or where a date lies after long holidays.
func (r Rule) most() int {
	if len(r.months) > 0 || r.kind == beforeDate {
		return 40
	}
	return 5
}

// days counts the days of the calendar since 1970-01-01.
func days(t time.Time) int {
	y, m, d := t.Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

// periodOf numbers the period in which the day of a moment lies.
func (r Rule) periodOf(t time.Time) int {
	switch r.kind {
	case daily:
		return days(t)
	case weekly:
		return (days(t) + 3) / 7 // 1970-01-01 was a Thursday
	}
	return t.Year()*12 + int(t.Month()) - 1
}

// moment gives the moment of a period, and false for a month that does not count.
func (r Rule) moment(i int, zone *time.Location) (time.Time, bool) {
	switch r.kind {
	case daily:
		return r.at.on(time.Unix(int64(i)*24*60*60, 0).UTC(), zone), true
	case weekly:
		monday := time.Unix(int64(i*7-3)*24*60*60, 0).UTC()
		return r.at.on(monday.AddDate(0, 0, (int(r.weekday)+6)%7), zone), true
	}
	first := time.Date(0, time.Month(i+1), 1, 0, 0, 0, 0, time.UTC)
	if len(r.months) > 0 && !slices.Contains(r.months, first.Month()) {
		return time.Time{}, false
	}
	day := first.AddDate(0, 0, min(r.day, first.AddDate(0, 1, -1).Day())-1)
	if r.kind == beforeDate {
		day = back(day, r.workdays, r.calendar)
	}
	return r.at.on(day, zone), true
}

// back goes n workdays back from a day.
func back(day time.Time, n int, c period.Calendar) time.Time {
	for n > 0 {
		day = day.AddDate(0, 0, -1)
		if c.IsWorkday(day) {
			n--
		}
	}
	return day
}

// on gives the moment at which the clock of a zone shows c on a day.
func (c Clock) on(day time.Time, zone *time.Location) time.Time {
	y, m, d := day.Date()
	wall := time.Date(y, m, d, c.Hour, c.Minute, 0, 0, time.UTC)
	_, early := wall.AddDate(0, 0, -1).In(zone).Zone()
	_, late := wall.AddDate(0, 0, 1).In(zone).Zone()
	first, second := wall.Add(-time.Duration(early)*time.Second).In(zone), wall.Add(-time.Duration(late)*time.Second).In(zone)
	if second.Before(first) {
		first, second = second, first
	}
	for _, t := range []time.Time{first, second} {
		if days(t) == days(wall) && t.Hour() == c.Hour && t.Minute() == c.Minute {
			return t
		}
	}
	start, _ := second.ZoneBounds() // the clock went over it
	return start
}

var weekdaysZH = [...]string{"日", "一", "二", "三", "四", "五", "六"}

// ZH tells the rule to a Chinese reader.
func (r Rule) ZH() string {
	switch r.kind {
	case everyMinutes:
		return fmt.Sprintf("每 %d 分钟", r.minutes)
	case daily:
		return "每天 " + r.at.String()
	case weekly:
		return "每周" + weekdaysZH[r.weekday] + " " + r.at.String()
	case monthly:
		return fmt.Sprintf("%s %d 日 %s", r.monthsZH(), r.day, r.at)
	case beforeDate:
		return fmt.Sprintf("%s %d 日前第 %d 个工作日 %s", r.monthsZH(), r.day, r.workdays, r.at)
	}
	return "从不"
}

func (r Rule) monthsZH() string {
	if len(r.months) == 0 {
		return "每月"
	}
	var list []string
	for _, m := range r.months {
		list = append(list, fmt.Sprint(int(m)))
	}
	return "每年 " + strings.Join(list, "、") + " 月"
}

// EN tells the rule to an English reader.
func (r Rule) EN() string {
	switch r.kind {
	case everyMinutes:
		return fmt.Sprintf("every %d minutes", r.minutes)
	case daily:
		return "every day at " + r.at.String()
	case weekly:
		return "every " + r.weekday.String() + " at " + r.at.String()
	case monthly:
		return fmt.Sprintf("on day %d of %s at %s", r.day, r.monthsEN(), r.at)
	case beforeDate:
		return fmt.Sprintf("on workday %d before day %d of %s at %s", r.workdays, r.day, r.monthsEN(), r.at)
	}
	return "never"
}

func (r Rule) monthsEN() string {
	if len(r.months) == 0 {
		return "each month"
	}
	var list []string
	for _, m := range r.months {
		list = append(list, m.String())
	}
	return strings.Join(list, ", ")
}
