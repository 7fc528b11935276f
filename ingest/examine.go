package ingest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Examine checks that the facts are what the receipts say: as many rows as files brought, as many superseded as were corrected,
// and never two current versions of one record. It names every dataset where they are not.
func Examine(ctx context.Context, b *books.Books) error {
	p, err := policy.InForce(ctx, b.Warehouse(), policy.Current-1, b.Today())
	if err != nil {
		return err
	}
	var faults error
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		for _, d := range p.Policy.Datasets {
			if err := examine(ctx, tx, d); err != nil {
				faults = errors.Join(faults, fmt.Errorf("%s: %w", d.ID, err))
			}
		}
		return nil
	})
	return errors.Join(faults, err)
}

func examine(ctx context.Context, tx *warehouse.Tx, d *policy.Dataset) error {
	var brought, corrected, rows, superseded, twice int64
	err := tx.Each(ctx, statements.Get("receipts_of"), warehouse.Args{"dataset": d.ID}, func(scan func(...any) error) error {
		return scan(&brought, &corrected)
	})
	if err != nil {
		return err
	}
	keys := make([]string, len(d.Key))
	for i, k := range d.Key {
		keys[i] = warehouse.Ident(k)
	}
	s := warehouse.SQL("examine "+d.ID, fmt.Sprintf(`SELECT count(*), count(*) FILTER (WHERE _until <> %d),
  (SELECT count(*) FROM (SELECT 1 FROM %s WHERE _until = %d GROUP BY %s HAVING count(*) > 1))
FROM %s`, policy.Current, d.Table(), policy.Current, strings.Join(keys, ", "), d.Table()))
	err = tx.Each(ctx, s, nil, func(scan func(...any) error) error { return scan(&rows, &superseded, &twice) })
	switch {
	case err != nil:
		return err
	case d.Recorded != "" && twice == 0: // no file brings them
		return nil
	case d.Recorded == "" && rows != brought:
		return fmt.Errorf("the files brought %d rows but %d are there; run plumbline rebuild", brought, rows)
	case d.Recorded == "" && superseded != corrected:
		return fmt.Errorf("%d rows were corrected or ended but %d are superseded; run plumbline rebuild", corrected, superseded)
	case twice > 0:
		return fmt.Errorf("%d records have two current versions; run plumbline rebuild", twice)
	}
	return nil
}
