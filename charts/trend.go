package charts

import (
	"fmt"
	"slices"
	"strings"

	echarts "github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/stat"
	"plumbline/metrics"
	"plumbline/policy"
)

// Trend draws one KPI of the company or a department month by month: the value as a line, its 95 % interval as a pale band, the
// target as a dashed line. A month with too few rows is a hollow mark, a month without data a gap with a word.
func Trend(r *metrics.Report, line metrics.Line, who policy.Text, kpi *policy.KPI) Chart {
	now, before := valueOf(r, line.Values, kpi), valueOf(r, line.Before, kpi)
	months := monthsOf(r, line, kpi)
	ahead := forecastOf(r, line, kpi)
	c := Chart{ID: "trend-" + slug(kpi.ID), Figures: valueFigures(months, kpi)}
	if ahead != nil {
		c.Figures = forecastFigures(c.Figures, r, ahead)
	}
	all := append([]metrics.Value{now}, months...)
	scales := func(l policy.Lang) scale { return scaleOf(kpi, l, all...) }
	c.Title = both(func(l policy.Lang) string {
		return titleOf(nameOf(who, l), kpi, scales(l), trendSpan(r, l)+targetWords(now, l))
	})
	c.Headline = both(func(l policy.Lang) string { return sentence(now, before, nameOf(who, l), scales(l)) })
	c.Description = both(func(l policy.Lang) string {
		text := listMonths(months, scales(l))
		if ahead != nil {
			text += pick(l, "；", "; ") + forecastWords(ahead, scales(l))
		}
		return text
	})
	if !anyData(months) {
		c.Empty = both(func(l policy.Lang) string {
			return fmt.Sprintf(pick(l, "无数据：%s没有计入%s的记录", "No data: %s holds no records that count towards %s"),
				trendSpan(r, l), nameOf(kpi.Name, l))
		})
	}
	target := now.Target
	if kpi.Adds() { // the period's target is the sum of the months', and no line to hold a month against
		target = nil
	}
	c.draw = func(f frame) sketch { return drawTrend(f, r, kpi, months, target, ahead, scales(f.lang)) }
	return c.At(wideWidth)
}

// valueOf picks the value of a KPI from a list that runs parallel to the report's KPIs.
func valueOf(r *metrics.Report, values []metrics.Value, kpi *policy.KPI) metrics.Value {
	for i, k := range r.KPIs {
		if k == kpi && i < len(values) {
			v := values[i]
			v.KPI = kpi
			return v
		}
	}
	return metrics.Value{KPI: kpi, Period: r.Period, Status: metrics.NoData}
}

// monthsOf gives a KPI's value in every month of the report.
func monthsOf(r *metrics.Report, line metrics.Line, kpi *policy.KPI) []metrics.Value {
	months := make([]metrics.Value, len(r.Months))
	for m, p := range r.Months {
		months[m] = metrics.Value{KPI: kpi, Period: p, Status: metrics.NoData}
		for i, k := range r.KPIs {
			if k == kpi && i < len(line.Months) && m < len(line.Months[i]) {
				months[m] = line.Months[i][m]
				months[m].KPI, months[m].Period = kpi, p
			}
		}
	}
	return months
}

func anyData(values []metrics.Value) bool {
	for _, v := range values {
		if _, ok := v.Float(); ok {
			return true
		}
	}
	return false
}

// titleOf sets the three parts of a title: who, what in which unit, when and against what.
func titleOf(who string, kpi *policy.KPI, s scale, span string) string {
	what := nameOf(kpi.Name, s.lang)
	if s.whole != "" {
		what += pick(s.lang, "（"+s.whole+"）", " ("+s.whole+")")
	}
	if !kpi.HigherIsBetter {
		what += pick(s.lang, "，越低越好", ", lower is better")
	}
	return strings.Join([]string{who, what, span}, " · ")
}

func trendSpan(r *metrics.Report, l policy.Lang) string {
	if len(r.Months) == 0 {
		return periodWords(r, l)
	}
	first, last := r.Months[0], r.Months[len(r.Months)-1]
	return when(first, l) + pick(l, "至", " to ") + when(last, l) + upTo(r, l)
}

// periodWords names the report's period, and the day it is known up to when it is not over.
func periodWords(r *metrics.Report, l policy.Lang) string { return when(r.Period, l) + upTo(r, l) }

func upTo(r *metrics.Report, l policy.Lang) string {
	if r.Day.IsZero() || !r.Day.Before(r.Period.LastDay()) {
		return ""
	}
	return pick(l, "（截至"+dayWords(r.Day, l)+"）", " (up to "+dayWords(r.Day, l)+")")
}

func targetWords(v metrics.Value, l policy.Lang) string {
	if v.Target == nil {
		return ""
	}
	return pick(l, "，与目标比较", ", against the target")
}

// listMonths says every month's value in words.
func listMonths(months []metrics.Value, s scale) string {
	parts := make([]string, len(months))
	for i, v := range months {
		parts[i] = when(v.Period, s.lang) + " " + say(v, s)
	}
	return strings.Join(parts, pick(s.lang, "；", "; "))
}

// say gives a value with its unit, or the words that stand for it.
func say(v metrics.Value, s scale) string {
	r, ok := v.Exact()
	switch {
	case v.Status == metrics.Withheld:
		return withheld.In(s.lang)
	case !ok:
		return pick(s.lang, "无数据", "no data")
	}
	if v.Status == metrics.Insufficient {
		return s.text(r) + pick(s.lang, "（", " (") + insufficient(v, s.lang) + pick(s.lang, "）", ")")
	}
	return s.text(r)
}

const trendHeight = 300

func drawTrend(f frame, r *metrics.Report, kpi *policy.KPI, months []metrics.Value, target *fixed.Num, ahead *stat.Projection, s scale) sketch {
	line := echarts.NewLine()
	line.SetGlobalOptions(common(f)...)
	labels := monthLabels(f, r, months)
	if ahead != nil {
		labels = append(labels, map[bool]string{false: pick(f.lang, "期末", "end")}[f.narrow()]) // the key says it where there is no room
	}
	line.SetXAxis(labels)
	lows, bands := bandData(months, s)
	line.AddSeries("low", lows, echarts.WithLineChartOpts(opts.LineChart{Stack: "interval", Symbol: "none"}))
	line.AddSeries("interval", bands, echarts.WithLineChartOpts(opts.LineChart{Stack: "interval", Symbol: "none"}),
		echarts.WithAreaStyleOpts(opts.AreaStyle{Color: f.ink.Band}))
	line.AddSeries("value", valueLine(months, s), echarts.WithLineChartOpts(opts.LineChart{Symbol: "circle", SymbolSize: 6, ShowSymbol: opts.Bool(true)}),
		echarts.WithLineStyleOpts(opts.LineStyle{Color: f.ink.Actual, Width: 2.5}), echarts.WithItemStyleOpts(opts.ItemStyle{Color: f.ink.Actual}))

	a, key, right := trendAxis(months, target, ahead, s, kpi), trendKey(f, months, target, s), lastRoom(months, s)
	hidden := object{"opacity": 0}
	series := list{
		still(object{"lineStyle": hidden, "silent": true, "z": 1}),
		still(object{"lineStyle": hidden, "silent": true, "z": 1, "areaStyle": object{"opacity": 1}}),
		still(object{"z": 3, "data": trendLabels(f, months, ahead != nil, s), "markLine": guides(f, months, target, s)}),
		hollowSeries(f, months, s),
		gapSeries(f, months, a),
	}
	if ownTargets(months) {
		series = append(series, monthTargets(f, months, s))
	}
	if ahead != nil {
		right = forecastRoom
		series = append(series, forecastSeries(f, len(months), ahead, s)...)
		key = append(key, keyEntry{"▨", f.ink.Muted, fmt.Sprintf(pick(f.lang, "期末预测（%d%% 范围）", "forecast for the end (%d%% range)"), ahead.Level)})
	}
	return sketch{base: line, height: f.top + f.tall(trendHeight), add: dress(f, key, object{
		"grid":   list{object{"left": axisRoom(a, s), "right": right, "top": f.top + keyRoom(f, key) + labelRoom(f, months), "bottom": 44, "containLabel": false}},
		"xAxis":  list{monthAxis(f)},
		"yAxis":  list{valueAxis(f, a, s)},
		"series": series,
	})}
}

// labelRoom is what stands above the plot: of a chart that lies flat, the words beside hollow marks would otherwise reach into the key.
func labelRoom(f frame, months []metrics.Value) int {
	if f.flat && slices.ContainsFunc(months, func(v metrics.Value) bool { return v.Status == metrics.Insufficient }) {
		return 40
	}
	return 18
}

func trendKey(f frame, months []metrics.Value, target *fixed.Num, s scale) list {
	key := list{keyEntry{"●", f.ink.Actual, pick(f.lang, "当月值", "month")}}
	for i := range months {
		if banded(months, i) {
			key = append(key, keyEntry{"■", f.ink.Band, pick(f.lang, "95% 区间", "95% interval")})
			break
		}
	}
	for _, v := range months {
		if v.Status == metrics.Insufficient {
			key = append(key, keyEntry{"○", f.ink.Muted, pick(f.lang, "样本不足", "too few cases")})
			break
		}
	}
	if ownTargets(months) {
		key = append(key, keyEntry{"━", f.ink.Target, pick(f.lang, "当月目标", "month's target")})
	}
	if target != nil {
		key = append(key, keyEntry{"┄", f.ink.Target, pick(f.lang, "目标 ", "target ") + s.short(target.Rat())})
	}
	return key
}

// monthLabels names the months; where there is no room for all, every second one counted from the last.
func monthLabels(f frame, r *metrics.Report, months []metrics.Value) []string {
	labels := make([]string, len(months))
	every := 1
	if room := float64(f.width-90) / float64(max(len(months), 1)); room < 28 {
		every = int(28/room) + 1
	}
	for i, v := range months {
		if (len(months)-1-i)%every == 0 {
			labels[i] = monthLabel(v.Period, f.lang, i < every || v.Period.Number() <= every && v.Period.Year() != months[i-every].Period.Year())
		}
	}
	if last := len(months) - 1; last >= 0 && r.Day.Before(months[last].Period.LastDay()) && months[last].Period.Contains(r.Day) {
		labels[last] = firstLine(labels[last]) + "\n" + fmt.Sprintf(pick(f.lang, "至%d日", "to %d"), r.Day.Day())
	}
	return labels
}

func firstLine(s string) string { line, _, _ := strings.Cut(s, "\n"); return line }

func monthLabel(p period.Period, l policy.Lang, withYear bool) string {
	label := pick(l, fmt.Sprintf("%d月", p.Number()), p.Start().Format("Jan"))
	if withYear {
		label += fmt.Sprintf("\n%d", p.Year())
	}
	return label
}

// absent is ECharts' word for no value.
const absent = "-"

func valueLine(months []metrics.Value, s scale) []opts.LineData {
	data := make([]opts.LineData, len(months))
	for i, v := range months {
		data[i].Value = absent
		if r, ok := v.Exact(); ok && v.Status == metrics.OK {
			data[i].Value = s.at(r)
		}
	}
	return data
}

// bandData gives the lower ends and the heights of the intervals; the second is stacked on the first.
func bandData(months []metrics.Value, s scale) (lows, heights []opts.LineData) {
	for i, v := range months {
		if !banded(months, i) {
			lows, heights = append(lows, opts.LineData{Value: absent}), append(heights, opts.LineData{Value: absent})
			continue
		}
		lows = append(lows, opts.LineData{Value: s.bound(v.Low)})
		heights = append(heights, opts.LineData{Value: rounded(s.bound(v.High) - s.bound(v.Low))})
	}
	return lows, heights
}

// trendLabels sets tooltips on all points, and the value beside the last.
func trendLabels(f frame, months []metrics.Value, ahead bool, s scale) list {
	items := make(list, len(months))
	last := lastOK(months)
	for i, v := range months {
		item := object{"tooltip": object{"formatter": tooltipOf(v, s)}}
		if i == last {
			r, _ := v.Exact()
			item["label"] = object{"show": true, "position": "right", "distance": 8, "formatter": s.short(r),
				"color": f.ink.Text, "fontSize": 14, "fontWeight": "bold", "fontFamily": fontFamily}
		}
		if label, ok := item["label"].(object); ok && ahead { // to the right stands the forecast
			label["position"], label["align"], label["textBorderColor"], label["textBorderWidth"] = clearSide(months, i), "right", f.ink.Paper, 3
			label["offset"] = list{8, 0}
		}
		items[i] = item
	}
	return items
}

// clearSide is the side of a point, above or below, on which the line that comes to it does not run.
func clearSide(months []metrics.Value, i int) string {
	if i > 0 {
		before, ok := months[i-1].Float()
		if now, _ := months[i].Float(); ok && before > now {
			return "bottom"
		}
	}
	return "top"
}

func lastOK(months []metrics.Value) int {
	for i := len(months) - 1; i >= 0; i-- {
		if _, ok := months[i].Exact(); ok && months[i].Status == metrics.OK {
			return i
		}
	}
	return -1
}

// tooltipOf is the receipt of a value: period, number, the two sums, rows, interval, target.
func tooltipOf(v metrics.Value, s scale) string {
	l := s.lang
	lines := []string{when(v.Period, l), nameOf(v.KPI.Name, l) + " " + say(v, s)}
	if v.Status == metrics.Withheld {
		return literal(strings.Join(lines, "\n"))
	}
	if v.KPI.Divides() {
		lines = append(lines, v.Ratio.Num.String()+" ÷ "+v.Ratio.Den.String())
	}
	lines = append(lines, "n="+cases(v.N))
	if v.HasInterval {
		lines = append(lines, pick(l, "95% 区间 ", "95% interval ")+s.edge(v.Low)+pick(l, " 至 ", " to ")+s.edge(v.High))
	}
	if v.Target != nil {
		lines = append(lines, pick(l, "目标 ", "target ")+s.text(v.Target.Rat()))
	}
	return literal(strings.Join(lines, "\n"))
}

// guides draws the target as a dashed line, and the interval of a month that stands alone, where a band has no width, as a bar. The
// key says the target's value: at the line, the values would cross it.
func guides(f frame, months []metrics.Value, target *fixed.Num, s scale) any {
	data := list{}
	for i, v := range months {
		if banded(months, i) && !banded(months, i-1) && !banded(months, i+1) {
			data = append(data, list{
				object{"coord": list{i, s.bound(v.Low)}, "lineStyle": object{"color": f.ink.Band, "type": "solid", "width": 8}},
				object{"coord": list{i, s.bound(v.High)}},
			})
		}
	}
	if target != nil {
		data = append(data, object{"yAxis": s.at(target.Rat()), "lineStyle": object{"color": f.ink.Target, "type": "dashed", "width": 1.2}})
	}
	if len(data) == 0 {
		return nil
	}
	return object{"silent": true, "symbol": "none", "animation": false, "label": object{"show": false}, "z": 2, "data": data}
}

// ownTarget reports whether a month is held against a target of its own: that of what adds up, which is another for every period.
func ownTarget(v metrics.Value) bool { return v.Target != nil && v.KPI.Adds() }

func ownTargets(months []metrics.Value) bool { return slices.ContainsFunc(months, ownTarget) }

// monthTargets draws the months' own targets as ticks.
func monthTargets(f frame, months []metrics.Value, s scale) any {
	data := list{}
	for i, v := range months {
		if ownTarget(v) {
			data = append(data, object{"value": list{i, s.at(v.Target.Rat())}})
		}
	}
	width := max(8, (f.width-90)/max(len(months), 1)*2/3)
	return still(object{"type": "scatter", "name": "target", "silent": true, "symbol": "rect", "symbolSize": list{width, 2}, "z": 2, "data": data,
		"itemStyle": object{"color": f.ink.Target}})
}

// banded reports whether month i has an interval to draw.
func banded(months []metrics.Value, i int) bool {
	return i >= 0 && i < len(months) && months[i].HasInterval && months[i].Status == metrics.OK
}
