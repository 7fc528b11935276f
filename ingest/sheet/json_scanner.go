package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// jsonScanner reads decoded text from front to back and cuts it into the values of a list, the members of an object, or lines.
type jsonScanner struct {
	src  *textReader
	buf  []byte
	pos  int
	end  int
	eof  bool
	base int64 // offset of buf[0] in the decoded text
	line int64 // physical line of pos, from 1
}

// jsonText is a value or line as it stands, valid until the next one is read.
type jsonText struct {
	number int64  // of the record: in a list the element, from 1; else the physical line
	line   int64  // on which it begins
	offset int64  // in the decoded text
	raw    []byte // without the line end
}

func newJSONScanner(r io.Reader, d Dialect) (*jsonScanner, error) {
	src, err := newTextReader(r, d)
	if err != nil {
		return nil, err
	}
	return &jsonScanner{src: src, buf: make([]byte, blockSize), line: 1}, nil
}

// more drops what lies before pos and reads on.
func (s *jsonScanner) more() error {
	copy(s.buf, s.buf[s.pos:s.end])
	s.base += int64(s.pos)
	s.end -= s.pos
	s.pos = 0
	s.src.forget(s.base)
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
			return fmt.Errorf("read JSON: %w", err)
		}
		if n > 0 {
			return nil
		}
	}
	return fmt.Errorf("read JSON: %w", io.ErrNoProgress)
}

// blanks skips white space and gives the next byte; ok is false at the end.
func (s *jsonScanner) blanks() (c byte, ok bool, err error) {
	for {
		for ; s.pos < s.end; s.pos++ {
			switch c := s.buf[s.pos]; c {
			case '\n':
				if !s.behindCR() {
					s.line++
				}
			case '\r':
				s.line++
			case ' ', '\t':
			default:
				return c, true, nil
			}
		}
		if s.eof {
			return 0, false, nil
		}
		s.pos = max(s.end-1, 0) // the last byte stays, to tell CRLF
		skip := min(s.end-s.pos, 1)
		if err := s.more(); err != nil {
			return 0, false, err
		}
		s.pos += skip
	}
}

// behindCR reports that the LF at pos belongs to a CR.
func (s *jsonScanner) behindCR() bool { return s.pos > 0 && s.buf[s.pos-1] == '\r' }

// value cuts out the value that begins at pos: up to the bracket that closes it, the quote, or what cannot belong to a number or word.
func (s *jsonScanner) value(number int64) (jsonText, error) {
	t := jsonText{number: number, line: s.line, offset: s.base + int64(s.pos)}
	var x extent
	for n := 0; ; {
		used, done := x.scan(s.buf[s.pos+n : s.end])
		n += used
		switch {
		case n > maxRecord:
			return t, longJSON(t)
		case done || s.eof && x.plain:
			t.raw = s.buf[s.pos : s.pos+n]
			s.pos += n
			s.line += lineEnds(t.raw)
			return t, nil
		case s.eof:
			t.raw = s.buf[s.pos : s.pos+n]
			return t, brokenJSON(t, n, "文件在此处中断", "the file ends in the middle of it")
		}
		if err := s.more(); err != nil {
			return t, err
		}
	}
}

// extent finds the end of a value.
type extent struct {
	plain  bool // a number or word
	depth  int
	quoted bool
	behind bool // a backslash
}

// scan tells how much of b belongs to the value, and whether that is its end.
func (x *extent) scan(b []byte) (used int, done bool) {
	for i, c := range b {
		switch {
		case x.behind:
			x.behind = false
		case x.quoted && c == '\\':
			x.behind = true
		case x.quoted && c != '"':
		case c == '"' && !x.plain:
			if x.quoted = !x.quoted; !x.quoted && x.depth == 0 {
				return i + 1, true
			}
		case c == '{' || c == '[':
			if x.plain {
				return i, true
			}
			x.depth++
		case c == '}' || c == ']':
			if x.depth == 0 {
				return i, true
			}
			if x.depth--; x.depth == 0 {
				return i + 1, true
			}
		case x.depth == 0 && (c == ',' || c == ' ' || c == '\n' || c == '\r' || c == '\t'):
			return i, true
		}
		x.plain = x.depth == 0 && !x.quoted
	}
	return len(b), false
}

// elements cuts the list that begins at pos into its elements.
func (s *jsonScanner) elements(visit func(jsonText) error) error {
	s.pos++
	for n := int64(1); ; n++ {
		c, ok, err := s.blanks()
		if err != nil {
			return err
		}
		if n == 1 && ok && c == ']' {
			s.pos++
			return nil
		}
		t, err := s.value(n)
		if err == nil && len(t.raw) == 0 {
			err = s.unexpected(n)
		}
		if err == nil {
			err = visit(t)
		}
		if err != nil {
			return err
		}
		if closed, err := s.separator(']', n); closed || err != nil {
			return err
		}
	}
}

// members cuts the object that begins at pos into its members. visit gets the key as it is written and must read the value at pos.
func (s *jsonScanner) members(visit func(key jsonText) error) error {
	s.pos++
	for n := int64(1); ; n++ {
		c, ok, err := s.blanks()
		if err != nil {
			return err
		}
		if n == 1 && ok && c == '}' {
			s.pos++
			return nil
		}
		if !ok || c != '"' {
			return s.unexpected(0)
		}
		key, err := s.value(0)
		if err != nil {
			return err
		}
		key.raw = bytes.Clone(key.raw)
		if c, ok, err = s.blanks(); err == nil && (!ok || c != ':') {
			err = s.unexpected(0)
		}
		if err != nil {
			return err
		}
		s.pos++
		if _, _, err = s.blanks(); err == nil {
			err = visit(key)
		}
		if err != nil {
			return err
		}
		if closed, err := s.separator('}', 0); closed || err != nil {
			return err
		}
	}
}

// separator reads a comma or the closing bracket behind record n.
func (s *jsonScanner) separator(closing byte, n int64) (closed bool, err error) {
	c, ok, err := s.blanks()
	if err == nil && (!ok || c != ',' && c != closing) {
		err = s.unexpected(n)
	}
	s.pos++
	return c == closing, err
}

// atEnd refuses anything behind the one value of the file.
func (s *jsonScanner) atEnd() error {
	_, ok, err := s.blanks()
	if err != nil || !ok {
		return err
	}
	t := s.rest(0)
	return brokenJSON(t, 0, "列表已经结束，后面还有内容", "more text stands behind the end of the list")
}

// unexpected refuses the text at pos, behind record n.
func (s *jsonScanner) unexpected(n int64) error {
	t := s.rest(n)
	if len(t.raw) == 0 {
		return brokenJSON(t, 0, "文件在此处中断", "the file ends here")
	}
	return notJSON(t, 0)
}

func (s *jsonScanner) rest(n int64) jsonText {
	return jsonText{number: n, line: s.line, raw: s.buf[min(s.pos, s.end):s.end]}
}

// nextLine gives the next line, which LF, CRLF or CR ends; io.EOF behind the last one.
func (s *jsonScanner) nextLine() (jsonText, error) {
	for n := 0; ; {
		if i := bytes.IndexAny(s.buf[s.pos+n:s.end], "\r\n"); i >= 0 && (s.pos+n+i+1 < s.end || s.eof) {
			return s.cutLine(n+i, true), nil
		} else if i >= 0 {
			n += i
		} else {
			n = s.end - s.pos
		}
		switch {
		case n > maxRecord:
			return jsonText{}, longJSON(jsonText{number: s.line, line: s.line})
		case s.eof && n == 0:
			return jsonText{}, io.EOF
		case s.eof:
			return s.cutLine(n, false), nil
		}
		if err := s.more(); err != nil {
			return jsonText{}, err
		}
	}
}

// cutLine takes n bytes and the line end behind them.
func (s *jsonScanner) cutLine(n int, ended bool) jsonText {
	t := jsonText{number: s.line, line: s.line, offset: s.base + int64(s.pos), raw: s.buf[s.pos : s.pos+n]}
	s.pos += n
	if ended {
		s.line++
		s.pos++
		if s.buf[s.pos-1] == '\r' && s.pos < s.end && s.buf[s.pos] == '\n' {
			s.pos++
		}
	}
	return t
}

// brokenJSON refuses a file in which the borders of records are in doubt; at is a place in t.
func brokenJSON(t jsonText, at int, zh, en string) *RefusedError {
	from := min(at, len(t.raw))
	line := t.line + lineEnds(t.raw[:from])
	near, _, _ := strings.Cut(excerpt(t.raw[from:]), "\n")
	place := textf("第 %[1]d 行", "line %[1]d", line)
	if t.number > 0 {
		place = textf("第 %[1]d 行（第 %[2]d 条记录）", "line %[1]d (record %[2]d)", line, t.number)
	}
	e := refuse(FileJSON, textf("JSON 在%[1]s出错：%[2]s（“%[3]s”）。", `The JSON is broken in %[4]s: %[5]s ("%[3]s").`, place.ZH, zh, near, place.EN, en),
		text("请从来源系统重新导出；每条记录一行的 NDJSON 中，坏行会单独列出。", "Export it again from its source; in NDJSON, one record a line, broken lines are set aside one by one."))
	e.Row = line
	e.Value = near
	return e
}

func notJSON(t jsonText, at int) *RefusedError {
	return brokenJSON(t, at, "此处不符合 JSON 语法", "this is not JSON")
}

func longJSON(t jsonText) *RefusedError {
	e := refuse(FileLimit, textf("第 %[1]d 行起的 JSON 记录超过上限（8 MiB）。", "The JSON record that begins in line %[1]d exceeds the limit of 8 MiB.", t.line),
		text("请把过长的内容移出后重新导出。", "Export it again without the long text."))
	e.Row = t.line
	return e
}
