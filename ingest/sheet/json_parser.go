package sheet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonFault is what is wrong with a record.
type jsonFault struct {
	rule   string // of a BadRow
	detail string
	at     int  // in the text, from 0
	short  bool // the text ends too early
}

func (f *jsonFault) Error() string { return fmt.Sprintf("%s at %d: %s", f.rule, f.at, f.detail) }

// jsonParser reads one JSON value strictly by RFC 8259. encoding/json is not used for it, because it replaces what is no text by
// U+FFFD, takes the last of two equal keys, and does not say where things stand.
type jsonParser struct {
	raw   []byte
	at    int
	keyed bool // a key and its colon were read
}

// syntax is the fault of text that is not JSON.
func (p *jsonParser) syntax() error {
	return &jsonFault{rule: JSONLine, detail: strconv.Itoa(p.at + 1), at: p.at, short: p.at >= len(p.raw)}
}

// blanks skips white space and gives the next byte, 0 at the end.
func (p *jsonParser) blanks() byte {
	for ; p.at < len(p.raw); p.at++ {
		if c := p.raw[p.at]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
	}
	return 0
}

// expect takes one byte.
func (p *jsonParser) expect(c byte) error {
	if p.blanks() != c {
		return p.syntax()
	}
	p.at++
	return nil
}

// skip reads a value to its end. depth counts the values around it.
func (p *jsonParser) skip(depth int) error {
	switch c := p.blanks(); c {
	case '{':
		return p.object(depth, func() error { _, err := p.str(nil); return err }, func() error { return p.skip(depth + 1) })
	case '[':
		return p.array(depth, func() error { return p.skip(depth + 1) })
	case '"':
		_, err := p.str(nil)
		return err
	default:
		return p.plain(c)
	}
}

// object reads an object; key and value are called at each and must read it.
func (p *jsonParser) object(depth int, key, value func() error) error {
	return p.list(depth, '}', func() error {
		if p.blanks() != '"' {
			return p.syntax()
		}
		if err := key(); err != nil {
			return err
		}
		if err := p.expect(':'); err != nil {
			return err
		}
		p.keyed = true
		return value()
	})
}

func (p *jsonParser) array(depth int, value func() error) error { return p.list(depth, ']', value) }

// list reads from an opening bracket to the closing one.
func (p *jsonParser) list(depth int, closing byte, item func() error) error {
	if depth >= maxJSONDeep {
		return &jsonFault{rule: JSONDepth, at: p.at}
	}
	p.at++
	if p.blanks() == closing {
		p.at++
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		switch p.blanks() {
		case ',':
			p.at++
		case closing:
			p.at++
			return nil
		default:
			return p.syntax()
		}
	}
}

// plain reads a number, true, false or null that begins with c.
func (p *jsonParser) plain(c byte) error {
	switch c {
	case 't':
		return p.word("true")
	case 'f':
		return p.word("false")
	case 'n':
		return p.word("null")
	}
	return p.number()
}

func (p *jsonParser) word(w string) error {
	for i := range len(w) {
		if p.at >= len(p.raw) || p.raw[p.at] != w[i] {
			return p.syntax()
		}
		p.at++
	}
	return nil
}

// digits takes at least one digit.
func (p *jsonParser) digits() error {
	from := p.at
	for p.at < len(p.raw) && p.raw[p.at] >= '0' && p.raw[p.at] <= '9' {
		p.at++
	}
	if p.at == from {
		return p.syntax()
	}
	return nil
}

// take moves over one of the bytes, if it is next.
func (p *jsonParser) take(any string) bool {
	if p.at < len(p.raw) && bytes.IndexByte([]byte(any), p.raw[p.at]) >= 0 {
		p.at++
		return true
	}
	return false
}

func (p *jsonParser) number() error {
	p.take("-")
	if !p.take("0") {
		if err := p.digits(); err != nil {
			return err
		}
	}
	if p.take(".") {
		if err := p.digits(); err != nil {
			return err
		}
	}
	if p.take("eE") {
		p.take("+-")
		return p.digits()
	}
	return nil
}

// str appends the text of a string to dst. Half a surrogate pair is kept as three bytes that are not UTF-8, so that it is found.
func (p *jsonParser) str(dst []byte) ([]byte, error) {
	p.at++
	for {
		from := p.at
		for p.at < len(p.raw) && p.raw[p.at] >= ' ' && p.raw[p.at] != '"' && p.raw[p.at] != '\\' {
			p.at++
		}
		dst = append(dst, p.raw[from:p.at]...)
		if p.at >= len(p.raw) || p.raw[p.at] < ' ' {
			return dst, p.syntax()
		}
		p.at++
		if p.raw[p.at-1] == '"' {
			return dst, nil
		}
		var err error
		if dst, err = p.escape(dst); err != nil {
			return dst, err
		}
	}
}

// escape reads what stands behind a backslash.
func (p *jsonParser) escape(dst []byte) ([]byte, error) {
	const letters, meanings = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if p.at >= len(p.raw) {
		return dst, p.syntax()
	}
	if i := bytes.IndexByte([]byte(letters), p.raw[p.at]); i >= 0 {
		p.at++
		return append(dst, meanings[i]), nil
	}
	r, err := p.unicode()
	if err != nil {
		return dst, err
	}
	if utf16.IsSurrogate(r) && bytes.HasPrefix(p.raw[p.at:], []byte(`\u`)) {
		back := p.at
		p.at++
		low, err := p.unicode()
		if err != nil {
			return dst, err
		}
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return utf8.AppendRune(dst, pair), nil
		}
		p.at = back
	}
	if utf16.IsSurrogate(r) {
		return append(dst, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f), nil
	}
	return utf8.AppendRune(dst, r), nil
}

// unicode reads uXXXX.
func (p *jsonParser) unicode() (rune, error) {
	if p.at >= len(p.raw) || p.raw[p.at] != 'u' {
		return 0, p.syntax()
	}
	p.at++
	r := rune(0)
	for range 4 {
		if p.at >= len(p.raw) {
			return 0, p.syntax()
		}
		c := p.raw[p.at]
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, p.syntax()
		}
		p.at++
	}
	return r, nil
}

// jsonFields are the fields of a file and the record that was read last, flattened to them.
type jsonFields struct {
	jsonParser
	names  []string // in the order of the cells
	fixed  bool     // no new names
	ids    map[string]int
	nodes  []jsonNode
	round  int64 // of the record
	leaves []jsonLeaf
	arena  []byte // texts of the leaves
	path   []byte // name of the object being read, with a point
	cells  [][]byte
	from   []int // by cell: where its value begins in raw
	to     []int
}

// jsonNode is a name that was seen: a field, an object, or both.
type jsonNode struct {
	name   string
	column int // -1 = not a field so far
	seen   int64
}

// jsonLeaf is a value of a record: its name, its text in the arena, its place in raw.
type jsonLeaf struct{ node, from, to, rawFrom, rawTo int }

// newJSONFields begins with the fields of a Reading, or with none, which are then found.
func newJSONFields(names []string) *jsonFields {
	f := &jsonFields{ids: map[string]int{}, fixed: names != nil}
	for _, name := range names {
		f.addColumn(f.node([]byte(name)))
	}
	return f
}

// node gives the number of a name.
func (f *jsonFields) node(name []byte) int {
	if id, ok := f.ids[string(name)]; ok {
		return id
	}
	f.ids[string(name)] = len(f.nodes)
	f.nodes = append(f.nodes, jsonNode{name: string(name), column: -1})
	return len(f.nodes) - 1
}

func (f *jsonFields) addColumn(node int) {
	f.nodes[node].column = len(f.names)
	f.names = append(f.names, f.nodes[node].name)
	f.cells = append(f.cells, nil)
	f.from = append(f.from, 0)
	f.to = append(f.to, 0)
}

// read reads a record, whose text must end behind it. Errors are *jsonFault, or *RefusedError when there are too many names.
func (f *jsonFields) read(raw []byte) error {
	f.jsonParser = jsonParser{raw: raw}
	f.round++
	f.leaves, f.arena, f.path = f.leaves[:0], f.arena[:0], f.path[:0]
	clear(f.cells)
	err := f.record()
	if err == nil {
		err = f.settle()
	}
	if len(f.names) > maxFields || len(f.nodes) > 4*maxFields {
		return refuse(FileLimit, textf("JSON 的字段超过上限（%[1]d 个）。", "The JSON has more fields than the limit of %[1]d.", maxFields),
			text("请只导出需要的字段；以编号作键的对象请改为列表。", "Export only the fields that matter; turn objects keyed by ids into lists."))
	}
	return err
}

// record reads the whole text.
func (f *jsonFields) record() error {
	object := f.blanks() == '{'
	read := f.skip
	if object {
		read = f.members
	}
	if err := read(0); err != nil {
		return err
	}
	if f.blanks(); f.at < len(f.raw) {
		return f.syntax()
	}
	if !object {
		return &jsonFault{rule: JSONNotObject}
	}
	return nil
}

// settle puts the texts into their cells, now that the whole record is known to be sound.
func (f *jsonFields) settle() error {
	for _, leaf := range f.leaves {
		if f.nodes[leaf.node].column < 0 {
			if f.fixed {
				return &jsonFault{rule: RowFields, detail: f.nodes[leaf.node].name}
			}
			f.addColumn(leaf.node)
		}
		column := f.nodes[leaf.node].column
		f.cells[column] = f.arena[leaf.from:leaf.to:leaf.to]
		f.from[column], f.to[column] = leaf.rawFrom, leaf.rawTo
	}
	return nil
}

// members reads an object whose name is in path.
func (f *jsonFields) members(depth int) error {
	outer, node := len(f.path), 0
	return f.object(depth, func() error {
		var err error
		f.path = f.path[:outer]
		at := f.at
		if f.path, err = f.str(f.path); err != nil {
			return err
		}
		if found := findFault(f.path, false); found.rule != "" {
			return &jsonFault{rule: found.rule, detail: faultDetail(found, escape(f.path, false)), at: at}
		}
		node = f.node(f.path)
		if f.nodes[node].seen == f.round {
			return &jsonFault{rule: JSONTwice, detail: f.nodes[node].name, at: at}
		}
		f.nodes[node].seen = f.round
		return nil
	}, func() error { return f.member(node, depth) })
}

// member reads the value of a name.
func (f *jsonFields) member(node, depth int) error {
	c := f.blanks()
	if c == '{' {
		f.path = append(f.path, '.')
		return f.members(depth + 1)
	}
	leaf := jsonLeaf{node: node, from: len(f.arena), rawFrom: f.at}
	var err error
	if c == '[' {
		err = f.listText(depth + 1)
	} else {
		err = f.scalar(c)
	}
	leaf.to, leaf.rawTo = len(f.arena), f.at
	f.leaves = append(f.leaves, leaf)
	return err
}

// scalar appends the text of a value that begins with c: numbers as appendLiteral has them, null as nothing.
func (f *jsonFields) scalar(c byte) (err error) {
	if c == '"' {
		f.arena, err = f.str(f.arena)
		return err
	}
	from := f.at
	if err = f.plain(c); err == nil && c != 'n' {
		f.arena = appendLiteral(f.arena, f.raw[from:f.at], c)
	}
	return err
}

// appendLiteral appends a number, true or false as it is written, but an exponent always with its sign: 1e22 becomes 1e+22. A program
// that took an id for a number wrote it so, while a string "1e22" may well be an id.
func appendLiteral(dst, literal []byte, c byte) []byte {
	at := 0 // behind the e
	if c == '-' || c >= '0' && c <= '9' {
		at = bytes.IndexAny(literal, "eE") + 1
	}
	if at == 0 || literal[at] == '+' || literal[at] == '-' {
		return append(dst, literal...)
	}
	return append(append(append(dst, literal[:at]...), '+'), literal[at:]...)
}

// listText appends the values of a list with commas, or the list as it is written when it holds objects or lists.
func (f *jsonFields) listText(depth int) error {
	from, text, n, nested := f.at, len(f.arena), 0, false
	err := f.array(depth, func() error {
		c := f.blanks()
		if c == '{' || c == '[' {
			nested = true
			return f.skip(depth + 1)
		}
		if n++; n > 1 {
			f.arena = append(f.arena, ", "...)
		}
		return f.scalar(c)
	})
	if err != nil || !nested {
		return err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, f.raw[from:f.at]); err != nil {
		return f.syntax()
	}
	f.arena = append(f.arena[:text], compact.Bytes()...)
	return nil
}
