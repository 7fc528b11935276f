package metrics_test

import (
	"context"
	"flag"
	"fmt"
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
)

// How often properties are tried: by rounds in the same books, and by books of their own, which cost more.
const (
	roundsInBooks = "2"
	booksOfOwn    = "1"
)

// checks limits how often a property is tried.
func checks(t *testing.T, n string) {
	t.Helper()
	for name, value := range map[string]string{"rapid.checks": n, "rapid.shrinktime": "5s"} {
		f := flag.Lookup(name)
		before := f.Value.String()
		if err := f.Value.Set(value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Value.Set(before) })
	}
}

// smallCompany makes books with the departments A with B below it and C, and four people. 02 moves from A to B on 15 August 2026 and back and
// is on leave in July; 03 comes on 10 August, 60 % in C and 40 % in B; 04 works 60 % and leaves on 20 August.
func smallCompany(t testing.TB) *books.Books {
	t.Helper()
	dir := copied(t, "small", func(dir string) *books.Books {
		b := open(t, dir, everyForm(t), 1)
		settle(t, b, sharesOfSmall, "One", "Two", "Three")
		return b
	})
	b := open(t, dir, everyForm(t), 1)
	t.Cleanup(func() { b.Close() })
	return b
}

// sharesOfSmall are the memberships of 03 and 04 in smallCompany.
const sharesOfSmall = "03,C,2026-08-10,,specialist,60,\n03,B,2026-08-10,,specialist,40,\n04,C,2020-01-01,,specialist,,60\n"

// companyOf is smallCompany with other names of the departments, and other memberships of 03 and 04.
func companyOf(t testing.TB, memberships string, names ...string) *books.Books {
	t.Helper()
	b := fresh(t, everyForm(t))
	settle(t, b, memberships, names...)
	return b
}

// settle takes in the departments and people of a small company.
func settle(t testing.TB, b *books.Books, memberships string, names ...string) {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "departments.csv", fmt.Sprintf("department_id,name,parent_id,kind\nA,%s,,sales\nB,%s,A,engineering\nC,%s,,support\n", names[0], names[1], names[2]))
	write(t, dir, "employees.csv", "employee_no,name,hired_on,left_on\n01,Ann,2020-01-01,\n02,Bob,2020-01-01,\n03,Cid,2026-08-10,\n04,Dan,2020-01-01,2026-08-20\n")
	write(t, dir, "memberships.csv", "employee_no,department_id,valid_from,valid_to,role,share,working_time\n01,A,2020-01-01,,head,,\n02,A,2020-01-01,2026-08-14,specialist,,\n"+
		"02,B,2026-08-15,2026-08-31,specialist,,\n02,A,2026-09-01,,specialist,,\n"+memberships)
	write(t, dir, "leaves.csv", "leave_id,employee_no,first_day,last_day,kind\nH1,02,2026-07-20,2026-07-24,annual\n")
	if n := take(t, b, dir); n > 0 {
		t.Fatalf("%d rows of the organisation are faulty", n)
	}
}

var people = rapid.SampledFrom([]string{"01", "02", "03", "04"})

// form is a kind of record: the header of its table, a row of anything, and one that is a success of a KPI.
type form struct {
	name, kpi, header string
	counts            bool // each success adds a row
	row               func(t *rapid.T, id, owner string) string
	success           func(id, owner string) string
}

// drawDay gives a day of the third quarter of 2026.
func drawDay(t *rapid.T) time.Time {
	return time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 91).Draw(t, "day"))
}

// drawLater gives a day near another one, or nothing.
func drawLater(t *rapid.T, from time.Time, least int) string {
	if rapid.IntRange(0, 4).Draw(t, "open") == 0 {
		return ""
	}
	return from.AddDate(0, 0, rapid.IntRange(least, 5).Draw(t, "later")).Format(time.DateOnly)
}

var forms = []form{
	{"deliveries", "on_time_rate", "delivery_id,employee_no,due_on,delivered_on", true, func(t *rapid.T, id, owner string) string {
		due := drawDay(t)
		return fmt.Sprintf("%s,%s,%s,%s", id, owner, due.Format(time.DateOnly), drawLater(t, due, -5))
	}, func(id, owner string) string { return id + "," + owner + ",2026-08-18,2026-08-18" }},
	{"opportunities", "won_amount_rate", "opportunity_id,employee_no,created_on,closed_on,outcome,amount", true, func(t *rapid.T, id, owner string) string {
		on := drawDay(t).Format(time.DateOnly)
		return fmt.Sprintf("%s,%s,%s,%s,%s,%s", id, owner, on, on, rapid.SampledFrom([]string{"won", "lost"}).Draw(t, "outcome"),
			rapid.SampledFrom([]string{"", "0", "0.01", "33.33", "99999.99"}).Draw(t, "amount"))
	}, func(id, owner string) string { return id + "," + owner + ",2026-08-18,2026-08-18,won,77.77" }},
	{"work_logs", "log_coverage", "log_id,employee_no,work_date,logged_on,hours,planned_hours", false, func(t *rapid.T, id, owner string) string {
		on := drawDay(t).Format(time.DateOnly)
		return fmt.Sprintf("%s,%s,%s,%s,%s,%s", id, owner, on, on, rapid.SampledFrom([]string{"0.0001", "0.3333", "1"}).Draw(t, "hours"), rapid.SampledFrom([]string{"", "0", "0.7"}).Draw(t, "planned"))
	}, func(id, owner string) string { return id + "," + owner + ",2026-08-18,2026-08-18,0.5,0.5" }},
	{"trainings", "data_protection_rate", "training_id,employee_no,course,kind,due_on,done_on,passed", false, func(t *rapid.T, id, owner string) string {
		due := drawDay(t)
		done := drawLater(t, due, 0)
		passed := ""
		if done != "" {
			passed = rapid.SampledFrom([]string{"", "是", "否"}).Draw(t, "passed")
		}
		return fmt.Sprintf("%s,%s,%s,data_protection,%s,%s,%s", id, owner, id, due.Format(time.DateOnly), done, passed)
	}, func(id, owner string) string {
		return id + "," + owner + "," + id + ",data_protection,2026-08-18,2026-08-18,是"
	}},
	{"satisfaction", "satisfied_rate", "response_id,customer,employee_no,answered_on,score", true, func(t *rapid.T, id, owner string) string {
		return fmt.Sprintf("%s,%s,%s,%s,%s", id, id, owner, drawDay(t).Format(time.DateOnly), rapid.SampledFrom([]string{"1", "3.9999", "4", "5"}).Draw(t, "score"))
	}, func(id, owner string) string { return id + "," + id + "," + owner + ",2026-08-18,5" }},
	{"submissions", "form_weeks", "submission_id,employee_no,kind,period_to,submitted_at", false, func(t *rapid.T, id, owner string) string {
		on := drawDay(t)
		return fmt.Sprintf("%s,%s,weekly,%s,%s", id, owner, on.Format(time.DateOnly), rapid.SampledFrom([]string{"", on.Format(time.DateOnly) + " 17:00"}).Draw(t, "submitted"))
	}, func(id, owner string) string { return id + "," + owner + ",weekly,2026-08-18,2026-08-18 10:00" }},
	{"approvals", "approval_authority_rate", "approval_id,employee_no,kind,amount,submitted_at,head_no,head_at,completed_at,status", true, func(t *rapid.T, id, owner string) string {
		on := drawDay(t)
		return fmt.Sprintf("%s,%s,purchase,%s,%s 09:00,%s,%s 09:10:07,%s", id, owner, rapid.SampledFrom([]string{"", "49999.99", "50000"}).Draw(t, "amount"), on.Format(time.DateOnly),
			rapid.SampledFrom([]string{"01,2026-10-01 08:00", ","}).Draw(t, "head"), on.AddDate(0, 0, rapid.IntRange(0, 3).Draw(t, "days")).Format(time.DateOnly),
			rapid.SampledFrom([]string{"approved", "rejected", "withdrawn"}).Draw(t, "status"))
	}, func(id, owner string) string {
		return id + "," + owner + ",purchase,1,2026-08-18 09:00,01,2026-08-18 10:00,2026-08-18 11:00,approved"
	}},
}

// table gives a table of random rows. Rows of days on which the owner is not employed may end up in quarantine.
func (f form) table(t *rapid.T, prefix string, least int) string {
	text := f.header + "\n"
	for i := range rapid.IntRange(least, 20).Draw(t, f.name) {
		owner := people.Draw(t, "owner")
		text += f.row(t, fmt.Sprintf("%s%d", prefix, i), owner) + "\n"
	}
	return text
}

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

// TestSuccessNeverLowersARate adds a success to random records of each form, round after round in the same books.
func TestSuccessNeverLowersARate(t *testing.T) {
	checks(t, roundsInBooks)
	b := smallCompany(t)
	v := inForce(t, b)
	round := 0
	for _, f := range forms {
		rates := func() map[string]metrics.Value {
			rows, err := metrics.Values(context.Background(), b, question(t, v, "2026Q3"), kpis(t, v.Policy, f.kpi), metrics.Levels{Company: true, Department: true, Employee: true})
			if err != nil {
				t.Fatal(err)
			}
			rates := map[string]metrics.Value{}
			for _, r := range rows {
				rates[r.Department+"/"+r.Employee] = r.Value
			}
			return rates
		}
		t.Run(f.kpi, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				round++
				takeTable(t, b, v, f.table(rt, fmt.Sprintf("R%d-", round), 1))
				before := rates()
				owner := people.Draw(rt, "who succeeds")
				takeTable(t, b, v, f.header+"\n"+f.success(fmt.Sprintf("S%d", round), owner)+"\n")
				raised := 0
				for name, now := range rates() {
					x, known := before[name].Exact()
					y, ok := now.Exact()
					if known && (!ok || y.Cmp(x) < 0) {
						rt.Errorf("a success of %s lowers %s from %v to %v", owner, name, before[name].Ratio, now.Ratio)
					}
					if now.Ratio.Num > before[name].Ratio.Num {
						raised++
					}
				}
				if f.counts && raised < 3 { // the company, a department and the person
					rt.Errorf("the success of %s counts in %d places", owner, raised)
				}
			})
		})
	}
}

// drawTables gives tables of every form, and of what belongs to departments.
func drawTables(rt *rapid.T) []string {
	var tables []string
	for _, f := range forms {
		tables = append(tables, f.table(rt, "T", 2))
	}
	surveys, costs := "month_on,answer_no,department_id,question,score\n", "cost_id,department_id,month_on,kind,amount,budget\n"
	for i := range rapid.IntRange(1, 20).Draw(rt, "answers") {
		surveys += fmt.Sprintf("%s,%d,%s,流程,%d\n", drawDay(rt).Format(time.DateOnly), i, rapid.SampledFrom([]string{"A", "B", "C"}).Draw(rt, "department"), rapid.IntRange(1, 5).Draw(rt, "score"))
		costs += fmt.Sprintf("C%d,%s,%s,other,%s,%s\n", i, rapid.SampledFrom([]string{"A", "B", "C"}).Draw(rt, "department"), drawDay(rt).Format(time.DateOnly),
			rapid.SampledFrom([]string{"-0.01", "0", "100"}).Draw(rt, "amount"), rapid.SampledFrom([]string{"", "0", "90.5"}).Draw(rt, "budget"))
	}
	return append(tables, surveys, costs)
}

// TestHowRecordsComeNeverChangesAValue takes the same tables into two books: into the other one in another order, one of them cut in two, into
// departments of other names; and then makes its warehouse anew.
func TestHowRecordsComeNeverChangesAValue(t *testing.T) {
	checks(t, booksOfOwn)
	rapid.Check(t, func(rt *rapid.T) {
		tables := drawTables(rt)
		one, other := smallCompany(t), companyOf(t, sharesOfSmall, "Uno", "Dos", "Tres")
		v := inForce(t, one)
		for _, s := range tables {
			takeTable(t, one, v, s)
		}
		cut := rapid.IntRange(0, len(tables)-1).Draw(rt, "cut")
		lines := strings.SplitAfter(strings.TrimSuffix(tables[cut], "\n"), "\n")
		half := rapid.IntRange(1, len(lines)-1).Draw(rt, "at")
		again := append(slices.Clone(tables), lines[0]+strings.Join(lines[half:], ""))
		again[cut] = strings.Join(lines[:half], "")
		if half == 1 {
			again = slices.Delete(again, cut, cut+1)
		}
		for _, s := range rapid.Permutation(again).Draw(rt, "order") {
			takeTable(t, other, v, s)
		}
		want := nameless(facts(t, one, v))
		if got := nameless(facts(t, other, v)); !reflect.DeepEqual(want, got) {
			rt.Errorf("other files and names, another report:\n%+v\n%+v", want, got)
		}
		if err := other.Rebuild(context.Background()); err != nil {
			rt.Fatal(err)
		}
		if got := nameless(facts(t, other, v)); !reflect.DeepEqual(want, got) {
			rt.Error("after the rebuild the report is another one")
		}
	})
}

// nameless takes the names of departments out of a report.
func nameless(r *metrics.Report) *metrics.Report {
	for i := range r.Departments {
		r.Departments[i].Department.Name = policy.Text{}
	}
	return r
}

// TestNoCompanyHasAFigureThatIsNone draws shares, working times and records, among them none, zeros and what cannot be divided.
func TestNoCompanyHasAFigureThatIsNone(t *testing.T) {
	checks(t, booksOfOwn)
	rapid.Check(t, func(rt *rapid.T) {
		share := rapid.IntRange(1, 99).Draw(rt, "share")
		working := func() string {
			return rapid.SampledFrom([]string{"", "1", "33.3333", "60", "100"}).Draw(rt, "working time")
		}
		b := companyOf(t, fmt.Sprintf("03,C,2026-08-10,,specialist,%d,%s\n03,B,2026-08-10,,specialist,%d,%s\n04,C,2020-01-01,,specialist,%d,%s\n",
			share, working(), rapid.IntRange(1, 100-share).Draw(rt, "other share"), working(), share, working()), "One", "Two", "Three")
		v := inForce(t, b)
		for _, s := range drawTables(rt) {
			takeTable(t, b, v, s)
		}
		for _, now := range []string{"2026-08-18", "2026-10-14"} {
			q := question(t, v, "2026Q3")
			q.Now = day(t, now)
			r, err := metrics.New(context.Background(), b, q)
			if err != nil {
				rt.Fatal(err)
			}
			if seen := finite(t, r); seen < 1000 {
				rt.Fatalf("only %d values were seen", seen)
			}
		}
	})
}

// TestRebuildNeverChangesAReport makes the warehouse of the sample company anew.
func TestRebuildNeverChangesAReport(t *testing.T) {
	sampleCompany(t)
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(company.dir, "data"))); err != nil {
		t.Fatal(err)
	}
	b := open(t, dir, everyForm(t), 0)
	defer func() { b.Close() }()
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
	b = open(t, dir, everyForm(t), 0)
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
