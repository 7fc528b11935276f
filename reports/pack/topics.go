package pack

import (
	"fmt"
	"slices"
	"strings"

	"plumbline/charts"
	"plumbline/metrics"
	"plumbline/policy"
)

// topics are the pages of KPIs that belong together, as the policy lists them.
func (b *builder) topics() (pages []Page) {
	if b.Policy.Pack == nil {
		return nil
	}
	var silent []*policy.PackPage
	for _, t := range b.Policy.Pack.Pages {
		if list, lead := b.shownOf(t); lead >= 0 {
			pages = append(pages, b.topic(t, list, lead)...)
		} else if len(list) > 0 {
			silent = append(silent, t)
		}
	}
	return append(pages, b.silence(silent)...)
}

// shownOf gives the KPIs of a page that the report has, and the first of them that has data, -1 for none.
func (b *builder) shownOf(t *policy.PackPage) (list []int, lead int) {
	lead = -1
	for _, k := range t.KPIs {
		i := b.index(k)
		if i < 0 {
			continue
		}
		list = append(list, i)
		if _, ok := b.Report.Company.Values[i].Exact(); ok && lead < 0 {
			lead = i
		}
	}
	return list, lead
}

// silence says of all pages without any data at once what they would have shown: nobody turns over empty pages.
func (b *builder) silence(topics []*policy.PackPage) []Page {
	if len(topics) == 0 {
		return nil
	}
	if len(topics) == 1 {
		t := topics[0]
		list, _ := b.shownOf(t)
		p := Page{ID: "topic-" + slug(t.ID), Section: charts.Name(t.Name), Layout: Whole, Title: b.about(b.company(), t.Name.ZH, t.Name.EN),
			Headline: policy.Text{ZH: t.Name.ZH + "：本季没有数据", EN: t.Name.EN + ": no data in this quarter"}}
		return paged(p, b.lineTable(&b.Report.Company, list), bodyWidth)
	}
	p := Page{ID: "topics-without-data", Section: policy.Text{ZH: "没有数据的方面", EN: "Without data"}, Layout: Whole, Title: b.about(b.company(), "没有数据的指标", "KPIs without data"),
		Headline: saying("%d 个方面本季没有数据", "Subjects without data in this quarter: %d", len(topics))}
	table := &Table{Columns: []Column{{Name: policy.Text{ZH: "方面", EN: "Subject"}, Share: 25}, {Name: policy.Text{ZH: "指标", EN: "KPIs"}, Share: 75}}}
	for _, t := range topics {
		list, _ := b.shownOf(t)
		var zh, en []string
		for _, i := range list {
			name := charts.Name(b.Report.KPIs[i].Name)
			zh, en = append(zh, name.ZH), append(en, name.EN)
		}
		table.Rows = append(table.Rows, Row{Cells: []Cell{text(charts.Name(t.Name)), text(policy.Text{ZH: strings.Join(zh, "、"), EN: strings.Join(en, "; ")})}})
	}
	return paged(p, table, bodyWidth)
}

// rowsWithCharts is how many rows of a table leave room for charts below it.
const rowsWithCharts = 4

// topic is one such page: the table of its KPIs, and pictures of the first one that has data.
func (b *builder) topic(t *policy.PackPage, list []int, lead int) []Page {
	p := Page{ID: "topic-" + slug(t.ID), Section: charts.Name(t.Name), Layout: Halves, Title: b.about(b.company(), t.Name.ZH, t.Name.EN)}
	p.Headline = charts.Sentence(b.Report.Company.Values[lead], b.Report.Company.Before[lead], b.company())
	pictures := b.pictures(t, b.Report.KPIs[lead])
	table := b.lineTable(&b.Report.Company, list)
	if len(list) > rowsWithCharts { // charts under a long table would be too small to read
		return append(paged(p, table, bodyWidth), p.goOn(pictures)...)
	}
	first := min(len(pictures), 2)
	p.Blocks = append([]Block{{Wide: true, Table: table}}, pictures[:first]...)
	return append([]Page{p}, p.goOn(pictures[first:])...)
}

// goOn gives further pages of a page, with two charts each.
func (p Page) goOn(pictures []Block) (pages []Page) {
	for two := range slices.Chunk(pictures, 2) {
		next := p
		if len(two) == 1 {
			c := two[0].Chart.At(wholeWidth)
			two = []Block{{Wide: true, Chart: &c}}
		}
		next.ID, next.Further, next.Blocks = fmt.Sprintf("%s-charts-%d", p.ID, len(pages)+1), true, two
		pages = append(pages, next)
	}
	return pages
}

// pictures are the charts of a page: a funnel over the records of its first KPI or how departments differ, the course of that KPI, and what the report's
// details tell of the page's KPIs.
func (b *builder) pictures(t *policy.PackPage, lead *policy.KPI) (blocks []Block) {
	var list []charts.Chart
	for _, f := range b.Report.Company.Funnels {
		if f.Funnel != nil && len(f.Funnel.Steps) > 0 && f.Funnel.Steps[0].Dataset == lead.Dataset {
			list = append(list, charts.Funnel(b.Report, f, b.company()))
		}
	}
	if lowest := b.lowest(); len(list) == 0 && len(lowest) > 1 {
		list = append(list, charts.Comparison(b.Report, b.apartMost(lowest, lead), b.company(), lead))
	}
	list = append(list, charts.Trend(b.Report, b.Report.Company, b.company(), lead))
	list = append(list, b.details(t)...)
	for _, c := range list {
		if isEmpty(c.Empty) {
			blocks = append(blocks, Block{Chart: picture(c)})
		}
	}
	return blocks
}

// details are the charts of what lies behind a few KPIs, where the page has them.
func (b *builder) details(t *policy.PackPage) (list []charts.Chart) {
	d := b.Report.Details
	if d == nil {
		return nil
	}
	of := func(id string) bool {
		return slices.ContainsFunc(t.KPIs, func(k *policy.KPI) bool { return k.ID == id })
	}
	if of(metrics.LateKPI) {
		list = append(list, charts.Pareto(b.Report, b.company(), d.Late, nil), charts.Stack(b.Report, b.Report.Company, b.company(), b.Policy.KPI(metrics.LateKPI)))
	}
	if of(metrics.ChainKPI) {
		list = append(list, charts.Sankey(b.Report, b.company(), d, nil))
	}
	if of(metrics.NodesKPI) {
		list = append(list, charts.Gantt(b.Report, b.company(), d.Nodes))
	}
	return list
}

// mostBars is how many departments a chart of half a page compares.
const mostBars = 6

// apartMost gives the departments that a chart has room for: those with the largest and the smallest values.
func (b *builder) apartMost(list []metrics.DepartmentLine, k *policy.KPI) []metrics.DepartmentLine {
	i := b.index(k)
	list = slices.DeleteFunc(slices.Clone(list), func(d metrics.DepartmentLine) bool {
		_, ok := d.Values[i].Exact()
		return !ok
	})
	if len(list) <= mostBars {
		return list
	}
	slices.SortStableFunc(list, func(x, y metrics.DepartmentLine) int {
		a, _ := x.Values[i].Exact()
		c, _ := y.Values[i].Exact()
		return c.Cmp(a)
	})
	return slices.Concat(list[:mostBars/2], list[len(list)-mostBars/2:])
}

// lowest gives the departments without departments below them: together they are the company, once.
func (b *builder) lowest() []metrics.DepartmentLine {
	parents := map[string]bool{}
	for _, d := range b.Report.Departments {
		parents[d.Department.ParentID] = true
	}
	return slices.DeleteFunc(slices.Clone(b.Report.Departments), func(d metrics.DepartmentLine) bool { return parents[d.Department.ID] })
}

// others lists the KPIs that no page has shown, so that none is left out in silence.
func (b *builder) others() []Page {
	seen := map[int]bool{}
	for _, i := range b.judged() {
		seen[i] = true
	}
	if b.Policy.Pack != nil {
		for _, t := range b.Policy.Pack.Pages {
			for _, k := range t.KPIs {
				seen[b.index(k)] = true
			}
		}
	}
	var list []int
	for i := range b.Report.KPIs {
		if !seen[i] {
			list = append(list, i)
		}
	}
	if len(list) == 0 {
		return nil
	}
	p := Page{ID: "others", Section: policy.Text{ZH: "其他指标", EN: "Other KPIs"}, Layout: Whole,
		Headline: saying("另有 %d 项指标，没有列入考核", "KPIs by which nobody is judged: %d more", len(list)),
		Title:    b.about(b.company(), "其他指标", "other KPIs")}
	return paged(p, b.lineTable(&b.Report.Company, list), bodyWidth)
}
