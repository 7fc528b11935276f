package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// record is one CSV record as it stands in the scanner's buffer, valid until the next call.
type record struct {
	line   int64  // physical line on which it begins, from 1
	offset int64  // of its first byte in the decoded text
	raw    []byte // without its line end
	plain  bool   // raw is clean: no quote, nothing to look at
	fields []field
}

// field is one cell of a record that is not plain.
type field struct {
	from, to int  // in raw, quotes included
	quoted   bool // begins with a quote
	escaped  bool // holds doubled quotes
	bare     bool // unquoted, but holds quotes
	torn     bool // quoted, with text behind the closing quote
}

// content gives the text of a field without its quotes; doubled quotes are made single in scratch.
func (f field) content(raw, scratch []byte) []byte {
	if !f.quoted || f.torn {
		return raw[f.from:f.to]
	}
	inner := raw[f.from+1 : f.to-1]
	if !f.escaped {
		return inner
	}
	scratch = scratch[:0]
	for {
		i := bytes.IndexByte(inner, '"')
		if i < 0 {
			return append(scratch, inner...)
		}
		scratch = append(scratch, inner[:i+1]...)
		inner = inner[i+2:]
	}
}

// scanner cuts decoded text into CSV records. LF, CRLF and CR end a record, in any mixture.
type scanner struct {
	src   *textReader
	delim byte
	buf   []byte
	pos   int // of the next record
	end   int // of what was read
	eof   bool
	line  int64 // physical line of pos
	base  int64 // offset of buf[0] in the decoded text

	feed    int // the next LF at or behind pos, end when there is none; valid when ≥ pos
	cleanTo int // up to here buf is known to be clean
	dirtyTo int // up to here each line must be looked at
	rec     record
}

func newScanner(src *textReader, delim byte) *scanner {
	return &scanner{src: src, delim: delim, buf: make([]byte, blockSize), line: 1, feed: -1}
}

var errMore = errors.New("record goes on behind the buffer")

// next gives the next record, io.EOF behind the last one, a *RefusedError, or an error of the reader.
func (s *scanner) next() (*record, error) {
	for {
		if s.pos == s.end && s.eof {
			return nil, io.EOF
		}
		rec, err := s.scan()
		if err == errMore {
			if err = s.fill(); err == nil {
				continue
			}
		}
		return rec, err
	}
}

// scan gives the record at pos, or errMore.
func (s *scanner) scan() (*record, error) {
	if s.feed < s.pos {
		s.feed = s.end
		if i := bytes.IndexByte(s.buf[s.pos:s.end], '\n'); i >= 0 {
			s.feed = s.pos + i
		}
	}
	if s.feed == s.end {
		if !s.eof && bytes.IndexByte(s.buf[s.pos:s.end], '\r') < 0 {
			return nil, errMore
		}
		return s.parse()
	}
	to := s.feed
	if to > s.pos && s.buf[to-1] == '\r' {
		to--
	}
	if s.feed >= s.cleanTo && !s.lookAhead(to) || to-s.pos > maxCell {
		return s.parse()
	}
	s.rec = record{line: s.line, offset: s.base + int64(s.pos), raw: s.buf[s.pos:to], plain: true, fields: s.rec.fields[:0]}
	s.pos = s.feed + 1
	s.line++
	return &s.rec, nil
}

// lookAhead reports whether the line from pos to to is clean. It tries some lines at once, since most files are clean.
func (s *scanner) lookAhead(to int) bool {
	const chunk = 32 << 10
	if s.pos >= s.dirtyTo {
		until := min(s.pos+chunk, s.end)
		if i := bytes.LastIndexByte(s.buf[s.pos:until], '\n'); i >= 0 {
			until = s.pos + i + 1
			if clean(s.buf[s.pos:until], s.delim == '\t') {
				s.cleanTo = until
				return true
			}
			s.dirtyTo = until
		}
	}
	if i := bytes.IndexByte(s.buf[s.pos:to], '\r'); i >= 0 {
		return false // the record ends there; what follows is not looked at again and again
	}
	return clean(s.buf[s.pos:to], s.delim == '\t')
}

// fill makes room and reads on.
func (s *scanner) fill() error {
	if s.eof {
		return io.ErrUnexpectedEOF // cannot happen: parse ends every record at the end of the file
	}
	copy(s.buf, s.buf[s.pos:s.end])
	s.base += int64(s.pos)
	s.end -= s.pos
	s.pos, s.feed, s.cleanTo, s.dirtyTo = 0, -1, 0, 0
	s.src.forget(s.base)
	if s.end > maxRecord {
		return tooLong(s.line, text("每条记录 8 MiB", "8 MiB in one record"))
	}
	if len(s.buf)-s.end < blockSize/2 {
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	for range 100 {
		n, err := s.src.Read(s.buf[s.end:])
		s.end += n
		if errors.Is(err, io.EOF) {
			s.eof = true
			return nil
		}
		if err != nil {
			return fmt.Errorf("read CSV: %w", err)
		}
		if n > 0 {
			return nil
		}
	}
	return fmt.Errorf("read CSV: %w", io.ErrNoProgress)
}

// parse reads the record at pos cell by cell.
func (s *scanner) parse() (*record, error) {
	s.rec = record{line: s.line, offset: s.base + int64(s.pos), fields: s.rec.fields[:0]}
	lines := int64(0) // line ends inside quoted cells
	for at := s.pos; ; at++ {
		f, inside, err := s.cell(at, lines)
		if err != nil {
			return nil, err
		}
		lines += inside
		at = f.to
		if f.to-f.from > maxCell {
			return nil, tooLong(s.line, text("每个单元格 1 MiB", "1 MiB in one cell"))
		}
		f.from, f.to = f.from-s.pos, f.to-s.pos
		if s.rec.fields = append(s.rec.fields, f); len(s.rec.fields) > maxColumns {
			return nil, tooLong(s.line, text("10,000 列", "10,000 columns"))
		}
		if at < s.end && s.buf[at] == s.delim {
			continue
		}
		s.rec.raw = s.buf[s.pos:at]
		if at-s.pos > maxRecord {
			return nil, tooLong(s.line, text("每条记录 8 MiB", "8 MiB in one record"))
		}
		next, err := s.lineEnd(at)
		if err != nil {
			return nil, err
		}
		s.pos = next
		s.line += lines + 1
		return &s.rec, nil
	}
}

// lineEnd gives the place behind the line end at at, which may also be the end of the file.
func (s *scanner) lineEnd(at int) (int, error) {
	switch {
	case at == s.end:
		return at, nil
	case s.buf[at] == '\n':
		return at + 1, nil
	case at+1 == s.end && !s.eof: // a CR; is there a LF behind it?
		return 0, errMore
	case at+1 < s.end && s.buf[at+1] == '\n':
		return at + 2, nil
	}
	return at + 1, nil
}

// cell reads the cell that begins at from, up to a delimiter, line end or end of file, and counts the line ends inside.
func (s *scanner) cell(from int, before int64) (f field, lines int64, err error) {
	f = field{from: from}
	at := from
	if at < s.end && s.buf[at] == '"' {
		f.quoted = true
		if at, f.escaped, err = s.closing(from, before); err != nil {
			return f, 0, err
		}
		lines = lineEnds(s.buf[from:at])
		at++
	}
	tail := at
	for at < s.end && s.buf[at] != s.delim && s.buf[at] != '\n' && s.buf[at] != '\r' {
		f.bare = f.bare || s.buf[at] == '"'
		at++
	}
	if at == s.end && !s.eof {
		if at-from > maxCell {
			return f, 0, tooLong(s.line+before, text("每个单元格 1 MiB", "1 MiB in one cell"))
		}
		return f, 0, errMore
	}
	f.to = at
	f.torn = f.quoted && at > tail
	if f.torn && lines > 0 {
		return f, 0, openQuote(s.line+before, s.buf[from:at])
	}
	return f, lines, nil
}

// closing finds the closing quote of the cell that begins at from.
func (s *scanner) closing(from int, before int64) (at int, escaped bool, err error) {
	for at = from + 1; ; at += 2 {
		i := bytes.IndexByte(s.buf[at:s.end], '"')
		switch {
		case i < 0 && s.eof:
			return 0, false, openQuote(s.line+before, s.buf[from:s.end])
		case i < 0 && s.end-from > maxCell:
			e := openQuote(s.line+before, s.buf[from:s.end])
			e.Rule = FileLimit
			return 0, false, e
		case i < 0:
			return 0, false, errMore
		}
		at += i
		switch {
		case at+1 == s.end && !s.eof:
			return 0, false, errMore
		case at+1 == s.end || s.buf[at+1] != '"':
			return at, escaped, nil
		}
		escaped = true
	}
}

// openQuote refuses a file in which the end of a quoted cell cannot be told.
func openQuote(line int64, cell []byte) *RefusedError {
	e := refuse(TextQuote,
		textf("第 %[1]d 行有一个引号没有正常收尾，其后的各行无法分清。", "A quote opened in line %[1]d is not closed properly, so the rows behind it cannot be told apart.", line),
		textf("请在第 %[1]d 行补上收尾的引号（单元格里的引号要写两遍），或另存为 .xlsx 再导入。", "Close the quote in line %[1]d (a quote inside a cell is written twice), or save the file as .xlsx.", line))
	e.Row = line
	e.Value = excerpt(cell)
	return e
}

// excerpt gives the beginning of a cell for a message.
func excerpt(cell []byte) string {
	const most = 60
	if len(cell) <= most {
		return escape(cell, false)
	}
	to := most
	for to > most-4 && cell[to]&0xc0 == 0x80 {
		to--
	}
	return escape(cell[:to], false) + "…"
}

// lineEnds counts LF, CRLF and CR.
func lineEnds(b []byte) int64 {
	return int64(bytes.Count(b, []byte{'\n'}) + bytes.Count(b, []byte{'\r'}) - bytes.Count(b, []byte("\r\n")))
}

// lastLine gives the physical line on which the record ends.
func (r *record) lastLine() int64 {
	if r.plain {
		return r.line
	}
	return r.line + lineEnds(r.raw)
}

// split gives the fields of a plain record too.
func (r *record) split(delim byte) []field {
	if !r.plain || len(r.fields) > 0 {
		return r.fields
	}
	for from := 0; ; {
		i := bytes.IndexByte(r.raw[from:], delim)
		if i < 0 {
			r.fields = append(r.fields, field{from: from, to: len(r.raw)})
			return r.fields
		}
		r.fields = append(r.fields, field{from: from, to: from + i})
		from += i + 1
	}
}

// blank reports a record without any cell that is not blank.
func (r *record) blank(delim byte) bool {
	if r.plain {
		return blank(r.raw, delim)
	}
	for _, f := range r.fields {
		if f.torn || !blank(f.content(r.raw, nil), ' ') {
			return false
		}
	}
	return true
}

// cells gives the texts of a record, fit to be shown.
func (r *record) cells(delim byte, marked bool) []string {
	cells := make([]string, 0, len(r.split(delim)))
	for _, f := range r.fields {
		cells = append(cells, escape(f.content(r.raw, nil), marked))
	}
	return cells
}
