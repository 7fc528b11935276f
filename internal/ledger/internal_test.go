package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func openAt(t *testing.T, dir string) *Ledger {
	t.Helper()
	l, err := Open(dir, Options{Now: func() time.Time { return time.Unix(1_790_000_000, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// failingDisk stands between the ledger and its last segment.
type failingDisk struct {
	tailFile
	failWrite, failSync, failTruncate bool
	writes, unsynced                  int
}

var errDisk = errors.New("no space left on device")

func (d *failingDisk) WriteAt(p []byte, off int64) (int, error) {
	d.writes++
	d.unsynced++
	if d.failWrite {
		n, _ := d.tailFile.WriteAt(p[:len(p)/2], off)
		return n, errDisk
	}
	return d.tailFile.WriteAt(p, off)
}

func (d *failingDisk) Sync() error {
	if d.failSync {
		return errDisk
	}
	d.unsynced = 0
	return d.tailFile.Sync()
}

func (d *failingDisk) Truncate(size int64) error {
	if d.failTruncate {
		return errDisk
	}
	return d.tailFile.Truncate(size)
}

func TestAppendIsSyncedBeforeItReturns(t *testing.T) {
	l := openAt(t, t.TempDir())
	disk := &failingDisk{tailFile: l.tail}
	l.tail = disk
	for i := range 3 {
		if _, err := l.Append("a", "b", i); err != nil || disk.unsynced != 0 || disk.writes != i+1 {
			t.Fatalf("append %d: %v, %d writes, %d not synced", i, err, disk.writes, disk.unsynced)
		}
	}
}

func TestFailedWriteStopsTheLedger(t *testing.T) {
	for name, disk := range map[string]*failingDisk{
		"write":              {failWrite: true},
		"sync":               {failSync: true},
		"write and truncate": {failWrite: true, failTruncate: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := openAt(t, dir)
			if _, err := l.Append("a", "b", 1); err != nil {
				t.Fatal(err)
			}
			head, before := l.Head(), readTail(t, l)
			disk.tailFile, l.tail = l.tail, disk
			if _, err := l.Append("a", "b", 2); !errors.Is(err, errDisk) {
				t.Fatalf("append on a failing disk: %v", err)
			}
			if after := readTail(t, l); !disk.failTruncate && !bytes.Equal(before, after) {
				t.Errorf("the segment was left with %d bytes, before it had %d", len(after), len(before))
			}
			disk.failWrite, disk.failSync = false, false
			if _, err := l.Append("a", "b", 3); !errors.Is(err, errDisk) || !strings.Contains(err.Error(), "start again") {
				t.Errorf("append after a failure: %v", err)
			}
			for ev, err := range l.Events(0) {
				if err != nil || ev.Seq != 1 {
					t.Errorf("events after a failure: %v, %v", ev, err)
				}
			}
			if err := l.Close(); err != nil || l.Head() != head {
				t.Errorf("close: %v, head %v", err, l.Head())
			}
			if l = openAt(t, dir); l.Head() != head {
				t.Errorf("head %v became %v", head, l.Head())
			}
			if ev, err := l.Append("a", "b", 2); err != nil || ev.Seq != 2 {
				t.Errorf("append after reopening: %v, %v", ev, err)
			}
		})
	}
}

func readTail(t *testing.T, l *Ledger) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(l.dir, l.segments[len(l.segments)-1].name()))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFailedOriginalLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	l := openAt(t, dir)
	w, err := l.NewOriginal()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.file.Close(); err != nil { // from now on every write of a block fails
		t.Fatal(err)
	}
	var writeErr error
	for i := 0; i < 100 && writeErr == nil; i++ {
		_, writeErr = w.Write(make([]byte, blockBytes))
	}
	if writeErr == nil {
		t.Error("Write never told of the failure")
	}
	if _, err := w.Commit(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("commit: %v", err)
	}
	left, err := os.ReadDir(filepath.Join(dir, originalsName))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

const eventObject = `{"seq":1,"time":"2026-07-01T04:00:00.123Z","actor":"李静","kind":"k","prev":"","data":{"a":[1,"x"]}}`

func TestParseEventIsStrict(t *testing.T) {
	if _, err := parseEvent([]byte(eventObject)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"unknown key":          {`"data":`, `"extra":1,"data":`},
		"unknown key at end":   {`]}}`, `]},"extra":1}`},
		"missing key":          {`"actor":"李静",`, ``},
		"missing data":         {`,"data":{"a":[1,"x"]}`, ``},
		"key twice":            {`"seq":1,`, `"seq":1,"seq":1,`},
		"key in other case":    {`"seq"`, `"SEQ"`},
		"other order":          {`"actor":"李静","kind":"k"`, `"kind":"k","actor":"李静"`},
		"null":                 {`"actor":"李静"`, `"actor":null`},
		"sequence as text":     {`"seq":1`, `"seq":"1"`},
		"sequence as fraction": {`"seq":1`, `"seq":1.0`},
		"sequence too large":   {`"seq":1`, `"seq":9223372036854775808`},
		"time with zone":       {`04:00:00.123Z`, `12:00:00.123+08:00`},
		"time without ms":      {`00.123Z`, `00Z`},
		"time too fine":        {`00.123Z`, `00.1234Z`},
		"impossible day":       {`2026-07-01`, `2026-02-30`},
		"not UTF-8":            {`李`, "\xe6\x9d"},
		"not an object":        {`{"seq"`, `[{"seq"`},
		"more behind":          {`]}}`, `]}} {}`},
		"blank behind":         {`]}}`, `]}} `},
		"cut":                  {`]}}`, `]}`},
	} {
		object := strings.Replace(eventObject, change[0], change[1], 1)
		if object == eventObject {
			t.Fatalf("%s changes nothing", name)
		}
		if ev, err := parseLine(seal([]byte(object))); err == nil {
			t.Errorf("%s: read as %+v", name, ev)
		}
	}
}

// FuzzParseLine seals what it is given, because a line without the right sum goes no further.
func FuzzParseLine(f *testing.F) {
	f.Add([]byte(eventObject))
	f.Add([]byte(strings.Replace(eventObject, `{"a":[1,"x"]}`, `null`, 1)))
	f.Add([]byte(strings.Replace(eventObject, `李静`, `\ud800\u2028<`, 1)))
	f.Add([]byte(`{`))
	f.Add(seal([]byte(eventObject)))
	f.Fuzz(func(t *testing.T, object []byte) {
		_, _ = parseLine(object)
		if len(object) == 0 {
			return
		}
		ev, err := parseLine(seal(object))
		if err != nil {
			return
		}
		line, err := formatLine(ev, ev.Data)
		if err != nil {
			t.Fatalf("read, but not written: %v", err)
		}
		again, err := parseLine(line)
		if err != nil {
			t.Fatalf("written, but not read: %v", err)
		}
		var want bytes.Buffer
		if err := json.Compact(&want, ev.Data); err != nil {
			t.Fatal(err)
		}
		if again.Seq != ev.Seq || !again.Time.Equal(ev.Time) || again.Actor != ev.Actor || again.Kind != ev.Kind ||
			again.Prev != ev.Prev || !bytes.Equal(again.Data, want.Bytes()) {
			t.Fatalf("%+v became %+v", ev, again)
		}
	})
}
