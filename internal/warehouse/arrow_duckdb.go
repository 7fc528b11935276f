//go:build duckdb_arrow

package warehouse

import (
	"context"
	"database/sql"

	"github.com/apache/arrow-go/v18/arrow/array"
	duckdb "github.com/duckdb/duckdb-go/v2"
)

// arrow lets DuckDB build the records. bind gave each argument DuckDB's own spelling of its name, so none is bound by position.
func (tx *Tx) arrow(ctx context.Context, s Statement, a Args) (reader array.RecordReader, err error) {
	err = tx.run(ctx, s, a, func(c *duckdb.Conn) error {
		stmt, args, err := tx.prepare(ctx, c, s, a) // for the checks; the Arrow interface prepares again
		if err != nil {
			return err
		}
		if err := stmt.Close(); err != nil {
			return err
		}
		arrow, err := duckdb.NewArrowFromConn(c)
		if err != nil {
			return err
		}
		named := make([]any, len(args))
		for i, arg := range args {
			named[i] = sql.Named(arg.Name, arg.Value)
		}
		reader, err = arrow.QueryContext(ctx, s.text, named...)
		return err
	})
	return reader, err
}
