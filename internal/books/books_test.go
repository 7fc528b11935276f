package books_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/books"
	"plumbline/internal/ledger"
	"plumbline/internal/warehouse"
)

func TestRecordAppliesAndSurvivesReopening(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	ev := record(t, b, "a", 2)
	if ev.Seq != 1 || ev.Actor != "李静" || !ev.Time.Equal(noon.Truncate(time.Millisecond)) || ev.Kind != "count.moved" {
		t.Errorf("event %+v", ev)
	}
	record(t, b, "a", 3)
	before := dump(t, b)
	if n := count(t, b, "a"); n != "5" {
		t.Fatalf("a counts %s after +2 +3", n)
	}
	mustClose(t, b)
	var told notices
	b = mustOpen(t, dir, told.options())
	if diff := cmp.Diff(before, dump(t, b)); diff != "" || len(told) > 0 {
		t.Errorf("after reopening, with notices %q:\n%s", told, diff)
	}
	if ev := record(t, b, "b", 1); ev.Seq != 3 {
		t.Errorf("the third event has sequence %d", ev.Seq)
	}
}

func TestRefusedEventLeavesNoTrace(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	record(t, b, "a", 2)
	head, before := b.Ledger().Head(), dump(t, b)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, try := range map[string]func() error{
		"handler":      func() error { _, err := b.Record(t.Context(), "count.moved", "x", move{"a", -3}, nil); return err },
		"unknown kind": func() error { _, err := b.Record(t.Context(), "count.lost", "x", move{"a", 1}, nil); return err },
		"data":         func() error { _, err := b.Record(t.Context(), "count.moved", "x", func() {}, nil); return err },
		"cancelled":    func() error { _, err := b.Record(gone, "count.moved", "x", move{"a", 1}, nil); return err },
	} {
		err := try()
		if err == nil || name == "handler" && !errors.Is(err, errNegative) || name == "cancelled" && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		if b.Ledger().Head() != head {
			t.Fatalf("%s: the ledger went from %v to %v", name, head, b.Ledger().Head())
		}
	}
	if diff := cmp.Diff(before, dump(t, b)); diff != "" {
		t.Error(diff)
	}
	if ev := record(t, b, "a", 1); ev.Seq != 2 || count(t, b, "a") != "3" {
		t.Errorf("the next event has sequence %d, a counts %s", ev.Seq, count(t, b, "a"))
	}
}

// What the caller has at hand reaches the handler, and only then.
func TestPreparedReachesTheHandler(t *testing.T) {
	dir := t.TempDir()
	var got []any
	opt := new(notices).options()
	opt.Handlers["seen"] = func(_ context.Context, _ *warehouse.Tx, e books.Entry) error {
		got = append(got, e.Prepared)
		return nil
	}
	b := mustOpen(t, dir, opt)
	if _, err := b.Record(t.Context(), "seen", "x", nil, "at hand"); err != nil {
		t.Fatal(err)
	}
	if err := b.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{"at hand", nil}, got); diff != "" {
		t.Error(diff)
	}
}

// appendBehind writes events into the ledger as a process does that dies between ledger and warehouse.
func appendBehind(t *testing.T, dir string, moves ...move) {
	t.Helper()
	l, err := ledger.Open(dir, ledger.Options{Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range moves {
		if _, err := l.Append("count.moved", "张伟", m); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCrashBeforeTheCommitIsReplayed(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	record(t, b, "a", 2)
	mustClose(t, b)
	appendBehind(t, dir, move{"a", 5}, move{"b", 1}, move{"a", -7})
	var done []string
	opt := new(notices).options()
	opt.Replayed = func(n, total int64) { done = append(done, fmt.Sprint(n, "/", total)) }
	b = mustOpen(t, dir, opt)
	if count(t, b, "a") != "0" || count(t, b, "b") != "1" {
		t.Errorf("after the replay:\n%s", strings.Join(dump(t, b), "\n"))
	}
	if diff := cmp.Diff([]string{"2/4", "3/4", "4/4"}, done); diff != "" {
		t.Error(diff)
	}
	record(t, b, "a", 1)
	before := dump(t, b)
	if err := b.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, dump(t, b)); diff != "" {
		t.Error(diff)
	}
}

// An event that reached the ledger but not the warehouse is applied before the next one is tried out.
func TestEventBehindIsAppliedBeforeTheNext(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	record(t, b, "a", 2)
	if _, err := b.Ledger().Append("count.moved", "张伟", move{"a", -2}); err != nil {
		t.Fatal(err)
	}
	_, err := b.Record(t.Context(), "count.moved", "李静", move{"a", -1}, nil)
	if !errors.Is(err, errNegative) || b.Ledger().Head().Seq != 2 {
		t.Errorf("-1 of 0: %v; the ledger stands at %d", err, b.Ledger().Head().Seq)
	}
	record(t, b, "a", 4)
	if n := count(t, b, "a"); n != "4" {
		t.Errorf("a counts %s after 2 -2 +4", n)
	}
}

func TestCancelledInTheHandler(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	opt := new(notices).options()
	b := mustOpen(t, t.TempDir(), opt)
	opt.Handlers["count.moved"] = func(ctx context.Context, tx *warehouse.Tx, e books.Entry) error {
		defer cancel()
		return moved(ctx, tx, e)
	}
	if _, err := b.Record(ctx, "count.moved", "李静", move{"a", 2}, nil); !errors.Is(err, context.Canceled) || b.Ledger().Head().Seq != 0 {
		t.Errorf("%v, head %v", err, b.Ledger().Head())
	}
}

// written is a context that ends as soon as the ledger holds an event.
type written struct {
	context.Context
	ledger *ledger.Ledger
}

func (w written) Err() error {
	if w.ledger.Head().Seq > 0 {
		return context.Canceled
	}
	return nil
}

// A caller who gives up when the event is in the ledger already does not part ledger and warehouse.
func TestCancelledBehindTheLedger(t *testing.T) {
	b := open(t, t.TempDir())
	if _, err := b.Record(written{t.Context(), b.Ledger()}, "count.moved", "李静", move{"a", 2}, nil); err != nil {
		t.Fatal(err)
	}
	if n := count(t, b, "a"); n != "2" {
		t.Errorf("a counts %s", n)
	}
}

func TestWarehouseIsMadeAnew(t *testing.T) {
	for _, c := range []struct {
		name, notice string
		harm         func(t *testing.T, dir string, opt *books.Options)
	}{
		{"deleted", "there is no warehouse", func(t *testing.T, dir string, _ *books.Options) { remove(t, file(dir)) }},
		{"emptied", "there is no warehouse", func(t *testing.T, dir string, _ *books.Options) { write(t, file(dir), "") }},
		{"damaged", "cannot be read", func(t *testing.T, dir string, _ *books.Options) {
			write(t, file(dir), strings.Repeat("no database ", 4096))
		}},
		{"of another ledger", "does not belong to this ledger", func(t *testing.T, dir string, _ *books.Options) {
			other := t.TempDir()
			b := open(t, other)
			record(t, b, "z", 9)
			record(t, b, "z", 9)
			mustClose(t, b)
			rename(t, file(other), file(dir))
		}},
		{"ahead of the ledger", "does not belong to this ledger", func(t *testing.T, dir string, _ *books.Options) {
			other := t.TempDir()
			b := open(t, other)
			for range 5 {
				record(t, b, "z", 9)
			}
			mustClose(t, b)
			rename(t, file(other), file(dir))
		}},
		{"of another layout", "another version of the program", func(t *testing.T, dir string, opt *books.Options) {
			opt.Schema = append(opt.Schema, warehouse.SQL("more", "CREATE TABLE more (x INTEGER)"))
		}},
		{"half rebuilt", "there is no warehouse", func(t *testing.T, dir string, _ *books.Options) {
			rename(t, file(dir), file(dir)+".new")
			write(t, file(dir)+".new.wal", "half")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			b := open(t, dir)
			record(t, b, "a", 2)
			record(t, b, "b", 3)
			record(t, b, "a", 4)
			before := dump(t, b)
			mustClose(t, b)
			var told notices
			opt := told.options()
			c.harm(t, dir, &opt)
			b = mustOpen(t, dir, opt)
			if diff := cmp.Diff(before, dump(t, b)); diff != "" {
				t.Error(diff)
			}
			if !told.mention(c.notice) {
				t.Errorf("notices: %q, want one with %q", told, c.notice)
			}
			record(t, b, "a", 1)
			before = dump(t, b)
			mustClose(t, b)
			told = nil
			if diff := cmp.Diff(before, dump(t, mustOpen(t, dir, opt))); diff != "" || len(told) > 0 {
				t.Errorf("opened once more, with notices %q:\n%s", told, diff)
			}
		})
	}
}

func TestUnknownKindInTheLedger(t *testing.T) {
	dir := t.TempDir()
	opt := new(notices).options()
	opt.Handlers["count.tripled"] = func(context.Context, *warehouse.Tx, books.Entry) error { return nil }
	b := mustOpen(t, dir, opt)
	record(t, b, "a", 2)
	if _, err := b.Record(t.Context(), "count.tripled", "x", 1, nil); err != nil {
		t.Fatal(err)
	}
	mustClose(t, b)
	open(t, dir).Close() // the warehouse knows the event, so nothing is replayed
	remove(t, file(dir))
	_, err := books.Open(t.Context(), dir, new(notices).options())
	if err == nil || !strings.Contains(err.Error(), "event 2") || !strings.Contains(err.Error(), `"count.tripled"`) || !strings.Contains(err.Error(), "newer") {
		t.Errorf("an unknown kind: %v", err)
	}
	if left := mustOpen(t, dir, opt); count(t, left, "a") != "2" { // the failed opening holds neither ledger nor warehouse
		t.Error("the newer program does not read its books any more")
	}
}

func TestRebuildGivesTheSame(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	for i := range 40 {
		record(t, b, fmt.Sprint("c", i%7), int64(i))
	}
	before := dump(t, b)
	for range 2 {
		if err := b.Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, dump(t, b)); diff != "" {
			t.Fatal(diff)
		}
	}
	if _, err := os.Stat(file(dir) + ".new"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the second file is left behind: %v", err)
	}
	if ev := record(t, b, "c0", 1); ev.Seq != 41 {
		t.Errorf("sequence %d after the rebuild", ev.Seq)
	}
}

// A rebuild that fails leaves the old warehouse in use.
func TestFailedRebuildChangesNothing(t *testing.T) {
	dir := t.TempDir()
	opt := new(notices).options()
	b := mustOpen(t, dir, opt)
	record(t, b, "a", 2)
	before := dump(t, b)
	opt.Handlers["count.moved"] = func(context.Context, *warehouse.Tx, books.Entry) error { return errNegative }
	if err := b.Rebuild(t.Context()); !errors.Is(err, errNegative) {
		t.Fatalf("rebuild: %v", err)
	}
	opt.Handlers["count.moved"] = moved
	if diff := cmp.Diff(before, dump(t, b)); diff != "" {
		t.Error(diff)
	}
	record(t, b, "a", 2)
	if n := count(t, b, "a"); n != "4" {
		t.Errorf("a counts %s", n)
	}
}

func TestConcurrentRecords(t *testing.T) {
	t.Run("alone", func(t *testing.T) { concurrentRecords(t, nil) })
	t.Run("together", func(t *testing.T) { concurrentRecords(t, light{}) })
}

// concurrentRecords has writers record beside each other and readers look on. Between what is right, each writer tries what is refused before and after
// its handler has written, and what its sender no longer waits for; none of these may harm what shares a transaction with it.
func concurrentRecords(t *testing.T, prepared any) {
	b := open(t, t.TempDir())
	const writers, each = 8, 25
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	var wait sync.WaitGroup
	seqs := make([][]int64, writers)
	for w := range writers {
		wait.Go(func() {
			for i := range each {
				ev, err := b.Record(t.Context(), "count.moved", fmt.Sprint("w", w), move{"a", 1}, prepared)
				if err != nil {
					t.Error(err)
					return
				}
				if ev.Actor != fmt.Sprint("w", w) {
					t.Errorf("writer %d was given the event of %s", w, ev.Actor)
				}
				seqs[w] = append(seqs[w], ev.Seq)
				bad := []struct {
					ctx  context.Context
					move move
					want error
				}{{t.Context(), move{"", 1}, errNothing}, {t.Context(), move{"b", -1}, errNegative}, {gone, move{"a", 1}, context.Canceled}}[(w+i)%3]
				if ev, err := b.Record(bad.ctx, "count.moved", "x", bad.move, prepared); !errors.Is(err, bad.want) || ev.Seq > 0 {
					t.Errorf("%v: event %d, error %v", bad.move, ev.Seq, err)
				}
			}
		})
	}
	wait.Go(func() { // readers beside the writers see whole events only
		for range 50 {
			lines := dump(t, b)
			if n, want := countIn(lines, "a"), len(lines)-1; len(lines) > 0 && n != fmt.Sprint(want) {
				t.Errorf("a counts %s beside %d steps", n, want)
			}
		}
	})
	wait.Wait()
	seen := map[int64]bool{}
	for w := range seqs {
		for i, s := range seqs[w] {
			if seen[s] || i > 0 && s <= seqs[w][i-1] {
				t.Fatalf("writer %d was given %v", w, seqs[w])
			}
			seen[s] = true
		}
	}
	if len(seen) != writers*each || count(t, b, "a") != fmt.Sprint(writers*each) {
		t.Errorf("%d events, a counts %s", len(seen), count(t, b, "a"))
	}
	before := dump(t, b)
	if err := b.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, dump(t, b)); diff != "" {
		t.Error(diff)
	}
}

func TestScratchOfADeadProcessIsCleared(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	left := b.Staging() + "/rows-1.csv"
	write(t, left, "1,a\n")
	mustClose(t, b)
	open(t, dir)
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: %v", left, err)
	}
}

func TestBooksAreOpenedOnce(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	record(t, b, "a", 1)
	left := b.Staging() + "/rows-1.csv"
	write(t, left, "1,a\n")
	_, err := books.Open(t.Context(), dir, new(notices).options())
	if _, ok := errors.AsType[*ledger.LockedError](err); !ok {
		t.Errorf("opened twice: %v", err)
	}
	if _, err := os.Stat(left); err != nil {
		t.Errorf("the second opening cleared the staging directory of the first: %v", err)
	}
	record(t, b, "a", 1)
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// TestSmallBooksComputeOnOneThread: what is there, what is kept to make it anew, and what is about to come count.
func TestSmallBooksComputeOnOneThread(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("there is one processor")
	}
	const large = 64 << 20
	grow := func(t *testing.T, dir string) { // an original as large as it says, of which nothing is on the disk
		t.Helper()
		mustClose(t, open(t, dir))
		path := filepath.Join(dir, "originals", "00")
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600), os.Truncate(path, large)); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		coming int64
		before func(*testing.T, string)
		one    bool
	}{"new": {one: true}, "a few rows": {coming: 1 << 10, one: true}, "a large file": {coming: large}, "a service": {coming: books.Unknown}, "large originals": {before: grow}} {
		t.Run(name, func(t *testing.T) {
			dir, opt := t.TempDir(), new(notices).options()
			if c.before != nil {
				c.before(t, dir)
			}
			opt.Warehouse.Threads, opt.Coming = 0, c.coming
			b := mustOpen(t, dir, opt)
			err := b.Warehouse().View(t.Context(), func(tx *warehouse.Tx) error {
				n, err := warehouse.One[int64](t.Context(), tx, warehouse.SQL("threads", "SELECT current_setting('threads')"), nil)
				if (n == 1) != c.one {
					t.Errorf("%d threads", n)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
