package charts

import (
	"fmt"

	"plumbline/metrics"
)

// note is what stands behind a bar: a number, then a remark in its own colour.
type note struct {
	number, remark string
	colour         string
}

// noteOf writes a value and where it stands against its target. The arrow tells the sign of the difference, colour and word
// tell whether that is good.
func noteOf(f frame, v metrics.Value, s scale) note {
	r, ok := v.Exact()
	switch {
	case v.Status == metrics.Withheld:
		return note{"", withheld.In(f.lang), f.ink.Muted}
	case !ok:
		return note{"", sayShort(f, "无数据", "no data"), f.ink.Muted}
	}
	n := note{number: s.short(r), colour: f.ink.Muted}
	if v.Status == metrics.Insufficient {
		n.remark = fmt.Sprintf(sayShort(f, "样本不足 n=%s", "too few n=%s"), v.N)
		return n
	}
	stands, diff := judge(v)
	if stands == unjudged {
		return n
	}
	arrow := "▲"
	if diff.Sign() < 0 {
		arrow = "▼"
	}
	switch {
	case stands == unsure:
		n.remark = sayShort(f, "≈ 无显著差异", "≈ not clear")
	case stands == met:
		n.remark, n.colour = fmt.Sprintf("%s %s %s", arrow, sayShort(f, "达标", "met"), s.signed(diff)), f.ink.Good
	default:
		n.remark, n.colour = fmt.Sprintf("%s %s %s", arrow, sayShort(f, "未达", "short"), s.signed(diff)), f.ink.Bad
	}
	return n
}

func sayShort(f frame, zh, en string) string { return pick(f.lang, zh, en) }

// bench is the layout of horizontal bars: names on the left, notes on the right, rows high enough for the tallest name.
type bench struct {
	names         []string // wrapped
	notes         []note
	left, right   int // pixels beside the bars
	top, row      int
	height        int
	stackedNotes  bool // number above remark
	numberColumn  int  // pixels of the numbers, when they stand beside the remarks
	numberFont    int
	remarkFont    int
	nameLineSpace int
}

// benchOf lays out rows with their names and notes in a frame, below a key.
func benchOf(f frame, key list, names []string, notes []note) bench {
	b := bench{notes: notes, numberFont: 13, remarkFont: 12, nameLineSpace: 17, stackedNotes: f.narrow()}
	limits := []float64{110, 150, 190, 220}
	if f.narrow() {
		limits = []float64{84, 104}
	}
	lines, nameWidth := b.wrapNames(names, limits)
	numbers, remarks := 0.0, 0.0
	for _, n := range notes {
		numbers = max(numbers, textWidth(n.number, float64(b.numberFont)))
		remarks = max(remarks, widest(n.remark, float64(b.remarkFont)))
	}
	b.numberColumn = int(numbers) + 8
	b.left = int(nameWidth) + 14
	b.right = b.numberColumn + int(remarks) + 16
	if b.stackedNotes {
		b.right = int(max(numbers, remarks)) + 16
	}
	b.row = max(38, lines*b.nameLineSpace+8)
	b.top = f.top + keyRoom(f, key) + 4
	b.height = b.top + b.row*len(names) + 8
	return b
}

// wrapNames breaks the names at the narrowest limit that leaves no more than two lines, or else at the widest. It gives the most
// lines of a name, and the width of the widest line in pixels.
func (b *bench) wrapNames(names []string, limits []float64) (lines int, width float64) {
	for _, limit := range limits {
		b.names, lines, width = nil, 1, 0
		for _, name := range names {
			wrapped := balanced(name, 12, limit)
			b.names = append(b.names, wrapped)
			lines = max(lines, countLines(wrapped))
			width = max(width, widest(wrapped, 12))
		}
		if lines <= 2 {
			break
		}
	}
	return lines, width
}

func (b bench) grid() object {
	return object{"left": b.left, "right": b.right, "top": b.top, "height": b.row * len(b.names), "containLabel": false}
}

func (b bench) nameAxis(f frame, crossing bool) object {
	return object{
		"type": "category", "inverse": true, "data": b.names,
		"axisLabel": object{"show": true, "interval": 0, "color": f.ink.Text, "fontSize": 12, "lineHeight": b.nameLineSpace, "margin": 10,
			"hideOverlap": false, "fontFamily": fontFamily},
		"axisLine": object{"show": true, "onZero": crossing, "lineStyle": object{"color": f.ink.Muted, "width": 1}},
		"axisTick": object{"show": false}, "splitLine": object{"show": false},
	}
}

func (b bench) hiddenAxis() object {
	return object{"type": "category", "inverse": true, "show": false, "data": b.rowNumbers(), "axisLabel": object{"show": false}}
}

// noteAxis writes the notes as labels of an axis on the right, so that they stand in columns. Its texts hold no names.
func (b bench) noteAxis(f frame) object {
	labels := make(list, len(b.notes))
	rich := object{
		"n": object{"width": b.numberColumn, "align": "right", "fontSize": b.numberFont, "fontWeight": "bold", "color": f.ink.Text, "fontFamily": fontFamily},
	}
	for i, n := range b.notes {
		style := map[string]string{f.ink.Good: "g", f.ink.Bad: "b"}[n.colour]
		if style == "" {
			style = "m"
		}
		rich[style] = object{"fontSize": b.remarkFont, "color": n.colour, "padding": list{0, 0, 0, 8}, "fontFamily": fontFamily}
		labels[i] = b.noteText(n, style)
	}
	if b.stackedNotes {
		rich["n"] = object{"fontSize": b.numberFont, "fontWeight": "bold", "color": f.ink.Text, "padding": list{0, 0, 0, 8}, "lineHeight": 17, "fontFamily": fontFamily}
	}
	return object{
		"type": "category", "inverse": true, "position": "right", "data": labels,
		"axisLabel": object{"show": true, "interval": 0, "margin": 2, "align": "left", "rich": rich, "hideOverlap": false, "lineHeight": 17},
		"axisLine":  object{"show": false}, "axisTick": object{"show": false}, "splitLine": object{"show": false},
	}
}

func (b bench) noteText(n note, style string) string {
	remark := ""
	if n.remark != "" {
		remark = "{" + style + "|" + n.remark + "}"
	}
	switch {
	case n.number == "":
		return remark
	case b.stackedNotes && remark != "":
		return "{n|" + n.number + "}\n" + remark
	}
	return "{n|" + n.number + "}" + remark
}

func (b bench) rowNumbers() []int {
	numbers := make([]int, len(b.names))
	for i := range numbers {
		numbers[i] = i
	}
	return numbers
}
