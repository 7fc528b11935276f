package pack

import (
	"fmt"

	"plumbline/charts"
	"plumbline/policy"
)

// changes is what became other since the quarter before, and what the seal's adjustments change.
func (b *builder) changes() []Page {
	before := periodText(b.Report.Period.Before())
	p := Page{ID: "changes", Section: policy.Text{ZH: "与上季度相比", EN: "Since last quarter"}, Layout: Whole,
		Title: policy.Text{ZH: b.company().ZH + " · 各部门得分与变化 · " + b.Report.Period.ZH() + "与" + before.ZH + "比较", EN: b.company().EN + " · scores of departments · " + b.Report.Period.EN() + " against " + before.EN}}
	t := &Table{Columns: []Column{{Name: policy.Text{ZH: "部门", EN: "Department"}, Share: 24}, {Name: policy.Text{ZH: "主要指标", EN: "Heaviest KPI"}, Share: 22}, {Name: policy.Text{ZH: "本季度", EN: "This quarter"}, Number: true, Share: 15},
		{Name: policy.Text{ZH: "上季度", EN: "Before"}, Number: true, Share: 15}, {Name: policy.Text{ZH: "变化", EN: "Change"}, Number: true, Share: 14}, {Name: policy.Text{ZH: "指标得分", EN: "Score"}, Number: true, Share: 10}}}
	better, worse := 0, 0
	for i := range b.Report.Departments {
		d := &b.Report.Departments[i]
		card := b.Policy.ScorecardFor(d.Department.Kind)
		if card == nil {
			continue
		}
		k := b.index(heaviest(card))
		if k < 0 {
			continue
		}
		v := d.Values[k]
		change := moved(v, d.Before[k], d.Readings[k].Change.Significant)
		switch change.Tone {
		case Good:
			better++
		case Bad:
			worse++
		}
		score := dash()
		if d.Score.Total != nil {
			score = exact(d.Score.Total.Rat(), 2)
		}
		t.Rows = append(t.Rows, Row{Indent: d.Department.Depth, Cells: []Cell{text(charts.Name(d.Department.Name)), text(charts.Name(v.KPI.Name)), value(v), value(d.Before[k]), change, score}})
	}
	p.Headline = saying("主要指标 %d 个部门变好，%d 个变差，其余的变化不超出偶然波动", "Departments whose heaviest KPI became better: %d, worse: %d; elsewhere the change is within chance", better, worse)
	p.Blocks = []Block{{Points: b.adjustmentPoints()}}
	return paged(p, t, bodyWidth)
}

// adjustmentPoints say what would change a sealed quarter.
func (b *builder) adjustmentPoints() []Point {
	switch {
	case b.Report.Seal == "":
		return []Point{{Tone: Weak, Text: policy.Text{ZH: "本季尚未封账，没有封账后的调整。", EN: "The quarter is not sealed, so that it has no adjustments."}}}
	case len(b.Adjustments) == 0:
		return []Point{{Text: policy.Text{ZH: "封账之后没有会改变结果的事。", EN: "Nothing after the seal changes its results."}}}
	}
	var list []Point
	for _, c := range b.Adjustments[:min(len(b.Adjustments), 4)] {
		state := policy.Text{ZH: "待批准", EN: "waits for approval"}
		tone := Bad
		if c.Approved != nil {
			state, tone = policy.Text{ZH: "已批准：" + charts.Name(same(c.Approved.Reason.Text)).ZH, EN: "approved: " + charts.Name(same(c.Approved.Reason.Text)).EN}, Plain
		}
		list = append(list, Point{Tone: tone, Text: policy.Text{
			ZH: fmt.Sprintf("封账后调整（账本第 %d 号）：影响 %d 人的得分，%s", c.Event.Seq, len(c.Scores), state.ZH),
			EN: fmt.Sprintf("adjustment after the seal (ledger %d): scores of %d people, %s", c.Event.Seq, len(c.Scores), state.EN)}})
	}
	if more := len(b.Adjustments) - len(list); more > 0 {
		list = append(list, Point{Text: saying("另有 %d 项调整。", "More adjustments: %d.", more)})
	}
	return list
}

// method is how the figures come about, and how they can be checked.
func (b *builder) method() Page {
	r := b.Report
	p := Page{ID: "method", Section: policy.Text{ZH: "方法与核对", EN: "Method and proof"}, Layout: Halves,
		Headline: policy.Text{ZH: "每个数字都可以追到原始记录", EN: "Every figure can be followed to its records"}, Title: b.about(b.company(), "口径、区间、依据", "definitions, intervals, sources")}
	seal := policy.Text{ZH: "尚未封账；封账后以封账号为准。", EN: "not sealed yet."}
	if r.Seal != "" {
		seal = policy.Text{ZH: r.Seal + "；用 plumbline quarter verify " + r.Period.String() + " 由原始文件重新算过。", EN: r.Seal + "; plumbline quarter verify " + r.Period.String() + " computes it anew from the original files."}
	}
	say := func(zh, en string) Point { return Point{Text: policy.Text{ZH: zh, EN: en}} }
	p.Blocks = []Block{
		{Name: policy.Text{ZH: "数字怎样来", EN: "How figures come about"}, Points: []Point{
			say("每个指标是同一批记录上两个可加数之比；季度由各月之和、公司由各部门之和算出，不取平均的平均。", "A KPI is a ratio of two sums over the same records; a quarter is formed from the sums of its months, the company from those of its departments, never an average of averages."),
			say("比率附 95% 区间（Wilson）。目标在区间之内时只写“无显著差异”，不判好坏。", "Rates have a 95% interval (Wilson). Where the target lies inside it, the pack says so and does not judge."),
			say("较上季度、较上年同期的箭头只在变化超出偶然波动时出现；样本不足的不作判断、不排名。", "Arrows for changes stand only where chance does not explain them; too few cases are not judged and not ranked."),
			say("不足 5 人的情况不显示，也不能由其他数字相减得出。", "Nothing is told of fewer than five people, nor can it be found by subtraction."),
		}},
		{Name: policy.Text{ZH: "依据什么", EN: "What they rest on"}, Points: []Point{
			{Text: policy.Text{ZH: fmt.Sprintf("账本第 %d 号，链头 %s。", r.LedgerSeq, shortHash(r.LedgerHash)), EN: fmt.Sprintf("Ledger %d, head %s.", r.LedgerSeq, shortHash(r.LedgerHash))}},
			{Text: policy.Text{ZH: fmt.Sprintf("制度第 %d 版，校验和 %s。", r.PolicyVersion, shortHash(r.PolicyHash)), EN: fmt.Sprintf("Policy version %d, checksum %s.", r.PolicyVersion, shortHash(r.PolicyHash))}},
			{Text: b.rowsIn()},
			{Text: policy.Text{ZH: "封账号：" + seal.ZH, EN: "Seal: " + seal.EN}},
			{Text: policy.Text{ZH: "数据截至 " + r.Day.Format("2006-01-02") + "，编制于 " + r.Made.Format("2006-01-02 15:04") + "。", EN: "Data until " + r.Day.Format("2006-01-02") + ", made on " + r.Made.Format("2006-01-02 15:04") + "."}},
			say("逐条依据：plumbline evidence 指标 "+r.Period.String()+"；得分推导：plumbline explain。", "Records behind a figure: plumbline evidence KPI "+r.Period.String()+"; how a score comes about: plumbline explain."),
		}},
	}
	for _, w := range r.Warnings {
		p.Blocks[1].Points = append(p.Blocks[1].Points, Point{Tone: Bad, Text: w})
	}
	return p
}

// shortHash is enough of a hash to compare by eye.
func shortHash(h string) string { return h[:min(len(h), 16)] }
