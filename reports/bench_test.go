package reports

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"plumbline/metrics"
	"plumbline/policy"
)

// largeData is a company of so many people in departments of 500.
func largeData(people int) Data {
	d := fixtureData()
	r := d.Report
	line := r.Departments[1]
	r.Departments, r.People, r.Scores = nil, nil, nil
	for no := 0; no < people; no += 500 {
		dept := line
		dept.Department.ID, dept.Department.Name, dept.Department.Depth = "L"+itoa(no), bi("部门"+itoa(no), "Department "+itoa(no)), 0
		r.Departments = append(r.Departments, dept)
		lines := make([]metrics.PersonLine, 0, 500)
		for i := no; i < min(no+500, people); i++ {
			lines = append(lines, fixturePerson(r.Policy, r, dept.Department.ID, "sales", 100000+i, i))
		}
		rankLines(lines)
		r.People = append(r.People, lines...)
	}
	scorePeople(r.Policy, r)
	return d
}

// bareSheet is what one sheet holds, ready for a bare streaming writer.
type bareSheet struct {
	name string
	rows [][]any
	at   []int // row numbers
}

type bareCell struct {
	Ref     string  `xml:"r,attr"`
	Style   int     `xml:"s,attr"`
	Type    string  `xml:"t,attr"`
	Formula string  `xml:"f"`
	Value   *string `xml:"v"`
	Inline  string  `xml:"is>t"`
}

type bareRow struct {
	At    int        `xml:"r,attr"`
	Cells []bareCell `xml:"c"`
}

// bareSheets reads a workbook's cells back.
func bareSheets(b *testing.B, raw []byte) (list []bareSheet, cells int) {
	zr, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		b.Fatal(err)
	}
	for _, part := range zr.File {
		if !strings.HasPrefix(part.Name, "xl/worksheets/sheet") {
			continue
		}
		r, err := part.Open()
		if err != nil {
			b.Fatal(err)
		}
		s := bareSheet{name: "S" + itoa(len(list)+1)}
		decoder := xml.NewDecoder(r)
		for {
			token, err := decoder.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			if start, ok := token.(xml.StartElement); ok && start.Name.Local == "row" {
				var row bareRow
				if err := decoder.DecodeElement(&row, &start); err != nil {
					b.Fatal(err)
				}
				s.rows, s.at = append(s.rows, row.values(b)), append(s.at, row.At)
				cells += len(row.Cells)
			}
		}
		list = append(list, s)
	}
	return list, cells
}

func (row bareRow) values(b *testing.B) []any {
	var values []any
	for _, c := range row.Cells {
		col, _, err := excelize.CellNameToCoordinates(c.Ref)
		if err != nil {
			b.Fatal(err)
		}
		for len(values) < col {
			values = append(values, nil)
		}
		cell := excelize.Cell{StyleID: c.Style, Formula: c.Formula}
		switch {
		case c.Type == "inlineStr":
			cell.Value = c.Inline
		case c.Type == "str":
			cell.Value = ""
			if c.Value != nil {
				cell.Value = *c.Value
			}
		case c.Value != nil:
			x, err := strconv.ParseFloat(*c.Value, 64)
			if err != nil {
				b.Fatal(err)
			}
			cell.Value = x
		}
		values[col-1] = cell
	}
	return values
}

// writeBare writes the same cells with nothing but the library's streaming writer.
func writeBare(b *testing.B, sheets []bareSheet) {
	f := excelize.NewFile()
	defer f.Close()
	for i, s := range sheets {
		if i > 0 {
			if _, err := f.NewSheet(s.name); err != nil {
				b.Fatal(err)
			}
		} else if err := f.SetSheetName("Sheet1", s.name); err != nil {
			b.Fatal(err)
		}
		w, err := f.NewStreamWriter(s.name)
		if err != nil {
			b.Fatal(err)
		}
		for j, row := range s.rows {
			if err := w.SetRow("A"+itoa(s.at[j]), row); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := f.WriteTo(io.Discard); err != nil {
		b.Fatal(err)
	}
}

// peakHeap runs a function and gives the most heap in use meanwhile, in MiB.
func peakHeap(run func()) float64 {
	var peak atomic.Uint64
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			if m.HeapInuse > peak.Load() {
				peak.Store(m.HeapInuse)
			}
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	run()
	close(done)
	<-stopped
	return float64(peak.Load()) / (1 << 20)
}

// BenchmarkWorkbook compares the workbook of 20,000 people with a bare streaming writer that writes the same cells.
func BenchmarkWorkbook(b *testing.B) {
	if testing.Short() {
		b.Skip("writes 20,000 people")
	}
	d := largeData(20_000)
	write := func(w io.Writer) {
		if err := Workbook(context.Background(), d, policy.ZH, w); err != nil {
			b.Fatal(err)
		}
	}
	runtime.GC()
	peak := peakHeap(func() { write(io.Discard) })
	var raw bytes.Buffer
	write(&raw)
	sheets, cells := bareSheets(b, raw.Bytes())
	var ours, bare time.Duration
	b.ResetTimer()
	for range b.N {
		runtime.GC()
		start := time.Now()
		write(io.Discard)
		ours += time.Since(start)
		runtime.GC()
		start = time.Now()
		writeBare(b, sheets)
		bare += time.Since(start)
	}
	b.ReportMetric(ours.Seconds()/bare.Seconds(), "ratio")
	b.ReportMetric(ours.Seconds()/float64(b.N), "s/workbook")
	b.ReportMetric(peak, "peak-MiB")
	b.ReportMetric(float64(cells), "cells")
	b.ReportMetric(float64(raw.Len())/(1<<20), "file-MiB")
	b.Logf("%d sheets", len(sheets))
}
