package period

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Week is a week from Monday to Sunday, numbered as ISO 8601 does: week 1 has the year's first Thursday. The zero value is no week. KPIs are
// added up by months, so a week is a stretch of days for lists and counts, not a Period.
type Week struct {
	year, number int
}

var weekPattern = regexp.MustCompile(`^(\d{4})-W(\d{2})$`)

// ParseWeek reads 2026-W30, from 1900 to 2999.
func ParseWeek(s string) (Week, error) {
	m := weekPattern.FindStringSubmatch(s)
	if m != nil {
		year, _ := strconv.Atoi(m[1])
		number, _ := strconv.Atoi(m[2])
		w := Week{year, number}
		if y, n := w.Start().ISOWeek(); year >= 1900 && year <= 2999 && number > 0 && y == year && n == number {
			return w, nil
		}
	}
	return Week{}, fmt.Errorf("week %q: expected a week like 2026-W30 (周应写作 2026-W30)", s)
}

// WeekOf is the week of a day.
func WeekOf(t time.Time) Week {
	year, number := t.ISOWeek()
	return Week{year, number}
}

// Start is the Monday, at midnight UTC.
func (w Week) Start() time.Time {
	fourth := time.Date(w.year, time.January, 4, 0, 0, 0, 0, time.UTC) // always in week 1
	monday := fourth.AddDate(0, 0, -(int(fourth.Weekday())+6)%7)
	return monday.AddDate(0, 0, 7*(w.number-1))
}

// LastDay is the Sunday.
func (w Week) LastDay() time.Time { return w.Start().AddDate(0, 0, 6) }

// String gives the text that ParseWeek reads.
func (w Week) String() string { return fmt.Sprintf("%04d-W%02d", w.year, w.number) }

// ZH is the week as a Chinese reader writes it: 2026年第30周.
func (w Week) ZH() string { return fmt.Sprintf("%d年第%d周", w.year, w.number) }

// EN is the week as an English reader writes it: week 30 of 2026.
func (w Week) EN() string { return fmt.Sprintf("Week %d of %d", w.number, w.year) }
