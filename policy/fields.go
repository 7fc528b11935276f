package policy

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"plumbline/internal/fixed"
)

// sources are the ways to fill a field; each field has one of them.
var sources = []string{"from", "value", "constant", "between", "digest"}

// lookups are the ways from a text to an employee.
var lookups = []string{string(ByNumber), string(ByEmail), string(ByLogin), string(ByName)}

// field reads what fills a column: the id of a header, or a mapping with one of sources.
func (c *mapper) field(m *Mapping, p pair) {
	f := &Field{Column: c.columnToFill(m.Dataset, p.key), Place: p.key.place}
	if f.Column != nil {
		f.Format = f.Column.Format
		m.Fields = append(m.Fields, f)
	}
	if p.value.shape != mapping {
		f.From = c.headerOf(p.value)
		return
	}
	o, _ := c.object(p.value, p.key.place, "field")
	c.oneSource(f, o)
	c.source(f, o)
	if f.Column == nil {
		return // what else it says hangs on the column
	}
	c.only(f, o, "lookup", TypeEmployee)
	c.only(f, o, "words", TypeEnum, TypeBool)
	c.only(f, o, "between", TypeHours)
	c.only(f, o, "digest", TypeID)
	f.Lookup = c.lookup(o.find("lookup"))
	if ids := f.Column.valueIDs(); ids != nil {
		f.Words = c.fileWords(f.Column, ids, o.find("words"))
	}
	if o.values["between"] != nil {
		f.Format = c.format(o, TypeDatetime, Text{"between 读的是时间，", "between reads times and"}, Format{})
	} else {
		about := Text{string(f.Column.Type) + " 类型的列", "a column of type " + string(f.Column.Type)}
		f.Format = c.format(o, f.Column.Type, about, f.Column.Format)
	}
	if f.Constant != nil && !f.reads(*f.Constant) {
		c.fault(o.values["constant"].place, say("列 %s（%s）读不出“%s”", "the column %s (%s) cannot hold “%s”", f.Column.ID, f.Column.Type, clip(*f.Constant)), constantCure(f.Column))
	}
}

// columnToFill gives the column that a key names; nil after a fault.
func (c *mapper) columnToFill(d *Dataset, key *node) *Column {
	if d == nil {
		return nil
	}
	col := d.Column(key.text)
	if col == nil {
		c.fault(key.place, say("记录 %s 没有列“%s”", "the dataset %s has no column “%s”", d.ID, clip(key.text)), oneOfCure(key.text, d.columnIDs()))
	}
	return col
}

// oneSource makes sure that a field is filled in one way.
func (c *mapper) oneSource(f *Field, o *object) {
	var given []string
	guessed := false
	for _, s := range sources {
		if o.values[s] != nil {
			given = append(given, s)
		}
		guessed = guessed || o.misspelt[s]
	}
	if len(given) == 0 && !guessed {
		c.fault(f.Place, say("没有写明用什么填入", "it does not say what fills it"), say("写上其中之一：%s", "write one of: %s", strings.Join(sources, ", ")))
	}
	if len(given) > 1 {
		c.fault(o.keys[given[1]], say("%s 与 %s 只能有一个", "there can be only one of %s and %s", given[0], given[1]), say("留下其中之一", "keep one of them"))
	}
}

// source reads what fills a field.
func (c *mapper) source(f *Field, o *object) {
	if n := o.find("from"); n != nil {
		f.From = c.headerOf(n)
	}
	if n := o.find("value"); n != nil {
		e := c.expression(n, c.headers, textUse)
		f.Value = &e
	}
	if n := o.find("constant"); n != nil {
		if w, ok := c.word(n, maxSentence); ok {
			f.Constant = &w
		}
	}
	if n := o.find("between"); n != nil {
		items := c.list(n)
		if n.shape == sequence && len(items) != 2 && len(items) > 0 {
			c.fault(n.place, say("between 要有起、止两项", "between has two entries, a start and an end"), say("写成 [开始, 结束]，两项都是表达式", "write [start, end], both expressions"))
		}
		if len(items) == 2 {
			f.Between = &[2]Expr{c.expression(items[0], c.headers, textUse), c.expression(items[1], c.headers, textUse)}
		}
	}
	if n := o.find("digest"); n != nil {
		f.Digest = c.headersOf(n, func(id string) bool { return c.headers.Column(id) != nil })
	}
}

// only makes sure that a key stands with columns of the right types alone.
func (c *mapper) only(f *Field, o *object, key string, types ...Type) {
	if o.values[key] == nil || slices.Contains(types, f.Column.Type) {
		return
	}
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = string(t)
	}
	c.fault(o.keys[key], say("%[1]s 只用于 %[2]s 类型的列，%[3]s 是 %[4]s", "%[1]s is for columns of type %[2]s, but %[3]s is of type %[4]s",
		key, strings.Join(names, ", "), f.Column.ID, f.Column.Type), say("删去这个键", "delete the key"))
}

// lookup reads in which order a text is looked up.
func (c *mapper) lookup(n *node) []Lookup {
	words, places := c.words(n)
	var ways []Lookup
	for i, w := range words {
		at := &node{place: places[i], text: w}
		if slices.Contains(ways, Lookup(w)) {
			c.twice(at, "lookup")
		} else if way := c.oneOf(at, lookups...); way != "" {
			ways = append(ways, Lookup(way))
		}
	}
	return ways
}

// fileWords reads the words that a file has for the values of a column. None may stand for two of them.
func (c *mapper) fileWords(col *Column, values []string, n *node) []Word {
	var list []Word
	owner := col.words()
	for _, p := range c.entries(n) {
		value := c.oneOf(&node{place: p.key.place, text: p.key.text}, values...)
		words, places := c.words(p.value)
		if value == "" {
			continue
		}
		for i, w := range words {
			key := WordKey(w)
			if other, taken := owner[key]; taken && other != value {
				c.fault(places[i], say("“%s”已经指 %s，不能又指 %s", "“%s” stands for %s already and cannot stand for %s", clip(w), other, value),
					say("删去它；要另作解释，用 value 写一个 CASE", "delete it; to read it in another way, write a CASE under value"))
				continue
			}
			owner[key] = value
			list = append(list, Word{w, value})
		}
	}
	return list
}

// words gives the words that the policy has for the values of a column, by WordKey.
func (col *Column) words() map[string]string {
	words := map[string]string{}
	for _, v := range col.Values {
		for _, w := range append([]string{v.Value, v.Name.ZH, v.Name.EN}, v.Words...) {
			words[WordKey(w)] = v.Value
		}
	}
	if col.Type == TypeBool {
		words["true"], words["false"] = "true", "false"
	}
	return words
}

// valueIDs gives the values that a word in the column may stand for; nil for types that have none.
func (col *Column) valueIDs() []string {
	if col.Type == TypeBool {
		return []string{"true", "false"}
	}
	var ids []string
	for _, v := range col.Values {
		ids = append(ids, v.Value)
	}
	return ids
}

var wholeForm = regexp.MustCompile(`^-?[0-9]{1,18}$`)

// reads reports whether a constant is written in the plain form of the column.
func (f *Field) reads(text string) bool {
	switch f.Column.Type {
	case TypeEnum, TypeBool:
		_, known := f.Column.words()[WordKey(text)]
		return known || slices.ContainsFunc(f.Words, func(w Word) bool { return WordKey(w.Word) == WordKey(text) })
	case TypeDate:
		_, err := time.Parse(time.DateOnly, text)
		return err == nil
	case TypeDatetime:
		_, err := time.Parse(time.DateTime, text)
		return err == nil
	case TypeInteger:
		return wholeForm.MatchString(text)
	case TypeMoney:
		v, err := fixed.Parse(text)
		return err == nil && v%100 == 0 // cents are its smallest part
	case TypePercent:
		number, percent := strings.CutSuffix(text, "%")
		_, err := fixed.Parse(number)
		return err == nil && (percent || f.Format.Unit != "")
	case TypeNumber, TypeHours:
		_, err := fixed.Parse(text)
		return err == nil
	case TypeText:
		return true
	}
	return !strings.ContainsFunc(text, unicode.IsSpace)
}

// constantCure says how a constant of the column is written.
func constantCure(col *Column) Text {
	switch col.Type {
	case TypeEnum, TypeBool:
		return oneOfCure("", col.valueIDs())
	case TypeDate:
		return say("写成 2026-01-31 的样子", "write it like 2026-01-31")
	case TypeDatetime:
		return say("写成 2026-01-31 18:00:00 的样子", "write it like 2026-01-31 18:00:00")
	case TypePercent:
		return say("写成 12.5%% 的样子；不带 %% 须写明 unit", "write it like 12.5%%; without its sign it needs a unit")
	case TypeInteger:
		return say("写成整数", "write a whole number")
	case TypeMoney, TypeNumber, TypeHours:
		return say("写成 12 或 12.5 的样子", "write it like 12 or 12.5")
	}
	return say("去掉空格", "delete the blanks")
}
