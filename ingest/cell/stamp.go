package cell

import (
	"strings"

	"plumbline/policy"
)

// stamp is a day and perhaps a time of day, as a text names them.
type stamp struct {
	year, month, day     int
	clock                bool // there is a time of day
	hour, minute, second int  // 24:00:00 is the end of the day
	decimals             string
	zoned                bool // there is an offset
	offset               int  // seconds east of UTC
	weekday              int  // 0 = Sunday; none = not named
}

const none = -1

// part is a number or the word of a month in a date, with what marks it.
type part struct {
	value  int
	digits int  // 0 = the word of a month
	mark   rune // 年, 月 or 日 behind it, or 0
}

func (p part) monthly() bool { return p.digits == 0 || p.mark == '月' }

// small reports a number of one or two digits without a mark, or with this one.
func (p part) small(mark rune) bool {
	return p.digits > 0 && p.digits <= 2 && (p.mark == 0 || p.mark == mark)
}

func (p part) isMonth() bool { return p.digits == 0 || p.small('月') }

// isYear reports a year; two digits are one only beside a month that is told from the day.
func (p part) isYear() bool {
	return (p.digits == 4 || p.digits == 2) && (p.mark == 0 || p.mark == '年')
}

// year gives the calendar year: 00 to 68 lie in this century, 69 to 99 in the last.
func (p part) year() int {
	switch {
	case p.digits != 2:
		return p.value
	case p.value <= 68:
		return 2000 + p.value
	}
	return 1900 + p.value
}

// triple is a date of three bare numbers whose last is the year: only an order reads it.
type triple struct{ first, second, year part }

// reading is what the grammar finds: a stamp, a triple with the rest of a stamp, or a rule.
type reading struct {
	stamp
	triple *triple
	rule   string
	detail string
}

// stampOf parses a text as a date that may have a time of day behind it. Whether such a day exists is not looked at.
func stampOf(s string) reading {
	switch strings.ToLower(strings.TrimLeft(s, "+-")) {
	case "infinity":
		return reading{rule: dateImpossible}
	}
	p := scanner{s}
	r := reading{stamp: stamp{weekday: none}}
	if day, ok := p.weekday(); ok {
		r.weekday = day
		p.eatAny(",.")
		p.spaces()
	}
	parts, seps := p.parts()
	if !r.date(parts, seps) {
		return reading{rule: dateForm}
	}
	if !p.behind(&r.stamp, parts[len(parts)-1].mark != 0) {
		return reading{rule: dateForm}
	}
	if r.rule != "" {
		return reading{rule: r.rule}
	}
	return r
}

// date makes a day of the parts. seps are the signs before them. It reports false when they make none.
func (r *reading) date(p []part, seps []byte) bool {
	switch len(p) {
	case 0:
		return false
	case 1:
		if p[0].digits != 8 || p[0].mark != 0 {
			return false
		}
		r.year, r.month, r.day = p[0].value/10_000, p[0].value/100%100, p[0].value%100
		return true
	case 2:
		return r.withoutYear(p[0], p[1])
	}
	a, b, c := p[0], p[1], p[2]
	switch {
	case a.digits == 4 || a.mark == '年': // 2026-07-01, 24年3月5日
		return a.isYear() && b.isMonth() && c.small('日') && r.set(a, b, c)
	case b.monthly(): // 5-Mar-24
		return a.small('日') && b.isMonth() && c.isYear() && r.set(c, b, a)
	case a.monthly(): // Mar 5, 2024
		return a.isMonth() && b.small('日') && c.isYear() && r.set(c, a, b)
	}
	bare := a.small(0) && b.small(0) && c.mark == 0 && (c.digits <= 2 || c.digits == 4)
	r.triple = &triple{a, b, c}
	return bare && seps[1] == seps[2]
}

// withoutYear names the rule of a day without a year. Two bare numbers that are no day in either order are no date.
func (r *reading) withoutYear(a, b part) bool {
	const leap = 2000
	r.rule = dateNoYear
	if b.monthly() {
		a, b = b, a
	}
	switch {
	case !a.isMonth() || !b.small('日'):
		return false
	case exists(leap, a.value, b.value):
		return true
	}
	if a.monthly() {
		r.rule = dateImpossible
		return true
	}
	return exists(leap, b.value, a.value)
}

func (r *reading) set(year, month, day part) bool {
	r.year, r.month, r.day = year.year(), month.value, day.value
	return true
}

// in gives the day of the triple in an order, and whether there is such a day. A year of one digit is none.
func (t *triple) in(order policy.DateOrder) (year, month, day int, ok bool) {
	day, month = t.first.value, t.second.value
	if order == policy.MDY {
		day, month = month, day
	}
	year = t.year.year()
	return year, month, day, t.year.digits > 1 && exists(year, month, day)
}

// yearFirst reports whether the triple can also be meant with a short year in front, as in 24/3/5.
func (t *triple) yearFirst() bool {
	short := part{value: t.first.value, digits: 2}
	return t.year.digits <= 2 && exists(short.year(), t.second.value, t.year.value)
}

// proves gives the order that the triple leaves, "" when several readings or none are left.
func (t *triple) proves() policy.DateOrder {
	_, _, _, dmy := t.in(policy.DMY)
	_, _, _, mdy := t.in(policy.MDY)
	switch {
	case dmy == mdy || t.yearFirst():
		return ""
	case dmy:
		return policy.DMY
	}
	return policy.MDY
}

// possible reports whether any reading of the triple is a day.
func (t *triple) possible() bool {
	_, _, _, dmy := t.in(policy.DMY)
	_, _, _, mdy := t.in(policy.MDY)
	return dmy || mdy || t.yearFirst()
}

// Order gives the order of day and month that a text proves ("13/04/2024" → dmy), "" for texts that prove nothing. needs tells
// a date that is read only in an order: three numbers of which the last is the year. A short year proves less, since 13/04/24
// may also have the year in front; a year that no date may have proves nothing.
func Order(text string) (order policy.DateOrder, needs bool) {
	r := Reader{Column: Column{Type: policy.TypeDate}}
	s, bad := r.tidy(text)
	if bad.Rule != "" || disguised(text) != "" {
		return "", false
	}
	t := stampOf(s).triple
	if t == nil || t.year.digits == 1 || t.year.year() < firstYear || t.year.year() > lastYear || !t.possible() {
		return "", false
	}
	return t.proves(), true
}

func exists(year, month, day int) bool {
	return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
