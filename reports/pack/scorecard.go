package pack

import (
	"fmt"
	"slices"

	"plumbline/charts"
	"plumbline/internal/stat"
	"plumbline/metrics"
	"plumbline/policy"
)

// scorecard is the company against its targets.
func (b *builder) scorecard() []Page {
	list := b.judged()
	p := Page{ID: "scorecard", Section: policy.Text{ZH: "公司考核表", EN: "Company scorecard"}, Layout: Whole,
		Title: b.about(b.company(), "考核指标与目标、上季度、上年同期比较", "KPIs against target, the quarter before and a year earlier")}
	var values []metrics.Value
	for _, i := range list {
		values = append(values, b.Report.Company.Values[i])
	}
	p.Headline = tally(values)
	return append(paged(p, b.lineTable(&b.Report.Company, list), bodyWidth), b.heatmaps(p)...)
}

// A chart over the whole page, and how many departments one such page has room for.
const (
	wholeWidth = 860
	mostRows   = 11
)

// heatmaps set the departments against the KPIs by which somebody is judged.
func (b *builder) heatmaps(p Page) (pages []Page) {
	var kpis []*policy.KPI
	for _, i := range b.leads() {
		kpis = append(kpis, b.Report.KPIs[i])
	}
	if len(b.Report.Departments) < 2 || len(kpis) < 2 {
		return nil
	}
	headline := charts.Heatmap(b.Report, b.Report.Departments, b.company(), kpis).Headline // of all departments, wherever they stand
	if isEmpty(headline) {
		headline = p.Headline
	}
	for some := range slices.Chunk(b.Report.Departments, mostRows) {
		c := charts.Heatmap(b.Report, some, b.company(), kpis)
		if !isEmpty(c.Empty) {
			continue
		}
		next := p
		c = c.At(wholeWidth)
		next.ID, next.Further, next.Blocks = fmt.Sprintf("%s-departments-%d", p.ID, len(pages)+1), true, []Block{{Wide: true, Chart: &c}}
		next.Headline, next.Title = headline, b.about(b.company(), "各部门与考核指标", "departments and KPIs")
		pages = append(pages, next)
	}
	for i := range pages {
		if n := len(pages); n > 1 {
			pages[i].Title.ZH += fmt.Sprintf(" · 第 %d 页，共 %d 页", i+1, n)
			pages[i].Title.EN += fmt.Sprintf(" · %d of %d", i+1, n)
		}
	}
	return pages
}

// tally says how many of some values met their targets, and of how many it cannot be said.
func tally(values []metrics.Value) policy.Text {
	var met, missed, unsure, unjudged int
	for _, v := range values {
		switch stands, _ := charts.Judge(v); stands {
		case charts.Met:
			met++
		case charts.Missed:
			missed++
		case charts.Unsure:
			unsure++
		default:
			unjudged++
		}
	}
	t := saying("%d 项达到目标，%d 项未达到", "Targets met: %d, missed: %d", met, missed)
	if unsure > 0 {
		t.ZH += fmt.Sprintf("，%d 项与目标的差距在波动范围内", unsure)
		t.EN += fmt.Sprintf(", within chance of the target: %d", unsure)
	}
	if unjudged > 0 {
		t.ZH += fmt.Sprintf("，%d 项没有目标或数据不足", unjudged)
		t.EN += fmt.Sprintf(", without target or enough data: %d", unjudged)
	}
	return t
}

// lineTable is some KPIs of the company or a department, one in a row. While the quarter runs it has the forecast too.
func (b *builder) lineTable(line *metrics.Line, list []int) *Table {
	running := false
	for _, i := range list {
		running = running || line.Readings[i].Forecast != nil
	}
	t := &Table{Columns: []Column{
		{Name: policy.Text{ZH: "指标", EN: "KPI"}, Share: 24},
		{Name: policy.Text{ZH: "本季度", EN: "This quarter"}, Number: true, Share: 14},
		{Name: policy.Text{ZH: "样本", EN: "Cases"}, Number: true, Share: 10},
		{Name: policy.Text{ZH: "目标", EN: "Target"}, Number: true, Share: 13},
		{Name: policy.Text{ZH: "与目标之差", EN: "Against target"}, Number: true, Share: 14},
		{Name: policy.Text{ZH: "较上季度", EN: "On the quarter before"}, Number: true, Share: 13},
		{Name: policy.Text{ZH: "较上年同期", EN: "On a year earlier"}, Number: true, Share: 12},
	}}
	if running {
		for i, share := range []int{22, 13, 8, 11, 13, 11, 10} {
			t.Columns[i].Share = share
		}
		t.Columns = append(t.Columns, Column{Name: policy.Text{ZH: "预计整季", EN: "Forecast"}, Number: true, Share: 12})
	}
	for _, i := range list {
		v, r := line.Values[i], line.Readings[i]
		cells := []Cell{text(charts.Name(v.KPI.Name)), value(v), cases(v), target(v), gap(v), moved(v, line.Before[i], r.Change.Significant), moved(v, line.YearBefore[i], r.YearChange.Significant)}
		if running {
			cells = append(cells, forecast(v, r))
		}
		t.Rows = append(t.Rows, Row{Cells: cells})
	}
	return t
}

// cases is how many rows a value rests on; of one without denominator that is the value's own count.
func cases(v metrics.Value) Cell {
	if v.Status == metrics.Withheld || v.Status == metrics.NoData {
		return dash()
	}
	return exact(v.N.Rat(), places(v))
}

// places is 1 where rows were split by shares.
func places(v metrics.Value) int {
	if v.N.Rat().IsInt() {
		return 0
	}
	return 1
}

// forecast is where the running quarter is heading, with the words that its range allows.
func forecast(v metrics.Value, r metrics.Reading) Cell {
	if r.Forecast == nil {
		return dash()
	}
	words := map[stat.Course]policy.Text{stat.OnCourse: {ZH: "可达标", EN: "on course"}, stat.AtRisk: {ZH: "有风险", EN: "at risk"}, stat.OffCourse: {ZH: "难达标", EN: "off course"}}
	tones := map[stat.Course]Tone{stat.OnCourse: Good, stat.AtRisk: Weak, stat.OffCourse: Bad}
	at := number(r.Forecast.Value)
	c := shown(at, v.KPI, func(w charts.Wording) string { return w.Text(at) })
	if w, ok := words[r.Course]; ok {
		c.Text = policy.Text{ZH: c.Text.ZH + " " + w.ZH, EN: c.Text.EN + " " + w.EN}
	}
	c.Tone = tones[r.Course]
	return c
}
