package reports

import (
	"slices"
	"strings"

	"plumbline/metrics"
	"plumbline/policy"
)

// kpiGroup is the KPIs of one dataset, by index into Report.KPIs.
type kpiGroup struct {
	name policy.Text
	kpis []int
}

// sortKPIs puts first what somebody is judged by or what has a target; of the others it keeps those with data apart from those without.
func (o *overview) sortKPIs() {
	judged := map[string]bool{}
	for _, card := range o.Report.Policy.Scorecards {
		for _, k := range judgedBy(card) {
			judged[k.ID] = true
		}
	}
	for i, k := range o.Report.KPIs {
		switch {
		case judged[k.ID] || o.aimed(i):
			o.listed = append(o.listed, i)
		case o.known(i):
			o.addOther(i)
		default:
			o.without = append(o.without, i)
		}
	}
}

// aimed reports whether the company or a department has a target for a KPI.
func (o *overview) aimed(i int) bool {
	return slices.ContainsFunc(o.units(), func(u unitLine) bool { return u.line.Values[i].Target != nil })
}

// known reports whether there is anything to say of a KPI, in the period or in those it is compared with.
func (o *overview) known(i int) bool {
	has := func(values []metrics.Value) bool { return i < len(values) && values[i].Status != metrics.NoData }
	for _, u := range o.units() {
		if has(u.line.Values) || has(u.line.Before) || has(u.line.YearBefore) {
			return true
		}
	}
	return false
}

func (o *overview) addOther(i int) {
	name := policy.Text{ZH: "由指标相除", EN: "Ratios of KPIs"}
	if d := o.Report.KPIs[i].Dataset; d != nil {
		name = d.Name
	}
	for g := range o.others {
		if o.others[g].name == name {
			o.others[g].kpis = append(o.others[g].kpis, i)
			return
		}
	}
	o.others = append(o.others, kpiGroup{name, []int{i}})
}

// otherRows is how many rows the table of the other KPIs takes.
func (o *overview) otherRows() int {
	if len(o.others) == 0 && len(o.without) == 0 {
		return 0
	}
	rows := 2 // section, blank
	if len(o.others) > 0 {
		rows++ // header
	}
	for _, g := range o.others {
		rows += 1 + len(g.kpis)
	}
	if len(o.without) > 0 {
		rows++
	}
	return rows
}

// otherTable shows the company's value of every other KPI in one row, by dataset, and names those without data.
func (o *overview) otherTable(s *sheet) {
	if o.otherRows() == 0 {
		return
	}
	s.row = o.othersRow
	s.section(o.t("其他指标（全公司，各部门的见「"+o.plan.receipts+"」）", "Other KPIs (company; those of departments on sheet "+o.plan.receipts+")"))
	if len(o.others) > 0 {
		step := o.t("（百分点或 %）", " (pp or %)")
		heads := []string{o.t("指标", "KPI"), o.t("实际", "Actual"), o.t("目标", "Target"), o.t("达成率 %", "Attainment %"), o.t("上期", "Before"), o.t("较上期", "Change") + step,
			o.t("上年同期", "Year before"), o.t("同比", "On year") + step, o.t("分子", "Numerator"), o.t("分母", "Denominator"), o.t("样本 n", "n"), o.t("状态", "Status")}
		s.header(heads, colUnitName, colStatus)
	}
	for _, g := range o.others {
		s.put(colUnitName, look{align: "left", bold: true, ink: faintInk}, g.name.In(o.lang))
		s.end(18)
		for _, i := range g.kpis {
			o.otherRow(s, i)
		}
	}
	if len(o.without) > 0 {
		names := make([]string, len(o.without))
		for j, i := range o.without {
			names[j] = o.Report.KPIs[i].Name.In(o.lang)
		}
		s.line(noteLook, o.t("无数据：", "No data: ")+strings.Join(names, o.t("、", ", ")))
	}
}

func (o *overview) otherRow(s *sheet, i int) {
	for _, col := range []int{colStep, colYearStep} {
		s.keep(o.arrowRules(s.name, address(col, s.row), o.Report.KPIs[i].HigherIsBetter))
	}
	for _, col := range []int{colValue, colBefore, colYear} {
		s.keep(o.wordRule(s.name, address(col, s.row), address(col, s.row)))
	}
	o.kpiRow(s, look{align: "left", indent: 1, wrap: true, line: hairline}, o.kpiTitle(o.Report.KPIs[i]), &o.Report.Company, i)
}
