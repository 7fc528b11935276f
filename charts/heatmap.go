package charts

import (
	"fmt"
	"strings"

	echarts "github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"plumbline/metrics"
	"plumbline/policy"
)

// heat is what a heatmap shows: departments downwards, KPIs to the right.
type heat struct {
	departments []metrics.DepartmentLine
	kpis        []*policy.KPI
	values      [][]metrics.Value // by KPI and department
}

// Heatmap draws departments against KPIs: the value stands in its cell, the colour and the sign beside it tell where it stands against
// its target as far as its interval lets one say. Too few rows leave a cell hollow. KPIs that no department has a value of are left out.
func Heatmap(r *metrics.Report, departments []metrics.DepartmentLine, who policy.Text, kpis []*policy.KPI) Chart {
	h := heatOf(r, departments, kpis)
	c := Chart{ID: "heatmap-departments", Figures: heatFigures(h)}
	c.Title = both(func(l policy.Lang) string {
		return nameOf(who, l) + " · " + pick(l, "各项指标（单位见表头）", "KPIs (units in the head)") + " · " + periodWords(r, l) + pick(l, "，与目标比较", ", against the targets")
	})
	c.Headline = both(func(l policy.Lang) string { return heatHeadline(h, l) })
	c.Description = both(func(l policy.Lang) string { return listHeat(h, l) })
	if len(h.kpis) == 0 {
		c.Headline = policy.Text{}
		c.Empty = both(func(l policy.Lang) string {
			return fmt.Sprintf(pick(l, "无数据：%s各部门没有这些指标的记录", "No data: in %s no department has records of these KPIs"), when(r.Period, l))
		})
	}
	c.draw = func(f frame) sketch { return drawHeat(f, h) }
	return c.At(wideWidth)
}

func heatOf(r *metrics.Report, departments []metrics.DepartmentLine, kpis []*policy.KPI) heat {
	var h heat
	used := make([]bool, len(departments))
	for _, kpi := range kpis {
		column, any := make([]metrics.Value, len(departments)), false
		for i, d := range departments {
			column[i] = valueOf(r, d.Values, kpi)
			if column[i].Status != metrics.NoData {
				any, used[i] = true, true
			}
		}
		if any {
			h.kpis, h.values = append(h.kpis, kpi), append(h.values, column)
		}
	}
	for k := range h.values {
		kept := h.values[k][:0:0]
		for i := range departments {
			if used[i] {
				kept = append(kept, h.values[k][i])
			}
		}
		h.values[k] = kept
	}
	for i, d := range departments {
		if used[i] {
			h.departments = append(h.departments, d)
		}
	}
	return h
}

func (h heat) scale(k int, l policy.Lang) scale { return scaleOf(h.kpis[k], l, h.values[k]...) }

func heatHeadline(h heat, l policy.Lang) string {
	counts := map[standing]int{}
	most, worst := 0, -1
	misses := make([]int, len(h.departments))
	for k := range h.kpis {
		for i, v := range h.values[k] {
			stands, _ := judge(v)
			counts[stands]++
			if stands == missed {
				misses[i]++
			}
		}
	}
	for i, n := range misses {
		if n > most {
			most, worst = n, i
		}
	}
	parts := []string{}
	for _, x := range []struct {
		stands standing
		zh, en string
	}{{met, "%d 个达到目标", "%d meet their target"}, {missed, "%d 个未达目标", "%d miss it"}, {unsure, "%d 个与目标无显著差异", "%d are not clearly different from it"}} {
		if n := counts[x.stands]; n > 0 {
			parts = append(parts, fmt.Sprintf(pick(l, x.zh, x.en), n))
		}
	}
	judged := counts[met] + counts[missed] + counts[unsure]
	if judged == 0 {
		return pick(l, "没有可与目标比较的数值", "No value can be held against a target")
	}
	text := fmt.Sprintf(pick(l, "可判断的 %d 个数值中，", "Of %d values that can be judged "), judged) + strings.Join(parts, pick(l, "，", ", "))
	if worst >= 0 && alone(misses, most) {
		text += fmt.Sprintf(pick(l, "；未达最多的是%s（%d 项）", "; %s misses most (%d)"), nameOf(h.departments[worst].Department.Name, l), most)
	}
	return text
}

// alone reports whether the greatest number stands there once.
func alone(numbers []int, most int) bool {
	n := 0
	for _, x := range numbers {
		if x == most {
			n++
		}
	}
	return n == 1
}

func listHeat(h heat, l policy.Lang) string {
	parts := make([]string, len(h.departments))
	for i, d := range h.departments {
		cells := []string{}
		for k, kpi := range h.kpis {
			if v := h.values[k][i]; v.Status != metrics.NoData {
				cells = append(cells, nameOf(kpi.Name, l)+" "+say(v, h.scale(k, l)))
			}
		}
		parts[i] = nameOf(d.Department.Name, l) + pick(l, "：", ": ") + strings.Join(cells, pick(l, "、", ", "))
	}
	return strings.Join(parts, pick(l, "；", "; "))
}

func heatFigures(h heat) Figures {
	figures := Figures{Head: []policy.Text{word("部门", "Department"), word("指标", "KPI"), word("数值", "Value"), same("n"), word("95% 下限", "95% low"), word("95% 上限", "95% high"), word("目标", "Target"), word("说明", "Note")}}
	for i, d := range h.departments {
		for k, kpi := range h.kpis {
			v := h.values[k][i]
			if v.Status == metrics.NoData && v.Target == nil {
				continue
			}
			cells := valueCells(v)
			figures.Rows = append(figures.Rows, []Cell{{Text: both(func(l policy.Lang) string { return nameOf(d.Department.Name, l) })},
				{Text: both(func(l policy.Lang) string { return kpiWithUnit(kpi, l) })}, cells[0], cells[3], cells[4], cells[5], cells[6], cells[7]})
		}
	}
	return figures
}

func kpiWithUnit(kpi *policy.KPI, l policy.Lang) string {
	name := nameOf(kpi.Name, l)
	if u := exactUnit(kpi.Unit, l); u != "" {
		name += pick(l, "（"+u+"）", " ("+u+")")
	}
	return name
}

// block is a part of the columns that fits side by side.
type block struct{ from, to int }

const (
	heatRow  = 26
	heatFont = 11
)

// heatLayout is how a heatmap fits its frame: blocks of columns one below the other.
type heatLayout struct {
	names  []string // wrapped
	left   int
	column int
	row    int
	blocks []block
	heads  []string // wrapped
	tops   []int    // of the cells of each block
	height int
}

func heatLayoutOf(f frame, h heat, key list) heatLayout {
	b := bench{}
	limits := []float64{96, 130, 170}
	if f.narrow() {
		limits = []float64{72, 92}
	}
	names := make([]string, len(h.departments))
	for i, d := range h.departments {
		names[i] = nameOf(d.Department.Name, f.lang)
	}
	lines, width := b.wrapNames(names, limits)
	l := heatLayout{names: b.names, left: int(width) + 12, row: max(heatRow, lines*14+6), column: 44}
	for k := range h.kpis {
		l.column = max(l.column, min(int(longestWord(headOf(h, k, f.lang), heatFont))+6, 84))
		for _, v := range h.values[k] {
			l.column = max(l.column, int(textWidth(heatText(f, v, h.scale(k, f.lang)), heatFont))+8)
		}
	}
	per := max(1, min((f.width-l.left)/l.column, len(h.kpis)))
	per = (len(h.kpis) + (len(h.kpis)+per-1)/per - 1) / ((len(h.kpis) + per - 1) / per) // blocks of about equal width
	l.column = min((f.width-l.left)/per, 84)
	top := f.top + keyRoom(f, key)
	for from := 0; from < len(h.kpis); from += per {
		to := min(from+per, len(h.kpis))
		l.blocks = append(l.blocks, block{from, to})
		most := 1
		for k := from; k < to; k++ {
			head := balanced(headOf(h, k, f.lang), heatFont, float64(l.column-4))
			l.heads = append(l.heads, head)
			most = max(most, countLines(head))
		}
		top += most*14 + 8
		l.tops = append(l.tops, top)
		top += l.row*len(h.departments) + 14
	}
	l.height = top
	return l
}

// headOf names a column with its unit, and the direction of what is better low.
func headOf(h heat, k int, l policy.Lang) string {
	name := nameOf(h.kpis[k].Name, l)
	if s := h.scale(k, l); s.whole != "" {
		name += " " + s.whole
	}
	if !h.kpis[k].HigherIsBetter {
		name += pick(l, " 越低越好", " lower is better")
	}
	return name
}

// heatText is a value as its cell says it: the number, then the sign of where it stands.
func heatText(f frame, v metrics.Value, s scale) string {
	r, ok := v.Exact()
	switch {
	case v.Status == metrics.Withheld:
		return withheld.In(f.lang)
	case !ok:
		return "–"
	case v.Status == metrics.Insufficient:
		return "n=" + cases(v.N)
	}
	return s.number(r) + map[standing]string{met: " ✓", missed: " ✗", unsure: " ≈"}[standingOf(v)]
}

func standingOf(v metrics.Value) standing {
	stands, _ := judge(v)
	return stands
}

func drawHeat(f frame, h heat) sketch {
	key := list{keyEntry{"✓", f.ink.Good, pick(f.lang, "达标", "met")}, keyEntry{"✗", f.ink.Bad, pick(f.lang, "未达", "short")},
		keyEntry{"≈", f.ink.Muted, pick(f.lang, "与目标无显著差异", "not clearly different")}, keyEntry{"n=", f.ink.Muted, pick(f.lang, "样本不足", "too few cases")},
		keyEntry{"–", f.ink.Muted, pick(f.lang, "无数据", "no data")}}
	l := heatLayoutOf(f, h, key)
	base := echarts.NewHeatMap()
	base.SetGlobalOptions(common(f)...)
	grids, xs, ys, series := list{}, list{}, list{}, list{}
	for b, part := range l.blocks {
		grids = append(grids, object{"left": l.left, "top": l.tops[b], "width": l.column * (part.to - part.from), "height": l.row * len(l.names), "containLabel": false})
		xs = append(xs, object{"type": "category", "gridIndex": b, "position": "top", "data": l.heads[part.from:part.to],
			"axisLabel": object{"show": true, "interval": 0, "color": f.ink.Text, "fontSize": heatFont, "lineHeight": 14, "margin": 6, "hideOverlap": false, "fontFamily": fontFamily},
			"axisLine":  object{"show": false}, "axisTick": object{"show": false}, "splitLine": object{"show": false}, "splitArea": object{"show": false}})
		ys = append(ys, object{"type": "category", "gridIndex": b, "inverse": true, "data": l.names,
			"axisLabel": object{"show": true, "interval": 0, "color": f.ink.Text, "fontSize": 12, "lineHeight": 14, "margin": 8, "hideOverlap": false, "fontFamily": fontFamily},
			"axisLine":  object{"show": false}, "axisTick": object{"show": false}, "splitLine": object{"show": false}, "splitArea": object{"show": false}})
		base.AddSeries("block", []opts.HeatMapData{})
		series = append(series, still(object{"xAxisIndex": b, "yAxisIndex": b, "data": heatItems(f, h, part), "label": object{"show": true}}))
	}
	return sketch{base: base, height: l.height, add: dress(f, key, object{
		"grid": grids, "xAxis": xs, "yAxis": ys, "series": series,
		"visualMap": list{object{"type": "piecewise", "show": false, "dimension": 2, "pieces": list{object{"value": 0, "color": "transparent"}}}},
	})}
}

// heatItems are the cells of a block.
func heatItems(f frame, h heat, part block) list {
	items := list{}
	for k := part.from; k < part.to; k++ {
		s := h.scale(k, f.lang)
		for i, v := range h.values[k] {
			stands, colour, edge := standingOf(v), f.ink.Paper, "solid"
			text := f.ink.Text
			switch {
			case stands == met:
				colour = f.ink.GoodPale
			case stands == missed:
				colour = f.ink.BadPale
			case stands == unsure:
				colour = f.ink.Band
			case v.Status == metrics.OK: // no target to hold it against
			case v.Status == metrics.Insufficient:
				edge, text = "dashed", f.ink.Muted
			default:
				text = f.ink.Muted
			}
			items = append(items, object{"value": list{k - part.from, i, 1},
				"itemStyle": object{"color": colour, "borderColor": f.ink.Paper, "borderWidth": 2},
				"tooltip":   object{"formatter": literal(nameOf(h.departments[i].Department.Name, f.lang)) + "\n" + tooltipOf(v, s)},
				"label":     object{"show": true, "formatter": heatText(f, v, s), "color": text, "fontSize": heatFont, "fontFamily": fontFamily}})
			if edge == "dashed" {
				items[len(items)-1].(object)["itemStyle"] = object{"color": f.ink.Paper, "borderColor": f.ink.Faint, "borderWidth": 1, "borderType": edge}
			}
		}
	}
	return items
}
