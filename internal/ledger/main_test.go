package ledger_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plumbline/internal/ledger"
)

// TestMain lets the test binary play the other process: see children.
func TestMain(m *testing.M) {
	if child := children[os.Getenv("LEDGER_CHILD")]; child != nil {
		if err := child(os.Getenv("LEDGER_DIR")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var noon = time.Date(2026, 7, 1, 12, 0, 0, 123e6, time.FixedZone("CST", 8*3600))

type notices []string

func (n *notices) options() ledger.Options {
	return ledger.Options{Now: func() time.Time { return noon }, Notice: func(s string) { *n = append(*n, s) }}
}

func mustOpen(t testing.TB, dir string, opt ledger.Options) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func open(t testing.TB, dir string) *ledger.Ledger {
	t.Helper()
	return mustOpen(t, dir, new(notices).options())
}

func mustAppend(t testing.TB, l *ledger.Ledger, kind string, data any) ledger.Event {
	t.Helper()
	ev, err := l.Append(kind, "李静", data)
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

// write makes a closed ledger with n events, in segments of at least segmentBytes, and gives its heads: heads[i] after event i.
func write(t testing.TB, dir string, n int, segmentBytes int64) []ledger.Head {
	t.Helper()
	opt := new(notices).options()
	opt.SegmentBytes = segmentBytes
	l, err := ledger.Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	heads := []ledger.Head{l.Head()}
	for i := range n {
		mustAppend(t, l, "kpi.noted", map[string]int{"n": i})
		heads = append(heads, l.Head())
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return heads
}

func segments(t testing.TB, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "journal", "*.jsonl"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no segments in %s: %v", dir, err)
	}
	return paths
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func overwrite(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func joinLines(lines ...string) []byte { return []byte(strings.Join(lines, "")) }

func splitLines(b []byte) []string {
	var lines []string
	for line := range bytes.Lines(b) {
		lines = append(lines, string(line))
	}
	return lines
}

func store(t testing.TB, l *ledger.Ledger, content []byte) ledger.Original {
	t.Helper()
	w, err := l.NewOriginal()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	o, err := w.Commit()
	if err != nil {
		t.Fatal(err)
	}
	return o
}
