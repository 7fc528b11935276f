package cell

import (
	"strconv"
	"strings"
	"unicode"

	"plumbline/policy"
)

const longestID = 128 // bytes, as SQL's fast path has it

func (r *Reader) text(s string) Value {
	return Value{Text: s}
}

func (r *Reader) enum(s string) Value {
	if v, ok := r.Words[policy.WordKey(s)]; ok {
		return Value{Text: v}
	}
	return fault(enumUnknown, "")
}

var truths = map[string]string{
	"是": "true", "true": "true", "yes": "true", "y": "true", "1": "true", "√": "true",
	"否": "false", "false": "false", "no": "false", "n": "false", "0": "false", "×": "false",
}

// ticks are those of the first edition.
var ticks = map[string]string{"✓": "true", "✔": "true", "☑": "true", "✗": "false", "✘": "false", "☒": "false"}

func (r *Reader) truth(s string) Value {
	key := policy.WordKey(s)
	if v, ok := r.Words[key]; ok {
		return Value{Text: v}
	}
	if v, ok := truths[key]; ok {
		return Value{Text: v}
	}
	if v, ok := ticks[key]; ok && r.Edition > 0 {
		return Value{Text: v}
	}
	return fault(boolForm, "")
}

func (r *Reader) employee(s string) Value {
	if r.Resolve == nil {
		return r.id(s)
	}
	value, rule, detail := r.Resolve(s)
	switch {
	case rule != "":
		return fault(rule, detail)
	case value == "":
		return fault(employeeUnknown, detail)
	}
	return Value{Text: value}
}

func (r *Reader) id(s string) Value {
	if digitsLost(s) {
		return fault(idDigitsLost, "")
	}
	for i, c := range s {
		if c > ' ' && c < 0x7f {
			continue
		}
		if unicode.IsSpace(c) || unicode.In(c, unicode.Z, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) ||
			i == 0 && unicode.Is(unicode.M, c) {
			return fault(idForm, name(c))
		}
	}
	if len(s) > longestID {
		return fault(idForm, strconv.Itoa(len(s)))
	}
	if r.Edition > 1 && (strings.Trim(s, debris) != s || floated(s)) {
		return fault(idDebris, "")
	}
	return Value{Text: s}
}

// debris is what a spreadsheet or a list leaves at the ends of an id.
const debris = `'"` + "`" + `‘’“”,;，；、`

// floated reports an id of digits that a program took for a floating-point number: 12.0. As a version 1.0 may stand by itself, so one digit says nothing.
func floated(s string) bool {
	whole, part, pointed := strings.Cut(s, ".")
	return pointed && part == "0" && len(whole) > 1 && digits(whole)
}

// digitsLost reports how a long id looks after a spreadsheet or a program took it for a number: 1.23E+17, 1E+17, and
// 123456789012345678.0. A 2E10 may be an id as it stands, and so may 1.0.
func digitsLost(s string) bool {
	s = strings.TrimPrefix(s, "-")
	if mantissa, exponent, ok := strings.Cut(strings.ToUpper(s), "E"); ok {
		signed := strings.HasPrefix(exponent, "+")
		exponent = strings.TrimPrefix(exponent, "+")
		whole, part, pointed := cutAny(mantissa, ".,")
		return digits(exponent) && len(whole) == 1 && digits(whole) && (pointed && digits(part) || !pointed && signed)
	}
	whole, part, pointed := cutAny(s, ".")
	const exact = 15 // digits that a floating-point number keeps
	return pointed && len(whole) > exact && digits(whole) && part != "" && strings.Trim(part, "0") == ""
}

// cutAny cuts s at the first of the characters.
func cutAny(s, chars string) (before, after string, found bool) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// digits reports whether s is made of at least one ASCII digit and nothing else.
func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
