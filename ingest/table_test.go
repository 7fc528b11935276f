package ingest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/google/go-cmp/cmp"

	"plumbline/ingest"
	"plumbline/policy"
)

// TestTables takes the files of each archive in, one after the other, and compares what came of them with the archive's last
// file, "expected": a receipt or refusal per file with its notices, then the rejects, then the current facts that the files
// brought or left, by dataset. A file named "snapshot NAME" comes in as all there is, "dmy NAME" with that order declared, "mapping NAME.yaml" is a mapping for those
// after it, "withdraw NAME" takes a file back, "dismiss ID" a row out of quarantine. After each, rows that waited may follow. In the files, {nbsp} {wide} {tab}, {lf} and {zwsp} stand for white space that cannot be seen.
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
		for _, got := range c.act(&b, f.Name, unseen.Replace(string(f.Data))) {
			fmt.Fprintln(&b, receipt(got))
			for _, n := range got.Notices {
				fmt.Fprintf(&b, "  %s / %s\n", n.ZH, n.EN)
			}
			c.accounted(got)
			touched[got.Dataset] = true
		}
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

// act does what the name of an archive's file says and gives the receipts.
func (c *office) act(b *strings.Builder, name, text string) (took []ingest.File) {
	c.Helper()
	verb, rest, _ := strings.Cut(name, " ")
	o := ingest.Options{Actor: "刘洋", Day: today}
	var err error
	switch verb {
	case "mapping":
		m, err := policy.CheckMapping(c.Context(), c.books.Warehouse(), c.version.Policy, policy.File{Name: rest, Text: text})
		if err != nil {
			c.Fatal(err)
		}
		c.how.Mappings = append(c.how.Mappings, m)
		return nil
	case "withdraw":
		if took, err = ingest.Withdraw(c.Context(), c.books, c.version, c.sha256(rest), "", o); err != nil {
			fmt.Fprintf(b, "%s refused: %s\n", name, refusal(err))
		} else {
			fmt.Fprintf(b, "%s\n", name)
		}
		return took
	case "dismiss":
		if err := ingest.Dismiss(c.Context(), c.books, []string{rest}, strings.TrimSpace(text), "刘洋"); err != nil {
			fmt.Fprintf(b, "%s refused: %v\n", name, err)
		}
		return nil
	case "snapshot":
		c.how.Snapshot, name = true, rest
		defer func() { c.how.Snapshot = false }()
	case "dmy", "mdy":
		c.how.Order, name = policy.DateOrder(verb), rest
		defer func() { c.how.Order = "" }()
	}
	units, err := c.find(name, text, "")
	if err == nil {
		err = ingest.TakeAll(c.Context(), c.books, c.version, units, o, func(f ingest.File, already bool, err error) error {
			if already {
				fmt.Fprintf(b, "already ")
			}
			if err == nil {
				took = append(took, f)
			}
			return err
		})
	}
	if err != nil {
		fmt.Fprintf(b, "%s refused: %s\n", name, refusal(err))
	}
	return took
}

// sha256 gives the hash of the last file of that name.
func (c *office) sha256(name string) (sum string) {
	c.Helper()
	files, err := ingest.Files(c.Context(), c.books, latest)
	if err != nil {
		c.Fatal(err)
	}
	for _, f := range files {
		if f.Name == name {
			sum = f.SHA256
		}
	}
	return sum
}
