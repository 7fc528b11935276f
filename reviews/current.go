package reviews

import (
	"context"
	"strings"
	"sync"

	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
)

// Current keeps the rounds that pages show, each as of the last event: what came since is read and applied, nothing is folded twice.
type Current struct {
	books *books.Books
	mu    sync.Mutex
	kept  map[period.Period]*standing
}

// standing is a round with the sequence up to which it has been folded.
type standing struct {
	sync.RWMutex
	round *Round
	seq   int64
}

// NewCurrent keeps rounds of the books.
func NewCurrent(b *books.Books) *Current {
	return &Current{books: b, kept: map[period.Period]*standing{}}
}

// Read lets look read the round of a period as it stands now. The round belongs to look only until it returns, and must not be changed.
func (c *Current) Read(ctx context.Context, of period.Period, look func(r *Round, seq int64) error) error {
	k := c.of(of)
	for {
		k.RLock()
		if k.round != nil && k.seq >= c.books.Seq() {
			defer k.RUnlock()
			return look(k.round, k.seq)
		}
		k.RUnlock()
		if err := c.refresh(ctx, of, k); err != nil {
			return err
		}
	}
}

func (c *Current) of(of period.Period) *standing {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.kept[of]
	if k == nil {
		k = &standing{}
		c.kept[of] = k
	}
	return k
}

// refresh applies what came since. A round that cannot be continued is folded from its beginning the next time.
func (c *Current) refresh(ctx context.Context, of period.Period, k *standing) error {
	k.Lock()
	defer k.Unlock()
	if k.round != nil && k.seq >= c.books.Seq() {
		return nil
	}
	r, after := k.round, k.seq
	if r == nil {
		r, after = newRound(of), 0
	}
	k.round = nil
	return c.books.View(ctx, func(tx *warehouse.Tx) error {
		seq, err := c.books.Applied(ctx, tx)
		if err != nil {
			return err
		}
		list, err := entries(ctx, tx, statements.Get("events_after"), warehouse.Args{"period": nameOf(of), "after": after})
		if err == nil {
			err = applyAll(r, list)
		}
		if err == nil {
			k.round, k.seq = r, seq
		}
		return err
	})
}

// Quiet reports whether an event of a kind leaves figures and published scores as they are. What superiors write counts only once it is published; every
// event of another room may change figures.
func Quiet(kind string) bool {
	if _, ours := kinds[kind]; !ours {
		return false
	}
	return kind != "quarter.published" && kind != "quarter.sealed" && !strings.HasPrefix(kind, "appeal.")
}
