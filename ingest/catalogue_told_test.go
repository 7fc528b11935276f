package ingest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// cases is how many cases the catalogue has by letter.
var cases = map[string]int{"A": 20, "B": 22, "C": 18, "D": 16, "E": 2}

var toldTest = regexp.MustCompile("`([A-E][0-9]+ [^`]+)`")

// TestCatalogueIsTold compares the catalogue with the documents: each case has its row, and each row names the tests there are.
func TestCatalogueIsTold(t *testing.T) {
	for _, name := range []string{"ingest.md", "ingest.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		for letter, n := range cases {
			var tests []string
			for _, e := range badInput[letter](t) {
				tests = append(tests, e.name)
			}
			for i := 1; i <= n; i++ {
				testTold(t, name, string(text), fmt.Sprint(letter, i), tests)
			}
		}
	}
}

// testTold compares the row of one case.
func testTold(t *testing.T, name, text, id string, tests []string) {
	t.Helper()
	var want, got []string
	for _, test := range tests {
		if strings.HasPrefix(test, id+" ") {
			want = append(want, test)
		}
	}
	row := regexp.MustCompile(`(?m)^\| ` + id + ` .*$`).FindString(text)
	for _, m := range toldTest.FindAllStringSubmatch(row, -1) {
		got = append(got, m[1])
	}
	if row == "" || !slices.Equal(got, want) {
		t.Errorf("%s: the row of %s names %q, there are %q", name, id, got, want)
	}
}

// TestRulesAreTold sees that the documents tell of every rule that the words and refusals know.
func TestRulesAreTold(t *testing.T) {
	var rules []string
	for _, source := range []struct{ path, rule string }{
		{"rules.go", `^\t"([a-z_.]+)": \{`},
		{"*.go", `refuse\("([a-z_.]+)"`},
		{"sheet/refused.go", `= "([a-z_.]+)"`},
		{"sheet/csv.go", `= "([a-z]+\.[a-z_]+)"`},
	} {
		rules = append(rules, matches(t, source.path, regexp.MustCompile("(?m)"+source.rule))...)
	}
	if len(rules) < 50 {
		t.Fatalf("only %d rules found", len(rules))
	}
	for _, name := range []string{"ingest.md", "ingest.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range rules {
			if !strings.Contains(string(text), "`"+rule+"`") {
				t.Errorf("%s does not tell of %s", name, rule)
			}
		}
	}
}

// matches gives what the first group matches in the sources.
func matches(t *testing.T, pattern string, word *regexp.Regexp) (found []string) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || paths == nil {
		t.Fatalf("no sources %s: %v", pattern, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range word.FindAllStringSubmatch(string(text), -1) {
			found = append(found, m[1])
		}
	}
	return found
}
