package stat_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"plumbline/internal/stat"
)

// By hand: of 1, 2, 3, 4 the quartiles stand at places 1 + 3·¼ = 1.75, 2.5 and 3.25; of five values on the second, third and fourth; of
// 10, 20 a quarter of the way. Type 6, spreadsheets' QUARTILE.EXC, would say 1.25 and 3.75 for the first.
func TestQuartiles(t *testing.T) {
	for _, c := range []struct {
		values, want []float64
	}{
		{[]float64{4, 1, 3, 2}, []float64{1.75, 2.5, 3.25}}, {[]float64{5, 1, 4, 2, 3}, []float64{2, 3, 4}}, {[]float64{7}, []float64{7, 7, 7}},
		{[]float64{20, 10}, []float64{12.5, 15, 17.5}}, {[]float64{0.1, 0.1, 0.1, 0.1}, []float64{0.1, 0.1, 0.1}},
		{[]float64{-0x1p1023, 0x1p1023}, []float64{-0x1p1022, 0, 0x1p1022}},
	} {
		q1, median, q3, ok := stat.Quartiles(c.values)
		if got := []float64{q1, median, q3}; !ok || !slices.Equal(got, c.want) {
			t.Errorf("%v: %v %v, want %v", c.values, got, ok, c.want)
		}
		if m, ok := stat.Median(c.values); !ok || m != c.want[1] {
			t.Errorf("%v: median %v, want %v", c.values, m, c.want[1])
		}
	}
	for _, values := range [][]float64{nil, {nan}, {1, inf}, {1, 2, -inf}} {
		if q1, median, q3, ok := stat.Quartiles(values); ok || q1 != 0 || median != 0 || q3 != 0 {
			t.Errorf("%v: %v, %v, %v", values, q1, median, q3)
		}
		if m, ok := stat.Median(values); ok || m != 0 {
			t.Errorf("%v: median %v", values, m)
		}
	}
}

var someValues = rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(-1e9, 1e9), rapid.SampledFrom([]float64{0, 1, 2})), 1, 25)

func TestQuartilesStandInOrderAndHalveTheValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := someValues.Draw(t, "values")
		before := slices.Clone(values)
		q1, median, q3, ok := stat.Quartiles(values)
		if !ok || !(slices.Min(values) <= q1 && q1 <= median && median <= q3 && q3 <= slices.Max(values)) || !slices.Equal(values, before) {
			t.Fatalf("%v: %v, %v, %v", values, q1, median, q3)
		}
		for _, q := range []struct{ value, p float64 }{{q1, 0.25}, {median, 0.5}, {q3, 0.75}} {
			below, above := 0, 0
			for _, x := range values {
				if x < q.value {
					below++
				}
				if x > q.value {
					above++
				}
			}
			last := float64(len(values) - 1)
			if float64(below) > math.Floor(last*q.p)+1 || float64(above) > math.Floor(last*(1-q.p))+1 {
				t.Fatalf("%v: %d below %v, %d above", values, below, q.value, above)
			}
		}
		o1, m, o3, _ := stat.Quartiles(rapid.Permutation(values).Draw(t, "other"))
		if o1 != q1 || m != median || o3 != q3 {
			t.Fatalf("%v: the order matters", values)
		}
	})
}

// By hand. Iglewicz and Hoaglin's example: median 2.45, distances 0.05 0.05 0.15 0.15 0.15 0.15 0.35 0.35 5.75 5.85, MAD 0.15, scores of
// the last two 0.6745·5.75/0.15 = 25.9 and 26.3, of the others at most 1.6 (the ordinary z-score of 8.3 is 2.1). The NIST handbook's:
// median 201.37, MAD (0.81 + 1.18)/2 = 0.995, score of the last 0.6745·44.2/0.995 = 30.0, of the first 1.4. Of −1 −1 0 1 x MAD is 1, so x
// stands out beyond 3.5/0.6745 = 5.189. Where MAD is 0: 5 5 5 5 9 has MeanAD 0.8 and score 4/(1.253314·0.8) = 3.99; 5 5 5 8 9 has
// MeanAD 1.4 and score 4/(1.253314·1.4) = 2.28; 5 5 5 5 6 7 has MeanAD 0.5 and score 2/(1.253314·0.5) = 3.19.
func TestOutliers(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   []int
	}{
		{[]float64{2.1, 2.6, 2.4, 2.5, 2.3, 2.1, 2.3, 2.6, 8.2, 8.3}, []int{8, 9}},
		{[]float64{199.31, 199.53, 200.19, 200.82, 201.92, 201.95, 202.18, 245.57}, []int{7}},
		{[]float64{-1, 5.18, -1, 0, 1}, nil}, {[]float64{-1, 5.2, -1, 0, 1}, []int{1}}, {[]float64{-5.2, 1, 1, 0, -1}, []int{0}},
		{[]float64{5, 5, 9, 5, 5}, []int{2}}, {[]float64{5, 5, 5, 8, 9}, nil}, {[]float64{5, 5, 5, 5, 5}, nil}, {[]float64{1, 1.1, 0.9, 99}, nil}, {[]float64{1, 1.1, 0.9, 99, 1}, []int{3}}, {[]float64{5, 5, 5, 5, 6, 7}, nil},
		{nil, nil}, {[]float64{1, 1, 1, 1, nan, 99}, nil}, {[]float64{1, 1, 1, 1, inf}, nil},
		{[]float64{1, 2, 3, 4, math.MaxFloat64}, []int{4}},
	} {
		if got := stat.Outliers(c.values); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.values, got, c.want)
		}
	}
}

// TestOutliersAreFewAndFar: at least half of the values, those nearest to the median, never stand out, and what stands out is farther off
// than what does not.
func TestOutliersAreFewAndFar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(0, 1), rapid.Float64Range(-1e3, 1e3), rapid.SampledFrom([]float64{0, 1})), 5, 25).Draw(t, "values")
		out := stat.Outliers(values)
		median, _ := stat.Median(values)
		nearest, farthest := math.Inf(1), 0.0
		for i, x := range values {
			if d := math.Abs(x - median); slices.Contains(out, i) {
				nearest = min(nearest, d)
			} else {
				farthest = max(farthest, d)
			}
		}
		if 2*len(out) > len(values) || !slices.IsSorted(out) || nearest < farthest {
			t.Fatalf("%v: %v stand out", values, out)
		}
		mirrored := make([]float64, len(values))
		for i, x := range values {
			mirrored[i] = -x
		}
		if !slices.Equal(stat.Outliers(mirrored), out) {
			t.Fatalf("%v: other ones stand out of the values' negatives", values)
		}
	})
}
