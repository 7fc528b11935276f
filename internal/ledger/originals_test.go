package ledger_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	"testing/iotest"

	"github.com/klauspost/compress/zstd"

	"plumbline/internal/ledger"
)

func originalFile(sum string) string { return filepath.Join("originals", sum[:2], sum+".zst") }

// opportunities is a CSV file of about n bytes.
func opportunities(n int) []byte {
	dice := rand.New(rand.NewPCG(1, 2))
	outcomes := []string{"赢单", "输单", "进行中"}
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "OPP-%07d,E%05d,2026-%02d-%02d,2026-%02d-%02d,%s,%d.%02d\n", i, dice.IntN(20000),
			1+dice.IntN(12), 1+dice.IntN(28), 1+dice.IntN(12), 1+dice.IntN(28), outcomes[dice.IntN(3)], dice.IntN(1e6), dice.IntN(100))
	}
	return b.Bytes()
}

func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

func load(l *ledger.Ledger, sum string) ([]byte, error) {
	r, err := l.OpenOriginal(sum)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r)
	return b, errors.Join(err, r.Close())
}

func TestOriginalsComeBack(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	const block = 1 << 20
	contents := [][]byte{
		{}, []byte("x"), opportunities(block - 50), bytes.Repeat([]byte{0}, block), noise(block), noise(block + 1),
		opportunities(7*block + 12345), noise(9 * block),
	}
	var sums []string
	for _, content := range contents {
		o := store(t, l, content)
		want := sha256.Sum256(content)
		info, err := os.Stat(filepath.Join(dir, originalFile(o.SHA256)))
		if err != nil || o.SHA256 != hex.EncodeToString(want[:]) || o.Size != int64(len(content)) || o.Stored != info.Size() {
			t.Errorf("%d bytes: stored as %+v, %v", len(content), o, err)
		}
		if got, err := load(l, o.SHA256); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes: read %d, %v", len(content), len(got), err)
		}
		sums = append(sums, o.SHA256)
	}
	var listed []string
	for sum, err := range l.Originals() {
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, sum)
	}
	slices.Sort(sums)
	if !slices.Equal(sums, listed) {
		t.Errorf("listed %v, want %v", listed, sums)
	}
	if err := l.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// The callers' buffers and the sizes of their writes must not matter.
func TestOriginalWriterTakesAnyWrites(t *testing.T) {
	l := open(t, t.TempDir())
	content := opportunities(6 << 20)
	want := sha256.Sum256(content)
	dice := rand.New(rand.NewPCG(3, 4))
	for range 3 {
		w, err := l.NewOriginal()
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 3<<20)
		for rest := content; len(rest) > 0; {
			n := copy(buf[:1+dice.IntN(len(buf))], rest)
			if taken, err := w.Write(buf[:n]); taken != n || err != nil {
				t.Fatal(taken, err)
			}
			clear(buf) // handed in, so ours again
			rest = rest[n:]
		}
		o, err := w.Commit()
		if err != nil || o.SHA256 != hex.EncodeToString(want[:]) {
			t.Errorf("%+v, %v", o, err)
		}
	}
}

func TestOriginalsAreReadInAnySteps(t *testing.T) {
	l := open(t, t.TempDir())
	o := store(t, l, opportunities(10_000))
	r, err := l.OpenOriginal(o.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(r, opportunities(10_000)); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestOriginalStoredByOtherMeans(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	content := opportunities(3 << 20)
	o := store(t, l, content)
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	overwrite(t, filepath.Join(dir, originalFile(o.SHA256)), enc.EncodeAll(content, nil))
	if got, err := load(l, o.SHA256); err != nil || !bytes.Equal(got, content) {
		t.Errorf("packed by zstd itself: %d bytes, %v", len(got), err)
	}
}

func TestDamagedOriginalsNeverReadAsGood(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir)
	content := opportunities(2000)
	o := store(t, l, content)
	path := filepath.Join(dir, originalFile(o.SHA256))
	stored := read(t, path)
	try := func(what string, changed []byte) {
		t.Helper()
		overwrite(t, path, changed)
		got, err := load(l, o.SHA256)
		if err == nil && bytes.Equal(got, content) {
			return // a bit without meaning
		}
		damage, ok := errors.AsType[*ledger.DamageError](err)
		if !ok || damage.Original != o.SHA256 || damage.File != originalFile(o.SHA256) {
			t.Fatalf("%s: %d bytes, %v", what, len(got), err)
		}
	}
	for at := range stored {
		for _, flipped := range flips(stored[at]) {
			changed := bytes.Clone(stored)
			changed[at] = flipped
			try(fmt.Sprintf("byte %d", at), changed)
		}
		try(fmt.Sprintf("cut at %d", at), stored[:at])
	}
	for what, changed := range map[string][]byte{
		"twice":        append(bytes.Clone(stored), stored...),
		"zeros behind": append(bytes.Clone(stored), 0, 0, 0, 0),
		"text behind":  append(bytes.Clone(stored), "text behind"...),
		"not packed":   content,
	} {
		overwrite(t, path, changed)
		if _, err := load(l, o.SHA256); err == nil {
			t.Errorf("%s: read as good", what)
		}
		if damage, ok := errors.AsType[*ledger.DamageError](l.Verify(t.Context())); !ok || damage.Original != o.SHA256 {
			t.Errorf("%s: verified as %v", what, damage)
		}
	}
}

func TestSwappedAndMisnamedOriginals(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	a, b := store(t, l, []byte("a")), store(t, l, []byte("b"))
	at := func(o ledger.Original) string { return filepath.Join(dir, originalFile(o.SHA256)) }
	first, second := read(t, at(a)), read(t, at(b))
	overwrite(t, at(a), second)
	overwrite(t, at(b), first)
	for _, o := range []ledger.Original{a, b} {
		if got, err := load(l, o.SHA256); err == nil {
			t.Errorf("swapped original read as good: %q", got)
		}
	}
	overwrite(t, at(a), first)
	overwrite(t, at(b), second)

	for _, name := range []string{"ab/x.zst", "note.txt", "ab/" + a.SHA256 + ".zst", a.SHA256[:2] + "/" + strings.ToUpper(a.SHA256) + ".zst"} {
		path := filepath.Join(dir, "originals", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		overwrite(t, path, first)
		good, bad := 0, 0
		for _, err := range l.Originals() {
			if _, ok := errors.AsType[*ledger.DamageError](err); ok {
				bad++
			} else if err == nil {
				good++
			}
		}
		if good != 2 || bad != 1 || l.Verify(t.Context()) == nil {
			t.Errorf("%s: %d good, %d bad", name, good, bad)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestOpenOriginalRefusesNames(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	o := store(t, l, []byte("a"))
	for _, name := range []string{"", "ab", "../../etc/passwd", strings.ToUpper(o.SHA256), o.SHA256 + "00", strings.Repeat("g", 64)} {
		if _, err := l.OpenOriginal(name); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := l.OpenOriginal(strings.Repeat("0", 64)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("not stored: %v", err)
	}
}

func TestSameOriginalAgain(t *testing.T) {
	dir := t.TempDir()
	var told notices
	l := mustOpen(t, dir, told.options())
	content := opportunities(100_000)
	o := store(t, l, content)
	path := filepath.Join(dir, originalFile(o.SHA256))
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if again := store(t, l, content); again != o {
		t.Errorf("stored as %+v, then as %+v", o, again)
	}
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) || len(told) > 0 {
		t.Errorf("a good original was replaced: %v, %q", err, told)
	}
	overwrite(t, path, []byte("damaged"))
	if again := store(t, l, content); again != o {
		t.Errorf("stored as %+v in place of the damaged one", again)
	}
	if got, err := load(l, o.SHA256); err != nil || !bytes.Equal(got, content) || len(told) != 1 {
		t.Errorf("the damaged original was not replaced: %v, notices %q", err, told)
	}
	if left := incoming(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func incoming(t *testing.T, dir string) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, "originals", "incoming-*"))
	if err != nil {
		t.Fatal(err)
	}
	return left
}

func TestAbort(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	w, err := l.NewOriginal()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(noise(5 << 20)); err != nil || len(incoming(t, dir)) != 1 {
		t.Fatal(err, incoming(t, dir))
	}
	w.Abort()
	w.Abort()
	if _, err := w.Write([]byte("x")); err == nil {
		t.Error("written to after Abort")
	}
	if _, err := w.Commit(); err == nil {
		t.Error("committed after Abort")
	}
	for sum, err := range l.Originals() {
		t.Errorf("an aborted original was stored: %s, %v", sum, err)
	}
	if left := incoming(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}

	w, err = l.NewOriginal()
	if err != nil {
		t.Fatal(err)
	}
	o, err := w.Commit()
	if err != nil {
		t.Fatal(err)
	}
	w.Abort()
	if _, err := load(l, o.SHA256); err != nil {
		t.Errorf("Abort removed what was committed: %v", err)
	}
}

func TestInterruptedOriginalsAreCleared(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, 1, 0)
	overwrite(t, filepath.Join(dir, "originals", "incoming-123"), []byte("half"))
	open(t, dir)
	if left := incoming(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestConcurrentOriginals(t *testing.T) {
	l := open(t, t.TempDir())
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for _, content := range [][]byte{[]byte("the same"), noise(2<<20 + g), opportunities(2 << 20)} {
				o := store(t, l, content)
				if got, err := load(l, o.SHA256); err != nil || !bytes.Equal(got, content) {
					t.Errorf("read %d bytes, %v", len(got), err)
				}
			}
		})
	}
	wg.Wait()
	n := 0
	for range l.Originals() {
		n++
	}
	if n != 6 {
		t.Errorf("%d originals, want 6", n)
	}
}

func TestVerifyCanBeCancelled(t *testing.T) {
	l := open(t, t.TempDir())
	store(t, l, []byte("a"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Verify(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("verify: %v", err)
	}
}

// BenchmarkOriginalWriter compares storing an original, fsync included, with its two parts on one core each.
func BenchmarkOriginalWriter(b *testing.B) {
	content := opportunities(64 << 20)
	b.Run("store", func(b *testing.B) {
		dir := b.TempDir()
		l := open(b, dir)
		b.SetBytes(int64(len(content)))
		for b.Loop() {
			o := store(b, l, content)
			b.StopTimer()
			b.ReportMetric(float64(o.Size)/float64(o.Stored), "ratio")
			if err := os.Remove(filepath.Join(dir, originalFile(o.SHA256))); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
	b.Run("sha256", func(b *testing.B) {
		b.SetBytes(int64(len(content)))
		for b.Loop() {
			sha256.Sum256(content)
		}
	})
	b.Run("zstd", func(b *testing.B) {
		enc, err := zstd.NewWriter(io.Discard, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(content)))
		for b.Loop() {
			enc.Reset(io.Discard)
			if _, err := enc.Write(content); err != nil {
				b.Fatal(err)
			}
			if err := enc.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		l := open(b, b.TempDir())
		o := store(b, l, content)
		b.SetBytes(int64(len(content)))
		for b.Loop() {
			r, err := l.OpenOriginal(o.SHA256)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, r); err != nil {
				b.Fatal(err)
			}
			if err := r.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	l := open(b, b.TempDir())
	for b.Loop() {
		mustAppend(b, l, "review.signed", map[string]string{"employee_no": "E00001"})
	}
}
