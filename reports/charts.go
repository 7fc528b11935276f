package reports

import (
	"cmp"
	"slices"

	"github.com/xuri/excelize/v2"

	"plumbline/metrics"
	"plumbline/policy"
)

// chartSpot is a chart and the block of figures that it draws.
type chartSpot struct {
	kind  string // "bands", "trend" or "kpi"
	kpi   int    // index into Report.KPIs, for a KPI's chart
	kpis  []int  // for a trend: the KPIs that share its unit
	units []int  // for a KPI's chart: the units with data, by index into units()
	row   int    // head row of the figures
	rows  int    // how many rows of figures

	at    int  // the sheet's row in which it begins
	tall  int  // rows that it takes
	whole bool // across both halves
	right bool // in the right half
}

// trendLines is how many lines one picture holds that can be told apart.
const trendLines = 5

// planCharts decides which charts there are: bands by department, trends of up to five KPIs of one unit, one for each KPI with a block.
func (o *overview) planCharts() {
	if len(o.plan.stays) > 0 && len(o.Report.Policy.Bands) > 0 && o.anyBand() {
		o.charts = append(o.charts, chartSpot{kind: "bands", rows: len(o.plan.stays)})
	}
	byUnit, units := map[policy.Unit][]int{}, []policy.Unit(nil)
	for _, i := range o.listed {
		u := o.Report.KPIs[i].Unit
		if byUnit[u] == nil {
			units = append(units, u)
		}
		byUnit[u] = append(byUnit[u], i)
	}
	for _, u := range units {
		byUnit[u] = slices.DeleteFunc(byUnit[u], func(i int) bool { return !o.drawn(i) })
		if len(o.Report.Months) > 1 && len(o.Report.Company.Months) > 0 {
			for together := range slices.Chunk(byUnit[u], trendLines) {
				o.charts = append(o.charts, chartSpot{kind: "trend", kpis: together, rows: len(o.Report.Months)})
			}
		}
	}
	for _, i := range o.listed {
		c := chartSpot{kind: "kpi", kpi: i}
		for u, unit := range o.units() {
			if _, ok := unit.line.Values[i].Exact(); ok {
				c.units = append(c.units, u)
			}
		}
		if c.rows = len(c.units); c.rows > 0 {
			o.charts = append(o.charts, c)
		}
	}
}

// A chart of many departments goes across the sheet: columns with their names upright, bars as many as there are.
const (
	halfColumns = 16
	halfBars    = 18
	uprightRows = 5  // what upright names take
	barPixels   = 15 // of a department among bars
)

// layCharts places the charts below their heading, two abreast where they are small, and gives the first row after them.
func (o *overview) layCharts() int {
	row, half := o.chartsRow+1, false // half: the strip at row has its left chart
	for i := range o.charts {
		c := &o.charts[i]
		c.tall = chartRows
		switch {
		case c.kind == "bands" && c.rows > halfBars:
			c.whole, c.tall = true, chartRows+(c.rows-halfBars)*barPixels/rowPixels+1
		case c.kind == "kpi" && c.rows > halfColumns:
			c.whole, c.tall = true, chartRows+uprightRows
		}
		switch {
		case c.whole && half:
			row, half = row+chartRows, false
			c.at, row = row, row+c.tall
		case c.whole:
			c.at, row = row, row+c.tall
		case half:
			c.at, c.right, half = row, true, false
			row += chartRows
		default:
			c.at, half = row, true
		}
	}
	if half {
		row += chartRows
	}
	return row
}

// drawn reports whether a trend has a month to draw.
func (o *overview) drawn(kpi int) bool {
	return kpi < len(o.Report.Company.Months) && slices.ContainsFunc(o.Report.Company.Months[kpi], func(v metrics.Value) bool {
		_, ok := v.Exact()
		return ok && v.Status == metrics.OK
	})
}

// placeData gives a chart's figures their rows and returns the next free one. A trend draws the table by month.
func (o *overview) placeData(c *chartSpot, row int) int {
	if c.kind == "trend" {
		c.row = o.trendRow + 1
		return row
	}
	c.row = row
	return row + 1 + c.rows + 1
}

// chartData writes the figures that charts draw, taken from the tables above. A missing figure is an empty cell, not zero.
func (o *overview) chartData(s *sheet) {
	s.row = o.dataRow
	s.section(o.t("图表数据（取自以上各表）", "Figures of the charts (taken from the tables above)"))
	for i := range o.charts {
		c := &o.charts[i]
		switch c.kind {
		case "bands":
			s.row = c.row
			o.bandData(s)
		case "kpi":
			s.row = c.row
			o.kpiData(s, c)
		}
	}
}

var faintText = look{align: "left", ink: faintInk}

func faintNumber(format string) look { return look{align: "right", ink: faintInk, format: format} }

func (o *overview) bandData(s *sheet) {
	bands := o.Report.Policy.Bands
	s.put(1, faintText, o.t("等级分布（人次）", "Stays by band"))
	for i := range bands {
		s.put(2+i, look{align: "right", ink: faintInk}, o.bandLabel(&bands[i]))
	}
	s.end(0)
	row := o.unitsRow + 2
	for i := range o.Report.Departments {
		d := &o.Report.Departments[i]
		if p := o.plan.byDepartment[d.Department.ID]; p != nil {
			s.put(1, faintText, shorten(d.Department.Name.In(o.lang)))
			for j := range bands {
				s.formula(2+j, faintNumber("0"), address(colFirstBand+j, row+i), o.countStays(p.people, j))
			}
			s.end(0)
		}
	}
}

// shorten keeps an axis readable; the tables have the whole name.
func shorten(name string) string {
	const most = 16
	if r := []rune(name); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return name
}

func (o *overview) kpiData(s *sheet, c *chartSpot) {
	k := o.Report.KPIs[c.kpi]
	s.put(1, faintText, o.kpiTitle(k))
	for i, h := range []string{o.t("实际", "Actual"), o.t("样本不足", "Too few"), o.t("目标", "Target")} {
		s.put(2+i, look{align: "right", ink: faintInk}, h)
	}
	s.end(0)
	block, units, format := o.blockRow(o.blockOf(c.kpi), 0), o.units(), valueFormat(k.Unit)
	for _, u := range c.units {
		v := units[u].line.Values[c.kpi]
		name, col := shorten(units[u].name), 2
		if v.Status == metrics.Insufficient {
			name, col = name+" "+o.valueWords(v), 3
		}
		s.put(1, faintText, name)
		x, _ := v.Float()
		s.formula(col, faintNumber(format), address(colValue, block+u), x)
		if v.Target != nil {
			s.formula(4, faintNumber(format), address(colAim, block+u), v.Target.Float())
		}
		s.end(0)
	}
}

// blockOf gives the place of a KPI among the listed ones.
func (o *overview) blockOf(kpi int) int {
	for i, k := range o.listed {
		if k == kpi {
			return i
		}
	}
	return 0
}

// drawCharts puts the charts under their heading, where layCharts has placed them.
func (o *overview) drawCharts(widths []float64) error {
	right := o.rightHalf()
	for i := range o.charts {
		c := &o.charts[i]
		col, span := 1, widths[:right-1]
		switch {
		case c.whole:
			span = widths[:colStatus]
		case c.right:
			col, span = right, widths[right-1:colStatus]
		}
		cell := address(col, c.at)
		var err error
		o.chartWidth, o.chartTall = pixels(span)-16, uint(c.tall*rowPixels-(chartRows*rowPixels-chartHeight))
		switch c.kind {
		case "bands":
			err = o.file.AddChart(o.plan.overview, cell, o.bandChart(c))
		case "trend":
			err = o.file.AddChart(o.plan.overview, cell, o.trendChart(c))
		default:
			bars, ticks := o.kpiChart(c)
			err = o.file.AddChart(o.plan.overview, cell, bars, ticks)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rightHalf is the column where the second chart of a strip begins.
func (o *overview) rightHalf() int { return 6 }

// pixels is how wide columns are on the screen.
func pixels(widths []float64) uint {
	total := 0.0
	for _, w := range widths {
		total += w*7 + 5
	}
	return uint(total)
}

// breakPages starts a new printed page where a chart would else be cut in two.
func (o *overview) breakPages(s *sheet) {
	const onPage, shortTable = 3 * chartRows, 8
	room := onPage - chartRows // the tables and one strip share the first page
	if len(o.Report.Departments) > shortTable {
		s.keep(s.stream.InsertPageBreak("A" + itoa(o.chartsRow)))
		room = onPage
	}
	for i := range o.charts {
		c := &o.charts[i]
		if c.right {
			continue
		}
		if c.tall > room && c.at > o.chartsRow+1 {
			s.keep(s.stream.InsertPageBreak("A" + itoa(c.at)))
			room = onPage
		}
		room -= c.tall
	}
	s.keep(s.stream.InsertPageBreak("A" + itoa(o.blocksRow)))
	for i := 1; i < len(o.listed) && len(o.Report.Departments) > longBlock; i++ {
		s.keep(s.stream.InsertPageBreak("A" + itoa(o.blockRow(i, 0)-2))) // so that no head is left alone at the foot of a page
	}
}

// longBlock is how many departments fill a printed page of a KPI so far that the next one has no room on it.
const longBlock = 25

// cellsOf names a stretch of the overview as charts want it.
func (o *overview) cellsOf(col, from, to int) string {
	return quoted(o.plan.overview) + "!" + fixedRange(col, from, to)
}

func (o *overview) chart(kind excelize.ChartType, title string, series []excelize.ChartSeries) *excelize.Chart {
	no := false
	return &excelize.Chart{
		Type: kind, Series: series, VaryColors: &no,
		Title: excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: title,
			Font: &excelize.Font{Family: o.font, Size: 11, Bold: true, Color: ink}}}},
		Dimension:    excelize.ChartDimension{Width: o.chartWidth, Height: cmp.Or(o.chartTall, chartHeight)},
		Legend:       excelize.ChartLegend{Position: "bottom", Font: o.axisFont()},
		Format:       excelize.GraphicOptions{AltText: title, OffsetX: 4, OffsetY: 4, Positioning: "oneCell"},
		ShowBlanksAs: "gap",
		XAxis:        excelize.ChartAxis{Font: *o.axisFont()},
		YAxis:        excelize.ChartAxis{Font: *o.axisFont()},
		Border:       excelize.LineOptions{Type: excelize.LineNone},
	}
}

func (o *overview) axisFont() *excelize.Font {
	return &excelize.Font{Family: o.font, Size: 9, Color: faintInk}
}

func solid(color string) excelize.Fill {
	return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{color}}
}

// bandChart stacks the bands of each department, best first.
func (o *overview) bandChart(c *chartSpot) *excelize.Chart {
	strong := []string{"1B7F79", "6FB3A8", "C9C9B8", "E3A765", "C8643B"}
	bands := o.Report.Policy.Bands
	var series []excelize.ChartSeries
	for i := range bands {
		color := strong[0]
		if len(bands) > 1 {
			color = strong[i*(len(strong)-1)/(len(bands)-1)]
		}
		series = append(series, excelize.ChartSeries{
			Name:       quoted(o.plan.overview) + "!" + fixedAddress(2+i, c.row),
			Categories: o.cellsOf(1, c.row+1, c.row+c.rows), Values: o.cellsOf(2+i, c.row+1, c.row+c.rows), Fill: solid(color)})
	}
	chart := o.chart(excelize.BarStacked, o.t("各部门等级分布（人次），", "Stays by band, ")+o.periodName(), series)
	gap, overlap, zero := uint(50), 100, 0.0
	chart.GapWidth, chart.Overlap = &gap, &overlap
	chart.XAxis.ReverseOrder = true
	chart.YAxis.Minimum, chart.YAxis.MajorUnit = &zero, o.wholeSteps()
	chart.YAxis.NumFmt = excelize.ChartNumFmt{CustomNumFmt: "0"}
	return chart
}

// wholeSteps keeps the axis of counts on whole numbers.
func (o *overview) wholeSteps() float64 {
	most := 0
	for i := range o.plan.stays {
		most = max(most, len(o.plan.stays[i].people))
	}
	for _, step := range []int{1, 2, 5, 10, 20, 50, 100, 200, 500} {
		if most/step <= 8 {
			return float64(step)
		}
	}
	return 1000
}

// trendChart draws the company's KPIs of one unit month by month.
func (o *overview) trendChart(c *chartSpot) *excelize.Chart {
	colors := []string{chartInk, "C77C2E", "1B7F79", "8A6FA8", "7F7F7F"}
	var series []excelize.ChartSeries
	for j, i := range c.kpis {
		col := 2 + o.blockOf(i)
		line := excelize.LineOptions{Type: excelize.LineSolid, Width: 2.25, Fill: solid(colors[j%len(colors)])}
		series = append(series, excelize.ChartSeries{
			Name:       quoted(o.plan.overview) + "!" + fixedAddress(col, c.row),
			Categories: o.cellsOf(1, c.row+1, c.row+c.rows), Values: o.cellsOf(col, c.row+1, c.row+c.rows), Line: line, Fill: solid(colors[j%len(colors)]),
			Marker: excelize.ChartMarker{Symbol: "circle", Size: 5, Fill: solid(colors[j%len(colors)])}})
	}
	names := make([]string, 0, len(c.kpis))
	for _, i := range c.kpis {
		names = append(names, o.Report.KPIs[i].Name.In(o.lang))
	}
	title := o.t("全公司按月走势", "Company by month")
	if len(names) == 1 {
		title = names[0] + o.t(" 全公司按月走势", ", company by month")
	}
	if unit := o.unit(o.Report.KPIs[c.kpis[0]].Unit); unit != "" {
		title += o.t("（", " (") + unit + o.t("）", ")")
	}
	chart := o.chart(excelize.Line, title, series)
	chart.YAxis.NumFmt = excelize.ChartNumFmt{CustomNumFmt: axisFormat(o.Report.KPIs[c.kpis[0]].Unit)}
	return chart
}

// axisFormat is the number format along an axis of values.
func axisFormat(u policy.Unit) string {
	if u == policy.Hours || u == policy.Days || u == policy.Points {
		return "#,##0.0#"
	}
	return fmtInt
}

// kpiChart draws a KPI by department as solid columns, too few records in pale, and the target as a tick across.
func (o *overview) kpiChart(c *chartSpot) (bars, ticks *excelize.Chart) {
	k := o.Report.KPIs[c.kpi]
	series := func(col int) excelize.ChartSeries {
		return excelize.ChartSeries{Name: quoted(o.plan.overview) + "!" + fixedAddress(col, c.row),
			Categories: o.cellsOf(1, c.row+1, c.row+c.rows), Values: o.cellsOf(col, c.row+1, c.row+c.rows)}
	}
	actual, few, target := series(2), series(3), series(4)
	actual.Fill, few.Fill = solid(chartInk), solid("C9D3DB")
	target.Line = excelize.LineOptions{Type: excelize.LineNone}
	target.Marker = excelize.ChartMarker{Symbol: "dash", Size: 14, Fill: solid("C8643B"),
		Border: excelize.LineOptions{Type: excelize.LineSolid, Fill: solid("C8643B")}}
	title := o.kpiTitle(k) + o.t("，", ", ") + o.periodName() + o.t("，与目标比较", " against target")
	bars = o.chart(excelize.Col, title, []excelize.ChartSeries{actual, few})
	gap, overlap, zero := uint(60), 100, 0.0
	bars.GapWidth, bars.Overlap = &gap, &overlap
	bars.YAxis.Minimum = &zero
	if c.whole {
		bars.XAxis.Alignment.TextRotation = -90
	}
	bars.YAxis.NumFmt = excelize.ChartNumFmt{CustomNumFmt: axisFormat(k.Unit)}
	ticks = o.chart(excelize.Line, title, []excelize.ChartSeries{target})
	ticks.XAxis, ticks.YAxis = bars.XAxis, bars.YAxis
	return bars, ticks
}
