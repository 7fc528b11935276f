// Package period names months, quarters and years and counts with them.
//
// In come texts such as 2026-07, 2026Q3 and 2026; out go half-open ranges of days and their neighbours.
// It never reads the clock: today is handed in by whoever needs it.
package period

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Kind is the length of a period.
type Kind int

// The lengths, by number of months.
const (
	Month   Kind = 1
	Quarter Kind = 3
	Year    Kind = 12
)

// Period is a calendar month, quarter or year. The zero value is no period. Periods compare with ==.
type Period struct {
	first int // months since year 0
	kind  Kind
}

var pattern = regexp.MustCompile(`^(\d{4})(?:-(\d{2})|Q(\d))?$`)

// Parse reads 2026-07 (month), 2026Q3 (quarter) or 2026 (year), from 1900 to 2999.
func Parse(s string) (Period, error) {
	bad := func() (Period, error) {
		return Period{}, fmt.Errorf("period %q: expected a month like 2026-07, a quarter like 2026Q3 or a year like 2026 "+
			"(期间应写作 2026-07、2026Q3 或 2026)", s)
	}
	m := pattern.FindStringSubmatch(s)
	if m == nil {
		return bad()
	}
	year, _ := strconv.Atoi(m[1])
	if year < 1900 || year > 2999 {
		return bad()
	}
	if m[2] != "" {
		month, _ := strconv.Atoi(m[2])
		if month < 1 || month > 12 {
			return bad()
		}
		return Period{year*12 + month - 1, Month}, nil
	}
	if m[3] != "" {
		quarter, _ := strconv.Atoi(m[3])
		if quarter < 1 || quarter > 4 {
			return bad()
		}
		return Period{year*12 + (quarter-1)*3, Quarter}, nil
	}
	return Period{year * 12, Year}, nil
}

// MonthOf gives the month that day t lies in.
func MonthOf(t time.Time) Period { return Period{t.Year()*12 + int(t.Month()) - 1, Month} }

// IsZero reports whether p is no period.
func (p Period) IsZero() bool { return p.kind == 0 }

// Kind gives the length of p.
func (p Period) Kind() Kind { return p.kind }

// Year gives the calendar year of p.
func (p Period) Year() int { return p.first / 12 }

// Number gives the month (1 to 12) or quarter (1 to 4) within the year, and 1 for a year.
func (p Period) Number() int {
	if p.kind == Year {
		return 1
	}
	return p.first%12/int(p.kind) + 1
}

// Start is the first day, at midnight UTC; facts are days without zone.
func (p Period) Start() time.Time {
	return time.Date(p.Year(), time.Month(p.first%12+1), 1, 0, 0, 0, 0, time.UTC)
}

// End is the first day after p.
func (p Period) End() time.Time { return p.Start().AddDate(0, int(p.kind), 0) }

// LastDay is the last day of p.
func (p Period) LastDay() time.Time { return p.End().AddDate(0, 0, -1) }

// Contains reports whether day t lies in p.
func (p Period) Contains(t time.Time) bool { return !t.Before(p.Start()) && t.Before(p.End()) }

// Before is the period of the same length that ends where p starts (环比).
func (p Period) Before() Period { return Period{p.first - int(p.kind), p.kind} }

// YearBefore is the same period a year earlier (同比).
func (p Period) YearBefore() Period { return Period{p.first - 12, p.kind} }

// Months lists the months of p in order.
func (p Period) Months() []Period {
	months := make([]Period, p.kind)
	for i := range months {
		months[i] = Period{p.first + i, Month}
	}
	return months
}

// LastMonths lists the n months that end with the last month of p, in order.
func (p Period) LastMonths(n int) []Period {
	months := make([]Period, n)
	last := p.first + int(p.kind) - 1
	for i := range months {
		months[i] = Period{last - n + 1 + i, Month}
	}
	return months
}

// String gives the text that Parse reads.
func (p Period) String() string {
	switch p.kind {
	case Month:
		return fmt.Sprintf("%04d-%02d", p.Year(), p.Number())
	case Quarter:
		return fmt.Sprintf("%04dQ%d", p.Year(), p.Number())
	case Year:
		return fmt.Sprintf("%04d", p.Year())
	}
	return ""
}

// ZH is the period as a Chinese reader writes it: 2026年7月, 2026年第3季度, 2026年.
func (p Period) ZH() string {
	switch p.kind {
	case Month:
		return fmt.Sprintf("%d年%d月", p.Year(), p.Number())
	case Quarter:
		return fmt.Sprintf("%d年第%d季度", p.Year(), p.Number())
	}
	return fmt.Sprintf("%d年", p.Year())
}

// EN is the period as an English reader writes it: July 2026, Q3 2026, 2026.
func (p Period) EN() string {
	switch p.kind {
	case Month:
		return p.Start().Format("January 2006")
	case Quarter:
		return fmt.Sprintf("Q%d %d", p.Number(), p.Year())
	}
	return strconv.Itoa(p.Year())
}
