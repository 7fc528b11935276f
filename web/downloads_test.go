package web_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"plumbline/metrics"
	"plumbline/sample_data/story"
)

// membersEver is everybody who was in a department in a quarter with records, topHeads those above whom nobody stands. Both are written down by hand from sample_data.
var (
	membersEver = map[string][]string{
		"D003": {"00005", "00006", "00012", "00014", "00029", "00040", "00042", "00045", "00047", "00049", "00053", "00054", "00058"},
	}
	topHeads = []string{"00022", "00025", "00033", "00046", "00047", "00050", story.CEO}
)

// download is a file that a page offers: by a link, or by a form.
type download struct {
	path string
	form url.Values // nil: a link
}

func (d download) String() string {
	if d.form == nil {
		return "GET " + d.path
	}
	return "POST " + d.path + " " + d.form.Encode()
}

// isFile reports whether a link leads to a file.
func isFile(link string) bool {
	path, query, _ := strings.Cut(link, "?")
	if strings.HasSuffix(path, "/pdf") { // printed from the page
		return false
	}
	return strings.Contains(query, "format=") || strings.HasSuffix(path, "/workbook") || strings.Contains(path, "/files/") && !strings.HasPrefix(path, "/files/") || strings.HasPrefix(path, "/originals/") ||
		strings.HasSuffix(path, "/deck") || strings.Contains(path, "/charts/")
}

var formTags = regexp.MustCompile(`(?s)<form method="post" action="(/workbooks/[^"]+|/reports|/rewards/[^"]+/payroll)".*?</form>`)

// offeredFiles lists the files that the pages offer which somebody finds by crawling, samples pages of each route.
func (b *browser) offeredFiles(samples int) (list []download) {
	b.t.Helper()
	had := map[string]bool{}
	add := func(d download) {
		if !had[d.String()] {
			had[d.String()] = true
			list = append(list, d)
		}
	}
	pages := b.crawl(samples)
	for _, pattern := range slices.Sorted(maps.Keys(pages.found)) {
		for _, path := range pages.found[pattern] {
			if isFile(path) {
				add(download{path: path})
				continue
			}
			body := pages.bodies[path]
			for _, link := range links(path, body) {
				if isFile(link) {
					add(download{path: link})
				}
			}
			for _, m := range formTags.FindAllStringSubmatch(body, -1) {
				for _, d := range filesOfForm(m[1], m[0]) {
					add(d)
				}
			}
		}
	}
	return list
}

var departmentChoices = regexp.MustCompile(`<option value="(D\d+|)"`)

// filesOfForm lists the files that a form can ask for: periodic reports of every department that it offers, of a week, a month and the quarter.
func filesOfForm(action, form string) (list []download) {
	v := fields(form)
	v.Set("lang", "zh")
	if action != "/reports" {
		return []download{{action, v}}
	}
	for _, d := range departmentChoices.FindAllStringSubmatch(form, -1) {
		for _, of := range []string{"2026-W38", "2026-07", "2026Q3"} {
			list = append(list, download{action, url.Values{"period": {of}, "department": {d[1]}, "lang": {"zh"}}})
		}
	}
	return list
}

var digits = regexp.MustCompile(`\d+`)

// perKind keeps the first n files of each kind: those that differ in numbers only. A quarter that is known to be full of people comes before others.
func perKind(list []download, n int) (some []download) {
	slices.SortStableFunc(list, func(a, b download) int { return full(b) - full(a) })
	had := map[string]int{}
	for _, d := range list {
		kind := digits.ReplaceAllString(d.String(), "#")
		if had[kind]++; had[kind] <= n && (had[kind] == 1 || d.form == nil && !strings.HasSuffix(d.path, "/xlsx") && !strings.HasSuffix(d.path, "/html") && !strings.HasSuffix(d.path, "/deck")) {
			some = append(some, d)
		}
	}
	return some
}

func full(d download) int {
	if strings.Contains(d.String(), "2026Q3") {
		return 1
	}
	return 0
}

// fetched asks for a file.
func (b *browser) fetched(d download) (int, string) {
	b.t.Helper()
	if d.form == nil {
		return b.get(d.path)
	}
	return b.post(d.path, d.form)
}

// everybody names the people of the sample company: numbers by name, in either language.
func (s *service) everybody() (names map[string][]string) {
	s.t.Helper()
	q, _, err := s.company.Question(s.t.Context(), mustPeriod("2026Q3"), 0)
	if err != nil {
		s.t.Fatal(err)
	}
	staff, err := staffOf(s.t.Context(), s, q)
	if err != nil {
		s.t.Fatal(err)
	}
	return staff
}

func staffOf(ctx context.Context, s *service, q metrics.Question) (map[string][]string, error) {
	names, err := s.company.Names(ctx, q)
	out := map[string][]string{}
	for no, name := range names {
		for _, n := range []string{name.ZH, name.EN} {
			if n != "" && !slices.Contains(out[n], no) {
				out[n] = append(out[n], no)
			}
		}
	}
	return out, err
}

var numbersOfPeople = regexp.MustCompile(`0\d{4}`)

// named lists whose numbers and names occur anywhere in a file, in all parts of an archive. A name that several people bear stands for the first whom
// allowed holds.
func named(t *testing.T, file string, everybody map[string][]string, allowed map[string]bool) map[string]string {
	t.Helper()
	found, staff := map[string]string{}, map[string]bool{}
	for _, numbers := range everybody {
		for _, no := range numbers {
			staff[no] = true
		}
	}
	for part, text := range parts(t, "", file) {
		for _, at := range numbersOfPeople.FindAllStringIndex(text, -1) {
			before, _ := utf8.DecodeLastRuneInString(text[:at[0]])
			after, _ := utf8.DecodeRuneInString(text[at[1]:])
			mail := before == 'u' && after == '@'
			if no := text[at[0]:at[1]]; staff[no] && (mail || !inWord(before) && before != '.' && !inWord(after)) {
				found[no] = part
			}
		}
		for name, numbers := range everybody {
			if !strings.Contains(text, name) {
				continue
			}
			i := max(0, slices.IndexFunc(numbers, func(no string) bool { return allowed[no] }))
			found[numbers[i]] = part + ": " + name
		}
	}
	return found
}

func inWord(r rune) bool { return r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// parts gives the parts of a file: of an archive all that are in it, by path, with what is packed once more.
func parts(t *testing.T, name, file string) map[string]string {
	t.Helper()
	if !strings.HasPrefix(file, "PK\x03\x04") {
		return map[string]string{name: file}
	}
	archive, err := zip.NewReader(bytes.NewReader([]byte(file)), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(all, parts(t, strings.TrimPrefix(name+"/"+f.Name, "/"), string(text)))
	}
	return all
}

// TestDownloadsNameNobodyElse fetches every file that each role is offered, and every file that human resources are offered, as each role; and holds whoever is named anywhere in its bytes
// against the people whom the role may know of.
func TestDownloadsNameNobodyElse(t *testing.T) {
	s := looks(t, common)
	everybody := s.everybody()
	all := map[string]bool{}
	for _, numbers := range everybody {
		for _, no := range numbers {
			all[no] = true
		}
	}
	set := func(lists ...[]string) map[string]bool {
		m := map[string]bool{}
		for _, no := range slices.Concat(lists...) {
			m[no] = true
		}
		return m
	}
	foreign := perKind(s.as("hr").offeredFiles(1), 1)
	for _, x := range []struct {
		login   string
		samples int // pages of each route
		each    int // files of each kind
		may     map[string]bool
		lists   bool     // reward lists, of all people on them, are his too
		must    []string // who is in one of the files: without them nothing was looked at
		files   int      // at least
	}{
		{"employee", 2, 1, set([]string{"00012"}), false, []string{"00012"}, 5},
		{"manager", 2, 1, set(membersEver["D003"]), false, []string{"00012", "00054", "00047"}, 20},
		{"executive", 1, 1, set(topHeads), true, []string{"00046", "00047"}, 20},
		{"finance", 1, 1, set([]string{story.Finance}), true, []string{"00022"}, 3},
		{"hr", 1, 1, all, false, []string{"00012", "00070", "00051"}, 20}, // and auditors, who read the same, may know of everybody
		{"admin", 1, 1, nil, false, nil, 0},
	} {
		b := s.as(x.login)
		got, own := map[string]bool{}, []download(nil)
		if x.login == "hr" {
			own = foreign
		} else {
			own = perKind(b.offeredFiles(x.samples), x.each)
		}
		tried := own
		if len(x.may) < len(all) { // whoever may know of everybody is refused nothing that is to be found
			tried = slices.Concat(own, foreign)
		}
		for i, d := range tried {
			status, file := b.fetched(d)
			if status != http.StatusOK {
				if i < len(own) || status != http.StatusNotFound {
					t.Errorf("%s: %s answers %d", x.login, d, status)
				}
				continue
			}
			may := x.may
			if x.lists && strings.HasPrefix(d.path, "/rewards/") {
				may = all
			}
			for no, where := range named(t, file, everybody, may) {
				got[no] = true
				if !may[no] {
					t.Errorf("%s: %s names %s in %s", x.login, d, no, where)
				}
			}
		}
		for _, no := range x.must {
			if !got[no] {
				t.Errorf("%s: no file names %s", x.login, no)
			}
		}
		if len(own) < x.files {
			t.Errorf("%s: only %d files are offered: %v", x.login, len(own), own)
		}
		t.Logf("%s: %d files of his own and %d foreign ones name %d people", x.login, len(own), len(foreign), len(got))
	}
}
