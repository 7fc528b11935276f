package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Only the owner may read what is in the ledger: it holds people's records.
const (
	dirMode  = 0o700
	fileMode = 0o600
)

// syncDir makes the names in dir survive a power loss.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// makeDir makes dir and the folders above it, each name durable.
func makeDir(dir string) error {
	err := os.Mkdir(dir, dirMode)
	parent := filepath.Dir(dir)
	if errors.Is(err, fs.ErrNotExist) && parent != dir {
		if err := makeDir(parent); err != nil {
			return err
		}
		err = os.Mkdir(dir, dirMode)
	}
	if err == nil {
		return syncDir(parent)
	}
	if info, statErr := os.Stat(dir); statErr == nil && info.IsDir() {
		return nil
	}
	return fmt.Errorf("make folder: %w", err)
}

// createFile makes an empty file whose name survives a power loss.
func createFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return nil, err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// isDotFile tells files that desktops leave everywhere, such as .DS_Store.
func isDotFile(name string) bool { return len(name) > 0 && name[0] == '.' }
