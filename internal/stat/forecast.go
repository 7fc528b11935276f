package stat

import (
	"math"
	"slices"
)

// Projection is where a quarter will end by what is known: a share for a rate, else in the unit of the sum or of the quotient.
// Low to High holds the outcome in Level of 100 cases, if the months to come are like those before. The zero value is no projection.
type Projection struct {
	Value, Low, High float64
	Level            int // percent; 100 when no month remains, 0 when nothing is known
}

// Course says how a projection stands to its target.
type Course string

// The courses.
const (
	Unknown   Course = "unknown"    // no projection, or no target
	OnCourse  Course = "on_course"  // the whole range meets the target
	AtRisk    Course = "at_risk"    // some of it does
	OffCourse Course = "off_course" // none of it does
)

// Course compares p with a target in the same unit; a figure that equals the target meets it.
func (p Projection) Course(target float64, higherIsBetter bool) Course {
	worst, best := p.Low, p.High
	if !higherIsBetter {
		worst, best, target = -p.High, -p.Low, -target
	}
	switch {
	case p.Level == 0 || !finite(p.Low, p.High, target):
		return Unknown
	case worst >= target:
		return OnCourse
	case best < target:
		return OffCourse
	}
	return AtRisk
}

// leastHistory is the number of known months before the quarter without which nothing is projected.
const leastHistory = 3

// Forecast projects a rate or a sum to the end of the quarter under way. months are whole months in any order: those of the quarter
// marked Running, and the history before it; the month in which one stands is not whole, so it is left out and counted among the
// remaining. No trend or season is assumed. Each month of the quarter adds as many cases as the known months have on average.
//
// A rate (any Den above zero) is a share: remaining cases n, out of the known N with share p = (X + ½)/(N + 1), H. Jeffreys' (1946)
// prior with half a case added on either side. The range is that of a beta-binomial count of n (J. G. Skellam 1948) with
// α = p·S, β = (1 − p)·S. S is N + 1 when months differ by chance alone; when they differ more, with Pearson's
// φ = Σ(xᵢ − nᵢp̂)²/(nᵢp̂(1 − p̂))/(m − 1) above one, S is what makes the variance φ times as large (R. W. M. Wedderburn 1974):
//
//	S = (n(N + 2) − φ(N + 1 + n)) / ((φ − 1)(N + 2) + φ(n − 1))
//
// A sum (every Den zero) takes mean x̄ and variance s² of the m known months; what r months will add is
// r·x̄ ± t·s·√(r + r²/m) with m − 1 degrees of freedom (G. J. Hahn and W. Q. Meeker 1991, Statistical Intervals). Months that were all
// equal leave the range no width.
//
// ok is false with fewer than three known months of history (for a rate: with cases), when a month of the quarter is not known, when a
// rate's Num is outside 0 to Den, when all that is known is zeros without Den, and for figures that are not finite. With no month remaining the result is what it is, without history.
func Forecast(months []Month, remaining int) (Projection, bool) {
	t, ok := tallyOf(months, remaining)
	switch {
	case !ok:
		return Projection{}, false
	case t.den == 0:
		return t.sum(remaining)
	}
	return t.rate(remaining)
}

// ForecastMean is Forecast for a quotient of sums that is no share, such as hours per log. The months' Num vary about R·Den with a variance
// that grows as Den does; R is the quotient of the known sums, σ² = Σ(xᵢ − R·dᵢ)²/dᵢ/(m − 1), and the remaining D will add
// R·D ± t·σ·√(D + D²/Σd) with m − 1 degrees of freedom (R. M. Royall, Biometrika 57, 1970). ok is false as in Forecast, and when a Den
// is below zero or is zero beside a Num that is not.
func ForecastMean(months []Month, remaining int) (Projection, bool) {
	t, ok := tallyOf(months, remaining)
	if !ok || t.den <= 0 {
		return Projection{}, false
	}
	spread := 0.0
	quotient := t.num / t.den
	for _, m := range t.known {
		if m.Den < 0 || m.Den == 0 && m.Num != 0 {
			return Projection{}, false
		}
		if m.Den > 0 {
			spread += square(m.Num-float64(quotient*m.Den)) / m.Den
		}
	}
	if remaining == 0 {
		return settled(t.running.Num / t.running.Den)
	}
	if t.pastCases < leastHistory {
		return Projection{}, false
	}
	freedom := float64(t.withCases - 1)
	ahead := t.ahead(remaining)
	half := float64(level80.student(freedom) * math.Sqrt(float64(spread/freedom*(ahead+float64(ahead*(ahead/t.den))))))
	more := float64(quotient * ahead)
	low, high := t.atLeastSoFar(more-half, more+half)
	all := t.running.Den + ahead
	return projected((t.running.Num+more)/all, (t.running.Num+low)/all, (t.running.Num+high)/all)
}

// tally is what the months add up to.
type tally struct {
	known     []Month // in the order given
	num, den  float64 // of all known months
	running   Month   // of the quarter so far
	history   int     // known months before the quarter
	withCases int     // known months with a denominator
	pastCases int     // of these, before the quarter
	positive  bool    // no month's Num is below zero
}

// tallyOf sums the months; ok is false when a month of the quarter is not known, and for sums that are no finite numbers.
func tallyOf(months []Month, remaining int) (t tally, ok bool) {
	t.positive = true
	for _, m := range months {
		if !m.Known {
			if m.Running {
				return tally{}, false
			}
			continue
		}
		t.add(m)
	}
	return t, remaining >= 0 && finite(t.num, t.den, t.running.Num, t.running.Den)
}

func (t *tally) add(m Month) {
	t.known = append(t.known, m)
	t.num += m.Num
	t.den += m.Den
	t.positive = t.positive && m.Num >= 0
	if m.Den > 0 {
		t.withCases++
	}
	if m.Running {
		t.running = Month{Num: t.running.Num + m.Num, Den: t.running.Den + m.Den, Known: true}
		return
	}
	t.history++
	if m.Den > 0 {
		t.pastCases++
	}
}

// ahead is the denominator that the remaining months will add.
func (t *tally) ahead(remaining int) float64 {
	return float64(t.den / float64(len(t.known)) * float64(remaining))
}

// atLeastSoFar keeps what is still to come from falling below zero where no month ever did.
func (t *tally) atLeastSoFar(low, high float64) (float64, float64) {
	if t.positive {
		return max(0, low), max(0, high)
	}
	return low, high
}

// settled is the projection of a quarter that is over.
func settled(value float64) (Projection, bool) {
	if !finite(value) {
		return Projection{}, false
	}
	return Projection{Value: value, Low: value, High: value, Level: 100}, true
}

// projected keeps the value within its range, which a skewed law or the last bit may leave.
func projected(value, low, high float64) (Projection, bool) {
	if !finite(value, low, high) {
		return Projection{}, false
	}
	return Projection{Value: value, Low: min(low, value), High: max(high, value), Level: 80}, true
}

func (t *tally) sum(remaining int) (Projection, bool) {
	// A rate that never had a case looks the same, and no data is never zero.
	if !slices.ContainsFunc(t.known, func(m Month) bool { return m.Num != 0 }) {
		return Projection{}, false
	}
	if remaining == 0 && t.running.Known {
		return settled(t.running.Num)
	}
	if remaining == 0 || t.history < leastHistory {
		return Projection{}, false
	}
	sums := make([]float64, len(t.known))
	for i, m := range t.known {
		sums[i] = m.Num
	}
	past, ok := MomentsOf(sums)
	if !ok {
		return Projection{}, false
	}
	r := float64(remaining)
	half := float64(level80.student(float64(past.N-1)) * math.Sqrt(past.Var) * math.Sqrt(r+square(r)/float64(past.N)))
	more := float64(r * past.Mean)
	low, high := t.atLeastSoFar(more-half, more+half)
	return projected(t.running.Num+more, t.running.Num+low, t.running.Num+high)
}

func (t *tally) rate(remaining int) (Projection, bool) {
	for _, m := range t.known {
		if !isShare(m.Num, m.Den) && (m.Num != 0 || m.Den != 0) { // a month without cases is fine
			return Projection{}, false
		}
	}
	if remaining == 0 {
		return settled(t.running.Num / t.running.Den)
	}
	if t.pastCases < leastHistory {
		return Projection{}, false
	}
	n := max(1, math.Round(t.ahead(remaining)))
	p, q := (t.num+0.5)/(t.den+1), (t.den-t.num+0.5)/(t.den+1)
	s := concentration(t.den, n, t.dispersion())
	low, high := countRange(n, float64(p*s), float64(q*s), level80)
	all := t.running.Den + n
	return projected((t.running.Num+float64(n*p))/all, (t.running.Num+low)/all, (t.running.Num+high)/all)
}

// dispersion is Pearson's φ of the months' shares, at least one: chance alone makes months differ.
func (t *tally) dispersion() float64 {
	p := t.num / t.den
	chance := float64(p * (1 - p))
	if chance == 0 || t.withCases < 2 {
		return 1
	}
	sum := 0.0
	for _, m := range t.known {
		if m.Den > 0 {
			sum += square(m.Num-float64(p*m.Den)) / float64(chance*m.Den)
		}
	}
	return max(1, sum/float64(t.withCases-1))
}

// concentration is S of Forecast. A single case varies the same under every S. Months that are all or nothing leave no S above zero;
// a tenth of a case is as wide.
func concentration(known, n, phi float64) float64 {
	if phi == 1 || n == 1 {
		return known + 1
	}
	s := (float64(n*(known+2)) - float64(phi*(known+1+n))) / (float64((phi-1)*(known+2)) + float64(phi*(n-1)))
	return max(0.1, min(s, known+1))
}

// manyCases is where the normal law with the beta-binomial's mean and variance takes over from the exact one.
const manyCases = 10_000

// countRange gives the range of a beta-binomial count of n with α = a and β = b that leaves at most the level's tail on either side.
func countRange(n, a, b float64, l level) (low, high float64) {
	if n > manyCases {
		s := a + b
		mean := float64(n * (a / s))
		half := float64(l.z * math.Sqrt(float64(mean*(b/s)*((s+n)/(s+1)))))
		return max(0, mean-half), min(n, mean+half)
	}
	weights := betaBinomial(int(n), a, b)
	total := 0.0
	for _, w := range weights {
		total += w
	}
	limit := float64(total * l.tail)
	first, last := 0, len(weights)-1
	for sum := weights[first]; sum <= limit; sum += weights[first] {
		first++
	}
	for sum := weights[last]; sum <= limit; sum += weights[last] {
		last--
	}
	return float64(first), float64(last)
}

// betaBinomial gives the probabilities of 0 to n, up to a common factor, each out of its neighbour, starting beside the mean so that
// nothing overflows.
func betaBinomial(n int, a, b float64) []float64 {
	w := make([]float64, n+1)
	of := float64(n)
	start := min(n, int(math.Round(float64(of*(a/(a+b))))))
	w[start] = 1
	for i := start; i < n; i++ {
		k := float64(i)
		w[i+1] = float64(w[i] * ((of - k) / (k + 1)) * ((k + a) / (of - k - 1 + b)))
	}
	for i := start; i > 0; i-- {
		k := float64(i)
		w[i-1] = float64(w[i] * (k / (of - k + 1)) * ((of - k + b) / (k - 1 + a)))
	}
	return w
}
