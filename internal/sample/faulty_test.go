package sample_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"plumbline/internal/sample"
	"plumbline/sample_data"
)

const committed = "../../sample_data"

// TestSampleDataIsUpToDate makes the company of sample_data again. go generate ./sample_data writes it.
func TestSampleDataIsUpToDate(t *testing.T) {
	want, _ := write(t, sample.Small())
	got := readAll(t, os.DirFS(committed))
	delete(got, "sample_data.go")
	delete(got, ".gitattributes")
	maps.DeleteFunc(got, func(name string, _ []byte) bool { return strings.HasPrefix(name, "story/") })
	var sum int
	for name := range want {
		if name != "README.md" && !bytes.Contains(want["README.md"], []byte(name)) {
			t.Errorf("README.md does not name %s", name)
		}
	}
	for name, data := range got {
		sum += len(data)
		if len(data) > 300<<10 {
			t.Errorf("%s has %d bytes, more than 300 KiB", name, len(data))
		}
		fresh, ok := want[name]
		delete(want, name)
		switch {
		case !ok:
			t.Errorf("%s is not made any more", name)
		case name == "refused/truncated.xlsx": // compression may change with the Go version: see below
			whole := got["company/deliveries-2026Q3.xlsx"]
			if !bytes.HasPrefix(whole, data) || len(data) < len(whole)/2 || len(data) == len(whole) {
				t.Errorf("%s is not the first part of the deliveries", name)
			}
		case strings.HasSuffix(name, ".xlsx"):
			if diff := cmp.Diff(parts(t, data), parts(t, fresh)); diff != "" {
				t.Errorf("%s is out of date: %.500s", name, diff)
			}
		case !bytes.Equal(data, fresh):
			t.Errorf("%s is out of date", name)
		}
	}
	for name := range want {
		t.Errorf("%s is missing", name)
	}
	if sum > 7<<18 {
		t.Errorf("%d bytes in all, more than 1.75 MiB", sum)
	}
}

// parts gives what is in a workbook, uncompressed.
func parts(t *testing.T, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name] = f.Modified.UTC().String() + string(text)
	}
	return all
}

// listed reads faults.csv from the embedded files.
func listed(t *testing.T) [][]string {
	t.Helper()
	text, err := fs.ReadFile(sample_data.FS, "faults.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"file", "sheet", "row", "column", "rule", "what_zh", "what_en"}, rows[0]); diff != "" {
		t.Fatal(diff)
	}
	return rows[1:]
}

// TestFaultsAreWhereTheListSays reads every row of the embedded company: what is wrong must be in faults.csv, with row and
// rule, and nothing in faults.csv may be right.
func TestFaultsAreWhereTheListSays(t *testing.T) {
	company, err := fs.Sub(sample_data.FS, "company")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for name, data := range readAll(t, company) {
		files["company/"+name] = data
	}
	r := read(t, files, "2026-10-09")
	open := map[found]bool{}
	for _, f := range listed(t) {
		row, err := strconv.Atoi(f[2])
		if err != nil {
			t.Fatal(err)
		}
		if f[5] == "" || f[6] == "" {
			t.Errorf("%v is not told in both languages", f)
		}
		if strings.HasPrefix(f[4], "file.") {
			continue
		}
		open[found{f[0], f[1], row, f[4]}] = true
	}
	for _, f := range r.found {
		if !open[f] {
			t.Errorf("not in faults.csv: %s", f)
		}
		delete(open, f)
	}
	for f := range open {
		t.Errorf("in faults.csv, but nothing is wrong there: %s", f)
	}
	r.belongs(t)
	r.owned(t)
	r.free(t)
}

// free checks that nobody logged work on a day of leave, and that most leaves are of the latest quarter.
func (r *reader) free(t *testing.T) {
	t.Helper()
	logged := map[string]bool{}
	for _, l := range r.records["work_logs"] {
		logged[l["employee_no"]+" "+l["work_date"]] = true
	}
	late := 0
	for _, l := range r.records["leaves"] {
		late += btoi(l["first_day"] >= "2026-07-01")
		for day := l["first_day"]; day <= l["last_day"]; day = dayAfter(t, day) {
			if logged[l["employee_no"]+" "+day] {
				t.Errorf("%s worked on %s, a day of leave", l["employee_no"], day)
			}
		}
	}
	if all := len(r.records["leaves"]); late < 24 || late > 60 || all-late < 10 {
		t.Errorf("%d leaves, %d of them in the latest quarter", all, late)
	}
}

// TestOrganisationHasItsTurns checks what the sample promises of the organisation: two memberships at once, a part-timer, a bonus
// base for everybody but the CEO and who left long ago, a group with a new name and one with a new parent, targets of every kind.
func TestOrganisationHasItsTurns(t *testing.T) {
	r := smallCompany(t)
	shares, part := map[string][]string{}, 0
	for _, m := range r.records["memberships"] {
		if m["share"] != "" && m["valid_to"] == "" { // the two of one who has left are a fault
			shares[m["employee_no"]] = append(shares[m["employee_no"]], m["department_id"]+" "+m["valid_from"]+" "+m["share"])
		}
		part += btoi(m["working_time"] == "60")
	}
	if len(shares) != 1 || part != 1 {
		t.Errorf("shares %v, %d part-timers", shares, part)
	}
	for _, m := range shares {
		if diff := cmp.Diff([]string{"D006 2026-07-01 60", "D008 2026-07-01 40"}, m); diff != "" {
			t.Error(diff)
		}
	}
	based := 0
	for _, e := range r.records["employees"] {
		based += btoi(e["bonus_base"] != "")
	}
	if based != 60 {
		t.Errorf("%d people have a bonus base", based)
	}
	var changes []string
	for _, c := range r.records["department_changes"] {
		changes = append(changes, strings.Join([]string{c["department_id"], c["effective_on"], c["name"], c["parent_id"]}, " "))
	}
	if diff := cmp.Diff([]string{"D008 2026-03-02 数据分析组 ", "D007 2026-05-06  D004"}, changes); diff != "" {
		t.Error(diff)
	}
	targets := map[string]int{}
	for _, c := range r.records["targets"] {
		of := "company"
		if c["employee_no"] != "" {
			of = "person"
		} else if c["department_id"] != "" {
			of = "department"
		}
		period, _, _ := strings.Cut(c["period"], "-")
		targets[fmt.Sprint(c["kpi"], " ", of, " ", period[:min(5, len(period))], " ", c["set_on"] > "2026-07-15")]++
	}
	for _, want := range []string{"conversion_rate department 2026Q false", "conversion_rate department 2026 false", "on_time_rate department 2026Q false",
		"won_amount company 2026 false", "won_amount department 2026 false", "won_amount department 2026 true", "satisfaction_score department 2026Q false", "conversion_rate person 2026Q false"} {
		if targets[want] == 0 {
			t.Errorf("no target: %s, only %v", want, targets)
		}
	}
}

// TestFaultsNameTheirCells looks up each cell that faults.csv names.
func TestFaultsNameTheirCells(t *testing.T) {
	holds := map[string][]string{ // rule → what one of its cells holds
		"number.form": {"八小时", "7。5", "12.8万", "四分", "1.5万"}, "number.scale": {"86000.125"}, "number.range": {"800000"}, "check.1": {"25", "30", "9", "2026三季度"}, "check.2": {"-8"},
		"check.3": {"-56000.00"}, "date.ambiguous": {"03/08/2026"}, "date.impossible": {"2026-09-31", "2026-09-31T10:00:00+08:00"}, "date.no_year": {"9月5日", "10月8日"},
		"date.form": {"上周五", "25:30"}, "date.range": {"1926-09-05"}, "date.future": {"2062-09-06"}, "required": {""}, "employee.unknown": {"00960", "00961", "00962"}, "bool.form": {"基本合规"},
		"department.unknown": {"D099", "D098"}, "enum.unknown": {"战略", "待定", "中试", "特急"}, "id.digits_lost": {"1.23457E+17", "3.1010520260701E+17"},
		"cell.error": {"#N/A", "#REF!"}, "cell.no_value": {""}, "text.control": {"\u200b", "\x00", "\u202e"}, "text.undecodable": {"\ufffd"},
		"id.form": {"WL 0"}, "employment.outside": {"2026-0"}, "cell.merged": {""},
	}
	cells := map[string]map[int][]string{}
	for _, f := range listed(t) {
		if f[3] == "" {
			continue
		}
		file := f[0] + f[1]
		if cells[file] == nil {
			cells[file] = rowsOf(t, f[0], f[1])
		}
		row, _ := strconv.Atoi(f[2])
		column, err := strconv.Atoi(f[3])
		if err != nil {
			if column, err = excelize.ColumnNameToNumber(f[3]); err != nil {
				t.Fatal(err)
			}
		}
		text := ""
		if got := cells[file][row]; column <= len(got) {
			text = got[column-1]
		}
		fits := false
		for _, want := range holds[f[4]] {
			fits = fits || text == want || want != "" && len(want) < 5 && strings.Contains(text, want) || want == "" && f[4] == "cell.merged" || prefixed(f[4], text, want)
		}
		if !fits {
			t.Errorf("%v: the cell holds %q", f, text)
		}
	}
}

func prefixed(rule, text, want string) bool {
	return (rule == "employment.outside" || rule == "id.digits_lost") && strings.HasPrefix(text, want) || rule == "date.form" && strings.HasSuffix(text, want)
}

func rowsOf(t *testing.T, file, sheetName string) map[int][]string {
	t.Helper()
	data, err := fs.ReadFile(sample_data.FS, file)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[int][]string{}
	for _, s := range readFile(t, file, data) {
		for _, r := range s.rows {
			if s.name == sheetName {
				rows[r.number] = r.cells
			}
		}
	}
	return rows
}

// TestRefusedFilesAreThere checks that each file to refuse is listed and is what the list says.
func TestRefusedFilesAreThere(t *testing.T) {
	is := map[string]func(text string) bool{
		"file.empty":   func(text string) bool { return text == "" },
		"file.no_rows": func(text string) bool { return strings.Count(text, "\n") == 1 },
		"file.html":    func(text string) bool { return strings.HasPrefix(text, "<html>") },
		"file.missing_column": func(text string) bool {
			return strings.HasPrefix(text, "日志编号,工号,工作日期,填写日期,计划工时") && strings.Count(text, "\n") == 13
		},
		"file.unterminated_quote": func(text string) bool { return strings.Count(text, `"`) == 1 },
		"file.damaged": func(text string) bool {
			_, err := zip.NewReader(strings.NewReader(text), int64(len(text)))
			return strings.HasPrefix(text, "PK") && err != nil
		},
	}
	refused, err := fs.Sub(sample_data.FS, "refused")
	if err != nil {
		t.Fatal(err)
	}
	files := readAll(t, refused)
	for _, f := range listed(t) {
		name, ok := strings.CutPrefix(f[0], "refused/")
		if !ok {
			continue
		}
		text, there := files[name]
		if !there || f[2] != "0" || is[f[4]] == nil || !is[f[4]](string(text)) {
			t.Errorf("%v does not fit the file", f)
		}
		delete(files, name)
	}
	for name := range files {
		t.Errorf("refused/%s is not in faults.csv", name)
	}
}

// TestEveryRuleIsShown names the rules of ingest that the sample must show.
func TestEveryRuleIsShown(t *testing.T) {
	shown := map[string]bool{}
	bad := 0
	for _, f := range listed(t) {
		shown[f[4]] = true
		bad += btoi(!strings.HasPrefix(f[4], "file.") && !strings.HasPrefix(f[4], "accepted."))
	}
	for _, rule := range strings.Fields(`row.fields text.undecodable text.control cell.error cell.no_value cell.merged required id.form
		id.digits_lost date.form date.no_year date.ambiguous date.impossible date.range date.future number.form number.scale number.range
		enum.unknown bool.form employee.unknown department.unknown employment.outside row.total check.1 check.2 check.3 key.conflict interval.overlap interval.share
		accepted.duplicate accepted.correction accepted.title_row`) {
		if !shown[rule] {
			t.Errorf("no row shows %s", rule)
		}
	}
	if bad > 80 {
		t.Errorf("%d faulty rows are too many for results to stay as they are", bad)
	}
}
