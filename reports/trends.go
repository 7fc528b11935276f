package reports

import (
	"plumbline/metrics"
	"plumbline/policy"
)

// trendKPIs are the KPIs whose months are shown: those of scorecards and those with targets that have any.
func (b *book) trendKPIs() []int {
	o := &overview{book: b}
	o.sortKPIs()
	var list []int
	for _, i := range o.listed {
		if o.drawn(i) {
			list = append(list, i)
		}
	}
	return list
}

// writeTrends shows every KPI of the company and each department month by month, with a sparkline beside. Months without enough data are
// gaps, never zeros.
func (b *book) writeTrends() error {
	months := b.Report.Months
	const first = 4 // column of the first month
	line, change := first+len(months), first+len(months)+2
	l := &list{table: "tbl_trends", columns: []listColumn{{head: b.t("指标", "KPI"), look: wrapLook, least: 18, most: 34}, {head: b.t("部门", "Department"), look: wrapLook, least: 14, most: 54},
		{head: b.t("方向", "Direction"), look: textLook, least: 11}}}
	for _, m := range months {
		l.columns = append(l.columns, listColumn{head: m.String(), look: number("0"), least: 10, most: 22})
	}
	l.columns = append(l.columns, listColumn{head: b.t("走势", "Trend"), look: textLook, least: 20}, listColumn{head: b.t("末月", "Last month"), look: number(fmtOne), least: 11, most: 22},
		listColumn{head: b.t("较上月", "On month"), look: number(fmtChange), least: 11, most: 22})
	kpis, units := b.trendKPIs(), b.units()
	var drawn []bool
	for _, k := range kpis {
		for _, u := range units {
			if k < len(u.line.Months) {
				if row, n := b.trendRow(k, u, first); n > 0 {
					l.rows, drawn = append(l.rows, row), append(drawn, n > 1)
				}
			}
		}
	}
	const head = 3
	widths := make([]float64, len(l.columns))
	l.fit(widths)
	rows := head - 1 + l.height()
	s, err := b.open(b.plan.trends, frame{tab: tabOverview, columns: len(l.columns), rows: rows, widths: widths, freezeCol: first, freezeRow: head + 1, titles: [2]int{head, head}})
	if err != nil {
		return err
	}
	s.line(titleLook, b.t("逐月走势  ", "Month by month  ")+b.nameOf(months[0])+b.t(" 至 ", " to ")+b.nameOf(months[len(months)-1]))
	s.line(noteLook, b.t("样本不足或无数据的月份留空，走势线在该处断开。部门含下级部门。较上月：百分比指标以百分点计，其余以百分比计。",
		"Months without enough data are blank and the line breaks there. Departments include their sub-departments. Change on the month: percentage points for percentages, percent for all else."))
	for i, from := 0, 0; i < len(l.rows); i++ {
		if s.row = head + 1 + i; drawn[i] {
			s.sparkline(line, first, line-1)
		}
		if k := l.rows[i][0].kpi; i+1 == len(l.rows) || l.rows[i+1][0].kpi != k {
			s.keep(b.arrowRules(s.name, address(change, head+1+from)+":"+address(change, head+1+i), b.Report.KPIs[k].HigherIsBetter))
			from = i + 1
		}
	}
	s.row = head
	s.list(l)
	return s.close()
}

// trendRow is a KPI of a unit by month, and how many months can be drawn.
func (b *book) trendRow(k int, u unitLine, first int) ([]listCell, int) {
	kpi := b.Report.KPIs[k]
	values := u.line.Months[k]
	format := number(axisFormat(kpi.Unit))
	if kpi.Unit == policy.Percent {
		format = number(fmtOne)
	}
	row := []listCell{{value: b.kpiTitle(kpi), kpi: k}, {value: u.name, look: look{align: "left", indent: u.depth, wrap: true, line: hairline}}, {value: b.direction(kpi)}}
	if u.dept != nil {
		if p := b.plan.byDepartment[u.dept.Department.ID]; p != nil {
			row[1].link = quoted(p.sheet) + "!A1"
		}
	}
	n := 0
	for _, v := range values {
		c := listCell{look: format}
		if x, ok := sureFloat(v); ok {
			c.value, n = x, n+1
		}
		row = append(row, c)
	}
	lastCell, beforeCell := letters(first+len(values)-1)+"{r}", letters(first+len(values)-2)+"{r}"
	now, okNow := sureFloat(values[len(values)-1])
	then, okThen := sureFloat(values[len(values)-2])
	formula, step := lastCell+"-"+beforeCell, now-then
	if kpi.Unit != policy.Percent {
		formula = "IF(" + beforeCell + `=0,"",(` + lastCell + "/" + beforeCell + "-1)*100)"
		step = (now/then - 1) * 100
	}
	changed, shown := listCell{value: "", formula: "IF(AND(ISNUMBER(" + lastCell + "),ISNUMBER(" + beforeCell + "))," + formula + `,"")`}, listCell{look: format, value: "", formula: "IF(ISNUMBER(" + lastCell + ")," + lastCell + `,"")`}
	if okNow {
		shown.value = now
	}
	if okNow && okThen {
		changed.value = numberOr(step, "")
	}
	return append(row, listCell{}, shown, changed), n
}

// sureFloat is a value with enough data.
func sureFloat(v metrics.Value) (float64, bool) {
	x, ok := v.Float()
	return x, ok && v.Status == metrics.OK
}
