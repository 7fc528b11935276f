package main

import (
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"plumbline/internal/fixed"
)

// The tutorial is the last section of docs/policy.md and of its Chinese sister. Its fenced blocks are a script: a file (```csv NAME), text
// that is added to a file (```yaml >> NAME), lines that are changed in one (```diff NAME), commands (```sh, which say in a comment when
// they do not end with 0), and what the commands before it print (```text, where … stands for anything).
var (
	tutorialHeading = regexp.MustCompile(`(?m)^## (Tutorial|教程).*$`)
	fenced          = regexp.MustCompile("(?ms)^```([a-z]+)( >>)? ?([^\n]*)\n(.*?)^```$")
	endsWith        = regexp.MustCompile(`# (?:exit code|退出码) (\d)`)
	quoted          = regexp.MustCompile(`"[^"]*"|\S+`)
	byHand          = regexp.MustCompile("`([a-z_]+)`[^*`\n]*\\*\\*(\\d+) ÷ (\\d+) = ([0-9.]+)( ?%)?\\*\\*")
)

func TestTutorial(t *testing.T) {
	for _, name := range []string{"policy.md", "policy.zh-CN.md"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("../../docs", name))
			if err != nil {
				t.Fatal(err)
			}
			at := tutorialHeading.FindIndex(text)
			if at == nil {
				t.Fatal("there is no tutorial")
			}
			tutorial := string(text[at[1]:])
			charts, err := condition("charts")
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			follow(t, tutorial, charts)
			compareByHand(t, tutorial)
		})
	}
}

// follow does what the tutorial says, in its order.
func follow(t *testing.T, tutorial string, charts bool) {
	t.Helper()
	printed, shown := "", 0
	for _, m := range fenced.FindAllStringSubmatch(tutorial, -1) {
		language, adds, name, body := m[1], m[2] != "", m[3], m[4]
		switch {
		case language == "sh":
			printed = enter(t, body, charts)
		case language == "text":
			if shown++; printed != skipped && !looksLike(body, printed) {
				t.Errorf("the tutorial shows\n%s\nbut what comes out is\n%s", body, printed)
			}
		case language == "diff":
			write(t, name, changed(t, name, body))
		case adds:
			write(t, name, read(t, name)+body)
		default:
			write(t, name, body)
		}
	}
	if shown < 8 {
		t.Errorf("only %d outputs were compared", shown)
	}
}

// skipped is the output of a command that this build cannot run.
const skipped = "skipped"

// enter runs the commands of a block and gives what the last one prints.
func enter(t *testing.T, block string, charts bool) (printed string) {
	t.Helper()
	for line := range strings.Lines(block) {
		want := exitDone
		if m := endsWith.FindStringSubmatch(line); m != nil {
			want = int(m[1][0] - '0')
		}
		line, _, _ = strings.Cut(line, " # ")
		args := quoted.FindAllString(line, -1)
		if len(args) < 2 || args[0] != "plumbline" {
			t.Fatalf("this is no command of the tutorial: %q", line)
		}
		for i := range args {
			args[i] = strings.Trim(args[i], `"`)
		}
		if slices.Contains(args, "chart") && !charts {
			return skipped
		}
		o := plumbline(t, args[1:]...)
		if o.code != want {
			t.Fatalf("%s\nends with %d, want %d\n%s%s", line, o.code, want, o.out, o.err)
		}
		printed = o.out + o.err
	}
	return printed
}

// looksLike compares an output with what is shown of it, where … stands for anything and blanks at the end of a line do not count.
func looksLike(shown, printed string) bool {
	pattern := regexp.QuoteMeta(trimmed(shown))
	pattern = strings.ReplaceAll(pattern, "…", `.*?`)
	return regexp.MustCompile(`(?s)\A` + pattern + `\z`).MatchString(trimmed(printed))
}

var blanksAtEnd = regexp.MustCompile(`(?m)[ \t]+$`)

func trimmed(text string) string {
	return strings.TrimSpace(blanksAtEnd.ReplaceAllString(text, ""))
}

// changed gives a file with the lines of a diff replaced: the lines without a sign and those with - stand in it once, one after the other.
func changed(t *testing.T, name, diff string) string {
	t.Helper()
	var before, after strings.Builder
	for line := range strings.Lines(diff) {
		rest := line[1:]
		if line[0] != '+' {
			before.WriteString(rest)
		}
		if line[0] != '-' {
			after.WriteString(rest)
		}
	}
	text := "\n" + read(t, name)
	if n := strings.Count(text, "\n"+before.String()); n != 1 {
		t.Fatalf("%s holds %d times\n%s", name, n, before.String())
	}
	return strings.Replace(text, "\n"+before.String(), "\n"+after.String(), 1)[1:]
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// compareByHand holds the figures that the text works out by hand against those of the program: both sums to the last digit, and the value
// rounded to the decimals that the text has.
func compareByHand(t *testing.T, tutorial string) {
	t.Helper()
	figures := byHand.FindAllStringSubmatch(tutorial, -1)
	if len(figures) != 2 {
		t.Fatalf("the text works out %d figures, want 2", len(figures))
	}
	for _, m := range figures {
		rows := table(t, "kpi", "2026-07", "--kpi", m[1], "--by", "department")
		if len(rows) != 1 || rows[0]["numerator"] != m[2] || rows[0]["denominator"] != m[3] {
			t.Errorf("%s: by hand %s ÷ %s, by the program %v", m[1], m[2], m[3], rows)
			continue
		}
		num, _ := new(big.Rat).SetString(m[2])
		den, _ := new(big.Rat).SetString(m[3])
		value := num.Quo(num, den)
		if m[5] != "" {
			value.Mul(value, big.NewRat(100, 1))
		}
		_, decimals, _ := strings.Cut(m[4], ".")
		program, _ := new(big.Rat).SetString(rows[0]["value"])
		if fixed.Text(value, len(decimals)) != m[4] || fixed.Text(program, len(decimals)) != m[4] {
			t.Errorf("%s: by hand %s, exactly %s, by the program %s", m[1], m[4], value.FloatString(6), rows[0]["value"])
		}
	}
}
