package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Error is one fault of a policy.
type Error struct {
	Place   Place  // line 0: the whole file
	Excerpt string // two lines for a fixed-width font: the faulty line, and a caret under the column; "" without a line
	What    Text   // what is wrong
	Cure    Text   // what to do
}

// Error gives the fault in Chinese and English.
func (e Error) Error() string {
	return e.layout(e.What.ZH+"\n  "+e.What.EN, "改法："+e.Cure.ZH, "cure: "+e.Cure.EN)
}

// In gives the fault in one language.
func (e Error) In(lang Lang) string {
	if lang == EN {
		return e.layout(e.What.EN, "cure: "+e.Cure.EN)
	}
	return e.layout(e.What.ZH, "改法："+e.Cure.ZH)
}

func (e Error) layout(what string, cures ...string) string {
	var b strings.Builder
	if e.Place.Line == 0 {
		fmt.Fprintf(&b, "%s: %s\n", e.Place.File, what)
	} else {
		fmt.Fprintf(&b, "%s: %s\n", e.Place, what)
	}
	if e.Excerpt != "" {
		for line := range strings.SplitSeq(e.Excerpt, "\n") {
			fmt.Fprintf(&b, "    %s\n", line)
		}
	}
	for _, c := range cures {
		fmt.Fprintf(&b, "  %s\n", c)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Errors are all faults of a policy, sorted by place.
type Errors []Error

// Error gives the faults in Chinese and English.
func (e Errors) Error() string { return e.join(Error.Error) }

// In gives the faults in one language.
func (e Errors) In(lang Lang) string {
	return e.join(func(fault Error) string { return fault.In(lang) })
}

func (e Errors) join(text func(Error) string) string {
	texts := make([]string, len(e))
	for i, fault := range e {
		texts[i] = text(fault)
	}
	return strings.Join(texts, "\n")
}

// sorted puts the faults in the order of files, lines and columns, each once; faults of one place keep the order of finding.
func (e Errors) sorted() Errors {
	seen := map[Error]bool{}
	e = slices.DeleteFunc(e, func(fault Error) bool {
		twice := seen[fault]
		seen[fault] = true
		return twice
	})
	slices.SortStableFunc(e, func(a, b Error) int {
		return cmp.Or(
			cmp.Compare(rank(a.Place.File), rank(b.Place.File)),
			cmp.Compare(a.Place.File, b.Place.File),
			cmp.Compare(a.Place.Line, b.Place.Line),
			cmp.Compare(a.Place.Column, b.Place.Column))
	})
	return e
}

// rank gives the position of a file; files that are not part of a policy come last.
func rank(file string) int {
	if i := slices.Index(fileNames, file); i >= 0 {
		return i
	}
	return len(fileNames)
}

// say makes a text in both languages; both formats take the same arguments.
func say(zh, en string, args ...any) Text {
	return Text{fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)}
}

// What an excerpt shows of a long line, in runes before and after the column.
const (
	excerptBefore = 60
	excerptAfter  = 40
)

// excerpt gives a line and a caret under the column, which counts runes from 1.
func excerpt(line string, column int) string {
	runes := []rune(strings.TrimRight(line, "\r"))
	at := min(max(column-1, 0), len(runes))
	from, to := max(0, at-excerptBefore), min(len(runes), at+excerptAfter)
	var text strings.Builder
	pad := 0
	if from > 0 {
		text.WriteString("… ")
		pad = 2
	}
	for i, r := range runes[from:to] {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			r = ' ' // a tab or an escape would move the caret, or the reader
		}
		text.WriteRune(r)
		if from+i < at {
			pad += cells(r)
		}
	}
	if to < len(runes) {
		text.WriteString(" …")
	}
	return strings.TrimRight(text.String(), " ") + "\n" + strings.Repeat(" ", pad) + "^"
}

// cells gives how many columns of a fixed-width font r takes.
func cells(r rune) int {
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r) {
		return 0
	}
	return 1
}
