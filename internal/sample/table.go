package sample

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// Fault is a place in the written files that is wrong on purpose, or right in a way that deserves a look.
type Fault struct {
	File   string // below the folder, with slashes
	Sheet  string // "" for CSV
	Row    int    // physical row from 1, titles and header included; in JSON the record; 0 for the whole file
	Column string // letter in a workbook, number in CSV, of the key in JSON, "" for the whole row
	Rule   string // the rule of ingest that it breaks; accepted.… for what is right; file.… for a file refused as a whole
	ZH, EN string // in words
}

// format is how a file spells its data.
type format struct {
	encoding encoding
	comma    rune // 0 means a comma
	bom      bool
	crlf     bool
	day      string // layout of dates
	clock    bool   // the day of logging carries a time
	header   []string
	stages   [5]string
	outcomes [3]string
}

type encoding uint8

const (
	utf8 encoding = iota
	gb18030
)

// cellKind is how a workbook holds a cell; CSV knows texts only.
type cellKind uint8

const (
	textCell    cellKind = iota
	dateCell             // text is an ISO date
	numberCell           // text is a decimal number
	formulaCell          // text is a formula that was never computed
	errorCell            // text is an error such as #N/A, the result of a formula
	longCell             // text is a number of which Excel kept 15 digits
	timeCell             // text is an ISO date with hours and minutes
	flagCell             // text is 是 or 否
	percentCell          // text is a whole number of percent
)

type cell struct {
	text string
	kind cellKind
}

// line is a data row with the faults in it; record is what it tells.
type line struct {
	cells  []cell
	record any
	faults []Fault // Column holds a column id until the place is known
	merge  string  // column whose cell is merged with the one below
}

// table is one CSV or JSON file or one sheet, before it is written.
type table struct {
	dataset, file, sheet string
	json                 jsonForm
	titles               []string // lines above the header
	columns              []string
	format               format
	lines                []*line
}

func (t *table) add(l *line) { t.lines = append(t.lines, l) }

// firstRow is the physical row of the first record. JSON has no rows: there, records are counted.
func (t *table) firstRow() int {
	if t.json != notJSON {
		return 1
	}
	return len(t.titles) + 2
}

// date writes d as the table does.
func (t *table) date(d day) cell {
	if t.sheet != "" {
		return cell{d.String(), dateCell}
	}
	return cell{text: d.in(t.format.day)}
}

// at gives the place of a column.
func (t *table) at(column string) int { return slices.Index(t.columns, column) }

// faults tells where the planted faults stand.
func (t *table) faults() []Fault {
	var all []Fault
	for i := range t.titles {
		all = append(all, Fault{File: t.file, Sheet: t.sheet, Row: i + 1, Rule: "accepted.title_row",
			ZH: "表头之上的标题行，跳过", EN: "A title above the header, skipped"})
	}
	for i, l := range t.lines {
		for _, f := range l.faults {
			f.File, f.Sheet, f.Row = t.file, t.sheet, t.firstRow()+i
			if f.Column != "" {
				f.Column = t.columnName(t.at(f.Column))
			}
			all = append(all, f)
		}
	}
	return all
}

// columnName is the letter or number by which people find column i, counted from 0; there are fewer than 26. In JSON it is the
// place of the key.
func (t *table) columnName(i int) string {
	if t.sheet != "" {
		return string(rune('A' + i))
	}
	return strconv.Itoa(i + 1)
}

// brokenByte stands, in a text, for a byte that is valid in no encoding; it is a private character that no word holds.
const brokenByte = '\uE0FF'

// text writes the table as a CSV or JSON file.
func (t *table) text() ([]byte, error) {
	if t.json != notJSON {
		return t.objects()
	}
	return t.csv()
}

// csv writes the table as a CSV file.
func (t *table) csv() ([]byte, error) {
	var b strings.Builder
	for _, title := range t.titles {
		t.writeCells(&b, []cell{{text: title}})
	}
	t.writeCells(&b, textCells(t.format.header))
	for _, l := range t.lines {
		t.writeCells(&b, l.cells)
	}
	return t.format.encode(b.String())
}

func textCells(texts []string) []cell {
	cells := make([]cell, len(texts))
	for i, text := range texts {
		cells[i].text = text
	}
	return cells
}

func (t *table) writeCells(b *strings.Builder, cells []cell) {
	comma := t.format.comma
	if comma == 0 {
		comma = ','
	}
	for i, c := range cells {
		if i > 0 {
			b.WriteRune(comma)
		}
		if strings.ContainsAny(c.text, string(comma)+"\"\r\n") {
			b.WriteString(`"` + strings.ReplaceAll(c.text, `"`, `""`) + `"`)
		} else {
			b.WriteString(c.text)
		}
	}
	if t.format.crlf {
		b.WriteByte('\r')
	}
	b.WriteByte('\n')
}

// encode gives the bytes of a text.
func (f format) encode(text string) ([]byte, error) {
	var out []byte
	if f.bom {
		out = append(out, "\ufeff"...)
	}
	for i, part := range bytes.Split([]byte(text), []byte(string(brokenByte))) {
		if i > 0 {
			out = append(out, 0xff)
		}
		if f.encoding == gb18030 {
			var err error
			if part, err = simplifiedchinese.GB18030.NewEncoder().Bytes(part); err != nil {
				return nil, fmt.Errorf("encode as GB18030: %w", err)
			}
		}
		out = append(out, part...)
	}
	return out, nil
}
