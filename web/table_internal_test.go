package web

import (
	"html"
	"regexp"
	"strings"
	"testing"
)

func TestAddressesInAttributes(t *testing.T) {
	for address, want := range map[string]string{
		"/people/00012/2026Q3?department=D001&x=1": "/people/00012/2026Q3?department=D001&amp;x=1",
		"#kpi-on_time_rate":                        "#kpi-on_time_rate",
		`/departments/"><script>`:                  "/departments/%22%3E%3Cscript%3E",
		"/departments/销售 1":                        "/departments/%E9%94%80%E5%94%AE%201",
		"javascript:alert(1)":                      "#",
		"//evil.example/":                          "#",
		`/\\evil.example`:                          "#",
		"https://evil.example/":                    "#",
		"":                                         "#",
	} {
		if got := attribute(address); got != want {
			t.Errorf("%q is written %q, want %q", address, got, want)
		}
	}
}

// FuzzTable has no text of a cell become markup: what stands in the table, without its tags, is what was put in.
func FuzzTable(f *testing.F) {
	f.Add("名", "/people/1", "bad", "<script>alert(1)</script>")
	f.Add(`"><img src=x onerror=alert(1)>`, "javascript:alert(1)", `" onclick="x`, "{{.}}")
	tags := regexp.MustCompile(`<[^>]*>`)
	f.Fuzz(func(t *testing.T, text, href, class, say string) {
		for _, s := range []string{text, say} {
			if strings.ContainsAny(s, "\r\n\x00") {
				return
			}
		}
		written := string(table{Head: []head{words("h")}, Rows: []tableRow{{Cells: []cell{{Text: text, Href: href, Class: class, Say: say}}}}}.HTML())
		if n := strings.Count(written, "<"); n != strings.Count(written, ">") || n > 22 {
			t.Fatalf("%d tags: %s", n, written)
		}
		row := written[strings.Index(written, "<tbody>"):]
		want := text
		if say != "" {
			want += " " + say
		}
		if got := html.UnescapeString(strings.Trim(tags.ReplaceAllString(row, ""), "\n")); got != want {
			t.Fatalf("the cell says %q, want %q: %s", got, want, row)
		}
	})
}
