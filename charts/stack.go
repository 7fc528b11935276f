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

// split is a month's rows of a rate: those in the numerator and the rest.
type split struct {
	month     metrics.Value
	good, bad fixed.Num
}

// Stack draws a rate as the counts behind it, month by month: for on-time delivery, how many were on time and how many late.
func Stack(r *metrics.Report, line metrics.Line, who policy.Text, kpi *policy.KPI) Chart {
	now := valueOf(r, line.Values, kpi)
	splits := []split{}
	for _, v := range monthsOf(r, line, kpi) {
		splits = append(splits, splitOf(v))
	}
	good, bad := sides(kpi)
	c := Chart{ID: "stack-" + slug(kpi.ID), Figures: stackFigures(splits, good, bad)}
	c.Title = both(func(l policy.Lang) string {
		return nameOf(who, l) + " · " + fmt.Sprintf(pick(l, "%s：%s与%s的数量", "%s: numbers %s and %s"), nameOf(kpi.Name, l), good.In(l), bad.In(l)) + " · " + trendSpan(r, l)
	})
	c.Headline = both(func(l policy.Lang) string { return stackHeadline(splitOf(now), good, bad, l) })
	c.Description = both(func(l policy.Lang) string { return listSplits(splits, good, bad, l) })
	if !anyRows(splits) {
		c.Headline = policy.Text{}
		c.Empty = both(func(l policy.Lang) string {
			return fmt.Sprintf(pick(l, "无数据：%s没有计入%s的记录", "No data: %s holds no records that count towards %s"), trendSpan(r, l), nameOf(kpi.Name, l))
		})
	}
	c.draw = func(f frame) sketch { return drawStack(f, r, splits, good, bad) }
	return c.At(wideWidth)
}

func splitOf(v metrics.Value) split {
	s := split{month: v}
	if valueless(v) {
		return s
	}
	s.good, s.bad = v.Ratio.Num, v.Ratio.Den-v.Ratio.Num
	if !v.KPI.HigherIsBetter {
		s.good, s.bad = s.bad, s.good
	}
	return s
}

// sides names the two parts after the KPI: a rate of punctuality divides into 准时 and 未准时, any other into 达成 and 未达成.
func sides(kpi *policy.KPI) (good, bad policy.Text) {
	switch name := kpi.Name.ZH; {
	case strings.Contains(name, "准时"):
		return word("准时", "on time"), word("未准时", "late")
	case strings.Contains(name, "及时"):
		return word("及时", "in time"), word("未及时", "late")
	case strings.Contains(name, "转化"):
		return word("转化", "converted"), word("未转化", "not converted")
	}
	return word("达成", "met"), word("未达成", "not met")
}

func anyRows(splits []split) bool {
	for _, s := range splits {
		if s.good+s.bad > 0 {
			return true
		}
	}
	return false
}

func stackHeadline(now split, good, bad policy.Text, l policy.Lang) string {
	whole := now.good + now.bad
	if whole <= 0 {
		return missing(now.month, l)
	}
	text := fmt.Sprintf(pick(l, "%s共 %s 项，%s %s 项，%s %s 项", "%s: of %s cases %[4]s %[3]s, %[6]s %[5]s"),
		when(now.month.Period, l), fixed.Grouped(whole.String()), good.In(l), fixed.Grouped(now.good.String()), bad.In(l), fixed.Grouped(now.bad.String()))
	if now.month.Status == metrics.Insufficient {
		return text + pick(l, "，", ", ") + insufficient(now.month, l)
	}
	share := fixed.Text(ratio100(now.bad, whole), 1)
	return text + fmt.Sprintf(pick(l, "（%s%%）", " (%s%%)"), share)
}

func listSplits(splits []split, good, bad policy.Text, l policy.Lang) string {
	parts := make([]string, len(splits))
	for i, s := range splits {
		parts[i] = fmt.Sprintf(pick(l, "%s %s %s、%s %s", "%s %s %s, %s %s"), when(s.month.Period, l), good.In(l), fixed.Grouped(s.good.String()), bad.In(l), fixed.Grouped(s.bad.String()))
		if valueless(s.month) {
			parts[i] = when(s.month.Period, l) + pick(l, " 无数据", " no data")
		}
	}
	return strings.Join(parts, pick(l, "；", "; "))
}

func stackFigures(splits []split, good, bad policy.Text) Figures {
	figures := Figures{Head: []policy.Text{word("月份", "Month"), good, bad, word("合计", "Total"), word("说明", "Note")}}
	for _, s := range splits {
		row := []Cell{{Text: same(s.month.Period.String())}, number(fixed.Grouped(s.good.String())), number(fixed.Grouped(s.bad.String())), number(fixed.Grouped((s.good + s.bad).String())), valueCells(s.month)[7]}
		if valueless(s.month) {
			row[1], row[2], row[3] = number(""), number(""), number("")
		}
		figures.Rows = append(figures.Rows, row)
	}
	return figures
}

func drawStack(f frame, r *metrics.Report, splits []split, good, bad policy.Text) sketch {
	months := make([]metrics.Value, len(splits))
	goods, bads := make([]opts.BarData, len(splits)), make([]opts.BarData, len(splits))
	most := 0.0
	for i, s := range splits {
		months[i] = s.month
		goods[i].Value, bads[i].Value = absent, absent
		if !valueless(s.month) {
			goods[i].Value, bads[i].Value = s.good.Float(), s.bad.Float()
			most = max(most, (s.good + s.bad).Float())
		}
	}
	a := axisOver(0, most, 4, true, false)
	bar := echarts.NewBar()
	bar.SetGlobalOptions(common(f)...)
	bar.SetXAxis(monthLabels(f, r, months))
	bar.AddSeries("good", goods, echarts.WithBarChartOpts(opts.BarChart{Stack: "rows"}), echarts.WithItemStyleOpts(opts.ItemStyle{Color: f.ink.Actual}))
	bar.AddSeries("bad", bads, echarts.WithBarChartOpts(opts.BarChart{Stack: "rows"}), echarts.WithItemStyleOpts(opts.ItemStyle{Color: f.ink.Bad}))
	key := list{keyEntry{"■", f.ink.Actual, good.In(f.lang)}, keyEntry{"■", f.ink.Bad, bad.In(f.lang)}}
	return sketch{base: bar, height: f.top + f.tall(trendHeight), add: dress(f, key, object{
		"grid":  list{object{"left": 44, "right": 16, "top": f.top + keyRoom(f, key) + 18, "bottom": 44, "containLabel": false}},
		"xAxis": list{monthAxis(f)},
		"yAxis": list{valueAxis(f, a, scale{})},
		"series": list{
			still(object{"barCategoryGap": "36%", "data": splitItems(f, splits, a, true), "label": object{"show": true}}),
			still(object{"data": splitItems(f, splits, a, false), "label": object{"show": true}}),
			gapSeries(f, months, a),
		},
	})}
}

// splitItems labels the parts with their counts: the good inside its bar where it has room, the bad above.
func splitItems(f frame, splits []split, a axis, good bool) list {
	items := make(list, len(splits))
	plot := float64(f.tall(trendHeight) - 26 - 18 - 44)
	slot := float64(f.width-60) / float64(max(len(splits), 1))
	for i, s := range splits {
		n, position, colour := s.bad, "top", f.ink.Bad
		if good {
			n, position, colour = s.good, "inside", f.ink.Paper
		}
		text := fixed.Grouped(n.String())
		room := textWidth(text, 11) < slot*0.95
		if good {
			room = textWidth(text, 11) < slot*0.62 && n.Float()/a.high*plot > 16
		}
		item := object{
			"tooltip": object{"formatter": splitTip(s, f.lang)},
			"label": object{"show": room && n != 0, "position": position, "formatter": text, "color": colour, "fontSize": 11,
				"distance": 3, "fontFamily": fontFamily},
		}
		if s.month.Status == metrics.Insufficient {
			item["itemStyle"] = object{"color": f.ink.Paper, "borderColor": f.ink.Muted, "borderWidth": 1, "borderType": "dashed"}
			item["label"] = object{"show": !good, "position": "top", "formatter": fmt.Sprintf("n=%s", s.month.N), "color": f.ink.Muted, "fontSize": 11, "fontFamily": fontFamily}
		}
		items[i] = item
	}
	return items
}

func splitTip(s split, l policy.Lang) string {
	good, bad := sides(s.month.KPI)
	text := when(s.month.Period, l) + "\n" + good.In(l) + " " + fixed.Grouped(s.good.String()) + "\n" + bad.In(l) + " " + fixed.Grouped(s.bad.String())
	if s.month.Status == metrics.Insufficient {
		text += "\n" + insufficient(s.month, l)
	}
	return text
}
