package sheet

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	daySeconds   = 24 * 60 * 60
	dayMillis    = daySeconds * 1000
	lastSerial   = 2_958_466 // 9999-12-31 and its hours
	excelDigits  = 15        // significant digits that Excel keeps and shows
	largestExact = 1e15      // from here on Excel has lost digits
)

// isNumber reports whether raw is a number as XLSX writes it.
func isNumber(raw []byte) bool {
	if isShort(raw) {
		return true
	}
	_, ok := parseNumber(raw)
	return ok
}

// isShort knows the numbers that mean what they show: at most 15 digits, perhaps a sign and a point.
func isShort(raw []byte) bool {
	if len(raw) > 0 && raw[0] == '-' {
		raw = raw[1:]
	}
	point := 0
	for i, c := range raw {
		if c == '.' && i > 0 && point == 0 {
			point = 1
		} else if c < '0' || c > '9' {
			return false
		}
	}
	return len(raw) > 0 && len(raw)-point <= excelDigits
}

// parseNumber gives the value of a number, infinite when it is too large for any.
func parseNumber(raw []byte) (value float64, ok bool) {
	if strings.Trim(string(raw), "+-.0123456789eE") != "" {
		return 0, false
	}
	value, err := strconv.ParseFloat(string(raw), 64)
	return value, err == nil || math.IsInf(value, 0)
}

// appendNumber appends the text of a numeric cell: a date as 2026-07-01 or 2026-07-01 09:30:00, a duration as 36:00 or 8:20:30, a
// percentage as 12.5%, a padded number with its zeros, any other number as plainNumber gives it, with the unit that it is shown with.
// ok is false when raw is no number.
func appendNumber(dst, raw []byte, f *numberFormat, date1904 bool) (text []byte, ok bool) {
	if !f.moment && !f.duration && !f.percent && f.zeros == 0 && f.unit == (shown{}) && isShort(raw) {
		return append(dst, raw...), true
	}
	value, ok := parseNumber(raw)
	switch {
	case !ok:
		return dst, false
	case f.moment && value >= 0 && value < lastSerial:
		return appendMoment(dst, value, f, date1904), true
	case f.duration && math.Abs(value) < lastSerial:
		return appendDuration(dst, value), true
	case f.zeros > 0 && value >= 0 && value < largestExact && value == math.Trunc(value):
		return appendPadded(append(dst, f.prefix...), int64(value), f.zeros), true
	}
	number := plainNumber(string(raw), value)
	if f.percent {
		return appendPercent(dst, number), true
	}
	if number, negative := strings.CutPrefix(number, "-"); negative {
		dst = append(append(append(dst, '-'), f.unit.before...), number...)
	} else {
		dst = append(append(dst, f.unit.before...), number...)
	}
	return append(dst, f.unit.behind...), true
}

// appendPercent appends a number times 100, exactly, since only its point moves: 0.125 is 12.5%. A number with an exponent stays
// as it is, without a percent sign.
func appendPercent(dst []byte, number string) []byte {
	if strings.ContainsAny(number, "eE") {
		return append(dst, number...)
	}
	whole, part, _ := strings.Cut(strings.TrimLeft(number, "+-"), ".")
	part += "00"
	whole, part = strings.TrimLeft(whole+part[:2], "0"), strings.TrimRight(part[2:], "0")
	if number[0] == '-' && whole+part != "" {
		dst = append(dst, '-')
	}
	if whole == "" {
		whole = "0"
	}
	dst = append(dst, whole...)
	if part != "" {
		dst = append(append(dst, '.'), part...)
	}
	return append(dst, '%')
}

// appendPadded appends n, which is not negative, with zeros before it up to width digits.
func appendPadded(dst []byte, n int64, width int) []byte {
	digits := 1
	for rest := n; rest >= 10; rest /= 10 {
		digits++
	}
	for ; digits < width; digits++ {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, n, 10)
}

// plainNumber gives a number without exponent and with at most 15 significant digits, which is what Excel itself shows: binary
// noise behind them (7.8999999999999995) is not data. From 10^15 on digits may be lost; such a number keeps, or gets, an
// exponent, so that it is never taken for an id. So do numbers below 10^-9, which no column holds.
func plainNumber(raw string, value float64) string {
	exponent := strings.ContainsAny(raw, "eE")
	size := math.Abs(value)
	switch {
	case size >= largestExact && exponent, size < 1e-9 && value != 0:
		return raw
	case size >= largestExact:
		return withExponent(raw)
	case !exponent && significant(raw) <= excelDigits:
		return raw
	}
	shown, _ := strconv.ParseFloat(strconv.FormatFloat(value, 'e', excelDigits-1, 64), 64)
	return strconv.FormatFloat(shown, 'f', -1, 64)
}

// significant counts the digits of a number without exponent, from the first that is not 0.
func significant(raw string) int {
	digits := 0
	for i := range len(raw) {
		if c := raw[i]; c > '0' && c <= '9' || c == '0' && digits > 0 {
			digits++
		}
	}
	return digits
}

// withExponent moves the point of a long number behind its first digit and keeps every digit.
func withExponent(raw string) string {
	sign := ""
	if raw[0] == '-' {
		sign = "-"
	}
	whole, part, _ := strings.Cut(strings.TrimLeft(raw, "+-"), ".")
	whole = strings.TrimLeft(whole, "0")
	return fmt.Sprintf("%s%s.%s%sE+%02d", sign, whole[:1], whole[1:], part, len(whole)-1)
}

// appendDuration appends days as hours and minutes, and seconds if there are any, to the nearest second: 8:20, 36:00, -0:00:30.
func appendDuration(dst []byte, days float64) []byte {
	seconds := int64(math.Round(math.Abs(days) * daySeconds))
	if days < 0 && seconds > 0 {
		dst = append(dst, '-')
	}
	dst = append(strconv.AppendInt(dst, seconds/3600, 10), ':')
	dst = appendPadded(dst, seconds/60%60, 2)
	if seconds%60 > 0 {
		dst = appendPadded(append(dst, ':'), seconds%60, 2)
	}
	return dst
}

// appendMoment appends date, time or both. Parts of a second are dropped; noise below a millisecond is rounded away before.
func appendMoment(dst []byte, serial float64, f *numberFormat, date1904 bool) []byte {
	millis := int64(math.Round(serial * dayMillis))
	day, seconds := millis/dayMillis, millis%dayMillis/1000
	switch {
	case day == 0 && !f.date && (f.time || seconds > 0):
		return appendClock(dst, seconds)
	case millis%dayMillis == 0 && !f.time:
		return appendDay(dst, day, date1904)
	}
	return appendClock(append(appendDay(dst, day, date1904), ' '), seconds)
}

func appendClock(dst []byte, seconds int64) []byte {
	dst = append(appendPadded(dst, seconds/3600, 2), ':')
	dst = append(appendPadded(dst, seconds/60%60, 2), ':')
	return appendPadded(dst, seconds%60, 2)
}

// appendDay appends the calendar day of a serial. The 1900 system has a day 0 and a 29 February 1900 that never were; they keep
// their impossible names, so that a date check refuses them.
func appendDay(dst []byte, day int64, date1904 bool) []byte {
	switch {
	case date1904:
		return appendDate(dst, day+1462)
	case day == 0:
		return append(dst, "1900-01-00"...)
	case day < 60:
		return appendDate(dst, day+1)
	case day == 60:
		return append(dst, "1900-02-29"...)
	}
	return appendDate(dst, day)
}

// appendDate appends the day that lies so many days behind 30 December 1899.
func appendDate(dst []byte, days int64) []byte {
	year, month, day := time.Date(1899, 12, 30+int(days), 0, 0, 0, 0, time.UTC).Date()
	dst = append(appendPadded(dst, int64(year), 4), '-')
	dst = append(appendPadded(dst, int64(month), 2), '-')
	return appendPadded(dst, int64(day), 2)
}
