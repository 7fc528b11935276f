package ledger

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A copy of a ledger, such as a backup, is made of its files while events go on being appended: Files says which bytes hold the journal up to a
// head, Named and OriginalFile which originals belong to it, and Chain and Unpack check what was copied without opening it as a ledger.

// File is a file of the journal, or its beginning.
type File struct {
	Name string // within the data directory, with slashes
	Size int64  // bytes from its beginning that belong to the copy
}

// Files gives the head and the bytes that hold the journal up to it. They never change: what is appended later comes after them.
func (l *Ledger) Files() (Head, []File, error) {
	l.mu.Lock()
	head, segments, size := l.head, slices.Clone(l.segments), l.size
	l.mu.Unlock()
	files := make([]File, 0, len(segments))
	for i, s := range segments {
		f := File{Name: filepath.ToSlash(s.name()), Size: size}
		if i < len(segments)-1 {
			info, err := os.Stat(filepath.Join(l.dir, s.name()))
			if err != nil {
				return Head{}, nil, fmt.Errorf("list the journal: %w", err)
			}
			f.Size = info.Size()
		}
		files = append(files, f)
	}
	return head, files, nil
}

// Named gives the SHA-256 of the original that an event names, or "".
func Named(ev Event) string {
	var data struct {
		SHA256 string `json:"sha256"`
	}
	if json.Unmarshal(ev.Data, &data) != nil || !isSHA256(data.SHA256) {
		return ""
	}
	return data.SHA256
}

// OriginalFile is where an original is stored within the data directory, with slashes. sha256 is one that Named or Originals gave.
func OriginalFile(sha256 string) string { return filepath.ToSlash(originalName(sha256)) }

// OriginalOf gives the SHA-256 of the original that belongs into a file, or "" where the name is none of an original.
func OriginalOf(name string) string {
	sum := strings.TrimSuffix(path.Base(name), originalSuffix)
	if !isSHA256(sum) || OriginalFile(sum) != name {
		return ""
	}
	return sum
}

// Unpack reads the stored form of an original to its end and says whether it is the one of that SHA-256; if not, with a *DamageError.
func Unpack(sha256 string, stored io.Reader) error {
	r, err := newOriginalReader(sha256, io.NopCloser(stored))
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	return errors.Join(err, r.Close())
}

// IsJournalFile tells whether a name is that of a file of the journal.
func IsJournalFile(name string) bool {
	_, ok := segmentOf(name)
	return ok
}

func segmentOf(name string) (segment, bool) {
	first, err := strconv.ParseInt(strings.TrimSuffix(path.Base(name), ".jsonl"), 10, 64)
	s := segment{first: first}
	return s, err == nil && first > 0 && filepath.ToSlash(s.name()) == name
}

// Chain checks a journal that does not lie in a data directory, file after file in their order. The zero Chain stands before the first event.
type Chain struct{ head Head }

// Head is the last event read.
func (c *Chain) Head() Head {
	if c.head == (Head{}) {
		return start
	}
	return c.head
}

// Read checks one file of the journal, which must go on where the last one ended and end with a whole line, and calls each with its events.
// Damage is a *DamageError.
func (c *Chain) Read(name string, from io.Reader, each func(Event) error) error {
	s, ok := segmentOf(name)
	if !ok {
		return &DamageError{File: name, Reason: "this does not belong into the journal"}
	}
	if due := c.Head().Seq + 1; s.first != due {
		return &DamageError{Seq: due, File: name, Reason: fmt.Sprintf("this segment stands where event %d is due", due)}
	}
	r := &journalReader{segments: []segment{s}, head: c.Head(), lines: bufio.NewReaderSize(from, 64<<10)}
	for {
		line, err := r.readLine()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		ev, err := r.check(line)
		if err == nil {
			err = each(ev)
		}
		if err != nil {
			return err
		}
	}
	if len(r.tail) > 0 {
		return r.damage(r.head.Seq+1, "the last line has no end")
	}
	c.head = r.head
	return nil
}
