package reports

import (
	"fmt"

	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

func (b *book) okWords() string { return b.t("正常", "ok") }

// valueWords says how sure a value is.
func (b *book) valueWords(v metrics.Value) string {
	switch v.Status {
	case metrics.OK:
		return b.okWords()
	case metrics.Insufficient:
		return b.fewWords() + v.N.String()
	case metrics.Withheld:
		return b.withheldWords()
	}
	return b.noDataWords()
}

func (b *book) nameOf(p period.Period) string {
	if b.lang == policy.EN {
		return p.EN()
	}
	return p.ZH()
}

// kpiBlock shows one KPI of the company and all departments beside target, period before and year before.
func (o *overview) kpiBlock(s *sheet, i int) {
	k := o.Report.KPIs[i]
	title := o.kpiTitle(k) + o.t("　", ", ") + o.direction(k)
	if k.Minimum > 0 {
		title += fmt.Sprintf(o.t("，最少样本 n=%d", ", minimum n=%d"), k.Minimum)
	}
	s.put(1, look{size: 11, bold: true, align: "left"}, title)
	s.end(20)
	step := o.t("（百分点）", " (pp)")
	if k.Unit != policy.Percent {
		step = " %"
	}
	heads := make([]string, colStatus)
	for col, words := range map[int][2]string{colUnitName: {"部门", "Department"}, colValue: {"实际", "Actual"}, colAim: {"目标", "Target"},
		colReach: {"达成率 %", "Attainment %"}, colBefore: {"上期", "Before"}, colStep: {"较上期" + step, "Change" + step},
		colYear: {"上年同期", "Year before"}, colYearStep: {"同比" + step, "On year" + step}, colSumNum: {"分子", "Numerator"},
		colSumDen: {"分母", "Denominator"}, colCount: {"样本 n", "n"}, colStatus: {"状态", "Status"}} {
		heads[col-1] = o.t(words[0], words[1])
	}
	s.header(heads, colUnitName, colStatus)
	first := s.row
	for n, u := range o.units() {
		s.link(colValue, spot(o.plan.receipts, 7, receiptsFirst+n*len(o.Report.KPIs)+i))
		name := look{align: "left", indent: u.depth, wrap: true, line: hairline, bold: u.dept == nil}
		o.kpiRow(s, name, u.name, u.line, i)
	}
	for _, col := range []int{colStep, colYearStep} {
		s.keep(o.arrowRules(s.name, address(col, first)+":"+address(col, s.row-1), k.HigherIsBetter))
	}
	for _, col := range []int{colValue, colBefore, colYear} {
		s.keep(o.wordRule(s.name, address(col, first)+":"+address(col, s.row-1), address(col, first)))
	}
	s.skip(1)
}

// kpiRow shows one KPI of the company or a department under a name.
func (o *overview) kpiRow(s *sheet, l look, name string, line *metrics.Line, i int) {
	k, v, row := o.Report.KPIs[i], line.Values[i], s.row
	at := func(col int) string { return address(col, row) }
	s.put(colUnitName, l, name)
	o.putValue(s, v, colValue, colSumNum, colSumDen, colCount)
	format := number(valueFormat(k.Unit))
	if v.Target != nil {
		s.put(colAim, format, v.Target.Float())
	}
	ok := at(colStatus) + "=" + literal(o.okWords())
	var reach any = ""
	if value, has := v.Float(); has && v.Target != nil && v.Status == metrics.OK {
		reach = numberOr(attained(value, v.Target.Float(), k.HigherIsBetter), "")
	}
	over, under := at(colValue), at(colAim)
	if !k.HigherIsBetter {
		over, under = under, over
	}
	if v.Target != nil {
		s.formula(colReach, number(fmtOne), "IF(AND("+ok+",ISNUMBER("+over+"),ISNUMBER("+under+")),IF("+under+`<=0,"",`+over+"/"+under+`*100),"")`, reach)
	}
	o.compare(s, v, line.Before, i, colBefore, colStep)
	o.compare(s, v, line.YearBefore, i, colYear, colYearStep)
	o.putStatus(s, v, colStatus, colValue, colCount)
	s.blank(1, colStatus, textLook)
	s.end(rowHeight(wrappedLines(name, s.frame.widths[0]-float64(2*l.indent))))
}

// putValue writes a value as a formula over its two sums, which stand in the columns given. Of a withheld one nothing is written but that.
func (b *book) putValue(s *sheet, v metrics.Value, value, numerator, denominator, count int) {
	k := v.KPI
	if v.Status == metrics.Withheld {
		s.put(value, look{align: "right", line: hairline}, b.withheldWords())
		return
	}
	at := func(col int) string { return address(col, s.row) }
	factor := ""
	if k.Unit == policy.Percent {
		factor = "*100"
	}
	s.put(numerator, number(sumFormat(k.Upper(), v.Ratio.Num)), v.Ratio.Num.Float())
	s.put(count, number(countFormat(v.N)), v.N.Float())
	formula := "IF(" + at(count) + "=0," + literal(b.noDataWords()) + "," + at(numerator) + factor + ")"
	if lower, ok := k.Lower(); ok {
		s.put(denominator, number(sumFormat(lower, v.Ratio.Den)), v.Ratio.Den.Float())
		formula = "IF(OR(" + at(count) + "=0," + at(denominator) + "=0)," + literal(b.noDataWords()) + "," + at(numerator) + "/" + at(denominator) + factor + ")"
	}
	var shown any = b.noDataWords()
	if x, ok := v.Float(); ok {
		shown = x
	}
	s.formula(value, number(valueFormat(k.Unit)), formula, shown)
}

// putStatus says how sure a value is, as a formula over the value and its count in the columns given.
func (b *book) putStatus(s *sheet, v metrics.Value, status, value, count int) {
	if v.Status == metrics.Withheld {
		s.put(status, midLook, b.withheldWords())
		return
	}
	at := func(col int) string { return address(col, s.row) }
	s.formula(status, midLook, "IF(ISNUMBER("+at(value)+"),IF("+at(count)+"<"+b.plan.define.minimum(v.KPI)+","+
		literal(b.fewWords())+"&"+at(count)+","+literal(b.okWords())+"),"+literal(b.noDataWords())+")", b.valueWords(v))
}

// compare writes an earlier value and the change since: percentage points for a percentage, percent for anything else.
// Nothing is compared with too little data on either side.
func (o *overview) compare(s *sheet, now metrics.Value, earlier []metrics.Value, i, col, step int) {
	if i >= len(earlier) {
		return
	}
	then := earlier[i]
	a, aOK := now.Float()
	c, cOK := then.Float()
	if then.Status != metrics.OK || !cOK {
		s.put(col, look{align: "right", ink: faintInk, line: hairline}, o.valueWords(then))
		s.put(step, number(fmtChange), nil)
		return
	}
	s.put(col, number(valueFormat(then.KPI.Unit)), c)
	formula, change := address(colValue, s.row)+"-"+address(col, s.row), a-c
	if then.KPI.Unit != policy.Percent {
		formula = "(" + address(colValue, s.row) + "/" + address(col, s.row) + "-1)*100"
		if c == 0 {
			s.put(step, number(fmtChange), nil)
			return
		}
		change = (a/c - 1) * 100
	}
	var shown any = ""
	if now.Status == metrics.OK && aOK {
		shown = change
	}
	s.formula(step, number(fmtChange), "IF("+address(colStatus, s.row)+"="+literal(o.okWords())+","+formula+`,"")`, shown)
}

// trendTable shows the company month by month.
func (o *overview) trendTable(s *sheet) {
	s.row = o.trendRow
	s.section(o.t("全公司按月走势", "Company by month"))
	heads := make([]string, 1+len(o.listed))
	heads[0] = o.t("月份", "Month")
	for j, i := range o.listed {
		heads[1+j] = o.kpiTitle(o.Report.KPIs[i])
	}
	s.header(heads, 1)
	for m, month := range o.Report.Months {
		s.put(1, textLook, month.String())
		for j, i := range o.listed {
			if i >= len(o.Report.Company.Months) {
				continue
			}
			v := o.Report.Company.Months[i][m]
			if x, ok := v.Float(); ok && v.Status == metrics.OK {
				s.put(2+j, number(valueFormat(v.KPI.Unit)), x)
			} else {
				s.put(2+j, number(valueFormat(policy.Percent)), nil)
			}
		}
		s.end(0)
	}
	s.skip(1)
}
