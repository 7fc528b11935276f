package charts

import (
	"fmt"
	"slices"
	"strings"

	echarts "github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// fall is one bar of a waterfall: a step from one sum to the next, or a whole.
type fall struct {
	name   policy.Text
	points fixed.Num // of a step its size, of a whole its sum
	whole  bool
	signed bool // a whole that is a difference
	filled bool // an item that earns points for want of data
}

// Waterfall draws how the score of a person or a department came about: what each item, the superior and each penalty put in or took off.
// The parts are those of metrics.Score.Parts or metrics.Report.PartsOf; they add up to the score exactly.
func Waterfall(r *metrics.Report, who policy.Text, parts []metrics.ScorePart) Chart {
	falls := make([]fall, 0, len(parts)+1)
	for _, p := range parts {
		falls = append(falls, fall{name: partName(r, p), points: p.Points, filled: p.Filled})
	}
	c := Chart{ID: "waterfall-score"}
	c.Title = both(func(l policy.Lang) string {
		return nameOf(who, l) + " · " + pick(l, "得分构成（分）", "What the score is made of (points)") + " · " + periodWords(r, l)
	})
	if len(parts) == 0 {
		c.Empty = noScore(r)
		return c.At(wideWidth)
	}
	total := sumOf(parts)
	falls = append(falls, fall{name: word("得分", "Score"), points: total, whole: true})
	c.Headline = both(func(l policy.Lang) string { return compositionHeadline(falls, l) })
	return fallen(c, falls)
}

// WaterfallChange draws how a score changed against the period before: what each part put in more or took off. Parts that only one of the
// periods has count in full. before and now are parts as Waterfall takes them.
func WaterfallChange(r *metrics.Report, who policy.Text, before, now []metrics.ScorePart) Chart {
	c := Chart{ID: "waterfall-change"}
	c.Title = both(func(l policy.Lang) string {
		return nameOf(who, l) + " · " + pick(l, "得分变化（分）", "Change of the score (points)") + " · " + periodWords(r, l) +
			fmt.Sprintf(pick(l, "，与%s比较", ", against %s"), when(r.Period.Before(), l))
	})
	if len(now) == 0 {
		c.Empty = noScore(r)
		return c.At(wideWidth)
	}
	if len(before) == 0 {
		c.Empty = both(func(l policy.Lang) string {
			return fmt.Sprintf(pick(l, "无数据：%s没有得分，无从比较", "No data: there is no score of %s to compare with"), when(r.Period.Before(), l))
		})
		return c.At(wideWidth)
	}
	was, is := sumOf(before), sumOf(now)
	falls := steps(r, before, now)
	c.Headline = both(func(l policy.Lang) string { return changeHeadline(falls, was, is, r, l) })
	falls = append(falls, fall{name: both(func(l policy.Lang) string {
		return fmt.Sprintf(pick(l, "合计（%s → %s）", "In all (%s → %s)"), was.Text(2), is.Text(2))
	}), points: is - was, whole: true, signed: true})
	return fallen(c, falls)
}

// steps pairs the parts of two periods, in the order of now, then those that are gone. What did not change is left out.
func steps(r *metrics.Report, before, now []metrics.ScorePart) []fall {
	type key struct {
		kind       metrics.PartKind
		kpi        string
		department string
	}
	keyOf := func(p metrics.ScorePart) key {
		k := key{kind: p.Kind, department: p.Department}
		if p.KPI != nil {
			k.kpi = p.KPI.ID
		}
		return k
	}
	had := map[key]fixed.Num{}
	for _, p := range before {
		had[keyOf(p)] += p.Points
	}
	var falls []fall
	for _, p := range now {
		k := keyOf(p)
		if d := p.Points - had[k]; d != 0 {
			falls = append(falls, fall{name: partName(r, p), points: d, filled: p.Filled})
		}
		delete(had, k)
	}
	for _, p := range before {
		k := keyOf(p)
		if points, gone := had[k]; gone && points != 0 {
			falls = append(falls, fall{name: partName(r, p), points: -points})
		}
		delete(had, k)
	}
	return falls
}

func sumOf(parts []metrics.ScorePart) (sum fixed.Num) {
	for _, p := range parts {
		sum += p.Points
	}
	return sum
}

func noScore(r *metrics.Report) policy.Text {
	return both(func(l policy.Lang) string {
		return fmt.Sprintf(pick(l, "无数据：%s没有得分（各考核项数据不足或没有适用的考核表）", "No data: there is no score of %s (no item has enough data, or no scorecard applies)"), when(r.Period, l))
	})
}

func partName(r *metrics.Report, p metrics.ScorePart) policy.Text {
	switch p.Kind {
	case metrics.PartCap:
		return word("指标部分封顶", "Cap of the KPI part")
	case metrics.PartSuperior:
		return word("上级评分", "Superior's evaluation")
	case metrics.PartFloor:
		return word("得分不低于零", "No score is below zero")
	case metrics.PartStay:
		for _, d := range r.Departments {
			if d.Department.ID == p.Department {
				return d.Department.Name
			}
		}
		return same(p.Department)
	}
	if p.KPI == nil {
		return word("扣分", "Penalties")
	}
	if p.Kind == metrics.PartPenalty {
		return both(func(l policy.Lang) string { return pick(l, "扣分：", "Penalty: ") + nameOf(p.KPI.Name, l) })
	}
	return p.KPI.Name
}

func compositionHeadline(falls []fall, l policy.Lang) string {
	total := falls[len(falls)-1]
	text := fmt.Sprintf(pick(l, "得分 %s", "The score is %s"), total.points.Text(2))
	most, off := -1, fixed.Num(0)
	for i, x := range falls[:len(falls)-1] {
		if x.points > 0 && (most < 0 || x.points > falls[most].points) {
			most = i
		}
		if x.points < 0 {
			off += x.points
		}
	}
	if most >= 0 && len(falls) > 2 {
		text += fmt.Sprintf(pick(l, "，其中%s贡献最多（%s 分）", ", most of it from %s (%s)"), nameOf(falls[most].name, l), falls[most].points.Text(2))
	}
	if off < 0 {
		text += fmt.Sprintf(pick(l, "，扣减合计 %s 分", ", %s taken off in all"), (-off).Text(2))
	}
	return text
}

func changeHeadline(between []fall, was, now fixed.Num, r *metrics.Report, l policy.Lang) string {
	text := fmt.Sprintf(pick(l, "得分 %s", "The score is %s"), now.Text(2))
	switch d := now - was; {
	case d == 0:
		return text + pick(l, "，"+sincePhrase(r.Period, l)+"持平", ", unchanged "+sincePhrase(r.Period, l))
	case d > 0:
		text += pick(l, "，"+sincePhrase(r.Period, l)+"上升 "+d.Text(2)+" 分", ", up "+d.Text(2)+" "+sincePhrase(r.Period, l))
	default:
		text += pick(l, "，"+sincePhrase(r.Period, l)+"下降 "+(-d).Text(2)+" 分", ", down "+(-d).Text(2)+" "+sincePhrase(r.Period, l))
	}
	if len(between) == 0 {
		return text
	}
	top := slices.MaxFunc(between, func(a, b fall) int { return int(abs(a.points) - abs(b.points)) })
	return text + fmt.Sprintf(pick(l, "，变动最大的是%s（%s）", ", most by %s (%s)"), nameOf(top.name, l), signedPoints(top.points))
}

func abs(n fixed.Num) fixed.Num { return max(n, -n) }

func signedPoints(n fixed.Num) string {
	if n < 0 {
		return "−" + (-n).Text(2)
	}
	return "+" + n.Text(2)
}

// fallen adds the words, the figures and the drawing of the bars.
func fallen(c Chart, falls []fall) Chart {
	c.Description = both(func(l policy.Lang) string {
		parts := make([]string, len(falls))
		for i, x := range falls {
			parts[i] = nameOf(x.name, l) + " " + x.text()
			if x.filled {
				parts[i] += pick(l, "（无数据，按考核表规定计分）", " (no data, points as the scorecard says)")
			}
		}
		return strings.Join(parts, pick(l, "；", "; "))
	})
	c.Figures = Figures{Head: []policy.Text{word("项目", "Part"), word("分数", "Points"), word("累计", "Sum so far"), word("说明", "Note")}}
	sum := fixed.Num(0)
	for _, x := range falls {
		if x.whole {
			sum = x.points
		} else {
			sum += x.points
		}
		row := []Cell{{Text: both(func(l policy.Lang) string { return nameOf(x.name, l) })}, number(x.text()), number(sum.Text(2)), {}}
		if x.filled {
			row[3] = Cell{Text: word("无数据，按考核表规定计分", "no data, points as the scorecard says")}
		}
		c.Figures.Rows = append(c.Figures.Rows, row)
	}
	c.draw = func(f frame) sketch { return drawFalls(f, falls) }
	return c.At(wideWidth)
}

func (x fall) text() string {
	if x.whole && !x.signed {
		return x.points.Text(2)
	}
	return signedPoints(x.points)
}

func drawFalls(f frame, falls []fall) sketch {
	names, notes := make([]string, len(falls)), make([]note, len(falls))
	offsets, sizes, items := make([]opts.BarData, len(falls)), make([]opts.BarData, len(falls)), make(list, len(falls))
	links := list{}
	sum, most, least := fixed.Num(0), fixed.Num(0), fixed.Num(0)
	for i, x := range falls {
		names[i] = nameOf(x.name, f.lang)
		from, to, colour := fixed.Num(0), x.points, f.ink.Actual
		if !x.whole {
			from, to = sum, sum+x.points
			colour = f.ink.Good
			if x.points < 0 {
				colour = f.ink.Bad
			}
		}
		sum = to
		most, least = max(most, from, to), min(least, from, to)
		offsets[i].Value, sizes[i].Value = min(from, to).Float(), abs(to-from).Float()
		notes[i] = fallNote(f, x, colour)
		items[i] = object{"itemStyle": object{"color": colour}, "tooltip": object{"formatter": literal(names[i]) + "\n" + x.text()}}
		if x.filled {
			items[i].(object)["itemStyle"] = object{"color": f.ink.Paper, "borderColor": f.ink.Muted, "borderWidth": 1, "borderType": "dashed"}
		}
		if i+1 < len(falls) {
			links = append(links, list{object{"coord": list{sum.Float(), i}}, object{"coord": list{sum.Float(), i + 1}}})
		}
	}
	b := benchOf(f, nil, names, notes)
	bar := echarts.NewBar()
	bar.SetGlobalOptions(common(f)...)
	bar.ExtendYAxis(opts.YAxis{Type: "category"})
	bar.AddSeries("offset", offsets, echarts.WithBarChartOpts(opts.BarChart{Stack: "fall"}))
	bar.AddSeries("points", sizes, echarts.WithBarChartOpts(opts.BarChart{Stack: "fall"}))
	return sketch{base: bar, height: b.height, add: dress(f, nil, object{
		"grid":  list{b.grid()},
		"xAxis": list{object{"type": "value", "show": false, "min": least.Float(), "max": rounded(most.Float() + max((most-least).Float(), 1)*0.02)}},
		"yAxis": list{b.nameAxis(f, least < 0), b.noteAxis(f)},
		"series": list{
			still(object{"barWidth": 18, "silent": true, "stackStrategy": "all", "itemStyle": object{"opacity": 0}}),
			still(object{"barWidth": 18, "stackStrategy": "all", "data": items, "markLine": object{"silent": true, "symbol": "none", "animation": false, "label": object{"show": false},
				"lineStyle": object{"color": f.ink.Whisker, "type": "solid", "width": 1}, "data": links}}),
		},
	})}
}

// fallNote writes what a bar adds or takes off; the whole stands without a sign.
func fallNote(f frame, x fall, colour string) note {
	switch {
	case x.whole:
		return note{number: x.text(), colour: f.ink.Muted}
	case x.filled:
		return note{x.text(), sayShort(f, "无数据", "no data"), f.ink.Muted}
	case x.points < 0:
		return note{x.text(), sayShort(f, "▼ 减分", "▼ less"), colour}
	}
	return note{x.text(), sayShort(f, "▲ 加分", "▲ more"), colour}
}
