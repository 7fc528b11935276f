package charts

import (
	"math/big"

	"plumbline/metrics"
	"plumbline/policy"
)

// Standing is where a value stands against its target, as far as its interval lets one say.
type Standing int

// The standings.
const (
	Unjudged = Standing(unjudged) // no target, or not enough data
	Unsure   = Standing(unsure)   // the target lies inside the interval
	Met      = Standing(met)
	Missed   = Standing(missed)
)

// Judge compares a value with its target as the charts do, and gives value minus target in the KPI's unit; nil when Unjudged.
func Judge(v metrics.Value) (Standing, *big.Rat) {
	s, diff := judge(v)
	return Standing(s), diff
}

// Sentence is the headline of a value: the number, and what may be said of it against its target and the period before.
func Sentence(v, before metrics.Value, who policy.Text) policy.Text {
	return both(func(l policy.Lang) string { return sentence(v, before, nameOf(who, l), scaleOf(v.KPI, l, v, before)) })
}

// AgainstTarget says how a value stands against its target; empty without one or without enough data.
func AgainstTarget(v metrics.Value) policy.Text {
	return both(func(l policy.Lang) string { return againstTarget(v, scaleOf(v.KPI, l, v)) })
}

// Missing says that there is no value, and why.
func Missing(v metrics.Value) policy.Text {
	return both(func(l policy.Lang) string {
		if v.Status == metrics.Withheld {
			return pick(l, "匿名答卷过少，不显示", "too few anonymous answers, withheld")
		}
		return missing(v, l)
	})
}

// Name is a name from the data, fit for display: one line without control characters and marks that turn the direction of what follows.
func Name(t policy.Text) policy.Text {
	return both(func(l policy.Lang) string { return nameOf(t, l) })
}

// Wording writes the values of one KPI in one language, all on the same scale.
type Wording struct{ s scale }

// WordingOf chooses the scale of a KPI for values as large as the given ones: 万元 rather than 元, k rather than 1000s.
func WordingOf(k *policy.KPI, l policy.Lang, values ...metrics.Value) Wording {
	return Wording{scaleOf(k, l, values...)}
}

// Text writes a value with its unit, as a sentence needs it.
func (w Wording) Text(r *big.Rat) string { return w.s.text(r) }

// Number writes a value without its unit, rounded once.
func (w Wording) Number(r *big.Rat) string { return w.s.number(r) }

// Difference writes the size of a difference with its unit; rates differ by percentage points.
func (w Wording) Difference(r *big.Rat) string { return w.s.difference(r) }

// Signed writes a difference with its sign and without unit.
func (w Wording) Signed(r *big.Rat) string { return w.s.signed(r) }

// Unit is what stands in the head of a column; "" for a plain count.
func (w Wording) Unit() string { return w.s.whole }

// Scaled gives a value as Number shows it, and how many decimals that has.
func (w Wording) Scaled(r *big.Rat) (*big.Rat, int) {
	return new(big.Rat).Quo(r, w.s.by), w.s.places
}
