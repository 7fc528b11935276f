package ingest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/google/go-cmp/cmp"
)

// TestTables takes the files of each archive in, one after the other, and compares what came of them with the archive's last
// file, "expected": a receipt or refusal per file with its notices, then the rejects, then the current facts that the files
// brought or left, by dataset. In the files, {nbsp} {wide} {tab}, {lf} and {zwsp} stand for white space that cannot be seen.
func TestTables(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			last := len(a.Files) - 1
			if last < 0 || a.Files[last].Name != "expected" {
				a.Files = append(a.Files, txtar.File{Name: "expected"})
				last++
			}
			got := outcome(company(t), a.Files[:last])
			if *update {
				a.Files[last].Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(a.Files[last].Data), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

var unseen = strings.NewReplacer("{nbsp}", "\u00A0", "{wide}", "\u3000", "{tab}", "\t", "{lf}", "\n", "{zwsp}", "\u200B")

func outcome(c *office, files []txtar.File) string {
	c.Helper()
	var b strings.Builder
	touched := map[string]bool{}
	for _, f := range files {
		got, already, err := c.try(f.Name, unseen.Replace(string(f.Data)), "", false)
		switch {
		case err != nil:
			fmt.Fprintf(&b, "%s refused: %s\n", f.Name, refusal(err))
			continue
		case already:
			fmt.Fprintf(&b, "already ")
		}
		fmt.Fprintln(&b, receipt(got))
		for _, n := range got.Notices {
			fmt.Fprintf(&b, "  %s / %s\n", n.ZH, n.EN)
		}
		c.accounted(got)
		touched[got.Dataset] = true
	}
	for _, line := range c.rejects() {
		fmt.Fprintf(&b, "%q\n", line)
	}
	for _, d := range c.version.Policy.Datasets {
		if touched[d.ID] {
			fmt.Fprintf(&b, "%s:\n", d.ID)
			for _, line := range c.facts(d.ID) {
				fmt.Fprintf(&b, "  %s\n", strings.Trim(fmt.Sprintf("%q", line), `"`))
			}
		}
	}
	c.examined()
	return b.String()
}
