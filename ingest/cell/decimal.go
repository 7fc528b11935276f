package cell

import (
	"math/big"
	"strings"

	"plumbline/policy"
)

// decimal is an exact number: digits without zeros in front, the last scale of them behind the point; no digits is zero.
type decimal struct {
	negative bool
	digits   string
	scale    int
}

// newDecimal makes a number of the digits before and behind the point.
func newDecimal(negative bool, whole, part string) decimal {
	part = strings.TrimRight(part, "0")
	return decimal{negative, strings.TrimLeft(whole+part, "0"), len(part)}
}

// shift multiplies by ten to the power of n, n >= 0.
func (d decimal) shift(n int) decimal {
	if d.digits == "" {
		return d
	}
	d.digits += strings.Repeat("0", max(0, n-d.scale))
	d.scale = max(0, d.scale-n)
	return d
}

// whole counts the digits before the point.
func (d decimal) whole() int { return max(0, len(d.digits)-d.scale) }

// String gives the shortest text; minus zero is zero.
func (d decimal) String() string {
	if d.digits == "" {
		return "0"
	}
	s := d.digits
	if d.scale > 0 {
		s = strings.Repeat("0", max(0, d.scale+1-len(s))) + s
		s = s[:len(s)-d.scale] + "." + s[len(s)-d.scale:]
	}
	if d.negative {
		return "-" + s
	}
	return s
}

// rat gives the exact fraction.
func (d decimal) rat() *big.Rat {
	r, ok := new(big.Rat).SetString(d.String())
	if !ok {
		panic("a decimal is no number: " + d.String())
	}
	return r
}

// size is how many digits a numeric column holds before the point and how many behind it.
type size struct{ whole, scale int }

var sizes = map[policy.Type]size{
	policy.TypeInteger: {19, 0}, // and no more than an int64
	policy.TypeNumber:  {14, 4},
	policy.TypePercent: {14, 4},
	policy.TypeHours:   {5, 4},
	policy.TypeMoney:   {16, 2},
}

// fit gives the number as a value of the column, which holds it exactly or not at all.
func (r *Reader) fit(d decimal) Value {
	size := sizes[r.Type]
	switch {
	case d.scale > size.scale:
		return fault(numberScale, "")
	case d.whole() > size.whole || r.Type == policy.TypeInteger && d.beyondInt64():
		return fault(numberRange, "")
	}
	return Value{Text: d.String()}
}

func (d decimal) beyondInt64() bool {
	most := "9223372036854775807"
	if d.negative {
		most = "9223372036854775808"
	}
	return len(d.digits) > len(most) || len(d.digits) == len(most) && d.digits > most
}

// ungroup takes the groups of three apart and reads the digits: 1,234.50, 1 234.50, 1'234.50, or with decimals behind a comma
// 1.234,50. One kind of sign groups, in all places or in none, and a grouped number begins with no 0.
func ungroup(s string, point byte) (whole, part string, ok bool) {
	whole, part, pointed := strings.Cut(s, string(point))
	if pointed && !digits(part) {
		return "", "", false
	}
	if digits(whole) || whole == "" && pointed {
		return whole, part, true
	}
	if whole == "" {
		return "", "", false
	}
	sign := ""
	for _, c := range whole {
		if c < '0' || c > '9' {
			sign = string(c)
			break
		}
	}
	groups := strings.Split(whole, sign)
	if len(groups[0]) == 0 || len(groups[0]) > 3 || groups[0][0] == '0' {
		return "", "", false
	}
	for _, g := range groups[1:] {
		if len(g) != 3 || !digits(g) {
			return "", "", false
		}
	}
	return strings.Join(groups, ""), part, true
}

// figures takes digits with points and signs of grouping between them, as far as they go.
func (p *scanner) figures() string {
	end := 0
	for i, c := range p.s {
		switch {
		case c >= '0' && c <= '9':
			end = i + 1
		case c == '.' || c == ',':
			if end != i { // none but a point before the first digit stands beside another sign
				return p.take(end)
			}
		case c == ' ' || c == '\'' || c == '’':
			if end != i || i == 0 {
				return p.take(end)
			}
		default:
			return p.take(end)
		}
	}
	return p.take(end)
}

func (p *scanner) take(n int) string {
	s := p.s[:n]
	p.s = p.s[n:]
	return s
}
