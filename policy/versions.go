package policy

import (
	"context"

	"plumbline/internal/books"
	"plumbline/internal/warehouse"
)

// Versions lists the policies that were adopted, in the order of their adoption; each Policy is nil, since At reads it.
func Versions(ctx context.Context, b *books.Books) (list []Version, err error) {
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		return tx.Each(ctx, statements.Get("versions"), nil, func(scan func(...any) error) error {
			var v Version
			err := scan(&v.Number, &v.Seq, &v.Effective, &v.Note, &v.Hash)
			list = append(list, v)
			return err
		})
	})
	return list, err
}

// Statements lists everything that a checked policy says that decides a number or how it is told, part by part as Diff does: New is what
// it says, Old is blank.
func (p *Policy) Statements() (list []Difference) {
	said := p.statements()
	for _, part := range parts {
		for _, s := range said {
			if s.part == part {
				list = append(list, Difference{Part: s.part, ID: s.id, Name: s.name, Field: s.field, What: s.what, New: s.value})
			}
		}
	}
	return list
}
