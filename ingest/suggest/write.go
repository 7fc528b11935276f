package suggest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/width"

	"plumbline/ingest/sheet"
	"plumbline/policy"
)

// writer writes a draft.
type writer struct {
	table    sheet.Table
	file     string
	sample   *sample
	ids      map[*column]string      // of the headers in the mapping
	extra    map[*column]bool        // headers that are options only
	whys     map[*column]policy.Text // of headers that fill no field by themselves
	wideName string                  // the header that holds the headers of a wide table
	taken    map[string]bool
	text     strings.Builder
	open     []Question
}

// line is a line of YAML with a comment behind it, or above it when both are too long together.
type line struct {
	text string
	mark string // "??" and the options of a question
	why  policy.Text
}

// note gives the comment: Chinese, then English.
func (l line) note() string {
	note := l.mark
	if l.why != (policy.Text{}) {
		note += " " + l.why.ZH + " · " + l.why.EN
	}
	return strings.TrimSpace(note)
}

// join puts notes behind each other.
func join(notes ...policy.Text) policy.Text {
	var t policy.Text
	for _, n := range notes {
		switch {
		case n == (policy.Text{}):
		case t == (policy.Text{}):
			t = n
		default:
			t.ZH, t.EN = t.ZH+"；"+n.ZH, t.EN+"; "+n.EN
		}
	}
	return t
}

// comment gives a line its reason.
func comment(text string, why policy.Text) line { return line{text: text, why: why} }

// ask notes a question and gives the line that leaves its answer out.
func (w *writer) ask(text, header string, say, cure policy.Text, options ...string) line {
	w.open = append(w.open, Question{Header: header, Say: say, Cure: cure, Options: options})
	mark := "??"
	if len(options) > 0 {
		mark += " " + strings.Join(options, " | ") + " :"
	}
	return line{text, mark, say}
}

// longest is how many columns of a fixed-width font a line with its comment takes.
const longest = 140

// put writes lines with their comments below each other.
func (w *writer) put(lines []line) {
	at := 0
	for _, l := range lines {
		if n := cells(l.text); l.note() != "" && n+cells(l.note()) < longest {
			at = max(at, min(n, longest/2))
		}
	}
	for _, l := range lines {
		note := l.note()
		pad := strings.Repeat(" ", max(at-cells(l.text), 0)) + "  # "
		switch {
		case note == "":
			w.text.WriteString(l.text + "\n")
		case cells(l.text+pad+note) <= longest || l.why == (policy.Text{}):
			w.text.WriteString(l.text + pad + note + "\n")
		default:
			w.above(l)
		}
	}
}

// above writes a line below its reason.
func (w *writer) above(l line) {
	indent := l.text[:len(l.text)-len(strings.TrimLeft(l.text, " "))]
	fmt.Fprintf(&w.text, "%[1]s# %[2]s\n%[1]s# %[3]s\n%[4]s", indent, l.why.ZH, l.why.EN, l.text)
	if mark := strings.TrimSuffix(l.mark, " :"); mark != "" {
		w.text.WriteString("  # " + mark)
	}
	w.text.WriteByte('\n')
}

// cells gives how many columns of a fixed-width font a text takes.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n++
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n++
		}
	}
	return n
}

var (
	plainScalar = regexp.MustCompile(`^\p{L}[\p{L}\p{N} _()/.\-]*$`)
	otherScalar = regexp.MustCompile(`(?i)^(true|false|yes|no|on|off|y|n|null|nan|inf)$`)
)

// quoted writes a text as YAML: plain where that means itself, else in double quotes.
func quoted(s string) string {
	if plainScalar.MatchString(s) && !otherScalar.MatchString(s) && !strings.HasSuffix(s, " ") {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func quotedList(words []string) string {
	list := make([]string, len(words))
	for i, s := range words {
		list[i] = quoted(s)
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// id gives a header an id that begins like the one wanted.
func (w *writer) id(c *column, want string) string {
	if id := w.ids[c]; id != "" {
		return id
	}
	id := w.fresh(want)
	w.ids[c] = id
	return id
}

func (w *writer) fresh(want string) string {
	id := want
	for n := 2; w.taken[id]; n++ {
		const longest = 40
		id = want[:min(len(want), longest)] + "_" + strconv.Itoa(n)
	}
	w.taken[id] = true
	return id
}

// intro says what the file is.
func (w *writer) intro(about policy.Text) {
	for _, t := range []policy.Text{
		{ZH: "由 " + clip(w.file) + " 起草的映射，逐行核对后使用。每处猜测的理由写在行末。",
			EN: "A mapping drafted from " + clip(w.file) + ": check every line. The reason of each guess stands behind it."},
		{ZH: "标有两个问号的地方须先填写，填好前不能使用。", EN: "Fill in what is marked with two question marks; until then it cannot be used."},
	} {
		fmt.Fprintf(&w.text, "# %s\n# %s\n", t.ZH, t.EN)
	}
	name := title(w.file)
	fmt.Fprintf(&w.text, "name: {zh: %s, en: %s}\n", quoted(short(name+" "+about.ZH, maxName)), quoted(short(name+" "+about.EN, maxName)))
}

// result closes the draft.
func (w *writer) result(dataset string) Draft {
	return Draft{Dataset: dataset, YAML: w.text.String(), Open: w.open}
}

// withoutHeader drafts for a table none of whose first rows looks like a header.
func (w *writer) withoutHeader(dataset string, datasets []*policy.Dataset) Draft {
	w.intro(policy.Text{})
	var lines []line
	if dataset != "" {
		lines = append(lines, line{text: "dataset: " + dataset})
	} else {
		lines = append(lines, w.askDataset(policy.Text{ZH: "看不出是哪一种记录", EN: "it does not show what records these are"}, datasets))
	}
	lines = append(lines,
		w.ask("headers:", "", policy.Text{ZH: "前几行都不像表头", EN: "none of the first rows looks like a header"},
			policy.Text{ZH: "在文件第一行补上列名，再起草一次", EN: "put column names into the first row of the file and draft again"}),
		w.ask("fields:", "", policy.Text{ZH: "没有表头，无从填写", EN: "nothing can be filled without a header"},
			policy.Text{ZH: "有了表头后再起草一次", EN: "draft again once there is a header"}))
	w.put(lines)
	return w.result(dataset)
}

func (w *writer) askDataset(say policy.Text, datasets []*policy.Dataset) line {
	var ids []string
	for _, d := range datasets {
		ids = append(ids, d.ID)
	}
	return w.ask("dataset:", "", say, policy.Text{ZH: "用 --dataset 指明后再起草一次", EN: "say which with --dataset and draft again"}, ids...)
}

// withoutDataset drafts for a table that several datasets fit, or none.
func (w *writer) withoutDataset(plans []*plan) Draft {
	w.intro(policy.Text{})
	w.put([]line{w.askNearest(plans)})
	return w.withoutFields("", policy.Text{ZH: "定了记录种类才能填写", EN: "they hang on the dataset"},
		policy.Text{ZH: "用 --dataset 指明后再起草一次", EN: "say which with --dataset and draft again"})
}

// mostNear is how many datasets are offered when none fits.
const mostNear = 5

// askNearest asks which dataset it is, by those that fit nearly alike.
func (w *writer) askNearest(plans []*plan) line {
	var near []*policy.Dataset
	for _, p := range plans {
		if p.score() > 0 && p.score() >= plans[0].score()-margin(plans[0]) {
			near = append(near, p.dataset)
		}
	}
	say := policy.Text{ZH: "表头同样像这几种记录", EN: "the header fits these alike"}
	if len(near) < 2 {
		say = policy.Text{ZH: "表头不太像任何一种记录", EN: "the header is not much like that of any dataset"}
		near = nil
		for _, p := range plans {
			if len(near) < mostNear {
				near = append(near, p.dataset)
			}
		}
	}
	return w.askDataset(say, near)
}

// withoutMatch drafts for a table none of whose headers fits the dataset that was asked for.
func (w *writer) withoutMatch(d *policy.Dataset) Draft {
	w.intro(d.Name)
	w.put([]line{{text: "dataset: " + d.ID}})
	return w.withoutFields(d.ID, policy.Text{ZH: "没有一列像“" + d.Name.ZH + "”的列", EN: "no column is like one of “" + d.Name.EN + "”"},
		policy.Text{ZH: "核对 --dataset，或逐列写明“列: 表头”", EN: "check --dataset, or write column: header for each"})
}

// withoutFields lists the headers and leaves the fields open.
func (w *writer) withoutFields(dataset string, say, cure policy.Text) Draft {
	const most = 100
	lines := []line{w.headerNote()}
	for _, c := range w.sample.columns {
		if c.usable && len(lines) <= most {
			lines = append(lines, line{text: "  " + w.id(c, "column_"+strconv.Itoa(c.at+1)) + ": " + w.names(c, true)})
		}
	}
	w.put(lines)
	w.put([]line{w.ask("fields:", "", say, cure)})
	return w.result(dataset)
}

// headerNote begins the headers, and tells where they stand.
func (w *writer) headerNote() line {
	if n := w.sample.header.Number; n > 0 && n != w.table.Head[0].Number {
		return comment("headers:", policy.Text{ZH: fmt.Sprintf("表头在第 %d 行", n), EN: fmt.Sprintf("the header stands in row %d", n)})
	}
	return line{text: "headers:"}
}

// names writes what a column of the file is called.
func (w *writer) names(c *column, optional bool) string {
	name := "[" + quoted(c.name) + "]"
	if c.nth == 1 && !optional {
		return name
	}
	text := "{names: " + name
	if optional {
		text += ", optional: true"
	}
	if c.nth > 1 {
		text += ", nth: " + strconv.Itoa(c.nth)
	}
	return text + "}"
}

// draft writes a plan down.
func (w *writer) draft(e *examiner, p *plan) (Draft, error) {
	w.intro(p.dataset.Name)
	w.extra, w.whys = map[*column]bool{}, map[*column]policy.Text{}
	for _, g := range p.guesses { // a header is called like the column that it fills
		if g.from != nil {
			w.id(g.from, g.column.ID)
		}
	}
	if p.wide != nil {
		w.taken[p.widens().column.ID] = true
		w.besideWide(p)
	}
	w.put(append([]line{comment("dataset: "+p.dataset.ID, policy.Text{ZH: p.dataset.Name.ZH, EN: p.dataset.Name.EN})}, w.declared()...))
	asides, err := w.asides(e, p)
	if err != nil {
		return Draft{}, err
	}
	fields, err := w.fields(e, p)
	if err != nil {
		return Draft{}, err
	}
	w.put(w.headers(p))
	w.put(asides)
	w.put(fields)
	w.unused(p)
	return w.result(p.dataset.ID), nil
}

// besideWide makes sure that a mapping of a wide table has a header of its own, which it must.
func (w *writer) besideWide(p *plan) {
	used := p.used()
	for _, h := range w.sample.columns {
		if len(w.ids) == 0 && h.usable && !used[h] {
			w.offer(h, "column_"+strconv.Itoa(h.at+1))
		}
	}
}

// declared writes what must be declared about the file because its bytes do not tell it.
func (w *writer) declared() []line {
	var lines []line
	if w.table.Format == sheet.XLSX {
		lines = append(lines, comment("# sheet: "+quoted(plain(w.table.Sheet)), policy.Text{ZH: "去掉井号则只读这一工作表",
			EN: "without the # only this sheet is read"}))
	}
	if w.table.Format == sheet.CSV {
		if w.table.Dialect.Encoding == sheet.Windows1252 {
			lines = append(lines, comment("encoding: windows-1252", policy.Text{ZH: "看不出来，故须写明", EN: "it cannot be told from the bytes"}))
		}
		if d := string(w.table.Dialect.Delimiter); strings.Contains(":!#$%&*+-/<=>?@^_~", d) {
			lines = append(lines, comment("delimiter: "+`"`+d+`"`, policy.Text{ZH: "少见，故须写明", EN: "it is unusual"}))
		}
	}
	return lines
}

// headers writes the headers that the fields use, in the order of the file.
func (w *writer) headers(p *plan) []line {
	lines := []line{w.headerNote()}
	for _, c := range w.sample.columns {
		id := w.ids[c]
		if id == "" {
			continue
		}
		why, optional := w.whys[c], w.extra[c]
		if optional {
			why = policy.Text{ZH: "待选；用不到就删去", EN: "an option; delete it if it is not needed"}
		}
		for _, g := range p.guesses {
			if g.from == c && !g.shared {
				why, optional = reason(g), g.column.Optional
			}
		}
		lines = append(lines, comment("  "+id+": "+w.names(c, optional), why))
	}
	align(lines)
	return lines
}

// align puts the values of short lines "  id: value" below each other.
func align(lines []line) {
	const farthest = 20
	at := 0
	for _, l := range lines {
		if key, _, ok := strings.Cut(l.text, ": "); ok && strings.HasPrefix(key, "  ") && !strings.HasPrefix(key, "   ") {
			at = max(at, min(len(key), farthest))
		}
	}
	for i, l := range lines {
		if key, rest, ok := strings.Cut(l.text, ": "); ok && strings.HasPrefix(key, "  ") && !strings.HasPrefix(key, "   ") {
			lines[i].text = key + ": " + strings.Repeat(" ", max(at-len(key), 0)) + rest
		}
	}
}

// reason says why a header was taken for a column.
func reason(g *guess) policy.Text {
	switch g.tier {
	case byName:
		return policy.Text{ZH: "表头就是列名", EN: "the header is the column's name"}
	case byAlias:
		return policy.Text{ZH: "表头是别名", EN: "the header is an alias"}
	case byBase:
		return policy.Text{ZH: "表头除去“" + clip(g.from.mark.word) + "”是列名或别名",
			EN: "the header is a name or alias but for “" + clip(g.from.mark.word) + "”"}
	case bySynonym:
		return policy.Text{ZH: "其他工具常用的表头", EN: "a word that other tools use"}
	case byPart:
		return policy.Text{ZH: "表头部分相同，内容也相符", EN: "the header is partly alike and the values fit"}
	}
	return policy.Text{ZH: "按内容判断", EN: "judged by the values alone"}
}

// kinds say what the values of a type are.
var kinds = map[policy.Type]policy.Text{
	policy.TypeDate:     {ZH: "日期", EN: "dates"},
	policy.TypeDatetime: {ZH: "时间", EN: "times"},
	policy.TypeInteger:  {ZH: "整数", EN: "whole numbers"},
	policy.TypeNumber:   {ZH: "数字", EN: "numbers"},
	policy.TypeHours:    {ZH: "时长", EN: "durations"},
	policy.TypeMoney:    {ZH: "金额", EN: "amounts"},
	policy.TypePercent:  {ZH: "百分比", EN: "percentages"},
	policy.TypeBool:     {ZH: "是或否", EN: "yes or no"},
	policy.TypeEnum:     {ZH: "已知的词", EN: "known words"},
}

// evidence says how much of the column can be read.
func evidence(g *guess, rows int) policy.Text {
	var t policy.Text
	if kind, ok := kinds[g.column.Type]; ok && g.share.all > 0 {
		t = policy.Text{ZH: fmt.Sprintf("%d %% 是%s", g.share.percent(), kind.ZH),
			EN: fmt.Sprintf("%d %% of the values are %s", g.share.percent(), kind.EN)}
		if g.share.bad.text != "" && g.column.Type != policy.TypeEnum && g.column.Type != policy.TypeBool {
			t = join(t, about("读不出%s", "not %s", g.share.bad))
		}
	}
	if blank := rows - g.from.filled; blank > 0 && !g.column.Optional {
		t = join(t, policy.Text{ZH: fmt.Sprintf("%d 行为空，会被隔离", blank), EN: fmt.Sprintf("blank rows, which will be quarantined: %d", blank)})
	}
	return t
}

// asides writes what concerns the rows as a whole.
func (w *writer) asides(e *examiner, p *plan) ([]line, error) {
	var lines []line
	if p.wide != nil {
		lines = append(lines, w.unpivot(p)...)
	}
	r := p.repeats()
	key := p.guess(p.dataset.Key[0])
	made := len(p.dataset.Key) == 1 && key.column.MadeFrom != nil && !key.decided()
	if r.lines > 0 && made && p.wide == nil {
		lines = append(lines, w.ask("repeats:", "", policy.Text{ZH: fmt.Sprintf("第 %d 行等 %d 行与别的行完全相同，又没有编号", r.line, r.lines),
			EN: fmt.Sprintf("lines without an id that repeat another one: %d, such as row %d", r.lines, r.line)},
			policy.Text{ZH: "各是一条记录写 true，是重复登记写 false", EN: "write true if each is a record of its own, false if they are slips"}, "true", "false"))
	}
	if h := p.sample.updated(); r.keys > 0 && h != nil {
		l, err := w.pick(e, p, h, r)
		if err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// pick asks which row of a key counts.
func (w *writer) pick(e *examiner, p *plan, h *column, r repeated) (line, error) {
	id := w.id(h, "updated")
	w.whys[h] = policy.Text{ZH: "像更新时间", EN: "looks like the time of a change"}
	f, err := e.examine(&policy.Column{ID: id, Type: policy.TypeDatetime}, h)
	if err != nil {
		return line{}, err
	}
	how := id
	for _, s := range f.settings {
		how += ", " + s.key + ": " + s.value
	}
	options := []string{"{last: " + how + "}", "{first: " + how + "}"}
	for _, a := range f.asks {
		options = nil
		for _, o := range a.options {
			options = append(options, "{last: "+how+", "+a.key+": "+o+"}", "{first: "+how+", "+a.key+": "+o+"}")
		}
	}
	first := make([]string, len(r.first))
	for i, k := range r.first {
		first[i] = clip(k)
	}
	name := strings.Join(first, " / ")
	return w.ask("pick:", h.name, policy.Text{ZH: fmt.Sprintf("有 %d 个编号出现多行且内容不同，如 %s（第 %d 行）；像变更记录，取哪一行", r.keys, name, r.row),
		EN: fmt.Sprintf("keys with several rows that differ, as in a log of changes: %d, such as %s (row %d); which row counts", r.keys, name, r.row)},
		policy.Text{ZH: "在 pick 后写上其一；若本不该重复，删去这一行，重复者会被隔离",
			EN: "write one of them behind pick; if no key should come twice, delete the line, and those rows are quarantined"}, options...), nil
}

// unpivot writes how wide becomes long.
func (w *writer) unpivot(p *plan) []line {
	name := "label"
	if g := p.names(); g != nil && !g.decided() {
		name = g.column.ID
	}
	w.wideName = w.fresh(name)
	return []line{
		comment("unpivot:", policy.Text{ZH: fmt.Sprintf("有 %d 列的表头是日期，每格是一条记录", len(p.wide.columns)),
			EN: fmt.Sprintf("the headers of %d columns are dates: each cell is a record", len(p.wide.columns))}),
		{text: "  columns: " + quotedList(p.wide.patterns(p.sample.columns))},
		{text: "  name: " + w.wideName},
		{text: "  value: " + p.widens().column.ID},
	}
}

// unused lists the columns that nothing uses.
func (w *writer) unused(p *plan) {
	const most = 30
	var names []string
	used := p.used()
	for _, h := range w.sample.columns {
		if w.ids[h] == "" && !used[h] && h.name != "" {
			names = append(names, clip(h.name))
		}
	}
	if len(names) == 0 {
		return
	}
	list := strings.Join(names[:min(len(names), most)], ", ")
	if len(names) > most {
		list += fmt.Sprintf(" … (%d)", len(names))
	}
	fmt.Fprintf(&w.text, "# 未使用的列 · columns not used: %s\n", list)
}
