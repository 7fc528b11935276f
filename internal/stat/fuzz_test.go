package stat_test

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"plumbline/internal/stat"
)

// bits packs values for the fuzzer.
func bits(values ...float64) (data []byte) {
	for _, x := range values {
		data = binary.LittleEndian.AppendUint64(data, math.Float64bits(x))
	}
	return data
}

// FuzzEverythingIsFinite hands any numbers whatever to every function.
func FuzzEverythingIsFinite(f *testing.F) {
	f.Add(bits(1, 2, 3, 4, 5, 6, 7, 8), 1)
	f.Add(bits(sleep1...), 3)
	f.Add(bits(0, 0, 0, 0, 0, 0, 0, 0), 0)
	f.Add(bits(nan, inf, -inf, math.MaxFloat64, -math.MaxFloat64, 5e-324, -5e-324, 0), -1)
	f.Add(bits(1e308, 1e308, 1e308, 1e308, 1e308, 1e308, 1e308, 1e308), 1<<62)
	f.Add(bits(5e-324, 5e-324, 5e-324, 1, 1e15, 1e16, 3, 1e300), 2)
	f.Add(bits(0, 1e20, 1e20, 1e20, 1, 2, 0, 5e-324), 1)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		var values []float64
		for len(data) >= 8 && len(values) < 60 {
			values = append(values, math.Float64frombits(binary.LittleEndian.Uint64(data)))
			data = data[8:]
		}
		lists(t, values)
		if len(values) >= 4 {
			pairs(t, values[0], values[1], values[2], values[3], int64(n))
		}
		projections(t, values, n)
	})
}

// bounded fails unless low ≤ value ≤ high are finite numbers, or all zero where there is no answer.
func bounded(t *testing.T, what string, ok bool, low, value, high float64) {
	t.Helper()
	sum := math.Abs(low/4) + math.Abs(value/4) + math.Abs(high/4)
	if math.IsNaN(sum) || math.IsInf(sum, 0) || !(low <= value && value <= high) || !ok && sum != 0 {
		t.Errorf("%s: %v, %v, %v, %v", what, low, value, high, ok)
	}
}

func lists(t *testing.T, values []float64) {
	before := slices.Clone(values)
	q1, median, q3, ok := stat.Quartiles(values)
	bounded(t, "quartiles", ok, q1, median, q3)
	centre, lower, upper, ok := stat.XmR(values)
	bounded(t, "limits", ok, lower, centre, upper)
	m, ok := stat.MomentsOf(values)
	bounded(t, "variance", ok, 0, m.Var, math.MaxFloat64*float64(min(1, m.N)))
	for _, places := range [][]int{stat.Outliers(values), stat.Signals(values)} {
		if len(places) > 0 && (places[0] < 0 || places[len(places)-1] >= len(values)) {
			t.Errorf("places %v of %d values", places, len(values))
		}
	}
	var intervals []stat.Interval
	for three := range slices.Chunk(values, 3) {
		if len(three) == 3 {
			intervals = append(intervals, stat.Interval{Low: three[0], Value: three[1], High: three[2]})
		}
	}
	for _, s := range stat.Groups(intervals) {
		if !(1 <= s.From && s.From <= s.To && s.To <= len(intervals)) || s.Alone != (s.From == s.To) {
			t.Errorf("%v among %d", s, len(intervals))
		}
	}
	for i, x := range values {
		if math.Float64bits(x) != math.Float64bits(before[i]) {
			t.Fatal("the values were touched")
		}
	}
}

func pairs(t *testing.T, a, b, c, d float64, n int64) {
	low, high := stat.Wilson(a, b)
	bounded(t, "share", true, max(0, low), low, min(1, high))
	low, high, ok := stat.Difference(a, b, c, d)
	bounded(t, "difference", ok, low, low, high)
	low, high, ok = stat.MeanDifference(stat.Moments{N: n, Mean: a, Var: b}, stat.Moments{N: n, Mean: c, Var: d})
	bounded(t, "difference of means", ok, low, low, high)
	rate, count := stat.RateChange(known(a, b), known(c, d)), stat.CountChange(known(a, b), known(c, d))
	bounded(t, "change of rates", rate.Known, rate.Absolute, rate.Absolute, rate.Absolute)
	bounded(t, "change of counts", count.Known, count.Absolute, count.Absolute, count.Absolute)
}

func projections(t *testing.T, values []float64, n int) {
	var rates, sums []stat.Month
	for i, x := range values {
		sums = append(sums, stat.Month{Num: x, Known: n>>(i%8)&1 == 0, Running: i%5 == 4})
		if i%2 == 1 {
			rates = append(rates, stat.Month{Num: values[i-1], Den: x, Known: true, Running: i%5 == 4})
		}
	}
	for _, list := range [][]stat.Month{rates, sums} {
		stat.Seasonal(list, n, stat.RateChange)
		stat.Seasonal(list, n, stat.CountChange)
		for _, remaining := range []int{n, 0, 1, 3} {
			p, ok := stat.Forecast(list, remaining)
			bounded(t, "projection", ok, p.Low, p.Value, p.High)
			q, ok := stat.ForecastMean(list, remaining)
			bounded(t, "projection of a mean", ok, q.Low, q.Value, q.High)
			if (p.Level == 0) != (p.Course(0, true) == stat.Unknown) {
				t.Errorf("%v is %s", p, p.Course(0, true))
			}
		}
	}
}
