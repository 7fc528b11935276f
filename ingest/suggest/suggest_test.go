package suggest_test

import (
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"plumbline/ingest/cell"
	"plumbline/ingest/sheet"
	"plumbline/ingest/sheet/columnar"
	"plumbline/ingest/suggest"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

var update = flag.Bool("update", false, "write what comes out into testdata")

func TestMain(m *testing.M) {
	columnar.Main()
	os.Exit(m.Run())
}

// office has the default policy, and a warehouse to check mappings by.
type office struct {
	testing.TB
	db     *warehouse.DB
	policy *policy.Policy
}

func open(t testing.TB) *office {
	t.Helper()
	db, err := warehouse.Open(t.Context(), "", warehouse.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	p, err := policy.Check(t.Context(), db, policy.Default())
	if err != nil {
		t.Fatal(err)
	}
	return &office{t, db, p}
}

// tables puts a file down and looks at it.
func (o *office) tables(t testing.TB, name string, data []byte) (path string, tables []sheet.Table, faults []error) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	tables, faults = sheet.Tables(t.Context(), path, t.TempDir(), sheet.Hints{})
	return path, tables, faults
}

// suggest drafts for the only table of a file.
func (o *office) suggest(t testing.TB, name, text, dataset string) suggest.Draft {
	t.Helper()
	path, tables, faults := o.tables(t, name, []byte(text))
	if len(tables) != 1 || faults != nil {
		t.Fatalf("%s: %d tables, %v", name, len(tables), faults)
	}
	d, err := suggest.Suggest(t.Context(), o.policy, path, t.TempDir(), tables[0], dataset)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// check makes sure that a draft is refused exactly at its questions, and gives the mapping when there are none.
func (o *office) check(t testing.TB, d suggest.Draft) *policy.Mapping {
	t.Helper()
	var tree any
	if err := yaml.Unmarshal([]byte(d.YAML), &tree); err != nil {
		t.Errorf("no YAML: %v\n%s", err, d.YAML)
	}
	for _, q := range d.Open {
		if q.Say.ZH == "" || q.Say.EN == "" || q.Cure.ZH == "" || q.Cure.EN == "" || strings.Contains(fmt.Sprint(q), "%!") {
			t.Errorf("a question lacks words: %+v", q)
		}
	}
	m, err := policy.CheckMapping(t.Context(), o.db, o.policy, policy.File{Name: "draft.yaml", Text: d.YAML})
	if len(d.Open) == 0 {
		if err != nil {
			t.Errorf("nothing is open, but: %v\n%s", err, d.YAML)
		}
		return m
	}
	faults, ok := errors.AsType[policy.Errors](err)
	if !ok || len(faults) != len(d.Open) {
		t.Errorf("%d questions, but: %v\n%s", len(d.Open), err, d.YAML)
		return nil
	}
	lines := strings.Split(d.YAML, "\n")
	for _, f := range faults {
		if f.Place.Line == 0 || !strings.Contains(lines[f.Place.Line-1], "# ??") {
			t.Errorf("a fault that is no question: %v\n%s", f, d.YAML)
		}
	}
	if text, ok := answered(d); ok {
		if _, err := policy.CheckMapping(t.Context(), o.db, o.policy, policy.File{Name: "draft.yaml", Text: text}); err != nil {
			t.Errorf("answered by its own options: %v\n%s", err, text)
		}
	}
	return nil
}

// answered writes the first option at each place of a draft that is open. It gives up where an option is no answer: there is none, the
// dataset is open, or two words have the same value.
func answered(d suggest.Draft) (text string, ok bool) {
	lines := strings.Split(d.YAML, "\n")
	n := 0
	values := map[string]bool{}
	for i, l := range lines {
		open, _, asks := strings.Cut(l, "  # ?? ")
		if open = strings.TrimRight(open, " "); !asks || strings.HasPrefix(l, "#") {
			if !strings.HasPrefix(l, "      ") {
				clear(values)
			}
			continue
		}
		q := d.Open[n]
		n++
		if len(q.Options) == 0 || d.Dataset == "" {
			return "", false
		}
		if word, isWord := strings.CutPrefix(open, `      "?`); isWord {
			_, word, _ = strings.Cut(word, `": `)
			if values[q.Options[0]] {
				return "", false
			}
			values[q.Options[0]] = true
			lines[i] = "      " + q.Options[0] + ": " + word
			continue
		}
		lines[i] = open + " " + q.Options[0]
	}
	return strings.Join(lines, "\n"), n == len(d.Open)
}

// TestDrafts runs the cases of testdata: a file goes in; the draft, its questions and, when there are none, the records that the draft
// reads from the file come out. The archive's comment may name the dataset.
func TestDrafts(t *testing.T) {
	o := open(t)
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal(archives, err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			in := a.Files[0]
			dataset, _ := strings.CutPrefix(strings.TrimSpace(string(a.Comment)), "dataset: ")
			d := o.suggest(t, in.Name, string(in.Data), dataset)
			var records string
			if m := o.check(t, d); m != nil {
				records = o.read(t, m, string(in.Data))
			}
			got := &txtar.Archive{Comment: a.Comment, Files: []txtar.File{in, {Name: "draft.yaml", Data: []byte(d.YAML)}}}
			for _, f := range []txtar.File{{Name: "questions", Data: []byte(questions(d))}, {Name: "records", Data: []byte(records)}} {
				if len(f.Data) > 0 {
					got.Files = append(got.Files, f)
				}
			}
			text := txtar.Format(got)
			if *update {
				if err := os.WriteFile(path, text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(string(want), string(text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func questions(d suggest.Draft) string {
	var b strings.Builder
	for _, q := range d.Open {
		fmt.Fprintf(&b, "[%s] %s\n  %s\n  %s\n  %s\n", q.Header, q.Say.ZH, q.Say.EN, q.Cure.ZH, q.Cure.EN)
		for _, o := range q.Options {
			fmt.Fprintf(&b, "  - %s\n", o)
		}
	}
	return b.String()
}

// read gives the records that a mapping makes of a CSV file, one line each: the values of its fields.
func (o *office) read(t testing.TB, m *policy.Mapping, text string) string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	header, at := map[string]int{}, -1
	for i, row := range rows {
		header = cellsOf(m, row)
		if len(header) == len(m.Headers) {
			at = i
			break
		}
	}
	if at < 0 {
		t.Fatalf("no row has the headers of\n%s", m.File.Text)
	}
	var b strings.Builder
	for _, row := range rows[at+1:] {
		texts := map[string]string{}
		for id, i := range header {
			texts[id] = strings.TrimSpace(row[i])
		}
		if m.Unpivot == nil {
			fmt.Fprintln(&b, o.record(t, m, texts))
			continue
		}
		for i, h := range rows[at] {
			if row[i] == "" || !slices.ContainsFunc(m.Unpivot.Columns, func(p string) bool {
				prefix, open := strings.CutSuffix(p, "*")
				return open && strings.HasPrefix(policy.HeaderKey(h), policy.HeaderKey(prefix)) || policy.HeaderKey(h) == policy.HeaderKey(p)
			}) {
				continue
			}
			texts[m.Unpivot.Name], texts[m.Unpivot.Value] = h, row[i]
			fmt.Fprintln(&b, o.record(t, m, texts))
		}
	}
	return b.String()
}

func cellsOf(m *policy.Mapping, row []string) map[string]int {
	cells := map[string]int{}
	for _, h := range m.Headers {
		n := h.Nth
		for i, c := range row {
			if policy.HeaderKey(c) == policy.HeaderKey(h.Names[0]) {
				if n--; n == 0 {
					cells[h.ID] = i
				}
			}
		}
	}
	return cells
}

// record reads the fields of one row.
func (o *office) record(t testing.TB, m *policy.Mapping, texts map[string]string) string {
	t.Helper()
	zone, err := time.LoadLocation(o.policy.Company.Timezone)
	if err != nil {
		t.Fatal(err)
	}
	value := func(f *policy.Field, typ policy.Type, text string) string {
		c := cell.Column{Type: typ, Format: f.Format, Zone: zone, Workday: o.policy.Company.WorkdayHours, Edition: sheet.Edition, Words: map[string]string{}}
		for _, v := range f.Column.Values {
			for _, w := range append([]string{v.Value, v.Name.ZH, v.Name.EN}, v.Words...) {
				c.Words[policy.WordKey(w)] = v.Value
			}
		}
		r, err := cell.NewReader(c)
		if err != nil {
			t.Fatal(err)
		}
		v := r.Read(text)
		if v.Rule != "" {
			return "!" + v.Rule + " " + text
		}
		return v.Text
	}
	var parts []string
	for _, f := range m.Fields {
		typ := f.Column.Type
		switch {
		case typ == policy.TypeEmployee:
			typ = policy.TypeText // nobody is known here
			fallthrough
		case f.Value != nil || f.From != "":
			text := texts[f.From]
			if f.Value != nil {
				text = o.evaluate(t, f.Value.SQL, texts)
			}
			parts = append(parts, f.Column.ID+"="+value(f, typ, text))
		case f.Between != nil:
			parts = append(parts, f.Column.ID+"="+value(f, policy.TypeDatetime, o.evaluate(t, f.Between[0].SQL, texts))+"–"+
				value(f, policy.TypeDatetime, o.evaluate(t, f.Between[1].SQL, texts)))
		default:
			t.Fatalf("%s is filled in a way that no draft uses", f.Column.ID)
		}
	}
	return strings.Join(parts, " ")
}

// evaluate computes an expression over the headers of one row.
func (o *office) evaluate(t testing.TB, sql string, texts map[string]string) string {
	t.Helper()
	var names, values []string
	for id, text := range texts {
		names, values = append(names, warehouse.Ident(id)), append(values, "nullif("+warehouse.Literal(text)+", '')")
	}
	var got string
	err := o.db.View(t.Context(), func(tx *warehouse.Tx) (err error) {
		got, err = warehouse.One[string](t.Context(), tx, warehouse.SQL("a field", fmt.Sprintf("SELECT coalesce(%s, '') FROM (VALUES (%s)) AS t(%s)",
			sql, strings.Join(values, ", "), strings.Join(names, ", "))), nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}
