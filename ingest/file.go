package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"plumbline/ingest/sheet"
	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// quarantine sets the faulty rows aside with their cells and reasons. Only these rows are read again as text.
func (t *taking) quarantine(ctx context.Context, broken []sheet.BadRow) error {
	aside := fmt.Sprintf("SELECT _row FROM problem UNION ALL SELECT _row FROM stage WHERE _until <> %d", policy.Current)
	found, err := warehouse.One[bool](ctx, t.tx, warehouse.SQL("faulty rows", "SELECT EXISTS ("+aside+")"), nil)
	if err != nil {
		return err
	}
	if found {
		err = t.all(ctx, []step{
			{"raw rows of", fmt.Sprintf("CREATE TEMP TABLE raw AS SELECT *, %s AS _cells FROM (%s)", t.plan.cells(), t.plan.typed(t.source, "_r IN ("+aside+")"))},
			{"reasons of", "INSERT INTO problem (_row, col, rule)\n" + t.plan.problems()},
			{"totals of", statements.Get("total_rows").SQL()},
			{"reasons of totals of", statements.Get("drop_total_reasons").SQL()},
			{"quarantined rows of", statements.Get("keep_rows").SQL()},
			{"quarantine reasons of", statements.Get("keep_problems").SQL()},
		})
	}
	if err != nil {
		return err
	}
	return t.keepBroken(ctx, broken)
}

// keepBroken sets aside the rows that could not even be staged.
func (t *taking) keepBroken(ctx context.Context, broken []sheet.BadRow) error {
	if len(broken) == 0 {
		return nil
	}
	type row struct {
		Row    int64    `json:"row"`
		Column int      `json:"column"`
		Rule   string   `json:"rule"`
		Value  string   `json:"value"`
		Detail string   `json:"detail"`
		Cells  []string `json:"cells"`
	}
	rows := make([]row, len(broken))
	for i, b := range broken {
		rows[i] = row{b.Row, b.Column, b.Rule, b.Value, b.Detail, b.Cells}
		if b.Cells == nil {
			rows[i].Cells = []string{}
		}
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	for _, name := range []string{"keep_broken_rows", "keep_broken_problems"} {
		if _, err := t.tx.Exec(ctx, statements.Get(name), warehouse.Args{"seq": t.seq, "rows": string(text)}); err != nil {
			return err
		}
	}
	return nil
}

// file leaves the good rows in the fact table: new records, and corrections that supersede the record before. It gives the number
// of new records, counted in the table.
func (t *taking) file(ctx context.Context) (int64, error) {
	table := t.plan.dataset.Table()
	stays := t.fit
	if t.hits {
		stays += " AND s._row NOT IN (SELECT _row FROM met WHERE same)"
	}
	switch {
	case !t.direct:
		_, err := t.run(ctx, "file rows of", fmt.Sprintf("INSERT INTO %s (%s, _seq, _row, _until)\nSELECT %s, $seq, s._row, %d FROM stage s WHERE %s",
			table, t.plan.columns(), t.columns("s."), policy.Current, stays))
		if err != nil {
			return 0, err
		}
	case stays != "true":
		_, err := t.run(ctx, "take out rows of", fmt.Sprintf("DELETE FROM %s AS s WHERE s._seq = $seq AND NOT (%s)", table, stays))
		if err != nil {
			return 0, err
		}
	}
	if err := t.supersede(ctx); err != nil {
		return 0, err
	}
	filed, err := warehouse.One[int64](ctx, t.tx, warehouse.SQL("filed in "+t.plan.dataset.ID, "SELECT count(*) FROM "+table+" WHERE _seq = $seq"),
		warehouse.Args{"seq": t.seq})
	if err != nil {
		return 0, err
	}
	corrected, err := warehouse.One[int64](ctx, t.tx, statements.Get("corrected"), nil)
	return filed - corrected, err
}

// supersede ends the versions that the file corrects. What the file has no column for is carried over.
func (t *taking) supersede(ctx context.Context) error {
	if !t.hits {
		return nil
	}
	table := t.plan.dataset.Table()
	then := "hit h JOIN met m ON m._row = h._row AND NOT m.same"
	var steps []step
	var carry []string
	for _, c := range t.plan.dataset.Columns {
		if !t.plan.has(c.ID) {
			carry = append(carry, fmt.Sprintf("%[1]s = f.%[1]s", warehouse.Ident(c.ID)))
		}
	}
	if len(carry) > 0 {
		steps = append(steps, step{"carry over to", fmt.Sprintf("UPDATE %s AS n SET %s FROM %s JOIN %s f ON f._seq = h._seq AND f._row = h.row_then AND %s\nWHERE n._seq = $seq AND n._row = h._row",
			table, strings.Join(carry, ", "), then, table, standing)})
	}
	steps = append(steps, step{"supersede rows of", fmt.Sprintf("UPDATE %s AS f SET _until = $seq FROM %s\nWHERE f._seq = h._seq AND f._row = h.row_then AND %s", table, then, standing)})
	for _, s := range steps {
		if _, err := t.run(ctx, s.name, s.text); err != nil {
			return err
		}
	}
	return nil
}

// receipt writes the file's receipt, and refuses when a row is unaccounted for.
func (t *taking) receipt(ctx context.Context, e books.Entry, d Decision, s sheet.Staged, added int64) error {
	counts := map[string]int64{}
	for _, name := range []string{"quarantined", "duplicates", "unchanged", "corrected"} {
		n, err := warehouse.One[int64](ctx, t.tx, statements.Get(name), nil)
		if err != nil {
			return err
		}
		counts[name] = n
	}
	counts["quarantined"] += int64(len(s.Bad))
	if sum := added + counts["corrected"] + counts["unchanged"] + counts["duplicates"] + counts["quarantined"]; sum != s.Rows {
		return fmt.Errorf("%s: %d rows came in but %d are accounted for (new %d, corrected %d, unchanged %d, duplicates %d, quarantined %d); nothing was taken in",
			d.Name, s.Rows, sum, added, counts["corrected"], counts["unchanged"], counts["duplicates"], counts["quarantined"])
	}
	decided, err := json.Marshal(d)
	if err != nil {
		return err
	}
	_, err = t.tx.Exec(ctx, statements.Get("insert_file"), warehouse.Args{
		"seq": e.Seq, "at": e.Time, "actor": e.Actor, "name": d.Name, "sha256": d.SHA256, "dataset": d.Dataset, "sheet": d.Sheet,
		"decided": string(decided), "rows_in": s.Rows, "added": added, "corrected": counts["corrected"], "unchanged": counts["unchanged"],
		"duplicates": counts["duplicates"], "quarantined": counts["quarantined"],
	})
	return err
}
