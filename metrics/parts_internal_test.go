package metrics

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"plumbline/internal/fixed"
	"plumbline/policy"
)

// drawnScore judges drawn values by a drawn scorecard, with a cap, a superior and a penalty as it comes.
func drawnScore(t *rapid.T) Score {
	card := &policy.Scorecard{KPIShare: fixed.Int(70), SuperiorShare: fixed.Int(30), Missing: rapid.SampledFrom([]policy.Missing{policy.Redistribute, policy.Neutral, policy.Zero}).Draw(t, "missing"),
		NeutralPoints: fixed.Int(100)}
	values := map[*policy.KPI]Value{}
	n := rapid.IntRange(1, 6).Draw(t, "items")
	for i := range n {
		k := &policy.KPI{ID: string(rune('a' + i)), HigherIsBetter: true}
		card.Items = append(card.Items, policy.Item{KPI: k, Weight: fixed.Int(int64(rapid.IntRange(1, 40).Draw(t, "weight"))), Target: fixed.Int(30),
			Curve: []policy.Point{{Attainment: fixed.Int(50)}, {Attainment: fixed.Int(100), Points: fixed.Int(100)}, {Attainment: fixed.Int(120), Points: fixed.Int(120)}}})
		if rapid.IntRange(0, 4).Draw(t, "known") > 0 {
			values[k] = Value{KPI: k, Status: OK, N: fixed.Int(9), Ratio: fixed.Ratio{Num: fixed.Int(int64(rapid.IntRange(0, 300).Draw(t, "num"))), Den: fixed.Int(7)}}
		}
	}
	if rapid.Bool().Draw(t, "capped") {
		most := fixed.Int(80)
		card.Cap = &most
	}
	harm := &policy.KPI{ID: "harm"}
	card.Penalties = []policy.Penalty{{KPI: harm, Each: fixed.MustParse("7.5"), Most: fixed.Int(60)}}
	values[harm] = Value{KPI: harm, Status: OK, N: fixed.Int(1), Ratio: fixed.Ratio{Num: fixed.Int(int64(rapid.IntRange(0, 9).Draw(t, "harm"))), Den: fixed.Int(1)}}
	s := score(card, values, nil, &policy.Policy{})
	if s.Total != nil && rapid.Bool().Draw(t, "evaluated") {
		points := fixed.MustParse(rapid.SampledFrom([]string{"0", "88.37", "91.99", "120"}).Draw(t, "superior"))
		s.Superior = &points
		before := s.mixed()
		total := max(before-taken(s.Penalties), 0)
		s.BeforePenalties, s.Total = &before, &total
	}
	return s
}

func sumOfParts(parts []ScorePart) (sum fixed.Num) {
	for _, p := range parts {
		sum += p.Points
	}
	return sum
}

// TestPartsAddUpToTheScore: whatever rounds on the way, the parts of a score add up to it, and none is more than two hundredths from what
// it exactly is.
func TestPartsAddUpToTheScore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawnScore(t)
		parts := s.Parts()
		if s.Total == nil {
			if parts != nil {
				t.Fatalf("no score has parts %v", parts)
			}
			return
		}
		if sum := sumOfParts(parts); sum != *s.Total {
			t.Fatalf("parts %v add up to %v, the score is %v", parts, sum, *s.Total)
		}
		share := big.NewRat(1, 1)
		if s.Superior != nil {
			share = big.NewRat(7, 10)
		}
		for _, p := range parts {
			for _, item := range s.Items {
				if p.Kind != PartItem || item.Item.KPI != p.KPI {
					continue
				}
				exact := new(big.Rat).Mul(item.Points, item.Weight)
				exact.Mul(exact, share).Mul(exact, big.NewRat(1, 100))
				off := exact.Sub(exact, p.Points.Rat())
				if off.Abs(off).Cmp(big.NewRat(2, 100)) > 0 {
					t.Fatalf("the part of %s is %v, off by %v", p.KPI.ID, p.Points, off)
				}
			}
		}
	})
}

// TestPartsOfAMover: two stays weigh 20 and 70 days; 81.11 and 92.22 by days are 18.0244 and 71.7267, together 89.75, and both penalties
// of 3 take 6 off.
func TestPartsOfAMover(t *testing.T) {
	num := func(s string) *fixed.Num { n := fixed.MustParse(s); return &n }
	lines := []PersonLine{{Department: "A", Weight: fixed.Int(20), Score: Score{BeforePenalties: num("81.11"), Total: num("78.11")}},
		{Department: "B", Weight: fixed.Int(70), Score: Score{BeforePenalties: num("92.22"), Total: num("89.22")}}, {Department: "C", Weight: fixed.Int(5)}}
	s := PersonScore{Lines: []int{0, 1, 2}, BeforePenalties: num("89.75"), PenaltyPoints: fixed.Int(6), Total: num("83.75")}
	got := partsOf(lines, s)
	want := []ScorePart{{Kind: PartStay, Department: "A", Points: *num("18.02")}, {Kind: PartStay, Department: "B", Points: *num("71.73")}, {Kind: PartPenalty, Points: -fixed.Int(6)}}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("got %v, want %v", got, want)
	}
}
