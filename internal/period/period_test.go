package period_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plumbline/internal/period"
)

func parse(t testing.TB, s string) period.Period {
	t.Helper()
	p, err := period.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text             string
		kind             period.Kind
		year, number     int
		first, last, end string
		zh, en           string
	}{
		{"2026-07", period.Month, 2026, 7, "2026-07-01", "2026-07-31", "2026-08-01", "2026年7月", "July 2026"},
		{"2026-12", period.Month, 2026, 12, "2026-12-01", "2026-12-31", "2027-01-01", "2026年12月", "December 2026"},
		{"2024-02", period.Month, 2024, 2, "2024-02-01", "2024-02-29", "2024-03-01", "2024年2月", "February 2024"},
		{"1900-02", period.Month, 1900, 2, "1900-02-01", "1900-02-28", "1900-03-01", "1900年2月", "February 1900"},
		{"2026Q1", period.Quarter, 2026, 1, "2026-01-01", "2026-03-31", "2026-04-01", "2026年第1季度", "Q1 2026"},
		{"2026Q3", period.Quarter, 2026, 3, "2026-07-01", "2026-09-30", "2026-10-01", "2026年第3季度", "Q3 2026"},
		{"2026Q4", period.Quarter, 2026, 4, "2026-10-01", "2026-12-31", "2027-01-01", "2026年第4季度", "Q4 2026"},
		{"2026", period.Year, 2026, 1, "2026-01-01", "2026-12-31", "2027-01-01", "2026年", "2026"},
		{"2999", period.Year, 2999, 1, "2999-01-01", "2999-12-31", "3000-01-01", "2999年", "2999"},
	} {
		p := parse(t, c.text)
		if p.Kind() != c.kind || p.Year() != c.year || p.Number() != c.number || p.IsZero() {
			t.Errorf("%s: kind %d, year %d, number %d", c.text, p.Kind(), p.Year(), p.Number())
		}
		got := []string{p.Start().Format(time.DateOnly), p.LastDay().Format(time.DateOnly), p.End().Format(time.DateOnly), p.ZH(), p.EN(), p.String()}
		want := []string{c.first, c.last, c.end, c.zh, c.en, c.text}
		if strings.Join(got, " | ") != strings.Join(want, " | ") {
			t.Errorf("%s: %q, want %q", c.text, got, want)
		}
		for day, in := range map[time.Time]bool{p.Start(): true, p.LastDay(): true, p.LastDay().Add(24*time.Hour - 1): true, p.End(): false, p.Start().Add(-1): false} {
			if p.Contains(day) != in {
				t.Errorf("%s contains %s: %v", c.text, day, !in)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{"", "2026-7", "2026-00", "2026-13", "2026-99", "2026Q0", "2026Q5", "2026q3", "2026-Q3", "2026Q03", "Q3 2026", "26", "202607", "20260701", "2026-07-01",
		" 2026", "2026 ", "2026\n", "2026-07\n", "+2026", "-2026", "1899", "1899-12", "3000", "3000Q1", "0000", "２０２６", "２026-07", "2026年7月", "2026/07", "2026Q３", "2026–07"} {
		if p, err := period.Parse(s); err == nil {
			t.Errorf("%q was read as %s", s, p)
		} else if !p.IsZero() || !strings.Contains(err.Error(), "2026Q3") || !strings.Contains(err.Error(), "期间") {
			t.Errorf("%q: period %v beside an error that does not help: %v", s, p, err)
		}
	}
	if s := (period.Period{}).String(); s != "" || !(period.Period{}).IsZero() {
		t.Errorf("no period is written %q", s)
	}
}

func TestNeighbours(t *testing.T) {
	for _, c := range []struct{ text, before, yearBefore, months string }{
		{"2026-07", "2026-06", "2025-07", "2026-07"},
		{"2026-01", "2025-12", "2025-01", "2026-01"},
		{"2026Q1", "2025Q4", "2025Q1", "2026-01 2026-02 2026-03"},
		{"2026Q4", "2026Q3", "2025Q4", "2026-10 2026-11 2026-12"},
		{"2026", "2025", "2025", "2026-01 2026-02 2026-03 2026-04 2026-05 2026-06 2026-07 2026-08 2026-09 2026-10 2026-11 2026-12"},
		{"1900-01", "1899-12", "1899-01", "1900-01"},
	} {
		p := parse(t, c.text)
		if p.Before().String() != c.before || p.YearBefore().String() != c.yearBefore || join(p.Months()) != c.months {
			t.Errorf("%s: before %s, a year before %s, months %s", p, p.Before(), p.YearBefore(), join(p.Months()))
		}
	}
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"2026Q1", 5, "2025-11 2025-12 2026-01 2026-02 2026-03"}, {"2026-01", 3, "2025-11 2025-12 2026-01"}, {"2026-03", 1, "2026-03"}, {"2026", 2, "2026-11 2026-12"}, {"2026", 0, ""},
	} {
		if got := join(parse(t, c.text).LastMonths(c.n)); got != c.want {
			t.Errorf("the last %d months of %s: %s, want %s", c.n, c.text, got, c.want)
		}
	}
	run := parse(t, "2026Q3").LastMonths(15)
	if len(run) != 15 || run[0].String() != "2025-07" || run[14].String() != "2026-09" {
		t.Errorf("fifteen months: %s", join(run))
	}
}

func join(months []period.Period) string {
	var texts []string
	for _, m := range months {
		texts = append(texts, m.String())
	}
	return strings.Join(texts, " ")
}

func TestMonthOfGoesByTheMomentsOwnZone(t *testing.T) {
	moment := time.Date(2026, 7, 31, 20, 0, 0, 0, time.UTC)
	shanghai := time.FixedZone("CST", 8*3600)
	if a, b := period.MonthOf(moment), period.MonthOf(moment.In(shanghai)); a.String() != "2026-07" || b.String() != "2026-08" {
		t.Errorf("%s in UTC, %s eight hours ahead", a, b)
	}
}

func TestPeriodsAreASeamlessRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := draw(t)
		p, err := period.Parse(s)
		if err != nil || p.String() != s {
			t.Fatalf("%q is read as %q, %v", s, p, err)
		}
		if before := p.Before(); before.End() != p.Start() || before.Kind() != p.Kind() {
			t.Fatalf("%s ends on %s, %s starts on %s", before, before.End(), p, p.Start())
		}
		if year := p.YearBefore(); year.Kind() != p.Kind() || year.Number() != p.Number() || year.Year() != p.Year()-1 {
			t.Fatalf("a year before %s is %s", p, year)
		}
		at := p.Start()
		for _, m := range p.Months() {
			if m.Start() != at || m.Kind() != period.Month || period.MonthOf(m.LastDay()) != m || !p.Contains(m.LastDay()) {
				t.Fatalf("month %s of %s", m, p)
			}
			at = m.End()
		}
		if at != p.End() || len(p.Months()) != int(p.Kind()) {
			t.Fatalf("the months of %s end on %s", p, at)
		}
		n := rapid.IntRange(1, 30).Draw(t, "n")
		last := p.LastMonths(n)
		if len(last) != n || last[n-1].End() != p.End() {
			t.Fatalf("the last %d months of %s: %s", n, p, join(last))
		}
		for i := 1; i < n; i++ {
			if last[i].Before() != last[i-1] {
				t.Fatalf("the last %d months of %s: %s", n, p, join(last))
			}
		}
	})
}

func draw(t *rapid.T) string {
	year := period.MonthOf(time.Date(rapid.IntRange(1900, 2999).Draw(t, "year"), 1, 1, 0, 0, 0, 0, time.UTC)).String()[:4]
	return year + rapid.SampledFrom([]string{"", "-01", "-02", "-06", "-09", "-10", "-11", "-12", "Q1", "Q2", "Q3", "Q4"}).Draw(t, "part")
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"2026-07", "2026Q3", "2026", "1900-01", "2999Q4", "2026-13", "2026Q5", "2026-7", "1899", "２０２６"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := period.Parse(s)
		if err != nil {
			if !p.IsZero() {
				t.Fatalf("%q: %s beside the error %v", s, p, err)
			}
			return
		}
		if p.String() != s || p.Year() < 1900 || p.Year() > 2999 || !p.Start().Before(p.End()) {
			t.Fatalf("%q is read as %s", s, p)
		}
	})
}
