package policy

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// onlyItem gives the select item of a parse tree that is one SELECT of one item without anything else.
func onlyItem(tree any) (map[string]any, bool) {
	statements := list(field(tree, "statements"))
	if len(statements) != 1 {
		return nil, false
	}
	parameters := list(field(statements[0], "named_param_map"))
	for _, p := range parameters {
		if key, _ := field(p, "key").(string); !isReportDay(key) { // it stands in the rewritten text; scan lets no $ of the author pass
			return nil, false
		}
	}
	node, _ := field(statements[0], "node").(map[string]any)
	for key, value := range node {
		switch key {
		case "type":
			if value != "SELECT_NODE" {
				return nil, false
			}
		case "aggregate_handling":
			if value != "STANDARD_HANDLING" {
				return nil, false
			}
		case "from_table":
			if field(value, "type") != "EMPTY" || field(value, "sample") != nil || field(value, "alias") != "" {
				return nil, false
			}
		case "cte_map":
			if len(list(field(value, "map"))) > 0 {
				return nil, false
			}
		case "select_list":
		default: // modifiers, where, group, having, sample, qualify, and what a later DuckDB may add
			if value != nil && (list(value) == nil || len(list(value)) > 0) {
				return nil, false
			}
		}
	}
	items := list(node["select_list"])
	if len(items) != 1 {
		return nil, false
	}
	item, ok := items[0].(map[string]any)
	return item, ok
}

func field(v any, key string) any {
	m, _ := v.(map[string]any)
	return m[key]
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// form is a class of tree nodes that an expression may hold.
type form struct {
	types    []string // of the class, all that are allowed
	children []string // keys of further nodes
	plain    []string // keys of other content, looked at by the walker
}

// forms are all nodes that an expression may hold; what is not here is refused.
var forms = map[string]form{
	"COLUMN_REF": {[]string{"COLUMN_REF"}, nil, []string{"column_names"}},
	"CONSTANT":   {[]string{"VALUE_CONSTANT"}, nil, []string{"value"}},
	"COMPARISON": {[]string{"COMPARE_EQUAL", "COMPARE_NOTEQUAL", "COMPARE_LESSTHAN", "COMPARE_GREATERTHAN", "COMPARE_LESSTHANOREQUALTO",
		"COMPARE_GREATERTHANOREQUALTO", "COMPARE_DISTINCT_FROM", "COMPARE_NOT_DISTINCT_FROM"}, []string{"left", "right"}, nil},
	"BETWEEN":     {[]string{"COMPARE_BETWEEN", "COMPARE_NOT_BETWEEN"}, []string{"input", "lower", "upper"}, nil},
	"CONJUNCTION": {[]string{"CONJUNCTION_AND", "CONJUNCTION_OR"}, []string{"children"}, nil},
	"OPERATOR": {[]string{"OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "COMPARE_IN", "COMPARE_NOT_IN", "OPERATOR_COALESCE"},
		[]string{"children"}, nil},
	"CASE": {[]string{"CASE_EXPR"}, []string{"case_checks", "else_expr"}, nil},
	"CAST": {[]string{"OPERATOR_CAST"}, []string{"child"}, []string{"cast_type", "try_cast"}},
	"FUNCTION": {[]string{"FUNCTION"}, []string{"children"}, []string{"function_name", "schema", "catalog", "filter", "order_bys", "distinct",
		"is_operator", "export_state"}},
}

// operators are functions of the tree that an expression writes as signs or with words between the arguments.
var operators = []string{"+", "-", "*", "/", "%", "||", "~~", "!~~", "like_escape", "not_like_escape"}

// constructs name, for a person, what is refused.
var constructs = map[string]Text{
	"SUBQUERY":             {"子查询", "a subquery"},
	"STAR":                 {"星号", "a star"},
	"LAMBDA":               {"lambda", "a lambda"},
	"WINDOW":               {"窗口函数", "a window function"},
	"PARAMETER":            {"占位符", "a placeholder"},
	"COLLATE":              {"COLLATE", "COLLATE"},
	"POSITIONAL_REFERENCE": {"位置引用", "a reference by position"},
	"DEFAULT":              {"DEFAULT", "DEFAULT"},
}

// maxDepth bounds the depth of an expression's tree.
const maxDepth = 60

// walker goes through the tree of an expression.
type walker struct {
	dataset    *Dataset
	parameters []Parameter
	purpose    use
	calendar   []any // the figures of the calendar in a rewritten text
	refs       []ref
	refusals   []refusal
	deep       bool // too deep nesting is reported once
}

// location gives where a node stands in the expression, -1 when DuckDB does not say.
func location(n map[string]any) int {
	number, _ := n["query_location"].(json.Number)
	at, err := strconv.ParseUint(number.String(), 10, 64)
	if err != nil || at < uint64(len("SELECT ")) || at > 1<<20 {
		return -1
	}
	return int(at) - len("SELECT ")
}

func (w *walker) refuse(n map[string]any, what, cure Text) {
	w.refusals = append(w.refusals, refusal{location(n), what, cure})
}

// walk checks a node and what is below it.
func (w *walker) walk(n map[string]any, depth int) {
	if depth > maxDepth {
		if !w.deep {
			w.refusals = append(w.refusals, *tooDeep(location(n)))
		}
		w.deep = true
		return
	}
	class, _ := n["class"].(string)
	typ, _ := n["type"].(string)
	f, ok := forms[class]
	if !ok || !slices.Contains(f.types, typ) {
		what, named := constructs[class]
		if !named {
			what = Text{typ, typ}
		}
		w.refuse(n, Text{"表达式中不能有" + what.ZH, "an expression may not hold " + what.EN},
			say("只用列、常数、比较、AND OR NOT、IN、CASE、算式与所列函数", "use columns, constants, comparisons, AND OR NOT, IN, CASE, arithmetic and the listed functions"))
		return
	}
	if n["alias"] != "" {
		w.refuse(n, say("表达式不能有别名", "an expression has no alias"), say("删去 AS 及其后的名称；数字不用 0x 写法", "delete AS and the name; write no 0x numbers"))
	}
	for key := range n {
		known := slices.Contains([]string{"class", "type", "alias", "query_location"}, key)
		if !known && !slices.Contains(f.children, key) && !slices.Contains(f.plain, key) {
			w.refuse(n, say("表达式用了不认识的写法 %s", "the expression uses an unknown form %s", key), say("换一种更简单的写法", "write it in a simpler way"))
		}
	}
	if name, _ := n["function_name"].(string); class == "FUNCTION" && !allowedFunction(name) {
		w.refusals = append(w.refusals, noFunction(strings.ToLower(name), location(n), w.purpose))
		return // what is below may be the parser's own work
	}
	for _, child := range children(n) {
		w.walk(child, depth+1)
	}
	w.details(class, n)
}

// children gives the nodes below n in the order of the text.
func children(n map[string]any) []map[string]any {
	var below []map[string]any
	add := func(v any) {
		if m, ok := v.(map[string]any); ok {
			below = append(below, m)
		}
	}
	class, _ := n["class"].(string)
	for _, key := range forms[class].children {
		if key == "case_checks" {
			for _, check := range list(n[key]) {
				add(field(check, "when_expr"))
				add(field(check, "then_expr"))
			}
			continue
		}
		add(n[key])
		for _, child := range list(n[key]) {
			add(child)
		}
	}
	return below
}

// details checks what is particular to a class of nodes.
func (w *walker) details(class string, n map[string]any) {
	switch class {
	case "COLUMN_REF":
		w.name(n)
	case "CONSTANT":
		w.constant(n)
	case "COMPARISON", "BETWEEN":
		w.alike(n, children(n))
		w.enumWords(children(n))
	case "CONJUNCTION":
		w.conditions(children(n))
	case "CASE":
		w.cases(n)
	case "CAST":
		w.cast(n)
	case "FUNCTION":
		w.function(n)
	case "OPERATOR":
		switch n["type"] {
		case "OPERATOR_NOT":
			w.conditions(children(n))
		case "COMPARE_IN", "COMPARE_NOT_IN":
			w.alike(n, children(n))
			w.enumWords(children(n))
		case "OPERATOR_COALESCE":
			w.alike(n, children(n))
		}
	}
}

// name resolves a column, a parameter or the report day.
func (w *walker) name(n map[string]any) {
	name, at := columnName(n), location(n)
	if name == "" || at < 0 {
		w.refuse(n, say("名称只能有一段", "a name has one part"), say("只写列名本身", "write the column alone"))
		return
	}
	isParameter := slices.ContainsFunc(w.parameters, func(p Parameter) bool { return p.ID == name })
	switch {
	case w.purpose.overHeaders() && w.dataset.Column(name) == nil:
		w.refuse(n, say("映射中没有表头“%s”", "the mapping has no header “%s”", clip(name)), oneOfCure(name, w.dataset.columnIDs()))
	case isReportDay(name) && w.purpose == absenceUse:
		w.refuse(n, say("此处不能用 %s：哪天不用上班不应随报表日变化", "%s may not be used here: who is away must not change with the day of a report", name),
			say("改用记录自身的列", "use columns of the record"))
	case isReportDay(name) && w.purpose == qualityUse:
		w.refuse(n, say("数据质量检查中不能用 %s：哪些记录受检查不应随报表日变化", "a check of data may not use %s: which records are looked at must not change with the day of a report", name),
			say("改用记录自身的列", "use columns of the record"))
	case isReportDay(name) && w.purpose == ruleUse:
		w.refuse(n, say("规则中不能用 %s：同一条记录的对错不应随报表日变化", "a rule may not use %s: whether a record is right must not change with the day of a report", name),
			say("改用记录自身的日期；不得晚于当天由 day 保证", "compare dates of the record; `day` keeps it out of the future"))
	case isReportDay(name) || isParameter || w.dataset.Column(name) != nil:
		w.refs = append(w.refs, ref{name: name, at: at})
	case clocks[strings.ToLower(name)]:
		w.refuse(n, say("不能使用 %s", "%s may not be used", name), clockCure(w.purpose))
	default:
		known := append(w.dataset.columnIDs(), ReportDay, AskedOn)
		for _, p := range w.parameters {
			known = append(known, p.ID)
		}
		w.refuse(n, say("记录 %s 没有列“%s”，也没有这个参数", "the dataset %s has no column “%s”, and there is no such parameter", w.dataset.ID, clip(name)), oneOfCure(name, known))
	}
}

// columnName gives the name of a column reference of one part; "" for other nodes.
func columnName(n map[string]any) string {
	names := list(n["column_names"])
	if n["class"] != "COLUMN_REF" || len(names) != 1 {
		return ""
	}
	name, _ := names[0].(string)
	return name
}

// constantOf gives the type and the text of a constant; "" for other nodes and numbers.
func constantOf(n map[string]any) (typ, text string) {
	if n["class"] != "CONSTANT" {
		return "", ""
	}
	typ, _ = field(field(n["value"], "type"), "id").(string)
	text, _ = field(n["value"], "value").(string)
	return typ, text
}

func (w *walker) constant(n map[string]any) {
	switch typ, _ := constantOf(n); typ {
	case "NULL", "BOOLEAN", "INTEGER", "BIGINT", "VARCHAR", "DECIMAL":
	default:
		w.refuse(n, say("数字过大或不精确", "the number is too large or not exact"), say("写成 1000 或 0.5 的样子", "write it like 1000 or 0.5"))
	}
}

// castTypes are the types to which an expression may convert.
var castTypes = []string{"DATE", "TIMESTAMP", "VARCHAR", "BIGINT", "DECIMAL", "BOOLEAN"}

func (w *walker) cast(n map[string]any) {
	to, _ := field(n["cast_type"], "id").(string)
	child, _ := n["child"].(map[string]any)
	if n["try_cast"] != false || !slices.Contains(castTypes, to) {
		w.refuse(n, say("不能转换为 %s", "no conversion to %s", to), say("只可 CAST 为 %s", "CAST to one of %s only", strings.Join(castTypes, ", ")))
		return
	}
	kind := w.kindOf(child)
	if (sqlKinds[to] == "date" || sqlKinds[to] == "moment") && (kind == "number" || kind == "bool") {
		w.refuse(n, Text{"不能把" + kindWords[kind].ZH + "转换为 " + to, kindWords[kind].EN + " may not be converted to " + to},
			say("日期常数写成 DATE '2026-01-31'", "write a constant date as DATE '2026-01-31'"))
		return
	}
	if to == "VARCHAR" || kind != "text" {
		return
	}
	switch typ, text := constantOf(child); {
	case typ == "VARCHAR" && to == "BOOLEAN" && (text == "t" || text == "f"): // TRUE and FALSE
	case typ == "VARCHAR" && sqlKinds[to] == "date" || typ == "VARCHAR" && sqlKinds[to] == "moment":
		w.constantDay(child, sqlKinds[to], text)
	case w.purpose.overHeaders():
		w.refuse(n, say("不能把文字转换为 %s：格子里写的是什么，由它填入的列来读", "text may not be converted to %s: what a cell says is read by the column that it fills", to),
			say("直接给出文字，并为字段写明 order、unit 等格式", "give the text as it is, and say its order, unit and so on at the field"))
	default:
		w.refuse(n, say("不能把文字转换为 %s：一行写错，整张报表就算不出", "text may not be converted to %s: one wrong row would stop every report", to),
			say("在 %s 中给该列写上合适的 type，导入时就会逐行检查", "give the column the right type in %s, so that the import checks every row", datasetsFile))
	}
}

// constantDay makes sure that a text is written as a date or a moment.
func (w *walker) constantDay(n map[string]any, kind, text string) {
	if kind == "moment" {
		if _, err := time.Parse(time.DateTime, text); err != nil {
			w.refuse(n, say("“%s”不是日期时间", "“%s” is not a date and time", clip(text)),
				say("写成 TIMESTAMP '2026-01-31 18:00:00' 的样子", "write it like TIMESTAMP '2026-01-31 18:00:00'"))
		}
		return
	}
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		w.refuse(n, say("“%s”不是日期", "“%s” is not a date", clip(text)), say("写成 '2026-01-31' 的样子", "write it like '2026-01-31'"))
	}
}

// dateParts are the parts that date functions may take.
var dateParts = map[string][]string{
	"date_diff":  {"second", "minute", "hour", "day", "week", "month", "quarter", "year"},
	"date_trunc": {"day", "week", "month", "quarter", "year"},
	"date_part":  {"minute", "hour", "day", "week", "month", "quarter", "year", "isodow", "doy", "isoyear"},
}

// clockParts are the parts that a date does not have.
var clockParts = []string{"second", "minute", "hour"}

func allowedFunction(name string) bool {
	name = strings.ToLower(name)
	return slices.Contains(operators, name) || slices.Contains(functions, name)
}

func (w *walker) function(n map[string]any) {
	name, _ := n["function_name"].(string)
	name = strings.ToLower(name)
	schema := n["schema"]
	if schema != "" && schema != "main" || n["catalog"] != "" || n["filter"] != nil || len(list(field(n["order_bys"], "orders"))) > 0 ||
		n["distinct"] != false || n["export_state"] != false {
		w.refuse(n, say("函数 %s 的写法不对", "the function %s is not used plainly", name), say("只写 %s(…)，不加 DISTINCT、FILTER、ORDER BY", "write %s(…) without DISTINCT, FILTER or ORDER BY", name))
		return
	}
	args := children(n)
	part := name
	if parts := dateParts[name]; parts != nil {
		typ, text := constantOf(first(args))
		if part = strings.ToLower(text); typ != "VARCHAR" || !slices.Contains(parts, part) {
			w.refuse(n, say("%s 的第一个参数须是日期单位", "the first argument of %s must be a part of a date", name), oneOfCure(text, parts))
		}
		args = args[min(1, len(args)):]
	}
	if slices.Contains(clockParts, part) && slices.ContainsFunc(args, func(a map[string]any) bool { return w.kindOf(a) == "date" }) {
		w.refuse(n, say("日期没有时、分、秒", "a date has no hour, minute or second"),
			say("换成 datetime 类型的列，或改用 'day'", "take a column of type datetime, or 'day'"))
		return
	}
	switch name {
	case "/", "%":
		w.divisor(args)
		w.numbers(args)
	case "+", "-", "*", "abs", "round", "floor", "ceil":
		w.numbers(args)
	case "date_diff":
		w.alike(n, args)
	case "nullif", "greatest", "least":
		w.alike(n, args)
		w.enumWords(args)
	case "like_escape", "not_like_escape":
		w.escape(n, args)
	case "workdays", "hours_between", "moment", "plus_hours", "week_day", "month_day":
		w.duration(n, name, args)
	}
}

// escape makes sure that LIKE … ESCAPE cannot fail on a row: DuckDB stops at an escape that is no single character and at a
// pattern that ends in one.
func (w *walker) escape(n map[string]any, args []map[string]any) {
	if len(args) == 3 {
		_, pattern := constantOf(args[1])
		typ, sign := constantOf(args[2])
		if typ == "VARCHAR" && len(sign) == 1 && pattern != "" && !strings.HasSuffix(strings.ReplaceAll(pattern, sign+sign, ""), sign) {
			return
		}
	}
	w.refuse(n, say("ESCAPE 的写法不对", "ESCAPE is not used plainly"),
		say("模式与转义符都写成常数：LIKE '50!%%' ESCAPE '!'", "write pattern and sign as constants: LIKE '50!%%' ESCAPE '!'"))
}

func first(nodes []map[string]any) map[string]any {
	if len(nodes) == 0 {
		return nil
	}
	return nodes[0]
}

// divisor makes sure that nothing is divided by zero, which DuckDB answers with infinity.
func (w *walker) divisor(args []map[string]any) {
	if len(args) != 2 {
		return
	}
	by := args[1]
	if by["function_name"] == "nullif" {
		if below := children(by); len(below) == 2 && isZero(below[1]) {
			return
		}
	}
	if typ, _ := constantOf(by); typ != "" && typ != "VARCHAR" && typ != "NULL" && !isZero(by) {
		return
	}
	if name := columnName(by); name != "" {
		if slices.ContainsFunc(w.parameters, func(p Parameter) bool { return p.ID == name && p.Value != 0 }) {
			return
		}
	}
	w.refuse(by, say("除数可能为 0", "the divisor may be 0"), say("写成 / nullif(除数, 0)", "write / nullif(divisor, 0)"))
}

// isZero reports whether a constant is 0.
func isZero(n map[string]any) bool {
	number, ok := field(n["value"], "value").(json.Number)
	return ok && n["class"] == "CONSTANT" && number.String() == "0"
}
