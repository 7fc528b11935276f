package sheet

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestStraysAreThoseOfASimpleSearch takes lines of several encodings in, in pieces of any size, and compares what is noted with a
// search over the whole file.
func TestStraysAreThoseOfASimpleSearch(t *testing.T) {
	piece := rapid.SampledFrom([]string{"a", ",", "0123456789", "\x80", "é", "测试", "一", "🎉", "\ufffd", "\xe6", "\xe6\xb5", "\xf0\x9f\x8e", "\xd7\xa8\xd4\xb1",
		"\xb2\xe2\xca\xd4", "\xff", "\n", "\r", "\r\n", "\n", "\r", "\r\n"})
	rapid.Check(t, func(t *rapid.T) {
		var file []byte
		for _, p := range rapid.SliceOfN(piece, 0, 30).Draw(t, "pieces") {
			file = append(file, p...)
		}
		s := strays{open: stray{line: 1}}
		for rest := file; len(rest) > 0; {
			n := rapid.IntRange(1, min(len(rest), 12)).Draw(t, "size")
			s.see(rest[:n])
			rest = rest[n:]
		}
		s.endLine()
		if diff := cmp.Diff(simpleSearch(file), s.list, cmp.AllowUnexported(stray{})); diff != "" {
			t.Errorf("%q: -want +got:\n%s", file, diff)
		}
	})
}

func simpleSearch(file []byte) (list []stray) {
	line, from := int64(1), 0
	for i := 0; i <= len(file); i++ {
		if i < len(file) && file[i] != '\n' && file[i] != '\r' {
			continue
		}
		text := file[from:i]
		if first := bytes.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }); first >= 0 && utf8.Valid(text) {
			long := bytes.ContainsFunc(text, func(r rune) bool { return r >= 0x800 })
			list = append(list, stray{line: line, at: int64(from + first), long: long})
		}
		if bytes.HasPrefix(file[i:], []byte("\r\n")) {
			i++
		}
		from = i + 1
		line++
	}
	return list
}
