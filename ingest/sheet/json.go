package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"plumbline/policy"
)

// json finds the one table of a JSON or NDJSON file in a pass over all of it.
func (c content) json(base Table, h Hints) ([]Table, error) {
	d, err := readEncoding(c.open, h)
	if err != nil {
		return nil, err
	}
	d.Delimiter = ','
	v := jsonSurvey{Table: base}
	v.Dialect = d
	if v.Format == JSON {
		err = c.survey(&v, v.json)
	}
	if v.Format == NDJSON && err == nil {
		err = c.survey(&v, v.lines)
	}
	if err != nil {
		return nil, err
	}
	return []Table{v.Table}, nil
}

// survey makes one pass over the file.
func (c content) survey(v *jsonSurvey, pass func(*jsonScanner) error) error {
	f, err := c.open()
	if err != nil {
		return err
	}
	defer f.Close()
	s, err := newJSONScanner(f, v.Dialect)
	if err != nil {
		return err
	}
	return pass(s)
}

// jsonSurvey collects what a first pass finds.
type jsonSurvey struct {
	Table
}

// jsonList is a list of records: its fields and first rows.
type jsonList struct {
	fields   *jsonFields
	head     []Row
	elements int64
	objects  int64
	marked   bool
}

func (v *jsonSurvey) newList() *jsonList {
	return &jsonList{fields: newJSONFields(nil), marked: v.Dialect.Encoding != UTF8}
}

// see takes a record in. Records that Stage rejects name no fields; broken ones refuse the file when strict is set.
func (l *jsonList) see(t jsonText, strict bool) error {
	l.elements++
	err := l.fields.read(t.raw)
	var fault *jsonFault
	switch {
	case errors.As(err, &fault):
		if strict && fault.rule == JSONLine {
			return notJSON(t, fault.at)
		}
		return nil
	case err != nil:
		return err
	}
	l.objects++
	if len(l.head) < headRows-1 && !blankCells(l.fields.cells) {
		l.head = append(l.head, Row{Number: t.number, Cells: shownCells(l.fields.cells, l.marked)})
	}
	return nil
}

// settle makes the list the table.
func (v *jsonSurvey) settle(l *jsonList) error {
	switch {
	case l.elements == 0, l.objects > 0 && len(l.head) == 0:
		return emptyFile()
	case l.objects == 0:
		return noRecords()
	}
	v.Fields = l.fields.names
	v.Head = append([]Row{{Cells: v.Fields}}, l.head...)
	for i := range v.Head { // fields that came later
		v.Head[i].Cells = append(v.Head[i].Cells, make([]string, len(v.Fields)-len(v.Head[i].Cells))...)
	}
	return nil
}

func noRecords() *RefusedError {
	return refuse(FileJSON, text("JSON 里没有可以当作表格的记录：应为对象的列表，或只含一个这种列表的对象。",
		"The JSON holds no records to take for a table: it should be a list of objects, or an object with one such list."),
		text(`请导出为 [{"字段": "值"}, …] 的形式，或每行一个对象。`, `Export it as [{"field": "value"}, …], or with one object a line.`))
}

func severalLists(names []string) *RefusedError {
	return refuse(FileJSON, textf("JSON 里有几个记录列表（%[1]s），无法替您选择。", "The JSON holds several lists of records (%[1]s); which one is meant cannot be told.", shownNames(names)),
		text("请把每个列表存成一个文件。", "Save each list as a file of its own."))
}

// json surveys a list, or an object with one list in it.
func (v *jsonSurvey) json(s *jsonScanner) error {
	c, ok, err := s.blanks()
	switch {
	case err != nil:
		return err
	case !ok:
		return emptyFile()
	case c == '{':
		return v.object(s)
	case c != '[':
		return s.unexpected(0)
	}
	l := v.newList()
	if err := s.elements(func(t jsonText) error { return l.see(t, true) }); err != nil {
		return err
	}
	if err := s.atEnd(); err != nil {
		return err
	}
	return v.settle(l)
}

// object looks for the one member that is a list with objects. An object in a single line without such a list, or with another
// line behind it, is a record of NDJSON.
func (v *jsonSurvey) object(s *jsonScanner) error {
	o := jsonObject{survey: v, keys: map[string]bool{}}
	line := s.line
	err := s.members(func(key jsonText) error { return o.member(s, key) })
	if err != nil {
		return err
	}
	single := s.line == line
	_, more, err := s.blanks()
	if err != nil {
		return err
	}
	if len(o.lists) == 0 && !more { // what an answer of a service holds lies deeper
		if inner := o.inside(nil); len(inner) == 1 {
			others, outer := append(o.others, inner[0].others...), o
			o = *inner[0]
			o.total, o.more = max(o.total, outer.total), o.more || outer.more
			o.others = slices.DeleteFunc(others, func(name string) bool { return slices.Contains(o.within, name) })
		}
	}
	switch {
	case more && single && s.line > line, !more && single && len(o.lists) == 0:
		v.Format = NDJSON
		return nil
	case more:
		return s.atEnd()
	case len(o.lists) > 1:
		return severalLists(o.lists)
	case len(o.lists) == 0 && o.empty:
		return emptyFile()
	case len(o.lists) == 0:
		return noRecords()
	}
	v.Sheet, v.Within = o.lists[0], o.within
	v.Notices = append(v.Notices, o.notice())
	if o.more || o.total > o.found.elements {
		v.Notices = append(v.Notices, o.page())
	}
	return v.settle(o.found)
}

// envelopes are the members in which services put what was asked for: {"code":0,"data":{"items":[…]}}. No other member is looked into: a record, too, may hold an
// object with a list of objects.
var envelopes = []string{"data", "result", "results", "response", "resp", "body", "payload", "content", "page", "d"}

// deepest is how many envelopes may lie in each other.
const deepest = 4

// jsonObject is the object around a list.
type jsonObject struct {
	survey *jsonSurvey
	keys   map[string]bool
	others []string // members that are not the list
	lists  []string // members that are lists with objects
	found  *jsonList
	empty  bool          // a member is an empty list
	within []string      // the envelopes that the object lies in
	inner  []*jsonObject // its own envelopes
	torn   bool          // no envelope: a name stands twice, or there are too many
	total  int64         // the records that there are, as the object says; 0 when it does not
	more   bool          // the object says that there are more
}

// inside gives the objects below that hold lists.
func (o *jsonObject) inside(found []*jsonObject) []*jsonObject {
	for _, in := range o.inner {
		if len(in.lists) > 0 && !in.torn {
			found = append(found, in)
		}
		found = in.inside(found)
	}
	return found
}

// envelope reports whether the member that begins at pos is looked into.
func envelope(s *jsonScanner, name string, within []string) bool {
	return s.pos < s.end && s.buf[s.pos] == '{' && len(within) < deepest && slices.Contains(envelopes, name)
}

// member reads one member of the object.
func (o *jsonObject) member(s *jsonScanner, key jsonText) error {
	name, err := memberKey(key)
	if err != nil {
		return err
	}
	if o.keys[name] && len(o.within) == 0 {
		return brokenJSON(key, 0, "同一个名字出现两次", "the same name stands twice")
	}
	if len(o.within) > 0 && (o.keys[name] || len(o.keys) == maxFields) {
		o.torn = true // it may be a record of NDJSON, which is judged alone
	}
	if !o.torn && envelope(s, name, o.within) {
		o.keys[name] = true
		in := &jsonObject{survey: o.survey, keys: map[string]bool{}, within: append(slices.Clone(o.within), name)}
		o.others, o.inner = append(o.others, name), append(o.inner, in)
		return s.members(func(key jsonText) error { return in.member(s, key) })
	}
	isList := s.pos < s.end && s.buf[s.pos] == '['
	switch {
	case o.torn && isList:
		return s.elements(skipText)
	case o.torn:
		return skipMember(s)
	}
	if o.keys[name] = true; len(o.keys) > maxFields {
		return noRecords()
	}
	if !isList {
		o.others = append(o.others, name)
		t, err := s.value(0)
		if err != nil {
			return err
		}
		o.counts(name, t.raw)
		return skipText(t)
	}
	l := o.survey.newList()
	if err := s.elements(func(t jsonText) error { return l.see(t, true) }); err != nil {
		return err
	}
	if l.objects == 0 {
		o.others = append(o.others, name)
		o.empty = o.empty || l.elements == 0
		return nil
	}
	if len(o.lists) == 0 {
		o.found = l
	}
	o.lists = append(o.lists, name)
	return nil
}

// memberKey gives the text of a key.
func memberKey(key jsonText) (string, error) {
	p := jsonParser{raw: key.raw}
	name, err := p.str(nil)
	if err != nil || findFault(name, false).rule != "" {
		return "", brokenJSON(key, p.at, "名字里有非法字符", "a name holds characters that are not allowed")
	}
	return string(name), nil
}

// skipMember reads a value that is not the list.
func skipMember(s *jsonScanner) error {
	t, err := s.value(0)
	if err != nil {
		return err
	}
	return skipText(t)
}

// skipText asks no more of a value than that it is JSON.
func skipText(t jsonText) error {
	p := jsonParser{raw: t.raw}
	err := p.skip(0)
	if err == nil && p.at < len(t.raw) {
		err = p.syntax()
	}
	var broken *jsonFault
	if errors.As(err, &broken) && broken.rule == JSONLine {
		return notJSON(t, broken.at)
	}
	return nil
}

// counts takes in what a member says about how many records there are.
func (o *jsonObject) counts(name string, raw []byte) {
	switch key := policy.HeaderKey(name); {
	case slices.Contains([]string{"total", "totalcount", "totalelements", "totalrecords", "totalsize"}, key):
		n, _ := strconv.ParseInt(strings.Trim(string(raw), `" `), 10, 64) // what is no number says nothing
		o.total = n
	case slices.Contains([]string{"hasmore", "hasnext", "hasnextpage"}, key):
		o.more = string(bytes.TrimSpace(raw)) == "true"
	}
}

// page says that the list is not all of it.
func (o *jsonObject) page() policy.Text {
	if o.total > o.found.elements {
		return textf("文件自称共有 %[1]d 条记录，但只含 %[2]d 条：多半只是其中一页，请取全各页后一并导入。",
			"The file says that there are %[1]d records, but holds %[2]d: it is probably one page of several; fetch them all and take them in too.", o.total, o.found.elements)
	}
	return textf("文件自称后面还有记录，这里只有 %[1]d 条：请取全各页后一并导入。", "The file says that more records follow; it holds %[1]d: fetch the other pages and take them in too.", o.found.elements)
}

func (o *jsonObject) notice() policy.Text {
	name := excerpt([]byte(strings.Join(append(slices.Clone(o.within), o.lists[0]), " › ")))
	if len(o.others) == 0 {
		return textf("记录取自 JSON 的成员“%[1]s”。", `The records are those of the member "%[1]s" of the JSON.`, name)
	}
	return textf("记录取自 JSON 的成员“%[1]s”，其余成员（%[2]s）不导入。", `The records are those of the member "%[1]s" of the JSON; the other members (%[2]s) are not imported.`,
		name, shownNames(o.others))
}

// shownNames gives the first ten names.
func shownNames(names []string) string {
	shown := slices.Clone(names[:min(len(names), 10)])
	for i, s := range shown {
		shown[i] = excerpt([]byte(s))
	}
	if len(names) > len(shown) {
		shown = append(shown, "…")
	}
	return strings.Join(shown, ", ")
}

// lines surveys NDJSON.
func (v *jsonSurvey) lines(s *jsonScanner) error {
	l := v.newList()
	for {
		t, err := s.nextLine()
		if err == io.EOF {
			return v.settle(l)
		}
		if err == nil && !blank(t.raw, ' ') {
			err = l.see(t, false)
		}
		if err != nil {
			return err
		}
	}
}

// jsonStager stages records of JSON and NDJSON.
type jsonStager struct {
	*fieldStager
	fields *jsonFields
	src    *textReader
	strays *strays // of an NDJSON file in GB18030
	strict bool    // a broken record refuses the file
	listed bool    // the list was found
}

func newJSONStager(r Reading, s *jsonScanner, w io.Writer) *jsonStager {
	j := &jsonStager{fieldStager: newFieldStager(w), fields: newJSONFields(r.Fields), src: s.src, strict: r.Format == JSON}
	j.marked = r.Dialect.Encoding != UTF8
	return j
}

// record writes, rejects or counts one record.
func (j *jsonStager) record(t jsonText) error {
	err := j.fields.read(t.raw)
	var broken *jsonFault
	switch {
	case errors.As(err, &broken) && j.strict && broken.rule == JSONLine:
		return notJSON(t, broken.at)
	case errors.As(err, &broken):
		return j.reject(BadRow{Row: t.number, Column: -1, Rule: broken.rule, Detail: broken.detail, Cells: []string{clip(t.raw, j.marked)}})
	case err != nil:
		return err
	}
	if j.strays != nil {
		if at, found := j.strays.find(t.line, t.line, t.raw); found {
			return j.rejectStray(t, at)
		}
	}
	return j.put(t.number, j.fields.cells, func(column int, found fault) string { return j.detail(t, column, found) })
}

// rejectStray rejects a record of UTF-8 amid GB18030 for the first of its cells that is not ASCII; in doubt as a whole.
func (j *jsonStager) rejectStray(t jsonText, at int64) error {
	bad := BadRow{Row: t.number, Column: -1, Rule: TextUndecodable, Detail: strconv.FormatInt(at, 10), Cells: shownCells(j.fields.cells, j.marked)}
	first := len(t.raw)
	for i, cell := range j.fields.cells {
		if firstForeign(cell) < len(cell) && j.fields.from[i] < first {
			first = j.fields.from[i]
			bad.Column, bad.Value = i, escape(cell, j.marked)
		}
	}
	return j.reject(bad)
}

// detail tells an undecodable byte by its place in the file, an escape that is no character by itself.
func (j *jsonStager) detail(t jsonText, column int, found fault) string {
	from, raw := j.fields.from[column], j.fields.raw[j.fields.from[column]:j.fields.to[column]]
	if found.rule == TextUndecodable {
		if in := findFault(raw, true); in.rule == TextUndecodable {
			return strconv.FormatInt(j.src.fileOffset(t.offset+int64(from+in.at)), 10)
		}
	}
	return faultDetail(found, badEscape(raw))
}

// badEscape finds the first escape that is half a surrogate pair or U+FFFD.
func badEscape(raw []byte) string {
	for i := 0; i+6 <= len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		if raw[i+1] != 'u' {
			i++
			continue
		}
		p := jsonParser{raw: raw, at: i}
		p.at++
		if text, err := p.escape(nil); err == nil && findFault(text, true).rule == TextUndecodable {
			return string(raw[i : i+6])
		}
		i = p.at - 1
	}
	return ""
}

// clip shows the beginning of a record.
func clip(raw []byte, marked bool) string {
	if len(raw) <= maxShown {
		return escape(raw, marked)
	}
	to := maxShown
	for to > maxShown-4 && raw[to]&0xc0 == 0x80 {
		to--
	}
	return escape(raw[:to], marked) + "…"
}

// stageJSON stages the list that the survey found.
func stageJSON(body io.Reader, r Reading, w io.Writer) (Staged, error) {
	s, err := newJSONScanner(body, r.Dialect)
	if err != nil {
		return Staged{}, err
	}
	j := newJSONStager(r, s, w)
	c, _, err := s.blanks()
	switch {
	case err != nil:
	case c == '[':
		j.listed = true
		err = s.elements(j.record)
	case c == '{':
		err = s.members(func(key jsonText) error { return j.member(s, key, r.Within, r.Sheet) })
	default:
		err = s.unexpected(0)
	}
	if err == nil {
		err = s.atEnd()
	}
	if err == nil && !j.listed {
		err = fmt.Errorf("stage JSON: there is no list %q", r.Sheet)
	}
	if err != nil {
		return j.Staged, err
	}
	return j.end()
}

// member stages the records of the list, which lies in envelopes, and reads over the others.
func (j *jsonStager) member(s *jsonScanner, key jsonText, within []string, list string) error {
	name, err := memberKey(key)
	if err != nil {
		return err
	}
	if len(within) > 0 {
		if name == within[0] && envelope(s, name, nil) {
			return s.members(func(key jsonText) error { return j.member(s, key, within[1:], list) })
		}
		if s.pos < s.end && s.buf[s.pos] == '[' {
			return s.elements(skipText)
		}
		return skipMember(s)
	}
	isList := s.pos < s.end && s.buf[s.pos] == '['
	switch {
	case name == list && !isList:
		return fmt.Errorf("stage JSON: member %q is no list", list)
	case name == list:
		j.listed = true
		return s.elements(j.record)
	case !isList:
		return skipMember(s)
	}
	return s.elements(skipText)
}

// stageNDJSON stages the lines.
func stageNDJSON(body io.Reader, r Reading, w io.Writer) (Staged, error) {
	s, err := newJSONScanner(body, r.Dialect)
	if err != nil {
		return Staged{}, err
	}
	j := newJSONStager(r, s, w)
	if r.Dialect.Encoding == GB18030 {
		j.strays = s.src.watch()
	}
	for {
		t, err := s.nextLine()
		if err == io.EOF {
			return j.end()
		}
		if err == nil {
			if line := bytes.TrimSpace(t.raw); len(line) == 0 {
				j.Blank++
			} else {
				err = j.record(t)
			}
		}
		if err != nil {
			return j.Staged, err
		}
	}
}
