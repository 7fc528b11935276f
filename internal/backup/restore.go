package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"plumbline/internal/ledger"
	"plumbline/internal/trail"
)

// Restored is the kind of the event with which a ledger goes on after it was restored to an earlier state. It changes no figure.
const Restored = "ledger.restored"

// Return is the data of a Restored event: who went back to which state, and why.
type Return struct {
	Backup   Head      `json:"backup"`   // what the restored ledger ended with
	Expected Head      `json:"expected"` // the latest head that was known
	Made     time.Time `json:"made"`     // when the backup was made
	File     string    `json:"file"`     // its name
	By       string    `json:"by"`
	Second   string    `json:"second"` // the other person who agreed
	Reason   string    `json:"reason"`
}

// Consent is what going back to an earlier state asks for.
type Consent struct {
	By, Second string // two different people
	Reason     string
}

// ErrConsent says that a Consent names no two people or no reason.
var ErrConsent = errors.New("going back takes two different people and a reason")

func (c Consent) sound() bool {
	by, second := strings.TrimSpace(c.By), strings.TrimSpace(c.Second)
	return by != "" && second != "" && strings.TrimSpace(c.Reason) != "" && !strings.EqualFold(by, second)
}

// RestoreOptions say how a backup is restored.
type RestoreOptions struct {
	Now     func() time.Time // the clock of the event that is written for a Consent
	Known   []ledger.Head    // heads that were kept elsewhere
	Consent *Consent         // nil: a backup that ends before a known head is refused
}

// BehindError says that a backup ends before a head that was kept elsewhere: whoever restores it takes events back.
type BehindError struct{ Backup, Known Head }

func (e *BehindError) Error() string {
	return fmt.Sprintf("the backup ends at event %d, but event %d was written already, so events would be lost (%d); take a later backup, or have a second person agree",
		e.Backup.Seq, e.Known.Seq, e.Known.Seq-e.Backup.Seq)
}

// OccupiedError says that a directory is not empty.
type OccupiedError struct {
	Dir  string
	Data bool // it is a data directory
}

func (e *OccupiedError) Error() string {
	if e.Data {
		return fmt.Sprintf("%s is a data directory already and is never overwritten; restore into a new one", e.Dir)
	}
	return fmt.Sprintf("%s is not empty; restore into a new directory", e.Dir)
}

// staging is where a restore writes before all is verified.
const staging = ".restoring"

// Restore writes the backup into dir, which must be new or empty, and verifies it. With a Consent, a Restored event is the first that follows. Until
// all is done, dir is no data directory; when anything fails, what was written is removed. The warehouse is made by the first opening.
func Restore(ctx context.Context, file, dir string, opt RestoreOptions) (Backup, error) {
	b, err := restore(ctx, file, dir, opt)
	if err != nil {
		return Backup{}, fmt.Errorf("restore into %s: %w", dir, err)
	}
	return b, nil
}

func restore(ctx context.Context, file, dir string, opt RestoreOptions) (Backup, error) {
	b, err := Look(file)
	if err != nil {
		return Backup{}, err
	}
	if err := opt.allows(b); err != nil {
		return Backup{}, err
	}
	made, err := makeEmpty(dir)
	if err != nil {
		return Backup{}, err
	}
	if b, err = fill(ctx, file, dir, opt); err == nil {
		return b, nil
	}
	return Backup{}, errors.Join(err, undo(dir, made))
}

// undo removes what a restore that failed has written.
func undo(dir string, made bool) error {
	if _, err := os.Stat(filepath.Join(dir, "journal")); err == nil {
		return nil // everything is in its place; only tidying up has failed
	}
	var err error
	for _, name := range append([]string{staging, "originals", "trail", "policy"}, looseFiles...) {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, name)))
	}
	if made {
		err = errors.Join(err, os.Remove(dir))
	}
	return err
}

// latest is the highest head that is known.
func (opt RestoreOptions) latest() ledger.Head {
	if len(opt.Known) == 0 {
		return ledger.Head{}
	}
	return slices.MaxFunc(opt.Known, func(a, b ledger.Head) int { return int(min(1, max(-1, a.Seq-b.Seq))) })
}

func (opt RestoreOptions) allows(b Backup) error {
	if opt.Consent != nil && (!opt.Consent.sound() || opt.Now == nil) {
		return ErrConsent
	}
	if known := opt.latest(); known.Seq > b.Ledger.Seq && opt.Consent == nil {
		return &BehindError{Backup: b.Ledger, Known: Head(known)}
	}
	return nil
}

// makeEmpty makes dir, unless it is there and empty.
func makeEmpty(dir string) (made bool, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, os.MkdirAll(dir, 0o700)
	case err != nil:
		return false, err
	case len(entries) > 0:
		_, err := os.Stat(filepath.Join(dir, "journal"))
		return false, &OccupiedError{Dir: dir, Data: err == nil}
	}
	return false, os.Chmod(dir, 0o700)
}

// fill writes everything into the staging folder, verifies it there, and then moves it to its place, the journal last: what has no journal is no
// data directory.
func fill(ctx context.Context, file, dir string, opt RestoreOptions) (Backup, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Backup{}, err
	}
	b, err := fillRoot(ctx, file, dir, root, opt)
	return b, errors.Join(err, root.Close())
}

func fillRoot(ctx context.Context, file, dir string, root *os.Root, opt RestoreOptions) (Backup, error) {
	if err := root.Mkdir(staging, 0o700); err != nil {
		return Backup{}, err
	}
	inner, err := root.OpenRoot(staging)
	if err != nil {
		return Backup{}, err
	}
	b, err := walk(ctx, file, opt.Known, func(f File, r io.Reader, verify func(io.Reader) error) error { return unpack(inner, f, r, verify) })
	if err = errors.Join(err, inner.Close()); err != nil {
		return Backup{}, err
	}
	if err := verifyAgain(ctx, filepath.Join(dir, staging), b); err != nil {
		return Backup{}, err
	}
	if opt.Consent != nil {
		if err := mark(ctx, filepath.Join(dir, staging), b, opt); err != nil {
			return Backup{}, err
		}
	}
	return b, settle(root, dir)
}

// writeError is a failure of the disk that is written, as opposed to a damage of what is read.
type writeError struct{ error }

func (e *writeError) Unwrap() error { return e.error }

// sink makes what fails in writing a *writeError.
type sink struct{ file *os.File }

func (s sink) Write(p []byte) (int, error) {
	n, err := s.file.Write(p)
	if err != nil {
		return n, &writeError{err}
	}
	return n, nil
}

// unpack writes one file while it is verified.
func unpack(root *os.Root, f File, r io.Reader, verify func(io.Reader) error) error {
	name := filepath.FromSlash(f.Name)
	if err := root.MkdirAll(filepath.FromSlash(path.Dir(f.Name)), 0o700); err != nil {
		return &writeError{err}
	}
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return &writeError{err}
	}
	tee := io.TeeReader(r, sink{out})
	err = verify(tee)
	if err == nil {
		_, err = io.Copy(io.Discard, tee)
	}
	if done := errors.Join(out.Sync(), out.Close()); err == nil && done != nil {
		err = &writeError{done}
	}
	return err
}

// verifyAgain reads from disk what was written.
func verifyAgain(ctx context.Context, dir string, b Backup) error {
	head, err := ledger.Verify(ctx, dir)
	if err == nil && Head(head) != b.Ledger {
		err = fmt.Errorf("the restored ledger ends at event %d, the backup at event %d", head.Seq, b.Ledger.Seq)
	}
	if err == nil && b.Trail != nil {
		_, err = ledger.Verify(ctx, filepath.Join(dir, "trail"))
	}
	return err
}

// mark writes down that an earlier state came back, in the trail first.
func mark(ctx context.Context, dir string, b Backup, opt RestoreOptions) error {
	r := Return{Backup: b.Ledger, Expected: b.Ledger, Made: b.Made, File: filepath.Base(b.Path), By: strings.TrimSpace(opt.Consent.By),
		Second: strings.TrimSpace(opt.Consent.Second), Reason: strings.TrimSpace(opt.Consent.Reason)}
	if known := opt.latest(); known.Seq > b.Ledger.Seq {
		r.Expected = Head(known)
	}
	t, err := trail.Open(dir, trail.Options{Now: opt.Now})
	if err != nil {
		return err
	}
	detail := fmt.Sprintf("%s: event %d instead of %d; second person: %s; %s", r.File, r.Backup.Seq, r.Expected.Seq, r.Second, r.Reason)
	err = t.Write(ctx, trail.Entry{Actor: r.By, Action: Restored, Detail: detail})
	if err = errors.Join(err, t.Close()); err != nil {
		return err
	}
	l, err := ledger.Open(dir, ledger.Options{Now: opt.Now})
	if err != nil {
		return err
	}
	_, err = l.Append(Restored, r.By, r)
	return errors.Join(err, l.Close())
}

// settle moves what is in the staging folder to its place. Names of folders are made durable before the journal comes.
func settle(root *os.Root, dir string) error {
	entries, err := os.ReadDir(filepath.Join(dir, staging))
	if err != nil {
		return err
	}
	err = syncTree(filepath.Join(dir, staging))
	for _, e := range entries {
		if err == nil && e.Name() != "journal" && e.Name() != "lock" {
			err = root.Rename(path.Join(staging, e.Name()), e.Name())
		}
	}
	if err == nil {
		err = syncFolder(dir)
	}
	if err == nil {
		err = root.Rename(path.Join(staging, "journal"), "journal")
	}
	if err == nil {
		err = root.RemoveAll(staging)
	}
	if err == nil {
		err = syncFolder(dir)
	}
	return err
}

func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			err = syncFolder(path)
		}
		return err
	})
}
