package accounts_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"plumbline/internal/accounts"
)

func TestExamineNamesWhatOthersCanRead(t *testing.T) {
	dir := t.TempDir()
	if files, err := accounts.Examine(dir); files != 0 || err != nil {
		t.Errorf("without accounts: %d files, %v", files, err)
	}
	w := newWorld(t)
	w.create("li", accounts.HR)
	must(t, w.Close())
	if files, err := accounts.Examine(w.dir); files == 0 || err != nil {
		t.Errorf("as written: %d files, %v", files, err)
	}
	path := filepath.Join(w.dir, "accounts", "accounts.json")
	for _, c := range []struct {
		path string
		mode os.FileMode
	}{{path, 0o604}, {filepath.Join(w.dir, "accounts"), 0o730}} {
		before, err := os.Stat(c.path)
		must(t, err)
		must(t, os.Chmod(c.path, c.mode))
		_, err = accounts.Examine(w.dir)
		var mode *accounts.ModeError
		if !errors.As(err, &mode) || mode.Path != c.path {
			t.Errorf("%s with %v: %v", c.path, c.mode, err)
		}
		must(t, os.Chmod(c.path, before.Mode().Perm()))
	}
}
