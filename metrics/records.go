package metrics

import (
	"context"
	"fmt"
	"strings"

	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// RecordColumns are what Records gives beside the columns of a dataset: the ledger event that brought the record, and the row of its file.
var RecordColumns = []string{"ledger_seq", "file_row"}

// Records gives every record of a dataset as known at a ledger sequence, by key: its columns in the policy's order and then RecordColumns, as text
// in ISO form, blank for none. The slice is used again for the next record.
func Records(ctx context.Context, b *books.Books, d *policy.Dataset, asOf int64, each func(cells []string) error) error {
	var columns, keys []string
	for _, c := range d.Columns {
		text := "CAST(" + warehouse.Ident(c.ID) + " AS VARCHAR)"
		switch c.Type {
		case policy.TypeDatetime:
			text = "strftime(" + warehouse.Ident(c.ID) + ", '%Y-%m-%dT%H:%M:%S')"
		}
		columns = append(columns, "coalesce("+text+", '')")
	}
	for _, k := range d.Key {
		keys = append(keys, warehouse.Ident(k))
	}
	sql := fmt.Sprintf("SELECT %s, CAST(_seq AS VARCHAR), CAST(_row AS VARCHAR)\nFROM %s\nWHERE _seq <= $as_of AND _until > $as_of\nORDER BY %s",
		strings.Join(columns, ", "), d.Table(), strings.Join(keys, ", "))
	cells := make([]string, len(columns)+len(RecordColumns))
	into := make([]any, len(cells))
	for i := range cells {
		into[i] = &cells[i]
	}
	err := b.View(ctx, func(tx *warehouse.Tx) error {
		return tx.Each(ctx, warehouse.SQL("records of "+d.ID, sql), warehouse.Args{"as_of": asOf}, func(scan func(...any) error) error {
			if err := scan(into...); err != nil {
				return err
			}
			return each(cells)
		})
	})
	if err != nil {
		return fmt.Errorf("records of %s: %w", d.ID, err)
	}
	return nil
}
