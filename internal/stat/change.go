package stat

import "math"

// Month is what one month adds: two sums, or Num alone with Den 0 for a KPI without denominator. A month of which nothing is Known is
// not a month of zero. Running marks the months that belong to the quarter under way; only projections ask for it.
type Month struct {
	Num, Den       float64
	Known, Running bool
}

// Change is the comparison of a period with an earlier one.
type Change struct {
	Absolute    float64 // now less before: of shares as a share (0.05 is five points), of counts as a count
	Significant bool    // more than chance gives in 95 of 100 cases
	Known       bool    // both periods are known; else the other two say nothing
}

// RateChange compares the shares Num/Den of two periods by Difference (R. G. Newcombe 1998). It is not Known when a period is not or
// gives no share.
func RateChange(now, before Month) Change {
	low, high, ok := Difference(now.Num, now.Den, before.Num, before.Den)
	if !ok || !now.Known || !before.Known {
		return Change{}
	}
	return Change{Absolute: now.Num/now.Den - before.Num/before.Den, Significant: Significant(low, high), Known: true}
}

// CountChange compares the numbers Num of events in two periods of equal length. If both come from Poisson laws of one rate, then given
// their sum n each is binomial with n and ½; the change is significant when the probability of one at least as lopsided, on both
// sides, is below 5 % (J. Przyborowski and H. Wilenski, Biometrika 31, 1940). Up to a million events the probability is summed
// exactly, above it is the normal one with continuity correction.
//
// It is for events that happen one by one. Sums of money or hours obey no such law; XmR judges those. It is not Known when a period is
// not, or when its Num is no whole number from zero up.
func CountChange(now, before Month) Change {
	if !now.Known || !before.Known || !isCount(now.Num) || !isCount(before.Num) {
		return Change{}
	}
	n, more := now.Num+before.Num, max(now.Num, before.Num)
	return Change{Absolute: now.Num - before.Num, Significant: lopsided(n, more), Known: true}
}

// isCount accepts whole numbers up to 2⁵², so that the sum of two is still exact.
func isCount(x float64) bool { return x >= 0 && x <= 1<<52 && x == math.Floor(x) }

// manyEvents is where the normal law takes over from the exact one.
const manyEvents = 1_000_000

// lopsided reports whether more of n, or as many on the other side, is rarer than 5 % where each of n falls on either side alike.
func lopsided(n, more float64) bool {
	if n > manyEvents {
		return more-float64(n/2)-0.5 > float64(level95.z*math.Sqrt(n)/2)
	}
	// Weights of the upper half relative to its first; what falls below 1e-18 adds nothing.
	upper, tail, weight := 0.0, 0.0, 1.0
	for k := math.Ceil(float64(n / 2)); k <= n && weight > 1e-18; k++ {
		upper += weight
		if k >= more {
			tail += weight
		}
		weight = float64(weight * ((n - k) / (k + 1)))
	}
	total := upper + upper
	if math.Mod(n, 2) == 0 {
		total-- // the middle is in both halves, with weight one
	}
	return tail < float64(level95.tail*total)
}

// Seasonal compares the last span months with the span months before (环比) and with the same months a year earlier (同比), each as the
// sums of its months. months run without a gap to the last month of the period; span is 1 for a month, 3 for a quarter. compare is
// RateChange or CountChange. A change is not Known when any of the months it needs is missing or not Known.
func Seasonal(months []Month, span int, compare func(now, before Month) Change) (before, yearBefore Change) {
	end := len(months)
	now := fold(months, end-span, end)
	return compare(now, fold(months, end-span-span, end-span)), compare(now, fold(months, end-span-12, end-12))
}

// fold sums the months from one up to another, which is left out. It is not Known unless each of them is.
func fold(months []Month, from, to int) Month {
	if from < 0 || from >= to {
		return Month{}
	}
	sum := Month{Known: true}
	for _, m := range months[from:to] {
		sum.Num += m.Num
		sum.Den += m.Den
		sum.Known = sum.Known && m.Known
	}
	return sum
}
