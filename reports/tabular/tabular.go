package tabular

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"
	"golang.org/x/text/width"
)

// Kind is what a column holds.
type Kind int

// The kinds. A blank cell is NULL in every kind.
const (
	Text    Kind = iota
	Integer      // digits; int64 in Parquet and Arrow
	Decimal      // decimal text; float64 in Parquet and Arrow, a number in JSON
)

// Column is a column's machine name, its heading for people, and its kind.
type Column struct {
	Name    string
	Heading string
	Kind    Kind
}

// Table is columns and rows; every row has one cell per column, "" for NULL.
type Table struct {
	Columns []Column
	Rows    [][]string
}

// Add appends a row.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// Formats lists the names that Write knows.
const Formats = "table, csv, json, parquet, arrow"

// Write writes t in the named format.
func (t *Table) Write(w io.Writer, format string) error {
	switch format {
	case "", "table":
		return t.text(w)
	case "csv", "json", "parquet", "arrow":
	default:
		return fmt.Errorf("unknown format %q; use one of %s (格式应为其中之一)", format, Formats)
	}
	to, err := NewWriter(w, format, t.Columns)
	if err != nil {
		return err
	}
	for _, row := range t.Rows {
		if err := to.Add(row); err != nil {
			return err
		}
	}
	return to.Close()
}

// Width is how many terminal columns s takes: a wide character takes two.
func Width(s string) int {
	n := 0
	for _, r := range s {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// text aligns the columns: text to the left, numbers to the right.
func (t *Table) text(w io.Writer) error {
	widths := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		widths[i] = Width(c.Heading)
		for _, row := range t.Rows {
			widths[i] = max(widths[i], Width(visible(row[i])))
		}
	}
	var b strings.Builder
	line := func(cells func(i int) string) {
		var l strings.Builder
		for i, c := range t.Columns {
			s := visible(cells(i))
			pad := strings.Repeat(" ", widths[i]-Width(s))
			if c.Kind == Text {
				s += pad
			} else {
				s = pad + s
			}
			if i > 0 {
				l.WriteString("  ")
			}
			l.WriteString(s)
		}
		b.WriteString(strings.TrimRight(l.String(), " "))
		b.WriteByte('\n')
	}
	line(func(i int) string { return t.Columns[i].Heading })
	line(func(i int) string { return strings.Repeat("─", widths[i]) })
	for _, row := range t.Rows {
		line(func(i int) string { return row[i] })
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// visible spells out what would break a line or steer a terminal.
func visible(s string) string {
	if !strings.ContainsFunc(s, steers) {
		return s
	}
	q := strconv.Quote(s)
	return q[1 : len(q)-1]
}

func steers(r rune) bool {
	return r < ' ' || r == 0x7F || r >= 0x80 && r < 0xA0 || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r >= 0x200B && r <= 0x200F || r == 0xFEFF
}

// inert puts an apostrophe before text that begins, on any of its lines, like a formula; full-width signs count too.
func inert(s string) string {
	for line := range strings.Lines(s) {
		trimmed := strings.TrimLeft(line, " \u00A0\u3000")
		if trimmed != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", []rune(trimmed)[0]) && trimmed != "-" {
			return "'" + s
		}
	}
	return s
}

func appendCell(b array.Builder, s string) error {
	if s == "" {
		b.AppendNull()
		return nil
	}
	switch b := b.(type) {
	case *array.Int64Builder:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return err
		}
		b.Append(n)
	case *array.Float64Builder:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return err
		}
		b.Append(f)
	case *array.StringBuilder:
		b.Append(s)
	}
	return nil
}
