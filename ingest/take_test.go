package ingest_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"plumbline/ingest"
	"plumbline/policy"
)

const (
	logHeader = "日志编号,工号,工作日期,填写日期,实际工时,计划工时\n"
	goodLog   = "L1,0007,2026-07-01,2026-07-01,8,8\n"
)

func logs(rows ...string) string { return logHeader + strings.Join(rows, "\n") + "\n" }

// workbook makes an XLSX file of one sheet per table.
func workbook(t testing.TB, sheets map[string][][]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	for name, rows := range sheets {
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if err := f.SetSheetRow(name, fmt.Sprint("A", i+1), &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.DeleteSheet("Sheet1"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func anys(cells string) []any {
	var row []any
	for _, c := range strings.Split(strings.TrimSpace(cells), ",") {
		row = append(row, c)
	}
	return row
}

func TestRefusedFilesLeaveNoTrace(t *testing.T) {
	c := company(t)
	whole := string(workbook(t, map[string][][]any{"日志": {anys(logHeader), anys(goodLog)}}))
	head, before := c.books.Ledger().Head(), c.everything()
	for _, f := range []struct{ name, text, dataset, rule string }{
		{"missing column.csv", "日志编号,工号,工作日期,填写日期\nL1,0007,2026-07-01,2026-07-01\n", "", "file.missing_column"},
		{"missing for dataset.csv", logs(goodLog), "deliveries", "file.missing_column"},
		{"no header.csv", goodLog + goodLog, "", "file.no_header"},
		{"header below row 30.csv", strings.Repeat("说明\n", 30) + logs(goodLog), "", "file.no_header"},
		{"same header.csv", "日志编号,工号,工作日期,填写日期,实际工时,计划工时,工时\nL1,0007,2026-07-01,2026-07-01,8,8,9\n", "", "file.duplicate_header"},
		{"unknown dataset.csv", logs(goodLog), "diaries", "file.unknown_dataset"},
		{"empty.csv", "", "", "file.empty"},
		{"blank lines.csv", "\n\n , ,\n", "", "file.empty"},
		{"header only.csv", logHeader, "", "file.no_rows"},
		{"header and blanks.csv", logHeader + ",,,,,\n\n", "", "file.no_rows"},
		{"encoding.csv", "\xff\xff\xfe\x80\x81,\xff\xfe\n\xff\xff\xff,\xff\n", "", "file.encoding"},
		{"open quote.csv", logHeader + goodLog + "L2,0007,2026-07-01,2026-07-01,8,\"8\n", "", "file.unterminated_quote"},
		{"page.xlsx", "<html><body><table><tr><td>日志编号</td></tr></table></body></html>", "", "file.html"},
		{"old.xls", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600), "", "file.xls"},
		{"report.csv", "%PDF-1.7\n%\xe2\xe3", "", "file.format"},
		{"cut.xlsx", whole[:len(whole)/2], "", "file.damaged"},
		{"flipped.xlsx", whole[:len(whole)/3] + "~~~~" + whole[len(whole)/3+4:], "", "file.damaged"},
		{"no data.xlsx", string(workbook(t, map[string][][]any{"空": nil})), "", "file.empty"},
		{"header only.xlsx", string(workbook(t, map[string][][]any{"日志": {anys(logHeader)}})), "", "file.no_rows"},
		{"no header.xlsx", string(workbook(t, map[string][][]any{"日志": {anys(goodLog)}})), "", "file.no_header"},
	} {
		_, _, err := c.try(f.name, f.text, f.dataset, false)
		if got := refusal(err); got != f.rule {
			t.Errorf("%s: %s, want %s", f.name, got, f.rule)
		} else if f.dataset == "" && !strings.Contains(err.Error(), f.name) {
			t.Errorf("%s: the error does not name the file: %v", f.name, err)
		}
	}
	if now := c.books.Ledger().Head(); now != head {
		t.Errorf("the ledger went from %d to %d", head.Seq, now.Seq)
	}
	if diff := cmp.Diff(before, c.everything()); diff != "" {
		t.Error(diff)
	}
	if left, err := os.ReadDir(c.books.Staging()); err != nil || len(left) > 0 {
		t.Errorf("left behind in staging: %v, %v", left, err)
	}
}

func TestAmbiguousHeader(t *testing.T) {
	c := small(t, `
diaries:
  name: {zh: 日记, en: Diaries}
  key: note_id
  columns:
    note_id: {type: id, aliases: [编号]}
    said:    {type: text, aliases: [内容]}
letters:
  name: {zh: 信件, en: Letters}
  key: letter_id
  columns:
    letter_id: {type: id, aliases: [编号]}
    body:      {type: text, aliases: [内容]}
`)
	_, _, err := c.try("a.csv", "编号,内容\n1,x\n", "", false)
	if got := refusal(err); got != "file.ambiguous" {
		t.Errorf("two datasets fit: %s", got)
	}
	f, _, err := c.try("a.csv", "编号,内容\n1,x\n", "letters", false)
	if err != nil || f.Dataset != "letters" || f.New != 1 {
		t.Errorf("named by the user: %+v, %v", f, err)
	}
	// The same bytes may come in as another dataset too.
	if f, already, err := c.try("a.csv", "编号,内容\n1,x\n", "diaries", false); err != nil || already || f.New != 1 {
		t.Errorf("as the other dataset: already %v, %v", already, err)
	}
}

// small founds a company with further datasets and nothing in its books.
func small(t testing.TB, datasets string) *office {
	t.Helper()
	s := policy.Default()
	for i := range s {
		if s[i].Name == "datasets.yaml" {
			s[i].Text += datasets
		}
	}
	return found(t, filepath.Join(t.TempDir(), "data"), s)
}

func TestSameFileTwice(t *testing.T) {
	c := company(t)
	text := logs("L1,0007,2026-07-01,2026-07-01,8,8", "L2,E999,2026-07-01,2026-07-01,8,8")
	first := c.take("a.csv", text)
	head, before := c.books.Ledger().Head(), c.everything()
	for _, name := range []string{"a.csv", "renamed.csv"} {
		f, already, err := c.try(name, text, "", false)
		if err != nil || !already || f.Seq != first.Seq || f.Name != "a.csv" || receipt(f) != receipt(first) {
			t.Errorf("%s: already %v, %s, %v", name, already, receipt(f), err)
		}
	}
	if diff := cmp.Diff(before, c.everything()); diff != "" || c.books.Ledger().Head() != head {
		t.Errorf("the second time changed something; head %v, before %v\n%s", c.books.Ledger().Head(), head, diff)
	}

	rejects, facts := c.rejects(), c.lines("facts", `SELECT w::VARCHAR AS line FROM facts.work_logs w ORDER BY line`)
	f, already, err := c.try("again.csv", text, "", true)
	if err != nil || already || receipt(f) != "again.csv work_logs 2 = 1 unchanged 1 quarantined" || c.books.Ledger().Head().Seq != head.Seq+1 {
		t.Errorf("again: already %v, %s, %v", already, receipt(f), err)
	}
	if diff := cmp.Diff(facts, c.lines("facts", `SELECT w::VARCHAR AS line FROM facts.work_logs w ORDER BY line`)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(rejects, replaced(c.rejects(), "again.csv", "a.csv")); diff != "" {
		t.Errorf("a row in quarantine counts once, by the file that came last:\n%s", diff)
	}

	// What was unknown the first time may be known the next time.
	c.take("more.csv", "工号,姓名,入职日期\nE999,陈晨,2026-01-01\n")
	f, _, err = c.try("a.csv", text, "", true)
	if err != nil || receipt(f) != "a.csv work_logs 2 = 1 new 1 unchanged" || len(c.rejects()) > 0 {
		t.Errorf("after the person came in: %s, %v, %q", receipt(f), err, c.rejects())
	}
	c.examined()
}

func replaced(lines []string, old, name string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = strings.Replace(l, old, name, 1)
	}
	return out
}

func TestCorrectionKeepsWhatWasKnown(t *testing.T) {
	c := company(t)
	header := "商机编号,负责人工号,客户名称,创建日期,结案日期,结果,金额\n"
	first := c.take("a.csv", header+"O1,0007,甲,2026-06-01,,进行中,10\nO2,0007,乙,2026-06-01,,进行中,20\n")
	second := c.take("b.csv", header+"O1,0007,甲,2026-06-01,2026-06-30,赢单,12.5\nO2,0007,乙,2026-06-01,,进行中,20\n")
	third := c.take("c.csv", "商机编号,负责人工号,创建日期,结果,金额\nO1,E001,2026-06-01,赢单,13\n")
	if receipt(second) != "b.csv opportunities 2 = 1 corrected 1 unchanged" || receipt(third) != "c.csv opportunities 1 = 1 corrected" {
		t.Errorf("%s; %s", receipt(second), receipt(third))
	}
	for _, v := range []struct {
		seq  int64
		want []string
	}{
		{first.Seq - 1, nil},
		{first.Seq, []string{"O1|0007|甲|2026-06-01|||open|10.00", "O2|0007|乙|2026-06-01|||open|20.00"}},
		{second.Seq, []string{"O1|0007|甲|2026-06-01|2026-06-30||won|12.50", "O2|0007|乙|2026-06-01|||open|20.00"}},
		{third.Seq, []string{"O1|E001|甲|2026-06-01|2026-06-30||won|13.00", "O2|0007|乙|2026-06-01|||open|20.00"}},
	} {
		if diff := cmp.Diff(v.want, c.factsAsOf("opportunities", v.seq)); diff != "" {
			t.Errorf("as of %d:\n%s", v.seq, diff)
		}
	}
	if diff := cmp.Diff(c.facts("opportunities"), c.factsAsOf("opportunities", third.Seq)); diff != "" {
		t.Error(diff)
	}
	if files, err := ingest.Files(t.Context(), c.books, second.Seq); err != nil || len(files) != 5 || files[4].Name != "b.csv" {
		t.Errorf("receipts as of the second file: %v, %v", files, err)
	}
	c.examined()
}

// A file whose first rows are new and whose later rows correct others gives the same facts as one the other way round.
func TestWayOfFilingDoesNotMatter(t *testing.T) {
	var rows []string
	for i := range 1500 {
		rows = append(rows, fmt.Sprintf("N%04d,0007,%s,2026-07-01,8,8", i, today.AddDate(0, 0, -30-i).Format(time.DateOnly)))
	}
	mixed := []string{"L1,0007,2026-07-01,2026-07-01,9,8", "L2,0007,2026-07-01,2026-07-01,8,8", "L3,E999,2026-07-01,2026-07-01,8,8", rows[3]}
	var facts, rejects [2][]string
	var receipts [2]string
	for i, order := range [][]string{append(append([]string{}, mixed...), rows...), append(append([]string{}, rows...), mixed...)} {
		c := company(t)
		c.take("before.csv", logs("L1,0007,2026-07-01,2026-07-01,8,8", "L2,0007,2026-07-01,2026-07-01,8,8"))
		receipts[i] = receipt(c.take("a.csv", logs(order...)))
		facts[i], rejects[i] = c.facts("work_logs"), c.rejects()
		c.examined()
	}
	if want := "a.csv work_logs 1504 = 1500 new 1 corrected 1 unchanged 1 duplicate 1 quarantined"; receipts[0] != want || receipts[1] != want {
		t.Errorf("%q\nwant %q twice", receipts, want)
	}
	if diff := cmp.Diff(facts[0], facts[1]); diff != "" || len(facts[0]) != 1502 {
		t.Errorf("%d facts\n%s", len(facts[0]), diff)
	}
	if len(rejects[0]) != 1 || len(rejects[1]) != 1 {
		t.Errorf("rejects %q", rejects)
	}
}

func TestWorkbook(t *testing.T) {
	c := company(t)
	book := workbook(t, map[string][][]any{
		"日志": {
			{"七月工作日志"},
			anys(logHeader),
			{"L1", "0007", "2026-07-01", 46204, 7.25, 8}, // a bare number is no date
			{"L2", "0007", "2026-07-01", "2026-07-02", 7.25, 0.1},
			{123456789012345678, "0007", "2026-07-01", "2026-07-02", 8, 8},
		},
		"人员": {{"工号", "姓名", "入职日期"}, {"E003", "吴刚", "2026-01-05"}},
		"说明": {{"请在月底前填写"}},
	})
	units, err := c.find("七月.xlsx", string(book), "")
	if err != nil || len(units) != 2 {
		t.Fatalf("%d tables, %v", len(units), err)
	}
	var got []string
	for _, u := range units {
		f, _, err := c.takeUnit(u, false)
		if err != nil {
			t.Fatal(err)
		}
		c.accounted(f)
		got = append(got, f.Sheet+": "+receipt(f))
		for _, n := range f.Notices {
			got = append(got, "  "+n.ZH)
		}
	}
	got = append(append(got, c.rejects()...), append(c.facts("employees"), c.facts("work_logs")...)...)
	want := []string{
		"人员: 七月.xlsx employees 1 = 1 new",
		"日志: 七月.xlsx work_logs 3 = 1 new 2 quarantined",
		"  表头在第 2 行，其上的标题行未作数据",
		"七月.xlsx 3 [D 填写日期] date.form 46204",
		"七月.xlsx 5 [A 日志编号] id.digits_lost 1.23456789012345678E+17",
		"0007|张伟|||2020-01-01||||", "E001|李静|||2021-03-01||||", "E002|王芳|||2026-03-01|2026-06-30|||", "E003|吴刚|||2026-01-05||||",
		"L2|0007|2026-07-01|2026-07-02|7.2500|0.1000||",
	}
	// Which of the sheets stands first in the workbook is up to the library that wrote it.
	if diff := cmp.Diff(want, without(got, "  未导入的工作表：说明")); diff != "" {
		t.Error(diff)
	}
	c.examined()
}

func without(lines []string, line string) []string {
	var rest []string
	for _, l := range lines {
		if l != line {
			rest = append(rest, l)
		}
	}
	return rest
}

// Find gives the organisation first, names what cannot be taken in, and passes over what is no export.
func TestFindInFolder(t *testing.T) {
	c := company(t)
	for name, text := range map[string]string{
		"a-logs.csv": logs(goodLog), "b-members.csv": organisation[2].text, "c-staff.csv": organisation[1].text, "d-depts.csv": organisation[0].text,
		"e-empty.csv": "", ".hidden.csv": logs(goodLog), "~$open.xlsx": "x", "z-logs.csv": logs(goodLog),
	} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	units, faults := ingest.Find(c.Context(), c.books, c.version.Policy, []string{c.dir, filepath.Join(c.dir, "gone.csv")}, ingest.How{})
	var names []string
	for _, u := range units {
		names = append(names, u.Name)
	}
	if diff := cmp.Diff([]string{"d-depts.csv", "c-staff.csv", "b-members.csv", "a-logs.csv", "z-logs.csv"}, names); diff != "" {
		t.Error(diff)
	}
	if len(faults) != 2 || !strings.Contains(faults[0].Error()+faults[1].Error(), "gone.csv") || refusal(faults[1]) != "file.empty" {
		t.Errorf("faults: %v", faults)
	}
}

// Values come back as they were written: decimals to the last digit, ids with their zeros, text with its inner blanks.
func TestValuesRoundTrip(t *testing.T) {
	c := company(t)
	c.take("logs.csv", "日志编号,工号,工作日期,填写日期,实际工时,计划工时,项目名称,工作内容\n"+
		"0000000000000001,0007,2026-02-28,2026-07-15,0.1,0,007,\"他说\"\"好\"\",\n第二行\"\n"+
		"1,0007,2024-02-29,2026-07-01,7.25,24, 两 端 ,=1+1\n"+
		"01,0007,2026-06-30,2026-07-01,24,0.3333,NULL,𠮷😀\n"+
		"001,0007,2026-07-01,2026-07-01,0.0001,0.2,'x','; DROP TABLE facts.work_logs --\n")
	c.take("deals.csv", "商机编号,负责人工号,客户名称,创建日期,结案日期,结果,金额\n"+
		"O1,0007,,2026-07-01,,进行中,0.10\nO2,0007,,2026-07-01,,进行中,9999999999999999.99\nO3,0007,,2026-07-01,,进行中,0.29\nO4,0007,,2026-07-01,,进行中,4.35\n")
	want := []string{
		"0000000000000001|0007|2026-02-28|2026-07-15|0.1000|0.0000|007|他说\"好\",\n第二行",
		"001|0007|2026-07-01|2026-07-01|0.0001|0.2000|'x'|'; DROP TABLE facts.work_logs --",
		"01|0007|2026-06-30|2026-07-01|24.0000|0.3333|NULL|𠮷😀",
		"1|0007|2024-02-29|2026-07-01|7.2500|24.0000|两 端|=1+1",
	}
	if diff := cmp.Diff(want, c.facts("work_logs")); diff != "" {
		t.Error(diff)
	}
	deals := []string{"O1|0007||2026-07-01|||open|0.10", "O2|0007||2026-07-01|||open|9999999999999999.99", "O3|0007||2026-07-01|||open|0.29", "O4|0007||2026-07-01|||open|4.35"}
	if diff := cmp.Diff(deals, c.facts("opportunities")); diff != "" {
		t.Error(diff)
	}
	if r := c.rejects(); len(r) > 0 {
		t.Errorf("rejects: %q", r)
	}
}

// A dataset of 70 columns, each with its check, and rules behind them.
func TestWideDataset(t *testing.T) {
	const n = 70
	var yaml, header, good strings.Builder
	yaml.WriteString("wide:\n  name: {zh: 宽表, en: Wide}\n  key: c0\n  columns:\n    c0: {type: id}\n")
	header.WriteString("c0")
	good.WriteString("k0")
	for i := 1; i < n; i++ {
		fmt.Fprintf(&yaml, "    c%d: {type: hours, optional: %v}\n", i, i%2 == 0)
		fmt.Fprintf(&header, ",c%d", i)
		fmt.Fprintf(&good, ",%d", i)
	}
	yaml.WriteString("    sure: {type: bool}\n    since: {type: date, optional: true}\n    note: {type: text, optional: true}\n  rules:\n")
	header.WriteString(",sure,since,note")
	good.WriteString(",是,2026-07-01,x")
	for i := 1; i <= 3; i++ {
		fmt.Fprintf(&yaml, "    - {check: \"c%d < 100\", say: {zh: 过大, en: too large}}\n", n-i)
	}
	c := small(t, yaml.String())
	row := func(changes map[int]string) string {
		cells := strings.Split(good.String(), ",")
		for i, v := range changes {
			cells[i] = v
		}
		return strings.Join(cells, ",") + "\n"
	}
	f := c.take("wide.csv", header.String()+"\n"+row(nil)+row(map[int]string{0: "k1", 1: "", 59: "x", 60: "1h", 69: "1.23456", 70: "也许"})+
		row(map[int]string{0: "k2", 67: "100", 69: "100", 2: ""})+row(map[int]string{0: "k3", 62: "", 71: "", 72: "", 70: "No"}))
	if receipt(f) != "wide.csv wide 4 = 2 new 2 quarantined" {
		t.Error(receipt(f))
	}
	want := []string{
		"wide.csv 3 [2 c1] required", "wide.csv 3 [60 c59] number.form x",
		"wide.csv 3 [70 c69] number.scale 1.23456", "wide.csv 3 [71 sure] bool.form 也许",
		"wide.csv 4 [68 c67] check.3 100", "wide.csv 4 [70 c69] check.1 100",
	}
	if diff := cmp.Diff(want, c.rejects()); diff != "" {
		t.Error(diff)
	}
	if got := c.facts("wide"); len(got) != 2 || !strings.HasPrefix(got[0], "k0|1.0000|2.0000|") || !strings.HasSuffix(got[0], "|69.0000|true|2026-07-01|x") || !strings.HasSuffix(got[1], "|69.0000|false||") {
		t.Errorf("facts %q", got)
	}
	c.examined()
}

// A column may be called like anything that stands in the program's own SQL.
func TestColumnsCalledLikeTheProgramsOwn(t *testing.T) {
	names := []string{"r", "c0", "c1", "c1_date", "f", "h", "m", "n", "s", "x", "b", "d", "p", "o", "v", "e", "col", "rule", "detail", "cell", "cells", "per", "last",
		"twin", "duplicate", "hit", "met", "problem", "raw", "stage", "row_then", "seq", "row_no", "line", "day", "report_day", "employee_no", "valid_from",
		"share", "label", "part", "alike", "other", "crowd", "named", "soon", "parts", "total", "whole", "staged", "first", "crowded", "near", "span"}
	yaml := "odd:\n  name: {zh: 怪表, en: Odd}\n  key: [r, s]\n  day: day\n  owner: employee_no\n  no_overlap: {per: f, from: valid_from, to: last, share: share, apart: [s, valid_from]}\n  columns:\n"
	var good []string
	for _, name := range names {
		kind, value := "text, optional: true", "文"
		switch name {
		case "r", "s", "f":
			kind, value = "id", "1"
		case "day", "valid_from":
			kind, value = "date", "2026-07-01"
		case "last":
			kind, value = "date, optional: true", "2026-07-02"
		case "employee_no":
			kind, value = "employee", "0007"
		case "share":
			kind, value = "percent, unit: percent, optional: true", "60"
		case "x", "col":
			kind, value = "integer", "5"
		}
		yaml += fmt.Sprintf("    %s: {type: %s}\n", name, kind)
		good = append(good, value)
	}
	yaml += "  rules:\n    - {check: \"x < 9 AND (c0 IS NULL OR c0 <> 'no') AND valid_from <= last\", say: {zh: 不对, en: wrong}}\n" +
		"  limits:\n    - {sum: x, per: [employee_no, day], most: 1000, say: {zh: 过多, en: too much}, cure: {zh: 减少, en: take less}}\n"
	c := small(t, strings.Replace(yaml, "    report_day: {type: text, optional: true}\n", "", 1))
	at := slices.Index(names, "report_day") // the one name that is taken
	names, good = slices.Delete(names, at, at+1), slices.Delete(good, at, at+1)
	row := func(changes ...string) string {
		cells := slices.Clone(good)
		for i := 0; i < len(changes); i += 2 {
			cells[slices.Index(names, changes[i])] = changes[i+1]
		}
		return strings.Join(cells, ",") + "\n"
	}
	header := strings.Join(names, ",") + "\n"
	c.take("staff.csv", organisation[1].text)
	got := []string{
		receipt(c.take("a.csv", header+row()+row()+row("r", "2", "f", "2")+row("r", "3", "f", "3", "x", "9")+row("r", "4", "f", "4", "col", "5x", "c1", "")+
			row("r", "5", "f", "5")+row("r", "6", "f", "6")+row("r", "6", "f", "6", "cells", "")+row("r", "7", "f", "7", "day", "2026-07-16", "employee_no", "E999"))),
		receipt(c.take("b.csv", header+row("cells", "他")+row("r", "2", "f", "2")+row("r", "9", "f", "2"))),
		receipt(c.take("c.csv", "r,s,f,x,col,day,employee_no,valid_from\n2,1,2,6,6,2026-07-01,0007,2026-07-02\n2,1,2,6,6,2026-07-01,0007,2026-07-03\n1,1,1,7,6,2026-07-01,0007,2026-07-02\n1,1,1,7,6,2026-07-01,0007,2026-07-02\n")),
	}
	want := []string{
		"a.csv odd 9 = 3 new 1 duplicate 5 quarantined",
		"b.csv odd 3 = 1 corrected 1 unchanged 1 quarantined",
		"c.csv odd 4 = 1 corrected 1 duplicate 2 quarantined",
	}
	got = append(got, c.rejects()...)
	want = append(want, "a.csv 5 [2 c0] check.1 文", "a.csv 6 [17 col] number.form 5x", "a.csv 8 [1 r] key.conflict 6", "a.csv 9 [1 r] key.conflict 6",
		"a.csv 10 [35 day] date.future 2026-07-16", "a.csv 10 [36 employee_no] employee.unknown E999", "b.csv 4 [37 valid_from] interval.apart 2026-07-01", "b.csv 4 [37 valid_from] interval.share 2026-07-01",
		"c.csv 2 [1 r] key.conflict 2", "c.csv 3 [8 valid_from] check.1 2026-07-03")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if facts := c.facts("odd"); len(facts) != 3 || !strings.HasPrefix(facts[0], "1|文|文|文|1|文|文|文|1|7|") || !strings.Contains(facts[0], "|他|") {
		t.Errorf("facts %q", facts)
	}
	c.examined()
}
