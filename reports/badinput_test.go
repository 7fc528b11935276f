package reports

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/xuri/excelize/v2"

	"plumbline/metrics"
	"plumbline/policy"
)

// oddData are companies and quarters that few think of.
func oddData() map[string]Data {
	one := completeData()
	r := one.Report
	r.Departments, r.People = r.Departments[1:2], slices.Clone(r.People[:1])
	r.People[0].Department, r.Scores = r.Departments[0].Department.ID, nil
	rankLines(r.People)
	scorePeople(r.Policy, r)
	one.Review, one.Evidence = nil, nil

	empty := completeData() // nobody and no record at all
	empty.Report.People, empty.Report.Scores, empty.Evidence, empty.Review = nil, nil, nil, nil
	silence := func(l *metrics.Line) {
		for _, values := range [][]metrics.Value{l.Values, l.Before, l.YearBefore} {
			mute(values)
		}
		for _, months := range l.Months {
			mute(months)
		}
	}
	silence(&empty.Report.Company)
	for i := range empty.Report.Departments {
		silence(&empty.Report.Departments[i].Line)
	}

	begun := completeData() // opened, nothing decided
	begun.Review.Round.Sealed, begun.Review.Round.Published, begun.Review.Round.Lists, begun.Review.Round.Appeals = nil, nil, nil, nil
	begun.Review.Changes, begun.Review.Lines, begun.Review.Candidates, begun.Review.Sealed = nil, nil, nil, nil
	begun.Evidence[0].Rows = nil
	return map[string]Data{"one employee": one, "no data": empty, "nothing decided": begun}
}

// mute takes the data out of values.
func mute(values []metrics.Value) {
	for i := range values {
		values[i].Ratio.Num, values[i].Ratio.Den, values[i].N, values[i].Status, values[i].HasInterval = 0, 0, 0, metrics.NoData, false
	}
}

func TestOddCompaniesAreWrittenSoundly(t *testing.T) {
	for name, d := range oddData() {
		for _, lang := range bothLanguages {
			t.Run(name+" "+string(lang), func(t *testing.T) {
				raw := workbookBytes(t, d, lang)
				unpack(t, raw).check()
				f, err := excelize.OpenReader(bytes.NewReader(raw))
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				for _, sheet := range f.GetSheetList() {
					rows, err := f.GetRows(sheet)
					if err != nil {
						t.Fatal(err)
					}
					for r, row := range rows {
						for c, cell := range row {
							for _, bad := range []string{"NaN", "Inf", "%!", "<nil>", "#REF", "#NAME", "#DIV"} {
								if strings.Contains(cell, bad) {
									t.Errorf("%s!%s shows %q", sheet, address(c+1, r+1), cell)
								}
							}
						}
					}
				}
			})
		}
	}
}

func TestOddCompaniesRecalculate(t *testing.T) {
	if testing.Short() {
		t.Skip("starts LibreOffice")
	}
	recalculates(t, workbook{"no data", workbookBytes(t, oddData()["no data"], policy.ZH), 50})
}

// TestNothingDecidedIsSaid: sheets of what has not happened say so.
func TestNothingDecidedIsSaid(t *testing.T) {
	f, err := excelize.OpenReader(bytes.NewReader(workbookBytes(t, oddData()["nothing decided"], policy.ZH)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for sheet, words := range map[string]string{"申诉": "尚未公布", "封账后调整": "尚未封账", "奖惩": "还没有奖惩名单"} {
		note, err := f.GetCellValue(sheet, "A2")
		if err != nil || !strings.Contains(note, words) {
			t.Errorf("%s says %q, %v", sheet, note, err)
		}
	}
}

// TestNamesAreWholeAndInert looks for every poisoned name in the cells of people: whole, as text, never as a formula.
func TestNamesAreWholeAndInert(t *testing.T) {
	d := completeData()
	f, err := excelize.OpenReader(bytes.NewReader(workbookBytes(t, d, policy.ZH)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := newBook(d, policy.ZH)
	if err != nil {
		t.Fatal(err)
	}
	b.file.Close()
	p := b.plan.byDepartment["D11"]
	for i := range p.people {
		want := p.people[i].Person.Name.ZH
		cell := address(colName, rowPeople+i)
		got, err := f.GetCellValue(p.sheet, cell)
		if err != nil {
			t.Fatal(err)
		}
		if clean := strings.ReplaceAll(want, "\x07", ""); strings.ReplaceAll(strings.ReplaceAll(got, "\uFFFD", ""), "_x0007_", "") != clean {
			t.Errorf("%s: %q, want %q", cell, got, clean)
		}
		if formula, _ := f.GetCellFormula(p.sheet, cell); formula != "" {
			t.Errorf("%s is a formula: %s", cell, formula)
		}
	}
}

// TestPrivateNotesStayPrivate looks for a superior's note in every part of the workbook.
func TestPrivateNotesStayPrivate(t *testing.T) {
	seen := false
	for name, text := range unpack(t, workbookBytes(t, completeData(), policy.ZH)).raw {
		if bytes.Contains(text, []byte(privateNote)) {
			t.Errorf("%s holds a private note", name)
		}
		seen = seen || bytes.Contains(text, []byte("核对属实")) // the appeals are read from the same round
	}
	if !seen {
		t.Error("nothing of the round is in the workbook")
	}
}

// TestEvidenceGoesOnToFurtherSheets lets a sheet hold ten rows: no row is lost, the sheets say so, links hit the right rows, and a Parquet file
// holds everything.
func TestEvidenceGoesOnToFurtherSheets(t *testing.T) {
	d := completeData()
	d.SheetRows = 10
	dir := t.TempDir()
	path, changed, err := WriteWorkbook(context.Background(), Folder{Dir: dir}, d, policy.ZH)
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, got, sheets := len(d.Evidence[0].Rows), 0, 0
	for _, sheet := range f.GetSheetList() {
		if !strings.HasPrefix(sheet, "明细-") {
			continue
		}
		sheets++
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) > d.SheetRows {
			t.Errorf("%s has %d rows", sheet, len(rows))
		}
		if note := rows[1][0]; !strings.Contains(note, fmt.Sprintf("本页为第 %d 页", sheets)) || !strings.Contains(note, ".parquet") {
			t.Errorf("%s says %q", sheet, note)
		}
		got += len(rows) - evidenceHead
	}
	if per := d.SheetRows - evidenceHead; got != want || sheets != (want+per-1)/per {
		t.Errorf("%d rows on %d sheets, want %d", got, sheets, want)
	}
	pq, err := file.OpenParquetFile(strings.TrimSuffix(path, ".xlsx")+" conversion_rate.parquet", false)
	if err != nil {
		t.Fatal(err)
	}
	defer pq.Close()
	if int(pq.NumRows()) != want {
		t.Errorf("the Parquet file has %d rows, want %d", pq.NumRows(), want)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	unpack(t, raw).check()
	evidenceLinks(t, d)
	if again, changed, err := WriteWorkbook(context.Background(), Folder{Dir: dir}, d, policy.ZH); err != nil || changed || again != path {
		t.Errorf("written again: %s %t %v", again, changed, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 2 {
		t.Errorf("left behind: %q", left)
	}
}

// evidenceLinks follows the link of every value on the department sheets to the first row of that person.
func evidenceLinks(t *testing.T, d Data) {
	t.Helper()
	b, err := newBook(d, policy.ZH)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	sheets := map[string]*evidencePlan{}
	for i := range b.plan.evidence {
		sheets[b.plan.evidence[i].sheet] = &b.plan.evidence[i]
	}
	followed := 0
	for key, at := range b.plan.blocks {
		name, cell, _ := strings.Cut(at, "!")
		_, row, err := excelize.CellNameToCoordinates(cell)
		e := sheets[strings.Trim(name, "'")]
		if err != nil || e == nil {
			t.Fatalf("%v leads to %q", key, at)
		}
		r := e.rows[row-evidenceHead-1]
		if r.Department != key.department || key.employee != "" && r.Employee != key.employee {
			t.Errorf("%v leads to %s of %s in %s", key, at, r.Employee, r.Department)
		}
		followed++
	}
	if followed < 20 {
		t.Errorf("only %d links", followed)
	}
}
