package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Lead is how many columns of ours stand before those of the file in a sheet of rejects: the row's id, what is wrong, what to do.
const Lead = 3

// RejectID heads the first column of a sheet of rejects. A sheet with this header is a correction.
const RejectID = "隔离编号 Reject ID"

// corrections finds the rows in quarantine that the sheet's rows name. A row without an id is a record like any other.
func (t *taking) corrections(ctx context.Context) error {
	if err := t.create(ctx, "begin_correction"); err != nil {
		return err
	}
	known := "SELECT root_seq || '-' || root_row FROM ingest.rejected_rows"
	err := t.each(ctx,
		step{"strange ids of", fmt.Sprintf("INSERT INTO problem (_row, col, rule, detail) SELECT _r, -1, 'correction.unknown', _root FROM source WHERE coalesce(_root, '') <> '' AND _root NOT IN (%s)", known)},
		step{"ids that stand twice in", "INSERT INTO problem (_row, col, rule, detail) SELECT _r, -1, 'correction.twice', _root FROM source\n" +
			"WHERE _root IN (SELECT _root FROM source WHERE coalesce(_root, '') <> '' GROUP BY 1 HAVING count(*) > 1)"})
	if err != nil {
		return err
	}
	return t.leaveOut(ctx, "row.settled", "SELECT _r FROM source WHERE coalesce(_root, '') <> '' AND _r NOT IN (SELECT _row FROM correction) AND _r NOT IN (SELECT _row FROM problem)")
}

// root gives the event of the file that the rows first came in.
func (t *taking) root(ctx context.Context) (int64, error) {
	switch d := t.decision; {
	case d.Origin > 0:
		return warehouse.One[int64](ctx, t.tx, statements.Get("root_of"), warehouse.Args{"seq": d.Origin})
	case d.Corrects > 0:
		return warehouse.One[int64](ctx, t.tx, statements.Get("root_of"), warehouse.Args{"seq": d.Corrects})
	}
	return t.seq, nil
}

// settleKeys takes rows out of quarantine whose record the file brings.
func (t *taking) settleKeys(ctx context.Context) error {
	if t.plan.makesKeys() {
		return nil
	}
	args := warehouse.Args{"dataset": t.plan.dataset.ID, "seq": t.seq}
	waiting, err := warehouse.One[bool](ctx, t.tx, statements.Get("waiting_keys"), args)
	if err != nil || !waiting {
		return err
	}
	text := fmt.Sprintf(`INSERT INTO ingest.settled
SELECT r.seq, r.row_no, $seq, 'key', 0 FROM ingest.rejected_rows r JOIN ingest.files f ON f.seq = r.seq
  ANTI JOIN (SELECT * FROM ingest.settled WHERE undone = 0) d ON d.seq = r.seq AND d.row_no = r.row_no
WHERE f.dataset = %s AND r.seq <> $seq AND r.key IN (SELECT %s FROM stage s WHERE %s)`, warehouse.Literal(t.plan.dataset.ID), t.keyText("s."), t.good)
	if t.decision.Corrects > 0 {
		text += " AND (r.seq, r.row_no) NOT IN (SELECT (seq, row_no) FROM correction)"
	}
	if t.decision.Origin > 0 {
		text += fmt.Sprintf(" AND NOT (r.seq = %d AND r.row_no IN (SELECT _row FROM stage))", t.decision.Origin)
	}
	_, err = t.run(ctx, "settle by key", text)
	return err
}

// settle takes rows out of quarantine that this event answers for.
func (t *taking) settle(ctx context.Context) error {
	d := t.decision
	if d.Origin > 0 {
		_, err := t.tx.Exec(ctx, statements.Get("settle_released"), warehouse.Args{"seq": t.seq})
		return err
	}
	if d.Corrects > 0 {
		if _, err := t.tx.Exec(ctx, statements.Get("settle_corrections"), warehouse.Args{"seq": t.seq}); err != nil {
			return err
		}
	}
	_, err := t.tx.Exec(ctx, statements.Get("settle_again"), warehouse.Args{"seq": t.seq, "sha256": d.SHA256, "part": d.part(), "dataset": d.Dataset})
	return err
}

// released takes rows in that waited in quarantine, from the cells that were kept there. Rows that still fail stay where they are,
// or move to this event when they fail for another reason now.
func (k *known) released(ctx context.Context, tx *warehouse.Tx, e books.Entry) error {
	var d Decision
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return fmt.Errorf("read the release: %w", err)
	}
	t, err := k.taking(ctx, tx, e, d)
	if err != nil {
		return err
	}
	cells := make([]string, t.plan.width)
	for i := range cells {
		cells[i] = fmt.Sprintf("nullif(cells[%d], '') AS %s", i+1, cellColumn(i))
	}
	rows := make([]string, len(d.Rows))
	for i, n := range d.Rows {
		rows[i] = fmt.Sprint(n)
	}
	t.rel = fmt.Sprintf("(SELECT row_no AS _r, %s FROM ingest.rejected_rows WHERE seq = %d AND row_no IN (%s))", strings.Join(cells, ", "), d.Origin, strings.Join(rows, ", "))
	return t.take(ctx)
}

// Release takes in the rows that waited in quarantine for others, as far as these have come: an employee, a department, a day of
// employment. It gives a receipt per file from whose quarantine rows were released.
func Release(ctx context.Context, b *books.Books, v policy.Version, o Options) ([]File, error) {
	return release(ctx, b, v, o, false)
}

// release with checked also tries rows that broke a rule of their dataset, which may lean on what the books say of the record.
func release(ctx context.Context, b *books.Books, v policy.Version, o Options, checked bool) ([]File, error) {
	var waiting []Decision
	err := b.View(ctx, func(tx *warehouse.Tx) (err error) {
		waiting, err = waitingRows(ctx, tx, checked)
		return err
	})
	if err != nil {
		return nil, err
	}
	var files []File
	for _, d := range waiting {
		d = d.toRelease(v, o)
		if d.Rows, err = releasable(ctx, b, d, o.Actor); err != nil {
			return files, fmt.Errorf("%s: %w", d.Name, err)
		}
		if len(d.Rows) == 0 {
			continue
		}
		ev, err := b.Record(ctx, Released, o.Actor, d, nil)
		if err != nil {
			return files, fmt.Errorf("%s: %w", d.Name, err)
		}
		f, err := fileAt(ctx, b, ev.Seq)
		if err != nil {
			return files, err
		}
		files = append(files, f)
	}
	return files, nil
}

// waitingRows lists the rows that wait for others, as one decision per file.
func waitingRows(ctx context.Context, tx *warehouse.Tx, checked bool) (list []Decision, err error) {
	err = tx.Each(ctx, statements.Get("waiting"), warehouse.Args{"checked": checked}, func(scan func(...any) error) error {
		var seq, row int64
		var decided string
		if err := scan(&seq, &decided, &row); err != nil {
			return err
		}
		if n := len(list); n > 0 && list[n-1].Origin == seq {
			list[n-1].Rows = append(list[n-1].Rows, row)
			return nil
		}
		d := Decision{}
		if err := json.Unmarshal([]byte(decided), &d); err != nil {
			return err
		}
		d.Origin, d.Rows = seq, []int64{row}
		list = append(list, d)
		return nil
	})
	return list, err
}

// toRelease is the decision on a file as that on rows of its quarantine.
func (d Decision) toRelease(v policy.Version, o Options) Decision {
	d.Policy, d.Day, d.Corrects, d.Snapshot, d.Notices = v.Seq, o.Day.Format(time.DateOnly), 0, false, nil
	return d
}

// releasable tries the rows out and gives those that would come in, or would wait for another reason.
func releasable(ctx context.Context, b *books.Books, d Decision, actor string) (rows []int64, err error) {
	err = b.Try(ctx, actor, func(tx *warehouse.Tx, apply func(string, any, any) (int64, error)) error {
		seq, err := apply(Released, d, nil)
		if err != nil {
			return err
		}
		s := warehouse.SQL("released rows", "SELECT row_no FROM ingest.settled WHERE by_seq = $seq AND how IN ('released', 'moved') ORDER BY row_no")
		return tx.Each(ctx, s, warehouse.Args{"seq": seq}, func(scan func(...any) error) error {
			var n int64
			err := scan(&n)
			rows = append(rows, n)
			return err
		})
	})
	return rows, err
}

// Dismissal says that rows in quarantine are no records, and why.
type Dismissal struct {
	IDs  []string `json:"ids"` // as Reject.ID
	Note string   `json:"note"`
}

// Dismiss takes rows out of quarantine that are no records. The files keep them; the note says why.
func Dismiss(ctx context.Context, b *books.Books, ids []string, note, actor string) error {
	if strings.TrimSpace(note) == "" {
		return errors.New("say in a note why the rows are no records (请在备注中写明理由)")
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	_, err := b.Record(ctx, Dismissed, actor, Dismissal{ids, note}, nil)
	return err
}

func dismissed(ctx context.Context, tx *warehouse.Tx, e books.Entry) error {
	var d Dismissal
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return fmt.Errorf("read the dismissal: %w", err)
	}
	for _, id := range d.IDs {
		n, err := tx.Exec(ctx, statements.Get("settle_dismissed"), warehouse.Args{"seq": e.Seq, "id": id})
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("no row %q waits in quarantine; plumbline rejects lists those that do (隔离区中没有这一行)", id)
		}
	}
	return nil
}

// stale removes a staged file; what cannot be removed is cleared when the books are opened next.
func stale(path string) {
	if path != "" {
		_ = os.Remove(path)
	}
}
