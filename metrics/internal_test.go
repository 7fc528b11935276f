package metrics

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/stat"
	"plumbline/policy"
)

func TestWilsonHoldsTheShareAndStaysWithinBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		den := rapid.OneOf(rapid.Int64Range(1, 50), rapid.Int64Range(1, 1_000_000_000)).Draw(t, "den")
		num := rapid.OneOf(rapid.Int64Range(0, den), rapid.SampledFrom([]int64{0, den})).Draw(t, "num")
		k := &policy.KPI{Unit: policy.Percent, Numerator: policy.Measure{Kind: policy.CountRows}, Denominator: &policy.Measure{Kind: policy.CountRows}}
		v := newValue(k, july, Sum{Ratio: fixed.Ratio{Num: fixed.Int(num), Den: fixed.Int(den)}, N: fixed.Int(den)}, nil)
		f, ok := v.Float()
		if !ok || !v.HasInterval || !(0 <= v.Low && v.Low <= f && f <= v.High && v.High <= 100) {
			t.Fatalf("%d of %d: %v in [%v, %v]", num, den, f, v.Low, v.High)
		}
		if num > 0 && num < den && !(v.Low < f && f < v.High) {
			t.Fatalf("%d of %d: no width: [%v, %v]", num, den, v.Low, v.High)
		}
	})
}

var july = period.MonthOf(time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC))

func curveOf(knots ...string) (curve []policy.Point) {
	for i := 0; i < len(knots); i += 2 {
		curve = append(curve, policy.Point{Attainment: fixed.MustParse(knots[i]), Points: fixed.MustParse(knots[i+1])})
	}
	return curve
}

func TestCurve(t *testing.T) {
	curve := curveOf("50", "0", "100", "100", "120", "130")
	for _, c := range []struct{ attainment, points string }{
		{"-10", "0.0000"}, {"0", "0.0000"}, {"49.9999", "0.0000"}, {"50", "0.0000"}, {"50.0001", "0.0002"}, {"75", "50.0000"}, {"100", "100.0000"},
		{"110", "115.0000"}, {"120", "130.0000"}, {"120.0001", "130.0000"}, {"9999", "130.0000"},
	} {
		if got := fixed.Text(points(curve, fixed.MustParse(c.attainment).Rat()), 4); got != c.points {
			t.Errorf("attained %s %%: %s points, want %s", c.attainment, got, c.points)
		}
	}
	if got := points(curve, big.NewRat(200, 3)).RatString(); got != "100/3" {
		t.Errorf("attained two thirds: %s points, want exactly 100/3", got)
	}
}

// drawCurve gives a curve that the policy would accept.
func drawCurve(t *rapid.T) (curve []policy.Point) {
	var a, p int64
	for i := range rapid.IntRange(2, 5).Draw(t, "knots") {
		if i > 0 {
			a++
		}
		a += rapid.Int64Range(0, 80_0000).Draw(t, "attainment")
		p += rapid.Int64Range(0, 60_0000).Draw(t, "points")
		curve = append(curve, policy.Point{Attainment: fixed.Num(a), Points: fixed.Num(p)})
	}
	return curve
}

func TestCurveNeverFallsAndAgreesWithFloats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		curve := drawCurve(t)
		x := rapid.Int64Range(-50_0000, 500_0000).Draw(t, "x")
		y := rapid.Int64Range(x, 500_0000).Draw(t, "y")
		px, py := points(curve, fixed.Num(x).Rat()), points(curve, fixed.Num(y).Rat())
		if px.Cmp(py) > 0 {
			t.Fatalf("the curve %v falls from %v to %v", curve, px, py)
		}
		got, _ := px.Float64()
		if want := directly(curve, float64(x)/10_000); math.Abs(got-want) > 1e-6 {
			t.Fatalf("curve %v at %v: %v, directly %v", curve, x, got, want)
		}
	})
}

// directly reads a curve in floating point.
func directly(curve []policy.Point, x float64) float64 {
	last := curve[len(curve)-1]
	if x >= last.Attainment.Float() {
		return last.Points.Float()
	}
	y := curve[0].Points.Float()
	for i := range curve[1:] {
		a, b := curve[i], curve[i+1]
		if x > a.Attainment.Float() {
			y = a.Points.Float() + (x-a.Attainment.Float())/(b.Attainment-a.Attainment).Float()*(b.Points-a.Points).Float()
		}
	}
	return y
}

func TestRankByBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		totals := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) *fixed.Num {
			if rapid.IntRange(0, 4).Draw(t, "none") == 0 {
				return nil
			}
			n := fixed.Num(rapid.Int64Range(-3, 3).Draw(t, "total"))
			return &n
		}), 0, 12).Draw(t, "totals")
		type place struct {
			rank, of int
			tied     bool
		}
		got := make([]place, len(totals))
		rank(totals, func(i, r, of int, tied bool) { got[i] = place{r, of, tied} })
		for i, mine := range totals {
			var want place
			if mine != nil {
				want.rank = 1
				for j, other := range totals {
					if other == nil {
						continue
					}
					want.of++
					if *other > *mine {
						want.rank++
					}
					want.tied = want.tied || j != i && *other == *mine
				}
			}
			if got[i] != want {
				t.Fatalf("%v: entry %d got %+v, want %+v", totals, i, got[i], want)
			}
		}
	})
}

// TestScoreAgainstFloats forms scores of random scorecards a second time in floating point.
func TestScoreAgainstFloats(t *testing.T) {
	bands := &policy.Policy{Bands: []policy.Band{{ID: "high", From: fixed.Int(80)}, {ID: "low", From: 0}}}
	rapid.Check(t, func(t *rapid.T) {
		card := &policy.Scorecard{Missing: rapid.SampledFrom([]policy.Missing{policy.Redistribute, policy.Neutral, policy.Zero}).Draw(t, "missing"),
			KPIShare: fixed.Int(70), SuperiorShare: fixed.Int(30), NeutralPoints: fixed.Num(rapid.Int64Range(0, 120_0000).Draw(t, "neutral"))}
		if rapid.Bool().Draw(t, "capped") {
			most := fixed.Num(rapid.Int64Range(1, 150_00).Draw(t, "cap")) * 100
			card.Cap = &most
		}
		values := map[*policy.KPI]Value{}
		left := int64(100)
		var sum, carried float64
		judged := false
		for i := range rapid.IntRange(1, 4).Draw(t, "items") {
			k := &policy.KPI{ID: fmt.Sprint(i), HigherIsBetter: rapid.Bool().Draw(t, "higher"), Minimum: 2, Unit: policy.Count,
				Denominator: &policy.Measure{Kind: policy.SumOf}}
			weight := rapid.Int64Range(1, left-3+int64(i)).Draw(t, "weight")
			left -= weight
			item := policy.Item{KPI: k, Weight: fixed.Int(weight), Target: fixed.Num(rapid.Int64Range(1, 50_0000).Draw(t, "target")), Curve: drawCurve(t)}
			card.Items = append(card.Items, item)
			num, den, n := rapid.Int64Range(0, 50_0000).Draw(t, "num"), rapid.Int64Range(1, 5_0000).Draw(t, "den"), rapid.Int64Range(0, 5).Draw(t, "n")
			values[k] = newValue(k, july, Sum{Ratio: fixed.Ratio{Num: fixed.Num(num), Den: fixed.Num(den)}, N: fixed.Int(n)}, nil)
			v := float64(num) / float64(den)
			attained := v / item.Target.Float() * 100
			if !k.HigherIsBetter {
				attained = item.Target.Float() / v * 100 // +Inf for none at all
			}
			if n >= 2 {
				judged = true
				sum += float64(weight) * directly(item.Curve, attained)
			}
			if n < 2 && card.Missing == policy.Neutral {
				sum += float64(weight) * card.NeutralPoints.Float()
			}
			if n >= 2 || card.Missing != policy.Redistribute {
				carried += float64(weight)
			}
		}
		s := score(card, values, nil, bands)
		if !judged {
			if s.Status != NoScore || s.Total != nil || s.Band != nil {
				t.Fatalf("nothing to judge, and yet %+v", s)
			}
			return
		}
		want := sum / carried
		if card.Cap != nil {
			want = min(want, card.Cap.Float())
		}
		if s.Status != Provisional || math.Abs(s.Total.Float()-want) > 0.0051 {
			t.Fatalf("%s %v, want %v", s.Status, s.Total, want)
		}
		if s.Band != bands.BandFor(*s.Total) {
			t.Fatalf("band %v of %v", s.Band, s.Total)
		}
		weights := new(big.Rat)
		for _, i := range s.Items {
			if i.Weight != nil {
				weights.Add(weights, i.Weight)
			}
			if (i.Value.Status == OK) != (i.Filled == "") || i.Filled != "" && i.Filled != card.Missing {
				t.Fatalf("%s with %s is said to be filled by %q", i.Item.KPI.ID, i.Value.Status, i.Filled)
			}
		}
		if weights.Cmp(big.NewRat(100, 1)) != 0 {
			t.Fatalf("the weights add up to %v", weights)
		}
	})
}

func TestSuperiorsShare(t *testing.T) {
	k := &policy.KPI{HigherIsBetter: true, Unit: policy.Percent, Denominator: &policy.Measure{}}
	card := &policy.Scorecard{KPIShare: fixed.Int(70), SuperiorShare: fixed.Int(30),
		Items: []policy.Item{{KPI: k, Weight: fixed.Int(100), Target: fixed.Int(100), Curve: curveOf("0", "0", "100", "100")}}}
	values := map[*policy.KPI]Value{k: newValue(k, july, Sum{Ratio: fixed.Ratio{Num: fixed.Int(805), Den: fixed.Int(1000)}, N: fixed.Int(10)}, nil)}
	superior := fixed.MustParse("91.05")
	// 0.7 × 80.5 + 0.3 × 91.05 = 56.35 + 27.315 = 83.665, half a cent, away from zero.
	s := score(card, values, &Evaluation{Mean: &superior}, &policy.Policy{})
	if s.Status != Final || s.KPIPoints.String() != "80.5" || s.Total.String() != "83.67" {
		t.Errorf("%s %v %v", s.Status, s.KPIPoints, s.Total)
	}
}

// TestPartsAddUpToTheWhole splits the sums of a person's months by the shares of overlapping memberships.
func TestPartsAddUpToTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := make([]membership, rapid.IntRange(1, 5).Draw(t, "memberships"))
		for i := range of {
			of[i].share = fixed.Num(rapid.Int64Range(1_0000, 100_0000).Draw(t, "share"))
		}
		shares := wholes(of)
		var one fixed.Num
		for _, s := range shares {
			one += s
		}
		if one != fixed.Int(1) {
			t.Fatalf("the shares %v add up to %v", shares, one)
		}
		whole := fixed.Num(rapid.OneOf(rapid.Int64Range(-20, 20), rapid.Int64Range(-1_000_000_000_0000, 1_000_000_000_0000)).Draw(t, "sum"))
		var split splitter
		var sum fixed.Num
		for _, s := range shares {
			part := split.part(whole, s)
			sum += part
			exact := new(big.Rat).Mul(whole.Rat(), s.Rat())
			if off := exact.Sub(exact, part.Rat()); off.Abs(off).Cmp(big.NewRat(1, 10_000)) > 0 {
				t.Fatalf("%v of %v is %v", s, whole, part)
			}
		}
		if sum != whole {
			t.Fatalf("the parts by %v add up to %v, not to %v", shares, sum, whole)
		}
	})
}

// TestMiddleWeighs compares with the plain median of values that stand there as often as they weigh.
func TestMiddleWeighs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var parts []Part
		var plain []float64
		for range rapid.IntRange(1, 9).Draw(t, "values") {
			v, tenths := fixed.Num(rapid.Int64Range(-5, 5).Draw(t, "value")), rapid.Int64Range(1, 10).Draw(t, "tenths")
			parts = append(parts, Part{v, fixed.Num(tenths * 1000)})
			for range tenths {
				plain = append(plain, float64(v))
			}
		}
		want, _ := stat.Median(plain)
		got, ok := middle(parts).Rat()
		if !ok || got.Mul(got, big.NewRat(10_000, 1)).Cmp(new(big.Rat).SetFloat64(want)) != 0 {
			t.Fatalf("%v: %v ten-thousandths, want %v", parts, got, want)
		}
	})
}

func TestPlansScanEachDateOnce(t *testing.T) {
	logs, deals := &policy.Dataset{ID: "logs"}, &policy.Dataset{ID: "deals"}
	a := &policy.KPI{ID: "a", Dataset: deals, CountsOn: "closed"}
	b := &policy.KPI{ID: "b", Dataset: logs, CountsOn: "day"}
	c := &policy.KPI{ID: "c", Dataset: deals, CountsOn: "created"}
	d := &policy.KPI{ID: "d", Dataset: deals, CountsOn: "closed"}
	var got []string
	for _, p := range Plans([]*policy.KPI{a, b, c, d, a}) {
		line := p.Dataset.ID + "." + p.On
		for _, k := range p.KPIs {
			line += " " + k.ID
		}
		got = append(got, line)
	}
	if want := []string{"deals.closed a d", "logs.day b", "deals.created c"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A date column stays as it is, so that the scan reads its zone maps; of a moment it is the day that counts.
func TestDayOfAPlan(t *testing.T) {
	meetings := &policy.Dataset{ID: "meetings", Owner: "employee_no", Columns: []*policy.Column{
		{ID: "employee_no", Type: policy.TypeEmployee}, {ID: "filed_on", Type: policy.TypeDate}, {ID: "held_at", Type: policy.TypeDatetime}}}
	count := policy.Measure{Kind: policy.CountRows, Expr: policy.Expr{SQL: "TRUE"}}
	for column, day := range map[string]string{"filed_on": `f."filed_on"`, "held_at": `CAST(f."held_at" AS DATE)`} {
		k := &policy.KPI{ID: "held", Dataset: meetings, Owner: "employee_no", CountsOn: column, Numerator: count}
		for name, sql := range map[string]string{"rollup": Plans([]*policy.KPI{k})[0].SQL(nil), "evidence": evidenceSQL(k, false)} {
			for _, want := range []string{day + " >= m._first AND " + day + " <= m._last", day + " >= CAST($from AS DATE) AND " + day + " < CAST($to AS DATE)"} {
				if !strings.Contains(sql, want) {
					t.Errorf("%s on %s lacks %s:\n%s", name, column, want, sql)
				}
			}
			if name == "rollup" && !strings.Contains(sql, "year("+day+") * 12 + month("+day+") - 1") {
				t.Errorf("%s on %s counts other months:\n%s", name, column, sql)
			}
		}
	}
}
