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
	for _, s := range []policy.Source{base(f), policy.Default()} {
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

// An expression that is accepted holds, when it is parsed again as others will embed it, nothing but the allowed nodes.
func FuzzExpression(f *testing.F) {
	a, err := txtar.ParseFile("testdata/expressions.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(a.Files[0].Data)) {
		kind, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		f.Add(text, kind == "s")
	}
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
	raw, err := db.ParseTree(t.Context(), "SELECT ("+e.SQL+") FROM facts")
	if err != nil {
		t.Fatalf("%s → %s: %v", e.Text, e.SQL, err)
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
