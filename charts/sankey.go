package charts

import (
	"fmt"
	"strings"

	echarts "github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// stop is a place that approvals pass: a step signed or not, or what came of it.
type stop struct {
	id    string
	name  policy.Text
	level int
	good  standing // unjudged: neither
	count fixed.Num
}

// stream is how many approvals go from one stop to the next.
type stream struct {
	from, to string
	count    fixed.Num
	bad      bool
}

// river is a sankey in the making.
type river struct {
	stops   []stop
	streams []stream
}

// Sankey draws how approvals pass their steps: signed or missing one by one, and complete and in order or not in the end; beside them the
// emergencies, made up in time, later or never. d is Report.Details; within are the departments to look at (Within), nil for the company.
func Sankey(r *metrics.Report, who policy.Text, d *metrics.Details, within map[string]bool) Chart {
	c := Chart{ID: "sankey-approvals"}
	c.Title = both(func(l policy.Lang) string {
		return nameOf(who, l) + " · " + pick(l, "审批流转（件）", "How approvals went (number)") + chainWords(d, l) + " · " + periodWords(r, l)
	})
	var v river
	whole, complete := fixed.Num(0), fixed.Num(0)
	var e metrics.EmergencyCount
	if d != nil && d.Chain != nil {
		whole, complete = v.chain(d.Chain, within)
	}
	if d != nil && d.Emergencies != nil {
		e = v.emergencies(d, within)
	}
	if len(v.streams) == 0 {
		c.Empty = both(func(l policy.Lang) string {
			if d == nil || d.Chain == nil && d.Emergencies == nil {
				return pick(l, "无数据：考核制度中没有可追踪步骤的审批指标", "No data: the policy has no KPI of approvals whose steps are known")
			}
			return fmt.Sprintf(pick(l, "无数据：%s没有通过的审批，也没有应急处置", "No data: %s holds neither approvals nor emergencies"), when(r.Period, l))
		})
		return c.At(wideWidth)
	}
	c.Headline = both(func(l policy.Lang) string { return riverHeadline(d, whole, complete, e, l) })
	c.Description = both(func(l policy.Lang) string { return listStreams(v, l) })
	c.Figures = v.figures()
	c.draw = func(f frame) sketch { return drawSankey(f, v) }
	return c.At(wideWidth)
}

func chainWords(d *metrics.Details, l policy.Lang) string {
	if d == nil || d.Chain == nil {
		return ""
	}
	names := make([]string, len(d.Chain.Steps))
	for i, s := range d.Chain.Steps {
		names[i] = nameOf(s, l)
	}
	return pick(l, "：", ": ") + strings.Join(names, " → ")
}

func riverHeadline(d *metrics.Details, whole, complete fixed.Num, e metrics.EmergencyCount, l policy.Lang) string {
	parts := []string{}
	if whole > 0 {
		text := fmt.Sprintf(pick(l, "%s 件审批中 %s 件签批完整有序", "Of %s approvals %s are complete and in order"), cases(whole), cases(complete))
		if whole < fixed.Int(d.Chain.KPI.Minimum) {
			text += fmt.Sprintf(pick(l, "，样本不足 n=%s", ", too few cases, n=%s"), whole)
		} else {
			text += fmt.Sprintf(pick(l, "（%s%%），%s 件不完整或不合规", " (%s%%), %s are not"), fixed.Text(ratio100(complete, whole), 1), cases(whole-complete))
		}
		parts = append(parts, text)
	}
	if all := e.InTime + e.Late + e.Never; all > 0 {
		parts = append(parts, fmt.Sprintf(pick(l, "应急处置 %s 件，按期补办 %s 件，逾期补办 %s 件，未补办 %s 件", "%s emergencies: %s made up in time, %s later, %s not"),
			cases(all), cases(e.InTime), cases(e.Late), cases(e.Never)))
	}
	return strings.Join(parts, pick(l, "；", "; "))
}

// chain adds the approvals and gives how many there are and how many are complete.
func (v *river) chain(c *metrics.Chain, within map[string]bool) (whole, complete fixed.Num) {
	last := len(c.Steps) + 1
	for _, row := range c.Rows {
		if within != nil && !within[row.Department] || row.Count == 0 {
			continue
		}
		whole += row.Count
		at := v.stop(stop{id: "approvals", name: word("审批", "Granted"), count: row.Count})
		missing := 0
		for i, name := range c.Steps {
			next := stop{id: fmt.Sprint("signed", i), level: i + 1, count: row.Count,
				name: both(func(l policy.Lang) string { return nameOf(name, l) + pick(l, "已签", " signed") })}
			if !row.Signed[i] {
				missing++
				next.id, next.good = fmt.Sprint("missing", i), missed
				next.name = both(func(l policy.Lang) string { return pick(l, "缺", "no ") + nameOf(name, l) })
			}
			at = v.flow(at, next)
		}
		end := stop{id: "complete", name: word("完整有序", "Complete"), level: last, good: met, count: row.Count}
		switch {
		case row.Complete:
			complete += row.Count
		case missing > 0:
			end.id, end.name, end.good = "incomplete", word("签批不全", "Incomplete"), missed
		case !row.InOrder:
			end.id, end.name, end.good = "disordered", word("顺序颠倒", "Out of order"), missed
		default:
			end.id, end.name, end.good = "improper", word("签全但不合规", "Signed against the rule"), missed
		}
		v.flow(at, end)
	}
	return whole, complete
}

// emergencies adds what was acted upon at once, and gives the sums.
func (v *river) emergencies(d *metrics.Details, within map[string]bool) (sum metrics.EmergencyCount) {
	last := 1
	if d.Chain != nil {
		last = len(d.Chain.Steps) + 1
	}
	for _, row := range d.Emergencies.Rows {
		if within != nil && !within[row.Department] {
			continue
		}
		sum.InTime, sum.Late, sum.Never = sum.InTime+row.InTime, sum.Late+row.Late, sum.Never+row.Never
	}
	for _, end := range []stop{
		{id: "made-up", name: word("按期补办", "Made up in time"), good: met, count: sum.InTime}, {id: "made-up-late", name: word("逾期补办", "Made up late"), good: missed, count: sum.Late},
		{id: "not-made-up", name: word("未补办", "Not made up"), good: missed, count: sum.Never},
	} {
		if end.level = last; end.count > 0 {
			v.flow(v.stop(stop{id: "emergencies", name: word("应急处置", "Emergencies"), count: end.count}), end)
		}
	}
	return sum
}

// stop adds to a place, or makes it.
func (v *river) stop(s stop) string {
	for i := range v.stops {
		if v.stops[i].id == s.id {
			v.stops[i].count += s.count
			return s.id
		}
	}
	v.stops = append(v.stops, s)
	return s.id
}

// flow lets what a place gets come from another.
func (v *river) flow(from string, to stop) string {
	v.stop(to)
	for i := range v.streams {
		if v.streams[i].from == from && v.streams[i].to == to.id {
			v.streams[i].count += to.count
			return to.id
		}
	}
	v.streams = append(v.streams, stream{from, to.id, to.count, to.good == missed})
	return to.id
}

func (v river) name(id string, l policy.Lang) string {
	for _, s := range v.stops {
		if s.id == id {
			return nameOf(s.name, l)
		}
	}
	return id
}

func listStreams(v river, l policy.Lang) string {
	parts := make([]string, len(v.streams))
	for i, s := range v.streams {
		parts[i] = fmt.Sprintf(pick(l, "%s到%s %s 件", "%s to %s: %s"), v.name(s.from, l), v.name(s.to, l), cases(s.count))
	}
	return strings.Join(parts, pick(l, "；", "; "))
}

func (v river) figures() Figures {
	figures := Figures{Head: []policy.Text{word("从", "From"), word("到", "To"), word("件数", "Number")}}
	for _, s := range v.streams {
		figures.Rows = append(figures.Rows, []Cell{{Text: both(func(l policy.Lang) string { return v.name(s.from, l) })}, {Text: both(func(l policy.Lang) string { return v.name(s.to, l) })}, number(cases(s.count))})
	}
	return figures
}

func drawSankey(f frame, v river) sketch {
	levels, most := 1, map[int]int{}
	for _, s := range v.stops {
		levels = max(levels, s.level+1)
		most[s.level]++
	}
	size := 12.0
	if f.narrow() {
		size = 11
	}
	right := 104.0 // beside the last stops
	if f.narrow() {
		right = 82
	}
	inner := (float64(f.width)-right)/float64(levels-1) - 18
	nodes, links := make([]opts.SankeyNode, len(v.stops)), make([]opts.SankeyLink, len(v.streams))
	dots, flows := make(list, len(v.stops)), make(list, len(v.streams))
	deepest, lines := 1, 1
	for _, n := range most {
		deepest = max(deepest, n)
	}
	for i, s := range v.stops {
		nodes[i] = opts.SankeyNode{Name: s.id}
		colour, words := f.ink.Actual, f.ink.Text
		switch s.good {
		case met:
			colour, words = f.ink.Good, f.ink.Good
		case missed:
			colour, words = f.ink.Bad, f.ink.Bad
		}
		room := inner
		if s.level == levels-1 {
			room = right - 20
		} else if s.id == "emergencies" {
			room = inner * float64(levels-1) // nothing stands between them and what came of them
		}
		text := wrap(markOf(s.good)+nameOf(s.name, f.lang)+" "+cases(s.count), size, room)
		lines = max(lines, countLines(text))
		dots[i] = object{"depth": s.level, "itemStyle": object{"color": colour}, "label": object{"formatter": literal(text), "color": words},
			"tooltip": object{"formatter": literal(nameOf(s.name, f.lang)) + "\n" + cases(s.count)}}
	}
	for i, s := range v.streams {
		links[i] = opts.SankeyLink{Source: s.from, Target: s.to, Value: float32(s.count.Float())}
		colour := f.ink.Band
		if s.bad {
			colour = f.ink.BadPale
		}
		flows[i] = object{"value": s.count.Float(), "lineStyle": object{"color": colour, "opacity": 1},
			"tooltip": object{"formatter": literal(v.name(s.from, f.lang)+" → "+v.name(s.to, f.lang)) + "\n" + cases(s.count)}}
	}
	base := echarts.NewSankey()
	base.SetGlobalOptions(common(f)...)
	base.AddSeries("approvals", nodes, links)
	foot := lines*15/2 + 2
	height := deepest*max(44, lines*15+16) + 8 + foot
	return sketch{base: base, height: f.top + height, add: dress(f, nil, object{
		"series": list{still(object{
			"left": 2, "right": int(right), "top": f.top + 8, "bottom": nil, "width": nil, "height": height - 8 - foot, "nodeWidth": 10, "nodeGap": max(16, lines*15), "nodeAlign": "left",
			"layoutIterations": 32, "draggable": false, "data": dots, "links": flows,
			"label": object{"show": true, "position": "right", "distance": 5, "fontSize": int(size), "lineHeight": 15, "fontFamily": fontFamily},
		})},
	})}
}

// markOf is the sign of good and bad in front of a name.
func markOf(s standing) string { return map[standing]string{met: "✓ ", missed: "✗ "}[s] }
