package sheet_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"plumbline/ingest/sheet"
)

// tablesOf looks at a file with this content.
func tablesOf(t testing.TB, content []byte, h sheet.Hints) ([]sheet.Table, []error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	scratch := t.TempDir()
	tables, faults := sheet.Tables(t.Context(), path, scratch, h)
	if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	return tables, faults
}

// read looks at a file, stages all its tables with their first rows as headers, and writes all of it as text.
func read(t testing.TB, content []byte, h sheet.Hints) string {
	t.Helper()
	tables, faults := tablesOf(t, content, h)
	var b strings.Builder
	for _, table := range tables {
		fmt.Fprintf(&b, "%s", strings.Join(nonEmpty(string(table.Packing), table.Member, string(table.Format), table.Sheet), " "))
		fmt.Fprintf(&b, " %d %q\n", table.Head[0].Number, table.Head[0].Cells)
		for _, n := range table.Notices {
			fmt.Fprintf(&b, "notice %s\n", n.EN)
			if n.ZH == "" {
				t.Errorf("a notice without Chinese: %s", n.EN)
			}
		}
		var out strings.Builder
		scratch := t.TempDir()
		got, err := table.Stage(t.Context(), scratch, bytes.NewReader(content), table.Head[0].Number, len(table.Head[0].Cells), &out)
		b.WriteString(dump(out.String(), got, err))
		if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
	for _, err := range faults {
		b.WriteString(fault(t, err))
		if strings.Contains(err.Error(), "%!") {
			t.Errorf("words with a hole: %v", err)
		}
	}
	return b.String()
}

func nonEmpty(list ...string) (kept []string) {
	for _, s := range list {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return kept
}

// fault writes a refusal as text and looks at its words.
func fault(t testing.TB, err error) string {
	t.Helper()
	var e *sheet.RefusedError
	if !errors.As(err, &e) {
		return "error " + err.Error() + "\n"
	}
	if e.Say.ZH == "" || e.Say.EN == "" || e.Cure.ZH == "" || e.Cure.EN == "" {
		t.Errorf("a refusal needs its words: %v", err)
	}
	return strings.Join(nonEmpty("refused", e.Rule, e.Member), " ") + fmt.Sprintf(" row %d\n", e.Row)
}

func gzipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstded(t testing.TB, content []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(content, nil)
}

// member is an entry of a zip archive.
type member struct {
	name, content string
	head          func(*zip.FileHeader)
}

func zipped(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Deflate}
		if m.head != nil {
			m.head(h)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, m.content)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func stored(h *zip.FileHeader) { h.Method = zip.Store }

const csvFile = "工号,姓名\nE1,张三\nE2,李四\n"

const csvRead = "csv 1 [\"工号\" \"姓名\"]\n2,E1,张三\n3,E2,李四\n"

func TestPackings(t *testing.T) {
	book := string(pack(t, book(data(`<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2"><v>7</v></c></row>`))))
	tests := []struct {
		name string
		file []byte
		want string
	}{
		{"plain", []byte(csvFile), csvRead},
		{"gzip", gzipped(t, []byte(csvFile)), "gzip " + csvRead},
		{"gzip in two members", append(gzipped(t, []byte(csvFile[:30])), gzipped(t, []byte(csvFile[30:]))...), "gzip " + csvRead},
		{"zstd", zstded(t, []byte(csvFile)), "zstd " + csvRead},
		{"gzip of GB18030", gzipped(t, []byte(gb(t, csvFile))), "gzip " + csvRead},
		{"gzip of a workbook", gzipped(t, []byte(book)), "gzip xlsx 数据 1 [\"工号\"]\n2,7\n"},
		{"gzip of JSON", gzipped(t, []byte(`[{"a":1}]`)), "gzip json 0 [\"a\"]\n1,1\n"},
		{"workbook", []byte(book), "xlsx 数据 1 [\"工号\"]\n2,7\n"},
		{"empty workbook", pack(t, parts(nil).with(data(``))), "refused file.empty row 0\n"},
		{"zip of several", zipped(t, member{name: "七月/a.csv", content: csvFile}, member{name: "b.xlsx", content: book, head: stored}, member{name: "c.json", content: `[{"a":1}]`},
			member{name: "七月/"}, member{name: "__MACOSX/a.csv", content: "x"}, member{name: "x/.hidden", content: "x"}, member{name: "~$b.xlsx", content: "x"}),
			"zip 七月/a.csv " + csvRead + "zip b.xlsx xlsx 数据 1 [\"工号\"]\n2,7\nzip c.json json 0 [\"a\"]\n1,1\n"},
		{"names in GBK", zipped(t, member{gb(t, "张三.csv"), csvFile, func(h *zip.FileHeader) { h.NonUTF8 = true }}), "zip 张三.csv " + csvRead},
		{"one faulty member", zipped(t, member{name: "a.csv", content: csvFile}, member{name: "b.pdf", content: "%PDF-1.7"}, member{name: "empty.csv"}),
			"zip a.csv " + csvRead + "refused file.format b.pdf row 0\nrefused file.empty empty.csv row 0\n"},
		{"archives in archives", zipped(t, member{name: "a.zip", content: string(zipped(t, member{name: "b.xlsx", content: book, head: stored})), head: stored}, member{name: "a.gz", content: string(gzipped(t, []byte(csvFile)))}),
			"refused file.format a.zip row 0\nrefused file.format a.gz row 0\n"},
		{"gzip in gzip", gzipped(t, gzipped(t, []byte(csvFile))), "refused file.format row 0\n"},
		{"zip in gzip", gzipped(t, zipped(t, member{name: "a.csv", content: csvFile})), "refused file.format row 0\n"},
		{"tar in gzip", gzipped(t, []byte("a.csv"+strings.Repeat("\x00", 252)+"ustar\x00"+strings.Repeat("\x00", 600))), "refused file.format row 0\n"},
		{"names that lead outside", zipped(t, member{name: "../a.csv", content: csvFile}, member{name: "/etc/a.csv", content: csvFile}, member{name: `a\b.csv`, content: csvFile}, member{name: "C:a.csv", content: csvFile}, member{name: "a/../../b.csv", content: csvFile}),
			"refused file.archive ../a.csv row 0\nrefused file.archive /etc/a.csv row 0\nrefused file.archive a\\b.csv row 0\nrefused file.archive C:a.csv row 0\nrefused file.archive a/../../b.csv row 0\n"},
		{"links", zipped(t, member{"a.csv", "/etc/passwd", func(h *zip.FileHeader) { h.SetMode(fs.ModeSymlink | 0o777) }}), "refused file.archive a.csv row 0\n"},
		{"one name twice", zipped(t, member{name: "a.csv", content: csvFile}, member{name: "a.csv", content: csvFile}), "refused file.damaged row 0\n"},
		{"a password", zipped(t, member{"a.csv", csvFile, func(h *zip.FileHeader) { h.Flags |= 1 }}), "refused file.encrypted a.csv row 0\n"},
		{"nothing in it", zipped(t, member{name: "__MACOSX/a.csv", content: csvFile}), "refused file.empty row 0\n"},
		{"cut zip", zipped(t, member{name: "a.csv", content: csvFile})[:60], "refused file.damaged row 0\n"},
		{"a Word document", zipped(t, member{name: "[Content_Types].xml", content: "<a/>"}, member{name: "word/document.xml", content: "<a/>"}), "refused file.format row 0\n"},
		{"an OpenDocument table", zipped(t, member{name: "mimetype", content: "application/vnd.oasis.opendocument.spreadsheet", head: stored}), "refused file.format row 0\n"},
		{"empty in gzip", gzipped(t, nil), "refused file.empty row 0\n"},
		{"cut in the header", gzipped(t, []byte(csvFile))[:8], "refused file.damaged row 0\n"},
		{"no zstd behind the magic", []byte("\x28\xb5\x2f\xfdxxxxxxxxxx"), "refused file.damaged row 0\n"},
		{"empty", nil, "refused file.empty row 0\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, read(t, tt.file, sheet.Hints{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// with gives a workbook another sheet.
func (parts) with(worksheet string) parts { return book(worksheet) }

// TestDamageBehindTheHead finds a file whole at first sight and damaged when all of it is read.
func TestDamageBehindTheHead(t *testing.T) {
	var file bytes.Buffer
	file.WriteString("工号,数\n")
	for i := range 300_000 {
		fmt.Fprintf(&file, "E%d,%d\n", i, i*i%1000)
	}
	whole := map[string][]byte{"gzip": gzipped(t, file.Bytes()), "zstd": zstded(t, file.Bytes()), "zip": zipped(t, member{name: "a.csv", content: file.String()})}
	for name, packed := range whole {
		tables, faults := tablesOf(t, packed, sheet.Hints{})
		if len(tables) != 1 || len(faults) > 0 {
			t.Fatal(name, tables, faults)
		}
		stage := func(b []byte) (sheet.Staged, error) {
			return tables[0].Stage(t.Context(), t.TempDir(), bytes.NewReader(b), 1, 2, io.Discard)
		}
		if got, err := stage(packed); err != nil || got.Written != 300_000 {
			t.Errorf("%s: %d rows, %v", name, got.Written, err)
		}
		flipped := bytes.Clone(packed)
		flipped[len(packed)*3/4] ^= 0x10
		sum := bytes.Clone(packed)
		sum[len(packed)-6] ^= 1
		cases := map[string][]byte{"cut": packed[:len(packed)*3/4], "flipped": flipped}
		if name == "gzip" {
			cases["wrong checksum"], cases["last byte missing"], cases["bytes behind it"] = sum, packed[:len(packed)-1], append(bytes.Clone(packed), "abc"...)
		}
		for what, b := range cases {
			_, err := stage(b)
			if got := fault(t, err); got != "refused file.damaged row 0\n" {
				t.Errorf("%s %s: %s", name, what, got)
			}
		}
	}
}

func TestBombs(t *testing.T) {
	nuls := make([]byte, 64<<20)
	rows := bytes.Repeat([]byte("E1,8\n"), 16<<20)
	for name, tt := range map[string]struct {
		file []byte
		want string
	}{
		"NULs in gzip": {gzipped(t, nuls), "refused file.encoding row 0\n"},
		"rows in gzip": {gzipped(t, rows), "refused file.limit row 0\n"},
		"rows in zstd": {zstded(t, rows), "refused file.limit row 0\n"},
		"rows in zip":  {zipped(t, member{name: "a.csv", content: string(rows)}), "refused file.limit a.csv row 0\n"},
		"JSON in gzip": {gzipped(t, append([]byte("[1"), bytes.Repeat([]byte(",1"), 16<<20)...)), "refused file.limit row 0\n"},
		"many members": {zipped(t, func() (list []member) {
			for i := range 1001 {
				list = append(list, member{name: fmt.Sprintf("%d.csv", i)})
			}
			return list
		}()...), "refused file.limit row 0\n"},
		"a long record": {gzipped(t, append([]byte(csvFile), bytes.Repeat([]byte("x,"), 5<<20)...)), "refused file.limit row 4\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t, tt.file, sheet.Hints{})
			if at := strings.LastIndex(strings.TrimSuffix(got, "\n"), "\n"); at >= 0 { // behind the table that was found first
				got = got[at+1:]
			}
			if got != tt.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestMembersThatOverlap(t *testing.T) {
	file := zipped(t, member{name: "a.csv", content: csvFile}, member{name: "b.csv", content: csvFile})
	directory := bytes.LastIndex(file, []byte("PK\x01\x02"))
	size := file[directory+20 : directory+24]
	copy(size, "\xff\xff\x00\x00") // the second claims more packed bytes than the archive has
	if got := read(t, file, sheet.Hints{}); got != "refused file.damaged row 0\n" {
		t.Error(got)
	}
}

func TestDeclared(t *testing.T) {
	latin := "name;n\nM\xfcller;1\nS\x80o;2\n\x81;3\n"
	tests := []struct {
		name, file string
		h          sheet.Hints
		want       string
	}{
		{"Windows-1252", latin, sheet.Hints{Encoding: sheet.Windows1252}, "csv 1 [\"name\" \"n\"]\n2;Müller;1\n3;S€o;2\nbad 4 col 0 text.undecodable \"\\\\x81\" [22] [\"\\\\x81\" \"3\"]\n"},
		{"Windows-1252 undeclared", latin, sheet.Hints{}, "refused file.encoding row 0\n"},
		{"Windows-1252 JSON", "[{\"a\":\"M\xfcller\\n\"},{\"a\":\"\x81\"}]", sheet.Hints{Encoding: sheet.Windows1252}, "json 0 [\"a\"]\n1,\"Müller\n\"\nbad 2 col 0 text.undecodable \"\\\\x81\" [24] [\"\\\\x81\"]\n"},
		{"UTF-8 with its mark", "\xef\xbb\xbfa,b\n1,2\n", sheet.Hints{Encoding: sheet.UTF8}, "csv 1 [\"a\" \"b\"]\n2,1,2\n"},
		{"UTF-16 without a mark", utf16le("a,b\n1,2\n"), sheet.Hints{Encoding: sheet.UTF16LE}, "csv 1 [\"a\" \"b\"]\n2,1,2\n"},
		{"UTF-16 with its mark", "\xff\xfe" + utf16le("a,b\n1,2\n"), sheet.Hints{Encoding: sheet.UTF16LE}, "csv 1 [\"a\" \"b\"]\n2,1,2\n"},
		{"GB18030 although it is UTF-8", "a,b\n员,2\n", sheet.Hints{Encoding: sheet.GB18030}, "csv 1 [\"a\" \"b\"]\nbad 2 col 0 text.undecodable \"鍛\\\\x98\" [4] [\"鍛\\\\x98\" \"2\"]\n"},
		{"caret", "a^b\n1,5^\"x^y\"\n", sheet.Hints{Delimiter: '^'}, "csv 1 [\"a\" \"b\"]\n2^1,5^\"x^y\"\n"},
		{"tilde", "a~b\n1~2~3\n", sheet.Hints{Delimiter: '~'}, "csv 1 [\"a\" \"b\"]\nbad 2 col -1 row.fields \"\" [3/2] [\"1\" \"2\" \"3\"]\n"},
		{"colon", "a:b\n1:2\n", sheet.Hints{Delimiter: ':'}, "csv 1 [\"a\" \"b\"]\n2:1:2\n"},
		{"semicolon although commas fit better", "a,b;c\n1,2;3\n", sheet.Hints{Delimiter: ';'}, "csv 1 [\"a,b\" \"c\"]\n2;1,2;3\n"},
		{"a letter", "a,b\n", sheet.Hints{Delimiter: 'x'}, "error read table: 'x' cannot be a delimiter\n"},
		{"a blank", "a,b\n", sheet.Hints{Delimiter: ' '}, "error read table: ' ' cannot be a delimiter\n"},
		{"a quote", "a,b\n", sheet.Hints{Delimiter: '\''}, "error read table: '\\'' cannot be a delimiter\n"},
		{"Big5", "a,b\n", sheet.Hints{Encoding: "Big5"}, "error read table: encoding \"Big5\" is none of UTF-8, UTF-16LE, UTF-16BE, GB18030, windows-1252\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, read(t, []byte(tt.file), tt.h)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestWindows1252 reads all 256 bytes and compares with the table of Unicode's consortium for those above ASCII.
func TestWindows1252(t *testing.T) {
	upper := "€\x00‚ƒ„…†‡ˆ‰Š‹Œ\x00Ž\x00\x00‘’“”•–—˜™š›œ\x00žŸ"
	for c := 0x100; c > 0xa0; c-- {
		upper += string(rune(0x100 - c + 0xa0))
	}
	c := 0x80
	for _, want := range upper {
		var out strings.Builder
		file := []byte{'a', '\n', 'x', byte(c), '\n'}
		got, err := sheet.StageCSV(bytes.NewReader(file), sheet.Dialect{Encoding: sheet.Windows1252, Delimiter: ','}, 1, 1, &out)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case want == 0 && (len(got.Bad) != 1 || got.Bad[0].Rule != sheet.TextUndecodable):
			t.Errorf("byte %x: %+v", c, got)
		case want != 0 && out.String() != "2,x"+string(want)+"\n":
			t.Errorf("byte %x: %q", c, out.String())
		}
		c++
	}
	if c != 0x100 {
		t.Errorf("%d characters", c)
	}
}

func TestSheetsWithDataAreTables(t *testing.T) {
	const rel = `http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
	p := book(data(`<row r="1"><c r="A1"><v>1</v></c></row>`))
	p["xl/workbook.xml"] = `<workbook ` + mainNS + `><sheets><sheet name="空" sheetId="1" r:id="e"/><sheet name="一" sheetId="2" r:id="rId1"/><sheet name="二" sheetId="3" state="hidden" r:id="h"/></sheets></workbook>`
	p["xl/_rels/workbook.xml.rels"] = `<Relationships><Relationship Id="rId1" Type="` + rel + `worksheet" Target="worksheets/sheet1.xml"/>` +
		`<Relationship Id="e" Type="` + rel + `worksheet" Target="empty.xml"/><Relationship Id="h" Type="` + rel + `worksheet" Target="second.xml"/></Relationships>`
	var list []member
	for _, name := range sheetParts[:5] {
		list = append(list, member{name: name, content: p[name]})
	}
	list = append(list, member{name: "xl/empty.xml", content: data(``)}, member{name: "xl/second.xml", content: data(`<row r="3"><c r="A3"><v>3</v></c></row><row r="4"><c r="A4"><v>4</v></c></row>`)})
	want := "xlsx 一 1 [\"1\"]\nnotice Sheet \"二\" is hidden and holds 2 rows.\nxlsx 二 3 [\"3\"]\n4,4\n"
	if diff := cmp.Diff(want, read(t, zipped(t, list...), sheet.Hints{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestStageRefusesWhatTablesDidNotSay(t *testing.T) {
	for name, r := range map[string]sheet.Reading{
		"no such packing":  {Packing: "rar", Format: sheet.CSV},
		"no such format":   {Format: "ods"},
		"no fields":        {Format: sheet.JSON},
		"other list":       {Format: sheet.JSON, Sheet: "x", Fields: []string{"a"}, Dialect: sheet.Dialect{Encoding: sheet.UTF8}},
		"no such encoding": {Format: sheet.NDJSON, Fields: []string{"a"}},
	} {
		width := max(len(r.Fields), 1)
		if _, err := r.Stage(t.Context(), t.TempDir(), strings.NewReader(`{"y":[{"a":1}]}`), 0, width, io.Discard); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	r := sheet.Reading{Format: sheet.JSON, Fields: []string{"a"}, Dialect: sheet.Dialect{Encoding: sheet.UTF8}}
	for _, place := range [][2]int64{{1, 1}, {0, 2}} {
		if _, err := r.Stage(t.Context(), t.TempDir(), strings.NewReader(`[{"a":1}]`), place[0], int(place[1]), io.Discard); err == nil {
			t.Errorf("header row %d of %d columns is accepted", place[0], place[1])
		}
	}
}

func TestTablesEndsWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv.gz")
	if err := os.WriteFile(path, gzipped(t, []byte(csvFile)), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, faults := sheet.Tables(ctx, path, t.TempDir(), sheet.Hints{}); len(faults) != 1 || !errors.Is(faults[0], context.Canceled) {
		t.Errorf("got %v", faults)
	}
	if _, faults := sheet.Tables(t.Context(), path+"x", t.TempDir(), sheet.Hints{}); len(faults) != 1 || !errors.Is(faults[0], fs.ErrNotExist) {
		t.Errorf("got %v", faults)
	}
	r := sheet.Reading{Packing: sheet.Gzip, Format: sheet.CSV, Dialect: sheet.Dialect{Encoding: sheet.UTF8, Delimiter: ','}}
	broken := errors.New("cable pulled")
	if _, err := r.Stage(t.Context(), t.TempDir(), io.MultiReader(bytes.NewReader(gzipped(t, []byte(csvFile))[:30]), &failing{broken}), 1, 2, io.Discard); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// FuzzTables takes any bytes for a file, also packed, and checks that nothing crashes and every record is accounted for.
func FuzzTables(f *testing.F) {
	for _, seed := range []string{csvFile, `[{"a":1},{"b":[1,2]}]`, "{\"a\":1}\n{\"a\":2}\n", `{"data":[{"a":1}],"n":1}`, "PK\x03\x04", "PAR1\x00PAR1", "ARROW1\x00\x00", "\x1f\x8b\x08", gb(f, csvFile), utf16le(csvFile)} {
		f.Add([]byte(seed), uint8(0))
		f.Add(gzipped(f, []byte(seed)), uint8(1))
	}
	f.Add(zstded(f, []byte(csvFile)), uint8(0))
	f.Add(zipped(f, member{name: "a.csv", content: csvFile}, member{name: "b.json", content: `[{"a":1}]`}), uint8(0))
	f.Add(pack(f, book(data(`<row r="1"><c r="A1" t="s"><v>0</v></c></row>`))), uint8(0))
	hints := []sheet.Hints{{}, {Encoding: sheet.Windows1252}, {Delimiter: '~'}, {Encoding: sheet.UTF16BE}}
	f.Fuzz(func(t *testing.T, file []byte, hint uint8) {
		accountedFor(t, file, hints[hint%4])
	})
}

// accountedFor stages all tables of a file and checks the counts.
func accountedFor(t *testing.T, file []byte, h sheet.Hints) {
	t.Helper()
	tables, faults := tablesOf(t, file, h)
	if len(tables)+len(faults) == 0 {
		t.Fatal("neither a table nor a fault")
	}
	for _, err := range faults {
		fault(t, err)
		if !errors.As(err, new(*sheet.RefusedError)) {
			t.Fatal(err)
		}
	}
	for _, table := range tables {
		header, width := table.Head[0].Number, len(table.Head[0].Cells)
		var out strings.Builder
		got, err := table.Stage(t.Context(), t.TempDir(), bytes.NewReader(file), header, width, &out)
		if got.Rows != got.Written+int64(len(got.Bad)) {
			t.Fatalf("%+v", got)
		}
		if err != nil {
			if !errors.As(err, new(*sheet.RefusedError)) {
				t.Fatal(err)
			}
			continue
		}
		lines := readStaged(t, out.String(), table.Delimiter())
		if int64(len(lines)) != got.Written {
			t.Fatalf("%d lines, %+v", len(lines), got)
		}
		for _, line := range lines {
			if len(line) != width+1 {
				t.Fatalf("%d cells instead of %d: %q", len(line), width+1, line)
			}
		}
	}
}
