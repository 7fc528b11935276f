package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// frame is the shape of a sheet, fixed before its first row is written: so that rows are laid out for it.
type frame struct {
	tab        string // tab colour
	widths     []float64
	folded     []int  // columns grouped and folded away, from 1
	columns    int    // last column
	rows       int    // last row
	freezeCol  int    // first column that scrolls, from 1; 0: none
	freezeRow  int    // first row that scrolls, from 1; 0: none
	titles     [2]int // rows repeated on every printed page
	titleCol   int    // with titles: columns repeated on every printed page, from the first; 0: none
	across     int    // printed pages side by side; 0: one
	filter     string // range with filter buttons; "" none
	textColumn string // range of texts that look like numbers, such as employee numbers
	table      string // name of the Excel table over tableCells; "" none
	tableCells string // its range, heads included; they all differ
}

// sheet writes one sheet row by row. Its first error is kept and given by close.
type sheet struct {
	book   *book
	name   string
	frame  frame
	stream *rowStream
	row    int // the row being filled, from 1
	cells  []any
	pool   []excelize.Cell
	apart  []bool // columns of texts that follow numbers: they keep a distance
	links  int
	notes  []note
	sparks []spark
	icons  []string // ranges with arrows
	err    error
}

// open starts a sheet with its frame.
func (b *book) open(name string, f frame) (*sheet, error) {
	if err := b.setUpPage(name, f); err != nil {
		return nil, err
	}
	stream, err := b.newStream(name)
	if err != nil {
		return nil, err
	}
	s := &sheet{book: b, name: name, frame: f, stream: stream, row: 1,
		cells: make([]any, f.columns), pool: make([]excelize.Cell, f.columns), apart: make([]bool, f.columns)}
	for _, col := range f.folded {
		s.keep(stream.SetColOutlineLevel(col, 1))
		s.keep(stream.SetColVisible(col, col, false))
	}
	for i, w := range f.widths {
		s.keep(stream.SetColWidth(i+1, i+1, w))
	}
	s.keep(stream.SetPanes(panes(f)))
	if f.filter != "" {
		s.keep(b.file.AutoFilter(name, f.filter, nil))
		s.keep(b.sheetProperties(name, f)) // the filter has replaced them
	}
	if f.textColumn != "" {
		s.keep(b.file.AddIgnoredErrors(name, f.textColumn, excelize.IgnoredErrorsNumberStoredAsText))
	}
	return s, s.err
}

// setUpPage sets what belongs to the sheet as a whole. It must run before the stream begins.
func (b *book) setUpPage(name string, f frame) error {
	yes, no, zero, across := true, false, 0, max(f.across, 1)
	a4, landscape, zoom := 9, "landscape", 100.0
	if err := b.sheetProperties(name, f); err != nil {
		return err
	}
	if err := b.file.SetSheetDimension(name, "A1:"+address(f.columns, max(f.rows, 1))); err != nil {
		return err
	}
	if err := b.file.SetSheetView(name, 0, &excelize.ViewOptions{ShowGridLines: &no, ZoomScale: &zoom}); err != nil {
		return err
	}
	if err := b.file.SetPageLayout(name, &excelize.PageLayoutOptions{
		Size: &a4, Orientation: &landscape, FitToWidth: &across, FitToHeight: &zero}); err != nil {
		return err
	}
	side, edge, foot := 0.4, 0.6, 0.3
	if err := b.file.SetPageMargins(name, &excelize.PageLayoutMarginsOptions{
		Left: &side, Right: &side, Top: &edge, Bottom: &edge, Header: &foot, Footer: &foot, Horizontally: &yes}); err != nil {
		return err
	}
	pages := b.t("第 &P 页，共 &N 页", "Page &P of &N")
	if err := b.file.SetHeaderFooter(name, &excelize.HeaderFooterOptions{
		OddFooter: "&L&8 " + b.foot + "&C&8" + pages + "&R&8&A"}); err != nil {
		return err
	}
	if f.titles[0] == 0 {
		return nil
	}
	titles := quoted(name) + "!$" + itoa(f.titles[0]) + ":$" + itoa(f.titles[1])
	if f.titleCol > 0 {
		titles = quoted(name) + "!$A:$" + letters(f.titleCol) + "," + titles
	}
	return b.file.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", Scope: name, RefersTo: titles})
}

// sheetProperties sets the colour of the tab, that a printed page takes the sheet's width, and that the + of folded columns stands before them.
func (b *book) sheetProperties(name string, f frame) error {
	yes, no := true, false
	return b.file.SetSheetProps(name, &excelize.SheetPropsOptions{TabColorRGB: &f.tab, FitToPage: &yes, OutlineSummaryRight: &no})
}

// panes freezes rows and columns and puts the cursor on A1.
func panes(f frame) *excelize.Panes {
	if f.freezeCol == 0 && f.freezeRow == 0 {
		return &excelize.Panes{Selection: []excelize.Selection{{SQRef: "A1", ActiveCell: "A1"}}}
	}
	p := &excelize.Panes{Freeze: true, XSplit: max(f.freezeCol-1, 0), YSplit: max(f.freezeRow-1, 0),
		TopLeftCell: address(max(f.freezeCol, 1), max(f.freezeRow, 1)), ActivePane: "bottomRight"}
	if f.freezeCol <= 1 {
		p.ActivePane = "bottomLeft"
	}
	first := excelize.Selection{SQRef: "A1", ActiveCell: "A1", Pane: p.ActivePane}
	p.Selection = []excelize.Selection{first}
	return p
}

func (s *sheet) keep(err error) {
	if s.err == nil {
		s.err = err
	}
}

// put fills a cell of the current row with a text, a number or a date.
func (s *sheet) put(col int, l look, value any) { s.fill(col, l, "", value) }

// formula fills a cell with a formula, written without its equals sign, and the value it has.
func (s *sheet) formula(col int, l look, formula string, value any) { s.fill(col, l, formula, value) }

func (s *sheet) fill(col int, l look, formula string, value any) {
	if l.align == "left" && l.indent == 0 && s.apart[col-1] {
		l.indent = 1
	}
	style, err := s.book.style(l)
	s.keep(err)
	s.set(col, style, formula, value)
}

// set is fill for a style that is known already.
func (s *sheet) set(col, style int, formula string, value any) {
	cell := &s.pool[col-1]
	cell.StyleID, cell.Formula, cell.Value = style, formula, value
	s.cells[col-1] = cell
}

// blank fills the empty cells from one column to another with a look.
func (s *sheet) blank(from, to int, l look) {
	for col := from; col <= to; col++ {
		if s.cells[col-1] == nil {
			s.fill(col, l, "", nil)
		}
	}
}

// end writes the current row; height 0 leaves it to the reader.
func (s *sheet) end(height float64) {
	if s.err == nil {
		s.err = s.stream.SetRow("A"+itoa(s.row), s.cells, excelize.RowOpts{Height: math.Min(height, 400)})
	}
	clear(s.cells)
	s.row++
}

// skip leaves rows empty.
func (s *sheet) skip(rows int) { s.row += rows }

// line writes a text across the sheet, wrapped, in a row high enough for it.
func (s *sheet) line(l look, text string) {
	s.put(1, l, text)
	last := s.frame.columns
	if last > 1 {
		s.keep(s.stream.MergeCell("A"+itoa(s.row), address(last, s.row)))
	}
	lines := wrappedLines(text, s.visibleWidth(1, last)*10/math.Max(l.size, 10))
	s.end(float64(lines)*math.Max(l.size, 10)*1.6 + 2)
}

// visibleWidth adds up the widths of the columns that are not folded away.
func (s *sheet) visibleWidth(from, to int) float64 {
	total := 0.0
	for col := from; col <= to && col <= len(s.frame.widths); col++ {
		total += s.frame.widths[col-1]
	}
	for _, col := range s.frame.folded {
		if col >= from && col <= to {
			total -= s.frame.widths[col-1]
		}
	}
	return total
}

// header writes a row of column heads; heads of the columns named hold texts, the others stand right above their numbers.
func (s *sheet) header(heads []string, texts ...int) {
	lines := 1
	s.stream.name(s.row, heads)
	for i, h := range heads {
		l := headLook
		s.apart[i] = false
		if slices.Contains(texts, i+1) {
			l.align = "left"
			if s.apart[i] = i > 0 && !slices.Contains(texts, i); s.apart[i] {
				l.indent = 1
			}
		}
		s.put(i+1, l, h)
		lines = max(lines, wrappedLines(h, s.frame.widths[i]/1.12))
	}
	s.end(float64(lines)*16 + 6)
}

// close ends the sheet.
func (s *sheet) close() error {
	if s.err != nil {
		return s.err
	}
	if err := s.addTable(); err != nil {
		return fmt.Errorf("sheet %s: %w", s.name, err)
	}
	if err := s.addNotes(); err != nil {
		return fmt.Errorf("sheet %s: %w", s.name, err)
	}
	if err := s.addExtensions(); err != nil {
		return fmt.Errorf("sheet %s: %w", s.name, err)
	}
	return s.stream.Flush()
}

// textWidth is how many half-width characters a text is wide; a Chinese character is two.
func textWidth(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return n + wideWidth(s[i:])
		}
		n++
	}
	return n
}

func wideWidth(s string) int {
	n := 0
	for _, r := range s {
		if r < 0x1100 || (r >= 0x2000 && r < 0x2e80 && r != '—' && r != '…' && r != '“' && r != '”') {
			n++
		} else {
			n += 2
		}
	}
	return n
}

// wrappedLines is how many lines a text takes in a column so wide.
func wrappedLines(text string, width float64) int {
	usable := math.Max(width-1.5, 4)
	lines := 0
	for _, part := range strings.Split(text, "\n") {
		lines += max(1, int(math.Ceil(proseWidth(part)*1.02/usable)))
	}
	return lines
}

// proseWidth is textWidth for running text, in which Latin letters take less room or more than a digit.
func proseWidth(s string) float64 {
	width := float64(textWidth(s))
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case 'i', 'j', 'l', 'f', 't', 'r', 'I', ' ', '.', ',', ';', ':', '\'', '|', '(', ')', '-':
			width -= 0.4
		case 'm', 'w', 'M', 'W', '@':
			width += 0.4
		}
	}
	return width
}

// fit gives the width of a column that holds texts so wide, within limits.
func fit(width int, least, most float64) float64 {
	return math.Min(math.Max(float64(width)*1.08+2.2, least), most)
}

// rowHeight is what a row of body text with so many lines needs; 0 for one line, which every reader gets right.
func rowHeight(lines int) float64 {
	if lines <= 1 {
		return 0
	}
	return float64(lines)*15 + 3
}

// day gives a date as a cell holds it, and nil for none.
func day(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return float64(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix()/86400 + 25569)
}
