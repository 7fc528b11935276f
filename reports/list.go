package reports

import (
	"strings"
)

// list is a table of plain rows under a header. Its columns are fitted to what stands in them.
type list struct {
	columns []listColumn
	rows    [][]listCell
	none    string // what stands there without rows
	table   string // name of the Excel table; "" none. A sheet has one at most
}

// listColumn is a column: its head, the look of its cells and the most that it may be wide before texts wrap.
type listColumn struct {
	head        string
	look        look
	least, most float64 // widths; 0: 9 and 40
}

// listCell is a cell: a value, or a formula with its value. In a formula {r} stands for the number of the row.
type listCell struct {
	value   any
	formula string
	look    look   // the zero look: that of the column
	link    string // place that the cell leads to
	kpi     int    // index of a KPI that the row is about
}

// cells makes cells of plain values; nil and "" are blank.
func cells(values ...any) []listCell {
	row := make([]listCell, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case listCell:
			row[i] = v
		case string:
			row[i].value = text(v)
		default:
			row[i].value = v
		}
	}
	return row
}

// textColumns are the columns, from 1, that hold texts.
func (l *list) textColumns() (cols []int) {
	for i, c := range l.columns {
		if c.look.align == "left" {
			cols = append(cols, i+1)
		}
	}
	return cols
}

// heads are the heads of the columns; equal ones are told apart, as an Excel table wants it.
func (l *list) heads() []string {
	heads, seen := make([]string, len(l.columns)), map[string]int{}
	for i, c := range l.columns {
		heads[i] = strings.ReplaceAll(c.head, "\n", " ")
		key := strings.ToLower(heads[i])
		if seen[key]++; seen[key] > 1 {
			heads[i] += " " + itoa(seen[key])
		}
	}
	return heads
}

// height is how many rows the list takes.
func (l *list) height() int { return 1 + max(len(l.rows), 1) }

// headWidth is what a head takes over two lines. Words of Latin letters are never broken; they are bold, and a button stands beside them.
func headWidth(head string) int {
	wide := widestWord(head)
	for word := range strings.FieldsSeq(head) {
		if len(word) == textWidth(word) {
			wide = max(wide, textWidth(word)*6/5+3)
		}
	}
	return wide
}

// fit widens columns to what stands in them.
func (l *list) fit(widths []float64) {
	for i, c := range l.columns {
		least, most := c.least, c.most
		if least == 0 {
			least = 9
		}
		if most == 0 {
			most = 40
		}
		wide := headWidth(c.head)
		if c.look.align == "right" {
			wide = max(wide, textWidth(c.head)*2/3+2)
		}
		for _, row := range l.rows {
			if i < len(row) {
				wide = max(wide, row[i].width(c.look)+2*row[i].look.indent)
			}
		}
		widths[i] = max(widths[i], fit(wide, least, most))
	}
}

// width is how many characters a cell shows.
func (c listCell) width(l look) int {
	switch v := c.value.(type) {
	case string:
		widest := 0
		for part := range strings.SplitSeq(v, "\n") {
			widest = max(widest, textWidth(part))
		}
		return widest
	case float64:
		if strings.Contains(l.format, "yyyy") {
			return 11
		}
		return numberWidth(v, strings.Count(l.format, "0")-1) + 2
	case int:
		return numberWidth(float64(v), 0) + 1
	case int64:
		return numberWidth(float64(v), 0) + 1
	}
	return 0
}

// list writes the header and the rows from the current row on.
func (s *sheet) list(l *list) {
	first := s.row
	s.header(l.heads(), l.textColumns()...)
	if len(l.rows) == 0 {
		s.put(1, textLook, text(l.none))
		s.blank(1, len(l.columns), textLook)
		s.end(0)
	}
	for _, row := range l.rows {
		s.listRow(l, row)
	}
	if l.table != "" {
		s.frame.table, s.frame.tableCells = l.table, "A"+itoa(first)+":"+address(len(l.columns), s.row-1)
	}
	clear(s.apart)
}

func (s *sheet) listRow(l *list, row []listCell) {
	lines := 1
	for i, c := range row {
		look := l.columns[i].look
		if c.look.align != "" {
			look = c.look
		}
		if words, _ := c.value.(string); c.link != "" && wrappedLines(words, s.frame.widths[i]-float64(2*look.indent)) == 1 { // some readers do not wrap links
			s.link(i+1, c.link)
			look = linked(look)
		}
		value := c.value
		if t, ok := value.(string); ok {
			t = cutBytes(t, 30000) // a cell holds 32,767 characters
			value = t
			if look.wrap {
				lines = max(lines, wrappedLines(t, s.frame.widths[i]-float64(2*look.indent)))
			}
		}
		if c.formula != "" {
			s.formula(i+1, look, strings.ReplaceAll(c.formula, "{r}", itoa(s.row)), value)
		} else {
			s.put(i+1, look, value)
		}
	}
	s.blank(1, len(l.columns), textLook)
	s.end(rowHeight(lines))
}

// listSheet writes a sheet of a title, a note and one list with filter buttons.
func (b *book) listSheet(name, tab, title, note string, l *list) error {
	const head = 3
	widths := make([]float64, len(l.columns))
	l.fit(widths)
	s, err := b.open(name, frame{tab: tab, columns: len(l.columns), rows: head - 1 + l.height(), widths: widths, freezeCol: min(3, len(l.columns)), freezeRow: head + 1,
		titles: [2]int{head, head}, textColumn: "A4:" + address(len(l.columns), head+l.height())})
	if err != nil {
		return err
	}
	s.line(titleLook, title)
	s.line(noteLook, note)
	s.list(l)
	return s.close()
}
