// Package warehouse keeps the DuckDB file of one company. It is the only package that imports duckdb-go, because that
// library brings C++ code and habits that callers must not have to know.
//
// In come statements (SQL with named parameters, see Statement) with their arguments, and files that lie in the staging
// directory. Out go rows, single values, Arrow records, column types and parse trees.
//
// The flow is: Open locks the database down (memory, files, extensions, settings); Update runs the only write transaction,
// View a read-only snapshot; a Tx checks names and kinds of a statement before DuckDB sees it, and converts values in one place.
//
// It never commits after a failed statement, never binds an argument by position, never reads a file outside the staging
// directory, never loads an extension, never hands out a database connection, and knows nothing of KPIs.
package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// Options limit what the database may use and touch.
type Options struct {
	Memory  string // memory_limit of DuckDB, such as "1GiB"; "" = "1GiB"
	Threads int    // 0 = all CPUs
	Staging string // the only directory that SQL may read files from or write files to, created if missing; "" = none
	Temp    string // spill directory, created if missing; "" = beside the file
	MaxTemp string // max_temp_directory_size, such as "10GiB"; "" = DuckDB's default
	// KeepOrder has rows come in the order of insertion where a statement names none, as DuckDB does by itself. Without it, filing
	// rows takes less time and memory, and every statement whose order matters says so.
	KeepOrder bool
}

// DB is one open warehouse. It is safe for concurrent use: many Views beside one Update.
type DB struct {
	path   string // absolute; "" in memory
	key    string // path with symbolic links resolved, as registered in opened
	pool   *sql.DB
	writer chan struct{}              // holds one token while a writer runs
	broken atomic.Pointer[QueryError] // the error after which DuckDB refuses all work
	stale  atomic.Bool                // the schema changed since the last checkpoint
	macros sync.Map                   // the driver's connections that have the macros

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup // transactions and checkpoints under way
}

// opened holds the files open in this process. DuckDB's Go driver would share one instance between two openings of a file,
// and the second opening would inherit the settings of the first without a word.
var opened struct {
	sync.Mutex
	files map[string]bool
}

// Open opens or creates the warehouse file at path and locks it down. With path "" it lives in memory.
//
// The order matters: the first statement is CHECKPOINT, so that a crash right after a schema change leaves nothing to replay;
// locking the configuration comes last of the settings, because every SET after it fails, also on later connections.
func Open(ctx context.Context, path string, opt Options) (*DB, error) {
	db, err := newDB(path)
	if err != nil {
		return nil, fmt.Errorf("open warehouse %s: %w", path, err)
	}
	if err := db.connect(ctx, opt); err != nil {
		db.unregister()
		return nil, fmt.Errorf("open warehouse %s: %w", path, err)
	}
	return db, nil
}

func newDB(path string) (*DB, error) {
	db := &DB{writer: make(chan struct{}, 1)}
	if path == "" {
		return db, nil
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// The driver reads its argument as a URL: a question mark would cut the file name, a stray percent sign is refused.
	if _, err := url.Parse(abs); err != nil || strings.ContainsAny(abs, "?\x00") {
		return nil, errors.New("the path holds a ? or % that DuckDB cannot open; choose a path without it")
	}
	db.path, db.key = abs, resolved(abs)
	opened.Lock()
	defer opened.Unlock()
	if opened.files[db.key] {
		return nil, &QueryError{Name: "open", Class: Locked, Err: errors.New("the file is already open in this process")}
	}
	if opened.files == nil {
		opened.files = map[string]bool{}
	}
	opened.files[db.key] = true
	return db, nil
}

// resolved gives abs with the symbolic links of what exists of it resolved.
func resolved(abs string) string {
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real
	}
	if dir := filepath.Dir(abs); dir != abs {
		return filepath.Join(resolved(dir), filepath.Base(abs))
	}
	return abs
}

func (db *DB) unregister() {
	opened.Lock()
	defer opened.Unlock()
	delete(opened.files, db.key)
}

// connect opens the file and runs the lock-down on the first connection.
func (db *DB) connect(ctx context.Context, opt Options) error {
	settings, err := lockdown(db.path, opt)
	if err != nil {
		return err
	}
	connector, err := duckdb.NewConnector(db.path, nil) // nothing may run before the first CHECKPOINT
	if err != nil {
		return openError(err)
	}
	db.pool = sql.OpenDB(connector)
	db.pool.SetMaxIdleConns(8)
	if err := db.lock(ctx, settings); err != nil {
		return errors.Join(err, db.pool.Close())
	}
	return nil
}

// lock runs the lock-down on the first connection, and returns it to the pool.
func (db *DB) lock(ctx context.Context, settings []string) error {
	conn, err := db.pool.Conn(ctx)
	if err != nil {
		return db.wrap(ctx, "connect", err)
	}
	for _, text := range settings {
		if _, err := conn.ExecContext(ctx, text); err != nil {
			return errors.Join(db.wrap(ctx, text, err), conn.Close())
		}
	}
	return conn.Close()
}

// lockdown gives the statements that Open runs, in their order, and makes the directories they name.
func lockdown(path string, opt Options) ([]string, error) {
	memory := opt.Memory
	if memory == "" {
		memory = "1GiB"
	}
	settings := []string{"CHECKPOINT", "SET GLOBAL memory_limit = " + Literal(memory)}
	if opt.Threads > 0 {
		settings = append(settings, fmt.Sprintf("SET GLOBAL threads = %d", opt.Threads))
	}
	temp := opt.Temp
	if temp == "" && path != "" {
		temp = path + ".tmp" // DuckDB makes it when it first spills
	} else if temp != "" {
		var err error
		if temp, err = directory(temp); err != nil {
			return nil, err
		}
	}
	settings = append(settings, "SET GLOBAL temp_directory = "+Literal(temp))
	if opt.MaxTemp != "" {
		settings = append(settings, "SET GLOBAL max_temp_directory_size = "+Literal(opt.MaxTemp))
	}
	settings = append(settings,
		"SET GLOBAL TimeZone = 'UTC'",
		fmt.Sprintf("SET GLOBAL preserve_insertion_order = %t", opt.KeepOrder),
		"SET GLOBAL autoinstall_known_extensions = false",
		"SET GLOBAL autoload_known_extensions = false",
		"SET GLOBAL allow_community_extensions = false")
	if opt.Staging != "" {
		staging, err := directory(opt.Staging)
		if err != nil {
			return nil, err
		}
		allowed := Literal(staging)
		if real := resolved(staging); real != staging {
			allowed += ", " + Literal(real)
		}
		settings = append(settings, "SET GLOBAL allowed_directories = ["+allowed+"]")
	}
	return append(settings, "SET GLOBAL enable_external_access = false", "SET GLOBAL lock_configuration = true"), nil
}

// directory makes a directory that only its owner may enter and gives its absolute path.
func directory(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return abs, os.MkdirAll(abs, 0o700)
}

// Path gives the absolute path of the file, or "" for a warehouse in memory.
func (db *DB) Path() string { return db.path }

// enter admits one piece of work; the caller ends it with db.running.Done.
func (db *DB) enter() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return ErrClosed
	}
	if cause := db.broken.Load(); cause != nil {
		return reopen(cause)
	}
	db.running.Add(1)
	return nil
}

// lockWriter waits until no other writer runs.
func (db *DB) lockWriter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return db.wrap(ctx, "wait for the writer", err)
	}
	select {
	case db.writer <- struct{}{}:
		return nil
	case <-ctx.Done():
		return db.wrap(ctx, "wait for the writer", ctx.Err())
	}
}

func (db *DB) unlockWriter() { <-db.writer }

// Checkpoint writes the log into the file. It waits for a running Update, and for Views that still see a state from before
// the last change, as long as ctx allows. It must not be called inside View or Update. Where the disk has no room for it the
// log stays as it is, and nothing is lost: after a checkpoint that fails DuckDB answers no more queries.
func (db *DB) Checkpoint(ctx context.Context) error {
	if err := db.enter(); err != nil {
		return err
	}
	defer db.running.Done()
	for {
		if err := db.lockWriter(ctx); err != nil {
			return err
		}
		err := db.checkpoint(ctx)
		db.unlockWriter() // writers go on while this waits for readers
		if d, ok := errors.AsType[*duckdb.Error](err); !ok || d.Type != duckdb.ErrorTypeTransaction {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return db.wrap(ctx, "CHECKPOINT", err)
		}
	}
}

// checkpoint is one attempt of Checkpoint by the holder of the writer's token.
func (db *DB) checkpoint(ctx context.Context) error {
	if !db.roomy() {
		return nil
	}
	if _, err := db.pool.ExecContext(ctx, "CHECKPOINT"); err != nil {
		return db.wrap(ctx, "CHECKPOINT", err)
	}
	db.stale.Store(false)
	return nil
}

// A checkpoint writes about as much as the log holds, and a little more.
const (
	checkpointMargin = 1 << 20
	mostProbed       = 64 << 20
)

// roomy reports whether the disk takes as much as a checkpoint writes. It is tried, because what a file system tells of its room leaves out quotas and limits.
func (db *DB) roomy() bool {
	if db.path == "" {
		return true
	}
	need := int64(checkpointMargin)
	if log, err := os.Stat(db.path + ".wal"); err == nil {
		need += log.Size()
	}
	f, err := os.CreateTemp(filepath.Dir(db.path), filepath.Base(db.path)+".room-*")
	if err != nil {
		return false
	}
	defer f.Close()
	if err := os.Remove(f.Name()); err != nil { // so that no crash leaves it
		return false
	}
	_, err = io.CopyN(f, zeros{}, min(need, mostProbed))
	return err == nil
}

// zeros reads as bytes without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// settle makes the checkpoint that a schema change wants: a log with such a change in it may not replay after a crash.
// Views that see an older state hold it up, so both writers and readers call settle when they end. The change itself is
// committed; a fatal failure shows with the next call.
func (db *DB) settle(ctx context.Context) {
	if !db.stale.Load() || db.broken.Load() != nil {
		return
	}
	select {
	case db.writer <- struct{}{}:
		_ = db.checkpoint(context.WithoutCancel(ctx))
		db.unlockWriter()
	default: // the running writer will do it
	}
}

// Close waits for running transactions, writes the log into the file and closes it. An error says that the last
// checkpoint failed; what was committed is still in the log and comes back with the next Open.
func (db *DB) Close() error {
	db.mu.Lock()
	if db.closed {
		db.mu.Unlock()
		return nil
	}
	db.closed = true
	db.mu.Unlock()
	db.running.Wait()
	defer db.unregister()

	// DuckDB's own close swallows a failed checkpoint, so it is asked for here.
	var err error
	if cause := db.broken.Load(); cause != nil {
		err = reopen(cause)
	} else {
		err = db.checkpoint(context.Background())
	}
	if err = errors.Join(err, db.pool.Close()); err != nil {
		return fmt.Errorf("close warehouse %s: %w", db.path, err)
	}
	return nil
}

// discard takes conn out of the pool for good and closes it.
func (db *DB) discard(conn *sql.Conn) {
	_ = conn.Raw(func(c any) error {
		db.macros.Delete(c)
		return driver.ErrBadConn // the documented way; Raw reports it itself
	})
	_ = conn.Close()
}
