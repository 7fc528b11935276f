// Package trail is the log of who read and who changed what (审计日志).
//
//  1. Write takes an Entry and returns when it is on disk; what was about to be done must not be done when it fails.
//  2. Entries that come at the same time become one batch, which is one event of a journal of its own, so that many share one fsync.
//  3. Read gives entries back, the newest first.
//
// The journal lies in the folder trail of the data directory, in the format of plumbline/internal/ledger: chained by hashes, checked whenever it is read, and
// verified like any ledger. It is apart from the ledger of records, because what people look at must not change what a rebuild yields.
//
// The last entries are kept in memory; older ones are read from disk, block by block. The package never changes or removes an entry, never decides who may read
// the log, and never lets a character through that could make an entry look like another.
package trail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"plumbline/internal/ledger"
)

// Entry says who did what, when and from where.
type Entry struct {
	Number   int64     `json:"-"`  // 1, 2, 3 …, given by Write
	At       time.Time `json:"at"` // UTC, to the millisecond; the zero time becomes the time of Write
	Actor    string    `json:"actor"`
	Employee string    `json:"employee,omitempty"` // employee number of the actor
	Action   string    `json:"action"`             // stable, such as "review.read"; must be there
	Subject  string    `json:"subject,omitempty"`  // employee or department that it is about
	Detail   string    `json:"detail,omitempty"`
	Address  string    `json:"address,omitempty"`
	Request  string    `json:"request,omitempty"` // id of the request
}

// Longest texts, in characters; longer ones end in "…".
const (
	longField  = 200
	longDetail = 1000
)

// Options say how a trail is opened.
type Options struct {
	Now    func() time.Time // the clock
	Notice func(string)     // told of repairs; nil: dropped
}

// kept is how many entries are in memory at least, once there are as many.
const kept = 10_000

// segmentBytes is small, so that a page of old entries costs little reading.
const segmentBytes = 8 << 20

const batchKind = "trail.written"

// batch is the data of an event.
type batch struct {
	First   int64   `json:"first"` // number of the first entry
	Entries []Entry `json:"entries"`
}

// group is a batch that waits for its turn.
type group struct {
	entries []Entry
	done    chan struct{} // closed when it is written, or has failed
	err     error         // after done
}

// Trail is an open log. Its methods may be used from several goroutines.
type Trail struct {
	ledger *ledger.Ledger
	now    func() time.Time

	turn chan struct{} // holds one value while a group is written

	mu     sync.RWMutex
	open   *group  // what joins the next batch
	recent []Entry // the last ones, oldest first; only appended to, or replaced
	last   int64   // number of the last entry
	closed bool

	indexing sync.Mutex
	blocks   []block // of the whole journal, as far as it was needed
}

// Open opens the trail of a data directory, and makes it when it is new. It fails like ledger.Open.
func Open(dir string, opt Options) (*Trail, error) {
	l, err := ledger.Open(filepath.Join(dir, "trail"), ledger.Options{Now: opt.Now, SegmentBytes: segmentBytes, Notice: opt.Notice})
	if err != nil {
		return nil, fmt.Errorf("open the trail: %w", err)
	}
	t := &Trail{ledger: l, now: opt.Now, turn: make(chan struct{}, 1), open: newGroup()}
	if err := t.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the trail: %w", err), l.Close())
	}
	return t, nil
}

func newGroup() *group { return &group{done: make(chan struct{})} }

// load reads the last entries. Every event holds one at least.
func (t *Trail) load() error {
	for ev, err := range t.ledger.Events(max(0, t.ledger.Head().Seq-kept)) {
		if err != nil {
			return err
		}
		entries, err := entriesOf(ev)
		if err != nil {
			return err
		}
		t.remember(entries)
	}
	return nil
}

// entriesOf reads an event.
func entriesOf(ev ledger.Event) ([]Entry, error) {
	var b batch
	if err := json.Unmarshal(ev.Data, &b); err != nil || ev.Kind != batchKind || len(b.Entries) == 0 || b.First < 1 {
		return nil, fmt.Errorf("event %d is no batch of entries: restore the trail from a backup", ev.Seq)
	}
	for i := range b.Entries {
		b.Entries[i].Number = b.First + int64(i)
	}
	return b.Entries, nil
}

// remember keeps entries in memory, and lets go of old ones now and then. The caller holds mu, or is alone.
func (t *Trail) remember(entries []Entry) {
	t.last = entries[len(entries)-1].Number
	t.recent = append(t.recent, entries...)
	if len(t.recent) >= 2*kept {
		t.recent = append(make([]Entry, 0, 2*kept), t.recent[len(t.recent)-kept:]...)
	}
}

// Write writes an entry down. After it returns without error, the entry survives any crash. With an error, what the entry tells of must not happen; the
// entry may be there all the same.
func (t *Trail) Write(ctx context.Context, e Entry) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write to the trail: %w", err)
	}
	if strings.TrimSpace(e.Action) == "" {
		return errors.New("write to the trail: an entry needs an action")
	}
	if e.At.IsZero() {
		e.At = t.now()
	}
	e = e.plain()
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return fmt.Errorf("write to the trail: %w", ledger.ErrClosed)
	}
	g := t.open
	g.entries = append(g.entries, e)
	t.mu.Unlock()
	select {
	case <-g.done: // another one has written it
	case t.turn <- struct{}{}:
		t.flush(g)
		<-t.turn
	case <-ctx.Done():
		return fmt.Errorf("write to the trail: %w", ctx.Err())
	}
	if g.err != nil {
		return fmt.Errorf("write to the trail: %w", g.err)
	}
	return nil
}

// flush writes a group that has not been written yet. The caller has the turn.
func (t *Trail) flush(g *group) {
	select {
	case <-g.done:
		return
	default:
	}
	t.mu.Lock()
	t.open = newGroup() // g takes nobody in any more
	first := t.last + 1
	t.mu.Unlock()
	defer close(g.done)
	for i := range g.entries {
		g.entries[i].Number = first + int64(i)
	}
	if _, g.err = t.ledger.Append(batchKind, "plumbline", batch{First: first, Entries: g.entries}); g.err != nil {
		return
	}
	t.mu.Lock()
	t.remember(g.entries)
	t.mu.Unlock()
}

// Close lets the next process in.
func (t *Trail) Close() error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil
	}
	t.closed = true
	g := t.open
	t.mu.Unlock()
	t.turn <- struct{}{}
	defer func() { <-t.turn }()
	if len(g.entries) > 0 { // of those who did not wait
		t.flush(g)
	}
	return errors.Join(g.err, t.ledger.Close())
}

// Head names the last batch: whoever keeps it can prove later that nothing before was cut off.
func (t *Trail) Head() ledger.Head { return t.ledger.Head() }

// CheckHead says whether the batch that h names is there, as ledger.CheckHead does.
func (t *Trail) CheckHead(h ledger.Head) error { return t.ledger.CheckHead(h) }

// Verify reads everything again, as ledger.Verify does.
func (t *Trail) Verify(ctx context.Context) error { return t.ledger.Verify(ctx) }

// Files gives the head and the bytes that hold the journal up to it, as ledger.Files does; the names are within the folder trail.
func (t *Trail) Files() (ledger.Head, []ledger.File, error) { return t.ledger.Files() }
