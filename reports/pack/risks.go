package pack

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"plumbline/charts"
	"plumbline/internal/stat"
	"plumbline/metrics"
	"plumbline/policy"
)

// number is a figure of statistics as an exact one, to be written.
func number(f float64) *big.Rat {
	if r := new(big.Rat).SetFloat64(f); r != nil {
		return r
	}
	return new(big.Rat)
}

// lower makes a name fit for the middle of an English sentence.
func lower(s string) string {
	if len(s) > 1 && s[1] >= 'a' && s[1] <= 'z' {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}

// risks are what went the wrong way beyond chance, what is heading past its target, and who lies far from the peers.
func (b *builder) risks() Page {
	worse, heading, apart := b.worse(), b.heading(), b.apart()
	p := Page{ID: "risks", Section: policy.Text{ZH: "风险", EN: "Risks"}, Layout: Thirds, Title: b.about(b.company(), "走势与异常", "courses and outliers")}
	p.Headline = saying("%d 项较上季度变差，%d 项走势达不到或可能达不到目标，%d 项明显偏离同类", "Worse than the quarter before: %d, heading past the target or near it: %d, far from the peers: %d", len(worse), len(heading), len(apart))
	p.Blocks = []Block{
		b.list(policy.Text{ZH: "较上季度变差（超出偶然波动）", EN: "Worse than the quarter before, beyond chance"}, worse, policy.Text{ZH: "没有", EN: "none"}),
		b.list(policy.Text{ZH: "走势", EN: "Heading"}, heading, b.noForecast()),
		b.list(policy.Text{ZH: "明显偏离同类部门", EN: "Far from departments of the same kind"}, apart, policy.Text{ZH: "没有（同类部门不足 5 个时不比较）", EN: "none (fewer than 5 of a kind are not compared)"}),
	}
	return p
}

func (b *builder) noForecast() policy.Text {
	if !b.Report.Day.Before(b.Report.Period.LastDay()) {
		return policy.Text{ZH: "本季已结束，不再预测", EN: "the quarter is over: nothing to forecast"}
	}
	return policy.Text{ZH: "没有一项的预测区间落在目标之外", EN: "no forecast lies off its target"}
}

// each visits the values by which the company or a department is judged.
func (b *builder) each(visit func(who policy.Text, page string, line *metrics.Line, i int)) {
	for _, i := range b.judged() {
		visit(b.company(), "scorecard", &b.Report.Company, i)
	}
	for d := range b.Report.Departments {
		at := &b.Report.Departments[d]
		card := b.Policy.ScorecardFor(at.Department.Kind)
		if card == nil {
			continue
		}
		for i, k := range b.Report.KPIs {
			if has(card, k) {
				visit(charts.Name(at.Department.Name), pageOf(at.Department.ID), &at.Line, i)
			}
		}
	}
}

func (b *builder) worse() (list []Point) {
	b.each(func(who policy.Text, page string, line *metrics.Line, i int) {
		v, r := line.Values[i], line.Readings[i]
		if !r.Change.Known || !r.Change.Significant || (r.Change.Absolute > 0) == v.KPI.HigherIsBetter || v.Status != metrics.OK {
			return
		}
		diff := moved(v, line.Before[i], false).Number
		change := shown(diff, v.KPI, func(w charts.Wording) string { return signed(w, diff) }).Text
		name, now := charts.Name(v.KPI.Name), value(v).Text
		list = append(list, Point{Tone: Bad, Page: page, Text: policy.Text{
			ZH: fmt.Sprintf("%s %s %s，较上季度 %s", who.ZH, name.ZH, now.ZH, change.ZH), EN: fmt.Sprintf("%s: %s %s, %s on the quarter before", who.EN, name.EN, now.EN, change.EN)}})
	})
	return list
}

func (b *builder) heading() (list []Point) {
	b.each(func(who policy.Text, page string, line *metrics.Line, i int) {
		v, r := line.Values[i], line.Readings[i]
		if r.Forecast == nil || r.Course != stat.AtRisk && r.Course != stat.OffCourse {
			return
		}
		name, goal, at := charts.Name(v.KPI.Name), target(v).Text, forecast(v, r)
		list = append(list, Point{Tone: at.Tone, Page: page, Text: policy.Text{
			ZH: fmt.Sprintf("%s %s预计整季 %s（目标 %s）", who.ZH, name.ZH, at.Text.ZH, goal.ZH), EN: fmt.Sprintf("%s: %s forecast %s (target %s)", who.EN, name.EN, at.Text.EN, goal.EN)}})
	})
	return list
}

func (b *builder) apart() (list []Point) {
	b.each(func(who policy.Text, page string, line *metrics.Line, i int) {
		v, r := line.Values[i], line.Readings[i]
		if !r.Outlier || r.Peers == nil {
			return
		}
		name, now := charts.Name(v.KPI.Name), value(v).Text
		middle := number(r.Peers.Median)
		typical := shown(middle, v.KPI, func(w charts.Wording) string { return w.Text(middle) }).Text
		list = append(list, Point{Tone: Bad, Page: page, Text: policy.Text{
			ZH: fmt.Sprintf("%s %s %s，同类中位数 %s", who.ZH, name.ZH, now.ZH, typical.ZH), EN: fmt.Sprintf("%s: %s %s, median of its kind %s", who.EN, name.EN, now.EN, typical.EN)}})
	})
	return list
}

// dataQuality is what the checks say of the data behind the figures.
func (b *builder) dataQuality() Page {
	if b.Quality == nil {
		return Page{}
	}
	p := Page{ID: "quality", Section: policy.Text{ZH: "数据质量", EN: "Data quality"}, Layout: Whole, Title: b.about(b.company(), "数据检查", "checks of the data")}
	t := &Table{Columns: []Column{
		{Name: policy.Text{ZH: "检查", EN: "Check"}, Share: 30}, {Name: policy.Text{ZH: "全公司", EN: "Company"}, Number: true, Share: 14}, {Name: policy.Text{ZH: "样本", EN: "Cases"}, Number: true, Share: 12},
		{Name: policy.Text{ZH: "提示", EN: "Warning"}, Share: 10}, {Name: policy.Text{ZH: "有提示的部门", EN: "Departments with a warning"}, Share: 34}}}
	warned := 0
	for _, f := range b.Quality.Findings {
		if f.Department != "" || f.Employee != "" {
			continue
		}
		row := []Cell{text(charts.Name(f.Check.Name)), checked(f), exact(f.N.Rat(), 0), text(same("–")), text(b.warnedIn(f.Check))}
		if f.Warning {
			warned++
			row[3] = Cell{Text: policy.Text{ZH: "▼ 有", EN: "▼ yes"}, Tone: Bad}
		}
		t.Rows = append(t.Rows, Row{Cells: row})
	}
	p.Headline = saying("%d 项检查中 %d 项在公司一级有提示；这些只作提醒，不改数字", "%[2]d of %[1]d checks warn for the company; they change no figure", len(t.Rows), warned)
	p.Blocks = []Block{{Points: []Point{{Text: b.rowsIn()}}}}
	return paged(p, t, bodyWidth)[0]
}

func checked(f metrics.Finding) Cell {
	r, ok := f.Exact()
	if !ok {
		return Cell{Text: policy.Text{ZH: "无数据", EN: "no data"}, Tone: Weak}
	}
	c := exact(r, 1)
	c.Unit = policy.Percent
	if f.Check.Kind == policy.Delay {
		c.Unit = policy.Days
		c.Text = policy.Text{ZH: c.Text.ZH + " 天", EN: c.Text.EN + " days"}
	} else {
		c.Text = same(c.Text.ZH + "%")
	}
	return c
}

// rowsIn tells what became of the rows of all files.
func (b *builder) rowsIn() policy.Text {
	in := b.Files
	return saying("账本中 %d 份文件 %s 行：采纳 %s 行，隔离 %s 行，合计行等不计 %s 行。", "%d files with %s rows in the books: %s accepted, %s in quarantine, %s left out as totals and the like.",
		in.Files, grouped(in.In), grouped(in.Accepted), grouped(in.Quarantined), grouped(in.Excluded))
}

// warnedIn names the lowest departments for which a check warns.
func (b *builder) warnedIn(check *policy.QualityCheck) policy.Text {
	var names []policy.Text
	for _, d := range b.lowest() {
		if slices.ContainsFunc(b.Quality.Findings, func(f metrics.Finding) bool {
			return f.Check == check && f.Department == d.Department.ID && f.Employee == "" && f.Warning
		}) {
			names = append(names, charts.Name(d.Department.Name))
		}
	}
	if len(names) == 0 {
		return same("–")
	}
	return until(names, 4)
}
