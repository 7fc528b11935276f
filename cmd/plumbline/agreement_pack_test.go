package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// What a pack's page is made of.
var (
	slide     = regexp.MustCompile(`(?s)<section class="page[^"]*" id="([^"]+)".*?</section>`)
	slideHead = regexp.MustCompile(`<th scope="col"[^>]*>([^<]*)</th>`)
	slideRow  = regexp.MustCompile(`(?s)<tr class="depth.*?</tr>`)
	slideCell = regexp.MustCompile(`<t[hd][^>]*>([^<]*)</t[hd]>`)
)

// packed writes the pack of 2026Q3 and gives its page and its workbook.
func packed(t *testing.T, data string) (page []byte, book *excelize.File) {
	t.Helper()
	needsCharts(t)
	paths := strings.Split(strings.TrimSpace(must(t, exitDone, "pack", "2026Q3", "-o", t.TempDir(), "--no-pdf", "--data", data)), "\n")
	page, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	if book, err = excelize.OpenFile(paths[len(paths)-1]); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	return page, book
}

// subjectOf gives the department that a page is about, "" for the company.
func subjectOf(page string) string {
	id, _ := strings.CutPrefix(page, "department-")
	if id == page {
		return ""
	}
	return id
}

// TestPackSaysWhatKPISays compares every KPI in every table of the pack, on the page and in the workbook beside it, with kpi and score.
func TestPackSaysWhatKPISays(t *testing.T) {
	data := filled(t)
	page, book := packed(t, data)
	values, names := valuesBySubject(t, data, "company,department"), kpiNames(t)
	shown := map[string]bool{}
	slides := 0
	for _, s := range slide.FindAllSubmatch(page, -1) {
		slides += packSlide(t, string(s[1]), s[0], names, values, shown)
	}
	for name, id := range names {
		if values[[3]string{"2026Q3", "", id}] != nil && !shown[id] {
			t.Errorf("the pack never tells of %s", name)
		}
	}
	cells := 0
	for _, sheet := range book.GetSheetList() {
		cells += packSheet(t, book, sheet, departmentIDs(t, data), names, values)
	}
	if slides < 60 || cells < 60 {
		t.Errorf("only %d values of the page and %d of the workbook were compared", slides, cells)
	}
}

// packSlide compares the tables of a page that have KPIs below each other, and gives how many values that were.
func packSlide(t *testing.T, id string, html []byte, names map[string]string, values map[[3]string]map[string]string, shown map[string]bool) (n int) {
	t.Helper()
	var heads []string
	for _, h := range slideHead.FindAllSubmatch(html, -1) {
		heads = append(heads, string(h[1]))
	}
	if len(heads) == 0 || heads[0] != "指标" {
		return 0
	}
	for _, row := range slideRow.FindAll(html, -1) {
		cells := map[string]string{}
		for i, c := range slideCell.FindAllSubmatch(row, -1) {
			cells[heads[i]] = string(c[1])
		}
		kpi := names[cells["指标"]]
		want := values[[3]string{"2026Q3", subjectOf(id), kpi}]
		if want == nil {
			t.Errorf("%s: %q is no KPI of it", id, cells["指标"])
			continue
		}
		shown[kpi] = true
		n++
		switch got := cells["本季度"]; {
		case want["status"] == "no_data" && got == "无数据", want["status"] == "withheld" && got == "不显示":
		case !sameShown(got, want["value"]):
			t.Errorf("%s, %s: the page says %s, kpi %s", id, kpi, got, want["value"])
		}
		if got := cells["目标"]; want["target"] != "" && !sameShown(got, want["target"]) || want["target"] == "" && got != "–" {
			t.Errorf("%s, %s: the page has the target %s, kpi %q", id, kpi, got, want["target"])
		}
	}
	return n
}

// packSheet does the same for a sheet, whose numbers are exact.
func packSheet(t *testing.T, book *excelize.File, sheet string, ids map[string]string, names map[string]string, values map[[3]string]map[string]string) (n int) {
	t.Helper()
	rows, err := book.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	at := -1
	for i, row := range rows {
		if len(row) > 3 && row[0] == "指标" {
			at = i
			break
		}
	}
	if at < 0 {
		return 0
	}
	g := grid{sheet, rows, at}
	for _, row := range g.below() {
		want := values[[3]string{"2026Q3", ids[sheet], names[row[0]]}]
		if want == nil {
			t.Errorf("sheet %s: %q is no KPI of it", sheet, row[0])
			continue
		}
		n++
		for heading, column := range map[string]string{"本季度": "value", "目标": "target"} {
			if got := decimals6(cellOf(row, g.column(t, heading))); got != decimals6(want[column]) {
				t.Errorf("sheet %s, %s: %s %q, kpi says %q", sheet, row[0], heading, got, want[column])
			}
		}
	}
	return n
}
