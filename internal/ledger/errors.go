package ledger

import (
	"errors"
	"fmt"
	"strings"
)

// ErrClosed is returned by a ledger that has been closed.
var ErrClosed = errors.New("the ledger is closed")

// DamageError says that the ledger is not as it was written.
type DamageError struct {
	Seq      int64  // first event in doubt; 0 when an original is damaged that no event is known to name
	Original string // SHA-256 that names the damaged or missing original; "" when the journal is damaged
	File     string // within the data directory
	Line     int    // in File, from 1; 0 when the file as a whole is meant
	Reason   string
	Err      error // the cause, if there is one
}

func (e *DamageError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the ledger is damaged: %s", e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, " line %d", e.Line)
	}
	if e.Seq > 0 {
		fmt.Fprintf(&b, " (event %d)", e.Seq)
	}
	fmt.Fprintf(&b, ": %s", e.Reason)
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	b.WriteString("; restore the data directory from a backup")
	return b.String()
}

// Unwrap gives the cause.
func (e *DamageError) Unwrap() error { return e.Err }

// LockedError says that another process, or another part of this one, has the ledger open.
type LockedError struct {
	PID int // 0 when it cannot be told
	Dir string
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("open %s: the data directory is in use by another process; stop that process first", e.Dir)
	}
	return fmt.Sprintf("open %s: the data directory is in use by process %d; stop that process first", e.Dir, e.PID)
}

// HeadError says that the ledger does not hold the event that a head names: its tail was cut, an older copy was restored,
// or it is another ledger.
type HeadError struct {
	Head Head  // the one exported before
	End  int64 // sequence of the ledger's last event
}

func (e *HeadError) Error() string {
	if e.End < e.Head.Seq {
		return fmt.Sprintf("the ledger ends at event %d, earlier than the head %d exported before; restore the newer copy", e.End, e.Head.Seq)
	}
	return fmt.Sprintf("event %d differs from the one that was exported as head before", e.Head.Seq)
}
