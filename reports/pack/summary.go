package pack

import (
	"cmp"
	"fmt"
	"slices"

	"plumbline/charts"
	"plumbline/internal/stat"
	"plumbline/metrics"
	"plumbline/policy"
)

// How much of each a summary lists; the rest stands on its own page.
const (
	mostPoints = 5
	mostTiles  = 4
)

func (b *builder) cover() Page {
	r := b.Report
	title := policy.Text{ZH: r.Period.ZH() + Title.ZH, EN: Title.EN + ", " + r.Period.EN()}
	state := policy.Text{ZH: "数据尚未封账，数字以封账后为准", EN: "the quarter is not sealed: figures may still change"}
	if r.Seal != "" {
		state = policy.Text{ZH: "已封账，封账号 " + r.Seal, EN: "sealed, seal " + r.Seal}
	}
	day := r.Made.Format("2006-01-02")
	return Page{ID: "cover", Section: policy.Text{ZH: "封面", EN: "Cover"}, Headline: title, Layout: Cover, Further: true,
		Title:  policy.Text{ZH: b.company().ZH + " · 编制于 " + day + " · " + state.ZH, EN: b.company().EN + " · made on " + day + " · " + state.EN},
		Blocks: []Block{{Pages: 1}}}
}

// finding is a sentence with how much it matters.
type finding struct {
	point Point
	lead  bool    // about a KPI by which the department is judged most
	size  float64 // the gap in percent of the target
}

// summary is the quarter on one page.
func (b *builder) summary() Page {
	good, bad := b.findings()
	decide := b.decisions()
	p := Page{ID: "summary", Section: policy.Text{ZH: "一页看本季", EN: "The quarter on one page"}, Layout: Thirds,
		Title: b.about(b.company(), "做得好的、不够的、需要决定的", "what went well, what did not, what to decide")}
	p.Headline = saying("%[1]d 项达到目标，%[2]d 项未达到，%[3]d 件事需要会上决定", "Targets met: %[1]d, missed: %[2]d; to decide: %[3]d", len(good), len(bad), len(decide))
	p.Blocks = append(p.Blocks, Block{Wide: true, Tiles: b.tiles()},
		b.list(policy.Text{ZH: "做得好的", EN: "What went well"}, points(good), policy.Text{ZH: "没有一项的区间全在目标之上", EN: "No value lies above its target with its whole interval"}),
		b.list(policy.Text{ZH: "做得不够的", EN: "What did not"}, points(bad), policy.Text{ZH: "没有一项的区间全在目标之下", EN: "No value misses its target with its whole interval"}),
		b.list(policy.Text{ZH: "需要决定的", EN: "What to decide"}, decide, policy.Text{ZH: "没有需要会上决定的事", EN: "Nothing needs a decision"}))
	return p
}

func points(list []finding) (out []Point) {
	for _, f := range list {
		out = append(out, f.point)
	}
	return out
}

// list is a block of at most mostPoints sentences; it says how many it leaves out.
func (b *builder) list(name policy.Text, all []Point, none policy.Text) Block {
	if len(all) == 0 {
		return Block{Name: name, Points: []Point{{Tone: Weak, Text: none}}}
	}
	shown, used := 0, 0.0
	for shown < min(len(all), mostPoints) {
		if used += pointHeight(all[shown].Text, thirdWidth); used > listHeight && shown > 0 {
			break
		}
		shown++
	}
	block := Block{Name: name, Points: all[:shown]}
	if more := len(all) - shown; more > 0 {
		block.Note = saying("另有 %d 项，见后面各页", "and %d more on the pages that follow", more)
	}
	return block
}

// tiles are the KPIs that weigh most in a scorecard, of the company.
func (b *builder) tiles() (list []Tile) {
	for _, i := range b.leads() {
		v := b.Report.Company.Values[i]
		if _, ok := v.Exact(); !ok || len(list) == mostTiles {
			continue
		}
		t := Tile{Name: charts.Name(v.KPI.Name), Figure: value(v).Text}
		switch stands, diff := charts.Judge(v); stands {
		case charts.Unjudged:
			t.Note = policy.Text{ZH: "公司一级没有目标", EN: "no target for the company"}
			if v.Status == metrics.Insufficient {
				t.Tone, t.Note = Weak, policy.Text{ZH: "不作判断", EN: "no judgement"}
			}
		default:
			t.Tone = gap(v).Tone
			goal := target(v).Text
			words := shown(diff, v.KPI, func(w charts.Wording) string { return signed(w, diff) }).Text
			t.Note = policy.Text{ZH: "目标 " + goal.ZH + "，" + words.ZH, EN: "target " + goal.EN + ", " + words.EN}
			if stands == charts.Unsure {
				t.Note.ZH += "（在波动范围内）"
				t.Note.EN += " (within chance)"
			}
		}
		list = append(list, t)
	}
	return list
}

// leads are the KPIs of the report by the weight they have in any scorecard, the heaviest first.
func (b *builder) leads() []int {
	weight := map[*policy.KPI]float64{}
	for _, c := range b.Policy.Scorecards {
		for _, i := range c.Items {
			weight[i.KPI] = max(weight[i.KPI], i.Weight.Float())
		}
	}
	list := b.judged()
	slices.SortStableFunc(list, func(x, y int) int {
		return cmp.Compare(weight[b.Report.KPIs[y]], weight[b.Report.KPIs[x]])
	})
	return list
}

// findings are the values of the company and its departments that met or missed their targets beyond chance, what matters most first.
func (b *builder) findings() (good, bad []finding) {
	take := func(who policy.Text, page string, line *metrics.Line, card *policy.Scorecard) {
		for i, v := range line.Values {
			stands, diff := charts.Judge(v)
			if stands != charts.Met && stands != charts.Missed || card != nil && !has(card, v.KPI) {
				continue
			}
			f := finding{point: Point{Text: charts.Sentence(v, line.Before[i], who), Page: page, Tone: Good}, lead: card != nil && heaviest(card) == v.KPI}
			if t := v.Target.Float(); t != 0 {
				size, _ := diff.Float64()
				f.size = abs(size / t)
			}
			if stands == charts.Missed {
				f.point.Tone = Bad
				bad = append(bad, f)
			} else {
				good = append(good, f)
			}
		}
	}
	take(b.company(), "scorecard", &b.Report.Company, nil)
	for i := range b.Report.Departments {
		d := &b.Report.Departments[i]
		if card := b.Policy.ScorecardFor(d.Department.Kind); card != nil {
			take(charts.Name(d.Department.Name), pageOf(d.Department.ID), &d.Line, card)
		}
	}
	order := func(x, y finding) int {
		if x.lead != y.lead {
			if x.lead {
				return -1
			}
			return 1
		}
		return cmp.Compare(y.size, x.size)
	}
	slices.SortStableFunc(good, order)
	slices.SortStableFunc(bad, order)
	return good, bad
}

func abs(f float64) float64 { return max(f, -f) }

func has(c *policy.Scorecard, k *policy.KPI) bool {
	return slices.ContainsFunc(c.Items, func(i policy.Item) bool { return i.KPI == k })
}

// heaviest is the KPI that weighs most in a scorecard.
func heaviest(c *policy.Scorecard) *policy.KPI {
	var best *policy.Item
	for i := range c.Items {
		if best == nil || c.Items[i].Weight > best.Weight {
			best = &c.Items[i]
		}
	}
	if best == nil {
		return nil
	}
	return best.KPI
}

// decisions are what only the meeting can settle.
func (b *builder) decisions() (list []Point) {
	add := func(page string, t policy.Text) { list = append(list, Point{Tone: Bad, Text: t, Page: page}) }
	for i := range b.Report.Departments {
		d := &b.Report.Departments[i]
		if t, ok := b.missedTwice(d); ok {
			add(pageOf(d.Department.ID), t)
		}
	}
	if f := b.FollowUp; f != nil {
		overdue, unassigned := resolved(f, metrics.Overdue), resolved(f, metrics.Unassigned)
		if overdue > 0 {
			add("resolutions", saying("%d 项决议逾期未完成：改期、换人，还是取消", "Overdue resolutions: %d. A new day, another assignee, or give up", overdue))
		}
		if unassigned > 0 {
			add("resolutions", saying("%d 项决议没有责任人：由谁负责", "Resolutions without assignee: %d. Who takes them", unassigned))
		}
	}
	if b.Rewards != nil {
		list = append(list, b.rewardDecisions()...)
	}
	waiting := 0
	for _, c := range b.Adjustments {
		if c.Approved == nil {
			waiting++
		}
	}
	if waiting > 0 {
		add("changes", saying("封账后有 %d 件事会改变结果，等待批准", "Events after the seal that would change results and wait for approval: %d", waiting))
	}
	return append(list, b.offCourse()...)
}

// missedTwice says that a department has missed the target of its heaviest KPI in this quarter and the one before.
func (b *builder) missedTwice(d *metrics.DepartmentLine) (policy.Text, bool) {
	card := b.Policy.ScorecardFor(d.Department.Kind)
	if card == nil {
		return policy.Text{}, false
	}
	k := heaviest(card)
	i := b.index(k)
	if i < 0 {
		return policy.Text{}, false
	}
	now, _ := charts.Judge(d.Values[i])
	before, _ := charts.Judge(d.Before[i])
	if now != charts.Missed || before != charts.Missed {
		return policy.Text{}, false
	}
	who, what := charts.Name(d.Department.Name), charts.Name(k.Name)
	return policy.Text{
		ZH: fmt.Sprintf("%s %s连续两个季度低于目标：改措施，还是改目标", who.ZH, what.ZH),
		EN: fmt.Sprintf("%s: %s has missed its target two quarters in a row: other measures, or another target", who.EN, what.EN),
	}, true
}

// offCourse names the departments whose quarter, not over yet, is forecast to miss the target with the whole range.
func (b *builder) offCourse() (list []Point) {
	for i := range b.Report.Departments {
		d := &b.Report.Departments[i]
		card := b.Policy.ScorecardFor(d.Department.Kind)
		if card == nil {
			continue
		}
		k := b.index(heaviest(card))
		if k < 0 || d.Readings[k].Course != stat.OffCourse {
			continue
		}
		who, what := charts.Name(d.Department.Name), charts.Name(heaviest(card).Name)
		list = append(list, Point{Tone: Bad, Page: pageOf(d.Department.ID), Text: policy.Text{
			ZH: fmt.Sprintf("%s %s按现有走势整季达不到目标：本季还能做什么", who.ZH, what.ZH),
			EN: fmt.Sprintf("%s: %s is heading past its target: what can still be done this quarter", who.EN, what.EN)}})
	}
	return list
}
