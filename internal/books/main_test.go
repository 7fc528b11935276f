package books_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/ledger"
	"plumbline/internal/warehouse"
)

// TestMain lets the test binary play the process that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("BOOKS_CHILD_DIR"); dir != "" {
		fmt.Fprintln(os.Stderr, countForEver(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

var noon = time.Date(2026, 7, 1, 12, 0, 0, 123456789, time.FixedZone("CST", 8*3600))

// The company of these tests counts: count.moved adds By to the counter Name and writes a line per step into a second table,
// so that half an event would show. A negative counter is refused.
type move struct {
	Name string `json:"name"`
	By   int64  `json:"by"`
}

var (
	errNegative = errors.New("a counter cannot be negative") // found after writing
	errNothing  = errors.New("a counter needs a name")       // found before
)

// light lets events share a transaction.
type light struct{}

func (light) Ahead(context.Context, *warehouse.Tx, []books.Entry) error { return nil }

var (
	counters = warehouse.SQL("create counters", "CREATE TABLE counters (name VARCHAR PRIMARY KEY, n BIGINT NOT NULL)")
	steps    = warehouse.SQL("create steps", "CREATE TABLE steps (seq BIGINT NOT NULL, taken_at TIMESTAMP NOT NULL, actor VARCHAR NOT NULL, prev VARCHAR NOT NULL, name VARCHAR NOT NULL, n BIGINT NOT NULL)")
	add      = warehouse.SQL("add", "INSERT INTO counters VALUES ($name, $by) ON CONFLICT (name) DO UPDATE SET n = n + $by")
	log      = warehouse.SQL("log", "INSERT INTO steps VALUES ($seq, $at, $actor, $prev, $name, $by)")
	value    = warehouse.SQL("value", "SELECT n FROM counters WHERE name = $name")
	dumped   = warehouse.SQL("dump", "SELECT concat_ws('|', 'count', name, n) AS line FROM counters UNION ALL SELECT concat_ws('|', 'step', lpad(seq::VARCHAR, 6, '0'), taken_at, actor, prev, name, n) FROM steps ORDER BY line")
)

func moved(ctx context.Context, tx *warehouse.Tx, e books.Entry) error {
	var m move
	if err := json.Unmarshal(e.Data, &m); err != nil {
		return err
	}
	if m.Name == "" {
		return errNothing
	}
	if _, err := tx.Exec(ctx, log, warehouse.Args{"seq": e.Seq, "at": e.Time, "actor": e.Actor, "prev": e.Prev, "name": m.Name, "by": m.By}); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, add, warehouse.Args{"name": m.Name, "by": m.By}); err != nil {
		return err
	}
	n, err := warehouse.One[int64](ctx, tx, value, warehouse.Args{"name": m.Name})
	if err == nil && n < 0 {
		err = errNegative
	}
	return err
}

type notices []string

func (n *notices) options() books.Options {
	return books.Options{
		Now:       func() time.Time { return noon },
		Schema:    []warehouse.Statement{counters, steps},
		Handlers:  map[string]books.Handler{"count.moved": moved},
		Warehouse: warehouse.Options{Memory: "256MiB", Threads: 1},
		Notice:    func(s string) { *n = append(*n, s) },
	}
}

func (n *notices) mention(text string) bool { return strings.Contains(strings.Join(*n, "\n"), text) }

func mustOpen(t testing.TB, dir string, opt books.Options) *books.Books {
	t.Helper()
	b, err := books.Open(t.Context(), dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustClose(t, b) })
	return b
}

func open(t testing.TB, dir string) *books.Books {
	t.Helper()
	return mustOpen(t, dir, new(notices).options())
}

func mustClose(t testing.TB, b *books.Books) {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

func record(t testing.TB, b *books.Books, name string, by int64) ledger.Event {
	t.Helper()
	ev, err := b.Record(t.Context(), "count.moved", "李静", move{name, by}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

// dump gives all rows as lines.
func dump(t testing.TB, b *books.Books) []string {
	t.Helper()
	var lines []string
	err := b.View(t.Context(), func(tx *warehouse.Tx) error {
		return tx.Each(t.Context(), dumped, nil, func(scan func(...any) error) error {
			var line string
			if err := scan(&line); err != nil {
				return err
			}
			lines = append(lines, line)
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func count(t testing.TB, b *books.Books, name string) string {
	t.Helper()
	return countIn(dump(t, b), name)
}

func countIn(lines []string, name string) string {
	for _, line := range lines {
		if n, ok := strings.CutPrefix(line, "count|"+name+"|"); ok {
			return n
		}
	}
	return "none"
}

func file(dir string) string { return filepath.Join(dir, "warehouse.duckdb") }
