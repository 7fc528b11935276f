package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// Errors that callers tell apart.
var (
	ErrNoRows = sql.ErrNoRows // One found no row
	ErrClosed = errors.New("the warehouse is closed")
	ErrReopen = errors.New("the warehouse must be reopened") // a fatal error came before; what was committed is safe
	errEnded  = errors.New("the transaction has ended")
)

// Class tells what kind of failure a QueryError is.
type Class int

// The classes of failure.
const (
	Other       Class = iota // a mistake in the statement or its arguments, or a failure with no class of its own
	Interrupted              // the context ended
	Constraint               // a row violates a key, NOT NULL or CHECK
	Conversion               // a value does not fit a type
	OutOfMemory              // memory_limit or max_temp_directory_size reached
	Locked                   // the file is open elsewhere
	IO                       // disk full, or a file that cannot be read or written
	Fatal                    // the database is damaged or shut itself down; reopen or rebuild it
	Refused                  // the lock-down forbids it
)

var classNames = [...]string{"error", "interrupted", "constraint", "conversion", "out of memory", "locked", "input/output", "fatal", "refused"}

func (c Class) String() string {
	if c < 0 || int(c) >= len(classNames) {
		return fmt.Sprintf("Class(%d)", int(c))
	}
	return classNames[c]
}

// QueryError is a failed statement.
type QueryError struct {
	Name  string // of the statement
	Class Class
	Err   error
}

func (e *QueryError) Error() string { return fmt.Sprintf("%s: %s: %v", e.Name, e.Class, e.Err) }

// Unwrap gives the cause.
func (e *QueryError) Unwrap() error { return e.Err }

// ClassOf gives the class of the first QueryError in err, or Other.
func ClassOf(err error) Class {
	if q, ok := errors.AsType[*QueryError](err); ok {
		return q.Class
	}
	return Other
}

var classes = map[duckdb.ErrorType]Class{
	duckdb.ErrorTypeInterrupt:    Interrupted,
	duckdb.ErrorTypeConstraint:   Constraint,
	duckdb.ErrorTypeConversion:   Conversion,
	duckdb.ErrorTypeOutOfRange:   Conversion,
	duckdb.ErrorTypeMismatchType: Conversion,
	duckdb.ErrorTypeDecimal:      Conversion,
	duckdb.ErrorTypeOutOfMemory:  OutOfMemory,
	duckdb.ErrorTypeIO:           IO,
	duckdb.ErrorTypeFatal:        Fatal,
	duckdb.ErrorTypeInternal:     Fatal, // DuckDB shuts the database down after these too
	duckdb.ErrorTypePermission:   Refused,
}

// classify finds the class of an error of the driver.
func classify(ctx context.Context, err error) Class {
	class := ClassOf(err)
	if d, ok := errors.AsType[*duckdb.Error](err); ok && class == Other {
		class = classes[d.Type]
		if d.Type == duckdb.ErrorTypeTransaction && unwritten(d.Msg) {
			class = IO
		}
	}
	if class != Fatal && (ctx.Err() != nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return Interrupted
	}
	return class
}

// unwritten reports whether a transaction failed because its log could not be written. DuckDB gives it the type of conflicts, so the text decides.
func unwritten(text string) bool {
	return strings.Contains(text, "ould not write") || strings.Contains(text, "ould not sync") || strings.Contains(text, "No space left")
}

// wrap makes a QueryError of err and remembers it when DuckDB is unusable from now on.
func (db *DB) wrap(ctx context.Context, name string, err error) *QueryError {
	if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
		err = errors.Join(cause, err)
	}
	q := &QueryError{Name: name, Class: classify(ctx, err), Err: err}
	if q.Class == Fatal {
		db.broken.CompareAndSwap(nil, q)
	}
	return q
}

func reopen(cause *QueryError) error {
	return &QueryError{Name: "warehouse", Class: Fatal, Err: fmt.Errorf("%w; nothing committed is lost. The cause was: %w", ErrReopen, cause)}
}

var holder = regexp.MustCompile(`PID (\d+)`)

// openError explains why the file cannot be opened. DuckDB gives all three cases one type, so the text decides.
func openError(err error) error {
	q := &QueryError{Name: "open", Class: classify(context.Background(), err), Err: err}
	text := err.Error()
	switch {
	case strings.Contains(text, "Could not set lock"):
		q.Class = Locked
		if pid := holder.FindStringSubmatch(text); pid != nil {
			q.Err = fmt.Errorf("the file is in use by process %s; stop that process first: %w", pid[1], err)
		}
	case strings.Contains(text, "not a valid DuckDB database"), strings.Contains(text, "orrupt"), q.Class == Fatal:
		q.Class = Fatal
		q.Err = fmt.Errorf("the file is damaged or not a warehouse; move it away and rebuild it: %w", err)
	}
	return q
}

// SyntaxError is a text that DuckDB's parser refuses.
type SyntaxError struct {
	Message  string
	Position int // byte offset in the text, -1 when unknown
}

func (e *SyntaxError) Error() string {
	if e.Position < 0 {
		return e.Message
	}
	return fmt.Sprintf("%s (at byte %d)", e.Message, e.Position)
}
