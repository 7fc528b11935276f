package charts

import (
	"math"
	"math/big"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// scale says how the values of one KPI are written and drawn: in 万元 rather than 元, in k rather than 1000s.
type scale struct {
	lang   policy.Lang
	unit   policy.Unit
	by     *big.Rat // one drawn unit, in the KPI's unit
	places int      // decimals
	suffix string   // behind a number in a sentence
	mark   string   // behind a number in a drawing
	whole  string   // the unit for a title; "" for a plain count
}

// scaleOf chooses the scale of a KPI for values as large as the given ones.
func scaleOf(kpi *policy.KPI, l policy.Lang, values ...metrics.Value) scale {
	s := scale{lang: l, unit: kpi.Unit, by: big.NewRat(1, 1), places: 1}
	switch kpi.Unit {
	case policy.Percent:
		s.suffix, s.mark, s.whole = "%", "%", "%"
	case policy.Count:
		s.places = 0
	case policy.Hours:
		s.suffix, s.whole = pick(l, " 小时", " h"), pick(l, "小时", "hours")
	case policy.Days:
		s.suffix, s.whole = pick(l, " 天", " days"), pick(l, "天", "days")
	case policy.Points:
		s.places, s.suffix, s.whole = 2, pick(l, " 分", " points"), pick(l, "分", "points")
	case policy.Money:
		s.money(largest(values))
	}
	return s
}

// money counts in 万元 in Chinese; in English in thousands, and from one million in millions.
func (s *scale) money(largest float64) {
	switch {
	case s.lang != policy.EN:
		s.by, s.suffix, s.whole = big.NewRat(10_000, 1), " 万元", "万元"
		if largest < 100_000 {
			s.places = 2
		}
	case largest < 1_000_000:
		s.by, s.suffix, s.mark, s.whole = big.NewRat(1_000, 1), "k", "k", "k"
	default:
		s.by, s.suffix, s.mark, s.whole, s.places = big.NewRat(1_000_000, 1), "M", "M", "M", 2
	}
}

func largest(values []metrics.Value) float64 {
	most := 0.0
	for _, v := range values {
		if f, ok := v.Float(); ok {
			most = max(most, math.Abs(f))
		}
		if v.Target != nil {
			most = max(most, math.Abs(v.Target.Float()))
		}
	}
	return most
}

// number writes a value without unit, rounded once.
func (s scale) number(r *big.Rat) string {
	q := new(big.Rat).Quo(r, s.by)
	places := s.places
	if s.unit == policy.Count && !q.IsInt() {
		places = 1
	}
	return fixed.Grouped(fixed.Text(q, places))
}

// text writes a value with its unit, as a sentence needs it.
func (s scale) text(r *big.Rat) string { return s.number(r) + s.suffix }

// short writes a value as a label in a drawing whose title says the unit.
func (s scale) short(r *big.Rat) string { return s.number(r) + s.mark }

// difference writes the size of a difference; rates differ by percentage points.
func (s scale) difference(r *big.Rat) string {
	size := new(big.Rat).Abs(r)
	if s.unit == policy.Percent {
		return s.number(size) + pick(s.lang, " 个百分点", " pp")
	}
	return s.text(size)
}

// signed writes a difference with its sign, without unit.
func (s scale) signed(r *big.Rat) string {
	text := s.number(new(big.Rat).Abs(r))
	if r.Sign() < 0 {
		return "−" + text
	}
	return "+" + text
}

// at gives where a value is drawn.
func (s scale) at(r *big.Rat) float64 {
	f, _ := new(big.Rat).Quo(r, s.by).Float64()
	return rounded(f)
}

// bound gives where an end of an interval is drawn.
func (s scale) bound(f float64) float64 {
	by, _ := s.by.Float64()
	return rounded(f / by)
}

// rounded keeps six decimals: finer than a pixel, and the same text everywhere.
func rounded(f float64) float64 { return math.Round(f*1e6) / 1e6 }

func count(n int64) string { return fixed.Grouped(fixed.Int(n).Text(0)) }

// cases writes how many rows a value rests on; split by shares it may have decimals.
func cases(n fixed.Num) string { return fixed.Grouped(n.String()) }

// percent writes part of whole with one decimal.
func percent(part, whole int64) string {
	if whole == 0 {
		return "–"
	}
	return fixed.Text(big.NewRat(part*100, whole), 1) + "%"
}

// axis is a value axis with round steps.
type axis struct{ low, high, step float64 }

// axisOver gives an axis that holds low to high in about steps steps. It starts at zero when asked, and never passes the floor
// and ceiling that a share has.
func axisOver(low, high float64, steps int, fromZero, share bool) axis {
	if fromZero {
		low, high = min(low, 0), max(high, 0)
	}
	if high-low < 1e-9 {
		pad := max(math.Abs(high)*0.1, 1)
		low, high = low-pad, high+pad
		if fromZero && low < 0 && high > 0 {
			low = 0
		}
	}
	step := roundStep((high - low) / float64(steps))
	a := axis{math.Floor(low/step+1e-9) * step, math.Ceil(high/step-1e-9) * step, step}
	if share {
		a.low, a.high = max(a.low, 0), min(a.high, 100)
	}
	return axis{rounded(a.low), rounded(a.high), rounded(a.step)}
}

// roundStep gives the next 1, 2, 2.5 or 5 times a power of ten.
func roundStep(raw float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if raw <= m*power*(1+1e-9) {
			return m * power
		}
	}
	return 10 * power
}

func twoDecimals(f float64) string { return fixed.Text(new(big.Rat).SetFloat64(finite(f)), 2) }

// ratio100 gives part of whole in percent; whole is not zero.
func ratio100(part, whole fixed.Num) *big.Rat {
	q := new(big.Rat).Quo(part.Rat(), whole.Rat())
	return q.Mul(q, big.NewRat(100, 1))
}

// trimmedTo writes a number with thousands apart and a fixed number of decimals.
func trimmedTo(r *big.Rat, places int) string { return fixed.Grouped(fixed.Text(r, places)) }
