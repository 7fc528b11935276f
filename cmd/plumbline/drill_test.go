package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"plumbline/policy"
)

// The restore drill is a section of docs/operations.md and of its Chinese sister, written like the tutorial: see TestTutorial.
var (
	drillHeading = regexp.MustCompile(`(?m)^## (Restore drill|恢复演练)$`)
	nextHeading  = regexp.MustCompile(`(?m)^## `)
)

func TestRestoreDrill(t *testing.T) {
	for _, name := range []string{"operations.md", "operations.zh-CN.md"} {
		t.Run(name, func(t *testing.T) {
			text := read(t, filepath.Join("../../docs", name))
			at := drillHeading.FindStringIndex(text)
			if at == nil {
				t.Fatal("there is no drill")
			}
			drill := text[at[1]:]
			if end := nextHeading.FindStringIndex(drill); end != nil {
				drill = drill[:end[0]]
			}
			t.Chdir(t.TempDir())
			if err := fill("plumbline-data"); err != nil {
				t.Fatal(err)
			}
			follow(t, drill, true)
			figureComesBack(t, drill)
		})
	}
}

// figureComesBack makes sure that the figure which the drill compares by eye is the same to the last digit.
func figureComesBack(t *testing.T, drill string) {
	t.Helper()
	args := []string{"kpi", "2026Q3", "--kpi", "log_punctuality", "--by", "company"}
	if n := strings.Count(drill, strings.Join(args, " ")); n != 2 {
		t.Fatalf("the drill compares the figure %d times", n)
	}
	if before, after := must(t, exitDone, append(args, "--as-of", "38")...), must(t, exitDone, append(args, "--data", "drill")...); before != after {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
}

// deployed finds the command lines of files in deploy.
var deployed = regexp.MustCompile(`(?m)^(?:ExecStart=/usr/local/bin/plumbline|#   plumbline|# HTTPS before .*\(plumbline) (serve[^)\n]*)|^CMD \[(.*)\]$`)

// TestDeployedCommandLines holds what the files in deploy call against what the program knows.
func TestDeployedCommandLines(t *testing.T) {
	found := 0
	for _, name := range []string{"plumbline.service", "Dockerfile", "nginx.conf"} {
		for _, m := range deployed.FindAllStringSubmatch(read(t, filepath.Join("../../deploy", name)), -1) {
			words := strings.Fields(m[1] + strings.NewReplacer(`"`, "", ",", "").Replace(m[2]))
			found++
			a := &app{now: clock, getenv: environment, lang: policy.EN, language: "en"}
			root := a.root()
			c, rest, err := root.Find(words)
			if err != nil || c.Name() != "serve" {
				t.Errorf("%s: %q is no command: %v", name, words, err)
				continue
			}
			if err := parse(c, rest); err != nil {
				t.Errorf("%s: %q: %v", name, words, err)
			}
		}
	}
	if found != 3 {
		t.Errorf("%d command lines were found", found)
	}
}

// parse reads flags as the program does, and refuses addresses that a network could read along with.
func parse(c *cobra.Command, words []string) error {
	if err := c.ParseFlags(words); err != nil {
		return err
	}
	flag := func(name string) string { return c.Flags().Lookup(name).Value.String() }
	a := &app{lang: policy.EN}
	return a.safe(serving{addr: flag("addr"), cert: flag("tls-cert"), key: flag("tls-key"), behindProxy: flag("behind-proxy") == "true"})
}

// TestUploadsPassTheProxy compares the example of a proxy with the limits of the program, which stand in web.
func TestUploadsPassTheProxy(t *testing.T) {
	conf, server := read(t, "../../deploy/nginx.conf"), read(t, "../../web/server.go")
	for _, pair := range [][2]string{{"client_max_body_size 512m;", "mostUpload = 512 << 20"}, {"proxy_read_timeout 660s;", "lengthy    = 10 * time.Minute"}} {
		if !strings.Contains(conf, pair[0]) || !strings.Contains(server, pair[1]) {
			t.Errorf("the proxy says %q, the program %q: one of them is not so any more", pair[0], pair[1])
		}
	}
}

// TestSecurityNamesItsTests makes sure that every test which docs/security.md calls as a witness is there.
func TestSecurityNamesItsTests(t *testing.T) {
	named := regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z][A-Za-z0-9]*)`")
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Z][A-Za-z0-9]*)\(`)
	var there []string
	for _, pattern := range []string{"*_test.go", "*/*_test.go", "*/*/*_test.go", "*/*/*/*_test.go"} {
		paths, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			for _, m := range declared.FindAllStringSubmatch(read(t, path), -1) {
				there = append(there, m[1])
			}
		}
	}
	for _, name := range []string{"security.md", "security.zh-CN.md"} {
		witnesses := named.FindAllStringSubmatch(read(t, filepath.Join("../../docs", name)), -1)
		if len(witnesses) < 40 {
			t.Errorf("%s names only %d tests", name, len(witnesses))
		}
		for _, m := range witnesses {
			if !slices.Contains(there, m[1]) {
				t.Errorf("%s calls %s, which is not there", name, m[1])
			}
		}
	}
}
