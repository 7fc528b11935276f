package charts

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"plumbline/policy"
)

// both says a sentence in each language.
func both(say func(policy.Lang) string) policy.Text {
	return policy.Text{ZH: say(policy.ZH), EN: say(policy.EN)}
}

func pick(l policy.Lang, zh, en string) string {
	if l == policy.EN {
		return en
	}
	return zh
}

// nameOf gives a name from the data, fit for display; a name that exists in one language only serves for both.
func nameOf(t policy.Text, l policy.Lang) string {
	s := clean(t.In(l))
	if s == "" {
		s = clean(t.ZH)
	}
	if s == "" {
		s = clean(t.EN)
	}
	return s
}

// clean makes one line of a text: no control characters, no marks that turn the direction of what follows, nothing that XML
// forbids. What it removes has no shape of its own, so no visible letter is lost.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == 0xFFFE, r == 0xFFFF:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(s), " ")
}

// literal makes a text safe inside an ECharts string template, where braces would be read as places to fill in.
func literal(s string) string { return strings.NewReplacer("{", "｛", "}", "｝").Replace(s) }

// textWidth estimates the width of one line in pixels, on the wide side.
func textWidth(s string, size float64) float64 {
	em := 0.0
	for _, r := range s {
		em += runeWidth(r)
	}
	return em * size
}

func runeWidth(r rune) float64 {
	switch k := width.LookupRune(r).Kind(); {
	case k == width.EastAsianWide || k == width.EastAsianFullwidth || k == width.EastAsianAmbiguous:
		return 1
	case unicode.Is(unicode.Mn, r):
		return 0
	case strings.ContainsRune("iljtf.,:;'|!() ", r):
		return 0.36
	case unicode.IsUpper(r) || strings.ContainsRune("mw%@—", r):
		return 0.82
	}
	return 0.6
}

// wrap breaks a text into lines no wider than limit pixels: at blanks, between Chinese characters, and inside a word only
// when the word alone is too long. Nothing is cut.
func wrap(s string, size, limit float64) string {
	var lines []string
	line := ""
	flush := func() {
		if t := strings.TrimSpace(line); t != "" {
			lines = append(lines, t)
		}
		line = ""
	}
	for _, word := range words(s) {
		if textWidth(strings.TrimRight(line+word, " "), size) <= limit {
			line += word
			continue
		}
		if textWidth(strings.TrimRight(word, " "), size) <= limit {
			flush()
			line = word
			continue
		}
		for textWidth(strings.TrimRight(line+word, " "), size) > limit && utf8.RuneCountInString(line+word) > 1 {
			head := fitting(line+word, size, limit)
			line, word = head, (line + word)[len(head):]
			flush()
		}
		line += word
	}
	flush()
	return strings.Join(lines, "\n")
}

// balanced is wrap with lines of about equal width: no single character is left on the last line.
func balanced(s string, size, limit float64) string {
	best := wrap(s, size, limit)
	for narrower := limit - size/2; narrower > max(size, longestWord(s, size)); narrower -= size / 2 { // no word is broken for balance
		next := wrap(s, size, narrower)
		if countLines(next) > countLines(best) {
			break
		}
		best = next
	}
	return best
}

// fitting gives the longest beginning of word that fits, at least one character.
func fitting(word string, size, limit float64) string {
	w := 0.0
	for i, r := range word {
		if w += runeWidth(r) * size; w > limit && i > 0 {
			return word[:i]
		}
	}
	return word
}

// closing holds what may not begin a line.
const closing = "，。、；：）％%)]》」』！？,.;:"

// opening holds what may not end a line.
const opening = "（(《「『“"

// words splits a text where a line may end.
func words(s string) []string {
	var out []string
	var last rune
	for _, r := range s {
		wide := width.LookupRune(r).Kind() == width.EastAsianWide
		lastWide := width.LookupRune(last).Kind() == width.EastAsianWide || width.LookupRune(last).Kind() == width.EastAsianFullwidth
		fresh := len(out) == 0 || last == ' ' || ((wide || lastWide) && !strings.ContainsRune(closing, r) && !strings.ContainsRune(opening, last) && r != ' ')
		if fresh {
			out = append(out, string(r))
		} else {
			out[len(out)-1] += string(r)
		}
		last = r
	}
	return out
}

func countLines(s string) int { return strings.Count(s, "\n") + 1 }

// widest gives the width of the widest line of a text in pixels.
func widest(s string, size float64) float64 {
	w := 0.0
	for line := range strings.SplitSeq(s, "\n") {
		w = max(w, textWidth(line, size))
	}
	return w
}

// longestWord gives the width in pixels of the widest piece that wrap would not break for choice.
func longestWord(s string, size float64) float64 {
	w := 0.0
	for _, word := range words(s) {
		w = max(w, textWidth(strings.TrimSpace(word), size))
	}
	return w
}

// slug makes an identifier of letters, digits and hyphens; letters keep their case.
func slug(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return '-'
	}, s)
}
