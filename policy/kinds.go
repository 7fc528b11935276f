package policy

import (
	"reflect"
	"slices"
	"strings"
)

// The binder of DuckDB converts between kinds without a word, and fails on the first row that does not convert. So kinds
// are compared here before it: "text", "number", "date", "moment" (a day with a time of day) and "bool", and "" for what fits
// anywhere, such as NULL.

var resultKinds = map[string]string{
	"*": "number", "/": "number", "%": "number", "abs": "number", "round": "number", "floor": "number", "ceil": "number", "length": "number",
	"date_diff": "number", "date_part": "number", "year": "number", "month": "number", "day": "number", "hour": "number", "minute": "number",
	"||": "text", "lower": "text", "upper": "text", "trim": "text", "substring": "text", "concat": "text", "split_part": "text",
	"~~": "bool", "!~~": "bool", "like_escape": "bool", "not_like_escape": "bool", "starts_with": "bool",
}

var sqlKinds = map[string]string{"VARCHAR": "text", "DATE": "date", "TIMESTAMP": "moment", "BOOLEAN": "bool", "INTEGER": "number", "BIGINT": "number",
	"DECIMAL": "number"}

var kindWords = map[string]Text{"text": {"文字", "text"}, "number": {"数字", "a number"}, "date": {"日期", "a date"},
	"moment": {"日期时间", "a date and time"}, "bool": {"条件", "a condition"}}

// kindOf gives the kind of what a node yields.
func (w *walker) kindOf(n map[string]any) string {
	switch class, _ := n["class"].(string); class {
	case "COLUMN_REF":
		return w.nameKind(columnName(n))
	case "CONSTANT":
		typ, _ := constantOf(n)
		return sqlKinds[typ]
	case "CAST":
		typ, _ := field(n["cast_type"], "id").(string)
		return sqlKinds[typ]
	case "COMPARISON", "BETWEEN", "CONJUNCTION":
		return "bool"
	case "OPERATOR":
		if n["type"] != "OPERATOR_COALESCE" {
			return "bool"
		}
		return w.firstKind(children(n))
	case "CASE":
		return w.firstKind(results(n))
	case "FUNCTION":
		return w.functionKind(n)
	}
	return ""
}

func (w *walker) nameKind(name string) string {
	if col := w.dataset.Column(name); col != nil {
		sql, _, _ := strings.Cut(col.Type.SQL(), "(")
		return sqlKinds[sql]
	}
	if isReportDay(name) && !w.purpose.overHeaders() {
		return "date"
	}
	if slices.ContainsFunc(w.parameters, func(p Parameter) bool { return p.ID == name }) {
		return "number"
	}
	return ""
}

func (w *walker) functionKind(n map[string]any) string {
	name, _ := n["function_name"].(string)
	name = strings.ToLower(name)
	args := children(n)
	if name == "+" || name == "-" {
		count := map[string]int{}
		for _, a := range args {
			count[w.kindOf(a)]++
		}
		for _, kind := range []string{"date", "moment"} {
			if count[kind] == 1 {
				return kind
			}
		}
		return "number"
	}
	if kind, ok := resultKinds[name]; ok {
		return kind
	}
	if s, ok := durations[name]; ok {
		return s.gives
	}
	if name == "date_trunc" && len(args) == 2 {
		return w.kindOf(args[1])
	}
	return w.firstKind(args)
}

func (w *walker) firstKind(nodes []map[string]any) string {
	for _, n := range nodes {
		if kind := w.kindOf(n); kind != "" {
			return kind
		}
	}
	return ""
}

// results gives the nodes that a CASE may yield.
func results(n map[string]any) []map[string]any {
	var nodes []map[string]any
	for _, check := range list(n["case_checks"]) {
		if then, ok := field(check, "then_expr").(map[string]any); ok {
			nodes = append(nodes, then)
		}
	}
	if otherwise, ok := n["else_expr"].(map[string]any); ok {
		nodes = append(nodes, otherwise)
	}
	return nodes
}

func (w *walker) cases(n map[string]any) {
	var when []map[string]any
	for _, check := range list(n["case_checks"]) {
		if m, ok := field(check, "when_expr").(map[string]any); ok {
			when = append(when, m)
		}
	}
	w.conditions(when)
	w.alike(n, results(n))
}

// alike makes sure that values which are compared or replace each other are of one kind. A text constant beside a date or a
// moment must be written as one.
func (w *walker) alike(n map[string]any, nodes []map[string]any) {
	kinds := map[string]bool{}
	for _, node := range nodes {
		if kind := w.kindOf(node); kind != "" {
			kinds[kind] = true
		}
	}
	if kinds["date"] && kinds["moment"] {
		// DuckDB would take a date for its midnight, so that nothing but midnight itself were on that day.
		w.refuse(n, say("此处混用了日期与日期时间", "this mixes a date with a date and time"),
			say("按天比较时写 CAST(列名 AS DATE)", "to compare days write CAST(column AS DATE)"))
		return
	}
	for _, kind := range []string{"date", "moment"} {
		if !kinds[kind] {
			continue
		}
		for _, node := range nodes {
			if typ, text := constantOf(node); typ == "VARCHAR" {
				w.constantDay(node, kind, text)
			} else if w.kindOf(node) == "text" {
				w.mixed(n, kind, "text")
				return
			}
		}
		delete(kinds, "text")
	}
	if len(kinds) > 1 {
		var names []string
		for _, kind := range []string{"text", "number", "date", "moment", "bool"} {
			if kinds[kind] {
				names = append(names, kind)
			}
		}
		w.mixed(n, names[0], names[1])
	}
}

func (w *walker) mixed(n map[string]any, a, b string) {
	w.refuse(n, say("此处混用了%[1]s与%[2]s", "this mixes %[3]s with %[4]s", kindWords[a].ZH, kindWords[b].ZH, kindWords[a].EN, kindWords[b].EN),
		say("两边用同一类的值；文字加单引号，数字不加", "use values of one kind; quote text, never numbers"))
}

// conditions makes sure that AND, OR, NOT and WHEN stand with conditions.
func (w *walker) conditions(nodes []map[string]any) {
	for _, n := range nodes {
		if kind := w.kindOf(n); kind != "" && kind != "bool" {
			w.refuse(n, Text{"此处应为条件，实为" + kindWords[kind].ZH, "this must be a condition, but is " + kindWords[kind].EN},
				conditionCure(w.purpose))
		}
	}
}

// numbers makes sure that nothing but numbers and dates is computed with.
func (w *walker) numbers(nodes []map[string]any) {
	for _, n := range nodes {
		kind := w.kindOf(n)
		if kind == "moment" {
			w.refuse(n, say("日期时间不能加减", "nothing is added to or subtracted from a date and time"),
				say("相隔多久写 date_diff('minute', 较早, 较晚)；加减天数写 CAST(列名 AS DATE) + 3", "write date_diff('minute', earlier, later) for a distance, CAST(column AS DATE) + 3 for days"))
		}
		if kind == "text" || kind == "bool" {
			w.refuse(n, Text{"此处应为数字，实为" + kindWords[kind].ZH, "this must be a number, but is " + kindWords[kind].EN},
				say("用数字列或数字；日期常数写成 DATE '2026-01-31'", "use numbers; write a constant date as DATE '2026-01-31'"))
		}
	}
}

// enumWords makes sure that an enum column is compared with its own values: a misspelt one would count nothing in silence.
func (w *walker) enumWords(nodes []map[string]any) {
	for _, n := range nodes {
		name := columnName(n)
		col := w.dataset.Column(name)
		if col == nil || col.Type != TypeEnum {
			continue
		}
		values := make([]string, len(col.Values))
		for i, v := range col.Values {
			values[i] = v.Value
		}
		for _, other := range nodes {
			if typ, text := constantOf(other); typ == "VARCHAR" && !slices.Contains(values, text) {
				w.refuse(other, say("列 %s 没有值“%s”", "the column %s has no value “%s”", name, clip(text)), valueCure(col, text, values))
			}
		}
	}
}

// valueCure proposes the value that a word stands for, or the nearest.
func valueCure(col *Column, word string, values []string) Text {
	for _, v := range col.Values {
		for _, w := range append([]string{v.Name.ZH, v.Name.EN}, v.Words...) {
			if WordKey(w) == WordKey(word) {
				return say("写它的标识 '%s'", "write its id '%s'", v.Value)
			}
		}
	}
	return oneOfCure(word, values)
}

// same reports whether b is the tree a with its parameters replaced by constants.
func (w *walker) same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok {
			return false
		}
		if replaced, is := w.replacement(a, b); is {
			return replaced
		}
		for key, value := range a {
			if key != "query_location" && !w.same(value, w.without(a, b, key)) {
				return false
			}
		}
		return len(a) == len(b)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !w.same(a[i], b[i]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a, b)
}

// without gives what b has under key. Where a calls for the calendar, b has its figures before the other arguments, and the others are
// given; anything else in their place gives nothing, which is the same as no arguments.
func (w *walker) without(a, b map[string]any, key string) any {
	name, _ := a["function_name"].(string)
	if key != "children" || a["class"] != "FUNCTION" || !strings.EqualFold(name, byCalendar) {
		return b[key]
	}
	arguments, figures := list(b[key]), len(w.calendar)
	if figures == 0 || len(arguments) < figures || !w.same(w.calendar, arguments[:figures]) {
		return nil
	}
	return arguments[figures:]
}

// replacement reports whether a is a name that was replaced, and if so, whether b is what replaces it.
func (w *walker) replacement(a, b map[string]any) (right, is bool) {
	if isReportDay(columnName(a)) {
		return b["class"] == "PARAMETER" && b["identifier"] == columnName(a), true
	}
	// The parser folds minus signs into the constant that follows.
	for a["class"] == "FUNCTION" && a["function_name"] == "-" && len(children(a)) == 1 {
		a = children(a)[0]
	}
	name := columnName(a)
	if name == "" || isReportDay(name) || w.dataset.Column(name) != nil {
		return false, false
	}
	return b["class"] == "CONSTANT", true
}
