package company

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"plumbline/ingest"
	"plumbline/internal/backup"
	"plumbline/internal/books"
	"plumbline/internal/ledger"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/notices"
	"plumbline/policy"
	"plumbline/reviews"
)

// Always is the ledger sequence of "as known now".
const Always = reviews.AsKnownNow

// Company is a company with open books.
type Company struct {
	Books *books.Books
	now   func() time.Time
	moved *atomic.Int64

	mu    sync.Mutex
	ruled map[period.Period]ruling // for desks
}

// ruling is the policy by which is decided about a period, and how far the books had moved when it was read.
type ruling struct {
	moved   int64
	version policy.Version
}

// Options say how a company is opened.
type Options struct {
	Now      func() time.Time // the clock
	Memory   string           // that the database may use, such as "1GiB"
	Notice   func(string)     // told of repairs and rebuilds; nil: dropped
	Replayed func(done, total int64)
	Coming   int64 // bytes that will be taken in: see books.Options
}

// ErrNone says that a directory holds no company yet.
var ErrNone = errors.New("no data directory")

// Open opens the books in dir. A directory without any is ErrNone.
func Open(ctx context.Context, dir string, opt Options) (*Company, error) {
	if _, err := os.Stat(filepath.Join(dir, "journal")); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", dir, ErrNone)
	}
	return Make(ctx, dir, opt)
}

// Make opens the books in dir, and makes them where there are none.
func Make(ctx context.Context, dir string, opt Options) (*Company, error) {
	handlers := ingest.Handlers()
	maps.Copy(handlers, reviews.Handlers())
	maps.Copy(handlers, notices.Handlers())
	handlers[backup.Restored] = changesNothing
	moved := &atomic.Int64{}
	b, err := books.Open(ctx, dir, books.Options{
		Recorded: func(e ledger.Event) {
			if !reviews.Quiet(e.Kind) && !strings.HasPrefix(e.Kind, "notice.") {
				moved.Store(e.Seq)
			}
		},
		Now: opt.Now, Notice: opt.Notice, Replayed: opt.Replayed, Coming: opt.Coming, Handlers: handlers,
		Schema:    slices.Concat(policy.Tables(), ingest.Tables(), reviews.Tables(), notices.Tables()),
		Warehouse: warehouse.Options{Memory: opt.Memory},
	})
	if err != nil {
		return nil, err
	}
	moved.Store(b.Seq())
	return &Company{Books: b, now: opt.Now, moved: moved, ruled: map[period.Period]ruling{}}, nil
}

// changesNothing applies events that the ledger keeps for people to see.
func changesNothing(context.Context, *warehouse.Tx, books.Entry) error { return nil }

// Of is the company of books that are open already.
func Of(b *books.Books, now func() time.Time) *Company { return &Company{Books: b, now: now} }

// Moved is the ledger sequence of the last event by which figures may have changed, or an earlier state of the books. Self-reviews in the making and
// evaluations that nobody may see yet are none.
func (c *Company) Moved() int64 { return c.moved.Load() }

// Close closes the books.
func (c *Company) Close() error { return c.Books.Close() }

// Now is the time of the clock.
func (c *Company) Now() time.Time { return c.now() }

// Current gives the policy that counts today, in the company's own zone.
func (c *Company) Current(ctx context.Context) (policy.Version, error) {
	v, err := policy.InForce(ctx, c.Books.Warehouse(), Always, c.Books.Today())
	if err != nil || c.Today(v.Policy).Equal(c.Books.Today()) {
		return v, err
	}
	return policy.InForce(ctx, c.Books.Warehouse(), Always, c.Today(v.Policy))
}

// Today is the current date in the company's zone, as midnight UTC.
func (c *Company) Today(p *policy.Policy) time.Time {
	y, m, d := c.Clock(p).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Clock is the current time in the company's zone.
func (c *Company) Clock(p *policy.Policy) time.Time { return c.now().In(Zone(p)) }

// Zone is the company's zone; UTC where the policy names one that is not known here.
func Zone(p *policy.Policy) *time.Location {
	zone, err := time.LoadLocation(p.Company.Timezone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// Question asks for a period: as its seal has it, or else by the policy in force at its end, as known at asOf; 0 is now. A sealed period is asked
// for as it was otherwise only where asOf names a sequence. Evaluations count once they are published.
func (c *Company) Question(ctx context.Context, p period.Period, asOf int64) (metrics.Question, *reviews.Seal, error) {
	if asOf == 0 {
		seal, err := reviews.SealOf(ctx, c.Books, p, Always)
		if err != nil {
			return metrics.Question{}, nil, err
		}
		if seal != nil {
			v, err := policy.InForce(ctx, c.Books.Warehouse(), seal.AsOf, p.LastDay())
			return seal.Standing(p, v, Zone(v.Policy)), seal, err
		}
		asOf = Always
	}
	v, err := policy.InForce(ctx, c.Books.Warehouse(), asOf, p.LastDay())
	if err != nil {
		return metrics.Question{}, nil, err
	}
	return metrics.Question{Period: p, Version: v, AsOf: asOf, Now: c.Clock(v.Policy), Evaluator: reviews.EvaluatePublished}, nil, nil
}

// Judging is Question with all evaluations that are in, published or not: for those who judge.
func (c *Company) Judging(ctx context.Context, p period.Period) (metrics.Question, error) {
	q, _, err := c.Question(ctx, p, 0)
	q.Evaluator = reviews.Evaluate
	return q, err
}

// Desk is where the actor, an employee number, decides about a period: by the policy in force, or the one of the seal.
func (c *Company) Desk(ctx context.Context, p period.Period, actor string) (*reviews.Desk, error) {
	v, err := c.rules(ctx, p)
	if err != nil {
		return nil, err
	}
	return &reviews.Desk{Books: c.Books, Version: v, Actor: actor, Zone: Zone(v.Policy)}, nil
}

// mostRuled is of how many periods the policy is kept; people decide about the last few.
const mostRuled = 64

// rules gives the policy by which is decided about a period. A company that is served keeps it until the books move.
func (c *Company) rules(ctx context.Context, p period.Period) (policy.Version, error) {
	if c.moved == nil {
		return c.readRules(ctx, p)
	}
	moved := c.Moved()
	c.mu.Lock()
	kept, ok := c.ruled[p]
	c.mu.Unlock()
	if ok && kept.moved == moved {
		return kept.version, nil
	}
	v, err := c.readRules(ctx, p)
	if err == nil {
		c.mu.Lock()
		if len(c.ruled) >= mostRuled {
			clear(c.ruled)
		}
		c.ruled[p] = ruling{moved, v}
		c.mu.Unlock()
	}
	return v, err
}

func (c *Company) readRules(ctx context.Context, p period.Period) (policy.Version, error) {
	asOf := Always
	seal, err := reviews.SealOf(ctx, c.Books, p, Always)
	if err != nil {
		return policy.Version{}, err
	}
	if seal != nil {
		asOf = seal.AsOf
	}
	return policy.InForce(ctx, c.Books.Warehouse(), asOf, p.LastDay())
}

// Months reads the rounds of a period's months as known at a ledger sequence.
func (c *Company) Months(ctx context.Context, p period.Period, asOf int64) (list []*reviews.Round, err error) {
	for _, m := range p.Months() {
		r, err := reviews.Read(ctx, c.Books, m, asOf)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

// Judged is a quarter with all that its evaluations need.
type Judged struct {
	Round  *reviews.Round
	Months []*reviews.Round
	Report *metrics.Report // with all evaluations that are in
	Tasks  []reviews.Task
}

// Judged reads a quarter's evaluations.
func (c *Company) Judged(ctx context.Context, p period.Period) (*Judged, error) {
	q, err := c.Judging(ctx, p)
	if err != nil {
		return nil, err
	}
	x := &Judged{}
	if x.Round, err = reviews.Read(ctx, c.Books, q.Period, q.AsOf); err != nil {
		return nil, err
	}
	if x.Months, err = c.Months(ctx, q.Period, Always); err != nil {
		return nil, err
	}
	if x.Report, err = metrics.Judge(ctx, c.Books, q); err != nil {
		return nil, err
	}
	x.Tasks = reviews.Tasks(x.Round, x.Months, x.Report)
	return x, nil
}

// DecidedBy is the ledger sequence up to which decisions belong to a report. Rewards and adjustments follow a seal, so that a sealed report has
// them as they are now; of any other, what came later is no part of the state that is shown.
func DecidedBy(r *metrics.Report) int64 {
	if r.Seal != "" {
		return Always
	}
	return r.LedgerSeq
}
