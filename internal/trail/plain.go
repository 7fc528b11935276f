package trail

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// plain gives the entry as it is written: no character that cannot be seen, no text without end.
func (e Entry) plain() Entry {
	e.At = e.At.UTC().Truncate(time.Millisecond)
	e.Actor, e.Employee, e.Action, e.Subject = Escape(e.Actor, longField), Escape(e.Employee, longField), Escape(e.Action, longField), Escape(e.Subject, longField)
	e.Detail, e.Address, e.Request = Escape(e.Detail, longDetail), Escape(e.Address, longField), Escape(e.Request, longField)
	return e
}

// Escape writes control and invisible characters, and bytes that are no UTF-8, as \n, \u202e or \xff, and a backslash as \\, so that two texts that differ look
// different. Of more than most characters the rest becomes "…".
func Escape(s string, most int) string {
	var b strings.Builder
	for n := 0; s != ""; n++ {
		if n >= most {
			b.WriteString("…")
			break
		}
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r == '\\':
			b.WriteString(`\\`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r != ' ' && !unicode.IsGraphic(r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
			escapeRune(&b, r)
		default:
			b.WriteRune(r)
		}
		s = s[size:]
	}
	return b.String()
}

func escapeRune(b *strings.Builder, r rune) {
	if r > 0xffff {
		fmt.Fprintf(b, `\U%08x`, r)
		return
	}
	fmt.Fprintf(b, `\u%04x`, r)
}
