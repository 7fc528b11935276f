package charts

import (
	"fmt"
	"math/big"
	"strings"

	echarts "github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"plumbline/metrics"
	"plumbline/policy"
)

// bulletEnd is the attainment in percent at which bars end; what goes beyond is marked, and its value stands beside it.
const bulletEnd = 150

// aim is one KPI of a unit held against its target.
type aim struct {
	now, before metrics.Value
	scale       func(policy.Lang) scale
}

// Bullet draws several KPIs of one unit against their targets: a bar is as long as the target is attained, so that longer is better
// whatever the direction of the KPI. The tick at 100 % is the target, the pale bar the period before, the whisker the 95 % interval.
// A KPI without a target has no bar; its value is told.
func Bullet(r *metrics.Report, line metrics.Line, who policy.Text, kpis []*policy.KPI) Chart {
	aims := make([]aim, 0, len(kpis))
	for _, kpi := range kpis {
		a := aim{now: valueOf(r, line.Values, kpi), before: valueOf(r, line.Before, kpi)}
		a.scale = func(l policy.Lang) scale { return scaleOf(kpi, l, a.now, a.before) }
		aims = append(aims, a)
	}
	c := Chart{ID: "bullet-targets", Figures: bulletFigures(aims)}
	c.Title = both(func(l policy.Lang) string {
		return nameOf(who, l) + " · " + pick(l, "各项指标的目标达成率（%）", "KPIs by attainment of their targets (%)") + " · " + periodWords(r, l) +
			fmt.Sprintf(pick(l, "，与目标及%s比较", ", against target and %s"), when(r.Period.Before(), l))
	})
	c.Headline = both(func(l policy.Lang) string { return bulletHeadline(aims, l) })
	c.Description = both(func(l policy.Lang) string { return listAims(aims, l) })
	if !anyAimed(aims) {
		c.Headline = policy.Text{}
		c.Empty = both(func(l policy.Lang) string {
			return fmt.Sprintf(pick(l, "无数据：%s没有既有数值又有目标的指标", "No data: in %s no KPI has both a value and a target"), when(r.Period, l))
		})
	}
	c.draw = func(f frame) sketch { return drawBullet(f, r, aims) }
	return c.At(wideWidth)
}

func anyAimed(aims []aim) bool {
	for _, a := range aims {
		if _, ok := attained(a.now); ok {
			return true
		}
	}
	return false
}

// attained gives how far a value attains its target, in percent. A lower-is-better value of zero or less has attained all there is.
func attained(v metrics.Value) (*big.Rat, bool) {
	if a, ok := v.Attainment(); ok {
		return a, true
	}
	if r, ok := v.Exact(); ok && v.Target != nil && v.KPI != nil && !v.KPI.HigherIsBetter && r.Sign() <= 0 {
		return big.NewRat(bulletEnd, 1), true
	}
	return nil, false
}

func bulletHeadline(aims []aim, l policy.Lang) string {
	var short []string
	counts := map[standing]int{}
	open, judged := 0, 0
	for _, a := range aims {
		if a.now.Target == nil {
			continue
		}
		judged++
		stands, diff := judge(a.now)
		if stands == unjudged {
			open++
			continue
		}
		counts[stands]++
		if stands == missed {
			short = append(short, nameOf(a.now.KPI.Name, l)+pick(l, "差 ", " by ")+a.scale(l).difference(diff))
		}
	}
	parts := []string{}
	add := func(n int, zh, en string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf(pick(l, zh, en), n))
		}
	}
	add(counts[met], "%d 项达到目标", "%d on or better than target")
	add(counts[missed], "%d 项未达目标", "%d short of target")
	if n := len(short); n > 0 && n <= 3 {
		parts[len(parts)-1] += pick(l, "（"+strings.Join(short, "、")+"）", " ("+strings.Join(short, ", ")+")")
	}
	add(counts[unsure], "%d 项与目标无显著差异", "%d not clearly different from it")
	add(open, "%d 项样本不足或无数据", "%d with too few cases or no data")
	return fmt.Sprintf(pick(l, "有目标的 %d 项指标中，", "Of %d KPIs with a target "), judged) + strings.Join(parts, pick(l, "，", ", "))
}

func listAims(aims []aim, l policy.Lang) string {
	parts := make([]string, len(aims))
	for i, a := range aims {
		s := a.scale(l)
		parts[i] = nameOf(a.now.KPI.Name, l) + " " + say(a.now, s)
		if words := againstTarget(a.now, s); words != "" {
			parts[i] += pick(l, "，", ", ") + words
		}
	}
	return strings.Join(parts, pick(l, "；", "; "))
}

func bulletFigures(aims []aim) Figures {
	figures := Figures{Head: []policy.Text{word("指标", "KPI"), word("单位", "Unit"), word("数值", "Value"), word("目标", "Target"), word("达成率（%）", "Attainment (%)"),
		same("n"), word("95% 下限", "95% low"), word("95% 上限", "95% high"), word("上期数值", "Period before"), word("说明", "Note")}}
	for _, a := range aims {
		now, was := valueCells(a.now), valueCells(a.before)
		row := []Cell{{Text: both(func(l policy.Lang) string { return kpiWithDirection(a.now.KPI, l) })},
			{Text: both(func(l policy.Lang) string { return exactUnit(a.now.KPI.Unit, l) })}, now[0], now[6], number(""), now[3], now[4], now[5], was[0], now[7]}
		if share, ok := a.now.Attainment(); ok {
			row[4] = number(trimmedTo(share, 2))
		}
		figures.Rows = append(figures.Rows, row)
	}
	return figures
}

// kpiWithDirection names a KPI, and says where lower is better.
func kpiWithDirection(kpi *policy.KPI, l policy.Lang) string {
	name := nameOf(kpi.Name, l)
	if !kpi.HigherIsBetter {
		name += pick(l, "（越低越好）", " (lower is better)")
	}
	return name
}

// spanned is where a bar or an end of an interval is drawn: its attainment, within the picture.
func spanned(share *big.Rat) float64 {
	f, _ := share.Float64()
	return rounded(max(0, min(f, bulletEnd)))
}

func drawBullet(f frame, r *metrics.Report, aims []aim) sketch {
	names, notes := make([]string, len(aims)), make([]note, len(aims))
	now, before := make([]opts.BarData, len(aims)), make([]opts.BarData, len(aims))
	items, past, ticks, beyond := make(list, len(aims)), make(list, len(aims)), list{}, list{}
	for i, a := range aims {
		s := a.scale(f.lang)
		names[i] = kpiWithDirection(a.now.KPI, f.lang)
		notes[i] = aimNote(f, a.now, s)
		now[i].Value, before[i].Value = absent, absent
		if share, ok := attained(a.now); ok {
			now[i].Value = spanned(share)
			if share.Cmp(big.NewRat(bulletEnd, 1)) > 0 {
				beyond = append(beyond, object{"value": list{bulletEnd, i}})
			}
		}
		if share, ok := attained(a.before); ok {
			before[i].Value = spanned(share)
		}
		if a.now.Target != nil {
			ticks = append(ticks, object{"value": list{100, i}})
		}
		items[i] = valueItem(f, names[i], a.now, s)
		past[i] = valueItem(f, names[i], a.before, s)
	}
	key := list{keyEntry{"■", f.ink.Actual, when(r.Period, f.lang)}, keyEntry{"■", f.ink.Before, when(r.Period.Before(), f.lang)},
		keyEntry{"┃", f.ink.Target, pick(f.lang, "目标（100%）", "target (100%)")}, keyEntry{"─", f.ink.Whisker, pick(f.lang, "95% 区间", "95% interval")}}
	b := benchOf(f, key, names, notes)
	end := bulletSpan(aims)
	bar := echarts.NewBar()
	bar.SetGlobalOptions(common(f)...)
	bar.ExtendYAxis(opts.YAxis{Type: "category"}, opts.YAxis{Type: "category"})
	bar.AddSeries("before", before, echarts.WithItemStyleOpts(opts.ItemStyle{Color: f.ink.Before}))
	bar.AddSeries("now", now, echarts.WithItemStyleOpts(opts.ItemStyle{Color: f.ink.Actual}))
	return sketch{base: bar, height: b.height, add: dress(f, key, object{
		"grid":  list{b.grid()},
		"xAxis": list{object{"type": "value", "show": false, "min": 0, "max": end}},
		"yAxis": list{b.nameAxis(f, false), b.hiddenAxis(), b.noteAxis(f)},
		"series": list{
			still(object{"z": 1, "yAxisIndex": 1, "barWidth": 20, "barGap": "-100%", "data": past}),
			still(object{"z": 2, "yAxisIndex": 0, "barWidth": 11, "data": items, "markLine": aimWhiskers(f, aims)}),
			still(object{"type": "scatter", "name": "target", "silent": true, "symbol": "rect", "symbolSize": list{3, 24}, "z": 5, "data": ticks,
				"itemStyle": object{"color": f.ink.Target, "borderColor": f.ink.Paper, "borderWidth": 1}}),
			still(object{"type": "scatter", "name": "beyond", "silent": true, "symbol": "triangle", "symbolRotate": -90, "symbolSize": 11, "symbolOffset": list{4, 0}, "z": 6, "data": beyond,
				"itemStyle": object{"color": f.ink.Actual, "borderColor": f.ink.Paper, "borderWidth": 1}}),
		},
	})}
}

// bulletSpan is where the picture ends: it holds the target, all bars and all intervals.
func bulletSpan(aims []aim) float64 {
	end := 105.0
	for _, a := range aims {
		for _, v := range []metrics.Value{a.now, a.before} {
			if share, ok := attained(v); ok {
				end = max(end, spanned(share))
			}
		}
		if _, high, ok := attainedRange(a.now); ok {
			end = max(end, high)
		}
	}
	return rounded(end * 1.02)
}

// aimNote is the note of a value beside its bar; without a target it says so.
func aimNote(f frame, v metrics.Value, s scale) note {
	n := noteOf(f, v, s)
	if v.Target == nil && n.remark == "" {
		n.remark = sayShort(f, "未设目标", "no target")
	}
	return n
}

// valueItem sets the tooltip of a bar, and the hollow look of a value that rests on too few rows.
func valueItem(f frame, name string, v metrics.Value, s scale) object {
	item := object{"tooltip": object{"formatter": literal(name) + "\n" + tooltipOf(v, s)}}
	if v.Status == metrics.Insufficient {
		item["itemStyle"] = object{"color": f.ink.Paper, "borderColor": f.ink.Muted, "borderWidth": 1, "borderType": "dashed"}
	}
	return item
}

// aimWhiskers draws the intervals of judged values, turned into attainment.
func aimWhiskers(f frame, aims []aim) any {
	data := list{}
	for i, a := range aims {
		if low, high, ok := attainedRange(a.now); ok {
			data = append(data, list{object{"coord": list{low, i}}, object{"coord": list{high, i}}})
		}
	}
	if len(data) == 0 {
		return nil
	}
	return object{"silent": true, "symbol": list{"rect", "rect"}, "symbolSize": list{1.5, 7}, "animation": false, "label": object{"show": false},
		"lineStyle": object{"color": f.ink.Whisker, "type": "solid", "width": 1.5}, "data": data}
}

// attainedRange is the interval of a judged value as attainment, within the picture.
func attainedRange(v metrics.Value) (low, high float64, ok bool) {
	if !v.HasInterval || v.Status != metrics.OK || v.Target == nil || v.Target.Float() <= 0 {
		return 0, 0, false
	}
	low, high = 100*v.Low/v.Target.Float(), 100*v.High/v.Target.Float()
	if !v.KPI.HigherIsBetter {
		low, high = inverse(v.High, v.Target.Float()), inverse(v.Low, v.Target.Float())
	}
	return rounded(min(low, bulletEnd)), rounded(min(high, bulletEnd)), true
}

// inverse is the attainment of a lower-is-better value.
func inverse(value, target float64) float64 {
	if value <= 0 {
		return bulletEnd
	}
	return 100 * target / value
}
