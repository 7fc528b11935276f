package sheet

import (
	"fmt"
	"math"
	"math/big"
	"strings"
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

// TestPercentagesAreExact demands a hundred times the number that would stand there without the format, digit by digit.
func TestPercentagesAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.OneOf(rapid.StringMatching(`-?[0-9]{1,12}(\.[0-9]{0,12})?`), rapid.StringMatching(`-?[0-9]\.[0-9]{1,16}E-[0-8]`)).Draw(t, "number")
		plain, _ := appendNumber(nil, []byte(raw), &general, false)
		text, ok := appendNumber(nil, []byte(raw), &numberFormat{percent: true}, false)
		number, isPercent := strings.CutSuffix(string(text), "%")
		if value, _ := parseNumber([]byte(raw)); value != 0 && math.Abs(value) < 1e-9 { // no column holds it
			number, isPercent = "", true
		} else if want, got := rat(t, string(plain)), rat(t, number); got.Cmp(want.Mul(want, big.NewRat(100, 1))) != 0 {
			t.Errorf("%s is %s, as a percentage %s", raw, plain, text)
		}
		if !ok || !isPercent || number == "-0" || strings.Contains(number, ".") && strings.HasSuffix(number, "0") {
			t.Errorf("%s is %s", raw, text)
		}
	})
}

func rat(t *rapid.T, s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is no number", s)
	}
	return r
}

// TestDurationsComeBack writes whole seconds as a spreadsheet does, as parts of a day.
func TestDurationsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.Int64Range(-4_000_000, 4_000_000).Draw(t, "seconds")
		text := string(appendDuration(nil, float64(seconds)/daySeconds))
		sign, size := "", seconds
		if seconds < 0 {
			sign, size = "-", -seconds
		}
		want := fmt.Sprintf("%s%d:%02d:%02d", sign, size/3600, size/60%60, size%60)
		if size%60 == 0 {
			want = want[:len(want)-3]
		}
		if text != want {
			t.Errorf("got %s, want %s", text, want)
		}
	})
}

// FuzzNumberFormat shows numbers in any format.
func FuzzNumberFormat(f *testing.F) {
	for _, code := range []string{"0.00%", "0%;[Red]-0%;\"-\"", "[h]:mm:ss", "\"YG\"0000", "yyyy\\-mm;@", "[$-804]0,%", "[", "\"", "\\", ";", "_", "%%0"} {
		f.Add(code, 0.125)
		f.Add(code, -46204.5)
	}
	f.Fuzz(func(t *testing.T, code string, value float64) {
		format := parseFormat(code)
		raw := fmt.Sprint(value)
		text, ok := appendNumber([]byte("x"), []byte(raw), &format, false)
		if _, number := parseNumber([]byte(raw)); ok != number || ok && len(text) < 2 || text[0] != 'x' {
			t.Fatalf("%q: %s is %q, %t", code, raw, text, ok)
		}
		kinds := 0
		for _, kind := range []bool{format.moment, format.duration, format.percent, format.zeros > 0} {
			if kind {
				kinds++
			}
		}
		if kinds > 1 || format.percent && strings.Count(code, "%") == 0 {
			t.Fatalf("%q is %+v", code, format)
		}
		if shown := strings.HasSuffix(string(text), "%"); ok && shown != (format.percent && !strings.ContainsAny(string(text), "eE")) && !strings.Contains(format.prefix, "%") {
			t.Fatalf("%q: %s is %q", code, raw, text)
		}
	})
}
