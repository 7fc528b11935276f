package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/xuri/excelize/v2"

	"plumbline/internal/ledger"
)

// kpiNames are the listed KPIs of the default policy as people read them; their file says so a second time.
func kpiNames(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../policy/defaults/kpis.yaml")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^ {0,2}([a-z_]+):\n +name: \{zh: ([^,]+), en:`).FindAllSubmatch(text, -1) {
		if id := string(m[1]); !strings.HasPrefix(id, "funnel_") && !strings.HasSuffix(id, "_funnel") {
			names[string(m[2])] = id
		}
	}
	return names
}

// unitWords end a heading behind a KPI's name.
var unitWords = regexp.MustCompile(`( %|（[^（）]*）)$`)

// exported writes the workbook of 2026Q3 and gives its path.
func exported(t *testing.T, data string) string {
	t.Helper()
	return strings.TrimSpace(must(t, exitDone, "export", "2026Q3", "-o", t.TempDir(), "--data", data))
}

// grid is the cells of a sheet as stored, with columns found by heading.
type grid struct {
	sheet string
	rows  [][]string
	head  int
}

func readGrid(t *testing.T, f *excelize.File, sheet, firstHeading string) grid {
	t.Helper()
	rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	head := slices.IndexFunc(rows, func(row []string) bool { return len(row) > 3 && row[0] == firstHeading })
	if head < 0 {
		t.Fatalf("sheet %s has no row that begins with %s", sheet, firstHeading)
	}
	return grid{sheet, rows, head}
}

func (g grid) column(t *testing.T, heading string) int {
	t.Helper()
	i := slices.Index(g.rows[g.head], heading)
	if i < 0 {
		t.Fatalf("sheet %s has no column %s: %q", g.sheet, heading, g.rows[g.head])
	}
	return i
}

// below gives the rows under the header up to the first blank one.
func (g grid) below() [][]string {
	rows := g.rows[g.head+1:]
	if end := slices.IndexFunc(rows, func(row []string) bool { return len(row) == 0 || row[0] == "" }); end >= 0 {
		rows = rows[:end]
	}
	return rows
}

func cellOf(row []string, i int) string {
	if i < len(row) {
		return row[i]
	}
	return ""
}

// decimals6 writes a stored number as the CSV does; a word is no number.
func decimals6(s string) string {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return ""
	}
	return strconv.FormatFloat(f, 'f', 6, 64)
}

// departmentIDs gives the id of each department by name, and "" for the company.
func departmentIDs(t *testing.T, data string) map[string]string {
	t.Helper()
	ids := map[string]string{"全公司": ""}
	for _, row := range table(t, "score", "2026Q3", "--by", "department", "--data", data) {
		ids[row["name"]] = row["department"]
	}
	return ids
}

// valuesBySubject gives the CSV's rows of 2026Q3 by period, department and KPI.
func valuesBySubject(t *testing.T, data string, by string) map[[3]string]map[string]string {
	t.Helper()
	values := map[[3]string]map[string]string{}
	for _, row := range table(t, "kpi", "2026Q3", "--by", by, "--data", data) {
		values[[3]string{row["period"], row["department"], row["kpi"]}] = row
	}
	return values
}

func TestWorkbookSaysWhatKPISays(t *testing.T) {
	data := filled(t)
	f, err := excelize.OpenFile(exported(t, data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	compareReceipts(t, f, data)
}

// compareReceipts compares the receipts in the workbook with kpi, every department and KPI once.
func compareReceipts(t *testing.T, f *excelize.File, data string) {
	t.Helper()
	ids := departmentIDs(t, data)
	values := valuesBySubject(t, data, "company,department")
	g, names := readGrid(t, f, "计算回执", "部门"), kpiNames(t)
	pairs := map[string]string{"实际": "value", "95% 区间下限": "low", "95% 区间上限": "high"}
	sums := map[string]string{"分子": "numerator", "分母": "denominator", "样本 n": "n", "目标": "target"}
	seen := 0
	for _, row := range g.below() {
		id, known := ids[row[0]]
		name := unitWords.ReplaceAllString(cellOf(row, 1), "")
		want := values[[3]string{cellOf(row, 2), id, names[name]}]
		if !known || want == nil {
			t.Errorf("the receipt of %q, %q stands for nothing that kpi knows", row[0], cellOf(row, 1))
			continue
		}
		seen++
		for heading, column := range pairs {
			if got := decimals6(cellOf(row, g.column(t, heading))); got != want[column] {
				t.Errorf("%s, %s: %s %q in the workbook, %s %q in kpi", row[0], name, heading, got, column, want[column])
			}
		}
		for heading, column := range sums {
			got := cellOf(row, g.column(t, heading))
			if want["status"] == "no_data" && column != "target" && want[column] == "" && (got == "0" || cellOf(row, g.column(t, "分母")) == "0") {
				continue // nothing was added up, or there is nothing to divide by
			}
			if decimals6(got) != decimals6(want[column]) {
				t.Errorf("%s, %s: %s %q in the workbook, %s %q in kpi", row[0], name, heading, got, column, want[column])
			}
		}
	}
	if seen != len(values) {
		t.Errorf("the workbook has %d receipts, kpi %d values", seen, len(values))
	}
}

// figure finds a page's charts, options the options of one; a chart with nothing to draw has none.
var (
	figure  = regexp.MustCompile(`(?s)<figure id="([^"]+)">(.*?)</figure>`)
	options = regexp.MustCompile(`(?s)<script type="application/json">(.*?)</script>`)
)

// chartOptions is what is read of a chart's options.
type chartOptions struct {
	Wide struct {
		Light struct {
			Series []struct {
				Name string
				Data []struct{ Value json.RawMessage }
			}
			XAxis, YAxis []struct{ Data []any }
		}
	}
}

func (c chartOptions) series(name string) []json.RawMessage {
	var values []json.RawMessage
	for _, s := range c.Wide.Light.Series {
		if s.Name == name {
			for _, d := range s.Data {
				values = append(values, d.Value)
			}
		}
	}
	return values
}

// listedKPI finds the rows of a page's table of other KPIs: name and value.
var listedKPI = regexp.MustCompile(`(?s)<tr><th scope="row">([^<（]*)[^<]*</th>.*?<td class="number">([^<]*)</td>`)

func readListed(t *testing.T, path string) map[string]string {
	t.Helper()
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, m := range listedKPI.FindAllSubmatch(page, -1) {
		listed[string(m[1])] = string(m[2])
	}
	return listed
}

// sameShown compares a rounded number with its unit with a value of the CSV.
func sameShown(shown, value string) bool {
	digits := strings.ReplaceAll(regexp.MustCompile(`^[0-9,.]*`).FindString(shown), ",", "")
	n, err := strconv.ParseFloat(digits, 64)
	v, err2 := strconv.ParseFloat(value, 64)
	_, fraction, _ := strings.Cut(digits, ".")
	half := math.Pow10(-len(fraction)) / 2
	if strings.HasSuffix(shown, "万元") {
		v /= 10_000
	}
	return err == nil && err2 == nil && math.Abs(n-v) <= half*1.0001
}

func readCharts(t *testing.T, path string) map[string]chartOptions {
	t.Helper()
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	charts := map[string]chartOptions{}
	for _, m := range figure.FindAllSubmatch(page, -1) {
		drawn := options.FindSubmatch(m[2])
		if drawn == nil {
			continue
		}
		var c chartOptions
		if err := json.Unmarshal(drawn[1], &c); err != nil {
			t.Fatalf("%s in %s: %v", m[1], path, err)
		}
		charts[string(m[1])] = c
	}
	return charts
}

// sameFigure compares a drawn number with a value of the CSV; money is drawn in units of ten thousand.
func sameFigure(drawn json.RawMessage, kpi, value string) bool {
	d, err := strconv.ParseFloat(string(drawn), 64)
	if err != nil {
		return value == ""
	}
	v, err := strconv.ParseFloat(value, 64)
	if kpi == "won_amount" || kpi == "costs_total" {
		v /= 10_000
	}
	return err == nil && math.Abs(d-v) < 1e-6
}

func TestChartsSayWhatKPISays(t *testing.T) {
	needsCharts(t)
	data, dir := filled(t), t.TempDir()
	must(t, exitDone, "chart", "2026Q3", "-o", dir, "--data", data)
	ids := departmentIDs(t, data)
	values := valuesBySubject(t, data, "company,department")
	months := valuesBySubject(t, data, "company,department,month")
	compared := map[string]int{}
	for _, id := range ids {
		prefix, page := "company", "index.html"
		if id != "" {
			prefix = "department-" + strings.ToLower(id)
			page = prefix + ".html"
		}
		charts, listed := readCharts(t, filepath.Join(dir, page)), readListed(t, filepath.Join(dir, page))
		for name, kpi := range kpiNames(t) {
			slug := strings.ReplaceAll(kpi, "_", "-")
			compared["departments"] += compareDepartments(t, charts[prefix+"-comparison-"+slug], kpi, ids, values)
			drawn := charts[prefix+"-trend-"+slug].series("value")
			if want := values[[3]string{"2026Q3", id, kpi}]; len(drawn) == 0 {
				switch shown := listed[name]; {
				case want["status"] == "ok" && !sameShown(shown, want["value"]):
					t.Errorf("%s, %s: neither drawn nor listed as %s, but as %q", page, kpi, want["value"], shown)
				case want["status"] == "ok":
					compared["listed"]++
				}
				continue
			}
			for i, month := range []string{"2026-07", "2026-08", "2026-09"} {
				want := months[[3]string{month, id, kpi}]
				if got := drawn[len(drawn)-3+i]; want["status"] == "ok" && !sameFigure(got, kpi, want["value"]) {
					t.Errorf("%s, %s in %s: drawn %s, kpi says %s", page, kpi, month, got, want["value"])
				}
				compared["months"]++
			}
		}
	}
	if compared["departments"] < 25 || compared["months"] < 80 || compared["listed"] < 100 {
		t.Errorf("only %v were compared", compared)
	}
}

// compareDepartments compares the bars of a comparison with the values of the departments that they are named after.
func compareDepartments(t *testing.T, c chartOptions, kpi string, ids map[string]string, values map[[3]string]map[string]string) int {
	t.Helper()
	bars := c.series("now")
	for i, bar := range bars {
		name := fmt.Sprint(c.Wide.Light.YAxis[0].Data[i])
		id, known := ids[name]
		if want := values[[3]string{"2026Q3", id, kpi}]; !known || !sameFigure(bar, kpi, want["value"]) {
			t.Errorf("%s of %s: drawn %s, kpi says %s", kpi, name, bar, want["value"])
		}
	}
	return len(bars)
}

// stored finds the value that a formula cell holds.
var stored = regexp.MustCompile(`(</f>)<v>[^<]*</v>`)

// recalculated gives the workbook as LibreOffice saves it after computing every formula itself: the stored values are taken out.
func recalculated(t *testing.T, path string) *excelize.File {
	t.Helper()
	soffice, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("LibreOffice (soffice) is not installed")
	}
	dir := t.TempDir()
	blank, out := filepath.Join(dir, "blank.xlsx"), filepath.Join(dir, "out")
	if err := os.WriteFile(blank, withoutValues(t, path), 0o600); err != nil {
		t.Fatal(err)
	}
	convert := exec.Command(soffice, "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to", "xlsx", "--outdir", out, blank)
	if talk, err := convert.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", convert, err, talk)
	}
	f, err := excelize.OpenFile(filepath.Join(out, "blank.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func withoutValues(t *testing.T, path string) []byte {
	t.Helper()
	in, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, part := range in.File {
		r, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(part.Name, "xl/worksheets/sheet") {
			text = stored.ReplaceAll(text, []byte("$1"))
		}
		w, err := out.Create(part.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestLibreOfficeComputesWhatTheWorkbookSays(t *testing.T) {
	data := filled(t)
	path := exported(t, data)
	got := recalculated(t, path)
	written, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer written.Close()
	formulas := 0
	for _, sheet := range written.GetSheetList() {
		formulas += compareFormulas(t, written, got, sheet)
	}
	if formulas < 1000 {
		t.Errorf("only %d formulas were compared", formulas)
	}
	compareReceipts(t, got, data)
	compareScores(t, got, data)
}

// compareFormulas compares every formula cell of a sheet and gives their number.
func compareFormulas(t *testing.T, written, got *excelize.File, sheet string) int {
	t.Helper()
	rows, err := written.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for r, row := range rows {
		for c, want := range row {
			cell, err := excelize.CoordinatesToCellName(c+1, r+1)
			if err != nil {
				t.Fatal(err)
			}
			formula, err := written.GetCellFormula(sheet, cell)
			if err != nil {
				t.Fatal(err)
			}
			if formula == "" {
				continue
			}
			n++
			value, err := got.GetCellValue(sheet, cell, excelize.Options{RawCellValue: true})
			if err != nil {
				t.Fatal(err)
			}
			if !sameCell(want, value) {
				t.Errorf("%s!%s =%s: written %q, LibreOffice computes %q", sheet, cell, formula, want, value)
			}
		}
	}
	return n
}

func sameCell(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX != nil || errY != nil {
		return a == b
	}
	return math.Abs(x-y) <= 1e-9*max(1, math.Abs(x))
}

// compareScores compares the totals on the departments' sheets with score.
func compareScores(t *testing.T, f *excelize.File, data string) {
	t.Helper()
	moved := map[string]bool{}
	whole := map[string]string{} // score over the period of those who moved
	if i, err := f.GetSheetIndex("调动与兼任"); err == nil && i >= 0 {
		g := readGrid(t, f, "调动与兼任", "工号")
		for _, row := range g.below() {
			moved[row[0]] = true
			if total := cellOf(row, g.column(t, "全期得分")); total != "" {
				whole[row[0]] = total
			}
		}
	}
	sheets := f.GetSheetList()
	totals, departments := map[string]string{}, map[string]string{}
	for name := range departmentIDs(t, data) {
		if !slices.Contains(sheets, name) {
			continue
		}
		g := readGrid(t, f, name, "工号")
		total := g.column(t, "总分")
		departments[name] = cellOf(g.rows[g.head-1], total)
		for _, row := range g.below() {
			totals[row[0]] = cellOf(row, total)
		}
	}
	seen := 0
	for _, row := range table(t, "score", "2026Q3", "--data", data) {
		got := departments[row["name"]]
		if no := row["employee_no"]; moved[no] {
			got = whole[no]
		} else if no != "" {
			got = totals[no]
		}
		if !sameCell(decimals6(got), decimals6(row["score"])) {
			t.Errorf("%s %s: %s in the workbook, %s in score", row["employee_no"], row["name"], got, row["score"])
		}
		if (row["score"] == "") != (row["status"] == "no_score") {
			t.Errorf("%s %s: score %q, status %s", row["employee_no"], row["name"], row["score"], row["status"])
		}
		seen++
	}
	if seen < 60 || len(moved) == 0 {
		t.Errorf("only %d scores were compared, %d of people who moved", seen, len(moved))
	}
}

func TestFormatsHoldTheSameCells(t *testing.T) {
	data := filled(t)
	for _, args := range [][]string{
		{"kpi", "2026Q3", "--by", "company,department,employee"}, {"score", "2026Q3"}, {"rejects"}, {"files"}, {"evidence", "on_time_rate", "2026Q3"},
	} {
		t.Run(args[0], func(t *testing.T) {
			args = append(args, "--data", data)
			want := table(t, args...)
			if len(want) == 0 {
				t.Fatal("there is nothing to compare")
			}
			var rows []map[string]any
			d := json.NewDecoder(strings.NewReader(must(t, exitDone, append(args, "--format", "json")...)))
			d.UseNumber()
			if err := d.Decode(&rows); err != nil {
				t.Fatal(err)
			}
			sameCells(t, "json", want, rows)
			sameCells(t, "parquet", want, readParquet(t, must(t, exitDone, append(args, "--format", "parquet")...)))
			sameCells(t, "arrow", want, readArrow(t, must(t, exitDone, append(args, "--format", "arrow")...)))
		})
	}
}

// sameCells compares cells; text that the CSV protects from spreadsheets with an apostrophe stands bare elsewhere.
func sameCells(t *testing.T, format string, want []map[string]string, got []map[string]any) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d rows, csv %d", format, len(got), len(want))
	}
	for i, row := range want {
		for column, cell := range row {
			is := ""
			if v := got[i][column]; v != nil {
				is = fmt.Sprint(v)
			}
			if cell != is && strings.TrimPrefix(cell, "'") != is && (is == "" || !sameCell(cell, is)) {
				t.Errorf("%s, row %d, %s: %q, csv has %q", format, i+1, column, is, cell)
			}
		}
	}
}

func readParquet(t *testing.T, text string) []map[string]any {
	t.Helper()
	pf, err := file.NewParquetReader(bytes.NewReader([]byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	defer pf.Close()
	r, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := r.ReadTable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Release()
	return arrowRows(t, array.NewTableReader(whole, 0))
}

func readArrow(t *testing.T, text string) []map[string]any {
	t.Helper()
	r, err := ipc.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return arrowRows(t, r)
}

func arrowRows(t *testing.T, r array.RecordReader) (rows []map[string]any) {
	t.Helper()
	defer r.Release()
	for r.Next() {
		batch := r.RecordBatch()
		for i := range int(batch.NumRows()) {
			row := map[string]any{}
			for j, f := range batch.Schema().Fields() {
				row[f.Name] = arrowCell(batch.Column(j), i)
			}
			rows = append(rows, row)
		}
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

func arrowCell(column arrow.Array, i int) any {
	if column.IsNull(i) {
		return nil
	}
	switch c := column.(type) {
	case *array.Int64:
		return c.Value(i)
	case *array.Float64:
		return strconv.FormatFloat(c.Value(i), 'f', -1, 64)
	}
	return column.ValueStr(i)
}

func TestASecondProcessIsToldWhoHasTheBooks(t *testing.T) {
	data := filled(t)
	holder, err := ledger.Open(data, ledger.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command("plumbline", "kpi", "2026Q3", "--data", data)
	talk, err := child.CombinedOutput()
	if code := child.ProcessState.ExitCode(); code != exitFailed {
		t.Errorf("exit code %d (%v), want %d", code, err, exitFailed)
	}
	if want := fmt.Sprintf("正由进程 %d 使用", os.Getpid()); !strings.Contains(string(talk), want) {
		t.Errorf("the second process says %q, want %q in it", talk, want)
	}
	if err := holder.Close(); err != nil {
		t.Fatal(err)
	}
	must(t, exitDone, "kpi", "2026Q3", "--data", data)
}
