package cell

import (
	"strconv"
	"strings"
	"time"

	"plumbline/policy"
)

// The years that a date may lie in. Serials are believed from firstSerialYear on only: smaller ones are plain numbers too often.
const (
	firstYear       = 1990
	firstSerialYear = 2000
	lastYear        = 2100
)

const (
	dateLayout  = "2006-01-02"
	clockLayout = "2006-01-02 15:04:05.999999"
)

// moment reads a date or a datetime.
func (r *Reader) moment(s string) Value {
	if year, month, day, ok := isoDate(s); ok && r.Type == policy.TypeDate {
		return plainDate(s, year, month, day)
	}
	if v, ok := r.serial(s); ok {
		return v
	}
	t, ok := isoMoment(s)
	if !ok {
		t = stampOf(s)
	}
	if t.rule == "" && t.triple != nil {
		t.rule = r.order(&t)
	}
	switch {
	case t.rule != "":
		return fault(t.rule, t.detail)
	case !exists(t.year, t.month, t.day):
		return fault(dateImpossible, "")
	}
	day := time.Date(t.year, time.Month(t.month), t.day, 0, 0, 0, 0, time.UTC)
	if t.weekday != none && int(day.Weekday()) != t.weekday {
		return fault(dateImpossible, day.Weekday().String())
	}
	if r.Type == policy.TypeDate {
		return r.asDate(t.stamp)
	}
	return r.asDatetime(t.stamp)
}

// isoDate reads 2026-07-01, by far the most frequent form.
func isoDate(s string) (year, month, day int, ok bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' || !digits(s[:4]) || !digits(s[5:7]) || !digits(s[8:]) {
		return 0, 0, 0, false
	}
	return small(s[:4]), small(s[5:7]), small(s[8:]), true
}

// isoMoment reads 2026-07-01 18:30:00, in the frequent form with seconds and nothing behind them.
func isoMoment(s string) (reading, bool) {
	if len(s) != len(time.DateTime) || s[10] != ' ' || s[13] != ':' || s[16] != ':' || !digits(s[11:13]) || !digits(s[14:16]) || !digits(s[17:]) {
		return reading{}, false
	}
	year, month, day, ok := isoDate(s[:10])
	t := stamp{year: year, month: month, day: day, clock: true, hour: small(s[11:13]), minute: small(s[14:16]), second: small(s[17:]), weekday: none}
	return reading{stamp: t}, ok && t.told()
}

func plainDate(s string, year, month, day int) Value {
	switch {
	case !exists(year, month, day):
		return fault(dateImpossible, "")
	case year < firstYear || year > lastYear:
		return fault(dateRange, "")
	}
	return Value{Text: s}
}

// order settles a triple by the column's order, or names the rule that it breaks.
func (r *Reader) order(t *reading) (rule string) {
	switch {
	case !t.triple.possible():
		return dateImpossible
	case r.Format.Order == "" || t.triple.year.digits == 1:
		return dateAmbiguous
	}
	var ok bool
	if t.year, t.month, t.day, ok = t.triple.in(r.Format.Order); !ok {
		return dateImpossible
	}
	return ""
}

// serial reads an Excel serial day and its part of a day, where the column says that a bare number is one. Eight digits are a
// date in digits, and so is 7.1.
func (r *Reader) serial(s string) (Value, bool) {
	whole, part, pointed := strings.Cut(s, ".")
	if r.Format.Serial == "" || !digits(whole) || len(whole) > 7 || pointed && (!digits(part) || len(whole) < 3) {
		return Value{}, false
	}
	day := small(whole)
	base := time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	if r.Format.Serial == "1900" {
		if day == 0 || day == 60 { // 0 January and 29 February 1900
			return fault(dateImpossible, ""), true
		}
		base = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
		if day < 60 {
			base = base.AddDate(0, 0, 1)
		}
	}
	ms := milliseconds(part)
	t := base.AddDate(0, 0, day).Add(time.Duration(ms) * time.Millisecond)
	if t.Year() < firstSerialYear || t.Year() > lastYear {
		return fault(dateRange, ""), true
	}
	st := stamp{year: t.Year(), month: int(t.Month()), day: t.Day(), clock: ms > 0, hour: t.Hour(), minute: t.Minute(), second: t.Second(), weekday: none}
	if ns := t.Nanosecond(); ns > 0 {
		st.decimals = strings.TrimRight(strconv.Itoa(1000 + ns/1e6)[1:], "0")
	}
	if r.Type == policy.TypeDate {
		return r.asDate(st), true
	}
	return r.asDatetime(st), true
}

// milliseconds gives the decimals of a day to the nearest millisecond, which is as fine as Excel tells times: what lies below
// is the noise of its binary numbers.
func milliseconds(decimals string) int64 {
	const kept = 11
	d := (decimals + strings.Repeat("0", kept))[:kept]
	n, _ := strconv.ParseInt(d, 10, 64) // digits only
	return (n*(24*60*60*1000) + 5e10) / 1e11
}

// wall gives the stamp as the hands of a clock show it, in no zone.
func (t stamp) wall() time.Time {
	ns, _ := strconv.Atoi((t.decimals + "000000000")[:9])
	return time.Date(t.year, time.Month(t.month), t.day, t.hour, t.minute, t.second, ns, time.UTC)
}

// asDate gives the company's day of a stamp. A time of day counts only where it may move the day: with an offset, or where the
// column is told in another zone.
func (r *Reader) asDate(t stamp) Value {
	wall := t.wall() // 24:00 has become the next day
	switch {
	case t.zoned:
		return written(r.at(t), dateLayout)
	case !t.clock || r.source == r.Zone:
		return written(wall, dateLayout)
	}
	a, b, n := instants(wall, r.source)
	if n == 0 {
		return fault(dateGap, r.source.String())
	}
	first, last := written(a.In(r.Zone), dateLayout), written(b.In(r.Zone), dateLayout)
	if first != last {
		return fault(dateOverlap, r.source.String())
	}
	return first
}

// asDatetime gives the company's wall clock at a stamp. A day alone is its midnight, unless the column is told in another zone:
// whose midnight that is, nobody said.
func (r *Reader) asDatetime(t stamp) Value {
	if len(t.decimals) > 6 {
		return fault(dateForm, "."+t.decimals)
	}
	if t.zoned {
		return written(r.at(t), clockLayout)
	}
	if !t.clock && r.source != r.Zone {
		return fault(dateForm, r.source.String())
	}
	a, _, n := instants(t.wall(), r.source)
	switch n {
	case 0:
		return fault(dateGap, r.source.String())
	case 1:
		return written(a.In(r.Zone), clockLayout)
	}
	return fault(dateOverlap, r.source.String())
}

// at gives the moment of a stamp with an offset, in the company's zone.
func (r *Reader) at(t stamp) time.Time {
	return t.wall().Add(-time.Duration(t.offset) * time.Second).In(r.Zone)
}

func written(t time.Time, layout string) Value {
	if t.Year() < firstYear || t.Year() > lastYear {
		return fault(dateRange, "")
	}
	return Value{Text: t.Format(layout)}
}

// instants gives the moments at which the clocks of a zone show the wall time: n = 0 where they are put forward past it, 2 where
// they are put back over it. With one moment, a and b are that one.
func instants(wall time.Time, zone *time.Location) (a, b time.Time, n int) {
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), zone)
	start, end := t.ZoneBounds()
	offsets := [3]int{offset(t), offset(t), offset(t)}
	if !start.IsZero() {
		offsets[1] = offset(start.Add(-time.Second))
	}
	if !end.IsZero() {
		offsets[2] = offset(end)
	}
	for i, o := range offsets {
		if i > 0 && o == offsets[0] || i == 2 && o == offsets[1] {
			continue
		}
		at := wall.Add(-time.Duration(o) * time.Second).In(zone)
		if offset(at) != o {
			continue
		}
		if n++; n == 1 {
			a = at
		}
		b = at
	}
	return a, b, n
}

func offset(t time.Time) int {
	_, o := t.Zone()
	return o
}
