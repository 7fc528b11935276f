package stat

import "math"

// Wilson gives the 95 % score interval of the share num/den, within [0, 1] and holding the share (E. B. Wilson 1927). num and den are
// counts of cases, num among den. Where they give no share (den not above zero, num outside 0 to den) nothing is known: 0 and 1.
func Wilson(num, den float64) (low, high float64) {
	if !isShare(num, den) {
		return 0, 1
	}
	z := level95.z
	p := num / den
	zz := square(z)
	centre := p + zz/float64(2*den)
	spread := float64(z * math.Sqrt(float64(p*(1-p))/den+zz/float64(4*square(den))))
	scale := 1 + zz/den
	low, high = max(0, min((centre-spread)/scale, p)), min(1, max((centre+spread)/scale, p))
	if !finite(low, high) { // a den so far below one that its inverse overflows
		return 0, 1
	}
	return low, high
}

func isShare(num, den float64) bool { return finite(num, den) && den > 0 && 0 <= num && num <= den }

// Difference gives the 95 % interval of the share num1/den1 less the share num2/den2 of other cases, within [−1, 1] and holding the
// difference: the hybrid score interval, method 10 of R. G. Newcombe (Statistics in Medicine 17, 1998, 873–890). Where l and u bound
// each share p by Wilson,
//
//	low  = p1 − p2 − √((p1 − l1)² + (u2 − p2)²)
//	high = p1 − p2 + √((u1 − p1)² + (p2 − l2)²)
//
// ok is false when either pair gives no share.
func Difference(num1, den1, num2, den2 float64) (low, high float64, ok bool) {
	if !isShare(num1, den1) || !isShare(num2, den2) {
		return 0, 0, false
	}
	p1, p2 := num1/den1, num2/den2
	l1, u1 := Wilson(num1, den1)
	l2, u2 := Wilson(num2, den2)
	down := math.Sqrt(square(p1-l1) + square(u2-p2))
	up := math.Sqrt(square(u1-p1) + square(p2-l2))
	return max(-1, p1-p2-down), min(1, p1-p2+up), true
}

// Significant reports whether the interval of a difference excludes zero: at 95 %, the two figures differ.
func Significant(low, high float64) bool { return low > 0 || high < 0 }
