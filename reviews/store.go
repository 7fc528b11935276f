package reviews

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

//go:embed sql/*.sql
var files embed.FS

var statements = warehouse.MustLoad(must(fs.Sub(files, "sql")))

func must(f fs.FS, err error) fs.FS {
	if err != nil {
		panic(err)
	}
	return f
}

// Tables lists the statements that make the tables of this room in a new warehouse.
func Tables() []warehouse.Statement {
	return []warehouse.Statement{statements.Get("create_schema"), statements.Get("create_events")}
}

// Handlers gives what applies each kind of event of this room, and the adoption of a policy: a dataset of appeals that comes with it is
// filled with what was decided before.
func Handlers() map[string]books.Handler {
	m := map[string]books.Handler{policy.Adopted: adopted}
	for kind := range kinds {
		m[kind] = handle
	}
	return m
}

// Mark is when and by whom something was done.
type Mark struct {
	Seq   int64
	At    time.Time // UTC
	Actor string
}

// guard checks what a command may do before its event is recorded, in the transaction that records it.
type guard func(ctx context.Context, tx *warehouse.Tx, r *Round, m Mark) error

// quick is a guard that takes little time, of an event that many people cause at once.
type quick struct {
	guard
	ahead *ahead
}

// ahead is what was read for all events that share a transaction.
type ahead struct {
	of      period.Period
	all     []entry            // about whole rounds
	each    map[string][]entry // by subject
	touched map[string]bool    // an event of this transaction was about the subject
}

// Ahead reads for events that share a transaction what their guards need, at once. Where they are of different periods each reads for itself.
func (q *quick) Ahead(ctx context.Context, tx *warehouse.Tx, batch []books.Entry) error {
	a := &ahead{each: map[string][]entry{}, touched: map[string]bool{}}
	var subjects []string
	for i, e := range batch {
		ev, err := decode(e.Kind, e.Data)
		if err != nil {
			return err
		}
		of, subject := ev.about()
		if i > 0 && of != a.of || subject == "" || strings.Contains(subject, separator) {
			return nil
		}
		a.of = of
		subjects = append(subjects, subject)
	}
	list, err := entriesOf(ctx, tx, a.of, subjects, batch[0].Seq-1)
	if err != nil {
		return err
	}
	for _, e := range list {
		if e.subject == "" {
			a.all = append(a.all, e)
		} else {
			a.each[e.subject] = append(a.each[e.subject], e)
		}
	}
	for _, e := range batch {
		if q, ok := e.Prepared.(*quick); ok {
			q.ahead = a
		}
	}
	return nil
}

// fold gives the round as it was before an event: of what was read ahead, unless an event of the same transaction has been about the same person.
func (q *quick) fold(ctx context.Context, tx *warehouse.Tx, of period.Period, subject string, seq int64) (*Round, error) {
	a := q.ahead
	if a == nil || a.of != of || a.touched[subject] {
		return fold(ctx, tx, of, subject, seq-1)
	}
	a.touched[subject] = true
	list := slices.Concat(a.all, a.each[subject])
	slices.SortStableFunc(list, func(a, b entry) int { return cmp.Compare(a.Seq, b.Seq) })
	return foldOf(of, list)
}

// handle notes an event. When it is being recorded, it is checked first; a replay trusts the ledger, since the rules may have changed since.
func handle(ctx context.Context, tx *warehouse.Tx, e books.Entry) error {
	ev, err := decode(e.Kind, e.Data)
	if err != nil {
		return err
	}
	of, subject := ev.about()
	if check, r, err := scened(ctx, tx, e, of, subject); err != nil {
		return err
	} else if check != nil {
		m := Mark{e.Seq, e.Time, e.Actor}
		if err := check(ctx, tx, r, m); err != nil {
			return err
		}
		if err := ev.apply(r, m); err != nil {
			return err
		}
	}
	if err := note(ctx, tx, e, ev); err != nil {
		return err
	}
	return follow(ctx, tx, e, ev)
}

// scened gives the guard of an event that is being recorded, and the round that it looks at; of a replayed one there is none.
func scened(ctx context.Context, tx *warehouse.Tx, e books.Entry, of period.Period, subject string) (check guard, r *Round, err error) {
	switch p := e.Prepared.(type) {
	case *quick:
		r, err = p.fold(ctx, tx, of, subject, e.Seq)
		return p.guard, r, err
	case guard:
		r, err = fold(ctx, tx, of, subject, e.Seq-1)
		return p, r, err
	}
	return nil, nil, nil
}

// whole is an event that concerns several employees and is kept as one row for each, so that one of them is read without the others.
type whole interface{ parts() []event }

// note writes an event into the warehouse.
func note(ctx context.Context, tx *warehouse.Tx, e books.Entry, ev event) error {
	if w, ok := ev.(whole); ok {
		for _, part := range w.parts() {
			data, err := json.Marshal(part)
			if err == nil {
				err = insert(ctx, tx, e, part, data)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return insert(ctx, tx, e, ev, e.Data)
}

func insert(ctx context.Context, tx *warehouse.Tx, e books.Entry, ev event, data []byte) error {
	of, subject := ev.about()
	_, err := tx.Exec(ctx, statements.Get("insert_event"), warehouse.Args{"seq": e.Seq, "moment": e.Time, "actor": e.Actor, "kind": e.Kind, "period": nameOf(of),
		"subject": subject, "data": string(data)})
	return err
}

// nameOf writes a period as the table has it.
func nameOf(of period.Period) string {
	if of.IsZero() {
		return ""
	}
	return of.String()
}

// decode reads an event; what it does not know it refuses.
func decode(kind string, data []byte) (event, error) {
	ev := kinds[kind]()
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(ev); err != nil {
		return nil, fmt.Errorf("read the event %s: %w", kind, err)
	}
	return ev, nil
}

// Load reads the round of a period as known at a ledger sequence.
func Load(ctx context.Context, tx *warehouse.Tx, of period.Period, asOf int64) (*Round, error) {
	return fold(ctx, tx, of, "", asOf)
}

// Read is Load in a transaction of its own.
func Read(ctx context.Context, b *books.Books, of period.Period, asOf int64) (r *Round, err error) {
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		r, err = Load(ctx, tx, of, asOf)
		return err
	})
	return r, err
}

// Periods lists the months and quarters about which something was decided up to a ledger sequence, by name.
func Periods(ctx context.Context, tx *warehouse.Tx, asOf int64) (list []period.Period, err error) {
	err = tx.Each(ctx, statements.Get("periods"), warehouse.Args{"as_of": asOf}, func(scan func(...any) error) error {
		var name string
		if err := scan(&name); err != nil {
			return err
		}
		p, err := period.Parse(name)
		list = append(list, p)
		return err
	})
	return list, err
}

// entry is an event as the warehouse holds it, and then as it was read.
type entry struct {
	Mark
	kind, data string
	subject    string // only where it was asked for
	event
	broken error // it cannot be read
}

// nobody is no employee's number: what is folded for it is what concerns a round as a whole, such as its seal.
const nobody = "\x00"

// fold reads a round with what concerns one employee, or everybody when subject is "".
func fold(ctx context.Context, tx *warehouse.Tx, of period.Period, subject string, asOf int64) (*Round, error) {
	r := newRound(of)
	if subject == "" {
		list, err := entries(ctx, tx, statements.Get("events"), warehouse.Args{"period": nameOf(of), "as_of": asOf})
		if err != nil {
			return nil, err
		}
		return r, applyAll(r, list)
	}
	list, err := entriesOf(ctx, tx, of, []string{subject}, asOf)
	if err != nil {
		return nil, err
	}
	return foldOf(of, list)
}

// monthsQuarter gives the quarter of a month, and nothing for another period.
func monthsQuarter(of period.Period) period.Period {
	if quarter, ok := QuarterOf(of); ok && quarter != of {
		return quarter
	}
	return period.Period{}
}

// entriesOf reads, in their order, the events about whole rounds and about each of some subjects; of a month also the seal of its quarter.
func entriesOf(ctx context.Context, tx *warehouse.Tx, of period.Period, subjects []string, asOf int64) (list []entry, err error) {
	args := warehouse.Args{"period": nameOf(of), "subjects": strings.Join(subjects, separator), "as_of": asOf, "quarter": nameOf(monthsQuarter(of))}
	err = tx.Each(ctx, statements.Get("events_of"), args, func(scan func(...any) error) error {
		var e entry
		err := scan(&e.Seq, &e.At, &e.Actor, &e.kind, &e.data, &e.subject)
		list = append(list, e)
		return err
	})
	slices.SortFunc(list, func(a, b entry) int { return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.subject, b.subject)) })
	return list, err
}

// separator stands between subjects in a statement.
const separator = "\x1f"

// foldOf makes a round of what entriesOf read about one subject.
func foldOf(of period.Period, list []entry) (*Round, error) {
	r := newRound(of)
	if quarter := monthsQuarter(of); !quarter.IsZero() {
		all := len(list)
		list = slices.DeleteFunc(list, func(e entry) bool { return e.kind == "quarter.sealed" })
		r.quarterSealed = len(list) < all
	}
	return r, applyAll(r, list)
}

// entries reads events as the warehouse holds them.
func entries(ctx context.Context, tx *warehouse.Tx, s warehouse.Statement, args warehouse.Args) (list []entry, err error) {
	err = tx.Each(ctx, s, args, func(scan func(...any) error) error {
		var e entry
		err := scan(&e.Seq, &e.At, &e.Actor, &e.kind, &e.data)
		list = append(list, e)
		return err
	})
	return list, err
}

// applyAll applies events to a round in their order.
func applyAll(r *Round, list []entry) error {
	decodeAll(list)
	for _, e := range list {
		if e.broken != nil {
			return e.broken
		}
		if err := e.apply(r, e.Mark); err != nil {
			return fmt.Errorf("event %d (%s) breaks the rules of its round: %w", e.Seq, e.kind, err)
		}
	}
	return nil
}

// decodeAll reads the events, on all cores: that takes most of the time of a large round, and no event depends on another until it is applied.
func decodeAll(list []entry) {
	var all sync.WaitGroup
	for part := range slices.Chunk(list, max(200, len(list)/runtime.GOMAXPROCS(0)+1)) {
		all.Go(func() {
			for i := range part {
				part[i].event, part[i].broken = decode(part[i].kind, []byte(part[i].data))
			}
		})
	}
	all.Wait()
}
