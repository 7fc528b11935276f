package reports

import (
	"bytes"
	"context"
	"io"
	"os/exec"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"plumbline/policy"
)

// The people of the benchmark: two texts that are numbers, four texts, one of a few words, and figures.
const (
	benchPeople  = 100_000
	benchColumns = 20
)

// benchValue is what stands in a column of a person's row.
func benchValue(row, col int) any {
	switch {
	case col == 0:
		return "E" + strconv.Itoa(100000+row)
	case col == 1:
		return "员工" + strconv.Itoa(row)
	case col == 2:
		return "部门" + strconv.Itoa(row%40)
	case col == 3:
		return "专员"
	case col < 8:
		return float64((row*7+col*13)%1000) / 10
	case col < 14:
		return float64((row*31 + col*17) % 5000)
	case col < 18:
		return float64((row*131+col*71)%1000000) / 100
	case col == 18:
		return [...]string{"S", "A", "B", "C", "D"}[row%5]
	}
	return "按期"
}

// peopleSheet writes them as a sheet of the house.
func peopleSheet(b *testing.B, w io.Writer) {
	book := blankBook(policy.ZH)
	if err := book.create([]string{"人员"}); err != nil {
		b.Fatal(err)
	}
	defer book.close()
	widths := make([]float64, benchColumns)
	for i := range widths {
		widths[i] = 12
	}
	s, err := book.open("人员", frame{tab: tabEvidence, columns: benchColumns, rows: benchPeople, widths: widths, freezeRow: 1})
	if err != nil {
		b.Fatal(err)
	}
	words, figures := textLook, number(fmtOne)
	for row := range benchPeople {
		for col := range benchColumns {
			v := benchValue(row, col)
			if _, ok := v.(string); ok {
				s.put(col+1, words, v)
			} else {
				s.put(col+1, figures, v)
			}
		}
		s.end(0)
	}
	if err := s.close(); err != nil {
		b.Fatal(err)
	}
	if _, err := book.pack(context.Background(), w); err != nil {
		b.Fatal(err)
	}
}

// peopleBare writes them by the library's streaming writer, with a style on every cell as well.
func peopleBare(b *testing.B) {
	f := excelize.NewFile()
	defer f.Close()
	words, _ := f.NewStyle(&excelize.Style{Alignment: &excelize.Alignment{Horizontal: "left"}})
	figures, _ := f.NewStyle(&excelize.Style{NumFmt: 4})
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		b.Fatal(err)
	}
	cells := make([]any, benchColumns)
	for row := range benchPeople {
		for col := range benchColumns {
			v := benchValue(row, col)
			style := figures
			if _, ok := v.(string); ok {
				style = words
			}
			cells[col] = excelize.Cell{StyleID: style, Value: v}
		}
		if err := w.SetRow("A"+itoa(row+1), cells); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if _, err := f.WriteTo(io.Discard); err != nil {
		b.Fatal(err)
	}
}

// xlsxWriter is the same in Python; it prints the seconds, the making of the values left out.
const xlsxWriter = `
import io, time, xlsxwriter
def value(row, col):
    if col == 0: return "E%d" % (100000 + row)
    if col == 1: return "员工%d" % row
    if col == 2: return "部门%d" % (row % 40)
    if col == 3: return "专员"
    if col < 8: return ((row * 7 + col * 13) % 1000) / 10
    if col < 14: return float((row * 31 + col * 17) % 5000)
    if col < 18: return ((row * 131 + col * 71) % 1000000) / 100
    return "SABCD"[row % 5] if col == 18 else "按期"
rows = [[value(r, c) for c in range(20)] for r in range(100000)]
start = time.perf_counter()
out = io.BytesIO()
book = xlsxwriter.Workbook(out, {"constant_memory": True})
words, figures = book.add_format({"align": "left"}), book.add_format({"num_format": "#,##0.00"})
sheet = book.add_worksheet()
for r, row in enumerate(rows):
    for c, v in enumerate(row):
        if isinstance(v, str): sheet.write_string(r, c, v, words)
        else: sheet.write_number(r, c, v, figures)
book.close()
print(time.perf_counter() - start)
`

// BenchmarkPeopleSheet compares 100,000 people × 20 columns, written as a sheet of the house, with the library's bare streaming writer and, where it is
// installed, with XlsxWriter in its constant-memory mode.
func BenchmarkPeopleSheet(b *testing.B) {
	if testing.Short() {
		b.Skip("writes 100,000 people")
	}
	runtime.GC()
	peak := peakHeap(func() { peopleSheet(b, io.Discard) })
	var raw bytes.Buffer
	peopleSheet(b, &raw)
	var ours, bare, python time.Duration
	b.ResetTimer()
	for range b.N {
		for _, run := range []struct {
			spent *time.Duration
			write func()
		}{{&ours, func() { peopleSheet(b, io.Discard) }}, {&bare, func() { peopleBare(b) }}} {
			runtime.GC()
			start := time.Now()
			run.write()
			*run.spent += time.Since(start)
		}
		if out, err := exec.Command("python3", "-c", xlsxWriter).Output(); err == nil {
			seconds, err := strconv.ParseFloat(string(bytes.TrimSpace(out)), 64)
			if err != nil {
				b.Fatal(err)
			}
			python += time.Duration(seconds * float64(time.Second))
		}
	}
	b.ReportMetric(ours.Seconds()/float64(b.N), "s/sheet")
	b.ReportMetric(ours.Seconds()/bare.Seconds(), "of-excelize")
	if python > 0 {
		b.ReportMetric(python.Seconds()/ours.Seconds(), "times-XlsxWriter")
	}
	b.ReportMetric(peak, "peak-MiB")
	b.ReportMetric(float64(raw.Len())/(1<<20), "file-MiB")
}
