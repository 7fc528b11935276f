package stat_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"plumbline/internal/stat"
)

// The hours of sleep gained by ten patients under two drugs (Student, Biometrika 6, 1908).
var sleep1, sleep2 = []float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2}, []float64{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4}

func moments(t testing.TB, values []float64) stat.Moments {
	t.Helper()
	m, ok := stat.MomentsOf(values)
	if !ok {
		t.Fatalf("no moments of %v", values)
	}
	return m
}

// By hand: the first group sums to 7.5 and its squares to 34.43, so the variance is (34.43 − 7.5²/10)/9 = 3.2006; the second sums to 23.3,
// squares to 90.37, variance (90.37 − 23.3²/10)/9 = 4.0090.
func TestMomentsOf(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   stat.Moments
	}{
		{sleep1, stat.Moments{N: 10, Mean: 0.75, Var: 3.200556}}, {sleep2, stat.Moments{N: 10, Mean: 2.33, Var: 4.009}},
		{[]float64{1, 3}, stat.Moments{N: 2, Mean: 2, Var: 2}}, {[]float64{0.1, 0.1, 0.1}, stat.Moments{N: 3, Mean: 0.1, Var: 0}},
	} {
		got := moments(t, c.values)
		if got.N != c.want.N || math.Abs(got.Mean-c.want.Mean) > 1e-12 || math.Abs(got.Var-c.want.Var) > 5e-7 || c.want.Var == 0 && got.Var != 0 {
			t.Errorf("%v: %v, want %v", c.values, got, c.want)
		}
	}
	for _, values := range [][]float64{nil, {1}, {1, nan}, {inf, 1}, {math.MaxFloat64, -math.MaxFloat64}} {
		if m, ok := stat.MomentsOf(values); ok || m != (stat.Moments{}) {
			t.Errorf("%v: %v", values, m)
		}
	}
}

// TestMeanDifference repeats Welch's test of Student's data. By hand: d = 0.75 − 2.33 = −1.58; the variances of the means are 0.320056
// and 0.4009, their sum 0.720956, its root 0.849091; freedom 0.720956²/((0.320056² + 0.4009²)/9) = 17.776; t there 2.10281;
// −1.58 ∓ 2.10281·0.849091 = −3.3655 and 0.2055, as printed in the manual of R's t.test.
//
// Where the second group does not vary and N = Var in the first, the half width is t itself with N − 1 degrees: Fisher and Yates'
// table III says 12.706, 2.571, 2.228, 2.042 and 1.980 for 1, 5, 10, 30 and 120.
func TestMeanDifference(t *testing.T) {
	still := stat.Moments{N: 50}
	for _, c := range []struct {
		a, b stat.Moments
		want string
	}{
		{moments(t, sleep1), moments(t, sleep2), "-3.3655 0.2055"}, {moments(t, sleep2), moments(t, sleep1), "-0.2055 3.3655"},
		{stat.Moments{N: 2, Var: 2}, still, "-12.7062 12.7062"}, {stat.Moments{N: 6, Var: 6}, still, "-2.5706 2.5706"},
		{stat.Moments{N: 11, Mean: 3, Var: 11}, still, "0.7719 5.2281"}, {still, stat.Moments{N: 31, Var: 31}, "-2.0423 2.0423"},
		{stat.Moments{N: 121, Var: 121}, still, "-1.9799 1.9799"}, {stat.Moments{N: 1 << 60, Var: 1 << 60}, still, "-1.9600 1.9600"},
	} {
		low, high, ok := stat.MeanDifference(c.a, c.b)
		if got := four(low, high); !ok || got != c.want {
			t.Errorf("%v less %v: %s %v, want %s", c.a, c.b, got, ok, c.want)
		}
	}
	good := stat.Moments{N: 5, Mean: 1, Var: 1}
	for _, bad := range []stat.Moments{{N: 1, Var: 1}, {}, {N: 5, Var: -1}, {N: 5, Mean: nan, Var: 1}, {N: 5, Var: inf}, {N: 5, Var: nan}, {N: -5, Var: 1}} {
		if _, _, ok := stat.MeanDifference(good, bad); ok {
			t.Errorf("%v was compared", bad)
		}
		if _, _, ok := stat.MeanDifference(bad, good); ok {
			t.Errorf("%v was compared", bad)
		}
	}
	if _, _, ok := stat.MeanDifference(still, stat.Moments{N: 5, Mean: 1}); ok {
		t.Error("groups that do not vary were compared")
	}
	far := stat.Moments{N: 5, Mean: math.MaxFloat64, Var: 1}
	if _, _, ok := stat.MeanDifference(far, stat.Moments{N: 5, Mean: -math.MaxFloat64, Var: 1}); ok {
		t.Error("an infinite difference was given")
	}
}

func drawMoments(t *rapid.T, name string) stat.Moments {
	return stat.Moments{
		N: rapid.Int64Range(2, 400).Draw(t, name+" n"), Mean: rapid.Float64Range(-1e6, 1e6).Draw(t, name+" mean"),
		Var: rapid.Float64Range(1e-6, 1e6).Draw(t, name+" var"),
	}
}

func TestMeanDifferenceMirrorsAndNarrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawMoments(t, "a"), drawMoments(t, "b")
		low, high, ok := stat.MeanDifference(a, b)
		if d := a.Mean - b.Mean; !ok || !(low < d && d < high) {
			t.Fatalf("%v within [%v, %v]", d, low, high)
		}
		if l, h, _ := stat.MeanDifference(b, a); l != -high || h != -low {
			t.Fatalf("[%v, %v], the other way round [%v, %v]", low, high, l, h)
		}
		a.N, b.N = 2*a.N, 2*b.N
		if l, h, _ := stat.MeanDifference(a, b); h-l >= high-low {
			t.Fatalf("twice as many values: [%v, %v] after [%v, %v]", l, h, low, high)
		}
	})
}

func TestMomentsDoNotDependOnTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e9, 1e9), 2, 20).Draw(t, "values")
		before := slices.Clone(values)
		m, _ := stat.MomentsOf(values)
		if !slices.Equal(values, before) {
			t.Fatal("the values were touched")
		}
		if other, _ := stat.MomentsOf(rapid.Permutation(values).Draw(t, "other")); m != other {
			t.Fatalf("%v and %v", m, other)
		}
		if least, most := slices.Min(values), slices.Max(values); m.Mean < least-1e-6 || m.Mean > most+1e-6 || m.Var < 0 {
			t.Fatalf("%v of values from %v to %v", m, least, most)
		}
	})
}
