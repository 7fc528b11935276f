package stat

import (
	"math"
	"slices"
)

// Interval is a subject's value with the interval that bounds it, turned so that higher is better.
type Interval struct{ Value, Low, High float64 }

// Overlaps reports whether a and b are not distinguishable: neither interval lies wholly above the other. One that is none (a bound or
// value that is NaN, or a value outside its bounds) is distinguishable from nobody.
func (a Interval) Overlaps(b Interval) bool {
	a, b = a.orUnknown(), b.orUnknown()
	return a.Low <= b.High && b.Low <= a.High
}

// orUnknown gives an interval that says nothing in place of one that is none.
func (a Interval) orUnknown() Interval {
	if a.Low <= a.Value && a.Value <= a.High {
		return a
	}
	return Interval{Low: math.Inf(-1), High: math.Inf(1)}
}

// Standing is what can be said about a subject's rank: from the best to the worst that its interval allows, 1 being the best.
type Standing struct {
	From, To int
	Alone    bool // From and To are the same: distinguishable from everybody else
}

// Groups gives the standing of each subject, parallel to intervals: as many are surely above it as have a Low above its High, and
// surely below it as have a High below its Low. The rank by value lies within From to To. Two 95 % intervals that do not touch differ at
// above 99 % (H. Goldstein and M. J. R. Healy 1995), so it errs towards telling nobody apart. A subject whose interval is none, such as
// one without data, may stand anywhere.
func Groups(intervals []Interval) []Standing {
	n := len(intervals)
	lows, highs := make([]float64, n), make([]float64, n)
	for i, s := range intervals {
		s = s.orUnknown()
		lows[i], highs[i] = s.Low, s.High
	}
	slices.Sort(lows)
	slices.Sort(highs)
	standings := make([]Standing, n)
	for i, s := range intervals {
		s = s.orUnknown()
		notAbove, _ := slices.BinarySearchFunc(lows, s.High, after)
		below, _ := slices.BinarySearch(highs, s.Low)
		from, to := 1+n-notAbove, n-below
		standings[i] = Standing{From: from, To: to, Alone: from == to}
	}
	return standings
}

// after orders x behind all that equal it, so that a search for target ends past them.
func after(x, target float64) int {
	if x <= target {
		return -1
	}
	return 1
}
