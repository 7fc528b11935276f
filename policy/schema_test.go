package policy_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"plumbline/policy"
)

// schema is the part of JSON Schema that schema.json uses.
type schema struct {
	Ref        string             `json:"$ref"`
	Defs       map[string]*schema `json:"$defs"`
	Type       any                `json:"type"`
	Properties map[string]*schema `json:"properties"`
	Additional any                `json:"additionalProperties"`
	Names      *schema            `json:"propertyNames"`
	Required   []string           `json:"required"`
	Items      *schema            `json:"items"`
	AnyOf      []*schema          `json:"anyOf"`
	Enum       []any              `json:"enum"`
	Const      any                `json:"const"`
	Pattern    string             `json:"pattern"`
	Minimum    *float64           `json:"minimum"`
	Maximum    *float64           `json:"maximum"`
	MinItems   *int               `json:"minItems"`
	MaxItems   *int               `json:"maxItems"`
	MinProps   *int               `json:"minProperties"`
	MaxProps   *int               `json:"maxProperties"`
	If         *schema            `json:"if"`
	Then       *schema            `json:"then"`
	Title      string             `json:"title"`
	Text       string             `json:"description"`
	Examples   []any              `json:"examples"`
	Dialect    string             `json:"$schema"`
}

func readSchema(t *testing.T) *schema {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(policy.Schema())))
	d.DisallowUnknownFields() // a keyword that valid does not know would be checked by nobody
	var s schema
	if err := d.Decode(&s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// resolve follows a reference; name is the definition's.
func (s *schema) resolve(root *schema) (resolved *schema, name string) {
	for s.Ref != "" {
		name = strings.TrimPrefix(s.Ref, "#/$defs/")
		s = root.Defs[name]
	}
	return s, name
}

// additional gives the schema of further keys, or nil when there may be none.
func (s *schema) additional() *schema {
	if s.Additional == nil || s.Additional == false {
		return nil
	}
	raw, _ := json.Marshal(s.Additional)
	var sub schema
	if json.Unmarshal(raw, &sub) != nil {
		return nil
	}
	return &sub
}

func typeOf(v any) []string {
	switch v := v.(type) {
	case map[string]any:
		return []string{"object"}
	case []any:
		return []string{"array"}
	case bool:
		return []string{"boolean"}
	case string:
		return []string{"string"}
	case float64:
		if v != float64(int64(v)) {
			return []string{"number"}
		}
		return []string{"number", "integer"}
	case nil:
		return []string{"null"}
	}
	return []string{"number", "integer"}
}

// asJSON gives a scalar of YAML as JSON has it.
func asJSON(v any) any {
	switch v := v.(type) {
	case uint64:
		return float64(v)
	case map[string]any, []any: // an enum lists scalars only
		return nil
	}
	return v
}

// valid reports whether v fits s, and calls visit for each object with the name of its definition.
func (s *schema) valid(root *schema, v any, visit func(name string, s *schema, object map[string]any)) bool {
	s, name := s.resolve(root)
	if s.Type != nil {
		types, many := s.Type.([]any)
		if !many {
			types = []any{s.Type}
		}
		if !slices.ContainsFunc(types, func(t any) bool { return slices.Contains(typeOf(v), t.(string)) }) {
			return false
		}
	}
	text, _ := v.(string)
	ok := (s.Enum == nil || slices.Contains(s.Enum, asJSON(v))) && (s.Const == nil || reflect.DeepEqual(s.Const, v)) &&
		(s.Pattern == "" || regexp.MustCompile(s.Pattern).MatchString(text)) &&
		(s.AnyOf == nil || slices.ContainsFunc(s.AnyOf, func(a *schema) bool { return a.valid(root, v, visit) })) &&
		(s.If == nil || !s.If.valid(root, v, nil) || s.Then.valid(root, v, nil))
	switch v := v.(type) {
	case []any:
		ok = ok && (s.MinItems == nil || len(v) >= *s.MinItems) && (s.MaxItems == nil || len(v) <= *s.MaxItems)
		for _, item := range v {
			ok = ok && (s.Items == nil || s.Items.valid(root, item, visit))
		}
	case map[string]any:
		if visit != nil && name != "" {
			visit(name, s, v)
		}
		ok = ok && s.object(root, v, visit)
	}
	return ok
}

func (s *schema) object(root *schema, v map[string]any, visit func(string, *schema, map[string]any)) bool {
	if s.MinProps != nil && len(v) < *s.MinProps || s.MaxProps != nil && len(v) > *s.MaxProps {
		return false
	}
	for _, key := range s.Required {
		if _, ok := v[key]; !ok {
			return false
		}
	}
	for key, value := range v {
		sub := s.Properties[key]
		if sub == nil {
			if s.Additional == nil {
				continue
			}
			if sub = s.additional(); sub == nil || s.Names != nil && !s.Names.valid(root, key, nil) {
				return false
			}
		}
		if !sub.valid(root, value, visit) {
			return false
		}
	}
	return true
}

func decode(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSchemaAcceptsTheDefaults(t *testing.T) {
	root := readSchema(t)
	seen := map[string]map[string]bool{}
	for _, f := range slices.Concat(policy.Default(), base(t), full(), policy.DefaultMappings(), away(t)[:1], []policy.File{trial(t), firstOnly}) {
		file := &schema{Ref: "#/$defs/" + formOf(f)}
		v := decode(t, f.Text)
		if !file.valid(root, v, func(name string, _ *schema, object map[string]any) {
			for key := range object {
				if seen[name] == nil {
					seen[name] = map[string]bool{}
				}
				seen[name][key] = true
			}
		}) {
			t.Errorf("%s does not fit its schema:\n%s", f.Name, f.Text)
		}
		v["unknown key"] = "x"
		if file.valid(root, v, nil) {
			t.Errorf("%s: the schema accepts any key", f.Name)
		}
	}
	for name, keys := range policy.Keys {
		for _, key := range keys {
			if !seen[name][key] {
				t.Errorf("no policy of the tests uses %s.%s", name, key)
			}
		}
	}
}

// firstOnly is a mapping as short as can be that keeps the first row of a key.
var firstOnly = policy.File{Name: "first.yaml", Text: "name: {zh: 甲, en: A}\ndataset: logs\nheaders: {a: A}\npick: {first: a}\nfields: {log_id: a}\n"}

// formOf gives the definition in the schema that a file has.
func formOf(f policy.File) string {
	if slices.ContainsFunc(policy.Default(), func(d policy.File) bool { return d.Name == f.Name }) {
		return f.Name
	}
	return "mapping"
}

func TestSchemaKnowsTheKeysOfCheck(t *testing.T) {
	root := readSchema(t)
	for name, keys := range policy.Keys {
		def := root.Defs[name]
		if def == nil {
			t.Errorf("the schema lacks %s", name)
			continue
		}
		got := slices.Sorted(maps.Keys(def.Properties))
		want := slices.Sorted(slices.Values(keys))
		if !slices.Equal(got, want) {
			t.Errorf("%s: the schema has %v, Check knows %v", name, got, want)
		}
	}
}

// short is full() with no more KPIs and rules than use all keys, since it is checked once for each of them.
func short(t *testing.T) policy.Source {
	t.Helper()
	s := full()
	at := func(name string) int { return slices.IndexFunc(s, func(f policy.File) bool { return f.Name == name }) }
	write := func(name string, v map[string]any) {
		text, err := yaml.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		s[at(name)].Text = string(text)
	}
	datasets, kpis := decode(t, s[at("datasets.yaml")].Text), decode(t, s[at("kpis.yaml")].Text)
	for _, d := range datasets {
		if d := d.(map[string]any); d["rules"] != nil {
			d["rules"] = d["rules"].([]any)[:1]
		}
	}
	named := fmt.Sprint(decode(t, s[at("scorecards.yaml")].Text), kpis["ratios"], kpis["funnels"])
	seen := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(kpis)) {
		used := strings.Contains(named, id)
		for key := range kpis[id].(map[string]any) {
			used = used || !seen[key]
		}
		if !used && id != "ratios" && id != "funnels" {
			delete(kpis, id)
			continue
		}
		for key := range kpis[id].(map[string]any) {
			seen[key] = true
		}
	}
	write("datasets.yaml", datasets)
	write("kpis.yaml", kpis)
	company := decode(t, s[at("company.yaml")].Text)
	company["pack"].(map[string]any)["pages"] = map[string]any{"one": map[string]any{"name": map[string]any{"zh": "甲", "en": "One"}, "kpis": []any{"log_punctuality"}}}
	write("company.yaml", company)
	return s
}

// TestRequiredKeys takes each key away once: Check misses it exactly when the schema requires it.
func TestRequiredKeys(t *testing.T) {
	db, root := open(t), readSchema(t)
	done := map[string]bool{}
	logs := check(t, db, base(t))
	whole := short(t)
	check(t, db, whole)
	for i, f := range append(slices.Clone(whole), trial(t)) {
		file := decode(t, f.Text)
		type cut struct {
			name, key string
			required  bool
			object    map[string]any
		}
		var cuts []cut
		(&schema{Ref: "#/$defs/" + formOf(f)}).valid(root, file, func(name string, s *schema, object map[string]any) {
			for _, key := range policy.Keys[name] {
				_, used := object[key]
				conditional := name == "column" && object["type"] == "enum" && key == "values" // required by if and then
				if used && !done[name+"."+key] && name != "measure" && !conditional && !(name == "kpi" && key == "denominator") {
					done[name+"."+key] = true
					cuts = append(cuts, cut{name, key, slices.Contains(s.Required, key), object})
				}
			}
		})
		for _, c := range cuts {
			value := c.object[c.key]
			delete(c.object, c.key)
			text, err := yaml.Marshal(file)
			if err != nil {
				t.Fatal(err)
			}
			c.object[c.key] = value
			if s := slices.Clone(whole); i < len(s) {
				s[i].Text = string(text)
				_, err = policy.Check(t.Context(), db, s)
			} else {
				_, err = policy.CheckMapping(t.Context(), db, logs, policy.File{Name: f.Name, Text: string(text)})
			}
			missed := err != nil && strings.Contains(err.Error(), "\n  "+c.key+" is missing\n")
			if missed != c.required {
				t.Errorf("%s without %s: required by the schema %v, missed by Check %v\n%v", c.name, c.key, c.required, missed, err)
			}
		}
	}
	for _, f := range append(full(), trial(t)) { // short leaves nothing out
		(&schema{Ref: "#/$defs/" + formOf(f)}).valid(root, decode(t, f.Text), func(name string, _ *schema, object map[string]any) {
			for key := range object {
				if at := name + "." + key; !done[at] && slices.Contains(policy.Keys[name], key) && name != "measure" && at != "kpi.denominator" && at != "column.values" {
					t.Errorf("%s was not tried", at)
				}
			}
		})
	}
	if len(done) < 85 {
		t.Errorf("only %d keys were tried", len(done))
	}
}
