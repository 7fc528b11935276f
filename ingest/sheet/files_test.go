package sheet_test

import "os"

// file is a temporary file where no test cleans up.
type file struct{ path string }

func newFile(content []byte) (file, error) {
	f, err := os.CreateTemp("", "table-*")
	if err != nil {
		return file{}, err
	}
	if _, err := f.Write(content); err != nil {
		return file{}, err
	}
	return file{f.Name()}, f.Close()
}

func (f file) remove() { os.Remove(f.path) }
