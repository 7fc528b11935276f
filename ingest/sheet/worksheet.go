package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// worksheet is one sheet, with what was learnt while surveying it.
type worksheet struct {
	name, part    string
	hidden        bool
	filled        int64 // rows that hold something
	hiddenRows    int64 // of those, hidden or filtered
	lastRow       int64 // last row element
	declaredRow   int64 // last row according to the dimension
	hiddenColumns []int // from 0
	merges        []area
}

// area is a rectangle of cells; rows from 1, columns from 0, ends included.
type area struct {
	firstRow, lastRow int64
	firstCol, lastCol int
}

func (a area) String() string {
	return columnName(a.firstCol) + strconv.FormatInt(a.firstRow, 10) + ":" + columnName(a.lastCol) + strconv.FormatInt(a.lastRow, 10)
}

// cellFault says which cell makes a workbook damaged.
type cellFault struct {
	row    int64
	column string
	say    string
}

func (e *cellFault) Error() string { return e.column + strconv.FormatInt(e.row, 10) + ": " + e.say }

// span is a stretch of a row's arena.
type span struct{ from, to int }

// cell is one cell as the part tells it, not yet turned into text.
type cell struct {
	col     int // from 0
	kind    cellKind
	style   int
	value   span
	formula span
	valued  bool // has a value element
	counted bool // has a formula
	index   int  // of a shared string
}

// cellKind is what the t attribute of a cell says.
type cellKind byte

const (
	kindNumber  cellKind = iota // n, or no attribute
	kindShared                  // s: the number of a shared string
	kindFormula                 // str: the text that a formula gave
	kindInline                  // inlineStr
	kindTruth                   // b
	kindError                   // e
	kindDate                    // d: a date of ISO 8601
)

// kindOf gives the kind that a t attribute names.
func kindOf(t string) (kind cellKind, ok bool) {
	switch t {
	case "n":
		return kindNumber, true
	case "s":
		return kindShared, true
	case "str":
		return kindFormula, true
	case "inlineStr":
		return kindInline, true
	case "b":
		return kindTruth, true
	case "e":
		return kindError, true
	case "d":
		return kindDate, true
	}
	return 0, false
}

// free reports a kind whose value is any text, blanks included.
func (k cellKind) free() bool { return k == kindFormula || k == kindInline }

// sheetRow is one row element.
type sheetRow struct {
	number int64
	digits []byte // of number
	hidden bool
	cells  []cell
	size   int // bytes of text of the cells, formulas included
	arena  []byte
}

// lastColumn gives the column of the last cell so far, -1 = none.
func (r *sheetRow) lastColumn() int {
	if len(r.cells) == 0 {
		return -1
	}
	return r.cells[len(r.cells)-1].col
}

func (r *sheetRow) bytes(s span) []byte { return r.arena[s.from:s.to] }

// rowReader reads a worksheet part row by row. It refuses what is out of order or out of range, and reads the XML strictly.
type rowReader struct {
	w        *Workbook
	sheet    *worksheet
	body     io.Closer
	x        *xmlScanner
	main     string // prefix of the spreadsheet's elements
	tags     cellTags
	section  string // the child of worksheet that is open
	data     bool   // a sheetData element was seen
	learning bool   // collect what surveying is for
	row      sheetRow
}

func (w *Workbook) rows(s *worksheet) (*rowReader, error) {
	body, err := w.open(s.part)
	if err != nil {
		return nil, err
	}
	return &rowReader{w: w, sheet: s, body: body, x: newXMLScanner(body)}, nil
}

// next gives the next row, valid until the following call, or io.EOF once the part is read to its end.
func (r *rowReader) next() (*sheetRow, error) {
	for {
		tok, err := r.x.next()
		switch {
		case err != nil:
		case tok == xmlEOF && !r.data:
			err = errors.New("the sheet has no sheetData")
		case tok == xmlEOF:
			return nil, io.EOF
		case tok == xmlText && r.section == "sheetData" && len(bytes.TrimSpace(r.x.text)) > 0:
			err = errors.New("text between rows")
		case tok == xmlStart:
			var found bool
			if found, err = r.element(); found && err == nil {
				return &r.row, nil
			}
		}
		if err != nil {
			return nil, damaged(r.sheet.part, err)
		}
	}
}

// element handles a start tag outside of rows, or reads a whole row.
func (r *rowReader) element() (row bool, err error) {
	x := r.x
	local := x.local()
	switch x.depth() {
	case 1:
		r.main = x.prefix()
		r.tags = tagsOf(r.main)
		if local != "worksheet" {
			return false, fmt.Errorf("root element %.40q is no worksheet", local)
		}
		return false, nil
	case 2:
		r.section = local
		if local == "sheetData" {
			if r.data || x.prefix() != r.main {
				return false, errors.New("more than one sheetData")
			}
			r.data = true
		}
		if local == "dimension" && r.learning {
			r.dimension()
		}
		return false, nil
	}
	switch {
	case r.section == "sheetData":
		if local != "row" || x.prefix() != r.main || x.depth() != 3 {
			return false, fmt.Errorf("unexpected element %.40q among the rows", x.name)
		}
		return true, r.readRow()
	case !r.learning || x.depth() != 3:
	case r.section == "cols" && local == "col":
		return false, r.hiddenColumn()
	case r.section == "mergeCells" && local == "mergeCell":
		return false, r.merge()
	}
	return false, nil
}

// dimension notes the last row that the part claims; a claim that cannot be read claims nothing.
func (r *rowReader) dimension() {
	ref, _ := r.x.attr("ref")
	if a, ok := parseArea(ref); ok {
		r.sheet.declaredRow = a.lastRow
	}
}

func (r *rowReader) hiddenColumn() error {
	if !isTrue(r.x, "hidden") {
		return nil
	}
	first, err1 := numberAttr(r.x, "min")
	last, err2 := numberAttr(r.x, "max")
	if err1 != nil || err2 != nil || first < 1 || last < first || last > maxSheetCol {
		return errors.New("column settings out of range")
	}
	for c := first - 1; c < last && len(r.sheet.hiddenColumns) < maxSheetCol; c++ {
		r.sheet.hiddenColumns = append(r.sheet.hiddenColumns, c)
	}
	return nil
}

func (r *rowReader) merge() error {
	ref, _ := r.x.attr("ref")
	a, ok := parseArea(ref)
	if !ok {
		return fmt.Errorf("merged area %.40q", ref)
	}
	if r.sheet.merges = append(r.sheet.merges, a); len(r.sheet.merges) > maxMerges {
		return tooLarge(textf("工作表“%[1]s”的合并区域超过 131,072 个", `more than 131,072 merged areas in sheet "%[1]s"`, r.sheet.name))
	}
	return nil
}

func isTrue(x *xmlScanner, name string) bool {
	v, _ := x.attr(name)
	return v == "1" || v == "true"
}

// readRow reads the open row element to its end.
func (r *rowReader) readRow() error {
	row := &r.row
	row.cells, row.arena, row.size = row.cells[:0], row.arena[:0], 0
	number := r.rowNumber()
	if number <= r.lastNumber() || number > maxSheetRow {
		return &cellFault{row: number, say: fmt.Sprintf("row number out of order or out of range, behind row %d", r.lastNumber())}
	}
	row.number = number
	row.digits = strconv.AppendInt(row.digits[:0], number, 10)
	height, _ := r.x.attr("ht")
	row.hidden = isTrue(r.x, "hidden") || isTrue(r.x, "customHeight") && strings.Trim(height, "0.") == "" && height != ""
	for depth := r.x.depth(); ; {
		if row.size > maxRecord {
			return r.longRow()
		}
		if r.plainCell() {
			continue
		}
		tok, err := r.x.next()
		switch {
		case err != nil:
			return err
		case tok == xmlEnd && r.x.depth() < depth:
			return nil
		case tok == xmlText && len(bytes.TrimSpace(r.x.text)) > 0:
			return &cellFault{row: number, say: "text between cells"}
		case tok == xmlStart && r.x.local() == "extLst":
			err = skip(r.x)
		case tok == xmlStart && (r.x.local() != "c" || r.x.prefix() != r.main):
			err = &cellFault{row: number, say: fmt.Sprintf("unexpected element %.40q", r.x.name)}
		case tok == xmlStart:
			err = r.readCell()
		}
		if err != nil {
			return err
		}
	}
}

func (r *rowReader) longRow() error {
	e := tooLarge(textf("工作表“%[1]s”第 %[2]d 行的文字超过 8 MiB", `more than 8 MiB of text in row %[2]d of sheet "%[1]s"`,
		r.sheet.name, r.row.number))
	e.Row = r.row.number
	return e
}

// lastNumber gives the number of the row before.
func (r *rowReader) lastNumber() int64 { return r.row.number }

// rowNumber gives the r attribute, or the number behind the row before. 0 is out of range.
func (r *rowReader) rowNumber() int64 {
	s, ok := r.x.attr("r")
	if !ok {
		return r.lastNumber() + 1
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0
	}
	return int64(n)
}

// readCell reads the open c element to its end.
func (r *rowReader) readCell() error {
	row := &r.row
	before := row.lastColumn()
	c := cell{col: before + 1}
	if ref, ok := r.x.attr("r"); ok {
		col, number, good := parseRef(ref)
		if !good || number != row.number || col <= before {
			return &cellFault{row: row.number, say: fmt.Sprintf("cell %.40q is out of order", ref)}
		}
		c.col = col
	}
	if c.col >= maxSheetCol {
		return &cellFault{row: row.number, say: "more than 16,384 columns"}
	}
	style, err := numberAttr(r.x, "s")
	if err != nil || style > 0 && style >= len(r.w.formats) {
		return r.fault(c, "cell format out of range")
	}
	c.style = style
	if kind, ok := r.x.attr("t"); ok {
		if c.kind, ok = kindOf(kind); !ok {
			return r.fault(c, fmt.Sprintf("unknown cell type %.20q", kind))
		}
	}
	if err := r.cellParts(&c); err != nil {
		return err
	}
	if err := r.checkValue(&c); err != nil {
		return err
	}
	r.keep(c)
	return nil
}

// keep puts a cell into the row. A shared text counts wherever it stands: it is short in the file, but not once it is staged.
func (r *rowReader) keep(c cell) {
	row := &r.row
	row.size += c.value.to - c.value.from + c.formula.to - c.formula.from
	switch {
	case !c.valued:
	case c.kind == kindShared:
		row.size += len(r.w.strings.at(c.index))
	case c.kind == kindNumber:
		f := r.w.format(c)
		row.size += len(f.prefix) + f.zeros + len(f.unit.before) + len(f.unit.behind)
	}
	row.cells = append(row.cells, c)
}

func (r *rowReader) fault(c cell, say string) error {
	return &cellFault{row: r.row.number, column: columnName(c.col), say: say}
}

// cellParts reads value, formula and inline text of the open c element.
func (r *rowReader) cellParts(c *cell) error {
	row := &r.row
	for depth := r.x.depth(); ; {
		tok, err := r.x.next()
		if err != nil {
			return err
		}
		if tok == xmlEnd && r.x.depth() < depth {
			return nil
		}
		if tok == xmlText && len(bytes.TrimSpace(r.x.text)) > 0 {
			return r.fault(*c, "text outside of a value")
		}
		if tok != xmlStart {
			continue
		}
		from := len(row.arena)
		switch name := r.x.local(); {
		case name == "extLst":
			err = skip(r.x)
		case r.x.prefix() != r.main, name == "v" && c.valued, name == "is" && c.valued, name == "f" && c.counted:
			err = r.fault(*c, fmt.Sprintf("unexpected element %.40q", r.x.name))
		case name == "f":
			row.arena, err = elementText(r.x, row.arena)
			c.formula, c.counted = span{from, len(row.arena)}, true
		case name == "v" && c.kind != kindInline:
			row.arena, err = elementText(r.x, row.arena)
			c.value, c.valued = span{from, len(row.arena)}, true
		case name == "is" && c.kind == kindInline:
			row.arena, err = richText(r.x, row.arena)
			c.value, c.valued = span{from, len(row.arena)}, true
		default:
			err = r.fault(*c, fmt.Sprintf("unexpected element %.40q", r.x.name))
		}
		if err != nil {
			return err
		}
	}
}

// checkValue checks a value against its type; a shared string must exist.
func (r *rowReader) checkValue(c *cell) error {
	if !c.kind.free() {
		c.value = r.row.trim(c.value)
	}
	value := r.row.bytes(c.value)
	switch {
	case !c.valued:
	case len(value) == 0:
		c.valued = c.kind.free()
	case c.kind == kindShared:
		var ok bool
		if c.index, ok = digits(value); !ok || c.index >= len(r.w.strings.ends) {
			return r.fault(*c, fmt.Sprintf("shared string %.20q does not exist (there are %d)", value, len(r.w.strings.ends)))
		}
	case c.kind == kindTruth:
		if !slices.Contains([]string{"0", "1", "true", "false"}, string(value)) {
			return r.fault(*c, fmt.Sprintf("truth value %.20q", value))
		}
	case c.kind == kindNumber:
		if !isNumber(value) {
			return r.fault(*c, fmt.Sprintf("number %.40q", value))
		}
	}
	return nil
}

// trim takes the blanks of XML from both ends of a stretch.
func (r *sheetRow) trim(s span) span {
	for s.from < s.to && isXMLBlank(r.arena[s.from]) {
		s.from++
	}
	for s.from < s.to && isXMLBlank(r.arena[s.to-1]) {
		s.to--
	}
	return s
}

// cellTags are the tags of a sheet's cells as nearly all programs write them, with the prefix of the sheet's elements.
type cellTags struct{ open, value, valueEnd, inline, spaced, inlineEnd, end string }

func tagsOf(prefix string) cellTags {
	start, end := "<"+prefix, "</"+prefix
	return cellTags{
		open: start + "c ", end: end + "c>",
		value: start + "v>", valueEnd: end + "v>" + end + "c>",
		inline: start + "is>" + start + "t>", spaced: start + "is>" + start + `t xml:space="preserve">`, inlineEnd: end + "t>" + end + "is>" + end + "c>",
	}
}

// plainCell reads the next cell if it is written as nearly all are, such as <c r="B7" s="1" t="s"><v>12</v></c>, stands whole in the
// scanner's buffer and is sound. readCell would read the same, but in many steps. Of all else nothing is read, and readCell judges it.
func (r *rowReader) plainCell() bool {
	row, rest := &r.row, r.x.buf[r.x.pos:r.x.end]
	if r.x.pending || len(rest) < len(r.tags.open) || string(rest[:len(r.tags.open)]) != r.tags.open {
		return false
	}
	c := cell{col: -1}
	at := r.plainAttributes(&c, rest, len(r.tags.open))
	if at == 0 || c.col < 0 {
		return false
	}
	text, size := r.plainContent(&c, rest[at:])
	if size == 0 || len(text) > maxCell {
		return false
	}
	from := len(row.arena)
	row.arena = append(row.arena, text...)
	if c.valued {
		row.arena = unescapeX(row.arena, from)
	}
	if c.value = (span{from, len(row.arena)}); r.checkValue(&c) != nil {
		row.arena = row.arena[:from]
		return false
	}
	r.keep(c)
	r.x.pos += at + size
	return true
}

// plainAttributes reads r, s and t, each at most once, and gives the place behind them, or 0.
func (r *rowReader) plainAttributes(c *cell, rest []byte, at int) int {
	for seen := 0; at+4 < len(rest) && rest[at+1] == '=' && rest[at+2] == '"'; at++ {
		value := rest[at+3:]
		n := bytes.IndexByte(value[:min(len(value), 16)], '"')
		if n < 0 {
			return 0
		}
		which := r.plainAttribute(c, rest[at], value[:n])
		if which == 0 || seen&which != 0 {
			return 0
		}
		seen |= which
		if at += n + 4; at == len(rest) || rest[at] != ' ' {
			return at
		}
	}
	return 0
}

// plainAttribute takes one attribute in and gives a bit that stands for its name, or 0.
func (r *rowReader) plainAttribute(c *cell, name byte, value []byte) int {
	switch name {
	case 'r':
		if col, ok := columnOf(value, r.row.digits); ok && col > r.row.lastColumn() && col < maxSheetCol {
			c.col = col
			return 1
		}
	case 's':
		if style, ok := digits(value); ok && style < len(r.w.formats) {
			c.style = style
			return 2
		}
	case 't':
		if kind, ok := kindOf(string(value)); ok {
			c.kind = kind
			return 4
		}
	}
	return 0
}

// columnOf gives the column of a cell reference whose row has these digits.
func columnOf(ref, row []byte) (col int, ok bool) {
	letters := len(ref) - len(row)
	if letters < 1 || letters > 3 || !bytes.Equal(ref[letters:], row) {
		return 0, false
	}
	for _, l := range ref[:letters] {
		if l < 'A' || l > 'Z' {
			return 0, false
		}
		col = col*26 + int(l-'A') + 1
	}
	return col - 1, true
}

// digits gives the value of a text of digits that is at most 2,147,483,647.
func digits(b []byte) (n int, ok bool) {
	for _, d := range b {
		if d < '0' || d > '9' {
			return 0, false
		}
		if n = n*10 + int(d-'0'); n > math.MaxInt32 {
			return 0, false
		}
	}
	return n, len(b) > 0
}

// plainContent reads the rest of a cell behind its attributes and gives its text, and the size of all that, or 0.
func (r *rowReader) plainContent(c *cell, rest []byte) (text []byte, size int) {
	tags := &r.tags
	switch {
	case len(rest) > 1 && rest[0] == '/' && rest[1] == '>':
		return nil, 2
	case len(rest) == 0 || rest[0] != '>':
		return nil, 0
	}
	rest = rest[1:]
	c.valued = true
	switch {
	case c.kind != kindInline:
		text, size = enclosed(rest, tags.value, tags.valueEnd)
	default:
		if text, size = enclosed(rest, tags.inline, tags.inlineEnd); size == 0 {
			text, size = enclosed(rest, tags.spaced, tags.inlineEnd)
		}
	}
	if size == 0 {
		if size = len(tags.end); len(rest) < size || string(rest[:size]) != tags.end {
			return nil, 0
		}
		c.valued = false
	}
	return text, size + 1
}

// maxVolume is the limit of the text in all cells of a workbook, in bytes.
const maxVolume = 4 << 30

// survey reads a sheet to its end and notes what staging and the reader must know.
func (w *Workbook) survey(s *worksheet) error {
	rows, err := w.rows(s)
	if err != nil {
		return err
	}
	defer rows.body.Close()
	rows.learning = true
	for {
		row, err := rows.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if w.volume += int64(row.size); w.volume > maxVolume {
			return tooLarge(text("单元格文字总量超过 4 GiB", "more than 4 GiB of text in the cells"))
		}
		s.lastRow = row.number
		if slices.ContainsFunc(row.cells, func(c cell) bool { return w.holds(row, c) }) {
			s.filled++
			if row.hidden {
				s.hiddenRows++
			}
		}
	}
	slices.SortStableFunc(s.merges, func(a, b area) int { return int(a.firstRow - b.firstRow) })
	return nil
}

// holds reports whether a cell has something in it.
func (w *Workbook) holds(row *sheetRow, c cell) bool {
	switch {
	case c.counted && !c.valued:
		return true
	case !c.valued:
		return false
	case c.kind == kindShared:
		return !blank(w.strings.at(c.index), ' ')
	}
	return !blank(row.bytes(c.value), ' ')
}

// columnName gives the letters of a column: 0 is A, 26 is AA.
func columnName(col int) string {
	name := ""
	for n := col + 1; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return name
}

// parseRef reads a cell reference such as B7.
func parseRef(ref string) (col int, row int64, ok bool) {
	i := 0
	for ; i < len(ref) && i < 4 && ref[i] >= 'A' && ref[i] <= 'Z'; i++ {
		col = col*26 + int(ref[i]-'A') + 1
	}
	n, err := strconv.ParseUint(ref[i:], 10, 31)
	return col - 1, int64(n), i > 0 && err == nil && n > 0 && n <= maxSheetRow && col <= maxSheetCol
}

// parseArea reads B2:D5 or B2.
func parseArea(ref string) (a area, ok bool) {
	first, last, two := strings.Cut(ref, ":")
	if !two {
		last = first
	}
	var ok1, ok2 bool
	a.firstCol, a.firstRow, ok1 = parseRef(first)
	a.lastCol, a.lastRow, ok2 = parseRef(last)
	return a, ok1 && ok2 && a.firstCol <= a.lastCol && a.firstRow <= a.lastRow
}
