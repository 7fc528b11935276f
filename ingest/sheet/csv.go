package sheet

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Dialect is how a CSV file is written.
type Dialect struct {
	Encoding  string // UTF8, UTF16LE, UTF16BE, GB18030 or Windows1252
	BOM       bool   // the file begins with a byte order mark
	Delimiter byte   // ',' ';' '\t' or '|', or what was declared
	// Guarded says that cells read ="0012", so that Excel keeps the zeros: the text in quotes is meant.
	Guarded bool `json:",omitempty"`

	old bool // as before there were editions
}

// Row is one row as text.
type Row struct {
	Number int64 // physical row, from 1; of a CSV record the line on which it begins
	Cells  []string
	// Below is how many physical rows further down belong to it: a header whose cells are merged over two rows has the names of its
	// groups in the first and those of the columns in the second.
	Below int64
}

// End gives the last physical row that belongs to the row.
func (r Row) End() int64 { return r.Number + r.Below }

// Staged counts what became of the data records, those below the header. Rows = Written + len(Bad) always.
type Staged struct {
	Rows       int64    // data records, blank ones not counted
	Written    int64    // staging lines
	Bad        []BadRow // in file order, one per row that could not be staged
	Blank      int64    // records without any cell that is not blank
	Hidden     int64    // hidden or filtered rows among Rows (XLSX)
	BareQuotes int64    // rows in which a quote inside an unquoted cell was taken as it stands (CSV)
	LastRow    int64    // physical row of the last data record, 0 = none
	Longest    int      // bytes of the longest staging line; DuckDB needs max_line_size above it when it is over 2,000,000
	// Ascending says that the first cells of the staging lines are ids of printable ASCII without blanks and quotes, each greater
	// than the one before byte by byte: none occurs twice.
	Ascending bool
	// Plain says what the cells of each column have in common; nil when nobody looked (other formats than CSV).
	Plain []Plain
}

// Rules of a BadRow.
const (
	RowFields       = "row.fields"
	TextUndecodable = "text.undecodable"
	TextControl     = "text.control"
	CellError       = "cell.error"
	CellNoValue     = "cell.no_value"
	CellMerged      = "cell.merged"
	JSONLine        = "json.line"          // a line that is not JSON (NDJSON)
	JSONNotObject   = "json.not_object"    // a record that is not an object
	JSONTwice       = "json.duplicate_key" // two members of one object, or two of its fields, have the same name
	JSONDepth       = "json.depth"         // objects and lists nested more than 64 deep
)

// BadRow is a row that could not be staged, with its first fault.
type BadRow struct {
	Row    int64
	Column int    // from 0; -1 = the whole row
	Value  string // the cell as in the file; what cannot be seen or decoded is escaped as \xNN or \uNNNN
	Rule   string
	// Detail is the same in every language:
	//
	//	row.fields        "3/5": fields found and expected; "quote": text stands behind a closing quote
	//	text.undecodable  offset of the byte in the file, from 0 (CSV, JSON), the escape that is no character, such as "\ud800" (JSON),
	//	                  the cell's address (XLSX), or the field (Parquet, Arrow); of a row of UTF-8 in a GB18030 file (CSV, NDJSON)
	//	                  the offset of its first byte that is not ASCII
	//	text.control      the character, such as "U+202E", and in XLSX the cell's address behind a blank
	//	cell.error        address, and the formula if there is one: "C7 =A7/B7"
	//	cell.no_value     address and formula
	//	cell.merged       the merged area, such as "A2:A5"
	//	json.line         place in the record's text, from 1, where it stops being JSON
	//	json.duplicate_key  the name
	//	json.not_object, json.depth  ""
	Detail string
	Cells  []string // the whole row, escaped like Value; with the rules json.* its text as one cell, cut at 4 KiB
}

// ledge collects the outcome of staging and keeps the count of bad rows in bounds.
type ledge struct {
	Staged
	badBytes int
}

func (l *ledge) reject(bad BadRow) error {
	l.Rows++
	l.LastRow = bad.Row
	for _, c := range bad.Cells {
		l.badBytes += len(c) + 16
	}
	if len(l.Bad) >= maxBadRows || l.badBytes > maxBadBytes {
		e := refuse(FileLimit,
			textf("到第 %[1]d 行为止，结构有误的行已有 %[2]d 行，超过上限（10 万行或 64 MiB），多半是选错了文件或分隔符。",
				"Up to row %[1]d there are %[2]d rows with a broken structure, above the limit (100,000 rows or 64 MiB): probably the wrong file or delimiter.", bad.Row, len(l.Bad)+1),
			text("请打开文件核对列数与编码后重新导出。", "Open the file, check its columns and encoding, and export it again."))
		e.Row = bad.Row
		return e
	}
	l.Bad = append(l.Bad, bad)
	return nil
}

// stageWriter writes staging lines in large blocks.
type stageWriter struct {
	w     io.Writer
	buf   []byte
	delim byte
	start int // of the open line in buf
	most  int // bytes of the longest line
	ids   ascent
}

func newStageWriter(w io.Writer, delim byte) *stageWriter {
	return &stageWriter{w: w, delim: delim, buf: make([]byte, 0, blockSize+64<<10)}
}

// begin starts a line with its row number.
func (o *stageWriter) begin(row int64) {
	o.start = len(o.buf)
	o.buf = strconv.AppendInt(o.buf, row, 10)
	o.buf = append(o.buf, o.delim)
}

// endLine ends a line.
func (o *stageWriter) endLine() error {
	o.ids.see(o.buf[o.start:], o.delim)
	o.buf = append(o.buf, '\n')
	o.most = max(o.most, len(o.buf)-o.start)
	if len(o.buf) < blockSize {
		return nil
	}
	return o.flush()
}

// ascent tells whether the first cells of all lines are plain ids in ascending order.
type ascent struct {
	last   []byte
	broken bool
}

// see takes in a line that begins with its row number.
func (a *ascent) see(line []byte, delim byte) {
	if a.broken {
		return
	}
	cell := line[bytes.IndexByte(line, delim)+1:]
	if end := bytes.IndexByte(cell, delim); end >= 0 {
		cell = cell[:end]
	}
	for _, c := range cell {
		if c <= ' ' || c > '~' || c == '"' {
			a.broken = true
			return
		}
	}
	if a.broken = bytes.Compare(a.last, cell) >= 0; !a.broken {
		a.last = append(a.last[:0], cell...)
	}
}

func (o *stageWriter) flush() error {
	_, err := o.w.Write(o.buf)
	o.buf = o.buf[:0]
	if err != nil {
		return fmt.Errorf("write staging file: %w", err)
	}
	return nil
}

// quote appends a cell in quotes.
func (o *stageWriter) quote(cell []byte) {
	o.buf = append(o.buf, '"')
	for {
		i := bytes.IndexByte(cell, '"')
		if i < 0 {
			break
		}
		o.buf = append(append(o.buf, cell[:i+1]...), '"')
		cell = cell[i+1:]
	}
	o.buf = append(append(o.buf, cell...), '"')
}

// StageCSV writes one staging line per data record of r, a file of dialect d, to w: the physical row number and width cells,
// separated by d.Delimiter. Data records are those that begin behind line headerRow; 0 means that there is no header.
// A record of the wrong width is bad, except that empty cells behind the header's last column are dropped.
func StageCSV(r io.Reader, d Dialect, headerRow int64, width int, w io.Writer) (Staged, error) {
	if width > maxColumns && headerRow > 0 {
		return Staged{}, wideHeader(headerRow, width)
	}
	if width < 1 || width > maxColumns || headerRow < 0 {
		return Staged{}, fmt.Errorf("stage CSV: header row %d of %d columns is out of range", headerRow, width)
	}
	if !delimits(d.Delimiter) {
		return Staged{}, fmt.Errorf("stage CSV: %q cannot be a delimiter", d.Delimiter)
	}
	src, err := newTextReader(r, d)
	if err != nil {
		return Staged{}, err
	}
	s := csvStager{src: src, out: newStageWriter(w, d.Delimiter), width: width, delim: d.Delimiter, marked: d.Encoding != UTF8, guarded: d.Guarded, old: d.old, plain: newObserver(width)}
	if d.Encoding == GB18030 {
		s.strays = src.watch()
	}
	scan := newScanner(src, d.Delimiter)
	for {
		rec, err := scan.next()
		if err == io.EOF {
			s.Longest, s.Ascending, s.Plain = s.out.most, !s.out.ids.broken, s.plain
			return s.Staged, s.out.flush()
		}
		if err == nil && rec.line > headerRow {
			err = s.put(rec)
		}
		if err != nil {
			return s.Staged, err
		}
	}
}

type csvStager struct {
	ledge
	src     *textReader
	strays  *strays // of a GB18030 file
	out     *stageWriter
	width   int
	delim   byte
	marked  bool
	guarded bool
	old     bool
	scratch []byte
	comma   [1]byte
	plain   observer
}

// put writes, rejects or counts one record.
func (s *csvStager) put(r *record) error {
	if r.blank(s.delim) {
		s.Blank++
		return nil
	}
	if s.strays != nil {
		if at, found := s.strays.find(r.line, r.lastLine(), r.raw); found {
			return s.rejectStray(r, at)
		}
	}
	if !r.plain {
		return s.putQuoted(r)
	}
	s.comma[0] = s.delim
	n := bytes.Count(r.raw, s.comma[:]) + 1
	if n > maxColumns {
		return tooLong(r.line, text("10,000 列", "10,000 columns"))
	}
	raw := r.raw
	for n > s.width && raw[len(raw)-1] == s.delim {
		raw = raw[:len(raw)-1]
		n--
	}
	if n != s.width {
		return s.rejectFields(r, n)
	}
	for i, rest := 0, raw; ; i++ {
		end := bytes.IndexByte(rest, s.delim)
		if end < 0 {
			s.plain.see(i, rest)
			break
		}
		s.plain.see(i, rest[:end])
		rest = rest[end+1:]
	}
	return s.write(r.line, raw)
}

func (s *csvStager) write(line int64, raw []byte) error {
	s.Rows++
	s.Written++
	s.LastRow = line
	s.out.begin(line)
	s.out.buf = append(s.out.buf, raw...)
	return s.out.endLine()
}

func (s *csvStager) rejectFields(r *record, found int) error {
	detail := strconv.Itoa(found) + "/" + strconv.Itoa(s.width)
	return s.reject(BadRow{Row: r.line, Column: -1, Rule: RowFields, Detail: detail, Cells: r.cells(s.delim, s.marked)})
}

// putQuoted handles a record that was read cell by cell. It is copied as it stands unless quotes stand at odd places.
func (s *csvStager) putQuoted(r *record) error {
	bare, others, torn := false, false, -1
	for i, f := range r.fields {
		cell := f.content(r.raw, s.scratch)
		s.keep(cell, f)
		inner, meant := s.meant(cell)
		if !f.quoted && !s.old { // shops and banks write a TAB behind ids, so that Excel leaves them alone
			inner = bytes.Trim(inner, "\t")
		}
		if !clean(inner, f.quoted) {
			if found := findFault(inner, f.quoted); found.rule != "" {
				return s.rejectText(r, i, found, cell)
			}
		}
		if f.torn && torn < 0 {
			torn = i
		}
		bare, others = bare || f.bare && !f.torn && !meant, others || meant
	}
	if torn >= 0 {
		value := escape(r.fields[torn].content(r.raw, nil), s.marked)
		return s.reject(BadRow{Row: r.line, Column: torn, Value: value, Rule: RowFields, Detail: "quote", Cells: r.cells(s.delim, s.marked)})
	}
	n := len(r.fields)
	for n > s.width && len(r.fields[n-1].content(r.raw, nil)) == 0 {
		n--
	}
	if n != s.width {
		return s.rejectFields(r, n)
	}
	for i, f := range r.fields[:n] {
		cell := f.content(r.raw, s.scratch)
		s.keep(cell, f)
		cell, _ = s.meant(cell)
		s.plain.see(i, cell)
	}
	if !bare && !others {
		return s.write(r.line, r.raw[:r.fields[n-1].to])
	}
	if bare {
		s.BareQuotes++
	}
	return s.rewrite(r, n)
}

// meant gives the text that a cell is about where it is not the cell as it stands: within a guard such as ="0012", or without characters that take no room at
// its ends, which must not get into the books: nobody sees them, and two texts that look alike would differ.
func (s *csvStager) meant(cell []byte) (text []byte, other bool) {
	text = cell
	if s.guarded {
		text, other = unguarded(cell)
	}
	if !s.old && !clean(text, true) {
		if inner := bytes.TrimFunc(text, func(r rune) bool { return weightless(r) || strings.ContainsRune(" \t\u00a0\u3000", r) }); len(inner) < len(text) && clean(inner, true) {
			return inner, true
		}
	}
	return text, other
}

// unguarded takes ="…" off a text without quotes; any other formula stays as it is.
func unguarded(cell []byte) (text []byte, guard bool) {
	if len(cell) < 3 || cell[0] != '=' || cell[1] != '"' || bytes.IndexByte(cell[2:], '"') != len(cell)-3 {
		return cell, false
	}
	return cell[2 : len(cell)-1], true
}

// keep lets the next cell reuse the room that an unescaped cell needed.
func (s *csvStager) keep(cell []byte, f field) {
	if f.escaped && cap(cell) > cap(s.scratch) {
		s.scratch = cell[:0]
	}
}

// rewrite writes a record with bare quotes, or cells that are about another text: these are quoted properly.
func (s *csvStager) rewrite(r *record, n int) error {
	s.Rows++
	s.Written++
	s.LastRow = r.line
	s.out.begin(r.line)
	for i, f := range r.fields[:n] {
		if i > 0 {
			s.out.buf = append(s.out.buf, s.delim)
		}
		cell := f.content(r.raw, s.scratch)
		s.keep(cell, f)
		if text, other := s.meant(cell); other {
			s.out.quote(text)
		} else if f.bare {
			s.out.quote(r.raw[f.from:f.to])
		} else {
			s.out.buf = append(s.out.buf, r.raw[f.from:f.to]...)
		}
	}
	return s.out.endLine()
}

// rejectStray rejects a record of UTF-8 amid GB18030 for the cell with its first byte that is not ASCII, at an offset of the file.
func (s *csvStager) rejectStray(r *record, at int64) error {
	bad := BadRow{Row: r.line, Column: -1, Rule: TextUndecodable, Detail: strconv.FormatInt(at, 10), Cells: r.cells(s.delim, s.marked)}
	for i, f := range r.fields {
		if cell := f.content(r.raw, nil); firstForeign(cell) < len(cell) {
			bad.Column, bad.Value = i, escape(cell, s.marked)
			break
		}
	}
	return s.reject(bad)
}

// rejectText rejects a record for a character of one cell.
func (s *csvStager) rejectText(r *record, column int, found fault, cell []byte) error {
	f := r.fields[column]
	bad := BadRow{Row: r.line, Column: column, Value: escape(cell, s.marked), Rule: found.rule, Cells: r.cells(s.delim, s.marked)}
	if found.rule == TextUndecodable {
		// Looked for again in the raw field, because quotes have shifted the cell's text.
		at := findFault(r.raw[f.from:f.to], f.quoted).at
		bad.Detail = strconv.FormatInt(s.src.fileOffset(r.offset+int64(f.from+at)), 10)
	} else {
		bad.Detail = fmt.Sprintf("U+%04X", found.char)
	}
	return s.reject(bad)
}
