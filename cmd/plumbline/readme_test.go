package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"plumbline/sample_data"
)

// shellBlock is a fenced block of commands; the heading before it says which section it belongs to.
var (
	shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```")
	heading    = regexp.MustCompile(`(?m)^##+ (.*)$`)
	dailyUse   = regexp.MustCompile(`(?i)daily use|日常使用`)
	target     = regexp.MustCompile(`(?m)^([a-z]+):`)
)

func TestReadmeCommands(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, m := range target.FindAllStringSubmatch(string(makefile), -1) {
		targets[m[1]] = true
	}
	var ran []string // the same commands need not run twice
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("../..", name))
			if err != nil {
				t.Fatal(err)
			}
			var daily []string
			for _, at := range shellBlock.FindAllStringSubmatchIndex(string(text), -1) {
				lines := commandLines(string(text[at[2]:at[3]]))
				if dailyUse.MatchString(lastHeading(string(text[:at[0]]))) {
					daily = append(daily, lines...)
				}
				for _, line := range lines {
					if words := strings.Fields(line); words[0] == "make" && len(words) > 1 && !targets[words[1]] {
						t.Errorf("%s: the Makefile has no target %s", line, words[1])
					}
				}
			}
			if ran == nil || !slices.Equal(daily, ran) {
				runReadme(t, daily)
				ran = daily
			}
		})
	}
}

func lastHeading(text string) string {
	all := heading.FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1][1]
}

// commandLines joins continued lines and drops comments and prompts.
func commandLines(block string) (lines []string) {
	for line := range strings.Lines(strings.ReplaceAll(block, "\\\n", " ")) {
		line, _, _ = strings.Cut(line, " #")
		line = strings.TrimPrefix(strings.TrimSpace(line), "$ ")
		if line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// runReadme runs the lines that call plumbline, in order. A quarter of the sample company stands in for the reader's files in exports.
func runReadme(t *testing.T, lines []string) {
	needsCharts(t)
	var script strings.Builder
	for _, line := range lines {
		line = strings.ReplaceAll(line, `"`, "'")
		command, output, redirected := strings.Cut(line, " > ")
		command, called := strings.CutPrefix(strings.TrimPrefix(command, "bin/"), "plumbline ")
		if !called {
			continue
		}
		fmt.Fprintf(&script, "done plumbline %s\n", command)
		if redirected {
			fmt.Fprintf(&script, "cp stdout %s\n", output)
		}
	}
	if script.Len() == 0 {
		t.Fatal("there is no plumbline command in the section on daily use")
	}
	path := filepath.Join(t.TempDir(), "readme.txtar")
	if err := os.WriteFile(path, []byte(script.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Files: []string{path},
		Setup: func(env *testscript.Env) error {
			exports := map[string][]byte{}
			for _, name := range ofQuarter {
				text, err := fs.ReadFile(sample_data.FS, "company/"+name)
				if err != nil {
					return err
				}
				exports[name] = text
			}
			return writeTree(filepath.Join(env.WorkDir, "exports"), exports)
		},
		Cmds: scriptCommands,
	})
}
