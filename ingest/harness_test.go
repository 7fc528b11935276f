package ingest_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"plumbline/ingest"
	"plumbline/ingest/sheet"
	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

var update = flag.Bool("update", false, "write what comes out into testdata")

// The clock of all tests, and its day, which is the day of ingest.
var (
	noon  = time.Date(2026, 7, 15, 12, 0, 0, 0, time.UTC)
	today = noon.Truncate(24 * time.Hour)
)

// latest asks for all that is known.
const latest = policy.Current - 1

// organisation is the small company that every test begins with.
var organisation = []struct{ name, text string }{
	{"departments.csv", "部门编号,部门名称,上级部门编号,部门类别\nD0,总部,,职能\nD1,销售部,D0,销售\nD2,研发部,D0,技术\n"},
	{"employees.csv", "工号,姓名,入职日期,离职日期\n0007,张伟,2020-01-01,\nE001,李静,2021-03-01,\nE002,王芳,2026-03-01,2026-06-30\n"},
	{"memberships.csv", "工号,部门编号,任职开始,任职结束,角色\n0007,D1,2020-01-01,,部门负责人\nE001,D2,2021-03-01,,专员\n"},
}

// books0 is the ledger sequence after the organisation came in.
const books0 = 4

// office is an open company.
type office struct {
	testing.TB
	dir     string // where files are handed in
	data    string
	books   *books.Books
	version policy.Version
	how     ingest.How
}

func handlers() map[string]books.Handler {
	h := ingest.Handlers()
	h[policy.Adopted] = policy.Handler
	return h
}

func openBooks(t testing.TB, data string) *books.Books {
	t.Helper()
	b, err := books.Open(t.Context(), data, books.Options{
		Now:       func() time.Time { return noon },
		Schema:    append(policy.Tables(), ingest.Tables()...),
		Handlers:  handlers(),
		Warehouse: warehouse.Options{Memory: "512MiB", Threads: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// founded keeps the data directory of the organisation, so that it is made once for all tests.
var founded struct {
	sync.Once
	dir   string
	whole bool
}

func TestMain(m *testing.M) {
	flag.Parse()
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		if err := checks.Value.Set("3"); err != nil { // each opens a company of its own, and many make it anew from its ledger
			panic(err)
		}
	}
	code := m.Run()
	if founded.dir != "" {
		if err := os.RemoveAll(founded.dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// company opens books of their own that hold the default policy and the organisation.
func company(t testing.TB) *office {
	t.Helper()
	founded.Do(func() {
		dir, err := os.MkdirTemp("", "company-")
		if err != nil {
			t.Fatal(err)
		}
		founded.dir = dir
		c := found(t, dir, policy.Default())
		for _, f := range organisation {
			if got := c.take(f.name, f.text); got.Quarantined > 0 {
				t.Fatalf("%s: %v", f.name, c.rejects())
			}
		}
		if err := c.books.Close(); err != nil {
			t.Fatal(err)
		}
		founded.whole = true
	})
	if !founded.whole {
		t.Fatal("the organisation could not be taken in")
	}
	data := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(data, os.DirFS(founded.dir)); err != nil {
		t.Fatal(err)
	}
	return enter(t, data)
}

// found makes books under a policy.
func found(t testing.TB, data string, s policy.Source) *office {
	t.Helper()
	b := openBooks(t, data)
	if err := policy.Adopt(t.Context(), b, s, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), "", "刘洋"); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return enter(t, data)
}

func enter(t testing.TB, data string) *office {
	t.Helper()
	c := &office{TB: t, dir: t.TempDir(), data: data, books: openBooks(t, data)}
	t.Cleanup(func() {
		if err := c.books.Close(); err != nil {
			t.Error(err)
		}
	})
	v, err := policy.InForce(t.Context(), c.books.Warehouse(), latest, today)
	if err != nil {
		t.Fatal(err)
	}
	c.version = v
	return c
}

// find hands a file in and tells what it holds.
func (c *office) find(name, text, dataset string) ([]ingest.Unit, error) {
	c.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.Fatal(err)
	}
	units, faults := ingest.Find(c.Context(), c.books, c.version.Policy, []string{path}, c.handed(dataset))
	return units, errors.Join(faults...)
}

func (c *office) handed(dataset string) ingest.How {
	how := c.how
	how.Dataset = dataset
	return how
}

// try takes a file of one table in.
func (c *office) try(name, text, dataset string, again bool) (ingest.File, bool, error) {
	c.Helper()
	units, err := c.find(name, text, dataset)
	if err != nil {
		return ingest.File{}, false, err
	}
	if len(units) != 1 {
		c.Fatalf("%s holds %d tables", name, len(units))
	}
	return c.takeUnit(units[0], again)
}

func (c *office) takeUnit(u ingest.Unit, again bool) (ingest.File, bool, error) {
	return u.Take(c.Context(), c.books, c.version, ingest.Options{Actor: "刘洋", Day: today, Again: again})
}

// take takes a file in that must not be refused, nor be known.
func (c *office) take(name, text string) ingest.File {
	c.Helper()
	f, already, err := c.try(name, text, "", false)
	if err != nil || already {
		c.Fatalf("%s: already %v, %v", name, already, err)
	}
	c.accounted(f)
	return f
}

// accounted checks a receipt.
func (c *office) accounted(f ingest.File) {
	c.Helper()
	if f.RowsIn != f.Accepted+f.Quarantined+f.Excluded || f.Accepted != f.New+f.Corrected+f.Unchanged+f.Duplicates {
		c.Errorf("rows are unaccounted for: %s", receipt(f))
	}
}

// receipt gives the counts of a receipt on one line; counts of zero are left out.
func receipt(f ingest.File) string {
	line := fmt.Sprintf("%s %s %d =", f.Name, f.Dataset, f.RowsIn)
	for _, n := range []struct {
		name  string
		count int64
	}{{"new", f.New}, {"corrected", f.Corrected}, {"unchanged", f.Unchanged}, {"duplicate", f.Duplicates}, {"quarantined", f.Quarantined}, {"excluded", f.Excluded}, {"retired", f.Retired}} {
		if n.count > 0 {
			line += fmt.Sprintf(" %d %s", n.count, n.name)
		}
	}
	return line
}

// receipts gives all receipts as lines, without those of the organisation.
func (c *office) receipts() []string {
	c.Helper()
	files, err := ingest.Files(c.Context(), c.books, latest)
	if err != nil {
		c.Fatal(err)
	}
	var lines []string
	for _, f := range files {
		if f.Seq > books0 {
			lines = append(lines, fmt.Sprint(f.Seq, " ", f.At.Format(time.RFC3339), " ", f.Actor, " ", f.SHA256, " ", receipt(f)))
		}
	}
	return lines
}

// rejects gives every reason as a line: file, row, column with its header, rule, value.
func (c *office) rejects() []string {
	c.Helper()
	list, err := ingest.Rejects(c.Context(), c.books, c.version.Policy, latest)
	if err != nil {
		c.Fatal(err)
	}
	var lines []string
	for _, r := range list {
		place := "row"
		if r.Column != "" {
			place = r.Column + " " + r.Header
		}
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %d [%s] %s %s", r.File, r.Row, place, r.Rule, r.Value)))
		if r.Say.ZH == "" || r.Say.EN == "" || r.Cure.ZH == "" || r.Cure.EN == "" || strings.Contains(fmt.Sprint(r.Say, r.Cure), "%!") {
			c.Errorf("%s lacks words: %+v %+v", r.Rule, r.Say, r.Cure)
		}
	}
	return lines
}

// facts gives the current rows of a dataset as sorted lines, blanks as empty.
func (c *office) facts(dataset string) []string {
	c.Helper()
	return c.factsWhere(dataset, fmt.Sprintf("_until = %d", policy.Current))
}

// factsAsOf gives the rows that were current at a ledger sequence.
func (c *office) factsAsOf(dataset string, seq int64) []string {
	c.Helper()
	return c.factsWhere(dataset, fmt.Sprintf("_seq <= %d AND _until > %d", seq, seq))
}

func (c *office) factsWhere(dataset, condition string) []string {
	c.Helper()
	d := c.version.Policy.Dataset(dataset)
	parts := make([]string, len(d.Columns))
	for i, col := range d.Columns {
		parts[i] = fmt.Sprintf("coalesce(%s::VARCHAR, '')", warehouse.Ident(col.ID))
	}
	return c.lines("facts", fmt.Sprintf("SELECT concat_ws('|', %s) AS line FROM %s WHERE %s ORDER BY line", strings.Join(parts, ", "), d.Table(), condition))
}

// everything gives all that files brought: facts of all times, quarantine and receipts.
func (c *office) everything() []string {
	c.Helper()
	all := c.receipts()
	for _, d := range c.version.Policy.Datasets {
		all = append(all, c.lines("dump", "SELECT t::VARCHAR AS line FROM "+d.Table()+" t ORDER BY line")...)
	}
	for _, table := range []string{"files", "rejected_rows", "problems", "settled", "excluded", "repeats", "retired", "restored"} {
		all = append(all, c.lines("dump", "SELECT t::VARCHAR AS line FROM ingest."+table+" t ORDER BY line")...)
	}
	return all
}

func (c *office) lines(name, text string) []string {
	c.Helper()
	var lines []string
	err := c.books.View(c.Context(), func(tx *warehouse.Tx) error {
		return tx.Each(c.Context(), warehouse.SQL(name, text), nil, func(scan func(...any) error) error {
			var line string
			if err := scan(&line); err != nil {
				return err
			}
			lines = append(lines, line)
			return nil
		})
	})
	if err != nil {
		c.Fatal(err)
	}
	return lines
}

// examined checks the books from inside.
func (c *office) examined() {
	c.Helper()
	if err := ingest.Examine(c.Context(), c.books); err != nil {
		c.Error(err)
	}
}

// refusal gives the rule of a refused file.
func refusal(err error) string {
	refused, ok := errors.AsType[*sheet.RefusedError](err)
	switch {
	case err == nil:
		return "taken in"
	case !ok:
		return "no RefusedError: " + err.Error()
	case refused.Say.ZH == "" || refused.Say.EN == "" || refused.Cure.ZH == "" || refused.Cure.EN == "":
		return refused.Rule + " without words"
	}
	return refused.Rule
}
