package stat

import (
	"math"
	"slices"
)

// Moments are the number of values, their mean, and their variance with the divisor N − 1, in the unit of the values and its square.
type Moments struct {
	N         int64
	Mean, Var float64
}

// MomentsOf gives the moments of values, in two passes from the least value up, so that their order does not matter.
// ok is false for fewer than two values, and when any of them, or the variance, is no finite number.
func MomentsOf(values []float64) (m Moments, ok bool) {
	if len(values) < 2 || !finite(values...) {
		return Moments{}, false
	}
	sorted := slices.Sorted(slices.Values(values))
	m = Moments{N: int64(len(sorted)), Mean: mean(sorted)}
	for _, x := range sorted {
		m.Var += square(x - m.Mean)
	}
	m.Var /= float64(m.N - 1)
	if !finite(m.Mean, m.Var) {
		return Moments{}, false
	}
	return m, true
}

// mean is the sum over the number of values, kept between the least and the most of them, so that equal values have themselves as mean.
// It is infinite when the sum is.
func mean(values []float64) float64 {
	sum := 0.0
	for _, x := range values {
		sum += x
	}
	if !finite(sum) {
		return sum
	}
	return max(slices.Min(values), min(sum/float64(len(values)), slices.Max(values)))
}

// MeanDifference gives the 95 % interval of a's mean less b's, both in the unit of the values, for groups that may vary differently:
// B. L. Welch (Biometrika 34, 1947) with the degrees of freedom of F. E. Satterthwaite (1946), not rounded.
// ok is false for fewer than two values on a side, when neither side varies at all, and for moments or results that are no finite numbers.
func MeanDifference(a, b Moments) (low, high float64, ok bool) {
	if a.N < 2 || b.N < 2 || a.Var < 0 || b.Var < 0 || !finite(a.Mean, a.Var, b.Mean, b.Var) {
		return 0, 0, false
	}
	va, vb := a.Var/float64(a.N), b.Var/float64(b.N)
	most := max(va, vb)
	if most == 0 {
		return 0, 0, false
	}
	// As shares of the larger one the two neither overflow nor vanish when squared.
	ra, rb := va/most, vb/most
	freedom := square(ra+rb) / (square(ra)/float64(a.N-1) + square(rb)/float64(b.N-1))
	half := float64(level95.student(freedom) * float64(math.Sqrt(most)*math.Sqrt(ra+rb)))
	d := a.Mean - b.Mean
	low, high = d-half, d+half
	if !finite(low, high) {
		return 0, 0, false
	}
	return low, high, true
}

// manyDegrees is where the expansion of the t quantile is as good as the series, to ten digits.
const manyDegrees = 100

// student gives the t quantile with nu ≥ 1 degrees of freedom, whole or not, that leaves the level's tail above it. Up to manyDegrees
// the distribution function is summed as a series and halved down to the point; above, the quantile is the expansion in powers of 1/nu
// of R. A. Fisher and E. A. Cornish (1960; M. Abramowitz and I. Stegun 1964, 26.7.5).
func (l level) student(nu float64) float64 {
	if nu >= manyDegrees {
		return l.expand(nu)
	}
	scale := gammaRatio(float64(nu/2)) / float64(nu*math.Sqrt(math.Pi)) // ½ and the a = nu/2 of the divisor make nu
	// t lies above the normal quantile and below that with one degree of freedom, which is 12.7 at 95 %.
	low, high := l.z, 16.0
	for {
		t := low + float64((high-low)/2)
		if t <= low || t >= high {
			return t
		}
		if studentTail(t, nu, scale) > l.tail {
			low = t
		} else {
			high = t
		}
	}
}

// studentTail is the probability above t: half the incomplete beta function I_x(nu/2, ½) at x = nu/(nu + t²), by its series
// (Abramowitz and Stegun 1964, 26.5.4 and 26.7.1). scale is what does not depend on t.
func studentTail(t, nu, scale float64) float64 {
	x := nu / (nu + square(t))
	a := float64(nu / 2)
	sum, term := 0.0, 1.0
	for k := 0.0; term > float64(sum*1e-17); k++ {
		sum += term
		term = float64(term * x * ((a + 0.5 + k) / (a + 1 + k)))
	}
	return float64(scale * power(x, a) * math.Sqrt(square(t)/(nu+square(t))) * sum)
}

// gammaRatio is Γ(a + ½)/Γ(a), for a ≥ ½: brought up to 30 by Γ(x + 1) = xΓ(x), where the expansion in powers of 1/a (F. G. Tricomi and
// A. Erdélyi 1951) is exact to a float64.
func gammaRatio(a float64) float64 {
	ratio := 1.0
	for ; a < 30; a++ {
		ratio = float64(ratio * (a / (a + 0.5)))
	}
	series := horner(1/a, -399.0/262144, -21.0/32768, 5.0/1024, 1.0/128, -1.0/8, 1)
	return float64(ratio * math.Sqrt(a) * series)
}

// power is x to the a for x within (0, 1] and a ≥ 0: the whole part of a by squaring, the fraction by its binary digits as square roots.
func power(x, a float64) float64 {
	whole, fraction := math.Modf(a)
	result := 1.0
	for base := x; whole >= 1; base = square(base) {
		if math.Mod(whole, 2) == 1 {
			result = float64(result * base)
		}
		whole = math.Floor(float64(whole / 2))
	}
	for root := math.Sqrt(x); fraction > 0; root = math.Sqrt(root) {
		fraction += fraction
		if fraction >= 1 {
			result, fraction = float64(result*root), fraction-1
		}
	}
	return result
}

// expand is the t quantile out of the normal one; its first terms left out are below 1e-10 from manyDegrees on.
func (l level) expand(nu float64) float64 {
	xx := square(l.z)
	g1 := float64(horner(xx, 1, 1) / 4)
	g2 := float64(horner(xx, 5, 16, 3) / 96)
	g3 := float64(horner(xx, 3, 19, 17, -15) / 384)
	g4 := float64(horner(xx, 79, 776, 1482, -1920, -945) / 92160)
	return float64(l.z * horner(1/nu, g4, g3, g2, g1, 1))
}

// horner is the polynomial in x with the given coefficients, the highest power's first.
func horner(x float64, coefficients ...float64) float64 {
	sum := 0.0
	for _, c := range coefficients {
		sum = float64(sum*x) + c
	}
	return sum
}
