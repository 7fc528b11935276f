package policy

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// HeaderKey gives the form in which headers are compared: NFKC, lower case, simplified characters, letters and digits only, so that
// "工时（小时）", "工時(小時)" and "Emp No.", "EMP_NO" are alike.
func HeaderKey(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r) {
			return simplify(r)
		}
		return -1
	}, norm.NFKC.String(strings.ToLower(norm.NFKC.String(s))))
}

// WordKey gives the form in which the words of an enum, and the names of people, are compared: NFKC, lower case, simplified
// characters, without blanks.
func WordKey(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return simplify(r)
	}, norm.NFKC.String(strings.ToLower(norm.NFKC.String(s))))
}

// chinese reports whether s holds a Chinese character.
func chinese(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// ascii reports whether s holds nothing but printable ASCII.
func ascii(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// namesOf picks a bilingual name out of words: the first with Chinese characters, the first in ASCII, or else the id.
func namesOf(id string, words []string) Text {
	name := Text{id, id}
	for i := len(words) - 1; i >= 0; i-- {
		if chinese(words[i]) {
			name.ZH = words[i]
		}
		if ascii(words[i]) {
			name.EN = words[i]
		}
	}
	return name
}

// nearest gives the candidate with the fewest letters to change, not all of them, or one that goes on where word ends, or ""
// when none is close; the first of equals wins.
func nearest(word string, candidates []string) string {
	const longest = 100
	w := strings.ToLower(word)
	best, least := "", max(1, len([]rune(w))/3)+1
	for _, c := range candidates {
		if len(w) > longest || len(c) > longest {
			continue
		}
		if d := distance([]rune(w), []rune(strings.ToLower(c))); d < least && d < len([]rune(w)) {
			best, least = c, d
		}
	}
	for _, c := range candidates {
		if best == "" && len(w) >= 3 && strings.HasPrefix(strings.ToLower(c), w) {
			best = c
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap with their neighbour to make b of a.
func distance(a, b []rune) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range b {
		rows[0][j+1] = j + 1
	}
	for i := range a {
		for j := range b {
			d := rows[i][j]
			if a[i] != b[j] {
				d = 1 + min(d, rows[i][j+1], rows[i+1][j])
				if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
					d = min(d, 1+rows[i-1][j-1])
				}
			}
			rows[i+1][j+1] = d
		}
	}
	return rows[len(a)][len(b)]
}
