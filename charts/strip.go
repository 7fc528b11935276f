package charts

import (
	"cmp"
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

// strand is the scores of one department, or of several small ones together.
type strand struct {
	departments []policy.Text
	totals      []fixed.Num // ascending
	five        [5]*big.Rat // least, lower quartile, median, upper quartile, most
}

// Strip draws the scores of people by department: a box of the middle half with the median, and a dot a score, without names. Departments
// with fewer than five scores are taken together with each other, and where these are still fewer than five with the next smallest
// department, so that no score can be found by leaving others out. Below five scores in all it is withheld.
func Strip(r *metrics.Report, who policy.Text, scores []metrics.PersonScore) Chart {
	totals, _ := totalsOf(scores)
	c := Chart{ID: "strip-scores"}
	c.Title = both(func(l policy.Lang) string {
		return nameOf(who, l) + " · " + pick(l, "员工得分（分），按部门", "Scores of people (points), by department") + " · " + periodWords(r, l)
	})
	if len(totals) < fewestScores {
		c.Empty = fewScores(len(totals))
		return c.At(wideWidth)
	}
	strands := strandsOf(r, scores)
	c.Headline = both(func(l policy.Lang) string { return stripHeadline(totals, strands, l) })
	c.Description = both(func(l policy.Lang) string { return listStrands(strands, l) })
	c.Figures = strandFigures(strands)
	c.draw = func(f frame) sketch { return drawStrip(f, strands) }
	return c.At(wideWidth)
}

// fewScores says why scores are not shown.
func fewScores(n int) policy.Text {
	return both(func(l policy.Lang) string {
		if n == 0 {
			return pick(l, "无数据：本期尚无员工得分", "No data: no scores yet in this period")
		}
		return fmt.Sprintf(pick(l, "不足 %d 人有得分，为保护个人信息不显示分布", "Fewer than %d people have a score; the distribution is withheld to protect them"), fewestScores)
	})
}

// strandsOf gathers scores by department in the order of medians, best first.
func strandsOf(r *metrics.Report, scores []metrics.PersonScore) []strand {
	byDepartment := map[string][]metrics.PersonScore{}
	for _, s := range scores {
		if s.Total != nil {
			byDepartment[s.Department] = append(byDepartment[s.Department], s)
		}
	}
	var strands []strand
	for _, d := range r.Departments {
		if of := byDepartment[d.Department.ID]; len(of) > 0 {
			totals, _ := totalsOf(of)
			strands = append(strands, strand{departments: []policy.Text{d.Department.Name}, totals: totals})
		}
	}
	strands = pooled(strands)
	for i := range strands {
		strands[i].five = fiveOf(strands[i].totals)
	}
	slices.SortStableFunc(strands, func(a, b strand) int { return b.five[2].Cmp(a.five[2]) })
	return strands
}

// pooled takes small groups together until each has enough people.
func pooled(strands []strand) []strand {
	slices.SortStableFunc(strands, func(a, b strand) int { return cmp.Compare(len(a.totals), len(b.totals)) })
	var pool strand
	for len(strands) > 0 && (len(strands[0].totals) < fewestScores || len(pool.totals) > 0 && len(pool.totals) < fewestScores) {
		pool.departments = append(pool.departments, strands[0].departments...)
		pool.totals = append(pool.totals, strands[0].totals...)
		strands = strands[1:]
	}
	if len(pool.totals) > 0 {
		slices.Sort(pool.totals)
		strands = append(strands, pool)
	}
	return strands
}

// fiveOf gives the ends, the quartiles and the median. A quartile lies between its two neighbours in proportion.
func fiveOf(sorted []fixed.Num) (five [5]*big.Rat) {
	for i := range five {
		at := i * (len(sorted) - 1)
		low, rest := at/4, int64(at%4)
		five[i] = sorted[low].Rat()
		if rest > 0 {
			step := (sorted[low+1] - sorted[low]).Rat()
			five[i].Add(five[i], step.Mul(step, big.NewRat(rest, 4)))
		}
	}
	return five
}

func (s strand) name(l policy.Lang) string {
	if len(s.departments) == 1 {
		return nameOf(s.departments[0], l)
	}
	if len(s.departments) > 3 {
		return fmt.Sprintf(pick(l, "%d 个小部门合并", "%d small departments together"), len(s.departments))
	}
	names := make([]string, len(s.departments))
	for i, d := range s.departments {
		names[i] = nameOf(d, l)
	}
	return strings.Join(names, pick(l, "、", ", ")) + pick(l, "（合并）", " (together)")
}

func stripHeadline(totals []fixed.Num, strands []strand, l policy.Lang) string {
	text := fmt.Sprintf(pick(l, "%d 人有得分，中位数 %s 分", "%d people have a score, the median is %s"), len(totals), fixed.Text(median(totals), 2))
	if len(strands) < 2 {
		return text
	}
	first, last := strands[0], strands[len(strands)-1]
	return text + fmt.Sprintf(pick(l, "；各部门中位数从 %s（%s）到 %s（%s）", "; medians of departments run from %s (%s) to %s (%s)"),
		fixed.Text(first.five[2], 2), first.name(l), fixed.Text(last.five[2], 2), last.name(l))
}

func listStrands(strands []strand, l policy.Lang) string {
	parts := make([]string, len(strands))
	for i, s := range strands {
		parts[i] = fmt.Sprintf(pick(l, "%s %d 人，中位数 %s，中间一半在 %s 至 %s", "%s: %d people, median %s, the middle half from %s to %s"),
			s.name(l), len(s.totals), fixed.Text(s.five[2], 2), fixed.Text(s.five[1], 2), fixed.Text(s.five[3], 2))
	}
	return strings.Join(parts, pick(l, "；", "; "))
}

func strandFigures(strands []strand) Figures {
	figures := Figures{Head: []policy.Text{word("部门", "Department"), word("人数", "People"), word("最低", "Lowest"), word("下四分位", "Lower quartile"), word("中位数", "Median"), word("上四分位", "Upper quartile"), word("最高", "Highest")}}
	for _, s := range strands {
		row := []Cell{{Text: both(s.name)}, number(fmt.Sprint(len(s.totals)))}
		for _, x := range s.five {
			row = append(row, number(fixed.Text(x, 2)))
		}
		figures.Rows = append(figures.Rows, row)
	}
	return figures
}

// dotted is how many scores are drawn one by one; more make a blot, and the box says enough.
const dotted = 80

func drawStrip(f frame, strands []strand) sketch {
	names, notes := make([]string, len(strands)), make([]note, len(strands))
	boxes, dots := make([]opts.BoxPlotData, len(strands)), list{}
	low, high := strands[0].totals[0].Float(), strands[0].totals[0].Float()
	for _, s := range strands {
		low, high = min(low, s.totals[0].Float()), max(high, s.totals[len(s.totals)-1].Float())
	}
	a := axisOver(low, high, 5, false, false)
	key := list{keyEntry{"●", f.ink.Actual, pick(f.lang, "一人", "a person")}, keyEntry{"▭", f.ink.Whisker, pick(f.lang, "中间一半", "middle half")}, keyEntry{"┃", f.ink.Text, pick(f.lang, "中位数", "median")}}
	for i, s := range strands {
		names[i] = s.name(f.lang)
		notes[i] = note{fixed.Text(s.five[2], 1), fmt.Sprintf(pick(f.lang, "%d 人", "%d people"), len(s.totals)), f.ink.Muted}
		five := make([]float64, 5)
		for j, x := range s.five {
			five[j], _ = x.Float64()
			five[j] = rounded(five[j])
		}
		boxes[i].Value = five
	}
	b := benchOf(f, key, names, notes)
	pixel := float64(f.width-b.left-b.right) / (a.high - a.low)
	for i, s := range strands {
		dots = append(dots, swarm(s, i, pixel)...)
	}
	base := echarts.NewBoxPlot()
	base.SetGlobalOptions(common(f)...)
	base.ExtendYAxis(opts.YAxis{Type: "category"})
	base.AddSeries("scores", boxes)
	axis := valueAxis(f, a, scale{})
	axis["position"] = "bottom"
	return sketch{base: base, height: b.height + 22, add: dress(f, key, object{
		"grid":  list{b.grid()},
		"xAxis": list{axis},
		"yAxis": list{b.nameAxis(f, false), b.noteAxis(f)},
		"series": list{
			still(object{"boxWidth": list{18, 18}, "silent": true, "z": 1,
				"itemStyle": object{"color": f.ink.Band, "borderColor": f.ink.Whisker, "borderWidth": 1}}),
			still(object{"type": "scatter", "name": "people", "silent": true, "z": 3, "symbolSize": 5, "data": dots,
				"itemStyle": object{"color": f.ink.Actual, "opacity": 0.75}}),
			still(object{"type": "scatter", "name": "median", "silent": true, "z": 4, "symbol": "rect", "symbolSize": list{2.5, 20}, "data": medians(strands),
				"itemStyle": object{"color": f.ink.Text}}),
		},
	})}
}

func medians(strands []strand) list {
	data := list{}
	for i, s := range strands {
		x, _ := s.five[2].Float64()
		data = append(data, object{"value": list{rounded(x), i}})
	}
	return data
}

// swarm sets the dots of a row beside each other where they would cover each other.
func swarm(s strand, row int, pixel float64) list {
	if len(s.totals) > dotted {
		return nil
	}
	data := list{}
	last, depth := -1e9, 0
	for _, t := range s.totals {
		x := t.Float()
		if (x-last)*pixel < 5 {
			depth++
		} else {
			last, depth = x, 0
		}
		lift := (depth + 1) / 2 * 4
		if depth%2 == 1 {
			lift = -lift
		}
		data = append(data, object{"value": list{x, row}, "symbolOffset": list{0, max(-14, min(lift, 14))}})
	}
	return data
}
