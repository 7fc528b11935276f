package tabular

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
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
	case "csv":
		return t.csv(w)
	case "json":
		return t.json(w)
	case "parquet":
		return t.parquet(w)
	case "arrow":
		return t.arrow(w)
	}
	return fmt.Errorf("unknown format %q; use one of %s (格式应为其中之一)", format, Formats)
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

// csv writes a header with the machine names; cells that a spreadsheet would take for a formula get an apostrophe.
func (t *Table) csv(w io.Writer) error {
	c := csv.NewWriter(w)
	names := make([]string, len(t.Columns))
	for i, col := range t.Columns {
		names[i] = col.Name
	}
	if err := c.Write(names); err != nil {
		return err
	}
	cells := make([]string, len(t.Columns))
	for _, row := range t.Rows {
		for i, s := range row {
			if t.Columns[i].Kind == Text {
				s = inert(s)
			}
			cells[i] = s
		}
		if err := c.Write(cells); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
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

func (t *Table) json(w io.Writer) error {
	rows := make([]json.RawMessage, len(t.Rows))
	for i, row := range t.Rows {
		var b strings.Builder
		b.WriteByte('{')
		for j, c := range t.Columns {
			if j > 0 {
				b.WriteByte(',')
			}
			name, err := json.Marshal(c.Name)
			if err != nil {
				return err
			}
			value := []byte("null")
			switch {
			case row[j] == "":
			case c.Kind == Text:
				if value, err = json.Marshal(row[j]); err != nil {
					return err
				}
			default:
				value = []byte(row[j])
			}
			b.Write(name)
			b.WriteByte(':')
			b.Write(value)
		}
		b.WriteByte('}')
		rows[i] = json.RawMessage(b.String())
	}
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(rows)
}

// record gives the table as one Arrow record.
func (t *Table) record() (arrow.RecordBatch, error) {
	fields := make([]arrow.Field, len(t.Columns))
	for i, c := range t.Columns {
		fields[i] = arrow.Field{Name: c.Name, Type: []arrow.DataType{arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Float64}[c.Kind], Nullable: true}
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	for n, row := range t.Rows {
		for i, s := range row {
			if err := appendCell(b.Field(i), s); err != nil {
				return nil, fmt.Errorf("row %d, column %s: %w", n+1, t.Columns[i].Name, err)
			}
		}
	}
	return b.NewRecordBatch(), nil
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

func (t *Table) parquet(w io.Writer) error {
	rec, err := t.record()
	if err != nil {
		return err
	}
	defer rec.Release()
	p, err := pqarrow.NewFileWriter(rec.Schema(), struct{ io.Writer }{w}, parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd)),
		pqarrow.DefaultWriterProps())
	if err != nil {
		return err
	}
	if err := p.Write(rec); err != nil {
		return err
	}
	return p.Close()
}

func (t *Table) arrow(w io.Writer) error {
	rec, err := t.record()
	if err != nil {
		return err
	}
	defer rec.Release()
	s := ipc.NewWriter(w, ipc.WithSchema(rec.Schema()))
	if err := s.Write(rec); err != nil {
		return err
	}
	return s.Close()
}
