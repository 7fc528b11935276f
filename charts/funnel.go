package charts

import (
	"fmt"
	"math/big"

	echarts "github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// Funnel draws how many cases reach each step, as centred bars whose lengths are true to the counts, with the share that came
// from the step before.
func Funnel(r *metrics.Report, funnel metrics.FunnelValues, who policy.Text) Chart {
	steps := funnelSteps(r, funnel)
	c := Chart{ID: "funnel-" + slug(funnel.Funnel.ID), Figures: funnelFigures(steps)}
	c.Title = both(func(l policy.Lang) string {
		return nameOf(who, l) + " · " + nameOf(funnel.Funnel.Name, l) + " · " + periodWords(r, l) + pick(l, "，各步与上一步比较", ", each step against the one before")
	})
	c.Headline = both(func(l policy.Lang) string { return funnelHeadline(steps, l) })
	c.Description = both(func(l policy.Lang) string { return listSteps(steps, l) })
	if len(steps) == 0 || steps[0].size.Sign() <= 0 {
		c.Headline = policy.Text{}
		c.Empty = both(func(l policy.Lang) string {
			return fmt.Sprintf(pick(l, "无数据：%s没有计入“%s”的记录", "No data: %s holds no records for “%s”"), when(r.Period, l), nameOf(funnel.Funnel.Name, l))
		})
	}
	c.draw = func(f frame) sketch { return drawFunnel(f, steps) }
	return c.At(wideWidth)
}

// step is one step of a funnel; conversion is the share of the step before, nil for the first and after an empty step.
type step struct {
	name       policy.Text
	value      metrics.Value
	size       *big.Rat
	conversion *big.Rat // percent
	overall    *big.Rat // percent of the first step
}

func funnelSteps(r *metrics.Report, funnel metrics.FunnelValues) []step {
	hundred := big.NewRat(100, 1)
	steps := make([]step, 0, len(funnel.Steps))
	for i, v := range funnel.Steps {
		if v.KPI == nil && i < len(funnel.Funnel.Steps) {
			v.KPI = funnel.Funnel.Steps[i]
		}
		s := step{name: v.KPI.Name, value: v, size: new(big.Rat)}
		if size, ok := v.Exact(); ok {
			s.size = size
		}
		if i > 0 && steps[i-1].size.Sign() > 0 {
			s.conversion = new(big.Rat).Mul(hundred, new(big.Rat).Quo(s.size, steps[i-1].size))
		}
		if i > 0 && steps[0].size.Sign() > 0 {
			s.overall = new(big.Rat).Mul(hundred, new(big.Rat).Quo(s.size, steps[0].size))
		}
		steps = append(steps, s)
	}
	return steps
}

func (s step) scale(l policy.Lang) scale { return scaleOf(s.value.KPI, l, s.value) }

func funnelHeadline(steps []step, l policy.Lang) string {
	if len(steps) < 2 || steps[len(steps)-1].overall == nil {
		return ""
	}
	first, last := steps[0], steps[len(steps)-1]
	text := fmt.Sprintf(pick(l, "从%s %s 到%s %s，整体转化 %s%%", "From %s %s to %s %s: %s%% in all"),
		nameOf(first.name, l), first.scale(l).text(first.size), nameOf(last.name, l), last.scale(l).text(last.size), fixed.Text(last.overall, 1))
	if worst := weakest(steps); worst > 0 && len(steps) > 2 {
		text += fmt.Sprintf(pick(l, "；转化最低的一步是%s到%s（%s%%）", "; the weakest step is %s to %s (%s%%)"),
			nameOf(steps[worst-1].name, l), nameOf(steps[worst].name, l), fixed.Text(steps[worst].conversion, 1))
	}
	return text
}

// weakest gives the index of the step with the lowest conversion, 0 when there is none.
func weakest(steps []step) int {
	worst := 0
	for i, s := range steps {
		if s.conversion != nil && (worst == 0 || s.conversion.Cmp(steps[worst].conversion) < 0) {
			worst = i
		}
	}
	return worst
}

func listSteps(steps []step, l policy.Lang) string {
	text := ""
	for i, s := range steps {
		if i > 0 {
			text += pick(l, "；", "; ")
		}
		text += nameOf(s.name, l) + " " + s.scale(l).text(s.size)
		if s.conversion != nil {
			text += fmt.Sprintf(pick(l, "（上一步的 %s%%）", " (%s%% of the step before)"), fixed.Text(s.conversion, 1))
		}
	}
	return text
}

func funnelFigures(steps []step) Figures {
	figures := Figures{Head: []policy.Text{word("步骤", "Step"), word("数量", "Count"), word("占上一步（%）", "Of the step before (%)"), word("占第一步（%）", "Of the first step (%)")}}
	for _, s := range steps {
		row := []Cell{{Text: both(func(l policy.Lang) string { return nameOf(s.name, l) })}, number(fixed.Grouped(trimmed(s.size))), number(""), number("")}
		if s.conversion != nil {
			row[2] = number(fixed.Text(s.conversion, 2))
		}
		if s.overall != nil {
			row[3] = number(fixed.Text(s.overall, 2))
		}
		figures.Rows = append(figures.Rows, row)
	}
	return figures
}

// trimmed writes a number with as many decimals as it needs, at most four.
func trimmed(r *big.Rat) string {
	if n, ok := fixed.Round(r, fixed.Scale); ok {
		return n.String()
	}
	return fixed.Text(r, 0)
}

func drawFunnel(f frame, steps []step) sketch {
	names, notes := make([]string, len(steps)), make([]note, len(steps))
	most := new(big.Rat)
	for i, s := range steps {
		names[i] = nameOf(s.name, f.lang)
		notes[i] = note{number: s.scale(f.lang).short(s.size), colour: f.ink.Muted}
		if s.conversion != nil {
			notes[i].remark = pick(f.lang, "上一步的 ", "kept ") + fixed.Text(s.conversion, 1) + "%"
		}
		if s.size.Cmp(most) > 0 {
			most = s.size
		}
	}
	b := benchOf(f, nil, names, notes)
	high, _ := most.Float64()
	bar := echarts.NewBar()
	bar.SetGlobalOptions(common(f)...)
	bar.ExtendYAxis(opts.YAxis{Type: "category"})
	offsets, sizes := make([]opts.BarData, len(steps)), make([]opts.BarData, len(steps))
	tips := make(list, len(steps))
	for i, s := range steps {
		size, _ := s.size.Float64()
		offsets[i].Value, sizes[i].Value = rounded((high-size)/2), rounded(size)
		tips[i] = object{"tooltip": object{"formatter": literal(names[i]) + "\n" + s.scale(f.lang).text(s.size)}}
	}
	bar.AddSeries("offset", offsets, echarts.WithBarChartOpts(opts.BarChart{Stack: "funnel"}))
	bar.AddSeries("size", sizes, echarts.WithBarChartOpts(opts.BarChart{Stack: "funnel"}), echarts.WithItemStyleOpts(opts.ItemStyle{Color: f.ink.Actual}))
	return sketch{base: bar, height: b.height, add: dress(f, nil, object{
		"grid":  list{b.grid()},
		"xAxis": list{object{"type": "value", "show": false, "min": 0, "max": max(high, 1)}},
		"yAxis": list{merge(b.nameAxis(f, false), object{"axisLine": object{"show": false}}), b.noteAxis(f)},
		"series": list{
			still(object{"barWidth": b.row - 10, "silent": true, "itemStyle": object{"opacity": 0}}),
			still(object{"barWidth": b.row - 10, "data": tips}),
		},
	})}
}
