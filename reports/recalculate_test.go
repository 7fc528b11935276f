package reports

import (
	"archive/zip"
	"bytes"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

var cached = regexp.MustCompile(`(</f>)<v>[^<]*</v>`)

// withoutValues takes the written values out of formula cells, so that whoever opens the workbook has to compute them.
func withoutValues(t *testing.T, raw []byte, path string) {
	t.Helper()
	zr, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	zw := zip.NewWriter(out)
	for _, f := range zr.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(f.Name, "xl/worksheets/") {
			text = cached.ReplaceAll(text, []byte("$1"))
		}
		w, err := zw.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
}

// profile is LibreOffice's own directory, made once for all tests.
var profile string

func TestMain(m *testing.M) {
	code := m.Run()
	if profile != "" {
		_ = os.RemoveAll(profile)
	}
	os.Exit(code)
}

// office has LibreOffice save workbooks in another format, or in the same, into a directory. It starts once for all of them.
func office(t *testing.T, format, out string, paths ...string) {
	t.Helper()
	soffice, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("soffice is not installed")
	}
	if profile == "" {
		if profile, err = os.MkdirTemp("", "reports-office-"); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(soffice, append([]string{"-env:UserInstallation=file://" + profile, "--headless", "--convert-to", format, "--outdir", out}, paths...)...)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, text)
	}
}

// recalculated opens workbooks in LibreOffice, which computes every formula, and gives what it saved.
func recalculated(t *testing.T, paths ...string) (saved []*excelize.File) {
	t.Helper()
	dir := t.TempDir()
	office(t, "xlsx", dir, paths...)
	for _, path := range paths {
		f, err := excelize.OpenFile(filepath.Join(dir, filepath.Base(path)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		saved = append(saved, f)
	}
	return saved
}

// recalculates compares every formula of workbooks with what LibreOffice computes, and wants each to have so many at least.
func recalculates(t *testing.T, list ...workbook) {
	t.Helper()
	dir := t.TempDir()
	var blanks []string
	for i, w := range list {
		blanks = append(blanks, filepath.Join(dir, itoa(i)+".xlsx"))
		withoutValues(t, w.raw, blanks[i])
	}
	for i, got := range recalculated(t, blanks...) {
		t.Run(list[i].name, func(t *testing.T) {
			want, err := excelize.OpenReader(bytes.NewReader(list[i].raw))
			if err != nil {
				t.Fatal(err)
			}
			defer want.Close()
			compared := 0
			for _, sheet := range want.GetSheetList() {
				compared += compareFormulas(t, want, got, sheet)
			}
			if compared < list[i].least {
				t.Errorf("only %d formulas compared", compared)
			}
		})
	}
}

// workbook is a workbook as written, and how many formulas it has at least.
type workbook struct {
	name  string
	raw   []byte
	least int
}

func TestLibreOfficeComputesTheSameNumbers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts LibreOffice")
	}
	var list []workbook
	for _, c := range []struct {
		name string
		data Data
		lang policy.Lang
	}{{"zh", completeData(), policy.ZH}, {"en", completeData(), policy.EN}, {"scores halfway between two hundredths", tiesData(), policy.ZH},
		{"groups too small to be forced", unforcedData(), policy.ZH}} {
		list = append(list, workbook{c.name, workbookBytes(t, c.data, c.lang), 800})
	}
	recalculates(t, list...)
}

// unforcedData is the company with distributions that need more people than there are.
func unforcedData() Data {
	d := fixtureData()
	r := d.Report
	for _, card := range r.Policy.Scorecards {
		if card.Distribution != nil {
			card.Distribution.From = 100
		}
	}
	r.Scores = nil
	scorePeople(r.Policy, r)
	gradeAll(r.Policy, r)
	return d
}

// tiesData is a department where nearly every score lies halfway between two hundredths before it is rounded.
func tiesData() Data {
	d := fixtureData()
	r := d.Report
	r.Departments = r.Departments[1:2]
	var people []metrics.PersonLine
	for i := range 400 {
		line := fixturePerson(r.Policy, r, "D11", "sales", 5000+i, 20+i)
		hours := sums{(num("60") + num("0.05")*fixed.Num(i)).String(), "100", 60, false}
		for k, s := range []sums{{"0", "0", 0, false}, hours, {"0", "0", 0, false}, {"0", "1", 0, false}} {
			line.Values[k] = value(r.KPIs[k], r.Period, s, nil)
		}
		superior := ""
		if i%2 == 1 {
			superior = (num("70.05") + num("0.1")*fixed.Num(i)).String()
		}
		line.Score = judge(r.Policy, r.Policy.Scorecards[0], line.Values, superior)
		people = append(people, line)
	}
	rankLines(people)
	r.People, r.Scores = people, nil
	scorePeople(r.Policy, r)
	return d
}

// compareFormulas compares every formula cell of a sheet: numbers to 1e-9, rounded scores and words exactly.
func compareFormulas(t *testing.T, want, got *excelize.File, sheet string) int {
	t.Helper()
	raw := excelize.Options{RawCellValue: true}
	rows, err := want.GetRows(sheet, raw)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for r := range rows {
		for c := range rows[r] {
			cell := address(c+1, r+1)
			formula, err := want.GetCellFormula(sheet, cell)
			if err != nil {
				t.Fatal(err)
			}
			if formula == "" {
				continue
			}
			compared++
			w, err := want.GetCellValue(sheet, cell, raw)
			if err != nil {
				t.Fatal(err)
			}
			g, err := got.GetCellValue(sheet, cell, raw)
			if err != nil {
				t.Fatal(err)
			}
			if !sameCell(w, g, strings.HasPrefix(formula, "ROUND(") || strings.Contains(formula, "ROUND(ROUND(")) {
				t.Errorf("%s!%s: wrote %q, computed %q by =%s", sheet, cell, w, g, formula)
			}
		}
	}
	return compared
}

func sameCell(want, got string, exact bool) bool {
	w, werr := strconv.ParseFloat(want, 64)
	g, gerr := strconv.ParseFloat(got, 64)
	if werr != nil || gerr != nil {
		return want == got
	}
	if exact {
		return w == g
	}
	return math.Abs(w-g) <= 1e-9*math.Max(1, math.Abs(w))
}

// TestSuperiorsPointsMoveTheTotal fills in points as a superior would and lets LibreOffice compute.
func TestSuperiorsPointsMoveTheTotal(t *testing.T) {
	if testing.Short() {
		t.Skip("starts LibreOffice")
	}
	d := fixtureData()
	b, err := newBook(d, policy.ZH)
	if err != nil {
		t.Fatal(err)
	}
	b.file.Close()
	p := b.plan.byDepartment["D21"]
	path := workbookFile(t, d, policy.ZH)
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	row := 0
	for i := range p.people {
		if p.people[i].Score.Superior == nil && p.people[i].Score.Total != nil {
			row = rowPeople + i
			break
		}
	}
	if err := f.SetCellValue(p.sheet, address(p.superior, row), 37.5); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	withoutValues(t, raw, path)
	got := recalculated(t, path)[0]
	line := p.people[row-rowPeople]
	want := judge(d.Report.Policy, line.Score.Scorecard, line.Values, "37.5")
	text, err := got.GetCellValue(p.sheet, address(p.total, row), excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	if !sameCell(strconv.FormatFloat(want.Total.Float(), 'f', -1, 64), text, true) {
		t.Errorf("total is %s, want %s", text, want.Total)
	}
	if band, _ := got.GetCellValue(p.sheet, address(p.band, row)); band != b.bandLabel(want.Band) {
		t.Errorf("band is %s, want %s", band, b.bandLabel(want.Band))
	}
	if status, _ := got.GetCellValue(p.sheet, address(p.status, row)); status != "终评" {
		t.Errorf("status is %s", status)
	}
}
