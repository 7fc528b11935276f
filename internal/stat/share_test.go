package stat_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"plumbline/internal/stat"
)

var nan, inf = math.NaN(), math.Inf(1)

// draws of counts: small ones, where rounding and bounds matter, and large ones.
func drawShare(t *rapid.T, name string) (num, den float64) {
	d := rapid.OneOf(rapid.Int64Range(1, 30), rapid.Int64Range(1, 1_000_000_000)).Draw(t, name+" den")
	n := rapid.OneOf(rapid.Int64Range(0, d), rapid.SampledFrom([]int64{0, d})).Draw(t, name+" num")
	return float64(n), float64(d)
}

// four writes bounds as the tables print them.
func four(low, high float64) string { return fmt.Sprintf("%.4f %.4f", low, high) }

// TestWilson compares with Newcombe, Statistics in Medicine 17 (1998), 857–872, table I, method 3. 29 of 29 is by hand n/(n + z²):
// 29/(29 + 3.8415) = 0.8830.
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		num, den float64
		want     string
	}{
		{81, 263, "0.2553 0.3662"}, {15, 148, "0.0624 0.1605"}, {0, 20, "0.0000 0.1611"}, {1, 29, "0.0061 0.1718"}, {29, 29, "0.8830 1.0000"},
		{0, 0, "0.0000 1.0000"}, {1, 0, "0.0000 1.0000"}, {-1, 5, "0.0000 1.0000"}, {6, 5, "0.0000 1.0000"}, {1, -5, "0.0000 1.0000"},
		{nan, 5, "0.0000 1.0000"}, {1, nan, "0.0000 1.0000"}, {1, inf, "0.0000 1.0000"}, {0, 5e-324, "0.0000 1.0000"},
	} {
		if got := four(stat.Wilson(c.num, c.den)); got != c.want {
			t.Errorf("%v of %v: %s, want %s", c.num, c.den, got, c.want)
		}
	}
}

func TestWilsonHoldsTheShareMirrorsAndNarrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		num, den := drawShare(t, "a")
		low, high := stat.Wilson(num, den)
		p := num / den
		if !(0 <= low && low <= p && p <= high && high <= 1 && low < high) {
			t.Fatalf("%v of %v: [%v, %v]", num, den, low, high)
		}
		otherLow, otherHigh := stat.Wilson(den-num, den)
		if math.Abs(1-otherHigh-low) > 1e-12 || math.Abs(1-otherLow-high) > 1e-12 {
			t.Fatalf("%v of %v: [%v, %v], and the rest [%v, %v]", num, den, low, high, otherLow, otherHigh)
		}
		more := float64(rapid.IntRange(2, 20).Draw(t, "more"))
		if l, h := stat.Wilson(num*more, den*more); h-l >= high-low {
			t.Fatalf("%v times %v of %v: as wide as before", more, num, den)
		}
	})
}

// TestDifference compares with Newcombe, Statistics in Medicine 17 (1998), 873–890, table II, method 10. By hand for 9 of 10 against
// 3 of 10, with z² = 3.8415 and Wilson's (2np + z² ∓ z√(z² + 4np(1 − p)))/2(n + z²):
//
//	9/10: (18 + 3.8415 ∓ 1.96·√(3.8415 + 3.6))/27.683 = 0.5958, 0.9821
//	3/10: ( 6 + 3.8415 ∓ 1.96·√(3.8415 + 8.4))/27.683 = 0.1078, 0.6032
//	low  = 0.6 − √((0.9 − 0.5958)² + (0.6032 − 0.3)²) = 0.6 − 0.4295 = 0.1705
//	high = 0.6 + √((0.9821 − 0.9)² + (0.3 − 0.1078)²) = 0.6 + 0.2090 = 0.8090
func TestDifference(t *testing.T) {
	for _, c := range []struct {
		num1, den1, num2, den2 float64
		want                   string
		significant            bool
	}{
		{56, 70, 48, 80, "0.0524 0.3339", true}, {9, 10, 3, 10, "0.1705 0.8090", true}, {6, 7, 2, 7, "0.0582 0.8062", true},
		{5, 56, 0, 29, "-0.0381 0.1926", false}, {0, 10, 0, 20, "-0.1611 0.2775", false}, {0, 10, 0, 10, "-0.2775 0.2775", false},
		{10, 10, 0, 20, "0.6791 1.0000", true}, {10, 10, 0, 10, "0.6075 1.0000", true}, {3, 10, 9, 10, "-0.8090 -0.1705", true},
	} {
		low, high, ok := stat.Difference(c.num1, c.den1, c.num2, c.den2)
		if got := four(low, high); !ok || got != c.want || stat.Significant(low, high) != c.significant {
			t.Errorf("%v of %v less %v of %v: %s %v, want %s", c.num1, c.den1, c.num2, c.den2, got, ok, c.want)
		}
	}
	for _, c := range [][4]float64{{1, 0, 1, 2}, {1, 2, 0, 0}, {3, 2, 1, 2}, {1, 2, -1, 2}, {nan, 2, 1, 2}, {1, 2, 1, inf}, {1, -2, 1, 2}} {
		if low, high, ok := stat.Difference(c[0], c[1], c[2], c[3]); ok || low != 0 || high != 0 {
			t.Errorf("%v: [%v, %v]", c, low, high)
		}
	}
}

func TestDifferenceHoldsTheDifferenceMirrorsAndNarrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		num1, den1 := drawShare(t, "a")
		num2, den2 := drawShare(t, "b")
		low, high, ok := stat.Difference(num1, den1, num2, den2)
		d := num1/den1 - num2/den2
		if !ok || !(-1 <= low && low <= d && d <= high && high <= 1 && low < high) {
			t.Fatalf("%v within [%v, %v]", d, low, high)
		}
		if l, h, _ := stat.Difference(num2, den2, num1, den1); l != -high || h != -low {
			t.Fatalf("[%v, %v], the other way round [%v, %v]", low, high, l, h)
		}
		more := float64(rapid.IntRange(2, 20).Draw(t, "more"))
		if l, h, _ := stat.Difference(num1*more, den1*more, num2*more, den2*more); h-l >= high-low {
			t.Fatalf("%v times as many cases: [%v, %v] after [%v, %v]", more, l, h, low, high)
		}
		if l, h, _ := stat.Difference(num1, den1, num1*more, den1*more); stat.Significant(l, h) {
			t.Fatalf("the same share differs from itself: [%v, %v]", l, h)
		}
	})
}

func TestSignificant(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      bool
	}{{0.01, 0.2, true}, {-0.2, -0.01, true}, {-0.1, 0.1, false}, {0, 0.1, false}, {-0.1, 0, false}, {0, 0, false}} {
		if stat.Significant(c.low, c.high) != c.want {
			t.Errorf("[%v, %v]: not %v", c.low, c.high, c.want)
		}
	}
}
