package backup_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"plumbline/internal/backup"
	"plumbline/internal/ledger"
	"plumbline/internal/trail"
)

var noon = time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)

func now() time.Time { return noon }

// directory is a data directory that is in use.
type directory struct {
	path   string
	ledger *ledger.Ledger
	trail  *trail.Trail
}

func (d *directory) options(at time.Time) backup.Options {
	return backup.Options{Now: at, Ledger: d.ledger, Trail: d.trail}
}

// begin opens a new data directory with small journal files, a policy and a schedule.
func begin(t *testing.T) *directory {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	l, err := ledger.Open(dir, ledger.Options{Now: now, SegmentBytes: 2000})
	if err != nil {
		t.Fatal(err)
	}
	r, err := trail.Open(dir, trail.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(r.Close(), l.Close()); err != nil {
			t.Error(err)
		}
	})
	for name, text := range map[string]string{
		"policy/company.yaml": "timezone: Asia/Shanghai\n", "policy/mappings/工时导出.yaml": "dataset: work_logs\n", "policy/.editor.swp": "x", "schedule.json": "{}\n", "service.yaml": "public: https://kpi.example.com\n",
		"warehouse.duckdb": "derived", "accounts/accounts.json": "canary-of-secrets", "staging/left.csv": "x",
	} {
		put(t, filepath.Join(dir, name), []byte(text))
	}
	return &directory{dir, l, r}
}

func put(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, content, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// take stores an original and records an event that names it, as taking a file in does.
func (d *directory) take(content []byte) error {
	w, err := d.ledger.NewOriginal()
	if err != nil {
		return err
	}
	if _, err := w.Write(content); err != nil {
		return err
	}
	o, err := w.Commit()
	if err != nil {
		return err
	}
	_, err = d.ledger.Append("file.ingested", "李静", map[string]any{"sha256": o.SHA256, "name": "工时.csv"})
	return err
}

// fill records n events, every other with an original.
func (d *directory) fill(t testing.TB, n int) {
	t.Helper()
	for i := range n {
		err := d.take([]byte(strings.Repeat(fmt.Sprintf("E%05d,2026-07-%02d,8\n", i, i%28+1), 50+i)))
		if err == nil {
			_, err = d.ledger.Append("rows.dismissed", "李静", map[string]int{"n": i})
		}
		if err == nil {
			err = d.trail.Write(context.Background(), trail.Entry{Actor: "li.jing", Action: "review.read", Subject: fmt.Sprint(i)})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (d *directory) backup(t testing.TB, at time.Time) backup.Backup {
	t.Helper()
	b, err := backup.Write(context.Background(), d.path, filepath.Join(filepath.Dir(d.path), "backups"), d.options(at))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func journal(t testing.TB, dir string) (text []byte) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "journal", "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text = append(text, read(t, f)...)
	}
	return text
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// tree lists the files below a directory.
func tree(t testing.TB, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			name, relErr := filepath.Rel(dir, path)
			names, err = append(names, filepath.ToSlash(name)), relErr
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestBackupHoldsWhatCannotBeMadeAgain(t *testing.T) {
	d := begin(t)
	d.fill(t, 12)
	b := d.backup(t, noon)
	if filepath.Base(b.Path) != "plumbline-20261121-020000.tar" || b.Ledger != backup.Head(d.ledger.Head()) || *b.Trail != backup.Head(d.trail.Head()) || b.Originals() != 12 {
		t.Errorf("the backup says of itself %s, %+v, %+v, %d originals", b.Path, b.Ledger, b.Trail, b.Originals())
	}
	info, err := os.Stat(b.Path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != b.Size {
		t.Errorf("%v %v, %d bytes told", info.Mode(), err, b.Size)
	}
	if bytes.Contains(read(t, b.Path), []byte("canary-of-secrets")) {
		t.Error("secrets are in the backup")
	}
	to := filepath.Join(t.TempDir(), "new", "data")
	if _, err := backup.Restore(context.Background(), b.Path, to, backup.RestoreOptions{}); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, name := range tree(t, d.path) {
		if folder, _, _ := strings.Cut(name, "/"); slices.Contains([]string{"journal", "originals", "policy", "schedule.json", "service.yaml", "trail"}, folder) && !strings.HasSuffix(name, ".swp") && name != "trail/lock" {
			want = append(want, name)
		}
	}
	if got := tree(t, to); !slices.Equal(got, want) {
		t.Errorf("restored: %q\nwant: %q", got, want)
	}
	for _, name := range want {
		if !bytes.Equal(read(t, filepath.Join(to, name)), read(t, filepath.Join(d.path, name))) {
			t.Errorf("%s has changed", name)
		}
	}
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the restored directory is open to others: %v %v", info.Mode(), err)
	}
}

// Backups that are made while others record restore to prefixes of the ledger and of the trail, with all originals.
func TestBackupsDuringWritingArePrefixes(t *testing.T) {
	d := begin(t)
	ctx := t.Context()
	const writers, each = 4, 25
	var all sync.WaitGroup
	failures := make(chan error, 2*writers)
	for w := range writers {
		all.Go(func() {
			dice := rand.New(rand.NewPCG(uint64(w), 7))
			for i := range each {
				content := make([]byte, dice.IntN(40_000))
				for at := range content {
					content[at] = byte('a' + dice.IntN(4))
				}
				if err := d.take(content); err != nil {
					failures <- err
					return
				}
				if err := d.trail.Write(ctx, trail.Entry{Actor: fmt.Sprint(w), Action: "file.taken", Subject: fmt.Sprint(i)}); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	ended := make(chan struct{})
	go func() { all.Wait(); close(ended) }()
	var made []backup.Backup
	for at := noon; ; at = at.Add(time.Second) {
		made = append(made, d.backup(t, at))
		select {
		case err := <-failures:
			t.Fatal(err)
		case <-ended:
		default:
			continue
		}
		break
	}
	made = append(made, d.backup(t, noon.Add(24*time.Hour)))
	last := journal(t, d.path)
	between := 0
	for i, b := range made {
		if b.Ledger.Seq > 0 && b.Ledger.Seq < writers*each {
			between++
		}
		if i > 0 && i < len(made)-1 && i%max(1, len(made)/10) != 0 {
			continue // each is checked below; some of them are restored
		}
		to := filepath.Join(t.TempDir(), "data")
		if _, err := backup.Restore(ctx, b.Path, to, backup.RestoreOptions{}); err != nil {
			t.Fatal(err)
		}
		if got := journal(t, to); !bytes.HasPrefix(last, got) || int64(bytes.Count(got, []byte("\n"))) != b.Ledger.Seq {
			t.Errorf("the backup of event %d is no prefix of the ledger", b.Ledger.Seq)
		}
		l, err := ledger.Open(to, ledger.Options{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(d.ledger.CheckHead(l.Head()), d.trail.CheckHead(ledger.Head(*b.Trail)), l.Verify(ctx), l.Close()); err != nil {
			t.Error(err)
		}
	}
	for _, b := range made {
		if got, err := backup.Check(ctx, b.Path); err != nil || got.Ledger != b.Ledger {
			t.Errorf("event %d: %v", b.Ledger.Seq, err)
		}
	}
	if between == 0 {
		t.Error("no backup was made while events were recorded")
	}
	if got := made[len(made)-1].Ledger.Seq; got != writers*each {
		t.Errorf("the last backup ends at event %d", got)
	}
}

// Whatever byte is changed, the backup is refused, and nothing is left of restoring it.
func TestEveryChangedByteIsRefused(t *testing.T) {
	d := begin(t)
	d.fill(t, 3)
	b := d.backup(t, noon)
	whole := read(t, b.Path)
	file := filepath.Join(t.TempDir(), "changed.tar")
	to := filepath.Join(t.TempDir(), "data")
	dice, n := rand.New(rand.NewPCG(1, 1)), 0
	refused := func(what string, content []byte) {
		t.Helper()
		put(t, file, content)
		_, err := backup.Check(t.Context(), file)
		if _, damaged := errors.AsType[*backup.DamagedError](err); !damaged {
			t.Fatalf("%s: %v", what, err)
		}
		if n++; n%5 != 0 {
			return // restoring goes the same way, and waits for the disk
		}
		if _, err := backup.Restore(t.Context(), file, to, backup.RestoreOptions{}); err == nil {
			t.Fatalf("%s: it was restored", what)
		}
		if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("%s: something is left: %v", what, err)
		}
	}
	for at := 0; at < len(whole); at += 1 + dice.IntN(97) {
		changed := bytes.Clone(whole)
		changed[at] ^= 1 << dice.IntN(8)
		refused(fmt.Sprintf("byte %d of %d", at, len(whole)), changed)
	}
	for range 60 {
		n := dice.IntN(len(whole))
		refused(fmt.Sprintf("cut after %d bytes", n), whole[:n])
	}
	refused("a byte more", append(bytes.Clone(whole), 0))
	refused("nothing", nil)
}

// entry is a file of a backup that was put together by hand.
type entry struct {
	name    string
	content []byte
	kind    byte
	target  string
}

// forge makes a backup whose outer form is right: a manifest that fits the entries, and the hash at its end.
func forge(t *testing.T, m backup.Manifest, entries []entry) string {
	t.Helper()
	m.Files = nil
	for _, e := range entries {
		sum := sha256.Sum256(e.content)
		m.Files = append(m.Files, backup.File{Name: e.name, Size: int64(len(e.content)), SHA256: hex.EncodeToString(sum[:])})
	}
	text, err := json.MarshalIndent(&m, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	all := sha256.New()
	w := tar.NewWriter(io.MultiWriter(&file, all))
	for _, e := range append([]entry{{name: "manifest.json", content: append(text, '\n')}}, entries...) {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: e.name, Size: int64(len(e.content)), Mode: 0o600, ModTime: m.Made}
		if e.kind != 0 {
			h.Typeflag, h.Linkname, h.Size = e.kind, e.target, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if e.kind == 0 {
			_, _ = w.Write(e.content)
		}
	}
	_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "end", Size: 65, Mode: 0o600, ModTime: m.Made})
	_, _ = io.WriteString(w, hex.EncodeToString(all.Sum(nil))+"\n")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "forged.tar")
	put(t, path, file.Bytes())
	return path
}

// entriesOf reads a backup.
func entriesOf(t *testing.T, path string) (list []entry) {
	t.Helper()
	r := tar.NewReader(bytes.NewReader(read(t, path)))
	for {
		h, err := r.Next()
		if err == io.EOF {
			return list
		}
		content, readErr := io.ReadAll(r)
		if err := errors.Join(err, readErr); err != nil {
			t.Fatal(err)
		}
		if h.Name != "manifest.json" && h.Name != "end" {
			list = append(list, entry{name: h.Name, content: content})
		}
	}
}

// A forger who makes all hashes of the backup fit is found by the chains, by the originals' names, or by where the names lead.
func TestForgedBackupsAreRefused(t *testing.T) {
	d := begin(t)
	d.fill(t, 5)
	b := d.backup(t, noon)
	entries := entriesOf(t, b.Path)
	if _, err := backup.Check(t.Context(), forge(t, b.Manifest, entries)); err != nil {
		t.Fatalf("unchanged: %v", err)
	}
	find := func(prefix string) int {
		return slices.IndexFunc(entries, func(e entry) bool { return strings.HasPrefix(e.name, prefix) })
	}
	first, original, last := find("journal/"), find("originals/"), len(entries)-1
	replaced := func(at int, e entry) []entry { c := slices.Clone(entries); c[at] = e; return c }
	without := func(at int) []entry { return slices.Delete(slices.Clone(entries), at, at+1) }
	swapped := slices.Clone(entries)
	swapped[original].content, swapped[original+1].content = swapped[original+1].content, swapped[original].content
	line, rest, _ := bytes.Cut(entries[first].content, []byte("\n"))
	for name, c := range map[string]struct {
		entries []entry
		says    string
	}{
		"a changed event":               {replaced(first, entry{name: entries[first].name, content: bytes.Replace(entries[first].content, []byte(`"n":0`), []byte(`"n":9`), 1)}), "line 2 (event 2): the line's sum does not fit"},
		"a removed first event":         {replaced(first, entry{name: entries[first].name, content: rest}), "event 2 stands where event 1 is due"},
		"an event without its end":      {replaced(first, entry{name: entries[first].name, content: line}), "the last line has no end"},
		"a removed journal file":        {without(first), "stands where event 1 is due"},
		"a removed last journal file":   {without(original - 1), "it ends with event"},
		"a removed original":            {without(original), "is missing, but event 1 names it"},
		"exchanged originals":           {swapped, "the content does not have the SHA-256 of its name"},
		"a removed trail":               {without(find("trail/")), "trail/journal"},
		"a path that leads out":         {append(slices.Clone(entries), entry{name: "policy/../../evil", content: []byte("x")}), "does not belong"},
		"an absolute path":              {append(slices.Clone(entries), entry{name: "/etc/evil", content: []byte("x")}), "does not belong"},
		"a path with backslashes":       {append(slices.Clone(entries), entry{name: `policy/..\..\evil`, content: []byte("x")}), "does not belong"},
		"a file of accounts":            {append(slices.Clone(entries), entry{name: "accounts/accounts.json", content: []byte("{}")}), "does not belong"},
		"a link instead of a file":      {replaced(last, entry{name: entries[last].name, kind: tar.TypeSymlink, target: "/etc/passwd"}), "no ordinary file"},
		"a hard link instead of a file": {replaced(last, entry{name: entries[last].name, kind: tar.TypeLink, target: "../x"}), "no ordinary file"},
		"a file twice":                  {append(slices.Clone(entries), entries[last]), "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			file := forge(t, b.Manifest, c.entries)
			_, err := backup.Check(t.Context(), file)
			if _, ok := errors.AsType[*backup.DamagedError](err); !ok || !strings.Contains(err.Error(), c.says) {
				t.Errorf("check says %v, want %q", err, c.says)
			}
			outer := t.TempDir()
			if _, err := backup.Restore(t.Context(), file, filepath.Join(outer, "in", "data"), backup.RestoreOptions{}); err == nil {
				t.Error("it was restored")
			}
			if left := tree(t, outer); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
	newer := b.Manifest
	newer.Format = 2
	if _, err := backup.Check(t.Context(), forge(t, newer, entries)); err == nil || !strings.Contains(err.Error(), "format 2") {
		t.Errorf("another format: %v", err)
	}
}

func TestRestoreNeverOverwrites(t *testing.T) {
	d := begin(t)
	d.fill(t, 2)
	b := d.backup(t, noon)
	before := tree(t, d.path)
	_, err := backup.Restore(t.Context(), b.Path, d.path, backup.RestoreOptions{})
	if occupied, ok := errors.AsType[*backup.OccupiedError](err); !ok || !occupied.Data {
		t.Errorf("a directory in use: %v", err)
	}
	if after := tree(t, d.path); !slices.Equal(before, after) {
		t.Errorf("it changed: %q", after)
	}
	other := t.TempDir()
	put(t, filepath.Join(other, "notes.txt"), []byte("x"))
	_, err = backup.Restore(t.Context(), b.Path, other, backup.RestoreOptions{})
	if occupied, ok := errors.AsType[*backup.OccupiedError](err); !ok || occupied.Data {
		t.Errorf("a directory with something else: %v", err)
	}
	empty := t.TempDir()
	if _, err := backup.Restore(t.Context(), b.Path, empty, backup.RestoreOptions{}); err != nil {
		t.Errorf("an empty directory: %v", err)
	}
	if again, err := backup.Write(t.Context(), d.path, filepath.Dir(b.Path), d.options(noon)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second backup of the same second: %+v %v", again, err)
	}
}

// Going back before a head that was kept needs two people; the restored ledger and trail begin with it. Another ledger is refused in any case.
func TestGoingBackTakesTwoPeople(t *testing.T) {
	d := begin(t)
	d.fill(t, 3)
	b := d.backup(t, noon)
	same := d.ledger.Head()
	d.fill(t, 1)
	later := d.ledger.Head()
	ctx := t.Context()
	to := filepath.Join(t.TempDir(), "data")

	if _, err := backup.Restore(ctx, b.Path, filepath.Join(t.TempDir(), "data"), backup.RestoreOptions{Known: []ledger.Head{same, {Seq: 1, Hash: first(t, d)}}}); err != nil {
		t.Errorf("nothing is lost, and it is refused: %v", err)
	}
	forged := ledger.Head{Seq: 2, Hash: strings.Repeat("ab", 32)}
	for _, consent := range []*backup.Consent{nil, {By: "zhang", Second: "li", Reason: "演练"}} {
		_, err := backup.Restore(ctx, b.Path, to, backup.RestoreOptions{Now: now, Known: []ledger.Head{forged}, Consent: consent})
		if _, foreign := errors.AsType[*backup.ForeignError](err); !foreign {
			t.Errorf("another ledger: %v", err)
		}
	}
	same.Hash = strings.Repeat("cd", 32)
	if _, err := backup.Restore(ctx, b.Path, to, backup.RestoreOptions{Known: []ledger.Head{same}}); err == nil {
		t.Error("a ledger with another last event was restored")
	}

	known := backup.RestoreOptions{Now: now, Known: []ledger.Head{later}}
	_, err := backup.Restore(ctx, b.Path, to, known)
	if behind, ok := errors.AsType[*backup.BehindError](err); !ok || behind.Known.Seq != 8 || behind.Backup.Seq != 6 {
		t.Fatalf("going back alone: %v", err)
	}
	for _, bad := range []backup.Consent{{By: "zhang", Reason: "x"}, {By: "zhang", Second: " Zhang ", Reason: "x"}, {By: "zhang", Second: "li", Reason: " "}, {Second: "li", Reason: "x"}} {
		known.Consent = &bad
		if _, err := backup.Restore(ctx, b.Path, to, known); !errors.Is(err, backup.ErrConsent) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	known.Consent = &backup.Consent{By: "zhang.wei", Second: "李静", Reason: "磁盘损坏"}
	if _, err := backup.Restore(ctx, b.Path, to, known); err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(to, ledger.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var events []ledger.Event
	for ev, err := range l.Events(b.Ledger.Seq) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, ev)
	}
	var r backup.Return
	if len(events) != 1 || events[0].Kind != backup.Restored || events[0].Actor != "zhang.wei" || json.Unmarshal(events[0].Data, &r) != nil ||
		r != (backup.Return{Backup: b.Ledger, Expected: backup.Head(later), Made: noon, File: filepath.Base(b.Path), By: "zhang.wei", Second: "李静", Reason: "磁盘损坏"}) {
		t.Errorf("the ledger goes on with %+v, %+v", events, r)
	}
	entries := func() []trail.Entry {
		r, err := trail.Open(to, trail.Options{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		list, _, err := r.Read(ctx, trail.Filter{Action: backup.Restored})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}()
	if len(entries) != 1 || entries[0].Actor != "zhang.wei" || !strings.Contains(entries[0].Detail, "李静") {
		t.Errorf("the trail says %+v", entries)
	}
}

// first is the hash of the first event.
func first(t *testing.T, d *directory) string {
	t.Helper()
	for ev, err := range d.ledger.Events(1) {
		if err != nil {
			t.Fatal(err)
		}
		return ev.Prev
	}
	t.Fatal("there is no second event")
	return ""
}

func TestDamagedDirectoryIsNotBackedUp(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, d *directory){
		"an original": func(t *testing.T, d *directory) { flip(t, d.path, "originals/*/*.zst") },
		"a missing original": func(t *testing.T, d *directory) {
			found, _ := filepath.Glob(filepath.Join(d.path, "originals/*/*.zst"))
			if err := os.Remove(found[0]); err != nil {
				t.Fatal(err)
			}
		},
		"the journal": func(t *testing.T, d *directory) { flip(t, d.path, "journal/*.jsonl") },
		"the trail":   func(t *testing.T, d *directory) { flip(t, d.path, "trail/journal/*.jsonl") },
	} {
		t.Run(name, func(t *testing.T) {
			d := begin(t)
			d.fill(t, 3)
			spoil(t, d)
			target := t.TempDir()
			_, err := backup.Write(t.Context(), d.path, target, d.options(noon))
			if _, damaged := errors.AsType[*ledger.DamageError](err); !damaged {
				t.Errorf("it says %v", err)
			}
			if left := tree(t, target); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// flip turns one bit in the middle of the first file that matches.
func flip(t *testing.T, dir, pattern string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) == 0 {
		t.Fatal(pattern, err)
	}
	content := read(t, found[0])
	content[len(content)/2] ^= 1
	put(t, found[0], content)
}

func TestATrailIsNeverLeftOut(t *testing.T) {
	d := begin(t)
	if _, err := backup.Write(t.Context(), d.path, t.TempDir(), backup.Options{Now: noon, Ledger: d.ledger}); err == nil {
		t.Error("a backup was made without the trail that is there")
	}
}

func TestStrangePolicyFilesAreNamed(t *testing.T) {
	d := begin(t)
	if err := os.Symlink("/etc/passwd", filepath.Join(d.path, "policy", "link.yaml")); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Write(t.Context(), d.path, t.TempDir(), d.options(noon)); err == nil || !strings.Contains(err.Error(), "policy/link.yaml") {
		t.Errorf("a link among the policy's files: %v", err)
	}
}

func TestListAndPrune(t *testing.T) {
	d := begin(t)
	d.fill(t, 1)
	for day := range 4 {
		d.backup(t, noon.AddDate(0, 0, day))
	}
	target := filepath.Join(filepath.Dir(d.path), "backups")
	put(t, filepath.Join(target, "plumbline-20260101-000000.tar"), []byte("cut"))
	put(t, filepath.Join(target, "notes.txt"), []byte("x"))
	put(t, filepath.Join(target, "plumbline-20260101-000001.tar.part"), []byte("left by a killed process"))
	d.backup(t, noon.AddDate(0, 0, 4))
	list, err := backup.List(target)
	if err != nil || len(list) != 6 || !list[0].Made.Equal(noon.AddDate(0, 0, 4)) || list[5].Err == nil || !list[5].Made.Equal(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Fatalf("%+v %v", list, err)
	}
	if _, err := backup.Prune(target, 0); err == nil {
		t.Error("all backups were removed")
	}
	removed, err := backup.Prune(target, 2)
	if err != nil || len(removed) != 3 {
		t.Errorf("removed %q, %v", removed, err)
	}
	want := []string{"notes.txt", "plumbline-20260101-000000.tar", "plumbline-20261124-020000.tar", "plumbline-20261125-020000.tar"}
	if left := tree(t, target); !slices.Equal(left, want) {
		t.Errorf("left: %q", left)
	}
}

func TestCancelledWorkLeavesNothing(t *testing.T) {
	d := begin(t)
	d.fill(t, 2)
	b := d.backup(t, noon)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	outer := t.TempDir()
	_, err := backup.Write(ctx, d.path, filepath.Join(outer, "backups"), d.options(noon))
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := backup.Check(ctx, b.Path); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := backup.Restore(ctx, b.Path, filepath.Join(outer, "data"), backup.RestoreOptions{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if left := tree(t, outer); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func FuzzCheck(f *testing.F) {
	dir := f.TempDir()
	l, err := ledger.Open(dir, ledger.Options{Now: now})
	if err != nil {
		f.Fatal(err)
	}
	if _, err := l.Append("kpi.noted", "李静", map[string]int{"n": 1}); err != nil {
		f.Fatal(err)
	}
	b, err := backup.Write(context.Background(), dir, f.TempDir(), backup.Options{Now: noon, Ledger: l})
	if err := errors.Join(err, l.Close()); err != nil {
		f.Fatal(err)
	}
	whole := read(f, b.Path)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, content []byte) {
		file := filepath.Join(t.TempDir(), "any.tar")
		put(t, file, content)
		outer := t.TempDir()
		_, checked := backup.Check(t.Context(), file)
		_, restored := backup.Restore(t.Context(), file, filepath.Join(outer, "data"), backup.RestoreOptions{})
		if (checked == nil) != (restored == nil) {
			t.Errorf("check says %v, restore %v", checked, restored)
		}
		if restored != nil && len(tree(t, outer)) > 0 {
			t.Error("something is left")
		}
	})
}
