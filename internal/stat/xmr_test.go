package stat_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"plumbline/internal/stat"
)

// The viscosity of fifteen batches of primer paint (D. C. Montgomery, Introduction to Statistical Quality Control, section 6.4).
var viscosity = []float64{33.75, 33.05, 34, 33.81, 33.46, 34.02, 33.68, 33.27, 33.49, 33.2, 33.62, 33, 33.54, 33.12, 33.84}

// By hand: the values are 33 and together 7.85 more, mean 33 + 7.85/15 = 33.5233; the moving ranges sum to 6.73, mean 6.73/14 = 0.48071;
// 33.5233 ∓ 2.66·0.48071 = 32.2446 and 34.8020. Printed there: 33.52, 32.24, 34.80.
//
// Of 1 2 1 2 1 2 9: mean 18/7 = 2.5714, ranges 1 1 1 1 1 7, mean 2, limits −2.7486 and 7.8914: the last stands outside.
func TestXmR(t *testing.T) {
	for _, c := range []struct {
		values               []float64
		centre, lower, upper float64
		signals              []int
	}{
		{viscosity, 33.5233, 32.2446, 34.8020, nil}, {[]float64{1, 2, 1, 2, 1, 2, 9}, 2.5714, -2.7486, 7.8914, []int{6}},
		{[]float64{-9, -2, -1, -2, -1, -2, -1}, -2.5714, -7.8914, 2.7486, []int{0}},
		{[]float64{0.1, 0.1, 0.1, 0.1, 0.1, 0.1}, 0.1, 0.1, 0.1, nil},
	} {
		centre, lower, upper, ok := stat.XmR(c.values)
		off := max(math.Abs(centre-c.centre), math.Abs(lower-c.lower), math.Abs(upper-c.upper))
		if signals := stat.Signals(c.values); !ok || off > 5e-5 || !slices.Equal(signals, c.signals) {
			t.Errorf("%v: %v within [%v, %v], signals %v", c.values, centre, lower, upper, signals)
		}
	}
	for _, values := range [][]float64{nil, {1, 2, 1, 2, 99}, {1, 2, 1, 2, 1, nan}, {1, 2, inf, 2, 1, 2}, {1e308, -1e308, 1e308, -1e308, 1e308, -1e308}} {
		if centre, lower, upper, ok := stat.XmR(values); ok || centre != 0 || lower != 0 || upper != 0 || stat.Signals(values) != nil {
			t.Errorf("%v: %v within [%v, %v]", values, centre, lower, upper)
		}
	}
}

func TestXmRMovesWithTheValuesAndMirrors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e4, 1e4), 6, 24).Draw(t, "values")
		shift := rapid.Float64Range(-1e4, 1e4).Draw(t, "shift")
		centre, lower, upper, ok := stat.XmR(values)
		if !ok || !(lower <= centre && centre <= upper) {
			t.Fatalf("%v: %v within [%v, %v]", values, centre, lower, upper)
		}
		shifted, mirrored := make([]float64, len(values)), make([]float64, len(values))
		for i, x := range values {
			shifted[i], mirrored[len(values)-1-i] = x+shift, -x
		}
		if c, l, u, _ := stat.XmR(shifted); math.Abs(c-centre-shift) > 1e-8 || math.Abs(l-lower-shift) > 1e-8 || math.Abs(u-upper-shift) > 1e-8 {
			t.Fatalf("moved by %v: %v within [%v, %v] after %v within [%v, %v]", shift, c, l, u, centre, lower, upper)
		}
		if c, l, u, _ := stat.XmR(mirrored); math.Abs(c+centre) > 1e-8 || math.Abs(l+upper) > 1e-8 || math.Abs(u+lower) > 1e-8 {
			t.Fatalf("mirrored: %v within [%v, %v] after %v within [%v, %v]", c, l, u, centre, lower, upper)
		}
		if len(stat.Signals(values)) >= len(values) {
			t.Fatal("nothing is as always")
		}
	})
}
