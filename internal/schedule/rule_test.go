package schedule_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plumbline/internal/period"
	"plumbline/internal/schedule"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func at(hour, minute int) schedule.Clock { return schedule.Clock{Hour: hour, Minute: minute} }

// feast has the first week of October off, as in 2026, and its 10th worked.
func feast(t testing.TB) period.Calendar {
	t.Helper()
	day := func(n int) time.Time { return time.Date(2026, 10, n, 0, 0, 0, 0, time.UTC) }
	c, err := period.NewCalendar([]time.Weekday{1, 2, 3, 4, 5}, period.Exceptions{Year: 2026, Off: []time.Time{day(1), day(2), day(5), day(6), day(7)}, Work: []time.Time{day(10)}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestNext: the moments of each rule, one after the other, by the wall of the company's zone.
func TestNext(t *testing.T) {
	shanghai, berlin := zone(t, "Asia/Shanghai"), zone(t, "Europe/Berlin")
	for _, c := range []struct {
		name  string
		rule  schedule.Rule
		zone  *time.Location
		after string
		want  []string
	}{
		{"daily", schedule.Daily(at(9, 0)), shanghai, "2026-02-28 08:59", []string{"2026-02-28 09:00 +0800", "2026-03-01 09:00 +0800"}},
		{"daily, at the moment itself", schedule.Daily(at(9, 0)), shanghai, "2026-02-28 09:00", []string{"2026-03-01 09:00 +0800"}},
		{"weekly", schedule.Weekly(time.Friday, at(17, 0)), shanghai, "2026-07-03 16:59", []string{"2026-07-03 17:00 +0800", "2026-07-10 17:00 +0800"}},
		{"weekly on Sunday, the last day of its week", schedule.Weekly(time.Sunday, at(0, 0)), shanghai, "2026-07-03 12:00", []string{"2026-07-05 00:00 +0800", "2026-07-12 00:00 +0800"}},
		{"weekly on Monday over a new year", schedule.Weekly(time.Monday, at(8, 30)), shanghai, "2026-12-28 09:00", []string{"2027-01-04 08:30 +0800", "2027-01-11 08:30 +0800"}},
		{"day 31 of months without it", schedule.Monthly(31, at(18, 0)), shanghai, "2026-01-31 18:00", []string{"2026-02-28 18:00 +0800", "2026-03-31 18:00 +0800", "2026-04-30 18:00 +0800"}},
		{"day 29 of a leap year", schedule.Monthly(29, at(18, 0)), shanghai, "2028-02-01 00:00", []string{"2028-02-29 18:00 +0800"}},
		{"months of a quarter's end", schedule.Monthly(15, at(9, 0)).In(time.January, time.October), shanghai, "2026-01-15 09:00", []string{"2026-10-15 09:00 +0800", "2027-01-15 09:00 +0800"}},
		{"workdays before a date in the holidays", schedule.WorkdayBefore(2, 5, at(9, 0), feast(t)), shanghai, "2026-09-20 00:00", []string{"2026-09-29 09:00 +0800", "2026-11-03 09:00 +0800"}},
		{"a workday before the first of a month", schedule.WorkdayBefore(1, 1, at(9, 0), feast(t)).In(time.November), shanghai, "2026-10-30 08:00", []string{"2026-10-30 09:00 +0800", "2027-10-29 09:00 +0800"}},
		{"every quarter of an hour", schedule.Every(15), shanghai, "2026-07-03 09:15", []string{"2026-07-03 09:30 +0800", "2026-07-03 09:45 +0800"}},
		{"a time that the clock leaves out", schedule.Daily(at(2, 30)), berlin, "2026-03-28 12:00", []string{"2026-03-29 03:00 +0200", "2026-03-30 02:30 +0200"}},
		{"a time that comes twice", schedule.Daily(at(2, 30)), berlin, "2026-10-24 12:00", []string{"2026-10-25 02:30 +0200", "2026-10-26 02:30 +0100"}},
		{"a day of 23 hours", schedule.Daily(at(9, 0)), berlin, "2026-03-28 09:00", []string{"2026-03-29 09:00 +0200"}},
		{"minutes over an hour that comes twice", schedule.Every(60), berlin, "2026-10-25 01:30", []string{"2026-10-25 02:00 +0200", "2026-10-25 02:00 +0100", "2026-10-25 03:00 +0100"}},
		{"never", schedule.Rule{}, shanghai, "2026-07-03 09:15", []string{"0001-01-01 00:00 +0000"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			now, err := time.ParseInLocation("2006-01-02 15:04", c.after, c.zone)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for range c.want {
				now = c.rule.Next(now, c.zone)
				got = append(got, now.Format("2006-01-02 15:04 -0700"))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: got %q, want %q", c.rule.EN(), got, c.want)
			}
		})
	}
}

// drawRule draws a rule, with the longest time in which it has a moment.
func drawRule(t *rapid.T) (schedule.Rule, time.Duration) {
	const day = 24 * time.Hour
	clock := at(rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"))
	n := rapid.IntRange(1, 31).Draw(t, "day")
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		minutes := rapid.IntRange(1, 24*60).Draw(t, "minutes")
		return schedule.Every(minutes), time.Duration(minutes) * time.Minute
	case 1:
		return schedule.Daily(clock), day
	case 2:
		return schedule.Weekly(time.Weekday(n%7), clock), 7 * day
	case 3:
		return schedule.Monthly(n, clock), 31 * day
	}
	return schedule.WorkdayBefore(rapid.IntRange(1, 30).Draw(t, "workdays"), n, clock, period.Calendar{}), 35 * day
}

// TestNextNeverSkips: the next moment lies after, no further than a period away but for a change of the clock, and none lies between: asking
// from any moment in between gives the same one.
func TestNextNeverSkips(t *testing.T) {
	zones := []*time.Location{zone(t, "Asia/Shanghai"), zone(t, "Europe/Berlin"), zone(t, "Australia/Lord_Howe"), time.UTC}
	rapid.Check(t, func(t *rapid.T) {
		rule, longest := drawRule(t)
		z := rapid.SampledFrom(zones).Draw(t, "zone")
		after := time.Unix(rapid.Int64Range(1e9, 3e9).Draw(t, "after"), 0)
		next := rule.Next(after, z)
		if !next.After(after) || next.Sub(after) > longest+2*time.Hour {
			t.Fatalf("%s in %s: after %s comes %s", rule.EN(), z, after.In(z), next)
		}
		between := after.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(after))-1).Draw(t, "between")))
		if again := rule.Next(between, z); !again.Equal(next) {
			t.Fatalf("%s in %s: after %s comes %s, but after %s, before it, %s", rule.EN(), z, after.In(z), next, between.In(z), again)
		}
	})
}

// TestEveryPeriodHasItsMoment: a year has as many moments as days, weeks or months, whatever its clocks do.
func TestEveryPeriodHasItsMoment(t *testing.T) {
	for _, name := range []string{"Asia/Shanghai", "Europe/Berlin"} {
		z := zone(t, name)
		for _, c := range []struct {
			rule schedule.Rule
			want int
		}{
			{schedule.Daily(at(2, 30)), 365}, {schedule.Weekly(time.Sunday, at(2, 30)), 52}, {schedule.Monthly(31, at(0, 0)), 12}, {schedule.WorkdayBefore(3, 20, at(9, 0), period.Calendar{}), 12},
			{schedule.Every(30), 365 * 48},
		} {
			from, to, n := time.Date(2026, 1, 1, 0, 0, 0, 0, z), time.Date(2027, 1, 1, 0, 0, 0, 0, z), 0
			for m := c.rule.Next(from.Add(-1), z); m.Before(to); m = c.rule.Next(m, z) {
				n++
			}
			if n != c.want {
				t.Errorf("%s in %s: %d moments in 2026, want %d", c.rule.EN(), name, n, c.want)
			}
		}
	}
}

func TestRulesInWords(t *testing.T) {
	for _, c := range []struct {
		rule   schedule.Rule
		zh, en string
	}{
		{schedule.Daily(at(9, 0)), "每天 09:00", "every day at 09:00"},
		{schedule.Weekly(time.Friday, at(17, 0)), "每周五 17:00", "every Friday at 17:00"},
		{schedule.Monthly(5, at(9, 0)).In(time.January, time.April), "每年 1、4 月 5 日 09:00", "on day 5 of January, April at 09:00"},
		{schedule.WorkdayBefore(2, 5, at(9, 0), period.Calendar{}), "每月 5 日前第 2 个工作日 09:00", "on workday 2 before day 5 of each month at 09:00"},
		{schedule.Every(5), "每 5 分钟", "every 5 minutes"},
	} {
		if c.rule.ZH() != c.zh || c.rule.EN() != c.en {
			t.Errorf("got %q and %q, want %q and %q", c.rule.ZH(), c.rule.EN(), c.zh, c.en)
		}
	}
}

func FuzzParseClock(f *testing.F) {
	for _, s := range []string{"09:00", "23:59", "24:00", "9:00", "", "09:00 ", "０９:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := schedule.ParseClock(s); err == nil && c.String() != s {
			t.Errorf("%q was read as %s", s, c)
		}
	})
}
