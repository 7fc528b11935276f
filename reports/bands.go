package reports

import (
	"slices"

	"github.com/xuri/excelize/v2"

	"plumbline/metrics"
)

// Rows and columns of the sheet of bands.
const (
	bandsHead  = 3
	bandsFirst = 3 // column of the best band; before it department and stays
)

// writeBands shows how the stays of each department spread over the bands: counts as formulas over the department sheets, shares, and a chart.
func (b *book) writeBands() error {
	bands, stays := b.Report.Policy.Bands, b.plan.stays
	n := len(bands)
	none, share := bandsFirst+n, bandsFirst+n+1
	l := &list{table: "tbl_bands", columns: []listColumn{{head: b.t("部门", "Department"), look: wrapLook, least: 20, most: 44}, {head: b.t("人次", "Stays"), look: number(fmtInt)}}}
	for i := range bands {
		l.columns = append(l.columns, listColumn{head: b.bandLabel(&bands[i]), look: number(fmtInt + ";;"), least: 11})
	}
	l.columns = append(l.columns, listColumn{head: b.noScoreWords(), look: number(fmtInt + ";;"), least: 11})
	for i := range bands {
		l.columns = append(l.columns, listColumn{head: b.bandLabel(&bands[i]) + " %", look: number("0.0;;"), least: 11})
	}
	for i := range stays {
		l.rows = append(l.rows, b.bandRow(&stays[i], none, share))
	}
	widths := make([]float64, len(l.columns))
	l.fit(widths)
	sumRow := bandsHead + 1 + len(stays)
	chartRow := sumRow + 2
	height := uint(120 + min(34, max(13, 740/max(len(stays), 1)))*len(stays)) // as tall as a printed page at the most, while bars can be told apart
	rows := chartRow + int(height)/20 + 1
	s, err := b.open(b.plan.bands, frame{tab: tabOverview, columns: len(l.columns), rows: rows, widths: widths, freezeCol: 2, freezeRow: bandsHead + 1, titles: [2]int{bandsHead, bandsHead}})
	if err != nil {
		return err
	}
	if b.anyBand() { // an empty chart says nothing
		if len(stays) > longBlock/2 {
			s.keep(s.stream.InsertPageBreak("A" + itoa(chartRow)))
		}
		if err := b.bandsChart(len(stays), chartRow, widths, height); err != nil {
			return err
		}
	}
	s.line(titleLook, b.t("各部门等级分布  ", "Bands by department  ")+b.periodName())
	s.line(noteLook, b.t("人次按部门表中的「等级」列统计，调动人员在每个部门各计一次；占比以该部门有得分的人次为分母。", "Stays are counted in the column Band of the department sheets; who moved counts in each. Shares are of the stays with a score.")+
		b.forcedWords())
	s.list(l)
	b.bandsSum(s, sumRow, none, share)
	if !b.anyBand() {
		s.skip(1)
		s.line(noteLook, b.t("本期还没有人有得分，不画图。", "Nobody has a score yet, so that there is no chart."))
	}
	return s.close()
}

// anyBand reports whether anybody has reached a band.
func (b *book) anyBand() bool {
	return slices.ContainsFunc(b.Report.People, func(l metrics.PersonLine) bool { return l.Score.Band != nil })
}

// forcedWords says where the bands after a forced distribution stand.
func (b *book) forcedWords() string {
	if len(b.plan.groups) == 0 {
		return ""
	}
	return b.t("此处为强制分布之前的等级，分布后的见「"+b.plan.forced+"」。", " The bands are those before the forced distribution; those after it stand on sheet "+b.plan.forced+".")
}

func (b *book) bandRow(p *stayPlan, none, share int) []listCell {
	bands := b.Report.Policy.Bands
	row := []listCell{{value: p.department.Department.Name.In(b.lang), link: quoted(p.sheet) + "!A1"}, {value: len(p.people), formula: "COUNTA(" + p.there(colNo) + ")"}}
	unscored := b.countStays(p.people, len(bands))
	for i := range bands {
		row = append(row, listCell{value: b.countStays(p.people, i), formula: "COUNTIF(" + p.there(p.band) + "," + literal(b.bandLabel(&bands[i])) + ")"})
	}
	counted := letters(bandsFirst) + "{r}:" + letters(none-1) + "{r}"
	row = append(row, listCell{value: unscored, formula: "B{r}-SUM(" + counted + ")"})
	for i := range bands {
		row = append(row, shareCell(letters(bandsFirst+i), counted, b.countStays(p.people, i), len(p.people)-unscored))
	}
	return row
}

// shareCell is a count over the counts of all bands in percent; blank without any.
func shareCell(column, counted string, n, of int) listCell {
	c := listCell{value: "", formula: "IF(SUM(" + counted + `)=0,"",` + column + "{r}/SUM(" + counted + ")*100)"}
	if of > 0 {
		c.value = float64(n) / float64(of) * 100
	}
	return c
}

func (b *book) bandsSum(s *sheet, row, none, share int) {
	sum := number(fmtInt).strong()
	sum.line, sum.fill = rule, sumFill
	bands, people := b.Report.Policy.Bands, b.Report.People
	s.put(1, look{bold: true, align: "left", line: rule, fill: sumFill}, b.t("合计", "Sum"))
	for col := 2; col <= none; col++ {
		n := len(people)
		if col > 2 {
			n = b.countStays(people, col-bandsFirst)
		}
		s.formula(col, sum, "SUM("+address(col, bandsHead+1)+":"+address(col, row-1)+")", n)
	}
	of := len(people) - b.countStays(people, len(bands))
	counted := fixedAddress(bandsFirst, row) + ":" + fixedAddress(none-1, row)
	for i := range bands {
		var value any = ""
		if of > 0 {
			value = float64(b.countStays(people, i)) / float64(of) * 100
		}
		l := sum
		l.format = fmtOne
		s.formula(share+i, l, "IF(SUM("+counted+`)=0,"",`+address(bandsFirst+i, row)+"/SUM("+counted+")*100)", value)
	}
	s.end(0)
}

// bandsChart draws the shares of the bands as bars of one length, best band first.
func (b *book) bandsChart(departments, row int, widths []float64, height uint) error {
	bands := b.Report.Policy.Bands
	o := &overview{book: b, chartWidth: pixels(widths) - 16}
	cells := func(col int) string {
		return quoted(b.plan.bands) + "!" + fixedRange(col, bandsHead+1, bandsHead+departments)
	}
	var series []excelize.ChartSeries
	for i := range bands {
		series = append(series, excelize.ChartSeries{Name: quoted(b.plan.bands) + "!" + fixedAddress(bandsFirst+i, bandsHead), Categories: cells(1), Values: cells(bandsFirst + i), Fill: solid(bandInk(i, len(bands)))})
	}
	chart := o.chart(excelize.BarPercentStacked, b.t("各部门等级占比（有得分的人次），", "Shares of the bands by department, ")+b.periodName(), series)
	gap, overlap := uint(45), 100
	chart.GapWidth, chart.Overlap, chart.XAxis.ReverseOrder = &gap, &overlap, true
	chart.Dimension.Height = height
	return b.file.AddChart(b.plan.bands, address(1, row), chart)
}

// bandInk is the strong colour of band i of n, best first.
func bandInk(i, n int) string {
	strong := []string{"1B7F79", "6FB3A8", "C9C9B8", "E3A765", "C8643B"}
	if n < 2 {
		return strong[0]
	}
	return strong[i*(len(strong)-1)/(n-1)]
}
