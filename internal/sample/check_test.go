package sample_test

// A small reader of the datasets, written against policy/defaults/datasets.yaml and nothing else of this project: what it
// finds in the sample's files is compared with what the package says it put there.

import (
	"bytes"
	"encoding/csv"
	"fmt"
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
	if strings.HasSuffix(name, ".xlsx") {
		return readBook(t, name, data)
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
	base := path.Base(name)
	s := sheet{file: name, dataset: strings.TrimSuffix(strings.SplitN(base, "-", 2)[0], ".csv")}
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

func readBook(t *testing.T, name string, data []byte) []sheet {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer f.Close()
	datasets := map[string]string{"部门": "departments", "员工": "employees", "任职": "memberships", "交付记录": "deliveries"}
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
	order := []string{"departments", "employees", "memberships", "deliveries", "opportunities", "work_logs"}
	var sheets []sheet
	var names []string
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		sheets = append(sheets, readFile(t, name, files[name])...)
	}
	sort.SliceStable(sheets, func(a, b int) bool {
		return slices.Index(order, sheets[a].dataset) < slices.Index(order, sheets[b].dataset)
	})
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
				r.add(s, e.row, "interval.overlap")
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
	if id, ok := d.Key.(string); ok {
		return record[id]
	}
	var parts []string
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
	case "hours", "money":
		return number(text, map[string]int{"hours": 4, "money": 2}[c.Type], map[string]int{"hours": 5, "money": 16}[c.Type])
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
	if day := record[d.Day]; day != "" {
		who := r.employees[record[d.Owner]]
		fail("date.future", day > r.today)
		fail("employment.outside", who[0] != "" && day <= r.today && (day < who[0] || who[1] != "" && day > who[1]))
	}
	before := func(a, b string) bool { return record[a] != "" && record[b] != "" && record[a] < record[b] }
	switch name {
	case "employees":
		fail("check.1", before("left_on", "hired_on"))
	case "memberships":
		fail("check.1", before("valid_to", "valid_from"))
		fail("check.2", record["superior_no"] == record["employee_no"])
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
	}
	return rules
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
