package ledger_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plumbline/internal/ledger"
)

// reopen opens and closes the ledger, and gives its head and what was told.
func reopen(t *testing.T, dir string) (ledger.Head, notices, error) {
	t.Helper()
	var told notices
	l, err := ledger.Open(dir, told.options())
	if err != nil {
		return ledger.Head{}, told, err
	}
	if err := l.Verify(t.Context()); err != nil {
		t.Fatalf("a ledger that opens does not verify: %v", err)
	}
	head := l.Head()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return head, told, nil
}

func TestTornLastLine(t *testing.T) {
	t.Parallel()
	// The torn line follows others at every length, or stands alone in a new segment at some.
	for segmentBytes, step := range map[int64]int{0: 1, 1: 9} {
		dir := t.TempDir()
		heads := write(t, dir, 3, segmentBytes)
		paths := segments(t, dir)
		path := paths[len(paths)-1]
		whole := read(t, path)
		before := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
		for length := before; length <= len(whole); length += step {
			for _, zeros := range []int{0, 1, 4096} {
				if zeros > 0 && (length%8 != 0 || length == len(whole)) { // see also TestZerosAfterTheLastLine
					continue
				}
				overwrite(t, path, append(bytes.Clone(whole[:length]), make([]byte, zeros)...))
				head, told, err := reopen(t, dir)
				if err != nil {
					t.Fatalf("%d of %d bytes and %d zeros: %v", length, len(whole), zeros, err)
				}
				want, wantNotice := heads[2], length > before || zeros > 0
				if length >= len(whole)-1 {
					want, wantNotice = heads[3], length < len(whole)
				}
				if head != want || (len(told) > 0) != wantNotice {
					t.Fatalf("%d of %d bytes and %d zeros: head %d, notices %q", length, len(whole), zeros, head.Seq, told)
				}
				if length%32 != 0 {
					continue // opening costs a sync
				}
				if _, told, err := reopen(t, dir); err != nil || len(told) > 0 {
					t.Fatalf("%d of %d bytes and %d zeros: mended, but then %v, %v", length, len(whole), zeros, told, err)
				}
			}
		}
	}
}

func TestNoticeSaysWhatWasCut(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, 1, 0)
	path := segments(t, dir)[0]
	whole := read(t, path)
	overwrite(t, path, append(bytes.Clone(whole), `{"seq":2,`...))
	if _, err := ledger.Verify(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "unfinished") {
		t.Errorf("verify of a torn copy: %v", err)
	}
	_, told, err := reopen(t, dir)
	if err != nil || len(told) != 1 || !strings.Contains(told[0], "9 bytes") || !strings.Contains(told[0], "after event 1") {
		t.Errorf("notices %q, %v", told, err)
	}
	if !bytes.Equal(whole, read(t, path)) {
		t.Error("the file is not as it was before the torn line")
	}
}

func TestZerosAfterTheLastLine(t *testing.T) {
	dir := t.TempDir()
	heads := write(t, dir, 2, 0)
	path := segments(t, dir)[0]
	overwrite(t, path, append(read(t, path), make([]byte, 4096)...))
	head, told, err := reopen(t, dir)
	if err != nil || head != heads[2] || len(told) != 1 {
		t.Errorf("head %v, notices %q, %v", head, told, err)
	}
}

// No event is that long, so it is neither read into memory nor cut.
func TestEndlessLineIsRefused(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, 2, 0)
	if err := os.Truncate(segments(t, dir)[0], 70<<20); err != nil { // makes it longer, by zeros
		t.Fatal(err)
	}
	_, _, err := reopen(t, dir)
	if damage, ok := errors.AsType[*ledger.DamageError](err); !ok || damage.Seq != 3 || damage.Line != 3 {
		t.Errorf("%v", err)
	}
}

// flips gives other values for a byte: each single bit, and those that mean most in a file of lines.
func flips(b byte) []byte {
	others := []byte{}
	for bit := range 8 {
		others = append(others, b^1<<bit)
	}
	for _, special := range []byte{0, '\n', ' ', '"', '}', 0xff} {
		if special != b {
			others = append(others, special)
		}
	}
	return others
}

func TestEveryFlippedByteIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	heads := write(t, dir, 3, 400) // events 1 and 2, then 3
	paths := segments(t, dir)
	if len(paths) != 2 {
		t.Fatalf("%d segments", len(paths))
	}
	seq := int64(1)
	for i, path := range paths {
		whole := read(t, path)
		for at, b := range whole {
			last := i == 1 && at == len(whole)-1 // the newline at the very end
			for _, flipped := range flips(b) {
				changed := bytes.Clone(whole)
				changed[at] = flipped
				overwrite(t, path, changed)
				head, _, err := reopen(t, dir)
				damage, refused := errors.AsType[*ledger.DamageError](err)
				switch {
				case refused && damage.Seq == seq && damage.Line > 0 && filepath.Join(dir, damage.File) == path:
				case err == nil && last && head == heads[3]:
				default:
					t.Fatalf("event %d, byte %d, %q for %q: head %d, %v", seq, at, flipped, b, head.Seq, err)
				}
			}
			if b == '\n' {
				seq++
			}
		}
		overwrite(t, path, whole)
	}
}

func TestEveryFlippedByteOfATornLineIsCutOrRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	heads := write(t, dir, 2, 0)
	path := segments(t, dir)[0]
	lines := splitLines(read(t, path))
	torn := lines[1][:len(lines[1])-10]
	for at := range torn {
		for _, flipped := range []byte{torn[at] ^ 1, '\n', 0, '}'} {
			changed := joinLines(lines[0], torn)
			changed[len(lines[0])+at] = flipped
			overwrite(t, path, changed)
			head, told, err := reopen(t, dir)
			if damage, refused := errors.AsType[*ledger.DamageError](err); refused && damage.Seq == 2 {
				continue
			}
			if err != nil || head != heads[1] || len(told) != 1 {
				t.Fatalf("byte %d, %q: head %d, notices %q, %v", at, flipped, head.Seq, told, err)
			}
		}
	}
}

func TestRearrangedEventsAreRefused(t *testing.T) {
	dir, foreign := t.TempDir(), t.TempDir()
	write(t, dir, 4, 0)
	l := open(t, foreign)
	for range 4 {
		mustAppend(t, l, "foreign", "event")
	}
	x := splitLines(read(t, segments(t, foreign)[0]))
	path := segments(t, dir)[0]
	e := splitLines(read(t, path))
	for name, tc := range map[string]struct {
		lines []string
		seq   int64 // first in doubt
	}{
		"first deleted":           {[]string{e[1], e[2], e[3]}, 1},
		"second deleted":          {[]string{e[0], e[2], e[3]}, 2},
		"swapped":                 {[]string{e[0], e[2], e[1], e[3]}, 2},
		"last two swapped":        {[]string{e[0], e[1], e[3], e[2]}, 3},
		"duplicated":              {[]string{e[0], e[1], e[1], e[2], e[3]}, 3},
		"last duplicated":         {[]string{e[0], e[1], e[2], e[3], e[3]}, 5},
		"foreign inserted":        {[]string{e[0], x[1], e[1], e[2], e[3]}, 1},
		"foreign in the middle":   {[]string{e[0], x[1], e[2], e[3]}, 1},
		"foreign first":           {[]string{x[0], e[1], e[2], e[3]}, 1},
		"foreign last":            {[]string{e[0], e[1], e[2], x[3]}, 3},
		"empty line":              {[]string{e[0], "\n", e[1], e[2], e[3]}, 2},
		"empty last line":         {[]string{e[0], e[1], e[2], e[3], "\n"}, 5},
		"two in one line":         {[]string{e[0], strings.TrimSpace(e[1]) + e[2], e[3]}, 2},
		"Windows line end":        {[]string{e[0], strings.TrimSpace(e[1]) + "\r\n", e[2], e[3]}, 2},
		"blank before":            {[]string{e[0], " " + e[1], e[2], e[3]}, 2},
		"sum removed":             {[]string{e[0], e[1][:strings.Index(e[1], `,"sum"`)] + "}\n", e[2], e[3]}, 2},
		"zeros inside":            {[]string{e[0], strings.Repeat("\x00", len(e[1])), e[2], e[3]}, 2},
		"text after the last":     {[]string{e[0], e[1], e[2], strings.TrimSpace(e[3]) + "x"}, 4},
		"two unfinished together": {[]string{e[0], e[1], strings.TrimSpace(e[2]) + strings.TrimSpace(e[3])}, 3},
	} {
		overwrite(t, path, joinLines(tc.lines...))
		_, _, err := reopen(t, dir)
		damage, ok := errors.AsType[*ledger.DamageError](err)
		if !ok || damage.Seq != tc.seq {
			t.Errorf("%s: %v, want event %d", name, err, tc.seq)
		}
		if _, verr := ledger.Verify(t.Context(), dir); verr == nil {
			t.Errorf("%s: verify found nothing", name)
		}
	}
}

func TestMissingAndExtraSegments(t *testing.T) {
	for name, tc := range map[string]struct {
		damage func(journal string, paths []string) error
		seq    int64
	}{
		"first missing":   {func(_ string, p []string) error { return os.Remove(p[0]) }, 1},
		"middle missing":  {func(_ string, p []string) error { return os.Remove(p[1]) }, 2},
		"middle emptied":  {func(_ string, p []string) error { return os.Truncate(p[1], 0) }, 2},
		"middle torn":     {func(_ string, p []string) error { return os.Truncate(p[1], 50) }, 2},
		"renamed":         {func(j string, p []string) error { return os.Rename(p[2], filepath.Join(j, "000000000007.jsonl")) }, 3},
		"extra copy":      {func(j string, p []string) error { return copyFile(p[1], filepath.Join(j, "000000000004.jsonl")) }, 4},
		"gap, then empty": {func(j string, _ []string) error { return copyFile(os.DevNull, filepath.Join(j, "000000000006.jsonl")) }, 4},
		"foreign file":    {func(j string, p []string) error { return copyFile(p[1], p[1]+".bak") }, 0},
		"unpadded name":   {func(j string, p []string) error { return copyFile(os.DevNull, filepath.Join(j, "4.jsonl")) }, 0},
		"folder":          {func(j string, p []string) error { return os.Mkdir(filepath.Join(j, "000000000004.jsonl"), 0o700) }, 0},
	} {
		dir := t.TempDir()
		write(t, dir, 3, 1)
		if err := tc.damage(filepath.Join(dir, "journal"), segments(t, dir)); err != nil {
			t.Fatal(err)
		}
		_, _, err := reopen(t, dir)
		damage, ok := errors.AsType[*ledger.DamageError](err)
		if !ok || damage.Seq != tc.seq {
			t.Errorf("%s: %v, want event %d", name, err, tc.seq)
		}
	}
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o600)
}

func TestJournalMissingBesideOriginals(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	store(t, l, []byte("before the first event"))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if head, _, err := reopen(t, dir); err != nil || head.Seq != 0 {
		t.Fatalf("originals before the first event: %v, %v", head, err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "journal")); err != nil {
		t.Fatal(err)
	}
	_, _, err := reopen(t, dir)
	if _, ok := errors.AsType[*ledger.DamageError](err); !ok {
		t.Errorf("a removed journal: %v", err)
	}
}

func TestDesktopFilesDoNotMatter(t *testing.T) {
	dir := t.TempDir()
	heads := write(t, dir, 1, 0)
	for _, folder := range []string{"journal", "originals"} {
		overwrite(t, filepath.Join(dir, folder, ".DS_Store"), []byte("x"))
	}
	if head, _, err := reopen(t, dir); err != nil || head != heads[1] {
		t.Errorf("%v, %v", head, err)
	}
}
