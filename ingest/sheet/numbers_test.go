package sheet

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestShortNumbersStandForThemselves demands that the numbers taken as they are would come out of parsing unchanged.
func TestShortNumbersStandForThemselves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.OneOf(rapid.StringMatching(`-?[0-9]{0,17}\.?[0-9]{0,17}`), rapid.StringMatching(`[-+.eE0-9]{0,6}`)).Draw(t, "number")
		value, ok := parseNumber([]byte(raw))
		if isNumber([]byte(raw)) != ok {
			t.Errorf("%q is a number: %t", raw, !ok)
		}
		if isShort([]byte(raw)) && (!ok || plainNumber(raw, value) != raw) {
			t.Errorf("%q reads as %q, %t", raw, plainNumber(raw, value), ok)
		}
	})
}

func TestPaddedNumbersAndDates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, width := rapid.Int64Range(0, largestExact).Draw(t, "n"), rapid.IntRange(1, 30).Draw(t, "width")
		if got, want := string(appendPadded(nil, n, width)), fmt.Sprintf("%0*d", width, n); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		days := rapid.Int64Range(0, lastSerial).Draw(t, "days")
		if got, want := string(appendDate(nil, days)), time.Date(1899, 12, 30+int(days), 0, 0, 0, 0, time.UTC).Format(time.DateOnly); got != want {
			t.Errorf("day %d: got %s, want %s", days, got, want)
		}
	})
}
