package charts

import (
	"fmt"
	"math/big"
	"strings"

	echarts "github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// fewestSpokes is how many items make an area; with fewer the points are drawn as bars.
const fewestSpokes = 3

// Radar draws the items of a scorecard by the points that they earned; the outlined ring is 100 points, the target met. An item without
// enough data has no spoke and is named in words, since a point in the middle would be a zero. With fewer than three items it draws bars.
func Radar(r *metrics.Report, who policy.Text, score metrics.Score) Chart {
	c := Chart{ID: "radar-scorecard"}
	c.Title = both(func(l policy.Lang) string {
		text := nameOf(who, l) + " · "
		if score.Scorecard != nil {
			text += nameOf(score.Scorecard.Name, l) + pick(l, "：", ": ")
		}
		return text + pick(l, "各考核项得分（分，100 为达到目标）", "points by item (100: target met)") + " · " + periodWords(r, l)
	})
	judged := 0
	for _, item := range score.Items {
		if known(item) {
			judged++
		}
	}
	if judged == 0 {
		c.Empty = noScore(r)
		return c.At(wideWidth)
	}
	c.Headline = both(func(l policy.Lang) string { return radarHeadline(score, l) })
	c.Description = both(func(l policy.Lang) string { return listItems(score, l) })
	c.Figures = radarFigures(score)
	c.draw = func(f frame) sketch {
		if judged < fewestSpokes {
			return drawSpokes(f, score)
		}
		return drawRadar(f, score)
	}
	return c.At(wideWidth)
}

func radarHeadline(score metrics.Score, l policy.Lang) string {
	full, best, worst, open := 0, -1, -1, 0
	hundred := big.NewRat(100, 1)
	for i, item := range score.Items {
		if !known(item) {
			open++
			continue
		}
		if item.Points.Cmp(hundred) >= 0 {
			full++
		}
		if best < 0 || item.Points.Cmp(score.Items[best].Points) > 0 {
			best = i
		}
		if worst < 0 || item.Points.Cmp(score.Items[worst].Points) < 0 {
			worst = i
		}
	}
	text := fmt.Sprintf(pick(l, "%d 项中 %d 项达到目标", "%d items, %d of them on or better than target"), len(score.Items), full)
	if best >= 0 && best != worst {
		text += fmt.Sprintf(pick(l, "；最高为%s（%s 分），最低为%s（%s 分）", "; best is %s (%s), lowest %s (%s)"),
			itemName(score.Items[best], l), fixed.Text(score.Items[best].Points, 1), itemName(score.Items[worst], l), fixed.Text(score.Items[worst].Points, 1))
	}
	if open > 0 {
		text += fmt.Sprintf(pick(l, "；%d 项样本不足或无数据", "; %d with too few cases or no data"), open)
	}
	return text
}

// known reports whether an item earned its points by data.
func known(item metrics.ItemScore) bool { return item.Points != nil && item.Filled == "" }

func itemName(item metrics.ItemScore, l policy.Lang) string { return nameOf(item.Item.KPI.Name, l) }

// itemPoints writes what an item earned, or why nothing is known.
func itemPoints(item metrics.ItemScore, l policy.Lang) string {
	switch {
	case known(item):
		return fixed.Text(item.Points, 1)
	case item.Value.Status == metrics.Insufficient:
		return insufficient(item.Value, l)
	case item.Value.Status == metrics.Withheld:
		return withheld.In(l)
	}
	return pick(l, "无数据", "no data")
}

func listItems(score metrics.Score, l policy.Lang) string {
	parts := make([]string, len(score.Items))
	for i, item := range score.Items {
		s := scaleOf(item.Item.KPI, l, item.Value)
		parts[i] = itemName(item, l) + " " + itemPoints(item, l) + pick(l, "（数值 ", " (value ") + say(item.Value, s) + pick(l, "）", ")")
	}
	return strings.Join(parts, pick(l, "；", "; "))
}

func radarFigures(score metrics.Score) Figures {
	figures := Figures{Head: []policy.Text{word("考核项", "Item"), word("数值", "Value"), word("目标", "Target"), word("得分", "Points"), word("权重（%）", "Weight (%)"), word("说明", "Note")}}
	for _, item := range score.Items {
		cells := valueCells(item.Value)
		row := []Cell{{Text: both(func(l policy.Lang) string { return kpiWithUnit(item.Item.KPI, l) })}, cells[0], cells[6], number(""), number(""), cells[7]}
		if item.Points != nil {
			row[3] = number(fixed.Text(item.Points, 2))
		}
		if item.Weight != nil {
			row[4] = number(fixed.Text(item.Weight, 2))
		}
		if item.Filled != "" {
			row[5] = Cell{Text: word("无数据，按考核表规定计分", "no data, points as the scorecard says")}
		}
		figures.Rows = append(figures.Rows, row)
	}
	return figures
}

// radarTop is the outer end of a spoke, in points.
func radarTop(score metrics.Score) float64 {
	top := 120.0
	for _, item := range score.Items {
		if item.Points != nil {
			x, _ := item.Points.Float64()
			top = max(top, x)
		}
	}
	return top
}

func drawRadar(f frame, score metrics.Score) sketch {
	top := radarTop(score)
	room := 118.0
	radius := 110
	if f.narrow() {
		room, radius = 84, 74
	}
	key := list{keyEntry{"●", f.ink.Actual, pick(f.lang, "得分", "points")}, keyEntry{"┄", f.ink.Target, pick(f.lang, "100 分，达到目标", "100: target met")}}
	spokes, values, ring := list{}, []any{}, []any{}
	lines := 1
	for _, item := range score.Items {
		if !known(item) {
			key = append(key, keyEntry{"○", f.ink.Muted, literal(itemName(item, f.lang) + " " + itemPoints(item, f.lang))})
			continue
		}
		label := wrap(itemName(item, f.lang), 12, room) + "\n" + itemPoints(item, f.lang)
		lines = max(lines, countLines(label))
		spokes = append(spokes, object{"name": literal(label), "max": top, "min": 0})
		x, _ := item.Points.Float64()
		values, ring = append(values, rounded(x)), append(ring, 100)
	}
	base := echarts.NewRadar()
	base.SetGlobalOptions(common(f)...)
	base.AddSeries("points", []opts.RadarData{{Value: values}})
	base.AddSeries("target", []opts.RadarData{{Value: ring}})
	height := 2*radius + 2*(lines*16+14)
	top0 := f.top + keyRoom(f, key)
	return sketch{base: base, height: top0 + height, add: dress(f, key, object{
		"radar": list{object{"indicator": spokes, "radius": radius, "center": list{f.width / 2, top0 + height/2}, "splitNumber": 4, "shape": "polygon",
			"axisName":  object{"color": f.ink.Text, "fontSize": 12, "lineHeight": 16, "fontFamily": fontFamily},
			"axisLine":  object{"lineStyle": object{"color": f.ink.Faint}},
			"splitLine": object{"lineStyle": object{"color": f.ink.Faint}}, "splitArea": object{"show": false}, "axisNameGap": 10}},
		"series": list{
			still(object{"symbol": "circle", "symbolSize": 6, "z": 3, "itemStyle": object{"color": f.ink.Actual}, "lineStyle": object{"color": f.ink.Actual, "width": 2},
				"areaStyle": object{"color": f.ink.Actual, "opacity": 0.12}, "tooltip": object{"formatter": literal(listItems(score, f.lang))}}),
			still(object{"symbol": "none", "silent": true, "z": 2, "lineStyle": object{"color": f.ink.Target, "width": 1.2, "type": "dashed"}}),
		},
	})}
}

// drawSpokes draws the points of a few items as bars.
func drawSpokes(f frame, score metrics.Score) sketch {
	n := len(score.Items)
	names, notes, data, ticks := make([]string, n), make([]note, n), make([]opts.BarData, n), list{}
	for i, item := range score.Items {
		names[i] = itemName(item, f.lang)
		notes[i] = note{number: itemPoints(item, f.lang), colour: f.ink.Muted}
		data[i].Value = absent
		if known(item) {
			x, _ := item.Points.Float64()
			data[i].Value = rounded(x)
		}
		ticks = append(ticks, object{"value": list{100, i}})
	}
	key := list{keyEntry{"■", f.ink.Actual, pick(f.lang, "得分", "points")}, keyEntry{"┃", f.ink.Target, pick(f.lang, "100 分，达到目标", "100: target met")}}
	b := benchOf(f, key, names, notes)
	bar := echarts.NewBar()
	bar.SetGlobalOptions(common(f)...)
	bar.ExtendYAxis(opts.YAxis{Type: "category"})
	bar.AddSeries("points", data, echarts.WithItemStyleOpts(opts.ItemStyle{Color: f.ink.Actual}))
	return sketch{base: bar, height: b.height, add: dress(f, key, object{
		"grid":  list{b.grid()},
		"xAxis": list{object{"type": "value", "show": false, "min": 0, "max": radarTop(score) * 1.02}},
		"yAxis": list{b.nameAxis(f, false), b.noteAxis(f)},
		"series": list{
			still(object{"barWidth": 11}),
			still(object{"type": "scatter", "name": "target", "silent": true, "symbol": "rect", "symbolSize": list{3, 24}, "z": 5, "data": ticks,
				"itemStyle": object{"color": f.ink.Target, "borderColor": f.ink.Paper, "borderWidth": 1}}),
		},
	})}
}
