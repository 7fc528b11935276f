package charts

import (
	"slices"
	"strings"

	"plumbline/metrics"
	"plumbline/policy"
)

// Others is what a page says of the KPIs that get no chart of their own on it, in a table instead.
type Others struct {
	Groups   []Group
	Withheld []*policy.KPI // only values that so few gave anonymously that they are not shown
	Without  []*policy.KPI // no data in all months of the trend
}

// Group is the KPIs of one dataset, or the ratios of KPIs, in the order of the report.
type Group struct {
	Name policy.Text
	Rows []Other
}

// Other is one KPI of the company or a department.
type Other struct {
	KPI         *policy.KPI
	Now, Before metrics.Value
	Months      []metrics.Value // parallel to Report.Months
}

// OthersOfCompany gives the KPIs that the company's page does not draw.
func OthersOfCompany(r *metrics.Report) Others {
	return othersOf(r, r.Company, leadOfCompany(r))
}

// OthersOfDepartment gives the KPIs that a department's page does not draw.
func OthersOfDepartment(r *metrics.Report, d metrics.DepartmentLine) Others {
	return othersOf(r, d.Line, leadOfDepartment(r, d))
}

func othersOf(r *metrics.Report, line metrics.Line, lead []*policy.KPI) Others {
	var o Others
	for _, k := range r.KPIs {
		other := Other{k, valueOf(r, line.Values, k), valueOf(r, line.Before, k), monthsOf(r, line, k)}
		all := append([]metrics.Value{other.Now}, other.Months...)
		switch {
		case anyData(all):
			if !slices.Contains(lead, k) {
				o.add(other)
			}
		case slices.ContainsFunc(all, func(v metrics.Value) bool { return v.Status == metrics.Withheld }):
			o.Withheld = append(o.Withheld, k)
		default:
			o.Without = append(o.Without, k)
		}
	}
	return o
}

func (o *Others) add(other Other) {
	name := word("由指标相除", "Ratios of KPIs")
	if d := other.KPI.Dataset; d != nil {
		name = d.Name
	} else if !other.KPI.IsRatio() {
		name = word("其他", "Others")
	}
	for g := range o.Groups {
		if o.Groups[g].Name == name {
			o.Groups[g].Rows = append(o.Groups[g].Rows, other)
			return
		}
	}
	o.Groups = append(o.Groups, Group{name, []Other{other}})
}

// fewLead is how many KPIs lead a page where nobody is judged and nothing is aimed at.
const fewLead = 6

// leadOfDepartment gives the KPIs that are drawn on a department's page: those of its scorecard in the scorecard's order, then those
// with a target. Without either the first of those with data are drawn.
func leadOfDepartment(r *metrics.Report, d metrics.DepartmentLine) []*policy.KPI {
	var lead []*policy.KPI
	if r.Policy != nil {
		lead = judging(r, r.Policy.ScorecardFor(d.Department.Kind), nil)
	}
	return led(r, d.Line, append(lead, aimed(r, []metrics.Line{d.Line}, lead)...))
}

// leadOfCompany does the same for the company: the KPIs of all scorecards in use, then those with a target for it or a department.
func leadOfCompany(r *metrics.Report) []*policy.KPI {
	var lead []*policy.KPI
	lines := []metrics.Line{r.Company}
	for _, d := range r.Departments {
		lines = append(lines, d.Line)
		if r.Policy != nil {
			lead = append(lead, judging(r, r.Policy.ScorecardFor(d.Department.Kind), lead)...)
		}
	}
	return led(r, r.Company, append(lead, aimed(r, lines, lead)...))
}

// judging gives the listed KPIs that a scorecard judges by, but for those that there are already: items, band limits, penalties.
func judging(r *metrics.Report, card *policy.Scorecard, have []*policy.KPI) []*policy.KPI {
	if card == nil {
		return nil
	}
	var all, fresh []*policy.KPI
	for i := range card.Items {
		all = append(all, card.Items[i].KPI)
	}
	for i := range card.BandLimits {
		all = append(all, card.BandLimits[i].KPI)
	}
	for i := range card.Penalties {
		all = append(all, card.Penalties[i].KPI)
	}
	for _, k := range all {
		if slices.Contains(r.KPIs, k) && !slices.Contains(have, k) && !slices.Contains(fresh, k) {
			fresh = append(fresh, k)
		}
	}
	return fresh
}

// aimed gives the KPIs with a target in any of the lines, but for those that there are already.
func aimed(r *metrics.Report, lines []metrics.Line, have []*policy.KPI) []*policy.KPI {
	var list []*policy.KPI
	for _, k := range r.KPIs {
		if !slices.Contains(have, k) && slices.ContainsFunc(lines, func(l metrics.Line) bool { return valueOf(r, l.Values, k).Target != nil }) {
			list = append(list, k)
		}
	}
	return list
}

// led leaves out what has no data in the whole trend, or takes the first KPIs with data where there is nothing to lead.
func led(r *metrics.Report, line metrics.Line, lead []*policy.KPI) []*policy.KPI {
	few := len(lead) == 0
	if few {
		lead = slices.Clone(r.KPIs)
	}
	lead = slices.DeleteFunc(lead, func(k *policy.KPI) bool { return !anyData(append(monthsOf(r, line, k), valueOf(r, line.Values, k))) })
	if few {
		lead = lead[:min(len(lead), fewLead)]
	}
	return lead
}

// pageOthers is Others as the template receives it.
type pageOthers struct {
	Heading           string
	Head              []pageHead
	Groups            []pageGroup
	Withheld, Without string
}

// pageHead heads a column; what is more is left out on a narrow screen.
type pageHead struct{ Text, More, Class string }

type pageGroup struct {
	Name string
	Rows []pageOther
}

type pageOther struct {
	Name, Now, Before, Change, Good, N, Spoken string // Good: "good", "bad" or ""
	Bars                                       []bar
	Width                                      int
}

// bar is a month in a small picture: a full one, a hollow one of too few rows, or none.
type bar struct {
	X, Y, Height int
	Kind         string // "now" within the period, "past" before it, "few"
}

// Measures of the small pictures in pixels.
const (
	barWidth  = 7 // with the gap behind it
	barHeight = 24
)

// fillOthers writes the table of a page.
func fillOthers(r *metrics.Report, o Others, l policy.Lang) *pageOthers {
	if len(o.Groups) == 0 && len(o.Without) == 0 && len(o.Withheld) == 0 {
		return nil
	}
	p := &pageOthers{Heading: pick(l, "其他指标", "Other KPIs"), Without: listKPIs(pick(l, "无数据：", "No data: "), o.Without, l),
		Withheld: listKPIs(pick(l, "为保护匿名答卷不显示：", "Withheld to keep answers anonymous: "), o.Withheld, l)}
	p.Head = []pageHead{{Text: pick(l, "指标", "KPI")}, {Text: pick(l, "走势", "Trend"), More: trendSpan(r, l)}, {Text: when(r.Period, l), Class: "number"},
		{Text: when(r.Period.Before(), l), Class: "number more"}, {Text: pick(l, "变化", "Change"), Class: "number"}, {Text: "n", Class: "number more"}}
	for _, g := range o.Groups {
		group := pageGroup{Name: nameOf(g.Name, l)}
		for _, other := range g.Rows {
			group.Rows = append(group.Rows, fillOther(r, other, l))
		}
		p.Groups = append(p.Groups, group)
	}
	return p
}

func listKPIs(before string, kpis []*policy.KPI, l policy.Lang) string {
	if len(kpis) == 0 {
		return ""
	}
	names := make([]string, len(kpis))
	for i, k := range kpis {
		names[i] = nameOf(k.Name, l)
	}
	return before + strings.Join(names, pick(l, "、", ", "))
}

func fillOther(r *metrics.Report, o Other, l policy.Lang) pageOther {
	s := scaleOf(o.KPI, l, append([]metrics.Value{o.Now, o.Before}, o.Months...)...)
	p := pageOther{Name: nameOf(o.KPI.Name, l), Now: say(o.Now, s), Before: say(o.Before, s), Spoken: listMonths(o.Months, s),
		Bars: barsOfMonths(r, o.Months), Width: barWidth * len(o.Months)}
	if !o.KPI.HigherIsBetter {
		p.Name += pick(l, "（越低越好）", " (lower is better)")
	}
	if o.Now.Status == metrics.OK || o.Now.Status == metrics.Insufficient {
		p.N = cases(o.Now.N)
	}
	p.Change, p.Good = changed(o.Now, o.Before, s)
	return p
}

// changed writes a change that can be told from chance with an arrow, and whether it is good.
func changed(now, before metrics.Value, s scale) (text, good string) {
	a, okA := now.Exact()
	b, okB := before.Exact()
	if !okA || !okB || now.Status != metrics.OK || before.Status != metrics.OK {
		return "", ""
	}
	if change(now, before, s) == "" {
		return pick(s.lang, "≈ 无显著变化", "≈ not clear"), ""
	}
	diff := a.Sub(a, b)
	if diff.Sign() == 0 {
		return "0", ""
	}
	arrow, good := "▲ ", "bad"
	if diff.Sign() < 0 {
		arrow = "▼ "
	}
	if (diff.Sign() > 0) == now.KPI.HigherIsBetter {
		good = "good"
	}
	return arrow + s.difference(diff), good
}

// barsOfMonths draws months from zero; below zero nothing is drawn.
func barsOfMonths(r *metrics.Report, months []metrics.Value) []bar {
	most := largest(months)
	if most == 0 {
		most = 1
	}
	var bars []bar
	for i, v := range months {
		f, ok := v.Float()
		if !ok || f < 0 {
			continue
		}
		height := max(1, int(f/most*barHeight+0.5))
		b := bar{X: i * barWidth, Y: barHeight - height, Height: height, Kind: "past"}
		switch {
		case v.Status == metrics.Insufficient:
			b.Kind = "few"
		case r.Period.Contains(v.Period.Start()):
			b.Kind = "now"
		}
		bars = append(bars, b)
	}
	return bars
}
