package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// rowsOfSheet reads the rows of a sheet as they are stored.
func rowsOfSheet(t *testing.T, path, sheet string) [][]string {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// rowUnder finds the row whose first cell begins with some words.
func rowUnder(t *testing.T, rows [][]string, words string) []string {
	t.Helper()
	for _, row := range rows {
		if len(row) > 0 && strings.HasPrefix(row[0], words) {
			return row
		}
	}
	t.Fatalf("no row begins with %s", words)
	return nil
}

func numberIn(t *testing.T, s string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestFurtherWorkbooks takes every workbook besides the big one from the sample company and compares its figures with those of other commands.
func TestFurtherWorkbooks(t *testing.T) {
	data := filled(t)
	ask := func(args ...string) []string { return append(args, "--data", data) }
	t.Run("week", func(t *testing.T) { weekAgrees(t, ask) })
	t.Run("month", func(t *testing.T) { monthAgrees(t, ask) })
	t.Run("evidence", func(t *testing.T) { evidenceAgrees(t, ask) })
	t.Run("self-review", func(t *testing.T) { selfReviewGoesRound(t, ask) })
	t.Run("quality", func(t *testing.T) {
		dir := t.TempDir()
		path := strings.TrimSpace(must(t, exitDone, ask("quality", "2026Q3", "--by", "company", "-o", dir)...))
		want := table(t, ask("quality", "2026Q3", "--by", "company")...)
		if rows := rowsOfSheet(t, path, "数据质量"); len(rows) != 3+len(want) {
			t.Errorf("%d rows, want %d findings", len(rows), len(want))
		}
	})
	t.Run("wrong", func(t *testing.T) {
		for _, args := range [][]string{{"report", "2026-W54", "-o", t.TempDir()}, {"report", "2026-W30"}, {"report", "2026-07", "--department", "D999", "-o", t.TempDir()},
			{"export", "2026Q3", "--evidence", "some", "-o", t.TempDir()}, {"self-review", "save", data}} {
			if o := plumbline(t, ask(args...)...); o.code == exitDone || o.err == "" {
				t.Errorf("%v: code %d, said %q", args, o.code, o.err)
			}
		}
	})
}

// weekAgrees compares a week's shares and hours with the rows that the evidence of the month lists.
func weekAgrees(t *testing.T, ask func(...string) []string) {
	dir := t.TempDir()
	path := strings.TrimSpace(must(t, exitDone, ask("report", "2026-W30", "-o", dir)...))
	if filepath.Base(path) != "某某公司-2026年第30周周报-1.0版.xlsx" {
		t.Errorf("the file is named %s", filepath.Base(path))
	}
	numerator, denominator, hours := 0.0, 0.0, 0.0
	within := func(day string) bool { return day >= "2026-07-20" && day <= "2026-07-26" }
	for _, r := range table(t, ask("evidence", "on_time_rate", "2026-07")...) {
		if !within(r["due_on"]) || r["counted"] == "left_out" {
			continue
		}
		share := numberIn(t, r["share"])
		if denominator += share; r["counted"] == "numerator" {
			numerator += share
		}
	}
	for _, r := range table(t, ask("evidence", "log_punctuality", "2026-07")...) {
		if within(r["work_date"]) && r["share"] != "" {
			hours += numberIn(t, r["hours"]) * numberIn(t, r["share"])
		}
	}
	row := rowUnder(t, rowsOfSheet(t, path, "报告"), "项目交付准时率")
	if numberIn(t, row[6]) != numerator || numberIn(t, row[7]) != denominator || denominator == 0 {
		t.Errorf("on-time rate of the week: %s of %s, want %g of %g", row[6], row[7], numerator, denominator)
	}
	sum := 0.0
	for _, r := range rowsOfSheet(t, path, "工时")[3:] {
		sum += numberIn(t, r[1])
	}
	if math.Abs(sum-hours) > 0.01 || hours == 0 {
		t.Errorf("%g hours, want %g", sum, hours)
	}
}

// monthAgrees compares a month's figures with those of kpi, for the company and every department.
func monthAgrees(t *testing.T, ask func(...string) []string) {
	dir := t.TempDir()
	paths := strings.Fields(must(t, exitDone, ask("report", "2026-07", "-o", dir, "--each")...))
	values := table(t, ask("kpi", "2026-07", "--kpi", "on_time_rate", "--by", "company,department")...)
	if len(paths) != len(values) {
		t.Fatalf("%d reports for %d units", len(paths), len(values))
	}
	for i, v := range values {
		rows := rowsOfSheet(t, paths[i], "报告")
		row := slices.IndexFunc(rows, func(r []string) bool { return len(r) > 0 && strings.HasPrefix(r[0], "项目交付准时率") })
		if v["value"] == "" || row < 0 {
			if v["value"] != "" || row >= 0 && numberIn(t, rows[row][8]) != 0 {
				t.Errorf("%s: value %q, row %d", paths[i], v["value"], row)
			}
			continue
		}
		if got := numberIn(t, rows[row][1]); math.Abs(got-numberIn(t, v["value"])) > 1e-4 {
			t.Errorf("%s: %g, want %s", paths[i], got, v["value"])
		}
	}
	if o := plumbline(t, ask("report", "2026-07", "-o", dir)...); o.code != exitDone || strings.TrimSpace(o.out) != paths[0] || o.err == "" {
		t.Errorf("written again: %q %q", o.out, o.err)
	}
}

// evidenceAgrees counts the rows of the workbook's sheets of evidence against the command's.
func evidenceAgrees(t *testing.T, ask func(...string) []string) {
	dir := t.TempDir()
	paths := strings.Split(strings.TrimSpace(must(t, exitDone, ask("export", "2026Q3", "-o", dir, "--both")...)), "\n")
	if len(paths) != 2 || !strings.HasSuffix(paths[1], "v1.0.xlsx") {
		t.Fatalf("written: %q", paths)
	}
	want := table(t, ask("evidence", "on_time_rate", "2026Q3")...)
	for i, sheet := range []string{"明细-项目交付准时率", "Rows-On-time delivery rate"} {
		if rows := rowsOfSheet(t, paths[i], sheet); len(rows)-3 != len(want) {
			t.Errorf("%s has %d rows, want %d", sheet, len(rows)-3, len(want))
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 2 {
		t.Errorf("%d files were written", len(files))
	}
}

// selfReviewGoesRound fetches a form as a workbook, fills it in and saves it.
func selfReviewGoesRound(t *testing.T, ask func(...string) []string) {
	must(t, exitDone, ask("self-review", "open", "2026-10", "--as", "00051")...)
	dir := t.TempDir()
	must(t, exitDone, ask("self-review", "form", "2026-10", "--as", "00012", "--xlsx", dir)...)
	files, err := filepath.Glob(filepath.Join(dir, "*.xlsx"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	f, err := excelize.OpenFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	sheet := f.GetSheetList()[0]
	rows, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	answered := 0
	for i, r := range rows {
		n := strconv.Itoa(i + 1)
		switch key := append(r, "")[0]; {
		case strings.HasPrefix(key, "points:"):
			err = f.SetCellValue(sheet, "D"+n, 91.5)
		case strings.HasPrefix(key, "line:"):
			answered++
			err = f.SetCellValue(sheet, "D"+n, "认可")
		case key == "text:plan":
			err = f.SetCellValue(sheet, "B"+n, "下月完成二期")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	must(t, exitDone, ask("self-review", "save", files[0], "--as", "00012", "--submit")...)
	for _, r := range table(t, ask("self-review", "list", "2026-10")...) {
		if r["employee_no"] == "00012" && (r["state"] != "submitted" || r["lines"] != strconv.Itoa(answered)) {
			t.Errorf("the self-review is %v, %d lines were answered", r, answered)
		}
	}
	if o := plumbline(t, ask("self-review", "save", files[0], "--as", "00012")...); o.code == exitDone {
		t.Error("a form of an older version was saved over the submitted one")
	}
}
