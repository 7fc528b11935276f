package ingest_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"golang.org/x/text/encoding/simplifiedchinese"

	"plumbline/ingest/sheet/columnar"
)

// Parquet and Arrow files are read by this very program in a child process, which goes no further than here.
func init() { columnar.Main() }

// told makes a log with a description; rows lack the planned hours.
func told(rows ...string) string {
	return "日志编号,工号,工作日期,实际工时,工作内容\n" + strings.Join(rows, "\n") + "\n"
}

func gbk(t testing.TB, s string) string {
	t.Helper()
	out, err := simplifiedchinese.GB18030.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func wide16(s string, order binary.AppendByteOrder) string {
	b := order.AppendUint16(nil, 0xfeff)
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func gzipped(t testing.TB, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// packed is a member of a zip archive. claimed is the size that the archive tells, where it lies.
type packed struct {
	name, content string
	claimed       uint64
}

func zipped(t testing.TB, members ...packed) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		var out io.Writer
		var err error
		content := []byte(m.content)
		if m.claimed == 0 {
			out, err = w.Create(m.name)
		} else {
			content = deflated(t, content)
			out, err = w.CreateRaw(&zip.FileHeader{Name: m.name, Method: zip.Deflate, CRC32: crc32.ChecksumIEEE([]byte(m.content)),
				CompressedSize64: uint64(len(content)), UncompressedSize64: m.claimed})
		}
		if err == nil {
			_, err = out.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func deflated(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Formats of cells in a book.
const (
	asDate     = 1 // the built-in short date
	asDatetime = 2
	asFour     = 3 // 0000
	asPercent  = 4
	asDuration = 5 // [h]:mm
	asDollars  = 6 // [$$-409]#,##0.00
	asMyriads  = 7 // 0.0"万"
	asDays     = 8 // 0.0"天"
	asMinutes  = 9 // 0"分钟"
)

const spreadsheet = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`

// book gives the parts of a workbook whose only sheet, 日志, holds the rows.
func book(rows ...string) []packed {
	return bookOf(`<worksheet ` + spreadsheet + `><sheetData>` + strings.Join(rows, "") + `</sheetData></worksheet>`)
}

// bookOf gives the parts of a workbook around the XML of a sheet.
func bookOf(worksheet string) []packed {
	const rel = `http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
	return []packed{
		{name: "[Content_Types].xml", content: `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`},
		{name: "_rels/.rels", content: `<Relationships><Relationship Id="rId1" Type="` + rel +
			`officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{name: "xl/workbook.xml", content: `<workbook ` + spreadsheet +
			`><workbookPr/><sheets><sheet name="日志" sheetId="1" r:id="rId1"/></sheets></workbook>`},
		{name: "xl/_rels/workbook.xml.rels", content: `<Relationships><Relationship Id="rId1" Type="` + rel +
			`worksheet" Target="worksheets/sheet1.xml"/>` +
			`<Relationship Id="rId2" Type="` + rel + `sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rId3" Type="` + rel +
			`styles" Target="styles.xml"/></Relationships>`},
		{name: "xl/sharedStrings.xml", content: `<sst ` + spreadsheet + `><si><t>0007</t></si><si><t>2026-07-01</t></si></sst>`},
		{name: "xl/styles.xml", content: `<styleSheet ` + spreadsheet +
			`><numFmts><numFmt numFmtId="164" formatCode="0000"/><numFmt numFmtId="165" formatCode="[h]:mm"/>` +
			`<numFmt numFmtId="166" formatCode="[$$-409]#,##0.00"/><numFmt numFmtId="167" formatCode="0.0&quot;万&quot;"/>` +
			`<numFmt numFmtId="168" formatCode="0.0&quot;天&quot;"/><numFmt numFmtId="169" formatCode="0&quot;分钟&quot;"/></numFmts>` +
			`<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="164"/><xf numFmtId="10"/><xf numFmtId="165"/>` +
			`<xf numFmtId="166"/><xf numFmtId="167"/><xf numFmtId="168"/><xf numFmtId="169"/></cellXfs></styleSheet>`},
		{name: "xl/worksheets/sheet1.xml", content: worksheet},
	}
}

const sheetPart = "xl/worksheets/sheet1.xml"

// edited gives the parts with one replaced; without an old text the whole part, which is added where it is missing.
func edited(parts []packed, name, old, text string) []packed {
	parts = slices.Clone(parts)
	at := slices.IndexFunc(parts, func(p packed) bool { return p.name == name })
	switch {
	case at < 0:
		return append(parts, packed{name: name, content: text})
	case old == "":
		parts[at].content = text
	default:
		parts[at].content = strings.Replace(parts[at].content, old, text, 1)
	}
	return parts
}

// line writes a row of a sheet: texts as inline strings, cells that number, formula and the like make as they are.
func line(n int, cells ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<row r="%d">`, n)
	for i, c := range cells {
		ref := fmt.Sprintf("%c%d", 'A'+i, n)
		switch {
		case c == "":
		case strings.HasPrefix(c, "<c "):
			b.WriteString(strings.Replace(c, "<c ", `<c r="`+ref+`" `, 1))
		default:
			fmt.Fprintf(&b, `<c r="%s" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>`, ref, c)
		}
	}
	return b.String() + "</row>"
}

func number(value string, format int) string {
	return fmt.Sprintf(`<c s="%d"><v>%s</v></c>`, format, value)
}

func shared(n int) string { return fmt.Sprintf(`<c t="s"><v>%d</v></c>`, n) }

// formula writes a formula with what it gave last; a t attribute tells the kind of that.
func formula(text, kind, value string) string {
	if value != "" {
		value = "<v>" + value + "</v>"
	}
	return fmt.Sprintf(`<c t="%s"><f>%s</f>%s</c>`, kind, text, value)
}

// logLine is the header of logs as row 1 of a sheet, logRow a log.
func logLine() string { return line(1, logWords...) }

var logWords = []string{"日志编号", "工号", "工作日期", "实际工时", "工作内容"}

func logRow(n int, cells ...string) string {
	row := []string{fmt.Sprint("L", n), "0007", fmt.Sprintf("2026-07-%02d", n), "8"}
	return line(n, append(cells, row[min(len(cells), len(row)):]...)...)
}

// records makes a record batch from JSON.
func records(t testing.TB, rows string, fields ...arrow.Field) arrow.RecordBatch {
	t.Helper()
	r, _, err := array.RecordFromJSON(memory.DefaultAllocator, arrow.NewSchema(fields, nil), strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func field(name string, kind arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: kind, Nullable: true}
}

func parquetFile(t testing.TB, batch arrow.RecordBatch, how pqarrow.ArrowWriterProperties, opts ...parquet.WriterProperty) string {
	t.Helper()
	var b bytes.Buffer
	w, err := pqarrow.NewFileWriter(batch.Schema(), &b, parquet.NewWriterProperties(opts...), how)
	if err == nil {
		err = w.Write(batch)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func arrowStream(t testing.TB, batch arrow.RecordBatch) string {
	t.Helper()
	var b bytes.Buffer
	w := ipc.NewWriter(&b, ipc.WithSchema(batch.Schema()))
	if err := w.Write(batch); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
