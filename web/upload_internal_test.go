package web

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCleanName(t *testing.T) {
	for from, want := range map[string]string{
		"日志.csv": "日志.csv", "../../etc/passwd": "passwd", `C:\Users\x\a.xlsx`: "a.xlsx", "..": "file", "a/..": "file", "": "", "a\r\nSet-Cookie: x.csv": "aSet-Cookie: x.csv",
		"invoice\u202egnp.csv": "invoicegnp.csv", "\x00.csv": ".csv", "  a.csv ": "a.csv", "\xff\xfea.csv": "a.csv", strings.Repeat("长", 300) + ".xlsx": strings.Repeat("长", mostName-5) + ".xlsx",
	} {
		if got := cleanName(from); got != want {
			t.Errorf("%q becomes %q, not %q", from, got, want)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"a.csv", "../x", `..\x`, "\u202e", strings.Repeat("x", 999), "a/b\x00c", "."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name := cleanName(s)
		if strings.ContainsAny(name, "/\\\r\n\x00") || name == "." || name == ".." || !utf8.ValidString(name) || utf8.RuneCountInString(name) > mostName {
			t.Fatalf("%q becomes %q", s, name)
		}
		for _, r := range name {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("%q keeps %U", s, r)
			}
		}
		if again := cleanName(name); again != name {
			t.Fatalf("%q becomes %q, then %q", s, name, again)
		}
		if ext := safeEnding(s); ext != "" && !plainEnding.MatchString(ext) {
			t.Fatalf("%q ends in %q", s, ext)
		}
	})
}

func FuzzSettings(f *testing.F) {
	for _, s := range []string{"a=b", "department_id = D001\nx=y", "a=b\na=c", "=", "a", "a==b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		set, err := settings(s)
		if err != nil {
			return
		}
		for column, value := range set {
			if column == "" || value == "" || strings.ContainsAny(column, "=\n") {
				t.Fatalf("%q: column %q has the value %q", s, column, value)
			}
			if !strings.Contains(s, column) || !strings.Contains(s, value) {
				t.Fatalf("%q gives %q=%q, which it does not say", s, column, value)
			}
		}
	})
}
