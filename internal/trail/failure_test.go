package trail

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"plumbline/internal/ledger"
)

// When a batch cannot be written, everybody in it is told, and nobody after gets through.
func TestFailureReachesEveryWaiter(t *testing.T) {
	l, err := Open(t.TempDir(), Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	l.turn <- struct{}{} // the batch before takes long
	var refused atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := l.Write(t.Context(), Entry{Action: "review.read"}); errors.Is(err, ledger.ErrClosed) {
				refused.Add(1)
			}
		})
	}
	for joined := 0; joined < 50; {
		l.mu.RLock()
		joined = len(l.open.entries)
		l.mu.RUnlock()
	}
	if err := l.ledger.Close(); err != nil { // as a disk that is gone
		t.Fatal(err)
	}
	<-l.turn
	all.Wait()
	if refused.Load() != 50 {
		t.Errorf("%d of 50 were told", refused.Load())
	}
	if entries, _, err := l.Read(t.Context(), Filter{}); err != nil || len(entries) != 0 {
		t.Errorf("read back: %v, %v", entries, err)
	}
	if err := l.Write(t.Context(), Entry{Action: "review.read"}); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("the next one: %v", err)
	}
}
