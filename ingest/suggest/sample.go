package suggest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"plumbline/ingest/sheet"
	"plumbline/policy"
)

// How much of a table is looked at.
const (
	maxRows    = 10_000
	maxBytes   = 16 << 20 // of staging lines
	maxColumns = 1_000    // later columns of the file are left alone
	maxValues  = 500      // distinct texts of a column that are read as values, the most frequent ones
	maxName    = 100      // runes of a name in a mapping
)

// sample is what was read of a table.
type sample struct {
	header  sheet.Row
	columns []*column
	rows    []sheet.Row // below the header, without totals; Number is the physical row
	more    bool        // the table goes on behind them
}

// column is a column of the file.
type column struct {
	at   int
	name string // as in the file, in one line and without what cannot be seen
	key  string // by policy.HeaderKey
	base string // the key without unit and zone
	nth  int    // which of the columns of that key, from 1
	mark mark   // what the header says about its values
	// usable says that a mapping can name the column.
	usable bool
	values []value // distinct texts, the most frequent ones first
	filled int     // cells that are not blank
	same   *column // an earlier column of that key with the same cells
	// expr gives the texts of values from the cells, as SQL with %s for the header's id; "" when they are the cells.
	expr string
	why  policy.Text // of expr
}

// value is a text of a column.
type value struct {
	text  string
	count int
	row   int64 // physical row of its first cell
}

// readSample reads the rows below the header.
func readSample(ctx context.Context, path, scratch string, t sheet.Table, header sheet.Row) (*sample, error) {
	s := &sample{header: header}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("suggest mapping: %w", err)
	}
	defer f.Close()
	var lines lineBuffer
	if width := len(header.Cells); width > 0 {
		if _, err := t.Stage(ctx, scratch, f, header.End(), width, &lines); err != nil && !lines.full {
			return nil, err
		}
	}
	if s.rows, err = lines.rows(t.Delimiter()); err != nil {
		return nil, fmt.Errorf("suggest mapping: read staging lines: %w", err)
	}
	s.more = lines.full
	s.columns = columnsOf(header.Cells)
	for _, c := range s.columns {
		c.look(s.rows)
	}
	for _, c := range s.columns {
		c.same = s.earlier(c)
		c.unwrap()
	}
	return s, nil
}

var errEnough = errors.New("enough rows")

// lineBuffer keeps the first staging lines and stops the writer behind them.
type lineBuffer struct {
	bytes.Buffer
	quoted bool
	lines  int
	end    int // of the last whole line
	full   bool
}

// Write keeps p, or gives errEnough.
func (b *lineBuffer) Write(p []byte) (int, error) {
	from := b.Len()
	b.Buffer.Write(p)
	for i, c := range p {
		switch {
		case c == '"':
			b.quoted = !b.quoted
		case c == '\n' && !b.quoted:
			b.lines++
			b.end = from + i + 1
		}
		if b.lines == maxRows || from+i == maxBytes && b.lines > 0 {
			b.full = true
			return i, errEnough
		}
	}
	return len(p), nil
}

// rows cuts the lines into cells. Sums of other rows are left out, as ingest does.
func (b *lineBuffer) rows(delimiter byte) ([]sheet.Row, error) {
	r := csv.NewReader(bytes.NewReader(b.Bytes()[:b.end]))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = rune(delimiter), true, -1
	var rows []sheet.Row
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		n, err := strconv.ParseInt(cells[0], 10, 64)
		if err != nil {
			return nil, err
		}
		if !isTotal(cells[1:]) {
			rows = append(rows, sheet.Row{Number: n, Cells: cells[1:]})
		}
	}
}

// isTotal knows a row that sums others up by its first word.
func isTotal(cells []string) bool {
	for _, c := range cells {
		if key := policy.HeaderKey(c); key != "" {
			return totalWords[key]
		}
	}
	return false
}

var totalWords = keySet("合计", "总计", "小计", "总数", "汇总", "total", "subtotal", "grand total", "sum")

// keySet gives the words by policy.HeaderKey.
func keySet(words ...string) map[string]bool {
	set := map[string]bool{}
	for _, w := range words {
		set[policy.HeaderKey(w)] = true
	}
	return set
}

// columnsOf gives the columns under a header.
func columnsOf(cells []string) []*column {
	var columns []*column
	seen := map[string]int{}
	for i, cell := range cells[:min(len(cells), maxColumns)] {
		c := &column{at: i, name: plain(cell), key: policy.HeaderKey(cell)}
		seen[c.key]++
		c.nth = seen[c.key]
		c.usable = c.key != "" && utf8.RuneCountInString(c.name) <= maxName && policy.HeaderKey(c.name) == c.key
		c.base, c.mark = headerMark(cell)
		columns = append(columns, c)
	}
	return columns
}

// plain gives a text in one line, without what cannot be seen. A * goes too, because it means more than itself in a mapping.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r) || r == '*':
			return ' '
		case !unicode.IsPrint(r) || r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// look takes the column's texts in.
func (c *column) look(rows []sheet.Row) {
	index := map[string]int{}
	c.filled, c.values = 0, nil
	for _, row := range rows {
		text := c.cell(row)
		if text == "" {
			continue
		}
		c.filled++
		i, known := index[text]
		if !known {
			i = len(c.values)
			index[text] = i
			c.values = append(c.values, value{text: text, row: row.Number})
		}
		c.values[i].count++
	}
	c.sort()
}

func (c *column) sort() {
	slices.SortStableFunc(c.values, func(a, b value) int { return cmp.Compare(b.count, a.count) })
}

// cell gives the column's text in a row without white space around it.
func (c *column) cell(row sheet.Row) string {
	if c.at >= len(row.Cells) {
		return ""
	}
	return strings.TrimSpace(row.Cells[c.at])
}

// earlier gives a column of the same key whose cells are alike.
func (s *sample) earlier(c *column) *column {
	for _, o := range s.columns[:c.at] {
		if o.key == c.key && o.key != "" && !slices.ContainsFunc(s.rows, func(r sheet.Row) bool { return o.cell(r) != c.cell(r) }) {
			return o
		}
	}
	return nil
}

// wrappings are what tools put around a value.
var wrappings = []struct {
	has  func(string) bool
	cut  func(string) string
	expr string
	why  policy.Text
}{
	{func(s string) bool { return strings.HasSuffix(s, ")") && strings.Contains(s, "(#") },
		func(s string) string { before, _, _ := strings.Cut(s, "(#"); return strings.TrimSpace(before) },
		"trim(split_part(%s, '(#', 1))", policy.Text{ZH: "去掉其后的“(#编号)”", EN: "without the (#id) behind it"}},
	{func(s string) bool { return strings.HasSuffix(s, ";") && strings.Count(s, ";") == 1 },
		func(s string) string { return strings.TrimSpace(strings.Trim(s, ";")) },
		"trim(BOTH ';' FROM %s)", policy.Text{ZH: "去掉末尾的分号", EN: "without the semicolon behind it"}},
}

// unwrap takes off what stands around most values.
func (c *column) unwrap() {
	for _, w := range wrappings {
		n := 0
		for _, v := range c.values {
			if w.has(v.text) {
				n += v.count
			}
		}
		if n*2 <= c.filled {
			continue
		}
		c.expr, c.why = w.expr, w.why
		index := map[string]int{}
		var values []value
		for _, v := range c.values {
			v.text = w.cut(v.text)
			if i, known := index[v.text]; known {
				values[i].count += v.count
			} else if v.text != "" {
				index[v.text] = len(values)
				values = append(values, v)
			}
		}
		c.values = values
		c.sort()
		return
	}
}
