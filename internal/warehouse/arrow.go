package warehouse

import (
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// recordReader is the reader that callers hold. It ends with its transaction, so that a reader kept too long gives an
// error instead of touching a connection that someone else uses.
type recordReader struct {
	mu         sync.Mutex
	inner      array.RecordReader
	tx         *Tx
	references int
	closed     bool
	err        error
}

func (r *recordReader) Schema() *arrow.Schema { return r.inner.Schema() }

func (r *recordReader) Retain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.references++
}

func (r *recordReader) Release() {
	r.mu.Lock()
	r.references--
	last := r.references == 0
	r.mu.Unlock()
	if last {
		r.close(nil)
	}
}

// close frees the records; cause is what Err tells from now on.
func (r *recordReader) close(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.closed = true
	if r.err = r.inner.Err(); r.err == nil {
		r.err = cause
	}
	r.inner.Release()
	r.tx.readers = slices.DeleteFunc(r.tx.readers, func(other *recordReader) bool { return other == r })
}

func (r *recordReader) Next() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.closed && r.inner.Next()
}

func (r *recordReader) RecordBatch() arrow.RecordBatch {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	return r.inner.RecordBatch()
}

// Record is RecordBatch under its old name, which the interface still asks for.
func (r *recordReader) Record() arrow.RecordBatch { return r.RecordBatch() }

func (r *recordReader) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return r.err
	}
	return r.inner.Err()
}
