package sheet

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

// strays watches the bytes of a GB18030 file go by and notes its lines of UTF-8, which came in from elsewhere and often read as other
// characters without a byte out of place: 测试员工 as 娴嬭瘯鍛樺伐. A line with two-byte characters only, such as 专员 in GBK, proves
// nothing; three bytes of UTF-8 are hardly ever GBK, and a whole line of them is UTF-8.
type strays struct {
	src     io.Reader
	at      int64   // offset in the file of the next byte
	open    stray   // the line of the next byte
	foreign bool    // that line is not ASCII
	broken  bool    // nor is it UTF-8
	rest    []byte  // the beginning of a character that goes on in the next bytes
	behind  bool    // the last byte was a CR
	list    []stray // lines of UTF-8 that are not ASCII, in order
	next    int     // of those not passed yet
}

// stray is a line of UTF-8.
type stray struct {
	line int64 // physical line, from 1
	at   int64 // offset in the file of its first byte that is not ASCII
	long bool  // holds a character of three bytes or more
}

// watch looks for strays in what is read from now on. Whoever calls it must ask for every line, so that those passed are forgotten.
func (t *textReader) watch() *strays {
	s := &strays{src: t.src, at: t.start, open: stray{line: 1}}
	t.src = s
	return s
}

func (s *strays) Read(p []byte) (int, error) {
	n, err := s.src.Read(p)
	s.see(p[:n])
	if errors.Is(err, io.EOF) {
		s.endLine()
	}
	return n, err
}

// see takes in the next bytes. Neither CR nor LF is part of another character in GB18030.
func (s *strays) see(b []byte) {
	from := 0
	if s.behind && len(b) > 0 {
		s.behind = false
		if b[0] == '\n' {
			from = 1
		}
	}
	for feed, cr := -1, -1; from < len(b); {
		feed, cr = nextByte(b, '\n', from, feed), nextByte(b, '\r', from, cr)
		end := min(feed, cr)
		s.text(b[from:end], s.at+int64(from))
		if end == len(b) {
			break
		}
		s.endLine()
		if end == cr {
			s.behind = end+1 == len(b)
			if feed == end+1 {
				end++
			}
		}
		from = end + 1
	}
	s.at += int64(len(b))
}

// nextByte gives the index of the first c at or behind from, or len(b). known was so for an earlier from.
func nextByte(b []byte, c byte, from, known int) int {
	if known >= from {
		return known
	}
	if i := bytes.IndexByte(b[from:], c); i >= 0 {
		return from + i
	}
	return len(b)
}

// text takes in a piece of the open line, which stands at an offset of the file. GBK mostly shows by its first character.
func (s *strays) text(b []byte, at int64) {
	for !s.broken && len(s.rest) > 0 && len(b) > 0 {
		s.rest, b, at = append(s.rest, b[0]), b[1:], at+1
		if utf8.FullRune(s.rest) {
			s.char(s.rest)
			s.rest = s.rest[:0]
		}
	}
	for !s.broken {
		i := firstForeign(b)
		if i == len(b) {
			return
		}
		if !s.foreign {
			s.foreign, s.open.at = true, at+int64(i)
		}
		size := s.char(b[i:])
		if s.broken && !utf8.FullRune(b[i:]) {
			s.broken, s.rest = false, append(s.rest, b[i:]...)
			return
		}
		b, at = b[i+size:], at+int64(i+size)
	}
}

// char takes in the character that begins b.
func (s *strays) char(b []byte) (size int) {
	r, size := utf8.DecodeRune(b)
	s.broken = r == utf8.RuneError && size == 1
	s.open.long = s.open.long || size > 2
	return size
}

func (s *strays) endLine() {
	if s.foreign && !s.broken && len(s.rest) == 0 {
		s.list = append(s.list, s.open)
	}
	s.open = stray{line: s.open.line + 1}
	s.foreign, s.broken, s.rest = false, false, s.rest[:0]
}

// find reports whether a record that reaches from one line to another is a stray, and where in the file its first byte lies that is
// not ASCII. raw is its text. All its lines must be UTF-8.
func (s *strays) find(first, last int64, raw []byte) (at int64, found bool) {
	for s.next < len(s.list) && s.list[s.next].line < first {
		s.next++
	}
	if s.next == len(s.list) {
		s.list, s.next = s.list[:0], 0
		return 0, false
	}
	n := 0
	for _, line := range s.list[s.next:] {
		if line.line > last {
			break
		}
		found = found || line.long
		n++
	}
	if !found || first < last && n < foreignLines(raw) {
		return 0, false
	}
	return s.list[s.next].at, true
}

// foreignLines counts the lines that are not ASCII.
func foreignLines(b []byte) (n int) {
	for line := range bytes.FieldsFuncSeq(b, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if firstForeign(line) < len(line) {
			n++
		}
	}
	return n
}
