package columnar_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"plumbline/ingest/sheet/columnar"
)

// TestMain also lets a file tell the child how to fail: its content is "order " and a name of disasters.
func TestMain(m *testing.M) {
	if os.Getenv(columnar.Variable) != "" {
		head := make([]byte, 64)
		n, _ := unix.Pread(3, head, 0) // no os.File, which would close the descriptor when it is collected
		if name, ok := strings.CutPrefix(string(head[:max(n, 0)]), "order "); ok {
			disasters[name]()
			os.Exit(0)
		}
	}
	columnar.Main()
	os.Exit(m.Run())
}

// disasters are things that can happen to the child.
var disasters = map[string]func(){
	"SIGSEGV": func() { kill(syscall.SIGSEGV) },
	"SIGKILL": func() { kill(syscall.SIGKILL) },
	"processor time": func() {
		unix.Setrlimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: 1, Max: 1})
		for n := uint64(1); n != 0; n += 2 {
		}
	},
	"memory": func() {
		unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20})
		for n := 1 << 20; n > 0; n *= 2 {
			os.Stdout.Write(make([]byte, n))
		}
	},
	"panic":            func() { panic("no") },
	"exit":             func() {},
	"sleep":            func() { time.Sleep(time.Hour) },
	"noise":            func() { fmt.Print(strings.Repeat("noise ", 100)) },
	"many columns":     func() { os.Stdout.WriteString("columnar1\nF\xff\xff\xff\xff\xff\xff\x01") },
	"long cell":        func() { os.Stdout.WriteString("columnar1\nF\x01\x01a\x00R\xff\xff\xff\xff\x0f") },
	"row before names": func() { os.Stdout.WriteString("columnar1\nR\x01") },
	"odd field":        func() { os.Stdout.WriteString("columnar1\nF\x01\x01a\x02E\x00") },
	"field cut":        func() { os.Stdout.WriteString("columnar1\nF\x01\x01a") },
	"names twice":      func() { os.Stdout.WriteString("columnar1\nF\x01\x01a\x00F\x01\x01a\x00") },
	"wrong count":      func() { os.Stdout.WriteString("columnar1\nF\x01\x01a\x00R\x02xE\x02") },
	"more behind":      func() { os.Stdout.WriteString("columnar1\nF\x01\x01a\x00R\x02xE\x01R") },
	"cut row":          func() { os.Stdout.WriteString("columnar1\nF\x01\x01a\x00R\x05x") },
	"no end":           func() { os.Stdout.WriteString("columnar1\nF\x01\x01a\x00R\x02x") },
	"bad exit":         func() { os.Stdout.WriteString("columnar1\nF\x01\x01a\x00R\x02xE\x01"); os.Exit(3) },
}

func kill(s syscall.Signal) {
	syscall.Kill(os.Getpid(), s)
	time.Sleep(time.Hour)
}

// read gives a file's columns and rows as text, null as ∅. INT96 stands behind the names of such columns.
func read(ctx context.Context, t testing.TB, kind columnar.Kind, content []byte, most int64) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b strings.Builder
	err = columnar.Read(ctx, kind, f, most,
		func(fields []columnar.Field) error {
			for i, f := range fields {
				if i > 0 {
					b.WriteByte('|')
				}
				b.WriteString(f.Name)
				if f.INT96 {
					b.WriteString(" INT96")
				}
			}
			b.WriteByte('\n')
			return nil
		},
		func(n int64, cells [][]byte) error {
			fmt.Fprintf(&b, "%d", n)
			for _, c := range cells {
				if c == nil {
					c = []byte("∅")
				}
				fmt.Fprintf(&b, "|%s", c)
			}
			b.WriteByte('\n')
			return nil
		})
	return b.String(), err
}

// table makes a record from JSON and a schema.
func table(t testing.TB, schema *arrow.Schema, rows string) arrow.RecordBatch {
	t.Helper()
	r, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func writeParquet(t testing.TB, batches []arrow.RecordBatch, arrowOpts []pqarrow.WriterOption, opts ...parquet.WriterProperty) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := pqarrow.NewFileWriter(batches[0].Schema(), &b, parquet.NewWriterProperties(opts...), pqarrow.NewArrowWriterProperties(arrowOpts...))
	if err != nil {
		t.Fatal(err)
	}
	for _, batch := range batches {
		if err := w.Write(batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writeStream(t testing.TB, batches []arrow.RecordBatch, opts ...ipc.Option) []byte {
	t.Helper()
	var b bytes.Buffer
	w := ipc.NewWriter(&b, append(opts, ipc.WithSchema(batches[0].Schema()))...)
	for _, batch := range batches {
		if err := w.Write(batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writeArrow(t testing.TB, batches []arrow.RecordBatch, opts ...ipc.Option) []byte {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "file.arrow"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := ipc.NewFileWriter(f, append(opts, ipc.WithSchema(batches[0].Schema()))...)
	if err != nil {
		t.Fatal(err)
	}
	for _, batch := range batches {
		if err := w.Write(batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func field(name string, kind arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: kind, Nullable: true}
}

// values are types with values as array.RecordFromJSON reads them, and the texts that must come out.
var values = []struct {
	name string
	kind arrow.DataType
	json string // two values
	want [2]string
}{
	{"text", arrow.BinaryTypes.String, `"张三, \"x\"\n", ""`, [2]string{"张三, \"x\"\n", ""}},
	{"large", arrow.BinaryTypes.LargeString, `"a", null`, [2]string{"a", "∅"}},
	{"binary", arrow.BinaryTypes.Binary, `"YWI=", null`, [2]string{"ab", "∅"}},
	{"fixed", &arrow.FixedSizeBinaryType{ByteWidth: 2}, `"YWI=", null`, [2]string{"ab", "∅"}},
	{"bool", arrow.FixedWidthTypes.Boolean, `true, false`, [2]string{"true", "false"}},
	{"int8", arrow.PrimitiveTypes.Int8, `-128, 7`, [2]string{"-128", "7"}},
	{"int16", arrow.PrimitiveTypes.Int16, `-32768, null`, [2]string{"-32768", "∅"}},
	{"int32", arrow.PrimitiveTypes.Int32, `2147483647, 0`, [2]string{"2147483647", "0"}},
	{"int64", arrow.PrimitiveTypes.Int64, `-9223372036854775808, 9007199254740993`, [2]string{"-9223372036854775808", "9007199254740993"}},
	{"uint8", arrow.PrimitiveTypes.Uint8, `255, 0`, [2]string{"255", "0"}},
	{"uint16", arrow.PrimitiveTypes.Uint16, `65535, 0`, [2]string{"65535", "0"}},
	{"uint32", arrow.PrimitiveTypes.Uint32, `4294967295, 0`, [2]string{"4294967295", "0"}},
	{"uint64", arrow.PrimitiveTypes.Uint64, `18446744073709551615, 0`, [2]string{"18446744073709551615", "0"}},
	{"float", arrow.PrimitiveTypes.Float32, `0.1, 16777216`, [2]string{"0.1", "16777216"}},
	{"double", arrow.PrimitiveTypes.Float64, `0.1, 1e21`, [2]string{"0.1", "1e+21"}},
	{"tiny", arrow.PrimitiveTypes.Float64, `-1e-7, 123456789.125`, [2]string{"-1e-07", "123456789.125"}},
	{"money", &arrow.Decimal128Type{Precision: 18, Scale: 2}, `"-0.05", "1234567890123456.78"`, [2]string{"-0.05", "1234567890123456.78"}},
	{"wide", &arrow.Decimal128Type{Precision: 38, Scale: 4}, `"-1234567890123456789012345678901234.5678", "0"`, [2]string{"-1234567890123456789012345678901234.5678", "0.0000"}},
	{"whole", &arrow.Decimal128Type{Precision: 5, Scale: 0}, `"-12", "0"`, [2]string{"-12", "0"}},
	{"wider", &arrow.Decimal256Type{Precision: 60, Scale: 10}, `"12345678901234567890123456789012345678901234567890.0123456789", null`, [2]string{"12345678901234567890123456789012345678901234567890.0123456789", "∅"}},
	{"day", arrow.FixedWidthTypes.Date32, `"2026-07-01", "1969-12-31"`, [2]string{"2026-07-01", "1969-12-31"}},
	{"at", &arrow.TimestampType{Unit: arrow.Millisecond}, `"2026-07-01 08:30:00", "1969-12-31 23:59:59.5"`, [2]string{"2026-07-01 08:30:00", "1969-12-31 23:59:59.5"}},
	{"utc", &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, `"2026-07-01T08:30:00.000001Z", null`, [2]string{"2026-07-01T08:30:00.000001Z", "∅"}},
	{"clock", arrow.FixedWidthTypes.Time32ms, `"08:30:00", "23:59:59.001"`, [2]string{"08:30:00", "23:59:59.001"}},
	{"clock64", arrow.FixedWidthTypes.Time64us, `"08:30:00.000001", null`, [2]string{"08:30:00.000001", "∅"}},
	{"list", arrow.ListOf(arrow.PrimitiveTypes.Int32), `[1, null, 3], []`, [2]string{"[1,null,3]", "[]"}},
	{"texts", arrow.ListOf(arrow.BinaryTypes.String), `["a\"\\\n", ""], null`, [2]string{`["a\"\\\u000a",""]`, "∅"}},
	{"rows", arrow.ListOf(arrow.StructOf(field("k", arrow.BinaryTypes.String), field("v", arrow.PrimitiveTypes.Float64))), `[{"k": "x", "v": 1.5}, {"k": null, "v": null}], null`,
		[2]string{`[{"k":"x","v":1.5},{"k":null,"v":null}]`, "∅"}},
	{"map", arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int32), `[{"key": "x", "value": 1}], null`, [2]string{`[{"key":"x","value":1}]`, "∅"}},
}

// all gives a schema of the values whose type kinds accepts, their two rows as JSON, and what read should give.
func all(kinds func(arrow.DataType) bool) (*arrow.Schema, string, string) {
	var fields []arrow.Field
	rows, names := [2][]string{}, []string{}
	want := [2]string{"1", "2"}
	for _, v := range values {
		if !kinds(v.kind) {
			continue
		}
		fields = append(fields, field(v.name, v.kind))
		names = append(names, v.name)
		pair := splitPair(v.json)
		for i := range pair {
			rows[i] = append(rows[i], fmt.Sprintf("%q: %s", v.name, pair[i]))
			want[i] += "|" + v.want[i]
		}
	}
	json := fmt.Sprintf("[{%s}, {%s}]", strings.Join(rows[0], ", "), strings.Join(rows[1], ", "))
	return arrow.NewSchema(fields, nil), json, strings.Join(names, "|") + "\n" + want[0] + "\n" + want[1] + "\n"
}

// splitPair cuts at the comma that stands in no bracket and no string.
func splitPair(s string) [2]string {
	depth, quoted := 0, false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' && (i == 0 || s[i-1] != '\\'):
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		case c == ',' && depth == 0:
			return [2]string{s[:i], s[i+1:]}
		}
	}
	return [2]string{s, "null"}
}

func every(arrow.DataType) bool { return true }

func TestValues(t *testing.T) {
	schema, rows, want := all(every)
	batch := table(t, schema, rows)
	files := map[string]struct {
		kind columnar.Kind
		file []byte
	}{
		"Arrow file":        {columnar.Arrow, writeArrow(t, []arrow.RecordBatch{batch})},
		"Arrow file, zstd":  {columnar.Arrow, writeArrow(t, []arrow.RecordBatch{batch}, ipc.WithZstd())},
		"Arrow stream":      {columnar.Arrow, writeStream(t, []arrow.RecordBatch{batch})},
		"Arrow stream, LZ4": {columnar.Arrow, writeStream(t, []arrow.RecordBatch{batch}, ipc.WithLZ4())},
	}
	for name, f := range files {
		got, err := read(t.Context(), t, f.kind, f.file, 0)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
	schema, rows, want = all(func(kind arrow.DataType) bool { return kind.ID() != arrow.DECIMAL256 })
	batch = table(t, schema, rows)
	for name, codec := range map[string]compress.Compression{"plain": compress.Codecs.Uncompressed, "Snappy": compress.Codecs.Snappy, "zstd": compress.Codecs.Zstd, "gzip": compress.Codecs.Gzip, "Brotli": compress.Codecs.Brotli} {
		for _, dictionary := range []bool{false, true} {
			for _, stored := range []bool{false, true} {
				var opts []pqarrow.WriterOption
				if stored {
					opts = append(opts, pqarrow.WithStoreSchema())
				}
				file := writeParquet(t, []arrow.RecordBatch{batch}, opts, parquet.WithCompression(codec), parquet.WithDictionaryDefault(dictionary))
				got, err := read(t.Context(), t, columnar.Parquet, file, 0)
				if err != nil {
					t.Errorf("Parquet %s: %v", name, err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("Parquet %s: -want +got:\n%s", name, diff)
				}
			}
		}
	}
}

func TestOddValues(t *testing.T) {
	mem := memory.DefaultAllocator
	dictionary := array.NewDictionaryBuilder(mem, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}).(*array.BinaryDictionaryBuilder)
	for _, s := range []string{"赢单", "输单", "赢单"} {
		if err := dictionary.AppendString(s); err != nil {
			t.Fatal(err)
		}
	}
	dictionary.AppendNull()
	floats := array.NewFloat64Builder(mem)
	floats.AppendValues([]float64{math.NaN(), math.Inf(1), math.Copysign(0, -1), 5e-324}, nil)
	days := array.NewDate64Builder(mem)
	for _, ms := range []int64{1782864000000, 1782864000001, -86400000, 0} {
		days.Append(arrow.Date64(ms))
	}
	durations := array.NewDurationBuilder(mem, &arrow.DurationType{Unit: arrow.Millisecond})
	durations.AppendValues([]arrow.Duration{5400000, -1500, 1, 0}, nil)
	seconds := array.NewTimestampBuilder(mem, &arrow.TimestampType{Unit: arrow.Second, TimeZone: "Asia/Shanghai"})
	seconds.AppendValues([]arrow.Timestamp{1782894600, 253402300800, -62135596801, 0}, nil)
	zones := array.NewTimestampBuilder(mem, &arrow.TimestampType{Unit: arrow.Nanosecond})
	zones.AppendValues([]arrow.Timestamp{1782894600000000001, 1, -1, 0}, nil)
	negative := array.NewDecimal128Builder(mem, &arrow.Decimal128Type{Precision: 5, Scale: -2})
	for _, n := range []string{"1200", "-1200", "0", "100"} {
		if err := negative.AppendValueFromString(n); err != nil {
			t.Fatal(err)
		}
	}
	columns := []arrow.Array{dictionary.NewArray(), floats.NewArray(), days.NewArray(), durations.NewArray(), seconds.NewArray(), zones.NewArray(), negative.NewArray()}
	var fields []arrow.Field
	for i, c := range columns {
		fields = append(fields, field(fmt.Sprint("c", i), c.DataType()))
	}
	batch := array.NewRecordBatch(arrow.NewSchema(fields, nil), columns, 4)
	want := "c0|c1|c2|c3|c4|c5|c6\n" +
		"1|赢单|NaN|2026-07-01|PT5400.000S|2026-07-01T08:30:00Z|2026-07-01 08:30:00.000000001|1200\n" +
		"2|输单|+Inf|2026-07-01 00:00:00.001|PT-1.500S|10000-01-01T00:00:00Z|1970-01-01 00:00:00.000000001|-1200\n" +
		"3|赢单|-0|1969-12-31|PT0.001S|0000-12-31T23:59:59Z|1969-12-31 23:59:59.999999999|000\n" +
		"4|∅|5e-324|1970-01-01|PT0.000S|1970-01-01T00:00:00Z|1970-01-01 00:00:00|100\n"
	got, err := read(t.Context(), t, columnar.Arrow, writeStream(t, []arrow.RecordBatch{batch}), 0)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
}

// TestStructs flattens structs; a null struct makes its members null.
func TestStructs(t *testing.T) {
	inner := arrow.StructOf(field("c", arrow.PrimitiveTypes.Int32), field("d", arrow.BinaryTypes.String))
	schema := arrow.NewSchema([]arrow.Field{field("a", arrow.StructOf(field("b", inner), field("e", arrow.PrimitiveTypes.Int32))), field("f", arrow.PrimitiveTypes.Int32)}, nil)
	batch := table(t, schema, `[{"a": {"b": {"c": 1, "d": "x"}, "e": 2}, "f": 3}, {"a": null, "f": 4}, {"a": {"b": null, "e": 5}, "f": null}]`)
	want := "a.b.c|a.b.d|a.e|f\n1|1|x|2|3\n2|∅|∅|∅|4\n3|∅|∅|5|∅\n"
	for kind, file := range map[columnar.Kind][]byte{columnar.Arrow: writeStream(t, []arrow.RecordBatch{batch}), columnar.Parquet: writeParquet(t, []arrow.RecordBatch{batch}, nil)} {
		got, err := read(t.Context(), t, kind, file, 0)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v, -want +got:\n%s", kind, err, diff)
		}
	}
}

// TestINT96 keeps the wall clock that stands in the file, gives it no zone and tells the column, also inside lists and structs.
func TestINT96(t *testing.T) {
	kind := &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}
	schema := arrow.NewSchema([]arrow.Field{field("a", kind), field("b", arrow.StructOf(field("c", kind))), field("d", arrow.ListOf(kind)), field("n", arrow.PrimitiveTypes.Int32)}, nil)
	batch := table(t, schema, `[{"a": "2026-07-01T08:30:00.000000001Z", "b": {"c": "1969-12-31T23:59:59Z"}, "d": ["2026-07-01T00:00:00Z"], "n": 1}]`)
	for _, old := range []bool{false, true} {
		zone, between, told := "Z", "T", ""
		if old {
			zone, between, told = "", " ", " INT96"
		}
		want := fmt.Sprintf("a%[3]s|b.c%[3]s|d%[3]s|n\n1|2026-07-01%[2]s08:30:00.000000001%[1]s|1969-12-31%[2]s23:59:59%[1]s|[\"2026-07-01%[2]s00:00:00%[1]s\"]|1\n", zone, between, told)
		file := writeParquet(t, []arrow.RecordBatch{batch}, []pqarrow.WriterOption{pqarrow.WithDeprecatedInt96Timestamps(old)})
		if !old {
			file = writeParquet(t, []arrow.RecordBatch{batch}, nil, parquet.WithVersion(parquet.V2_LATEST))
		}
		got, err := read(t.Context(), t, columnar.Parquet, file, 0)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("old %v: %v, -want +got:\n%s", old, err, diff)
		}
	}
}

// long is a table of several batches.
func long(t testing.TB, batches, rows int) []arrow.RecordBatch {
	schema := arrow.NewSchema([]arrow.Field{field("id", arrow.BinaryTypes.String), field("n", arrow.PrimitiveTypes.Int64)}, nil)
	var list []arrow.RecordBatch
	for b := range batches {
		builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		for i := range rows {
			builder.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("L%07d", b*rows+i))
			builder.Field(1).(*array.Int64Builder).Append(int64(i))
		}
		list = append(list, builder.NewRecordBatch())
	}
	return list
}

func TestManyRows(t *testing.T) {
	batches := long(t, 7, 3001)
	for name, f := range map[string]struct {
		kind columnar.Kind
		file []byte
	}{
		"Parquet": {columnar.Parquet, writeParquet(t, batches, nil, parquet.WithMaxRowGroupLength(5000))},
		"file":    {columnar.Arrow, writeArrow(t, batches)},
		"stream":  {columnar.Arrow, writeStream(t, batches)},
	} {
		got, err := read(t.Context(), t, f.kind, f.file, 0)
		if err != nil || strings.Count(got, "\n") != 7*3001+1 || !strings.HasSuffix(got, "\n21007|L0021006|3000\n") {
			t.Errorf("%s: %v, %d lines", name, err, strings.Count(got, "\n"))
		}
		if got, err := read(t.Context(), t, f.kind, f.file, 3); err != nil || got != "id|n\n1|L0000000|0\n2|L0000001|1\n3|L0000002|2\n" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	stop := errors.New("enough")
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, writeStream(t, batches), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	err = columnar.Read(t.Context(), columnar.Arrow, f, 0, func([]columnar.Field) error { return nil }, func(n int64, _ [][]byte) error {
		if n == 5 {
			return stop
		}
		return nil
	})
	if err != stop {
		t.Errorf("got %v", err)
	}
}

// refused asks for a *Refusal with words.
func refused(t testing.TB, name string, err error) *columnar.Refusal {
	t.Helper()
	var r *columnar.Refusal
	if !errors.As(err, &r) {
		t.Errorf("%s: got %v", name, err)
		return nil
	}
	if r.Say.ZH == "" || r.Say.EN == "" || r.Cure.ZH == "" || r.Cure.EN == "" || strings.Contains(r.Error(), "%!") {
		t.Errorf("%s: a refusal needs its words: %v", name, r)
	}
	return r
}

// TestDisasters lets the child die in all ways; this process must live on and say so.
func TestDisasters(t *testing.T) {
	for name := range disasters {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if name == "sleep" {
				timer := time.AfterFunc(200*time.Millisecond, cancel)
				defer timer.Stop()
			}
			_, err := read(ctx, t, columnar.Parquet, []byte("order "+name), 0)
			if name == "sleep" {
				if !errors.Is(err, context.Canceled) {
					t.Errorf("got %v", err)
				}
				return
			}
			if r := refused(t, name, err); r != nil && r.Limit != (name == "SIGKILL" || name == "processor time") {
				t.Errorf("got %v", r)
			}
		})
	}
}

func TestDamage(t *testing.T) {
	batches := long(t, 2, 100)
	pq, af, as := writeParquet(t, batches, nil), writeArrow(t, batches), writeStream(t, batches)
	put := func(b []byte, at int, with string) []byte {
		c := bytes.Clone(b)
		if at < 0 {
			at += len(c)
		}
		copy(c[at:], with)
		return c
	}
	encrypted := put(pq, -4, "PARE")
	for name, f := range map[string]struct {
		kind columnar.Kind
		file []byte
	}{
		"Parquet without its end":     {columnar.Parquet, pq[:len(pq)-1]},
		"half a Parquet":              {columnar.Parquet, pq[:len(pq)/2]},
		"only the magic":              {columnar.Parquet, []byte("PAR1")},
		"magic twice":                 {columnar.Parquet, []byte("PAR1PAR1")},
		"empty":                       {columnar.Parquet, nil},
		"footer of no length":         {columnar.Parquet, put(pq, -8, "\x00\x00\x00\x00")},
		"footer longer than the file": {columnar.Parquet, put(pq, -8, "\xff\xff\xff\x7f")},
		"footer that is no footer":    {columnar.Parquet, put(pq, -60, strings.Repeat("\xff", 40))},
		"pages of noise":              {columnar.Parquet, put(pq, 4, strings.Repeat("\xaa", 200))},
		"Arrow file without its end":  {columnar.Arrow, af[:len(af)-1]},
		"half an Arrow file":          {columnar.Arrow, af[:len(af)/2]},
		"Arrow file without a footer": {columnar.Arrow, put(af, -10, "\x00\x00\x00\x00")},
		"footer of noise":             {columnar.Arrow, put(af, -100, strings.Repeat("\xfe", 80))},
		"stream without its end":      {columnar.Arrow, as[:len(as)-8]},
		"stream cut in a message":     {columnar.Arrow, as[:len(as)-100]},
		"stream and more":             {columnar.Arrow, append(bytes.Clone(as), as...)},
		"stream and a bit":            {columnar.Arrow, append(bytes.Clone(as), 0)},
		"stream of noise":             {columnar.Arrow, put(as, 40, strings.Repeat("\xfe", 100))},
		"a message of 2 GiB":          {columnar.Arrow, put(as, 4, "\xf8\xff\xff\x7f")},
		"nothing":                     {columnar.Arrow, nil},
	} {
		_, err := read(t.Context(), t, f.kind, f.file, 0)
		refused(t, name, err)
	}
	if _, err := read(t.Context(), t, columnar.Parquet, encrypted, 0); !refused(t, "encrypted", err).Encrypted {
		t.Errorf("got %v", err)
	}
}

func TestEncryptedColumns(t *testing.T) {
	key := strings.Repeat("k", 16)
	batch := long(t, 1, 10)
	for name, footer := range map[string][]parquet.EncryptOption{"footer": nil, "columns": {parquet.WithPlaintextFooter()}} {
		file := writeParquet(t, batch, nil, parquet.WithEncryptionProperties(parquet.NewFileEncryptionProperties(key, footer...)))
		_, err := read(t.Context(), t, columnar.Parquet, file, 0)
		if r := refused(t, name, err); r != nil && !r.Encrypted {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFlippedBytes turns bytes over, one at a time and mostly in the footer: either the file is refused, or as many rows come
// out as before. Which values changed in a page cannot be told.
func TestFlippedBytes(t *testing.T) {
	batches := long(t, 1, 50)
	pq, as := writeParquet(t, batches, nil), writeStream(t, batches)
	dice := rand.New(rand.NewPCG(1, 2))
	refusals := 0
	for i := range 60 {
		kind, file := columnar.Parquet, bytes.Clone(pq)
		at := len(pq) - 1 - dice.IntN(300)
		if i%4 == 3 {
			kind, file = columnar.Arrow, bytes.Clone(as)
			at = dice.IntN(500)
		}
		file[at] ^= 1 << dice.IntN(8)
		got, err := read(t.Context(), t, kind, file, 0)
		if err != nil {
			refusals++
			refused(t, fmt.Sprint(kind, at), err)
		} else if strings.Count(got, "\n") != 51 {
			t.Errorf("%s, byte %d: %d lines", kind, at, strings.Count(got, "\n"))
		}
	}
	if refusals == 0 {
		t.Error("nothing was refused")
	}
}

func TestLimits(t *testing.T) {
	wide := make([]arrow.Field, 2001)
	for i := range wide {
		wide[i] = field(fmt.Sprint("c", i), arrow.PrimitiveTypes.Int8)
	}
	text := arrow.NewSchema([]arrow.Field{field("a", arrow.BinaryTypes.String)}, nil)
	for name, batch := range map[string]arrow.RecordBatch{
		"columns":   table(t, arrow.NewSchema(wide, nil), `[{"c0": 1}]`),
		"long cell": table(t, text, fmt.Sprintf(`[{"a": "x"}, {"a": %q}]`, strings.Repeat("x", 1<<20+1))),
		"long name": table(t, arrow.NewSchema([]arrow.Field{field(strings.Repeat("x", 5000), arrow.PrimitiveTypes.Int8)}, nil), `[{}]`),
	} {
		_, err := read(t.Context(), t, columnar.Arrow, writeStream(t, []arrow.RecordBatch{batch}), 0)
		if r := refused(t, name, err); r != nil && !r.Limit {
			t.Errorf("%s: %v", name, err)
		}
	}
	most := table(t, text, fmt.Sprintf(`[{"a": %q}]`, strings.Repeat("x", 1<<20)))
	if got, err := read(t.Context(), t, columnar.Arrow, writeStream(t, []arrow.RecordBatch{most}), 0); err != nil || len(got) != 1<<20+5 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestWithoutARow reads tables that have columns only.
func TestWithoutARow(t *testing.T) {
	empty := long(t, 1, 0)
	for kind, file := range map[columnar.Kind][]byte{columnar.Arrow: writeStream(t, empty), columnar.Parquet: writeParquet(t, empty, nil)} {
		if got, err := read(t.Context(), t, kind, file, 0); got != "id|n\n" || err != nil {
			t.Errorf("%s: %q, %v", kind, got, err)
		}
	}
}

// FuzzRead takes any bytes, between what makes them look like a file. It is slow: each is a process.
func FuzzRead(f *testing.F) {
	batches := long(f, 1, 3)
	pq, af, as := writeParquet(f, batches, nil), writeArrow(f, batches), writeStream(f, batches)
	f.Add(pq, true)
	f.Add(af, false)
	f.Add(as, false)
	f.Fuzz(func(t *testing.T, file []byte, isParquet bool) {
		if strings.HasPrefix(string(file), "order ") {
			return
		}
		kind := columnar.Arrow
		if isParquet {
			kind = columnar.Parquet
		}
		if _, err := read(t.Context(), t, kind, file, 0); err != nil {
			refused(t, "fuzz", err)
		}
	})
}
