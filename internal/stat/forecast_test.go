package stat_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"plumbline/internal/stat"
)

func running(num, den float64) stat.Month {
	return stat.Month{Num: num, Den: den, Known: true, Running: true}
}

func months(parts ...[]stat.Month) []stat.Month { return slices.Concat(parts...) }

// repeat gives n months that are all the same.
func repeat(n int, m stat.Month) []stat.Month { return slices.Repeat([]stat.Month{m}, n) }

func written(p stat.Projection, ok bool) string {
	if !ok {
		return "none"
	}
	return fmt.Sprintf("%.4f [%.4f, %.4f] %d", p.Value, p.Low, p.High, p.Level)
}

var (
	halves   = repeat(3, known(1, 2))
	swinging = []stat.Month{known(8, 10), known(2, 10), known(8, 10), known(2, 10)}
	tenTwo   = []stat.Month{known(10, 0), known(12, 0), known(14, 0)}
)

// By hand, rates:
//   - Three months of 1 in 2: n = 2, φ = 1, S = 7, α = β = 3.5. P(0) = 3.5·4.5/(7·8) = 0.28125 = P(2): 0 to 2 of 2, value ½.
//   - And 2 in 2 in the quarter: X = 5, N = 8, n = 2, φ = (3·0.25² /0.46875 + 0.75²/0.46875)/3 = 0.53, so 1; S = 9, α = 5.5, β = 3.5.
//     P(0) = 3.5·4.5/90 = 0.175, P(2) = 5.5·6.5/90 = 0.397: 0 to 2; value (2 + 2·5.5/9)/4 = 0.8056, range 2/4 to 4/4.
//   - Four months of 5 in 10: n = 10, S = 41, α = β = 20.5. With 1 for five cases, k − 1 weigh k(30.5 − k)/((11 − k)(19.5 + k)) times k:
//     0.8673, 0.5589, 0.2562, 0.0755, 0.0109 for 4 to 0, in all 1 + 2·1.7688 = 4.5376. P(≤ 2) = 0.0755, P(≤ 3) = 0.1987: 3 to 7 of 10.
//   - Swinging between 8 and 2 in 10: φ = 4·3²/2.5/3 = 4.8, S = 175.2/202.8 = 0.8639, α = β = 0.432: P(0) = P(10) =
//     0.432·1.432·…·9.432/(0.864·1.864·…·9.864) = 0.197, each above a tenth: 0 to 10.
//   - Settled: (2 + 1)/(2 + 2) whatever the history.
//
// Sums: 10, 12, 14: x̄ = 12, s = 2, t with two degrees 1.885618; two months more: 24 ∓ 1.885618·2·√(2 + 4/3) = 24 ∓ 6.8853.
// After 0, 0, 3: x̄ = 1, s = √3; 1 − 1.885618·√3·√(4/3) = −2.77, which no month ever was, so 0; above 4.7712. After −3, 0, 0: −1 ∓ 3.7712.
// With 8 so far: x̄ = 11, s² = 20/3, t with three degrees 1.637744; 8 + 11 ∓ 1.637744·√(20/3)·√(1 + 1/4) = 19 ∓ 4.7278.
func TestForecast(t *testing.T) {
	unknown := stat.Month{Num: 99, Den: 1}
	for _, c := range []struct {
		name      string
		months    []stat.Month
		remaining int
		want      string
	}{
		{"rate, the quarter ahead", halves, 1, "0.5000 [0.0000, 1.0000] 80"},
		{"rate, under way", months(halves, repeat(1, running(2, 2))), 1, "0.8056 [0.5000, 1.0000] 80"},
		{"rate by chance", repeat(4, known(5, 10)), 1, "0.5000 [0.3000, 0.7000] 80"},
		{"rate that swings", swinging, 1, "0.5000 [0.0000, 1.0000] 80"},
		{"rate settled", months(halves, []stat.Month{running(2, 2), running(1, 2)}), 0, "0.7500 [0.7500, 0.7500] 100"},
		{"rate settled without history", []stat.Month{running(9, 10)}, 0, "0.9000 [0.9000, 0.9000] 100"},
		{"rate with an unknown month", months(halves, repeat(2, unknown)), 1, "0.5000 [0.0000, 1.0000] 80"},
		{"sum", tenTwo, 2, "24.0000 [17.1147, 30.8853] 80"},
		{"sum under way", months(tenTwo, repeat(1, running(8, 0))), 1, "19.0000 [14.2722, 23.7278] 80"},
		{"sum never below zero", counts(0, 0, 3), 1, "1.0000 [0.0000, 4.7712] 80"},
		{"sum below zero", []stat.Month{known(-3, 0), known(0, 0), known(0, 0)}, 1, "-1.0000 [-4.7712, 2.7712] 80"},
		{"sum of equal months", repeat(3, known(7, 0)), 3, "21.0000 [21.0000, 21.0000] 80"},
		{"sum settled", []stat.Month{running(8, 0), running(9, 0)}, 0, "17.0000 [17.0000, 17.0000] 100"},

		{"nothing", nil, 3, "none"},
		{"nothing, settled", nil, 0, "none"},
		{"two months of history", halves[:2], 1, "none"},
		{"two months of history and one under way", months(halves[:2], repeat(1, running(1, 2))), 1, "none"},
		{"two months of sums and one under way", months(tenTwo[:2], repeat(1, running(8, 0))), 1, "none"},
		{"a third month without cases", months(halves[:2], repeat(1, known(0, 0))), 1, "none"},
		{"never a case", repeat(6, known(0, 0)), 1, "none"},
		{"never a case, settled", repeat(3, running(0, 0)), 0, "none"},
		{"settled without cases", months(halves, repeat(3, running(0, 0))), 0, "none"},
		{"settled without a month", halves, 0, "none"},
		{"sum settled without a month", tenTwo, 0, "none"},
		{"a month of the quarter is not known", months(halves, []stat.Month{{Running: true}}), 1, "none"},
		{"no share", months(halves, repeat(1, known(3, 2))), 1, "none"},
		{"a sum among shares", months(halves, repeat(1, known(3, 0))), 1, "none"},
		{"fewer than no months remain", halves, -1, "none"},
		{"not a number", months(tenTwo, repeat(1, known(nan, 0))), 1, "none"},
		{"infinite", months(tenTwo, repeat(1, known(inf, 0))), 1, "none"},
		{"too large", repeat(3, known(1e308, 0)), 3, "none"},
	} {
		if got := written(stat.Forecast(c.months, c.remaining)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// By hand: 20/10, 30/10, 40/20: R = 90/40 = 2.25, rests −2.5, 7.5, −5, σ² = (0.625 + 5.625 + 1.25)/2 = 3.75; a month more has D = 40/3 and
// varies by 3.75·(D + D²/40) = 66.667; 30 ∓ 1.885618·8.16497 = 30 ∓ 15.396, over D: 2.25 ∓ 1.1547. With 10/10 so far: R = 100/50 = 2,
// rests 0, 10, 0, −10, σ² = 20/3, D = 12.5, variance 20/3·(12.5 + 3.125) = 104.1667; (10 + 25 ∓ 1.637744·10.20621)/22.5 = 1.5556 ∓ 0.7429.
func TestForecastMean(t *testing.T) {
	history := []stat.Month{known(20, 10), known(30, 10), known(40, 20)}
	for _, c := range []struct {
		name      string
		months    []stat.Month
		remaining int
		want      string
	}{
		{"the quarter ahead", history, 1, "2.2500 [1.0953, 3.4047] 80"},
		{"under way", months(history, repeat(1, running(10, 10))), 1, "1.5556 [0.8127, 2.2985] 80"},
		{"settled", []stat.Month{running(10, 4), running(20, 6)}, 0, "3.0000 [3.0000, 3.0000] 100"},
		{"never below zero", []stat.Month{known(0, 1), known(0, 1), known(9, 1)}, 1, "3.0000 [0.0000, 14.3137] 80"},
		{"two months of history", history[:2], 1, "none"},
		{"two months of history and one under way", months(history[:2], repeat(1, running(10, 10))), 1, "none"},
		{"no denominators", tenTwo, 1, "none"},
		{"a sum without denominator", months(history, repeat(1, known(3, 0))), 1, "none"},
		{"a denominator below zero", months(history, repeat(1, known(3, -1))), 1, "none"},
		{"a month of the quarter is not known", months(history, []stat.Month{{Running: true}}), 1, "none"},
		{"settled without a month", history, 0, "none"},
		{"not a number", months(history, repeat(1, known(nan, 1))), 1, "none"},
	} {
		if got := written(stat.ForecastMean(c.months, c.remaining)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestCourse(t *testing.T) {
	p := stat.Projection{Value: 0.9, Low: 0.85, High: 0.94, Level: 80}
	for _, c := range []struct {
		p      stat.Projection
		target float64
		higher bool
		want   stat.Course
	}{
		{p, 0.8, true, stat.OnCourse}, {p, 0.85, true, stat.OnCourse}, {p, 0.9, true, stat.AtRisk}, {p, 0.94, true, stat.AtRisk}, {p, 0.95, true, stat.OffCourse},
		{p, 0.95, false, stat.OnCourse}, {p, 0.94, false, stat.OnCourse}, {p, 0.9, false, stat.AtRisk}, {p, 0.85, false, stat.AtRisk}, {p, 0.8, false, stat.OffCourse},
		{p, nan, true, stat.Unknown}, {p, inf, false, stat.Unknown}, {stat.Projection{}, 0, true, stat.Unknown}, {stat.Projection{}, 0, false, stat.Unknown},
		{stat.Projection{Low: nan, High: 1, Level: 80}, 0, true, stat.Unknown},
	} {
		if got := c.p.Course(c.target, c.higher); got != c.want {
			t.Errorf("%v against %v, higher is better %v: %s, want %s", c.p, c.target, c.higher, got, c.want)
		}
	}
}

var someMonths = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) stat.Month {
	den := rapid.OneOf(rapid.Int64Range(1, 30), rapid.Int64Range(1, 20_000)).Draw(t, "den")
	m := known(float64(rapid.Int64Range(0, den).Draw(t, "num")), float64(den))
	m.Running = rapid.IntRange(0, 4).Draw(t, "running") == 0
	return m
}), 3, 14)

func countHistory(months []stat.Month) (n int) {
	for _, m := range months {
		if !m.Running {
			n++
		}
	}
	return n
}

func TestForecastsOfRatesStayWithinWhatCanStillHappen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		months := someMonths.Draw(t, "months")
		remaining := rapid.IntRange(1, 3).Draw(t, "remaining")
		p, ok := stat.Forecast(months, remaining)
		if ok != (countHistory(months) >= 3) {
			t.Fatalf("ok is %v", ok)
		}
		if ok && !(0 <= p.Low && p.Low <= p.Value && p.Value <= p.High && p.High <= 1 && p.Level == 80) {
			t.Fatalf("%v", p)
		}
		others := slices.Clone(months)
		for i := range others {
			others[i].Num = others[i].Den - others[i].Num
		}
		q, _ := stat.Forecast(others, remaining)
		if ok && (math.Abs(1-q.Value-p.Value) > 1e-9 || math.Abs(1-q.High-p.Low) > 1e-3 || math.Abs(1-q.Low-p.High) > 1e-3) && p.High-p.Low < 0.9 {
			t.Fatalf("%v, and of the other cases %v", p, q)
		}
	})
}

// TestMoreHistoryNarrows: the same months over and over say the same more surely. The ends are counts of the n cases ahead and the share
// itself moves a little with the prior, hence one case of leeway; against many times the history the range is no wider at all.
func TestMoreHistoryNarrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		den := float64(rapid.IntRange(4, 300).Draw(t, "den"))
		m := known(float64(rapid.IntRange(0, int(den)).Draw(t, "num")), den)
		n, more := rapid.IntRange(3, 12).Draw(t, "n"), rapid.IntRange(2, 10).Draw(t, "more")
		few, _ := stat.Forecast(repeat(n, m), 1)
		many, ok := stat.Forecast(repeat(n*more, m), 1)
		if !ok || many.High-many.Low > few.High-few.Low+1.001/den {
			t.Fatalf("%v out of %d months, %v out of %d", few, n, many, n*more)
		}
		a, b := float64(rapid.IntRange(0, 50).Draw(t, "a")), float64(rapid.IntRange(51, 100).Draw(t, "b"))
		few, _ = stat.Forecast(slices.Repeat([]stat.Month{known(a, 0), known(b, 0)}, n), 1)
		many, _ = stat.Forecast(slices.Repeat([]stat.Month{known(a, 0), known(b, 0)}, n*more), 1)
		if many.High-many.Low >= few.High-few.Low {
			t.Fatalf("sums: %v out of %d months, %v out of %d", few, 2*n, many, 2*n*more)
		}
	})
}

// TestLessRemainsLessIsOpen: month by month, the range of a rate that goes on as it was closes in.
func TestLessRemainsLessIsOpen(t *testing.T) {
	history := []stat.Month{known(80, 100), known(84, 100), known(76, 100), known(80, 100)}
	width := math.Inf(1)
	for done := range 4 {
		p, ok := stat.Forecast(months(history, repeat(done, running(80, 100))), 3-done)
		if !ok || p.High-p.Low >= width || math.Abs(p.Value-0.8) > 0.002 {
			t.Errorf("after %d months: %v, the width was %v", done, p, width)
		}
		width = p.High - p.Low
	}
	if width != 0 {
		t.Errorf("the quarter is over and its range is %v wide", width)
	}
}

// TestSwingingMonthsWidenTheRange: the same shares in all, once even and once swinging.
func TestSwingingMonthsWidenTheRange(t *testing.T) {
	even, _ := stat.Forecast(repeat(4, known(50, 100)), 1)
	swing, _ := stat.Forecast([]stat.Month{known(40, 100), known(60, 100), known(40, 100), known(60, 100)}, 1)
	if swing.Value != even.Value || swing.High-swing.Low < 1.5*(even.High-even.Low) {
		t.Errorf("even %v, swinging %v", even, swing)
	}
}

func TestForecastsOfSumsMoveWithTheirUnit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nums := rapid.SliceOfN(rapid.IntRange(-1000, 1000), 4, 12).Draw(t, "nums")
		scale := math.Ldexp(1, rapid.IntRange(-20, 20).Draw(t, "scale"))
		var plain, scaled, mirrored, means []stat.Month
		for i, n := range nums {
			m := stat.Month{Num: float64(n), Known: true, Running: i == 3}
			plain = append(plain, m)
			scaled = append(scaled, stat.Month{Num: m.Num * scale, Known: true, Running: m.Running})
			mirrored = append(mirrored, stat.Month{Num: -m.Num, Known: true, Running: m.Running})
			means = append(means, stat.Month{Num: m.Num, Den: 10, Known: true, Running: m.Running})
		}
		p, ok := stat.Forecast(plain, 2)
		if !ok || !(p.Low <= p.Value && p.Value <= p.High) {
			t.Skip("all zero")
		}
		if q, _ := stat.Forecast(scaled, 2); q.Value != p.Value*scale || q.Low != p.Low*scale || q.High != p.High*scale {
			t.Fatalf("%v, and in another unit %v", p, q)
		}
		q, _ := stat.Forecast(mirrored, 2)
		if slices.Min(nums) < 0 && slices.Max(nums) > 0 && (q.Value != -p.Value || math.Abs(q.Low+p.High) > 1e-9 || math.Abs(q.High+p.Low) > 1e-9) {
			t.Fatalf("%v, and with the signs turned %v", p, q)
		}
		// With ten cases in every month a quotient is the sum over thirty.
		r, _ := stat.ForecastMean(means, 2)
		if off := max(math.Abs(r.Value-p.Value/30), math.Abs(r.Low-p.Low/30), math.Abs(r.High-p.High/30)); off > 1e-9 {
			t.Fatalf("%v, and as a quotient %v", p, r)
		}
	})
}
