// Package fixed holds exact decimal numbers: counts, hours, money, weights and points.
//
// In come decimal texts, counts and ratios; out go exact sums, and texts rounded once, where a person reads them.
// It never computes in floating point, so a sum is the same in every order and on every machine.
package fixed

import (
	"fmt"
	"math"
	"math/big"
	"strings"
)

// Scale is the number of decimals a Num holds.
const Scale = 4

const unit = 10_000

// Num is a decimal number in ten-thousandths: Num(12_5000) is 12.5. It reaches to 922 trillion.
type Num int64

// Int gives the whole number n.
func Int(n int64) Num { return Num(n * unit) }

// Parse reads plain decimal text: an optional minus, digits, and at most four decimals. It accepts no exponent,
// no grouping and no blanks, because policy and facts are normalised before they come here.
func Parse(s string) (Num, error) {
	digits := strings.TrimPrefix(s, "-")
	whole, frac, dotted := strings.Cut(digits, ".")
	if whole == "" || (dotted && frac == "") || len(frac) > Scale {
		return 0, fmt.Errorf("%q is not a decimal number with at most %d decimals", s, Scale)
	}
	// Counted downwards, since the least Num has no positive counterpart.
	var n int64
	for _, c := range whole + frac + strings.Repeat("0", Scale-len(frac)) {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("%q is not a decimal number", s)
		}
		d := int64(c - '0')
		if n < (math.MinInt64+d)/10 {
			return 0, fmt.Errorf("%q is too large", s)
		}
		n = n*10 - d
	}
	if len(digits) < len(s) {
		return Num(n), nil
	}
	if n == math.MinInt64 {
		return 0, fmt.Errorf("%q is too large", s)
	}
	return Num(-n), nil
}

// MustParse is Parse for constants.
func MustParse(s string) Num {
	n, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return n
}

// String gives the shortest exact text: "12.5", "-0.25", "3".
func (n Num) String() string {
	s := n.Text(Scale)
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// MarshalText gives the text of String, so that JSON holds "12.5".
func (n Num) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads what MarshalText gives.
func (n *Num) UnmarshalText(text []byte) (err error) {
	*n, err = Parse(string(text))
	return err
}

// Text gives n with the given number of decimals, rounded half away from zero.
func (n Num) Text(places int) string { return Text(n.Rat(), places) }

// Rat gives n as an exact fraction.
func (n Num) Rat() *big.Rat { return big.NewRat(int64(n), unit) }

// Times gives n × m, rounded half away from zero to four decimals; a product beyond the range of a Num ends at its border.
func (n Num) Times(m Num) Num {
	if m == unit {
		return n
	}
	product := new(big.Int).Mul(big.NewInt(int64(n)), big.NewInt(int64(m)))
	r, ok := Round(new(big.Rat).SetFrac(product, big.NewInt(unit*unit)), Scale)
	if !ok {
		return Num(math.MaxInt64) * Num(product.Sign())
	}
	return r
}

// Float gives the nearest float64, for drawing and for cells only.
func (n Num) Float() float64 { return float64(n) / unit }

// Text gives r with the given number of decimals, rounded half away from zero. Minus zero is written as zero.
func Text(r *big.Rat, places int) string {
	s := r.FloatString(places) // rounds half away from zero
	if strings.HasPrefix(s, "-") && strings.Trim(s, "-0.") == "" {
		return s[1:]
	}
	return s
}

// Grouped sets commas between the thousands of a number in figures, for people: −1,234.5 of -1234.5.
func Grouped(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "−", s[1:]
	}
	whole, decimals, dotted := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if dotted {
		whole += "." + decimals
	}
	return sign + whole
}

// Round gives r rounded half away from zero to the given number of decimals, at most Scale.
// It reports false when r does not fit.
func Round(r *big.Rat, places int) (Num, bool) {
	n, err := Parse(Text(r, min(places, Scale)))
	return n, err == nil
}

// Ratio is a numerator over a denominator, both additive: a coarser ratio is formed from the sums of its parts.
type Ratio struct{ Num, Den Num }

// Add gives the ratio of the joined parts.
func (r Ratio) Add(s Ratio) Ratio { return Ratio{r.Num + s.Num, r.Den + s.Den} }

// Rat gives the exact quotient, and false when the denominator is zero.
func (r Ratio) Rat() (*big.Rat, bool) {
	if r.Den == 0 {
		return nil, false
	}
	return big.NewRat(int64(r.Num), int64(r.Den)), true
}
