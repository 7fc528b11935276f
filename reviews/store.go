package reviews

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
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

// handle notes an event. When it is being recorded, it is checked first; a replay trusts the ledger, since the rules may have changed since.
func handle(ctx context.Context, tx *warehouse.Tx, e books.Entry) error {
	ev, err := decode(e.Kind, e.Data)
	if err != nil {
		return err
	}
	of, subject := ev.about()
	if check, ok := e.Prepared.(guard); ok {
		r, err := fold(ctx, tx, of, subject, e.Seq-1)
		if err != nil {
			return err
		}
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
	event
	broken error // it cannot be read
}

// fold reads a round with what concerns one employee, or everybody when subject is "".
func fold(ctx context.Context, tx *warehouse.Tx, of period.Period, subject string, asOf int64) (*Round, error) {
	list, err := entries(ctx, tx, statements.Get("events"), warehouse.Args{"period": nameOf(of), "subject": subject, "as_of": asOf})
	if err != nil {
		return nil, err
	}
	r := newRound(of)
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
