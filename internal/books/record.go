package books

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"plumbline/internal/ledger"
	"plumbline/internal/warehouse"
)

// recording is an event on its way into the ledger.
type recording struct {
	ctx         context.Context
	kind, actor string
	raw         json.RawMessage
	prepared    any

	settled bool // it is recorded or refused
	event   ledger.Event
	err     error
}

// Light is implemented by what is prepared for an event that takes little time: such events, when several wait, are recorded in one transaction
// and reach the disk together. Ahead is asked of the first of several, before any is applied, to read at once what all their handlers will need; it writes
// nothing. The entries have the sequences that they will have if none before them is refused.
type Light interface {
	Ahead(ctx context.Context, tx *warehouse.Tx, batch []Entry) error
}

// PendingError says that an event is in the ledger, where it survives, but not yet in the warehouse, mostly because the disk is full: it gets there before the
// next event, or at the next start.
type PendingError struct {
	Seq int64
	Err error
}

func (e *PendingError) Error() string {
	return fmt.Sprintf("event %d is in the ledger but not yet in the warehouse; it is applied before the next event or at the next start: %v", e.Seq, e.Err)
}

// Unwrap gives the cause.
func (e *PendingError) Unwrap() error { return e.Err }

// together reports whether an event may share a transaction.
func (r *recording) together() bool {
	_, light := r.prepared.(Light)
	return light
}

// most is how many events share a transaction.
const most = 128

// recordings are events that wait, in the order in which they came.
type recordings struct {
	mu   sync.Mutex
	list []*recording
}

func (q *recordings) put(r *recording) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, r)
}

// take gives an event with what is recorded along with it: with a light one the others that wait, in the order in which they came; with another nothing.
func (q *recordings) take(r *recording) (batch []*recording) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var rest []*recording
	for _, x := range q.list {
		if x == r || r.together() && x.together() && len(batch) < most {
			batch = append(batch, x)
		} else {
			rest = append(rest, x)
		}
	}
	q.list = rest
	if !slices.Contains(batch, r) { // more came before it than fit, or its turn ended in a panic
		batch = append(batch, r)
		q.list = slices.DeleteFunc(q.list, func(x *recording) bool { return x == r })
	}
	return batch
}

// Record writes an event down and applies it. When the handler refuses, nothing is recorded and its error is returned.
// After Record returns without error the event survives any crash. prepared is handed to the handler.
//
// Events that come while another is being recorded wait; the first of them to get its turn takes the others along, if all are Light. Each is
// checked on the state that those before it leave, as if it came alone.
func (b *Books) Record(ctx context.Context, kind, actor string, data, prepared any) (ledger.Event, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return ledger.Event{}, fmt.Errorf("record %s: %w", kind, err)
	}
	r := &recording{ctx: ctx, kind: kind, actor: actor, raw: raw, prepared: prepared}
	b.queue.put(r)
	b.mu.Lock()
	defer b.mu.Unlock()
	if !r.settled {
		b.recordAll(ctx, b.queue.take(r))
	}
	return r.event, r.err
}

// recordAll records events, and settles every one. Where they cannot be recorded together, each is recorded alone.
func (b *Books) recordAll(ctx context.Context, batch []*recording) {
	if len(batch) > 1 {
		ctx = context.WithoutCancel(ctx) // nobody's event is lost because another's sender has gone
	}
	again, err := b.recordTogether(ctx, batch)
	for _, r := range batch {
		switch {
		case r.settled:
		case again && len(batch) > 1:
			b.recordAll(r.ctx, []*recording{r})
		default:
			r.settled, r.err = true, err
		}
	}
}

// ahead lets the first of several events read for all of them.
func (b *Books) ahead(ctx context.Context, tx *warehouse.Tx, seq int64, batch []*recording) error {
	if len(batch) < 2 {
		return nil
	}
	var list []Entry
	for i, r := range batch {
		list = append(list, Entry{Event: ledger.Event{Seq: seq + int64(i) + 1, Time: b.now, Actor: r.actor, Kind: r.kind, Data: r.raw}, Prepared: r.prepared})
	}
	return batch[0].prepared.(Light).Ahead(ctx, tx, list)
}

// recordTogether records events in one transaction. A refused one is settled, and the others go on without it, as long as its handler has written
// nothing; again says that nothing was recorded, and that an event alone may fare better.
func (b *Books) recordTogether(ctx context.Context, batch []*recording) (again bool, err error) {
	b.now = b.opt.Now().UTC().Truncate(time.Millisecond)
	db := b.db.Load()
	if err := b.catchUp(ctx, db); err != nil {
		return false, fmt.Errorf("record %s: %w", batch[0].kind, err)
	}
	again = true
	var (
		accepted []*recording
		drafts   []ledger.Draft
		written  []ledger.Event
	)
	before := b.ledger.Head()
	lasting := context.WithoutCancel(ctx) // what is in the ledger is also committed
	err = db.Update(lasting, func(tx *warehouse.Tx) error {
		if err := b.ahead(ctx, tx, before.Seq, batch); err != nil {
			return err
		}
		head := before
		for _, r := range batch {
			executed, draft := tx.Executed(), ledger.Draft{Kind: r.kind, Actor: r.actor, Data: r.raw}
			trial, next, err := ledger.Follow(head, b.now, draft)
			if err == nil {
				err = r.ctx.Err()
			}
			if err == nil {
				err = b.apply(ctx, tx, trial, r.prepared)
			}
			switch {
			case err == nil:
				accepted, drafts, head = append(accepted, r), append(drafts, draft), next
			case len(batch) == 1 || tx.Executed() > executed || tx.Failed():
				return err
			default:
				r.settled, r.err = true, err
			}
		}
		if err := ctx.Err(); err != nil || len(drafts) == 0 {
			return err
		}
		again = false // from here on the ledger may have them
		var err error
		if written, err = b.ledger.AppendAll(drafts); err != nil {
			return err
		}
		if b.ledger.Head() != head {
			return fmt.Errorf("the ledger's head is event %d (%s) where %d (%s) was due", b.ledger.Head().Seq, b.ledger.Head().Hash, head.Seq, head.Hash)
		}
		return b.note(lasting, tx, before.Seq, head)
	})
	for i, ev := range written {
		r := accepted[i]
		if r.settled, r.event = true, ev; err != nil {
			r.err = &PendingError{Seq: ev.Seq, Err: err}
			continue
		}
		b.seq.Store(ev.Seq)
		b.opt.Recorded(ev)
	}
	if again = again && err != nil; again {
		for _, r := range batch { // what was refused on a state that is taken back is asked anew
			r.settled, r.err = false, nil
		}
	}
	return again, err
}
