package reports

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"plumbline/ingest"
	files "plumbline/ingest/sheet"
	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

var rejectsMade = time.Date(2026, 11, 21, 14, 5, 0, 0, time.FixedZone("", 8*3600))

// quarantined is one row in quarantine with its reasons.
func quarantined(id, file, sheet string, headers, cells []string, reasons ...ingest.Reject) []ingest.Reject {
	var list []ingest.Reject
	for _, r := range reasons {
		fmt.Sscanf(id, "%d-%d", &r.Seq, &r.Row)
		r.ID, r.File, r.Sheet, r.Dataset, r.Headers, r.Cells = id, file, sheet, "work_logs", headers, cells
		if r.Cell >= 0 && r.Cell < len(cells) {
			r.Value = cells[r.Cell]
		}
		if r.Cell >= 0 && r.Cell < len(headers) {
			r.Header = headers[r.Cell]
		}
		list = append(list, r)
	}
	return list
}

var (
	wrongDate = ingest.Reject{Rule: "date.impossible", Say: bi("日历上没有这一天", "there is no such day in the calendar"),
		Cure: bi("核对年、月、日", "check year, month and day")}
	blankCell   = ingest.Reject{Rule: "required", Say: bi("必填的格为空", "a required cell is blank"), Cure: bi("补填「实际工时」", `fill in "Actual hours"`)}
	unknownWord = ingest.Reject{Rule: "enum.unknown", Say: bi("不是该列认识的词", "not a word that this column knows"),
		Cure: bi("改为以下之一：启动、需求、设计、开发、测试、上线、运维；或在 policy/datasets.yaml 中登记该词",
			"use one of: start, analysis, design, development, test, release, operation; or list the word in policy/datasets.yaml")}
	wholeRow = ingest.Reject{Rule: "key.conflict", Cell: -1,
		Say:  bi("同一编号在本文件中出现多次且内容不同", "the same key stands several times in this file with different content"),
		Cure: bi("只保留正确的一行", "keep only the row that is right")}
	wrongFields = ingest.Reject{Rule: "row.fields", Cell: -1,
		Say:  bi("这一行的列数与表头不符（9/8）", "the row does not have as many fields as the header (9/8)"),
		Cure: bi("检查是否多了或少了分隔符", "look for a missing or extra delimiter")}
	logColumns   = []string{"日志编号", "工号", "工作日期", "填写日期", "实际工时", "计划工时", "项目名称", "工作内容"}
	dealsColumns = []string{"Opportunity ID", "Owner", "Customer name (as registered)", "Created", "Amount"}
)

func at(r ingest.Reject, cell int) ingest.Reject { r.Cell = cell; return r }

func waitingRows() []ingest.Reject {
	const file = "七月工作日志-华东组.csv"
	return slices.Concat(
		quarantined("12-7", file, "", logColumns,
			[]string{"L0007", "0007", "2026-02-30", "2026-07-01", "", "8", "准绳", `=HYPERLINK("http://example.com","点我")`}, at(wrongDate, 2), at(blankCell, 4)),
		quarantined("12-9", file, "", logColumns,
			[]string{"123456789012345678901", "0012", "2026-07-02", "2026-07-31", "7.50", "8", "客户关系管理系统二期（含历史数据迁移与接口改造）",
				" 与华东区客户对接需求，整理会议纪要并发给项目组确认；下午评审接口文档 "}, at(unknownWord, 6)),
		quarantined("12-31", file, "", logColumns, []string{"L0031", "0007", "2026-07-03", "2026-07-04", "8", "8", "准绳", "第一行\n第二行"}, wholeRow),
		quarantined("12-33", file, "", logColumns, []string{"L0033", "0007", "2026-07-03", "2026-07-04", "8", "8", "准绳", "多出一格", "多出的内容"}, wrongFields),
		quarantined("15-3", "Pipeline export Q3.xlsx", "Opportunities", dealsColumns,
			[]string{"0000123", "+1-555", "@SUM(A1)", "2026-09-31", "-12.50"}, at(wrongDate, 3)),
	)
}

func rejectsFile(t testing.TB, lang policy.Lang, rejects []ingest.Reject) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rejects.xlsx")
	if err := WriteRejects(context.Background(), path, lang, bi("某某公司", "Example Company"), rejects, rejectsMade); err != nil {
		t.Fatal(err)
	}
	return path
}

func openRejects(t testing.TB, path string) *excelize.File {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestRejectsGolden(t *testing.T) {
	for _, lang := range bothLanguages {
		t.Run(string(lang), func(t *testing.T) {
			got, err := Dump(rejectsFile(t, lang, waitingRows()))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "rejects-"+string(lang)+".txt", got)
		})
	}
}

func TestRejectsSameInputSameBytes(t *testing.T) {
	read := func() []byte {
		raw, err := os.ReadFile(rejectsFile(t, policy.ZH, waitingRows()))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	first := read()
	for range 10 {
		if !bytes.Equal(first, read()) {
			t.Fatal("the same input gave different bytes")
		}
	}
}

// TestRejectsKeepEveryCell reads back what stands below the file's headers: the texts as they were, as texts, and no formula.
func TestRejectsKeepEveryCell(t *testing.T) {
	cells := []string{"0007", "=1+1", "+1-555", "-2", "@SUM(A1)", "123456789012345678901", " both sides ", "\tTab", "a\nb", "a\r\nb", "", "1E5", "TRUE", "2026-07-01",
		"#N/A", "'quoted", "<b>&amp;\"", "_x0041_", "_x005F_x0041_", "𠮷😀", "\u3000全角\u3000", "12.50", strings.Repeat("长", 32767), "]]>"}
	headers := make([]string, len(cells))
	for i := range headers {
		headers[i] = fmt.Sprintf(" 列\n%d ", i)
	}
	rejects := quarantined("3-2", "a.csv", "", headers, cells, at(wrongDate, 1), at(blankCell, 10))
	path := rejectsFile(t, policy.EN, rejects)
	f := openRejects(t, path)
	raw := excelize.Options{RawCellValue: true}
	for i := range cells {
		for row, want := range []string{headers[i], cells[i]} {
			cell := address(ingest.Lead+1+i, row+1)
			got, err := f.GetCellValue("a", cell, raw)
			if err != nil || got != want {
				t.Errorf("%s: got %.40q, want %.40q, %v", cell, got, want, err)
			}
			if formula, _ := f.GetCellFormula("a", cell); formula != "" {
				t.Errorf("%s: formula %s", cell, formula)
			}
			if kind, _ := f.GetCellType("a", cell); want != "" && kind != excelize.CellTypeInlineString {
				t.Errorf("%s: %.20q is of type %d", cell, want, kind)
			}
			style := styleOf(t, f, "a", cell)
			if style.NumFmt != 49 {
				t.Errorf("%s: number format %d", cell, style.NumFmt)
			}
			faulty := row == 1 && (i == 1 || i == 10)
			if marked := len(style.Border) == 4 && style.Font.Bold && len(style.Fill.Color) == 1 && style.Fill.Color[0] == inputFill; marked != faulty {
				t.Errorf("%s: marked %v, want %v", cell, marked, faulty)
			}
		}
	}
	tables, faults := files.Tables(t.Context(), path, t.TempDir(), files.Hints{})
	if len(faults) > 0 || len(tables) != 2 {
		t.Fatalf("%d tables, %v", len(tables), faults)
	}
	for row, want := range [][]string{headers, cells} {
		if diff := cmp.Diff(want, tables[1].Head[row].Cells[ingest.Lead:]); diff != "" {
			t.Error(diff)
		}
	}
	if got := tables[1].Head[1].Cells[0]; got != "3-2" {
		t.Errorf("id %q", got)
	}
}

func styleOf(t testing.TB, f *excelize.File, sheet, cell string) *excelize.Style {
	t.Helper()
	id, err := f.GetCellStyle(sheet, cell)
	if err != nil {
		t.Fatal(err)
	}
	style, err := f.GetStyle(id)
	if err != nil {
		t.Fatal(err)
	}
	return style
}

// TestRejectsOfAnyText writes rows of any texts: each is read back as it was, or is named among those that a workbook cannot hold.
func TestRejectsOfAnyText(t *testing.T) {
	piece := rapid.SampledFrom([]string{"_x", "005F_", "0041_", "D83D_", "DE00_", "d800_", "_", "x", "5", "=", " ",
		"\n", "\r", "\t", "\x00", "\x1f", "\uffff", "\ufffd", "\xff", "é", "中", "😀", "<", "&", "\""})
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		value := strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces"), "")
		path := filepath.Join(dir, "rejects.xlsx")
		rejects := quarantined("3-2", "a.csv", "", []string{"h", "end"}, []string{value, "."}, at(wrongDate, 0))
		var raw bytes.Buffer
		if err := renderRejects(context.Background(), &raw, policy.ZH, policy.Text{}, rejects, rejectsMade); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, raw.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		tables, faults := files.Tables(context.Background(), path, dir, files.Hints{})
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		if !utf8.ValidString(value) || strings.ContainsAny(value, "\x00\x1f\uffff") || halfPair.MatchString(value) {
			if len(tables) != 1 || !slices.ContainsFunc(tables[0].Head, func(r files.Row) bool { return len(r.Cells) > 1 && r.Cells[1] == "3-2" }) {
				t.Fatalf("%q is not named as a row that cannot be held", value)
			}
			return
		}
		if len(tables) != 2 {
			t.Fatalf("%d tables", len(tables))
		}
		if got := tables[1].Head[1].Cells[ingest.Lead]; got != value && !strings.Contains(value, "\ufffd") {
			t.Fatalf("got %q, want %q", got, value)
		}
	})
}

// TestRejectsWithoutRoom names rows that a workbook cannot hold in its guide, and nowhere else.
func TestRejectsWithoutRoom(t *testing.T) {
	one := func(id string, cells ...string) []ingest.Reject {
		return quarantined(id, "a.csv", "", []string{"h1", "h2"}, cells, at(wrongDate, 0))
	}
	rejects := slices.Concat(one("3-2", "x", strings.Repeat("长", 32768)), one("3-3", "fine", "fine"), one("3-4", "a\x00", ""),
		one("3-5", make([]string, excelize.MaxColumns)...),
		quarantined("4-2", "b.csv", "", []string{"h\uffff"}, []string{"x"}, wholeRow))
	f := openRejects(t, rejectsFile(t, policy.ZH, rejects))
	if diff := cmp.Diff([]string{"说明 Read me", "a"}, f.GetSheetList()); diff != "" {
		t.Fatal(diff)
	}
	rows, err := f.GetRows("a")
	if err != nil || len(rows) != 2 || rows[1][0] != "3-3" {
		t.Errorf("rows %q, %v", rows, err)
	}
	guide, err := f.GetRows("说明 Read me")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range guide {
		if len(row) >= guideSay && strings.Contains(row[guideTable-1], "-") {
			why, _, _ := strings.Cut(row[guideSay-1], "\n")
			got = append(got, row[guideTable-1]+" "+row[guideFile-1]+" "+row[guideRows-1]+" "+why)
		}
	}
	want := []string{"3-2 a.csv 2 第 2 列有 32768 个字符，Excel 的一格最多 32767 个",
		"3-4 a.csv 4 第 1 列含有 Excel 无法保存的字符", "3-5 a.csv 5 有 16384 列，Excel 装不下", "4-2 b.csv 2 第 1 列含有 Excel 无法保存的字符"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRejectsBySheet(t *testing.T) {
	var rejects []ingest.Reject
	add := func(id, file, worksheet string, seq int64) {
		list := quarantined(id, file, worksheet, []string{"h"}, []string{id}, at(wrongDate, 0))
		if seq > 0 {
			list[0].Seq = seq
		}
		rejects = append(rejects, list...)
	}
	add("30-10", "日志.xlsx", "七月", 0)
	add("30-2", "日志.xlsx", "七月", 0)
	add("30-9", "日志.xlsx", "七月", 0)
	add("30-3", "rejects.xlsx", "日志 七月", 41) // came back from a correction
	add("7-5", "a[1]*?.csv.gz", "", 0)
	add("8-5", "A_1___.CSV", "", 0)
	add("9-5", strings.Repeat("长", 50)+".csv", "", 0)
	add("10-5", strings.Repeat("长", 50)+".csv", "", 0)
	add("11-5", "a very long name of a file indeed.xlsx", "Opportunities", 0)
	add("12-5", "Read me.csv", "", 0)
	add("13-5", "说明 Read me.csv", "", 0)
	add("14-5", "History.csv", "", 0)
	add("15-5", ".csv", "", 0)
	q := &rejectBook{book: blankBook(policy.ZH)}
	q.planTables(rejects, 3)
	var got []string
	for _, table := range q.tables {
		line := table.name + ":"
		for _, row := range table.rows {
			line += " " + row[0].ID
		}
		got = append(got, line+" of "+table.origin.File)
	}
	long := strings.Repeat("长", 50) + ".csv"
	want := []string{
		"a_1___: 7-5 of a[1]*?.csv.gz", "A_1___ (2): 8-5 of A_1___.CSV", strings.Repeat("长", 31) + ": 9-5 of " + long, strings.Repeat("长", 27) + " (2): 10-5 of " + long,
		"a very long name… Opportunities: 11-5 of a very long name of a file indeed.xlsx", "Read me: 12-5 of Read me.csv", "说明 Read me (2): 13-5 of 说明 Read me.csv",
		"History_: 14-5 of History.csv", "_: 15-5 of .csv",
		"日志 七月: 30-2 30-3 30-9 of 日志.xlsx", "日志 七月 (2): 30-10 of 日志.xlsx",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	f := openRejects(t, rejectsFile(t, policy.ZH, rejects))
	if len(f.GetSheetList()) != len(want) { // one sheet of 30-…, and the guide
		t.Errorf("sheets %q", f.GetSheetList())
	}
	for _, name := range f.GetSheetList() {
		if n := utf16Units(name); n > 31 {
			t.Errorf("%q is %d long", name, n)
		}
	}
}

// TestRejectsGuideIsNoCorrection names files, worksheets, datasets and rules like the header of a correction.
func TestRejectsGuideIsNoCorrection(t *testing.T) {
	var rejects []ingest.Reject
	for i := range 40 {
		bad := ingest.Reject{Rule: ingest.RejectID, Say: bi(ingest.RejectID, ingest.RejectID), Cell: -1}
		rejects = append(rejects, quarantined(fmt.Sprintf("%d-2", i+2), ingest.RejectID+".csv", ingest.RejectID,
			[]string{"h", "h", "h", "h"}, []string{ingest.RejectID}, bad)...)
		rejects[i].Dataset = ingest.RejectID
	}
	path := filepath.Join(t.TempDir(), "rejects.xlsx")
	if err := WriteRejects(t.Context(), path, policy.ZH, bi(ingest.RejectID, ""), rejects, rejectsMade); err != nil {
		t.Fatal(err)
	}
	f := openRejects(t, path)
	for i, name := range f.GetSheetList() {
		rows, err := f.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		for r, row := range rows {
			head := len(row) > 0 && policy.HeaderKey(row[0]) == policy.HeaderKey(ingest.RejectID)
			if want := i > 0 && r == 0; head != want {
				t.Errorf("%s, row %d: header of a correction %v, want %v", name, r+1, head, want)
			}
		}
	}
}

func TestRejectsEmpty(t *testing.T) {
	f := openRejects(t, rejectsFile(t, policy.ZH, nil))
	if got := f.GetSheetList(); len(got) != 1 {
		t.Errorf("sheets %q", got)
	}
}

// TestRejectsSheetsClaimTheirRows compares the declared size of every sheet with what stands there.
func TestRejectsSheetsClaimTheirRows(t *testing.T) {
	rejects := append(waitingRows(), quarantined("16-2", "c.csv", "", []string{"h"}, []string{"\x00"}, wholeRow)...)
	for name, list := range map[string][]ingest.Reject{"full": rejects, "held": waitingRows(), "empty": nil} {
		f := openRejects(t, rejectsFile(t, policy.ZH, list))
		for _, s := range f.GetSheetList() {
			claimed, err := f.GetSheetDimension(s)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := f.GetRows(s)
			if err != nil {
				t.Fatal(err)
			}
			if _, last, _ := strings.Cut(claimed, ":"); strings.TrimLeft(last, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != itoa(len(rows)) {
				t.Errorf("%s, %s claims %s, but holds %d rows", name, s, claimed, len(rows))
			}
		}
	}
}

func TestRejectsLeaveFilesAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "rejects.xlsx")
	write := func(ctx context.Context, path string) error {
		return WriteRejects(ctx, path, policy.ZH, bi("某某公司", ""), waitingRows(), rejectsMade)
	}
	if err := os.WriteFile(path, []byte("corrections"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := write(t.Context(), path); err == nil || !strings.Contains(err.Error(), "rejects.xlsx") {
		t.Errorf("written over corrections: %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "corrections" {
		t.Errorf("the file holds %.20q", text)
	}
	if err := write(t.Context(), filepath.Join(dir, "missing", "rejects.xlsx")); err == nil {
		t.Error("written into a folder that is not there")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := write(ctx, filepath.Join(dir, "other.xlsx")); err == nil {
		t.Error("a cancelled write succeeded")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

// manyRejects is a file with so many rows in quarantine.
func manyRejects(rows int) []ingest.Reject {
	list := make([]ingest.Reject, 0, rows)
	for i := range rows {
		cells := []string{fmt.Sprintf("L%07d", i*7919%rows), fmt.Sprintf("%04d", i%2000), "2026-02-30", "2026-07-01", fmt.Sprint(i % 24), "8", "准绳",
			"联调接口与评审 " + itoa(i*31)}
		list = append(list, quarantined(fmt.Sprintf("12-%d", i+2), "日志.csv", "", logColumns, cells, at(wrongDate, 2))...)
	}
	return list
}

// TestManyRejects writes 100,000 rows within bounded memory, and ingest takes the workbook for a sound one.
func TestManyRejects(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 100,000 rows")
	}
	const rows = 100_000
	list := manyRejects(rows)
	path := filepath.Join(t.TempDir(), "rejects.xlsx")
	defer debug.SetGCPercent(debug.SetGCPercent(10)) // so that the heap is little more than what is held
	runtime.GC()
	before := peakHeap(func() {})
	peak := peakHeap(func() {
		if err := WriteRejects(t.Context(), path, policy.ZH, bi("某某公司", ""), list, rejectsMade); err != nil {
			t.Fatal(err)
		}
	}) - before
	t.Logf("heap grew by %.0f MiB", peak)
	if peak > 64 {
		t.Errorf("writing %d rows took %.0f MiB", rows, peak)
	}
	tables, faults := files.Tables(t.Context(), path, t.TempDir(), files.Hints{})
	if len(faults) > 0 || len(tables) != 2 || tables[1].Head[0].Cells[0] != ingest.RejectID {
		t.Fatalf("%d tables, %v", len(tables), faults)
	}
	zr, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer zr.Close()
	for _, part := range zr.File {
		if strings.HasSuffix(part.Name, "sheet2.xml") {
			t.Logf("%d bytes a row, packed to one in %d", part.UncompressedSize64/rows, part.UncompressedSize64/part.CompressedSize64)
		}
	}
}

// TestRejectsInLibreOffice opens the workbook in LibreOffice and saves it there: ids, headers and cells are as they were.
func TestRejectsInLibreOffice(t *testing.T) {
	if testing.Short() {
		t.Skip("starts LibreOffice")
	}
	path := rejectsFile(t, policy.ZH, waitingRows())
	want, got := openRejects(t, path), recalculated(t, path)[0]
	if diff := cmp.Diff(want.GetSheetList(), got.GetSheetList()); diff != "" {
		t.Fatal(diff)
	}
	for _, name := range want.GetSheetList() {
		rows, err := want.GetRows(name, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		saved, err := got.GetRows(name, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(rows, saved); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// clerk takes files into the books of a company that holds its departments and people.
type clerk struct {
	testing.TB
	dir     string
	books   *books.Books
	version policy.Version
}

var clerkDay = date("2026-07-15")

func newClerk(t testing.TB) *clerk {
	t.Helper()
	handlers := ingest.Handlers()
	handlers[policy.Adopted] = policy.Handler
	b, err := books.Open(t.Context(), filepath.Join(t.TempDir(), "data"), books.Options{
		Now: func() time.Time { return clerkDay.Add(12 * time.Hour) }, Schema: append(policy.Tables(), ingest.Tables()...), Handlers: handlers,
		Warehouse: warehouse.Options{Memory: "512MiB", Threads: 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	if err := policy.Adopt(t.Context(), b, policy.Default(), date("2020-01-01"), "", "hr"); err != nil {
		t.Fatal(err)
	}
	c := &clerk{TB: t, dir: t.TempDir(), books: b}
	if c.version, err = policy.InForce(t.Context(), b.Warehouse(), policy.Current-1, clerkDay); err != nil {
		t.Fatal(err)
	}
	c.write("departments.csv", "部门编号,部门名称,上级部门编号,部门类别\nD0,总部,,职能\n")
	c.write("employees.csv", "工号,姓名,入职日期,离职日期\n0007,张伟,2020-01-01,\n")
	c.take("departments.csv")
	c.take("employees.csv")
	return c
}

func (c *clerk) path(name string) string { return filepath.Join(c.dir, name) }

func (c *clerk) write(name, text string) {
	c.Helper()
	if err := os.WriteFile(c.path(name), []byte(text), 0o600); err != nil {
		c.Fatal(err)
	}
}

// take takes a file in and gives a line for every table of it.
func (c *clerk) take(name string) (lines []string) {
	c.Helper()
	units, faults := ingest.Find(c.Context(), c.books, c.version.Policy, []string{c.path(name)}, ingest.How{})
	if len(faults) > 0 {
		c.Fatal(faults)
	}
	for _, u := range units {
		f, _, err := u.Take(c.Context(), c.books, c.version, ingest.Options{Actor: "hr", Day: clerkDay})
		if err != nil {
			c.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%s: %d in, %d new, %d quarantined, corrects %v", f.Sheet, f.RowsIn, f.New, f.Quarantined, f.Corrects > 0))
	}
	return lines
}

// waiting writes the quarantine to a workbook and lists it by row and rule.
func (c *clerk) waiting(name string) (lines []string) {
	c.Helper()
	rejects, err := ingest.Rejects(c.Context(), c.books, c.version.Policy, policy.Current-1)
	if err != nil {
		c.Fatal(err)
	}
	for _, r := range rejects {
		lines = append(lines, r.ID+" "+r.Header+" "+r.Rule)
	}
	if err := WriteRejects(c.Context(), c.path(name), policy.ZH, bi("某某公司", ""), rejects, rejectsMade); err != nil {
		c.Fatal(err)
	}
	return lines
}

// correct types texts into cells of a workbook.
func (c *clerk) correct(name, sheet string, cells map[string]string) {
	c.Helper()
	f, err := excelize.OpenFile(c.path(name))
	if err != nil {
		c.Fatal(err)
	}
	defer f.Close()
	for cell, value := range cells {
		if err := f.SetCellStr(sheet, cell, value); err != nil {
			c.Fatal(err)
		}
	}
	if err := f.Save(); err != nil {
		c.Fatal(err)
	}
}

// TestRejectsComeBack corrects rows in the workbook, one of them only at the second attempt, and takes it in again.
func TestRejectsComeBack(t *testing.T) {
	c := newClerk(t)
	const head = "日志编号,工号,工作日期,填写日期,实际工时,计划工时,工作内容"
	c.write("日志.csv", head+"\n0001,0007,2026-07-01,2026-07-01,8,8,好\n0002,0007,2026-02-30,2026-07-01,,8,=1+1\n0003,0007,2026-07-02,2026-07-02,8h?,8,\n")
	c.write("more.csv", head+"\n0004,0007,2026-07-06,2026-07-06,x,8,\" 两端 \"\n")
	first := append(c.take("日志.csv"), c.take("more.csv")...)
	if diff := cmp.Diff([]string{": 3 in, 1 new, 2 quarantined, corrects false", ": 1 in, 0 new, 1 quarantined, corrects false"}, first); diff != "" {
		t.Fatal(diff)
	}
	before := c.waiting("rejects.xlsx")
	if len(before) != 4 {
		t.Fatalf("waiting: %q", before)
	}
	c.correct("rejects.xlsx", "日志", map[string]string{"F2": "2026-06-30", "H2": "7.5", "H3": "many"})
	c.correct("rejects.xlsx", "more", map[string]string{"H2": "6"})
	want := []string{"日志: 2 in, 1 new, 1 quarantined, corrects true", "more: 1 in, 1 new, 0 quarantined, corrects true"}
	if diff := cmp.Diff(want, c.take("rejects.xlsx")); diff != "" {
		t.Fatal(diff)
	}
	again := c.waiting("again.xlsx")
	if diff := cmp.Diff(before[2:3], again); diff != "" { // the id stays
		t.Fatal(diff)
	}
	sheets := openRejects(t, c.path("again.xlsx")).GetSheetList()
	if len(sheets) != 2 {
		t.Fatalf("sheets %q", sheets)
	}
	c.correct("again.xlsx", sheets[1], map[string]string{"H2": "8"})
	if got := c.take("again.xlsx"); len(got) != 1 || !strings.HasSuffix(got[0], ": 1 in, 1 new, 0 quarantined, corrects true") {
		t.Fatalf("the second time: %q", got)
	}
	if left := c.waiting("empty.xlsx"); len(left) > 0 {
		t.Errorf("still waiting: %q", left)
	}
	var got []string
	err := c.books.View(t.Context(), func(tx *warehouse.Tx) error {
		s := warehouse.SQL("logs", "SELECT concat_ws('|', log_id, work_date, hours, content) FROM facts.work_logs ORDER BY log_id")
		return tx.Each(t.Context(), s, nil, func(scan func(...any) error) error {
			var line string
			err := scan(&line)
			got = append(got, line)
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"0001|2026-07-01|8.0000|好", "0002|2026-06-30|7.5000|=1+1", "0003|2026-07-02|8.0000", "0004|2026-07-06|6.0000|两端"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestRejectsLeftAsTheyWereStay takes a workbook in that nobody corrected: nothing of it becomes a record.
func TestRejectsLeftAsTheyWereStay(t *testing.T) {
	c := newClerk(t)
	const head = "日志编号,工号,工作日期,填写日期,实际工时,计划工时,项目名称,工作内容"
	const good = ",0007,2026-06-30,2026-07-01,0.5,1,"
	c.write("a.csv", head+"\n1"+good+"x\u202ey,a\x01b\n2"+good+"x,a,more\n3,0007,2026-02-30,2026-07-01,8,8,x,\n4"+good+"x,\\x01 is no control character\n"+
		"5,0007,2026-06-31,2026-07-01,8,8,x,nor is \\x01\n6"+good+"x\n7"+good+"\"x\"y,z\n")
	c.write("b.json", `{"log_id":"21","工号":"0007","工作日期":"2026-06-30","填写日期":"2026-07-01","实际工时":0.5,"工作内容":"x"}`+"\n"+
		`{"log_id":"22","工号":"0007","工作日期":"2026-06-30","工作日期":"2026-06-29","实际工时":0.5,"工作内容":"x"}`+"\n")
	f := excelize.NewFile()
	defer f.Close()
	for r, line := range []string{head, "11" + good + "x,y", "12" + good + "x,y", "13" + good + "x,y"} {
		for col, value := range strings.Split(line, ",") {
			if err := f.SetCellStr("Sheet1", address(col+1, r+1), value); err != nil {
				t.Fatal(err)
			}
		}
	}
	err := errors.Join(f.SetCellValue("Sheet1", "H2", nil), f.SetCellFormula("Sheet1", "H2", "1/0"), f.MergeCell("Sheet1", "G3", "G4"),
		f.SaveAs(c.path("c.xlsx")))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.csv", "b.json", "c.xlsx"} {
		c.take(name)
	}
	for _, name := range []string{"first.xlsx", "second.xlsx"} {
		if waiting := c.waiting(name); len(waiting) < 8 {
			t.Fatalf("waiting: %q", waiting)
		}
		for _, line := range c.take(name) {
			if !strings.Contains(line, " 0 new") || !strings.Contains(line, "corrects true") {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
	first := openRejects(t, c.path("first.xlsx"))
	for cell, want := range map[string]string{"J2": "\ufffdx\\u202ey", "K2": "\ufffda\\x01b", "D3": "\ufffd2", "D4": "3",
		"K5": "nor is \\x01", "D6": "\ufffd6", "J7": "\ufffd\"x\"y"} {
		if got, err := first.GetCellValue("a", cell); err != nil || got != want {
			t.Errorf("%s: got %q, want %q, %v", cell, got, want, err)
		}
	}
}
