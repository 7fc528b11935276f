package stat_test

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"plumbline/internal/stat"
)

func known(num, den float64) stat.Month { return stat.Month{Num: num, Den: den, Known: true} }

// alike lets shares differ in their last bits.
func alike(a, b stat.Change) bool {
	return math.Abs(a.Absolute-b.Absolute) < 1e-15 && a.Significant == b.Significant && a.Known == b.Known
}

// The intervals behind these are those of TestDifference.
func TestRateChange(t *testing.T) {
	unknown := known(5, 10)
	unknown.Known = false
	for _, c := range []struct {
		now, before stat.Month
		want        stat.Change
	}{
		{known(9, 10), known(3, 10), stat.Change{Absolute: 0.6, Significant: true, Known: true}}, {known(3, 10), known(9, 10), stat.Change{Absolute: -0.6, Significant: true, Known: true}},
		{known(5, 56), known(0, 29), stat.Change{Absolute: 5.0 / 56, Known: true}}, {known(0, 10), known(0, 20), stat.Change{Known: true}},
		{known(0, 0), known(3, 10), stat.Change{}}, {known(3, 10), known(0, 0), stat.Change{}}, {unknown, known(3, 10), stat.Change{}},
		{known(3, 10), unknown, stat.Change{}}, {known(11, 10), known(3, 10), stat.Change{}}, {known(nan, 10), known(3, 10), stat.Change{}},
	} {
		if got := stat.RateChange(c.now, c.before); !alike(got, c.want) {
			t.Errorf("%v after %v: %v, want %v", c.now, c.before, got, c.want)
		}
	}
}

// By hand, one side of the binomial with ½: at least 10 of 12 is (66 + 12 + 1)/2¹² = 0.0193, 9 of 12 is (220 + 79)/2¹² = 0.0730; 5 of 5
// is 1/32 = 0.0313, 6 of 6 is 1/64 = 0.0156; 15 of 20 is 21700/2²⁰ = 0.0207, 14 of 20 is 60460/2²⁰ = 0.0577. Below 0.025 both sides
// together are below 5 %.
func TestCountChange(t *testing.T) {
	for _, c := range []struct {
		now, before float64
		significant bool
	}{
		{10, 2, true}, {9, 3, false}, {2, 10, true}, {3, 9, false}, {5, 0, false}, {6, 0, true}, {0, 6, true}, {15, 5, true}, {14, 6, false}, {0, 0, false},
		{7, 7, false}, {1, 0, false}, {1e9, 1e9 + 1e5, true}, {1e9, 1e9 + 8e4, false}, {1 << 52, 1, true},
	} {
		want := stat.Change{Absolute: c.now - c.before, Significant: c.significant, Known: true}
		if got := stat.CountChange(known(c.now, 0), known(c.before, 0)); got != want {
			t.Errorf("%v after %v: %v, want %v", c.now, c.before, got, want)
		}
	}
	for _, bad := range []stat.Month{{Num: 5}, known(-1, 0), known(2.5, 0), known(nan, 0), known(inf, 0), known(1<<53, 0)} {
		if got := stat.CountChange(bad, known(5, 0)); got != (stat.Change{}) {
			t.Errorf("%v now: %v", bad, got)
		}
		if got := stat.CountChange(known(5, 0), bad); got != (stat.Change{}) {
			t.Errorf("%v before: %v", bad, got)
		}
	}
}

// TestCountChangeAgainstWholeNumbers counts the ways exactly, for every pair up to 200 together: significant means 40·ΣC(n, k ≥ more) < 2ⁿ.
func TestCountChangeAgainstWholeNumbers(t *testing.T) {
	for n := range int64(201) {
		all, ways := new(big.Int).Lsh(big.NewInt(1), uint(n)), new(big.Int)
		for more := n; more >= n-more; more-- {
			ways.Add(ways, new(big.Int).Binomial(n, more))
			want := new(big.Int).Mul(ways, big.NewInt(40)).Cmp(all) < 0
			if got := stat.CountChange(known(float64(more), 0), known(float64(n-more), 0)); got.Significant != want {
				t.Errorf("%d and %d: significant %v, want %v", more, n-more, got.Significant, want)
			}
		}
	}
}

// TestCountChangeIsOneLawOnBothSidesOfAMillion: by hand for n near a million, z·√n/2 = 980.0 and with the half 980.5 beyond the middle, so
// 500,981 of 1,000,000 are too many and 500,980 are not; of 1,000,002 (middle 500,001) the same plus one. Of 1,001,098 (middle 500,549) it is 980.52 and 981.02:
// 501,531 are too many, 501,530 are not.
func TestCountChangeIsOneLawOnBothSidesOfAMillion(t *testing.T) {
	for _, c := range []struct {
		now, before float64
		significant bool
	}{{500_981, 499_019, true}, {500_980, 499_020, false}, {500_982, 499_020, true}, {500_981, 499_021, false}, {501_531, 499_567, true}, {501_530, 499_568, false}} {
		if got := stat.CountChange(known(c.now, 0), known(c.before, 0)); got.Significant != c.significant {
			t.Errorf("%v and %v: significant is not %v", c.now, c.before, c.significant)
		}
	}
}

func TestChangesMirrorAndMoreLopsidedOnesStaySignificant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		large := rapid.OneOf(rapid.Int64Range(0, 200), rapid.Int64Range(0, 1e12))
		a, b := known(float64(large.Draw(t, "a")), 0), known(float64(large.Draw(t, "b")), 0)
		there, back := stat.CountChange(a, b), stat.CountChange(b, a)
		if !there.Known || there.Absolute != -back.Absolute || there.Significant != back.Significant {
			t.Fatalf("%v there, %v back", there, back)
		}
		if a.Num < b.Num {
			a, b = b, a
		}
		step := min(b.Num, float64(large.Draw(t, "step")))
		if there.Significant && !stat.CountChange(known(a.Num+step, 0), known(b.Num-step, 0)).Significant {
			t.Fatalf("%v after %v differ, and with %v moved over they do not", a.Num, b.Num, step)
		}
	})
}

// counts are months of events, −1 for one of which nothing is known.
func counts(nums ...float64) (months []stat.Month) {
	for _, n := range nums {
		months = append(months, stat.Month{Num: n, Known: n >= 0})
	}
	return months
}

// By hand. One month: 15 now, 5 in the month before (significant, see above), 14 a year before. A quarter: the last three months hold
// 5 + 5 + 5 = 15 events, the three before 2 + 2 + 1 = 5, the same a year before 4 + 4 + 6 = 14.
func TestSeasonal(t *testing.T) {
	year := []float64{14, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 5, 15}
	quarter := []float64{4, 4, 6, 9, 9, 9, 9, 9, 9, 2, 2, 1, 5, 5, 5}
	gap := []float64{14, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, -1, 15}
	gapInYear := []float64{4, -1, 6, 9, 9, 9, 9, 9, 9, 2, 2, 1, 5, 5, 5}
	up, little, none := stat.Change{Absolute: 10, Significant: true, Known: true}, stat.Change{Absolute: 1, Known: true}, stat.Change{}
	for _, c := range []struct {
		name               string
		nums               []float64
		span               int
		before, yearBefore stat.Change
	}{
		{"a month", year, 1, up, little}, {"a quarter", quarter, 3, up, little},
		{"the month before is not known", gap, 1, none, little}, {"a month of the year before is not known", gapInYear, 3, up, none},
		{"no year before", year[1:], 1, up, none}, {"too few months for the quarter a year before", quarter[1:], 3, up, none},
		{"one month", year[12:], 1, none, none}, {"no months", nil, 1, none, none}, {"no span", year, 0, none, none}, {"a negative span", year, -1, none, none},
	} {
		if before, yearBefore := stat.Seasonal(counts(c.nums...), c.span, stat.CountChange); before != c.before || yearBefore != c.yearBefore {
			t.Errorf("%s: %v and %v, want %v and %v", c.name, before, yearBefore, c.before, c.yearBefore)
		}
	}
}

// TestSeasonalAddsUpBeforeItDivides: 1 of 2 and 8 of 8 are together 9 of 10, not a mean of shares; 2 of 2 and 1 of 8 are 3 of 10.
func TestSeasonalAddsUpBeforeItDivides(t *testing.T) {
	months := []stat.Month{known(2, 2), known(1, 8), known(1, 2), known(8, 8)}
	before, yearBefore := stat.Seasonal(months, 2, stat.RateChange)
	if want := (stat.Change{Absolute: 0.6, Significant: true, Known: true}); !alike(before, want) || yearBefore != (stat.Change{}) {
		t.Errorf("%v and %v, want %v and none", before, yearBefore, want)
	}
}
