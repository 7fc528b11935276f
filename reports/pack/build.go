package pack

import (
	"fmt"
	"slices"

	"plumbline/charts"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// Title is what the pack is called.
var Title = policy.Text{ZH: "战略会材料", EN: "Strategy meeting pack"}

// Data is everything that a pack shows. All but Report may be missing, and the pack then says so.
type Data struct {
	Report      *metrics.Report
	Quality     *metrics.Quality  // of the company and its departments
	FollowUp    *metrics.FollowUp // nil: the policy does not say where resolutions are
	Round       *reviews.Round    // of the quarter
	Progress    []reviews.Progress
	Rewards     *Rewards // of the quarter or, before it has any, of the last one that has
	Adjustments []reviews.Change
	Files       Intake
}

// Rewards are the lists drawn for one quarter.
type Rewards struct {
	Period period.Period
	Lists  []*reviews.RewardList
	Lines  [][]reviews.RewardLine // parallel to Lists
}

// Intake counts the rows of all files in the books.
type Intake struct {
	Files                               int
	In, Accepted, Quarantined, Excluded int64
}

// Build makes the deck of a quarter.
func Build(d Data) (*Deck, error) {
	if d.Report == nil || d.Report.Policy == nil {
		return nil, fmt.Errorf("make the pack: no report (compute the period first)")
	}
	if k := d.Report.Period.Kind(); k != period.Quarter {
		return nil, fmt.Errorf("make the pack of %s: a pack is of a quarter, such as 2026Q3 (战略会材料按季度制作，例如 2026Q3)", d.Report.Period)
	}
	b := &builder{Data: d, Policy: d.Report.Policy}
	b.deck = &Deck{Company: charts.Name(b.Policy.Company.Name), Title: Title, Period: d.Report.Period, Made: d.Report.Made, Foot: b.foot(), Mark: b.mark()}
	b.add(b.cover())
	b.add(b.summary())
	b.add(b.scorecard()...)
	for i := range d.Report.Departments {
		b.add(b.department(&d.Report.Departments[i])...)
	}
	b.add(b.topics()...)
	b.add(b.risks(), b.dataQuality())
	b.add(b.resolutions()...)
	b.add(b.rewards()...)
	b.add(b.changes()...)
	b.add(b.method())
	b.add(b.others()...)
	b.deck.Pages = slices.Insert(b.deck.Pages, 1, b.contents()...)
	return b.deck, nil
}

// How many lines of the contents the cover has room for, and a page of its own.
const (
	coverLines = 44
	pageLines  = 52
)

// contents are further pages of the list of contents, where the cover has no room for all.
func (b *builder) contents() (pages []Page) {
	lines := 0
	for _, p := range b.deck.Pages {
		if !p.Further {
			lines++
		}
	}
	for shown := coverLines; shown < lines; shown += pageLines {
		n := len(pages) + 2
		pages = append(pages, Page{ID: fmt.Sprintf("contents-%d", n), Section: b.company(), Layout: Whole, Further: true, Headline: policy.Text{ZH: "目录（续）", EN: "Contents, continued"},
			Title: policy.Text{ZH: b.deck.Title.ZH, EN: b.deck.Title.EN}, Blocks: []Block{{Wide: true, Pages: n}}})
	}
	return pages
}

// builder makes the pages.
type builder struct {
	Data
	Policy *policy.Policy
	deck   *Deck
	told   map[string]bool // departments of whose people something may be told
}

// add takes pages into the deck; one without blocks has nothing to say and is left out.
func (b *builder) add(pages ...Page) {
	for _, p := range pages {
		if len(p.Blocks) > 0 {
			b.deck.Pages = append(b.deck.Pages, p)
		}
	}
}

// foot says what everything rests on.
func (b *builder) foot() policy.Text {
	r := b.Report
	state := policy.Text{ZH: "未封账", EN: "not sealed"}
	if r.Seal != "" {
		state = policy.Text{ZH: "封账号 " + r.Seal, EN: "seal " + r.Seal}
	}
	return policy.Text{
		ZH: fmt.Sprintf("来源：准绳账本第 %d 号 · 制度第 %d 版 · %s", r.LedgerSeq, r.PolicyVersion, state.ZH),
		EN: fmt.Sprintf("Source: Plumbline ledger %d · policy version %d · %s", r.LedgerSeq, r.PolicyVersion, state.EN),
	}
}

// mark is what a printed page's foot has room for.
func (b *builder) mark() policy.Text {
	r := b.Report
	if r.Seal == "" {
		return saying("未封账 · 账本 %d", "not sealed · ledger %d", r.LedgerSeq)
	}
	return saying("封账号 %s · 账本 %d", "seal %s · ledger %d", r.Seal, r.LedgerSeq)
}

// company is the name of the whole.
func (b *builder) company() policy.Text {
	if name := charts.Name(b.Policy.Company.Name); !isEmpty(name) {
		return name
	}
	return policy.Text{ZH: "公司", EN: "Company"}
}

// about is a title: who, what, when.
func (b *builder) about(who policy.Text, zh, en string) policy.Text {
	return policy.Text{
		ZH: who.ZH + " · " + zh + " · " + b.Report.Period.ZH(),
		EN: who.EN + " · " + en + " · " + b.Report.Period.EN(),
	}
}

// index gives where a KPI stands in the report, and -1 where it does not.
func (b *builder) index(k *policy.KPI) int { return slices.Index(b.Report.KPIs, k) }

// judged lists the KPIs by which somebody is judged or that have a target for the company, in the order of the report.
func (b *builder) judged() (list []int) {
	used := map[*policy.KPI]bool{}
	for _, c := range b.Policy.Scorecards {
		for _, i := range c.Items {
			used[i.KPI] = true
		}
	}
	for i, k := range b.Report.KPIs {
		if used[k] || b.Report.Company.Values[i].Target != nil {
			list = append(list, i)
		}
	}
	return list
}

// pageOf is the id of a department's page.
func pageOf(id string) string { return "department-" + slug(id) }

// slug makes an identifier of letters, digits and hyphens.
func slug(s string) string {
	out := []byte{}
	for _, r := range s {
		if r < 128 && (r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			out = append(out, byte(r))
		} else {
			out = fmt.Appendf(out, "-%x", r)
		}
	}
	return string(out)
}
