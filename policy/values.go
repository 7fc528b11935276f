package policy

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"plumbline/internal/fixed"
)

// keys are the keys of each form of mapping; schema.json says the same to editors.
var keys = map[string][]string{
	"company.yaml":  {"company", "parameters", "bands", "leave", "quality", "offices", "reviews", "rewards", "audit", "pack"},
	"calendar.yaml": {"workweek", "years"},
	"calendar_year": {"off", "work"},
	"company":       {"name", "timezone", "workday_hours"},
	"parameter":     {"name", "value"},
	"band":          {"id", "name", "from", "bonus"},
	"absence":       {"dataset", "day", "from", "to", "where"},
	"quality": {"coverage", "late", "delay", "back_dated", "after_close", "due_moved", "closed_at_once", "multiples", "copied",
		"unvaried"},
	"quality_coverage":       {"name", "dataset", "day", "where", "expected", "due_after", "of", "at_least", "minimum"},
	"quality_late":           {"name", "dataset", "day", "until", "within", "at_most", "minimum"},
	"quality_delay":          {"name", "dataset", "day", "until", "percentile", "at_most", "minimum"},
	"quality_arrival":        {"name", "dataset", "day", "after", "at_most", "minimum"},
	"quality_due_moved":      {"name", "dataset", "due", "at_most", "minimum"},
	"quality_closed_at_once": {"name", "dataset", "created", "closed", "where", "at_most", "minimum"},
	"quality_multiples":      {"name", "dataset", "day", "amount", "of", "above_company", "minimum"},
	"quality_copied":         {"name", "dataset", "day", "text", "days", "at_most", "minimum"},
	"quality_unvaried":       {"name", "dataset", "day", "amount", "days", "at_most", "minimum"},
	"audit":                  {"auditors", "processes"},
	"audit_process":          {"name", "dataset", "item", "owner", "department", "day", "where", "per_stratum"},
	"pack":                   {"meetings", "resolutions", "pages"},
	"pack_meetings":          {"dataset", "title", "day", "where"},
	"pack_resolutions":       {"dataset", "meeting", "text", "decided", "department", "assignee", "assigned", "due", "done", "cancelled"},
	"pack_page":              {"name", "kpis"},
	"text":                   {"zh", "en"},
	"dataset":                {"name", "key", "owner", "department", "day", "past", "columns", "rules", "limits", "no_overlap", "recorded"},
	"column": {"type", "name", "aliases", "optional", "values", "made_from",
		"order", "zone", "unit", "decimal", "serial", "myriads", "blanks"},
	"limit":      {"sum", "per", "most", "say", "cure"},
	"enum_value": {"zh", "en", "words"},
	"rule":       {"check", "say", "cure"},
	"no_overlap": {"per", "from", "to", "share", "apart"},
	"kpi": {"name", "formula", "source", "clauses", "dataset", "owner", "counts_on", "where", "numerator", "denominator", "weight", "applies_to", "unit", "better",
		"minimum", "additive", "anonymous", "listed"},
	"ratio":   {"name", "formula", "source", "clauses", "of", "to", "unit", "better", "minimum", "listed"},
	"measure": {"count", "sum", "days", "people", "median", "expected", "due_after"},
	"funnel":  {"name", "steps"},
	"scorecard": {"name", "applies_to", "kpi_share", "superior_share", "missing", "neutral_points", "cap", "items", "penalties", "band_limits",
		"distribution"},
	"offices":      {"ceo", "hr", "finance"},
	"office":       {"positions", "employees"},
	"reviews":      {"self_review", "evaluation", "appeals"},
	"self_review":  {"due_day", "hours", "records"},
	"hours_by":     {"dataset", "sum", "by"},
	"evaluation":   {"due_days", "lowest", "highest", "extreme_below", "extreme_above", "gap"},
	"appeals":      {"file_within", "mediate_within", "arbitrate_within"},
	"rewards":      {"director_limit", "make_up_within", "emergency_limit", "budget", "extras", "incident", "certificate", "promotion", "rotation_years"},
	"extra":        {"kpi", "above", "share"},
	"incident":     {"kpi", "band"},
	"certificate":  {"band", "prefix"},
	"promotion":    {"band", "quarters", "month"},
	"applies_to":   {"department_kind"},
	"item":         {"kpi", "weight", "target", "curve"},
	"penalty":      {"kpi", "each", "most", "band_limit"},
	"band_limit":   {"kpi", "below", "above", "band"},
	"distribution": {"shares", "from", "lift"},
	"mapping": {"name", "dataset", "sheet", "header_row", "encoding", "delimiter", "snapshot", "repeats", "headers", "unpivot", "where", "pick",
		"fields"},
	"header":  {"names", "optional", "nth"},
	"unpivot": {"columns", "except", "name", "value"},
	"pick":    {"last", "first", "order", "zone", "serial", "blanks"},
	"field": {"from", "value", "constant", "between", "digest", "lookup", "words",
		"order", "zone", "unit", "decimal", "serial", "myriads", "blanks"},
}

const (
	maxName     = 100  // runes of a name or word
	maxSentence = 500  // runes of a sentence
	maxID       = 48   // letters of an id
	maxBand     = 16   // runes of a band's id
	maxExpr     = 4000 // bytes of an expression
)

// numeric matches what its writer took for a number.
var numeric = regexp.MustCompile(`^[-+]?[0-9][0-9.,_eE+-]*$`)

var idForm = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// word reads one line of text; a plain number or truth value counts as its own text.
func (r *reader) word(n *node, limit int) (string, bool) {
	if n == nil {
		return "", false
	}
	if n.shape != scalar || n.kind == nullScalar {
		r.wrongType(n, say("一段文字", "a text"))
		return "", false
	}
	text := strings.TrimSpace(n.text)
	switch {
	case text == "":
		r.fault(n.place, say("文字为空", "the text is empty"), say("补上文字", "write a text"))
	case utf8.RuneCountInString(text) > limit:
		r.fault(n.place, say("文字超过 %d 个字", "the text is longer than %d characters", limit), say("缩短", "shorten it"))
	case strings.ContainsFunc(text, func(c rune) bool {
		return unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) || c == utf8.RuneError
	}):
		r.fault(n.place, say("文字中有换行或不可见字符", "the text holds a line break or an invisible character"), say("写成一行", "write it in one line"))
	default:
		return text, true
	}
	return "", false
}

// bilingual reads {zh: …, en: …}; both are required.
func (r *reader) bilingual(n *node, limit int) Text {
	var t Text
	if n == nil {
		return t
	}
	if n.shape != mapping {
		is := n.shown()
		r.fault(n.place, Text{"此处要有中英文两种，实为" + is.ZH, "this must be in two languages, but is " + is.EN},
			say("写成 {zh: 中文, en: English}", "write {zh: 中文, en: English}"))
		return t
	}
	if o, ok := r.object(n, n.place, "text"); ok {
		t.ZH, _ = r.word(o.need("zh"), limit)
		t.EN, _ = r.word(o.need("en"), limit)
	}
	return t
}

// words reads a word or a list of words, with their places.
func (r *reader) words(n *node) (words []string, places []Place) {
	if n == nil {
		return nil, nil
	}
	items := n.items
	if n.shape == scalar {
		items = []*node{n}
	} else if n.shape == mapping {
		r.wrongType(n, say("一个词或列表", "a word or a list"))
		return nil, nil
	}
	for _, item := range items {
		if w, ok := r.word(item, maxName); ok {
			words, places = append(words, w), append(places, item.place)
		}
	}
	if len(items) == 0 {
		r.fault(n.place, say("列表为空", "the list is empty"), say("填上内容，或删去这个键", "fill it, or delete the key"))
	}
	return words, places
}

// number reads an exact decimal from the scalar's own text.
func (r *reader) number(n *node) (fixed.Num, bool) {
	if n == nil {
		return 0, false
	}
	v, err := fixed.Parse(n.text)
	digits := strings.TrimPrefix(n.text, "-")
	switch {
	case n.shape == scalar && n.kind == numberScalar:
	case n.shape == scalar && n.kind == textScalar && err == nil && len(digits) > 0:
		r.wrongType(n, say("不带引号的数字", "a number without quotes"))
		return 0, false
	case n.shape == scalar && n.kind == textScalar && numeric.MatchString(n.text): // YAML takes 1e3 and long numbers for text
	default:
		r.wrongType(n, say("数字", "a number"))
		return 0, false
	}
	if err != nil || len(digits) > 1 && digits[0] == '0' && digits[1] != '.' {
		r.fault(n.place, say("%s 不是最多 %d 位小数的普通数字", "%s is not a plain number with at most %d decimals", clip(n.text), fixed.Scale),
			say("写成 12 或 12.5 的样子，不带 0 开头、分隔符、指数", "write it like 12 or 12.5: no leading zero, separator or exponent"))
		return 0, false
	}
	return v, true
}

// whole reads a whole number from 0 upwards.
func (r *reader) whole(n *node) int64 {
	if n == nil {
		return 0
	}
	v, ok := r.number(n)
	if !ok {
		return 0
	}
	count, err := strconv.ParseInt(v.String(), 10, 32)
	if err != nil || count < 0 {
		r.fault(n.place, say("%s 不是 0 以上的整数", "%s is not a whole number from 0 upwards", v), say("写成整数", "write a whole number"))
		return 0
	}
	return count
}

// truth reads true or false.
func (r *reader) truth(n *node, otherwise bool) bool {
	if n == nil {
		return otherwise
	}
	if n.shape != scalar || n.kind != boolScalar {
		r.wrongType(n, say(" true 或 false", "true or false"))
		return otherwise
	}
	return strings.EqualFold(n.text, "true")
}

// oneOf reads one of the options; "" when it is none of them.
func (r *reader) oneOf(n *node, options ...string) string {
	w, ok := r.word(n, maxName)
	if !ok {
		return ""
	}
	if slices.Contains(options, w) {
		return w
	}
	r.fault(n.place, say("不认识“%s”", "“%s” is unknown", clip(w)), oneOfCure(w, options))
	return ""
}

// oneOfCure proposes the nearest option, or names them all.
func oneOfCure(word string, options []string) Text {
	if near := nearest(word, options); near != "" {
		return say("是否应为 %s？", "did you mean %s?", near)
	}
	if len(options) == 0 {
		return say("目前没有可选的值", "there is nothing to choose from")
	}
	return say("可选：%s", "choose one of: %s", strings.Join(options, ", "))
}

// named reports whether the key of an entry is a good id. Reserved words are refused where expressions use the id.
func (r *reader) named(key *node, inSQL bool) bool {
	switch id := key.text; {
	case !idForm.MatchString(id) || len(id) > maxID:
		r.fault(key.place, say("“%s”不能用作标识", "“%s” cannot be an id", clip(id)),
			say("以小写英文字母开头，只用小写字母、数字和下划线，最多 %d 个", "begin with a small letter; use small letters, digits and _ only, at most %d", maxID))
	case inSQL && reserved[id]:
		r.fault(key.place, say("“%s”在 SQL 中另有含义，不能用作标识", "“%s” means something else in SQL and cannot be an id", id),
			say("换一个，例如 %s_value", "choose another, such as %s_value", id))
	default:
		return true
	}
	return false
}

// entries gives the entries of a mapping of ids, or reports that n is something else.
func (r *reader) entries(n *node) []pair {
	if n == nil {
		return nil
	}
	if n.shape != mapping {
		r.wrongType(n, say("映射（标识: 内容）", "a mapping (id: content)"))
		return nil
	}
	return n.pairs
}

// list gives the items of a list that may not be empty, or reports that n is something else.
func (r *reader) list(n *node) []*node {
	if n == nil {
		return nil
	}
	if n.shape != sequence {
		r.wrongType(n, say("列表", "a list"))
		return nil
	}
	if len(n.items) == 0 {
		r.fault(n.place, say("列表为空", "the list is empty"), say("至少要有一项", "it needs at least one entry"))
	}
	return n.items
}
