package explain

import (
	"math/big"
	"strings"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// figure writes an exact number, and set off by parentheses when it is below zero.
func figure(n fixed.Num) string {
	if n < 0 {
		return "(" + fixed.Grouped(n.String()) + ")"
	}
	return fixed.Grouped(n.String())
}

// suffix is what stands behind a number of a unit.
func (p *page) suffix(u policy.Unit) string {
	switch u {
	case policy.Percent:
		return "%"
	case policy.Hours:
		return p.t(" 小时", " hours")
	case policy.Days:
		return p.t(" 天", " days")
	case policy.Money:
		return p.t(" 元", " yuan")
	case policy.Points:
		return p.t(" 分", " points")
	}
	return ""
}

// rounded writes a computed value of a unit with two decimals; a count or an amount that is whole has none.
func (p *page) rounded(r *big.Rat, u policy.Unit) string {
	return fixed.Grouped(fixed.Text(r, decimals(r, u))) + p.suffix(u)
}

func decimals(r *big.Rat, u policy.Unit) int {
	if r.IsInt() && (u == policy.Count || u == policy.Money) {
		return 0
	}
	return 2
}

// given writes a number as somebody set it.
func (p *page) given(n fixed.Num, u policy.Unit) string { return figure(n) + p.suffix(u) }

// percent writes a number of percent as it was set.
func percent(n fixed.Num) string { return figure(n) + "%" }

// divides reports whether a value is shown as a quotient; the middle of an odd number of values is one of them.
func divides(v metrics.Value) bool {
	return v.KPI.Divides() && (v.KPI.Numerator.Kind != policy.Median || v.Ratio.Den != fixed.Int(1))
}

// quotient writes what a value is before it is rounded.
func quotient(v metrics.Value) string {
	if !divides(v) {
		return figure(v.Ratio.Num)
	}
	return figure(v.Ratio.Num) + " ÷ " + figure(v.Ratio.Den)
}

// calculated writes a value with its quotient: 5 ÷ 12 = 41.67%.
func (p *page) calculated(v metrics.Value) string {
	r, ok := v.Exact()
	if !ok {
		return p.noValue(v)
	}
	if !divides(v) {
		return p.given(v.Ratio.Num, v.KPI.Unit)
	}
	return quotient(v) + " = " + p.rounded(r, v.KPI.Unit)
}

func (p *page) noValue(v metrics.Value) string {
	if v.Status == metrics.Withheld {
		return p.f("不予显示：匿名答卷不足 %d 份，或可据以推算出不足此数的答卷", "withheld: fewer than %d anonymous answers, or such could be worked out from it", policy.AnonymousFrom)
	}
	return p.t("没有数据", "no data")
}

// aim writes a target as it stands in a calculation.
func aim(v metrics.Value) string {
	if v.KPI.Unit == policy.Percent {
		return percent(*v.Target)
	}
	return figure(*v.Target)
}

// attained writes the quotient of a value and its target, from exact figures.
func attained(v metrics.Value) string {
	switch {
	case v.KPI.HigherIsBetter:
		return quotient(v) + " ÷ " + aim(v)
	case divides(v):
		return aim(v) + " ÷ (" + quotient(v) + ")"
	}
	return aim(v) + " ÷ " + quotient(v)
}

// signed writes a difference of two values, in percentage points for percents.
func (p *page) signed(r *big.Rat, u policy.Unit) string {
	s := fixed.Grouped(fixed.Text(r, decimals(r, u)))
	if !strings.HasPrefix(s, "−") {
		s = "+" + s
	}
	if u == policy.Percent {
		return s + p.t(" 个百分点", " percentage points")
	}
	return s + p.suffix(u)
}

// mark shortens a hash to what is read out on the telephone.
func mark(hash string) string { return hash[:min(len(hash), 12)] }

// mostPlaces is how many decimals points are given at most, before they are written as fractions.
const mostPlaces = 6

// weighing is how the points of a scorecard's items are shown: the decimals with which their sum comes out, or -1 for fractions.
type weighing struct{ places int }

// weighingOf finds the fewest decimals, two at least, with which the weighted points as shown add up to the points of the KPI part.
func weighingOf(s *metrics.Score) weighing {
	if s.KPIPoints == nil {
		return weighing{2}
	}
	want := s.KPIPoints
	if s.Uncapped != nil {
		want = s.Uncapped
	}
	for w := (weighing{2}); w.places <= mostPlaces; w.places++ {
		sum := new(big.Rat)
		for _, item := range s.Items {
			if item.Points != nil {
				sum.Add(sum, w.weighted(item))
			}
		}
		if n, ok := fixed.Round(sum, 2); ok && n == *want {
			return w
		}
	}
	return weighing{-1}
}

// points are an item's as shown.
func (w weighing) points(item metrics.ItemScore) *big.Rat { return w.shown(item.Points) }

// weighted are an item's points times its weight as shown, from the points as shown.
func (w weighing) weighted(item metrics.ItemScore) *big.Rat {
	product := new(big.Rat).Mul(w.points(item), item.Weight)
	return w.shown(product.Quo(product, big.NewRat(100, 1)))
}

func (w weighing) shown(r *big.Rat) *big.Rat {
	if w.places < 0 {
		return r
	}
	s, _ := new(big.Rat).SetString(fixed.Text(r, w.places))
	return s
}

// text writes points or weighted points.
func (w weighing) text(r *big.Rat) string {
	if w.places < 0 {
		return r.RatString()
	}
	return fixed.Text(r, w.places)
}
