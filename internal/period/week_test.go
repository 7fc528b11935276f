package period

import "testing"

func TestWeeks(t *testing.T) {
	for _, c := range []struct{ in, from, to string }{
		{"2026-W30", "2026-07-20", "2026-07-26"}, {"2026-W01", "2025-12-29", "2026-01-04"}, {"2026-W53", "2026-12-28", "2027-01-03"},
		{"2021-W01", "2021-01-04", "2021-01-10"}, {"2024-W01", "2024-01-01", "2024-01-07"}, {"2025-W01", "2024-12-30", "2025-01-05"},
	} {
		w, err := ParseWeek(c.in)
		if err != nil {
			t.Fatal(err)
		}
		if from, to := w.Start().Format("2006-01-02"), w.LastDay().Format("2006-01-02"); from != c.from || to != c.to || w.String() != c.in {
			t.Errorf("%s: %s to %s as %s, want %s to %s", c.in, from, to, w, c.from, c.to)
		}
	}
	for _, bad := range []string{"", "2026-W00", "2026-W54", "2025-W53", "2026-30", "2026-W3", "W30", "0001-W01"} {
		if w, err := ParseWeek(bad); err == nil {
			t.Errorf("%q read as %s", bad, w)
		}
	}
}
