package metrics

import (
	"cmp"
	"math/big"
	"slices"

	"plumbline/internal/fixed"
	"plumbline/policy"
)

// points reads a curve: linear between its knots, flat outside.
func points(curve []policy.Point, attainment *big.Rat) *big.Rat {
	first, last := curve[0], curve[len(curve)-1]
	if attainment.Cmp(first.Attainment.Rat()) <= 0 {
		return first.Points.Rat()
	}
	for i := 1; i < len(curve); i++ {
		a, b := curve[i-1], curve[i]
		if attainment.Cmp(b.Attainment.Rat()) > 0 {
			continue
		}
		share := new(big.Rat).Sub(attainment, a.Attainment.Rat())
		share.Quo(share, (b.Attainment - a.Attainment).Rat())
		rise := share.Mul(share, (b.Points - a.Points).Rat())
		return rise.Add(rise, a.Points.Rat())
	}
	return last.Points.Rat()
}

// full is the attainment of a value for the curve; a lower-is-better value of zero or less has attained all there is.
func full(v Value, curve []policy.Point) (*big.Rat, bool) {
	if a, ok := v.Attainment(); ok {
		return a, true
	}
	if r, ok := v.Exact(); ok && !v.KPI.HigherIsBetter && r.Sign() <= 0 {
		return curve[len(curve)-1].Attainment.Rat(), true
	}
	return nil, false
}

// score judges values (by KPI) with a scorecard: items, cap, superiors' share, penalties, band. evaluation is nil where there is none.
func score(card *policy.Scorecard, values map[*policy.KPI]Value, evaluation *Evaluation, p *policy.Policy) Score {
	s := Score{Scorecard: card, Status: NoScore}
	if card == nil {
		return s
	}
	s.Items = itemScores(card, values)
	s.Penalties = penaltyScores(card, values)
	s.BandLimits = bandLimitScores(card, values)
	s.BandLimited = s.worstLimit(p.Bands)
	weighted, ok := weigh(s.Items)
	if !ok {
		return s
	}
	s.capped(weighted)
	s.Evaluation, s.Superior = evaluation, evaluation.Points()
	before := s.mixed()
	total := max(before-taken(s.Penalties), 0)
	s.BeforePenalties, s.Total = &before, &total
	s.Band = limited(p.Bands, p.BandFor(total), s.BandLimited)
	return s
}

// capped sets the points of the KPI part, and what they were where the scorecard caps them.
func (s *Score) capped(weighted fixed.Num) {
	s.KPIPoints = &weighted
	if most := s.Scorecard.Cap; most != nil && weighted > *most {
		s.KPIPoints, s.Uncapped = most, &weighted
	}
}

// mixed sets the status and gives the KPI part and the superior's by their shares, or the KPI part alone while the superior's is not in.
func (s *Score) mixed() fixed.Num {
	if s.Superior == nil {
		s.Status = Provisional
		if s.Evaluation != nil && s.Evaluation.Exempt {
			s.Status = Final
		}
		return *s.KPIPoints
	}
	s.Status = Final
	sum := new(big.Rat).Mul(s.KPIPoints.Rat(), s.Scorecard.KPIShare.Rat())
	sum.Add(sum, new(big.Rat).Mul(s.Superior.Rat(), s.Scorecard.SuperiorShare.Rat()))
	return round2(sum.Quo(sum, big.NewRat(100, 1)))
}

// itemScores gives the points and the weights of all items before weights are redistributed.
func itemScores(card *policy.Scorecard, values map[*policy.KPI]Value) []ItemScore {
	missing := card.Missing
	if !judgeable(card, values) {
		missing = "" // nothing is known, and nothing known is no score of zero
	}
	items := make([]ItemScore, len(card.Items))
	for i := range card.Items {
		items[i] = itemScore(card, i, values, missing)
	}
	return items
}

// judgeable reports whether any item of the scorecard has enough data.
func judgeable(card *policy.Scorecard, values map[*policy.KPI]Value) bool {
	return slices.ContainsFunc(card.Items, func(i policy.Item) bool { return values[i.KPI].Status == OK })
}

// itemScore gives the points of one item and the weight that it carries; both nil when it is left out.
func itemScore(card *policy.Scorecard, i int, values map[*policy.KPI]Value, missing policy.Missing) ItemScore {
	item := &card.Items[i]
	v := valueOf(values, item.KPI)
	if v.Target == nil { // nothing more particular was set for the subject
		target := item.Target
		v.Target = &target
	}
	s := ItemScore{Item: item, Value: v}
	attained, ok := full(v, item.Curve)
	if ok && v.Status == OK {
		s.Points, s.Weight = points(item.Curve, attained), item.Weight.Rat()
		return s
	}
	s.Filled = missing
	switch missing {
	case policy.Neutral:
		s.Points, s.Weight = card.NeutralPoints.Rat(), item.Weight.Rat()
	case policy.Zero:
		s.Points, s.Weight = new(big.Rat), item.Weight.Rat()
	}
	return s
}

// valueOf gives the value of a KPI, which has no data where there is none.
func valueOf(values map[*policy.KPI]Value, k *policy.KPI) Value {
	v := values[k]
	if v.KPI == nil {
		v.KPI, v.Status = k, NoData
	}
	return v
}

// weigh brings the weights of the items that have points to 100 and gives the weighted points; false without any.
func weigh(items []ItemScore) (fixed.Num, bool) {
	carried := new(big.Rat)
	for _, item := range items {
		if item.Weight != nil {
			carried.Add(carried, item.Weight)
		}
	}
	if carried.Sign() == 0 {
		return 0, false
	}
	hundred, sum := big.NewRat(100, 1), new(big.Rat)
	for i := range items {
		if item := &items[i]; item.Weight != nil {
			item.Weight.Quo(new(big.Rat).Mul(item.Weight, hundred), carried)
			sum.Add(sum, new(big.Rat).Mul(item.Weight, item.Points))
		}
	}
	return round2(sum.Quo(sum, hundred)), true
}

// penaltyScores gives what each penalty of the scorecard takes off. No record is nothing to take off, and one is enough.
func penaltyScores(card *policy.Scorecard, values map[*policy.KPI]Value) []PenaltyScore {
	var scores []PenaltyScore
	for i := range card.Penalties {
		s := PenaltyScore{Penalty: &card.Penalties[i], Value: valueOf(values, card.Penalties[i].KPI)}
		if n, ok := s.Value.Exact(); ok && n.Sign() > 0 {
			off, most := n.Mul(n, s.Penalty.Each.Rat()), s.Penalty.Most.Rat()
			if off.Cmp(most) > 0 {
				off = most
			}
			s.Points, s.Limits = round2(off), s.Penalty.BandLimit != nil
		}
		scores = append(scores, s)
	}
	return scores
}

// taken adds up what penalties take off.
func taken(penalties []PenaltyScore) (sum fixed.Num) {
	for _, p := range penalties {
		sum += p.Points
	}
	return sum
}

// bandLimitScores tells which limits of the scorecard hold: those whose KPI has enough data and misses the figure.
func bandLimitScores(card *policy.Scorecard, values map[*policy.KPI]Value) []BandLimitScore {
	var scores []BandLimitScore
	for i := range card.BandLimits {
		s := BandLimitScore{Limit: &card.BandLimits[i], Value: valueOf(values, card.BandLimits[i].KPI)}
		if x, ok := s.Value.Exact(); ok && s.Value.Status == OK {
			s.Limits = s.Limit.Missed(x)
		}
		scores = append(scores, s)
	}
	return scores
}

// worstLimit gives the lowest band that a penalty or a limit in force leaves, or nil.
func (s *Score) worstLimit(bands []policy.Band) (worst *policy.Band) {
	for _, p := range s.Penalties {
		if p.Limits {
			worst = lower(bands, worst, p.Penalty.BandLimit)
		}
	}
	for _, l := range s.BandLimits {
		if l.Limits {
			worst = lower(bands, worst, l.Limit.Band)
		}
	}
	return worst
}

// lower gives the lower of two limits; nil limits nothing.
func lower(bands []policy.Band, a, b *policy.Band) *policy.Band {
	if a == nil || b != nil && place(bands, b) > place(bands, a) {
		return b
	}
	return a
}

// limited gives the band that a limit leaves of the one earned.
func limited(bands []policy.Band, earned, limit *policy.Band) *policy.Band {
	if limit == nil || place(bands, earned) >= place(bands, limit) {
		return earned
	}
	return limit
}

// place gives the position of a band from the best; nil is below the last.
func place(bands []policy.Band, b *policy.Band) int {
	if b == nil {
		return len(bands)
	}
	return slices.IndexFunc(bands, func(x policy.Band) bool { return x.ID == b.ID })
}

// conclude gives a person the score of all stays together. before is the mean of their totals by days before penalties, nil without any.
func (s *PersonScore) conclude(before *fixed.Num, stays []Score, p *policy.Policy) {
	s.PenaltyPoints = takenTogether(stays)
	for _, stay := range stays {
		s.BandLimited = lower(p.Bands, s.BandLimited, stay.BandLimited)
	}
	if before == nil {
		return
	}
	total := max(*before-s.PenaltyPoints, 0)
	s.BeforePenalties, s.Total = before, &total
	s.Earned = p.BandFor(total)
	s.Band = limited(p.Bands, s.Earned, s.BandLimited)
}

// takenTogether adds up what penalties take off in all stays of a person. It is no mean by days, since a deed costs the same whether or
// not its doer moves; and of one KPI the stays together cost no more than the most that one of their scorecards allows.
func takenTogether(stays []Score) (sum fixed.Num) {
	off, most := map[*policy.KPI]fixed.Num{}, map[*policy.KPI]fixed.Num{}
	for _, stay := range stays {
		for _, p := range stay.Penalties {
			k := p.Penalty.KPI
			off[k] += p.Points
			most[k] = max(most[k], p.Penalty.Most)
		}
	}
	for k, points := range off {
		sum += min(points, most[k])
	}
	return sum
}

// distribute forces the bands of a group, the people judged by one scorecard, into the shares of its distribution. What limits a band
// holds afterwards, so that a quota taken by somebody who is then limited goes to nobody else.
func distribute(rule *policy.Distribution, bands []policy.Band, group []*PersonScore) {
	var scored []*PersonScore
	var totals []fixed.Num
	for _, s := range group {
		if s.Total != nil {
			scored, totals = append(scored, s), append(totals, *s.Total)
		}
	}
	d := &Distribution{Rule: rule, People: len(scored), Forced: int64(len(scored)) >= rule.From}
	for _, s := range group {
		s.Distribution = d
	}
	if !d.Forced {
		return
	}
	d.AtMost = quotas(rule.Shares, len(scored))
	for i, k := range spread(totals, d.AtMost) {
		scored[i].force(k, bands, rule.Lift)
	}
}

// force moves a person to the band at position k, unless the score earns a lower one and nobody is lifted.
func (s *PersonScore) force(k int, bands []policy.Band, lift bool) {
	band := &bands[k]
	if !lift && place(bands, s.Earned) > k {
		band = s.Earned
	}
	band = limited(bands, band, s.BandLimited)
	s.Forced = band != s.Band
	s.Band = band
}

// quotas gives for each band how many of n people may stand in it or a better one: the shares added up from the best, of n, rounded down.
func quotas(shares []fixed.Num, n int) []int {
	atMost := make([]int, len(shares))
	var sum fixed.Num
	for k, share := range shares {
		sum += share
		atMost[k] = int(int64(sum) * int64(n) / int64(fixed.Int(100)))
	}
	return atMost
}

// spread gives each total the position of the band that its place among all totals leaves. Equal totals are never split: all get the best
// band whose quota at least half of them fit into.
func spread(totals []fixed.Num, atMost []int) []int {
	order := make([]int, len(totals))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(totals[j], totals[i]) })
	bands := make([]int, len(totals))
	for from, to := 0, 0; from < len(order); from = to {
		for to < len(order) && totals[order[to]] == totals[order[from]] {
			to++
		}
		k := slices.IndexFunc(atMost, func(most int) bool { return 2*(most-from) >= to-from })
		for _, i := range order[from:to] {
			bands[i] = k
		}
	}
	return bands
}

// round2 rounds a score; scores are far below what fixed.Num holds.
func round2(r *big.Rat) fixed.Num {
	n, _ := fixed.Round(r, 2)
	return n
}

// rank numbers the scored entries from the best: equal totals share a rank and the next one skips (1, 2, 2, 4). It calls set with
// rank, number of ranked entries and whether the rank is shared; unscored entries get none.
func rank(totals []*fixed.Num, set func(i, rank, of int, tied bool)) {
	var scored []fixed.Num
	for _, t := range totals {
		if t != nil {
			scored = append(scored, *t)
		}
	}
	slices.SortFunc(scored, func(a, b fixed.Num) int { return cmp.Compare(b, a) })
	first, last := map[fixed.Num]int{}, map[fixed.Num]int{}
	for i, t := range scored {
		if _, ok := first[t]; !ok {
			first[t] = i + 1
		}
		last[t] = i + 1
	}
	for i, t := range totals {
		if t != nil {
			set(i, first[*t], len(scored), first[*t] != last[*t])
		}
	}
}
