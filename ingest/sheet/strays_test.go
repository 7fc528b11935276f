package sheet_test

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"plumbline/ingest/sheet"
	"plumbline/policy"
)

// readsTwoWays reports a line of GB18030 that is UTF-8 too, with a character of three bytes or more. Stage takes it for UTF-8.
func readsTwoWays(line []byte) bool {
	return utf8.Valid(line) && bytes.ContainsFunc(line, func(r rune) bool { return r >= 0x800 })
}

// TestStrays puts rows of UTF-8 into GB18030 files: none may read as other characters in silence.
func TestStrays(t *testing.T) {
	header := gb(t, "编号,内容\n") // ten bytes
	tests := []struct {
		name, file string
		delim      byte
		want       string
	}{
		{"even number of bytes", "1,测试员工\n" + gb(t, "2,复核\n"), ',', "3,2,复核\nbad 2 col 1 text.undecodable \"娴嬭瘯鍛樺伐\" [12] [\"1\" \"娴嬭瘯鍛樺伐\"]\n"},
		{"no line end", gb(t, "1,复核\n") + "2,测试员工", ',', "2,1,复核\nbad 3 col 1 text.undecodable \"娴嬭瘯鍛樺伐\" [19] [\"2\" \"娴嬭瘯鍛樺伐\"]\n"},
		{"two-byte characters only", gb(t, "1,专员\n2,员\n") + "专员,\xd7\xa8\xd4\xb1\n", ',',
			"2,1,专员\n3,2,员\nbad 4 col 0 text.undecodable \"涓撳憳\" [22] [\"涓撳憳\" \"专员\"]\n"},
		{"a byte that is the euro sign in code page 936", "1,一\n", ',', "bad 2 col 1 text.undecodable \"涓€\" [12] [\"1\" \"涓€\"]\n"},
		{"a character of four bytes", "1,🎉\n", ',', "bad 2 col 1 text.undecodable \"馃帀\" [12] [\"1\" \"馃帀\"]\n"},
		{"a delimiter that is part of a character", "测试员|x\n" + gb(t, "复|核\n"), '|', "3|复|核\nbad 2 col 0 text.undecodable \"娴嬭瘯鍛榺x\" [10] [\"娴嬭瘯鍛榺x\"]\n"},
		{"the first cell that is not ASCII", "\"a\",\"\"\"é,测试\"\n", ',', "bad 2 col 1 text.undecodable \"\\\"茅,娴嬭瘯\" [17] [\"a\" \"\\\"茅,娴嬭瘯\"]\n"},
		{"too many cells", "1,测试,员工\n", ',', "bad 2 col 1 text.undecodable \"娴嬭瘯\" [12] [\"1\" \"娴嬭瘯\" \"鍛樺伐\"]\n"},
		{"CR and mixed line ends", "1,测试\r" + gb(t, "2,复核\r\n") + "3,测试\r\n4,员工\n\n5,x", ',',
			"3,2,复核\n7,5,x\nbad 2 col 1 text.undecodable \"娴嬭瘯\" [12] [\"1\" \"娴嬭瘯\"]\n" +
				"bad 4 col 1 text.undecodable \"娴嬭瘯\" [29] [\"3\" \"娴嬭瘯\"]\nbad 5 col 1 text.undecodable \"鍛樺伐\" [39] [\"4\" \"鍛樺伐\"]\nblank 1\n"},
		{"a record of several lines", "\"1\n\",\"x\r\n测试\né\n员工\"\n" + gb(t, "2,复核\n"), ',',
			"7,2,复核\nbad 2 col 1 text.undecodable \"x\\r\\n娴嬭瘯\\n茅\\n鍛樺伐\" [19] [\"1\\n\" \"x\\r\\n娴嬭瘯\\n茅\\n鍛樺伐\"]\n"},
		{"a record that is GB18030 but for one line", "1,\"测试" + gb(t, "\n复核\"\n2,复核\n"), ',', "2,1,\"娴嬭瘯\n复核\"\n4,2,复核\n"},
		{"neither one nor the other", "1,测试" + gb(t, "复核\n"), ',', "2,1,娴嬭瘯复核\n"},
		{"cut in a character", "1,测试\xe5\n" + gb(t, "2,复核\n"), ',', "3,2,复核\nbad 2 col 1 text.undecodable \"娴嬭瘯\\\\xe5\" [18] [\"1\" \"娴嬭瘯\\\\xe5\"]\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := sheet.Dialect{Encoding: sheet.GB18030, Delimiter: tt.delim}
			file := strings.Replace(header, ",", string(tt.delim), 1) + tt.file
			var out strings.Builder
			got, err := sheet.StageCSV(strings.NewReader(file), d, 1, 2, &out)
			if diff := cmp.Diff(tt.want, dump(out.String(), got, err)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for name, pieces := range map[string]io.Reader{"bytes": iotest.OneByteReader(strings.NewReader(file)),
				"halves": iotest.DataErrReader(iotest.HalfReader(strings.NewReader(file)))} {
				out.Reset()
				got, err := sheet.StageCSV(pieces, d, 1, 2, &out)
				if diff := cmp.Diff(tt.want, dump(out.String(), got, err)); diff != "" {
					t.Errorf("%s: -want +got:\n%s", name, diff)
				}
			}
		})
	}
}

// TestStraysInBlocks shifts rows of UTF-8 over the borders of the blocks in which files are read. Each must be found at its place.
func TestStraysInBlocks(t *testing.T) {
	d := sheet.Dialect{Encoding: sheet.GB18030, BOM: true, Delimiter: ','}
	for shift := range 13 {
		var file, want strings.Builder
		file.WriteString("\x84\x31\x95\x33" + strings.Repeat("x", shift) + ",\r\n")
		var bad []string
		for row := 2; row < 60_000; row++ {
			if row%7 > 0 {
				file.WriteString(gb(t, "专员,张三\r\n"))
				fmt.Fprintf(&want, "%d,专员,张三\n", row)
				continue
			}
			bad = append(bad, fmt.Sprintf("%d 1 %d", row, file.Len()+2))
			file.WriteString("x,测试员工\r\n")
		}
		var out strings.Builder
		got, err := sheet.StageCSV(strings.NewReader(file.String()), d, 1, 2, &out)
		if err != nil || out.String() != want.String() {
			t.Fatalf("shift %d: written %d, error %v", shift, got.Written, err)
		}
		var found []string
		for _, b := range got.Bad {
			found = append(found, fmt.Sprintf("%d %d %s", b.Row, b.Column, b.Detail))
		}
		if diff := cmp.Diff(bad, found); diff != "" {
			t.Fatalf("shift %d: -want +got:\n%s", shift, diff)
		}
	}
}

func TestStraysOfNDJSON(t *testing.T) {
	file := gb(t, "{\"n\":\"复核\",\"m\":\"测试\"}\r\n{\"m\":\"专员\"}\n") + "{\"m\":\"测试\",\"n\":\"员工\"}\n\n{\"n\":\"x\"}\n{\"m\":1,\"n\":\"é一\"}"
	want := "ndjson 0 [\"n\" \"m\"]\n1,复核,测试\n2,,专员\n5,x,\n" +
		"bad 3 col 1 text.undecodable \"娴嬭瘯\" [44] [\"鍛樺伐\" \"娴嬭瘯\"]\nbad 6 col 0 text.undecodable \"茅涓€\" [89] [\"茅涓€\" \"1\"]\nblank 1\n"
	if diff := cmp.Diff(want, read(t, []byte(file), sheet.Hints{Encoding: sheet.GB18030})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestChineseWordsAreNoStrays puts every Chinese word of the default policy into a row of its own, which is the least that could tell
// GBK from UTF-8.
func TestChineseWordsAreNoStrays(t *testing.T) {
	var file, want strings.Builder
	row := 0
	for _, source := range policy.Default() {
		for _, word := range regexp.MustCompile(`\p{Han}+`).FindAllString(source.Text, -1) {
			for _, piece := range []string{word, string([]rune(word)[:1])} {
				row++
				fmt.Fprintf(&file, "%d,%s\n", row, piece)
				fmt.Fprintf(&want, "%d,%d,%s\n", row, row, piece)
			}
		}
	}
	var out strings.Builder
	got, err := sheet.StageCSV(strings.NewReader(gb(t, file.String())), sheet.Dialect{Encoding: sheet.GB18030, Delimiter: ','}, 0, 2, &out)
	if diff := cmp.Diff(want.String(), dump(out.String(), got, err)); diff != "" || row < 1000 {
		t.Errorf("%d words, -want +got:\n%s", row, diff)
	}
}
