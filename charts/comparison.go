package charts

import (
	"fmt"
	"slices"
	"strings"

	echarts "github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// compared is one row of a comparison.
type compared struct {
	name        policy.Text
	now, before metrics.Value
}

// Comparison draws one KPI of several departments as horizontal bars, best first, with the period before in pale, targets as
// ticks and intervals as whiskers. Departments without target and data are left out of the picture; the figures have them.
func Comparison(r *metrics.Report, departments []metrics.DepartmentLine, who policy.Text, kpi *policy.KPI) Chart {
	rows, left := comparedRows(r, departments, kpi)
	all := make([]metrics.Value, 0, 2*len(rows))
	for _, row := range rows {
		all = append(all, row.now, row.before)
	}
	scales := func(l policy.Lang) scale { return scaleOf(kpi, l, all...) }
	c := Chart{ID: "comparison-" + slug(kpi.ID), Figures: comparisonFigures(append(slices.Clone(rows), left...), kpi)}
	c.Title = both(func(l policy.Lang) string {
		span := periodWords(r, l) + fmt.Sprintf(pick(l, "，与%s比较", ", against %s"), when(r.Period.Before(), l))
		if anyTarget(rows) {
			span = periodWords(r, l) + fmt.Sprintf(pick(l, "，与目标及%s比较", ", against target and %s"), when(r.Period.Before(), l))
		}
		return titleOf(nameOf(who, l), kpi, scales(l), span)
	})
	c.Headline = both(func(l policy.Lang) string { return comparisonHeadline(rows, kpi, scales(l)) })
	c.Description = both(func(l policy.Lang) string { return listRows(rows, scales(l)) })
	if len(rows) == 0 {
		c.Headline = policy.Text{}
		c.Empty = both(func(l policy.Lang) string {
			return fmt.Sprintf(pick(l, "无数据：%s没有部门有%s的记录或目标", "No data: in %s no department has records of, or a target for, %s"),
				when(r.Period, l), nameOf(kpi.Name, l))
		})
	}
	c.draw = func(f frame) sketch { return drawComparison(f, rows, r.Period, scales(f.lang)) }
	return c.At(wideWidth)
}

// comparedRows sorts departments best first, then those with too few rows, then those without data; the second list holds
// departments that the KPI does not concern.
func comparedRows(r *metrics.Report, departments []metrics.DepartmentLine, kpi *policy.KPI) (rows, left []compared) {
	for _, d := range departments {
		row := compared{d.Department.Name, valueOf(r, d.Values, kpi), valueOf(r, d.Before, kpi)}
		if row.now.Status == metrics.NoData && row.now.Target == nil {
			left = append(left, row)
			continue
		}
		rows = append(rows, row)
	}
	order := map[metrics.Status]int{metrics.OK: 0, metrics.Insufficient: 1, metrics.Withheld: 2, metrics.NoData: 3}
	slices.SortStableFunc(rows, func(a, b compared) int {
		if c := order[a.now.Status] - order[b.now.Status]; c != 0 {
			return c
		}
		x, okX := a.now.Exact()
		y, okY := b.now.Exact()
		if !okX || !okY {
			return 0
		}
		if kpi.HigherIsBetter {
			x, y = y, x
		}
		return x.Cmp(y)
	})
	return rows, left
}

func comparisonHeadline(rows []compared, kpi *policy.KPI, s scale) string {
	l := s.lang
	if len(rows) == 1 {
		return sentence(rows[0].now, rows[0].before, nameOf(rows[0].name, l), s)
	}
	if text := spread(rows, kpi, s); text != "" && !anyTarget(rows) {
		return text
	}
	var names [4][]string
	few, hidden, none := 0, 0, 0
	for _, row := range rows {
		switch row.now.Status {
		case metrics.Insufficient:
			few++
			continue
		case metrics.Withheld:
			hidden++
			continue
		case metrics.NoData:
			none++
			continue
		}
		stands, diff := judge(row.now)
		name := nameOf(row.name, l)
		if stands == missed {
			name += pick(l, "差 ", " by ") + s.difference(diff)
		}
		names[stands] = append(names[stands], name)
	}
	return joinGroups(rows, names, [3]int{few, hidden, none}, kpi, s)
}

// joinGroups makes one sentence of how many departments stand where, naming those that miss the target.
func joinGroups(rows []compared, names [4][]string, unknown [3]int, kpi *policy.KPI, s scale) string {
	l := s.lang
	parts := []string{}
	add := func(n int, zh, en string, who []string) {
		if n == 0 {
			return
		}
		part := fmt.Sprintf(pick(l, zh, en), n)
		if len(who) > 0 && len(who) <= 3 {
			part += pick(l, "（"+strings.Join(who, "、")+"）", " ("+strings.Join(who, ", ")+")")
		}
		parts = append(parts, part)
	}
	add(len(names[met]), "%d 个达到目标", "%d on or better than target", nil)
	add(len(names[missed]), "%d 个未达目标", "%d short of target", names[missed])
	add(len(names[unsure]), "%d 个与目标无显著差异", "%d not clearly different from it", nil)
	add(len(names[unjudged]), "%d 个未设目标", "%d without target", nil)
	add(unknown[0], "%d 个样本不足", "%d with too few cases", nil)
	add(unknown[1], "%d 个不显示", "%d withheld", nil)
	add(unknown[2], "%d 个无数据", "%d without data", nil)
	name := nameOf(kpi.Name, l)
	if len(parts) == 1 {
		all := strings.TrimPrefix(parts[0], fmt.Sprint(len(rows), " "))
		if l != policy.EN {
			all = strings.TrimPrefix(all, "个")
		}
		return fmt.Sprintf(pick(l, "%s：%d 个部门均%s", "%s: all %d departments are %s"), name, len(rows), all)
	}
	return fmt.Sprintf(pick(l, "%s：%d 个部门中 ", "%s: of %d departments "), name, len(rows)) + strings.Join(parts, pick(l, "，", ", "))
}

// spread says how far departments without targets lie apart; which of them truly leads, it does not say.
func spread(rows []compared, kpi *policy.KPI, s scale) string {
	l := s.lang
	var sure []compared
	for _, row := range rows {
		if row.now.Status == metrics.OK {
			sure = append(sure, row)
		}
	}
	if len(sure) < 2 {
		return ""
	}
	first, last := sure[0], sure[len(sure)-1]
	a, _ := first.now.Exact()
	b, _ := last.now.Exact()
	return fmt.Sprintf(pick(l, "%s：%d 个部门（未设目标），从 %s（%s）到 %s（%s）", "%s: %d departments without target, from %s (%s) to %s (%s)"),
		nameOf(kpi.Name, l), len(sure), s.text(a), nameOf(first.name, l), s.text(b), nameOf(last.name, l))
}

func listRows(rows []compared, s scale) string {
	parts := make([]string, len(rows))
	for i, row := range rows {
		parts[i] = nameOf(row.name, s.lang) + " " + say(row.now, s)
	}
	return strings.Join(parts, pick(s.lang, "；", "; "))
}

func comparisonFigures(rows []compared, kpi *policy.KPI) Figures {
	figures := Figures{Head: append(valueHead(word("部门", "Department"), kpi), word("上期数值", "Period before"))}
	for _, row := range rows {
		name := Cell{Text: both(func(l policy.Lang) string { return nameOf(row.name, l) })}
		before := number("")
		if cells := valueCells(row.before); row.before.Status != metrics.NoData {
			before = cells[0]
		}
		figures.Rows = append(figures.Rows, append(append([]Cell{name}, valueCells(row.now)...), before))
	}
	return figures
}

func drawComparison(f frame, rows []compared, p period.Period, s scale) sketch {
	names := make([]string, len(rows))
	notes := make([]note, len(rows))
	for i, row := range rows {
		names[i] = nameOf(row.name, f.lang)
		notes[i] = noteOf(f, row.now, s)
	}
	key := comparisonKey(f, rows, p)
	b := benchOf(f, key, names, notes)
	bar := echarts.NewBar()
	bar.SetGlobalOptions(common(f)...)
	bar.ExtendYAxis(opts.YAxis{Type: "category"}, opts.YAxis{Type: "category"})
	bar.AddSeries("before", barsOf(rows, s, func(r compared) metrics.Value { return r.before }), echarts.WithItemStyleOpts(opts.ItemStyle{Color: f.ink.Before}))
	bar.AddSeries("now", barsOf(rows, s, func(r compared) metrics.Value { return r.now }), echarts.WithItemStyleOpts(opts.ItemStyle{Color: f.ink.Actual}))
	low, high := barSpan(rows, s)
	series := list{
		still(object{"z": 1, "yAxisIndex": 1, "barWidth": 20, "barGap": "-100%", "data": barItems(f, rows, s, true)}),
		still(object{"z": 2, "yAxisIndex": 0, "barWidth": 11, "data": barItems(f, rows, s, false), "markLine": whiskers(f, rows, s)}),
		targetTicks(f, rows, s),
	}
	return sketch{base: bar, height: b.height, add: dress(f, key, object{
		"grid":   list{b.grid()},
		"xAxis":  list{object{"type": "value", "show": false, "min": low, "max": high}},
		"yAxis":  list{b.nameAxis(f, low < 0), b.hiddenAxis(), b.noteAxis(f)},
		"series": series,
	})}
}

func comparisonKey(f frame, rows []compared, p period.Period) list {
	key := list{keyEntry{"■", f.ink.Actual, when(p, f.lang)}, keyEntry{"■", f.ink.Before, when(p.Before(), f.lang)}}
	if anyTarget(rows) {
		key = append(key, keyEntry{"┃", f.ink.Target, pick(f.lang, "目标", "target")})
	}
	if anyInterval(rows) {
		key = append(key, keyEntry{"─", f.ink.Whisker, pick(f.lang, "95% 区间", "95% interval")})
	}
	return key
}

func barsOf(rows []compared, s scale, pick func(compared) metrics.Value) []opts.BarData {
	data := make([]opts.BarData, len(rows))
	for i, row := range rows {
		data[i].Value = absent
		if r, ok := pick(row).Exact(); ok {
			data[i].Value = s.at(r)
		}
	}
	return data
}

// barItems sets tooltips, and the hollow look of values that rest on too few rows.
func barItems(f frame, rows []compared, s scale, before bool) list {
	items := make(list, len(rows))
	for i, row := range rows {
		v := row.now
		if before {
			v = row.before
		}
		item := object{"tooltip": object{"formatter": literal(nameOf(row.name, f.lang)) + "\n" + tooltipOf(v, s)}}
		if v.Status == metrics.Insufficient {
			item["itemStyle"] = object{"color": f.ink.Paper, "borderColor": f.ink.Muted, "borderWidth": 1, "borderType": "dashed"}
		}
		items[i] = item
	}
	return items
}

func anyTarget(rows []compared) bool {
	return slices.ContainsFunc(rows, func(r compared) bool { return r.now.Target != nil })
}

func anyInterval(rows []compared) bool {
	return slices.ContainsFunc(rows, func(r compared) bool { return r.now.HasInterval && r.now.Status == metrics.OK })
}

// whiskers draws the intervals of judged values.
func whiskers(f frame, rows []compared, s scale) any {
	data := list{}
	for i, row := range rows {
		if row.now.HasInterval && row.now.Status == metrics.OK {
			data = append(data, list{object{"coord": list{s.bound(row.now.Low), i}}, object{"coord": list{s.bound(row.now.High), i}}})
		}
	}
	if len(data) == 0 {
		return nil
	}
	return object{"silent": true, "symbol": list{"rect", "rect"}, "symbolSize": list{1.5, 7}, "animation": false, "label": object{"show": false},
		"lineStyle": object{"color": f.ink.Whisker, "type": "solid", "width": 1.5}, "data": data}
}

func targetTicks(f frame, rows []compared, s scale) any {
	data := list{}
	for i, row := range rows {
		if row.now.Target != nil {
			data = append(data, object{"value": list{s.at(row.now.Target.Rat()), i}})
		}
	}
	return still(object{"type": "scatter", "name": "target", "silent": true, "symbol": "rect", "symbolSize": list{3, 24}, "z": 5, "data": data,
		"itemStyle": object{"color": f.ink.Target, "borderColor": f.ink.Paper, "borderWidth": 1}})
}

// barSpan is the common scale of the bars; it holds zero.
func barSpan(rows []compared, s scale) (low, high float64) {
	for _, row := range rows {
		for _, v := range []metrics.Value{row.now, row.before} {
			if r, ok := v.Exact(); ok {
				low, high = min(low, s.at(r)), max(high, s.at(r))
			}
		}
		if row.now.HasInterval && row.now.Status == metrics.OK {
			high = max(high, s.bound(row.now.High))
		}
		if row.now.Target != nil {
			high = max(high, s.at(row.now.Target.Rat()))
		}
	}
	if high == low {
		high = low + 1
	}
	return low, rounded(high + (high-low)*0.02)
}
