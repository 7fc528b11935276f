package reports

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"plumbline/internal/period"
	"plumbline/policy"
)

func payrollFixture() Payroll {
	q, _ := period.Parse("2026Q3")
	return Payroll{Company: bi("某某公司", "Example Company"), Period: q, Seal: "AB12CD34EF56", Waiting: 2, Made: time.Date(2026, 10, 31, 2, 0, 0, 0, time.UTC), Lines: []PayrollLine{
		{1, "D001", "00025", "王杰国", "RY-2026Q3-001", num("18000")},
		{1, "D001", "00004", `=cmd|'/c calc'!A1`, "", num("12345.67")},
		{2, "D003", "00040", strings.Repeat("长名", 20), "", num("-300.5")}}}
}

func TestPayrollGolden(t *testing.T) {
	for _, lang := range bothLanguages {
		path, changed, err := WritePayroll(context.Background(), Folder{Dir: t.TempDir()}, payrollFixture(), lang)
		if err != nil || !changed {
			t.Fatal(changed, err)
		}
		got, err := Dump(path)
		if err != nil {
			t.Fatal(err)
		}
		got = filepath.Base(path) + "\n" + got
		golden(t, "payroll-"+string(lang)+".txt", got)
	}
}

// TestPayrollVersions: another list is another version, the same one is not written again, and nobody else may read either.
func TestPayrollVersions(t *testing.T) {
	dir, p := t.TempDir(), payrollFixture()
	for i, want := range []string{"-1.0版.xlsx", "-1.0版.xlsx", "-1.1版.xlsx"} {
		path, changed, err := WritePayroll(context.Background(), Folder{Dir: dir}, p, policy.ZH)
		if err != nil || changed != (i != 1) || !strings.HasSuffix(path, want) {
			t.Errorf("%d: %s %v %v", i, path, changed, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v %v", info.Mode(), err)
		}
		if i == 1 {
			p.Lines[0].Amount += num("1")
		}
	}
}

func TestLibreOfficeAddsThePayroll(t *testing.T) {
	if testing.Short() {
		t.Skip("starts LibreOffice")
	}
	path, _, err := WritePayroll(context.Background(), Folder{Dir: t.TempDir()}, payrollFixture(), policy.ZH)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	blank := filepath.Join(t.TempDir(), "blank.xlsx")
	withoutValues(t, raw, blank)
	got := recalculated(t, blank)[0]
	if sum, err := got.GetCellValue("发放表", "E7", excelize.Options{RawCellValue: true}); err != nil || sum != "30045.17" {
		t.Errorf("the total is %q %v", sum, err)
	}
	if name, formula := mustValue(t, got, "D5"), mustFormula(t, got, "D5"); name != `=cmd|'/c calc'!A1` || formula != "" {
		t.Errorf("a name became %q =%q", name, formula)
	}
}

func mustValue(t *testing.T, f *excelize.File, cell string) string {
	t.Helper()
	v, err := f.GetCellValue("发放表", cell)
	must(t, err)
	return v
}

func mustFormula(t *testing.T, f *excelize.File, cell string) string {
	t.Helper()
	v, err := f.GetCellFormula("发放表", cell)
	must(t, err)
	return v
}
