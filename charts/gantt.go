package charts

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	echarts "github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// mostProjects is how many projects are drawn; those with something late come first, and the words tell how many are left.
const mostProjects = 20

// undertaking is a project with its milestones in the order of their days.
type undertaking struct {
	name  string
	nodes []metrics.Node
	late  int // days that its latest missed milestone is late
}

// Gantt draws milestones by project: when each was planned and when it was held. Those that missed their day are named beside their row with
// the days they are late. nodes are those of Report.Details, or of one department (NodesWithin).
func Gantt(r *metrics.Report, who policy.Text, nodes []metrics.Node) Chart {
	projects := projectsOf(r, nodes)
	c := Chart{ID: "gantt-milestones", Figures: nodeFigures(r, projects)}
	c.Title = both(func(l policy.Lang) string {
		return nameOf(who, l) + " · " + pick(l, "项目节点：计划与实际", "Milestones: planned and held") + " · " + fmt.Sprintf(pick(l, "期限在%s", "due in %s"), periodWords(r, l))
	})
	if len(nodes) == 0 {
		c.Empty = both(func(l policy.Lang) string {
			return fmt.Sprintf(pick(l, "无数据：没有期限在%s的项目节点", "No data: no milestones are due in %s"), when(r.Period, l))
		})
		return c.At(wideWidth)
	}
	c.Headline = both(func(l policy.Lang) string { return ganttHeadline(r, projects, l) })
	c.Description = both(func(l policy.Lang) string { return listLate(r, projects, l) })
	c.draw = func(f frame) sketch {
		return drawGantt(f, r, projects[:min(len(projects), mostProjects)], len(projects)-mostProjects)
	}
	return c.At(wideWidth)
}

// NodesWithin gives the milestones of some departments (Within).
func NodesWithin(nodes []metrics.Node, within map[string]bool) []metrics.Node {
	return slices.DeleteFunc(slices.Clone(nodes), func(n metrics.Node) bool {
		return !slices.ContainsFunc(n.Departments, func(d string) bool { return within[d] })
	})
}

// projectsOf gathers milestones by project: the latest first, then by the day of their first milestone.
func projectsOf(r *metrics.Report, nodes []metrics.Node) []undertaking {
	var list []undertaking
	for _, n := range nodes {
		i := slices.IndexFunc(list, func(u undertaking) bool { return u.name == n.Project })
		if i < 0 {
			i = len(list)
			list = append(list, undertaking{name: n.Project})
		}
		list[i].nodes = append(list[i].nodes, n)
		if n.State == metrics.NodeMissed {
			list[i].late = max(list[i].late, 1, daysLate(r, n))
		}
	}
	slices.SortStableFunc(list, func(a, b undertaking) int {
		return cmp.Or(cmp.Compare(b.late, a.late), a.nodes[0].Due.Compare(b.nodes[0].Due), strings.Compare(a.name, b.name))
	})
	return list
}

// daysLate is how long after its day a milestone was held, or is not held yet.
func daysLate(r *metrics.Report, n metrics.Node) int {
	held := n.Held
	if held.IsZero() {
		held = r.Day
	}
	return int(held.Sub(n.Due).Hours() / 24)
}

// lateWords says how a milestone missed its day; "" where it did not.
func lateWords(r *metrics.Report, n metrics.Node, l policy.Lang) string {
	if n.State != metrics.NodeMissed {
		return ""
	}
	days := daysLate(r, n)
	switch name := nameOf(n.Kind, l); {
	case n.Held.IsZero() && days > 0:
		return name + fmt.Sprintf(pick(l, "未召开，逾期 %d 天", " not held, %d days over"), days)
	case n.Held.IsZero():
		return name + pick(l, "未召开", " not held")
	case days > 0:
		return name + fmt.Sprintf(pick(l, "迟 %d 天", " %d days late"), days)
	default:
		return name + pick(l, "未在规定时间内召开", " not held when it should")
	}
}

func ganttHeadline(r *metrics.Report, projects []undertaking, l policy.Lang) string {
	held, missed, planned := 0, 0, 0
	for _, u := range projects {
		for _, n := range u.nodes {
			switch n.State {
			case metrics.NodeMet:
				held++
			case metrics.NodeMissed:
				missed++
			default:
				planned++
			}
		}
	}
	text := fmt.Sprintf(pick(l, "应召开的 %d 个节点中 %d 个按时，%d 个未按时", "Of %d milestones that were due %d were held on time and %d were not"), held+missed, held, missed)
	if planned > 0 {
		text += fmt.Sprintf(pick(l, "；另有 %d 个尚未到期", "; %d more are still to come"), planned)
	}
	if len(projects) > 0 && projects[0].late > 0 {
		for _, n := range projects[0].nodes {
			if words := lateWords(r, n, l); words != "" && max(1, daysLate(r, n)) == projects[0].late {
				return text + fmt.Sprintf(pick(l, "，最迟的是%s的%s", "; the latest is %s: %s"), projectName(projects[0].name, l), words)
			}
		}
	}
	return text
}

func projectName(name string, l policy.Lang) string {
	if name = clean(name); name == "" {
		return pick(l, "未注明项目", "no project named")
	}
	return name
}

func listLate(r *metrics.Report, projects []undertaking, l policy.Lang) string {
	var parts []string
	for _, u := range projects {
		for _, n := range u.nodes {
			if words := lateWords(r, n, l); words != "" {
				parts = append(parts, projectName(u.name, l)+pick(l, "：", ": ")+words)
			}
		}
	}
	if len(parts) == 0 {
		return pick(l, "没有未按时的节点", "No milestone missed its day")
	}
	return strings.Join(parts, pick(l, "；", "; "))
}

func nodeFigures(r *metrics.Report, projects []undertaking) Figures {
	figures := Figures{Head: []policy.Text{word("项目", "Project"), word("节点", "Milestone"), word("计划", "Due"), word("实际", "Held"), word("相差（天）", "Days after"), word("说明", "Note")}}
	for _, u := range projects {
		for _, n := range u.nodes {
			row := []Cell{{Text: both(func(l policy.Lang) string { return projectName(u.name, l) })}, {Text: both(func(l policy.Lang) string { return nameOf(n.Kind, l) })},
				{Text: same(n.Due.Format(time.DateOnly))}, {}, number(""), {Text: word("按时", "on time")}}
			if !n.Held.IsZero() {
				row[3], row[4] = Cell{Text: same(n.Held.Format(time.DateOnly))}, number(fmt.Sprint(daysLate(r, n)))
			}
			switch n.State {
			case metrics.NodeMissed:
				row[5] = Cell{Text: both(func(l policy.Lang) string { return lateWords(r, n, l) })}
			case metrics.NodePlanned:
				row[5] = Cell{Text: word("尚未到期", "still to come")}
			}
			figures.Rows = append(figures.Rows, row)
		}
	}
	return figures
}

// projectNote names what is late of a project, two milestones at most.
func projectNote(f frame, r *metrics.Report, u undertaking) note {
	var late []string
	planned := true
	for _, n := range u.nodes {
		if words := lateWords(r, n, f.lang); words != "" {
			late = append(late, wrap("▼ "+words, 12, float64(noteRoom(f))))
		}
		planned = planned && n.State == metrics.NodePlanned
	}
	switch {
	case len(late) > 2:
		return note{remark: strings.Join(append(late[:2], fmt.Sprintf(pick(f.lang, "等 %d 项", "and %d more"), len(late)-map[bool]int{true: 2}[f.lang == policy.EN])), "\n"), colour: f.ink.Bad}
	case len(late) > 0:
		return note{remark: strings.Join(late, "\n"), colour: f.ink.Bad}
	case planned:
		return note{remark: pick(f.lang, "尚未到期", "still to come"), colour: f.ink.Muted}
	}
	return note{remark: pick(f.lang, "✓ 均按时", "✓ on time"), colour: f.ink.Good}
}

// noteRoom is the width of the words beside a row, in pixels.
func noteRoom(f frame) int {
	if f.narrow() {
		return 88
	}
	return 150
}

func drawGantt(f frame, r *metrics.Report, projects []undertaking, rest int) sketch {
	names, notes := make([]string, len(projects)), make([]note, len(projects))
	first, last := projects[0].nodes[0].Due, r.Day
	lines := 1
	for i, u := range projects {
		names[i] = projectName(u.name, f.lang)
		notes[i] = projectNote(f, r, u)
		lines = max(lines, countLines(notes[i].remark))
		for _, n := range u.nodes {
			first, last = earliest(first, n.Due, n.Held), latest(last, n.Due, n.Held)
		}
	}
	first, last = first.AddDate(0, 0, -3), last.AddDate(0, 0, 4)
	key := list{keyEntry{"◇", f.ink.Target, pick(f.lang, "计划", "planned")}, keyEntry{"●", f.ink.Actual, pick(f.lang, "按时召开", "held on time")},
		keyEntry{"●", f.ink.Bad, pick(f.lang, "未按时", "missed its day")}, keyEntry{"┄", f.ink.Muted, pick(f.lang, "报告日 ", "report day ") + dayWords(r.Day, f.lang)}}
	if rest > 0 {
		key = append(key, keyEntry{"…", f.ink.Muted, fmt.Sprintf(pick(f.lang, "另有 %d 个项目未画出，见数据表", "%d more projects are in the figures"), rest)})
	}
	b := benchOf(f, key, names, notes)
	b.row = max(b.row, lines*17+8)
	b.top += 20
	b.height = b.top + b.row*len(names) + 8
	base := echarts.NewScatter()
	base.SetGlobalOptions(common(f)...)
	base.ExtendYAxis(opts.YAxis{Type: "category"})
	base.AddSeries("planned", nil)
	since := func(t time.Time) float64 { return t.Sub(first).Hours() / 24 }
	planned, held, spans := nodeMarks(f, r, projects, since)
	return sketch{base: base, height: b.height, add: dress(f, key, object{
		"grid":  list{b.grid()},
		"xAxis": list{object{"type": "value", "show": false, "min": 0, "max": since(last), "axisLabel": object{"show": false}}},
		"yAxis": list{merge(b.nameAxis(f, false), object{"splitLine": object{"show": true, "lineStyle": object{"color": f.ink.Faint, "width": 0.6}}}), b.noteAxis(f)},
		"series": list{
			still(object{"type": "scatter", "symbol": "diamond", "symbolSize": 11, "z": 3, "data": planned,
				"itemStyle": object{"color": f.ink.Paper, "borderColor": f.ink.Target, "borderWidth": 1.4}, "markLine": monthMarks(f, r, first, last, since)}),
			still(object{"type": "scatter", "name": "held", "symbol": "circle", "symbolSize": 8, "z": 4, "data": held, "itemStyle": object{"color": f.ink.Actual},
				"markLine": spans}),
		},
	})}
}

func earliest(t time.Time, others ...time.Time) time.Time {
	for _, o := range others {
		if !o.IsZero() && o.Before(t) {
			t = o
		}
	}
	return t
}

func latest(t time.Time, others ...time.Time) time.Time {
	for _, o := range others {
		if o.After(t) {
			t = o
		}
	}
	return t
}

// nodeMarks gives the days planned, the days held, and the stretches between them.
func nodeMarks(f frame, r *metrics.Report, projects []undertaking, since func(time.Time) float64) (planned, held list, spans any) {
	lines := list{}
	for i, u := range projects {
		for _, n := range u.nodes {
			tip := literal(projectName(u.name, f.lang)+" "+nameOf(n.Kind, f.lang)) + "\n" + pick(f.lang, "计划 ", "planned ") + n.Due.Format(time.DateOnly)
			colour, to, dash := f.ink.Actual, n.Held, "solid"
			if n.State == metrics.NodeMissed {
				colour = f.ink.Bad
			}
			if !n.Held.IsZero() {
				tip += "\n" + pick(f.lang, "实际 ", "held ") + n.Held.Format(time.DateOnly)
				held = append(held, object{"value": list{since(n.Held), i}, "itemStyle": object{"color": colour}, "tooltip": object{"formatter": tip}})
			} else if n.State == metrics.NodeMissed {
				to, dash = latest(n.Due, r.Day), "dashed"
			}
			mark := object{"value": list{since(n.Due), i}, "tooltip": object{"formatter": tip}}
			if n.State == metrics.NodeMissed && n.Held.IsZero() {
				mark["itemStyle"] = object{"borderColor": f.ink.Bad}
			}
			planned = append(planned, mark)
			if !to.IsZero() && !to.Equal(n.Due) {
				lines = append(lines, list{object{"coord": list{since(n.Due), i}, "lineStyle": object{"color": colour, "type": dash, "width": 2}}, object{"coord": list{since(to), i}}})
			}
		}
	}
	if len(lines) > 0 {
		spans = object{"silent": true, "symbol": "none", "animation": false, "label": object{"show": false}, "z": 2, "data": lines}
	}
	return planned, held, spans
}

// monthMarks draws where months begin, named at the top as far as there is room, and the report day.
func monthMarks(f frame, r *metrics.Report, first, last time.Time, since func(time.Time) float64) any {
	data := list{}
	room := float64(f.width) / 2.6 / since(last) * 30 // pixels of a month, on the low side
	every := max(1, int(34/room+0.999))
	for i, m := 0, period.MonthOf(first); !m.Start().After(last); i, m = i+1, period.MonthOf(m.End()) {
		if m.Start().Before(first) || i%every != 0 {
			continue
		}
		data = append(data, object{"xAxis": since(m.Start()), "lineStyle": object{"color": f.ink.Faint, "type": "solid", "width": 1},
			"label": object{"show": true, "position": "start", "distance": 4, "formatter": monthLabel(m, f.lang, false), "color": f.ink.Muted, "fontSize": 11, "fontFamily": fontFamily}})
	}
	data = append(data, object{"xAxis": since(r.Day), "lineStyle": object{"color": f.ink.Muted, "type": "dashed", "width": 1}, "label": object{"show": false}})
	return object{"silent": true, "symbol": "none", "animation": false, "z": 1, "data": data}
}
