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

// fewCauses is how many causes are drawn one by one; the others are drawn together.
const fewCauses = 10

// Pareto draws what the records that miss a KPI, late deliveries say, are put down to: the most frequent cause first, with the share that
// the causes so far make up. late is Details.Late; within are the departments to look at (Within), nil for the company.
func Pareto(r *metrics.Report, who policy.Text, late *metrics.Causes, within map[string]bool) Chart {
	c := Chart{ID: "pareto-late"}
	if late == nil {
		c.Title = both(func(l policy.Lang) string {
			return nameOf(who, l) + " · " + pick(l, "未准时的原因", "Causes of what is late") + " · " + periodWords(r, l)
		})
		c.Empty = word("无数据：考核制度中没有可分析原因的准时率指标", "No data: the policy has no KPI of punctuality whose records tell causes")
		return c.At(wideWidth)
	}
	causes := late.In(within, r.Departments)
	whole := fixed.Num(0)
	for _, x := range causes {
		whole += x.Count
	}
	_, bad := sides(late.KPI)
	c.Title = both(func(l policy.Lang) string {
		return nameOf(who, l) + " · " + fmt.Sprintf(pick(l, "%s：%s的数量（件），按%s", "%s: numbers %s, by %s"), nameOf(late.KPI.Name, l), bad.In(l), causeWord(late, l)) + " · " + periodWords(r, l)
	})
	if whole == 0 {
		c.Empty = both(func(l policy.Lang) string {
			return fmt.Sprintf(pick(l, "%s没有%s的记录", "%s holds no records that are %s"), when(r.Period, l), bad.In(l))
		})
		return c.At(wideWidth)
	}
	c.Headline = both(func(l policy.Lang) string { return paretoHeadline(r, late, causes, whole, bad, l) })
	c.Description = both(func(l policy.Lang) string { return listCauses(causes, whole, l) })
	c.Figures = causeFigures(causes, whole, late)
	c.draw = func(f frame) sketch { return drawPareto(f, causes, whole) }
	return c.At(wideWidth)
}

// causeWord names what tells the cause.
func causeWord(late *metrics.Causes, l policy.Lang) string {
	if late.Column == nil {
		return pick(l, "部门", "department")
	}
	return nameOf(late.Column.Name, l)
}

func causeName(x metrics.Cause, l policy.Lang) string {
	if x.Blank {
		return pick(l, "未填写", "not said")
	}
	return nameOf(x.Name, l)
}

func paretoHeadline(r *metrics.Report, late *metrics.Causes, causes []metrics.Cause, whole fixed.Num, bad policy.Text, l policy.Lang) string {
	text := fmt.Sprintf(pick(l, "%s%s %s 件", "%s: %[3]s %[2]s"), when(r.Period, l), bad.In(l), cases(whole))
	if whole < fixed.Int(late.KPI.Minimum) {
		return text + pick(l, "，件数太少，不分析主要原因", ", too few to tell what matters most")
	}
	var top []string
	sum := fixed.Num(0)
	for _, x := range causes {
		if len(top) == 3 || x.Blank {
			break
		}
		sum += x.Count
		top = append(top, causeName(x, l)+pick(l, " ", " ")+cases(x.Count))
	}
	if len(top) > 0 && len(causes) > 1 {
		text += fmt.Sprintf(pick(l, "，其中%s，占 %s%%", ", of them %s: %s%%"), strings.Join(top, pick(l, "、", ", ")), fixed.Text(ratio100(sum, whole), 1))
	}
	return text
}

func listCauses(causes []metrics.Cause, whole fixed.Num, l policy.Lang) string {
	parts := make([]string, len(causes))
	sum := fixed.Num(0)
	for i, x := range causes {
		sum += x.Count
		parts[i] = fmt.Sprintf(pick(l, "%s %s 件，累计 %s%%", "%s %s, %s%% so far"), causeName(x, l), cases(x.Count), fixed.Text(ratio100(sum, whole), 1))
	}
	return strings.Join(parts, pick(l, "；", "; "))
}

func causeFigures(causes []metrics.Cause, whole fixed.Num, late *metrics.Causes) Figures {
	figures := Figures{Head: []policy.Text{both(func(l policy.Lang) string { return causeWord(late, l) }), word("件数", "Count"), word("占比（%）", "Share (%)"), word("累计占比（%）", "Share so far (%)")}}
	sum := fixed.Num(0)
	for _, x := range causes {
		sum += x.Count
		figures.Rows = append(figures.Rows, []Cell{{Text: both(func(l policy.Lang) string { return causeName(x, l) })}, number(cases(x.Count)),
			number(fixed.Text(ratio100(x.Count, whole), 2)), number(fixed.Text(ratio100(sum, whole), 2))})
	}
	return figures
}

// drawnCauses takes the rarest causes together where there are many; what is not said stays last.
func drawnCauses(causes []metrics.Cause) []metrics.Cause {
	said := len(causes)
	if said > 0 && causes[said-1].Blank {
		said--
	}
	if said <= fewCauses+1 {
		return causes
	}
	rest := metrics.Cause{}
	for _, x := range causes[fewCauses:said] {
		rest.Count += x.Count
	}
	n := said - fewCauses
	rest.Name = policy.Text{ZH: fmt.Sprintf("其余 %d 项合计", n), EN: fmt.Sprintf("%d others together", n)}
	return append(append(append([]metrics.Cause{}, causes[:fewCauses]...), rest), causes[said:]...)
}

func drawPareto(f frame, causes []metrics.Cause, whole fixed.Num) sketch {
	drawn := drawnCauses(causes)
	names, notes := make([]string, len(drawn)), make([]note, len(drawn))
	data, tips, line := make([]opts.BarData, len(drawn)), make(list, len(drawn)), list{}
	sum, most := fixed.Num(0), fixed.Num(0)
	for i, x := range drawn {
		sum += x.Count
		most = max(most, x.Count)
		share, _ := ratio100(sum, whole).Float64()
		names[i] = causeName(x, f.lang)
		notes[i] = note{cases(x.Count), pick(f.lang, "累计 ", "so far ") + fixed.Text(ratio100(sum, whole), 1) + "%", f.ink.Muted}
		data[i].Value = x.Count.Float()
		tip := object{"tooltip": object{"formatter": literal(names[i]) + "\n" + cases(x.Count) + "\n" + notes[i].remark}}
		if i >= fewCauses && !x.Blank && len(drawn) < len(causes) { // many rare ones together are no cause
			tip["itemStyle"] = object{"color": f.ink.BadPale}
		}
		tips[i] = tip
		line = append(line, object{"value": list{rounded(share), i}})
	}
	key := list{keyEntry{"■", f.ink.Bad, pick(f.lang, "件数", "count")}, keyEntry{"━", f.ink.Whisker, pick(f.lang, "累计占比（右端为 100%）", "share so far (right end: 100%)")}}
	b := benchOf(f, key, names, notes)
	bar := echarts.NewBar()
	bar.SetGlobalOptions(common(f)...)
	bar.ExtendYAxis(opts.YAxis{Type: "category"})
	bar.ExtendXAxis(opts.XAxis{Type: "value"})
	bar.AddSeries("count", data, echarts.WithItemStyleOpts(opts.ItemStyle{Color: f.ink.Bad}))
	return sketch{base: bar, height: b.height, add: dress(f, key, object{
		"grid": list{b.grid()},
		"xAxis": list{object{"type": "value", "show": false, "min": 0, "max": rounded(most.Float() * 1.02)},
			object{"type": "value", "show": false, "min": 0, "max": 102}},
		"yAxis": list{b.nameAxis(f, false), b.noteAxis(f)},
		"series": list{
			still(object{"barWidth": 16, "data": tips}),
			still(object{"type": "line", "name": "share", "silent": true, "xAxisIndex": 1, "yAxisIndex": 0, "symbol": "circle", "symbolSize": 5, "z": 3, "data": line,
				"lineStyle": object{"color": f.ink.Whisker, "width": 1.5}, "itemStyle": object{"color": f.ink.Whisker, "borderColor": f.ink.Paper, "borderWidth": 1}}),
		},
	})}
}

// Within gives the ids of a department and all below it, for charts of details.
func Within(r *metrics.Report, department string) map[string]bool { return subtree(r, department) }
