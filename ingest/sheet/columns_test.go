package sheet_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/google/go-cmp/cmp"

	"plumbline/ingest/sheet"
)

// orders is a table with a text, bytes, an amount and a day.
func orders(t testing.TB, rows string) arrow.RecordBatch {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "编号", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "note", Type: arrow.BinaryTypes.Binary, Nullable: true},
		{Name: "金额", Type: &arrow.Decimal128Type{Precision: 18, Scale: 2}, Nullable: true},
		{Name: "日期", Type: arrow.FixedWidthTypes.Date32, Nullable: true},
	}, nil)
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	return batch
}

func parquetFile(t testing.TB, batch arrow.RecordBatch) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := pqarrow.NewFileWriter(batch.Schema(), &b, parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Snappy)), pqarrow.DefaultWriterProps())
	if err == nil {
		err = errors.Join(w.Write(batch), w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func arrowStream(t testing.TB, batch arrow.RecordBatch) []byte {
	t.Helper()
	var b bytes.Buffer
	w := ipc.NewWriter(&b, ipc.WithSchema(batch.Schema()))
	if err := errors.Join(w.Write(batch), w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func arrowFile(t testing.TB, batch arrow.RecordBatch) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := ipc.NewFileWriter(f, ipc.WithSchema(batch.Schema()))
	if err == nil {
		err = errors.Join(w.Write(batch), w.Close(), f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestColumnarTables takes one table through all containers. "/w==" is the byte ff, "RTE=" is E1, "Kiws" is *,,.
func TestColumnarTables(t *testing.T) {
	batch := orders(t, `[{"编号": "D1", "note": "RTE=", "金额": "-0.50", "日期": "2026-07-01"}, {"编号": "D2", "note": "/w==", "金额": "1.00"},
		{}, {"编号": "D\u200b3"}, {"编号": "D4\n", "note": "Kiws", "日期": "1999-12-31"}]`)
	want := `0 ["编号" "note" "金额" "日期"]
1,D1,E1,-0.50,2026-07-01
5,"D4
","*,,",,1999-12-31
bad 2 col 1 text.undecodable "\\xff" [note] ["D2" "\\xff" "1.00" ""]
bad 4 col 0 text.control "D\\u200b3" [U+200B] ["D\\u200b3" "" "" ""]
blank 1
`
	pq, stream, file := parquetFile(t, batch), arrowStream(t, batch), arrowFile(t, batch)
	for prefix, content := range map[string][]byte{
		"parquet ": pq, "arrow ": stream, "gzip parquet ": gzipped(t, pq), "zstd arrow ": zstded(t, file), "zip 七月.parquet parquet ": zipped(t, member{name: "七月.parquet", content: string(pq)}),
	} {
		if diff := cmp.Diff(prefix+want, read(t, content, sheet.Hints{})); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// TestINT96IsAnnounced names the columns whose moments may be UTC, and them alone.
func TestINT96IsAnnounced(t *testing.T) {
	at := &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}
	schema := arrow.NewSchema([]arrow.Field{{Name: "编号", Type: arrow.BinaryTypes.String, Nullable: true}, {Name: "发现时间", Type: at, Nullable: true},
		{Name: "关闭", Type: arrow.StructOf(arrow.Field{Name: "at", Type: at, Nullable: true}), Nullable: true}}, nil)
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[{"编号": "S1", "发现时间": "2026-07-01T08:30:00Z"}]`))
	if err != nil {
		t.Fatal(err)
	}
	const names = `parquet 0 ["编号" "发现时间" "关闭.at"]` + "\n"
	for _, c := range []struct {
		old  bool
		want string
	}{
		{true, names + "notice Moments stored as INT96 (发现时间, 关闭.at) do not tell local time from UTC; they are read as moments without a zone. " +
			"If they are UTC, declare zone: UTC for the column in a mapping, or export them with the logical type TIMESTAMP.\n1,S1,2026-07-01 08:30:00,\n"},
		{false, names + "1,S1,2026-07-01T08:30:00Z,\n"},
	} {
		var b bytes.Buffer
		w, err := pqarrow.NewFileWriter(schema, &b, parquet.NewWriterProperties(parquet.WithVersion(parquet.V2_LATEST)), pqarrow.NewArrowWriterProperties(pqarrow.WithDeprecatedInt96Timestamps(c.old)))
		if err == nil {
			err = errors.Join(w.Write(batch), w.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, read(t, b.Bytes(), sheet.Hints{})); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

func TestColumnarRefusals(t *testing.T) {
	batch := orders(t, `[{"编号": "D1"}]`)
	pq, stream := parquetFile(t, batch), arrowStream(t, batch)
	encrypted := append(bytes.Clone(pq[:len(pq)-4]), "PARE"...)
	for name, tt := range map[string]struct {
		file []byte
		want string
	}{
		"cut Parquet":     {pq[:len(pq)-20], "refused file.columnar row 0\n"},
		"cut stream":      {stream[:len(stream)-8], "refused file.columnar row 0\n"},
		"encrypted":       {encrypted, "refused file.encrypted row 0\n"},
		"without a row":   {parquetFile(t, orders(t, `[]`)), "refused file.empty row 0\n"},
		"cut in a zip":    {zipped(t, member{name: "a.parquet", content: string(pq[:60])}, member{name: "b.csv", content: csvFile}), "zip b.csv " + csvRead + "refused file.columnar a.parquet row 0\n"},
		"cut in its gzip": {gzipped(t, pq)[:100], "refused file.damaged row 0\n"},
	} {
		if diff := cmp.Diff(tt.want, read(t, tt.file, sheet.Hints{})); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

// TestColumnarFieldsMustBeThoseOfTheLedger refuses other bytes than those that Tables saw.
func TestColumnarFieldsMustBeThoseOfTheLedger(t *testing.T) {
	tables, faults := tablesOf(t, parquetFile(t, orders(t, `[{"编号": "D1"}]`)), sheet.Hints{})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.BinaryTypes.String}, {Name: "b", Type: arrow.BinaryTypes.String}, {Name: "c", Type: arrow.BinaryTypes.String}, {Name: "d", Type: arrow.BinaryTypes.String}}, nil)
	other, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[{"a": "x", "b": "x", "c": "x", "d": "x"}]`))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if _, err := tables[0].Stage(t.Context(), t.TempDir(), bytes.NewReader(parquetFile(t, other)), 0, 4, &out); err == nil || out.Len() > 0 {
		t.Errorf("%q, %v", out.String(), err)
	}
}

// TestColumnarHead gives no more than 30 rows of many.
func TestColumnarHead(t *testing.T) {
	var rows []string
	for i := range 5000 {
		rows = append(rows, fmt.Sprintf(`{"编号": "D%d"}`, i))
	}
	content := arrowFile(t, orders(t, "["+strings.Join(rows, ",")+"]"))
	tables, faults := tablesOf(t, content, sheet.Hints{})
	if len(faults) > 0 || len(tables[0].Head) != 30 || tables[0].Head[29].Number != 29 {
		t.Fatal(faults, tables)
	}
	var out strings.Builder
	got, err := tables[0].Stage(t.Context(), t.TempDir(), bytes.NewReader(content), 0, 4, &out)
	if err != nil || got.Written != 5000 || got.LastRow != 5000 || !strings.HasSuffix(out.String(), "\n5000,D4999,,,\n") {
		t.Errorf("%+v, %v", got, err)
	}
}
