package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"plumbline/internal/warehouse"
)

// CheckMapping reads a mapping file against p: its name without .yaml becomes the mapping's id. When the mapping is wrong the
// error is of type Errors and names every fault; any other error says that the check itself could not be done.
func CheckMapping(ctx context.Context, db *warehouse.DB, p *Policy, f File) (*Mapping, error) {
	headersOnly := *p // parameters are figures of the regulation; how a file is read does not hang on them
	headersOnly.Parameters = nil
	c := &mapper{checker: &checker{
		reader: &reader{lines: map[string][]string{}},
		ctx:    ctx, db: db,
		policy:  &headersOnly,
		unknown: map[*Dataset]bool{},
	}}
	m := &Mapping{File: f}
	var named bool
	if m.ID, named = mappingID(f.Name); !named {
		c.faults = append(c.faults, misnamed(f.Name))
	}
	if n := c.parse(f); n != nil {
		c.mapping(m, n)
	}
	if c.broken != nil {
		return nil, fmt.Errorf("check mapping %s: %w", f.Name, c.broken)
	}
	if c.faults != nil {
		return nil, c.faults.sorted()
	}
	return m, nil
}

// CheckMappings is CheckMapping for several files; the mappings come in the order of the files. The Errors are those of all.
func CheckMappings(ctx context.Context, db *warehouse.DB, p *Policy, files []File) ([]*Mapping, error) {
	var faults Errors
	var mappings []*Mapping
	for i, f := range files {
		if slices.ContainsFunc(files[:i], func(g File) bool { return g.Name == f.Name }) {
			faults = append(faults, Error{Place: Place{File: f.Name}, What: say("文件给了两次", "the file is given twice"),
				Cure: say("只保留一份", "keep one of them")})
			continue
		}
		m, err := CheckMapping(ctx, db, p, f)
		if e, ok := errors.AsType[Errors](err); ok {
			faults = append(faults, e...)
		} else if err != nil {
			return nil, err
		}
		mappings = append(mappings, m)
	}
	if faults != nil {
		return nil, faults.sorted()
	}
	return mappings, nil
}

// mapper builds a Mapping. It goes on after a fault with what it has.
type mapper struct {
	*checker
	headers *Dataset // the file as expressions see it: its headers as columns of text
}

// mapping reads the file's one mapping.
func (c *mapper) mapping(m *Mapping, n *node) {
	o, ok := c.object(n, n.place, "mapping")
	if !ok {
		return
	}
	m.Name = c.bilingual(o.need("name"), maxName)
	m.Dataset = c.target(o.need("dataset"))
	c.file(m, o)
	c.headers = &Dataset{ID: m.ID}
	headers := o.need("headers")
	for _, p := range c.entries(headers) {
		c.header(m, p)
	}
	if headers != nil && headers.shape == mapping && len(headers.pairs) == 0 {
		c.fault(headers.place, say("没有表头", "there are no headers"), say("列出文件的各列", "list the columns of the file"))
	}
	c.sameNames(m)
	if n := o.find("unpivot"); n != nil {
		c.unpivot(m, n, o.keys["unpivot"])
	}
	fields := o.need("fields")
	asking := expressions(fields, c.headers, textUse)
	if n := o.find("where"); n != nil {
		asking = append(asking, wanted{strings.TrimSpace(inOneLine(n.text)), c.headers, rowUse})
	}
	c.ahead(asking)
	if n := o.find("where"); n != nil {
		e := c.expression(n, c.headers, rowUse)
		m.Where = &e
	}
	for _, p := range c.entries(fields) {
		c.field(m, p)
	}
	if m.Dataset == nil {
		return
	}
	if fields != nil {
		c.filled(m, o.keys["fields"])
	}
	if n := o.find("pick"); n != nil {
		c.pick(m, n, o.keys["pick"])
	}
	if m.Repeats && !m.madeKey() {
		c.fault(o.keys["repeats"], say("repeats 只用于主键由其他列或 digest 得出的记录", "repeats is for records whose key is made of other columns or by digest"),
			say("删去 repeats，或不填主键", "delete repeats, or leave the key out of the fields"))
	}
}

// target reads the dataset that the mapping fills.
func (c *mapper) target(n *node) *Dataset {
	id, ok := c.word(n, maxName)
	if !ok {
		return nil
	}
	d := c.policy.Dataset(id)
	if d == nil {
		c.fault(n.place, say("没有记录“%s”", "there is no dataset “%s”", clip(id)), oneOfCure(id, c.policy.datasetIDs()))
	} else if d.Recorded != "" {
		c.fault(n.place, say("记录 %s 由程序登记，不从文件导入", "the records of %s are written when something is decided; no file brings them", d.ID), say("换成由文件导入的记录", "name a dataset that files bring"))
	}
	return d
}

// file reads what is declared about the file itself.
func (c *mapper) file(m *Mapping, o *object) {
	m.Sheet, _ = c.word(o.find("sheet"), maxName)
	m.HeaderRow = c.position(o.find("header_row"), 0)
	if n := o.find("encoding"); n != nil {
		m.Encoding = c.oneOf(n, "UTF-8", "UTF-16LE", "UTF-16BE", "GB18030", "windows-1252")
	}
	if n := o.find("delimiter"); n != nil {
		m.Delimiter = c.delimiter(n)
	}
	m.Snapshot = c.truth(o.find("snapshot"), false)
	m.Repeats = c.truth(o.find("repeats"), false)
}

// position reads a whole number from 1 upwards.
func (c *mapper) position(n *node, otherwise int64) int64 {
	if n == nil {
		return otherwise
	}
	faults := len(c.faults)
	v := c.whole(n)
	if v == 0 && len(c.faults) == faults {
		c.fault(n.place, say("从 1 数起", "it counts from 1"), say("第一个写 1", "write 1 for the first"))
	}
	return v
}

// delimiter reads the sign between the cells of a line.
func (c *mapper) delimiter(n *node) byte {
	w, ok := c.word(n, maxName)
	if !ok {
		return 0
	}
	if w == "tab" {
		return '\t'
	}
	if len(w) != 1 || !strings.Contains(",;|:!#$%&*+-/<=>?@^_~", w) {
		c.fault(n.place, say("“%s”不能作分隔符", "“%s” cannot separate cells", clip(w)),
			say(`写一个符号，如 "," ";" "|"，或 tab`, `write one sign such as "," ";" "|", or tab`))
		return 0
	}
	return w[0]
}

// header reads a column of the file: names, or {names: …, optional: …, nth: …}.
func (c *mapper) header(m *Mapping, p pair) {
	valid := c.headerID(p.key)
	h := &Header{ID: p.key.text, Nth: 1, Place: p.key.place}
	names := p.value
	if p.value.shape == mapping {
		o, _ := c.object(p.value, p.key.place, "header")
		names = o.need("names")
		h.Optional = c.truth(o.find("optional"), false)
		h.Nth = int(c.position(o.find("nth"), 1))
	}
	h.Names, _ = c.words(names)
	if valid {
		m.Headers = append(m.Headers, h)
	}
}

// headerID makes a header known to expressions, unless its id is bad or taken.
func (c *mapper) headerID(key *node) bool {
	if !c.named(key, true) {
		c.unknown[c.headers] = true
		return false
	}
	if c.headers.Column(key.text) != nil {
		c.fault(key.place, say("表头“%s”重复", "the header “%s” stands here a second time", key.text), say("换一个名称", "choose another name"))
		return false
	}
	c.headers.Columns = append(c.headers.Columns, &Column{ID: key.text, Type: TypeText})
	return true
}

// sameNames makes sure that a column of the file is one header.
func (c *mapper) sameNames(m *Mapping) {
	type column struct {
		key string
		nth int
	}
	owner := map[column]*Header{}
	for _, h := range m.Headers {
		for _, name := range h.Names {
			at := column{HeaderKey(name), h.Nth}
			other := owner[at]
			switch {
			case at.key == "":
				c.fault(h.Place, say("表头“%s”没有文字或数字", "the header “%s” holds no letter or digit", clip(name)), say("改用有文字的表头", "use a header with letters"))
			case other == nil:
				owner[at] = h
			case other != h:
				c.fault(h.Place, say("“%s”既是表头 %s 又是表头 %s", "“%s” is both the header %s and the header %s", clip(name), other.ID, h.ID),
					say("从其中一个删去；同名的几列用 nth: 2 等区分（大小写、空格、标点、全半角、繁简不计）",
						"delete it from one of them; tell columns of one name apart by nth: 2 and so on (case, blanks, punctuation, width and traditional characters do not count)"))
			}
		}
	}
}

// unpivot reads how wide becomes long.
func (c *mapper) unpivot(m *Mapping, n *node, at Place) {
	o, ok := c.object(n, at, "unpivot")
	if !ok {
		return
	}
	u := &Unpivot{Place: at}
	columns, places := c.words(o.find("columns"))
	for i, w := range columns {
		if HeaderKey(w) == "" || strings.Contains(strings.TrimSuffix(w, "*"), "*") {
			c.fault(places[i], say("“%s”不能用来认列", "“%s” cannot name columns", clip(w)),
				say("写完整的表头，或开头加一个 *：2026-*；要除几列外的所有列，只写 except", "write a header, or its beginning and one *: 2026-*; for all columns but some, write except alone"))
		}
		u.Columns = append(u.Columns, w)
	}
	if n := o.find("except"); n != nil {
		u.Except = c.headersOf(n, func(id string) bool { return m.Header(id) != nil })
	}
	if o.values["columns"] == nil && o.values["except"] == nil {
		c.fault(at, say("unpivot 要有 columns 或 except", "unpivot needs columns or except"),
			say("写明要转成行的列，或不转的表头", "name the columns that become rows, or the headers that do not"))
	}
	u.Name, u.Value = c.newHeader(o.need("name")), c.newHeader(o.need("value"))
	m.Unpivot = u
}

// newHeader reads the id of a header that no column of the file has.
func (c *mapper) newHeader(n *node) string {
	id, ok := c.word(n, maxName)
	if !ok || !c.headerID(&node{place: n.place, text: id}) {
		c.unknown[c.headers] = true
		return ""
	}
	return id
}

// headersOf reads the ids of one or several headers that fit.
func (c *mapper) headersOf(n *node, fits func(id string) bool) []string {
	var ids []string
	words, places := c.words(n)
	for i, w := range words {
		at := &node{place: places[i], text: w}
		switch {
		case slices.Contains(ids, w):
			c.fault(at.place, say("%s 在此重复", "%s stands here twice", w), say("删去一个", "delete one"))
		case !fits(w):
			c.noHeader(at)
		default:
			ids = append(ids, w)
		}
	}
	return ids
}

// headerOf reads the id of a header.
func (c *mapper) headerOf(n *node) string {
	id, ok := c.word(n, maxName)
	if ok && c.headers.Column(id) == nil {
		c.noHeader(&node{place: n.place, text: id})
		return ""
	}
	return id
}

func (c *mapper) noHeader(n *node) {
	if c.unknown[c.headers] {
		return // one of them could not be read
	}
	c.fault(n.place, say("映射中没有表头“%s”", "the mapping has no header “%s”", clip(n.text)), oneOfCure(n.text, c.headers.columnIDs()))
}

// pick reads which of the rows of a key is kept.
func (c *mapper) pick(m *Mapping, n *node, at Place) {
	o, ok := c.object(n, at, "pick")
	if !ok {
		return
	}
	_, last := o.values["last"]
	_, first := o.values["first"]
	if !last && !first && (o.misspelt["last"] || o.misspelt["first"]) {
		return
	}
	if last == first {
		c.fault(at, say("first 与 last 须有且只有一个", "there must be either first or last"),
			say("取最后一行写 {last: 表头}，取第一行写 {first: 表头}", "write {last: header} to keep the last row, {first: header} for the first"))
		return
	}
	p := &Pick{First: first, Place: at}
	key := "last"
	if first {
		key = "first"
	}
	if n := o.find(key); n != nil {
		p.By = c.headerOf(n)
	}
	p.Format = c.format(o, TypeDatetime, Text{"pick ", "pick"}, Format{})
	for _, id := range m.Dataset.Key {
		if m.Field(id) == nil && m.Dataset.Column(id).MadeFrom != nil { // the others are required, and missed already
			c.fault(at, say("pick 须知道每行的主键，而 %s 没有来源", "pick must know the key of each row, but nothing fills %s", id),
				say("在 fields 中填入 %s", "fill %s under fields", id))
		}
	}
	m.Pick = p
}

// filled makes sure that every column that may not be blank has a field.
func (c *mapper) filled(m *Mapping, at Place) {
	for _, col := range m.Dataset.Columns {
		if col.Optional || col.MadeFrom != nil || m.Field(col.ID) != nil {
			continue
		}
		c.fault(at, Text{"没有填入 " + col.ID + "（" + col.Name.ZH + "），它不能为空", "nothing fills " + col.ID + " (" + col.Name.EN + "), which may not be blank"},
			say("在 fields 中写 %s: 表头", "write %s: header under fields", col.ID))
	}
}

// madeKey reports whether the key of a record is made of other values.
func (m *Mapping) madeKey() bool {
	if len(m.Dataset.Key) != 1 {
		return false
	}
	key := m.Dataset.Key[0]
	if f := m.Field(key); f != nil {
		return f.Digest != nil
	}
	return m.Dataset.Column(key) != nil && m.Dataset.Column(key).MadeFrom != nil
}
