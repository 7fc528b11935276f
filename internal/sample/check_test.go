package sample_test

// A small reader of the datasets, written against policy/defaults/datasets.yaml and nothing else of this project: what it
// finds in the sample's files is compared with what the package says it put there.

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"plumbline/internal/fixed"
)

type dataset struct {
	Key     any
	Owner   string
	Day     string
	Columns map[string]column
}

type column struct {
	Type     string
	Optional bool
	Name     map[string]string
	Aliases  []string
	MadeFrom []string `yaml:"made_from"`
	Values   map[string]struct {
		ZH, EN string
		Words  []string
	}
}

func loadDatasets(t *testing.T) map[string]dataset {
	t.Helper()
	text, err := os.ReadFile("../../policy/defaults/datasets.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var sets map[string]dataset
	if err := yaml.Unmarshal(text, &sets); err != nil {
		t.Fatal(err)
	}
	return sets
}

// sheetRow is a physical row; spoilt holds structural rules by cell index.
type sheetRow struct {
	number int
	cells  []string
	spoilt map[int]string
}

type sheet struct {
	file, name, dataset string
	rows                []sheetRow
}

// found is something that a reader should notice.
type found struct {
	file, sheet string
	row         int
	rule        string
}

func (f found) String() string {
	return fmt.Sprintf("%s [%s] row %d: %s", f.file, f.sheet, f.row, f.rule)
}

// readFile gives the sheets of a file.
func readFile(t *testing.T, name string, data []byte) []sheet {
	t.Helper()
	switch path.Ext(name) {
	case ".xlsx":
		return readBook(t, name, data)
	case ".json", ".ndjson":
		return []sheet{{file: name, dataset: datasetOf(name), rows: readObjects(t, data)}}
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	if !utf8.Valid(data) {
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
		if err != nil {
			t.Fatal(err)
		}
		text = string(decoded)
	}
	head := strings.Join(strings.SplitN(text, "\n", 4)[:2], "")
	comma := ','
	for _, c := range ";\t" {
		if strings.Count(head, string(c)) > strings.Count(head, string(comma)) {
			comma = c
		}
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = comma, -1
	s := sheet{file: name, dataset: datasetOf(name)}
	for {
		cells, err := r.Read()
		if err != nil {
			break
		}
		line, _ := r.FieldPos(0)
		s.rows = append(s.rows, sheetRow{number: line, cells: cells, spoilt: map[int]string{}})
	}
	return []sheet{s}
}

// datasetOf gives the dataset after which a file is named: work_logs-2026Q3.csv.
func datasetOf(name string) string {
	base := path.Base(name)
	return strings.SplitN(strings.TrimSuffix(base, path.Ext(base)), "-", 2)[0]
}

// readObjects reads JSON objects, one a line or in an array; row 0 is their keys, which must always be the same.
func readObjects(t *testing.T, data []byte) []sheetRow {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	rows := []sheetRow{{spoilt: map[int]string{}}}
	for {
		token, err := d.Token()
		if err == io.EOF {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		if token != json.Delim('{') {
			continue // brackets of the array
		}
		r := sheetRow{number: len(rows), spoilt: map[int]string{}}
		for i := 0; d.More(); i++ {
			key, value := must(d.Token()), must(d.Token())
			if len(rows) == 1 {
				rows[0].cells = append(rows[0].cells, fmt.Sprint(key))
			} else if rows[0].cells[i] != key {
				t.Fatalf("record %d: key %d is %v", r.number, i, key)
			}
			if value == nil {
				value = ""
			}
			r.cells = append(r.cells, fmt.Sprint(value))
		}
		must(d.Token())
		rows = append(rows, r)
	}
}

func must(token json.Token, err error) json.Token {
	if err != nil {
		panic(err)
	}
	return token
}

func readBook(t *testing.T, name string, data []byte) []sheet {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer f.Close()
	datasets := map[string]string{"部门": "departments", "员工": "employees", "任职": "memberships", "交付记录": "deliveries",
		"考勤": "attendance", "项目节点": "milestones", "审批": "approvals", "培训": "trainings"}
	var sheets []sheet
	for _, title := range f.GetSheetList() {
		s := sheet{file: name, name: title, dataset: datasets[title]}
		rows, err := f.GetRows(title)
		if err != nil {
			t.Fatal(err)
		}
		for i, cells := range rows {
			r := sheetRow{number: i + 1, cells: cells, spoilt: map[int]string{}}
			for k, text := range cells {
				at, _ := excelize.CoordinatesToCellName(k+1, i+1)
				kind, _ := f.GetCellType(title, at)
				formula, _ := f.GetCellFormula(title, at)
				switch {
				case kind == excelize.CellTypeError:
					r.spoilt[k] = "cell.error"
				case formula != "" && text == "":
					r.spoilt[k] = "cell.no_value"
				}
			}
			s.rows = append(s.rows, r)
		}
		merged, err := f.GetMergeCells(title)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range merged {
			c1, r1, _ := excelize.CellNameToCoordinates(m.GetStartAxis())
			c2, r2, _ := excelize.CellNameToCoordinates(m.GetEndAxis())
			for r := r1 + 1; r <= r2; r++ { // the first row has the value
				for c := c1; c <= c2; c++ {
					s.rows[r-1].spoilt[c-1] = "cell.merged"
				}
			}
		}
		sheets = append(sheets, s)
	}
	return sheets
}

// reader collects what it finds, and facts for questions across files.
type reader struct {
	sets        map[string]dataset
	today       string
	found       []found
	records     map[string][]map[string]string // dataset → typed records, in order
	keys        map[string]map[string]string   // dataset → key → content
	departments map[string]string              // id → kind
	employees   map[string][2]string           // hired, left
	posts       map[string][]map[string]string // memberships by employee, once asked for
}

// read goes through files in an order in which references resolve.
func read(t *testing.T, files map[string][]byte, today string) *reader {
	t.Helper()
	r := &reader{sets: loadDatasets(t), today: today, records: map[string][]map[string]string{}, keys: map[string]map[string]string{},
		departments: map[string]string{}, employees: map[string][2]string{}}
	order := []string{"departments", "employees", "memberships"} // what others refer to
	var sheets []sheet
	var names []string
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		sheets = append(sheets, readFile(t, name, files[name])...)
	}
	place := func(s sheet) int {
		if i := slices.Index(order, s.dataset); i >= 0 {
			return i
		}
		return len(order)
	}
	sort.SliceStable(sheets, func(a, b int) bool { return place(sheets[a]) < place(sheets[b]) })
	for _, s := range sheets {
		r.sheet(t, s)
	}
	return r
}

func (r *reader) add(s sheet, row int, rule string) {
	r.found = append(r.found, found{s.file, s.name, row, rule})
}

func plain(word string) string { return strings.ToLower(strings.ReplaceAll(word, " ", "")) }

// columns gives the column id of each header, or nil when this row is no header.
func (r *reader) columns(d dataset, cells []string) []string {
	ids := make([]string, len(cells))
	for i, cell := range cells {
		for id, c := range d.Columns {
			for _, word := range append([]string{id, c.Name["zh"], c.Name["en"]}, c.Aliases...) {
				if plain(word) == plain(cell) {
					ids[i] = id
				}
			}
		}
		if ids[i] == "" {
			return nil
		}
	}
	return ids
}

// entry is a row that is good by itself.
type entry struct {
	row          int
	key, content string
	record       map[string]string
}

// sheet reads one sheet: titles, header, rows, and what rows say about each other.
func (r *reader) sheet(t *testing.T, s sheet) {
	t.Helper()
	d, ok := r.sets[s.dataset]
	if !ok {
		t.Fatalf("%s [%s]: no dataset %q", s.file, s.name, s.dataset)
	}
	var ids []string
	var entries []entry
	for _, row := range s.rows {
		if ids == nil {
			if ids = r.columns(d, row.cells); ids == nil {
				r.add(s, row.number, "accepted.title_row")
			}
			continue
		}
		record, rules := r.row(s, d, ids, row)
		for _, rule := range rules {
			r.add(s, row.number, rule)
		}
		if len(rules) == 0 {
			entries = append(entries, entry{row.number, key(d, record), fmt.Sprint(record), record})
		}
	}
	if ids == nil {
		t.Fatalf("%s [%s]: no header", s.file, s.name)
	}
	for id, c := range d.Columns {
		if !c.Optional && c.MadeFrom == nil && !slices.Contains(ids, id) {
			t.Errorf("%s [%s]: no column for %s", s.file, s.name, id)
		}
	}
	r.compare(s, entries)
}

// row reads one row by itself.
func (r *reader) row(s sheet, d dataset, ids []string, row sheetRow) (map[string]string, []string) {
	if rule := structure(s, row, len(ids)); rule != "" {
		return nil, []string{rule}
	}
	if strings.HasPrefix(strings.Join(row.cells, ""), "合计") {
		return nil, []string{"row.total"}
	}
	record, rules := r.typed(d, ids, row.cells)
	if len(rules) == 0 {
		rules = r.check(s.dataset, d, record)
	}
	return record, rules
}

// compare finds conflicts, duplicates, corrections and overlaps, and keeps the records.
func (r *reader) compare(s sheet, entries []entry) {
	contents := map[string]map[string]bool{}
	for _, e := range entries {
		if contents[e.key] == nil {
			contents[e.key] = map[string]bool{}
		}
		contents[e.key][e.content] = true
	}
	if r.keys[s.dataset] == nil {
		r.keys[s.dataset] = map[string]string{}
	}
	here := map[string]bool{}
	for _, e := range entries {
		old, known := r.keys[s.dataset][e.key]
		switch {
		case len(contents[e.key]) > 1:
			r.add(s, e.row, "key.conflict")
			continue
		case here[e.key]:
			r.add(s, e.row, "accepted.duplicate")
			continue
		case known && old != e.content:
			r.add(s, e.row, "accepted.correction")
		}
		here[e.key] = true
		r.keys[s.dataset][e.key] = e.content
		for _, o := range entries {
			if s.dataset == "memberships" && o.row != e.row && overlap(o.record, e.record) {
				r.crowded(s, e.row, o.record, e.record)
			}
		}
		r.keep(s.dataset, e.record)
	}
}

// overlap reports whether two memberships share a person and a day.
func overlap(a, b map[string]string) bool {
	begins := func(a, b map[string]string) bool { return b["valid_to"] == "" || a["valid_from"] <= b["valid_to"] }
	return a["employee_no"] == b["employee_no"] && begins(a, b) && begins(b, a)
}

// crowded looks at two memberships that share a day; no more than two do in the sample.
func (r *reader) crowded(s sheet, row int, a, b map[string]string) {
	share := func(m map[string]string) fixed.Num {
		if m["share"] == "" {
			return fixed.Int(100)
		}
		return fixed.MustParse(m["share"])
	}
	stated := a["share"] != "" || b["share"] != ""
	switch {
	case !stated:
		r.add(s, row, "interval.overlap")
	case a["department_id"] == b["department_id"]:
		r.add(s, row, "interval.apart")
	case share(a)+share(b) > fixed.Int(100):
		r.add(s, row, "interval.share")
	}
}

func (r *reader) keep(name string, record map[string]string) {
	switch name {
	case "departments":
		r.departments[record["department_id"]] = record["kind"]
	case "employees":
		r.employees[record["employee_no"]] = [2]string{record["hired_on"], record["left_on"]}
	}
	r.records[name] = append(r.records[name], record)
}

func key(d dataset, record map[string]string) string {
	var parts []string
	if id, ok := d.Key.(string); ok {
		if record[id] != "" || d.Columns[id].MadeFrom == nil {
			return record[id]
		}
		for _, from := range d.Columns[id].MadeFrom {
			parts = append(parts, record[from])
		}
		return strings.Join(parts, "|")
	}
	for _, id := range d.Key.([]any) {
		parts = append(parts, record[id.(string)])
	}
	return strings.Join(parts, "|")
}

// structure finds what is wrong with a row before its values are read.
func structure(s sheet, row sheetRow, width int) string {
	if s.name == "" && len(row.cells) != width || len(row.cells) > width {
		return "row.fields"
	}
	for i := range width {
		if rule := row.spoilt[i]; rule != "" {
			return rule
		}
	}
	for _, cell := range row.cells {
		for _, c := range cell {
			switch {
			case c == utf8.RuneError:
				return "text.undecodable"
			case c < ' ' || c == '\u200b' || c == '\u202e' || c == '\ufeff':
				return "text.control"
			}
		}
	}
	return ""
}

// typed reads the cells of a row as the dataset says.
func (r *reader) typed(d dataset, ids, cells []string) (map[string]string, []string) {
	record, rules := map[string]string{}, []string(nil)
	for i, id := range ids {
		c, text := d.Columns[id], ""
		if i < len(cells) {
			text = strings.TrimSpace(cells[i])
		}
		if text == "" {
			if !c.Optional {
				rules = append(rules, "required")
			}
			continue
		}
		value, rule := r.value(c, text)
		if rule != "" {
			rules = append(rules, rule)
		}
		record[id] = value
	}
	return record, rules
}

var (
	plainNumber = regexp.MustCompile(`^-?\d+(\.\d+)?$`)
	knownDate   = regexp.MustCompile(`^(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?( \d\d:\d\d)?$`)
	compact     = regexp.MustCompile(`^(\d{4})(\d\d)(\d\d)$`)
)

func (r *reader) value(c column, text string) (string, string) {
	switch c.Type {
	case "id", "employee", "department":
		switch {
		case strings.ContainsAny(text, " \t"):
			return "", "id.form"
		case regexp.MustCompile(`^\d\.\d+E\+\d+$`).MatchString(text):
			return "", "id.digits_lost"
		}
	case "date":
		return date(text)
	case "datetime":
		return datetime(text)
	case "hours", "money", "number", "integer":
		return number(text, map[string]int{"hours": 4, "money": 2, "number": 4}[c.Type], map[string]int{"hours": 5, "money": 16, "number": 14, "integer": 18}[c.Type])
	case "percent":
		return number(strings.TrimSuffix(text, "%"), 4, 14)
	case "bool":
		if value := map[string]string{"是": "true", "否": "false", "true": "true", "false": "false"}[text]; value != "" {
			return value, ""
		}
		return "", "bool.form"
	case "enum":
		for id, v := range c.Values {
			for _, word := range append([]string{id, v.ZH, v.EN}, v.Words...) {
				if plain(word) == plain(text) {
					return id, ""
				}
			}
		}
		return "", "enum.unknown"
	}
	return text, ""
}

func number(text string, decimals, digits int) (string, string) {
	whole, frac, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	switch {
	case !plainNumber.MatchString(text):
		return "", "number.form"
	case len(frac) > decimals:
		return "", "number.scale"
	case len(whole) > digits:
		return "", "number.range"
	}
	return text, ""
}

func date(text string) (string, string) {
	m := knownDate.FindStringSubmatch(text)
	if m == nil {
		m = compact.FindStringSubmatch(text)
	}
	switch {
	case m == nil && regexp.MustCompile(`^\d+月\d+日$`).MatchString(text):
		return "", "date.no_year"
	case m == nil && regexp.MustCompile(`^\d\d/\d\d/\d{4}$`).MatchString(text):
		return "", "date.ambiguous"
	case m == nil:
		return "", "date.form"
	}
	iso := fmt.Sprintf("%s-%02s-%02s", m[1], m[2], m[3])
	switch _, err := time.Parse("2006-01-02", iso); {
	case err != nil:
		return "", "date.impossible"
	case iso < "1990" || iso > "2101":
		return "", "date.range"
	}
	return iso, ""
}

var knownTime = regexp.MustCompile(`^(\S+?)[ T]([01]\d|2[0-3])(:[0-5]\d)(?::00\+08:00)?$`)

// datetime reads the wall clock in China as 2026-07-01 16:30.
func datetime(text string) (string, string) {
	m := knownTime.FindStringSubmatch(text)
	if m == nil {
		return "", "date.form"
	}
	day, rule := date(m[1])
	return day + " " + m[2] + m[3], rule
}

// check applies references, days and the dataset's own rules.
func (r *reader) check(name string, d dataset, record map[string]string) []string {
	var rules []string
	fail := func(rule string, bad bool) {
		if bad {
			rules = append(rules, rule)
		}
	}
	for id, c := range d.Columns {
		_, employee := r.employees[record[id]]
		_, department := r.departments[record[id]]
		fail("employee.unknown", c.Type == "employee" && record[id] != "" && !employee)
		fail("department.unknown", c.Type == "department" && record[id] != "" && !department && id != "parent_id")
	}
	if day, _, _ := strings.Cut(record[d.Day], " "); day != "" {
		who := r.employees[record[d.Owner]]
		fail("date.future", day > r.today)
		fail("employment.outside", who[0] != "" && day <= r.today && (day < who[0] || who[1] != "" && day > who[1]))
	}
	before := func(a, b string) bool { return record[a] != "" && record[b] != "" && record[a] < record[b] }
	switch name {
	case "employees":
		fail("check.1", before("left_on", "hired_on"))
		fail("check.2", within("bonus_base", 0, most)(record))
	case "memberships":
		fail("check.1", before("valid_to", "valid_from"))
		fail("check.2", record["superior_no"] == record["employee_no"])
		fail("check.3", within("share", 1, 100)(record))
		fail("check.4", within("working_time", 1, 100)(record))
	case "work_logs":
		hours, planned := fixed.MustParse(record["hours"]), fixed.MustParse(record["planned_hours"])
		fail("check.1", hours <= 0 || hours > fixed.Int(24))
		fail("check.2", planned < 0 || planned > fixed.Int(24))
		fail("check.3", before("logged_on", "work_date"))
	case "deliveries":
		fail("check.1", before("delivered_on", "created_on"))
		fail("check.2", before("due_on", "created_on"))
	case "opportunities":
		fail("check.1", before("closed_on", "created_on"))
		fail("check.2", record["outcome"] != "open" && record["closed_on"] == "")
		fail("check.3", strings.HasPrefix(record["amount"], "-"))
	default:
		for i, broken := range kindRules[name] {
			fail(fmt.Sprintf("check.%d", i+1), broken(record))
		}
	}
	return rules
}

// A broken rule of a kind of record.
type broken func(record map[string]string) bool

// after is broken when the second column lies before the first. A day is compared with the day of a time.
func after(first, second string) broken {
	return func(r map[string]string) bool {
		a, b := r[first], r[second]
		if n := min(len(a), len(b)); n == len("2026-07-01") {
			a, b = a[:n], b[:n]
		}
		return a != "" && b != "" && b < a
	}
}

// with is broken when the first column is filled and the second is not.
func with(first, second string) broken {
	return func(r map[string]string) bool { return r[first] != "" && r[second] == "" }
}

// within is broken by a number outside of these bounds.
func within(column string, lo, hi int64) broken {
	return func(r map[string]string) bool {
		if r[column] == "" {
			return false
		}
		n := fixed.MustParse(r[column])
		return n < fixed.Int(lo) || n > fixed.Int(hi)
	}
}

// differ is broken when two columns hold the same.
func differ(a, b string) broken {
	return func(r map[string]string) bool { return r[a] != "" && r[a] == r[b] }
}

const most = 1_000_000_000

// kindRules are the rules of datasets.yaml in their order, put another way.
var kindRules = map[string][]broken{
	"attendance":   {within("worked_hours", 0, 24), within("leave_hours", 0, 24), within("late_times", 0, most)},
	"satisfaction": {within("score", 1, 5), within("timeliness_score", 1, 5), within("accuracy_score", 1, 5), within("response_score", 1, 5)},
	"milestones":   {after("starts_on", "completed_on"), with("result", "held_on")},
	"meetings":     {after("held_at", "ended_at"), after("held_at", "minutes_at"), after("held_at", "sent_at"), within("attended", 0, most)},
	"decisions": {after("decided_at", "assigned_at"), with("assigned_at", "assignee_no"), after("decided_at", "due_on"), after("decided_at", "done_on"),
		func(r map[string]string) bool { return r["status"] == "done" && r["done_on"] == "" }},
	"approvals": {after("submitted_at", "completed_at"), within("amount", 0, most), with("head_at", "head_no"), with("finance_at", "finance_no"),
		with("ceo_at", "ceo_no"), after("acted_at", "made_up_at")},
	"findings": {after("audited_on", "fixed_on"), func(r map[string]string) bool { return r["compliant"] == "false" && r["severity"] == "" },
		differ("auditor_no", "employee_no")},
	"trainings":      {within("hours", 1, most), with("passed", "done_on")},
	"incidents":      {after("found_at", "reported_at"), after("found_at", "closed_on"), after("found_at", "confirmed_on")},
	"surveys":        {within("score", 1, 5)},
	"collaborations": {after("week_from", "synchronised_on"), after("requested_at", "responded_at"), after("requested_at", "completed_at"), differ("partner_id", "department_id")},
	"documents":      {after("created_on", "filed_on")},
	"targets": {func(r map[string]string) bool {
		return !regexp.MustCompile(`^20\d\d(Q\d|-\d\d)?$`).MatchString(r["period"])
	},
		within("target_value", 0, most)},
	"costs":  {within("budget", 0, most)},
	"leaves": {after("first_day", "last_day")},
	"department_changes": {func(r map[string]string) bool {
		return r["name"]+r["name_en"]+r["parent_id"]+r["kind"] == "" && r["top"] != "true"
	},
		differ("parent_id", "department_id"), func(r map[string]string) bool { return r["parent_id"] != "" && r["top"] == "true" }},
}

// post gives the department of an employee on a day, "" for none.
func (r *reader) post(no, day string) string {
	if r.posts == nil {
		r.posts = map[string][]map[string]string{}
		for _, m := range r.records["memberships"] {
			r.posts[m["employee_no"]] = append(r.posts[m["employee_no"]], m)
		}
	}
	for _, m := range r.posts[no] {
		if m["valid_from"] <= day && (m["valid_to"] == "" || day <= m["valid_to"]) {
			return m["department_id"]
		}
	}
	return ""
}
