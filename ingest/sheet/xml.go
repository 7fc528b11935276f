package sheet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"
)

// xmlToken is what xmlScanner found.
type xmlToken int

const (
	xmlStart xmlToken = iota // name and attrs are set
	xmlEnd                   // name is set
	xmlText                  // text is set; a text may come in several pieces, between comments
	xmlEOF                   // the document is complete
)

// xmlScanner reads one XML part strictly: tags balanced, attributes quoted and unique, only the five entities and character
// references, valid characters, one root, no document type. What encoding/xml refuses it refuses too (a test compares the two),
// except that names may hold any letter beyond ASCII; it is several times as fast. Slices are valid until the next call.
type xmlScanner struct {
	r        io.Reader
	buf      []byte
	pos, end int
	eof      bool
	passed   int64 // bytes of the part before buf
	started  bool

	open    []byte // names of the open elements, one after the other
	marks   []int  // where each of them begins
	rooted  bool
	pending bool // an empty element: its end comes next

	name    []byte
	attrs   []xmlAttr
	text    []byte
	scratch []byte
}

type xmlAttr struct{ name, value []byte }

var (
	errDoctype = errors.New("document type declaration")
	errShort   = errors.New("the part ends too early")
	errToken   = errors.New("a text or tag is longer than 2 MiB")
)

func newXMLScanner(r io.Reader) *xmlScanner {
	return &xmlScanner{r: r, buf: make([]byte, 64<<10)}
}

// depth counts the open elements; at xmlStart the element itself is counted, at xmlEnd no longer.
func (x *xmlScanner) depth() int { return len(x.marks) }

// local gives the element's name without its prefix.
func (x *xmlScanner) local() string { return string(x.name[bytes.IndexByte(x.name, ':')+1:]) }

// prefix gives the prefix of the element's name with its colon, or "".
func (x *xmlScanner) prefix() string { return string(x.name[:bytes.IndexByte(x.name, ':')+1]) }

// attr gives an attribute without prefix.
func (x *xmlScanner) attr(name string) (string, bool) {
	for _, a := range x.attrs {
		if string(a.name) == name {
			return string(a.value), true
		}
	}
	return "", false
}

// prefixedAttr gives an attribute by the local part of its name; it must have a prefix, as r:id has.
func (x *xmlScanner) prefixedAttr(local string) string {
	for _, a := range x.attrs {
		if i := bytes.IndexByte(a.name, ':'); i > 0 && string(a.name[i+1:]) == local && string(a.name[:i]) != "xmlns" {
			return string(a.value)
		}
	}
	return ""
}

// next gives the next token. An error names the byte.
func (x *xmlScanner) next() (xmlToken, error) {
	for {
		if x.pending {
			x.pending = false
			return xmlEnd, x.pop()
		}
		tok, again, err := x.step()
		switch {
		case err == errMore:
			if err = x.fill(); err == nil {
				continue
			}
		case err == nil && again:
			continue
		}
		if err != nil && !errors.Is(err, errDoctype) && !errors.Is(err, errToken) {
			err = fmt.Errorf("byte %d: %w", x.passed+int64(x.pos)+1, err)
		}
		return tok, err
	}
}

// step reads one token at pos; again means that there was nothing to report.
func (x *xmlScanner) step() (tok xmlToken, again bool, err error) {
	rest := x.buf[x.pos:x.end]
	switch {
	case len(rest) == 0 && !x.eof:
		return 0, false, errMore
	case !x.started:
		return x.begin(rest)
	case len(rest) == 0 && (!x.rooted || len(x.marks) > 0):
		return 0, false, errShort
	case len(rest) == 0:
		return xmlEOF, false, nil
	case rest[0] != '<':
		return x.chars(rest)
	case len(rest) < 2:
		return 0, false, errMore
	}
	switch rest[1] {
	case '?':
		return x.instruction(rest)
	case '!':
		return x.declaration(rest)
	case '/':
		return x.endTag(rest)
	}
	return x.startTag(rest)
}

// begin skips a byte order mark and refuses encodings other than UTF-8.
func (x *xmlScanner) begin(rest []byte) (xmlToken, bool, error) {
	if len(rest) < 3 && !x.eof {
		return 0, false, errMore
	}
	if bytes.HasPrefix(rest, []byte(boms[UTF8])) {
		x.pos += 3
	}
	x.started = true
	return 0, true, nil
}

// fill reads on, keeping what is not yet used.
func (x *xmlScanner) fill() error {
	if x.eof {
		return errShort
	}
	x.passed += int64(x.pos)
	x.end = copy(x.buf, x.buf[x.pos:x.end])
	x.pos = 0
	if x.end > maxToken {
		return errToken
	}
	if x.end == len(x.buf) {
		x.buf = append(x.buf, make([]byte, len(x.buf))...)
	}
	for range 100 {
		n, err := x.r.Read(x.buf[x.end:])
		x.end += n
		if errors.Is(err, io.EOF) {
			x.eof = true
			return nil
		}
		if err != nil {
			return err
		}
		if n > 0 {
			return nil
		}
	}
	return io.ErrNoProgress
}

// until gives the bytes of rest before mark, after skip bytes.
func (x *xmlScanner) until(rest []byte, skip int, mark string) ([]byte, error) {
	if len(rest) < skip {
		return nil, errMore
	}
	i := bytes.Index(rest[skip:], []byte(mark))
	if i < 0 {
		return nil, errMore
	}
	return rest[skip : skip+i], nil
}

// instruction skips <?…?>; of the XML declaration it checks version and encoding.
func (x *xmlScanner) instruction(rest []byte) (xmlToken, bool, error) {
	body, err := x.until(rest, 2, "?>")
	if err != nil {
		return 0, false, err
	}
	behind := nameEnd(body, 0)
	target, args := string(body[:behind]), string(body[behind:])
	if !validName(body[:behind]) || strings.Contains(target, ":") || args != "" && !isXMLBlank(args[0]) {
		return 0, false, errors.New("processing instruction without a target")
	}
	if !xmlChars(body) {
		return 0, false, errors.New("character that XML does not allow")
	}
	if strings.EqualFold(target, "xml") {
		at := x.passed + int64(x.pos)
		if target != "xml" || at != 0 && (at != 3 || x.rooted) {
			return 0, false, errors.New("XML declaration in the wrong place")
		}
		if enc := declared(args, "encoding"); enc != "" && !strings.EqualFold(enc, "utf-8") && !strings.EqualFold(enc, "us-ascii") {
			return 0, false, fmt.Errorf("encoding %q instead of UTF-8", enc)
		}
		if v := declared(args, "version"); v != "1.0" {
			return 0, false, fmt.Errorf("XML version %q", v)
		}
	}
	x.pos += len(body) + 4
	return 0, true, nil
}

// declared reads name="value" out of an XML declaration.
func declared(args, name string) string {
	_, rest, ok := strings.Cut(args, name)
	if rest = strings.TrimLeft(rest, " \t\r\n"); !ok || rest == "" || rest[0] != '=' {
		return ""
	}
	if rest = strings.TrimLeft(rest[1:], " \t\r\n"); rest == "" || rest[0] != '"' && rest[0] != '\'' {
		return ""
	}
	value, _, _ := strings.Cut(rest[1:], rest[:1])
	return value
}

// declaration skips comments, gives CDATA as text and refuses the rest.
func (x *xmlScanner) declaration(rest []byte) (xmlToken, bool, error) {
	const comment, cdata = "<!--", "<![CDATA["
	if len(rest) < len(cdata) && !x.eof {
		return 0, false, errMore
	}
	switch {
	case bytes.HasPrefix(rest, []byte(comment)):
		body, err := x.until(rest, len(comment), "--")
		if err != nil {
			return 0, false, err
		}
		end := len(comment) + len(body) + 2
		if len(rest) <= end {
			return 0, false, errMore
		}
		if rest[end] != '>' || !xmlChars(body) {
			return 0, false, errors.New("malformed comment")
		}
		x.pos += end + 1
		return 0, true, nil
	case bytes.HasPrefix(rest, []byte(cdata)) && len(x.marks) > 0:
		body, err := x.until(rest, len(cdata), "]]>")
		if err != nil {
			return 0, false, err
		}
		if !xmlChars(body) {
			return 0, false, errors.New("character that XML does not allow")
		}
		x.text = x.unfold(body)
		x.pos += len(cdata) + len(body) + 3
		return xmlText, false, nil
	}
	return 0, false, errDoctype
}

// chars reads the text up to the next tag.
func (x *xmlScanner) chars(rest []byte) (xmlToken, bool, error) {
	n := bytes.IndexByte(rest, '<')
	if n < 0 {
		if !x.eof {
			return 0, false, errMore
		}
		n = len(rest)
	}
	raw := rest[:n]
	if len(x.marks) > 0 && literal(raw) {
		x.text = raw
		x.pos += n
		return xmlText, false, nil
	}
	switch {
	case len(x.marks) == 0 && len(bytes.Trim(raw, " \t\r\n")) > 0:
		return 0, false, errors.New("text outside of the root element")
	case bytes.Contains(raw, []byte("]]>")):
		return 0, false, errors.New("]]> in text")
	case !xmlChars(raw):
		return 0, false, errors.New("character that XML does not allow, or broken UTF-8")
	}
	x.scratch = x.scratch[:0]
	value, err := x.resolve(raw)
	if err != nil {
		return 0, false, err
	}
	x.text = value
	x.pos += n
	return xmlText, len(x.marks) == 0, nil
}

// enclosed gives the literal text between open and close when b begins with them, word for word, and where close ends; else 0.
func enclosed(b []byte, open, close string) (text []byte, end int) {
	if len(b) < len(open) || string(b[:len(open)]) != open {
		return nil, 0
	}
	n := bytes.IndexByte(b[len(open):], '<')
	if n < 0 {
		return nil, 0
	}
	text, end = b[len(open):len(open)+n], len(open)+n+len(close)
	if end > len(b) || string(b[len(open)+n:end]) != close || !literal(text) {
		return nil, 0
	}
	return text, end
}

// unfold makes CRLF and CR of XML text LF, as XML demands.
func (x *xmlScanner) unfold(raw []byte) []byte {
	if bytes.IndexByte(raw, '\r') < 0 {
		return raw
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
}

// resolve replaces entities and character references.
func (x *xmlScanner) resolve(raw []byte) ([]byte, error) {
	raw = x.unfold(raw)
	amp := bytes.IndexByte(raw, '&')
	if amp < 0 {
		return raw, nil
	}
	from := len(x.scratch)
	for amp >= 0 {
		x.scratch = append(x.scratch, raw[:amp]...)
		semi := bytes.IndexByte(raw[amp:], ';')
		if semi < 0 {
			return nil, errors.New("& without ;")
		}
		r, ok := entity(string(raw[amp+1 : amp+semi]))
		if !ok {
			return nil, fmt.Errorf("unknown entity &%.20s;", raw[amp+1:amp+semi])
		}
		x.scratch = utf8.AppendRune(x.scratch, r)
		raw = raw[amp+semi+1:]
		amp = bytes.IndexByte(raw, '&')
	}
	x.scratch = append(x.scratch, raw...)
	return x.scratch[from:len(x.scratch):len(x.scratch)], nil
}

var entities = map[string]rune{"lt": '<', "gt": '>', "amp": '&', "quot": '"', "apos": '\''}

func entity(name string) (rune, bool) {
	if r, ok := entities[name]; ok {
		return r, true
	}
	digits, base := strings.TrimPrefix(name, "#"), 10
	if digits == name || digits == "" {
		return 0, false
	}
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	return rune(n), err == nil && xmlRune(rune(n)) && digits[0] != '+'
}

// startTag reads an element's name and attributes.
func (x *xmlScanner) startTag(rest []byte) (xmlToken, bool, error) {
	at := nameEnd(rest, 1)
	name := rest[1:at]
	x.attrs, x.scratch = x.attrs[:0], x.scratch[:0]
	for {
		blanks := at
		for at < len(rest) && isXMLBlank(rest[at]) {
			at++
		}
		if at+1 >= len(rest) && (at == len(rest) || rest[at] != '>') {
			return 0, false, errMore
		}
		if rest[at] == '>' || rest[at] == '/' && rest[at+1] == '>' {
			break
		}
		if blanks == at {
			return 0, false, errors.New("malformed tag")
		}
		next, err := x.attribute(rest, at)
		if err != nil {
			return 0, false, err
		}
		at = next
	}
	switch {
	case !validName(name):
		return 0, false, errors.New("malformed element name")
	case len(x.marks) == 0 && x.rooted:
		return 0, false, errors.New("a second root element")
	case len(x.marks) >= maxDepth:
		return 0, false, fmt.Errorf("more than %d nested elements", maxDepth)
	}
	x.rooted = true
	x.marks = append(x.marks, len(x.open))
	x.open = append(x.open, name...)
	x.name = name
	if x.pending = rest[at] == '/'; x.pending {
		at++
	}
	x.pos += at + 1
	return xmlStart, false, nil
}

// attribute reads name="value" at at and gives the place behind it.
func (x *xmlScanner) attribute(rest []byte, at int) (int, error) {
	end := nameEnd(rest, at)
	name := rest[at:end]
	at = end
	for at < len(rest) && isXMLBlank(rest[at]) {
		at++
	}
	if at == len(rest) {
		return 0, errMore
	}
	if rest[at] != '=' || !validName(name) {
		return 0, errors.New("malformed attribute")
	}
	for at++; at < len(rest) && isXMLBlank(rest[at]); {
		at++
	}
	if at == len(rest) {
		return 0, errMore
	}
	quote := rest[at]
	if quote != '"' && quote != '\'' {
		return 0, errors.New("attribute without quotes")
	}
	n := bytes.IndexByte(rest[at+1:], quote)
	if n < 0 {
		return 0, errMore
	}
	value := rest[at+1 : at+1+n]
	if bytes.IndexByte(value, '<') >= 0 || !xmlChars(value) {
		return 0, errors.New("attribute with a character that XML does not allow")
	}
	if !literal(value) {
		var err error
		if value, err = x.resolve(value); err != nil {
			return 0, err
		}
	}
	for _, a := range x.attrs {
		if bytes.Equal(a.name, name) {
			return 0, fmt.Errorf("attribute %.40s twice", name)
		}
	}
	if x.attrs = append(x.attrs, xmlAttr{name, value}); len(x.attrs) > maxAttributes {
		return 0, fmt.Errorf("more than %d attributes", maxAttributes)
	}
	return at + n + 2, nil
}

// endTag reads </name>.
func (x *xmlScanner) endTag(rest []byte) (xmlToken, bool, error) {
	if len(x.marks) > 0 {
		name := x.open[x.marks[len(x.marks)-1]:]
		if end := 2 + len(name); end < len(rest) && rest[end] == '>' && bytes.Equal(rest[2:end], name) {
			x.pos += end + 1
			return xmlEnd, false, x.pop()
		}
	}
	body, err := x.until(rest, 2, ">")
	if err != nil {
		return 0, false, err
	}
	name := bytes.TrimRight(body, " \t\r\n")
	if len(x.marks) == 0 || !bytes.Equal(name, x.open[x.marks[len(x.marks)-1]:]) {
		return 0, false, fmt.Errorf("end tag %.40q has no start", name)
	}
	x.pos += len(body) + 3
	return xmlEnd, false, x.pop()
}

func (x *xmlScanner) pop() error {
	last := len(x.marks) - 1
	x.name = x.open[x.marks[last]:]
	x.open = x.open[:x.marks[last]]
	x.marks = x.marks[:last]
	return nil
}

func isXMLBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// nameEnd gives the place behind the name that begins at from.
func nameEnd(b []byte, from int) int {
	for from < len(b) {
		switch c := b[from]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == ':', c == '_', c == '-', c == '.', c >= 0x80:
			from++
		default:
			return from
		}
	}
	return from
}

// validName accepts qualified names: at most one colon with something on both sides. Letters beyond ASCII are all accepted.
func validName(name []byte) bool {
	if len(name) == 0 || name[0] == '-' || name[0] == '.' || name[0] >= '0' && name[0] <= '9' || !xmlChars(name) {
		return false
	}
	i := bytes.IndexByte(name, ':')
	return i < 0 || i > 0 && i < len(name)-1 && bytes.IndexByte(name[i+1:], ':') < 0
}

func xmlRune(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r <= 0xd7ff || r >= 0xe000 && r <= 0xfffd || r >= 0x10000 && r <= 0x10ffff
}

// xmlChars reports whether b is valid UTF-8 of characters that XML allows.
func xmlChars(b []byte) bool { return sound(b, false) }

// literal reports whether b, a text without <, stands for itself: xmlChars, no entity, no CR to unfold, no ] that could begin ]]>.
func literal(b []byte) bool { return sound(b, true) }

// sound works eight bytes at a time, because every text of a workbook goes through it.
func sound(b []byte, literal bool) bool {
	for i := 0; i < len(b); {
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			// As in clean, the lowest hit is exact.
			stop := ((w-ones*0x20)|((w^ones*'&')-ones)|((w^ones*']')-ones))&^w&highs | w&highs
			if stop == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(stop) / 8
			break
		}
		for i+2 < len(b) && b[i] >= 0xe3 && b[i] <= 0xec && b[i+1]&0xc0 == 0x80 && b[i+2]&0xc0 == 0x80 { // U+3000 to U+CFFF
			i += 3
		}
		if i == len(b) {
			return true
		}
		switch c := b[i]; {
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && size < 2 || !xmlRune(r) {
				return false
			}
			i += size
		case c < ' ' && c != '\n' && c != '\t' && (c != '\r' || literal), literal && (c == '&' || c == ']'):
			return false
		default:
			i++
		}
	}
	return true
}
