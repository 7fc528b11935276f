package metrics

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// ResolutionState is what became of a resolution.
type ResolutionState string

// The states, the most pressing first.
const (
	Overdue    ResolutionState = "overdue"    // not done, and its day has passed
	Unassigned ResolutionState = "unassigned" // nobody is named to do it
	Pending    ResolutionState = "pending"    // under way, its day has not passed
	DoneLate   ResolutionState = "done_late"
	DoneInTime ResolutionState = "done"
	Abandoned  ResolutionState = "cancelled"
)

var resolutionStates = []ResolutionState{Overdue, Unassigned, Pending, DoneLate, DoneInTime, Abandoned}

// Resolution is one of a strategy meeting, and what became of it.
type Resolution struct {
	Meeting    string // title of the meeting
	Held       time.Time
	Text       string
	Decided    time.Time
	Department Department // ID "": none is named, and the assignee has none
	Assignee   Person     // No "": nobody is named
	Assigned   time.Time  // the day on which he was named; zero: not told
	Due, Done  time.Time  // zero: none
	State      ResolutionState
}

// Settled reports whether nothing is left to be done.
func (r *Resolution) Settled() bool {
	return r.State == DoneLate || r.State == DoneInTime || r.State == Abandoned
}

// FollowUp is the last strategy meeting before a day, what it resolved, and what earlier ones left open.
type FollowUp struct {
	Day     time.Time // the state is that of this day
	Title   string    // of the last meeting; "": there was none
	Held    time.Time
	Last    []Resolution // by state, the most pressing first, then by due day and text
	Earlier []Resolution // of meetings before, only those not settled; in the same order
}

// FollowResolutions tells what became of the resolutions of the last strategy meeting held by the day of asking. It is nil when the policy does
// not say where resolutions are.
func FollowResolutions(ctx context.Context, b *books.Books, q Question) (*FollowUp, error) {
	pack := q.Version.Policy.Pack
	if pack == nil || pack.Resolutions == nil {
		return nil, nil
	}
	staff, err := NewStaff(ctx, b, q)
	if err != nil {
		return nil, err
	}
	f := &FollowUp{Day: day(q.Now)}
	var all []Resolution
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		all, err = f.read(ctx, tx, staff, pack)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("resolutions of %s: %w", q.Period, err)
	}
	for _, r := range all {
		switch {
		case r.Held.Equal(f.Held) && r.Meeting == f.Title:
			f.Last = append(f.Last, r)
		case !r.Settled():
			f.Earlier = append(f.Earlier, r)
		}
	}
	slices.SortStableFunc(f.Last, byPressure)
	slices.SortStableFunc(f.Earlier, byPressure)
	return f, nil
}

// read finds the last meeting and gives the resolutions of all meetings.
func (f *FollowUp) read(ctx context.Context, tx *warehouse.Tx, staff *Staff, pack *policy.Pack) (list []Resolution, err error) {
	args := warehouse.Args{"as_of": staff.Basis.LedgerSeq, "until": f.Day}
	err = tx.Each(ctx, warehouse.SQL("strategy meetings", meetingsSQL(pack.Meetings)), args, func(scan func(...any) error) error {
		return scan(&f.Title, &f.Held)
	})
	if err != nil {
		return nil, err
	}
	err = tx.Each(ctx, warehouse.SQL("resolutions", resolutionsSQL(pack)), args, func(scan func(...any) error) error {
		var r Resolution
		var department, assignee string
		var assigned, due, done *time.Time
		var cancelled bool
		if err := scan(&r.Meeting, &r.Held, &r.Text, &r.Decided, &department, &assignee, &assigned, &due, &done, &cancelled); err != nil {
			return err
		}
		if assigned != nil {
			r.Assigned = *assigned
		}
		if due != nil {
			r.Due = *due
		}
		if done != nil && !done.After(f.Day) {
			r.Done = *done
		}
		if r.Assignee, _ = staff.Person(assignee); r.Assignee.No == "" {
			r.Assignee.No = assignee
		}
		if department == "" && assignee != "" {
			department = staff.DepartmentOn(assignee, r.Decided)
		}
		r.Department, _ = staff.Department(department)
		r.State = became(&r, cancelled, f.Day)
		list = append(list, r)
		return nil
	})
	return list, err
}

// became says in which state a resolution is on a day.
func became(r *Resolution, cancelled bool, day time.Time) ResolutionState {
	switch {
	case cancelled:
		return Abandoned
	case !r.Done.IsZero() && !r.Due.IsZero() && r.Done.After(r.Due):
		return DoneLate
	case !r.Done.IsZero():
		return DoneInTime
	case !r.Due.IsZero() && r.Due.Before(day):
		return Overdue
	case r.Assignee.No == "":
		return Unassigned
	}
	return Pending
}

func byPressure(a, b Resolution) int {
	if d := slices.Index(resolutionStates, a.State) - slices.Index(resolutionStates, b.State); d != 0 {
		return d
	}
	if d := a.Due.Compare(b.Due); d != 0 {
		return d
	}
	return strings.Compare(a.Text, b.Text)
}

// meetingsSQL yields title and day of the strategy meetings held by $until, as known at $as_of; the last one comes last.
func meetingsSQL(m *policy.PackMeetings) string {
	where := "TRUE"
	if m.Where != nil {
		where = m.Where.SQL
	}
	held := asDate(m.Dataset, m.Day)
	return fmt.Sprintf("SELECT CAST(%s AS VARCHAR), %s\nFROM %s\nWHERE _seq <= $as_of AND _until > $as_of AND %s <= CAST($until AS DATE) AND (%s)\nORDER BY %s, %s",
		warehouse.Ident(m.Title), held, m.Dataset.Table(), held, where, warehouse.Ident(m.Day), warehouse.Ident(m.Dataset.Key[0]))
}

// resolutionsSQL yields what was resolved at the same meetings, by day. Due and done are NULL where there is none.
func resolutionsSQL(p *policy.Pack) string {
	m, r := p.Meetings, p.Resolutions
	column := func(id string) string { return "r." + warehouse.Ident(id) }
	text := func(id string) string {
		if id == "" {
			return "''"
		}
		return "coalesce(CAST(" + column(id) + " AS VARCHAR), '')"
	}
	date := func(id string) string { return "CAST(" + column(id) + " AS DATE)" }
	cancelled, where := "FALSE", "TRUE"
	if r.Cancelled != nil {
		cancelled = "coalesce(" + r.Cancelled.SQL + ", FALSE)"
	}
	if m.Where != nil {
		where = m.Where.SQL
	}
	return fmt.Sprintf(`WITH held AS (SELECT %s AS _meeting, CAST(%s AS VARCHAR) AS _title, %s AS _held FROM %s WHERE _seq <= $as_of AND _until > $as_of AND %s <= CAST($until AS DATE) AND (%s)),
judged AS (SELECT *, %s AS _cancelled FROM %s WHERE _seq <= $as_of AND _until > $as_of AND CAST(%s AS DATE) <= CAST($until AS DATE))
SELECT _title, _held, %s, %s, %s, %s, %s, %s, %s, _cancelled
FROM judged r JOIN held ON held._meeting = %s
ORDER BY _held, r._seq, r._row`,
		warehouse.Ident(m.Dataset.Key[0]), warehouse.Ident(m.Title), asDate(m.Dataset, m.Day), m.Dataset.Table(), asDate(m.Dataset, m.Day), where,
		cancelled, r.Dataset.Table(), warehouse.Ident(r.Decided),
		text(r.Text), date(r.Decided), text(r.Department), text(r.Assignee), date(r.Assigned), date(r.Due), date(r.Done),
		column(r.Meeting))
}

// asDate is a column as a date.
func asDate(d *policy.Dataset, id string) string {
	if d.Column(id).Type == policy.TypeDatetime {
		return "CAST(" + warehouse.Ident(id) + " AS DATE)"
	}
	return warehouse.Ident(id)
}
