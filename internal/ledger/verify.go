package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
)

// Verify reads everything again: the journal up to its head, every stored original, and whether every original that an event
// names is there. The first damage found is returned as a *DamageError.
func (l *Ledger) Verify(ctx context.Context) error {
	named := references{}
	for ev, err := range l.Events(0) {
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return fmt.Errorf("verify the ledger: %w", err)
		}
		named.note(ev)
	}
	return named.verify(ctx, l.dir)
}

// Verify does the same for a ledger that is not open, such as a copy, and gives its head. It changes nothing and mends nothing;
// a ledger that a process has open is a *LockedError.
func Verify(ctx context.Context, dir string) (Head, error) {
	lock, err := shareLock(dir)
	if err != nil {
		return Head{}, err
	}
	if lock != nil {
		defer func() { _ = lock.Close() }() // only read from
	}
	named := references{}
	head, err := verifyJournal(ctx, dir, named)
	if err != nil {
		return Head{}, fmt.Errorf("verify the ledger: %w", err)
	}
	return head, named.verify(ctx, dir)
}

func verifyJournal(ctx context.Context, dir string, named references) (Head, error) {
	segments, err := listSegments(dir)
	if err != nil {
		return Head{}, err
	}
	if len(segments) == 0 {
		return Head{}, &DamageError{Seq: 1, File: segment{first: 1}.name(), Reason: "the journal is missing"}
	}
	r := &journalReader{dir: dir, segments: segments, head: start}
	defer r.close()
	for err == nil {
		var ev Event
		if ev, err = r.next(); err == nil {
			named.note(ev)
			err = ctx.Err()
		}
	}
	if err != io.EOF {
		return Head{}, err
	}
	if len(r.tail) > 0 {
		return Head{}, fmt.Errorf("%s: the last line, after event %d, is unfinished; open the ledger once to mend it",
			filepath.Join(dir, segments[r.at].name()), r.head.Seq)
	}
	return r.head, nil
}

// references are the originals that events name, each with the first event that does.
type references map[string]int64

func (named references) note(ev Event) {
	sum := Named(ev)
	if sum == "" {
		return // most events name none
	}
	if _, known := named[sum]; !known {
		named[sum] = ev.Seq
	}
}

// verify reads every stored original, and then looks for those that are named but not stored.
func (named references) verify(ctx context.Context, dir string) error {
	missing := maps.Clone(named)
	for sum, err := range originals(dir) {
		if err == nil {
			err = checkOriginal(ctx, dir, sum)
		}
		if err != nil {
			if d, ok := errors.AsType[*DamageError](err); ok {
				d.Seq = named[d.Original]
			}
			return fmt.Errorf("verify the originals: %w", err)
		}
		delete(missing, sum)
	}
	if len(missing) == 0 {
		return nil
	}
	bySeq := func(a, b string) int { return cmp.Compare(missing[a], missing[b]) }
	sum := slices.MinFunc(slices.Collect(maps.Keys(missing)), bySeq)
	return fmt.Errorf("verify the originals: %w", &DamageError{Seq: missing[sum], Original: sum, File: originalName(sum),
		Reason: "the original is missing", Err: fs.ErrNotExist})
}
