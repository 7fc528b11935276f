package reports

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"
	"github.com/xuri/excelize/v2"
)

// rowStream writes the rows of one sheet, and leaves everything else of the sheet to the workbook library. The rows never pass through the library:
// they are written out here as they come and packed beside that in a second thread, and archive puts them into the sheet's part. So they cost a quarter
// of what the library's own stream takes, and whatever belongs to the sheet as a whole may be set before, between and after them.
type rowStream struct {
	file   *excelize.File
	sheet  string
	last   int // row written last
	text   []byte
	heads  map[int][]string // by row: the names of columns that a table may take
	blocks chan []byte
	spare  chan []byte
	done   chan struct{}
	packed packedRows
}

// packedRows are rows as they lie in an archive: a piece of a deflate stream that ends on a byte.
type packedRows struct {
	bytes.Buffer
	size uint64
	crc  uint32
	sum  hash.Hash
}

const (
	rowsPerBlock = 256 << 10 // bytes
	cellLetters  = 32767     // UTF-16 units that a cell may hold
	packLevel    = 3         // of klauspost: 4 % larger than the default, twice as fast
)

// newStream starts the rows of a sheet. Flush ends them.
func (b *book) newStream(sheet string) (*rowStream, error) {
	if _, ok := b.streams[sheet]; ok {
		return nil, fmt.Errorf("sheet %s is written twice", sheet)
	}
	s := &rowStream{file: b.file, sheet: sheet, heads: map[int][]string{}, blocks: make(chan []byte, 4), spare: make(chan []byte, 6), done: make(chan struct{})}
	s.packed.sum = sha256.New()
	if b.streams == nil {
		b.streams = map[string]*rowStream{}
	}
	b.streams[sheet] = s
	go s.pack()
	return s, nil
}

// pack compresses the blocks as they come.
func (s *rowStream) pack() {
	defer close(s.done)
	w, _ := flate.NewWriter(&s.packed, packLevel) // a known level
	for block := range s.blocks {
		s.packed.size += uint64(len(block))
		s.packed.crc = crc32.Update(s.packed.crc, crc32.IEEETable, block)
		s.packed.sum.Write(block)
		_, _ = w.Write(block) // a bytes.Buffer does not fail
		select {
		case s.spare <- block[:0]:
		default:
		}
	}
	_ = w.Flush()
}

// SetRow writes a row that begins at a cell such as A7. Values are texts, numbers, or excelize.Cell with style and formula; nil leaves a cell out.
func (s *rowStream) SetRow(cell string, values []any, opts ...excelize.RowOpts) error {
	col, row, err := excelize.CellNameToCoordinates(cell)
	if err != nil {
		return err
	}
	if row <= s.last || row > excelize.TotalRows {
		return fmt.Errorf("sheet %s: row %d after row %d", s.sheet, row, s.last)
	}
	s.last = row
	if s.text == nil {
		s.text = s.block()
	}
	t := append(s.text, `<row r="`...)
	t = strconv.AppendInt(t, int64(row), 10)
	for _, o := range opts {
		if o.Height > 0 {
			t = append(t, `" ht="`...)
			t = strconv.AppendFloat(t, o.Height, 'f', -1, 64)
			t = append(t, `" customHeight="1`...)
		}
		if o.Hidden {
			t = append(t, `" hidden="1`...)
		}
		if o.OutlineLevel > 0 {
			t = append(t, `" outlineLevel="`...)
			t = strconv.AppendInt(t, int64(o.OutlineLevel), 10)
		}
	}
	t = append(t, `">`...)
	for i, v := range values {
		if v == nil {
			continue
		}
		if t, err = s.cell(t, col+i, row, v); err != nil {
			return fmt.Errorf("sheet %s, cell %s: %w", s.sheet, address(col+i, row), err)
		}
	}
	s.text = append(t, `</row>`...)
	if len(s.text) >= rowsPerBlock {
		s.blocks <- s.text
		s.text = nil
	}
	return nil
}

// block gives an empty block, a used one where there is one.
func (s *rowStream) block() []byte {
	select {
	case b := <-s.spare:
		return b
	default:
		return make([]byte, 0, rowsPerBlock+rowsPerBlock/8)
	}
}

func (s *rowStream) cell(t []byte, col, row int, v any) ([]byte, error) {
	var c excelize.Cell
	switch x := v.(type) {
	case *excelize.Cell:
		c = *x
	case excelize.Cell:
		c = x
	default:
		c.Value = v
	}
	t = append(t, `<c r="`...)
	t = appendAddress(t, col, row)
	if c.StyleID > 0 {
		t = append(t, `" s="`...)
		t = strconv.AppendInt(t, int64(c.StyleID), 10)
	}
	switch x := c.Value.(type) {
	case nil:
		if c.Formula == "" {
			return append(t, `"/>`...), nil
		}
		t = append(appendFormula(append(t, `">`...), c.Formula), `</c>`...)
		return t, nil
	case string:
		return appendText(t, c.Formula, x), nil
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return t, fmt.Errorf("%v is no number", x)
		}
		return appendNumber(t, c.Formula, x), nil
	case int:
		return appendNumber(t, c.Formula, float64(x)), nil
	case int64:
		return appendNumber(t, c.Formula, float64(x)), nil
	case bool:
		n := 0.0
		if x {
			n = 1
		}
		return appendNumber(append(t, `" t="b`...), c.Formula, n), nil
	}
	return t, fmt.Errorf("%T cannot stand in a cell", c.Value)
}

// name says that a row holds names of columns.
func (s *rowStream) name(row int, heads []string) { s.heads[row] = slices.Clone(heads) }

// appendAddress writes an address such as C7.
func appendAddress(t []byte, col, row int) []byte {
	var letters [4]byte
	i := len(letters)
	for ; col > 0; col = (col - 1) / 26 {
		i--
		letters[i] = byte('A' + (col-1)%26)
	}
	t = append(t, letters[i:]...)
	return strconv.AppendInt(t, int64(row), 10)
}

func appendFormula(t []byte, formula string) []byte {
	if formula == "" {
		return t
	}
	t = append(t, `<f>`...)
	t = appendEscaped(t, strings.TrimPrefix(formula, "="))
	return append(t, `</f>`...)
}

func appendNumber(t []byte, formula string, x float64) []byte {
	t = append(t, `">`...)
	t = appendFormula(t, formula)
	t = append(t, `<v>`...)
	if whole := int64(x); float64(whole) == x && whole > -1e15 && whole < 1e15 {
		t = strconv.AppendInt(t, whole, 10)
	} else {
		t = strconv.AppendFloat(t, x, 'f', -1, 64)
	}
	return append(t, `</v></c>`...)
}

// appendText writes a text: beside a formula as its value, else as it stands. It is never read as a formula.
func appendText(t []byte, formula, x string) []byte {
	if formula != "" {
		t = appendFormula(append(t, `" t="str">`...), formula)
		t = appendEscaped(append(t, `<v>`...), x)
		return append(t, `</v></c>`...)
	}
	t = append(t, `" t="inlineStr"><is><t`...)
	if x = cutUnits(x, cellLetters); x != "" && (x[0] <= ' ' || x[len(x)-1] <= ' ' || strings.Contains(x, "\n")) {
		t = append(t, ` xml:space="preserve"`...)
	}
	t = appendEscaped(append(t, '>'), x)
	return append(t, `</t></is></c>`...)
}

// appendEscaped writes a text as XML. What XML cannot hold becomes U+FFFD; an underscore that would read as an escape of Excel's is escaped itself.
func appendEscaped(t []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 || r == 0xFFFE || r == 0xFFFF {
				t = append(append(t, s[from:i]...), "\uFFFD"...)
				from = i + n
			}
			i += n
			continue
		}
		i++
		var put string
		switch {
		case c == '&':
			put = "&amp;"
		case c == '<':
			put = "&lt;"
		case c == '>':
			put = "&gt;"
		case c == '"':
			put = "&#34;"
		case c == '\r':
			put = "&#xD;"
		case c < ' ' && c != '\n' && c != '\t':
			put = "\uFFFD"
		case c == '_' && escapeLike(s[i-1:]):
			put = "_x005F_"
		default:
			continue
		}
		t = append(append(t, s[from:i-1]...), put...)
		from = i
	}
	return append(t, s[from:]...)
}

// escapeLike reports whether a text begins with what Excel reads as one character: _x0041_.
func escapeLike(s string) bool {
	if len(s) < 7 || s[1] != 'x' || s[6] != '_' {
		return false
	}
	for _, c := range []byte(s[2:6]) {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
			return false
		}
	}
	return true
}

// Flush ends the rows.
func (s *rowStream) Flush() error {
	if len(s.text) > 0 {
		s.blocks <- s.text
		s.text = nil
	}
	s.stop()
	return nil
}

// stop ends the packing, once.
func (s *rowStream) stop() {
	select {
	case <-s.done:
	default:
		close(s.blocks)
		<-s.done
	}
}

// What belongs to the sheet as a whole goes to the library.

// MergeCell makes one cell of those from one corner to the other.
func (s *rowStream) MergeCell(from, to string) error { return s.file.MergeCell(s.sheet, from, to) }

// InsertPageBreak begins a printed page at a cell.
func (s *rowStream) InsertPageBreak(cell string) error {
	return s.file.InsertPageBreak(s.sheet, cell)
}

// SetColWidth sets the width of the columns from one to another, in letters.
func (s *rowStream) SetColWidth(from, to int, width float64) error {
	return s.file.SetColWidth(s.sheet, letters(from), letters(to), width)
}

// SetColOutlineLevel groups a column.
func (s *rowStream) SetColOutlineLevel(col int, level uint8) error {
	return s.file.SetColOutlineLevel(s.sheet, letters(col), level)
}

// SetColVisible shows or folds the columns from one to another away.
func (s *rowStream) SetColVisible(from, to int, visible bool) error {
	return s.file.SetColVisible(s.sheet, letters(from)+":"+letters(to), visible)
}

// SetPanes freezes rows and columns.
func (s *rowStream) SetPanes(p *excelize.Panes) error { return s.file.SetPanes(s.sheet, p) }

// AddTable makes a table of rows that are written; the first must have been given names.
func (s *rowStream) AddTable(t *excelize.Table) error {
	from, to, ok := strings.Cut(t.Range, ":")
	left, top, err := excelize.CellNameToCoordinates(from)
	right, _, err2 := excelize.CellNameToCoordinates(to)
	if !ok || errors.Join(err, err2) != nil {
		return fmt.Errorf("table %s: %q is no range", t.Name, t.Range)
	}
	heads := s.heads[top]
	for col := left; col <= right; col++ {
		if col > len(heads) || heads[col-1] == "" {
			return fmt.Errorf("table %s: %s holds no name of a column", t.Name, address(col, top))
		}
		if err := s.file.SetCellStr(s.sheet, address(col, top), heads[col-1]); err != nil {
			return err
		}
	}
	return s.file.AddTable(s.sheet, t)
}

// crcOfBoth is the CRC-32 of two pieces, one after the other: that of the first, moved on by the length of the second, and that of the second.
func crcOfBoth(first, second uint32, length uint64) uint32 {
	shift, step := uint32(1)<<31, uint32(1)<<23 // x⁰ and x⁸, lowest power first
	for n := length; n > 0; n >>= 1 {
		if n&1 == 1 {
			shift = crcTimes(step, shift)
		}
		step = crcTimes(step, step)
	}
	return crcTimes(shift, first) ^ second
}

// crcTimes multiplies two polynomials modulo the one of CRC-32.
func crcTimes(a, b uint32) (product uint32) {
	for bit := uint32(1) << 31; bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		if b&1 == 1 {
			b = b>>1 ^ crc32.IEEE
		} else {
			b >>= 1
		}
	}
	return product
}
