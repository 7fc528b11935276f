package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"plumbline/internal/ledger"
)

// Journal is an open ledger or trail.
type Journal interface {
	// Files gives the head and the bytes that hold the journal up to it.
	Files() (ledger.Head, []ledger.File, error)
}

// Options say what is copied.
type Options struct {
	Now      time.Time             // when the backup is made; names the file
	Ledger   Journal               // the open ledger of the directory
	Trail    Journal               // its open trail; nil where it has none
	Progress func(done, all int64) // bytes, of reading and of writing; nil: nobody is told
}

// Write makes a backup of the data directory dir in the folder target, which is made where there is none. The directory may be in use by this
// process: what is recorded meanwhile is not in the backup. A file of the same second is never overwritten: fs.ErrExist.
func Write(ctx context.Context, dir, target string, opt Options) (Backup, error) {
	b, err := write(ctx, dir, target, opt)
	if err != nil {
		return Backup{}, fmt.Errorf("back up %s: %w", dir, err)
	}
	return b, nil
}

func write(ctx context.Context, dir, target string, opt Options) (Backup, error) {
	if err := os.MkdirAll(target, 0o700); err != nil {
		return Backup{}, err
	}
	if err := clearParts(target); err != nil {
		return Backup{}, err
	}
	c, err := survey(ctx, dir, opt)
	if err != nil {
		return Backup{}, err
	}
	path := filepath.Join(target, "plumbline-"+c.manifest.Made.Format(stamp)+".tar")
	part, err := beginPart(path)
	if err != nil {
		return Backup{}, err
	}
	err = c.write(ctx, part)
	if err == nil {
		err = part.Sync()
	}
	if err == nil {
		err = os.Rename(part.Name(), path)
	}
	if err = errors.Join(err, part.Close()); err != nil {
		return Backup{}, errors.Join(err, removeIfThere(part.Name()))
	}
	if err := syncFolder(target); err != nil {
		return Backup{}, err
	}
	return Look(path)
}

// beginPart makes the file that becomes the backup once it is whole. It is locked, so that clearParts of another process leaves it alone.
func beginPart(path string) (*os.File, error) {
	f, err := os.OpenFile(path+".part", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		_, err = os.Lstat(path)
		if err == nil {
			err = fmt.Errorf("%s: %w", path, fs.ErrExist)
		} else if errors.Is(err, fs.ErrNotExist) {
			return f, nil
		}
	}
	return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// clearParts removes what killed processes left.
func clearParts(target string) error {
	parts, err := filepath.Glob(filepath.Join(target, "plumbline-*.tar.part"))
	if err != nil {
		return err
	}
	for _, path := range parts {
		f, err := os.Open(path)
		if err != nil {
			continue // finished or removed meanwhile
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			err = removeIfThere(path)
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("clear an interrupted backup: %w", err)
		}
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncFolder makes the names in a folder survive a power loss.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// copying is a backup on its way from the directory to the file.
type copying struct {
	dir       string
	manifest  Manifest
	loose     map[string][]byte // contents of files that may change meanwhile
	tell      func(done, all int64)
	done, all int64
}

// survey reads everything that belongs to the backup, verifies it, and notes sizes and hashes. The ledger's head is taken before the trail's: what
// somebody does is in the trail before it is in the ledger, so no decision comes without its trail.
func survey(ctx context.Context, dir string, opt Options) (*copying, error) {
	if opt.Ledger == nil || opt.Now.IsZero() {
		return nil, errors.New("no open ledger or no time was given")
	}
	c := &copying{dir: dir, loose: map[string][]byte{}, tell: opt.Progress, manifest: Manifest{Format: format, Made: opt.Now.UTC().Truncate(time.Second)}}
	head, journal, err := opt.Ledger.Files()
	if err != nil {
		return nil, err
	}
	trailHead, trail, err := trailOf(dir, opt.Trail)
	if err != nil {
		return nil, err
	}
	c.manifest.Ledger, c.manifest.Trail = Head(head), trailHead
	named, err := c.addJournal(ctx, "", journal, head)
	if err == nil {
		err = c.addOriginals(ctx, named)
	}
	if err == nil && trailHead != nil {
		_, err = c.addJournal(ctx, trailFolder, trail, ledger.Head(*trailHead))
	}
	if err == nil {
		err = c.addLoose()
	}
	return c, err
}

// trailOf takes the trail's head. A trail that is there is never left out in silence.
func trailOf(dir string, j Journal) (*Head, []ledger.File, error) {
	if j == nil {
		if _, err := os.Stat(filepath.Join(dir, "trail", "journal")); err == nil {
			return nil, nil, errors.New("the directory has a trail, which is not open")
		}
		return nil, nil, nil
	}
	h, files, err := j.Files()
	head := Head(h)
	return &head, files, err
}

// addJournal reads a journal, checks its chain up to head, and gives the originals that its events name, each once, in their order.
func (c *copying) addJournal(ctx context.Context, folder string, files []ledger.File, head ledger.Head) (named []string, err error) {
	var chain ledger.Chain
	seen := map[string]bool{}
	note := func(ev ledger.Event) error {
		if sum := ledger.Named(ev); sum != "" && !seen[sum] {
			seen[sum] = true
			named = append(named, sum)
		}
		return nil
	}
	for _, f := range files {
		err := c.add(ctx, folder+f.Name, f.Size, func(r io.Reader) error { return chain.Read(f.Name, r, note) })
		if err != nil {
			return nil, err
		}
	}
	if chain.Head() != head {
		return nil, fmt.Errorf("the journal %sjournal ends at event %d on disk, but event %d was written: run plumbline doctor", folder, chain.Head().Seq, head.Seq)
	}
	return named, nil
}

func (c *copying) addOriginals(ctx context.Context, named []string) error {
	for _, sum := range named {
		name := ledger.OriginalFile(sum)
		info, err := os.Stat(filepath.Join(c.dir, filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			return &ledger.DamageError{Original: sum, File: name, Reason: "the original is missing", Err: fs.ErrNotExist}
		}
		if err != nil {
			return err
		}
		if err := c.add(ctx, name, info.Size(), func(r io.Reader) error { return ledger.Unpack(sum, r) }); err != nil {
			return err
		}
	}
	return nil
}

// add reads size bytes of a file, lets check look at them, and lists the file with its hash.
func (c *copying) add(ctx context.Context, name string, size int64, check func(io.Reader) error) error {
	f, err := os.Open(filepath.Join(c.dir, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	h := sha256.New()
	r := &counted{ctx: ctx, from: io.TeeReader(io.LimitReader(f, size), h)}
	err = check(r)
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if r.n != size {
		return fmt.Errorf("%s has %d bytes where %d are due", name, r.n, size)
	}
	c.list(name, size, h)
	return nil
}

func (c *copying) list(name string, size int64, h hash.Hash) {
	c.manifest.Files = append(c.manifest.Files, File{Name: name, Size: size, SHA256: hex.EncodeToString(h.Sum(nil))})
	c.all += size
}

// addLoose takes the small files into memory, since somebody may be editing them.
func (c *copying) addLoose() error {
	root := os.DirFS(c.dir)
	names := append([]string(nil), looseFiles...)
	err := fs.WalkDir(root, strings.TrimSuffix(policyFolder, "/"), func(name string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case hidden(name) && e.IsDir():
			return fs.SkipDir
		case hidden(name), e.IsDir():
			return nil
		case !e.Type().IsRegular() || !belongs(name):
			return fmt.Errorf("%q is no file with a plain name: rename it, or move it out of the policy's folder", name)
		}
		names = append(names, name)
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range names {
		content, err := readLoose(root, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		c.loose[name] = content
		h := sha256.New()
		h.Write(content)
		c.list(name, int64(len(content)), h)
	}
	return nil
}

func readLoose(root fs.FS, name string) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(f, mostLoose+1))
	if err == nil && len(content) > mostLoose {
		err = fmt.Errorf("%s is larger than %d bytes", name, mostLoose)
	}
	return content, errors.Join(err, f.Close())
}

// write puts the tar file together.
func (c *copying) write(ctx context.Context, file io.Writer) error {
	all := sha256.New()
	w := tar.NewWriter(io.MultiWriter(file, all))
	manifest, err := json.MarshalIndent(&c.manifest, "", " ")
	if err != nil {
		return err
	}
	if err := c.entry(w, manifestName, bytes.NewReader(append(manifest, '\n')), int64(len(manifest))+1); err != nil {
		return err
	}
	for _, f := range c.manifest.Files {
		if err := c.copy(ctx, w, f); err != nil {
			return err
		}
	}
	if err := w.WriteHeader(c.header(endName, endSize)); err != nil {
		return err
	}
	if _, err := io.WriteString(w, hex.EncodeToString(all.Sum(nil))+"\n"); err != nil {
		return err
	}
	return w.Close()
}

// endSize is the length of a SHA-256 in hex and a newline.
const endSize = 2*sha256.Size + 1

func (c *copying) header(name string, size int64) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: c.manifest.Made}
}

func (c *copying) entry(w *tar.Writer, name string, from io.Reader, size int64) error {
	if err := w.WriteHeader(c.header(name, size)); err != nil {
		return err
	}
	_, err := io.Copy(w, from)
	return err
}

// copy writes a file of the manifest, and insists that it is the one that was verified.
func (c *copying) copy(ctx context.Context, w *tar.Writer, f File) (err error) {
	h := sha256.New()
	if content, ok := c.loose[f.Name]; ok {
		err = c.entry(w, f.Name, io.TeeReader(bytes.NewReader(content), h), f.Size)
	} else {
		err = c.copyFile(ctx, w, f, h)
	}
	if err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != f.SHA256 {
		return fmt.Errorf("%s changed while it was copied: run plumbline doctor", f.Name)
	}
	if c.done += f.Size; c.tell != nil {
		c.tell(c.done, c.all)
	}
	return nil
}

func (c *copying) copyFile(ctx context.Context, w *tar.Writer, f File, h hash.Hash) error {
	file, err := os.Open(filepath.Join(c.dir, filepath.FromSlash(f.Name)))
	if err != nil {
		return err
	}
	r := &counted{ctx: ctx, from: io.TeeReader(io.LimitReader(file, f.Size), h)}
	return errors.Join(c.entry(w, f.Name, r, f.Size), file.Close())
}

// counted counts what is read, and ends with its context.
type counted struct {
	ctx  context.Context
	from io.Reader
	n    int64
}

func (r *counted) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.from.Read(p)
	r.n += int64(n)
	return n, err
}
