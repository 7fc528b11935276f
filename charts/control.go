package charts

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	echarts "github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// Control draws a KPI month by month with its natural process limits (XmR: the mean, and 2.66 times the mean moving range to either
// side). A month outside of them is a signal: something happened that is worth asking about. Months that are not over or have too few rows
// are hollow and do not count. With fewer than six months that count it says so and draws no limits.
func Control(r *metrics.Report, line metrics.Line, who policy.Text, kpi *policy.KPI) Chart {
	months := monthsOf(r, line, kpi)
	p, ok := metrics.ProcessOf(months, r.Day)
	scales := func(l policy.Lang) scale { return scaleOf(kpi, l, months...) }
	c := Chart{ID: "control-" + slug(kpi.ID), Figures: controlFigures(months, kpi, p, ok)}
	c.Title = both(func(l policy.Lang) string {
		return titleOf(nameOf(who, l), kpi, scales(l), trendSpan(r, l)+pick(l, "，与自然过程界限比较（XmR）", ", against natural process limits (XmR)"))
	})
	c.Headline = both(func(l policy.Lang) string { return controlHeadline(months, kpi, p, ok, scales(l)) })
	c.Description = both(func(l policy.Lang) string { return controlWords(months, p, ok, scales(l)) })
	if !anyData(months) {
		c.Headline = policy.Text{}
		c.Empty = both(func(l policy.Lang) string {
			return fmt.Sprintf(pick(l, "无数据：%s没有计入%s的记录", "No data: %s holds no records that count towards %s"), trendSpan(r, l), nameOf(kpi.Name, l))
		})
	}
	c.draw = func(f frame) sketch { return drawControl(f, r, kpi, months, p, ok, scales(f.lang)) }
	return c.At(wideWidth)
}

func controlHeadline(months []metrics.Value, kpi *policy.KPI, p metrics.Process, ok bool, s scale) string {
	l := s.lang
	name := nameOf(kpi.Name, l)
	if !ok {
		return fmt.Sprintf(pick(l, "%s：数据足够且已结束的月份只有 %d 个，少于 %d 个，无法判断过程是否稳定",
			"%s: only %d months are over and have enough data, fewer than %d: whether the process is stable cannot be said"), name, len(p.Months), metrics.ProcessFrom)
	}
	if len(p.Signals) == 0 {
		return fmt.Sprintf(pick(l, "%s：%d 个月均在自然过程界限之内，各月起伏属正常波动", "%s: all %d months lie within the natural process limits; what moves is ordinary variation"), name, len(p.Months))
	}
	names := make([]string, len(p.Signals))
	for i, at := range p.Signals {
		r, _ := months[at].Exact()
		side := pick(l, "高于上限", "above the upper limit")
		if x, _ := months[at].Float(); x < p.Low {
			side = pick(l, "低于下限", "below the lower limit")
		}
		names[i] = when(months[at].Period, l) + " " + s.text(r) + " " + side
	}
	return fmt.Sprintf(pick(l, "%s：%d 个月中有 %d 个超出自然过程界限，值得查明原因（%s）", "%s: of %d months %d lie outside the natural process limits and are worth asking about (%s)"),
		name, len(p.Months), len(p.Signals), strings.Join(names, pick(l, "、", ", ")))
}

func controlWords(months []metrics.Value, p metrics.Process, ok bool, s scale) string {
	text := listMonths(months, s)
	if ok {
		low, high := limitsOf(months, p)
		text = fmt.Sprintf(pick(s.lang, "均值 %s，自然过程界限 %s 至 %s。", "Mean %s, natural process limits %s to %s. "), s.edge(p.Centre), s.edge(low), s.edge(high)) + text
	}
	return text
}

// limitsOf keeps limits within what the KPI can be: a share lies between 0 and 100, and what cannot be negative does not fall below zero.
func limitsOf(months []metrics.Value, p metrics.Process) (low, high float64) {
	low, high = p.Low, p.High
	least := 0.0
	for _, v := range months {
		if x, ok := v.Float(); ok {
			least = min(least, x)
		}
	}
	if least >= 0 {
		low = max(low, 0)
	}
	if len(months) > 0 && months[0].KPI.IsRate() {
		high = min(high, 100)
	}
	return low, high
}

func controlFigures(months []metrics.Value, kpi *policy.KPI, p metrics.Process, ok bool) Figures {
	figures := Figures{Head: append(valueHead(word("月份", "Month"), kpi), word("均值", "Mean"), word("自然下限", "Lower limit"), word("自然上限", "Upper limit"), word("判断", "Reading"))}
	low, high := limitsOf(months, p)
	for i, v := range months {
		row := append([]Cell{{Text: same(v.Period.String())}}, valueCells(v)...)
		if ok && slices.Contains(p.Months, i) {
			row = append(row, number(fixed.Grouped(twoDecimals(p.Centre))), number(fixed.Grouped(twoDecimals(low))), number(fixed.Grouped(twoDecimals(high))), Cell{Text: readingOf(i, p)})
		} else {
			row = append(row, number(""), number(""), number(""), Cell{Text: word("不计入", "not counted")})
		}
		figures.Rows = append(figures.Rows, row)
	}
	return figures
}

func readingOf(i int, p metrics.Process) policy.Text {
	if slices.Contains(p.Signals, i) {
		return word("超出界限", "outside the limits")
	}
	return word("界限之内", "within the limits")
}

func drawControl(f frame, r *metrics.Report, kpi *policy.KPI, months []metrics.Value, p metrics.Process, ok bool, s scale) sketch {
	base := echarts.NewLine()
	base.SetGlobalOptions(common(f)...)
	base.SetXAxis(monthLabels(f, r, months))
	data := make([]opts.LineData, len(months))
	for i := range data {
		data[i].Value = absent
		if x, known := months[i].Exact(); known && slices.Contains(p.Months, i) {
			data[i].Value = s.at(x)
		}
	}
	base.AddSeries("value", data, echarts.WithLineChartOpts(opts.LineChart{Symbol: "circle", SymbolSize: 6, ShowSymbol: opts.Bool(true)}),
		echarts.WithLineStyleOpts(opts.LineStyle{Color: f.ink.Actual, Width: 2}), echarts.WithItemStyleOpts(opts.ItemStyle{Color: f.ink.Actual}))
	a, key := controlAxis(months, p, ok, s, kpi), controlKey(f, months, p, ok)
	labels := controlLines(f, months, p, ok, s)
	return sketch{base: base, height: f.top + f.tall(trendHeight), add: dress(f, key, object{
		"grid":  list{object{"left": axisRoom(a, s), "right": limitRoom(labels), "top": f.top + keyRoom(f, key) + 18, "bottom": 44, "containLabel": false}},
		"xAxis": list{monthAxis(f)},
		"yAxis": list{valueAxis(f, a, s)},
		"series": list{
			still(object{"z": 3, "data": controlItems(f, months, p, s), "markLine": limitMarks(f, labels)}),
			uncounted(f, months, p, s),
			gapSeries(f, months, a),
		},
	})}
}

func controlKey(f frame, months []metrics.Value, p metrics.Process, ok bool) list {
	key := list{keyEntry{"●", f.ink.Actual, pick(f.lang, "当月值", "month")}}
	if len(p.Signals) > 0 {
		key = append(key, keyEntry{"◆", f.ink.Bad, pick(f.lang, "变差的信号", "signal for the worse")}, keyEntry{"◆", f.ink.Good, pick(f.lang, "变好的信号", "signal for the better")})
	}
	for i, v := range months {
		if !valueless(v) && !slices.Contains(p.Months, i) {
			key = append(key, keyEntry{"○", f.ink.Muted, pick(f.lang, "未结束或样本不足，不计入", "not over or too few cases: not counted")})
			break
		}
	}
	if !ok {
		key = append(key, keyEntry{"–", f.ink.Muted, fmt.Sprintf(pick(f.lang, "不足 %d 个月，不画界限", "fewer than %d months: no limits"), metrics.ProcessFrom)})
	}
	return key
}

func controlAxis(months []metrics.Value, p metrics.Process, ok bool, s scale, kpi *policy.KPI) axis {
	var ys []float64
	for _, v := range months {
		if x, known := v.Exact(); known {
			ys = append(ys, s.at(x))
		}
	}
	if ok {
		low, high := limitsOf(months, p)
		ys = append(ys, s.bound(low), s.bound(high))
	}
	if len(ys) == 0 {
		ys = append(ys, 0)
	}
	low, high := slices.Min(ys), slices.Max(ys)
	return axisOver(low, high, 4, low >= 0 && low < high/2, kpi.IsRate())
}

// limitLine is a level with its words at the right end.
type limitLine struct {
	y     float64
	words string
	kind  string
}

func controlLines(f frame, months []metrics.Value, p metrics.Process, ok bool, s scale) []limitLine {
	if !ok {
		return nil
	}
	low, high := limitsOf(months, p)
	level := func(x float64) string { return s.short(new(big.Rat).SetFloat64(finite(x))) }
	return []limitLine{
		{s.bound(high), pick(f.lang, "上限 ", "upper ") + level(high), "dashed"},
		{s.bound(p.Centre), pick(f.lang, "均值 ", "mean ") + level(p.Centre), "solid"},
		{s.bound(low), pick(f.lang, "下限 ", "lower ") + level(low), "dashed"},
	}
}

func limitRoom(labels []limitLine) int {
	room := 16.0
	for _, x := range labels {
		room = max(room, textWidth(x.words, 11)+10)
	}
	return int(room)
}

func limitMarks(f frame, labels []limitLine) any {
	if len(labels) == 0 {
		return nil
	}
	data := list{}
	for _, x := range labels {
		data = append(data, object{"yAxis": x.y, "lineStyle": object{"color": f.ink.Whisker, "type": x.kind, "width": 1.2},
			"label": object{"show": true, "position": "end", "distance": 4, "formatter": x.words, "color": f.ink.Muted, "fontSize": 11, "fontFamily": fontFamily}})
	}
	return object{"silent": true, "symbol": "none", "animation": false, "z": 2, "data": data}
}

// controlItems labels the signals; the sign tells the side, the colour whether it is good.
func controlItems(f frame, months []metrics.Value, p metrics.Process, s scale) list {
	items := make(list, len(months))
	for i, v := range months {
		item := object{"tooltip": object{"formatter": tooltipOf(v, s)}}
		if slices.Contains(p.Signals, i) {
			x, _ := v.Exact()
			y, _ := v.Float()
			arrow, position, colour := "▲ ", "top", f.ink.Bad
			if y < p.Low {
				arrow, position = "▼ ", "bottom"
			}
			if (y > p.High) == v.KPI.HigherIsBetter {
				colour = f.ink.Good
			}
			item["symbol"], item["symbolSize"] = "diamond", 12
			item["itemStyle"] = object{"color": colour, "borderColor": f.ink.Paper, "borderWidth": 1}
			item["label"] = object{"show": true, "position": position, "distance": 5, "formatter": arrow + s.short(x), "color": colour, "fontSize": 12,
				"fontWeight": "bold", "fontFamily": fontFamily, "textBorderColor": f.ink.Paper, "textBorderWidth": 3}
		}
		items[i] = item
	}
	return items
}

// uncounted marks months that are known and do not count: hollow, with the reason where there is room.
func uncounted(f frame, months []metrics.Value, p metrics.Process, s scale) any {
	data := list{}
	for i, v := range months {
		x, known := v.Exact()
		if !known || slices.Contains(p.Months, i) {
			continue
		}
		words := "" // the key says what is not over
		if v.Status == metrics.Insufficient {
			words = "n=" + cases(v.N)
		}
		data = append(data, object{"value": list{i, s.at(x)}, "tooltip": object{"formatter": tooltipOf(v, s)},
			"label": object{"show": words != "", "position": "top", "formatter": words, "color": f.ink.Muted, "fontSize": 11, "fontFamily": fontFamily,
				"textBorderColor": f.ink.Paper, "textBorderWidth": 3}})
	}
	return still(object{"type": "scatter", "name": "not counted", "symbol": "circle", "symbolSize": 8, "z": 4, "data": data,
		"itemStyle": object{"color": f.ink.Paper, "borderColor": f.ink.Muted, "borderWidth": 1.5}})
}
