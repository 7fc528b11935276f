package metrics_test

import (
	"context"
	"flag"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/internal/ledger"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/sample_data"
)

var update = flag.Bool("update", false, "write what comes out into testdata")

// always is the ledger sequence of "as known now".
const always int64 = math.MaxInt64 - 1

// clock is when the tests' files come in: after every period they ask for.
var clock = time.Date(2027, 1, 15, 1, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	code := m.Run()
	if company.books != nil {
		company.books.Close()
	}
	for _, dir := range []string{company.dir, founded.dir} {
		if dir != "" {
			os.RemoveAll(dir)
		}
	}
	os.Exit(code)
}

// company is the sample company, and a few people and records of forms that it has none of, under the policy of everyForm: taken in once
// for all tests that only read it.
var company struct {
	sync.Once
	dir   string
	books *books.Books
	err   error
}

// sampleCompany gives books that hold the sample company. They must not be changed.
func sampleCompany(t testing.TB) *books.Books {
	t.Helper()
	company.Do(func() {
		if company.dir, company.err = os.MkdirTemp("", "metrics-company-"); company.err != nil {
			return
		}
		files, err := fs.Sub(sample_data.FS, "company")
		if err == nil {
			err = os.CopyFS(filepath.Join(company.dir, "files"), files)
		}
		if company.err = err; err != nil {
			return
		}
		company.books = open(t, filepath.Join(company.dir, "data"), everyForm(t), 1)
		take(t, company.books, filepath.Join(company.dir, "files"))
		if n := take(t, company.books, filepath.Join("testdata", "independent", "company")); n > 0 {
			t.Fatalf("%d further rows are faulty", n)
		}
		company.err = company.books.Checkpoint(context.Background()) // so that its directory can be copied
	})
	if company.err != nil || company.books == nil {
		t.Fatalf("the sample company could not be taken in: %v", company.err)
	}
	return company.books
}

// everyForm is the default policy with KPIs of the forms that it has no example of. They are listed nowhere.
func everyForm(t testing.TB) policy.Source {
	t.Helper()
	forms, err := os.ReadFile(filepath.Join("testdata", "independent", "forms.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	src := policy.Default()
	i := slices.IndexFunc(src, func(f policy.File) bool { return f.Name == "kpis.yaml" })
	src[i].Text += "\n" + string(forms)
	return src
}

// open makes books in dir that go by the policy. One thread takes the least of the processors' time; 0 takes all.
func open(t testing.TB, dir string, s policy.Source, threads int) *books.Books {
	t.Helper()
	ctx := context.Background() // the sample company outlives the test that opens it
	handlers := ingest.Handlers()
	handlers[policy.Adopted] = policy.Handler
	b, err := books.Open(ctx, dir, books.Options{
		Now:       func() time.Time { return clock },
		Schema:    append(policy.Tables(), ingest.Tables()...),
		Handlers:  handlers,
		Warehouse: warehouse.Options{Memory: "1GiB", Threads: threads},
		Coming:    books.Unknown,
	})
	if err != nil {
		t.Fatal(err)
	}
	if b.Ledger().Head().Seq == 0 {
		if err := policy.Adopt(ctx, b, s, day(t, "2000-01-01"), "first", "tester"); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// founded keeps data directories that several tests begin with, each made once and then copied.
var founded struct {
	dir  string
	made map[string]bool
}

// copied gives a copy of the directory of that name; found makes it when it is first asked for.
func copied(t testing.TB, name string, found func(dir string) *books.Books) string {
	t.Helper()
	if founded.dir == "" {
		dir, err := os.MkdirTemp("", "metrics-founded-")
		if err != nil {
			t.Fatal(err)
		}
		founded.dir, founded.made = dir, map[string]bool{}
	}
	from := filepath.Join(founded.dir, name)
	if !founded.made[name] {
		if err := found(from).Close(); err != nil {
			t.Fatal(err)
		}
		founded.made[name] = true
	}
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// fresh is open in a directory of the test's own.
func fresh(t testing.TB, s policy.Source) *books.Books {
	t.Helper()
	found := func(dir string) *books.Books { return open(t, dir, s, 1) }
	var dir string
	switch {
	case slices.Equal(s, policy.Default()):
		dir = copied(t, "default", found)
	case slices.Equal(s, everyForm(t)):
		dir = copied(t, "forms", found)
	default:
		dir = t.TempDir()
	}
	b := open(t, dir, s, 1)
	t.Cleanup(func() { b.Close() })
	return b
}

// take takes in the files of the paths as ingest orders them and gives the number of rows in quarantine.
func take(t testing.TB, b *books.Books, paths ...string) (quarantined int64) {
	t.Helper()
	v := inForce(t, b)
	units, faults := ingest.Find(t.Context(), b, v.Policy, paths, ingest.How{})
	for _, err := range faults {
		t.Fatal(err)
	}
	return takeUnits(t, b, v, units)
}

func takeUnits(t testing.TB, b *books.Books, v policy.Version, units []ingest.Unit) (quarantined int64) {
	t.Helper()
	for _, u := range units {
		f, _, err := u.Take(t.Context(), b, v, ingest.Options{Actor: "tester", Day: clock.Truncate(24 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		quarantined += f.Quarantined
	}
	return quarantined
}

func inForce(t testing.TB, b *books.Books) policy.Version {
	t.Helper()
	v, err := policy.InForce(t.Context(), b.Warehouse(), always, clock.Truncate(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// question asks for a period as the books are now, told two weeks after its end.
func question(t testing.TB, v policy.Version, p string) metrics.Question {
	t.Helper()
	of := parse(t, p)
	return metrics.Question{Period: of, Version: v, AsOf: always, Now: of.End().AddDate(0, 0, 14)}
}

func parse(t testing.TB, s string) period.Period {
	t.Helper()
	p, err := period.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func day(t testing.TB, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// kpis gives the KPIs with the ids, or all when none is named.
func kpis(t testing.TB, p *policy.Policy, ids ...string) []*policy.KPI {
	t.Helper()
	if len(ids) == 0 {
		return p.KPIs
	}
	var list []*policy.KPI
	for _, id := range ids {
		k := p.KPI(id)
		if k == nil {
			t.Fatalf("no KPI %q", id)
		}
		list = append(list, k)
	}
	return list
}

// write writes a file and its folders.
func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// ledgerHead is the state of the books that a report names.
func ledgerHead(r *metrics.Report) ledger.Head {
	return ledger.Head{Seq: r.LedgerSeq, Hash: r.LedgerHash}
}
