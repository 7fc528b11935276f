package reviews

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

// appealRow is an appeal as the facts have it after one of its events.
type appealRow struct {
	seq   int64
	cells map[string]any // by column; days as 2026-07-14, nil for a blank
}

// rowOf gives the row of an appeal; days are those of the zone.
func rowOf(a *Appeal, seq int64, zone *time.Location) appealRow {
	day := func(t time.Time) any { return t.In(zone).Format(time.DateOnly) }
	quarter, _, _ := strings.Cut(a.ID, "-")
	c := map[string]any{policy.AppealID: a.ID, policy.AppealQuarter: quarter, policy.AppealDepartment: a.Department, policy.AppealEmployee: a.Employee,
		policy.AppealAgainst: string(a.Against), policy.AppealStage: "mediation", policy.AppealFiled: day(a.Filed.At), policy.AppealDue: day(a.Term()),
		policy.AppealDecided: nil, policy.AppealOutcome: nil, policy.AppealInTime: nil}
	if a.Escalated != nil {
		c[policy.AppealStage] = "arbitration"
	}
	if o := a.Outcome(); o != "" {
		c[policy.AppealOutcome] = string(o)
		if o != Withdrawn {
			c[policy.AppealDecided] = day(a.Ended().At)
		}
	}
	if kept := a.InTime(); kept != nil {
		c[policy.AppealInTime] = *kept
	}
	return appealRow{seq, c}
}

// appealRows gives the rows that the events of appeals up to a ledger sequence make, in order: of the quarter of, or of all for "".
func appealRows(ctx context.Context, tx *warehouse.Tx, of string, upTo int64, zone *time.Location) (rows []appealRow, err error) {
	appeals := map[string]*Appeal{}
	err = tx.Each(ctx, statements.Get("appeal_events"), warehouse.Args{"period": of, "as_of": upTo}, func(scan func(...any) error) error {
		var m Mark
		var kind, data string
		if err := scan(&m.Seq, &m.At, &m.Actor, &kind, &data); err != nil {
			return err
		}
		ev, err := decode(kind, []byte(data))
		if err != nil {
			return err
		}
		x, ok := ev.(appealing)
		if _, filed := ev.(*appealFiled); !ok || !filed && appeals[x.id()] == nil {
			return nil // reading the round says what is wrong with it
		}
		appeals[x.id()] = x.change(appeals[x.id()], m)
		rows = append(rows, rowOf(appeals[x.id()], m.Seq, zone))
		return nil
	})
	return rows, err
}

// put writes a row; the one before it stands no more.
func (x appealRow) put(ctx context.Context, tx *warehouse.Tx, d *policy.Dataset) error {
	end := warehouse.SQL("end "+d.ID, fmt.Sprintf("UPDATE %s SET _until = $seq WHERE %s = $id AND _until = %d", d.Table(), policy.AppealID, policy.Current))
	if _, err := tx.Exec(ctx, end, warehouse.Args{"seq": x.seq, "id": x.cells[policy.AppealID]}); err != nil {
		return err
	}
	args := warehouse.Args{"seq": x.seq}
	var columns, values []string
	for _, c := range d.Columns {
		columns = append(columns, warehouse.Ident(c.ID))
		values = append(values, fmt.Sprintf("CAST($%s AS %s)", c.ID, c.Type.SQL()))
		args[c.ID] = x.cells[c.ID]
	}
	text := fmt.Sprintf("INSERT INTO %s (%s, _seq, _row, _until) VALUES (%s, $seq, 1, %d)", d.Table(), strings.Join(columns, ", "), strings.Join(values, ", "), policy.Current)
	_, err := tx.Exec(ctx, warehouse.SQL("note "+d.ID, text), args)
	return err
}

// follow writes what an event makes of an appeal into the datasets that tell of appeals.
func follow(ctx context.Context, tx *warehouse.Tx, e books.Entry, ev event) error {
	x, ok := ev.(appealing)
	if !ok {
		return nil
	}
	list, zone, err := policy.RecordedIn(ctx, tx, policy.Appealed)
	if err != nil || len(list) == 0 {
		return err
	}
	of, _ := x.about()
	rows, err := appealRows(ctx, tx, nameOf(of), e.Seq, zone)
	if err != nil || len(rows) == 0 || rows[len(rows)-1].seq != e.Seq {
		return err
	}
	for _, d := range list {
		if err := rows[len(rows)-1].put(ctx, tx, d); err != nil {
			return err
		}
	}
	return nil
}

// adopted applies the adoption of a policy, and gives a dataset of appeals that came with it the rows of what was decided before.
func adopted(ctx context.Context, tx *warehouse.Tx, e books.Entry) error {
	before, _, err := policy.RecordedIn(ctx, tx, policy.Appealed)
	if err == nil {
		err = policy.Handler(ctx, tx, e)
	}
	if err != nil {
		return err
	}
	after, zone, err := policy.RecordedIn(ctx, tx, policy.Appealed)
	if err != nil || len(after) == len(before) {
		return err
	}
	rows, err := appealRows(ctx, tx, "", e.Seq, zone)
	if err != nil {
		return err
	}
	for _, d := range after {
		if slices.ContainsFunc(before, func(x *policy.Dataset) bool { return x.ID == d.ID }) {
			continue
		}
		for _, row := range rows {
			if err := row.put(ctx, tx, d); err != nil {
				return err
			}
		}
	}
	return nil
}
