package schedule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// fileName is where a schedule is kept in its directory.
const fileName = "schedule.json"

// mostRuns is how many runs are kept.
const mostRuns = 50

// largest is how many bytes a file of mostRuns runs can have at most, amply reckoned.
const largest = 1 << 20

// kept is the file.
type kept struct {
	Upto map[string]time.Time `json:"upto"` // by job: the moment up to which it is seen to
	Runs []Run                `json:"runs"` // the oldest first
}

func (k *kept) add(r Run) {
	k.Runs = append(k.Runs, r)
	if n := len(k.Runs) - mostRuns; n > 0 {
		k.Runs = append([]Run(nil), k.Runs[n:]...)
	}
}

// parse reads the text of a file.
func parse(text []byte) (kept, error) {
	k := kept{}
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&k); err != nil {
		return kept{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return kept{}, errors.New("something follows the end")
	}
	if k.Upto == nil {
		k.Upto = map[string]time.Time{}
	}
	if n := len(k.Runs) - mostRuns; n > 0 {
		k.Runs = k.Runs[n:]
	}
	return k, nil
}

// read reads the file of a directory. One that cannot be read is set aside, where it can be looked at: it holds no figure, and jobs had better
// run than wait for somebody to repair their history.
func read(dir string, notice func(string)) (kept, error) {
	path := filepath.Join(dir, fileName)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return kept{Upto: map[string]time.Time{}}, nil
	}
	if err != nil {
		return kept{}, fmt.Errorf("read the schedule: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(f, largest+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return kept{}, fmt.Errorf("read the schedule: %w", err)
	}
	k, err := parse(text)
	if err == nil {
		return k, nil
	}
	if err := os.Rename(path, path+".damaged"); err != nil {
		return kept{}, fmt.Errorf("set the damaged schedule aside: %w", err)
	}
	notice(fmt.Sprintf("%s cannot be read (%v) and was moved to %s.damaged; all jobs go on from now", fileName, err, fileName))
	return kept{Upto: map[string]time.Time{}}, nil
}

// write replaces the file at once: whoever reads it finds the old one or the new one.
func (k *kept) write(dir string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("keep the schedule: %w", err)
		}
	}()
	text, err := json.MarshalIndent(k, "", " ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, fileName+".*") // made with 0600
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, fileName))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
