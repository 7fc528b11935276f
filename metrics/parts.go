package metrics

import (
	"math/big"
	"slices"

	"plumbline/internal/fixed"
	"plumbline/policy"
)

// PartKind says what a part of a score is.
type PartKind string

// The kinds of parts, in the order in which they stand.
const (
	PartItem     PartKind = "item"     // the points of a KPI by its weight
	PartCap      PartKind = "cap"      // what the cap of the KPI part takes
	PartSuperior PartKind = "superior" // the superior's evaluation by its share
	PartStay     PartKind = "stay"     // a department's part in the score of somebody who moved, by days
	PartPenalty  PartKind = "penalty"  // what penalties take off
	PartFloor    PartKind = "floor"    // what keeps a score from falling below zero
)

// ScorePart is one part of a score. The parts of a score add up to its total exactly: each has two decimals, and what rounding leaves
// goes to the parts that lost most by it.
type ScorePart struct {
	Kind       PartKind
	KPI        *policy.KPI // of an item, and of a penalty where it is known; else nil
	Department string      // of a stay
	Filled     bool        // an item without enough data that earns what its scorecard says
	Points     fixed.Num
}

// Parts gives what a score is made of, in the order of the scorecard; nil without a score.
func (s Score) Parts() []ScorePart {
	if s.Total == nil || s.BeforePenalties == nil {
		return nil
	}
	parts := make([]ScorePart, 0, len(s.Items)+2)
	exact := make([]*big.Rat, 0, len(s.Items)+2) // in hundredths
	add := func(p ScorePart, points *big.Rat) { parts, exact = append(parts, p), append(exact, points) }
	ofKPIs, ofSuperior := big.NewRat(100, 1), new(big.Rat)
	if s.Superior != nil {
		ofKPIs, ofSuperior = s.Scorecard.KPIShare.Rat(), s.Scorecard.SuperiorShare.Rat()
	}
	perPercent := new(big.Rat).Mul(ofKPIs, big.NewRat(1, 100))
	for _, item := range s.Items {
		if item.Points != nil && item.Weight != nil {
			points := new(big.Rat).Mul(item.Points, item.Weight)
			if s.Superior != nil {
				points.Mul(points, perPercent)
			}
			add(ScorePart{Kind: PartItem, KPI: item.Item.KPI, Filled: item.Filled != ""}, points)
		}
	}
	if s.Uncapped != nil {
		off := (*s.KPIPoints - *s.Uncapped).Rat()
		add(ScorePart{Kind: PartCap}, off.Mul(off, ofKPIs))
	}
	if s.Superior != nil {
		add(ScorePart{Kind: PartSuperior}, ofSuperior.Mul(ofSuperior, s.Superior.Rat()))
	}
	apportion(parts, exact, *s.BeforePenalties)
	for _, p := range s.Penalties {
		if p.Points != 0 {
			parts = append(parts, ScorePart{Kind: PartPenalty, KPI: p.Penalty.KPI, Points: -p.Points})
		}
	}
	return floored(parts, *s.Total)
}

// PartsOf gives what a person's score is made of: the parts of the one scorecard, or of somebody who moved each department's part by days,
// and what penalties take off; nil without a score.
func (r *Report) PartsOf(s PersonScore) []ScorePart { return partsOf(r.People, s) }

func partsOf(lines []PersonLine, s PersonScore) []ScorePart {
	if s.Total == nil || s.BeforePenalties == nil {
		return nil
	}
	if len(s.Lines) == 1 {
		return lines[s.Lines[0]].Score.Parts()
	}
	var parts []ScorePart
	var exact []*big.Rat
	weight := fixed.Num(0)
	for _, i := range s.Lines {
		if l := lines[i]; l.Score.BeforePenalties != nil {
			weight += l.Weight
		}
	}
	for _, i := range s.Lines {
		if l := lines[i]; l.Score.BeforePenalties != nil && weight > 0 {
			points := new(big.Rat).Mul(l.Score.BeforePenalties.Rat(), l.Weight.Rat())
			points.Mul(points, big.NewRat(100, 1))
			parts, exact = append(parts, ScorePart{Kind: PartStay, Department: l.Department}), append(exact, points.Quo(points, weight.Rat()))
		}
	}
	apportion(parts, exact, *s.BeforePenalties)
	if s.PenaltyPoints != 0 {
		parts = append(parts, ScorePart{Kind: PartPenalty, Points: -s.PenaltyPoints})
	}
	return floored(parts, *s.Total)
}

// floored adds what keeps the total from falling below zero.
func floored(parts []ScorePart, total fixed.Num) []ScorePart {
	rest := total
	for _, p := range parts {
		rest -= p.Points
	}
	if rest != 0 {
		parts = append(parts, ScorePart{Kind: PartFloor, Points: rest})
	}
	return parts
}

// apportion rounds exact points, given in hundredths, to hundredths that add up to a sum: all are rounded down, and the hundredths that are
// left go to those that lost most.
func apportion(parts []ScorePart, exact []*big.Rat, sum fixed.Num) {
	hundredth := fixed.Int(1) / 100
	left := sum
	var whole, rest big.Int
	lost := make([]*big.Rat, len(exact))
	for i, x := range exact {
		whole.DivMod(x.Num(), x.Denom(), &rest) // Euclidean: rounds down, as the divisor is above zero
		parts[i].Points = fixed.Num(whole.Int64()) * hundredth
		left -= parts[i].Points
		lost[i] = x.SetFrac(&rest, x.Denom())
	}
	if left == 0 || len(exact) == 0 {
		return
	}
	order := make([]int, len(exact))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return lost[b].Cmp(lost[a]) })
	for step := 0; left >= hundredth; step++ {
		parts[order[step%len(order)]].Points += hundredth
		left -= hundredth
	}
	for step := len(order) - 1; left <= -hundredth && step >= 0; step-- {
		parts[order[step]].Points -= hundredth
		left += hundredth
	}
}
