package sheet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"plumbline/ingest/sheet"
)

// workLog is a work-log file of so many rows, as a Chinese company exports it.
func workLog(rows int) []byte {
	var b bytes.Buffer
	b.WriteString("编号,工号,日期,提交时间,工时,项目,工作内容\n")
	for i := range rows {
		fmt.Fprintf(&b, "L%07d,E%04d,2026-07-%02d,2026-07-%02d 18:%02d:00,%d.5,P%03d,与客户沟通需求，整理会议纪要\n", i, i%5000, i%31+1, i%31+1, i%60, i%9, i%200)
	}
	return b.Bytes()
}

func benchmarkStage(b *testing.B, file []byte, d sheet.Dialect) {
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		got, err := sheet.StageCSV(bytes.NewReader(file), d, 1, 7, io.Discard)
		if err != nil || got.Written != 200_000 || len(got.Bad) > 0 {
			b.Fatal(got.Written, err)
		}
	}
}

func BenchmarkStageUTF8(b *testing.B) {
	benchmarkStage(b, workLog(200_000), sheet.Dialect{Encoding: sheet.UTF8, Delimiter: ','})
}

func BenchmarkStageUTF8CRLF(b *testing.B) {
	benchmarkStage(b, bytes.ReplaceAll(workLog(200_000), []byte("\n"), []byte("\r\n")), sheet.Dialect{Encoding: sheet.UTF8, Delimiter: ','})
}

func BenchmarkStageQuoted(b *testing.B) {
	file := bytes.ReplaceAll(workLog(200_000), []byte("与客户"), []byte(`"与客户`))
	benchmarkStage(b, bytes.ReplaceAll(file, []byte("纪要"), []byte(`,纪要"`)), sheet.Dialect{Encoding: sheet.UTF8, Delimiter: ','})
}

func BenchmarkStageCR(b *testing.B) {
	benchmarkStage(b, bytes.ReplaceAll(workLog(200_000), []byte("\n"), []byte("\r")), sheet.Dialect{Encoding: sheet.UTF8, Delimiter: ','})
}

// BenchmarkStageGB18030 stages a file in GB18030 and the same rows in UTF-8, in turn. x-utf8 compares the wall times, x-utf8-cpu the
// processor times, which other programs disturb less.
func BenchmarkStageGB18030(b *testing.B) {
	text := workLog(200_000)
	file, err := simplifiedchinese.GB18030.NewEncoder().Bytes(text)
	if err != nil {
		b.Fatal(err)
	}
	stage := func(file []byte, encoding string) spent {
		begun, busy := time.Now(), processorTime(b)
		got, err := sheet.StageCSV(bytes.NewReader(file), sheet.Dialect{Encoding: encoding, Delimiter: ','}, 1, 7, io.Discard)
		if err != nil || got.Written != 200_000 {
			b.Fatal(got.Written, err)
		}
		return spent{wall: time.Since(begun), cpu: processorTime(b) - busy}
	}
	var ours, theirs []spent
	for b.Loop() {
		for range 10 { // one run is too short to be compared
			ours = append(ours, stage(file, sheet.GB18030))
			theirs = append(theirs, stage(text, sheet.UTF8))
		}
	}
	report(b, ours, theirs, "utf8")
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// report gives the medians of both and their ratios.
func report(b *testing.B, ours, theirs []spent, reference string) {
	b.Helper()
	wall := func(s spent) time.Duration { return s.wall }
	cpu := func(s spent) time.Duration { return s.cpu }
	b.ReportMetric(0, "ns/op") // the sum of both says nothing
	b.ReportMetric(median(ours, wall).Seconds(), "s")
	b.ReportMetric(median(theirs, wall).Seconds(), "s-"+reference)
	b.ReportMetric(median(ours, wall).Seconds()/median(theirs, wall).Seconds(), "x-"+reference)
	b.ReportMetric(median(ours, cpu).Seconds()/median(theirs, cpu).Seconds(), "x-"+reference+"-cpu")
}

// largeBook writes a workbook of 200,000 rows and 10 columns under a header, as Excel writes it (texts shared) or as programs do
// (texts inline), and gives the size of its sheet's XML.
func largeBook(b *testing.B, file string, shared bool) int64 {
	b.Helper()
	var table, rows strings.Builder
	known := map[string]int{}
	put := func(column string, row int, text string) {
		if !shared {
			fmt.Fprintf(&rows, `<c r="%s%d" t="inlineStr"><is><t>%s</t></is></c>`, column, row, text)
			return
		}
		at, ok := known[text]
		if !ok {
			at = len(known)
			known[text] = at
			fmt.Fprintf(&table, `<si><t>%s</t></si>`, text)
		}
		fmt.Fprintf(&rows, `<c r="%s%d" t="s"><v>%d</v></c>`, column, row, at)
	}
	for n := 1; n <= 200_001; n++ {
		fmt.Fprintf(&rows, `<row r="%d" spans="1:10">`, n)
		if n == 1 {
			for i, name := range strings.Fields("编号 工号 日期 提交时间 工时 项目 部门 完成率 工作内容 备注") {
				put(string(rune('A'+i)), n, name)
			}
			rows.WriteString(`</row>`)
			continue
		}
		put("A", n, fmt.Sprintf("L%07d", n))
		put("B", n, fmt.Sprintf("E%04d", n%5000))
		fmt.Fprintf(&rows, `<c r="C%d" s="1"><v>%d</v></c><c r="D%d" s="2"><v>%d.%d</v></c><c r="E%d"><v>%d.5</v></c>`, n, 46204+n%31, n, 46204+n%31, n%9000+1000, n, n%9)
		put("F", n, fmt.Sprintf("P%03d", n%200))
		put("G", n, fmt.Sprintf("研发%d部", n%40))
		fmt.Fprintf(&rows, `<c r="H%d" s="4"><v>0.%d</v></c>`, n, n%100)
		put("I", n, fmt.Sprintf("与客户沟通需求，整理会议纪要 %d", n%500))
		put("J", n, fmt.Sprintf("会议室 %d &amp; 线上", n))
		rows.WriteString(`</row>`)
	}
	p := book(data(rows.String()))
	p["xl/sharedStrings.xml"] = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n<sst " + mainNS + ">" + table.String() + "</sst>"
	for _, name := range []string{"_rels/.rels", "xl/_rels/workbook.xml.rels"} { // excelize wants the namespace
		p[name] = strings.Replace(p[name], "<Relationships>", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`, 1)
	}
	if err := os.WriteFile(file, pack(b, p), 0o600); err != nil {
		b.Fatal(err)
	}
	return int64(len(p["xl/worksheets/sheet1.xml"]))
}

// readOrder tells a child process of BenchmarkXLSX which reader to try on which file: "ours FILE" or "excelize FILE".
const readOrder = "PLUMBLINE_BENCH_SHEET"

func init() {
	reader, file, found := strings.Cut(os.Getenv(readOrder), " ")
	if !found {
		return
	}
	read := stageBook
	if reader == "excelize" {
		read = rowsOfExcelize
	}
	n, err := read(file)
	if n != 200_000 || err != nil {
		fmt.Fprintln(os.Stderr, n, err)
		os.Exit(1)
	}
	status, _ := os.ReadFile("/proc/self/status") // the parent's rusage would count its own memory, too
	_, mark, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Println(strings.Fields(mark + " 0")[0])
	os.Exit(0)
}

// stageBook does all that an ingest asks of this package: look at the file, checking every part, then read it anew from its original
// bytes, checking every part again, and write the staging lines.
func stageBook(file string) (int64, error) {
	ctx, scratch := context.Background(), filepath.Dir(file)
	tables, faults := sheet.Tables(ctx, file, scratch, sheet.Hints{})
	if len(tables) != 1 || len(faults) > 0 {
		return 0, fmt.Errorf("%d tables, %w", len(tables), errors.Join(faults...))
	}
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	got, err := tables[0].Stage(ctx, scratch, f, 1, 10, io.Discard)
	return got.Written, err
}

// rowsOfExcelize reads every row as strings, checks nothing and keeps nothing.
func rowsOfExcelize(file string) (n int64, err error) {
	f, err := excelize.OpenFile(file, excelize.Options{RawCellValue: true})
	if err != nil {
		return 0, err
	}
	rows, err := f.Rows("数据")
	if err != nil {
		return 0, err
	}
	for rows.Next() {
		if _, err := rows.Columns(); err != nil {
			return n, err
		}
		n++
	}
	return n - 1, errors.Join(rows.Error(), rows.Close(), f.Close())
}

// spent is what a child process took.
type spent struct {
	wall, cpu time.Duration
	peak      int64 // MiB
}

func child(b *testing.B, order string) spent {
	b.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), readOrder+"="+order)
	begun := time.Now()
	out, err := c.CombinedOutput()
	if err != nil {
		b.Fatalf("%s: %v\n%s", order, err, out)
	}
	took := time.Since(begun)
	kib, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil {
		b.Fatalf("%s: peak memory: %v", order, err)
	}
	return spent{took, c.ProcessState.UserTime() + c.ProcessState.SystemTime(), kib >> 10}
}

// BenchmarkXLSX stages 200,000 rows of 10 cells, whole process, against excelize's row reader, in turn. x-excelize compares the wall
// times, x-excelize-cpu the processor times, which other programs disturb less.
func BenchmarkXLSX(b *testing.B) {
	for _, kind := range []string{"shared", "inline"} {
		b.Run(kind, func(b *testing.B) {
			file := filepath.Join(b.TempDir(), "large.xlsx")
			largeBook(b, file, kind == "shared")
			var ours, theirs []spent
			for b.Loop() {
				ours = append(ours, child(b, "ours "+file))
				theirs = append(theirs, child(b, "excelize "+file))
			}
			report(b, ours, theirs, "excelize")
			b.ReportMetric(peak(ours), "MiB")
			b.ReportMetric(peak(theirs), "MiB-excelize")
		})
	}
}

func median(list []spent, of func(spent) time.Duration) time.Duration {
	times := make([]time.Duration, len(list))
	for i, s := range list {
		times[i] = of(s)
	}
	slices.Sort(times)
	return times[len(times)/2]
}

func peak(list []spent) float64 {
	return float64(slices.MaxFunc(list, func(a, b spent) int { return int(a.peak - b.peak) }).peak)
}
