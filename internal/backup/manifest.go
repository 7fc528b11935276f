package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"plumbline/internal/ledger"
)

const (
	format       = 1
	manifestName = "manifest.json"
	endName      = "end"
	policyFolder = "policy/"
	trailFolder  = "trail/"

	mostManifest = 512 << 20 // bytes of a manifest that is read: three million originals
	mostLoose    = 16 << 20  // bytes of a file that is no journal and no original
)

// looseFiles are the files beside journals, originals and the policy.
var looseFiles = []string{"schedule.json", "service.yaml"}

// Head names the last event of a journal, as ledger.Head does.
type Head struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// File is a file of a backup under its name in the data directory, with slashes.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Manifest says what a backup holds.
type Manifest struct {
	Format int       `json:"format"`
	Made   time.Time `json:"made"` // UTC, to the second
	Ledger Head      `json:"ledger"`
	Trail  *Head     `json:"trail,omitempty"` // nil: the directory has no trail
	Files  []File    `json:"files"`
}

// Originals counts the originals.
func (m *Manifest) Originals() (n int) {
	for _, f := range m.Files {
		if ledger.OriginalOf(f.Name) != "" {
			n++
		}
	}
	return n
}

// Backup is a file with a backup.
type Backup struct {
	Path string
	Size int64 // bytes
	Manifest
	Err error // from List: why the manifest cannot be read
}

// DamagedError says that a backup is not as it was written.
type DamagedError struct {
	Path   string // of the backup
	File   string // within it; "" for the backup as a whole
	ZH, EN string // why; "" where the cause says it
	Err    error  // the cause, such as a *ledger.DamageError with event and line
}

func (e *DamagedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the backup %s is damaged", e.Path)
	if e.File != "" {
		fmt.Fprintf(&b, ": %s", e.File)
	}
	fmt.Fprintf(&b, ": %s", e.Why(e.EN))
	b.WriteString("; nothing of it can be relied on, take another one")
	return b.String()
}

// Why is the reason alone, with the cause: say is ZH or EN.
func (e *DamagedError) Why(say string) string {
	damage, ok := errors.AsType[*ledger.DamageError](e.Err)
	switch {
	case ok && damage.Line > 0:
		return fmt.Sprintf("line %d (event %d): %s", damage.Line, damage.Seq, damage.Reason)
	case ok:
		return damage.Reason
	case e.Err != nil && say != "":
		return say + ": " + e.Err.Error()
	case e.Err != nil:
		return e.Err.Error()
	}
	return say
}

// Unwrap gives the cause.
func (e *DamagedError) Unwrap() error { return e.Err }

// sound says what is wrong with a manifest that was read, in Chinese and English, or "".
func (m *Manifest) sound() (zh, en string) {
	if m.Format != format {
		return fmt.Sprintf("格式为 %d，本版程序只认得格式 %d", m.Format, format), fmt.Sprintf("its format %d is not the format %d that this version of the program knows", m.Format, format)
	}
	seen := map[string]bool{}
	for _, f := range m.Files {
		switch {
		case !belongs(f.Name):
			return fmt.Sprintf("清单列有不该在备份中的 %q", f.Name), fmt.Sprintf("it lists %q, which does not belong into a backup", f.Name)
		case seen[f.Name]:
			return fmt.Sprintf("清单把 %q 列了两次", f.Name), fmt.Sprintf("it lists %q twice", f.Name)
		case f.Size < 0:
			return fmt.Sprintf("清单中 %q 的大小小于零", f.Name), fmt.Sprintf("it gives %q a size below zero", f.Name)
		}
		seen[f.Name] = true
	}
	return "", ""
}

// belongs tells whether a name may be in a backup: files that Write copies and no others, none of which leads out of a directory.
func belongs(name string) bool {
	inTrail, trail := strings.CutPrefix(name, trailFolder)
	switch {
	case trail:
		return ledger.IsJournalFile(inTrail)
	case strings.HasPrefix(name, policyFolder):
		return plain(name) && !hidden(name)
	}
	return slices.Contains(looseFiles, name) || ledger.IsJournalFile(name) || ledger.OriginalOf(name) != ""
}

// plain tells names that every system takes as one path below a directory.
func plain(name string) bool {
	odd := func(r rune) bool {
		return r == '\\' || r == ':' || r == unicode.ReplacementChar || !unicode.IsGraphic(r)
	}
	return fs.ValidPath(name) && filepath.IsLocal(filepath.FromSlash(name)) && path.Clean(name) == name && len(name) <= 1000 && !strings.ContainsFunc(name, odd)
}

func hidden(name string) bool {
	return strings.HasPrefix(path.Base(name), ".") || strings.Contains(name, "/.")
}

const stamp = "20060102-150405"

var fileForm = regexp.MustCompile(`^plumbline-(\d{8}-\d{6})\.tar$`)

// List gives the backups in a folder, the newest first. One whose manifest cannot be read has Err, and its name alone tells its time.
func List(target string) ([]Backup, error) {
	entries, err := os.ReadDir(target)
	if err != nil {
		return nil, fmt.Errorf("list the backups: %w", err)
	}
	var list []Backup
	for _, e := range slices.Backward(entries) { // ReadDir sorts by name, and names by time
		m := fileForm.FindStringSubmatch(e.Name())
		if m == nil || !e.Type().IsRegular() {
			continue
		}
		file := filepath.Join(target, e.Name())
		b, err := Look(file)
		if err != nil {
			b = Backup{Path: file, Err: err}
			b.Made, _ = time.Parse(stamp, m[1]) // a name that is no time stays without one
		}
		list = append(list, b)
	}
	return list, nil
}

// Prune removes the oldest backups of a folder until keep are left, and tells which. Those that cannot be read are neither counted nor removed.
func Prune(target string, keep int) (removed []string, err error) {
	if keep < 1 {
		return nil, fmt.Errorf("remove old backups of %s: one at least has to be kept", target)
	}
	list, err := List(target)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(b Backup) bool { return b.Err != nil })
	for _, b := range list[min(keep, len(list)):] {
		if err := os.Remove(b.Path); err != nil {
			return removed, fmt.Errorf("remove old backups: %w", err)
		}
		removed = append(removed, b.Path)
	}
	return removed, nil
}

// Keep makes a backup as Write does and then removes old ones as Prune does; keep 0 removes none. Nothing is removed unless the new one is there.
func Keep(ctx context.Context, dir, target string, keep int, opt Options) (made Backup, removed []string, err error) {
	if made, err = Write(ctx, dir, target, opt); err != nil || keep == 0 {
		return made, nil, err
	}
	removed, err = Prune(target, keep)
	return made, removed, err
}
