package explain

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"plumbline/internal/period"
	"plumbline/policy"
	"plumbline/reports/tabular"
)

// File is a file that records came from, as the books know it.
type File struct {
	Name   string
	SHA256 string
	Seq    int64 // ledger sequence of its ingest
	Rows   int   // records that counted
}

// page is a text in the making.
type page struct {
	lang policy.Lang
	zone *time.Location // in which days of decisions are told; nil: UTC
	text strings.Builder
}

// The layout: how wide the text and the column of labels are.
const (
	pageWidth = 92
	indent    = "   "
	zhLabel   = 12
	enLabel   = 13
)

// t picks the page's language.
func (p *page) t(zh, en string) string { return policy.Text{ZH: zh, EN: en}.In(p.lang) }

// f is t with figures in it.
func (p *page) f(zh, en string, args ...any) string { return fmt.Sprintf(p.t(zh, en), args...) }

func (p *page) line(s string) { p.text.WriteString(strings.TrimRight(s, " ") + "\n") }

func (p *page) gap() { p.line("") }

// title opens the page.
func (p *page) title(s string) {
	p.line(s)
	p.line(strings.Repeat("─", tabular.Width(s)))
}

// section opens a part.
func (p *page) section(s string) {
	p.gap()
	p.line(s)
}

// prose writes a sentence, broken where the line ends.
func (p *page) prose(s string) {
	for _, l := range wrap(s, pageWidth) {
		p.line(l)
	}
}

// row writes a label and what it says; further lines stand below the first.
func (p *page) row(label, s string) {
	width := zhLabel
	if p.lang == policy.EN {
		width = enLabel
	}
	head := indent + pad(label, width)
	for _, l := range wrap(s, pageWidth-tabular.Width(head)) {
		p.line(head + l)
		head = strings.Repeat(" ", tabular.Width(head))
	}
}

// sum writes a label and a calculation, which is never broken.
func (p *page) sum(label, s string) {
	width := zhLabel
	if p.lang == policy.EN {
		width = enLabel
	}
	p.line(indent + pad(label, width) + s)
}

// table writes aligned columns; those named in right are set to the right.
func (p *page) table(rows [][]string, right ...int) {
	var widths []int
	for _, r := range rows {
		for i, c := range r {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], tabular.Width(c))
		}
	}
	for _, r := range rows {
		line := indent
		for i, c := range r {
			if contains(right, i) {
				line += strings.Repeat(" ", widths[i]-tabular.Width(c)) + c + "  "
			} else {
				line += pad(c, widths[i]+2)
			}
		}
		p.line(line)
	}
}

func contains(list []int, n int) bool {
	for _, x := range list {
		if x == n {
			return true
		}
	}
	return false
}

func (p *page) writeTo(w io.Writer) error {
	_, err := io.WriteString(w, p.text.String())
	return err
}

// pad fills a text up to a width, leaving one blank at least.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-tabular.Width(s), 1))
}

// noStart are signs that no line begins with.
const noStart = "，。、；：？！）”』」%,.;:?!)"

// wrap breaks a text into lines: at blanks, and between Chinese characters.
func wrap(s string, width int) []string {
	var lines []string
	rest := []rune(s)
	for tabular.Width(string(rest)) > width {
		cut := breakAt(rest, width)
		lines = append(lines, strings.TrimRight(string(rest[:cut]), " "))
		rest = []rune(strings.TrimLeft(string(rest[cut:]), " "))
	}
	return append(lines, string(rest))
}

// breakAt gives how many runes of a text that is too wide go onto its first line.
func breakAt(text []rune, width int) int {
	best, used := 0, 0
	for i, r := range text {
		if used += tabular.Width(string(r)); used > width {
			break
		}
		if i+1 == len(text) || strings.ContainsRune(noStart, text[i+1]) || strings.ContainsRune("（“", r) {
			continue
		}
		if r == ' ' || unicode.Is(unicode.Han, r) && unicode.Is(unicode.Han, text[i+1]) || strings.ContainsRune("，。；：、）", r) {
			best = i + 1
		}
	}
	if best == 0 {
		return len(text) // one long word stays whole
	}
	return best
}

// nameOf writes a period.
func (p *page) nameOf(of period.Period) string { return p.t(of.ZH(), of.EN()) }

func date(d time.Time) string { return d.Format(time.DateOnly) }

// span writes a stretch of days, both included.
func (p *page) span(from, to time.Time) string {
	return date(from) + p.t(" 至 ", " to ") + date(to)
}

// plural picks the English form of a noun.
func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}
