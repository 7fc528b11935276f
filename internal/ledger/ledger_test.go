package ledger_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/ledger"
)

func events(t *testing.T, l *ledger.Ledger, after int64) []ledger.Event {
	t.Helper()
	var all []ledger.Event
	for ev, err := range l.Events(after) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, ev)
	}
	return all
}

func TestEventsSurviveReopening(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	l := open(t, dir)
	want := []ledger.Event{
		mustAppend(t, l, "policy.adopted", map[string]any{"note": "a<b & \"c\"\u2028\x00", "day": "2026-07-01"}),
		mustAppend(t, l, "nothing", nil),
		mustAppend(t, l, "raw", json.RawMessage("{ \"a\" : [1, 2.50, 1e400], \"h\": \"\\u003c\" }")),
	}
	if got := string(want[2].Data); got != `{"a":[1,2.50,1e400],"h":"\u003c"}` {
		t.Errorf("raw data became %s", got)
	}
	if want[0].Seq != 1 || want[0].Prev != strings.Repeat("0", 64) || !want[0].Time.Equal(noon) || want[0].Time.Location() != time.UTC {
		t.Errorf("first event: %+v", want[0])
	}
	head := l.Head()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	if diff := cmp.Diff(want, events(t, l, 0)); diff != "" {
		t.Errorf("after reopening (-written +read):\n%s", diff)
	}
	if l.Head() != head {
		t.Errorf("head %v became %v", head, l.Head())
	}
}

// The layout is a promise: people check it with sed and sha256sum.
func TestLineLayout(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	mustAppend(t, l, "file.ingested", map[string]string{"name": "商机<1>.csv"})
	event := `{"seq":1,"time":"2026-07-01T04:00:00.123Z","actor":"李静","kind":"file.ingested","prev":"` + strings.Repeat("0", 64) +
		`","data":{"name":"商机<1>.csv"}}`
	sum := sha256.Sum256([]byte(event))
	line := event[:len(event)-1] + `,"sum":"` + hex.EncodeToString(sum[:]) + `"}`
	if diff := cmp.Diff(line+"\n", string(read(t, filepath.Join(dir, "journal", "000000000001.jsonl")))); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
	hash := sha256.Sum256([]byte(line))
	if want := (ledger.Head{Seq: 1, Hash: hex.EncodeToString(hash[:])}); l.Head() != want {
		t.Errorf("head %v, want %v", l.Head(), want)
	}
	if second := mustAppend(t, l, "x", 1); second.Prev != hex.EncodeToString(hash[:]) {
		t.Errorf("the second event names %s as the one before", second.Prev)
	}
}

func TestAppendRefuses(t *testing.T) {
	l := open(t, t.TempDir())
	for name, try := range map[string]struct {
		kind, actor string
		data        any
	}{
		"no kind":             {"  ", "a", 1},
		"actor not UTF-8":     {"k", "\xff", 1},
		"kind not UTF-8":      {"k\xff", "a", 1},
		"raw data not UTF-8":  {"k", "a", json.RawMessage("\"\xff\"")},
		"raw data not JSON":   {"k", "a", json.RawMessage("{")},
		"two raw values":      {"k", "a", json.RawMessage("1 2")},
		"data JSON lacks":     {"k", "a", func() {}},
		"a line of 64 MiB":    {"k", "a", strings.Repeat("x", 64<<20)},
		"number JSON lacks":   {"k", "a", map[string]float64{"n": math.Inf(1)}},
		"raw with late brace": {"k", "a", json.RawMessage(`1},{"x":2`)},
	} {
		if ev, err := l.Append(try.kind, try.actor, try.data); err == nil {
			t.Errorf("%s: accepted as %+v", name, ev)
		}
	}
	if ev := mustAppend(t, l, "k", 1); ev.Seq != 1 {
		t.Errorf("a refused event used up a sequence: next is %d", ev.Seq)
	}
}

// A policy is one event, so lines are longer than any buffer.
func TestLongLines(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	var want []ledger.Event
	for _, size := range []int{64<<10 - 300, 64 << 10, 1 << 20, 3, 5 << 20} {
		want = append(want, mustAppend(t, l, "policy.adopted", strings.Repeat("准", size/3)))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, events(t, open(t, dir), 0)); diff != "" {
		t.Error("long events came back changed")
	}
}

func TestEventsAfter(t *testing.T) {
	for _, segmentBytes := range []int64{1, 700, 0} {
		dir := t.TempDir()
		heads := write(t, dir, 7, segmentBytes)
		l := open(t, dir)
		for after := int64(-1); after <= 9; after++ {
			next := max(after, 0) + 1
			for _, ev := range events(t, l, after) {
				if ev.Seq != next || ev.Prev != heads[next-1].Hash {
					t.Fatalf("segments of %d bytes, after %d: got event %d, want %d", segmentBytes, after, ev.Seq, next)
				}
				next++
			}
			if want := max(8, after+1); next != want {
				t.Errorf("segments of %d bytes, after %d: ended before event %d, want %d", segmentBytes, after, next, want)
			}
		}
		for ev := range l.Events(2) {
			if ev.Seq != 3 {
				t.Errorf("after 2 comes %d", ev.Seq)
			}
			break
		}
	}
}

func TestEventsEndWhereTheyBegan(t *testing.T) {
	l := open(t, t.TempDir())
	mustAppend(t, l, "a", 1)
	mustAppend(t, l, "a", 2)
	n := 0
	for _, err := range l.Events(0) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		mustAppend(t, l, "answer", n)
	}
	if n != 2 || l.Head().Seq != 4 {
		t.Errorf("%d events seen, %d written", n, l.Head().Seq)
	}
}

func TestEventsSeeDamageDoneWhileOpen(t *testing.T) {
	for name, damage := range map[string]func(path string, b []byte){
		"changed":   func(path string, b []byte) { b[len(b)-100] ^= 1; overwrite(t, path, b) },
		"cut":       func(path string, b []byte) { overwrite(t, path, b[:len(b)-3]) },
		"emptied":   func(path string, _ []byte) { overwrite(t, path, nil) },
		"removed":   func(path string, _ []byte) { _ = os.Remove(path) },
		"rewritten": func(path string, _ []byte) { overwrite(t, path, read(t, otherJournal(t))) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := open(t, dir)
			mustAppend(t, l, "a", 1)
			mustAppend(t, l, "a", 2)
			path := segments(t, dir)[0]
			damage(path, read(t, path))
			var got error
			for _, err := range l.Events(0) {
				got = err
			}
			if _, ok := errors.AsType[*ledger.DamageError](got); !ok {
				t.Errorf("events ended with %v", got)
			}
		})
	}
}

// otherJournal is a sound journal with two other events.
func otherJournal(t *testing.T) string {
	dir := t.TempDir()
	write(t, dir, 2, 0)
	return segments(t, dir)[0]
}

func TestSegments(t *testing.T) {
	dir := t.TempDir()
	heads := write(t, dir, 9, 700) // a line has some 290 bytes, so three go into a segment
	names := []string{}
	for _, path := range segments(t, dir) {
		names = append(names, filepath.Base(path))
	}
	if diff := cmp.Diff([]string{"000000000001.jsonl", "000000000004.jsonl", "000000000007.jsonl"}, names); diff != "" {
		t.Error(diff)
	}
	head, err := ledger.Verify(t.Context(), dir)
	if err != nil || head != heads[9] {
		t.Errorf("verify: %v, %v", head, err)
	}
	// A crash may leave a new segment empty.
	overwrite(t, filepath.Join(dir, "journal", "000000000010.jsonl"), nil)
	l := open(t, dir)
	if l.Head() != heads[9] {
		t.Errorf("head %v with an empty new segment", l.Head())
	}
	mustAppend(t, l, "a", 1)
	if n := len(events(t, l, 0)); n != 10 || len(read(t, segments(t, dir)[3])) == 0 {
		t.Errorf("%d events after appending to the empty segment", n)
	}
}

func TestCheckHead(t *testing.T) {
	dir := t.TempDir()
	heads := write(t, dir, 5, 600)
	l := open(t, dir)
	for _, h := range heads {
		if err := l.CheckHead(h); err != nil {
			t.Errorf("head %d: %v", h.Seq, err)
		}
	}
	if err := l.CheckHead(ledger.Head{}); err != nil {
		t.Errorf("no head: %v", err)
	}
	wrong := map[string]ledger.Head{
		"ledger ends at event 5, earlier than the head 6": {Seq: 6, Hash: heads[5].Hash},
		"event 5 differs": {Seq: 5, Hash: heads[4].Hash},
		"event 3 differs": {Seq: 3, Hash: heads[4].Hash},
		"event 0 differs": {Seq: 0, Hash: heads[4].Hash},
	}
	for message, h := range wrong {
		err := l.CheckHead(h)
		if _, ok := errors.AsType[*ledger.HeadError](err); !ok || !strings.Contains(err.Error(), message) {
			t.Errorf("head %v: got %v, want %q", h, err, message)
		}
	}
}

// A chain alone does not show that its end is missing; a head kept elsewhere does.
func TestCheckHeadExposesACutTail(t *testing.T) {
	dir := t.TempDir()
	heads := write(t, dir, 3, 0)
	path := segments(t, dir)[0]
	overwrite(t, path, joinLines(splitLines(read(t, path))[:2]...))
	if err := open(t, dir).CheckHead(heads[3]); err == nil {
		t.Error("a missing last event went unseen")
	}
}

func TestConcurrentAppend(t *testing.T) {
	opt := new(notices).options()
	opt.SegmentBytes = 4 << 10
	l := mustOpen(t, t.TempDir(), opt)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 20 {
				ev, err := l.Append("a", fmt.Sprint(g), i)
				if err != nil || ev.Actor != fmt.Sprint(g) {
					t.Errorf("append: %+v, %v", ev, err)
				}
				if i%5 == 0 {
					for _, err := range l.Events(ev.Seq - 1) {
						if err != nil {
							t.Error(err)
						}
					}
				}
			}
		})
	}
	wg.Wait()
	next := map[string]int{}
	for _, ev := range events(t, l, 0) {
		if string(ev.Data) != fmt.Sprint(next[ev.Actor]) {
			t.Errorf("event %d of %s holds %s, want %d", ev.Seq, ev.Actor, ev.Data, next[ev.Actor])
		}
		next[ev.Actor]++
	}
	if l.Head().Seq != 160 || len(next) != 8 {
		t.Errorf("head %v, %d actors", l.Head(), len(next))
	}
	if err := l.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestClosed(t *testing.T) {
	l := open(t, t.TempDir())
	ev := mustAppend(t, l, "a", 1)
	w, err := l.NewOriginal()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append("a", "b", 1); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("append: %v", err)
	}
	if _, err := l.NewOriginal(); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("new original: %v", err)
	}
	if _, err := w.Commit(); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("commit: %v", err)
	}
	if l.Head().Seq != ev.Seq {
		t.Errorf("head %v", l.Head())
	}
}

func TestOpenNeedsAClock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if _, err := ledger.Open(dir, ledger.Options{}); err == nil {
		t.Error("opened without a clock")
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("made a folder for a ledger that was not opened")
	}
}
