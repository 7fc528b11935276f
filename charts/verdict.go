package charts

import (
	"fmt"
	"math/big"

	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// standing is where a value stands against its target, as far as its interval lets one say.
type standing int

const (
	unjudged standing = iota // no target, or not enough data
	unsure                   // the target lies inside the interval
	met
	missed
)

// judge compares a value with its target. The difference is value minus target in the KPI's unit.
func judge(v metrics.Value) (standing, *big.Rat) {
	r, ok := v.Exact()
	if !ok || v.Status != metrics.OK || v.Target == nil {
		return unjudged, nil
	}
	diff := new(big.Rat).Sub(r, v.Target.Rat())
	if t := v.Target.Float(); v.HasInterval && v.Low <= t && t <= v.High {
		return unsure, diff
	}
	if diff.Sign() == 0 || (diff.Sign() > 0) == v.KPI.HigherIsBetter {
		return met, diff
	}
	return missed, diff
}

// againstTarget says how a value stands against its target; "" without one.
func againstTarget(v metrics.Value, s scale) string {
	stands, diff := judge(v)
	if stands == unjudged {
		return ""
	}
	target := s.text(v.Target.Rat())
	if stands == unsure {
		return fmt.Sprintf(pick(s.lang, "与目标 %s 无显著差异（95%% 区间 %s 至 %s）",
			"no significant difference from the target of %s (95%% interval %s to %s)"), target, s.edge(v.Low), s.edge(v.High))
	}
	if diff.Sign() == 0 {
		return fmt.Sprintf(pick(s.lang, "恰好达到目标 %s", "exactly on the target of %s"), target)
	}
	gap := s.difference(diff)
	switch {
	case stands == met && diff.Sign() > 0:
		return fmt.Sprintf(pick(s.lang, "达到目标 %s，高出 %s", "meets the target of %s by %s"), target, gap)
	case stands == met:
		return fmt.Sprintf(pick(s.lang, "达到目标 %s（越低越好），低 %s", "meets the target of %s (lower is better) by %s"), target, gap)
	case diff.Sign() < 0:
		return fmt.Sprintf(pick(s.lang, "低于目标 %s，差 %s", "misses the target of %s by %s"), target, gap)
	}
	return fmt.Sprintf(pick(s.lang, "高于目标 %s（越低越好），超出 %s", "misses the target of %s (lower is better) by %s"), target, gap)
}

// edge writes an end of an interval.
func (s scale) edge(f float64) string { return s.text(new(big.Rat).SetFloat64(finite(f))) }

func finite(f float64) float64 {
	if f-f != 0 { // infinities and NaN
		return 0
	}
	return f
}

// change says how a value moved since the period before, when the two can be told apart; else "".
func change(now, before metrics.Value, s scale) string {
	a, okA := now.Exact()
	b, okB := before.Exact()
	if !okA || !okB || now.Status != metrics.OK || before.Status != metrics.OK {
		return ""
	}
	if now.HasInterval && before.HasInterval && now.Low <= before.High && before.Low <= now.High {
		return ""
	}
	diff := new(big.Rat).Sub(a, b)
	since := sincePhrase(now.Period, s.lang)
	switch {
	case s.number(diff) == s.number(new(big.Rat)): // as far as the shown decimals tell
		return pick(s.lang, since+"持平", "unchanged "+since)
	case diff.Sign() > 0:
		return pick(s.lang, since+"上升 "+s.difference(diff), "up "+s.difference(diff)+" "+since)
	}
	return pick(s.lang, since+"下降 "+s.difference(diff), "down "+s.difference(diff)+" "+since)
}

func sincePhrase(p period.Period, l policy.Lang) string {
	switch p.Kind() {
	case period.Month:
		return pick(l, "较上月", "on the month before")
	case period.Quarter:
		return pick(l, "较上季度", "on the quarter before")
	}
	return pick(l, "较上年", "on the year before")
}

// insufficient says that a value rests on too few rows, and how many it needs.
func insufficient(v metrics.Value, l policy.Lang) string {
	return fmt.Sprintf(pick(l, "样本不足 n=%s", "too few cases, n=%s"), v.N)
}

// sentence is the headline of a value: the number and what may be said of it.
func sentence(v, before metrics.Value, who string, s scale) string {
	l := s.lang
	name := nameOf(v.KPI.Name, l)
	subject := who + pick(l, " ", ": ") + name
	r, ok := v.Exact()
	if v.Status == metrics.Withheld {
		return subject + fmt.Sprintf(pick(l, "：匿名答卷不足 %d 份或可被推算，不显示", ": fewer than %d anonymous answers or such could be worked out, withheld"), policy.AnonymousFrom)
	}
	if !ok {
		return subject + pick(l, "：", ": ") + missing(v, l)
	}
	if v.Status == metrics.Insufficient {
		return fmt.Sprintf(pick(l, "%s %s，%s（至少需要 %d），不作判断", "%s %s, %s (at least %d needed): no judgement"),
			subject, s.text(r), insufficient(v, l), v.KPI.Minimum)
	}
	text := subject + " " + s.text(r)
	for _, more := range []string{againstTarget(v, s), change(v, before, s)} {
		if more != "" {
			text += pick(l, "，", ", ") + more
		}
	}
	return text
}

// missing says that there is no value, and why.
func missing(v metrics.Value, l policy.Lang) string {
	why := pick(l, "没有计入的记录", "no records count towards it")
	if v.KPI != nil && v.KPI.Divides() && v.N > 0 {
		why = pick(l, "分母为零", "the denominator is zero")
	}
	return fmt.Sprintf(pick(l, "%s无数据（%s）", "no data for %s (%s)"), when(v.Period, l), why)
}

// when names a period.
func when(p period.Period, l policy.Lang) string { return pick(l, p.ZH(), p.EN()) }
