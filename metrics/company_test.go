package metrics_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
)

// spans are the months and quarters of the sample company, from July 2025 to September 2026.
func spans(t testing.TB) []period.Period {
	list := parse(t, "2026-09").LastMonths(15)
	for _, q := range []string{"2025Q3", "2025Q4", "2026Q1", "2026Q2", "2026Q3"} {
		list = append(list, parse(t, q))
	}
	return list
}

// subject is what a value is of.
type subject struct{ kpi, period, department, employee string }

// sums is what a value is made of, as texts and counts.
type sums struct {
	num, den fixed.Num
	n        int64
}

// computed gives the sums of all KPIs at all levels and spans, told today; those without rows are left out.
func computed(t testing.TB, today time.Time) map[subject]sums {
	t.Helper()
	b := sampleCompany(t)
	v := inForce(t, b)
	all := map[subject]sums{}
	for _, p := range spans(t) {
		q := metrics.Question{Period: p, Version: v, AsOf: always, Now: today}
		rows, err := metrics.Values(t.Context(), b, q, v.Policy.KPIs, metrics.Levels{Company: true, Department: true, Employee: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if r.N == 0 && r.Ratio.Num == 0 {
				continue
			}
			s := sums{num: r.Ratio.Num, n: r.N}
			if r.KPI.Denominator != nil {
				s.den = r.Ratio.Den
			}
			all[subject{r.KPI.ID, p.String(), r.Department, r.Employee}] = s
		}
	}
	return all
}

// TestIndependentComputation computes every default KPI a second time, with SQL written by hand.
func TestIndependentComputation(t *testing.T) {
	b := sampleCompany(t)
	for _, today := range []string{"2026-10-14", "2026-08-20"} {
		t.Run(today, func(t *testing.T) {
			got := computed(t, day(t, today))
			want := map[subject]sums{}
			for _, k := range inForce(t, b).Policy.KPIs {
				byHand(t, k.ID, day(t, today), want)
			}
			if len(want) < 5000 {
				t.Fatalf("only %d sums were worked out", len(want))
			}
			wrong := 0
			for s, w := range want {
				if g, ok := got[s]; !ok || g != w {
					if wrong++; wrong < 20 {
						t.Errorf("%v: %v, by hand %v", s, g, w)
					}
				}
			}
			for s, g := range got {
				if _, ok := want[s]; !ok {
					t.Errorf("%v: %v, by hand nothing", s, g)
				}
			}
		})
	}
}

// byHand runs the hand-written SQL of one KPI.
func byHand(t *testing.T, kpi string, today time.Time, into map[subject]sums) {
	t.Helper()
	records, err := os.ReadFile(filepath.Join("testdata", "independent", kpi+".sql"))
	if err != nil {
		t.Fatal(err)
	}
	roll, err := os.ReadFile(filepath.Join("testdata", "independent", "rollup.sql"))
	if err != nil {
		t.Fatal(err)
	}
	s := warehouse.SQL("by hand "+kpi, strings.Replace(string(roll), "\nRECORDS\n", "\n"+string(records)+"\n", 1))
	args := warehouse.Args{}
	if slices.Contains(s.Parameters(), "today") {
		args["today"] = today
	}
	err = sampleCompany(t).View(t.Context(), func(tx *warehouse.Tx) error {
		return tx.Each(t.Context(), s, args, func(scan func(...any) error) error {
			var department, employee, length, num, den string
			var first time.Time
			var v sums
			if err := scan(&department, &employee, &length, &first, &num, &den, &v.n); err != nil {
				return err
			}
			v.num, v.den = fixed.MustParse(num), fixed.MustParse(den)
			p := period.MonthOf(first).String()
			if length == "quarter" {
				p = parse(t, first.Format("2006")+"Q"+string('1'+rune(first.Month()-1)/3)).String()
			}
			into[subject{kpi, p, department, employee}] = v
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestCoarserIsTheSumOfItsParts adds up departments, employees and months of the sample company.
func TestCoarserIsTheSumOfItsParts(t *testing.T) {
	all := computed(t, day(t, "2026-10-14"))
	r := companyReport(t, "2026Q3")
	departments := map[string][]string{"": nil} // by parent
	for _, d := range r.Departments {
		departments[d.Department.ParentID] = append(departments[d.Department.ParentID], d.Department.ID)
	}
	own := map[subject]sums{} // of the department's own people
	for s, v := range all {
		if s.employee != "" {
			s.employee = ""
			own[s] = plus(own[s], v)
		}
	}
	checked := 0
	for s, v := range all {
		if s.employee == "" {
			sum := own[s]
			for _, d := range departments[s.department] {
				sum = plus(sum, all[subject{s.kpi, s.period, d, ""}])
			}
			if sum != v {
				t.Errorf("%v: %v, but its people and departments add up to %v", s, v, sum)
			}
			checked++
		}
		if p := parse(t, s.period); p.Kind() == period.Quarter {
			var sum sums
			for _, m := range p.Months() {
				sum = plus(sum, all[subject{s.kpi, m.String(), s.department, s.employee}])
			}
			if sum != v {
				t.Errorf("%v: %v, but its months add up to %v", s, v, sum)
			}
			checked++
		}
	}
	if checked < 1000 {
		t.Errorf("only %d sums were checked", checked)
	}
}

func plus(a, b sums) sums { return sums{a.num + b.num, a.den + b.den, a.n + b.n} }

func companyReport(t testing.TB, p string) *metrics.Report {
	t.Helper()
	b := sampleCompany(t)
	r, err := metrics.New(t.Context(), b, question(t, inForce(t, b), p))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// summed is the column that a KPI adds up in the numerator and the denominator; "" counts rows.
var summed = map[string][2]string{"logged_hours_rate": {"hours", "planned_hours"}, "won_amount": {"amount", ""}}

// TestEvidenceAddsUpToTheValue takes random subjects of the sample company.
func TestEvidenceAddsUpToTheValue(t *testing.T) {
	b := sampleCompany(t)
	v := inForce(t, b)
	today := day(t, "2026-09-20") // with deliveries still open
	values := computed(t, today)
	subjects := make([]subject, 0, len(values))
	for s := range values {
		subjects = append(subjects, s)
	}
	slices.SortFunc(subjects, func(a, b subject) int {
		return strings.Compare(a.kpi+" "+a.period+" "+a.department+" "+a.employee, b.kpi+" "+b.period+" "+b.department+" "+b.employee)
	})
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.SampledFrom(subjects).Draw(rt, "subject")
		k, p := v.Policy.KPI(s.kpi), parse(t, s.period)
		reportDay := p.LastDay()
		if today.Before(reportDay) {
			reportDay = today
		}
		rows, err := metrics.Evidence(context.Background(), b, v.Policy, metrics.EvidenceQuestion{KPI: k, Period: p, Department: s.department,
			Employee: s.employee, AsOf: always, ReportDay: reportDay})
		if err != nil {
			rt.Fatal(err)
		}
		var got sums
		seen := map[[2]int64]bool{}
		for _, r := range rows {
			if at := [2]int64{r.Seq, r.Row}; seen[at] {
				rt.Fatalf("%v: row %v stands there twice", s, at)
			} else {
				seen[at] = true
			}
			if r.Counted == metrics.LeftOut {
				if r.Reason.ZH == "" || r.Reason.EN == "" {
					rt.Fatalf("%v: left out without a reason: %v", s, r)
				}
				continue
			}
			got.n++
			if r.Counted == metrics.InBoth {
				got.num += counted(k, r, summed[k.ID][0])
			}
			if k.Denominator != nil {
				got.den += counted(k, r, summed[k.ID][1])
			}
		}
		if got != values[s] {
			rt.Fatalf("%v: the rows come to %v, the value is %v", s, got, values[s])
		}
	})
}

func counted(k *policy.KPI, r metrics.EvidenceRow, column string) fixed.Num {
	i := slices.IndexFunc(k.Dataset.Columns, func(c *policy.Column) bool { return c.ID == column })
	if i < 0 {
		return fixed.Int(1)
	}
	return fixed.MustParse(r.Cells[i])
}

// TestEveryFigureIsFinite walks through the report of the sample company.
func TestEveryFigureIsFinite(t *testing.T) {
	seen := 0
	for _, p := range []string{"2025Q3", "2026Q3", "2026-08", "2026"} {
		r := companyReport(t, p)
		lists := [][]metrics.Value{}
		eachLine(r, func(_ string, l metrics.Line, _ metrics.DepartmentLine) {
			lists = append(lists, l.Values, l.Before, l.YearBefore)
			lists = append(lists, l.Months...)
			for _, f := range l.Funnels {
				lists = append(lists, f.Steps)
			}
		})
		for _, l := range r.People {
			lists = append(lists, l.Values)
		}
		for _, v := range slices.Concat(lists...) {
			f, ok := v.Float()
			if ok != (v.Status != metrics.NoData) {
				t.Fatalf("%s of %s: status %s, and a value: %v", v.KPI.ID, v.Period, v.Status, ok)
			}
			if math.IsNaN(f+v.Low+v.High) || math.IsInf(f+v.Low+v.High, 0) {
				t.Fatalf("%s of %s: %v [%v, %v]", v.KPI.ID, v.Period, f, v.Low, v.High)
			}
			if v.HasInterval && !(0 <= v.Low && v.Low <= f && f <= v.High && v.High <= 100) {
				t.Fatalf("%s of %s: %v is not within [%v, %v]", v.KPI.ID, v.Period, f, v.Low, v.High)
			}
			seen++
		}
	}
	if seen < 1000 {
		t.Errorf("only %d values were seen", seen)
	}
}

// TestReportAgreesWithValues compares the two doors on the sample company.
func TestReportAgreesWithValues(t *testing.T) {
	b := sampleCompany(t)
	v := inForce(t, b)
	q := question(t, v, "2026Q3")
	r := companyReport(t, "2026Q3")
	rows, err := metrics.Values(t.Context(), b, q, v.Policy.KPIs, metrics.Levels{Company: true, Department: true, Employee: true})
	if err != nil {
		t.Fatal(err)
	}
	values := map[subject]metrics.Value{}
	for _, row := range rows {
		values[subject{row.KPI.ID, row.Period.String(), row.Department, row.Employee}] = row.Value
	}
	same := func(department, employee string, list []metrics.Value) {
		for _, a := range list {
			b, ok := values[subject{a.KPI.ID, "2026Q3", department, employee}]
			if ok != (employee == "" || a.N > 0 || a.Target != nil) || ok && (a.Ratio != b.Ratio || a.N != b.N || a.Status != b.Status || a.Low != b.Low || a.High != b.High || num(a.Target) != num(b.Target)) {
				t.Errorf("%s of %q %q: report %+v, values %+v", a.KPI.ID, department, employee, a, b)
			}
		}
	}
	same("", "", r.Company.Values)
	for _, d := range r.Departments {
		same(d.Department.ID, "", d.Values)
	}
	for _, p := range r.People {
		same(p.Department, p.Person.No, p.Values)
	}
}
