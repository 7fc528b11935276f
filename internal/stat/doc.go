// Package stat holds the statistics that a careful person asks for beside a KPI: how sure a share is, whether two figures differ, who can
// be told apart in a ranking, which values stand out, and where a quarter is heading.
//
// In come plain numbers: counts, sums, and lists of values, with what is not known marked as such. Out go intervals, ranks and answers,
// each with the word of whether it can be given at all: never NaN, never an infinity, never a guess. The package knows no KPI, no policy
// and no database, reads no clock and draws no random numbers.
//
// Results are the same to the last bit on every machine. Therefore only sums, products, quotients and square roots are used, which IEEE
// 754 rounds one way; the logarithms and powers of package math differ between processors. Each product, and each quotient by a constant,
// which compilers turn into one, is rounded by float64(…) before anything is added, so that no machine fuses the two. A test reads the
// source for both.
//
// Intervals of one figure and of differences hold 95 %, ranges of a projection 80 %.
package stat

import "math"

// level is a two-sided level of confidence: the probability left out on each side, and the quantile of the standard normal
// distribution there.
type level struct{ tail, z float64 }

var (
	level95 = level{0.025, 1.959963984540054}
	level80 = level{0.1, 1.2815515655446004}
)

// finite reports whether none of the values is NaN or infinite.
func finite(values ...float64) bool {
	for _, x := range values {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}

func square(x float64) float64 { return float64(x * x) }
