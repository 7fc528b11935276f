package sample

import (
	"testing"
	"time"

	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// The company of the sample works on the days on which the default calendar says it does, in the years whose holidays both know.
func TestWorkdaysAreThoseOfTheDefaultCalendar(t *testing.T) {
	db, err := warehouse.Open(t.Context(), "", warehouse.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p, err := policy.Check(t.Context(), db, policy.Default())
	if err != nil {
		t.Fatal(err)
	}
	for day := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2027; day = day.AddDate(0, 0, 1) {
		if isWorkday(dayOf(day)) != p.Calendar.IsWorkday(day) {
			t.Errorf("%s: the sample says %v", day.Format(time.DateOnly), !p.Calendar.IsWorkday(day))
		}
	}
}
