package cell

import (
	"math/big"
	"strings"

	"plumbline/internal/fixed"
	"plumbline/policy"
)

// span is a length of time in hours, exact.
type span struct {
	*big.Rat
	sexagesimal bool // minutes or seconds were told: hours may have no exact value for it
}

// longestFigure bounds the digits of a number that is multiplied or divided.
const longestFigure = 60

// hours reads a column of type hours.
func (r *Reader) hours(s string) Value {
	if d, ok := plainNumber(s); ok && r.point() == '.' {
		return r.inHours(d)
	}
	p := scanner{s}
	negative := false
	p.sign(&negative)
	var total span
	bad := Value{}
	switch {
	case clocklike(p.s):
		total, bad = r.clockSpan(p.s)
	case strings.HasPrefix(p.s, "P") || strings.HasPrefix(p.s, "p"):
		total, bad = r.isoSpan(p.s[1:])
	case r.hasUnits(p.s):
		total, bad = r.unitSpan(p)
	default:
		return r.bareHours(s)
	}
	if bad.Rule != "" {
		return bad
	}
	if negative {
		total.Neg(total.Rat)
	}
	return r.fitSpan(total)
}

// bareHours reads a number that counts the column's unit, or names what stands beside it.
func (r *Reader) bareHours(s string) Value {
	a, word, bad := r.scaled(s)
	switch {
	case bad.Rule != "":
		return bad
	case a.currency != "":
		return fault(numberForm, a.currency)
	case a.behind != "":
		return fault(numberForm, clipped(word+a.behind))
	}
	return r.inHours(a.decimal)
}

// inHours gives a number of the column's unit in hours.
func (r *Reader) inHours(d decimal) Value {
	unit := map[policy.CellUnit]string{policy.UnitMinutes: "m", policy.UnitSeconds: "s", policy.UnitWorkdays: "d"}[r.Format.Unit]
	if unit == "" && d.scale >= secondDigits && r.Edition > 0 {
		if total, ok := d.seconds(); ok {
			return r.fitSpan(total)
		}
	}
	if unit == "" {
		return r.fit(d)
	}
	total := span{Rat: new(big.Rat)}
	if bad := r.add(&total, d, unit); bad.Rule != "" {
		return bad
	}
	return r.fitSpan(total)
}

// secondDigits is from how many decimals on a number of hours can be told to be whole seconds: these lie 0.00028 apart.
const secondDigits = 6

// seconds gives the whole seconds that the hours are, as programs write them that count in seconds: 20 minutes as 0.33333333. They are
// these seconds, rounded or cut at the last decimal, and nothing else.
func (d decimal) seconds() (span, bool) {
	if d.scale > longestFigure || d.whole() > longestFigure {
		return span{}, false
	}
	whole := new(big.Rat).Mul(d.rat(), big.NewRat(3600, 1))
	nearest, ok := new(big.Rat).SetString(fixed.Text(whole, 0))
	if !ok {
		return span{}, false
	}
	hours := nearest.Quo(nearest, big.NewRat(3600, 1))
	unit := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.scale)), nil))
	more := new(big.Rat).Sub(d.rat(), hours)
	if d.negative {
		more.Neg(more)
	}
	rounded := more.Cmp(new(big.Rat).Quo(unit, big.NewRat(2, 1))) <= 0
	return span{hours, true}, rounded && more.Cmp(unit.Neg(unit)) > 0
}

// add adds a number of a unit (h, m, s, or d for a day of work).
func (r *Reader) add(total *span, d decimal, unit string) Value {
	switch {
	case d.whole() > longestFigure:
		return fault(numberRange, "")
	case d.scale > longestFigure:
		return fault(numberScale, "")
	}
	part := d.rat()
	switch unit {
	case "d":
		part.Mul(part, r.workday)
	case "m":
		part.Quo(part, big.NewRat(60, 1))
	case "s":
		part.Quo(part, big.NewRat(3600, 1))
	}
	total.sexagesimal = total.sexagesimal || unit == "m" || unit == "s"
	total.Add(total.Rat, part)
	return Value{}
}

// fitSpan gives a span as a value of the column. Minutes and seconds often have no exact value in ten-thousandths of an hour:
// the nearest is taken then, half away from zero, and Detail says so.
func (r *Reader) fitSpan(total span) Value {
	text := fixed.Text(total.Rat, sizes[policy.TypeHours].scale)
	d, _ := plainNumber(text)
	exact := d.rat().Cmp(total.Rat) == 0
	if !exact && !total.sexagesimal {
		return fault(numberScale, "")
	}
	v := r.fit(d)
	if !exact && v.Rule == "" {
		v.Detail = Rounded
	}
	return v
}

// clocklike reports a text of digits and colons.
func clocklike(s string) bool {
	return strings.Contains(s, ":") && strings.Trim(s, "0123456789:.,") == ""
}

// clockSpan reads 1:30, 36:00 and 01:30:00 as hours, minutes and seconds. Two figures may be minutes and seconds where bare
// numbers are minutes or seconds, and are refused there.
func (r *Reader) clockSpan(s string) (span, Value) {
	total := span{Rat: new(big.Rat)}
	parts := strings.Split(s, ":")
	short := r.Format.Unit == policy.UnitMinutes || r.Format.Unit == policy.UnitSeconds
	if len(parts) > 3 || len(parts) == 2 && short || !digits(parts[0]) {
		return total, fault(numberForm, "")
	}
	for i, unit := range []string{"h", "m", "s"}[:len(parts)] {
		whole, decimals, pointed := cutAny(parts[i], ".,")
		if !digits(whole) || pointed && (unit != "s" || !digits(decimals)) || i > 0 && (len(whole) != 2 || whole > "59") {
			return total, fault(numberForm, "")
		}
		if bad := r.add(&total, newDecimal(false, whole, decimals), unit); bad.Rule != "" {
			return total, bad
		}
	}
	return total, Value{}
}

// isoSpan reads what follows the P of P1DT2H30M. A day of it has 24 hours, as ISO 8601 and the programs that write it have it; a
// day of work is written 1d or 1天. Weeks, months and years are refused.
func (r *Reader) isoSpan(s string) (span, Value) {
	total := span{Rat: new(big.Rat)}
	p := scanner{strings.ToLower(s)}
	order := "dhms"
	timed := false
	for some := false; p.s != "" || !some; some = true {
		if !timed && p.eat("t") {
			timed = true
		}
		whole, part := p.digits(), ""
		pointed := p.eatAny(".,") != 0
		if pointed {
			part = p.digits()
		}
		unit := p.eatAny("dhmswy")
		at := strings.IndexByte(order, unit)
		if whole == "" || pointed && (part == "" || p.s != "") || at < 0 || timed != (unit != 'd') {
			return total, fault(numberForm, strings.Trim(string(unit), "\x00"))
		}
		order = order[at+1:]
		if bad := r.addISO(&total, newDecimal(false, whole, part), unit); bad.Rule != "" {
			return total, bad
		}
	}
	return total, Value{}
}

func (r *Reader) addISO(total *span, d decimal, unit byte) Value {
	if unit != 'd' {
		return r.add(total, d, string(unit))
	}
	days := span{Rat: new(big.Rat)}
	bad := r.add(&days, d, "h")
	total.Add(total.Rat, days.Mul(days.Rat, big.NewRat(24, 1)))
	return bad
}

// spanUnits are the words of units, in lower case.
var spanUnits = map[string]string{
	"d": "d", "day": "d", "days": "d", "天": "d", "日": "d", "工作日": "d", "个工作日": "d", "人天": "d", "人日": "d",
	"h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "小时": "h", "个小时": "h", "时": "h",
	"m": "m", "min": "m", "mins": "m", "minute": "m", "minutes": "m", "分": "m", "分钟": "m",
	"s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "秒": "s", "秒钟": "s",
}

// hasUnits reports whether the first number of s has one of the units behind it.
func (r *Reader) hasUnits(s string) bool {
	p := scanner{s}
	p.figures()
	p.spaces()
	_, ok := spanUnits[p.unit()]
	return ok
}

// unit takes a word: letters up to the next blank, digit or comma.
func (p *scanner) unit() string {
	end := strings.IndexAny(p.s, " ,.0123456789\t\r\n")
	if end < 0 {
		end = len(p.s)
	}
	return strings.ToLower(p.take(end))
}

// unitSpan reads 1d 4h, 1h30m, 1小时30分, 1 hour, 30 minutes: each unit once, the longer before the shorter.
func (r *Reader) unitSpan(p scanner) (span, Value) {
	total := span{Rat: new(big.Rat)}
	order := "dhms"
	for p.s != "" {
		whole, part, ok := ungroup(p.figures(), r.point())
		p.spaces()
		word := p.unit()
		unit := spanUnits[word]
		at := strings.Index(order, unit)
		if !ok {
			return total, fault(numberForm, "")
		}
		if unit == "" || at < 0 {
			return total, fault(numberForm, clipped(word))
		}
		order = order[at+1:]
		if bad := r.add(&total, newDecimal(false, whole, part), unit); bad.Rule != "" {
			return total, bad
		}
		p.spaces()
		if p.eat(",") && !p.spaces() {
			return total, fault(numberForm, ",")
		}
	}
	return total, Value{}
}
