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

// cut is a key to be taken out of an object of a file.
type cut struct {
	name, key string
	required  bool // by the schema
	object    map[string]any
}

// without gives a file as text without the keys.
func without(t *testing.T, file map[string]any, cuts ...cut) string {
	t.Helper()
	for _, c := range cuts {
		value := c.object[c.key]
		delete(c.object, c.key)
		defer func() { c.object[c.key] = value }()
	}
	text, err := yaml.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// missing reports how often an error says of a key that it is missing.
func missing(err error, key string) int {
	if err == nil {
		return 0
	}
	return strings.Count(err.Error(), "\n  "+key+" is missing\n")
}

// judged wants Check to have missed the key, or not, as the schema says.
func (c cut) judged(t *testing.T, err error) {
	t.Helper()
	if missed := missing(err, c.key) > 0; missed != c.required {
		t.Errorf("%s without %s: required by the schema %v, missed by Check %v\n%v", c.name, c.key, c.required, missed, err)
	}
}

// checkWithoutEach checks a policy without each of the cuts of its files, some of every file at a time: those that are required by fours, then
// one that is not. Where Check does not miss all of the former, or has anything to say of the latter, each is left out by itself.
func checkWithoutEach(t *testing.T, whole policy.Source, files []map[string]any, cuts [][]cut) {
	t.Helper()
	db := open(t)
	check := func(some map[int][]cut) error {
		s := slices.Clone(whole)
		for i, list := range some {
			s[i].Text = without(t, files[i], list...)
		}
		_, err := policy.Check(t.Context(), db, s)
		return err
	}
	for required, atOnce := range map[bool]int{true: 4, false: 1} {
		for from := 0; ; from += atOnce {
			some := map[int][]cut{} // by file
			for i, list := range cuts {
				list = slices.DeleteFunc(slices.Clone(list), func(c cut) bool { return c.required != required })
				if from < len(list) {
					some[i] = list[from:min(from+atOnce, len(list))]
				}
			}
			if len(some) == 0 {
				break
			}
			if err := check(some); required && allMissing(err, some) || !required && err == nil {
				continue
			}
			for i, list := range some {
				for _, c := range list {
					c.judged(t, check(map[int][]cut{i: {c}}))
				}
			}
		}
	}
}

// allMissing reports whether an error tells of every cut that it is missing, of each once.
func allMissing(err error, cuts map[int][]cut) bool {
	times := map[string]int{}
	for _, list := range cuts {
		for _, c := range list {
			times[c.key]++
		}
	}
	for key, n := range times {
		if missing(err, key) != n {
			return false
		}
	}
	return true
}

// TestRequiredKeys takes each key away: Check misses it exactly when the schema requires it.
func TestRequiredKeys(t *testing.T) {
	db, root := open(t), readSchema(t)
	done := map[string]bool{}
	logs := check(t, db, base(t))
	whole := short(t)
	check(t, db, whole)
	cutsOf := func(f policy.File) (file map[string]any, cuts []cut) {
		file = decode(t, f.Text)
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
		return file, cuts
	}
	files, cuts := make([]map[string]any, len(whole)), make([][]cut, len(whole))
	for i, f := range whole {
		files[i], cuts[i] = cutsOf(f)
	}
	checkWithoutEach(t, whole, files, cuts)
	mapping := trial(t)
	file, ofMapping := cutsOf(mapping)
	for _, c := range ofMapping {
		_, err := policy.CheckMapping(t.Context(), db, logs, policy.File{Name: mapping.Name, Text: without(t, file, c)})
		c.judged(t, err)
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
