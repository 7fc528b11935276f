package metrics

import (
	"cmp"
	"slices"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/stat"
	"plumbline/policy"
)

// newValue gives a KPI's value out of its sums; what others show beside it is not its concern (Rolled.tells).
func newValue(k *policy.KPI, p period.Period, s Sum, target *fixed.Num) Value {
	v := Value{KPI: k, Period: p, Ratio: s.Ratio, N: s.N, Target: target}
	switch {
	case k.Numerator.Kind == policy.Median:
		v.Ratio = middle(s.Values)
	case !k.HasDenominator():
		v.Ratio.Den = fixed.Int(1)
	}
	switch {
	case k.Anonymous && !s.empty() && s.N < fixed.Int(policy.AnonymousFrom):
		return Value{KPI: k, Period: p, Status: Withheld, Target: target}
	case s.N == 0 || v.Ratio.Den == 0 || k.IsRatio() && s.Above == 0 && k.Of.Numerator.Kind == policy.SumOf: // a sum of nothing is not zero
		v.Status = NoData
	case s.N < fixed.Int(k.Minimum):
		v.Status = Insufficient
	default:
		v.Status = OK
	}
	if k.IsRate() && s.N > 0 {
		v.Low, v.High = stat.Wilson(s.Ratio.Num.Float(), s.Ratio.Den.Float())
		f, _ := k.Factor().Float64()
		v.Low, v.High, v.HasInterval = float64(v.Low*f), float64(v.High*f), true
	}
	return v
}

// middle gives the median as a ratio: the value over one on whose either side less than half of the shares lie, or the sum of the two
// between which the halves part over two.
func middle(values []Part) fixed.Ratio {
	sorted := slices.SortedFunc(slices.Values(values), func(a, b Part) int { return cmp.Compare(a.Value, b.Value) })
	var all, upTo fixed.Num
	for _, p := range sorted {
		all += p.Share
	}
	for i, p := range sorted {
		upTo += p.Share
		switch {
		case upTo > all-upTo || upTo == all-upTo && sorted[i+1].Value == p.Value:
			return fixed.Ratio{Num: p.Value, Den: fixed.Int(1)}
		case upTo == all-upTo:
			return fixed.Ratio{Num: p.Value + sorted[i+1].Value, Den: fixed.Int(2)}
		}
	}
	return fixed.Ratio{}
}
