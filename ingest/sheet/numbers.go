package sheet

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	dayMillis    = 24 * 60 * 60 * 1000
	lastSerial   = 2_958_466 // 9999-12-31 and its hours
	excelDigits  = 15        // significant digits that Excel keeps and shows
	largestExact = 1e15      // from here on Excel has lost digits
)

// numberText gives the text of a numeric cell: a date as 2026-07-01 or 2026-07-01 09:30:00, a duration in hours with at most
// four decimals, a padded number with its zeros, any other number as plainNumber gives it. ok is false when raw is no number.
func numberText(raw string, f numberFormat, date1904 bool) (s string, ok bool) {
	if strings.Trim(raw, "+-.0123456789eE") != "" {
		return "", false
	}
	value, err := strconv.ParseFloat(raw, 64)
	if err != nil && !math.IsInf(value, 0) {
		return "", false
	}
	switch {
	case f.moment && value >= 0 && value < lastSerial:
		return momentText(value, f, date1904), true
	case f.duration && math.Abs(value) < lastSerial:
		return durationText(value), true
	case f.zeros > 0 && value >= 0 && value < largestExact && value == math.Trunc(value):
		return f.prefix + fmt.Sprintf("%0*d", f.zeros, int64(value)), true
	}
	return plainNumber(raw, value), true
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

// durationText gives days as hours. Times are whole milliseconds; hours have the four decimals of hour columns.
func durationText(days float64) string {
	millis := int64(math.Round(math.Abs(days) * dayMillis))
	parts := (millis + 180) / 360 // ten-thousandths of an hour
	s := strconv.FormatInt(parts/10_000, 10)
	if rest := parts % 10_000; rest > 0 {
		s += "." + strings.TrimRight(fmt.Sprintf("%04d", rest), "0")
	}
	if days < 0 && parts > 0 {
		return "-" + s
	}
	return s
}

// momentText gives date, time or both. Parts of a second are dropped; noise below a millisecond is rounded away before.
func momentText(serial float64, f numberFormat, date1904 bool) string {
	millis := int64(math.Round(serial * dayMillis))
	day, seconds := millis/dayMillis, millis%dayMillis/1000
	clock := fmt.Sprintf("%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	switch {
	case day == 0 && !f.date && (f.time || seconds > 0):
		return clock
	case millis%dayMillis == 0 && !f.time:
		return dayText(day, date1904)
	}
	return dayText(day, date1904) + " " + clock
}

// dayText gives the calendar day of a serial. The 1900 system has a day 0 and a 29 February 1900 that never were; they keep
// their impossible names, so that a date check refuses them.
func dayText(day int64, date1904 bool) string {
	switch {
	case date1904:
		return calendar(day + 1462)
	case day == 0:
		return "1900-01-00"
	case day < 60:
		return calendar(day + 1)
	case day == 60:
		return "1900-02-29"
	}
	return calendar(day)
}

// calendar gives the day that lies so many days behind 30 December 1899.
func calendar(days int64) string {
	return time.Date(1899, 12, 30+int(days), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}
