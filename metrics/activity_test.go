package metrics_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"plumbline/internal/fixed"
	"plumbline/metrics"
)

// activity reads the activity of some days of the sample company.
func activity(t *testing.T, period, from, to, department string, kpis ...string) *metrics.Activity {
	t.Helper()
	b := sampleCompany(t)
	q := question(t, inForce(t, b), period)
	ask := metrics.ActivityQuestion{From: day(t, from), To: day(t, to), Department: department, Ahead: 14}
	for _, id := range kpis {
		ask.Rates = append(ask.Rates, q.Version.Policy.KPI(id))
	}
	a, err := metrics.ReadActivity(context.Background(), b, q, ask)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestActivityOfTheCompanyIsThatOfItsParts: hours add up over the departments at the top and over the weeks of a month, and lists too.
func TestActivityOfTheCompanyIsThatOfItsParts(t *testing.T) {
	r := companyReport(t, "2026Q3")
	whole := activity(t, "2026-07", "2026-07-01", "2026-07-31", "")
	sum := func(a *metrics.Activity) (hours fixed.Num) {
		for _, h := range a.Hours {
			hours += h.Hours
		}
		return hours
	}
	var parts fixed.Num
	late := 0
	for _, d := range r.Departments {
		if d.Department.Depth == 0 {
			a := activity(t, "2026-07", "2026-07-01", "2026-07-31", d.Department.ID)
			parts += sum(a)
			late += len(a.Late)
		}
	}
	near := func(a, b fixed.Num) bool { return max(a-b, b-a) <= fixed.MustParse("0.2") } // each project is rounded to hundredths
	if total := sum(whole); total == 0 || !near(total, parts) {
		t.Errorf("hours of the company %s, of its departments %s", total, parts)
	}
	if len(whole.Late) == 0 || late < len(whole.Late) { // somebody of two departments is listed in both
		t.Errorf("late deliveries of the company %d, of its departments %d", len(whole.Late), late)
	}
	for i := range whole.Trainings {
		if x := &whole.Trainings[i]; x.Cell("due_on")[:7] != "2026-07" && !(x.Cell("done_on") != "" && x.Cell("done_on")[:7] == "2026-07") {
			t.Errorf("neither due nor done in July: %v", x.Cells)
		}
	}
	if len(whole.Trainings) == 0 {
		t.Error("no training in July")
	}
	weeks := fixed.Num(0)
	for _, w := range [][2]string{{"2026-07-01", "2026-07-05"}, {"2026-07-06", "2026-07-12"}, {"2026-07-13", "2026-07-19"}, {"2026-07-20", "2026-07-31"}} {
		weeks += sum(activity(t, "2026-07", w[0], w[1], ""))
	}
	if !near(weeks, sum(whole)) {
		t.Errorf("hours of the weeks %s, of the month %s", weeks, sum(whole))
	}
}

// TestActivityCountsWhatTheMonthCounts: shares over the days of a month are those of the month, and lists hold what they say.
func TestActivityCountsWhatTheMonthCounts(t *testing.T) {
	r := companyReport(t, "2026-08")
	ids := []string{"on_time_rate", "conversion_rate", "log_punctuality"}
	a := activity(t, "2026-08", "2026-08-01", "2026-08-31", "", ids...)
	for i, id := range ids {
		at := slices.IndexFunc(r.Company.Values, func(v metrics.Value) bool { return v.KPI.ID == id })
		want, got := r.Company.Values[at], a.Rates[i]
		if got.Ratio != want.Ratio || got.N != want.N || got.Status != want.Status || got.N == 0 {
			t.Errorf("%s: %s / %s (%s), want %s / %s (%s)", id, got.Ratio.Num, got.Ratio.Den, got.Status, want.Ratio.Num, want.Ratio.Den, want.Status)
		}
		if a.RatesBefore[i].N == 0 {
			t.Errorf("%s: nothing counts in the days before", id)
		}
	}
	inDays := func(d time.Time, from, to string) bool { return !d.Before(day(t, from)) && !d.After(day(t, to)) }
	for i := range a.Late {
		if x := &a.Late[i]; !inDays(x.Day, "2026-08-01", "2026-08-31") || x.Cell("delivered_on") != "" && x.Cell("delivered_on") <= x.Cell("due_on") {
			t.Errorf("not late: %v", x.Cells)
		}
	}
	for i := range a.Milestones {
		if x := &a.Milestones[i]; !inDays(x.Day, "2026-09-01", "2026-09-14") {
			t.Errorf("not due in the days ahead: %v", x.Cells)
		}
	}
	for i := range a.Resolutions {
		if x := &a.Resolutions[i]; x.Cell("done_on") != "" && x.Cell("done_on") <= "2026-08-31" {
			t.Errorf("done by then: %v", x.Cells)
		}
	}
	if len(a.Late) == 0 || len(a.Milestones) == 0 || len(a.Resolutions) == 0 {
		t.Errorf("lists are empty: %d late, %d milestones, %d resolutions", len(a.Late), len(a.Milestones), len(a.Resolutions))
	}
}

func TestActivityOfAnUnknownDepartmentIsRefused(t *testing.T) {
	b := sampleCompany(t)
	if _, err := metrics.ReadActivity(context.Background(), b, question(t, inForce(t, b), "2026-07"), metrics.ActivityQuestion{From: day(t, "2026-07-01"), To: day(t, "2026-07-31"), Department: "nowhere"}); err == nil {
		t.Error("an unknown department was accepted")
	}
}
