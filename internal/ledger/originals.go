package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
)

const (
	originalsName  = "originals"
	incomingPrefix = "incoming-" // temporary files of originals on their way in
	originalSuffix = ".zst"
)

// originalName is the file of an original within the data directory.
func originalName(sha256 string) string {
	return filepath.Join(originalsName, sha256[:2], sha256+originalSuffix)
}

// isSHA256 tells lower-case hex of the right length, and nothing that could lead out of the folder.
func isSHA256(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size && s == strings.ToLower(s)
}

// clearIncoming removes what interrupted processes left of originals on their way in.
func (l *Ledger) clearIncoming() error {
	root := filepath.Join(l.dir, originalsName)
	entries, err := os.ReadDir(root)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), incomingPrefix) {
			err = errors.Join(err, os.Remove(filepath.Join(root, e.Name())))
		}
	}
	if err != nil {
		return fmt.Errorf("clear interrupted originals: %w", err)
	}
	return nil
}

// Originals yields the SHA-256 of every stored original, sorted. A file that does not belong there is yielded as a *DamageError.
func (l *Ledger) Originals() iter.Seq2[string, error] { return originals(l.dir) }

func originals(dir string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		folders, err := os.ReadDir(filepath.Join(dir, originalsName))
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // copies may leave an empty folder out
			yield("", fmt.Errorf("list the originals: %w", err))
			return
		}
		for _, folder := range folders {
			switch name := folder.Name(); {
			case isDotFile(name), strings.HasPrefix(name, incomingPrefix):
			case folder.IsDir():
				if !originalsIn(dir, name, yield) {
					return
				}
			default:
				if !yield("", misplaced(filepath.Join(originalsName, name))) {
					return
				}
			}
		}
	}
}

// originalsIn yields what is in one folder, and says whether to go on.
func originalsIn(dir, folder string, yield func(string, error) bool) bool {
	entries, err := os.ReadDir(filepath.Join(dir, originalsName, folder))
	if err != nil {
		return yield("", fmt.Errorf("list the originals: %w", err))
	}
	for _, e := range entries {
		if isDotFile(e.Name()) {
			continue
		}
		name := filepath.Join(originalsName, folder, e.Name())
		sum := strings.TrimSuffix(e.Name(), originalSuffix)
		if !isSHA256(sum) || originalName(sum) != name || !e.Type().IsRegular() {
			sum, err = "", misplaced(name)
		}
		if !yield(sum, err) {
			return false
		}
		err = nil
	}
	return true
}

func misplaced(name string) *DamageError {
	return &DamageError{File: name, Reason: "this does not belong among the originals"}
}

// OpenOriginal opens the bytes that were stored under a SHA-256. When they are not the same any more, the last Read gives a
// *DamageError in place of io.EOF: who reads to the end without error has the original. Not stored: fs.ErrNotExist.
func (l *Ledger) OpenOriginal(sha256 string) (io.ReadCloser, error) {
	return openOriginal(l.dir, sha256)
}

func openOriginal(dir, sum string) (*originalReader, error) {
	if !isSHA256(sum) {
		return nil, fmt.Errorf("open an original: %q is not a SHA-256", sum)
	}
	file, err := os.Open(filepath.Join(dir, originalName(sum)))
	if err != nil {
		return nil, fmt.Errorf("open an original: %w", err)
	}
	return newOriginalReader(sum, file)
}

func newOriginalReader(sum string, file io.ReadCloser) (*originalReader, error) {
	frames, err := zstd.NewReader(file, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8<<20))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open an original: %w", err), file.Close())
	}
	return &originalReader{sum: sum, file: file, frames: frames, hash: sha256.New()}, nil
}

type originalReader struct {
	sum    string
	file   io.Closer
	frames *zstd.Decoder
	hash   hash.Hash
	err    error // stays once it has been given
}

func (r *originalReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.frames.Read(p)
	r.hash.Write(p[:n])
	var failed *fs.PathError
	switch {
	case err == nil:
	case err == io.EOF:
		r.err = io.EOF
		if hex.EncodeToString(r.hash.Sum(nil)) != r.sum {
			r.err = r.damage("the content does not have the SHA-256 of its name", nil)
		}
	case errors.As(err, &failed): // the disk cannot be read; what is on it may be good
		r.err = fmt.Errorf("read an original: %w", err)
	default:
		r.err = r.damage("the content cannot be unpacked", err)
	}
	return n, r.err
}

func (r *originalReader) damage(reason string, cause error) *DamageError {
	return &DamageError{Original: r.sum, File: originalName(r.sum), Reason: reason, Err: cause}
}

// Close does not say whether the original is good: only reading it to the end does.
func (r *originalReader) Close() error {
	r.frames.Close()
	if r.err == nil {
		r.err = fmt.Errorf("read an original: %w", fs.ErrClosed)
	}
	return r.file.Close()
}

// checkOriginal reads an original to its end.
func checkOriginal(ctx context.Context, dir, sum string) error {
	r, err := openOriginal(dir, sum)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // only read from
	buf := make([]byte, 256<<10)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		switch _, err := r.Read(buf); err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}
