package stat

import (
	"math"
	"slices"
)

// Median is the middle value, or the mean of the two in the middle, in the unit of the values.
// ok is false without values, and when any of them is no finite number.
func Median(values []float64) (median float64, ok bool) {
	_, median, _, ok = Quartiles(values)
	return median, ok
}

// Quartiles gives the values below which a quarter, half and three quarters of the values lie, in their unit: type 7 of R. J. Hyndman
// and Y. Fan (The American Statistician 50, 1996), as spreadsheets' QUARTILE.INC. Of the n sorted values it takes the one at place
// 1 + (n − 1)·p, linearly between two neighbours. ok is false without values, and when any of them is no finite number.
func Quartiles(values []float64) (q1, median, q3 float64, ok bool) {
	if len(values) == 0 || !finite(values...) {
		return 0, 0, 0, false
	}
	sorted := slices.Sorted(slices.Values(values))
	return quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75), true
}

func quantile(sorted []float64, p float64) float64 {
	whole, fraction := math.Modf(float64(float64(len(sorted)-1) * p))
	at := int(whole)
	if fraction == 0 {
		return sorted[at]
	}
	a, b := sorted[at], sorted[at+1]
	if width := b - a; finite(width) {
		return a + float64(width*fraction)
	}
	return float64(a*(1-fraction)) + float64(b*fraction)
}

// fewest is the number of values below which none is called an outlier.
const fewest = 5

// Outliers gives the places, in order, of the values that stand out: those whose modified z-score is above 3.5 (B. Iglewicz and
// D. C. Hoaglin 1993, How to Detect and Handle Outliers). The score is 0.6745·|x − median|/MAD with the median of the absolute
// distances from the median; where that is zero because more than half of the values are equal, |x − median|/(1.253314·MeanAD) with
// their mean. There are none among fewer than five values, among equal ones, and when any value is no finite number.
func Outliers(values []float64) []int {
	if len(values) < fewest || !finite(values...) {
		return nil
	}
	median, _ := Median(values)
	distances := make([]float64, len(values))
	for i, x := range values {
		distances[i] = math.Abs(float64(x/2) - float64(median/2)) // halves, which cannot overflow
	}
	limit := outlierLimit(distances)
	var places []int
	for i, d := range distances {
		if limit > 0 && d > limit {
			places = append(places, i)
		}
	}
	return places
}

// outlierLimit is the distance from the median at which the score is 3.5.
func outlierLimit(distances []float64) float64 {
	if mad, _ := Median(distances); mad > 0 {
		return float64(mad * (3.5 / 0.6745))
	}
	sum := 0.0
	for _, d := range slices.Sorted(slices.Values(distances)) {
		sum += d / float64(len(distances))
	}
	return float64(sum * (3.5 * 1.253314))
}
