package sheet_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"plumbline/ingest/sheet"
)

const mainNS = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`

// parts is a workbook as part name → content; the order of names is that of sheetParts.
type parts map[string]string

// book gives the parts of a small workbook around one sheet's XML.
func book(worksheet string) parts {
	const rel = `http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
	return parts{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"_rels/.rels":         `<Relationships><Relationship Id="rId1" Type="` + rel + `officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":     `<workbook ` + mainNS + `><workbookPr/><sheets><sheet name="数据" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Type="` + rel + `worksheet" Target="worksheets/sheet1.xml"/>` +
			`<Relationship Id="rId2" Type="` + rel + `sharedStrings" Target="/xl/sharedStrings.xml"/><Relationship Id="rId3" Type="` + rel + `styles" Target="styles.xml"/></Relationships>`,
		"xl/sharedStrings.xml": `<sst ` + mainNS + `><si><t>工号</t></si><si><r><rPr><b/></rPr><t>张</t></r><r><t xml:space="preserve"> 三</t></r><rPh sb="0" eb="1"><t>zhang</t></rPh></si>` +
			`<si><t>a_x000D_b_x005F_x0041_</t></si><si><t>x_x0000_y</t></si></sst>`,
		"xl/styles.xml": `<styleSheet ` + mainNS + `><numFmts><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;"/><numFmt numFmtId="165" formatCode="[h]:mm"/>` +
			`<numFmt numFmtId="166" formatCode="000000"/><numFmt numFmtId="167" formatCode="&quot;YG&quot;0000"/><numFmt numFmtId="168" formatCode="0&quot;小时&quot;"/>` +
			`<numFmt numFmtId="169" formatCode="[Red]0.00E+00"/><numFmt numFmtId="170" formatCode="[$-804]yyyy\-mm\-dd\ hh:mm:ss;@"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>` +
			`<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="20"/><xf numFmtId="10"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/>` +
			`<xf numFmtId="167"/><xf numFmtId="168"/><xf numFmtId="169"/><xf numFmtId="170"/><xf numFmtId="31"/><xf numFmtId="46"/></cellXfs></styleSheet>`,
		"xl/worksheets/sheet1.xml": worksheet,
	}
}

var sheetParts = []string{"[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/vbaProject.bin"}

func pack(t testing.TB, p parts) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range sheetParts {
		if content, ok := p[name]; ok {
			f, err := w.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(f, content)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func data(rows string) string {
	return `<worksheet ` + mainNS + `><sheetData>` + rows + `</sheetData></worksheet>`
}

// stage opens a workbook and stages its only sheet.
func stage(file []byte, header int64, width int) string {
	w, err := sheet.OpenXLSX(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return dump("", sheet.Staged{}, err)
	}
	var out strings.Builder
	got, err := w.Stage("数据", header, width, &out)
	return dump(out.String(), got, err)
}

func TestStageXLSX(t *testing.T) {
	tests := []struct {
		name, sheet string
		width       int
		want        string
	}{
		{"strings", data(`<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c><c r="C2" t="inlineStr"><is><t>内&#x20;联,"x"</t></is></c><c r="D2" t="str"><f>A2&amp;""</f><v> 公式 </v></c></row>`), 4,
			"2,工号,张 三,\"内 联,\"\"x\"\"\", 公式 \n"},
		{"escapes of Excel", data(`<row r="2"><c r="A2" t="s"><v>2</v></c></row>`), 1, "2,\"a\rb_x0041_\"\n"},
		{"control characters", data(`<row r="2"><c r="B2" t="s"><v>3</v></c></row><row r="3"><c r="A3" t="inlineStr"><is><t>E&#x202E;1</t></is></c></row><row r="4"><c r="A4" t="str"><v>&#xFFFD;</v></c></row>`), 2,
			"bad 2 col 1 text.control \"x\\\\x00y\" [U+0000 B2] [\"\" \"x\\\\x00y\"]\nbad 3 col 0 text.control \"E\\\\u202e1\" [U+202E A3] [\"E\\\\u202e1\"]\n" +
				"bad 4 col 0 text.undecodable \"\\\\xef\\\\xbf\\\\xbd\" [A4] [\"\\\\xef\\\\xbf\\\\xbd\"]\n"},
		{"truth values, errors, formulas", data(`<row r="2"><c r="A2" t="b"><v>1</v></c><c r="B2" t="b"><v>0</v></c></row><row r="3"><c r="A3" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>` +
			`<row r="4"><c r="B4"><f>SUM(A1:A3)</f></c></row><row r="5"><c r="B5"><f>SUM(A1:A3)</f><v></v></c></row><row r="6"><c r="A6"><f>1+1</f><v>2</v></c><c r="B6" t="str"><f>""</f><v></v></c></row>`), 2,
			"2,TRUE,FALSE\n6,2,\nbad 3 col 0 cell.error \"#DIV/0!\" [A3 =1/0] [\"#DIV/0!\"]\nbad 4 col 1 cell.no_value \"\" [B4 =SUM(A1:A3)] [\"\" \"\"]\n" +
				"bad 5 col 1 cell.no_value \"\" [B5 =SUM(A1:A3)] [\"\" \"\"]\n"},
		{"numbers", data(`<row r="2"><c r="A2"><v>4.3894E4</v></c><c r="B2"><v>5.0000000000000003E-2</v></c><c r="C2"><v>12.300000000000001</v></c><c r="D2"><v>7.8999999999999995</v></c></row>` +
			`<row r="3"><c r="A3"><v>1.23456789012346E+17</v></c><c r="B3"><v>123456789012345678</v></c><c r="C3"><v>999999999999999</v></c><c r="D3"><v>-8.50</v></c></row>` +
			`<row r="4"><c r="A4"><v>1e-300</v></c><c r="B4"><v>1E400</v></c><c r="C4"><v>0</v></c><c r="D4"><v>1.5E3</v></c></row>`), 4,
			"2,43894,0.05,12.3,7.9\n3,1.23456789012346E+17,1.23456789012345678E+17,999999999999999,-8.50\n4,1e-300,1E400,0,1500\n"},
		{"dates", data(`<row r="2"><c r="A2" s="1"><v>46204</v></c><c r="B2" s="2"><v>46204.395833333336</v></c><c r="C2" s="3"><v>0.39583333333333331</v></c><c r="D2" s="5"><v>46204</v></c></row>` +
			`<row r="3"><c r="A3" s="1"><v>60</v></c><c r="B3" s="1"><v>59</v></c><c r="C3" s="1"><v>61</v></c><c r="D3" s="1"><v>0</v></c></row>` +
			`<row r="4"><c r="A4" s="1"><v>46204.99999999999</v></c><c r="B4" s="2"><v>46204</v></c><c r="C4" s="1"><v>-1</v></c><c r="D4" s="1"><v>3000000</v></c></row>` +
			`<row r="5"><c r="A5" s="11"><v>46204.5</v></c><c r="B5" s="12"><v>46204</v></c><c r="C5" s="1" t="d"><v>2026-07-01T00:00:00</v></c><c r="D5" s="1" t="str"><v>2026/7/1</v></c></row>`), 4,
			"2,2026-07-01,2026-07-01 09:30:00,09:30:00,2026-07-01\n3,1900-02-29,1900-02-28,1900-03-01,1900-01-00\n" +
				"4,2026-07-02,2026-07-01 00:00:00,-1,3000000\n5,2026-07-01 12:00:00,2026-07-01,2026-07-01,2026/7/1\n"},
		{"durations, padding, percent, units", data(`<row r="2"><c r="A2" s="6"><v>1.5</v></c><c r="B2" s="6"><v>0.34722222222222221</v></c><c r="C2" s="13"><v>0.3125</v></c><c r="D2" s="4"><v>0.125</v></c></row>` +
			`<row r="3"><c r="A3" s="7"><v>7</v></c><c r="B3" s="8"><v>12</v></c><c r="C3" s="9"><v>8</v></c><c r="D3" s="10"><v>1500</v></c></row>` +
			`<row r="4"><c r="A4" s="7"><v>7.5</v></c><c r="B4" s="7"><v>1234567</v></c></row>`), 4,
			"2,36:00,8:20,7:30,12.5%\n3,000007,YG0012,8小时,1500\n4,7.5,1234567,,\n"},
		{"no references", data(`<row><c><v>1</v></c><c><v>2</v></c></row><row r="5"><c r="B5"><v>3</v></c><c><v>4</v></c></row><row><c><v>5</v></c></row>`), 3, "1,1,2,\n5,,3,4\n6,5,,\n"},
		{"a last row far below", data(`<row r="2"><c r="A2"><v>1</v></c></row><row r="1048576"><c r="A1048576"><v>2</v></c></row>`), 1, "2,1\n1048576,2\n"},
		{"blank rows", data(`<row r="2"><c r="A2" s="1"/></row><row r="3"><c r="A3" t="inlineStr"><is><t> &#xA0;</t></is></c></row><row r="4"/><row r="5"><c r="A5"><v>1</v></c></row>`), 1, "5,1\nblank 3\n"},
		{"text beside the table", data(`<row r="2"><c r="A2"><v>1</v></c><c r="D2"><v>9</v></c></row><row r="3"><c r="A3"><v>1</v></c><c r="D3" s="1"/></row>`), 2,
			"3,1,\nbad 2 col -1 row.fields \"\" [4/2] [\"1\" \"\" \"\" \"9\"]\n"},
		{"hidden rows", data(`<row r="2" hidden="1"><c r="A2"><v>1</v></c></row><row r="3" ht="0" customHeight="1"><c r="A3"><v>2</v></c></row><row r="4" ht="20" customHeight="1"><c r="A4"><v>3</v></c></row>`), 1, "2,1\n3,2\n4,3\nhidden 2\n"},
		{"merged cells", `<worksheet ` + mainNS + `><sheetData><row r="1"><c r="A1"><v>0</v></c></row><row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>1</v></c></row><row r="3"><c r="B3"><v>2</v></c></row><row r="4"><c r="A4"><v>3</v></c></row></sheetData>` +
			`<mergeCells count="3"><mergeCell ref="D1:D9"/><mergeCell ref="A2:A3"/><mergeCell ref="A4:B4"/></mergeCells></worksheet>`, 2,
			"1,0,\n2,1,1\n4,3,\nbad 3 col 0 cell.merged \"\" [A2:A3] [\"\" \"2\"]\n"},
		{"prefixed names and single quotes", `<?xml version='1.0' encoding='utf-8'?><x:worksheet xmlns:x='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><x:sheetData><x:row r='2'>` +
			`<x:c r='A2' t='s'><x:v>0</x:v></x:c><x:c r='B2' t='inlineStr'><x:is><x:t>李四</x:t></x:is></x:c></x:row></x:sheetData></x:worksheet>`, 2, "2,工号,李四\n"},
		{"CDATA, comments, line ends", data(`<row r="2"><c r="A2" t="inlineStr"><is><t>a<![CDATA[<b>]]><!-- c -->d` + "\r\n" + `e</t></is></c></row>`), 1, "2,\"a<b>d\ne\"\n"},

		{"duplicate row", data(`<row r="2"><c r="A2"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>`), 1, "refused file.damaged row 2\n"},
		{"descending rows", data(`<row r="3"/><row r="2"/>`), 1, "refused file.damaged row 2\n"},
		{"row 0", data(`<row r="0"/>`), 1, "refused file.damaged row 0\n"},
		{"row beyond the last", data(`<row r="1048577"/>`), 1, "refused file.damaged row 1048577\n"},
		{"cells out of order", data(`<row r="2"><c r="B2"/><c r="A2"/></row>`), 1, "refused file.damaged row 2\n"},
		{"cell twice", data(`<row r="2"><c r="B2"/><c r="B2"/></row>`), 1, "refused file.damaged row 2\n"},
		{"cell of another row", data(`<row r="2"><c r="A3"/></row>`), 1, "refused file.damaged row 2\n"},
		{"cell beyond the last column", data(`<row r="2"><c r="XFE2"/></row>`), 1, "refused file.damaged row 2\n"},
		{"shared string out of range", data(`<row r="2"><c r="A2" t="s"><v>4</v></c></row>`), 1, "refused file.damaged row 2\n"},
		{"style out of range", data(`<row r="2"><c r="A2" s="14"><v>4</v></c></row>`), 1, "refused file.damaged row 2\n"},
		{"no number", data(`<row r="2"><c r="A2"><v>abc</v></c></row>`), 1, "refused file.damaged row 2\n"},
		{"unknown type", data(`<row r="2"><c r="A2" t="q"><v>1</v></c></row>`), 1, "refused file.damaged row 2\n"},
		{"unknown element among the rows", data(`<raw r="2"/>`), 1, "refused file.damaged row 0\n"},
		{"unknown element in a cell", data(`<row r="2"><c r="A2"><w>1</w></c></row>`), 1, "refused file.damaged row 2\n"},
		{"no sheetData", `<worksheet/>`, 1, "refused file.damaged row 0\n"},
		{"two sheetData", `<worksheet><sheetData/><sheetData/></worksheet>`, 1, "refused file.damaged row 0\n"},
		{"truncated XML", data(`<row r="2"><c r="A2"><v>1</v></c></row>`)[:200], 1, "refused file.damaged row 0\n"},
		{"bad close tag", data(`<row r="2"><c r="A2"><v>1</c></v></row>`), 1, "refused file.damaged row 0\n"},
		{"bad entity", data(`<row r="2"><c r="A2" t="str"><v>&nbsp;</v></c></row>`), 1, "refused file.damaged row 0\n"},
		{"DOCTYPE", `<!DOCTYPE x [<!ENTITY a "b">]>` + data(``), 1, "refused file.doctype row 0\n"},
		{"deep nesting", `<worksheet><sheetData/>` + strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100) + `</worksheet>`, 1, "refused file.damaged row 0\n"},
		{"long text", data(`<row r="2"><c r="A2" t="str"><v>` + strings.Repeat("long ", 1<<19) + `</v></c></row>`), 1, "refused file.limit row 0\n"},
		{"number behind a blank that XML does not know", data(`<row r="2"><c r="A2"><v>&#xA0;12</v></c></row>`), 1, "refused file.damaged row 2\n"},
		{"number between blanks", data("<row r=\"2\"><c r=\"A2\"><v> 12\n</v></c><c r=\"B2\" t=\"s\"><v> 0 </v></c></row>"), 2, "2,12,工号\n"},
		{"long row", data(`<row r="2">` + strings.Repeat(`<c t="str"><v>`+strings.Repeat("x", 1<<20)+`</v></c>`, 9) + `</row>`), 9, "refused file.limit row 2\n"},
		{"long cell of short runs", data(`<row r="2"><c r="A2" t="inlineStr"><is>` + strings.Repeat(`<r><t>`+strings.Repeat("x", 1<<18)+`</t></r>`, 5) + `</is></c></row>`), 1, "refused file.limit row 0\n"},
		{"long cell", data(`<row r="2"><c r="A2" t="str"><v>` + strings.Repeat("x", 1<<20+1) + `</v></c></row>`), 1, "refused file.limit row 0\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, stage(pack(t, book(tt.sheet)), 0, tt.width)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestDamagedWorkbooks(t *testing.T) {
	sound := data(`<row r="2"><c r="A2" t="s"><v>0</v></c></row>`)
	edit := func(change func(parts)) []byte {
		p := book(sound)
		change(p)
		return pack(t, p)
	}
	zipped := pack(t, book(sound))
	flipped := bytes.Clone(pack(t, book(data(strings.Repeat(`<!-- filler -->`, 50)+`<row r="2"><c r="A2"><v>12345</v></c></row>`))))
	at := bytes.Index(flipped, []byte("xl/worksheets/sheet1.xml")) + len("xl/worksheets/sheet1.xml") + 60
	flipped[at] ^= 0x10
	tests := []struct {
		name string
		file []byte
		want string
	}{
		{"sound", zipped, "2,工号\n"},
		{"empty", nil, "refused file.damaged row 0\n"},
		{"cut", zipped[:len(zipped)*2/3], "refused file.damaged row 0\n"},
		{"one bit flipped", flipped, "refused file.damaged row 0\n"},
		{"no shared strings", edit(func(p parts) { delete(p, "xl/sharedStrings.xml") }), "refused file.damaged row 0\n"},
		{"shared strings cut", edit(func(p parts) { p["xl/sharedStrings.xml"] = p["xl/sharedStrings.xml"][:300] }), "refused file.damaged row 0\n"},
		{"shared strings short", edit(func(p parts) { p["xl/sharedStrings.xml"] = `<sst/>` }), "refused file.damaged row 2\n"},
		{"shared strings with something else inside", edit(func(p parts) { p["xl/sharedStrings.xml"] = `<sst><si><q>x</q></si></sst>` }), "refused file.damaged row 0\n"},
		{"no sheet part", edit(func(p parts) { delete(p, "xl/worksheets/sheet1.xml") }), "refused file.damaged row 0\n"},
		{"no relations", edit(func(p parts) { delete(p, "xl/_rels/workbook.xml.rels") }), "refused file.damaged row 0\n"},
		{"no workbook", edit(func(p parts) { p["_rels/.rels"] = `<Relationships/>` }), "refused file.damaged row 0\n"},
		{"binary workbook", edit(func(p parts) { p["_rels/.rels"] = strings.Replace(p["_rels/.rels"], "workbook.xml", "workbook.bin", 1) }), "refused file.format row 0\n"},
		{"styles malformed", edit(func(p parts) { p["xl/styles.xml"] += "<" }), "refused file.damaged row 0\n"},
		{"DOCTYPE in another part", edit(func(p parts) { p["[Content_Types].xml"] = "<!DOCTYPE a>" + p["[Content_Types].xml"] }), "refused file.doctype row 0\n"},
		{"UTF-16 part", edit(func(p parts) { p["[Content_Types].xml"] = `<?xml version="1.0" encoding="UTF-16"?><a/>` }), "refused file.damaged row 0\n"},
		{"zip bomb", edit(func(p parts) { p["xl/vbaProject.bin"] = strings.Repeat("\x00", 64<<20) }), "refused file.limit row 0\n"},
		{"part twice", rawZip(zipPart{"a.xml", "<a/>", 4}, zipPart{"A.xml", "<a/>", 4}), "refused file.damaged row 0\n"},
		{"part outside", rawZip(zipPart{"../a.xml", "<a/>", 4}), "refused file.damaged row 0\n"},
		{"announces 2 GiB", rawZip(zipPart{"a.xml", "<a/>", 2 << 30}), "refused file.limit row 0\n"},
		{"too many parts", rawZip(make([]zipPart, 2001)...), "refused file.limit row 0\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := stage(tt.file, 0, 1); got != tt.want {
				t.Errorf("got  %swant %s", got, tt.want)
			}
		})
	}
}

type zipPart struct {
	name, body string
	claimed    uint64
}

// rawZip writes a zip directory as it is told, also a false one.
func rawZip(list ...zipPart) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i, p := range list {
		if p.name == "" {
			p.name = fmt.Sprint(i)
		}
		var packed bytes.Buffer
		f, _ := flate.NewWriter(&packed, 9)
		io.WriteString(f, p.body)
		f.Close()
		out, _ := w.CreateRaw(&zip.FileHeader{Name: p.name, Method: zip.Deflate, CRC32: crc32.ChecksumIEEE([]byte(p.body)), CompressedSize64: uint64(packed.Len()), UncompressedSize64: p.claimed})
		out.Write(packed.Bytes())
	}
	w.Close()
	return b.Bytes()
}

// TestMultipliedTexts lets a small file stand for a huge table: one long text, or one long format, in every cell.
func TestMultipliedTexts(t *testing.T) {
	long := strings.Repeat("0", 1<<20)
	for _, c := range []struct{ name, row, cell, want string }{
		{"texts in a row", `<row r="%d">`, `<c t="s"><v>0</v></c>`, "refused file.limit row 2\n"},
		{"texts in many rows", `<row r="%d"><c t="s"><v>0</v></c></row>`, "", "refused file.limit row 0\n"},
		{"formats in many rows", `<row r="%d"><c r="A%[1]d" s="0"><v>1</v></c></row>`, "", "refused file.limit row 0\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows := fmt.Sprintf(c.row, 2) + strings.Repeat(c.cell, 9) + `</row>`
			if c.cell == "" {
				rows = ""
				for n := range 4100 {
					rows += fmt.Sprintf(c.row, n+1)
				}
			}
			p := book(data(rows))
			p["xl/sharedStrings.xml"] = `<sst><si><t>` + long + `</t></si></sst>`
			p["xl/styles.xml"] = `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="` + long + `"/></numFmts><cellXfs><xf numFmtId="164"/></cellXfs></styleSheet>`
			if got := stage(pack(t, p), 0, 9); got != c.want {
				t.Errorf("got %.200s want %s", got, c.want)
			}
		})
	}
}

// TestFalseSize packs more into a part than the directory says: reading must stop there.
func TestFalseSize(t *testing.T) {
	p := book(data(``))
	var list []zipPart
	for _, name := range sheetParts[:7] {
		list = append(list, zipPart{name, p[name], uint64(len(p[name]))})
	}
	list[4].body += strings.Repeat(" ", 50<<20)
	if got := stage(rawZip(list...), 0, 1); got != "refused file.damaged row 0\n" {
		t.Error(got)
	}
}

func TestOneFlippedByteIsNeverSilent(t *testing.T) {
	file := pack(t, book(data(`<row r="2"><c r="A2"><v>12345</v></c><c r="B2" t="s"><v>1</v></c></row>`)))
	want := stage(file, 0, 2)
	for at := range file {
		damaged := bytes.Clone(file)
		damaged[at] ^= 0x04
		if got := stage(damaged, 0, 2); got != want && !strings.HasPrefix(got, "refused") && !strings.HasPrefix(got, "error") {
			t.Errorf("byte %d: %s", at, got)
		}
	}
}

// formatted gives the texts of numbers in formats: built-in ones by their number, others by their code.
func formatted(t testing.TB, cells [][2]string) string {
	t.Helper()
	var numFmts, xfs, row strings.Builder
	for i, c := range cells {
		id := c[0]
		if strings.Trim(id, "0123456789") != "" || len(id) > 1 && id[0] == '0' {
			id = fmt.Sprint(200 + i)
			fmt.Fprintf(&numFmts, `<numFmt numFmtId="%s" formatCode="%s"/>`, id, strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;").Replace(c[0]))
		}
		fmt.Fprintf(&xfs, `<xf numFmtId="%s"/>`, id)
		fmt.Fprintf(&row, `<c s="%d"><v>%s</v></c>`, i, c[1])
	}
	p := book(data(`<row r="2">` + row.String() + `</row>`))
	p["xl/styles.xml"] = `<styleSheet ` + mainNS + `><numFmts>` + numFmts.String() + `</numFmts><cellXfs>` + xfs.String() + `</cellXfs></styleSheet>`
	return strings.TrimPrefix(stage(pack(t, p), 0, len(cells)), "2,")
}

func TestNumberFormats(t *testing.T) {
	tests := []struct{ format, number, want string }{
		{"9", "0.125", "12.5%"}, {"10", "0.125", "12.5%"}, {"10", "-0.125", "-12.5%"}, {"9", "1", "100%"}, {"9", "12", "1200%"}, {"9", "0", "0%"}, {"9", "-0", "0%"},
		{"10", "0.5", "50%"}, {"10", "0.050", "5%"}, {"10", "0.0625", "6.25%"}, {"10", "0.33333333333333331", "33.3333333333333%"}, {"10", "0.28999999999999998", "29%"},
		{"10", "7.0000000000000007E-2", "7%"}, {"10", "1E-3", "0.1%"}, {"10", "-2.5E-5", "-0.0025%"}, {"10", "1.5E3", "150000%"}, {"10", ".5", "50%"}, {"10", "+5.", "500%"},
		{"10", "1E-300", "1E-300"}, {"10", "1E+300", "1E+300"}, {"10", "1234567890123456", "1.234567890123456E+15"},
		{"0%", "0.125", "12.5%"}, {"0.0%", "-0.05", "-5%"}, {"#,##0.00%", "12.5", "1250%"}, {"0.00%;[Red]-0.00%", "-0.125", "-12.5%"}, {`0.0%;(0.0%);"-"`, "0", "0%"},
		{"0.00%_);[Red](0.00%)", "0.125", "12.5%"}, {"[<0.5]0.0%;0%", "0.125", "12.5%"}, {`0.0"约"%`, "0.125", "12.5%"}, {"0%;-0%;0%;@", "0.125", "12.5%"}, {"??0 %", "0.125", "12.5%"},
		{"+0.0%;-0.0%", "0.125", "12.5%"},
		{`0.00"%"`, "12.5", "12.5"}, {`0\%`, "12.5", "12.5"}, {"0%%", "0.125", "0.125"}, {"0,%", "125", "125"}, {"0,.0%", "125", "125"}, {"0%;0.00", "0.125", "0.125"},
		{"0%;General", "0.125", "0.125"}, {"0.0E+0%", "0.125", "0.125"}, {"# ?/?%", "0.125", "0.125"}, {"%", "0.125", "0.125"}, {"0%;[Red", "0.125", "0.125"}, {"0.00", "0.125", "0.125"},

		{"46", "0.34722222222222221", "8:20"}, {"46", "0.34756944444444443", "8:20:30"}, {"[h]:mm", "0.34722222", "8:20"}, {"[h]:mm", "1.5", "36:00"}, {"[hh]:mm:ss", "0.33333333333333331", "8:00"},
		{"[h]:mm", "0", "0:00"}, {"[h]:mm", "-0.5", "-12:00"}, {"[h]:mm", "-1E-9", "0:00"}, {"[h]:mm", "4.1666666666666664E-2", "1:00"}, {"[mm]:ss", "6.9444444444444441E-3", "0:10"},
		{"[ss]", "3.4722222222222224E-4", "0:00:30"}, {"[h]:mm", "0.99999999", "24:00"}, {"[h]:mm", "0.999994", "23:59:59"}, {`[h]"小时"mm"分"`, "41.666666666666664", "1000:00"},
		{"[h]:mm;@", "0.3125", "7:30"}, {"[h]:mm", "3000000", "3000000"},
		{"h:mm", "0.34722222222222221", "08:20:00"}, {"20", "0.34722222222222221", "08:20:00"}, {"h:mm", "1.5", "1900-01-01 12:00:00"}, {"45", "0.00694444444444444", "00:10:00"},

		{"[$$-409]#,##0.00", "1234.5", "$1234.5"}, {`"$"#,##0`, "-5", "-$5"}, {`\$#,##0`, "5", "$5"}, {"$#,##0", "5", "$5"}, {"#,##0.00 [$€-407]", "1234.5", "1234.5€"}, {"€0", "5", "€5"},
		{`_("$"* #,##0.00_);_("$"* (#,##0.00);_("$"* "-"??_);_(@_)`, "5", "$5"}, {`[$USD] #,##0.00`, "5", "USD5"}, {`0" 美元"`, "5", "5美元"}, {"[$¥-411]0", "5", "JPY5"},
		{"[$¥-804]#,##0.00", "5", "5"}, {`"¥"#,##0`, "5", "5"}, {`_ "￥"* #,##0.00_ `, "5", "5"}, {"[$-804]0", "5", "5"}, {`0.00"元"`, "5", "5"}, {`"约"0`, "5", "5"}, {`0"次"`, "5", "5"},
		{`0.0"万"`, "12.5", "12.5万"}, {"0.0万", "12.5", "12.5万"}, {`0.00\ "万元"`, "-12.5", "-12.5万元"}, {`General"万"`, "12.5", "12.5万"}, {`0"K"`, "5", "5K"}, {`[>=1000]0.0"K";0`, "5000", "5000K"},
		{`0!.0,"万"`, "12345", "12345"}, {`0"."0,"万"`, "12345", "12345"}, {`#,##0,"万"`, "12345", "12345"}, {`0\.0000"亿"`, "12345", "12345"},
		{`0.0"天"`, "1.5", "1.5天"}, {`0"分钟"`, "20", "20分钟"}, {`0.0"小时"`, "1.5", "1.5小时"}, {`0.0" h"`, "1.5", "1.5h"}, {`0.0"天"`, "0.30000000000000004", "0.3天"}, {`0"分"`, "95", "95"},

		{"000000", "7", "000007"}, {`"YG"0000`, "12", "YG0012"}, {"00%", "0.125", "12.5%"}, {"0", "8", "8"},
	}
	cells := make([][2]string, len(tests))
	want := make([]string, len(tests))
	for i, tt := range tests {
		cells[i], want[i] = [2]string{tt.format, tt.number}, fmt.Sprintf("%s %s: %s", tt.format, tt.number, tt.want)
	}
	got := strings.Split(strings.TrimSuffix(formatted(t, cells), "\n"), ",")
	for i := range min(len(got), len(tests)) {
		got[i] = fmt.Sprintf("%s %s: %s", tests[i].format, tests[i].number, got[i])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestWideHeaders refuses by name of the limit and the header's row what no table is staged of.
func TestWideHeaders(t *testing.T) {
	var row strings.Builder
	for i := range 10_001 {
		fmt.Fprintf(&row, `<c t="inlineStr"><is><t>c%d</t></is></c>`, i)
	}
	for name, file := range map[string][]byte{
		"CSV":  []byte("\n" + strings.Repeat("列,", 10_000) + "列\n" + strings.Repeat("1,", 10_000) + "1\n"),
		"XLSX": pack(t, book(data(`<row r="2">`+row.String()+`</row><row r="3"><c><v>1</v></c></row>`))),
	} {
		tables, faults := tablesOf(t, file, sheet.Hints{})
		if len(tables) != 1 || len(faults) > 0 {
			t.Fatal(name, len(tables), faults)
		}
		header := tables[0].Head[0]
		var out strings.Builder
		got, err := tables[0].Stage(t.Context(), t.TempDir(), bytes.NewReader(file), header.Number, len(header.Cells), &out)
		var e *sheet.RefusedError
		if !errors.As(err, &e) || e.Rule != sheet.FileLimit || e.Row != 2 || got.Rows > 0 || out.Len() > 0 {
			t.Fatalf("%s: %v, %+v", name, err, got)
		}
		for _, words := range []string{e.Say.ZH, e.Say.EN} {
			if !strings.Contains(words, "10,000") || !strings.Contains(words, "10001") || !strings.Contains(words, "2") {
				t.Errorf("%s: %s", name, words)
			}
		}
	}
}

func TestDate1904(t *testing.T) {
	p := book(data(`<row r="2"><c r="A2" s="1"><v>43894</v></c><c r="B2" s="1"><v>0</v></c><c r="C2" s="1"><v>60</v></c></row>`))
	p["xl/workbook.xml"] = strings.Replace(p["xl/workbook.xml"], "<workbookPr/>", `<workbookPr date1904="1"/>`, 1)
	if got := stage(pack(t, p), 0, 3); got != "2,2024-03-05,1904-01-01,1904-03-01\n" {
		t.Error(got)
	}
}

// TestExcelize reads what a good writer writes: several sheets, styles, hidden things, merged cells.
func TestExcelize(t *testing.T) {
	f := excelize.NewFile()
	f.SetSheetName("Sheet1", "七月")
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	id, err := f.NewStyle(&excelize.Style{CustomNumFmt: new("000000")})
	check(err)
	percent, err := f.NewStyle(&excelize.Style{NumFmt: 9})
	check(err)
	for i, row := range [][]any{{"工号", "日期", "完成率", "备注"}, {7, time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), 0.125, "含,逗号\n两行"}, {123456789012345678, "7月1日", 0.3, true}, {nil, nil, nil, nil}, {12, nil, nil, "E\u200b"}} {
		check(f.SetSheetRow("七月", fmt.Sprintf("A%d", i+1), &row))
	}
	check(f.SetCellStyle("七月", "A2", "A2", id))
	check(f.SetCellStyle("七月", "C2", "C3", percent))
	check(f.SetRowVisible("七月", 3, false))
	check(f.SetColVisible("七月", "C", false))
	_, err = f.NewSheet("隐藏")
	check(err)
	check(f.SetCellValue("隐藏", "B2", "x"))
	check(f.SetSheetVisible("隐藏", false))
	_, err = f.NewSheet("空")
	check(err)
	check(f.AddComment("七月", excelize.Comment{Cell: "A1", Author: "HR", Text: "?"}))
	file, err := f.WriteToBuffer()
	check(err)

	w, err := sheet.OpenXLSX(bytes.NewReader(file.Bytes()), int64(file.Len()))
	check(err)
	if diff := cmp.Diff([]sheet.SheetInfo{{Name: "七月", Rows: 4}, {Name: "隐藏", Hidden: true, Rows: 1}, {Name: "空"}}, w.Sheets()); diff != "" {
		t.Error(diff)
	}
	var notices []string
	for _, n := range w.Notices() {
		notices = append(notices, n.EN)
		if n.ZH == "" || strings.Contains(n.ZH+n.EN, "%!") {
			t.Errorf("notice %+v", n)
		}
	}
	if diff := cmp.Diff([]string{
		"The workbook holds comments: they are not imported.",
		`1 rows of sheet "七月" are hidden or filtered out; they are read like the others.`,
		`Sheet "七月" has hidden columns (C); they are read like the others.`,
		`Sheet "隐藏" is hidden and holds 1 rows.`,
	}, notices); diff != "" {
		t.Error(diff)
	}
	head, err := w.Head("七月")
	check(err)
	if diff := cmp.Diff([]sheet.Row{
		{Number: 1, Cells: []string{"工号", "日期", "完成率", "备注"}},
		{Number: 2, Cells: []string{"000007", "2026-07-01", "12.5%", "含,逗号\n两行"}},
		{Number: 3, Cells: []string{"1.23456789012345678E+17", "7月1日", "30%", "TRUE"}},
		{Number: 5, Cells: []string{"12", "", "", `E\u200b`}},
	}, head); diff != "" {
		t.Error(diff)
	}
	var out strings.Builder
	got, err := w.Stage("七月", 1, 4, &out)
	want := "2,000007,2026-07-01,12.5%,\"含,逗号\n两行\"\n3,1.23456789012345678E+17,7月1日,30%,TRUE\nbad 5 col 3 text.control \"E\\\\u200b\" [U+200B D5] [\"12\" \"\" \"\" \"E\\\\u200b\"]\nhidden 1\n"
	if diff := cmp.Diff(want, dump(out.String(), got, err)); diff != "" {
		t.Error(diff)
	}
	if _, err := w.Stage("八月", 1, 4, io.Discard); err == nil {
		t.Error("a sheet that does not exist was staged")
	}
}

func TestNoticesOfRiskyParts(t *testing.T) {
	p := book(data(`<row r="1"><c r="A1"><v>1</v></c></row>`))
	p["xl/vbaProject.bin"] = "macro"
	p["xl/worksheets/sheet1.xml"] = strings.Replace(p["xl/worksheets/sheet1.xml"], "<sheetData>", `<dimension ref="A1:A900"/><sheetData>`, 1)
	file := pack(t, p)
	w, err := sheet.OpenXLSX(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(w.Notices()); !strings.Contains(got, "macros") || !strings.Contains(got, "claims 900 rows but ends at row 1") {
		t.Error(got)
	}
}

var cellTag = regexp.MustCompile(`<((?:\w+:)?(?:c|v|t|is))([ >])`)

// disguise writes tags of cells with one more blank, which means the same but is not how programs write them.
func disguise(xml string) string { return cellTag.ReplaceAllString(xml, "<$1 $2") }

// TestPlainWritingReadsLikeAnyOther reads sheets written as nearly all programs write them, which is read in few steps, and the same
// sheets in an unusual writing. The sheets are longer than the blocks in which a part is read.
func TestPlainWritingReadsLikeAnyOther(t *testing.T) {
	cells := []string{`t="s"><v>%d</v></c>`, `><v>%d.25</v></c>`, `s="1"><v>46204</v></c>`, `s="1" t="n"><v>46204</v></c>`, `t="n" s="8"><v>7</v></c>`, `s="2"/>`, `/>`, `></c>`, `t="b"><v>1</v></c>`,
		`t="e"><v>#N/A</v></c>`, `t="d"><v>2026-07-01T00:00:00</v></c>`, `t="str"><v> a </v></c>`, `t="str"><v/></c>`, `t="str"><v></v></c>`, `><v></v></c>`, `t="str"><f>A1</f><v>x</v></c>`, `><f>A1</f></c>`,
		`t="inlineStr"><is><t>与客户沟通需求，]] "整理" 纪要𠮷</t></is></c>`, `t="inlineStr"><is><t xml:space="preserve"> b
c_x0041_ </t></is></c>`, `t="inlineStr"><is><t>R&amp;D&#x3000;&lt;1</t></is></c>`, "t=\"inlineStr\"><is><t>a\r\nb\u202e</t></is></c>",
		`t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>`, `t="inlineStr"><is><t/></is></c>`, `cm="1"><v>%d</v></c>`}
	names := regexp.MustCompile(`<(/?)(\w)`)
	for _, prefix := range []string{"", "x:"} {
		var rows, table strings.Builder
		for n := 1; n <= 900; n++ {
			fmt.Fprintf(&rows, `<row r="%d">`, n)
			for i := range 12 {
				cell := cells[(n*7+i*i)%len(cells)]
				if strings.Contains(cell, "%d") {
					cell = fmt.Sprintf(cell, n%600)
				}
				fmt.Fprintf(&rows, `<c r="%c%d" %s`, 'A'+2*i, n, cell)
			}
			rows.WriteString("</row>\n")
			fmt.Fprintf(&table, `<si><t>第 %d 条</t></si>`, n)
			if n%5 == 0 {
				fmt.Fprintf(&table, "<si><r><t>%d</t></r></si> <si><t xml:space=\"preserve\"> %d</t></si><si/><si><t>_x0041_&lt;%d</t></si>", n, n, n)
			}
		}
		p := book(`<worksheet xmlns:x="x" xmlns:y="y"><sheetData>` + rows.String() + `</sheetData></worksheet>`)
		p["xl/sharedStrings.xml"] = `<sst xmlns:x="x">` + table.String() + `</sst>`
		for _, name := range []string{"xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"} {
			p[name] = names.ReplaceAllString(p[name], "<${1}"+prefix+"$2")
		}
		plain := stage(pack(t, p), 0, 24)
		for _, name := range []string{"xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"} {
			p[name] = disguise(p[name])
		}
		if lines := strings.Count(plain, "\n"); lines < 900 || strings.Count(plain, "\nbad ") == 0 || strings.Count(plain, "\nbad ") > lines/2+lines/4 {
			t.Errorf("prefix %q: an odd table of %d lines: %.300s", prefix, lines, plain)
		}
		if diff := cmp.Diff(stage(pack(t, p), 0, 24), plain); diff != "" {
			t.Errorf("prefix %q: -unusual +plain:\n%s", prefix, diff)
		}
	}
}

func FuzzOpenXLSX(f *testing.F) {
	f.Add([]byte(data(`<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2" s="1"><v>46204</v></c></row>`)), uint8(2))
	f.Add([]byte(data(`<row><c t="inlineStr"><is><r><t>x</t></r></is></c></row><row r="9" hidden="1"><c><f>1</f></c></row>`)+`<!-- -->`), uint8(1))
	f.Add([]byte(`<x:worksheet><x:cols><x:col min='1' max='3' hidden='1'/></x:cols><x:sheetData/><x:mergeCells><x:mergeCell ref='A1:B9'/></x:mergeCells></x:worksheet>`), uint8(3))
	f.Add(pack(f, book(data(``))), uint8(1))
	f.Fuzz(func(t *testing.T, content []byte, columns uint8) {
		width := int(columns%8) + 1
		if xml := string(content); !strings.Contains(xml, "<!") && !strings.Contains(xml, "<?") {
			if plain, other := stage(pack(t, book(xml)), 0, width), stage(pack(t, book(disguise(xml))), 0, width); plain != other {
				t.Fatalf("plain writing %q\nunusual writing %q", plain, other)
			}
		}
		for _, file := range [][]byte{content, pack(t, book(string(content)))} {
			w, err := sheet.OpenXLSX(bytes.NewReader(file), int64(len(file)))
			if err != nil {
				if !errors.As(err, new(*sheet.RefusedError)) {
					t.Fatal(err)
				}
				continue
			}
			for _, s := range w.Sheets() {
				if _, err := w.Head(s.Name); err != nil {
					t.Fatalf("opened, but has no head: %v", err)
				}
				var out strings.Builder
				got, err := w.Stage(s.Name, 0, width, &out)
				if err != nil {
					t.Fatalf("opened, but cannot be staged: %v", err)
				}
				lines := readStaged(t, out.String(), ',')
				if got.Rows != got.Written+int64(len(got.Bad)) || int64(len(lines)) != got.Written || got.Rows != s.Rows {
					t.Fatalf("%d lines of %d rows, %+v", len(lines), s.Rows, got)
				}
				for _, line := range lines {
					if len(line) != width+1 {
						t.Fatalf("%d cells instead of %d: %q", len(line), width+1, line)
					}
				}
			}
		}
	})
}
