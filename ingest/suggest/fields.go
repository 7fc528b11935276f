package suggest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"plumbline/policy"
)

// fields writes what fills the columns.
func (w *writer) fields(e *examiner, p *plan) ([]line, error) {
	lines := []line{{text: "fields:"}}
	for _, g := range p.guesses {
		more, err := w.field(e, p, g)
		if err != nil {
			return nil, err
		}
		lines = append(lines, more...)
	}
	align(lines)
	return lines, nil
}

func (w *writer) field(e *examiner, p *plan, g *guess) ([]line, error) {
	key := "  " + g.column.ID + ":"
	switch {
	case p.wide != nil && g == p.widens():
		return w.wideValue(e, p, g, key)
	case p.wide != nil && g == p.names() && !g.decided():
		return w.wideDay(p, g, key), nil
	case g.between != nil:
		return w.betweenField(e, g, key)
	case g.from != nil:
		return w.filled(e, p, g, key)
	case g.options != nil:
		l, err := w.askHeader(e, g, key)
		return []line{l}, err
	case g.column.Optional:
		return nil, nil
	case g.column.MadeFrom != nil:
		from := strings.Join(g.column.MadeFrom, ", ")
		return []line{{text: fmt.Sprintf("  # %[1]s 由这些列得出 · %[1]s is made from %[2]s", g.column.ID, from)}}, nil
	}
	l, err := w.askMissing(e, p, g, key)
	return []line{l}, err
}

// filled writes a field that a header fills.
func (w *writer) filled(e *examiner, p *plan, g *guess, key string) ([]line, error) {
	f, err := e.examine(g.column, g.from)
	if err != nil {
		return nil, err
	}
	id := w.ids[g.from]
	source := setting{key: "from", value: id, why: evidence(g, len(p.sample.rows))}
	if g.from.expr != "" {
		source = setting{"value", quoted(fmt.Sprintf(g.from.expr, id)), join(g.from.why, source.why)}
	}
	if g.shared {
		source.why = join(policy.Text{ZH: "同一列也说明了它", EN: "the same column tells it too"}, source.why)
	}
	if n := p.repeats().keys; n > 0 && p.dataset.Key[0] == g.column.ID && p.sample.updated() == nil {
		source.why = join(source.why, policy.Text{ZH: fmt.Sprintf("%d 个编号出现多行且内容不同，会被隔离", n),
			EN: fmt.Sprintf("keys with several rows that differ, which will be quarantined: %d", n)})
	}
	return w.lines(g, key, append([]setting{source}, f.settings...), f), nil
}

// lines writes a field in one line, or in several when something is open.
func (w *writer) lines(g *guess, key string, settings []setting, f *findings) []line {
	header := ""
	if g.from != nil {
		header = g.from.name
	}
	if len(f.asks) == 0 && len(f.unknown) == 0 {
		var parts []string
		var why policy.Text
		for _, s := range settings {
			parts, why = append(parts, s.key+": "+s.value), join(why, s.why)
		}
		if len(settings) == 1 && settings[0].key == "from" {
			return []line{comment(key+" "+settings[0].value, why)}
		}
		return []line{comment(key+" {"+strings.Join(parts, ", ")+"}", why)}
	}
	lines := []line{{text: key}}
	for _, s := range settings {
		lines = append(lines, comment("    "+s.key+": "+s.value, s.why))
	}
	for _, a := range f.asks {
		lines = append(lines, w.ask("    "+a.key+":", header, a.say,
			policy.Text{ZH: fmt.Sprintf("在 %s 的 %s 后写上其一", g.column.ID, a.key),
				EN: fmt.Sprintf("write one of them behind %s of %s", a.key, g.column.ID)}, a.options...))
	}
	return append(lines, w.words(g, header, f)...)
}

// words asks what the unknown words of a column stand for.
func (w *writer) words(g *guess, header string, f *findings) []line {
	var values []string
	for _, v := range g.column.Values {
		values = append(values, v.Value)
	}
	if g.column.Type == policy.TypeBool {
		values = []string{"true", "false"}
	}
	var lines []line
	seen := map[string]bool{}
	for _, v := range f.unknown {
		word := plain(v.text)
		wordKey := policy.WordKey(word)
		if seen[wordKey] || wordKey == "" || wordKey != policy.WordKey(v.text) || utf8.RuneCountInString(word) > maxName {
			continue // a word that no mapping can hold stays in quarantine
		}
		seen[wordKey] = true
		if len(seen) > maxWords {
			break
		}
		options, near := values, policy.Text{}
		if n := f.nearest[v.text]; n != "" {
			options = append([]string{n}, slices.DeleteFunc(slices.Clone(values), func(o string) bool { return o == n })...)
			near = policy.Text{ZH: "最像 " + n, EN: "it is most like " + n}
		}
		say := join(policy.Text{ZH: fmt.Sprintf("“%s”（%d 行）指哪个值", clip(word), v.count),
			EN: fmt.Sprintf("which value is “%s” (rows: %d)", clip(word), v.count)}, near)
		lines = append(lines, w.ask(fmt.Sprintf("      \"?%d\": %s", len(seen), quoted(word)), header, say,
			policy.Text{ZH: "把问号换成值；同一个值的几个词并成列表",
				EN: "put the value in place of the question mark; make a list of the words of one value"}, options...))
	}
	if len(seen) > maxWords {
		w.open = w.open[:len(w.open)-maxWords]
		return []line{w.ask("    words:", header, policy.Text{ZH: fmt.Sprintf("有 %d 个不认识的词，不像这一列", len(f.unknown)),
			EN: fmt.Sprintf("%d unknown words: this is hardly the column", len(f.unknown))},
			policy.Text{ZH: "换一列，或逐个列出", EN: "take another column, or list them all"})}
	}
	if lines == nil {
		return nil
	}
	return append([]line{{text: "    words:"}}, lines...)
}

// askHeader asks which of several headers fills a column.
func (w *writer) askHeader(e *examiner, g *guess, key string) (line, error) {
	options, names := make([]string, len(g.options)), make([]string, len(g.options))
	for i, h := range g.options {
		var err error
		if options[i], err = w.option(e, g.column, h, g.column.ID+"_from"); err != nil {
			return line{}, err
		}
		names[i] = clip(h.name)
	}
	cure := policy.Text{ZH: "在 " + g.column.ID + " 后写上其一", EN: "write one of them behind " + g.column.ID}
	say := policy.Text{ZH: "这几列都像：" + strings.Join(names, "、"), EN: "these fit alike: " + strings.Join(names, ", ")}
	if h := g.options[0]; len(options) == 1 {
		say = policy.Text{ZH: "“" + names[0] + "”只是有些像，不能断定", EN: "“" + names[0] + "” is only a little alike"}
		switch {
		case g.doubt && g.share.all == 0:
			say = policy.Text{ZH: "列名相符，但全是空的", EN: "the name is right, but the column is blank"}
		case g.doubt:
			say = join(policy.Text{ZH: fmt.Sprintf("列名相符，但只有 %d %% 的内容读得出", g.share.percent()),
				EN: fmt.Sprintf("the name is right, but only %d %% of the values can be read", g.share.percent())}, about("读不出%s",
				"not %s", g.share.bad))
			if year, ok := h.yearFirst(); ok && g.column.Type == policy.TypeDate {
				options = append([]string{fmt.Sprintf(`{value: "'20' || %s"}`, w.ids[h])}, options...)
				say = join(say, about("若年在前，%s前补 20", "if the year comes first in %s, put 20 before it", year))
			}
		}
	}
	return w.ask(key, g.options[0].name, say, cure, options...), nil
}

// offer makes a header known that may be chosen, and gives its id.
func (w *writer) offer(h *column, like string) string {
	if w.ids[h] == "" {
		w.extra[h] = true
		w.id(h, like)
	}
	return w.ids[h]
}

// option gives a field as it would be if a header filled it.
func (w *writer) option(e *examiner, c *policy.Column, h *column, like string) (string, error) {
	id := w.offer(h, like)
	f, err := e.examine(c, h)
	if err != nil || h.expr == "" && len(f.settings) == 0 {
		return id, err
	}
	text := "{from: " + id
	if h.expr != "" {
		text = "{value: " + quoted(fmt.Sprintf(h.expr, id))
	}
	for _, s := range f.settings {
		text += ", " + s.key + ": " + s.value
	}
	return text + "}", nil
}

// mostOthers is how many unused headers are offered for a column that nothing fits.
const mostOthers = 12

// askMissing asks for a required column that nothing fits.
func (w *writer) askMissing(e *examiner, p *plan, g *guess, key string) (line, error) {
	var options, names []string
	used := p.used()
	for _, h := range p.sample.columns {
		if !h.usable || h.same != nil || used[h] || h.filled == 0 || len(options) == mostOthers {
			continue
		}
		o, err := w.option(e, g.column, h, "column_"+strconv.Itoa(h.at+1))
		if err != nil {
			return line{}, err
		}
		options, names = append(options, o), append(names, clip(h.name))
	}
	say := policy.Text{ZH: "没有哪一列像“" + g.column.Name.ZH + "”，它必填", EN: "no column is like “" + g.column.Name.EN + "”, which is required"}
	if names != nil {
		say = join(say, policy.Text{ZH: "尚未使用的列：" + strings.Join(names, "、"), EN: "not used so far: " + strings.Join(names, ", ")})
	}
	cure := policy.Text{ZH: "写上一列，或 {constant: 固定值}", EN: "write one of them, or {constant: …} for a fixed value"}
	if g.column.Type == policy.TypeID && slices.Contains(p.dataset.Key, g.column.ID) {
		if d := w.digest(p); d != "" && p.dataset.ID != policy.Employees && p.dataset.ID != policy.Departments { // others refer to these by their numbers
			options = append([]string{d}, options...)
			cure = policy.Text{ZH: "写上一列，或以几列合成编号", EN: "write one of them, or make the key of several by digest"}
		}
	}
	return w.ask(key, "", say, cure, options...), nil
}

// digest proposes headers that together name the rows of the sample, or "". Figures and what is filled in later make no key.
func (w *writer) digest(p *plan) string {
	var ids []string
	var columns []*column
	for _, g := range p.inOrder() {
		lasting := !g.column.Optional && (g.column.Type == policy.TypeDate || g.column.Type == policy.TypeDatetime) ||
			g.column.Type == policy.TypeText || g.column.Type == policy.TypeEmployee && !g.column.Optional
		if g.from != nil && lasting && !slices.Contains(columns, g.from) {
			columns, ids = append(columns, g.from), append(ids, w.ids[g.from])
		}
	}
	seen := map[string]bool{}
	for _, row := range p.sample.rows {
		var b strings.Builder
		for _, c := range columns {
			b.WriteString(c.cell(row) + "\x00")
		}
		seen[b.String()] = true
	}
	if len(ids) < 2 || len(seen) < len(p.sample.rows) {
		return ""
	}
	return "{digest: [" + strings.Join(ids, ", ") + "]}"
}

// betweenField writes hours as the distance of two times.
func (w *writer) betweenField(e *examiner, g *guess, key string) ([]line, error) {
	b := g.between
	start, end := w.id(b.start, "begun"), w.id(b.end, "ended")
	w.whys[b.start] = policy.Text{ZH: "像开始时间", EN: "looks like a start"}
	w.whys[b.end] = policy.Text{ZH: "像结束时间", EN: "looks like an end"}
	whole := b.start
	texts := []string{start, end}
	if b.day != nil {
		whole = b.day
		texts = []string{w.ids[b.day] + " || ' ' || " + start, w.id(b.endDay, "end_day") + " || ' ' || " + end}
	}
	f, err := e.examine(&policy.Column{ID: g.column.ID, Type: policy.TypeDatetime}, whole)
	if err != nil {
		return nil, err
	}
	why := policy.Text{ZH: "没有工时一列，由起止时间得出", EN: "no column of hours: the time from start to end"}
	if b.day != nil && b.day == b.endDay {
		why = join(why, policy.Text{ZH: "跨过午夜的会被隔离", EN: "what goes over midnight is quarantined"})
	}
	source := setting{"between", `["` + texts[0] + `", "` + texts[1] + `"]`, why}
	return w.lines(&guess{column: g.column, from: whole}, key, append([]setting{source}, f.settings...), f), nil
}

// wideValue writes the field that the cells of a wide table fill.
func (w *writer) wideValue(e *examiner, p *plan, g *guess, key string) ([]line, error) {
	all := &column{name: p.wide.columns[0].name}
	for _, c := range p.wide.columns {
		all.values = append(all.values, c.values...)
		all.filled += c.filled
	}
	f, err := e.examine(g.column, all)
	if err != nil {
		return nil, err
	}
	source := setting{"from", g.column.ID, policy.Text{ZH: "各日期列的格", EN: "the cells of the columns of dates"}}
	return w.lines(&guess{column: g.column, from: all}, key, append([]setting{source}, f.settings...), f), nil
}

// wideDay writes the field that the headers of a wide table fill.
func (w *writer) wideDay(p *plan, g *guess, key string) []line {
	id, first := w.wideName, p.wide.columns[0].name
	var option string
	switch p.wide.label {
	case wholeDates:
		f := &findings{}
		f.dates(g.column, &column{values: []value{{text: first, count: 1, row: p.sample.header.Number}}, filled: 1})
		return w.lines(&guess{column: g.column}, key, append([]setting{{"from", id, policy.Text{ZH: "表头是日期",
			EN: "the headers are dates"}}}, f.settings...), f)
	case yearMonths:
		option = id + " || '-01'"
		if strings.HasSuffix(first, "月") {
			option = id + " || '1日'"
		} else if p.wide.columns[0].key == first {
			option = id + " || '01'"
		}
	case months:
		option = "'2026/' || split_part(" + id + ", '月', 1) || '/1'"
	case daysOfMonth:
		option = "'2026/7/' || split_part(" + id + ", '日', 1)"
	}
	return []line{{text: key}, w.ask("    value:", first, policy.Text{ZH: "表头“" + clip(first) + "”不是完整的日期",
		EN: "the header “" + clip(first) + "” is no whole date"},
		policy.Text{ZH: "写成拼出日期的表达式，年、月照实填", EN: "write an expression that makes a date of it, with the right year and month"}, `"`+option+`"`)}
}
