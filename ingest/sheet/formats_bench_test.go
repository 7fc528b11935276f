package sheet_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"plumbline/ingest/sheet"
)

// benchmarkReading finds and stages 200,000 records.
func benchmarkReading(b *testing.B, file []byte) {
	tables, faults := tablesOf(b, file, sheet.Hints{})
	if len(faults) > 0 || len(tables) != 1 {
		b.Fatal(faults)
	}
	t := tables[0]
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		got, err := t.Stage(b.Context(), b.TempDir(), bytes.NewReader(file), t.Head[0].Number, len(t.Head[0].Cells), io.Discard)
		if err != nil || got.Written != 200_000 || len(got.Bad) > 0 {
			b.Fatal(got.Written, err)
		}
	}
}

// BenchmarkStageNDJSON stages the records of workLog as objects.
func BenchmarkStageNDJSON(b *testing.B) {
	var file bytes.Buffer
	for i := range 200_000 {
		fmt.Fprintf(&file, `{"id":"L%07d","user":{"no":"E%04d"},"day":"2026-07-%02d","hours":%d.5,"project":"P%03d","note":"与客户沟通需求，整理会议纪要"}`+"\n", i, i%5000, i%31+1, i%9, i%200)
	}
	benchmarkReading(b, file.Bytes())
}

func BenchmarkStageGzip(b *testing.B) { benchmarkReading(b, gzipped(b, workLog(200_000))) }
