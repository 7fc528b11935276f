package cell

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"plumbline/policy"
)

// tidy gives the text in NFKC without white space around it, or the rule that its characters break.
func (r *Reader) tidy(text string) (string, Value) {
	if ascii(text) {
		s := strings.Trim(text, " \t\r\n")
		for i := range len(s) {
			if control(rune(s[i])) {
				return "", fault(textControl, name(rune(s[i])))
			}
		}
		return s, Value{}
	}
	if !utf8.ValidString(text) {
		return "", fault(textUndecodable, firstInvalid(text))
	}
	if r.Type != policy.TypeText {
		text = norm.NFKC.String(text)
	}
	s := strings.TrimFunc(text, outer)
	for _, c := range s {
		switch {
		case control(c):
			return "", fault(textControl, name(c))
		case zeroWidth(c) || bidi(c):
			if r.named() {
				return "", fault(idForm, name(c))
			}
			return "", fault(textControl, name(c))
		}
	}
	return s, Value{}
}

// named reports whether the cells hold ids.
func (r *Reader) named() bool {
	return r.Type == policy.TypeID || r.Type == policy.TypeEmployee || r.Type == policy.TypeDepartment
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// outer reports characters that mean nothing at the ends of a cell.
func outer(c rune) bool {
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c > ' ' && c != 0x85 && unicode.IsSpace(c) || zeroWidth(c)
}

// control reports control characters but for TAB, CR and LF, which cells of several lines hold.
func control(c rune) bool {
	return c < ' ' && c != '\t' && c != '\r' && c != '\n' || c >= 0x7f && c < 0xa0
}

func zeroWidth(c rune) bool {
	return c >= 0x200b && c <= 0x200f || c == 0x2060 || c == 0xfeff || c == 0x180e
}

// bidi reports characters that change the direction of the text, or how its characters join, without being seen.
func bidi(c rune) bool {
	return c == 0x061c || c >= 0x202a && c <= 0x202e || c > 0x2060 && c <= 0x206f
}

// name gives a character as U+202E.
func name(c rune) string { return fmt.Sprintf("U+%04X", c) }

func firstInvalid(s string) string {
	for i, c := range s {
		if c == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd") {
			return fmt.Sprintf("0x%02X", s[i])
		}
	}
	return ""
}

// disguised finds a character that becomes digits under NFKC and is no digit itself: 10² is not 102, ① is not known to be 1.
func disguised(text string) string {
	if ascii(text) || norm.NFKC.IsNormalString(text) {
		return ""
	}
	for _, c := range text {
		if c >= utf8.RuneSelf && !unicode.Is(unicode.Nd, c) && strings.ContainsAny(norm.NFKC.String(string(c)), "0123456789") {
			return name(c)
		}
	}
	return ""
}

// words is a set of words that are compared after NFKC, without regard to case.
type words struct {
	known   map[string]bool
	longest int // bytes
}

func newWords(list []string) words {
	w := words{known: map[string]bool{}}
	for _, s := range list {
		s = fold(strings.TrimFunc(norm.NFKC.String(s), outer))
		w.known[s] = true
		w.longest = max(w.longest, len(s))
	}
	return w
}

func fold(s string) string { return norm.NFKC.String(strings.ToLower(s)) }

// has reports whether s is one of the words.
func (w words) has(s string) bool {
	return len(s) <= 4*w.longest && w.known[fold(s)] // folding shortens no text to less than a quarter
}
