package metrics_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// TestReceiptsAddUp takes random subjects of the sample company: the receipt has the value that Values has, and its records and occasions come to
// the figures in it.
func TestReceiptsAddUp(t *testing.T) {
	b := sampleCompany(t)
	v := inForce(t, b)
	q := question(t, v, "2026Q3")
	q.Now = day(t, "2026-09-20") // with records still open
	rows, err := metrics.Values(t.Context(), b, q, v.Policy.KPIs, metrics.Levels{Company: true, Department: true, Employee: true})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		row := rapid.SampledFrom(rows).Draw(rt, "row")
		r, err := metrics.Receipts(context.Background(), b, q, row.KPI, row.Department, row.Employee)
		if err != nil {
			rt.Fatal(err)
		}
		if r.Value.Ratio != row.Ratio || r.Value.N != row.N || r.Value.Status != row.Status || num(r.Value.Target) != num(row.Target) {
			rt.Fatalf("%s of %q %q: the receipt says %+v, Values %+v", row.KPI.ID, row.Department, row.Employee, r.Value, row.Value)
		}
		for _, fault := range adds(r) {
			rt.Fatalf("%s of %q %q: %s", row.KPI.ID, row.Department, row.Employee, fault)
		}
	})
}

// adds compares the counts of a receipt with its figures.
func adds(r *metrics.Receipt) (faults []string) {
	k, rows, ratio := r.Value.KPI, r.Rows, r.Value.Ratio
	missing := 0
	for _, g := range rows.Missing {
		missing += g.Count
	}
	for _, g := range slices.Concat(rows.LeftOut, rows.Missing) {
		if g.Count == 0 || g.Reason.ZH == "" || g.Reason.EN == "" || strings.Contains(g.Reason.EN, "'") {
			faults = append(faults, "a group without count or plain reason")
		}
	}
	whole := r.Department == nil || rows.Uniform == fixed.Int(1) // every record counts as one
	if k.IsRate() && whole && (ratio.Num != fixed.Int(int64(rows.Numerator)) || ratio.Den != fixed.Int(int64(rows.Denominator))) {
		faults = append(faults, "the records are not the figures")
	}
	if k.Expects() == policy.Workday && r.Person != nil && len(r.Stays) == 1 {
		s := r.Stays[0]
		if due := fixed.Int(int64(rows.Done + missing)).Times(s.Share).Times(s.Working); due != ratio.Den {
			faults = append(faults, "what was done and what is missing is not what was due")
		}
	}
	if k.Anonymous { // whose answers nobody is told
		if len(rows.Facts) > 0 {
			faults = append(faults, "answers are told")
		}
		return faults
	}
	if len(rows.Facts) < max(rows.Numerator, rows.Denominator) || len(rows.Facts) > rows.Numerator+rows.Denominator {
		faults = append(faults, "the records that count are not as many as it says")
	}
	return faults
}

// TestDerivationsAreTheReport compares what everybody's score is derived from with the report.
func TestDerivationsAreTheReport(t *testing.T) {
	b := sampleCompany(t)
	q := question(t, inForce(t, b), "2026Q3")
	r := companyReport(t, "2026Q3")
	var numbers []string
	for _, s := range r.Scores {
		numbers = append(numbers, s.Person.No)
	}
	list, err := metrics.Derive(t.Context(), b, q, numbers...)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range list {
		if num(d.Score.Total) != num(r.Scores[i].Total) || len(d.Lines) != len(r.Scores[i].Lines) {
			t.Errorf("%s: total %s, the report says %s", d.Person.No, num(d.Score.Total), num(r.Scores[i].Total))
		}
		for _, l := range d.Lines {
			days := 0
			for _, s := range l.Stays {
				days += int(s.Last.Sub(s.First).Hours()/24) + 1
			}
			if days != l.Line.Days || l.Department.ID != l.Line.Department {
				t.Errorf("%s in %s: stays of %d days, the line has %d", d.Person.No, l.Department.ID, days, l.Line.Days)
			}
			for _, item := range l.Line.Score.Items {
				if v := l.Of(item.Item.KPI).Value; v.Ratio != item.Value.Ratio || v.N != item.Value.N || v.Status != item.Value.Status {
					t.Errorf("%s: the receipt of %s says %+v, the score %+v", d.Person.No, v.KPI.ID, v, item.Value)
				}
			}
		}
	}
}

// TestThePeriodBeforeIsJudgedByThePolicyOfThen adopts a higher target from a day on. In the second quarter 01 had 8 of 8 hours, 100 %: the
// target of 90 gives 100 points, held at the end of the curve, that of 160 gives 62.5. The logs give 100, and each counts half.
func TestThePeriodBeforeIsJudgedByThePolicyOfThen(t *testing.T) {
	archive, err := txtar.ParseFile(filepath.Join("testdata", "looking_back.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from, before string
		version      int
	}{{"2026-07-01", "100.00", 1}, {"2026-06-30", "81.25", 2}} {
		s := newScene(t, archive)
		src := slices.Clone(s.version.Policy.Source)
		for i := range src {
			src[i].Text = strings.ReplaceAll(src[i].Text, "{kpi: hours, weight: 50, target: 90,", "{kpi: hours, weight: 50, target: 160,")
		}
		if err := policy.Adopt(t.Context(), s.books, src, day(t, c.from), "higher", "tester"); err != nil {
			t.Fatal(err)
		}
		v := inForce(t, s.books)
		r, err := metrics.New(t.Context(), s.books, question(t, v, "2026Q3"))
		if err != nil {
			t.Fatal(err)
		}
		d, err := metrics.Derive(t.Context(), s.books, question(t, v, "2026Q3"), "01")
		if err != nil {
			t.Fatal(err)
		}
		for _, score := range []metrics.PersonScore{r.Scores[0], *d[0].Score} {
			if score.Person.No != "01" || score.Total.Text(2) != "69.53" || score.Before == nil || score.Before.Text(2) != c.before {
				t.Errorf("from %s on: total %v, before %v", c.from, score.Total, score.Before)
			}
		}
		if r.PolicyVersion != 2 || r.PolicyBefore != c.version || r.People[0].Before.Text(2) != c.before {
			t.Errorf("from %s on: version %d, before %d, line before %v", c.from, r.PolicyVersion, r.PolicyBefore, r.People[0].Before)
		}
	}
}
