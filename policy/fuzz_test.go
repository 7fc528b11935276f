package policy_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Whatever a file holds, there is a policy or there are faults with places.
func FuzzCheck(f *testing.F) {
	for _, s := range []policy.Source{base(f), policy.Default(), full()} {
		for i, file := range s {
			f.Add(i, file.Text)
		}
	}
	for _, name := range []string{"yaml", "company", "datasets", "kpis", "scorecards"} {
		a, err := txtar.ParseFile("testdata/" + name + ".txtar")
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range a.Files {
			_, name, _ := strings.Cut(file.Name, "/")
			i := slices.IndexFunc(base(f), func(b policy.File) bool { return b.Name == strings.TrimSuffix(name, "+") })
			if i >= 0 {
				f.Add(i, string(file.Data))
			}
		}
	}
	db, plain := open(f), base(f)
	f.Fuzz(func(t *testing.T, i int, text string) {
		if i < 0 || i >= len(plain) || len(text) > 20_000 {
			return
		}
		s := slices.Clone(plain)
		s[i].Text = text
		p, err := policy.Check(t.Context(), db, s)
		if err == nil && p != nil {
			return
		}
		faults, ok := errors.AsType[policy.Errors](err)
		if !ok || p != nil || len(faults) == 0 {
			t.Fatalf("policy %v, error %v", p != nil, err)
		}
		for _, e := range faults {
			if e.Place.File == "" || e.What.ZH == "" || e.What.EN == "" || e.Cure.ZH == "" || e.Cure.EN == "" || strings.Contains(e.Error(), "%!(EXTRA") || strings.Contains(e.Error(), "(MISSING)") {
				t.Errorf("%#v", e)
			}
		}
	})
}

// Whatever a file holds, there is a mapping or there are faults with places; what its expressions say is harmless.
func FuzzMapping(f *testing.F) {
	db := open(f)
	logs, full := check(f, db, base(f)), check(f, db, policy.Default())
	f.Add(trial(f).Text, false)
	f.Add(firstOnly.Text, false)
	for _, m := range policy.DefaultMappings() {
		f.Add(m.Text, true)
	}
	a, err := txtar.ParseFile("testdata/mappings.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range a.Files {
		if strings.HasSuffix(file.Name, "/whole") {
			f.Add(string(file.Data), false)
		}
	}
	f.Fuzz(func(t *testing.T, text string, byDefault bool) {
		if len(text) > 20_000 {
			return
		}
		p := logs
		if byDefault {
			p = full
		}
		m, err := policy.CheckMapping(t.Context(), db, p, policy.File{Name: "fuzzed.yaml", Text: text})
		if err == nil {
			sound(t, db, p, m)
			return
		}
		faults, ok := errors.AsType[policy.Errors](err)
		if !ok || m != nil || len(faults) == 0 {
			t.Fatalf("mapping %v, error %v", m != nil, err)
		}
		for _, e := range faults {
			if e.Place.File != "fuzzed.yaml" || e.What.ZH == "" || e.What.EN == "" || e.Cure.ZH == "" || e.Cure.EN == "" || strings.Contains(e.Error(), "%!(EXTRA") || strings.Contains(e.Error(), "(MISSING)") {
				t.Errorf("%#v", e)
			}
		}
	})
}

// sound makes sure that a mapping names nothing that is not there.
func sound(t *testing.T, db *warehouse.DB, p *policy.Policy, m *policy.Mapping) {
	t.Helper()
	known := func(id string) bool {
		return m.Header(id) != nil || m.Unpivot != nil && (id == m.Unpivot.Name || id == m.Unpivot.Value)
	}
	var names []string
	var expressions []policy.Expr
	if m.Where != nil {
		expressions = append(expressions, *m.Where)
	}
	if m.Pick != nil {
		names = append(names, m.Pick.By)
	}
	for _, f := range m.Fields {
		ways := 0
		if f.From != "" {
			ways, names = ways+1, append(names, f.From)
		}
		if f.Value != nil {
			ways, expressions = ways+1, append(expressions, *f.Value)
		}
		if f.Constant != nil {
			ways++
		}
		if f.Between != nil {
			ways, expressions = ways+1, append(expressions, f.Between[:]...)
		}
		if f.Digest != nil {
			ways, names = ways+1, append(names, f.Digest...)
		}
		if ways != 1 || m.Dataset.Column(f.Column.ID) != f.Column || m.Field(f.Column.ID) != f {
			t.Errorf("%d ways to fill %s", ways, f.Column.ID)
		}
	}
	for _, e := range expressions {
		harmless(t, db, e)
		names = append(names, e.Columns...)
		if strings.Contains(e.SQL, "$") && !strings.Contains(e.Text, "$") {
			t.Errorf("%s has a parameter", e.SQL)
		}
	}
	for _, name := range names {
		if !known(name) {
			t.Errorf("no header %q", name)
		}
	}
	if p.Dataset(m.Dataset.ID) != m.Dataset || m.ID != "fuzzed" {
		t.Errorf("dataset %s, id %s", m.Dataset.ID, m.ID)
	}
}

// An expression that is accepted holds, when it is parsed again as others will embed it, nothing but the allowed nodes.
func FuzzExpression(f *testing.F) {
	for _, path := range []string{"testdata/expressions.txtar", "testdata/durations.txtar"} {
		a, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(a.Files[0].Data)) {
			kind, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			f.Add(text, kind == "s")
		}
	}
	f.Add("hours_between(moment(week_day(done_on, 5), 17.5), plus_hours(sent_at, -shift)) > workdays(month_day(done_on, pieces), report_day)", false)
	f.Add("round(hours * share, 4) + CASE WHEN state = 'won' THEN -shift ELSE 0 END", true)
	f.Add("NOT (seen_on - limit_days BETWEEN done_on AND report_day) OR substring(trim(note), 1, 2) LIKE 'a''b%'", false)
	f.Add("extract(month FROM done_on) IN (1, 2) AND hours / nullif(share, 0) >= factor AND approved IS NOT DISTINCT FROM TRUE", false)
	db := open(f)
	f.Fuzz(func(t *testing.T, text string, sum bool) {
		kind := "count"
		if sum {
			kind = "sum"
		}
		p, err := policy.Check(t.Context(), db, kpi(t, kind, text))
		if err != nil {
			if _, ok := errors.AsType[policy.Errors](err); !ok {
				t.Fatal(err)
			}
			return
		}
		harmless(t, db, exprOf(p, kind))
	})
}

func harmless(t *testing.T, db *warehouse.DB, e policy.Expr) {
	t.Helper()
	trees, err := db.ParseTrees(t.Context(), "SELECT ("+e.SQL+") FROM facts")
	if err != nil || trees[0].Err != nil {
		t.Fatalf("%s → %s: %v, %v", e.Text, e.SQL, err, trees)
	}
	raw, err := json.Marshal(trees[0].Tree)
	if err != nil {
		t.Fatal(err)
	}
	var tree struct {
		Statements []struct {
			Node map[string]any `json:"node"`
		} `json:"statements"`
	}
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	if len(tree.Statements) != 1 || tree.Statements[0].Node["type"] != "SELECT_NODE" {
		t.Fatalf("%s → %s: %s", e.Text, e.SQL, raw)
	}
	items, _ := tree.Statements[0].Node["select_list"].([]any)
	if len(items) != 1 {
		t.Fatalf("%s → %s: %d items", e.Text, e.SQL, len(items))
	}
	var names []string
	nodes(t, items[0], func(n map[string]any) {
		switch class := n["class"]; class {
		case "COLUMN_REF":
			parts := n["column_names"].([]any)
			if len(parts) != 1 {
				t.Fatalf("%s: %v", e.Text, parts)
			}
			names = append(names, parts[0].(string))
		case "PARAMETER":
			if n["identifier"] != policy.ReportDay {
				t.Fatalf("%s: %v", e.Text, n)
			}
		case "FUNCTION":
			if name := n["function_name"].(string); !slices.Contains(policy.Functions, name) && !slices.Contains(policy.Operators, name) {
				t.Fatalf("%s: calls %s", e.Text, name)
			}
		case "CONSTANT", "COMPARISON", "BETWEEN", "CONJUNCTION", "OPERATOR", "CASE", "CAST":
		default:
			t.Fatalf("%s: holds a %v", e.Text, class)
		}
	})
	slices.Sort(names)
	if !slices.Equal(slices.Compact(names), e.Columns) {
		t.Fatalf("%s: reads %v, says %v", e.Text, names, e.Columns)
	}
	if !slices.Equal(slices.Sorted(slices.Values(e.Order)), e.Columns) {
		t.Fatalf("%s: reads %v, in the order %v", e.Text, e.Columns, e.Order)
	}
}

// nodes visits every object with a class, wherever it stands.
func nodes(t *testing.T, v any, visit func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		if v["class"] != nil {
			visit(v)
		}
		for _, child := range v {
			nodes(t, child, visit)
		}
	case []any:
		for _, child := range v {
			nodes(t, child, visit)
		}
	}
}
