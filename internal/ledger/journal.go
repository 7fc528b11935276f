package ledger

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const journalName = "journal"

// segment is one file of the journal.
type segment struct {
	first  int64 // sequence of its first event, also its name
	before Head  // the event before it; known once the segment has been reached
}

// name is the segment's file within the data directory.
func (s segment) name() string {
	return filepath.Join(journalName, fmt.Sprintf("%012d.jsonl", s.first))
}

// listSegments lists what is in the journal folder, by sequence.
func listSegments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(filepath.Join(dir, journalName))
	if err != nil {
		return nil, fmt.Errorf("list the journal: %w", err)
	}
	var segments []segment
	for _, e := range entries {
		first, err := strconv.ParseInt(strings.TrimSuffix(e.Name(), ".jsonl"), 10, 64)
		s := segment{first: first}
		switch {
		case isDotFile(e.Name()):
		case err != nil || filepath.Base(s.name()) != e.Name() || !e.Type().IsRegular():
			return nil, &DamageError{File: filepath.Join(journalName, e.Name()), Reason: "this does not belong into the journal"}
		default:
			segments = append(segments, s)
		}
	}
	return segments, nil // ReadDir sorts by name, and the names have equal length
}

// journalReader reads the segments one after the other and checks each line against the one before.
type journalReader struct {
	dir      string
	segments []segment
	at       int   // index of the segment being read
	head     Head  // the last event read
	until    int64 // where to stop; 0: at the end of the last segment

	file   *os.File
	lines  *bufio.Reader
	line   int    // number of the last line read in file
	offset int64  // where it ends
	tail   []byte // what follows the last newline of file
}

// next gives the next event. At the end it gives io.EOF, and tail, offset and at say what was left.
func (r *journalReader) next() (Event, error) {
	for r.until == 0 || r.head.Seq < r.until {
		if r.file == nil {
			if err := r.openSegment(); err != nil {
				return Event{}, err
			}
		}
		line, err := r.readLine()
		if err == nil {
			return r.check(line)
		}
		if err != io.EOF || r.at == len(r.segments)-1 {
			return Event{}, err
		}
		if len(r.tail) > 0 {
			return Event{}, r.damage(r.head.Seq+1, "the last line has no end, but another segment follows")
		}
		r.close()
		r.at++
	}
	return Event{}, io.EOF
}

// openSegment opens the segment that is due.
func (r *journalReader) openSegment() error {
	if r.at >= len(r.segments) {
		return io.EOF
	}
	s := &r.segments[r.at]
	if due := (segment{first: r.head.Seq + 1}); s.first > due.first {
		return &DamageError{Seq: due.first, File: due.name(), Reason: fmt.Sprintf("events %d to %d are missing", due.first, s.first-1)}
	} else if s.first < due.first {
		return &DamageError{Seq: due.first, File: s.name(), Reason: fmt.Sprintf("this segment stands where event %d is due", due.first)}
	}
	f, err := os.Open(filepath.Join(r.dir, s.name()))
	if errors.Is(err, fs.ErrNotExist) {
		return &DamageError{Seq: s.first, File: s.name(), Reason: "the segment is missing"}
	}
	if err != nil {
		return fmt.Errorf("open the journal: %w", err)
	}
	s.before = r.head
	r.file, r.line, r.offset, r.tail = f, 0, 0, nil
	if r.lines == nil {
		r.lines = bufio.NewReaderSize(nil, 64<<10)
	}
	r.lines.Reset(f)
	return nil
}

// readLine gives the next line without its newline; it is valid until the next call. At the end of the segment it gives io.EOF
// and keeps what follows the last newline in tail.
func (r *journalReader) readLine() ([]byte, error) {
	line, err := r.lines.ReadSlice('\n')
	if err != nil {
		var long []byte
		for ; err == bufio.ErrBufferFull; line, err = r.lines.ReadSlice('\n') {
			long = append(long, line...)
			if len(long) > maxLineBytes {
				r.line++
				return nil, r.damage(r.head.Seq+1, fmt.Sprintf("the line is longer than %d bytes", maxLineBytes))
			}
		}
		line = append(long, line...)
	}
	if err == io.EOF {
		r.tail = bytes.Clone(line)
		return nil, io.EOF
	}
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	r.line++
	r.offset += int64(len(line))
	return line[:len(line)-1], nil
}

// check reads the line as the event that is due and makes it the head.
func (r *journalReader) check(line []byte) (Event, error) {
	due := r.head.Seq + 1
	ev, err := parseLine(line)
	if err != nil {
		return Event{}, r.damage(due, err.Error())
	}
	if ev.Seq != due {
		return Event{}, r.damage(due, fmt.Sprintf("event %d stands where event %d is due", ev.Seq, due))
	}
	if ev.Prev != r.head.Hash {
		if due == 1 {
			return Event{}, r.damage(1, "the first event names one before it")
		}
		return Event{}, r.damage(due-1, fmt.Sprintf("event %d was written after another event %d than the one that is here now", due, due-1))
	}
	r.head = Head{Seq: ev.Seq, Hash: hashOf(line)}
	return ev, nil
}

func (r *journalReader) damage(seq int64, reason string) *DamageError {
	return &DamageError{Seq: seq, File: r.segments[r.at].name(), Line: r.line, Reason: reason}
}

func (r *journalReader) close() {
	if r.file != nil {
		_ = r.file.Close() // only read from
		r.file = nil
	}
}

// unfinished judges what follows the last newline: keep is how many of its bytes are a whole event that lacks only its newline,
// 0 when a write was interrupted in the middle. Appending writes a line at once, so neither leaves bytes after a whole event,
// save the zeros with which some file systems fill a file's end after a power loss.
func (r *journalReader) unfinished() (keep int, err error) {
	tail := bytes.TrimRight(r.tail, "\x00")
	dec := json.NewDecoder(bytes.NewReader(tail))
	var object json.RawMessage
	if dec.Decode(&object) != nil {
		return 0, nil
	}
	end := int(dec.InputOffset())
	if _, err := r.check(tail[:end]); err != nil {
		return 0, nil
	}
	if end < len(tail) {
		r.line++
		return 0, r.damage(r.head.Seq, "other bytes stand where the line should end")
	}
	return end, nil
}
