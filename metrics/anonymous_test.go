package metrics_test

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
)

// answered is what a value of the survey is the sum of: a period of departments, by id with commas between; "" is the company.
type answered struct{ period, departments string }

// treeOf gives the ids of each department of a report and of all below it.
func treeOf(r *metrics.Report) map[string]string {
	q := metrics.Quality{}
	for _, d := range r.Departments {
		q.Departments = append(q.Departments, d.Department)
	}
	under := map[string]string{}
	for _, d := range q.Departments {
		under[d.ID] = strings.Join(slices.Sorted(maps.Keys(q.Under(d.ID))), ",")
	}
	return under
}

// shownAnswers asks for the survey in every way there is, and gives the sums shown. No way may show what another one withholds.
func shownAnswers(t *testing.T, now time.Time) map[answered]sums {
	t.Helper()
	b := sampleCompany(t)
	v := inForce(t, b)
	ks := kpis(t, v.Policy, "survey_score")
	shown, told := map[answered]sums{}, map[answered]metrics.Status{}
	var tree map[string]string
	see := func(door, department string, v metrics.Value) {
		at := answered{v.Period.String(), tree[department]}
		if was, ok := told[at]; ok && was != v.Status || v.Status == metrics.Withheld && (v.N != 0 || v.Ratio != fixed.Ratio{}) {
			t.Errorf("%v: %s of %s, asked otherwise %s; %v", at, v.Status, door, was, v)
		}
		told[at] = v.Status
		if v.N > 0 {
			shown[at] = sumsOf(v)
		}
	}
	for _, of := range []string{"2026-04", "2026-06", "2026-07", "2026-08", "2026Q2", "2026Q3", "2026"} {
		q := metrics.Question{Period: parse(t, of), Version: v, AsOf: always, Now: now}
		r, err := metrics.New(t.Context(), b, q)
		if err != nil {
			t.Fatal(err)
		}
		tree = treeOf(r)
		at := slices.Index(r.KPIs, ks[0])
		line := func(department string, l metrics.Line) {
			for _, v := range append([]metrics.Value{l.Values[at]}, l.Months[at]...) {
				see("report of "+of, department, v)
			}
		}
		line("", r.Company)
		for _, d := range r.Departments {
			line(d.Department.ID, d.Line)
		}
		for _, months := range []bool{false, true} {
			rows, err := metrics.Values(t.Context(), b, q, ks, metrics.Levels{Company: true, Department: true, Month: months})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				see("values of "+of, r.Department, r.Value)
			}
		}
		receipt, err := metrics.Receipts(t.Context(), b, q, ks[0], "D001", "")
		if err != nil {
			t.Fatal(err)
		}
		see("receipt of "+of, "D001", receipt.Value)
		if rows := receipt.Rows; rows.Facts != nil || rows.LeftOut != nil || fixed.Int(int64(rows.Denominator)) != receipt.Value.N {
			t.Errorf("receipt of %s: %+v", of, rows)
		}
	}
	cache := metrics.NewCache(b)
	q := metrics.Question{Period: parse(t, "2026Q3"), Version: v, AsOf: always, Now: now}
	if _, err := cache.Refresh(t.Context(), q, parse(t, "2026-05")); err != nil {
		t.Fatal(err)
	}
	tree = treeOf(companyReport(t, "2026Q3"))
	for _, of := range []string{"2026Q3", "2026-06"} {
		for department := range tree {
			rows, err := cache.Page(department, parse(t, of))
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				if r.KPI.ID == "survey_score" {
					see("page of "+of, department, r.Value)
				}
			}
		}
	}
	return shown
}

// TestAnswersOfTheSampleCompanyStayAnonymous works out from everything that is shown what can be, in exact fractions, quarter by quarter: no
// department's month and no two of them with fewer than five answers may be among it. And what has enough is shown.
func TestAnswersOfTheSampleCompanyStayAnonymous(t *testing.T) {
	b := sampleCompany(t)
	shown := shownAnswers(t, day(t, "2026-10-14"))
	for _, quarter := range []string{"2026Q2", "2026Q3"} {
		q := parse(t, quarter)
		var cells []answered
		answers := map[answered]int64{}
		err := b.View(t.Context(), func(tx *warehouse.Tx) error {
			s := warehouse.SQL("answers", "SELECT department_id, strftime(month_on, '%Y-%m'), count(*) FROM facts.surveys WHERE _until = 9223372036854775807 GROUP BY ALL ORDER BY ALL")
			return tx.Each(t.Context(), s, nil, func(scan func(...any) error) error {
				var c answered
				var n int64
				err := scan(&c.departments, &c.period, &n)
				if q.Contains(parse(t, c.period).Start()) {
					cells, answers[c] = append(cells, c), n
				}
				return err
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		var rows [][]*big.Rat
		departments := 0
		for at := range shown {
			p := parse(t, at.period)
			if !q.Contains(p.Start()) || !q.Contains(p.LastDay()) {
				continue
			}
			row := make([]*big.Rat, len(cells))
			for i, c := range cells {
				row[i] = big.NewRat(0, 1)
				if p.Contains(parse(t, c.period).Start()) && (at.departments == "" || slices.Contains(strings.Split(at.departments, ","), c.departments)) {
					row[i].SetInt64(1)
				}
			}
			rows = append(rows, row)
			if p == q && at.departments != "" {
				departments++
			}
		}
		t.Logf("%s: %d departments and %d values in all, of %d cells", quarter, departments, len(rows), len(cells))
		if _, ok := shown[answered{quarter, ""}]; !ok || departments < 3 || len(rows) < 7 {
			t.Errorf("%s: the company, %v; %d departments of the quarter and %d values in all", quarter, ok, departments, len(rows))
		}
		all := rankWithout(rows)
		for i, c := range cells {
			for j := i; j < len(cells); j++ {
				n := answers[c]
				if j > i {
					n += answers[cells[j]]
				}
				if n < policy.AnonymousFrom && rankWithout(rows, i, j) < all {
					t.Errorf("%s: %v and %v, %d answers, can be worked out", quarter, c, cells[j], n)
				}
			}
		}
	}
}

// rankWithout is the rank of the rows without some columns.
func rankWithout(rows [][]*big.Rat, without ...int) (rank int) {
	m := make([][]*big.Rat, len(rows))
	for i, row := range rows {
		for j, x := range row {
			if !slices.Contains(without, j) {
				m[i] = append(m[i], new(big.Rat).Set(x))
			}
		}
	}
	for column := 0; rank < len(m) && column < len(m[0]); column++ {
		at := slices.IndexFunc(m[rank:], func(r []*big.Rat) bool { return r[column].Sign() != 0 })
		if at < 0 {
			continue
		}
		m[rank], m[rank+at] = m[rank+at], m[rank]
		for _, row := range m[rank+1:] {
			if row[column].Sign() == 0 {
				continue
			}
			by := new(big.Rat).Quo(row[column], m[rank][column])
			for j := column; j < len(row); j++ {
				row[j].Sub(row[j], new(big.Rat).Mul(by, m[rank][j]))
			}
		}
		rank++
	}
	return rank
}

// Nobody's answers are listed, in any of the ways that list rows.
func TestNoAnswerIsListed(t *testing.T) {
	b := sampleCompany(t)
	v := inForce(t, b)
	k := v.Policy.KPI("survey_score")
	_, err := metrics.Evidence(t.Context(), b, v.Policy, metrics.EvidenceQuestion{KPI: k, Period: parse(t, "2026"), AsOf: always, ReportDay: day(t, "2026-10-14")})
	if err == nil || !strings.Contains(err.Error(), "no answer is listed") {
		t.Errorf("evidence: %v", err)
	}
	q := metrics.Question{Period: parse(t, "2026Q2"), Version: v, AsOf: always, Now: day(t, "2026-10-14")}
	c, err := metrics.Compare(t.Context(), b, q, 1, always, []string{"survey_score"}, metrics.Levels{Company: true, Department: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range c.Values {
		if d.Before != nil && d.Before.Status != metrics.Withheld {
			t.Errorf("compared with %v", d.Before)
		}
	}
	if list, err := metrics.CompareRecords(t.Context(), b, c); err != nil || slices.ContainsFunc(list, func(d metrics.RecordDifference) bool { return d.KPI == k }) {
		t.Errorf("records: %v, %v", fmt.Sprint(list), err)
	}
}

// What is only tried out is recorded nowhere: a policy that would show the answers, or others of them, shows none.
func TestSimulationsShowNoAnswersOtherwise(t *testing.T) {
	b := sampleCompany(t)
	for name, c := range map[string]struct {
		change []string
		want   metrics.Status
	}{
		"as in force": {[]string{"# company.yaml", "# another remark\n# company.yaml"}, metrics.OK},
		"openly":      {[]string{"  anonymous: true\n", "  anonymous: false\n"}, metrics.Withheld},
		"other ones":  {[]string{"  anonymous: true\n", "  anonymous: true\n  where: \"score < 5\"\n"}, metrics.Withheld},
	} {
		s, err := simulate(t, b, changed(t, c.change...))
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(s.New.KPIs, func(k *policy.KPI) bool { return k.ID == "survey_score" })
		if got := s.New.Company.Values[at].Status; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
