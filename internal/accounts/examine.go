package accounts

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// Examine says which files of a data directory's accounts others than their owner may read or replace, each as a *ModeError, and nil where there are
// none. It reads no content and takes no lock.
func Examine(dir string) (files int, err error) {
	folder := filepath.Join(dir, "accounts")
	walkErr := filepath.WalkDir(folder, func(path string, e fs.DirEntry, walkErr error) error {
		if errors.Is(walkErr, fs.ErrNotExist) {
			return nil // no accounts at all, or a file that was replaced meanwhile
		}
		if walkErr != nil {
			return walkErr
		}
		info, infoErr := e.Info()
		switch {
		case infoErr != nil:
			return infoErr
		case e.IsDir() && info.Mode().Perm()&0o022 != 0:
			err = errors.Join(err, &ModeError{Path: path, Mode: info.Mode().String(), Want: "700"})
		case !e.IsDir() && info.Mode().Perm()&0o077 != 0:
			err = errors.Join(err, &ModeError{Path: path, Mode: info.Mode().String(), Want: "600"})
		}
		if !e.IsDir() {
			files++
		}
		return nil
	})
	return files, errors.Join(err, walkErr)
}
