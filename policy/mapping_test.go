package policy_test

import (
	"cmp"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// trial gives the mapping of testdata/mapping.yaml, which fits the policy of base.
func trial(t testing.TB) policy.File {
	t.Helper()
	text, err := os.ReadFile("testdata/mapping.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return policy.File{Name: "trial.yaml", Text: string(text)}
}

// mappingFaults gives the faults of a mapping that is wrong.
func mappingFaults(t testing.TB, db *warehouse.DB, p *policy.Policy, f policy.File) policy.Errors {
	t.Helper()
	m, err := policy.CheckMapping(t.Context(), db, p, f)
	faults, ok := errors.AsType[policy.Errors](err)
	if !ok || m != nil || len(faults) == 0 {
		t.Fatalf("%s: got mapping %v and error %v, want Errors\n%s", f.Name, m, err, f.Text)
	}
	return faults
}

func TestMapping(t *testing.T) {
	db := open(t)
	p := check(t, db, base(t))
	f := trial(t)
	m, err := policy.CheckMapping(t.Context(), db, p, f)
	if err != nil {
		t.Fatal(err)
	}
	expr := func(text, sql, typ string, order ...string) *policy.Expr {
		return &policy.Expr{Text: text, SQL: sql, Type: typ, Columns: slices.Sorted(slices.Values(order)), Order: order}
	}
	one := "1"
	column := p.Dataset("logs").Column
	want := &policy.Mapping{
		ID: "trial", Name: policy.Text{ZH: "试用映射", EN: "Trial mapping"}, Dataset: p.Dataset("logs"),
		Sheet: "明细", HeaderRow: 3, Encoding: "GB18030", Delimiter: '\t', Snapshot: true,
		Headers: []*policy.Header{
			{ID: "issue", Names: []string{"Issue Key", "问题关键字"}, Nth: 1}, {ID: "who", Names: []string{"Username"}, Optional: true, Nth: 2},
			{ID: "day", Names: []string{"Work date"}, Nth: 1}, {ID: "begun", Names: []string{"Start"}, Nth: 1}, {ID: "ended", Names: []string{"End"}, Nth: 1},
			{ID: "updated", Names: []string{"Updated"}, Nth: 1}, {ID: "won", Names: []string{"Status"}, Nth: 1},
		},
		Unpivot: &policy.Unpivot{Columns: []string{"2026-*", "Rest"}, Except: []string{"who", "issue"}, Name: "month", Value: "spent"},
		Where:   expr("won <> 'Draft' AND month LIKE '2026%'", `"won" <> 'Draft' AND "month" LIKE '2026%'`, "BOOLEAN", "won", "month"),
		Pick:    &policy.Pick{By: "updated", Format: policy.Format{Order: policy.MDY, Zone: "UTC", Serial: "1904", Blanks: []string{}}},
		Fields: []*policy.Field{
			{Column: column("log_id"), Digest: []string{"issue", "who", "day", "month"}},
			{Column: column("employee_no"), From: "who", Lookup: []policy.Lookup{policy.ByLogin, policy.ByEmail, policy.ByNumber, policy.ByName}},
			{Column: column("done_on"), From: "day", Format: policy.Format{Order: policy.MDY, Zone: "Asia/Tokyo", Serial: "1904"}},
			{Column: column("hours"), Format: policy.Format{Order: policy.DMY}, Between: &[2]policy.Expr{
				*expr("day || ' ' || begun", `"day" || ' ' || "begun"`, "VARCHAR", "day", "begun"), *expr("day || ' ' || ended", `"day" || ' ' || "ended"`, "VARCHAR", "day", "ended")}},
			{Column: column("pieces"), Constant: &one},
			{Column: column("share"), From: "spent", Format: policy.Format{Decimal: ",", Myriads: true, Blanks: []string{"none", "-"}}},
			{Column: column("amount"), Value: expr("split_part(spent, '/', 1)", `split_part("spent", '/', 1)`, "VARCHAR", "spent"),
				Format: policy.Format{Decimal: ",", Unit: policy.UnitMyriad}},
			{Column: column("note"), From: "won"},
			{Column: column("approved"), From: "won", Words: []policy.Word{{Word: "Closed Won", Value: "true"}, {Word: "赢单", Value: "true"}, {Word: "Closed Lost", Value: "false"}}},
			{Column: column("state"), From: "won", Words: []policy.Word{{Word: "Closed Won", Value: "won"}, {Word: "Running", Value: "open"}, {Word: "在途", Value: "open"}}},
		},
		File: f,
	}
	if diff := gocmp.Diff(want, m, cmpopts.IgnoreTypes(policy.Place{}), gocmp.Comparer(func(a, b *policy.Dataset) bool { return a == b }),
		gocmp.Comparer(func(a, b *policy.Column) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if got := m.Header("who").Place.String(); got != "trial.yaml:12:3" {
		t.Error(got)
	}
	if m.Field("note") != m.Fields[7] || m.Field("seen_on") != nil || m.Header("spent") != nil {
		t.Error("Field or Header finds the wrong one")
	}
}

// A field says what differs from its column; the rest is the column's.
func TestFormatsOverlay(t *testing.T) {
	db := open(t)
	p := check(t, db, base(t))
	f := trial(t)
	f.Text = strings.Replace(f.Text, "{from: day, order: mdy, zone: Asia/Tokyo, serial: 1904}", "day", 1)
	f.Text = strings.Replace(f.Text, `unit: wan, myriads: false`, `unit: one`, 1)
	m, err := policy.CheckMapping(t.Context(), db, p, f)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(policy.Format{Order: policy.DMY, Zone: "UTC", Serial: "1900"}, m.Field("done_on").Format); diff != "" {
		t.Error(diff)
	}
	if diff := gocmp.Diff(policy.Format{Decimal: ",", Myriads: true, Unit: policy.UnitOne}, m.Field("amount").Format); diff != "" {
		t.Error(diff)
	}
	if o := p.Dataset("logs").Column("hours").Format; o.Unit != policy.UnitMinutes || !slices.Equal(o.Blanks, []string{"-", "无"}) {
		t.Errorf("%+v", o)
	}
}

// A percent needs its sign, unless the column or the field says what a number without it counts.
func TestPercentsNeedTheirSign(t *testing.T) {
	db := open(t)
	for _, test := range []struct {
		column, field string
		accepted      bool
	}{
		{"", "{constant: 12.5}", false},
		{"", "{constant: 12.5%}", true},
		{"", "{constant: 12.5, unit: percent}", true},
		{"", "{constant: 0.125, unit: fraction}", true},
		{", unit: fraction", "{constant: 12.5}", true},
		{", unit: fraction", "{constant: 12.5%}", true},
	} {
		s := base(t)
		p := check(t, db, with(s, "datasets.yaml", strings.Replace(s[1].Text, ", unit: fraction", test.column, 1)))
		f := trial(t)
		f.Text += "  ratio: " + test.field + "\n"
		if test.accepted {
			if _, err := policy.CheckMapping(t.Context(), db, p, f); err != nil {
				t.Errorf("column%s, field %s: %v", test.column, test.field, err)
			}
			continue
		}
		e := mappingFaults(t, db, p, f)
		want := policy.Text{ZH: "写成 12.5% 的样子；不带 % 须写明 unit", EN: "write it like 12.5%; without its sign it needs a unit"}
		if len(e) != 1 || e[0].Cure != want {
			t.Errorf("column%s, field %s: %v", test.column, test.field, e)
		}
	}
	for name, def := range readSchema(t).Defs {
		if unit := def.Properties["unit"]; unit != nil && name != "kpi" && name != "ratio" && !(strings.Contains(unit.Text, "须带 %") && strings.Contains(unit.Text, "a percent needs its sign")) {
			t.Errorf("the schema of %s does not say that a percent needs its sign: %s", name, unit.Text)
		}
	}
}

// TestMappingFaults runs the cases of the archive: lines that replace those of testdata/mapping.yaml (OLD => NEW) or, under the name
// whole, a mapping of its own go in; the faults in both languages come out.
func TestMappingFaults(t *testing.T) {
	const path = "testdata/mappings.txtar"
	db := open(t)
	p := check(t, db, base(t))
	a, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var files []txtar.File
	for _, in := range a.Files {
		title, kind, _ := strings.Cut(in.Name, "/")
		if kind == "zh" || kind == "en" {
			continue
		}
		f := trial(t)
		f.Name = title + ".yaml"
		if kind == "whole" {
			f.Text = string(in.Data)
		} else {
			f.Text = edited(t, title, f.Text, string(in.Data))
		}
		e := mappingFaults(t, db, p, f)
		files = append(files, in, txtar.File{Name: title + "/zh", Data: []byte(e.In(policy.ZH) + "\n")}, txtar.File{Name: title + "/en", Data: []byte(e.In(policy.EN) + "\n")})
	}
	golden(t, path, string(txtar.Format(&txtar.Archive{Comment: a.Comment, Files: files})))
}

// edited replaces texts of s: each line of edits is OLD => NEW.
func edited(t *testing.T, title, s, edits string) string {
	t.Helper()
	for line := range strings.Lines(edits) {
		from, to, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " => ")
		if !ok || strings.Count(s, from) != 1 {
			t.Fatalf("%s: %q stands %d times in the mapping", title, from, strings.Count(s, from))
		}
		s = strings.Replace(s, from, strings.ReplaceAll(to, `\n`, "\n"), 1)
	}
	return s
}

func TestMappingsAreBounded(t *testing.T) {
	db := open(t)
	p := check(t, db, base(t))
	for name, text := range map[string]string{
		"large":    strings.Repeat("# comment\n", 110_000),
		"brackets": "headers: " + strings.Repeat("[", 500_000),
		"latin_1":  "name: {zh: \xe9, en: A}",
		"list":     "- a\n- b\n",
		"nothing":  "",
	} {
		if e := mappingFaults(t, db, p, policy.File{Name: name + ".yaml", Text: text}); e[0].Place.File != name+".yaml" {
			t.Errorf("%s: %v", name, e[0])
		}
	}
}

func TestMappingFileNames(t *testing.T) {
	db := open(t)
	p := check(t, db, base(t))
	text := trial(t).Text
	for _, name := range []string{"trial.yml", "trial", "Trial.yaml", "工时.yaml", "../trial.yaml", ".yaml", "a-b.yaml", strings.Repeat("x", 49) + ".yaml", ""} {
		if e := mappingFaults(t, db, p, policy.File{Name: name, Text: text}); len(e) != 1 || e[0].Place.Line != 0 {
			t.Errorf("%q: %v", name, e)
		}
		if err := policy.WriteMappings(t.TempDir(), []policy.File{{Name: name, Text: text}}); err == nil {
			t.Errorf("%q: written", name)
		}
	}
}

func TestSeveralMappings(t *testing.T) {
	db := open(t)
	p := check(t, db, base(t))
	good, other := trial(t), trial(t)
	other.Name = "another.yaml"
	mappings, err := policy.CheckMappings(t.Context(), db, p, []policy.File{good, other})
	if err != nil || len(mappings) != 2 || mappings[0].ID != "trial" || mappings[1].ID != "another" {
		t.Fatal(mappings, err)
	}
	if mappings, err := policy.CheckMappings(t.Context(), db, p, nil); err != nil || mappings != nil {
		t.Error(mappings, err)
	}
	other.Text = strings.Replace(other.Text, "dataset: logs", "dataset: lugs", 1)
	mappings, err = policy.CheckMappings(t.Context(), db, p, []policy.File{good, other, good})
	faults, ok := errors.AsType[policy.Errors](err)
	if !ok || mappings != nil {
		t.Fatal(mappings, err)
	}
	want := `another.yaml:3:10: there is no dataset “lugs”
    dataset: lugs
             ^
  cure: did you mean logs?
trial.yaml: the file is given twice
  cure: keep one of them`
	if diff := gocmp.Diff(want, faults.In(policy.EN)); diff != "" {
		t.Error(diff)
	}
}

func TestMappingFailureIsNotAFault(t *testing.T) {
	db := open(t)
	p := check(t, db, base(t))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := policy.CheckMappings(t.Context(), db, p, []policy.File{trial(t)})
	if _, faults := errors.AsType[policy.Errors](err); faults || !errors.Is(err, warehouse.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestMappingDirectories(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "policy")
	if files, err := policy.ReadMappings(dir); err != nil || files != nil {
		t.Fatalf("without a folder: %v %v", files, err)
	}
	if err := policy.Default().WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	defaults := policy.DefaultMappings()
	for range 2 { // the same files again
		if err := policy.WriteMappings(dir, defaults); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, "mappings", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("notes.txt", "any")
	write(".hidden.yaml", "any")
	if err := os.Mkdir(filepath.Join(dir, "mappings", "old.yaml"), 0o755); err != nil {
		t.Fatal(err)
	}
	files, err := policy.ReadMappings(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(defaults, files); diff != "" {
		t.Error(diff)
	}
	if s, err := policy.ReadDir(dir); err != nil || len(s) != len(policy.Default()) {
		t.Errorf("the policy beside them: %v %v", s, err)
	}

	write("jira.yaml", "# mine\n")
	if err := os.Remove(filepath.Join(dir, "mappings", "kimai.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := policy.WriteMappings(dir, defaults); err == nil || !strings.Contains(err.Error(), "different jira.yaml") {
		t.Errorf("overwrote a differing file: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "mappings", "kimai.yaml")); err == nil {
		t.Error("wrote a file although another differs")
	}
	write("more.yml", "")
	write("loud.YAML", "")
	_, err = policy.ReadMappings(dir)
	if e, ok := errors.AsType[policy.Errors](err); !ok || len(e) != 2 || e[0].Place.File != "loud.YAML" || e[1].Place.File != "more.yml" {
		t.Errorf("got %v", err)
	}
	write("large.yaml", strings.Repeat("# comment\n", 110_000))
	for _, name := range []string{"more.yml", "loud.YAML"} {
		if err := os.Remove(filepath.Join(dir, "mappings", name)); err != nil {
			t.Fatal(err)
		}
	}
	files, err = policy.ReadMappings(dir)
	i := slices.IndexFunc(files, func(f policy.File) bool { return f.Name == "large.yaml" })
	if err != nil || i < 0 {
		t.Fatal(err)
	}
	db := open(t)
	if e := mappingFaults(t, db, check(t, db, policy.Default()), files[i]); !strings.Contains(e.Error(), "larger than 1 MiB") {
		t.Error(e)
	}
}

func TestDefaultMappingsAreRight(t *testing.T) {
	db := open(t)
	p := check(t, db, policy.Default())
	files := policy.DefaultMappings()
	mappings, err := policy.CheckMappings(t.Context(), db, p, files)
	if err != nil {
		t.Fatal(err)
	}
	if len(mappings) < 15 || !slices.IsSortedFunc(mappings, func(a, b *policy.Mapping) int { return cmp.Compare(a.ID, b.ID) }) {
		t.Errorf("%d mappings", len(mappings))
	}
	for _, m := range mappings {
		chinese, english := 0, 0
		for line := range strings.Lines(m.File.Text) {
			if strings.HasPrefix(line, "#") && strings.ContainsAny(line, "，。") {
				chinese++
			} else if strings.HasPrefix(line, "#") {
				english++
			}
		}
		if chinese == 0 || english == 0 {
			t.Errorf("%s does not say in both languages what it does", m.File.Name)
		}
	}
}

// TestReadyMade runs the cases of the archive: lines of an export, by the name of its mapping, go in; the texts that the mapping gives
// to the columns come out, a line per row, with - for rows that it leaves out and without columns that stay blank.
func TestReadyMade(t *testing.T) {
	const path = "testdata/ready_made.txtar"
	db := open(t)
	p := check(t, db, policy.Default())
	mappings, err := policy.CheckMappings(t.Context(), db, p, policy.DefaultMappings())
	if err != nil {
		t.Fatal(err)
	}
	a, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tried := map[string]bool{}
	var files []txtar.File
	for _, in := range a.Files {
		title, out := strings.CutSuffix(in.Name, "/out")
		if out {
			continue
		}
		id, _, _ := strings.Cut(title, " ")
		i := slices.IndexFunc(mappings, func(m *policy.Mapping) bool { return m.ID == id })
		if i < 0 {
			t.Fatalf("there is no mapping %q", id)
		}
		tried[id] = true
		files = append(files, in, txtar.File{Name: title + "/out", Data: []byte(mapped(t, db, mappings[i], string(in.Data)))})
	}
	for _, m := range mappings {
		if !tried[m.ID] {
			t.Errorf("nothing is tried with %s", m.ID)
		}
	}
	golden(t, path, string(txtar.Format(&txtar.Archive{Comment: a.Comment, Files: files})))
}

// mapped gives what a mapping without pick and unpivot makes of a CSV file, before the texts are read as values.
func mapped(t *testing.T, db *warehouse.DB, m *policy.Mapping, text string) string {
	t.Helper()
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for _, h := range m.Headers {
		at[h.ID] = columnOf(rows[0], h)
		if at[h.ID] < 0 && !h.Optional {
			return "lacks " + h.ID + "\n"
		}
	}
	var b strings.Builder
	for _, row := range rows[1:] {
		b.WriteString(strings.Join(mappedRow(t, db, m, at, row), " | ") + "\n")
	}
	return b.String()
}

// No text of a cell makes an expression of a ready-made mapping fail.
func TestReadyMadeOnAnyText(t *testing.T) {
	db := open(t)
	mappings, err := policy.CheckMappings(t.Context(), db, check(t, db, policy.Default()), policy.DefaultMappings())
	if err != nil {
		t.Fatal(err)
	}
	cell := rapid.OneOf(rapid.StringMatching(`[ -~]{0,12}`), rapid.StringMatching(`[一-龥（(#;!%_'"\\]{0,6}`),
		rapid.SampledFrom([]string{"", "Closed Won", "(#", "26-03-02", "提交的", "\u3000", strings.Repeat("長", 300)}))
	rapid.Check(t, func(r *rapid.T) {
		m := rapid.SampledFrom(mappings).Draw(r, "mapping")
		at := map[string]int{}
		var row []string
		for i, h := range m.Headers {
			at[h.ID] = i
			row = append(row, cell.Draw(r, h.ID))
		}
		mappedRow(t, db, m, at, row)
	})
}

// columnOf finds a header among the words of a file; -1 when it is not there.
func columnOf(words []string, h *policy.Header) int {
	for _, name := range h.Names {
		nth := 0
		for i, w := range words {
			if policy.HeaderKey(w) == policy.HeaderKey(name) {
				if nth++; nth == h.Nth {
					return i
				}
			}
		}
	}
	return -1
}

func mappedRow(t *testing.T, db *warehouse.DB, m *policy.Mapping, at map[string]int, row []string) []string {
	t.Helper()
	var cells []string
	for _, h := range m.Headers {
		value := "NULL::VARCHAR"
		if i := at[h.ID]; i >= 0 && i < len(row) && strings.TrimSpace(row[i]) != "" {
			value = "'" + strings.ReplaceAll(strings.TrimSpace(row[i]), "'", "''") + "'"
		}
		cells = append(cells, value+" AS "+warehouse.Ident(h.ID))
	}
	where := "true"
	if m.Where != nil {
		where = m.Where.SQL
	}
	items := []string{"coalesce((" + where + "), false)"}
	for _, f := range m.Fields {
		sql := "NULL::VARCHAR"
		switch {
		case f.From != "":
			sql = warehouse.Ident(f.From)
		case f.Value != nil:
			sql = f.Value.SQL
		}
		items = append(items, "coalesce(("+sql+"), '')")
	}
	s := warehouse.SQL("mapped row", "SELECT "+strings.Join(items, ", ")+" FROM (SELECT "+strings.Join(cells, ", ")+")")
	values := make([]string, len(m.Fields))
	var kept bool
	dest := []any{&kept}
	for i := range values {
		dest = append(dest, &values[i])
	}
	err := db.View(t.Context(), func(tx *warehouse.Tx) error {
		return tx.Each(t.Context(), s, warehouse.Args{}, func(scan func(...any) error) error { return scan(dest...) })
	})
	if err != nil {
		t.Fatalf("%s: %v", m.ID, err)
	}
	if !kept {
		return []string{"-"}
	}
	var out []string
	for i, f := range m.Fields {
		if values[i] != "" {
			out = append(out, f.Column.ID+"="+values[i]+meaning(f, values[i]))
		}
	}
	return out
}

// meaning gives, for a column of words, the value that a text stands for.
func meaning(f *policy.Field, text string) string {
	if f.Column.Type != policy.TypeEnum && f.Column.Type != policy.TypeBool {
		return ""
	}
	words := slices.Clone(f.Words)
	for _, v := range f.Column.Values {
		for _, w := range append([]string{v.Value, v.Name.ZH, v.Name.EN}, v.Words...) {
			words = append(words, policy.Word{Word: w, Value: v.Value})
		}
	}
	for _, w := range words {
		if policy.WordKey(w.Word) == policy.WordKey(text) {
			return " (" + w.Value + ")"
		}
	}
	return " (?)"
}
