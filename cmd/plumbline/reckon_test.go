package main

import (
	"encoding/csv"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// This file computes the KPIs of the sample company a second time, from the files and the words of the policy alone.

// companyTable is a CSV or a sheet: the header under the column ids of the policy, and the rows below it by physical number.
type companyTable struct {
	file, sheet, kind string
	rows              map[int]map[string]string
}

// headers lists, per kind of record, the words that the sample's files use for the columns needed here.
var headers = map[string]map[string]string{
	"departments":        {"部门编号": "id", "上级部门编号": "parent", "部门类别": "kind"},
	"employees":          {"工号": "who", "姓名": "name", "入职日期": "hired", "离职日期": "left"},
	"memberships":        {"工号": "who", "部门编号": "department", "任职开始": "from", "任职结束": "to", "角色": "role", "任职比例": "share"},
	"department_changes": {"部门编号": "id", "生效日期": "on", "新上级部门编号": "parent"},
	"satisfaction":       {"问卷编号": "id", "服务人工号": "who", "评价日期": "day", "满意度评分": "score"},
	"costs":              {"部门编号": "department", "月份": "day", "费用类别": "kind", "实际金额": "amount"},
	"surveys":            {"部门编号": "department", "问卷月份": "day", "序号": "id", "评分": "score"},
	"work_logs": {"日志编号": "id", "编号": "id", "Log ID": "id", "工号": "who", "员工编号": "who", "Employee no.": "who",
		"工作日期": "day", "日期": "day", "Work date": "day", "填写日期": "logged", "提交日期": "logged", "Logged on": "logged",
		"实际工时": "hours", "工时": "hours", "时长(小时)": "hours", "Hours": "hours",
		"计划工时": "planned", "计划工时(小时)": "planned", "Planned hours": "planned"},
	"deliveries": {"交付编号": "id", "交付单号": "id", "负责人工号": "who", "员工工号": "who", "工号": "who",
		"承诺日期": "due", "截止日期": "due", "计划交付日期": "due", "实际交付日期": "delivered", "交付日期": "delivered", "完成日期": "delivered"},
	"opportunities": {"商机编号": "id", "Record ID": "id", "员工编号": "who", "负责人工号": "who", "销售工号": "who", "Deal owner": "who",
		"结案日期": "closed", "关闭日期": "closed", "成交日期": "closed", "Close date": "closed",
		"结果": "outcome", "商机结果": "outcome", "状态": "outcome", "Status": "outcome",
		"金额": "amount", "商机金额": "amount", "金额(元)": "amount", "Amount": "amount"},
}

// readCompany reads all files of the sample company in the order in which they are taken in.
func readCompany(t *testing.T) []companyTable {
	t.Helper()
	folder := "../../sample_data/company"
	book := sheets(t, filepath.Join(folder, "company.xlsx"))
	tables := []companyTable{
		tabulate(t, "company.xlsx", "部门", "departments", book["部门"]),
		tabulate(t, "company.xlsx", "员工", "employees", book["员工"]),
		tabulate(t, "company.xlsx", "任职", "memberships", book["任职"]),
	}
	for _, kind := range []string{"department_changes", "satisfaction", "costs", "surveys"} {
		name := kind + ".csv"
		tables = append(tables, tabulate(t, name, "", kind, csvLines(t, filepath.Join(folder, name))))
	}
	for _, kind := range []string{"work_logs", "deliveries", "opportunities"} {
		paths, err := filepath.Glob(filepath.Join(folder, kind+"-*"))
		if err != nil || len(paths) != 5 {
			t.Fatalf("%d files of %s: %v", len(paths), kind, err)
		}
		for _, p := range paths {
			name := filepath.Base(p)
			if filepath.Ext(p) == ".csv" {
				tables = append(tables, tabulate(t, name, "", kind, csvLines(t, p)))
				continue
			}
			for sheet, rows := range sheets(t, p) {
				tables = append(tables, tabulate(t, name, sheet, kind, rows))
			}
		}
	}
	return tables
}

// csvLines gives the fields of every line; the sample has no line break inside a cell.
func csvLines(t *testing.T, path string) [][]string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.TrimPrefix(string(raw), "\ufeff")
	if !utf8.ValidString(text) {
		if text, err = simplifiedchinese.GB18030.NewDecoder().String(text); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
	comma := ','
	for _, other := range ";\t" {
		if strings.Count(lines[len(lines)/2], string(other)) > 4 {
			comma = other
		}
	}
	rows := make([][]string, len(lines))
	for i, line := range lines {
		r := csv.NewReader(strings.NewReader(line))
		r.Comma, r.FieldsPerRecord, r.LazyQuotes = comma, -1, true
		if rows[i], err = r.Read(); err != nil {
			t.Fatalf("%s line %d: %v", path, i+1, err)
		}
	}
	return rows
}

func sheets(t *testing.T, path string) map[string][][]string {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := map[string][][]string{}
	for _, name := range f.GetSheetList() {
		if all[name], err = f.GetRows(name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// tabulate finds the header, which is the first row with more than three cells, and names the cells below it.
func tabulate(t *testing.T, file, sheet, kind string, rows [][]string) companyTable {
	t.Helper()
	at := slices.IndexFunc(rows, func(row []string) bool { return len(row) > 3 })
	if at < 0 {
		t.Fatalf("%s [%s] has no header", file, sheet)
	}
	tab := companyTable{file, sheet, kind, map[int]map[string]string{}}
	seen := map[string]bool{}
	for i, row := range rows[at+1:] {
		cells := map[string]string{}
		for j, head := range rows[at] {
			if column := headers[kind][head]; column != "" && j < len(row) {
				cells[column], seen[column] = row[j], true
			}
		}
		tab.rows[at+i+2] = cells
	}
	for _, column := range headers[kind] {
		if !seen[column] {
			t.Fatalf("%s [%s] has no column for %s: %q", file, sheet, column, rows[at])
		}
	}
	return tab
}

// good gives the rows of a kind that faults.csv does not name, in order; a later file's row with the same id replaces the
// earlier one, and so does an exact repetition.
func good(t *testing.T, tables []companyTable, kind string, key ...string) []map[string]string {
	t.Helper()
	bad := map[string]bool{}
	for _, f := range plantedFaults(t, "company") {
		if !strings.HasPrefix(f.rule, "accepted.") {
			bad[f.place()] = true
		}
	}
	byKey := map[string]map[string]string{}
	var order []string
	for _, tab := range tables {
		if tab.kind != kind {
			continue
		}
		numbers := make([]int, 0, len(tab.rows))
		for n := range tab.rows {
			numbers = append(numbers, n)
		}
		slices.Sort(numbers)
		for _, n := range numbers {
			if bad[planted{file: tab.file, sheet: tab.sheet, row: strconv.Itoa(n)}.place()] {
				continue
			}
			row := tab.rows[n]
			id := ""
			for _, k := range key {
				id += row[k] + " "
			}
			if byKey[id] == nil {
				order = append(order, id)
			}
			byKey[id] = row
		}
	}
	rows := make([]map[string]string, len(order))
	for i, id := range order {
		rows[i] = byKey[id]
	}
	return rows
}

// day reads the ways in which the sample writes a date, with or without a time.
func day(t *testing.T, s string) time.Time {
	t.Helper()
	if s == "" {
		return time.Time{}
	}
	date, _, _ := strings.Cut(s, " ")
	for _, form := range []string{"2006-01-02", "2006/1/2", "2006.1.2", "20060102", "2006年1月2日"} {
		if d, err := time.Parse(form, date); err == nil {
			return d
		}
	}
	t.Fatalf("%q is no date", s)
	return time.Time{}
}

// sums are what a KPI adds up.
type sums struct {
	num, den, n *big.Rat
}

// reckoning holds sums by KPI and subject: "" the company, a department, or "department/employee".
type reckoning struct {
	sums    map[string]map[string]*sums
	parents map[string]string // of departments
	stays   []map[string]string
}

// add counts a record for its owner's department of that day, all departments above it, and the company. Of an owner with two departments
// at a time each has its share of the record, and the shares make one whole.
func (r *reckoning) add(t *testing.T, kpi, who string, on time.Time, num, den *big.Rat) {
	var here []map[string]string
	whole := new(big.Rat)
	for _, s := range r.stays {
		if s["who"] == who && !on.Before(day(t, s["from"])) && (s["to"] == "" || !on.After(day(t, s["to"]))) {
			here = append(here, s)
			whole.Add(whole, share(t, s))
		}
	}
	for _, s := range here {
		part := share(t, s)
		part.Quo(part, whole)
		r.count(t, kpi, s["department"], who, on, part, num, den)
	}
}

// share is the part of a person's work that a membership says, in percent; none says all.
func share(t *testing.T, stay map[string]string) *big.Rat {
	if stay["share"] == "" {
		return big.NewRat(100, 1)
	}
	return number(t, strings.TrimSuffix(stay["share"], "%"))
}

// count adds part of a record to a department, the one in it whose record it is, all above it, and the company.
func (r *reckoning) count(t *testing.T, kpi, department, who string, on time.Time, part, num, den *big.Rat) {
	if on.Before(day(t, "2026-07-01")) || on.After(day(t, "2026-09-30")) {
		return
	}
	subjects := []string{""}
	if who != "" {
		subjects = append(subjects, department+"/"+who)
	}
	for d := department; d != ""; d = r.parents[d] {
		subjects = append(subjects, d)
	}
	for _, subject := range subjects {
		if r.sums[kpi] == nil {
			r.sums[kpi] = map[string]*sums{}
		}
		of := r.sums[kpi][subject]
		if of == nil {
			of = &sums{new(big.Rat), new(big.Rat), new(big.Rat)}
			r.sums[kpi][subject] = of
		}
		of.num.Add(of.num, new(big.Rat).Mul(part, num))
		of.den.Add(of.den, new(big.Rat).Mul(part, den))
		of.n.Add(of.n, part)
	}
}

func one(yes bool) *big.Rat {
	if yes {
		return big.NewRat(1, 1)
	}
	return new(big.Rat)
}

func number(t *testing.T, s string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is no number", s)
	}
	return r
}

// reckon computes the third quarter of 2026.
func reckon(t *testing.T) *reckoning {
	t.Helper()
	tables := readCompany(t)
	r := &reckoning{sums: map[string]map[string]*sums{}, parents: map[string]string{}, stays: good(t, tables, "memberships", "who", "department", "from")}
	for _, d := range good(t, tables, "departments", "id") {
		r.parents[d["id"]] = d["parent"]
	}
	for _, c := range good(t, tables, "department_changes", "id", "on") {
		if c["parent"] != "" && !day(t, c["on"]).After(day(t, "2026-09-30")) {
			r.parents[c["id"]] = c["parent"]
		}
	}
	for _, l := range good(t, tables, "work_logs", "id") {
		on := day(t, l["day"])
		r.add(t, "log_punctuality", l["who"], on, one(!day(t, l["logged"]).After(on.AddDate(0, 0, 1))), one(true))
		r.add(t, "logged_hours_rate", l["who"], on, number(t, l["hours"]), number(t, l["planned"]))
	}
	for _, d := range good(t, tables, "deliveries", "id") {
		due, delivered := day(t, d["due"]), day(t, d["delivered"])
		r.add(t, "on_time_rate", d["who"], due, one(!delivered.IsZero() && !delivered.After(due)), one(true)) // all are due by the quarter's end
	}
	for _, s := range good(t, tables, "satisfaction", "id") {
		r.add(t, "satisfaction_score", s["who"], day(t, s["day"]), number(t, s["score"]), one(true))
	}
	for _, c := range good(t, tables, "costs", "department", "day", "kind") {
		r.count(t, "costs_total", c["department"], "", day(t, c["day"]), one(true), number(t, c["amount"]), new(big.Rat))
	}
	for _, s := range good(t, tables, "surveys", "day", "id") {
		r.count(t, "survey_score", s["department"], "", day(t, s["day"]), one(true), number(t, s["score"]), one(true))
	}
	for _, o := range good(t, tables, "opportunities", "id") {
		switch o["outcome"] {
		case "赢单", "成交", "Closed Won":
			r.add(t, "conversion_rate", o["who"], day(t, o["closed"]), one(true), one(true))
			if o["amount"] != "" {
				r.add(t, "won_amount_rate", o["who"], day(t, o["closed"]), number(t, o["amount"]), number(t, o["amount"]))
				r.add(t, "won_amount", o["who"], day(t, o["closed"]), number(t, o["amount"]), new(big.Rat))
			}
		case "输单", "流失", "Closed Lost":
			r.add(t, "conversion_rate", o["who"], day(t, o["closed"]), one(false), one(true))
			if o["amount"] != "" {
				r.add(t, "won_amount_rate", o["who"], day(t, o["closed"]), new(big.Rat), number(t, o["amount"]))
			}
		case "进行中", "跟进中", "未结案":
		default:
			if o["closed"] != "" {
				t.Fatalf("outcome %q", o["outcome"])
			}
		}
	}
	return r
}

// reckoned are the KPIs computed here: whether their value is a quotient, in percent, and needs five records.
var reckoned = map[string]struct{ quotient, percent, five, anonymous bool }{
	"conversion_rate": {true, true, true, false}, "on_time_rate": {true, true, true, false}, "log_punctuality": {true, true, true, false},
	"logged_hours_rate": {true, true, true, false}, "won_amount": {}, "won_amount_rate": {true, true, true, false},
	"satisfaction_score": {true, false, true, false}, "costs_total": {}, "survey_score": {true, false, true, true},
}

// value writes what the program should: 6 decimals, half away from zero; nothing for no data.
func (s *sums) value(kpi string) (value, num, den, n, status string) {
	if s == nil || s.n.Sign() == 0 {
		return "", "", "", "0", "no_data"
	}
	status = "ok"
	rule, few := reckoned[kpi], s.n.Cmp(big.NewRat(5, 1)) < 0
	switch {
	case few && rule.anonymous:
		return "", "", "", "", "withheld"
	case few && rule.five:
		status = "insufficient_data"
	}
	quotient := new(big.Rat).Set(s.num)
	if rule.quotient {
		den = plain(s.den)
		quotient.Quo(quotient, s.den)
	}
	if rule.percent {
		quotient.Mul(quotient, big.NewRat(100, 1))
	}
	return sixDecimals(quotient), plain(s.num), den, plain(s.n), status
}

// sixDecimals rounds half away from zero: no value here is negative.
func sixDecimals(r *big.Rat) string {
	scaled := new(big.Rat).Mul(r, big.NewRat(2_000_000, 1))
	doubled := new(big.Int).Quo(scaled.Num(), scaled.Denom())
	whole := doubled.Add(doubled, big.NewInt(1)).Rsh(doubled, 1).Int64()
	return fmt.Sprintf("%d.%06d", whole/1_000_000, whole%1_000_000)
}

func plain(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	return strings.TrimRight(r.FloatString(4), "0")
}

func TestValuesAgreeWithASecondComputation(t *testing.T) {
	r := reckon(t)
	data := filled(t)
	only := []string{"--kpi", strings.Join(slices.Sorted(maps.Keys(reckoned)), ","), "--data", data}
	rows := table(t, append([]string{"kpi", "2026Q3", "--by", "company,department,employee"}, only...)...)
	seen := map[string]bool{}
	for _, row := range rows {
		subject := row["department"]
		if row["employee_no"] != "" {
			subject += "/" + row["employee_no"]
		}
		seen[row["kpi"]+" "+subject] = true
		if reckoned[row["kpi"]].anonymous && row["status"] == "withheld" && row["department"] != "" {
			continue // lest others be worked out from it
		}
		value, num, den, n, status := r.sums[row["kpi"]][subject].value(row["kpi"])
		if row["value"] != value || row["numerator"] != num || row["denominator"] != den || row["n"] != n || row["status"] != status {
			t.Errorf("%s of %q: got %s = %s / %s, n %s, %s; want %s = %s / %s, n %s, %s", row["kpi"], subject,
				row["value"], row["numerator"], row["denominator"], row["n"], row["status"], value, num, den, n, status)
		}
	}
	for kpi, subjects := range r.sums {
		for subject := range subjects {
			if !seen[kpi+" "+subject] {
				t.Errorf("kpi does not give %s of %q", kpi, subject)
			}
		}
	}
	if len(r.sums) != len(reckoned) || len(seen) < 300 {
		t.Errorf("only %d KPIs and %d values were compared", len(r.sums), len(seen))
	}
	byDepartment := must(t, exitDone, append([]string{"kpi", "2026Q3", "--by", "department", "--format", "csv"}, only...)...)
	header, _, _ := strings.Cut(byDepartment, "\n")
	if want := "period,department,employee_no,kpi,value,numerator,denominator,n,low,high,target,attainment,status"; header != want {
		t.Errorf("header %s\nwant   %s", header, want)
	}
	for _, row := range readCSV(t, byDepartment) {
		if !slices.ContainsFunc(rows, func(other map[string]string) bool { return fmt.Sprint(other) == fmt.Sprint(row) }) {
			t.Errorf("--by department alone says otherwise: %v", row)
		}
	}
}

func TestEvidenceCountsWhatTheValueCounts(t *testing.T) {
	data := filled(t)
	for _, row := range table(t, "kpi", "2026Q3", "--by", "company,department,employee", "--kpi", strings.Join(slices.Sorted(maps.Keys(reckoned)), ","), "--data", data) {
		if no := row["employee_no"]; no != "" && no != "00012" && no != "00030" && no != "00035" {
			continue // three who moved, left or have two departments stand for all
		}
		if row["kpi"] == "survey_score" { // anonymous answers are not listed at all
			continue
		}
		args := []string{"evidence", row["kpi"], "2026Q3", "--data", data}
		if row["department"] != "" {
			args = append(args, "--department", row["department"])
		}
		if row["employee_no"] != "" {
			args = append(args, "--employee", row["employee_no"])
		}
		counted, above := new(big.Rat), new(big.Rat) // each record by its share
		for _, e := range table(t, args...) {
			switch e["counted"] {
			case "numerator":
				above.Add(above, number(t, e["share"]))
				counted.Add(counted, number(t, e["share"]))
			case "denominator":
				counted.Add(counted, number(t, e["share"]))
			case "left_out":
				if e["reason"] == "" {
					t.Errorf("%v: a row is left out without a reason: %v", args, e)
				}
			}
			if e["file"] == "" || e["row"] == "" {
				t.Errorf("%v: a row without its place: %v", args, e)
			}
		}
		if plain(counted) != row["n"] {
			t.Errorf("%v: %s rows count, n is %s", args, plain(counted), row["n"])
		}
		if isShare := row["low"] != ""; isShare && plain(above) != row["numerator"] {
			t.Errorf("%v: %s rows in the numerator, want %s", args, plain(above), row["numerator"])
		}
	}
}
