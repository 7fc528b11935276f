package policy

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a file, so that no text makes the parser slow: its time grows with the square of the entries of a mapping.
const (
	maxTokens  = 60_000
	maxNesting = 16
)

// shape tells what a node is.
type shape int

const (
	scalar shape = iota
	mapping
	sequence
)

// kind tells how YAML understands a scalar.
type kind int

const (
	textScalar kind = iota
	numberScalar
	boolScalar
	nullScalar
)

// node is a piece of a file with its place.
type node struct {
	place Place
	shape shape
	kind  kind   // of a scalar
	text  string // of a scalar: its own text when plain, else what the quotes hold
	pairs []pair
	items []*node
}

// pair is an entry of a mapping.
type pair struct {
	key   *node
	value *node
}

// shown names what a node is, for a person.
func (n *node) shown() Text {
	switch {
	case n.shape == mapping:
		return Text{"映射（键: 值）", "a mapping (key: value)"}
	case n.shape == sequence:
		return Text{"列表", "a list"}
	case n.kind == numberScalar:
		return say("数字 %s", "the number %s", clip(n.text))
	case n.kind == boolScalar:
		return say("是非值 %s", "the truth value %s", clip(n.text))
	case n.kind == nullScalar:
		return Text{"空值", "nothing"}
	}
	return say("文字“%s”", "the text “%s”", clip(n.text))
}

// clip shortens a text for a message.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// reader reads the files of one policy and collects what is wrong with them.
type reader struct {
	lines  map[string][]string // by file
	faults Errors
}

// fault notes what is wrong at a place.
func (r *reader) fault(p Place, what, cure Text) {
	e := Error{Place: p, What: what, Cure: cure}
	if lines := r.lines[p.File]; p.Line > 0 && p.Line <= len(lines) {
		e.Excerpt = excerpt(lines[p.Line-1], p.Column)
	}
	r.faults = append(r.faults, e)
}

// parse gives the top mapping of a file. It gives nil when the file cannot be read as YAML and has been reported.
func (r *reader) parse(f File) *node {
	text := strings.TrimPrefix(f.Text, "\ufeff")
	start := Place{f.Name, 1, 1}
	if len(text) > maxFileBytes {
		r.fault(Place{File: f.Name}, say("文件超过 1 MiB", "the file is larger than 1 MiB"),
			say("制度文件只写口径，不放数据；请精简", "a policy holds definitions, not data; shorten it"))
		return nil
	}
	r.lines[f.Name] = strings.Split(text, "\n")
	if !r.readable(f.Name) {
		return nil
	}
	body, ok := r.yaml(f.Name, text)
	if !ok {
		return nil
	}
	if body == nil {
		return &node{place: start, shape: mapping}
	}
	n := r.node(f.Name, body, 0)
	if n.shape != mapping {
		r.wrongType(n, say("映射（键: 值）", "a mapping (key: value)"))
		return nil
	}
	return n
}

// readable reports text that is not UTF-8 and characters that no editor shows.
func (r *reader) readable(file string) bool {
	for i, line := range r.lines[file] {
		if !utf8.ValidString(line) {
			valid := strings.ToValidUTF8(line, "\ufffd")
			column := utf8.RuneCountInString(valid[:strings.IndexRune(valid, '\ufffd')]) + 1
			r.lines[file][i] = valid
			r.fault(Place{file, i + 1, column}, say("文件不是 UTF-8 编码", "the file is not UTF-8"),
				say("用编辑器另存为 UTF-8", "save it as UTF-8 in your editor"))
			return false
		}
		at := strings.IndexFunc(strings.TrimSuffix(line, "\r"), func(c rune) bool {
			return unicode.IsControl(c) && c != '\t' || unicode.Is(unicode.Bidi_Control, c) || c == '\u2028' || c == '\u2029'
		})
		if at >= 0 {
			c, _ := utf8.DecodeRuneInString(line[at:])
			r.fault(Place{file, i + 1, utf8.RuneCountInString(line[:at]) + 1},
				say("有不可见的控制字符 %U", "there is an invisible control character %U", c),
				say("删去该字符", "delete it"))
			return false
		}
	}
	return true
}

// yaml parses text; the body is nil when the file holds nothing.
func (r *reader) yaml(file, text string) (body ast.Node, ok bool) {
	defer func() {
		if p := recover(); p != nil { // the library is known to give up this way on some broken texts
			r.fault(Place{File: file}, say("YAML 无法解析", "the YAML cannot be parsed"),
				say("核对缩进、引号与括号", "check indentation, quotes and brackets"))
			body, ok = nil, false
		}
	}()
	tokens := lexer.Tokenize(text)
	if !r.plainYAML(file, tokens) {
		return nil, false
	}
	parsed, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(file, err)
		return nil, false
	}
	for _, d := range parsed.Docs {
		if d.Body == nil {
			continue
		}
		if body != nil {
			r.fault(placeOf(file, d.Body.GetToken()), say("一个文件只能有一份文档", "a file holds one document"),
				say("删去“---”及其后的内容", "delete the “---” and what follows"))
			return nil, false
		}
		if _, comments := d.Body.(*ast.CommentGroupNode); !comments {
			body = d.Body
		}
	}
	return body, true
}

// plainYAML refuses, before the parser runs, what a policy does not use and what would make the parser slow.
func (r *reader) plainYAML(file string, tokens token.Tokens) bool {
	before := len(r.faults)
	if len(tokens) > maxTokens {
		r.fault(Place{File: file}, say("文件的条目过多", "the file has too many entries"),
			say("精简该文件", "shorten it"))
		return false
	}
	brackets, dashes, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, dashes = t.Position.Line, 0
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			brackets++
		case token.MappingEndType, token.SequenceEndType:
			brackets--
		case token.SequenceEntryType:
			dashes++
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType, token.DirectiveType, token.MappingKeyType:
			r.fault(placeOf(file, t), say("制度文件不使用 YAML 的锚点、引用、合并、标签与复合键（%s）", "a policy uses no YAML anchors, aliases, merge keys, tags or complex keys (%s)", clip(t.Value)),
				say("把内容直接写出；若它是文字，请加引号", "write the content out; quote it if it is text"))
			return false
		}
		if max(brackets, dashes) > maxNesting {
			r.tooDeep(placeOf(file, t))
			return false
		}
	}
	return len(r.faults) == before
}

func (r *reader) tooDeep(p Place) {
	r.fault(p, say("嵌套超过 %d 层", "it is nested deeper than %d levels", maxNesting),
		say("参照默认制度的写法", "write it like the default policy"))
}

// syntaxWords translates the parser's commonest complaints.
var syntaxWords = map[string]string{
	"',' or ']' must be specified":                                       "列表缺少“,”或“]”",
	"',' or '}' must be specified":                                       "映射缺少“,”或“}”",
	"could not find flow mapping end token '}'":                          "缺少“}”",
	"sequence end token ']' not found":                                   "缺少“]”",
	"could not find end character of single-quoted text":                 "单引号没有成对",
	"could not find end character of double-quoted text":                 "双引号没有成对",
	"mapping value is not allowed in this context":                       "此处不能再有“键: 值”",
	"tab character cannot use as a map key directly":                     "缩进用了制表符",
	"found character '\t' that cannot start any token":                   "缩进用了制表符",
	"unexpected key name":                                                "键的位置不对",
	"non-map value is specified":                                         "此处应为“键: 值”",
	"value is not allowed in this context":                               "值的位置不对",
	"block sequence entries are not allowed in this context":             "列表项的位置不对",
	"map key definition includes an implicit line break":                 "键中间换了行",
	"could not find '[' character corresponding to ']'":                  "多了一个“]”",
	"could not find '{' character corresponding to '}'":                  "多了一个“}”",
	"expected sequence element, but found ','":                           "列表中多了一个“,”",
	"found an invalid key for this map":                                  "键的写法不对",
	"unexpected scalar value type":                                       "值的位置不对",
	"could not find flow map content":                                    "映射没有写完",
	"found invalid token":                                                "有无法识别的字符",
	"value is not allowed in this context. map key-value is pre-defined": "值的位置不对",
}

// syntax reports an error of the YAML parser.
func (r *reader) syntax(file string, err error) {
	place := Place{File: file}
	message := err.Error()
	var e yaml.Error
	if errors.As(err, &e) {
		message = e.GetMessage()
		if t := e.GetToken(); t != nil && t.Position != nil {
			place = placeOf(file, t)
		}
	}
	zh := syntaxWords[message]
	if zh == "" {
		zh = "写法有误（" + clip(message) + "）"
	}
	r.fault(place, Text{"YAML 无法解析：" + zh, "the YAML cannot be parsed: " + clip(message)},
		say("核对缩进（只用空格）、引号与括号；文字中有“: ”或“#”时加引号", "check indentation (blanks only), quotes and brackets; quote text that holds “: ” or “#”"))
}

// placeOf gives where a token begins. Inside of block texts the library counts columns from 0.
func placeOf(file string, t *token.Token) Place {
	return Place{file, t.Position.Line, max(t.Position.Column, 1)}
}

// node converts the library's tree, dropping repeated keys.
func (r *reader) node(file string, from ast.Node, depth int) *node {
	n := &node{place: placeOf(file, from.GetToken())}
	if depth > maxNesting {
		r.tooDeep(n.place)
		n.kind = nullScalar
		return n
	}
	switch from := from.(type) {
	case *ast.MappingNode:
		r.mapping(n, from.Values, depth)
		if !from.IsFlowStyle && len(n.pairs) > 0 {
			n.place = n.pairs[0].key.place // the library points at the colon
		}
	case *ast.MappingValueNode:
		r.mapping(n, []*ast.MappingValueNode{from}, depth)
		n.place = n.pairs[0].key.place
	case *ast.SequenceNode:
		n.shape = sequence
		for _, v := range from.Values {
			n.items = append(n.items, r.node(file, v, depth+1))
		}
	case *ast.NullNode:
		n.kind = nullScalar
	case *ast.LiteralNode:
		n.text = from.Value.Value
	default:
		n.text = from.GetToken().Value
		switch from.(type) {
		case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
			n.kind = numberScalar
		case *ast.BoolNode:
			n.kind = boolScalar
		}
	}
	return n
}

// mapping converts the entries of a mapping.
func (r *reader) mapping(n *node, entries []*ast.MappingValueNode, depth int) {
	n.shape = mapping
	first := map[string]Place{}
	for _, e := range entries {
		// A key is what stands before the colon, also when YAML takes it for a number, a truth value or nothing.
		key := &node{place: placeOf(n.place.File, e.Key.GetToken()), text: e.Key.GetToken().Value}
		value := r.node(n.place.File, e.Value, depth+1)
		if p, twice := first[key.text]; twice {
			r.fault(key.place, say("键“%s”重复，第 %d 行已有", "the key “%s” stands here a second time; first in line %d", clip(key.text), p.Line),
				say("删去其中一处", "delete one of them"))
			continue
		}
		first[key.text] = key.place
		n.pairs = append(n.pairs, pair{key, value})
	}
}

// object is a mapping with known keys.
type object struct {
	*reader
	place    Place
	values   map[string]*node
	keys     map[string]Place
	misspelt map[string]bool // known keys that an unknown one was taken for
}

// object reads a mapping of the keys known for form. It reports unknown keys, and gives false for anything but a mapping.
// A missing key will be reported at place.
func (r *reader) object(n *node, place Place, form string) (*object, bool) {
	o := &object{r, place, map[string]*node{}, map[string]Place{}, map[string]bool{}}
	if n.shape != mapping {
		r.wrongType(n, say("映射，键为 %s", "a mapping with the keys %s", strings.Join(keys[form], ", ")))
		return o, false
	}
	for _, p := range n.pairs {
		known := false
		for _, k := range keys[form] {
			known = known || k == p.key.text
		}
		if known {
			o.values[p.key.text], o.keys[p.key.text] = p.value, p.key.place
			continue
		}
		cure := say("此处可用的键：%s", "the keys known here: %s", strings.Join(keys[form], ", "))
		if p.value.shape == scalar && p.value.kind == nullScalar && !idForm.MatchString(p.key.text) {
			cure = say("若它是上一个值的后半句：逗号在 {} 中起分隔作用，含逗号的文字要加引号", "if it belongs to the text before it: a comma inside of {} begins a new key, so quote the text")
		} else if near := nearest(p.key.text, keys[form]); near != "" {
			o.misspelt[near] = true
			cure = say("是否应为 %s？", "did you mean %s?", near)
		}
		r.fault(p.key.place, say("没有“%s”这个键", "there is no key “%s”", clip(p.key.text)), cure)
	}
	return o, true
}

// find gives the value of a key, or nil when it is missing. A key without a value is reported.
func (o *object) find(key string) *node {
	n := o.values[key]
	if n != nil && n.shape == scalar && n.kind == nullScalar {
		o.fault(o.keys[key], say("%s 没有值", "%s has no value", key), say("补上值，或删去这个键", "give it a value, or delete the key"))
		return nil
	}
	return n
}

// need is find for a key that may not be missing.
func (o *object) need(key string) *node {
	if _, ok := o.values[key]; !ok {
		if o.misspelt[key] {
			return nil
		}
		o.fault(o.place, say("缺少 %s", "%s is missing", key), say("补上 %s", "add %s", key))
		return nil
	}
	return o.find(key)
}

func (r *reader) wrongType(n *node, want Text) {
	is := n.shown()
	r.fault(n.place, Text{"此处应为" + want.ZH + "，实为" + is.ZH, "this must be " + want.EN + ", but is " + is.EN},
		say("参照默认制度的写法", "write it like the default policy"))
}
