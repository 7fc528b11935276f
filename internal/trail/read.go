package trail

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Filter says which entries are wanted. What is empty asks nothing.
type Filter struct {
	From, To       time.Time // half-open
	Actor, Subject string
	Action         string // one that ends in "." stands for all that begin with it
	Limit          int    // 1 to 1000; 0: 100
	Before         int64  // only entries with a lower number: the cursor that Read gave; 0: from the newest on
}

// admits tells whether an entry is wanted.
func (f Filter) admits(e *Entry) bool {
	switch {
	case f.Before > 0 && e.Number >= f.Before, !f.From.IsZero() && e.At.Before(f.From), !f.To.IsZero() && !e.At.Before(f.To):
		return false
	case f.Actor != "" && e.Actor != f.Actor, f.Subject != "" && e.Subject != f.Subject:
		return false
	}
	return f.Action == "" || e.Action == f.Action || strings.HasSuffix(f.Action, ".") && strings.HasPrefix(e.Action, f.Action)
}

// Read gives the entries that f wants, the newest first, and the cursor for Filter.Before with which the next ones are read; 0 when there are none.
func (t *Trail) Read(ctx context.Context, f Filter) (entries []Entry, next int64, err error) {
	if f.Limit <= 0 {
		f.Limit = 100
	}
	f.Limit = min(f.Limit, 1000)
	f.Actor, f.Subject, f.Action = Escape(f.Actor, longField), Escape(f.Subject, longField), Escape(f.Action, longField)
	t.mu.RLock()
	recent := t.recent
	t.mu.RUnlock()
	found := f.newestOf(recent, nil)
	if len(found) <= f.Limit && len(recent) > 0 && recent[0].Number > 1 {
		if f.Before <= 0 || f.Before > recent[0].Number {
			f.Before = recent[0].Number
		}
		if found, err = t.older(ctx, f, found); err != nil {
			return nil, 0, fmt.Errorf("read the trail: %w", err)
		}
	}
	if len(found) > f.Limit {
		found = found[:f.Limit]
		next = found[f.Limit-1].Number
	}
	return found, next, nil
}

// newestOf adds the wanted entries of a list, the last one first, until there is one more than the limit.
func (f Filter) newestOf(list, found []Entry) []Entry {
	for i := len(list) - 1; i >= 0 && len(found) <= f.Limit; i-- {
		if f.admits(&list[i]) {
			found = append(found, list[i])
		}
	}
	return found
}

// block is a run of events that is read as one.
type block struct {
	after, until int64 // sequences: of the event before the first one, and of the last one
	first        int64 // number of its first entry
	entries      int
	from, to     time.Time // of the earliest and the latest entry
}

// blockEntries is when a block is full.
const blockEntries = 5_000

// older adds wanted entries from disk, block by block, the last one first.
func (t *Trail) older(ctx context.Context, f Filter, found []Entry) ([]Entry, error) {
	blocks, err := t.index(ctx, f.Before)
	if err != nil {
		return nil, err
	}
	for _, b := range slices.Backward(blocks) {
		if len(found) > f.Limit {
			break
		}
		if b.first >= f.Before || !f.From.IsZero() && b.to.Before(f.From) || !f.To.IsZero() && !b.from.Before(f.To) {
			continue
		}
		entries, err := t.read(ctx, b)
		if err != nil {
			return nil, err
		}
		found = f.newestOf(entries, found)
	}
	return found, nil
}

// read gives the entries of a block.
func (t *Trail) read(ctx context.Context, b block) ([]Entry, error) {
	list := make([]Entry, 0, b.entries)
	for ev, err := range t.ledger.Events(b.after) {
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if ev.Seq > b.until {
			break
		}
		entries, err := entriesOf(ev)
		if err != nil {
			return nil, err
		}
		list = append(list, entries...)
	}
	return list, nil
}

// index gives blocks that hold every entry before the number. It reads what no block holds yet: the whole journal the first time somebody looks that far back.
func (t *Trail) index(ctx context.Context, before int64) ([]block, error) {
	t.indexing.Lock()
	defer t.indexing.Unlock()
	last := block{first: 1}
	if n := len(t.blocks); n > 0 {
		last = t.blocks[n-1]
	}
	if last.first+int64(last.entries) >= before {
		return slices.Clone(t.blocks), nil
	}
	for ev, err := range t.ledger.Events(last.until) {
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		entries, err := entriesOf(ev)
		if err != nil {
			return nil, err
		}
		t.extend(ev.Seq, entries)
	}
	return slices.Clone(t.blocks), nil
}

// extend puts an event into the last block, or begins another one.
func (t *Trail) extend(seq int64, entries []Entry) {
	n := len(t.blocks)
	if n == 0 || t.blocks[n-1].entries >= blockEntries {
		t.blocks = append(t.blocks, block{after: seq - 1, first: entries[0].Number, from: entries[0].At, to: entries[0].At})
		n++
	}
	b := &t.blocks[n-1]
	b.until, b.entries = seq, b.entries+len(entries)
	for _, e := range entries {
		if e.At.Before(b.from) {
			b.from = e.At
		}
		if e.At.After(b.to) {
			b.to = e.At
		}
	}
}
