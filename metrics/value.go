package metrics

import (
	"cmp"
	"math"
	"math/big"
	"slices"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/policy"
)

// newValue gives a KPI's value out of its sums.
func newValue(k *policy.KPI, p period.Period, s Sum, target *fixed.Num) Value {
	v := Value{KPI: k, Period: p, Ratio: s.Ratio, N: s.N, Target: target}
	if k.Denominator == nil {
		v.Ratio.Den = fixed.Int(1)
	}
	switch {
	case s.N == 0 || v.Ratio.Den == 0:
		v.Status = NoData
	case s.N < k.Minimum:
		v.Status = Insufficient
	default:
		v.Status = OK
	}
	if k.IsRate() && s.N > 0 {
		v.Low, v.High = wilson(s.Ratio)
		f, _ := k.Factor().Float64()
		v.Low, v.High, v.HasInterval = float64(v.Low*f), float64(v.High*f), true
	}
	return v
}

// z is the 97.5 % quantile of the standard normal distribution.
const z = 1.959963984540054

// wilson gives the 95 % score interval of a share (Wilson 1927), within [0, 1]. Products are rounded one by one, so that no
// machine fuses them with the following sum.
func wilson(r fixed.Ratio) (low, high float64) {
	n := r.Den.Float()
	p := float64(r.Num.Float() / n)
	zz := float64(z * z)
	centre := p + float64(zz/float64(2*n))
	spread := float64(z * math.Sqrt(float64(float64(p*float64(1-p))/n)+float64(zz/float64(4*float64(n*n)))))
	scale := 1 + float64(zz/n)
	low, high = (centre-spread)/scale, (centre+spread)/scale
	return math.Max(0, min(low, p)), math.Min(1, max(high, p))
}

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

// score judges values (by KPI) with a scorecard. superior is nil while the evaluation is not in.
func score(card *policy.Scorecard, values map[*policy.KPI]Value, superior *fixed.Num, bands *policy.Policy) Score {
	s := Score{Scorecard: card, Status: NoScore}
	if card == nil {
		return s
	}
	missing := card.Missing
	if !judgeable(card, values) {
		missing = policy.Redistribute // nothing is known, and nothing known is no score of zero
	}
	carried := new(big.Rat)
	for i := range card.Items {
		item := itemScore(&card.Items[i], values, missing)
		if item.Weight != nil {
			carried.Add(carried, item.Weight)
		}
		s.Items = append(s.Items, item)
	}
	if carried.Sign() == 0 {
		return s
	}
	sum := new(big.Rat)
	for i := range s.Items {
		item := &s.Items[i]
		if item.Weight == nil {
			continue
		}
		item.Weight.Quo(new(big.Rat).Mul(item.Weight, big.NewRat(100, 1)), carried)
		sum.Add(sum, new(big.Rat).Mul(item.Weight, item.Points))
	}
	kpi := round2(sum.Quo(sum, big.NewRat(100, 1)))
	s.KPIPoints, s.Superior = &kpi, superior
	total := kpi
	s.Status = Provisional
	if superior != nil {
		mixed := new(big.Rat).Mul(kpi.Rat(), card.KPIShare.Rat())
		mixed.Add(mixed, new(big.Rat).Mul(superior.Rat(), card.SuperiorShare.Rat()))
		total = round2(mixed.Quo(mixed, big.NewRat(100, 1)))
		s.Status = Final
	}
	s.Total, s.Band = &total, bands.BandFor(total)
	return s
}

// judgeable reports whether any item of the scorecard has enough data.
func judgeable(card *policy.Scorecard, values map[*policy.KPI]Value) bool {
	return slices.ContainsFunc(card.Items, func(i policy.Item) bool { return values[i.KPI].Status == OK })
}

// itemScore gives the points of one item and the weight that it carries; both nil when it is left out.
func itemScore(item *policy.Item, values map[*policy.KPI]Value, missing policy.Missing) ItemScore {
	v := values[item.KPI]
	target := item.Target
	v.Target = &target
	if v.KPI == nil {
		v.KPI, v.Status = item.KPI, NoData
	}
	s := ItemScore{Item: item, Value: v}
	attained, ok := full(v, item.Curve)
	switch {
	case ok && v.Status == OK:
		s.Points, s.Weight = points(item.Curve, attained), item.Weight.Rat()
	case missing == policy.Zero:
		s.Points, s.Weight = new(big.Rat), item.Weight.Rat()
	}
	return s
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
