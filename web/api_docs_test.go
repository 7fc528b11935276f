package web_test

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```")
	shellWord  = regexp.MustCompile(`"[^"]*"|'[^']*'|\S+`)
)

// TestAPIExamplesWork sends what the documents send; both languages show the same.
func TestAPIExamplesWork(t *testing.T) {
	s := demo(t)
	p := s.program("hr")
	var shown [][]string
	for _, name := range []string{"../docs/api.md", "../docs/api.zh-CN.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var commands []string
		for _, block := range shellBlock.FindAllStringSubmatch(string(text), -1) {
			commands = append(commands, strings.Split(strings.TrimSpace(block[1]), "\n")...)
		}
		shown = append(shown, commands)
	}
	if !slices.Equal(shown[0], shown[1]) || len(shown[0]) < 12 {
		t.Errorf("the documents show different commands:\n%s\n\n%s", strings.Join(shown[0], "\n"), strings.Join(shown[1], "\n"))
	}
	for _, command := range shown[0] {
		if strings.HasPrefix(command, "export ") {
			continue
		}
		if r := curl(t, p, command); r.status/100 != 2 || len(r.body) == 0 {
			t.Errorf("%s: %d %.300s", command, r.status, r.body)
		}
	}
}

// curl does what the command with its arguments does.
func curl(t *testing.T, p *program, command string) reply {
	t.Helper()
	words := shellWord.FindAllString(command, -1)
	if words[0] != "curl" {
		t.Fatalf("%s: no curl", command)
	}
	method, path, body := http.MethodGet, "", ""
	var headers []string
	for i := 1; i < len(words); i++ {
		next := func() string {
			i++
			return strings.Trim(words[i], `"'`)
		}
		switch w := strings.Trim(words[i], `"`); w {
		case "-X":
			method = next()
		case "-d":
			body = next()
		case "-o":
			next()
		case "-H":
			name, value, _ := strings.Cut(next(), ": ")
			headers = append(headers, name, strings.ReplaceAll(value, "$TOKEN", p.token))
		default:
			var ok bool
			if path, ok = strings.CutPrefix(w, "$PLUMBLINE"); !ok {
				t.Fatalf("%s: what is %q", command, w)
			}
		}
	}
	return p.call(method, path, body, headers...)
}
