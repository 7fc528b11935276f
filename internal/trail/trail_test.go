package trail_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"plumbline/internal/ledger"
	"plumbline/internal/trail"
)

var start = time.Date(2026, 7, 1, 9, 0, 0, 5e6, time.UTC)

func open(t testing.TB, dir string) *trail.Trail {
	t.Helper()
	l, err := trail.Open(dir, trail.Options{Now: func() time.Time { return start }})
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

func write(t testing.TB, l *trail.Trail, e trail.Entry) {
	t.Helper()
	if err := l.Write(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

// all reads page by page.
func all(t testing.TB, l *trail.Trail, f trail.Filter) []trail.Entry {
	t.Helper()
	var list []trail.Entry
	for {
		page, next, err := l.Read(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, page...)
		if next == 0 {
			return list
		}
		f.Before = next
	}
}

func TestEntriesComeBackNewestFirst(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	want := []trail.Entry{
		{Number: 2, At: start.Add(time.Hour), Actor: "wang", Action: "review.approved", Subject: "1001"},
		{Number: 1, At: start, Actor: "li.jing", Employee: "1001", Action: "review.read", Subject: "1002", Detail: "2026Q3 <b>", Address: "192.0.2.7", Request: "r-1"},
	}
	for _, e := range slices.Backward(want) {
		if e.Number == 1 {
			e.At = time.Time{} // the clock of the trail
		}
		write(t, l, e)
	}
	for range 2 {
		if diff := cmp.Diff(want, all(t, l, trail.Filter{})); diff != "" {
			t.Errorf("entries (-want +got):\n%s", diff)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = open(t, dir)
	}
	if err := l.Write(t.Context(), trail.Entry{Actor: "li", Action: " "}); err == nil {
		t.Error("an entry without an action was written")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Write(gone, trail.Entry{Action: "review.read"}); !errors.Is(err, context.Canceled) {
		t.Errorf("written for somebody who has gone: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Write(t.Context(), trail.Entry{Action: "review.read"}); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("written to a closed trail: %v", err)
	}
}

func TestFilter(t *testing.T) {
	l := open(t, t.TempDir())
	var entries []trail.Entry
	for i := range 60 {
		e := trail.Entry{Number: int64(i + 1), At: start.Add(time.Duration(i) * time.Minute), Actor: fmt.Sprint("a", i%3), Action: []string{"review.read", "review.approved", "reviewer.named", "export"}[i%4], Subject: fmt.Sprint(i % 5)}
		entries = append(entries, e)
		write(t, l, e)
	}
	rapid.Check(t, func(rt *rapid.T) {
		pick := func(name string, from ...string) string { return rapid.SampledFrom(from).Draw(rt, name) }
		f := trail.Filter{Actor: pick("actor", "", "a1", "nobody"), Action: pick("action", "", "review.", "review.read", "review"), Subject: pick("subject", "", "3"), Limit: rapid.IntRange(1, 9).Draw(rt, "limit")}
		if rapid.Bool().Draw(rt, "from") {
			f.From = start.Add(20 * time.Minute)
		}
		if rapid.Bool().Draw(rt, "to") {
			f.To = start.Add(40 * time.Minute)
		}
		var want []trail.Entry
		for _, e := range slices.Backward(entries) {
			inAction := f.Action == "" || e.Action == f.Action || f.Action == "review." && (e.Action == "review.read" || e.Action == "review.approved")
			if (f.Actor == "" || e.Actor == f.Actor) && inAction && (f.Subject == "" || e.Subject == f.Subject) && !e.At.Before(f.From) && (f.To.IsZero() || e.At.Before(f.To)) {
				want = append(want, e)
			}
		}
		if diff := cmp.Diff(want, all(t, l, f)); diff != "" {
			rt.Fatalf("%+v (-want +got):\n%s", f, diff)
		}
	})
}

// Entries that are not in memory any more are read from disk, with the same answers.
func TestOldEntries(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	const n, writers = 32_000, 500
	var all500 sync.WaitGroup
	for w := range writers {
		all500.Go(func() {
			for i := range n / writers {
				e := trail.Entry{At: start.Add(time.Duration(i) * time.Minute), Actor: fmt.Sprint("w", w), Action: "review.read", Subject: fmt.Sprint(i)}
				if err := l.Write(t.Context(), e); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all500.Wait()
	check := func() {
		t.Helper()
		next, before := int64(n), int64(0)
		for next > 0 {
			page, cursor, err := l.Read(t.Context(), trail.Filter{Limit: 1000, Before: before})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page {
				if e.Number != next {
					t.Fatalf("got entry %d, want %d", e.Number, next)
				}
				next--
			}
			if (cursor == 0) != (next == 0) {
				t.Fatalf("cursor %d with %d to come", cursor, next)
			}
			before = cursor
		}
		for _, before := range []int64{2, 3, n / 2, n} {
			if page, _, err := l.Read(t.Context(), trail.Filter{Limit: 1, Before: before}); err != nil || len(page) != 1 || page[0].Number != before-1 {
				t.Errorf("before %d: %+v, %v", before, page, err)
			}
		}
		one := all(t, l, trail.Filter{Actor: "w7", Limit: 30})
		if len(one) != n/writers {
			t.Fatalf("%d entries of one writer, want %d", len(one), n/writers)
		}
		for i, e := range one { // in the order in which the writer wrote them
			if e.Subject != fmt.Sprint(n/writers-1-i) {
				t.Fatalf("entry %d of the writer is %+v", i, e)
			}
		}
		if early := all(t, l, trail.Filter{To: start.Add(time.Minute), Limit: 1000}); len(early) != writers {
			t.Errorf("%d entries of the first minute, want %d", len(early), writers)
		}
	}
	check()
	if err := l.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	head := l.Head()
	if head.Seq >= n/2 {
		t.Errorf("%d entries took %d batches", n, head.Seq)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	if err := l.CheckHead(head); err != nil {
		t.Error(err)
	}
	write(t, l, trail.Entry{At: start, Actor: "late", Action: "x"})
	if page, _, err := l.Read(t.Context(), trail.Filter{Limit: 1}); err != nil || page[0].Number != n+1 {
		t.Errorf("after reopening: %+v, %v", page, err)
	}
	if old := all(t, l, trail.Filter{Actor: "w7", Limit: 1000}); len(old) != n/writers {
		t.Errorf("%d entries of one writer after reopening", len(old))
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := l.Read(gone, trail.Filter{Actor: "nobody"}); !errors.Is(err, context.Canceled) {
		t.Errorf("read on for somebody who has gone: %v", err)
	}
}

func TestNothingCanBeChanged(t *testing.T) {
	for name, change := range map[string]func(lines []string) []string{
		"actor changed": func(l []string) []string { return append(l[:2], strings.Replace(l[2], `"li"`, `"wu"`, 1)) },
		"entry removed": func(l []string) []string { return slices.Delete(l, 1, 2) },
		"reordered":     func(l []string) []string { l[1], l[2] = l[2], l[1]; return l },
		"inserted":      func(l []string) []string { return slices.Insert(l, 1, l[1]) },
	} {
		dir := t.TempDir()
		l := open(t, dir)
		for i := range 4 {
			write(t, l, trail.Entry{Actor: "li", Action: "review.read", Subject: fmt.Sprint(i)})
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "trail", "journal", "000000000001.jsonl")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Join(change(slices.Collect(strings.Lines(string(text)))), "")
		if changed == string(text) {
			t.Fatalf("%s: nothing was changed", name)
		}
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		var damage *ledger.DamageError
		if _, err := trail.Open(dir, trail.Options{Now: time.Now}); !errors.As(err, &damage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, trail.Entry{Actor: "li", Action: "a"})
	write(t, l, trail.Entry{Actor: "li", Action: "b"})
	head := l.Head()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "trail", "journal", "000000000001.jsonl")
	text, _ := os.ReadFile(path)
	if err := os.WriteFile(path, []byte(slices.Collect(strings.Lines(string(text)))[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	var cut *ledger.HeadError
	if err := l.CheckHead(head); !errors.As(err, &cut) {
		t.Errorf("a tail that was cut: %v", err)
	}
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{"李静 a-b": "李静 a-b", "a\nb\r\tc": `a\nb\r\tc`, "a\x00\x7f": `a\u0000\u007f`, "\u202eabc": `\u202eabc`, "a\u200bb": `a\u200bb`, "\xff": `\xff`, `\n`: `\\n`, "\U000e0001": `\U000e0001`,
		"\u2028": `\u2028`, "长长长长长长长长长长长": "长长长长长长长长长长…", "": ""} {
		if got := trail.Escape(in, 10); got != want {
			t.Errorf("Escape(%q) = %s, want %s", in, got, want)
		}
	}
	l := open(t, t.TempDir())
	write(t, l, trail.Entry{Actor: "li\nroot", Action: "review.read", Detail: strings.Repeat("长", 5000)})
	got, _, err := l.Read(t.Context(), trail.Filter{Actor: "li\nroot"})
	if err != nil || len(got) != 1 || got[0].Actor != `li\nroot` || utf8.RuneCountInString(got[0].Detail) != 1001 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("a\nb\\n", "a\\nb\n")
	f.Fuzz(func(t *testing.T, a, b string) {
		ea, eb := trail.Escape(a, len(a)+1), trail.Escape(b, len(b)+1)
		if !utf8.ValidString(ea) || strings.ContainsFunc(ea, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
			t.Errorf("%q is written %q", a, ea)
		}
		if a != b && ea == eb {
			t.Errorf("%q and %q are both written %q", a, b, ea)
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			l := open(b, b.TempDir())
			work := make(chan int)
			var group sync.WaitGroup
			for range writers {
				group.Go(func() {
					for i := range work {
						if err := l.Write(b.Context(), trail.Entry{Actor: "li", Action: "review.read", Subject: fmt.Sprint(i), Address: "192.0.2.7"}); err != nil {
							b.Error(err)
						}
					}
				})
			}
			b.ResetTimer()
			for i := range b.N {
				work <- i
			}
			close(work)
			group.Wait()
			b.ReportMetric(float64(l.Head().Seq)/float64(b.N), "syncs/op")
		})
	}
}
