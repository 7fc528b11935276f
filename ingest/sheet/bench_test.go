package sheet_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

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

func BenchmarkStageGB18030(b *testing.B) {
	file, err := simplifiedchinese.GB18030.NewEncoder().Bytes(workLog(200_000))
	if err != nil {
		b.Fatal(err)
	}
	benchmarkStage(b, file, sheet.Dialect{Encoding: sheet.GB18030, Delimiter: ','})
}

// BenchmarkXLSX opens and stages 50,000 rows of 7 cells; the figure is unpacked XML.
func BenchmarkXLSX(b *testing.B) {
	var rows strings.Builder
	for i := range 50_000 {
		n := i + 2
		fmt.Fprintf(&rows, `<row r="%d" spans="1:7"><c r="A%d" t="s"><v>0</v></c><c r="B%d" s="7"><v>%d</v></c><c r="C%d" s="1"><v>46204</v></c><c r="D%d" s="2"><v>46204.75</v></c>`, n, n, n, i%5000, n, n)
		fmt.Fprintf(&rows, `<c r="E%d"><v>7.5</v></c><c r="F%d" t="s"><v>1</v></c><c r="G%d" t="inlineStr"><is><t>与客户沟通需求，整理会议纪要</t></is></c></row>`, n, n, n)
	}
	xml := data(rows.String())
	file := pack(b, book(xml))
	b.SetBytes(int64(len(xml)))
	b.ReportAllocs()
	for b.Loop() {
		w, err := sheet.OpenXLSX(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			b.Fatal(err)
		}
		if got, err := w.Stage("数据", 0, 7, io.Discard); err != nil || got.Written != 50_000 {
			b.Fatal(got.Written, err)
		}
	}
}
