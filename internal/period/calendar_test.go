package period_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plumbline/internal/period"
)

func day(t testing.TB, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var monToFri = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}

// golden has the National Day of 2026 in it: off Thursday 1 to Wednesday 7 October, made up for on Sunday 20 September and
// Saturday 10 October.
func golden(t testing.TB) period.Calendar {
	t.Helper()
	e := period.Exceptions{Year: 2026, Work: []time.Time{day(t, "2026-09-20"), day(t, "2026-10-10")}}
	for d := day(t, "2026-10-01"); d.Before(day(t, "2026-10-08")); d = d.AddDate(0, 0, 1) {
		e.Off = append(e.Off, d)
	}
	c, err := period.NewCalendar(monToFri, e)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Counted on a wall calendar. October 2026 begins on a Thursday and has 22 days from Monday to Friday, of which 1, 2, 5, 6 and 7
// are off and to which 10 is added: 18.
func TestWorkdaysByHand(t *testing.T) {
	for _, test := range []struct {
		from, to     string
		plain, china int // from ≤ day < to
	}{
		{"2026-10-01", "2026-11-01", 22, 18},
		{"2026-09-01", "2026-10-01", 22, 23},
		{"2026-10-01", "2026-10-08", 5, 0},
		{"2026-10-10", "2026-10-11", 0, 1},
		{"2026-01-01", "2027-01-01", 261, 258}, // 52 weeks, and a Thursday; −5 days off +2 made up
		{"2026-12-31", "2027-01-02", 2, 2},
		{"2025-12-29", "2026-01-05", 5, 5},
		{"2026-10-10", "2026-10-10", 0, 0},
		{"2026-10-12", "2026-10-01", 0, 0},
	} {
		from, to := day(t, test.from), day(t, test.to)
		if got := (period.Calendar{}).Workdays(from, to); got != test.plain {
			t.Errorf("%s to %s: %d plain workdays, want %d", test.from, test.to, got, test.plain)
		}
		if got := golden(t).Workdays(from, to); got != test.china {
			t.Errorf("%s to %s: %d workdays, want %d", test.from, test.to, got, test.china)
		}
	}
}

func TestBetweenByHand(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"2026-09-30", "2026-09-30", 0},
		{"2026-09-30", "2026-10-08", 1}, // a week off in between
		{"2026-10-09", "2026-10-12", 2}, // Friday, then Saturday 10 made up, Monday 12
		{"2026-10-08", "2026-09-30", -1},
		{"2026-11-27", "2026-11-28", 0}, // Friday to Saturday
		{"2026-11-28", "2026-11-30", 1},
		{"1969-12-31", "1970-01-05", 3}, // Thursday, Friday, Monday
	} {
		if got := golden(t).Between(day(t, test.a), day(t, test.b)); got != test.want {
			t.Errorf("after %s up to %s: %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

func TestDatesHaveNoClock(t *testing.T) {
	shanghai := time.FixedZone("UTC+8", 8*60*60)
	late := time.Date(2026, 10, 10, 23, 59, 0, 0, shanghai) // still the 10th there
	early := time.Date(2026, 10, 10, 0, 1, 0, 0, shanghai)  // the 9th in UTC
	c := golden(t)
	for _, at := range []time.Time{late, early} {
		if !c.IsWorkday(at) || c.Between(day(t, "2026-10-09"), at) != 1 || len(slices.Collect(c.Days(at, day(t, "2026-10-12")))) != 1 {
			t.Errorf("%s is not seen as Saturday 10 October", at)
		}
	}
}

func TestOtherWorkweeks(t *testing.T) {
	six, err := period.NewCalendar([]time.Weekday{time.Sunday, time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Saturday})
	if err != nil {
		t.Fatal(err)
	}
	if six.IsWorkday(day(t, "2026-11-27")) || !six.IsWorkday(day(t, "2026-11-29")) { // Friday, Sunday
		t.Error("the week is not Saturday to Thursday")
	}
	if got := six.Workdays(day(t, "2026-11-23"), day(t, "2026-11-30")); got != 6 {
		t.Errorf("%d workdays in a week, want 6", got)
	}
}

func TestYearsKnown(t *testing.T) {
	c, err := period.NewCalendar(monToFri, period.Exceptions{Year: 2025}, period.Exceptions{Year: 2026})
	if err != nil {
		t.Fatal(err)
	}
	for year, want := range map[int]bool{2024: false, 2025: true, 2026: true, 2027: false} {
		if c.Knows(year) != want {
			t.Errorf("knows %d: %v", year, !want)
		}
		if !(period.Calendar{}).Knows(year) {
			t.Errorf("plain weeks have nothing to know of %d", year)
		}
	}
}

func TestCalendarsThatAreNone(t *testing.T) {
	d := day(t, "2026-10-10")
	for name, make := range map[string]func() (period.Calendar, error){
		"no workday": func() (period.Calendar, error) { return period.NewCalendar(nil) },
		"gap": func() (period.Calendar, error) {
			return period.NewCalendar(monToFri, period.Exceptions{Year: 2024}, period.Exceptions{Year: 2026})
		},
		"other year": func() (period.Calendar, error) {
			return period.NewCalendar(monToFri, period.Exceptions{Year: 2025, Off: []time.Time{d}})
		},
		"both": func() (period.Calendar, error) {
			return period.NewCalendar(monToFri, period.Exceptions{Year: 2026, Off: []time.Time{d}, Work: []time.Time{d}})
		},
	} {
		if _, err := make(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Whatever the week and the exceptions, counting agrees with going through the days one by one.
func TestCountingAgreesWithWalking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		week := rapid.SliceOfNDistinct(rapid.SampledFrom([]time.Weekday{0, 1, 2, 3, 4, 5, 6}), 1, 7, rapid.ID).Draw(t, "week")
		first := rapid.IntRange(1965, 2030).Draw(t, "first year")
		off, work := map[time.Time]bool{}, map[time.Time]bool{}
		var years []period.Exceptions
		for i := range rapid.IntRange(0, 3).Draw(t, "years") {
			e := period.Exceptions{Year: first + i}
			for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(0, 364), 0, 40, rapid.ID).Draw(t, "days") {
				d := time.Date(e.Year, 1, 1+n, 0, 0, 0, 0, time.UTC)
				if n%2 == 0 {
					e.Off, off[d] = append(e.Off, d), true
				} else {
					e.Work, work[d] = append(e.Work, d), true
				}
			}
			years = append(years, e)
		}
		c, err := period.NewCalendar(week, years...)
		if err != nil {
			t.Fatal(err)
		}
		from := time.Date(first-1, 1, rapid.IntRange(1, 1800).Draw(t, "from"), 0, 0, 0, 0, time.UTC)
		to := from.AddDate(0, 0, rapid.IntRange(0, 800).Draw(t, "length"))
		var walked []time.Time
		for d := from; d.Before(to); d = d.AddDate(0, 0, 1) {
			is := work[d] || slices.Contains(week, d.Weekday()) && !off[d]
			if is != c.IsWorkday(d) {
				t.Fatalf("%s: workday %v", d.Format(time.DateOnly), !is)
			}
			if is {
				walked = append(walked, d)
			}
		}
		if got := c.Workdays(from, to); got != len(walked) || !slices.Equal(slices.Collect(c.Days(from, to)), walked) {
			t.Fatalf("%d workdays, %d when walked", got, len(walked))
		}
		eve := from.AddDate(0, 0, -1)
		if last := to.AddDate(0, 0, -1); c.Between(eve, last) != len(walked) || c.Between(last, eve) != -len(walked) {
			t.Fatalf("between %d and %d, want %d", c.Between(eve, last), c.Between(last, eve), len(walked))
		}
	})
}
