package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"plumbline/access"
	"plumbline/company"
	"plumbline/ingest"
	"plumbline/ingest/suggest"
	"plumbline/policy"

	refusal "plumbline/ingest/sheet"
)

func (s *Server) mappingRoutes() []route {
	return []route{
		{pattern: "GET /uploads/{id}/mapping", action: access.Upload, about: nobody, handle: (*request).mapping, trail: true, long: true},
		{pattern: "POST /uploads/{id}/mapping", action: access.Upload, about: nobody, handle: (*request).mappingNow, long: true},
	}
}

// declared is what somebody says about the files of an upload. The zero value tells everything from them.
type declared struct {
	Dataset, Mapping, Order, Encoding, Delimiter, Set string
	Snapshot, Again                                   bool
}

// read takes one field of a form over.
func (d *declared) read(name, value string) {
	value = strings.TrimSpace(value)
	switch name {
	case "dataset":
		d.Dataset = value
	case "mapping":
		d.Mapping = value
	case "order":
		d.Order = value
	case "encoding":
		d.Encoding = value
	case "delimiter":
		d.Delimiter = value
	case "set":
		d.Set = value
	case "snapshot":
		d.Snapshot = value != ""
	case "again":
		d.Again = value != ""
	}
}

// howForm is the part of a form in which somebody says how files are to be read.
type howForm struct {
	frame
	Declared                              declared
	Datasets, Mappings, Orders, Encodings []option
	Faulty                                []string
	Open                                  bool
}

// encodings are those that can be declared.
var encodings = []string{refusal.UTF8, refusal.GB18030, refusal.UTF16LE, refusal.UTF16BE, refusal.Windows1252}

func (q *request) howForm(d declared) (howForm, error) {
	f := howForm{frame: frame{Lang: q.lang}, Declared: d, Open: d != declared{}}
	p := q.seat.version.Policy
	f.Datasets = q.datasetOptions(p, d.Dataset)
	list, faults, err := q.mappings(q.ctx(), p)
	if err != nil {
		return f, err
	}
	for _, m := range list {
		f.Mappings = append(f.Mappings, option{m.ID, m.Name.In(q.lang) + " · " + m.ID, m.ID == d.Mapping})
	}
	for _, o := range []policy.DateOrder{policy.DMY, policy.MDY} {
		f.Orders = append(f.Orders, option{string(o), q.orderName(o), string(o) == d.Order})
	}
	for _, e := range encodings {
		f.Encodings = append(f.Encodings, option{e, e, e == d.Encoding})
	}
	for _, e := range faults {
		f.Faulty = append(f.Faulty, e.In(q.lang))
	}
	return f, nil
}

func (q *request) datasetOptions(p *policy.Policy, chosen string) (list []option) {
	for _, d := range p.FromFiles() {
		list = append(list, option{d.ID, d.Name.In(q.lang) + " · " + d.ID, d.ID == chosen})
	}
	return list
}

// howOf reads what was declared against the policy and the mappings there are.
func (q *request) howOf(ctx context.Context, p *policy.Policy, d declared) (how ingest.How, err error) {
	how = ingest.How{Dataset: d.Dataset, Mapping: d.Mapping, Order: policy.DateOrder(d.Order), Snapshot: d.Snapshot}
	if how.Order != "" && how.Order != policy.DMY && how.Order != policy.MDY {
		return how, errNotFound
	}
	if d.Encoding != "" && !slices.Contains(encodings, d.Encoding) {
		return how, errNotFound
	}
	how.Hints.Encoding = d.Encoding
	switch {
	case d.Delimiter == "":
	case strings.EqualFold(d.Delimiter, "tab"):
		how.Hints.Delimiter = '\t'
	case len(d.Delimiter) == 1 && strings.Contains(",;|:!#$%&*+/<=>?@^_~", d.Delimiter):
		how.Hints.Delimiter = d.Delimiter[0]
	default:
		return how, refused(fmt.Sprintf("分隔符“%s”不能用。", clipped(d.Delimiter, 20)), fmt.Sprintf("“%s” cannot be a delimiter.", clipped(d.Delimiter, 20)), "请写一个符号，如 , ; |，或 tab。", "Write one sign such as , ; |, or tab.")
	}
	if how.Set, err = settings(d.Set); err != nil {
		return how, err
	}
	how.Mappings, _, err = q.mappings(ctx, p)
	return how, err
}

// settings reads lines of COLUMN=VALUE.
func settings(text string) (map[string]string, error) {
	set := map[string]string{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		column, value, ok := strings.Cut(line, "=")
		column, value = strings.TrimSpace(column), strings.TrimSpace(value)
		if _, twice := set[column]; !ok || column == "" || value == "" || twice {
			return nil, refused(fmt.Sprintf("另给的值“%s”看不懂，或给了两次。", clipped(line, 60)), fmt.Sprintf("The declared value “%s” cannot be read, or is given twice.", clipped(line, 60)),
				"每行写一个 列=值，如 department_id=D001。", "Write one COLUMN=VALUE a line, such as department_id=D001.")
		}
		set[column] = value
	}
	return set, nil
}

// policyDir is where the company's mappings stand, in the data directory beside the books.
func (s *Server) policyDir() string { return filepath.Join(dataDir(s.company), "policy") }

// dataDir is the directory that holds a company.
func dataDir(c *company.Company) string { return filepath.Dir(c.Books.Staging()) }

// mappingFiles reads the company's mappings; without their folder the built-in ones are used, and own is false. Faults are those of files that cannot be
// used.
func (s *Server) mappingFiles() (files []policy.File, faults policy.Errors, own bool, err error) {
	if _, err := os.Stat(filepath.Join(s.policyDir(), "mappings")); errors.Is(err, fs.ErrNotExist) {
		return policy.DefaultMappings(), nil, false, nil
	}
	files, err = policy.ReadMappings(s.policyDir())
	if errors.As(err, &faults) {
		err = nil
	}
	return files, faults, true, err
}

// mappings gives the mappings there are. One with faults is left out, and told of.
func (q *request) mappings(ctx context.Context, p *policy.Policy) (list []*policy.Mapping, faults policy.Errors, err error) {
	files, faults, _, err := q.mappingFiles()
	if err != nil {
		return nil, nil, err
	}
	for _, f := range files {
		m, err := policy.CheckMapping(ctx, q.company.Books.Warehouse(), p, f)
		var wrong policy.Errors
		switch {
		case err == nil:
			list = append(list, m)
		case errors.As(err, &wrong):
			faults = append(faults, wrong...)
		default:
			return nil, nil, err
		}
	}
	return list, faults, nil
}

type mappingPage struct {
	dataFrame
	Upload                    string
	Files, Tables             []menuItem
	File, Table               int
	Source                    string
	Datasets                  []option
	Questions                 []question
	Chosen                    bool // the dataset is known, so that the columns can be filled in
	ID, NameZH, NameEN        string
	HeaderRows                []option
	Orders, Lookups           []option
	Columns                   []columnChoice
	Constants                 []constantChoice
	Kept                      []keptChoice
	YAML                      string
	Faults                    []string
	Looked                    bool
	Count                     string
	Samples                   []table
	Rejects                   []rejectLine
	Left                      string
	AsText, Sound, HasPersons bool
}

type question struct{ Header, Say, Cure, Options string }

type columnChoice struct {
	Index    int
	Header   string
	Examples string
	Usable   bool
	To       []option
}

type constantChoice struct {
	ID, Name, Value, Hint string
	Required              bool
}

type keptChoice struct {
	Index           int
	Key, Name, Text string
	Use             bool
}

// wizard is what the making of a mapping knows of its file.
type wizard struct {
	upload *upload
	file   stagedFile
	table  refusal.Table
	header refusal.Row
	draft  suggest.Draft
	form   suggest.Form
	policy *policy.Policy
}

// mapping drafts a mapping for a file that was sent and shows it as a form.
func (q *request) mapping() error {
	p, w, err := q.wizard()
	if err != nil {
		return err
	}
	if p.Chosen {
		p.YAML = w.form.YAML()
	}
	q.fillMapping(p, w)
	return q.render("mapping", p)
}

// wizard reads the file and the table that the form names, and drafts a mapping.
func (q *request) wizard() (*mappingPage, *wizard, error) {
	x, err := q.uploadOf()
	if err != nil {
		return nil, nil, err
	}
	p := &mappingPage{dataFrame: q.dataFrame(q.say("为文件建立映射", "Make a mapping for a file"), "/files/upload"), Upload: x.id}
	p.File, p.Table = numberOf(q.r.FormValue("file"), 1), numberOf(q.r.FormValue("table"), 1)
	if p.File > len(x.files) {
		return nil, nil, errNotFound
	}
	base := "/uploads/" + x.id + "/mapping?file="
	for i, f := range x.files {
		p.Files = append(p.Files, menuItem{base + strconv.Itoa(i+1), f.Name, i+1 == p.File})
	}
	w := &wizard{upload: x, file: x.files[p.File-1], policy: q.seat.version.Policy}
	p.Source = w.file.Name
	hints, err := q.howOf(q.ctx(), w.policy, q.uploads.howOf(x))
	if err != nil {
		return nil, nil, err
	}
	tables, faults := refusal.Tables(q.ctx(), w.file.path, q.company.Books.Staging(), hints.Hints)
	if len(tables) == 0 {
		if len(faults) > 0 {
			return nil, nil, faults[0]
		}
		return nil, nil, refused("文件中没有表格。", "The file holds no table.", "请核对文件。", "Check the file.")
	}
	if p.Table > len(tables) {
		return nil, nil, errNotFound
	}
	for i, t := range tables {
		name := strings.TrimSpace(t.Member + " " + t.Sheet)
		p.Tables = append(p.Tables, menuItem{base + strconv.Itoa(p.File) + "&table=" + strconv.Itoa(i+1), name, i+1 == p.Table})
	}
	w.table = tables[p.Table-1]
	return p, w, q.draftMapping(p, w)
}

// numberOf reads a number from 1; what is none is the other.
func numberOf(s string, other int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return other
	}
	return n
}

// draftMapping drafts for the dataset that was chosen, or for the one that the header tells.
func (q *request) draftMapping(p *mappingPage, w *wizard) (err error) {
	dataset := q.r.FormValue("dataset")
	if d := w.policy.Dataset(dataset); dataset != "" && (d == nil || d.Recorded != "") {
		return errNotFound
	}
	w.draft, err = suggest.Suggest(q.ctx(), w.policy, w.file.path, q.company.Books.Staging(), w.table, dataset)
	if err != nil {
		return err
	}
	p.Datasets = q.datasetOptions(w.policy, w.draft.Dataset)
	for _, x := range w.draft.Open {
		p.Questions = append(p.Questions, question{x.Header, x.Say.In(q.lang), q.cure(x.Cure), strings.Join(x.Options, q.say("、", ", "))})
	}
	ds := w.policy.Dataset(w.draft.Dataset)
	if ds == nil {
		return nil
	}
	p.Chosen = true
	w.header = headerOf(w.table, ds, q.r.FormValue("header_row"))
	if w.form, err = suggest.Fill(w.draft, ds, w.header); err != nil {
		return err
	}
	name := clipped(strings.TrimSuffix(w.file.Name, filepath.Ext(w.file.Name)), 40)
	w.form.Name = policy.Text{ZH: name + " " + ds.Name.ZH, EN: name + " " + ds.Name.EN}
	p.ID = "our_" + ds.ID
	return nil
}

// headerOf picks the header among the first rows of a table: the one that was chosen, or the one that knows most words of the dataset.
func headerOf(t refusal.Table, ds *policy.Dataset, chosen string) refusal.Row {
	if len(t.Fields) > 0 || len(t.Head) == 0 {
		return t.Head[0]
	}
	known := map[string]bool{}
	for _, c := range ds.Columns {
		for _, w := range append([]string{c.ID, c.Name.ZH, c.Name.EN}, c.Aliases...) {
			known[policy.HeaderKey(w)] = true
		}
	}
	best, most := 0, -1
	for i, r := range t.Head {
		if chosen != "" && count(r.Number) == chosen {
			return r
		}
		score := 0
		for _, c := range r.Cells {
			switch key := policy.HeaderKey(c); {
			case key == "":
			case known[key]:
				score += 100
			default:
				score++
			}
		}
		if score > most+i { // a later row must fit better
			best, most = i, score
		}
	}
	return t.Head[best]
}

// mostExamples is how many values of a column a form shows.
const mostExamples = 3

// fillMapping shows the form as it stands.
func (q *request) fillMapping(p *mappingPage, w *wizard) {
	if !p.Chosen {
		return
	}
	f := w.form
	p.NameZH, p.NameEN = f.Name.ZH, f.Name.EN
	for _, r := range w.table.Head {
		if len(w.table.Fields) == 0 {
			p.HeaderRows = append(p.HeaderRows, option{count(r.Number), fmt.Sprintf(q.say("第 %d 行：%s", "row %d: %s"), r.Number, clipped(strings.Join(r.Cells, q.say("，", ", ")), 60)), r.Number == w.header.Number})
		}
	}
	for _, o := range []policy.DateOrder{policy.DMY, policy.MDY} {
		p.Orders = append(p.Orders, option{string(o), q.orderName(o), o == f.Order})
	}
	for _, l := range []struct {
		value policy.Lookup
		name  string
	}{{policy.ByNumber, q.say("工号", "employee number")}, {policy.ByEmail, q.say("邮箱", "e-mail address")}, {policy.ByLogin, q.say("账号（按账号对照）", "login (by the list of accounts)")}, {policy.ByName, q.say("姓名（同名的进隔离区）", "name (of two people with one name: quarantine)")}} {
		p.Lookups = append(p.Lookups, option{string(l.value), l.name, l.value == f.Lookup})
	}
	filled := map[string]bool{}
	for i, c := range f.Columns {
		x := columnChoice{Index: i, Header: c.Header, Usable: c.Usable, Examples: examplesOf(w.table, w.header, i)}
		for _, d := range f.Dataset.Columns {
			x.To = append(x.To, option{d.ID, q.columnName(d), d.ID == c.To})
			filled[d.ID] = filled[d.ID] || d.ID == c.To
		}
		p.Columns = append(p.Columns, x)
	}
	for i, k := range f.Kept {
		x := keptChoice{Index: i, Key: k.Key, Name: k.Key, Text: k.Text, Use: k.Use}
		if d := f.Dataset.Column(k.Key); d != nil {
			x.Name, filled[k.Key] = d.Name.In(q.lang), true
		}
		p.Kept = append(p.Kept, x)
	}
	for _, d := range f.Dataset.Columns {
		p.HasPersons = p.HasPersons || d.Type == policy.TypeEmployee
		if filled[d.ID] && f.Constants[d.ID] == "" {
			continue
		}
		c := constantChoice{ID: d.ID, Name: q.columnName(d), Value: f.Constants[d.ID], Required: !d.Optional && !filled[d.ID] && d.MadeFrom == nil}
		var values []string
		for _, v := range d.Values {
			values = append(values, v.Name.In(q.lang))
		}
		if len(values) > 0 {
			c.Hint = q.say("可填：", "one of: ") + strings.Join(values, q.say("、", ", "))
		}
		p.Constants = append(p.Constants, c)
	}
}

func (q *request) columnName(c *policy.Column) string {
	if c.Optional || c.MadeFrom != nil {
		return c.Name.In(q.lang)
	}
	return c.Name.In(q.lang) + q.say("（必填）", " (required)")
}

// examplesOf gives the first values of a column below the header.
func examplesOf(t refusal.Table, header refusal.Row, column int) string {
	var list []string
	for _, r := range t.Head {
		if r.Number > header.Number && column < len(r.Cells) && len(list) < mostExamples {
			if v := strings.TrimSpace(r.Cells[column]); v != "" && !slices.Contains(list, v) {
				list = append(list, clipped(v, 30))
			}
		}
	}
	return strings.Join(list, " | ")
}

// mappingNow reads the form, shows the first rows as they would be read, and saves the mapping where that was asked for.
func (q *request) mappingNow() error {
	if err := q.r.ParseForm(); err != nil {
		return err
	}
	p, w, err := q.wizard()
	if err != nil {
		return err
	}
	if !p.Chosen {
		return q.render("mapping", p)
	}
	do := q.r.PostForm.Get("do")
	p.AsText = do == "look-text" || do == "save-text"
	if err := q.typedMapping(p, w); err != nil {
		f := q.faultOf(err)
		p.Fault = &f
		q.fillMapping(p, w)
		return q.renderStatus(f.Status, "mapping", p)
	}
	p.YAML = w.form.YAML()
	if p.AsText {
		p.YAML = strings.ReplaceAll(q.r.PostForm.Get("yaml"), "\r\n", "\n")
	}
	q.fillMapping(p, w)
	p.ID = strings.TrimSpace(q.r.PostForm.Get("id"))
	m, err := q.checkedMapping(p, w)
	if err != nil {
		return err
	}
	if m != nil {
		if err := q.lookThrough(p, w, m); err != nil {
			return err
		}
	}
	if m == nil || !p.Sound || !strings.HasPrefix(do, "save") {
		return q.renderStatus(map[bool]int{true: http.StatusOK, false: http.StatusUnprocessableEntity}[m != nil && p.Fault == nil], "mapping", p)
	}
	if err := q.saveMapping(m.File); err != nil {
		f := q.faultOf(err)
		p.Fault = &f
		return q.renderStatus(f.Status, "mapping", p)
	}
	return q.see("/uploads/"+w.upload.id, "mapping-saved")
}

// typedMapping lays what was typed over the draft.
func (q *request) typedMapping(p *mappingPage, w *wizard) error {
	form := q.r.PostForm
	f := &w.form
	f.Name = policy.Text{ZH: clipped(strings.TrimSpace(form.Get("name_zh")), 90), EN: clipped(strings.TrimSpace(form.Get("name_en")), 90)}
	if len(w.table.Fields) == 0 && w.header.Number != w.table.Head[0].Number {
		f.HeaderRow = w.header.Number
	}
	f.Order, f.Lookup = policy.DateOrder(form.Get("order")), policy.Lookup(form.Get("lookup"))
	if f.Order != policy.DMY && f.Order != policy.MDY {
		f.Order = ""
	}
	used := map[string]string{}
	for i := range f.Columns {
		c := &f.Columns[i]
		c.To = form.Get("column-" + strconv.Itoa(i))
		if f.Dataset.Column(c.To) == nil {
			c.To = ""
		}
		if other := used[c.To]; c.To != "" && other != "" {
			name := f.Dataset.Column(c.To).Name
			return refused(fmt.Sprintf("“%s”和“%s”都填“%s”。", other, c.Header, name.ZH), fmt.Sprintf("“%s” and “%s” both fill “%s”.", other, c.Header, name.EN), "只留一列；要合并几列，请按文本编辑，用 value 表达式。", "Keep one; to join columns, edit the mapping as text with a value expression.")
		}
		used[c.To] = c.Header
	}
	for _, d := range f.Dataset.Columns {
		delete(f.Constants, d.ID)
		if v := strings.TrimSpace(form.Get("constant-" + d.ID)); v != "" {
			f.Constants[d.ID] = clipped(v, 200)
		}
	}
	for i := range f.Kept {
		f.Kept[i].Use = form.Get("kept-"+strconv.Itoa(i)) != ""
	}
	return nil
}

// checkedMapping checks what was typed. Faults are shown on the page; nil says that there are some.
func (q *request) checkedMapping(p *mappingPage, w *wizard) (*policy.Mapping, error) {
	m, err := policy.CheckMapping(q.ctx(), q.company.Books.Warehouse(), w.policy, policy.File{Name: p.ID + ".yaml", Text: p.YAML})
	var faults policy.Errors
	if !errors.As(err, &faults) {
		return m, err
	}
	for _, e := range faults {
		p.Faults = append(p.Faults, e.In(q.lang))
	}
	return nil, nil
}

// lookThrough shows how the first rows are read by a mapping; nothing is written. It is sound when the file can be read by it at all.
func (q *request) lookThrough(p *mappingPage, w *wizard, m *policy.Mapping) error {
	v, err := q.company.Current(q.ctx())
	if err != nil {
		return err
	}
	how := ingest.How{Mapping: m.ID, Mappings: []*policy.Mapping{m}}
	how.Hints = refusal.Hints{Encoding: m.Encoding, Delimiter: m.Delimiter}
	units, faults := ingest.Find(q.ctx(), q.company.Books, v.Policy, []string{w.file.path}, how)
	units = slices.DeleteFunc(units, func(u ingest.Unit) bool { return u.Member != w.table.Member || u.Sheet != w.table.Sheet })
	if len(units) == 0 && len(faults) > 0 {
		f := q.faultOf(faults[0])
		if f.Status == http.StatusInternalServerError {
			return faults[0]
		}
		p.Fault = &f
		return nil
	}
	for i := range units {
		units[i].Name = w.file.Name
	}
	o := q.intake(v.Policy)
	o.Again = true
	found, err := ingest.Try(q.ctx(), q.company.Books, v, units, o)
	if err == nil && len(found.Refused) > 0 {
		err = found.Refused[0]
	}
	if err != nil {
		f := q.faultOf(err)
		if f.Status == http.StatusInternalServerError {
			return err
		}
		p.Fault = &f
		return nil
	}
	p.Looked, p.Sound = true, true
	for _, f := range found.Files {
		if f.Origin == 0 {
			p.Count = q.countText(f)
		}
	}
	for _, s := range found.Samples {
		p.Samples = append(p.Samples, q.sampleTable(s))
	}
	lines := q.rejectLines(found.Rejects)
	for i := range lines {
		lines[i].ID = ""
	}
	const most = 10
	if len(lines) > most {
		p.Left, lines = fmt.Sprintf(q.say("另有 %d 行。", "%d more."), len(lines)-most), lines[:most]
	}
	p.Rejects = lines
	return nil
}

// saveMapping writes a mapping beside those of the company. Where there are none of its own yet, the built-in ones come along, since they would not be used
// any more.
func (q *request) saveMapping(f policy.File) error {
	files, _, own, err := q.mappingFiles()
	if err != nil {
		return err
	}
	for _, g := range files {
		if g.Name == f.Name && g.Text != f.Text {
			return &wrong{http.StatusConflict, policy.Text{ZH: fmt.Sprintf("已有名为 %s 的另一个映射，未作改动。", strings.TrimSuffix(f.Name, ".yaml")), EN: fmt.Sprintf("There is another mapping called %s already; nothing was changed.", strings.TrimSuffix(f.Name, ".yaml"))},
				policy.Text{ZH: "请换一个编号。", EN: "Choose another id."}}
		}
	}
	list := []policy.File{f}
	if !own {
		list = append(slices.DeleteFunc(files, func(g policy.File) bool { return g.Name == f.Name }), f)
	}
	return policy.WriteMappings(q.policyDir(), list)
}
