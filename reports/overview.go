package reports

import (
	"fmt"

	"plumbline/metrics"
	"plumbline/policy"
)

// overview is the first sheet: headlines, the departments with their bands, charts, a block for every KPI that somebody is judged by or
// that has a target, one row for each of the others, the trend, and the figures that the charts draw. All rows are counted before the first
// is written.
type overview struct {
	*book
	headlines  []string
	listed     []int      // indexes into Report.KPIs of the KPIs with a block and a chart
	others     []kpiGroup // the others that have data
	without    []int      // those without any data
	columns    int
	chartWidth uint // pixels, of the chart in hand
	chartTall  uint // pixels, its height
	// Rows.
	unitsRow, chartsRow, blocksRow, othersRow, trendRow, dataRow, rows int
	charts                                                             []chartSpot
}

// Rows above the tables, and the height of a strip of charts.
const (
	rowHeadlines = 3
	chartRows    = 17
	chartHeight  = 325 // pixels
	rowPixels    = 20
)

// unitLine is the company or a department, as rows of the overview show it.
type unitLine struct {
	name  string
	depth int
	line  *metrics.Line
	dept  *metrics.DepartmentLine // nil for the company
}

func (b *book) units() []unitLine {
	list := []unitLine{{name: b.t("全公司", "Company"), line: &b.Report.Company}}
	for i := range b.Report.Departments {
		d := &b.Report.Departments[i]
		list = append(list, unitLine{d.Department.Name.In(b.lang), d.Department.Depth + 1, &d.Line, d})
	}
	return list
}

func (b *book) newOverview() *overview {
	o := &overview{book: b}
	o.sortKPIs()
	o.headlines = o.headlinesOf()
	units := len(b.Report.Departments) + 1
	o.columns = max(colStatus, colFirstBand+len(b.Report.Policy.Bands)+1, 1+len(o.listed))
	o.unitsRow = rowHeadlines + len(o.headlines) + 1
	o.chartsRow = o.unitsRow + 2 + (units - 1) + 2 + 1 // section, heads, departments, sum, note, blank
	o.planCharts()
	o.blocksRow = o.layCharts() + 1
	o.othersRow = o.blocksRow + 1 + len(o.listed)*(units+3) // section; each block: name, heads, units, blank
	o.trendRow = o.othersRow + o.otherRows()
	o.dataRow = o.trendRow + 2 + len(b.Report.Months) + 1
	o.rows = o.dataRow + 1
	for i := range o.charts {
		o.rows = o.placeData(&o.charts[i], o.rows)
	}
	return o
}

// Columns of the overview.
const (
	colUnitName = 1
	// the departments' table
	colKind, colHeads, colScore, colBand, colFirstBand = 2, 3, 4, 5, 6
	// a KPI's block
	colValue, colAim, colReach, colBefore, colStep, colYear, colYearStep, colSumNum, colSumDen, colCount, colStatus = 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
)

func (b *book) writeOverview() error {
	o := b.newOverview()
	widths := make([]float64, o.columns)
	for i := range widths {
		widths[i] = 13.5
	}
	o.fitSums(widths)
	names := 0
	for _, u := range b.units() {
		names = max(names, textWidth(u.name)+2*u.depth)
	}
	for _, k := range b.Report.KPIs {
		names = max(names, textWidth(b.kpiTitle(k))+2)
	}
	widths[0] = fit(names, 24, 40)
	s, err := b.open(b.plan.overview, frame{tab: tabOverview, columns: o.columns, rows: o.rows - 1, widths: widths, titles: [2]int{1, 1}})
	if err != nil {
		return err
	}
	o.breakPages(s)
	if err := o.drawCharts(widths); err != nil {
		return err
	}
	s.line(titleLook, b.Report.Policy.Company.Name.In(b.lang)+"  "+b.periodName()+" "+Subject.In(b.lang))
	s.line(noteLook, fmt.Sprintf(b.t("统计截至 %s；与%s（较上期）及%s（同比）比较；百分比指标的变化以百分点计。",
		"Up to %s; compared with %s (previous) and %s (a year before); changes of percentages are in percentage points."),
		b.Report.Day.Format("2006-01-02"), b.nameOf(b.Report.Period.Before()), b.nameOf(b.Report.Period.YearBefore())))
	for _, h := range o.headlines {
		s.line(sayLook, h)
	}
	s.skip(1)
	o.departmentTable(s)
	s.section(b.t("图表", "Charts"))
	s.row = o.blocksRow
	s.section(b.t("考核指标与设有目标的指标", "KPIs of the scorecards and those with targets"))
	for _, i := range o.listed {
		o.kpiBlock(s, i)
	}
	o.otherTable(s)
	o.trendTable(s)
	o.chartData(s)
	return s.close()
}

// fitSums widens the columns of values and sums to the company's, which are the largest.
func (o *overview) fitSums(widths []float64) {
	for _, v := range o.Report.Company.Values {
		x, _ := v.Float()
		shown := fit(numberWidth(x, decimals(v.KPI.Unit))+1, 13.5, 26)
		for _, col := range []int{colValue, colAim, colBefore, colYear} {
			widths[col-1] = max(widths[col-1], shown)
		}
		widths[colSumNum-1] = max(widths[colSumNum-1], fit(numberWidth(v.Ratio.Num.Float(), 2), 13.5, 26))
		widths[colSumDen-1] = max(widths[colSumDen-1], fit(numberWidth(v.Ratio.Den.Float(), 2), 13.5, 26))
	}
}

// departmentTable shows every department with its score and how many of its people reached each band.
func (o *overview) departmentTable(s *sheet) {
	bands := o.Report.Policy.Bands
	s.section(o.t("部门得分与等级分布（人次）", "Departments: score, and stays by band"))
	heads := make([]string, o.columns)
	heads[0], heads[colKind-1], heads[colHeads-1] = o.t("部门", "Department"), o.t("类别", "Kind"), o.t("期末在岗", "Headcount")
	heads[colScore-1], heads[colBand-1] = o.t("部门得分", "Score"), o.t("部门等级", "Band")
	for i := range bands {
		heads[colFirstBand-1+i] = o.bandLabel(&bands[i])
	}
	none := colFirstBand + len(bands)
	heads[none-1], heads[none] = o.noScoreWords(), o.t("合计", "Sum")
	headRow := s.row
	s.header(heads, 1, colKind, colBand)
	first := s.row
	for i := range o.Report.Departments {
		o.departmentRow(s, &o.Report.Departments[i], headRow)
	}
	sum := number(fmtInt).strong()
	sum.line, sum.fill = rule, sumFill
	s.put(1, look{bold: true, align: "left", line: rule, fill: sumFill}, o.t("合计", "Sum"))
	for col := colFirstBand; col <= none+1; col++ {
		cells := address(col, first) + ":" + address(col, s.row-1)
		s.formula(col, sum, "SUM("+cells+")", o.countStays(o.Report.People, col-colFirstBand))
	}
	s.blank(1, none+1, sum)
	s.end(0)
	s.line(noteLook, o.t("人次按所在部门计，不含下级部门；调动人员在每个部门各计一次。部门得分按该类部门的考核表计算，不含上级评分。",
		"Stays count where the days were spent, without sub-departments; a person who moved counts in each. A department's score follows its scorecard, without a superior's share.")+
		o.gradedWords())
	s.skip(1)
}

// gradedWords says where the bands after a forced distribution stand.
func (o *overview) gradedWords() string {
	if len(o.plan.groups) == 0 {
		return ""
	}
	return o.t("此处等级为强制分布之前的等级，分布后的见「"+o.plan.forced+"」。", " The bands here are those before the forced distribution; those after it stand on sheet "+o.plan.forced+".")
}

func (o *overview) departmentRow(s *sheet, d *metrics.DepartmentLine, headRow int) {
	bands := o.Report.Policy.Bands
	p := o.plan.byDepartment[d.Department.ID]
	name := look{align: "left", indent: d.Department.Depth, wrap: true, line: hairline}
	if p != nil {
		name.ink, name.under = linkInk, true
		s.keep(o.file.SetCellHyperLink(s.name, address(1, s.row), quoted(p.sheet)+"!A1", "Location"))
	}
	s.put(1, name, d.Department.Name.In(o.lang))
	s.put(colKind, midLook, text(d.Department.KindName.In(o.lang)))
	s.put(colHeads, number(fmtInt), d.Headcount)
	band := midLook
	if d.Score.Band != nil {
		band.fill = o.fillOf(d.Score.Band)
	}
	if p != nil && d.Score.Scorecard != nil {
		s.formula(colScore, number(fmtTwo), quoted(p.sheet)+"!"+address(p.total, rowDepartment), scoreOrBlank(d.Score.Total))
		s.formula(colBand, band, quoted(p.sheet)+"!"+address(p.band, rowDepartment), o.bandLabel(d.Score.Band))
	} else {
		s.put(colScore, number(fmtTwo), orNothing(d.Score.Total))
		s.put(colBand, band, text(o.bandLabel(d.Score.Band)))
	}
	none := colFirstBand + len(bands)
	if p != nil {
		for i := range bands {
			col := colFirstBand + i
			s.formula(col, number(fmtInt+";;"), "COUNTIF("+p.there(p.band)+","+letters(col)+"$"+itoa(headRow)+")", o.countStays(p.people, i))
		}
		from, to := address(colFirstBand, s.row), address(none-1, s.row)
		unscored, people := o.countStays(p.people, len(bands)), len(p.people)
		s.formula(none+1, number(fmtInt), "COUNTA("+p.there(colNo)+")", people)
		s.formula(none, number(fmtInt+";;"), address(none+1, s.row)+"-SUM("+from+":"+to+")", unscored)
	}
	s.blank(1, none+1, textLook)
	s.end(rowHeight(wrappedLines(d.Department.Name.In(o.lang), s.frame.widths[0]-float64(2*d.Department.Depth))))
}

func (b *book) fillOf(band *policy.Band) string {
	bands := b.Report.Policy.Bands
	for i := range bands {
		if bands[i].ID == band.ID {
			return bandFill(i, len(bands))
		}
	}
	return ""
}

// countStays counts the stays in band i; past the last band those without one, and then all.
func (b *book) countStays(people []metrics.PersonLine, i int) int {
	bands, n := b.Report.Policy.Bands, 0
	for j := range people {
		band := people[j].Score.Band
		switch {
		case i > len(bands), i == len(bands) && band == nil, i < len(bands) && band != nil && band.ID == bands[i].ID:
			n++
		}
	}
	return n
}

// blockRow gives the row of unit u in the block of the i-th listed KPI.
func (o *overview) blockRow(i, u int) int {
	return o.blocksRow + 1 + i*(len(o.Report.Departments)+4) + 2 + u
}
