package policy

import (
	"context"

	"plumbline/internal/warehouse"
)

// What the tests compare with schema.json, with DuckDB and with other tables of characters.
var (
	Keys        = keys
	Reserved    = reserved
	Functions   = functions
	Operators   = operators
	Traditional = traditional
)

// CheckOneByOne is Check without joint questions.
func CheckOneByOne(ctx context.Context, db *warehouse.DB, s Source) (*Policy, error) {
	c := newChecker(ctx, db, s)
	c.asked.never = true
	return c.check(s)
}

// AskedAlone counts the questions to DuckDB about single expressions.
func AskedAlone(ctx context.Context, db *warehouse.DB, s Source) (int, error) {
	c := newChecker(ctx, db, s)
	_, err := c.check(s)
	return c.asked.alone, err
}
