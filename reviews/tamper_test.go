package reviews_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plumbline/internal/ledger"
	"plumbline/internal/warehouse"
	"plumbline/policy"
	"plumbline/reviews"
)

// TestVerifyNamesWhatWasChanged changes one thing at a time behind the program's back. Verification names it, whether it is found when the
// books are opened or when they are recomputed.
func TestVerifyNamesWhatWasChanged(t *testing.T) {
	w := newWorld(t)
	w.sealed()
	ctx := context.Background()
	if _, err := w.as(hr).Draw(ctx, quarter); err != nil {
		t.Fatal(err)
	}
	head := w.b.Ledger().Head()
	w.close()
	older := filepath.Join(t.TempDir(), "older")
	copyTo(t, w.dir, older)

	w.open()
	if err := reviews.Verify(ctx, w.b, quarter, shanghai, []ledger.Head{head}, func(policy.Text) {}); err != nil {
		t.Fatalf("untouched: %v", err)
	}
	// The newest state, of which somebody restores the older one.
	w.ok(w.as(headSales).Sign(ctx, quarter, 0, "D1"))
	newest := w.b.Ledger().Head()
	w.close()

	sql := func(text string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			db, err := warehouse.Open(ctx, filepath.Join(dir, "warehouse.duckdb"), warehouse.Options{Memory: "256MiB"})
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Update(ctx, func(tx *warehouse.Tx) error {
				n, err := tx.Exec(ctx, warehouse.SQL("tamper", text), nil)
				if err == nil && n == 0 {
					t.Error("nothing was changed")
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, test := range []struct {
		name   string
		change func(t *testing.T, dir string)
		heads  []ledger.Head
		want   []string // all of them in what is said
	}{
		{"a byte of an original", func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "originals", "*", "*"), func(text []byte) []byte { text[len(text)/2] ^= 1; return text })
		}, nil, []string{"originals/"}},
		{"a line of the journal", func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "journal", "*"), func(text []byte) []byte {
				return bytes.Replace(text, []byte("综合评价"), []byte("综合评语"), 1)
			})
		}, nil, []string{"journal", "event"}},
		{"a fact of the warehouse", sql("UPDATE facts.opportunities SET outcome = 'won' WHERE opportunity_id = 'SJ01'"), nil, []string{`facts."opportunities"`, "SJ01"}},
		{"a decision in the warehouse", sql("UPDATE reviews.events SET actor = 'E02' WHERE kind = 'quarter.published'"), nil, []string{`reviews."events"`, "quarter.published"}},
		{"a value of the policy", sql("UPDATE policy.versions SET files = replace(files, 'kpi_share: 70', 'kpi_share: 80')"), nil, []string{`policy."versions"`}},
		{"the order of two events", func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "journal", "*"), func(text []byte) []byte {
				lines := bytes.SplitAfter(text, []byte("\n"))
				lines[3], lines[4] = lines[4], lines[3]
				return bytes.Join(lines, nil)
			})
		}, nil, []string{"journal", "line 4"}},
		{"the end of the ledger", func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "journal", "*"), func(text []byte) []byte {
				return text[:bytes.LastIndexByte(text[:len(text)-1], '\n')+1]
			})
		}, []ledger.Head{newest}, []string{"ends at event", "exported before"}},
		{"an older directory", func(t *testing.T, dir string) {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			copyTo(t, older, dir)
		}, []ledger.Head{newest}, []string{"ends at event", "exported before"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			copyTo(t, w.dir, dir)
			test.change(t, dir)
			said := verify(t, w, dir, test.heads)
			for _, word := range test.want {
				if !strings.Contains(said, word) {
					t.Errorf("it does not name %q: %s", word, said)
				}
			}
		})
	}
}

// verify opens a directory and verifies the quarter; it gives what was found, "" for nothing.
func verify(t *testing.T, of *world, dir string, heads []ledger.Head) (said string) {
	w := &world{t: t, dir: dir, now: of.now}
	b, err := openBooks(w)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = b.Close() }()
	if err := reviews.Verify(context.Background(), b, quarter, shanghai, heads, func(policy.Text) {}); err != nil {
		return err.Error()
	}
	return ""
}

// edit changes the first file that matches.
func edit(t *testing.T, pattern string, change func([]byte) []byte) {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("no file matches %s: %v", pattern, err)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	changed := change(bytes.Clone(text))
	if bytes.Equal(changed, text) {
		t.Fatal("nothing was changed")
	}
	if err := os.Chmod(found[0], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(found[0], changed, 0o600); err != nil {
		t.Fatal(err)
	}
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}
