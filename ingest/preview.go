package ingest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Preview is what an ingest would do.
type Preview struct {
	Files   []File   // receipts, those of rows that would be released from quarantine included
	Already []File   // receipts of files that came in before, unless they are to come in again
	Rejects []Reject // rows of these files that would go into quarantine
	Changes []Change
	Samples []Sample // of each dataset the first records as they would stand
	Settled int64    // rows in quarantine of earlier files that would leave it
	Refused []error
}

// Change is what an ingest would do to the records of one dataset in one month.
type Change struct {
	Dataset                 string
	Month                   string // 2026-07; "" for records without a day
	New, Corrected, Retired int64
	People                  []string // the employees whose records change, by number; at most 1,000
}

// Sample shows the first new or corrected records of a dataset, in the order of the files: their values as text, "" for none, by columns of the dataset.
type Sample struct {
	Dataset *policy.Dataset
	Rows    [][]string
}

// mostSamples is how many records a sample has.
const mostSamples = 10

// Try shows what taking the units in would do, in their order, and takes everything back: nothing is written.
func Try(ctx context.Context, b *books.Books, v policy.Version, units []Unit, o Options) (p Preview, err error) {
	var staged []ready
	defer func() {
		for _, r := range staged {
			r.drop()
		}
	}()
	for _, u := range units {
		r := u.stage(ctx, b, o, false)
		if r.err != nil {
			p.Refused = append(p.Refused, fmt.Errorf("%s: %w", u.label(), r.err))
			continue
		}
		if !o.Again {
			f, already, err := earlier(ctx, b, u.Decision, r.original.SHA256)
			if err != nil {
				r.drop()
				return p, err
			}
			if already {
				r.drop()
				p.Already = append(p.Already, f)
				continue
			}
		}
		staged = append(staged, r)
	}
	err = b.Try(ctx, o.Actor, func(tx *warehouse.Tx, apply func(string, any, any) (int64, error)) error {
		var first, last int64
		for _, r := range staged {
			seq, err := apply(Ingested, r.decision(v, o), r.pre)
			if err != nil {
				return fmt.Errorf("%s: %w", r.unit.label(), err)
			}
			if first == 0 {
				first = seq
			}
			last = seq
			if err := tidyUp(ctx, tx); err != nil {
				return err
			}
		}
		if first == 0 {
			return nil
		}
		if slices.ContainsFunc(staged, func(r ready) bool { return slices.Contains(organisation, r.unit.Dataset) }) {
			waiting, err := waitingRows(ctx, tx, false)
			if err != nil {
				return err
			}
			for _, d := range waiting {
				if last, err = apply(Released, d.toRelease(v, o), nil); err != nil {
					return fmt.Errorf("%s: %w", d.Name, err)
				}
				if err := tidyUp(ctx, tx); err != nil {
					return err
				}
			}
		}
		return p.read(ctx, tx, v.Policy, first, last)
	})
	return p, err
}

// tidyUp drops the temporary tables of one event, so that another can be tried in the same transaction.
func tidyUp(ctx context.Context, tx *warehouse.Tx) error {
	type relation struct{ name, kind string }
	var list []relation
	err := tx.Each(ctx, statements.Get("temporary"), nil, func(scan func(...any) error) error {
		var r relation
		err := scan(&r.name, &r.kind)
		list = append(list, r)
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range list {
		if _, err := tx.Exec(ctx, warehouse.SQL("drop "+r.name, "DROP "+r.kind+" "+warehouse.Ident(r.name)), nil); err != nil {
			return err
		}
	}
	return nil
}

// read looks at what the events from first to last did.
func (p *Preview) read(ctx context.Context, tx *warehouse.Tx, pol *policy.Policy, first, last int64) error {
	files, err := receipts(ctx, tx, last)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Seq >= first && (f.Origin == 0 || f.RowsIn > 0) {
			p.Files = append(p.Files, f)
		}
	}
	rejects, err := readRejects(ctx, tx, pol, last)
	if err != nil {
		return err
	}
	for _, r := range rejects {
		if r.Seq >= first {
			p.Rejects = append(p.Rejects, r)
		}
	}
	if p.Settled, err = warehouse.One[int64](ctx, tx, statements.Get("settled_since"), warehouse.Args{"first": first}); err != nil {
		return err
	}
	var seen []string
	for _, f := range p.Files {
		if d := pol.Dataset(f.Dataset); d != nil && !slices.Contains(seen, d.ID) {
			seen = append(seen, d.ID)
			if err := p.changes(ctx, tx, pol, d, first); err != nil {
				return err
			}
			if err := p.sample(ctx, tx, d, first); err != nil {
				return err
			}
		}
	}
	return nil
}

// dayOf gives the column that decides the month of a dataset's records: its day, or the date on which a KPI counts them.
func dayOf(p *policy.Policy, d *policy.Dataset) string {
	if d.Day != "" {
		return d.Day
	}
	for _, k := range p.KPIs {
		if k.Dataset == d {
			return k.CountsOn
		}
	}
	return ""
}

func (p *Preview) changes(ctx context.Context, tx *warehouse.Tx, pol *policy.Policy, d *policy.Dataset, first int64) error {
	month, people := "''", "[]::VARCHAR[]"
	if day := dayOf(pol, d); day != "" {
		month = fmt.Sprintf("coalesce(strftime(f.%s, '%%Y-%%m'), '')", warehouse.Ident(day))
	}
	if d.Owner != "" {
		people = fmt.Sprintf("list(DISTINCT f.%[1]s ORDER BY f.%[1]s) FILTER (f.%[1]s IS NOT NULL)[1:1000]", warehouse.Ident(d.Owner))
	}
	keys := make([]string, len(d.Key))
	for i, k := range d.Key {
		keys[i] = "f." + warehouse.Ident(k)
	}
	key := strings.Join(keys, ", ")
	// A record that ends and begins in the same ingest is corrected; one that only ends is retired.
	query := fmt.Sprintf(`WITH touched AS (SELECT %[1]s AS month, f.*, f._seq >= $first AND f._until = %[2]d AS begins, f._seq < $first AND f._until >= $first AND f._until < %[2]d AS ends FROM %[3]s f
    WHERE f._seq >= $first OR f._until >= $first AND f._until < %[2]d),
  judged AS (SELECT f.*, bool_or(f.begins) OVER (PARTITION BY %[4]s) AS lives, bool_or(f.ends) OVER (PARTITION BY %[4]s) AS lived FROM touched f)
SELECT f.month, count(*) FILTER (f.begins AND NOT f.lived), count(*) FILTER (f.begins AND f.lived), count(*) FILTER (f.ends AND NOT f.lives), coalesce(%[5]s, [])
FROM judged f WHERE f.begins OR f.ends GROUP BY 1 ORDER BY 1`, month, policy.Current, d.Table(), key, people)
	return tx.Each(ctx, warehouse.SQL("changes of "+d.ID, query), warehouse.Args{"first": first}, func(scan func(...any) error) error {
		c := Change{Dataset: d.ID}
		if err := scan(&c.Month, &c.New, &c.Corrected, &c.Retired, &c.People); err != nil {
			return err
		}
		p.Changes = append(p.Changes, c)
		return nil
	})
}

// sample reads the first records that would come in.
func (p *Preview) sample(ctx context.Context, tx *warehouse.Tx, d *policy.Dataset, first int64) error {
	cells := make([]string, len(d.Columns))
	for i, c := range d.Columns {
		cells[i] = fmt.Sprintf("coalesce(CAST(%s AS VARCHAR), '')", warehouse.Ident(c.ID))
	}
	query := fmt.Sprintf("SELECT [%s] FROM %s WHERE _seq >= $first AND _until = %d ORDER BY _seq, _row LIMIT %d", strings.Join(cells, ", "), d.Table(), policy.Current, mostSamples)
	s := Sample{Dataset: d}
	err := tx.Each(ctx, warehouse.SQL("sample of "+d.ID, query), warehouse.Args{"first": first}, func(scan func(...any) error) error {
		var row []string
		err := scan(&row)
		s.Rows = append(s.Rows, row)
		return err
	})
	if len(s.Rows) > 0 {
		p.Samples = append(p.Samples, s)
	}
	return err
}
