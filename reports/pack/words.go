package pack

import (
	"fmt"
	"math/big"
	"time"

	"plumbline/charts"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// both says a sentence in each language.
func both(say func(policy.Lang) string) policy.Text {
	return policy.Text{ZH: say(policy.ZH), EN: say(policy.EN)}
}

// saying is a text with the same figures in both languages.
func saying(zh, en string, args ...any) policy.Text {
	return policy.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
}

func pick(l policy.Lang, zh, en string) string { return policy.Text{ZH: zh, EN: en}.In(l) }

// same is a text that needs no translation.
func same(s string) policy.Text { return policy.Text{ZH: s, EN: s} }

func isEmpty(t policy.Text) bool { return t == policy.Text{} }

// join puts texts together with what separates them in each language.
func join(list []policy.Text, zh, en string) policy.Text {
	var all policy.Text
	for i, t := range list {
		if i > 0 {
			all.ZH += zh
			all.EN += en
		}
		all.ZH += t.ZH
		all.EN += t.EN
	}
	return all
}

// until shortens a list for a sentence: the first ones, and how many more there are.
func until(list []policy.Text, most int) policy.Text {
	if len(list) <= most {
		return join(list, "、", ", ")
	}
	t := join(list[:most], "、", ", ")
	return policy.Text{ZH: fmt.Sprintf("%s等 %d 个", t.ZH, len(list)), EN: fmt.Sprintf("%s and %d more", t.EN, len(list)-most)}
}

func periodText(p period.Period) policy.Text { return policy.Text{ZH: p.ZH(), EN: p.EN()} }

// date writes a day; an empty one is a dash.
func date(t time.Time) policy.Text {
	if t.IsZero() {
		return same("–")
	}
	return same(t.Format("2006-01-02"))
}

func text(t policy.Text) Cell { return Cell{Text: t} }

func dash() Cell { return Cell{Text: same("–"), Tone: Weak} }

// count is a whole number.
func count(n int) Cell {
	return Cell{Text: same(fixed.Grouped(fixed.Int(int64(n)).Text(0))), Number: big.NewRat(int64(n), 1)}
}

// exact is a number with so many decimals.
func exact(r *big.Rat, places int) Cell {
	return Cell{Text: same(fixed.Grouped(fixed.Text(r, places))), Number: r, Places: places}
}

// money is an amount in yuan.
func money(n fixed.Num) Cell { return exact(n.Rat(), 2) }

// yuan writes an amount in a sentence.
func yuan(n fixed.Num) policy.Text {
	s := fixed.Grouped(n.Text(2))
	return policy.Text{ZH: s + " 元", EN: s + " yuan"}
}

// shown is an exact number under the words of both languages, which may scale it differently; the workbook has it in the KPI's own unit.
func shown(r *big.Rat, k *policy.KPI, say func(charts.Wording) string) Cell {
	return Cell{Text: both(func(l policy.Lang) string { return say(charts.WordingOf(k, l, bare(k, r))) }), Number: r, Places: decimals(k.Unit), Unit: k.Unit}
}

// bare is a value that holds nothing but the number, to choose the scale by.
func bare(k *policy.KPI, r *big.Rat) metrics.Value {
	n, _ := fixed.Round(r, 2)
	return metrics.Value{KPI: k, Status: metrics.OK, Target: &n}
}

func decimals(u policy.Unit) int {
	switch u {
	case policy.Count:
		return 0
	case policy.Money, policy.Points:
		return 2
	}
	return 1
}

// value is a KPI's value as a cell with its unit.
func value(v metrics.Value) Cell {
	r, ok := v.Exact()
	switch {
	case v.Status == metrics.Withheld:
		return Cell{Text: policy.Text{ZH: "不显示", EN: "withheld"}, Tone: Weak}
	case !ok:
		return Cell{Text: policy.Text{ZH: "无数据", EN: "no data"}, Tone: Weak}
	}
	c := shown(r, v.KPI, func(w charts.Wording) string { return w.Text(r) })
	if v.Status == metrics.Insufficient {
		c.Tone = Weak
		c.Text.ZH += fmt.Sprintf("（样本不足 n=%s）", v.N)
		c.Text.EN += fmt.Sprintf(" (too few, n=%s)", v.N)
	}
	return c
}

// target is a value's target as a cell.
func target(v metrics.Value) Cell {
	if v.Target == nil {
		return dash()
	}
	r := v.Target.Rat()
	return shown(r, v.KPI, func(w charts.Wording) string { return w.Text(r) })
}

// gap is value minus target, good or bad by the KPI's direction, and weak where the interval does not decide.
func gap(v metrics.Value) Cell {
	stands, diff := charts.Judge(v)
	if stands == charts.Unjudged {
		return dash()
	}
	c := shown(diff, v.KPI, func(w charts.Wording) string { return change(w, v.KPI, diff) })
	c.Signed = true
	switch stands {
	case charts.Met:
		c.Tone = Good
		c.Text = policy.Text{ZH: "▲ " + c.Text.ZH, EN: "▲ " + c.Text.EN}
	case charts.Missed:
		c.Tone = Bad
		c.Text = policy.Text{ZH: "▼ " + c.Text.ZH, EN: "▼ " + c.Text.EN}
	default:
		c.Tone = Weak
		c.Text = policy.Text{ZH: "≈ " + c.Text.ZH, EN: "≈ " + c.Text.EN}
	}
	return c
}

// change writes a difference for a column that stands beside the values: of rates in percentage points without saying so again.
func change(w charts.Wording, k *policy.KPI, r *big.Rat) string {
	if k.Unit == policy.Percent {
		return w.Signed(r)
	}
	return signed(w, r)
}

// signed writes a difference with sign and unit.
func signed(w charts.Wording, r *big.Rat) string {
	sign := "+"
	switch r.Sign() {
	case -1:
		sign = "−"
	case 0:
		sign = "±"
	}
	return sign + w.Difference(r)
}

// moved is the change of a value against an earlier one: with an arrow by the KPI's direction only where chance does not explain it.
func moved(now, before metrics.Value, significant bool) Cell {
	a, ok := now.Exact()
	b, ok2 := before.Exact()
	if !ok || !ok2 || now.Status != metrics.OK || before.Status != metrics.OK {
		return dash()
	}
	diff := new(big.Rat).Sub(a, b)
	c := shown(diff, now.KPI, func(w charts.Wording) string { return change(w, now.KPI, diff) })
	c.Signed = true
	switch {
	case !significant || diff.Sign() == 0:
		c.Tone = Weak
	case (diff.Sign() > 0) == now.KPI.HigherIsBetter:
		c.Tone = Good
		c.Text = policy.Text{ZH: "▲ " + c.Text.ZH, EN: "▲ " + c.Text.EN}
	default:
		c.Tone = Bad
		c.Text = policy.Text{ZH: "▼ " + c.Text.ZH, EN: "▼ " + c.Text.EN}
	}
	return c
}
