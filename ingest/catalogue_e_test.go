package ingest_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// machineFormats are the cases of letter E: what programs write.
func machineFormats(t testing.TB) []entry {
	log := func(no int, more string) string {
		return fmt.Sprintf(`{"log_id":"L%d","employee_no":"0007","work_date":"2026-07-%02d","hours":8%s}`, no, no, more)
	}
	list := func(records ...string) string { return "[" + strings.Join(records, ",\n") + "]" }
	lines := func(records ...string) string { return strings.Join(records, "\n") + "\n" }
	good := log(1, "")
	return []entry{
		{name: "E1 big and odd numbers", files: []sent{{"numbers.json", list(
			`{"log_id":12345678901234567890123,"employee_no":"0007","work_date":"2026-07-01","hours":8}`,
			`{"log_id":2,"employee_no":7,"work_date":"2026-07-02","hours":8}`,
			`{"log_id":"L3","employee_no":"0007","work_date":"2026-07-03","hours":7.50}`,
			`{"log_id":"L4","employee_no":"0007","work_date":20260704,"hours":8e0}`,
			`{"log_id":"L5","employee_no":"0007","work_date":"2026-07-05","hours":null}`,
			`{"log_id":1e22,"employee_no":"0007","work_date":"2026-07-06","hours":8}`)}}},
		{name: "E1 duplicate keys", says: []string{"hours"}, files: []sent{{"keys.json",
			list(good, log(2, `,"hours":4`), log(3, `,"project":{"name":"a"}`))}}},
		{name: "E1 no JSON", says: []string{"JSON"}, files: []sent{{"nan.json", list(good, log(2, `,"planned_hours":NaN`))},
			{"behind.json", list(good) + "x"}, {"comma.json", list(good, "")},
			{"cut.json", list(good, log(2, ""))[:100]}, {"value.json", list("1", "2", "3")},
			{"two.json", `{"a":` + list(good) + `,"b":` + list(good) + `}`}, {"empty.json", "[]"}}},
		{name: "E1 what is no record", files: []sent{{"values.json", list(good, "5", "null", log(2, ""))}}},
		{name: "E1 deep nesting", hostile: true, files: []sent{
			{"deep.ndjson", lines(good, log(2, `,"content":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)), log(3, ""))},
			{"deep.json", strings.Repeat("[", 1_000_000)},
			{"objects.json", strings.Repeat(`{"a":`, 1_000_000)},
		}},
		{name: "E1 one huge line", hostile: true, says: []string{"8 MiB"},
			files: []sent{{"line.ndjson", lines(good, log(2, `,"content":"`+strings.Repeat("长", 4<<20)+`"`))},
				{"cell.json", list(good, log(2, `,"content":"`+strings.Repeat("x", 2<<20)+`"`))}}},
		{name: "E1 a broken line", says: []string{"JSON"}, files: []sent{{"lines.ndjson",
			lines(good, `{"log_id":"L2","employee_no":`, log(3, ""), "", "not json", log(4, ""))}}},
		{name: "E1 encodings", files: []sent{{"bom.json", "\ufeff" + list(log(1, `,"content":"拜访"`))},
			{"gbk.ndjson", gbk(t, lines(log(2, `,"content":"编写方案"`), log(3, `,"content":"测试"`)))},
			{"wide.json", wide16(list(log(4, `,"content":"编写"`)), binary.LittleEndian)},
			{"half.json", list(log(5, `,"content":"\ud800"`), log(6, `,"content":"\ud83d\ude00"`), log(7, `,"content":"a\u0000b"`))}}},
		{name: "E1 another name", files: []sent{{"records.csv", list(good)}, {"lines.xlsx", lines(log(2, ""), log(3, ""))}}},
		{name: "E1 packed bombs", hostile: true, says: []string{"500"}, files: []sent{
			{"bomb.json.gz", gzipped(t, "["+good+strings.Repeat(" ", 64<<20)+"]")},
			{"bomb.csv.gz", gzipped(t, told(visit)+strings.Repeat("\n", 64<<20))},
			{"bomb.zip", zipped(t, packed{name: "logs.csv", content: told(visit) + strings.Repeat("\n", 64<<20)})},
			{"nested.zip", zipped(t, packed{name: "inner.zip", content: zipped(t, packed{name: "logs.csv", content: told(visit)})})},
		}},
		{name: "E1 archives", says: []string{"..", "absolute"},
			files: []sent{{"logs.zip", zipped(t, packed{name: "六月/logs.csv", content: told(visit)},
				packed{name: "../../evil.csv", content: told(write)},
				packed{name: "/etc/cron.d/x.csv", content: told(write)}, packed{name: "readme.pdf", content: "%PDF-1.7\n%\xe2\xe3"})},
				{"logs.csv.gz", gzipped(t, told(write))}}},

		{name: "E2 types", files: []sent{{"types.parquet", parquetFile(t, typed(t), pqarrow.DefaultWriterProps())},
			{"stream.arrows", arrowStream(t, typed(t))}}},
		{name: "E2 moments", says: []string{"INT96"}, files: []sent{
			{"utc.parquet", parquetFile(t, moments(t, "S1", "UTC"), pqarrow.DefaultWriterProps())},
			{"local.parquet", parquetFile(t, moments(t, "S2", ""), pqarrow.DefaultWriterProps())},
			{"int96.parquet", parquetFile(t, moments(t, "S3", "UTC"), pqarrow.NewArrowWriterProperties(pqarrow.WithDeprecatedInt96Timestamps(true)))},
		}},
		{name: "E2 nested and missing columns", says: []string{"实际工时"}, files: []sent{
			{"mapping nested.yaml", "name: {zh: 嵌套, en: Nested}\ndataset: work_logs\nheaders: {no: log_id, who: who.employee_no, day: work_date, spent: hours, what: content}\n" +
				"fields: {log_id: no, employee_no: who, work_date: day, hours: spent, content: what}\n"},
			{"nested.parquet", parquetFile(t, records(t, `[{"log_id":"L1","who":{"employee_no":"0007"},"work_date":"2026-07-01","hours":8,"content":["a","b"]}]`, field("log_id", text),
				field("who", arrow.StructOf(field("employee_no", text))), field("work_date", arrow.FixedWidthTypes.Date32),
				field("hours", arrow.PrimitiveTypes.Int32), field("content", arrow.ListOf(text))), pqarrow.DefaultWriterProps())},
			{"missing.parquet", parquetFile(t, records(t, `[{"log_id":"L1","employee_no":"0007","work_date":"2026-07-01"}]`, field("log_id", text),
				field("employee_no", text), field("work_date", text)), pqarrow.DefaultWriterProps())},
		}},
		{name: "E2 encrypted", files: []sent{
			{"footer.parquet", parquetFile(t, typed(t), pqarrow.DefaultWriterProps(), locked())},
			{"columns.parquet", parquetFile(t, typed(t), pqarrow.DefaultWriterProps(), locked(parquet.WithPlaintextFooter()))},
		}},
		{name: "E2 crafted", hostile: true, files: crafted(t)},
	}
}

var text arrow.DataType = arrow.BinaryTypes.String

// typed are logs in the types that programs give them.
func typed(t testing.TB) arrow.RecordBatch {
	return records(t, `[{"log_id":1,"employee_no":"0007","work_date":"2026-07-01","hours":"7.50","planned_hours":0.1,"content":"拜访"},
		{"log_id":12345678901234567,"employee_no":"0007","work_date":"2026-07-02","hours":"8.00","planned_hours":null,"content":null},
		{"log_id":3,"employee_no":"E999","work_date":"2026-07-03","hours":"8.00","planned_hours":1e300,"content":"a\u0000b"},
		{"log_id":4,"employee_no":"0007","work_date":null,"hours":"8.00","planned_hours":8,"content":""}]`,
		field("log_id", arrow.PrimitiveTypes.Int64), field("employee_no", text), field("work_date", arrow.FixedWidthTypes.Date32),
		field("hours", &arrow.Decimal128Type{Precision: 9, Scale: 2}), field("planned_hours", arrow.PrimitiveTypes.Float64), field("content", text))
}

// moments is an incident found at eight in the morning of Shanghai, where the zone is UTC, and at midnight as the wall clock had
// it, where there is none.
func moments(t testing.TB, no, zone string) arrow.RecordBatch {
	at := "2026-07-01T00:00:00"
	if zone != "" {
		at += "Z"
	}
	rows := fmt.Sprintf(`[{"incident_id":%q,"kind":"other","employee_no":"0007","found_at":%q,"severity":"minor"}]`, no, at)
	return records(t, rows, field("incident_id", text), field("kind", text), field("employee_no", text),
		field("found_at", &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: zone}), field("severity", text))
}

func locked(how ...parquet.EncryptOption) parquet.WriterProperty {
	return parquet.WithEncryptionProperties(parquet.NewFileEncryptionProperties(strings.Repeat("k", 16), how...))
}

// crafted are files with footers and messages that lie.
func crafted(t testing.TB) []sent {
	whole := parquetFile(t, typed(t), pqarrow.DefaultWriterProps())
	stream := arrowStream(t, typed(t))
	size := len(whole) - 8
	length := binary.LittleEndian.Uint32([]byte(whole[size:]))
	footer := len(whole) - 8 - int(length)
	return []sent{
		{"cut.parquet", whole[:len(whole)/2]},
		{"footer beyond.parquet", whole[:size] + "\xff\xff\xff\x7f" + "PAR1"},
		{"footer of noise.parquet", whole[:footer] + strings.Repeat("\x19\xfc\xff\xff\xff\x0f", int(length)/6+1)[:length] + whole[size:]},
		{"pages of noise.parquet", whole[:8] + strings.Repeat("\xff", footer-8) + whole[footer:]},
		{"cut.arrows", stream[:len(stream)-100]},
		{"length.arrows", stream[:4] + "\xf8\xff\xff\x3f" + stream[8:]},
		{"noise.arrows", stream[:8] + strings.Repeat("\x7f", 200) + stream[208:]},
	}
}
