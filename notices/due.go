package notices

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// Question says what notices are asked for.
type Question struct {
	Version policy.Version // the policy in force today
	Zone    *time.Location // of the company
	Ahead   int            // workdays before the day of a term from which people are reminded of it; 0: 2
	From    time.Time      // what holds since before is left out, as when notices begin in a company with a past; zero: nothing is
}

// defaultAhead is how many workdays before a term people are reminded unless the question says otherwise.
const defaultAhead = 2

// Due lists what people are to be told at a moment, by kind and key. A notice is about something that can still be done: it is gone once that is
// done, or cannot be done any more.
func Due(ctx context.Context, b *books.Books, q Question, now time.Time) ([]Notice, error) {
	l := &look{books: b, q: q, now: now.UTC(), cards: map[period.Period]*policy.Policy{}}
	l.day = l.dayOf(now)
	if l.q.Ahead <= 0 {
		l.q.Ahead = defaultAhead
	}
	if err := l.policies(ctx); err != nil {
		return nil, fmt.Errorf("work out what is due: %w", err)
	}
	err := b.View(ctx, func(tx *warehouse.Tx) error {
		l.tx = tx
		return l.all(ctx)
	})
	if err != nil {
		return nil, fmt.Errorf("work out what is due: %w", err)
	}
	list := slices.DeleteFunc(l.list, func(n Notice) bool { return n.Since.After(l.now) || n.Since.Before(q.From) })
	slices.SortFunc(list, func(a, b Notice) int {
		if d := a.Kind.rank() - b.Kind.rank(); d != 0 {
			return d
		}
		return strings.Compare(a.Key, b.Key)
	})
	return list, nil
}

// look is one state of the books with what was found in it.
type look struct {
	books  *books.Books
	q      Question
	now    time.Time
	day    time.Time // of the company, as midnight UTC
	tx     *warehouse.Tx
	staff  *metrics.Staff
	cards  map[period.Period]*policy.Policy // by quarter and month: by whose scorecards it is judged
	rounds map[period.Period]*reviews.Round
	list   []Notice
}

// policies finds the policy of every period with decisions. It asks in transactions of its own, before the one that all else is read in.
func (l *look) policies(ctx context.Context) error {
	var periods []period.Period
	err := l.books.View(ctx, func(tx *warehouse.Tx) (err error) {
		periods, err = reviews.Periods(ctx, tx, reviews.AsKnownNow)
		return err
	})
	for _, p := range periods {
		if err != nil {
			return err
		}
		var v policy.Version
		v, err = policy.InForce(ctx, l.books.Warehouse(), reviews.AsKnownNow, p.LastDay())
		l.cards[p] = v.Policy
	}
	return err
}

// all collects the notices of every round and of records.
func (l *look) all(ctx context.Context) (err error) {
	if l.staff, err = metrics.ReadStaff(ctx, l.tx, l.q.Version.Policy, reviews.AsKnownNow, l.day); err != nil {
		return err
	}
	if err := l.read(ctx); err != nil {
		return err
	}
	for of, r := range l.rounds {
		if of.Kind() == period.Month {
			l.selfReviews(r)
			continue
		}
		l.evaluations(r)
		l.published(r)
		l.appeals(r)
		if err := l.rewards(r); err != nil {
			return err
		}
	}
	return l.records(ctx)
}

// read reads the quarters, and the months of those that are not published: nobody needs the others.
func (l *look) read(ctx context.Context) error {
	l.rounds = map[period.Period]*reviews.Round{}
	for of := range l.cards {
		if of.Kind() != period.Quarter {
			continue
		}
		r, err := reviews.Load(ctx, l.tx, of, reviews.AsKnownNow)
		if err != nil {
			return err
		}
		l.rounds[of] = r
	}
	for of := range l.cards {
		if of.Kind() != period.Month {
			continue
		}
		if q, ok := reviews.QuarterOf(of); ok && l.rounds[q] != nil && l.rounds[q].Published != nil {
			continue
		}
		r, err := reviews.Load(ctx, l.tx, of, reviews.AsKnownNow)
		if err != nil {
			return err
		}
		l.rounds[of] = r
	}
	return nil
}

// add notes what one person is to be told. Nobody is told anything who is not employed.
func (l *look) add(k Kind, of, to string, since time.Time, link string, title policy.Text, body []policy.Text, parts ...string) {
	if !l.staff.Employed(to, l.day) {
		return
	}
	l.list = append(l.list, Notice{Key: key(k, parts...), Kind: k, Of: of, Urgent: k.Urgent(), To: []string{to}, Title: title, Body: body, Link: link, Since: since.UTC()})
}

// dayOf gives the day of a moment in the company's zone, as midnight UTC.
func (l *look) dayOf(t time.Time) time.Time {
	y, m, d := t.In(l.q.Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// startOf gives the first moment of a day in the company's zone.
func (l *look) startOf(day time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, l.q.Zone)
}

// reminder gives the moment from which people are reminded of a term: the beginning of the day so many workdays before its day.
func (l *look) reminder(term time.Time) time.Time {
	day := l.dayOf(term)
	for n := l.q.Ahead; n > 0; {
		if day = day.AddDate(0, 0, -1); l.q.Version.Policy.Calendar.IsWorkday(day) {
			n--
		}
	}
	return l.startOf(day)
}

// clock writes a moment by the company's wall.
func (l *look) clock(t time.Time) string { return t.In(l.q.Zone).Format("2006-01-02 15:04") }

// later gives the later of two moments.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// holders lists who holds an office today.
func (l *look) holders(o policy.Office) []string {
	return l.staff.Holders(l.q.Version.Policy.Offices[o], l.day)
}

// deputies lists who acts for somebody today.
func (l *look) deputies(r *reviews.Round, superior string) (list []string) {
	for _, x := range r.Deputies {
		if x.Superior == superior && x.Revoked == nil && !l.day.Before(x.From) && !l.day.After(x.To) && l.staff.Employed(x.Deputy, l.day) && !slices.Contains(list, x.Deputy) {
			list = append(list, x.Deputy)
		}
	}
	return list
}

// judged lists who was where in a round's period and is judged there by a scorecard.
func (l *look) judged(r *reviews.Round) (list []metrics.Placed) {
	for _, x := range l.staff.Placed(r.Period) {
		if d, ok := l.staff.Department(x.Department); ok && l.cards[r.Period].ScorecardFor(d.Kind) != nil {
			list = append(list, x)
		}
	}
	return list
}

// employees lists the people of places who are employed today, each once, by number.
func (l *look) employees(places []metrics.Placed) (list []string) {
	for _, x := range places {
		if l.staff.Employed(x.Employee, l.day) {
			list = append(list, x.Employee)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// person names somebody by number and name.
func (l *look) person(no string) policy.Text {
	p, _ := l.staff.Person(no)
	return policy.Text{ZH: strings.TrimSpace(plain(no) + " " + plain(p.Name.ZH)), EN: strings.TrimSpace(plain(no) + " " + plain(p.Name.EN))}
}
