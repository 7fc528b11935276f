package sheet

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// cellText is a cell as text, valid until the next row.
type cellText struct {
	col    int
	text   []byte
	rule   string // of a BadRow, "" = sound
	detail string
}

// texts turns the cells of a row into text; empty cells are left out.
func (w *Workbook) texts(dst []cellText, row *sheetRow) []cellText {
	dst = dst[:0]
	for _, c := range row.cells {
		t := cellText{col: c.col}
		value := row.bytes(c.value)
		switch {
		case c.counted && !c.valued:
			t.rule, t.detail = CellNoValue, w.address(row, c)
		case !c.valued:
			continue
		case c.kind == kindError:
			t.text, t.rule, t.detail = value, CellError, w.address(row, c)
		case c.kind == kindShared:
			t.text = w.strings.at(c.index)
		case c.kind == kindTruth:
			t.text = []byte("FALSE")
			if value[0] == '1' || value[0] == 't' {
				t.text = []byte("TRUE")
			}
		case c.kind == kindDate:
			t.text = isoText(value)
		case c.kind == kindNumber:
			from := len(row.arena)
			row.arena, _ = appendNumber(row.arena, value, w.format(c), w.date1904)
			t.text = row.arena[from:]
		default:
			t.text = value
		}
		if len(t.text) == 0 && t.rule == "" {
			continue
		}
		if t.rule == "" {
			t.check(row.number)
		}
		dst = append(dst, t)
	}
	return dst
}

// check looks for characters that must not be staged.
func (t *cellText) check(row int64) {
	if clean(t.text, true) {
		return
	}
	found := findFault(t.text, true)
	if t.rule = found.rule; t.rule == "" {
		return
	}
	t.detail = columnName(t.col) + strconv.FormatInt(row, 10)
	if t.rule == TextControl {
		t.detail = fmt.Sprintf("U+%04X %s", found.char, t.detail)
	}
}

// general is the format of cells without one.
var general numberFormat

func (w *Workbook) format(c cell) *numberFormat {
	if c.style < len(w.formats) {
		return &w.formats[c.style]
	}
	return &general
}

// address gives the place of a cell, and its formula if it has one.
func (w *Workbook) address(row *sheetRow, c cell) string {
	place := columnName(c.col) + strconv.FormatInt(row.number, 10)
	if formula := row.bytes(c.formula); len(formula) > 0 {
		place += " =" + excerpt(formula)
	}
	return place
}

// isoText gives the value of a t="d" cell the form that number dates get.
func isoText(value []byte) []byte {
	s := strings.Replace(string(value), "T", " ", 1)
	s = strings.TrimSuffix(s, ".000")
	return []byte(strings.TrimSuffix(s, " 00:00:00"))
}

// sheet finds a worksheet by name.
func (w *Workbook) sheet(name string) (*worksheet, error) {
	for _, s := range w.sheets {
		if s.name == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("read workbook: there is no sheet %q", name)
}

// Head gives the first rows of a sheet that hold something, at most 30, for finding the header. A row whose cells are merged over
// rows below has these as part of itself. Cells that cannot be staged are shown as Excel has them, escaped.
func (w *Workbook) Head(sheet string) ([]Row, error) {
	s, err := w.sheet(sheet)
	if err != nil {
		return nil, err
	}
	rows, err := w.rows(s)
	if err != nil {
		return nil, err
	}
	defer rows.body.Close()
	var head []Row
	var texts []cellText
	for len(head) < headRows {
		row, err := rows.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		texts = w.texts(texts, row)
		switch n := len(head); {
		case allBlank(texts):
		case n > 0 && s.continues(&head[n-1], row.number, texts):
		default:
			head = append(head, Row{Number: row.number, Cells: spread(texts)})
		}
	}
	return head, nil
}

// continues takes a row into the header above it if it holds nothing but the names of columns whose groups are named there: each of
// its cells stands below one merged over several columns, or below none, and either cells of the header are merged down over the row
// or it gives several columns of a group names that are no numbers. Such a row is no record. The name of a group goes before those
// of all its columns, so that no part of a name is taken for the whole. A header has names beside its groups; a title has not.
func (s *worksheet) continues(above *Row, number int64, texts []cellText) bool {
	deep := false
	groups := map[int]area{}
	if number > above.End()+1 {
		return false
	}
	for _, a := range s.merges {
		switch {
		case a.firstRow < above.Number || a.firstRow >= number:
		case a.firstRow == above.Number && a.lastRow >= number:
			deep = true
		case a.lastRow < number && a.lastCol > a.firstCol && a.firstCol < len(above.Cells):
			for col := a.firstCol; col <= a.lastCol; col++ {
				groups[col] = a
			}
		}
	}
	if above.names(groups) < 2 {
		return false
	}
	members := map[int]int{} // of a group, by its first column
	for _, t := range texts {
		group, grouped := groups[t.col]
		if !grouped && t.col < len(above.Cells) && above.Cells[t.col] != "" {
			return false
		}
		if grouped && !isNumber(t.text) {
			members[group.firstCol]++
			deep = deep || members[group.firstCol] > 1
		}
	}
	if deep {
		above.join(number, texts, groups)
	}
	return deep
}

// names counts the cells that name a column by themselves.
func (r *Row) names(groups map[int]area) int {
	n := 0
	for col, name := range r.Cells {
		if _, grouped := groups[col]; !grouped && name != "" {
			n++
		}
	}
	return n
}

// join puts the names of columns behind those of their groups.
func (r *Row) join(number int64, texts []cellText, groups map[int]area) {
	r.Below = number - r.Number
	above := slices.Clone(r.Cells)
	for _, t := range texts {
		for len(r.Cells) <= t.col {
			r.Cells = append(r.Cells, "")
		}
		name := escape(t.text, false)
		if group, ok := groups[t.col]; ok {
			name = above[group.firstCol] + " " + name
		}
		r.Cells[t.col] = strings.TrimSpace(name)
	}
}

// spread puts the cells at their places.
func spread(texts []cellText) []string {
	if len(texts) == 0 {
		return nil
	}
	cells := make([]string, texts[len(texts)-1].col+1)
	for _, t := range texts {
		cells[t.col] = escape(t.text, false)
	}
	return cells
}

func allBlank(texts []cellText) bool {
	for _, t := range texts {
		if t.rule != "" || !blank(t.text, ' ') {
			return false
		}
	}
	return true
}

// Stage writes one staging line per data row of a sheet to out: the physical row number and width cells, separated by commas.
// Data rows are those below headerRow; 0 means that there is no header. Rows that Excel does not store are not there at all.
// A row with text right of the header's last column, an error, a formula without a value, or a share in a merged area whose
// value stands in a row above, is bad.
func (w *Workbook) Stage(sheet string, headerRow int64, width int, out io.Writer) (Staged, error) {
	s, err := w.sheet(sheet)
	if err != nil {
		return Staged{}, err
	}
	if width > maxColumns && headerRow > 0 {
		return Staged{}, wideHeader(headerRow, width)
	}
	if width < 1 || width > maxColumns || headerRow < 0 {
		return Staged{}, fmt.Errorf("stage sheet %q: header row %d of %d columns is out of range", sheet, headerRow, width)
	}
	rows, err := w.rows(s)
	if err != nil {
		return Staged{}, err
	}
	defer rows.body.Close()
	x := xlsxStager{out: newStageWriter(out, ','), width: width, merges: mergedRows(s.merges, width)}
	var texts []cellText
	for {
		row, err := rows.next()
		if err == io.EOF {
			x.Longest, x.Ascending = x.out.most, !x.out.ids.broken
			return x.Staged, x.out.flush()
		}
		if err == nil && row.number > headerRow {
			texts = w.texts(texts, row)
			err = x.put(row, texts)
		}
		if err != nil {
			return x.Staged, err
		}
	}
}

// mergedRows keeps the areas that reach over several rows and into the header's columns, in order of their first row.
func mergedRows(all []area, width int) []area {
	var kept []area
	for _, a := range all {
		if a.lastRow > a.firstRow && a.firstCol < width {
			kept = append(kept, a)
		}
	}
	return kept
}

type xlsxStager struct {
	ledge
	out    *stageWriter
	width  int
	merges []area // not yet reached
	open   area   // of the areas that began above, the one that reaches down farthest
}

// put writes, rejects or counts one row.
func (s *xlsxStager) put(row *sheetRow, texts []cellText) error {
	for len(s.merges) > 0 && s.merges[0].firstRow < row.number {
		if s.merges[0].lastRow > s.open.lastRow {
			s.open = s.merges[0]
		}
		s.merges = s.merges[1:]
	}
	if allBlank(texts) {
		s.Blank++
		return nil
	}
	if row.hidden {
		s.Hidden++
	}
	for _, t := range texts {
		if t.rule != "" {
			return s.reject(BadRow{Row: row.number, Column: t.col, Value: escape(t.text, false), Rule: t.rule, Detail: t.detail, Cells: spread(texts)})
		}
	}
	if s.open.lastRow >= row.number {
		return s.reject(BadRow{Row: row.number, Column: s.open.firstCol, Rule: CellMerged, Detail: s.open.String(), Cells: spread(texts)})
	}
	if last := texts[len(texts)-1].col; last >= s.width {
		detail := strconv.Itoa(last+1) + "/" + strconv.Itoa(s.width)
		return s.reject(BadRow{Row: row.number, Column: -1, Rule: RowFields, Detail: detail, Cells: spread(texts)})
	}
	return s.write(row.number, texts)
}

func (s *xlsxStager) write(number int64, texts []cellText) error {
	s.Rows++
	s.Written++
	s.LastRow = number
	s.out.begin(number)
	for col := range s.width {
		if col > 0 {
			s.out.buf = append(s.out.buf, ',')
		}
		if len(texts) == 0 || texts[0].col != col {
			continue
		}
		if t := texts[0].text; wantsQuotes(t) {
			s.out.quote(t)
		} else {
			s.out.buf = append(s.out.buf, t...)
		}
		texts = texts[1:]
	}
	return s.out.endLine()
}

// wantsQuotes reports a comma, a quote or a line end.
func wantsQuotes(b []byte) bool {
	for _, c := range b {
		if c <= ',' && (c == ',' || c == '"' || c == '\r' || c == '\n') {
			return true
		}
	}
	return false
}
