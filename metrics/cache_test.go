package metrics_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// TestCacheIsAsGoodAsFresh takes deliveries in, corrects them, takes files back and changes all that an organisation is read from, in any
// order, and asks the cache after each step for what fresh values say. How many months it scans is worked out from the records that
// changed; only a change of the stays or the policy has it scan all.
func TestCacheIsAsGoodAsFresh(t *testing.T) {
	checks(t, booksOfOwn)
	steps := []string{"file", "file", "withdraw", "nothing", "employee", "membership", "department", "department change", "leave", "absence", "policy"}
	rapid.Check(t, func(rt *rapid.T) {
		d := &desk{t: t, books: smallCompany(t), now: day(t, "2026-10-14")}
		d.version = inForce(t, d.books)
		d.cache = metrics.NewCache(d.books)
		takeTable(t, d.books, d.version, "log_id,employee_no,work_date,logged_on,hours\nL1,02,2026-08-14,2026-08-14,8\nL2,02,2026-08-17,2026-08-17,8\nL3,04,2026-08-18,2026-08-18,8\n")
		d.file(rt)
		all := d.refresh(rt) // the first scan is of all months
		values := d.agree(rt)
		for _, kind := range rapid.Permutation(steps).Draw(rt, "steps") {
			before := d.folded()
			switch kind {
			case "file":
				d.file(rt)
			case "withdraw":
				d.withdraw(rt)
			case "nothing":
			case "policy":
				d.adopt(rt)
			default:
				d.reorganise(rt, kind)
			}
			want := touchedMonths(before, d.folded())
			if slices.Contains([]string{"employee", "membership", "policy"}, kind) {
				want = all
			}
			if got := d.refresh(rt); got != want {
				rt.Fatalf("after %q %d months were scanned; %d were touched", kind, got, want)
			}
			had := values
			values = d.agree(rt)
			if !slices.Contains([]string{"file", "withdraw", "nothing"}, kind) && reflect.DeepEqual(values, had) {
				rt.Fatalf("no value changes with %q: the test has lost its point", kind)
			}
		}
	})
}

// TestCacheSeesPeopleAndDays changes what deliveries depend on: leave, names of departments, memberships, the policy's day.
func TestCacheSeesPeopleAndDays(t *testing.T) {
	b := smallCompany(t)
	d := &desk{t: t, books: b, version: inForce(t, b), cache: metrics.NewCache(b), now: day(t, "2026-10-14")}
	takeTable(t, b, d.version, "log_id,employee_no,work_date,logged_on,hours\nL1,02,2026-08-14,2026-08-14,8\nL2,02,2026-08-17,2026-08-17,8\nL3,03,2026-09-01,2026-09-01,8\n")
	takeTable(t, b, d.version, deliveryHeader+"V1,02,2026-09-28,\nV2,02,2026-08-20,2026-08-20\n")
	all := d.refresh(t)
	for _, step := range []struct {
		name    string
		change  func()
		scanned bool
	}{
		{"nothing", func() {}, false},
		{"leave", func() {
			takeTable(t, b, d.version, "leave_id,employee_no,first_day,last_day,kind\nH2,03,2026-08-31,2026-09-02,annual\n")
		}, false},
		{"a name", func() { takeTable(t, b, d.version, "department_id,name,parent_id,kind\nB,New,A,sales\n") }, false},
		{"a tree", func() {
			takeTable(t, b, d.version, "change_id,department_id,effective_on,parent_id\nG1,B,2026-09-01,C\n")
		}, false},
		{"the day", func() { d.now = day(t, "2026-09-27") }, true},
		{"a membership", func() {
			takeTable(t, b, d.version, "employee_no,department_id,valid_from,valid_to,role,share\n01,A,2020-01-01,2026-07-31,head,\n01,A,2026-08-01,,head,50\n01,C,2026-08-01,,specialist,50\n")
		}, true},
	} {
		step.change()
		got := d.refresh(t)
		if (got > 0) != step.scanned || step.name == "a membership" && got != all {
			t.Errorf("%s: %d months were scanned", step.name, got)
		}
		d.agree(t)
	}
}

// TestAnEventNotYetApplied writes an event into the ledger that the facts have not seen, as they have not for a moment whenever one is
// recorded. No report names it, and the cache does not take it for known.
func TestAnEventNotYetApplied(t *testing.T) {
	b := smallCompany(t)
	d := &desk{t: t, books: b, version: inForce(t, b), cache: metrics.NewCache(b), now: day(t, "2026-10-14")}
	applied := b.Ledger().Head()
	if _, err := b.Ledger().Append("some.event", "tester", "waits"); err != nil {
		t.Fatal(err)
	}
	r, err := metrics.New(t.Context(), b, d.question())
	if err != nil || r.LedgerSeq != applied.Seq || r.LedgerHash != applied.Hash {
		t.Errorf("the report names %d %s, the facts are those of %d %s: %v", r.LedgerSeq, r.LedgerHash, applied.Seq, applied.Hash, err)
	}
	d.refresh(t)
	d.agree(t)
}

const deliveryHeader = "delivery_id,employee_no,due_on,delivered_on\n"

// desk is books with a cache, and what has been handed in.
type desk struct {
	t       *testing.T
	books   *books.Books
	version policy.Version
	cache   *metrics.Cache
	now     time.Time
	files   []handedIn
}

// handedIn is a file of deliveries.
type handedIn struct {
	text string
	rows map[string]string // by id
	back bool
}

type failer interface {
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func (d *desk) question() metrics.Question {
	return metrics.Question{Period: parse(d.t, "2026Q3"), Version: d.version, AsOf: always, Now: d.now}
}

func (d *desk) refresh(f failer) int {
	scanned, err := d.cache.Refresh(context.Background(), d.question(), parse(d.t, "2026-07"))
	if err != nil {
		f.Fatal(err)
	}
	return scanned
}

// agree compares all pages with fresh values, and gives these.
func (d *desk) agree(f failer) map[subject]metrics.Value {
	fresh := map[subject]metrics.Value{}
	for _, months := range []bool{false, true} {
		rows, err := metrics.Values(context.Background(), d.books, d.question(), d.version.Policy.KPIs, metrics.Levels{Company: true, Department: true, Month: months})
		if err != nil {
			f.Fatal(err)
		}
		for _, r := range rows {
			fresh[subject{r.KPI.ID, r.Period.String(), r.Department, ""}] = r.Value
		}
	}
	pages := 0
	for _, department := range []string{"", "A", "B", "C"} {
		page, err := d.cache.Page(department, d.question().Period)
		if err != nil {
			f.Fatal(err)
		}
		for _, r := range page {
			at := subject{r.KPI.ID, r.Period.String(), r.Department, ""}
			if !reflect.DeepEqual(r.Value, fresh[at]) {
				f.Fatalf("%v: the cache says %+v, fresh is %+v", at, r.Value, fresh[at])
			}
			pages++
		}
	}
	if pages != len(fresh) {
		f.Fatalf("%d values on the pages, %d fresh ones", pages, len(fresh))
	}
	return fresh
}

// file hands in deliveries, some of them with ids of earlier ones.
func (d *desk) file(rt *rapid.T) {
	f := handedIn{rows: map[string]string{}}
	for range rapid.IntRange(1, 6).Draw(rt, "rows") {
		id := fmt.Sprintf("V%d", rapid.IntRange(0, 12).Draw(rt, "id"))
		f.rows[id] = forms[0].row(rt, id, people.Draw(rt, "owner"))
	}
	f.text = deliveryHeader
	for _, id := range slices.Sorted(maps.Keys(f.rows)) {
		f.text += f.rows[id] + "\n"
	}
	if slices.ContainsFunc(d.files, func(g handedIn) bool { return g.text == f.text }) {
		return // the same file is no news
	}
	d.files = append(d.files, f)
	takeTable(d.t, d.books, d.version, f.text)
}

// withdraw takes one of the files back.
func (d *desk) withdraw(rt *rapid.T) {
	var standing []int
	for i, f := range d.files {
		if !f.back {
			standing = append(standing, i)
		}
	}
	if len(standing) == 0 {
		return
	}
	i := rapid.SampledFrom(standing).Draw(rt, "back")
	d.files[i].back = true
	path := write(d.t, d.t.TempDir(), "back.csv", d.files[i].text)
	if _, err := ingest.Withdraw(context.Background(), d.books, d.version, sha(d.t, path), "in error", ingest.Options{Actor: "tester", Day: clock.Truncate(24 * time.Hour)}); err != nil {
		rt.Fatal(err)
	}
}

// reorganise changes one of the tables that an organisation is read from, so that some value changes.
func (d *desk) reorganise(rt *rapid.T, kind string) {
	on := time.Date(2026, 8, 3, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 3).Draw(rt, "from")) // workdays
	first, next := on.Format(time.DateOnly), on.AddDate(0, 0, 1).Format(time.DateOnly)
	text := map[string]string{
		"employee":          "employee_no,name,hired_on,left_on\n04,Dan,2020-01-01," + first + "\n",
		"membership":        "employee_no,department_id,valid_from,valid_to,role\n01,A,2020-01-01," + first + ",head\n01,C," + next + ",,head\n",
		"department":        "department_id,name,parent_id,kind\nC,Three,,sales\n",
		"department change": "change_id,department_id,effective_on,parent_id\nG1,B," + first + ",C\n",
		"leave":             "leave_id,employee_no,first_day,last_day,kind\nH2,01," + first + "," + next + ",annual\n",
		"absence":           "employee_no,work_date,worked_hours,leave_hours\n02," + first + ",0,8\n",
	}[kind]
	if text == "" {
		rt.Fatalf("there is no step %q", kind)
	}
	takeTable(d.t, d.books, d.version, text)
}

// adopt adopts the policy with one more holiday.
func (d *desk) adopt(rt *rapid.T) {
	src := everyForm(d.t)
	i := slices.IndexFunc(src, func(f policy.File) bool { return f.Name == "calendar.yaml" })
	src[i].Text = strings.Replace(src[i].Text, "2026-09-25..2026-09-27", "2026-09-24..2026-09-27", 1)
	if err := policy.Adopt(context.Background(), d.books, src, day(d.t, "2026-01-01"), "one more holiday", "tester"); err != nil {
		rt.Fatal(err)
	}
	d.version = inForce(d.t, d.books)
}

// folded is what the files that stand say in the end, by id.
func (d *desk) folded() map[string]string {
	rows := map[string]string{}
	for _, f := range d.files {
		if !f.back {
			maps.Copy(rows, f.rows)
		}
	}
	return rows
}

// touchedMonths counts the months in which a delivery of one state is due that the other has not, or has otherwise.
func touchedMonths(before, after map[string]string) int {
	months := map[period.Period]bool{}
	for _, side := range [][2]map[string]string{{before, after}, {after, before}} {
		for id, row := range side[0] {
			if side[1][id] != row {
				due, err := time.Parse(time.DateOnly, strings.Split(row, ",")[2])
				if err != nil {
					panic(err)
				}
				if due.Before(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)) {
					months[period.MonthOf(due)] = true
				}
			}
		}
	}
	return len(months)
}

func sha(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(data))
}
