package fixed_test

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"plumbline/internal/fixed"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text string
		want fixed.Num
		out  string
	}{
		{"0", 0, "0"}, {"-0", 0, "0"}, {"-0.0000", 0, "0"}, {"12.5", 12_5000, "12.5"}, {"-0.25", -2500, "-0.25"}, {"3", 3_0000, "3"},
		{"007", 7_0000, "7"}, {"1.2000", 1_2000, "1.2"}, {"0.0001", 1, "0.0001"}, {"-0.0001", -1, "-0.0001"}, {"100", 100_0000, "100"},
		{"922337203685477.5807", math.MaxInt64, "922337203685477.5807"}, {"-922337203685477.5808", math.MinInt64, "-922337203685477.5808"},
		{"922337203685477.58", 9223372036854775800, "922337203685477.58"}, {strings.Repeat("0", 40) + "1", 1_0000, "1"},
	} {
		n, err := fixed.Parse(c.text)
		if err != nil || n != c.want || n.String() != c.out {
			t.Errorf("%q: %d %q %v, want %d %q", c.text, n, n, err, c.want, c.out)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{"", "-", ".", "-.", ".5", "5.", "--1", "+1", " 1", "1 ", "1\n", "1,000", "1e3", "1.23456", "1.00000", "1.2.3", "0x10", "NaN", "Inf", "１", "٣", "1_0",
		"922337203685477.5808", "-922337203685477.5809", "922337203685478", "-922337203685478", "9999999999999999999999", strings.Repeat("9", 400)} {
		if n, err := fixed.Parse(s); err == nil {
			t.Errorf("%q was read as %v", s, n)
		} else if len(s) < 40 && s != "" && !strings.Contains(err.Error(), strings.Trim(s, "\n")) {
			t.Errorf("%q: the error does not name it: %v", s, err)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("MustParse took a word")
		}
	}()
	fixed.MustParse("word")
}

func TestTextRoundsHalfAwayFromZero(t *testing.T) {
	for _, c := range []struct {
		text   string
		places int
		want   string
	}{
		{"0.005", 2, "0.01"}, {"-0.005", 2, "-0.01"}, {"0.0049", 2, "0.00"}, {"-0.0049", 2, "0.00"}, {"0.015", 2, "0.02"}, {"0.025", 2, "0.03"},
		{"1.005", 2, "1.01"}, {"-1.005", 2, "-1.01"}, {"2.5", 0, "3"}, {"-2.5", 0, "-3"}, {"0.5", 0, "1"}, {"-0.4999", 0, "0"}, {"0", 2, "0.00"},
		{"12.5", 4, "12.5000"}, {"12.5", 6, "12.500000"}, {"99.995", 2, "100.00"}, {"88.405", 2, "88.41"}, {"922337203685477.5807", 0, "922337203685478"},
	} {
		if got := fixed.MustParse(c.text).Text(c.places); got != c.want {
			t.Errorf("%s with %d decimals: %s, want %s", c.text, c.places, got, c.want)
		}
	}
	for _, c := range []struct {
		num, den int64
		want     string
	}{{2, 3, "0.67"}, {-2, 3, "-0.67"}, {1, 3, "0.33"}, {-1, 1000, "0.00"}, {1, 200, "0.01"}, {-1, 200, "-0.01"}} {
		if got := fixed.Text(big.NewRat(c.num, c.den), 2); got != c.want {
			t.Errorf("%d/%d: %s, want %s", c.num, c.den, got, c.want)
		}
	}
}

func TestRound(t *testing.T) {
	huge := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 80))
	for _, c := range []struct {
		r      *big.Rat
		places int
		want   string // "" when it does not fit
	}{
		{big.NewRat(200, 3), 2, "66.67"}, {big.NewRat(-200, 3), 2, "-66.67"}, {big.NewRat(200, 3), 4, "66.6667"}, {big.NewRat(200, 3), 9, "66.6667"},
		{big.NewRat(1, 200), 2, "0.01"}, {big.NewRat(-1, 200), 2, "-0.01"}, {big.NewRat(-1, 201), 2, "0"}, {big.NewRat(5, 2), 0, "3"},
		{big.NewRat(math.MaxInt64, 10_000), 4, "922337203685477.5807"}, {huge, 2, ""}, {new(big.Rat).Neg(huge), 2, ""},
	} {
		n, ok := fixed.Round(c.r, c.places)
		if ok != (c.want != "") || ok && n.String() != c.want {
			t.Errorf("%v to %d decimals: %v %v, want %q", c.r, c.places, n, ok, c.want)
		}
	}
}

func TestRoundTripAndRounding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := fixed.Num(rapid.Int64().Draw(t, "n"))
		if got, err := fixed.Parse(n.String()); err != nil || got != n {
			t.Fatalf("%d: %q is read as %d, %v", n, n.String(), got, err)
		}
		if got, ok := fixed.Round(n.Rat(), fixed.Scale); !ok || got != n {
			t.Fatalf("%d rounds to %d, %v", n, got, ok)
		}
		if n > math.MinInt64 {
			plus, minus := n.Text(2), (-n).Text(2)
			if strings.TrimPrefix(plus, "-") != strings.TrimPrefix(minus, "-") {
				t.Fatalf("%s and %s: rounding knows a direction", plus, minus)
			}
		}
		small := fixed.Num(rapid.Int64Range(-1e15, 1e15).Draw(t, "small"))
		got, ok := fixed.Round(small.Rat(), 2)
		off := got - small
		if !ok || off < -50 || off > 50 || got%100 != 0 || off == -50 && small > 0 || off == 50 && small < 0 {
			t.Fatalf("%v rounds to %v", small, got)
		}
	})
}

func TestRatio(t *testing.T) {
	r := fixed.Ratio{Num: fixed.Int(1), Den: fixed.Int(3)}.Add(fixed.Ratio{Num: fixed.Int(1), Den: 0}).Add(fixed.Ratio{Num: 0, Den: fixed.Int(1)})
	if r != (fixed.Ratio{Num: fixed.Int(2), Den: fixed.Int(4)}) {
		t.Errorf("1/3 and 1/0 and 0/1 join to %v", r)
	}
	if q, ok := r.Rat(); !ok || q.Cmp(big.NewRat(1, 2)) != 0 {
		t.Errorf("%v %v", q, ok)
	}
	if q, ok := (fixed.Ratio{Num: fixed.Int(5)}).Rat(); ok || q != nil {
		t.Errorf("five over nothing is %v", q)
	}
	if f := fixed.MustParse("12.5").Float(); f != 12.5 {
		t.Error(f)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"0", "-0.25", "12.5", "922337203685477.5807", "-922337203685477.5808", "1.", ".1", "1e9", "--1", "9999999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := fixed.Parse(s)
		if err != nil {
			if n != 0 {
				t.Fatalf("%q: %v beside the error %v", s, n, err)
			}
			return
		}
		r, ok := new(big.Rat).SetString(s)
		if !ok || r.Cmp(n.Rat()) != 0 {
			t.Fatalf("%q is read as %v", s, n)
		}
		if again, err := fixed.Parse(n.String()); err != nil || again != n {
			t.Fatalf("%q: %q is read as %v, %v", s, n, again, err)
		}
	})
}

func TestGrouped(t *testing.T) {
	for in, want := range map[string]string{"0": "0", "999": "999", "1000": "1,000", "-1234567.5": "−1,234,567.5", "-0.25": "−0.25", "123456.0001": "123,456.0001"} {
		if got := fixed.Grouped(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}
