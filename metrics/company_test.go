package metrics_test

import (
	"maps"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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
	num, den, n fixed.Num
}

// earlyDay is a day with deliveries still open, and logs that may still be written; a later one is when all has come in.
const earlyDay, lateDay = "2026-08-20", "2026-10-14"

// early is computed once for all tests that only read it.
var early map[subject]sums

// computedEarly gives the sums of all spans, told on earlyDay.
func computedEarly(t testing.TB) map[subject]sums {
	t.Helper()
	if early == nil {
		early = computed(t, spans(t), day(t, earlyDay))
	}
	return early
}

// computed gives the sums of all KPIs at all levels and some spans, told today; those without rows are left out.
func computed(t testing.TB, of []period.Period, today time.Time) map[subject]sums {
	t.Helper()
	b := sampleCompany(t)
	v := inForce(t, b)
	all := map[subject]sums{}
	for _, p := range of {
		q := metrics.Question{Period: p, Version: v, AsOf: always, Now: today}
		rows, err := metrics.Values(t.Context(), b, q, v.Policy.KPIs, metrics.Levels{Company: true, Department: true, Employee: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if r.N == 0 && r.Ratio.Num == 0 {
				continue
			}
			all[subject{r.KPI.ID, p.String(), r.Department, r.Employee}] = sumsOf(r.Value)
		}
	}
	return all
}

// TestIndependentComputation computes every default KPI, and KPIs of the forms that the default has none of, a second time with SQL
// written by hand: all spans on an early day, and on a late one those that were under way on the early day or ended shortly before.
func TestIndependentComputation(t *testing.T) {
	kpis, anonymous := ofFiles(inForce(t, sampleCompany(t)).Policy.KPIs), map[string]bool{}
	for _, k := range kpis {
		anonymous[k.ID] = k.Anonymous
	}
	for _, today := range []string{lateDay, earlyDay} {
		t.Run(today, func(t *testing.T) {
			of := slices.DeleteFunc(spans(t), func(p period.Period) bool { return p.LastDay().Before(day(t, "2026-07-31")) })
			var got map[subject]sums
			if today == earlyDay {
				of, got = spans(t), computedEarly(t)
			} else {
				got = computed(t, of, day(t, today))
			}
			want := map[subject]sums{}
			for _, k := range kpis {
				byHand(t, k.ID, day(t, today), want)
			}
			figures := map[string]int{} // by KPI
			for s := range want {
				figures[s.kpi]++
			}
			maps.DeleteFunc(want, func(s subject, _ sums) bool { return !slices.Contains(of, parse(t, s.period)) })
			wrong := map[string]int{} // by KPI
			for s := range maps.Keys(union(got, want)) {
				if anonymous[s.kpi] && got[s] == (sums{}) {
					continue // withheld, lest others be found from it
				}
				if got[s] != want[s] {
					if wrong[s.kpi]++; wrong[s.kpi] < 5 {
						t.Errorf("%v: %v, by hand %v", s, got[s], want[s])
					}
				}
			}
			for _, k := range kpis {
				if wrong[k.ID] > 0 || figures[k.ID] < 2 {
					t.Errorf("%s: %d of %d figures differ", k.ID, wrong[k.ID], figures[k.ID])
				}
			}
		})
	}
}

// ofFiles leaves the KPIs out whose records are decisions, which the sample company has not made; the reviews check them by hand.
func ofFiles(kpis []*policy.KPI) []*policy.KPI {
	return slices.DeleteFunc(slices.Clone(kpis), func(k *policy.KPI) bool { return k.Dataset != nil && k.Dataset.Recorded != "" })
}

func union(a, b map[subject]sums) map[subject]sums {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// byHand runs the hand-written SQL of one KPI: the organisation's, within it that of the kind of figure, and within that the KPI's records.
func byHand(t *testing.T, kpi string, today time.Time, into map[subject]sums) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "independent", "*", kpi+".sql"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%s is written by hand %d times", kpi, len(files))
	}
	text := "RECORDS"
	for _, part := range []struct{ file, place string }{{filepath.Join("testdata", "independent", "organisation.sql"), "RECORDS"},
		{filepath.Dir(files[0]) + ".sql", "\nFIGURE\n"}, {files[0], "RECORDS"}} {
		inner, err := os.ReadFile(part.file)
		if err != nil {
			t.Fatal(err)
		}
		at := strings.LastIndex(text, part.place)
		text = text[:at] + "\n" + strings.TrimSpace(string(inner)) + "\n" + text[at+len(part.place):]
	}
	err = sampleCompany(t).View(t.Context(), func(tx *warehouse.Tx) error {
		return tx.Each(t.Context(), warehouse.SQL("by hand "+kpi, text), warehouse.Args{"today": today}, func(scan func(...any) error) error {
			var department, employee, length string
			var first time.Time
			var num, den, n int64
			if err := scan(&department, &employee, &length, &first, &num, &den, &n); err != nil {
				return err
			}
			p := period.MonthOf(first).String()
			if length == "quarter" {
				p = parse(t, first.Format("2006")+"Q"+string('1'+rune(first.Month()-1)/3)).String()
			}
			into[subject{kpi, p, department, employee}] = sums{fixed.Num(num), fixed.Num(den), fixed.Num(n)}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestCoarserIsTheSumOfItsParts adds up departments, employees and months of the sample company, quarter by quarter with the departments as
// they stood at its end. What is counted once, withheld or no sum at all must at least lie where its parts allow.
func TestCoarserIsTheSumOfItsParts(t *testing.T) {
	b := sampleCompany(t)
	v := inForce(t, b)
	checked := 0
	for _, quarter := range []string{"2025Q3", "2025Q4", "2026Q1", "2026Q2", "2026Q3"} {
		q := question(t, v, quarter)
		all := map[subject]sums{}
		for _, months := range []bool{false, true} {
			rows, err := metrics.Values(t.Context(), b, q, v.Policy.KPIs, metrics.Levels{Company: true, Department: true, Employee: true, Month: months})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				all[subject{r.KPI.ID, r.Period.String(), r.Department, r.Employee}] = sumsOf(r.Value)
			}
		}
		parts := partsOf(companyReport(t, quarter), q.Period, all)
		for s, whole := range all {
			for by, list := range parts[s] {
				checked++
				if fault := whole.against(v.Policy.KPI(s.kpi), by, list); fault != "" {
					t.Errorf("%v is %v, and its %s are %v: %s", s, whole, by, list, fault)
				}
			}
		}
	}
	if checked < 10_000 {
		t.Errorf("only %d sums were checked", checked)
	}
}

func sumsOf(v metrics.Value) sums {
	s := sums{num: v.Ratio.Num, n: v.N}
	if v.KPI.HasDenominator() || v.KPI.Numerator.Kind == policy.Median {
		s.den = v.Ratio.Den
	}
	return s
}

// partsOf lists what values are made of: "months" of a quarter; "people and departments" of a department and the company.
func partsOf(r *metrics.Report, quarter period.Period, all map[subject]sums) map[subject]map[string][]sums {
	parts := map[subject]map[string][]sums{}
	add := func(whole subject, by string, part sums) {
		if parts[whole] == nil {
			parts[whole] = map[string][]sums{}
		}
		parts[whole][by] = append(parts[whole][by], part)
	}
	parents := map[string]string{}
	for _, d := range r.Departments {
		parents[d.Department.ID] = d.Department.ParentID
	}
	for s, v := range all {
		if s.period != quarter.String() {
			add(subject{s.kpi, quarter.String(), s.department, s.employee}, "months", v)
		}
		switch {
		case s.employee != "":
			add(subject{s.kpi, s.period, s.department, ""}, "people and departments", v)
		case s.department != "":
			add(subject{s.kpi, s.period, parents[s.department], ""}, "people and departments", v)
		}
	}
	return parts
}

// against says what is wrong with a whole and its parts; "" for nothing.
func (s sums) against(k *policy.KPI, by string, parts []sums) string {
	var sum, most sums
	var medians []*big.Rat
	for _, p := range parts {
		sum = plus(sum, p)
		most = sums{max(most.num, p.num), max(most.den, p.den), max(most.n, p.n)}
		if p.den > 0 {
			medians = append(medians, p.quotient())
		}
	}
	switch {
	case k.Anonymous: // parts may be withheld
		if s.n > 0 && (s.n < sum.n || s.n < fixed.Int(policy.AnonymousFrom)) {
			return "more answers in the parts, or too few to be shown"
		}
	case k.Numerator.Kind == policy.Median:
		if s.n != sum.n {
			return "the rows do not add up"
		}
		if len(medians) == 0 {
			return ""
		}
		least, greatest := slices.MinFunc(medians, (*big.Rat).Cmp), slices.MaxFunc(medians, (*big.Rat).Cmp)
		if m := s.quotient(); m.Cmp(least) < 0 || m.Cmp(greatest) > 0 {
			return "the median lies outside of those of the parts"
		}
	case k.Numerator.Kind == policy.People && by != "months":
		if s.num < most.num || s.num > sum.num || s.den < most.den || s.den > sum.den || s.n < most.n || s.n > sum.n {
			return "there are fewer people than in one part, or more than in all"
		}
	case k.DepartmentOnly() && by != "months": // what a department owns itself is what is left
		if s.n < sum.n || s.num < sum.num && k.Numerator.Kind == policy.CountRows {
			return "the parts are more than the whole"
		}
	case s != sum:
		return "the parts do not add up"
	}
	return ""
}

func (s sums) quotient() *big.Rat { return big.NewRat(int64(s.num), int64(s.den)) }

func plus(a, b sums) sums { return sums{a.num + b.num, a.den + b.den, a.n + b.n} }

// TestTheCompanyIsTheSumOfItsTopDepartments is for what departments own: costs, answers, and the ratios of them.
func TestTheCompanyIsTheSumOfItsTopDepartments(t *testing.T) {
	b := sampleCompany(t)
	v := inForce(t, b)
	r := companyReport(t, "2026Q3")
	rows, err := metrics.Values(t.Context(), b, question(t, v, "2026Q3"), kpis(t, v.Policy, "costs_total", "cost_budget_rate", "cost_of_revenue"),
		metrics.Levels{Company: true, Department: true})
	if err != nil {
		t.Fatal(err)
	}
	rest := map[string]sums{}
	for _, row := range rows {
		i := slices.IndexFunc(r.Departments, func(d metrics.DepartmentLine) bool { return d.Department.ID == row.Department })
		switch s := sumsOf(row.Value); {
		case i < 0:
			if s.num == 0 {
				t.Errorf("%s: the company has nothing", row.KPI.ID)
			}
			rest[row.KPI.ID] = plus(rest[row.KPI.ID], s)
		case r.Departments[i].Department.ParentID == "":
			rest[row.KPI.ID] = plus(rest[row.KPI.ID], sums{-s.num, -s.den, -s.n})
		}
	}
	for kpi, s := range rest {
		if s != (sums{}) {
			t.Errorf("%s: %v of the company's are in no department", kpi, s)
		}
	}
}

func companyReport(t testing.TB, p string) *metrics.Report {
	t.Helper()
	b := sampleCompany(t)
	r, err := metrics.New(t.Context(), b, question(t, inForce(t, b), p))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestEveryFigureIsFinite walks through reports of the sample company.
func TestEveryFigureIsFinite(t *testing.T) {
	seen := 0
	for _, p := range []string{"2025Q3", "2026Q3", "2026-08", "2026"} {
		seen += finite(t, companyReport(t, p))
	}
	if seen < 20_000 {
		t.Errorf("only %d values were seen", seen)
	}
}

// finite looks at every value and reading of a report and gives how many values there are.
func finite(t *testing.T, r *metrics.Report) (seen int) {
	t.Helper()
	lists := [][]metrics.Value{}
	readings := [][]metrics.Reading{}
	eachLine(r, func(_ string, l metrics.Line, _ metrics.DepartmentLine) {
		lists = append(lists, l.Values, l.Before, l.YearBefore)
		lists = append(lists, l.Months...)
		readings = append(readings, l.Readings)
		for _, f := range l.Funnels {
			lists = append(lists, f.Steps)
		}
	})
	for _, l := range r.People {
		lists, readings = append(lists, l.Values), append(readings, l.Readings)
	}
	for _, v := range slices.Concat(lists...) {
		f, ok := v.Float()
		if ok != (v.Status != metrics.NoData && v.Status != metrics.Withheld) {
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
	for _, x := range slices.Concat(readings...) {
		sum := x.Change.Absolute + x.YearChange.Absolute
		if x.Peers != nil {
			sum += x.Peers.Q1 + x.Peers.Median + x.Peers.Q3
		}
		if x.Forecast != nil {
			sum += x.Forecast.Value + x.Forecast.Low + x.Forecast.High
		}
		if math.IsNaN(sum) || math.IsInf(sum, 0) {
			t.Fatalf("a reading is no number: %+v", x)
		}
	}
	return seen
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
