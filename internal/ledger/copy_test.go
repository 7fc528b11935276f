package ledger_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plumbline/internal/ledger"
)

// What Files names stays the journal up to its head, whatever is appended later, and Chain reads it back.
func TestFilesAreTheJournalUpToTheirHead(t *testing.T) {
	dir := t.TempDir()
	opt := new(notices).options()
	opt.SegmentBytes = 500
	l := mustOpen(t, dir, opt)
	for i := range 7 {
		mustAppend(t, l, "kpi.noted", map[string]int{"n": i})
	}
	head, files, err := l.Files()
	if err != nil || len(files) < 3 || head != l.Head() {
		t.Fatalf("%v %v %v", head, files, err)
	}
	for i := range 5 {
		mustAppend(t, l, "kpi.noted", map[string]int{"n": i})
	}
	var chain ledger.Chain
	var kinds []string
	for _, f := range files {
		text := read(t, filepath.Join(dir, f.Name))[:f.Size]
		if err := chain.Read(f.Name, bytes.NewReader(text), func(ev ledger.Event) error { kinds = append(kinds, ev.Kind); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if chain.Head() != head || len(kinds) != 7 {
		t.Errorf("read %d events up to %v, want 7 up to %v", len(kinds), chain.Head(), head)
	}
}

func TestChainRefuses(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, 6, 1<<20)
	lines := splitLines(read(t, segments(t, dir)[0]))
	const name = "journal/000000000001.jsonl"
	for what, c := range map[string]struct {
		name string
		text []byte
		says string
	}{
		"another name":       {"journal/notes.txt", joinLines(lines...), "does not belong"},
		"a later segment":    {"journal/000000000003.jsonl", joinLines(lines...), "event 1 is due"},
		"a torn line":        {name, []byte(strings.TrimSuffix(string(joinLines(lines...)), "\n")), "has no end"},
		"an exchanged order": {name, joinLines(lines[0], lines[2], lines[1]), "event 3 stands where event 2 is due"},
		"a changed letter":   {name, []byte(strings.Replace(string(joinLines(lines...)), "noted", "nated", 1)), "sum"},
	} {
		var chain ledger.Chain
		err := chain.Read(c.name, bytes.NewReader(c.text), func(ledger.Event) error { return nil })
		if _, ok := errors.AsType[*ledger.DamageError](err); !ok || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", what, err, c.says)
		}
	}
	var chain ledger.Chain
	stop := errors.New("stop")
	if err := chain.Read(name, bytes.NewReader(joinLines(lines...)), func(ledger.Event) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the caller's error becomes %v", err)
	}
}

func TestNamedOriginalsAndTheirFiles(t *testing.T) {
	l := open(t, t.TempDir())
	o := store(t, l, []byte("工号,工时\n"))
	ev := mustAppend(t, l, "file.ingested", map[string]string{"sha256": o.SHA256})
	if ledger.Named(ev) != o.SHA256 || ledger.OriginalOf(ledger.OriginalFile(o.SHA256)) != o.SHA256 {
		t.Errorf("the original of the event is %q", ledger.Named(ev))
	}
	for _, data := range []any{map[string]string{"sha256": "../../etc"}, map[string]int{"sha256": 1}, []int{1}, nil} {
		if got := ledger.Named(mustAppend(t, l, "kpi.noted", data)); got != "" {
			t.Errorf("%v names %q", data, got)
		}
	}
	for _, name := range []string{"", "originals/" + o.SHA256 + ".zst", "originals/../" + o.SHA256 + ".zst", "originals/zz/" + o.SHA256 + ".zst", o.SHA256} {
		if got := ledger.OriginalOf(name); got != "" {
			t.Errorf("%q is said to be the file of %s", name, got)
		}
	}
	if ledger.IsJournalFile("journal/../journal/000000000001.jsonl") || ledger.IsJournalFile("journal/1.jsonl") || !ledger.IsJournalFile("journal/000000000001.jsonl") {
		t.Error("names of journal files are not told from others")
	}
}

func TestUnpackTellsAnyOther(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	one, two := store(t, l, []byte("一")), store(t, l, []byte("二"))
	stored, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(ledger.OriginalFile(one.SHA256))))
	if err != nil {
		t.Fatal(err)
	}
	if err := ledger.Unpack(one.SHA256, bytes.NewReader(stored)); err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{
		"another one": ledger.Unpack(two.SHA256, bytes.NewReader(stored)), "half of it": ledger.Unpack(one.SHA256, bytes.NewReader(stored[:len(stored)/2])),
		"twice": ledger.Unpack(one.SHA256, bytes.NewReader(slices.Concat(stored, stored))), "no zstd": ledger.Unpack(one.SHA256, strings.NewReader("一")),
	} {
		if _, ok := errors.AsType[*ledger.DamageError](err); !ok {
			t.Errorf("%s: %v", what, err)
		}
	}
}
