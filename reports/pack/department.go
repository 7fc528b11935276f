package pack

import (
	"cmp"
	"fmt"
	"slices"

	"plumbline/charts"
	"plumbline/metrics"
	"plumbline/policy"
)

// fewestPeople is how many people it takes to tell anything of people.
const fewestPeople = 5

// department is a department's page: its scorecard, how its heaviest KPI went, and how its people's scores spread.
func (b *builder) department(d *metrics.DepartmentLine) []Page {
	card := b.Policy.ScorecardFor(d.Department.Kind)
	if card == nil || b.isCompany(d) {
		return nil
	}
	who := charts.Name(d.Department.Name)
	lead := heaviest(card)
	p := Page{ID: pageOf(d.Department.ID), Section: who, Depth: 1, Layout: Halves, Headline: charts.Sentence(d.Values[b.index(lead)], d.Before[b.index(lead)], who)}
	p.Title = b.about(policy.Text{ZH: fmt.Sprintf("%s（%d 人）", who.ZH, d.Headcount), EN: fmt.Sprintf("%s (%d people)", who.EN, d.Headcount)}, "按"+card.Name.ZH, "by the "+lower(card.Name.EN))
	var list []int
	for _, item := range card.Items {
		if i := b.index(item.KPI); i >= 0 {
			list = append(list, i)
		}
	}
	trend := charts.Trend(b.Report, d.Line, d.Department.Name, lead)
	p.Blocks = append(p.Blocks, Block{Wide: true, Table: b.scoreTable(d, card, list), Note: b.scoreNote(d)}, Block{Chart: picture(trend)}, b.people(d))
	return []Page{p}
}

// isCompany reports whether a department is the only root of the tree: then it is the company, which has pages of its own.
func (b *builder) isCompany(d *metrics.DepartmentLine) bool {
	roots := 0
	for i := range b.Report.Departments {
		if b.Report.Departments[i].Department.Depth == 0 {
			roots++
		}
	}
	return roots == 1 && d.Department.Depth == 0 && len(b.Report.Departments) > 1
}

// chartWidth is what charts of a half page are laid out for, in pixels: so narrow that their letters are large on the projector.
const chartWidth = 425

// picture makes a chart fit for a half page, under the page's own words.
func picture(c charts.Chart) *charts.Chart {
	c.Flat = true
	c = c.At(chartWidth)
	return &c
}

// scoreTable is a scorecard's items with what they come to.
func (b *builder) scoreTable(d *metrics.DepartmentLine, card *policy.Scorecard, list []int) *Table {
	t := b.lineTable(&d.Line, list)
	t.Columns = slices.Concat(t.Columns[:1], []Column{{Name: policy.Text{ZH: "权重 %", EN: "Weight %"}, Number: true, Share: 8}}, t.Columns[1:], []Column{{Name: policy.Text{ZH: "得分", EN: "Points"}, Number: true, Share: 8}})
	total := 0
	for i := range t.Columns {
		total += t.Columns[i].Share
	}
	for i := range t.Columns {
		t.Columns[i].Share = t.Columns[i].Share * 100 / total
	}
	for row, k := range list {
		at := slices.IndexFunc(card.Items, func(i policy.Item) bool { return i.KPI == b.Report.KPIs[k] })
		points, weight := dash(), exact(card.Items[at].Weight.Rat(), 0)
		if at < len(d.Score.Items) && d.Score.Items[at].Points != nil {
			points = exact(d.Score.Items[at].Points, 2)
		}
		cells := t.Rows[row].Cells
		t.Rows[row].Cells = slices.Concat(cells[:1], []Cell{weight}, cells[1:], []Cell{points})
	}
	return t
}

// scoreNote says what the department's score comes to.
func (b *builder) scoreNote(d *metrics.DepartmentLine) policy.Text {
	s := &d.Score
	if s.Total == nil {
		return policy.Text{ZH: "部门没有得分：各项都没有足够的数据。", EN: "No score: no item has enough data."}
	}
	t := policy.Text{ZH: "部门指标得分 " + s.Total.Text(2), EN: "Score of the department's KPIs " + s.Total.Text(2)}
	if s.Band != nil {
		t.ZH += "，等级 " + bandName(s.Band).ZH
		t.EN += ", band " + bandName(s.Band).EN
	}
	if s.Rank > 0 && s.RankOf > 1 {
		t.ZH += fmt.Sprintf("，同类部门第 %d 名（共 %d 个）", s.Rank, s.RankOf)
		t.EN += fmt.Sprintf(", rank %d of %d departments of its kind", s.Rank, s.RankOf)
	}
	t.ZH += "。▲ 好于目标，▼ 差于目标，≈ 差距在 95% 区间内。"
	t.EN += ". ▲ better than the target, ▼ worse, ≈ within the 95% interval."
	return t
}

func bandName(b *policy.Band) policy.Text {
	if b.Name.ZH == "" {
		return same(b.ID)
	}
	return policy.Text{ZH: b.ID + " " + b.Name.ZH, EN: b.ID + " " + b.Name.EN}
}

// people is how the scores of a department's people spread, or why it is not told.
func (b *builder) people(d *metrics.DepartmentLine) Block {
	if b.told == nil {
		b.told = b.tellable()
	}
	if !b.told[d.Department.ID] {
		return Block{Name: policy.Text{ZH: "员工得分分布", EN: "Distribution of scores"}, Points: []Point{{Tone: Weak, Text: policy.Text{
			ZH: fmt.Sprintf("不足 %d 人，或可由其他部门推算出不足 %d 人的情况，不显示", fewestPeople, fewestPeople),
			EN: fmt.Sprintf("fewer than %d people, or so few could be worked out from other departments: not shown", fewestPeople)}}}}
	}
	inside := b.inside(d.Department.ID)
	var scores []metrics.PersonScore
	for _, s := range b.Report.Scores {
		if inside[s.Department] {
			scores = append(scores, s)
		}
	}
	return Block{Chart: picture(charts.Distribution(b.Report, d.Department.Name, scores))}
}

// inside gives the ids of a department and of all below it.
func (b *builder) inside(id string) map[string]bool {
	in := map[string]bool{id: true}
	for _, d := range b.Report.Departments { // depth first: parents come before children
		if in[d.Department.ParentID] {
			in[d.Department.ID] = true
		}
	}
	return in
}

// tellable gives the departments of whose people the pack may tell: those of five people or more of which nothing about fewer than five can be
// found by subtracting what is told of others. Below what is told, what is left untold is nobody or five people at least; so all that can be
// worked out is made of such parts.
func (b *builder) tellable() map[string]bool {
	people := map[string]int{} // with a score, subtree included
	for _, s := range b.Report.Scores {
		if s.Total != nil {
			people[s.Department]++
		}
	}
	children := map[string][]string{}
	for i := len(b.Report.Departments) - 1; i >= 0; i-- {
		d := b.Report.Departments[i].Department
		children[d.ParentID] = append(children[d.ParentID], d.ID)
		if d.ParentID != "" {
			people[d.ParentID] += people[d.ID]
		}
	}
	told := map[string]bool{}
	var descend func(parent string, all int)
	descend = func(parent string, all int) {
		rest := all
		var shown []string
		for _, id := range children[parent] {
			if people[id] >= fewestPeople {
				shown, rest = append(shown, id), rest-people[id]
			}
		}
		slices.SortStableFunc(shown, func(x, y string) int { return cmp.Or(cmp.Compare(people[y], people[x]), cmp.Compare(x, y)) })
		for rest > 0 && rest < fewestPeople && len(shown) > 0 {
			last := shown[len(shown)-1]
			shown, rest = shown[:len(shown)-1], rest+people[last]
		}
		for _, id := range shown {
			told[id] = true
			descend(id, people[id])
		}
	}
	total := 0
	for _, id := range children[""] {
		total += people[id]
	}
	descend("", total)
	return told
}
