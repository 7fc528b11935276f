package sheet_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"plumbline/ingest/sheet"
)

func gb(t testing.TB, s string) string {
	t.Helper()
	out, err := simplifiedchinese.GB18030.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func utf16le(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func opener(file string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(file)), nil }
}

// dump writes the outcome of staging as text, so that a case reads at a glance.
func dump(staged string, got sheet.Staged, err error) string {
	var refused *sheet.RefusedError
	if errors.As(err, &refused) {
		return fmt.Sprintf("refused %s row %d\n", refused.Rule, refused.Row)
	}
	if err != nil {
		return "error " + err.Error() + "\n"
	}
	var b strings.Builder
	b.WriteString(staged)
	for _, bad := range got.Bad {
		fmt.Fprintf(&b, "bad %d col %d %s %q [%s] %q\n", bad.Row, bad.Column, bad.Rule, bad.Value, bad.Detail, bad.Cells)
	}
	if got.Rows != got.Written+int64(len(got.Bad)) || got.Written != int64(len(parseStaged(staged))) {
		fmt.Fprintf(&b, "COUNTS %+v\n", got)
	}
	if got.Blank > 0 {
		fmt.Fprintf(&b, "blank %d\n", got.Blank)
	}
	if got.Hidden > 0 {
		fmt.Fprintf(&b, "hidden %d\n", got.Hidden)
	}
	if got.BareQuotes > 0 {
		fmt.Fprintf(&b, "bare quotes %d\n", got.BareQuotes)
	}
	return b.String()
}

// parseStaged cuts staging text into lines, quoted line ends left together, without relying on encoding/csv.
func parseStaged(staged string) (lines []string) {
	quoted, from := false, 0
	for i := range len(staged) {
		switch {
		case staged[i] == '"':
			quoted = !quoted
		case staged[i] == '\n' && !quoted:
			lines = append(lines, staged[from:i])
			from = i + 1
		}
	}
	return lines
}

func TestStageCSV(t *testing.T) {
	u8 := sheet.Dialect{Encoding: sheet.UTF8, Delimiter: ','}
	gbk := sheet.Dialect{Encoding: sheet.GB18030, Delimiter: ','}
	pipe := sheet.Dialect{Encoding: sheet.GB18030, Delimiter: '|'}
	tests := []struct {
		name   string
		file   string
		d      sheet.Dialect
		header int64
		width  int
		want   string
	}{
		{"plain lines are copied", "工号,姓名\nE1,张三\nE2,李四\n", u8, 1, 2, "2,E1,张三\n3,E2,李四\n"},
		{"no line end at the end", "a,b\nE1,张三", u8, 1, 2, "2,E1,张三\n"},
		{"CR only", "a,b\rE1,张三\rE2,李四\r", u8, 1, 2, "2,E1,张三\n3,E2,李四\n"},
		{"mixed line ends", "a,b\r\nE1,1\rE2,2\nE3,3\r\nE4,4", u8, 1, 2, "2,E1,1\n3,E2,2\n4,E3,3\n5,E4,4\n"},
		{"header only", "a,b\n", u8, 1, 2, ""},
		{"no header", "1,2\n", u8, 0, 2, "1,1,2\n"},
		{"title rows above the header", "七月工时\n\na,b\n1,2\n", u8, 3, 2, "4,1,2\n"},
		{"quoted title of two lines above the header", "\"七月\n工时\",\na,b\n1,2\n", u8, 3, 2, "4,1,2\n"},
		{"short and long rows", "a,b,c\n1,2\n1,2,3,4\n1,2,3\n", u8, 1, 3,
			"4,1,2,3\nbad 2 col -1 row.fields \"\" [2/3] [\"1\" \"2\"]\nbad 3 col -1 row.fields \"\" [4/3] [\"1\" \"2\" \"3\" \"4\"]\n"},
		{"empty cells behind the last column are dropped", "a,b\n1,2,,\n\"1\",2,\"\",\n", u8, 1, 2, "2,1,2\n3,\"1\",2\n"},
		{"blank rows are counted", "a,b\n\n,\n \u3000,\u00a0\n\"\",\" \"\n,,,,\n1,2\n", u8, 1, 2, "7,1,2\nblank 5\n"},
		{"well-formed quotes are copied", "a,b\n\"x,y\",\"say \"\"hi\"\"\"\n\"line 1\r\nline 2\",z\n1,2\n", u8, 1, 2,
			"2,\"x,y\",\"say \"\"hi\"\"\"\n3,\"line 1\r\nline 2\",z\n5,1,2\n"},
		{"CR inside quotes", "a,b\r\"x\ry\",1\r2,3\r", u8, 1, 2, "2,\"x\ry\",1\n4,2,3\n"},
		{"bare quotes are literal", "a,b\n5\" pipe,x\n he said \"no\",\"y\"\n", u8, 1, 2,
			"2,\"5\"\" pipe\",x\n3,\" he said \"\"no\"\"\",\"y\"\nbare quotes 2\n"},
		{"text behind a closing quote", "a,b\n\"x\"y,1\n1,2\n", u8, 1, 2, "3,1,2\nbad 2 col 0 row.fields \"\\\"x\\\"y\" [quote] [\"\\\"x\\\"y\" \"1\"]\n"},
		{"unterminated quote", "a,b\n1,2\n3,\"open\n4,5\n", u8, 1, 2, "refused file.unterminated_quote row 3\n"},
		{"a quote that swallows rows up to the next quote", "a,b\n1,2\n\"3,4\n5,6\n\"7\",8\n", u8, 1, 2, "refused file.unterminated_quote row 3\n"},
		{"NUL", "a,b\n1,x\x00y\n", u8, 1, 2, "bad 2 col 1 text.control \"x\\\\x00y\" [U+0000] [\"1\" \"x\\\\x00y\"]\n"},
		{"controls", "a,b\n1\x1f,2\n1,\x7f\n1,\u0085x\n", u8, 1, 2,
			"bad 2 col 0 text.control \"1\\\\x1f\" [U+001F] [\"1\\\\x1f\" \"2\"]\nbad 3 col 1 text.control \"\\\\x7f\" [U+007F] [\"1\" \"\\\\x7f\"]\n" +
				"bad 4 col 1 text.control \"\\\\u0085x\" [U+0085] [\"1\" \"\\\\u0085x\"]\n"},
		{"bidi and zero width", "a,b\nE\u202e1,2\nE\u200b1,2\n\ufeffE1,2\n\u2066x,\u201cok\u201d\n", u8, 1, 2,
			"4,\"E1\",2\nbad 2 col 0 text.control \"E\\\\u202e1\" [U+202E] [\"E\\\\u202e1\" \"2\"]\nbad 3 col 0 text.control \"E\\\\u200b1\" [U+200B] [\"E\\\\u200b1\" \"2\"]\n" +
				"bad 5 col 0 text.control \"\\\\u2066x\" [U+2066] [\"\\\\u2066x\" \"“ok”\"]\n"},
		{"TAB in and out of quotes", "a,b\n\"x\ty\",1\nx\ty,1\n", u8, 1, 2, "2,\"x\ty\",1\nbad 3 col 0 text.control \"x\\ty\" [U+0009] [\"x\\ty\" \"1\"]\n"},
		{"mixed encodings", "工号,姓名\nE1,张三\nE2," + gb(t, "李四") + "\nE3,\"" + gb(t, "王") + "\"\n", u8, 1, 2,
			"2,E1,张三\nbad 3 col 1 text.undecodable \"\\\\xc0\\\\xee\\\\xcb\\\\xc4\" [27] [\"E2\" \"\\\\xc0\\\\xee\\\\xcb\\\\xc4\"]\n" +
				"bad 4 col 1 text.undecodable \"\\\\xcd\\\\xf5\" [36] [\"E3\" \"\\\\xcd\\\\xf5\"]\n"},
		{"genuine replacement character", "a,b\n1,\ufffd\n", u8, 1, 2, "bad 2 col 1 text.undecodable \"\\\\xef\\\\xbf\\\\xbd\" [6] [\"1\" \"\\\\xef\\\\xbf\\\\xbd\"]\n"},
		{"GB18030", gb(t, "工号,姓名\r\nE1,张三\r\nE2,\"李,四\"\r\n"), gbk, 1, 2, "2,E1,张三\n3,E2,\"李,四\"\n"},
		{"GB18030 trail bytes that look like | \\ and digits", gb(t, "a|b\n誠|鄚\n𠮷ǹ|镕\n"), pipe, 1, 2, "2|誠|鄚\n3|𠮷ǹ|镕\n"},
		{"GB18030 bad bytes", gb(t, "工号,姓名\nE1,") + "\xff" + gb(t, "张\nE2,李") + "\xc0\n" + gb(t, "E3,王\n"), gbk, 1, 2,
			"4,E3,王\nbad 2 col 1 text.undecodable \"\\\\xff张\" [13] [\"E1\" \"\\\\xff张\"]\nbad 3 col 1 text.undecodable \"李\\\\xc0\" [22] [\"E2\" \"李\\\\xc0\"]\n"},
		{"GB18030 genuine replacement character", "a,b\n1,\x84\x31\xa4\x37\n", gbk, 1, 2, "bad 2 col 1 text.undecodable \"\\\\x841\\\\xa47\" [6] [\"1\" \"\\\\x841\\\\xa47\"]\n"},
		{"UTF-8 BOM", "\xef\xbb\xbfa,b\n1,\xff\n", sheet.Dialect{Encoding: sheet.UTF8, BOM: true, Delimiter: ','}, 1, 2,
			"bad 2 col 1 text.undecodable \"\\\\xff\" [9] [\"1\" \"\\\\xff\"]\n"},
		{"UTF-16LE", "\xff\xfe" + utf16le("工号\t姓名\r\nE1\t张𠮷\r\n"), sheet.Dialect{Encoding: sheet.UTF16LE, BOM: true, Delimiter: '\t'}, 1, 2, "2\tE1\t张𠮷\n"},
		{"UTF-16LE half a pair", "\xff\xfe" + utf16le("a,b\n1,") + "\x00\xd8" + utf16le("\n2,3\n"), sheet.Dialect{Encoding: sheet.UTF16LE, BOM: true, Delimiter: ','}, 1, 2,
			"3,2,3\nbad 2 col 1 text.undecodable \"\\\\x00\\\\xd8\" [14] [\"1\" \"\\\\x00\\\\xd8\"]\n"},
		{"semicolons and decimal commas", "a;b\n1,5;2,5\n", sheet.Dialect{Encoding: sheet.UTF8, Delimiter: ';'}, 1, 2, "2;1,5;2,5\n"},
		{"one column", "工号\nE1\n\nE2\n", u8, 1, 1, "2,E1\n4,E2\nblank 1\n"},
		{"huge cell", "a,b\n1," + strings.Repeat("x", 1<<20) + "\n2," + strings.Repeat("x", 1<<20+1) + "\n", u8, 1, 2, "refused file.limit row 3\n"},
		{"huge quoted cell", "a,b\n1,\"" + strings.Repeat("x\n", 1<<20) + "\n", u8, 1, 2, "refused file.limit row 2\n"},
		{"huge record", "a,b\n" + strings.Repeat(strings.Repeat("x", 1000)+",", 9000) + "\n", u8, 1, 2, "refused file.limit row 2\n"},
		{"too many columns", "a,b\n" + strings.Repeat("x,", 10_000) + "\n", u8, 1, 2, "refused file.limit row 2\n"},
		{"too many bad rows", "a,b\n" + strings.Repeat("x\n", 100_001), u8, 1, 2, "refused file.limit row 100002\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			got, err := sheet.StageCSV(strings.NewReader(tt.file), tt.d, tt.header, tt.width, &out)
			if diff := cmp.Diff(tt.want, dump(out.String(), got, err)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestStageCSVTenThousandColumns(t *testing.T) {
	line := strings.Repeat("x,", 9_999) + "x\n"
	var out strings.Builder
	got, err := sheet.StageCSV(strings.NewReader(line+line), sheet.Dialect{Encoding: sheet.UTF8, Delimiter: ','}, 1, 10_000, &out)
	if err != nil || out.String() != "2,"+line || got.LastRow != 2 || got.Longest != out.Len() {
		t.Errorf("got %d bytes, last row %d, error %v", out.Len(), got.LastRow, err)
	}
}

// TestStageCSVBlocks shifts records over the borders of the blocks in which files are read.
func TestStageCSVBlocks(t *testing.T) {
	for _, encoding := range []string{sheet.UTF8, sheet.GB18030} {
		for shift := range 12 {
			var file, want strings.Builder
			file.WriteString("a,b\r\n")
			fmt.Fprintf(&file, "%s,1\r\n", strings.Repeat("x", 600_000+shift))
			fmt.Fprintf(&want, "2,%s,1\n", strings.Repeat("x", 600_000+shift))
			for i := range 60_000 {
				cell, copied := "张三", "张三"
				if i%5000 == 0 {
					cell, copied = "\"李\r\n四\"", "\"李\r\n四\""
				}
				fmt.Fprintf(&file, "%s,%d\r\n", cell, i)
				fmt.Fprintf(&want, "%d,%s,%d\n", 3+i+(i+4999)/5000, copied, i)
			}
			content := file.String()
			if encoding == sheet.GB18030 {
				content = gb(t, content)
			}
			var out strings.Builder
			got, err := sheet.StageCSV(strings.NewReader(content), sheet.Dialect{Encoding: encoding, Delimiter: ','}, 1, 2, &out)
			if err != nil || got.Written != 60_001 || out.String() != want.String() {
				t.Fatalf("%s shift %d: written %d, error %v", encoding, shift, got.Written, err)
			}
		}
	}
}

// TestGB18030Blocks shifts characters of one, two and four bytes, and bytes that are none, over the borders of the blocks in which
// files are read and decoded. Every bad byte must be found at its place, and take nothing with it.
func TestGB18030Blocks(t *testing.T) {
	d := sheet.Dialect{Encoding: sheet.GB18030, Delimiter: '|'}
	line, copied := gb(t, "誠𠮷ǹ|镕\U0010ffffx")+"\x80\n", "誠𠮷ǹ|镕\U0010ffffx€\n"
	faults := []struct{ cell, shown string }{
		{"\xff" + gb(t, "张"), `\xff张`},
		{gb(t, "李") + "\xc0,", `李\xc0,`},
		{"\x81\x30\x81,", `\x810\x81,`},
		{"\x81\x30x\x39", `\x810x9`},
		{"\xfe\x39\xfe\x39", `\xfe9\xfe9`},
		{"\x95\x32|\x82\x36", `\x952`}, // a delimiter ends the character
	}
	for shift := range 18 { // the bytes of a line
		var file, want strings.Builder
		var bad []string
		fmt.Fprintf(&file, "%s|\n", strings.Repeat("x", 1000+shift))
		fmt.Fprintf(&want, "1|%s|\n", strings.Repeat("x", 1000+shift))
		for row := 2; row < 100_000; row++ {
			if row%997 > 0 {
				file.WriteString(line)
				fmt.Fprintf(&want, "%d|%s", row, copied)
				continue
			}
			f := faults[row/997%len(faults)]
			at := file.Len() + strings.IndexAny(f.shown, `\`)/3*2
			file.WriteString(f.cell)
			if strings.Count(f.cell, "|") == 0 {
				file.WriteString("|")
			}
			file.WriteString("\n")
			bad = append(bad, fmt.Sprintf("%d %s %d", row, f.shown, at))
		}
		var out strings.Builder
		got, err := sheet.StageCSV(strings.NewReader(file.String()), d, 0, 2, &out)
		if err != nil || out.String() != want.String() {
			t.Fatalf("shift %d: written %d, error %v", shift, got.Written, err)
		}
		var found []string
		for _, b := range got.Bad {
			found = append(found, fmt.Sprintf("%d %s %s", b.Row, b.Value, b.Detail))
			if b.Rule != sheet.TextUndecodable || b.Column != 0 {
				t.Fatalf("shift %d: %+v", shift, b)
			}
		}
		if diff := cmp.Diff(bad, found); diff != "" {
			t.Fatalf("shift %d: -want +got:\n%s", shift, diff)
		}
	}
}

// TestGB18030InPieces reads the same file in one piece and in very small ones.
func TestGB18030InPieces(t *testing.T) {
	d := sheet.Dialect{Encoding: sheet.GB18030, Delimiter: ','}
	file := strings.Repeat(gb(t, "誠,𠮷ǹ\r\n\"镕\",x\U0010ffff\n")+"\x80,\xff\x81\n\xa2\xab,\x81\x30\n", 40) + "a,\x95\x32\x82"
	read := func(r io.Reader) string {
		var out strings.Builder
		got, err := sheet.StageCSV(r, d, 0, 2, &out)
		return dump(out.String(), got, err)
	}
	want := read(strings.NewReader(file))
	for name, r := range map[string]io.Reader{"bytes": iotest.OneByteReader(strings.NewReader(file)), "halves": iotest.HalfReader(strings.NewReader(file)),
		"end with data": iotest.DataErrReader(strings.NewReader(file))} {
		if diff := cmp.Diff(want, read(r)); diff != "" {
			t.Errorf("%s: -whole +pieces:\n%s", name, diff)
		}
	}
	if n := strings.Count(want, "bad "); n != 81 {
		t.Errorf("%d bad rows:\n%s", n, want)
	}
}

func TestDetectCSV(t *testing.T) {
	ascii := strings.Repeat("1,2\n", 400_000) // beyond every block
	tests := []struct{ name, file, want string }{
		{"UTF-8", "工号,姓名\nE1,张三\n", `UTF-8 bom=false ',' [{1 [工号 姓名]} {2 [E1 张三]}]`},
		{"ASCII", "a,b\n1,2\n", `UTF-8 bom=false ',' [{1 [a b]} {2 [1 2]}]`},
		{"BOM", "\xef\xbb\xbf工号;姓名\n", `UTF-8 bom=true ';' [{1 [工号 姓名]}]`},
		{"GB18030", gb(t, "工号\t姓名\nE1\t张三\n"), `GB18030 bom=false '\t' [{1 [工号 姓名]} {2 [E1 张三]}]`},
		{"UTF-16LE", "\xff\xfe" + utf16le("工号\t姓名\r\n"), `UTF-16LE bom=true '\t' [{1 [工号 姓名]}]`},
		{"UTF-16BE", "\xfe\xff\x5d\xe5\x00,\x53\xf7", `UTF-16BE bom=true ',' [{1 [工 号]}]`},
		{"mostly UTF-8", "工号,姓名\nE1,张三\nE2," + gb(t, "李四") + "\n", `UTF-8 bom=false ',' [{1 [工号 姓名]} {2 [E1 张三]} {3 [E2 \xc0\xee\xcb\xc4]}]`},
		{"mostly GB18030", gb(t, "工号,姓名\nE1,张三\nE2,李四\nE3,王") + "\xff\n", `GB18030 bom=false ',' [{1 [工号 姓名]} {2 [E1 张三]} {3 [E2 李四]} {4 [E3 王\xff]}]`},
		{"semicolons and decimal commas", "a;b\n1,5;2,5\n3,5;4\n", `UTF-8 bom=false ';' [{1 [a b]} {2 [1,5 2,5]} {3 [3,5 4]}]`},
		{"title and blank rows", "七月工时|合计\n\na,b,c\n1,2,3\n4,5,6\n", `UTF-8 bom=false ',' [{1 [七月工时|合计]} {3 [a b c]} {4 [1 2 3]} {5 [4 5 6]}]`},
		{"one column", "工号\nE1\n", `UTF-8 bom=false ',' [{1 [工号]} {2 [E1]}]`},
		{"CR only", "a|b\r1|2\r", `UTF-8 bom=false '|' [{1 [a b]} {2 [1 2]}]`},
		{"Excel's hint", "sep=;\na,b;c\n", `UTF-8 bom=false ';' [{1 [sep= ]} {2 [a,b c]}]`},
		{"quoted delimiters", "a,b\n\"1;2;3\",\"4;5;6\"\n\"1;2;3\",\"4;5;6\"\n", `UTF-8 bom=false ',' [{1 [a b]} {2 [1;2;3 4;5;6]} {3 [1;2;3 4;5;6]}]`},
		{"Latin letters", "name,n\nMüller,1\nÉmile,2\nnaïve,3\n", `UTF-8 bom=false ',' [{1 [name n]} {2 [Müller 1]} {3 [Émile 2]} {4 [naïve 3]}]`},
		{"empty", "", "refused file.empty row 0"},
		{"BOM only", "\xef\xbb\xbf", "refused file.empty row 0"},
		{"blank lines only", "\n , \n", "refused file.empty row 0"},
		{"not an encoding we know", "name,n\nM\xe4,1\n\xc9,2\n", "refused file.encoding row 0"},
		{"UTF-16 without BOM", utf16le("a,b\n1,2\n"), "refused file.encoding row 0"},
		{"UTF-32", "\xff\xfe\x00\x00a\x00\x00\x00", "refused file.encoding row 0"},
		{"readable two ways", "no,level\n1," + gb(t, "员") + "\n", "refused file.encoding row 0"},
		{"lines of GB18030 that read as UTF-8 by chance", gb(t, "工号,角色\nE1,部门负责人\nE2,专员\nE3,专员\nE4,专员\n"),
			`GB18030 bom=false ',' [{1 [工号 角色]} {2 [E1 部门负责人]} {3 [E2 专员]} {4 [E3 专员]} {5 [E4 专员]}]`},
		{"the same behind an English header", gb(t, "no,role\nE1,专员\nE2,营业\nE3,经理\n"), `GB18030 bom=false ',' [{1 [no role]} {2 [E1 专员]} {3 [E2 营业]} {4 [E3 经理]}]`},
		{"Latin words and a row of GB18030", "no,name\n1,Müller\n2,Ångström\n3," + gb(t, "李四") + "\n", `UTF-8 bom=false ',' [{1 [no name]} {2 [1 Müller]} {3 [2 Ångström]} {4 [3 \xc0\xee\xcb\xc4]}]`},
		{"two-byte characters and a broken row", "no,name\n1,Иван\n2,Ольга\n3,\xff\n", `UTF-8 bom=false ',' [{1 [no name]} {2 [1 Иван]} {3 [2 Ольга]} {4 [3 \xff]}]`},
		{"some rows of two-byte characters in UTF-8", "工号,名\n1,Иван\n2,Ольга\n3,Пётр\n4," + gb(t, "李四") + "\n",
			`UTF-8 bom=false ',' [{1 [工号 名]} {2 [1 Иван]} {3 [2 Ольга]} {4 [3 Пётр]} {5 [4 \xc0\xee\xcb\xc4]}]`},
		{"unterminated quote", "a,b\n\"x,1\n", "refused file.unterminated_quote row 2"},
		{"GB18030 behind much ASCII", ascii + gb(t, "张三,李四\n"), "GB18030"},
		{"UTF-8 behind much ASCII", ascii + "张三,李四\n", "UTF-8"},
		{"unknown behind much ASCII", ascii + "\xe4,\n\xff\n", "refused file.encoding row 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, rows, err := sheet.DetectCSV(opener(tt.file))
			shown := make([]string, len(rows))
			for i, r := range rows {
				shown[i] = fmt.Sprintf("{%d %v}", r.Number, r.Cells)
			}
			got := fmt.Sprintf("%s bom=%v %q %v", d.Encoding, d.BOM, d.Delimiter, shown)
			var refused *sheet.RefusedError
			if errors.As(err, &refused) {
				got = fmt.Sprintf("refused %s row %d", refused.Rule, refused.Row)
				if refused.Say.ZH == "" || refused.Say.EN == "" || refused.Cure.ZH == "" || refused.Cure.EN == "" {
					t.Errorf("a refusal needs its words: %+v", refused)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if len(tt.file) > len(ascii) && err == nil {
				got = d.Encoding
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if len(rows) > 30 {
				t.Errorf("%d rows in the head", len(rows))
			}
		})
	}
}

// TestMembershipsInGBK reads a file in which most rows are UTF-8 by chance, since they end in 专员.
func TestMembershipsInGBK(t *testing.T) {
	const rows = "工号,部门编号,任职开始,任职结束,角色\nE0001,D10,2020-03-01,,部门负责人\nE0002,D10,2021-05-10,,专员\nE0003,D10,2022-08-01,2026-07-15,专员\n" +
		"E0003,D30,2026-07-16,,专员\nE0004,D20,2019-07-15,,部门负责人\nE0005,D20,2023-02-20,,专员\nE0006,D20,2024-04-01,,专员\nE0007,D20,2026-06-15,,专员\n" +
		"E0008,D30,2018-01-02,,部门负责人\n"
	head, body, _ := strings.Cut(rows, "\n")
	want := fmt.Sprintf("csv 1 %q\n", strings.Split(head, ","))
	for i, line := range strings.Split(strings.TrimSuffix(body, "\n"), "\n") {
		want += fmt.Sprintf("%d,%s\n", i+2, line)
	}
	if diff := cmp.Diff(want, read(t, []byte(gb(t, rows)), sheet.Hints{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestUnknownEncodingNamesTheByte(t *testing.T) {
	ascii := strings.Repeat("1,2\n", 400_000)
	_, _, err := sheet.DetectCSV(opener(ascii + "\xe4,\n\xff\n"))
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("byte %d (\\xe4)", len(ascii)+1)) {
		t.Errorf("got %v", err)
	}
}

func TestReadErrorsAreNotSwallowed(t *testing.T) {
	broken := errors.New("cable pulled")
	for _, encoding := range []string{sheet.UTF8, sheet.GB18030, sheet.UTF16LE} {
		r := io.MultiReader(strings.NewReader("a,b\n1,2\n"), &failing{broken})
		if _, err := sheet.StageCSV(r, sheet.Dialect{Encoding: encoding, Delimiter: ','}, 1, 2, io.Discard); !errors.Is(err, broken) {
			t.Errorf("%s: got %v", encoding, err)
		}
	}
	file := strings.NewReader("a,b\n1,2\n")
	if _, err := sheet.StageCSV(file, sheet.Dialect{Encoding: sheet.UTF8, Delimiter: ','}, 1, 2, &failing{broken}); !errors.Is(err, broken) {
		t.Errorf("write: got %v", err)
	}
	for _, d := range []sheet.Dialect{{Encoding: sheet.UTF8, Delimiter: '"'}, {Encoding: "Big5", Delimiter: ','}, {Encoding: sheet.UTF8, Delimiter: ',', BOM: true}} {
		if _, err := sheet.StageCSV(strings.NewReader("a,b\n"), d, 1, 2, io.Discard); err == nil {
			t.Errorf("dialect %+v is accepted", d)
		}
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error)  { return 0, f.err }
func (f *failing) Write([]byte) (int, error) { return 0, f.err }

// TestCellsComeBack writes random cells in a random dialect and reads them back from the staging lines.
func TestCellsComeBack(t *testing.T) {
	cell := rapid.OneOf(
		rapid.StringMatching(`[ -~]{0,12}`),
		rapid.StringMatching(`[\p{Han}，。“”·Ａ０￥€ -~]{0,8}`),
		rapid.StringMatching("[a\",;|\n]{0,6}"),
		rapid.SampledFrom([]string{"", "鄚镕誠", "𠮷", "\"", "ǹ", "=1+1"}))
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 6).Draw(t, "width")
		rows := rapid.SliceOf(rapid.SliceOfN(cell, width, width)).Draw(t, "rows")
		d := sheet.Dialect{
			Encoding:  rapid.SampledFrom([]string{sheet.UTF8, sheet.GB18030, sheet.UTF16LE}).Draw(t, "encoding"),
			Delimiter: rapid.SampledFrom([]byte(",;\t|")).Draw(t, "delimiter"),
		}
		var file bytes.Buffer
		w := csv.NewWriter(&file)
		w.Comma, w.UseCRLF = rune(d.Delimiter), rapid.Bool().Draw(t, "CRLF")
		var want [][]string
		for _, row := range rows {
			if strings.TrimSpace(strings.Join(row, "")) != "" {
				want = append(want, row)
			}
			if err := w.Write(row); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		content := file.String()
		switch d.Encoding {
		case sheet.GB18030:
			content, _ = simplifiedchinese.GB18030.NewEncoder().String(content)
			if slices.ContainsFunc(bytes.Split([]byte(content), []byte("\n")), readsTwoWays) {
				return
			}
		case sheet.UTF16LE:
			content = utf16le(content)
		}
		var out strings.Builder
		got, err := sheet.StageCSV(strings.NewReader(content), d, 0, width, &out)
		if err != nil || got.Rows != got.Written+int64(len(got.Bad)) || len(got.Bad) > 0 {
			t.Fatal(got, err)
		}
		var back [][]string
		for _, line := range readStaged(t, out.String(), d.Delimiter) {
			back = append(back, line[1:])
		}
		if w.UseCRLF { // encoding/csv writes line ends in cells as CRLF, and reads CRLF in cells as LF
			for _, row := range back {
				for i := range row {
					row[i] = strings.ReplaceAll(row[i], "\r\n", "\n")
				}
			}
		}
		if diff := cmp.Diff(want, back); diff != "" {
			t.Fatal(diff)
		}
	})
}

func readStaged(t interface{ Fatalf(string, ...any) }, staged string, delim byte) [][]string {
	r := csv.NewReader(strings.NewReader(staged))
	r.Comma = rune(delim)
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatalf("staging text is not regular: %v\n%q", err, staged)
	}
	return lines
}

func FuzzStageCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a,b\r1,\"x\"\"\r\ny\"\r", "\"", "a,\"b\"c\n", "5\",1\n,,\n", gb(f, "工号,姓名\n誠,鄚\n") + "\xff,\x81\n", "\x00,\u202e\n", "a|b;c\td\n"} {
		f.Add([]byte(s), uint8(0), uint8(2))
		f.Add([]byte(s), uint8(5), uint8(2))
	}
	encodings := []string{sheet.UTF8, sheet.GB18030, sheet.UTF16LE, sheet.UTF16BE}
	f.Fuzz(func(t *testing.T, file []byte, dialect, columns uint8) {
		d := sheet.Dialect{Encoding: encodings[dialect%4], Delimiter: ",;\t|"[dialect/4%4]}
		width := int(columns%8) + 1
		var out strings.Builder
		got, err := sheet.StageCSV(bytes.NewReader(file), d, 0, width, &out)
		if got.Rows != got.Written+int64(len(got.Bad)) {
			t.Fatalf("%+v", got)
		}
		if _, _, err := sheet.DetectCSV(opener(string(file))); err != nil && !errors.As(err, new(*sheet.RefusedError)) {
			t.Fatal(err)
		}
		if err != nil {
			if !errors.As(err, new(*sheet.RefusedError)) {
				t.Fatal(err)
			}
			return
		}
		lines := readStaged(t, out.String(), d.Delimiter)
		if int64(len(lines)) != got.Written {
			t.Fatalf("%d lines, %+v", len(lines), got)
		}
		for _, line := range lines {
			if len(line) != width+1 {
				t.Fatalf("%d cells instead of %d: %q", len(line), width+1, line)
			}
		}
	})
}

func TestAscendingMeansThatNoFirstCellOccursTwice(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       bool
	}{
		{"sorted ids", "id,n\nA1,1\nA2,1\nB01,1\n", true},
		{"the same id again", "id,n\nA1,1\nA1,2\n", false},
		{"the same id later", "id,n\nA1,1\nA2,1\nA1,1\n", false},
		{"9 before 10", "id,n\nA9,1\nA10,1\n", false},
		{"a blank that trimming would take away", "id,n\nA1,1\nA1 ,1\n", false},
		{"a wide blank", "id,n\nA1,1\nA1\u3000,1\n", false},
		{"quotes", "id,n\nA1,1\n\"A2\",1\n", false},
		{"an empty id", "id,n\n,1\nA1,1\n", false},
		{"one column only", "id\nA1\nA2\n", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			width := strings.Count(strings.SplitN(c.text, "\n", 2)[0], ",") + 1
			staged, err := sheet.StageCSV(strings.NewReader(c.text), sheet.Dialect{Encoding: sheet.UTF8, Delimiter: ','}, 1, width, io.Discard)
			if err != nil || staged.Ascending != c.want {
				t.Errorf("ascending %t, %v; want %t", staged.Ascending, err, c.want)
			}
		})
	}
}
