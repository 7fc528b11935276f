package stat

import "math"

// XmR gives the natural process limits of values in the order of time, in their unit: the mean, and 2.66 times the mean moving range to
// either side (W. A. Shewhart 1931; D. J. Wheeler 1993, Understanding Variation), where 2.66 is 3/1.128 and the moving range the
// distance between neighbours. What lies within is the process as it always is. ok is false for fewer than six values, and when any
// value or limit is no finite number.
func XmR(values []float64) (centre, lower, upper float64, ok bool) {
	if len(values) < 6 || !finite(values...) {
		return 0, 0, 0, false
	}
	ranges := 0.0
	for i, x := range values[1:] {
		ranges += math.Abs(x - values[i])
	}
	centre = mean(values)
	reach := float64(2.66 * (ranges / float64(len(values)-1)))
	lower, upper = centre-reach, centre+reach
	if !finite(centre, lower, upper) {
		return 0, 0, 0, false
	}
	return centre, lower, upper, true
}

// Signals gives the places, in order, of the values outside the limits of XmR (Wheeler's first rule): months in which something
// happened that is worth asking about. There are none where XmR has no limits.
func Signals(values []float64) []int {
	_, lower, upper, ok := XmR(values)
	var places []int
	for i, x := range values {
		if ok && (x < lower || x > upper) {
			places = append(places, i)
		}
	}
	return places
}
