package cell

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"plumbline/policy"
)

// amount is a number with what stands before and behind it.
type amount struct {
	decimal
	currency string // sign or name in front, "" for none
	behind   string // without white space around it
}

// Names and signs of the yuan, as prefixes and as words behind a number, in lower case. A yen sign is a yuan sign.
var (
	yuanBefore = []string{"人民币", "rmb", "cny", "cn¥", "¥"}
	yuanBehind = []string{"元", "圆", "人民币", "rmb", "cny", "¥"}
)

// Names of other currencies, in lower case. Other signs are told by Unicode.
var foreign = []string{
	"us$", "hk$", "nt$", "a$", "s$", "usd", "eur", "gbp", "hkd", "twd", "jpy", "krw", "sgd", "aud", "cad", "chf",
	"美元", "欧元", "英镑", "港元", "港币", "日元",
}

// plainNumber reads -12.5, by far the most frequent form, where decimals begin with a point.
func plainNumber(s string) (decimal, bool) {
	d := strings.TrimPrefix(s, "-")
	whole, part, pointed := strings.Cut(d, ".")
	if !digits(whole) || pointed && !digits(part) {
		return decimal{}, false
	}
	return newDecimal(len(d) < len(s), whole, part), true
}

func (r *Reader) point() byte {
	if r.Format.Decimal == "," {
		return ','
	}
	return '.'
}

// amount reads one number: -￥1,234.50 元, (1,234), 1.2万. What stands behind it is for the caller to judge.
func (r *Reader) amount(s string) (amount, bool) {
	if r.point() == '.' {
		if d, ok := plainNumber(s); ok {
			return amount{decimal: d}, true
		}
	}
	p := scanner{s}
	var a amount
	signed := p.sign(&a.negative)
	if a.currency = p.currency(); a.currency != "" {
		p.spaces()
		signed = signed || p.sign(&a.negative)
	}
	if !signed && p.eat("(") {
		inner, ok := strings.CutSuffix(p.s, ")")
		if !ok {
			return a, false
		}
		a.negative = true
		p = scanner{strings.TrimSpace(inner)}
		if a.currency == "" {
			a.currency = p.currency()
			p.spaces()
		}
	}
	whole, part, ok := ungroup(p.figures(), r.point())
	if !ok {
		return a, false
	}
	a.decimal = newDecimal(a.negative, whole, part)
	if r.Edition > 1 && len(whole) == 1 && part != "" {
		a.decimal = a.shift(p.exponent())
	}
	p.spaces()
	a.behind = p.s
	return a, true
}

// exponent takes the exponent of 1.23456789E8, as Java writes numbers from ten million on, with all their digits. Excel, which may have left out some, writes a
// plus sign: 1.23E+08. Without such an exponent it is 0.
func (p *scanner) exponent() int {
	const least, most = 7, 17
	rest, ok := strings.CutPrefix(p.s, "E")
	n, err := strconv.Atoi(rest)
	if !ok || err != nil || n < least || n > most || rest != strconv.Itoa(n) {
		return 0
	}
	p.s = ""
	return n
}

// sign takes the sign of a number. White space behind it is none of a number's: "- 8" may be an item of a list.
func (p *scanner) sign(negative *bool) bool {
	if p.eat("+") {
		return true
	}
	if p.eatOne("-", "−", "–") {
		*negative = true
		return true
	}
	return false
}

// currency takes the sign or the name of a currency.
func (p *scanner) currency() string {
	for _, list := range [][]string{yuanBefore, foreign} {
		for _, w := range list {
			if len(p.s) > len(w) && strings.EqualFold(p.s[:len(w)], w) {
				return p.take(len(w))
			}
		}
	}
	if c, size := utf8.DecodeRuneInString(p.s); unicode.Is(unicode.Sc, c) {
		return p.take(size)
	}
	return ""
}

// myriads are the words that multiply a number, with the zeros that they stand for.
var myriads = []struct {
	word  string
	zeros int
}{{"万亿", 12}, {"百万", 6}, {"千万", 7}, {"千", 3}, {"万", 4}, {"萬", 4}, {"亿", 8}, {"億", 8}}

// myriad takes the word that multiplies the number, off what stands behind it.
func (a *amount) myriad() (word string, zeros int) {
	for _, m := range myriads {
		if rest, ok := strings.CutPrefix(a.behind, m.word); ok {
			a.behind = strings.TrimSpace(rest)
			return m.word, m.zeros
		}
	}
	return "", 0
}

// scaled reads a number and multiplies it by the word behind it, where the column has such. word is "" for none.
func (r *Reader) scaled(s string) (a amount, word string, bad Value) {
	a, ok := r.amount(s)
	if !ok {
		return a, "", fault(numberForm, "")
	}
	word, zeros := a.myriad()
	if word != "" && !r.Format.Myriads {
		return a, "", fault(numberForm, word)
	}
	a.decimal = a.shift(zeros)
	return a, word, Value{}
}

// number reads a column of type integer or number.
func (r *Reader) number(s string) Value {
	a, _, bad := r.scaled(s)
	switch {
	case bad.Rule != "":
		return bad
	case a.currency != "":
		return fault(numberForm, a.currency)
	case a.behind != "":
		return fault(numberForm, clipped(a.behind))
	}
	return r.fit(a.decimal)
}

// percent reads a column of type percent. A bare number says nothing without the column's unit.
func (r *Reader) percent(s string) Value {
	a, word, bad := r.scaled(s)
	switch {
	case bad.Rule != "":
		return bad
	case a.currency != "":
		return fault(numberForm, a.currency)
	case a.behind == "%" && word == "":
		return r.fit(a.decimal)
	case a.behind != "":
		return fault(numberForm, clipped(a.behind))
	}
	switch r.Format.Unit {
	case policy.UnitPercent:
		return r.fit(a.decimal)
	case policy.UnitFraction:
		return r.fit(a.shift(2))
	}
	return fault(numberUnit, "")
}

// money reads a column of type money. 元 behind the number says that it counts yuan; without it, and without 万 and the like, the
// number counts the column's unit. A currency sign says neither.
func (r *Reader) money(s string) Value {
	a, word, bad := r.scaled(s)
	if bad.Rule != "" {
		return bad
	}
	if a.currency != "" && !slices.Contains(yuanBefore, strings.ToLower(a.currency)) {
		return fault(numberCurrency, a.currency)
	}
	low := strings.ToLower(a.behind)
	switch {
	case a.behind == "" && word == "":
		return r.inUnits(a)
	case a.behind == "" || slices.Contains(yuanBehind, low):
		return r.fit(a.decimal)
	case isForeign(low):
		return fault(numberCurrency, a.behind)
	}
	return fault(numberForm, clipped(a.behind))
}

// inUnits gives a bare amount of money in yuan.
func (r *Reader) inUnits(a amount) Value {
	zeros := map[policy.CellUnit]int{policy.UnitThousand: 3, policy.UnitMyriad: 4}[r.Format.Unit]
	if zeros > 0 && a.currency != "" {
		return fault(numberForm, a.currency) // ￥1.2 among 万元: one yuan or a myriad of them?
	}
	return r.fit(a.shift(zeros))
}

func isForeign(s string) bool {
	c, size := utf8.DecodeRuneInString(s)
	return slices.Contains(foreign, s) || size == len(s) && unicode.Is(unicode.Sc, c)
}

// clipped shortens a piece of a cell for a message.
func clipped(s string) string {
	const most = 20
	if c := []rune(s); len(c) > most {
		return string(c[:most]) + "…"
	}
	return s
}
