package metrics_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/sample_data"
)

// checks limits how often a property that needs books of its own is tried.
func checks(t *testing.T, n string) {
	t.Helper()
	f := flag.Lookup("rapid.checks")
	before := f.Value.String()
	if err := f.Value.Set(n); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Value.Set(before) })
}

// smallCompany makes books with the departments A with B below it and C, and four people, of whom 02 moves from A to B on 15 August 2026 and back.
func smallCompany(t *testing.T) *books.Books {
	dir := t.TempDir()
	write(t, dir, "departments.csv", "department_id,name,parent_id,kind\nA,One,,sales\nB,Two,A,engineering\nC,Three,,support\n")
	write(t, dir, "employees.csv", "employee_no,name,hired_on,left_on\n01,Ann,2020-01-01,\n02,Bob,2020-01-01,\n03,Cid,2026-08-10,\n04,Dan,2020-01-01,2026-08-20\n")
	write(t, dir, "memberships.csv", "employee_no,department_id,valid_from,valid_to,role\n01,A,2020-01-01,,head\n02,A,2020-01-01,2026-08-14,specialist\n"+
		"02,B,2026-08-15,2026-08-31,specialist\n02,A,2026-09-01,,specialist\n03,C,2026-08-10,,specialist\n04,C,2020-01-01,,specialist\n")
	b := fresh(t, policy.Default())
	if n := take(t, b, dir); n > 0 {
		t.Fatalf("%d rows of the organisation are faulty", n)
	}
	return b
}

var people = rapid.SampledFrom([]string{"01", "02", "03", "04"})

// drawDeliveries gives rows of a delivery table without header.
func drawDeliveries(t *rapid.T, prefix string, least int) (rows []string) {
	for i := range rapid.IntRange(least, 25).Draw(t, "deliveries") {
		due := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 91).Draw(t, "due"))
		made := ""
		if rapid.IntRange(0, 4).Draw(t, "open") > 0 {
			made = due.AddDate(0, 0, rapid.IntRange(-5, 5).Draw(t, "late")).Format(time.DateOnly)
		}
		rows = append(rows, fmt.Sprintf("%s%d,%s,%s,%s", prefix, i, people.Draw(t, "owner"), due.Format(time.DateOnly), made))
	}
	return rows
}

const deliveryHeader = "delivery_id,employee_no,due_on,delivered_on\n"

// facts gives everything that the report of the third quarter says, beside when it was made and from which state of the books.
func facts(t testing.TB, b *books.Books, v policy.Version) *metrics.Report {
	t.Helper()
	q := question(t, v, "2026Q3")
	r, err := metrics.New(context.Background(), b, q)
	if err != nil {
		t.Fatal(err)
	}
	r.Made, r.LedgerSeq, r.LedgerHash = time.Time{}, 0, ""
	return r
}

// takeTable takes in one CSV.
func takeTable(t *testing.T, b *books.Books, v policy.Version, text string) {
	t.Helper()
	path := write(t, t.TempDir(), "table.csv", text)
	units, faults := ingest.Find(t.Context(), b, v.Policy, []string{path}, ingest.How{})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, u := range units {
		if _, _, err := u.Take(context.Background(), b, v, ingest.Options{Actor: "tester", Day: clock.Truncate(24 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSuccessNeverLowersARate adds one delivery in time to random ones, round after round in the same books.
func TestSuccessNeverLowersARate(t *testing.T) {
	checks(t, "8")
	b := smallCompany(t)
	v := inForce(t, b)
	k := kpis(t, v.Policy, "on_time_rate")
	rate := func() map[string]metrics.Value {
		rows, err := metrics.Values(context.Background(), b, question(t, v, "2026Q3"), k, metrics.Levels{Company: true, Department: true, Employee: true})
		if err != nil {
			t.Fatal(err)
		}
		rates := map[string]metrics.Value{}
		for _, r := range rows {
			rates[r.Department+"/"+r.Employee] = r.Value
		}
		return rates
	}
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		takeTable(t, b, v, deliveryHeader+strings.Join(drawDeliveries(rt, fmt.Sprintf("R%d-", round), 1), "\n")+"\n")
		before := rate()
		owner := people.Draw(rt, "who succeeds")
		takeTable(t, b, v, deliveryHeader+fmt.Sprintf("S%d,%s,2026-08-16,2026-08-16\n", round, owner))
		raised := 0
		for name, now := range rate() {
			was, ok := before[name]
			if !ok || was.Status == metrics.NoData {
				raised++
				continue
			}
			x, _ := was.Exact()
			y, _ := now.Exact()
			if y.Cmp(x) < 0 {
				rt.Errorf("a success of %s lowers %s from %v to %v", owner, name, was.Ratio, now.Ratio)
			}
			if now.N > was.N {
				raised++
				if now.Ratio.Num <= was.Ratio.Num {
					rt.Errorf("a success of %s does not count for %s", owner, name)
				}
			}
		}
		if raised < 3 { // the company, a department and the person
			rt.Errorf("the success of %s counts in %d places", owner, raised)
		}
	})
}

// TestOrderOfFilesNeverChangesAValue takes the same tables in two orders into two books.
func TestOrderOfFilesNeverChangesAValue(t *testing.T) {
	checks(t, "4")
	rapid.Check(t, func(rt *rapid.T) {
		var tables []string
		for i := range rapid.IntRange(2, 4).Draw(rt, "tables") {
			tables = append(tables, deliveryHeader+strings.Join(drawDeliveries(rt, fmt.Sprintf("T%d-", i), 1), "\n")+"\n")
		}
		tables = append(tables, "log_id,employee_no,work_date,logged_on,hours,planned_hours\nL1,02,2026-08-14,2026-08-14,8,8\nL2,02,2026-08-15,2026-08-19,7.3333,8\n",
			"log_id,employee_no,work_date,logged_on,hours,planned_hours\nL3,01,2026-08-14,2026-08-14,0.1,0.3\nL4,01,2026-08-15,2026-08-15,0.2,8\n")
		one, other := smallCompany(t), smallCompany(t)
		v := inForce(t, one)
		for _, s := range tables {
			takeTable(t, one, v, s)
		}
		for _, s := range rapid.Permutation(tables).Draw(rt, "order") {
			takeTable(t, other, v, s)
		}
		if a, b := facts(t, one, v), facts(t, other, v); !reflect.DeepEqual(a, b) {
			rt.Errorf("another order, another report:\n%+v\n%+v", a, b)
		}
	})
}

// TestRebuildNeverChangesAReport makes the warehouse of the sample company anew.
func TestRebuildNeverChangesAReport(t *testing.T) {
	dir := t.TempDir()
	files, err := fs.Sub(sample_data.FS, "company")
	if err == nil {
		err = os.CopyFS(filepath.Join(dir, "files"), files)
	}
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, filepath.Join(dir, "data"), policy.Default())
	defer func() { b.Close() }()
	take(t, b, filepath.Join(dir, "files"))
	v := inForce(t, b)
	ask := func(asOf int64) *metrics.Report {
		q := question(t, v, "2026Q3")
		q.AsOf = asOf
		q.Now = q.Now.Add(time.Duration(asOf % 1000)) // made at another moment
		r, err := metrics.New(t.Context(), b, q)
		if err != nil {
			t.Fatal(err)
		}
		r.Made = time.Time{}
		return r
	}
	half := b.Ledger().Head().Seq / 2
	now, then := ask(always), ask(half)
	if then.LedgerSeq != half || reflect.DeepEqual(now.Company, then.Company) {
		t.Fatal("half the files less make no difference")
	}
	if err := b.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(now, ask(always)) || !reflect.DeepEqual(then, ask(half)) {
		t.Error("after the rebuild the report is another one")
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, filepath.Join(dir, "data"), policy.Default())
	if !reflect.DeepEqual(now, ask(always)) {
		t.Error("after opening again the report is another one")
	}
}

// TestOrderIsExplicit asks the same twice and looks at the order of lists.
func TestOrderIsExplicit(t *testing.T) {
	a, b := companyReport(t, "2026Q3"), companyReport(t, "2026Q3")
	if !reflect.DeepEqual(a, b) {
		t.Error("the same question has two answers")
	}
	if !slices.IsSortedFunc(a.Scores, func(x, y metrics.PersonScore) int { return strings.Compare(x.Person.No, y.Person.No) }) {
		t.Error("scores are not by employee number")
	}
	place := map[string]int{}
	for i, d := range a.Departments {
		place[d.Department.ID] = i
	}
	for i := 1; i < len(a.People); i++ {
		x, y := a.People[i-1], a.People[i]
		rx, ry := x.Score.Rank, y.Score.Rank
		if place[x.Department] > place[y.Department] || x.Department == y.Department && (rx == 0 && ry != 0 || rx > ry && ry != 0 || rx == ry && x.Person.No >= y.Person.No) {
			t.Errorf("%s of %s with rank %d stands before %s of %s with rank %d", x.Person.No, x.Department, rx, y.Person.No, y.Department, ry)
		}
	}
}
