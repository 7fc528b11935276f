package reports

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var bothLanguages = []policy.Lang{policy.ZH, policy.EN}

func workbookBytes(t *testing.T, d Data, lang policy.Lang) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := Workbook(context.Background(), d, lang, &buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func workbookFile(t *testing.T, d Data, lang policy.Lang) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "book.xlsx")
	if err := os.WriteFile(path, workbookBytes(t, d, lang), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWorkbookGolden(t *testing.T) {
	for _, lang := range bothLanguages {
		t.Run(string(lang), func(t *testing.T) {
			got, err := Dump(workbookFile(t, completeData(), lang))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "workbook-"+string(lang)+".txt", got)
		})
	}
}

func TestSameDataGivesSameBytes(t *testing.T) {
	first := workbookBytes(t, completeData(), policy.ZH)
	for range 5 {
		if !bytes.Equal(first, workbookBytes(t, completeData(), policy.ZH)) {
			t.Fatal("the same data gave different bytes")
		}
	}
}

func TestPartsAreWellFormedAndNameless(t *testing.T) {
	raw := workbookBytes(t, fixtureData(), policy.ZH)
	zr, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	if zr.File[0].Name != "[Content_Types].xml" {
		t.Errorf("first part is %s", zr.File[0].Name)
	}
	for _, f := range zr.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		decoder := xml.NewDecoder(bytes.NewReader(text))
		for {
			if _, err := decoder.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
		}
		if strings.HasPrefix(f.Name, "docProps/") && (bytes.Contains(text, []byte("xuri")) || bytes.Contains(text, []byte("赵"))) {
			t.Errorf("%s names a person:\n%s", f.Name, text)
		}
		if f.Name == "xl/workbook.xml" && !bytes.Contains(text, []byte(`fullCalcOnLoad="true"`)) {
			t.Error("the workbook does not ask to be recalculated when opened")
		}
	}
}

// TestTextsFromOutsideAreNoFormulas looks at every formula: none may contain a text that came with the data.
func TestTextsFromOutsideAreNoFormulas(t *testing.T) {
	f, err := excelize.OpenFile(workbookFile(t, completeData(), policy.ZH))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	formulas, found := 0, map[string]bool{}
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		for r := range rows {
			for c, value := range rows[r] {
				formula, _ := f.GetCellFormula(sheet, address(c+1, r+1))
				if formula != "" {
					formulas++
				}
				for _, bad := range []string{"cmd|", "@SUM(A1)", "HYPERLINK", "=1+1", "+1+2"} {
					if strings.Contains(formula, bad) {
						t.Errorf("%s!%s: formula %s", sheet, address(c+1, r+1), formula)
					}
					found[bad] = found[bad] || strings.Contains(value, bad)
				}
			}
		}
	}
	if formulas < 800 {
		t.Errorf("only %d formulas", formulas)
	}
	for bad, ok := range found {
		if !ok {
			t.Errorf("%s is nowhere in the workbook", bad)
		}
	}
}

func TestFileName(t *testing.T) {
	q, _ := period.Parse("2026Q3")
	m, _ := period.Parse("2026-07")
	for _, c := range []struct {
		company policy.Text
		p       period.Period
		version int
		lang    policy.Lang
		want    string
	}{
		{bi("某某公司", "Example Company"), q, 0, policy.ZH, "某某公司-2026年第3季度绩效考核-1.0版.xlsx"},
		{bi("某某公司", "Example Company"), q, 3, policy.EN, "Example Company-Q3 2026 Performance review-v1.3.xlsx"},
		{bi("某某公司", ""), m, 12, policy.ZH, "某某公司-2026年7月绩效考核-1.12版.xlsx"},
		{bi(`../a/b:c*"d"<e>|f?`, ""), m, 0, policy.ZH, "_a_b_c__d__e__f_-2026年7月绩效考核-1.0版.xlsx"},
		{bi(" . ", ""), m, 0, policy.ZH, "_-2026年7月绩效考核-1.0版.xlsx"},
		{bi("a\x00b\n\u202ec", ""), m, 0, policy.ZH, "a_b__c-2026年7月绩效考核-1.0版.xlsx"},
	} {
		if got := FileName(c.company, c.p, Subject, c.version, c.lang); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
	long := FileName(bi(strings.Repeat("长", 300), ""), q, Subject, 7, policy.ZH)
	if len(long) > nameBytes || !utf8.ValidString(long) || !strings.HasSuffix(long, "-2026年第3季度绩效考核-1.7版.xlsx") {
		t.Errorf("long name: %d bytes, %q", len(long), long)
	}
}

func TestSheetNames(t *testing.T) {
	n := sheetNames{}
	for _, c := range []struct{ in, want string }{
		{"销售部", "销售部"}, {"销售部", "销售部 (2)"}, {"SALES", "SALES"}, {"sales", "sales (2)"}, {"Ｓales", "Ｓales (3)"},
		{`a:b\c/d?e*f[g]`, "a_b_c_d_e_f_g_"}, {"'quoted'", "’quoted’"}, {"", "_"}, {" ", "_ (2)"}, {"History", "History_"},
		{strings.Repeat("长", 40), strings.Repeat("长", 31)}, {strings.Repeat("长", 41), strings.Repeat("长", 27) + " (2)"},
		{strings.Repeat("🙂", 20), strings.Repeat("🙂", 15)}, {"a\x01b", "a_b"},
	} {
		if got := n.name(c.in); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestVersionsCountUpWhenTheContentChanges(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	write := func(d Data) (string, bool) {
		t.Helper()
		path, changed, err := WriteWorkbook(ctx, Folder{Dir: dir}, d, policy.ZH)
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Base(path), changed
	}
	expect := func(d Data, name string, changed bool) {
		t.Helper()
		gotName, gotChanged := write(d)
		if gotName != name || gotChanged != changed {
			t.Fatalf("got %s changed=%t, want %s changed=%t", gotName, gotChanged, name, changed)
		}
	}
	d := fixtureData()
	v0, v1, v2 := "某某公司-2026年第3季度绩效考核-1.0版.xlsx", "某某公司-2026年第3季度绩效考核-1.1版.xlsx", "某某公司-2026年第3季度绩效考核-1.2版.xlsx"
	expect(d, v0, true)
	expect(d, v0, false)
	d.Report.Made = d.Report.Made.Add(48 * time.Hour)
	expect(d, v0, false)
	d.Report.Departments[0].Headcount++
	expect(d, v1, true)
	expect(d, v1, false)
	if err := os.WriteFile(filepath.Join(dir, v1), []byte("damaged"), 0o644); err != nil {
		t.Fatal(err)
	}
	expect(d, v2, true)
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Fatalf("left behind: %v %v", entries, err)
	}
}

func TestNothingIsLeftWhenWritingFails(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	if _, _, err := WriteWorkbook(ctx, Folder{Dir: dir}, fixtureData(), policy.ZH); err == nil {
		t.Fatal("a cancelled write succeeded")
	}
	if _, _, err := WriteWorkbook(context.Background(), Folder{Dir: dir}, Data{}, policy.ZH); err == nil {
		t.Fatal("a workbook without report was written")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Fatalf("left behind: %v", entries)
	}
}

func TestReportThatContradictsItselfIsRefused(t *testing.T) {
	lost := fixtureData()
	lost.Report.People[5].Department = "gone"
	mixed := fixtureData()
	mixed.Report.People[1].Score.Scorecard = mixed.Report.Policy.Scorecards[1]
	short := fixtureData()
	short.Report.People[0].Score.Items = nil
	unequal := fixtureData()
	unequal.Report.Departments[2].Values = nil
	unpunished := fixtureData()
	for i := range unpunished.Report.People {
		unpunished.Report.People[i].Score.Penalties = nil
	}
	for name, d := range map[string]Data{"score without penalties": unpunished, "score without items": short, "department without values": unequal, "department not in the report": lost, "two scorecards on one sheet": mixed} {
		if err := Workbook(context.Background(), d, policy.ZH, io.Discard); err == nil {
			t.Errorf("%s: written all the same", name)
		}
	}
}

func TestRejectsBeyondTheSheetAreCounted(t *testing.T) {
	d := fixtureData()
	for len(d.Rejects) < rejectsMost+7 {
		d.Rejects = append(d.Rejects, d.Rejects[0])
	}
	f, err := excelize.OpenFile(workbookFile(t, d, policy.ZH))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.Rows("隔离数据") // only the first of so many
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for range 2 {
		rows.Next()
	}
	if cells, err := rows.Columns(); err != nil || len(cells) == 0 || !strings.Contains(cells[0], "其余 7 条") {
		t.Errorf("note: %q %v", cells, err)
	}
}

func TestEmptyReport(t *testing.T) {
	q, _ := period.Parse("2026")
	empty := Data{Report: &metrics.Report{Policy: &policy.Policy{}, Period: q, Made: date("2026-10-01"), Day: date("2026-10-01")}}
	f, err := excelize.OpenReader(bytes.NewReader(workbookBytes(t, empty, policy.EN)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := f.GetSheetList(); len(got) != 8 || got[0] != "Cover" {
		t.Errorf("sheets %q", got)
	}
}
