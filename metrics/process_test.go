package metrics_test

import (
	"math"
	"slices"
	"testing"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// TestProcessOf: of 50 60 50 60 50 60 95 the mean is 60.7143, the moving ranges are 10 10 10 10 10 35, mean 14.1667, so that the limits
// are 60.7143 ∓ 2.66·14.1667 = 23.0310 and 98.3976. Without the last, of 10 each: 55 ∓ 26.6. A month with too few rows and the month
// under way do not count.
func TestProcessOf(t *testing.T) {
	k := &policy.KPI{ID: "k", Unit: policy.Count}
	months := func(values ...int64) (list []metrics.Value) {
		for i, p := range parse(t, "2026-09").LastMonths(len(values)) {
			list = append(list, metrics.Value{KPI: k, Period: p, Status: metrics.OK, N: fixed.Int(9), Ratio: fixed.Ratio{Num: fixed.Int(values[i]), Den: fixed.Int(1)}})
		}
		return list
	}
	all := months(50, 60, 50, 60, 50, 60, 95)
	p, ok := metrics.ProcessOf(all, day(t, "2026-09-30"))
	if off := max(math.Abs(p.Centre-60.7143), math.Abs(p.Low-23.0310), math.Abs(p.High-98.3976)); !ok || off > 1e-3 || len(p.Months) != 7 || p.Signals != nil {
		t.Errorf("got %+v, %v", p, ok)
	}
	if p, ok = metrics.ProcessOf(all, day(t, "2026-09-29")); !ok || math.Abs(p.Low-28.4) > 1e-9 || math.Abs(p.High-81.6) > 1e-9 || slices.Contains(p.Months, 6) {
		t.Errorf("with September under way: %+v, %v", p, ok)
	}
	all = months(50, 99, 60, 50, 60, 50, 60, 50, 60, 300)
	all[1].Status = metrics.Insufficient
	if p, ok = metrics.ProcessOf(all, day(t, "2026-10-05")); !ok || !slices.Equal(p.Signals, []int{9}) || !slices.Equal(p.Months, []int{0, 2, 3, 4, 5, 6, 7, 8, 9}) {
		t.Errorf("with too few rows in the second month: %+v, %v", p, ok)
	}
	if p, ok = metrics.ProcessOf(all[:5], day(t, "2026-10-05")); ok || len(p.Months) != 4 {
		t.Errorf("of four months: %+v, %v", p, ok)
	}
}
