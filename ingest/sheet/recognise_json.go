package sheet

import (
	"bytes"
	"errors"
	"unicode/utf8"
)

// recogniseText tells JSON and NDJSON from CSV. The first cell of a CSV may begin with a bracket, so JSON must go on as such: up to
// the end of the head, to its own end with nothing behind it in the line, or at least behind a key and its colon.
func recogniseText(head []byte, encoding string) Format {
	b := bytes.TrimLeft(decodeHead(head, encoding), " \t\r\n")
	if len(b) == 0 || b[0] != '{' && b[0] != '[' {
		return CSV
	}
	p := jsonParser{raw: b}
	err := p.skip(0)
	var fault *jsonFault
	switch {
	case err == nil:
		return afterValue(b, p.at, p.keyed)
	case errors.As(err, &fault) && (fault.short || fault.rule == JSONDepth):
		return JSON
	case !p.keyed:
		return CSV
	case b[0] == '{' && secondLineIsObject(b):
		return NDJSON
	}
	return JSON
}

// afterValue judges by what stands behind the first value, which ends at end.
func afterValue(b []byte, end int, keyed bool) Format {
	line, _, _ := bytes.Cut(bytes.ReplaceAll(b[end:], []byte("\r"), []byte("\n")), []byte("\n"))
	if line = bytes.TrimSpace(line); len(line) > 0 {
		if keyed && bytes.IndexByte([]byte(delimiters), line[0]) < 0 {
			return JSON // broken: two values in one line
		}
		return CSV
	}
	if b[0] == '{' && lineEnds(b[:end]) == 0 && len(bytes.TrimSpace(b[end:])) > 0 {
		return NDJSON
	}
	return JSON
}

// secondLineIsObject knows NDJSON whose first line is broken.
func secondLineIsObject(b []byte) bool {
	lines := 0
	for line := range bytes.FieldsFuncSeq(b, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if lines++; lines == 2 {
			p := jsonParser{raw: line}
			return line[0] == '{' && p.skip(0) == nil && p.at == len(line)
		}
	}
	return false
}

// decodeHead gives the head as text. A head that is not UTF-8 is taken for GB18030: brackets and quotes then stand out rightly.
func decodeHead(head []byte, encoding string) []byte {
	if encoding == "" {
		encoding = GB18030
		for _, e := range encodings {
			if boms[e] != "" && bytes.HasPrefix(head, []byte(boms[e])) {
				encoding = e
			}
		}
		whole := head[:max(len(head)-utf8.UTFMax, 0)]
		if encoding == GB18030 && utf8.Valid(bytes.TrimRightFunc(whole, func(r rune) bool { return r == utf8.RuneError })) {
			encoding = UTF8
		}
	}
	d := Dialect{Encoding: encoding, BOM: boms[encoding] != "" && bytes.HasPrefix(head, []byte(boms[encoding]))}
	src, err := newTextReader(bytes.NewReader(head), d)
	if err != nil {
		return head
	}
	text := make([]byte, 3*len(head)+16)
	n := 0
	for {
		got, err := src.Read(text[n:])
		n += got
		if err != nil {
			return text[:n]
		}
	}
}
