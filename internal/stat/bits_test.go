package stat_test

import (
	"fmt"
	"slices"
	"testing"

	"plumbline/internal/stat"
)

// TestEveryMachineGivesTheSameBits holds results that other tests found right against what they are to the last bit.
func TestEveryMachineGivesTheSameBits(t *testing.T) {
	low, high := stat.Wilson(81, 263)
	dLow, dHigh, _ := stat.Difference(56, 70, 48, 80)
	mLow, mHigh, _ := stat.MeanDifference(moments(t, sleep1), moments(t, sleep2))
	farLow, farHigh, _ := stat.MeanDifference(stat.Moments{N: 300, Mean: 0.1, Var: 0.3}, stat.Moments{N: 700, Mean: 0.7, Var: 0.1})
	rate, _ := stat.Forecast(slices.Concat(swinging, repeat(3, known(31, 47)), repeat(1, running(7, 9))), 2)
	large, _ := stat.Forecast(repeat(5, known(123_457, 765_431)), 2)
	sum, _ := stat.Forecast([]stat.Month{known(0.1, 0), known(0.7, 0), known(1.3, 0), running(0.3, 0)}, 2)
	quotient, _ := stat.ForecastMean([]stat.Month{known(2.1, 7), known(3.3, 11), known(4.7, 13), running(5.9, 17)}, 2)
	centre, lower, upper, _ := stat.XmR(viscosity)
	q1, median, q3, _ := stat.Quartiles(viscosity[:8])
	for _, c := range []struct {
		what string
		got  []float64
		want string
	}{
		{"share", []float64{low, high}, "[0x1.056a5a8faf8c5p-02 0x1.76ffa4b27e135p-02]"},
		{"difference", []float64{dLow, dHigh}, "[0x1.ad84c467fa22cp-05 0x1.55e2b688780c2p-02]"},
		{"means", []float64{mLow, mHigh}, "[-0x1.aec8278d9243ap+01 0x1.a4d4645e42f28p-03]"},
		{"means of many", []float64{farLow, farHigh}, "[-0x1.553b1e486fc5p-01 -0x1.112b481df6a16p-01]"},
		{"rate ahead", []float64{rate.Value, rate.Low, rate.High}, "[0x1.4ee3f28cc1a9ep-01 0x1.047dc11f7047ep-01 0x1.9435e50d79436p-01]"},
		{"large rate ahead", []float64{large.Value, large.Low, large.High}, "[0x1.4a52e46697be9p-03 0x1.496690cc621e5p-03 0x1.4b3f3800cd5edp-03]"},
		{"sum ahead", []float64{sum.Value, sum.Low, sum.High}, "[0x1.8000000000001p+00 0x1.3333333333333p-02 0x1.8021575ba3e41p+01]"},
		{"quotient ahead", []float64{quotient.Value, quotient.Low, quotient.High}, "[0x1.5b2935b2935b3p-02 0x1.41359c4b30d11p-02 0x1.751ccf19f5e54p-02]"},
		{"limits", []float64{centre, lower, upper}, "[0x1.0c2fc962fc963p+05 0x1.01f50252316cdp+05 0x1.166a9073c7bf9p+05]"},
		{"quartiles", []float64{q1, median, q3}, "[0x1.0b4cccccccccdp+05 0x1.0db851eb851ecp+05 0x1.0edc28f5c28f6p+05]"},
	} {
		if got := fmt.Sprintf("%x", c.got); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}
