package reviews

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/ledger"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
)

// Change is an event after the seal that would give other results.
type Change struct {
	Event    ledger.Event
	Rows     int           // of the results that become others
	Scores   []ScoreChange // by employee number
	Approved *Adjustment   // nil: waits for approval
}

// ScoreChange is a person's score before and after an event; nil where there is none.
type ScoreChange struct {
	Employee      string
	Before, After *SealedScore
}

// Adjustments finds the events after the seal of a quarter that would give other results, in order, and gives the quarter's round. The sealed
// results stand all the same. A quarter that is not sealed is refused.
func Adjustments(ctx context.Context, b *books.Books, of period.Period, zone *time.Location) ([]Change, *Round, error) {
	r, err := Read(ctx, b, of, AsKnownNow)
	if err != nil {
		return nil, nil, err
	}
	if err := r.standing(); err != nil {
		return nil, nil, err
	}
	v, err := policy.InForce(ctx, b.Warehouse(), r.Sealed.AsOf, of.LastDay())
	if err != nil {
		return nil, nil, err
	}
	f := &finder{books: b, question: r.Sealed.Standing(of, v, zone), results: map[int64][]byte{}}
	if err := f.events(ctx, r.Sealed.AsOf); err != nil {
		return nil, nil, err
	}
	if err := f.between(ctx, r.Sealed.AsOf, f.list); err != nil {
		return nil, nil, err
	}
	for i := range f.found {
		for j := range r.Approved {
			if r.Approved[j].Seq >= f.found[i].Event.Seq {
				f.found[i].Approved = &r.Approved[j]
				break
			}
		}
	}
	return f.found, r, nil
}

// finder halves the events after a seal until it knows those that change the results.
type finder struct {
	books    *books.Books
	question metrics.Question
	list     []ledger.Event // that take files in or back, or decide appeals
	results  map[int64][]byte
	found    []Change
}

// events lists what may change facts.
func (f *finder) events(ctx context.Context, after int64) error {
	handlers := ingest.Handlers()
	for e, err := range f.books.Ledger().Events(after) {
		if err != nil {
			return err
		}
		if _, file := handlers[e.Kind]; file || strings.HasPrefix(e.Kind, "appeal.") { // their KPIs are among the results
			f.list = append(f.list, e)
		}
	}
	return ctx.Err()
}

// at gives the results as known at a ledger sequence.
func (f *finder) at(ctx context.Context, seq int64) ([]byte, error) {
	if r, ok := f.results[seq]; ok {
		return r, nil
	}
	q := f.question
	q.AsOf, q.Proof = seq, true
	r, err := metrics.New(ctx, f.books, q)
	if err != nil {
		return nil, err
	}
	f.results[seq] = Results(r)
	return f.results[seq], nil
}

// between looks for changes among events, of which before is the state they follow.
func (f *finder) between(ctx context.Context, before int64, list []ledger.Event) error {
	if len(list) == 0 {
		return nil
	}
	last := list[len(list)-1].Seq
	was, err := f.at(ctx, before)
	if err != nil {
		return err
	}
	now, err := f.at(ctx, last)
	if err != nil || string(was) == string(now) && len(list) == 1 {
		return err
	}
	if len(list) == 1 {
		c, err := changeOf(list[0], was, now)
		f.found = append(f.found, c)
		return err
	}
	if string(was) == string(now) { // nothing, or changes that were taken back again
		return nil
	}
	half := len(list) / 2
	if err := f.between(ctx, before, list[:half]); err != nil {
		return err
	}
	return f.between(ctx, list[half-1].Seq, list[half:])
}

// changeOf tells what an event changes.
func changeOf(e ledger.Event, was, now []byte) (Change, error) {
	c := Change{Event: e}
	rows := map[string]int{}
	for i, text := range [][]byte{was, now} {
		for line := range strings.Lines(string(text)) {
			rows[line] += 1 - 2*i
		}
	}
	gone, come := 0, 0
	for _, n := range rows {
		gone, come = gone+max(n, 0), come+max(-n, 0)
	}
	c.Rows = max(gone, come)
	before, err := SealedScores(was)
	if err != nil {
		return c, err
	}
	after, err := SealedScores(now)
	if err != nil {
		return c, err
	}
	c.Scores = scoreChanges(before, after)
	return c, nil
}

func scoreChanges(before, after []SealedScore) (list []ScoreChange) {
	byNo := map[string]*ScoreChange{}
	for i := range before {
		byNo[before[i].Employee] = &ScoreChange{before[i].Employee, &before[i], nil}
	}
	for i := range after {
		c := byNo[after[i].Employee]
		if c == nil {
			c = &ScoreChange{Employee: after[i].Employee}
			byNo[c.Employee] = c
		}
		c.After = &after[i]
	}
	for _, c := range byNo {
		if c.Before == nil || c.After == nil || c.Before.Band != c.After.Band || !same(c.Before.Total, c.After.Total) {
			list = append(list, *c)
		}
	}
	slices.SortFunc(list, func(a, b ScoreChange) int { return strings.Compare(a.Employee, b.Employee) })
	return list
}

func same(a, b *fixed.Num) bool { return a == b || a != nil && b != nil && *a == *b }

// Approve approves the changes of a sealed quarter up to a ledger sequence: they count for compensation.
func (d *Desk) Approve(ctx context.Context, of period.Period, seq int64, reason string) error {
	found, _, err := Adjustments(ctx, d.Books, of, d.Zone)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(found, func(c Change) bool { return c.Event.Seq == seq }) {
		return refuse("adjustment.none", say("账序 %d 没有改变 %s 的结果", "the ledger sequence %d does not change the results of %s", seq, of.String()), say("用 plumbline quarter adjustments 查看", "plumbline quarter adjustments shows those that do"))
	}
	return d.do(ctx, "adjustment.approved", &adjustmentApproved{on{of.String()}, seq, reason}, func(s *scene) error {
		for _, c := range found {
			brought, err := s.isActor(ctx, c.Event.Actor)
			if err != nil {
				return err
			}
			if brought && c.Approved == nil && c.Event.Seq <= seq {
				return refuse("adjustment.own", say("账序 %d 是 %s 自己经手的，不能由本人批准", "the ledger sequence %d was brought by %s, who cannot approve it", c.Event.Seq, s.mark.Actor), say("请总经理或另一位人力资源人员批准", "let the CEO or somebody else of human resources approve it"))
			}
			for _, x := range c.Scores {
				if x.Employee == s.mark.Actor && c.Event.Seq <= seq {
					return s.notSelf(x.Employee)
				}
			}
		}
		return s.official(policy.CEO, policy.HR)
	})
}

// isActor reports whether a name in the ledger is the actor's: the number, or a login that the books know as his.
func (s *scene) isActor(ctx context.Context, name string) (bool, error) {
	for _, id := range []string{policy.Employees, policy.Accounts} {
		d := s.desk.Version.Policy.Dataset(id)
		if name == s.mark.Actor {
			return true, nil
		}
		if d == nil || d.Column("login") == nil || d.Column("employee_no") == nil {
			continue
		}
		text := fmt.Sprintf("SELECT count(*) FROM %s WHERE lower(login) = lower($name) AND employee_no = $actor AND _until = %d", d.Table(), policy.Current)
		n, err := warehouse.One[int64](ctx, s.tx, warehouse.SQL("login in "+id, text), warehouse.Args{"name": name, "actor": s.mark.Actor})
		if err != nil || n > 0 {
			return n > 0, err
		}
	}
	return false, nil
}
