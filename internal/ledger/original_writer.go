package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

// An original is cut into blocks. Each becomes a zstd frame of its own, so that two can be packed at the same time; a decoder
// reads frames that follow each other as one. With blocks in and out and the packers' tables, a writer takes under 16 MiB.
const (
	blockBytes = 1 << 20
	blockCount = 4 // one being filled, two being packed, one being hashed and written
	packers    = 2
)

// newPacker is chosen for speed: an original is packed while its rows are read, and must not be what they wait for. The frames
// carry no checksum, because the SHA-256 is checked whenever an original is read.
func newPacker() *zstd.Encoder {
	packer, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(blockBytes),
		zstd.WithEncoderConcurrency(packers), zstd.WithEncoderCRC(false))
	if err != nil {
		panic(err) // the options are constants
	}
	return packer
}

// Original is a stored original.
type Original struct {
	SHA256 string // of the bytes handed in, lower-case hex
	Size   int64  // bytes handed in
	Stored int64  // bytes on disk
}

// OriginalWriter takes one original in. It is for one goroutine, and must end with Commit or Abort.
type OriginalWriter struct {
	ledger *Ledger
	file   *os.File // the temporary file
	size   int64
	ended  bool

	filling *block
	made    int         // blocks made so far, at most blockCount
	free    chan *block // to be filled again
	pack    chan *block // to be packed by whoever is free
	order   chan *block // to be hashed and written in the order of the bytes
	done    chan struct{}

	// Set by the goroutine of store; read after done is closed.
	hash   hash.Hash
	stored int64
	err    error         // read after failed or done is closed
	failed chan struct{} // closed after err is set
}

type block struct {
	in, out []byte
	packed  chan struct{}
}

// NewOriginal begins a new original.
func (l *Ledger) NewOriginal() (*OriginalWriter, error) {
	if err := l.usable(); err != nil {
		return nil, fmt.Errorf("store an original: %w", err)
	}
	file, err := os.CreateTemp(filepath.Join(l.dir, originalsName), incomingPrefix+"*")
	if err != nil {
		return nil, fmt.Errorf("store an original: %w", err)
	}
	w := &OriginalWriter{
		ledger: l, file: file, hash: sha256.New(),
		free: make(chan *block, blockCount), pack: make(chan *block, blockCount), order: make(chan *block, blockCount),
		done: make(chan struct{}), failed: make(chan struct{}),
	}
	for range packers {
		go w.packBlocks()
	}
	go w.store()
	return w, nil
}

func (w *OriginalWriter) packBlocks() {
	for b := range w.pack {
		b.out = w.ledger.packer.EncodeAll(b.in, b.out[:0])
		b.packed <- struct{}{}
	}
}

// store hashes and writes the blocks. After a failure it lets them pass, so that nobody waits for ever.
func (w *OriginalWriter) store() {
	defer close(w.done)
	for b := range w.order {
		w.hash.Write(b.in)
		<-b.packed
		if w.err == nil {
			n, err := w.file.Write(b.out)
			w.stored += int64(n)
			if err != nil {
				w.err = err
				close(w.failed)
			}
		}
		b.in = b.in[:0]
		w.free <- b
	}
}

// Write takes the next bytes in; p may be used again after it returns.
func (w *OriginalWriter) Write(p []byte) (int, error) {
	if w.ended {
		return 0, errors.New("store an original: written to after its end")
	}
	taken := 0
	for taken < len(p) {
		select {
		case <-w.failed:
			return taken, fmt.Errorf("store an original: %w", w.err)
		default:
		}
		b := w.block()
		n := min(len(p)-taken, blockBytes-len(b.in))
		b.in = append(b.in, p[taken:taken+n]...)
		taken += n
		w.size += int64(n)
		if len(b.in) == blockBytes {
			w.submit()
		}
	}
	return taken, nil
}

// block gives the one to fill, and waits for it when all are on their way.
func (w *OriginalWriter) block() *block {
	if w.filling != nil {
		return w.filling
	}
	select {
	case w.filling = <-w.free:
	default:
		if w.made < blockCount {
			w.made++
			w.filling = &block{in: make([]byte, 0, blockBytes), packed: make(chan struct{}, 1)}
		} else {
			w.filling = <-w.free
		}
	}
	return w.filling
}

func (w *OriginalWriter) submit() {
	w.pack <- w.filling
	w.order <- w.filling
	w.filling = nil
}

// end waits until everything submitted is in the temporary file.
func (w *OriginalWriter) end() {
	w.ended = true
	close(w.pack)
	close(w.order)
	<-w.done
}

// Commit brings the original onto the disk under its hash. One that is stored already is kept, after its content was read and
// found good; a damaged one is replaced, with a notice.
func (w *OriginalWriter) Commit() (Original, error) {
	if w.ended {
		return Original{}, errors.New("store an original: committed after its end")
	}
	if w.filling != nil || w.size == 0 { // nothing at all is stored as an empty frame
		w.block()
		w.submit()
	}
	w.end()
	original, err := w.keep()
	if err != nil {
		return Original{}, fmt.Errorf("store an original: %w", errors.Join(err, w.discard()))
	}
	return original, nil
}

// Abort removes what was written. After Commit it does nothing.
func (w *OriginalWriter) Abort() {
	if !w.ended {
		w.end()
		_ = w.discard() // what stays behind is removed at the next start
	}
}

// discard removes the temporary file, if it is still there.
func (w *OriginalWriter) discard() error {
	_ = w.file.Close() // may be closed already
	if err := os.Remove(w.file.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// keep gives the temporary file its place.
func (w *OriginalWriter) keep() (Original, error) {
	if w.err != nil {
		return Original{}, w.err
	}
	if err := w.ledger.usable(); err != nil {
		return Original{}, err
	}
	o := Original{SHA256: hex.EncodeToString(w.hash.Sum(nil)), Size: w.size, Stored: w.stored}
	if err := w.file.Sync(); err != nil {
		return Original{}, err
	}
	if err := w.file.Close(); err != nil {
		return Original{}, err
	}
	path := filepath.Join(w.ledger.dir, originalName(o.SHA256))
	if err := makeDir(filepath.Dir(path)); err != nil {
		return Original{}, err
	}
	stored, err := w.ledger.hasGood(o.SHA256)
	if err != nil {
		return Original{}, err
	}
	if stored > 0 {
		o.Stored = stored
		err = w.discard()
	} else {
		err = os.Rename(w.file.Name(), path)
	}
	return o, errors.Join(err, syncDir(filepath.Dir(path)))
}

// hasGood gives the stored size of an original that is there and undamaged, or 0.
func (l *Ledger) hasGood(sha256 string) (int64, error) {
	info, err := os.Stat(filepath.Join(l.dir, originalName(sha256)))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if err := checkOriginal(context.Background(), l.dir, sha256); err != nil {
		l.opt.Notice(fmt.Sprintf("a stored original is replaced by a good copy: %v", err))
		return 0, nil
	}
	return info.Size(), nil
}
