package books

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"plumbline/internal/ledger"
	"plumbline/internal/warehouse"
)

//go:embed sql/*.sql
var files embed.FS

var statements = warehouse.MustLoad(must(fs.Sub(files, "sql")))

func must(f fs.FS, err error) fs.FS {
	if err != nil {
		panic(err)
	}
	return f
}

// Entry is an event on its way into the warehouse.
type Entry struct {
	ledger.Event
	// Prepared is what the caller of Record had at hand, such as a staged file; nil when the event is replayed.
	Prepared any
	// Original opens the bytes stored under a SHA-256, verified while they are read.
	Original func(sha256 string) (io.ReadCloser, error)
	// Staging is the directory from which SQL may read files.
	Staging string
}

// Handler applies one kind of event. It must give the same rows for the same event and the same state before, whether the
// event is prepared or replayed, and must not read the clock.
type Handler func(ctx context.Context, tx *warehouse.Tx, e Entry) error

// Options say how books are kept.
type Options struct {
	Now       func() time.Time      // the clock for new events
	Schema    []warehouse.Statement // tables of a new warehouse, made in order
	Handlers  map[string]Handler    // by kind of event
	Warehouse warehouse.Options     // Staging and Temp are set by Open
	Notice    func(string)          // told of repairs and rebuilds; nil: dropped
	// Recorded is told of each event once it is in the warehouse, while no other can be recorded; nil: nobody.
	Recorded func(ledger.Event)
	// Replayed is told how far a replay or rebuild has come; nil: nobody.
	Replayed func(done, total int64)
	// Coming is about how many bytes will be taken in before the books are closed; Unknown: any number.
	Coming int64
}

// Unknown is the Coming of a process that does not know what it will be asked.
const Unknown = -1

// Books are open books. Their methods may be used from several goroutines.
type Books struct {
	dir    string
	opt    Options
	layout string
	ledger *ledger.Ledger
	db     atomic.Pointer[warehouse.DB] // exchanged by Rebuild while others read

	seq atomic.Int64 // of the last event in the warehouse, so that pages need no transaction to see that nothing is new

	queue recordings // events that wait to be recorded

	mu  sync.Mutex // one transaction of events at a time
	now time.Time  // the time of the events being recorded
}

// Open opens the books in dir, and makes them when dir is new or empty. It brings the warehouse up to the ledger;
// a warehouse of another layout, or one that does not belong to the ledger, is made anew, with a notice.
func Open(ctx context.Context, dir string, opt Options) (*Books, error) {
	if opt.Notice == nil {
		opt.Notice = func(string) {}
	}
	if opt.Recorded == nil {
		opt.Recorded = func(ledger.Event) {}
	}
	if opt.Replayed == nil {
		opt.Replayed = func(int64, int64) {}
	}
	opt.Warehouse.Staging = filepath.Join(dir, "staging")
	opt.Warehouse.Temp = filepath.Join(dir, "tmp")
	if opt.Warehouse.Threads == 0 && opt.Coming >= 0 && small(dir, opt.Coming) {
		opt.Warehouse.Threads = 1
	}
	b := &Books{dir: dir, opt: opt, layout: layoutOf(opt.Schema)}
	var err error
	b.ledger, err = ledger.Open(dir, ledger.Options{Now: func() time.Time { return b.now }, Notice: opt.Notice})
	if err != nil {
		return nil, err
	}
	if err := b.openWarehouse(ctx); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// smallBooks is the size of a warehouse, in bytes, up to which dividing a question among threads costs a fourth more than it saves.
const smallBooks = 32 << 20

// small tells whether the warehouse will stay small. Originals are kept packed, and a warehouse that is gone is made of them.
func small(dir string, coming int64) bool {
	size := 4 * coming
	if file, err := os.Stat(filepath.Join(dir, "warehouse.duckdb")); err == nil {
		size += file.Size()
	}
	err := filepath.WalkDir(filepath.Join(dir, "originals"), func(_ string, e fs.DirEntry, err error) error {
		if err != nil || size > smallBooks {
			return fs.SkipAll // a new directory has none
		}
		if file, err := e.Info(); err == nil && !e.IsDir() {
			size += 4 * file.Size()
		}
		return nil
	})
	return err == nil && size <= smallBooks
}

// layoutOf names the tables, so that a program with other tables rebuilds.
func layoutOf(schema []warehouse.Statement) string {
	h := sha256.New()
	for _, s := range schema {
		fmt.Fprintf(h, "%d %s\n", len(s.SQL()), s.SQL())
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

func (b *Books) path() string { return filepath.Join(b.dir, "warehouse.duckdb") }

// openWarehouse clears what an interrupted process left in staging, opens the file and replays the tail.
func (b *Books) openWarehouse(ctx context.Context) error {
	if err := b.clearScratch(); err != nil {
		return err
	}
	db, err := warehouse.Open(ctx, b.path(), b.opt.Warehouse)
	if warehouse.ClassOf(err) == warehouse.Fatal {
		if err := b.setAside(err); err != nil {
			return err
		}
		db, err = warehouse.Open(ctx, b.path(), b.opt.Warehouse)
	}
	if err != nil {
		return err
	}
	b.db.Store(db)
	reason, err := b.unfit(ctx)
	if err != nil {
		return err
	}
	if reason != "" {
		b.opt.Notice(reason)
		return b.Rebuild(ctx)
	}
	return b.catchUp(ctx, db)
}

// setAside moves a warehouse that cannot be read out of the way, where it can be looked at.
func (b *Books) setAside(cause error) error {
	aside := b.path() + ".damaged"
	if err := removeDatabase(aside); err != nil {
		return err
	}
	b.opt.Notice(fmt.Sprintf("the warehouse cannot be read and was moved to %s: %v", filepath.Base(aside), cause))
	for _, tail := range []string{"", ".wal"} {
		if err := os.Rename(b.path()+tail, aside+tail); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("move the damaged warehouse away: %w", err)
		}
	}
	return nil
}

func (b *Books) clearScratch() error {
	for _, name := range []string{"staging", "tmp"} {
		if err := os.RemoveAll(filepath.Join(b.dir, name)); err != nil {
			return fmt.Errorf("clear %s: %w", name, err)
		}
		if err := os.MkdirAll(filepath.Join(b.dir, name), 0o700); err != nil {
			return fmt.Errorf("make %s: %w", name, err)
		}
	}
	return nil
}

type state struct {
	seq          int64
	hash, layout string
}

// unfit says why the warehouse must be made anew, or "" when it can be used. A new file is laid out.
func (b *Books) unfit(ctx context.Context) (string, error) {
	var n int64
	db := b.db.Load()
	err := db.View(ctx, func(tx *warehouse.Tx) (err error) {
		n, err = warehouse.One[int64](ctx, tx, statements.Get("has_state"), nil)
		return err
	})
	if err != nil {
		return "", err
	}
	switch {
	case n == 0 && b.ledger.Head().Seq > 0:
		return "there is no warehouse; it is made anew from the ledger", nil
	case n == 0:
		return "", b.layOut(ctx, db)
	}
	s, err := b.state(ctx, db)
	if err != nil {
		return "", err
	}
	if s.layout != b.layout {
		return "the warehouse was made by another version of the program and is rebuilt from the ledger", nil
	}
	b.seq.Store(s.seq)
	if s.seq == 0 {
		return "", nil
	}
	if err := b.ledger.CheckHead(ledger.Head{Seq: s.seq, Hash: s.hash}); err != nil {
		return fmt.Sprintf("the warehouse does not belong to this ledger (%v) and is rebuilt", err), nil
	}
	return "", nil
}

// layOut makes the tables of a new warehouse.
func (b *Books) layOut(ctx context.Context, db *warehouse.DB) error {
	err := db.Update(ctx, func(tx *warehouse.Tx) error {
		own := []warehouse.Statement{statements.Get("create_schema"), statements.Get("create_state")}
		for _, s := range append(own, b.opt.Schema...) {
			if _, err := tx.Exec(ctx, s, nil); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, statements.Get("insert_state"), warehouse.Args{"layout": b.layout})
		return err
	})
	if err != nil {
		return fmt.Errorf("lay out the warehouse: %w", err)
	}
	return db.Checkpoint(ctx)
}

func (b *Books) state(ctx context.Context, db *warehouse.DB) (s state, err error) {
	err = db.View(ctx, func(tx *warehouse.Tx) error {
		return tx.Each(ctx, statements.Get("state"), nil, func(scan func(...any) error) error {
			return scan(&s.seq, &s.hash, &s.layout)
		})
	})
	return s, err
}

// replay applies the events that db has not seen. The hash of an event is what its follower names as the one before.
func (b *Books) replay(ctx context.Context, db *warehouse.DB) error {
	s, err := b.state(ctx, db)
	if err != nil {
		return err
	}
	head := b.ledger.Head()
	var waiting *ledger.Event
	for ev, err := range b.ledger.Events(s.seq) {
		if err != nil {
			return err
		}
		if waiting != nil {
			if err := b.replayOne(ctx, db, *waiting, ev.Prev); err != nil {
				return err
			}
		}
		waiting = &ev
	}
	if waiting == nil {
		return nil
	}
	if err := b.replayOne(ctx, db, *waiting, head.Hash); err != nil {
		return err
	}
	return db.Checkpoint(ctx)
}

func (b *Books) replayOne(ctx context.Context, db *warehouse.DB, ev ledger.Event, hash string) error {
	err := db.Update(ctx, func(tx *warehouse.Tx) error {
		if err := b.apply(ctx, tx, ev, nil); err != nil {
			return err
		}
		return b.note(ctx, tx, ev.Seq-1, ledger.Head{Seq: ev.Seq, Hash: hash})
	})
	if err != nil {
		return fmt.Errorf("replay event %d (%s): %w", ev.Seq, ev.Kind, err)
	}
	b.opt.Replayed(ev.Seq, b.ledger.Head().Seq)
	return nil
}

// apply runs the event's handler.
func (b *Books) apply(ctx context.Context, tx *warehouse.Tx, ev ledger.Event, prepared any) error {
	handler, ok := b.opt.Handlers[ev.Kind]
	if !ok {
		return fmt.Errorf("the ledger holds an event of kind %q that this version of the program does not know; use a newer one", ev.Kind)
	}
	return handler(ctx, tx, Entry{Event: ev, Prepared: prepared, Original: b.ledger.OpenOriginal, Staging: b.opt.Warehouse.Staging})
}

// Seq is the ledger sequence of the last event that the warehouse holds.
func (b *Books) Seq() int64 { return b.seq.Load() }

// note writes into the warehouse how far the ledger has been applied, up to now as far as before.
func (b *Books) note(ctx context.Context, tx *warehouse.Tx, before int64, h ledger.Head) error {
	n, err := tx.Exec(ctx, statements.Get("set_state"), warehouse.Args{"before": before, "seq": h.Seq, "hash": h.Hash})
	if err == nil && n != 1 {
		err = fmt.Errorf("event %d does not follow the last one applied", before+1)
	}
	return err
}

// errUndo ends a trial.
var errUndo = errors.New("undo")

// Try shows what events would do and takes all of it back: try may apply events one after the other and look at the warehouse in
// between. Nothing is written to the ledger; the sequences that apply gives are those that the events would get.
func (b *Books) Try(ctx context.Context, actor string, try func(tx *warehouse.Tx, apply func(kind string, data, prepared any) (seq int64, err error)) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.opt.Now().UTC().Truncate(time.Millisecond)
	db := b.db.Load()
	if err := b.catchUp(ctx, db); err != nil {
		return fmt.Errorf("try: %w", err)
	}
	seq := b.ledger.Head().Seq
	err := db.Update(ctx, func(tx *warehouse.Tx) error {
		err := try(tx, func(kind string, data, prepared any) (int64, error) {
			raw, err := json.Marshal(data)
			if err != nil {
				return 0, fmt.Errorf("try %s: %w", kind, err)
			}
			seq++
			return seq, b.apply(ctx, tx, ledger.Event{Seq: seq, Time: now, Actor: actor, Kind: kind, Data: raw}, prepared)
		})
		if err == nil {
			err = errUndo
		}
		return err
	})
	if errors.Is(err, errUndo) {
		return nil
	}
	return err
}

// catchUp applies what the ledger holds and the warehouse does not, because an earlier commit failed. Without it the next event
// would be tried out on a state that no replay will ever see.
func (b *Books) catchUp(ctx context.Context, db *warehouse.DB) error {
	s, err := b.state(ctx, db)
	if err != nil || s.seq == b.ledger.Head().Seq {
		return err
	}
	if err := b.replay(ctx, db); err != nil {
		return err
	}
	b.seq.Store(b.ledger.Head().Seq)
	return nil
}

// View reads the warehouse as of one moment. While Rebuild exchanges the file, it returns warehouse.ErrClosed for a moment.
func (b *Books) View(ctx context.Context, f func(tx *warehouse.Tx) error) error {
	return b.db.Load().View(ctx, f)
}

// Applied tells the ledger sequence of the last event that a transaction sees.
func (b *Books) Applied(ctx context.Context, tx *warehouse.Tx) (seq int64, err error) {
	err = tx.Each(ctx, statements.Get("state"), nil, func(scan func(...any) error) error {
		var hash, layout string
		return scan(&seq, &hash, &layout)
	})
	return seq, err
}

// Checkpoint moves the warehouse's write-ahead log into its file; call it after many or large events.
func (b *Books) Checkpoint(ctx context.Context) error { return b.db.Load().Checkpoint(ctx) }

// Ledger gives the ledger, to store originals before Record and to read events.
func (b *Books) Ledger() *ledger.Ledger { return b.ledger }

// Today is the day of the clock, in UTC.
func (b *Books) Today() time.Time { return b.opt.Now().UTC().Truncate(24 * time.Hour) }

// Now is the time of the clock, in UTC.
func (b *Books) Now() time.Time { return b.opt.Now().UTC() }

// Warehouse gives the database, for checks that need its parser.
func (b *Books) Warehouse() *warehouse.DB { return b.db.Load() }

// Dir is the data directory.
func (b *Books) Dir() string { return b.dir }

// Staging is the directory from which SQL may read files.
func (b *Books) Staging() string { return b.opt.Warehouse.Staging }

// Rebuild makes the warehouse anew from the ledger, in a second file that takes the first one's place when it is complete.
func (b *Books) Rebuild(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	fresh := b.path() + ".new"
	if err := removeDatabase(fresh); err != nil {
		return err
	}
	db, err := warehouse.Open(ctx, fresh, b.opt.Warehouse)
	if err != nil {
		return err
	}
	if err = b.layOut(ctx, db); err == nil {
		err = b.replay(ctx, db)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("rebuild: %w", errors.Join(err, removeDatabase(fresh)))
	}
	if err := b.db.Load().Close(); err != nil {
		b.opt.Notice(fmt.Sprintf("the old warehouse did not close cleanly: %v", err))
	}
	if err := removeDatabase(b.path()); err != nil {
		return err
	}
	if err := os.Rename(fresh, b.path()); err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	if db, err = warehouse.Open(ctx, b.path(), b.opt.Warehouse); err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	b.db.Store(db)
	b.seq.Store(b.ledger.Head().Seq)
	return nil
}

// Shadow makes a second warehouse from the ledger alone, from the first event to the last, and calls look with books that read it instead
// of the one in use, which stays as it is. look must not record anything. The second warehouse is removed afterwards.
func (b *Books) Shadow(ctx context.Context, look func(shadow *Books) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	path := filepath.Join(b.opt.Warehouse.Temp, "shadow.duckdb")
	if err := removeDatabase(path); err != nil {
		return err
	}
	db, err := warehouse.Open(ctx, path, b.opt.Warehouse)
	if err != nil {
		return err
	}
	if err = b.layOut(ctx, db); err == nil {
		err = b.replay(ctx, db)
	}
	if err == nil {
		shadow := &Books{dir: b.dir, opt: b.opt, layout: b.layout, ledger: b.ledger}
		shadow.db.Store(db)
		err = look(shadow)
	}
	return errors.Join(err, db.Close(), removeDatabase(path))
}

// removeDatabase removes a DuckDB file with its write-ahead log.
func removeDatabase(path string) error {
	for _, p := range []string{path, path + ".wal"} {
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove %s: %w", p, err)
		}
	}
	return nil
}

// Close closes warehouse and ledger.
func (b *Books) Close() error { return b.close() }

func (b *Books) close() error {
	var err error
	if db := b.db.Load(); db != nil {
		err = db.Close()
	}
	return errors.Join(err, b.ledger.Close())
}
