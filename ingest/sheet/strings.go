package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// stringTable holds the shared strings of a workbook in one piece of memory.
type stringTable struct {
	arena []byte
	ends  []uint32
}

func (t *stringTable) at(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = t.ends[i-1]
	}
	return t.arena[from:t.ends[i]]
}

// readStrings reads the shared strings part.
func (w *Workbook) readStrings(name string) error {
	t := &w.strings
	return w.scan(name, func(x *xmlScanner) (err error) {
		switch {
		case x.depth() == 1 && x.local() != "sst":
			return errors.New("no shared strings in the part")
		case x.depth() != 2 || x.local() != "si":
			return nil
		}
		prefix := x.prefix()
		if t.arena, err = richText(x, t.arena); err != nil {
			return err
		}
		if err = t.end(); err != nil {
			return err
		}
		return t.plain(x, prefix)
	})
}

// end ends a text.
func (t *stringTable) end() error {
	if t.ends = append(t.ends, uint32(len(t.arena))); len(t.arena)+4*len(t.ends) > maxStrings {
		return tooLarge(text("文字总量超过 256 MiB", "more than 256 MiB of texts"))
	}
	return nil
}

// plain reads the texts that follow as long as they are written as nearly all are, <si><t>text</t></si>, and stand whole in the
// scanner's buffer. richText would read the same, but in many steps.
func (t *stringTable) plain(x *xmlScanner, prefix string) error {
	open, closing := "<"+prefix+"si><"+prefix+"t>", "</"+prefix+"t></"+prefix+"si>"
	for {
		piece, size := enclosed(x.buf[x.pos:x.end], open, closing)
		if size == 0 || len(piece) > maxCell {
			return nil
		}
		from := len(t.arena)
		t.arena = unescapeX(append(t.arena, piece...), from)
		if err := t.end(); err != nil {
			return err
		}
		x.pos += size
	}
}

// richText appends the text of the open element (si or is) to dst: its runs joined, phonetic hints left out.
func richText(x *xmlScanner, dst []byte) ([]byte, error) {
	depth, from := x.depth(), len(dst)
	for {
		tok, err := x.next()
		if err != nil {
			return dst, err
		}
		switch tok {
		case xmlEnd:
			if x.depth() < depth {
				return dst, nil
			}
		case xmlText:
			if len(bytes.TrimSpace(x.text)) > 0 {
				return dst, errors.New("text outside of a t element")
			}
		case xmlStart:
			switch name := x.local(); {
			case name == "t":
				dst, err = elementText(x, dst)
			case name == "r" && x.depth() == depth+1:
			case name == "rPr", name == "rPh", name == "phoneticPr", name == "extLst":
				err = skip(x)
			default:
				err = fmt.Errorf("unexpected element %.40q in a text", name)
			}
			if err == nil && len(dst)-from > maxCell {
				err = wideCell()
			}
			if err != nil {
				return dst, err
			}
		}
	}
}

func wideCell() error { return tooLarge(text("单元格文字超过 1 MiB", "a cell above 1 MiB")) }

// elementText appends the text of the open element, which must hold nothing else, and resolves Excel's _xHHHH_ escapes.
func elementText(x *xmlScanner, dst []byte) ([]byte, error) {
	from := len(dst)
	for {
		tok, err := x.next()
		switch {
		case err != nil:
			return dst, err
		case tok == xmlEnd:
			return unescapeX(dst, from), nil
		case tok != xmlText:
			return dst, fmt.Errorf("unexpected element %.40q in a text", x.name)
		}
		if dst = append(dst, x.text...); len(dst)-from > maxCell {
			return dst, wideCell()
		}
	}
}

// skip reads to the end of the open element.
func skip(x *xmlScanner) error {
	for depth := x.depth(); ; {
		tok, err := x.next()
		if err != nil || tok == xmlEnd && x.depth() < depth {
			return err
		}
	}
}

// unescapeX resolves _xHHHH_ in b[from:], the way in which Excel writes characters that XML does not allow.
func unescapeX(b []byte, from int) []byte {
	if !bytes.Contains(b[from:], []byte("_x")) {
		return b
	}
	in := bytes.Clone(b[from:])
	out := b[:from]
	for len(in) > 0 {
		unit, ok := escapeUnit(in)
		if !ok {
			out = append(out, in[0])
			in = in[1:]
			continue
		}
		in = in[7:]
		r := rune(unit)
		if utf16.IsSurrogate(r) {
			low, ok := escapeUnit(in)
			if pair := utf16.DecodeRune(r, rune(low)); ok && pair != utf8.RuneError {
				r, in = pair, in[7:]
			}
		}
		out = utf8.AppendRune(out, r) // half a pair becomes U+FFFD, which staging rejects
	}
	return out
}

func escapeUnit(b []byte) (uint16, bool) {
	if len(b) < 7 || b[0] != '_' || b[1] != 'x' || b[6] != '_' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return uint16(unit), err == nil
}
