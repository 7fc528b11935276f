package metrics

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"plumbline/internal/fixed"
	"plumbline/policy"
)

// five are the bands of the default policy.
var five = &policy.Policy{Bands: []policy.Band{{ID: "S", From: fixed.Int(105)}, {ID: "A", From: fixed.Int(95)}, {ID: "B", From: fixed.Int(80)},
	{ID: "C", From: fixed.Int(60)}, {ID: "D", From: fixed.Int(40)}}}

func bandID(b *policy.Band) string {
	if b == nil {
		return "-"
	}
	return b.ID
}

// oneItem is a scorecard whose KPI part is the value itself, up to 200.
func oneItem() (*policy.Scorecard, *policy.KPI) {
	k := &policy.KPI{ID: "rate", HigherIsBetter: true, Unit: policy.Percent, Denominator: &policy.Measure{}}
	return &policy.Scorecard{Missing: policy.Redistribute, KPIShare: fixed.Int(70), SuperiorShare: fixed.Int(30),
		Items: []policy.Item{{KPI: k, Weight: fixed.Int(100), Target: fixed.Int(100), Curve: curveOf("0", "0", "200", "200")}}}, k
}

func counted(k *policy.KPI, n string) Value {
	num := fixed.MustParse(n)
	rows := int64(0)
	if num != 0 {
		rows = 1
	}
	return newValue(k, july, Sum{Ratio: fixed.Ratio{Num: num}, N: fixed.Int(rows)}, nil)
}

// TestPenalties takes 2.5 points for each incident, 10 at most, and leaves C; below 80 of a second KPI B is left.
//
//	90, none:            90 - 0               = 90      B
//	100, one:            100 - 2.5            = 97.5    A, limited to C
//	100, nine:           100 - 22.5, at most 10 = 90    B, limited to C
//	5, three:            5 - 7.5 = -2.5, never below 0  -, which is below C
//	superior 80, one:    0.7 × 100 + 0.3 × 80 = 94; 94 - 2.5 = 91.5
//	cap 110:             of 150 the cap leaves 110; 110 - 2.5 = 107.5
//	half an incident:    a share of one, 1.25; also half a deed is one: C
//	corrected to -1:     takes nothing off, and gives nothing back
func TestPenalties(t *testing.T) {
	incidents := &policy.KPI{ID: "incidents", Unit: policy.Count}
	card, rate := oneItem()
	card.Penalties = []policy.Penalty{{KPI: incidents, Each: fixed.MustParse("2.5"), Most: fixed.Int(10), BandLimit: &five.Bands[3]}}
	most := fixed.Int(110)
	card.Cap = &most
	superior := fixed.Int(80)
	for _, test := range []struct {
		rate, incidents                string
		superior                       *fixed.Num
		points, before, off, total     string
		band, limit, uncapped, comment string
	}{
		{"90", "0", nil, "90", "90", "0", "90", "B", "-", "", "none"},
		{"100", "1", nil, "100", "100", "2.5", "97.5", "C", "C", "", "one"},
		{"100", "9", nil, "100", "100", "10", "90", "C", "C", "", "most"},
		{"5", "3", nil, "5", "5", "7.5", "0", "-", "C", "", "never below zero"},
		{"100", "1", &superior, "100", "94", "2.5", "91.5", "C", "C", "", "superior"},
		{"150", "1", nil, "110", "110", "2.5", "107.5", "C", "C", "150", "cap"},
		{"110", "0", nil, "110", "110", "0", "110", "S", "-", "", "cap just reached"},
		{"100", "0.5", nil, "100", "100", "1.25", "98.75", "C", "C", "", "a share of one"},
		{"100", "-1", nil, "100", "100", "0", "100", "A", "-", "", "corrected below zero"},
	} {
		values := map[*policy.KPI]Value{incidents: counted(incidents, test.incidents),
			rate: newValue(rate, july, Sum{Ratio: fixed.Ratio{Num: fixed.MustParse(test.rate), Den: fixed.Int(100)}, N: fixed.Int(100)}, nil)}
		s := score(card, values, &Evaluation{Mean: test.superior}, five)
		got := fmt.Sprintln(s.KPIPoints, s.BeforePenalties, s.Penalties[0].Points, s.Total, bandID(s.Band), bandID(s.BandLimited))
		if want := fmt.Sprintln(test.points, test.before, test.off, test.total, test.band, test.limit); got != want {
			t.Errorf("%s: %swant %s", test.comment, got, want)
		}
		if uncapped := s.Uncapped; (uncapped == nil) != (test.uncapped == "") || uncapped != nil && uncapped.String() != test.uncapped {
			t.Errorf("%s: uncapped %v, want %q", test.comment, uncapped, test.uncapped)
		}
	}
}

// Without a score there is nothing to take points off, but the deed is shown and the limit stands.
func TestPenaltyWithoutScore(t *testing.T) {
	incidents := &policy.KPI{ID: "incidents", Unit: policy.Count}
	card, _ := oneItem()
	card.Penalties = []policy.Penalty{{KPI: incidents, Each: fixed.Int(5), Most: fixed.Int(15), BandLimit: &five.Bands[3]}}
	s := score(card, map[*policy.KPI]Value{incidents: counted(incidents, "2")}, nil, five)
	if s.Status != NoScore || s.Total != nil || s.Band != nil || s.Penalties[0].Points != fixed.Int(10) || bandID(s.BandLimited) != "C" {
		t.Errorf("%+v", s)
	}
}

// TestPenaltiesOfStays gives a person two stays under two scorecards: 3 incidents at 5, 15 at most, and 4 at 2, 6 at most.
//
//	first 15, second 8, at most 6: 21 together, and at most the 15 of the first scorecard: 90 - 15 = 75, C.
//	first 5 (one incident), second 6: 11: 90 - 11 = 79, C.
//	first 5, second 2: 90 - 7 = 83, B, limited to C.
//	of a mean of 9 the 15 leave nothing, and never less.
//
// Of two limits in force, B of the first and C of the second, the lower holds; without a mean there is no total.
func TestPenaltiesOfStays(t *testing.T) {
	incidents := &policy.KPI{ID: "incidents", Unit: policy.Count}
	one, _ := oneItem()
	other, _ := oneItem()
	one.Penalties = []policy.Penalty{{KPI: incidents, Each: fixed.Int(5), Most: fixed.Int(15), BandLimit: &five.Bands[2]}}
	other.Penalties = []policy.Penalty{{KPI: incidents, Each: fixed.Int(2), Most: fixed.Int(6), BandLimit: &five.Bands[3]}}
	stay := func(card *policy.Scorecard, n string) Score {
		return score(card, map[*policy.KPI]Value{incidents: counted(incidents, n)}, nil, five)
	}
	mean, low := fixed.Int(90), fixed.Int(9)
	for _, test := range []struct {
		first, second string
		mean          *fixed.Num
		off, total    string
		earned, band  string
	}{
		{"3", "4", &mean, "15", "75", "C", "C"},
		{"1", "4", &mean, "11", "79", "C", "C"},
		{"1", "0", &mean, "5", "85", "B", "B"},
		{"1", "1", &mean, "7", "83", "B", "C"},
		{"3", "4", &low, "15", "0", "-", "-"},
		{"0", "1", &mean, "2", "88", "B", "C"},
		{"3", "4", nil, "15", "<nil>", "-", "-"},
	} {
		var s PersonScore
		s.conclude(test.mean, []Score{stay(one, test.first), stay(other, test.second)}, five)
		if s.PenaltyPoints.String() != test.off || fmt.Sprint(s.Total) != test.total || bandID(s.Earned) != test.earned || bandID(s.Band) != test.band {
			t.Errorf("%s and %s incidents: %s off, %v, earned %s, %s", test.first, test.second, s.PenaltyPoints, s.Total, bandID(s.Earned), bandID(s.Band))
		}
	}
}

// drawTotals gives totals of which many are equal.
func drawTotals(t *rapid.T, most int) []fixed.Num {
	top := rapid.SampledFrom([]int64{2, 12, 12000}).Draw(t, "top")
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) fixed.Num { return fixed.Num(rapid.Int64Range(0, top).Draw(t, "total")) * 100 }), 0, most).Draw(t, "totals")
}

// drawShares gives the shares of five bands, some of them zero.
func drawShares(t *rapid.T) []fixed.Num {
	left, shares := int64(100_0000), make([]fixed.Num, 5)
	for k := range 4 {
		shares[k] = fixed.Num(rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, left), rapid.Just(min(left, 20_0000))).Draw(t, "share"))
		left -= int64(shares[k])
	}
	shares[4] = fixed.Num(left)
	return shares
}

// TestSpreadByBruteForce asks for each total alone: how many are better, how many equal, and which band has room for half of the equal ones.
func TestSpreadByBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		totals, shares := drawTotals(t, 30), drawShares(t)
		n := int64(len(totals))
		got := spread(totals, quotas(shares, len(totals)))
		for i, mine := range totals {
			better, equal := int64(0), int64(0)
			for _, x := range totals {
				if x > mine {
					better++
				} else if x == mine {
					equal++
				}
			}
			want, sum := 0, new(big.Rat)
			for k, share := range shares {
				sum.Add(sum, new(big.Rat).Mul(share.Rat(), big.NewRat(n, 100)))
				room := new(big.Int).Quo(sum.Num(), sum.Denom()).Int64() - better
				if want = k; room > 0 && room*2 >= equal {
					break
				}
			}
			if got[i] != want {
				t.Fatalf("%v by %v: entry %d stands in band %d, want %d", totals, shares, i, got[i], want)
			}
		}
	})
}

func TestSpreadProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		totals, shares := drawTotals(t, 40), drawShares(t)
		atMost := quotas(shares, len(totals))
		got := spread(totals, atMost)
		order := rapid.Permutation(identity(len(totals))).Draw(t, "order")
		mixed := make([]fixed.Num, len(totals))
		for i, j := range order {
			mixed[i] = totals[j]
		}
		for i, k := range spread(mixed, atMost) {
			if k != got[order[i]] {
				t.Fatalf("%v: in another order total %d has band %d, not %d", totals, order[i], k, got[order[i]])
			}
		}
		ties := map[fixed.Num]int{}
		for i := range totals {
			ties[totals[i]]++
			for j := range totals {
				if totals[i] >= totals[j] && got[i] > got[j] {
					t.Fatalf("%v: %s has a worse band than %s", totals, totals[i], totals[j])
				}
			}
		}
		largest := 1
		for _, n := range ties {
			largest = max(largest, n)
		}
		for k, most := range atMost {
			in := 0
			for _, b := range got {
				if b <= k {
					in++
				}
			}
			// A tie goes up when half of it fits and down otherwise, so half a tie is the most that a quota is missed by.
			if in > most+largest/2 || in < most-(largest-1)/2 {
				t.Fatalf("%v: %d stand in band %d or better, the quota is %d", totals, in, k, most)
			}
		}
	})
}

func identity(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// TestDistributeProperties forces random people, of whom some have no score and some a limit.
func TestDistributeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rule := &policy.Distribution{Shares: drawShares(t), From: rapid.Int64Range(2, 20).Draw(t, "from"), Lift: rapid.Bool().Draw(t, "lift")}
		var group []*PersonScore
		var before []PersonScore
		scored := 0
		for _, total := range drawTotals(t, 25) {
			s := &PersonScore{}
			if i := rapid.IntRange(0, 3*len(five.Bands)).Draw(t, "limit"); i > 0 && i < len(five.Bands) {
				s.BandLimited = &five.Bands[i]
			}
			if rapid.IntRange(0, 5).Draw(t, "no score") > 0 {
				scored++
				s.Total = &total
				s.Earned = five.BandFor(total)
				s.Band = limited(five.Bands, s.Earned, s.BandLimited)
			}
			group, before = append(group, s), append(before, *s)
		}
		distribute(rule, five.Bands, group)
		for i, s := range group {
			was := before[i]
			if d := s.Distribution; d.People != scored || d.Forced != (int64(scored) >= rule.From) || (d.AtMost != nil) != d.Forced {
				t.Fatalf("%d people from %d: %+v", scored, rule.From, d)
			}
			if s.Forced != (s.Band != was.Band) || s.Earned != was.Earned || s.Total != was.Total {
				t.Fatalf("%+v became %+v", was, s)
			}
			if s.Forced && (!s.Distribution.Forced || s.Total == nil) {
				t.Fatalf("nobody was to be forced, and yet %+v became %+v", was, s)
			}
			if !rule.Lift && place(five.Bands, s.Band) < place(five.Bands, was.Band) {
				t.Fatalf("lifted: %+v became %+v", was, s)
			}
			if s.BandLimited != nil && s.Total != nil && place(five.Bands, s.Band) < place(five.Bands, s.BandLimited) {
				t.Fatalf("the limit of %+v does not hold", s)
			}
			for j, other := range group {
				if s.Total != nil && other.Total != nil && *s.Total >= *other.Total && s.BandLimited == nil && place(five.Bands, s.Band) > place(five.Bands, other.Band) {
					t.Fatalf("entry %d has no less than entry %d and a worse band: %+v, %+v", i, j, s, other)
				}
			}
		}
	})
}

// TestDistributionByHand forces ten people by S 10, A 20, B 50, C 15, D 5 %: one stands in S, three in S or A, eight in S to B, nine (of
// 9.5) in S to C, ten in all. The bands earned begin at 105, 95, 80, 60 and 40.
//
//  1. S S S A A A A A A A are earned: by place S, two A, five B, C, D, each no better than earned.
//  2. Two at 60 share the places nine and ten. One of the two fits into C, which is half of them: both have C.
//  3. Apart, the ninth has C; the tenth has earned C too, but has D by place.
//  4. Two level in front: one of them fits into S, which is half: both have S, and one A is left.
//  5. Three level in front: one of three fits into S, which is less than half: all have A.
//  6. All level: of ten people one fits into S, three into A, eight into B: all have B.
//  7. B B C C C C C C C and no band are earned. All places are better but the last but one (C), and nobody is lifted. Where people are
//     lifted, the place alone gives the band.
func TestDistributionByHand(t *testing.T) {
	for _, test := range []struct{ totals, want, lifted string }{
		{"110 108 106 104 103 102 101 100.5 100.4 100.3", "S A A B B B B B C D", "S A A B B B B B C D"},
		{"110 108 106 104 103 102 101 100.5 60 60", "S A A B B B B B C C", "S A A B B B B B C C"},
		{"110 108 106 104 103 102 101 100.5 60.5 60", "S A A B B B B B C D", "S A A B B B B B C D"},
		{"110 110 106 104 103 102 101 100 99 98", "S S A B B B B B C D", "S S A B B B B B C D"},
		{"110 110 110 104 103 102 101 100 99 98", "A A A B B B B B C D", "A A A B B B B B C D"},
		{"99 99 99 99 99 99 99 99 99 99", "B B B B B B B B B B", "B B B B B B B B B B"},
		{"81 80 79 78 70 69 68 67 66 39", "B B C C C C C C C -", "S A A B B B B B C D"},
	} {
		for _, lift := range []bool{false, true} {
			rule := &policy.Distribution{Shares: []fixed.Num{fixed.Int(10), fixed.Int(20), fixed.Int(50), fixed.Int(15), fixed.Int(5)}, From: 10, Lift: lift}
			var group []*PersonScore
			for _, text := range strings.Fields(test.totals) {
				total := fixed.MustParse(text)
				group = append(group, &PersonScore{Total: &total, Earned: five.BandFor(total), Band: five.BandFor(total)})
			}
			distribute(rule, five.Bands, group)
			var got []string
			for _, s := range group {
				got = append(got, bandID(s.Band))
			}
			want := test.want
			if lift {
				want = test.lifted
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s, lift %v: %v, want %s", test.totals, lift, got, want)
			}
			if d := group[0].Distribution; !slices.Equal(d.AtMost, []int{1, 3, 8, 9, 10}) {
				t.Errorf("quotas %v", d.AtMost)
			}
		}
	}
}
