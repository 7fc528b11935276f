package reports

import (
	"fmt"
	"math/big"
	"sort"
	"testing"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// The part of the fixture with the rules that only some scorecards have. The rules are carried out here a second time, in another way than in
// metrics: bands as positions from the best, places in a queue instead of quotas compared.

// ruledKPIs are: median hours to respond, satisfaction, complaints and incidents that cost points, costs, the anonymous survey, and the cost
// of revenue, a ratio whose parts are filled in by the caller.
func ruledKPIs() []*policy.KPI {
	count, sum := policy.Measure{Kind: policy.CountRows}, policy.Measure{Kind: policy.SumOf}
	service := &policy.Dataset{ID: "service", Name: bi("服务记录", "Service records")}
	formula := bi("示例", "Example")
	return []*policy.KPI{
		{ID: "response_median", Name: bi("响应时长中位数", "Median hours to respond"), Dataset: service, Formula: formula, Owner: "who",
			Numerator: policy.Measure{Kind: policy.Median}, Unit: policy.Hours, Minimum: 5, Listed: true},
		{ID: "satisfaction", Name: bi("服务满意度", "Satisfaction"), Dataset: service, Formula: formula, Owner: "who",
			Numerator: sum, Denominator: &count, Unit: policy.Points, HigherIsBetter: true, Minimum: 3, Listed: true},
		{ID: "complaints", Name: bi("有效投诉", "Complaints"), Dataset: service, Formula: formula, Owner: "who", Numerator: count, Unit: policy.Count, Listed: true},
		{ID: "incidents", Name: bi("查实违规", "Confirmed incidents"), Dataset: service, Formula: formula, Owner: "who", Numerator: count, Unit: policy.Count, Listed: true},
		{ID: "costs", Name: bi("费用", "Costs"), Dataset: service, Formula: formula, Numerator: sum, Unit: policy.Money, Listed: true},
		{ID: "survey", Name: bi("问卷评分", "Survey score"), Dataset: service, Formula: formula, Numerator: sum, Denominator: &count,
			Unit: policy.Points, HigherIsBetter: true, Anonymous: true, Listed: true},
		{ID: "unused", Name: bi("尚无数据的指标", "Nothing yet"), Dataset: service, Formula: formula, Numerator: count, Unit: policy.Count, Listed: true},
		{ID: "cost_of_revenue", Name: bi("费用收入比", "Cost of revenue"), Formula: formula, Unit: policy.Percent, Listed: true},
	}
}

// ruledScorecards has one card with every rule whose quotas only lower, and one whose quotas also lift and whose group is small.
func ruledScorecards(p *policy.Policy) []*policy.Scorecard {
	hours, delay, amount := p.KPI("logged_hours_rate"), p.KPI("delay_days"), p.KPI("won_amount")
	median, satisfaction, complaints, incidents := p.KPI("response_median"), p.KPI("satisfaction"), p.KPI("complaints"), p.KPI("incidents")
	band := func(i int) *policy.Band { return &p.Bands[i] }
	most := num("104.5")
	return []*policy.Scorecard{
		{ID: "service", Name: bi("服务考核表", "Service scorecard"), DepartmentKinds: []string{"service"}, KPIShare: num("80"), SuperiorShare: num("20"),
			Missing: policy.Neutral, NeutralPoints: num("72.5"), Cap: &most, Items: []policy.Item{
				{KPI: median, Weight: num("30"), Target: num("6"), Curve: curve("50", "0", "100", "100", "150", "125")},
				{KPI: hours, Weight: num("30"), Target: num("88"), Curve: curve("60", "0", "100", "100", "115", "120")},
				{KPI: amount, Weight: num("40"), Target: num("60000"), Curve: curve("0", "0", "100", "100", "150", "120")}},
			Penalties: []policy.Penalty{{KPI: complaints, Each: num("2.25"), Most: num("5")},
				{KPI: incidents, Each: num("8"), Most: num("20"), BandLimit: band(2)}},
			BandLimits:   []policy.BandLimit{{KPI: satisfaction, Figure: num("3.6"), Band: band(3)}, {KPI: hours, Figure: num("86"), Band: band(1)}},
			Distribution: &policy.Distribution{Shares: []fixed.Num{num("10"), num("20"), num("33.3"), num("26.7"), num("10")}, From: 5}},
		{ID: "project", Name: bi("项目考核表", "Project scorecard"), DepartmentKinds: []string{"project"}, KPIShare: num("100"),
			Missing: policy.Zero, Items: []policy.Item{
				{KPI: hours, Weight: num("50"), Target: num("100"), Curve: curve("60", "0", "100", "100")},
				{KPI: delay, Weight: num("50"), Target: num("1"), Curve: curve("50", "0", "100", "100")}},
			Penalties:    []policy.Penalty{{KPI: incidents, Each: num("4"), Most: num("6"), BandLimit: band(3)}},
			Distribution: &policy.Distribution{Shares: []fixed.Num{num("40"), num("20"), num("20"), num("10"), num("10")}, From: 4, Lift: true}},
	}
}

var ruledDepartments = []struct {
	id, parent, zh, en, kind, head string
	depth, people                  int
}{
	{"D4", "", "客户服务部", "Customer service", "service", "1042", 0, 12},
	{"D41", "D4", "项目组", "Projects", "project", "", 1, 6},
}

// ruledSums are the figures of a line for the KPIs above.
func ruledSums(n int64, i int, seed int) []sums {
	answers := int64(seed * 3)
	list := []sums{{fmt.Sprintf("%d.5", 9+i%4), "2", n, false}, {fmt.Sprintf("%d", n*4-3), itoa(int(n)), n, false}, {itoa(i % 3), "1", int64(i % 3), false},
		{itoa(i % 2), "1", int64(i % 2), false}, {itoa(int(n * 1500)), "1", n, false}, {itoa(int(answers * 4)), itoa(int(answers)), answers, false},
		{"0", "1", 0, false}, {itoa(int(n * 1500)), fmt.Sprintf("%d.4", n*9100), n, false}}
	return list
}

// personSums are those of person i.
func personSums(i int) []sums {
	satisfied := []string{"11", "10.8", "10.7999", "9"}[i%4] // over three: 3.6667, exactly 3.6, just below, 3
	split := sums{fmt.Sprintf("%d.3333", 14+i), "4.6667", 0, true}
	if i%3 != 0 {
		split = sums{satisfied, "3", 3, false}
	}
	return []sums{{fmt.Sprintf("%d.25", 7+i%5), itoa(1 + i%2), int64(4 + i%3), false}, split, {itoa(i % 4), "1", int64(i % 4), false},
		{itoa(i % 5 / 3), "1", int64(i % 5 / 3), false}, {"0", "1", 0, false}, {"0", "0", 0, false}, {"0", "1", 0, false}, {"0", "0", 0, false}}
}

// aim gives the department D4 a target by a record.
func aim(department string, card *policy.Scorecard, values []metrics.Value) {
	for k, v := range values {
		switch {
		case department == "D4" && v.KPI.ID == "won_amount":
			t := num("500000")
			q, _ := period.Parse("2026")
			values[k].Target, values[k].TargetFrom = &t, &metrics.TargetSource{IDs: []string{"T-2026-D4"}, SetOn: date("2025-12-22"), Period: q, Set: num("2000000")}
		case v.Target != nil:
			values[k].TargetFrom = &metrics.TargetSource{Scorecard: card, Set: *v.Target}
		}
	}
}

// aimPerson gives some people of D4 targets of their own.
func aimPerson(r *metrics.Report, department string, i int, values []metrics.Value) {
	if department != "D4" || i%3 == 2 {
		return
	}
	for k, v := range values {
		if v.KPI.ID == "won_amount" {
			t := num("45000") + fixed.Int(int64(i)*2500)
			values[k].Target, values[k].TargetFrom = &t, &metrics.TargetSource{IDs: []string{"T-" + itoa(i)}, SetOn: date("2026-06-28"), Period: r.Period,
				Set: t * 2, Present: big.NewRat(1, 2)}
		}
	}
}

// punish carries out penalties and band limits.
func punish(p *policy.Policy, s *metrics.Score, values []metrics.Value) {
	of := func(k *policy.KPI) metrics.Value {
		for _, v := range values {
			if v.KPI == k {
				return v
			}
		}
		return metrics.Value{KPI: k, Status: metrics.NoData}
	}
	lowest := -1
	for i := range s.Scorecard.Penalties {
		rule := &s.Scorecard.Penalties[i]
		off := metrics.PenaltyScore{Penalty: rule, Value: of(rule.KPI)}
		if off.Value.Status != metrics.NoData {
			off.Points = min(off.Value.Ratio.Num.Times(rule.Each), rule.Most)
			off.Limits = rule.BandLimit != nil
		}
		if off.Limits {
			lowest = max(lowest, position(p, rule.BandLimit))
		}
		s.Penalties = append(s.Penalties, off)
	}
	for i := range s.Scorecard.BandLimits {
		rule := &s.Scorecard.BandLimits[i]
		l := metrics.BandLimitScore{Limit: rule, Value: of(rule.KPI)}
		if x, ok := l.Value.Exact(); ok && l.Value.Status == metrics.OK {
			short := new(big.Rat).Sub(rule.Figure.Rat(), x).Sign()
			l.Limits = short > 0 && rule.KPI.HigherIsBetter || short < 0 && !rule.KPI.HigherIsBetter
		}
		if l.Limits {
			lowest = max(lowest, position(p, rule.Band))
		}
		s.BandLimits = append(s.BandLimits, l)
	}
	if lowest >= 0 {
		s.BandLimited = &p.Bands[lowest]
	}
}

// position is a band's place from the best; none is below the last.
func position(p *policy.Policy, band *policy.Band) int {
	for i := range p.Bands {
		if band == &p.Bands[i] {
			return i
		}
	}
	return len(p.Bands)
}

func bandAt(p *policy.Policy, i int) *policy.Band {
	if i >= len(p.Bands) {
		return nil
	}
	return &p.Bands[i]
}

// worse gives the lower of a band and a limit; no limit takes nothing.
func worse(p *policy.Policy, band, limit *policy.Band) *policy.Band {
	if limit == nil {
		return band
	}
	return bandAt(p, max(position(p, band), position(p, limit)))
}

// shareSome lets three people belong to D4 and D41 at a time.
func shareSome(p *policy.Policy, r *metrics.Report) {
	var here, there []*metrics.PersonLine
	for i := range r.People {
		switch r.People[i].Department {
		case "D4":
			here = append(here, &r.People[i])
		case "D41":
			there = append(there, &r.People[i])
		}
	}
	for i, share := range []string{"60", "33.3333", "80"} {
		a, b := here[2*i], there[i]
		b.Person, b.Before = a.Person, a.Before
		a.From, a.Days, b.From, b.Days = date("2026-07-01"), 92, date("2026-07-01"), 92
		part := num(share) / 100
		a.Weight, b.Weight = fixed.Int(92).Times(part), fixed.Int(92).Times(fixed.Int(1)-part)
		a.Moved, b.Moved = true, true
	}
}

// combine gives a person the score of all stays together.
func combine(p *policy.Policy, r *metrics.Report, s *metrics.PersonScore) {
	sum, weight := new(big.Rat), new(big.Rat)
	off, most, lowest := map[string]fixed.Num{}, map[string]fixed.Num{}, -1
	for _, i := range s.Lines {
		line := &r.People[i]
		for _, x := range line.Score.Penalties {
			id := x.Penalty.KPI.ID
			off[id], most[id] = off[id]+x.Points, max(most[id], x.Penalty.Most)
		}
		if line.Score.BandLimited != nil {
			lowest = max(lowest, position(p, line.Score.BandLimited))
		}
		if line.Score.Total != nil {
			sum.Add(sum, new(big.Rat).Mul(line.Score.BeforePenalties.Rat(), line.Weight.Rat()))
			weight.Add(weight, line.Weight.Rat())
			s.Status = line.Score.Status
		}
	}
	for id := range off {
		s.PenaltyPoints += min(off[id], most[id])
	}
	if lowest >= 0 {
		s.BandLimited = &p.Bands[lowest]
	}
	if weight.Sign() > 0 {
		before := half(sum.Quo(sum, weight))
		total := max(before-s.PenaltyPoints, 0)
		s.BeforePenalties, s.Total, s.Rank, s.RankOf = &before, &total, 3, 20
		s.Earned = p.BandFor(total)
		s.Band = worse(p, s.Earned, s.BandLimited)
	}
}

// gradeAll carries out the distributions: everybody takes a place in a queue, and a band is as long as its share; a group of equals that
// straddles a border goes to the better side when no more than half of it stands beyond.
func gradeAll(p *policy.Policy, r *metrics.Report) {
	for _, card := range p.Scorecards {
		if card.Distribution == nil {
			continue
		}
		var group, scored []*metrics.PersonScore
		for i := range r.Scores {
			s := &r.Scores[i]
			if r.People[s.Lines[len(s.Lines)-1]].Score.Scorecard != card {
				continue
			}
			group = append(group, s)
			if s.Total != nil {
				scored = append(scored, s)
			}
		}
		sort.SliceStable(scored, func(i, j int) bool { return *scored[i].Total > *scored[j].Total })
		d := &metrics.Distribution{Rule: card.Distribution, People: len(scored), Forced: len(scored) >= int(card.Distribution.From)}
		for _, s := range group {
			s.Distribution = d
		}
		for i, s := range scored {
			s.Rank, s.RankOf = 1+sort.Search(i, func(j int) bool { return *scored[j].Total <= *s.Total }), len(scored)
		}
		if d.Forced {
			d.AtMost = borders(card.Distribution.Shares, len(scored))
			queue(p, card, scored, d.AtMost)
		}
	}
}

// borders are the places after which each band ends.
func borders(shares []fixed.Num, n int) (ends []int) {
	sum := new(big.Rat)
	for _, share := range shares {
		sum.Add(sum, share.Rat())
		whole := new(big.Rat).Mul(sum, big.NewRat(int64(n), 100))
		ends = append(ends, int(new(big.Int).Quo(whole.Num(), whole.Denom()).Int64()))
	}
	return ends
}

func queue(p *policy.Policy, card *policy.Scorecard, scored []*metrics.PersonScore, ends []int) {
	for from := 0; from < len(scored); {
		to := from
		for to < len(scored) && *scored[to].Total == *scored[from].Total {
			to++
		}
		k := 0
		for beyond(from, to, ends[k])*2 > to-from {
			k++
		}
		for _, s := range scored[from:to] {
			band := k
			if !card.Distribution.Lift {
				band = max(band, position(p, s.Earned))
			}
			given := worse(p, bandAt(p, band), s.BandLimited)
			s.Forced = given != s.Band
			s.Band = given
		}
		from = to
	}
}

// beyond counts the places of a group that lie behind a border.
func beyond(from, to, border int) (n int) {
	for place := from; place < to; place++ {
		if place >= border {
			n++
		}
	}
	return n
}

// TestRulesAreWorthTesting makes sure that the fixture has every rule both holding and not.
func TestRulesAreWorthTesting(t *testing.T) {
	r := fixtureData().Report
	seen := map[string]int{}
	note := func(what string, yes bool) {
		if yes {
			seen[what]++
		} else {
			seen["not "+what]++
		}
	}
	for i := range r.People {
		l := &r.People[i]
		if l.Score.Scorecard == nil || l.Score.Scorecard.Penalties == nil {
			continue
		}
		note("capped", l.Score.Uncapped != nil)
		note("bounded", l.Score.BandLimited != nil)
		for _, item := range l.Score.Items {
			note("neutral", item.Filled == policy.Neutral)
			note("own target", item.Value.Target != nil && *item.Value.Target != item.Item.Target)
		}
		for _, x := range l.Score.Penalties {
			note("penalty", x.Points > 0)
			note("penalty at its most", x.Points == x.Penalty.Most)
		}
		for _, x := range l.Score.BandLimits {
			note("limit", x.Limits)
			exact, ok := x.Value.Exact()
			note("limit met exactly", ok && exact.Cmp(x.Limit.Figure.Rat()) == 0)
			note("split", x.Value.N%fixed.Int(1) != 0)
		}
		note("shared", sharesDays(l))
	}
	for i := range r.Scores {
		if s := &r.Scores[i]; s.Distribution != nil {
			note("forced", s.Forced)
			note("lifted", position(r.Policy, s.Band) < position(r.Policy, s.Earned))
			note("bound after all", s.BandLimited != nil && s.Band == s.BandLimited)
			note("together", len(s.Lines) > 1)
		}
	}
	for i := range r.Departments {
		for _, v := range r.Departments[i].Values {
			note("withheld", v.Status == metrics.Withheld)
		}
	}
	for _, what := range []string{"capped", "bounded", "neutral", "own target", "penalty", "penalty at its most", "limit", "limit met exactly", "split", "shared",
		"forced", "lifted", "bound after all", "together", "withheld"} {
		if seen[what] == 0 || seen["not "+what] == 0 {
			t.Errorf("%s: %d times, not: %d times", what, seen[what], seen["not "+what])
		}
	}
}
