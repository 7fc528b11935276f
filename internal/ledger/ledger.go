package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Event is one line of the journal.
type Event struct {
	Seq   int64           `json:"seq"`  // 1, 2, 3 … without gaps
	Time  time.Time       `json:"time"` // UTC, to the millisecond
	Actor string          `json:"actor"`
	Kind  string          `json:"kind"` // e.g. "file.ingested", "policy.adopted"
	Prev  string          `json:"prev"` // SHA-256 of the line before without its newline; 64 zeros for the first
	Data  json.RawMessage `json:"data"`
}

// Head names the last event: its sequence and the SHA-256 of its line. Whoever keeps a head can prove later that the ledger
// still holds all events up to it. An empty ledger's head has sequence 0 and 64 zeros.
type Head struct {
	Seq  int64
	Hash string
}

// Options say how a ledger is opened.
type Options struct {
	Now          func() time.Time // the clock for new events
	SegmentBytes int64            // a new journal file is begun past this size; 0: 64 MiB
	Notice       func(string)     // told of repairs; nil: dropped
}

// Ledger is an open ledger. Its methods may be used from several goroutines.
type Ledger struct {
	dir    string
	opt    Options
	lock   *os.File
	packer *zstd.Encoder // shared: it may pack several blocks at once

	mu       sync.Mutex
	segments []segment
	tail     tailFile // the last segment
	size     int64    // where its last event ends
	head     Head
	broken   error // why nothing can be appended any more
}

// tailFile is what Append needs of the last segment's file.
type tailFile interface {
	io.WriterAt
	Sync() error
	Truncate(size int64) error
	Close() error
}

// Open opens the ledger in dir, and makes it when dir is new. It reads and checks the whole journal, and mends what an
// interrupted write left at its end. Damage is a *DamageError, a ledger in use a *LockedError.
func Open(dir string, opt Options) (*Ledger, error) {
	if opt.Now == nil {
		return nil, fmt.Errorf("open %s: no clock was given", dir)
	}
	if opt.SegmentBytes <= 0 {
		opt.SegmentBytes = 64 << 20
	}
	if opt.Notice == nil {
		opt.Notice = func(string) {}
	}
	dir, err := filepath.Abs(dir) // a later change of the working directory must not matter
	if err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	if err := makeDir(dir); err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	lock, err := takeLock(dir)
	if err != nil {
		return nil, err
	}
	l := &Ledger{dir: dir, opt: opt, lock: lock, packer: newPacker()}
	if err := l.load(); err != nil {
		return nil, errors.Join(err, releaseLock(lock))
	}
	return l, nil
}

// load makes what a new ledger lacks, reads the journal and prepares its end for appending.
func (l *Ledger) load() error {
	for _, name := range []string{journalName, originalsName} {
		if err := makeDir(filepath.Join(l.dir, name)); err != nil {
			return err
		}
	}
	if err := l.clearIncoming(); err != nil {
		return err
	}
	segments, err := listSegments(l.dir)
	if err != nil {
		return err
	}
	if len(segments) == 0 {
		if segments, err = l.begin(); err != nil {
			return err
		}
	}
	r := &journalReader{dir: l.dir, segments: segments, head: start}
	defer r.close()
	for err == nil {
		_, err = r.next()
	}
	if err != io.EOF {
		return err
	}
	return l.openTail(r)
}

// begin makes the first segment. Originals can be there before the first event, but never before the first segment.
func (l *Ledger) begin() ([]segment, error) {
	first := segment{first: 1, before: start}
	for range l.Originals() {
		return nil, &DamageError{Seq: 1, File: first.name(), Reason: "there are originals, but the journal is missing"}
	}
	f, err := createFile(filepath.Join(l.dir, first.name()))
	if err != nil {
		return nil, fmt.Errorf("begin the journal: %w", err)
	}
	return []segment{first}, f.Close()
}

// openTail opens the last segment for appending after r has read it, and mends its end.
func (l *Ledger) openTail(r *journalReader) error {
	keep, err := r.unfinished()
	if err != nil {
		return err
	}
	name := r.segments[r.at].name()
	f, err := os.OpenFile(filepath.Join(l.dir, name), os.O_RDWR, fileMode)
	if err != nil {
		return fmt.Errorf("open the journal: %w", err)
	}
	l.segments, l.tail, l.head, l.size = r.segments, f, r.head, r.offset
	notice := ""
	switch {
	case len(r.tail) == 0:
		err = f.Sync() // the process before may have died between writing and syncing
	case keep > 0:
		l.size += int64(keep) + 1
		err = l.endLine(f)
		notice = fmt.Sprintf("%s: event %d lacked its end of line after an interrupted write; it was added", name, l.head.Seq)
	default:
		err = l.cutTail()
		notice = fmt.Sprintf("%s: an interrupted write left %d bytes of an unfinished line from byte %d on, after event %d; they were cut",
			name, len(r.tail), l.size, l.head.Seq)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("mend the end of %s: %w", name, err), f.Close())
	}
	if notice != "" {
		l.opt.Notice(notice)
	}
	return nil
}

// endLine writes the newline of the last event and removes what follows.
func (l *Ledger) endLine(f *os.File) error {
	if err := f.Truncate(l.size - 1); err != nil {
		return err
	}
	if _, err := f.WriteAt([]byte("\n"), l.size-1); err != nil {
		return err
	}
	return f.Sync()
}

// cutTail removes what follows the last event.
func (l *Ledger) cutTail() error {
	if err := l.tail.Truncate(l.size); err != nil {
		return err
	}
	return l.tail.Sync()
}

// Close lets the next process in. Everything appended is on disk already.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(l.broken, ErrClosed) {
		return nil
	}
	l.broken = ErrClosed
	return errors.Join(l.tail.Close(), releaseLock(l.lock))
}

// usable says why the ledger takes nothing in any more.
func (l *Ledger) usable() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken
}

// Head names the last event.
func (l *Ledger) Head() Head {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}

// Draft is an event before it is written down.
type Draft struct {
	Kind, Actor string
	Data        any
}

// Append writes an event down. After it returns without error, the event survives any crash. After a failed write it is not
// known what reached the disk, so every further Append is refused until the ledger is opened again; the failed event may then
// be there, if it reached the disk whole.
func (l *Ledger) Append(kind, actor string, data any) (Event, error) {
	list, err := l.AppendAll([]Draft{{kind, actor, data}})
	if err != nil {
		return Event{}, err
	}
	return list[0], nil
}

// AppendAll is Append for several events, in their order, which reach the disk together: either all are acknowledged or none. After a
// failed write those may be there that reached the disk whole, the first ones of the list.
func (l *Ledger) AppendAll(list []Draft) ([]Event, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return nil, fmt.Errorf("append %s to the ledger: %w", kindsOf(list), l.broken)
	}
	events, lines, head, err := l.lay(list)
	if err != nil {
		return nil, fmt.Errorf("append %s to the ledger: %w", kindsOf(list), err)
	}
	if err := l.write(lines); err != nil {
		l.broken = fmt.Errorf("an earlier write failed, so nothing more is written; remove the cause and start again: %w", err)
		return nil, fmt.Errorf("append %s to the ledger: %w", kindsOf(list), err)
	}
	l.head = head
	return events, nil
}

// kindsOf names drafts in errors.
func kindsOf(list []Draft) string {
	if len(list) == 1 {
		return strconv.Quote(list[0].Kind)
	}
	return fmt.Sprintf("%d events", len(list))
}

// lay gives drafts their place after the head: the events, the lines to be written, and the head that they make.
func (l *Ledger) lay(list []Draft) (events []Event, lines []byte, head Head, err error) {
	head = l.head
	at := l.opt.Now()
	for _, d := range list {
		ev, line, err := follow(head, at, d)
		if err != nil {
			return nil, nil, head, err
		}
		events, lines = append(events, ev), append(append(lines, line...), '\n')
		head = Head{Seq: ev.Seq, Hash: hashOf(line)}
	}
	return events, lines, head, nil
}

// Follow gives the event that a draft would be if it came next after a head, and the head that it would make.
func Follow(h Head, at time.Time, d Draft) (Event, Head, error) {
	ev, line, err := follow(h, at, d)
	if err != nil {
		return Event{}, Head{}, fmt.Errorf("append %q to the ledger: %w", d.Kind, err)
	}
	return ev, Head{Seq: ev.Seq, Hash: hashOf(line)}, nil
}

func follow(h Head, at time.Time, d Draft) (Event, []byte, error) {
	if strings.TrimSpace(d.Kind) == "" {
		return Event{}, nil, errors.New("an event needs a kind")
	}
	line, err := formatLine(Event{Seq: h.Seq + 1, Time: at.Truncate(time.Millisecond), Actor: d.Actor, Kind: d.Kind, Prev: h.Hash}, d.Data)
	if err != nil {
		return Event{}, nil, err
	}
	ev, err := parseLine(line) // what could not be read again must not be written
	return ev, line, err
}

// write brings lines onto the disk, all into one segment. When it fails, it tries to leave the segment as it was.
func (l *Ledger) write(lines []byte) error {
	if l.size >= l.opt.SegmentBytes {
		if err := l.rotate(); err != nil {
			return fmt.Errorf("begin a new segment: %w", err)
		}
	}
	_, err := l.tail.WriteAt(lines, l.size)
	if err == nil {
		err = l.tail.Sync()
	}
	if err != nil {
		return errors.Join(err, l.cutTail())
	}
	l.size += int64(len(lines))
	return nil
}

// rotate begins the next segment.
func (l *Ledger) rotate() error {
	next := segment{first: l.head.Seq + 1, before: l.head}
	f, err := createFile(filepath.Join(l.dir, next.name()))
	if err != nil {
		return err
	}
	if err := l.tail.Close(); err != nil {
		return errors.Join(err, f.Close())
	}
	l.segments = append(l.segments, next)
	l.tail, l.size = f, 0
	return nil
}

// Events yields the events with a sequence above after, in order, up to the head at the time of the call. It reads them from
// disk and checks them again; after an error it ends.
func (l *Ledger) Events(after int64) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		l.mu.Lock()
		segments, head := slices.Clone(l.segments), l.head
		l.mu.Unlock()
		if after >= head.Seq {
			return
		}
		from := 0
		for from+1 < len(segments) && segments[from+1].first <= after+1 {
			from++
		}
		r := &journalReader{dir: l.dir, segments: segments, at: from, head: segments[from].before, until: head.Seq}
		defer r.close()
		for ev, err := r.next(); err != io.EOF; ev, err = r.next() {
			if err != nil {
				yield(Event{}, err)
				return
			}
			if ev.Seq > after && !yield(ev, nil) {
				return
			}
		}
		if err := r.endsAt(head); err != nil {
			yield(Event{}, err)
		}
	}
}

// endsAt says whether the journal on disk still ends with head.
func (r *journalReader) endsAt(head Head) error {
	switch {
	case r.head == head:
		return nil
	case r.head.Seq < head.Seq:
		return r.damage(r.head.Seq+1, fmt.Sprintf("the journal ends here, but event %d was written", head.Seq))
	default:
		return r.damage(head.Seq, "the last event was changed since the ledger was opened")
	}
}

// CheckHead says whether the ledger holds the event that h names, and with it every event before. A *HeadError exposes a cut
// tail, an older copy, or another ledger.
func (l *Ledger) CheckHead(h Head) error {
	now := l.Head()
	if h == now || (h.Seq == 0 && (h.Hash == "" || h.Hash == start.Hash)) {
		return nil
	}
	if h.Seq <= 0 || h.Seq >= now.Seq {
		return &HeadError{Head: h, End: now.Seq}
	}
	for follower, err := range l.Events(h.Seq) {
		if err != nil {
			return fmt.Errorf("check head %d: %w", h.Seq, err)
		}
		if follower.Prev != h.Hash {
			return &HeadError{Head: h, End: now.Seq}
		}
		break
	}
	return nil
}
