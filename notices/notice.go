package notices

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"plumbline/policy"
)

// Notice is something that people are to be told.
type Notice struct {
	Key    string        // stable, such as "self_review.due_soon:2026-09:00012"
	Kind   Kind          //
	Of     string        // the period that it is about, 2026-09 or 2026Q3; "" for none
	Urgent bool          // people are called about it
	To     []string      // employee numbers
	Title  policy.Text   // one line
	Body   []policy.Text // lines
	Link   string        // path of the page where it is settled, such as "/me/2026-09"
	Since  time.Time     // the moment from which it holds, UTC
}

// key joins the parts of a key; what comes from records cannot pass for another part.
func key(k Kind, parts ...string) string {
	for i, p := range parts {
		if p == "" {
			p = "-"
		}
		parts[i] = strings.ReplaceAll(url.PathEscape(p), ":", "%3A")
	}
	return string(k) + ":" + strings.Join(parts, ":")
}

// pageOf joins the parts of a link.
func pageOf(parts ...string) string {
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return "/" + strings.Join(parts, "/")
}

// say makes a text in both languages; both formats take the same arguments.
func say(zh, en string, args ...any) policy.Text {
	return policy.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
}

// longestName is how much of a name of a record is shown.
const longestName = 60

// visible gives a text as one line without signs that steer a reader: controls, line ends, and those that turn the direction or hide.
func visible(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsGraphic(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// plain gives a name of a record as one short visible line.
func plain(s string) string {
	s = visible(s)
	if r := []rune(s); len(r) > longestName {
		s = string(r[:longestName]) + "…"
	}
	return s
}
