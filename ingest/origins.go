package ingest

import (
	"context"

	"plumbline/internal/books"
	"plumbline/internal/warehouse"
)

// Origins tells from which file and physical row the facts come.
type Origins struct {
	files    map[int64]File
	restored map[fact]fact
}

// fact names a row of a fact table.
type fact struct {
	dataset  string
	seq, row int64
}

// ReadOrigins reads what is known of all files, those taken back included.
func ReadOrigins(ctx context.Context, b *books.Books) (*Origins, error) {
	o := &Origins{files: map[int64]File{}, restored: map[fact]fact{}}
	err := b.View(ctx, func(tx *warehouse.Tx) error {
		files, err := receipts(ctx, tx, latest)
		if err != nil {
			return err
		}
		for _, f := range files {
			o.files[f.Seq] = f
		}
		return tx.Each(ctx, statements.Get("restored"), nil, func(scan func(...any) error) error {
			var now, of fact
			if err := scan(&now.dataset, &now.seq, &now.row, &of.seq, &of.row); err != nil {
				return err
			}
			o.restored[now] = of
			return nil
		})
	})
	return o, err
}

// latest is the ledger sequence of "as known now".
const latest int64 = 1<<63 - 2

// Of gives the file that brought a fact and the physical row in it. A record that a withdrawal brought back names the file that
// says what it says.
func (o *Origins) Of(dataset string, seq, row int64) (File, int64) {
	if of, ok := o.restored[fact{dataset, seq, row}]; ok {
		seq, row = of.seq, of.row
	}
	f := o.files[seq]
	return f, f.Row(row)
}
