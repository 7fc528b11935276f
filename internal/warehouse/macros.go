package warehouse

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

//go:embed macros/*.sql
var macroFiles embed.FS

var macros = func() Library {
	sub, err := fs.Sub(macroFiles, "macros")
	if err != nil {
		panic(err)
	}
	return MustLoad(sub)
}()

// macroOrder lists the macros, each after those that it calls.
var macroOrder = []string{"calendar_month", "plain_workdays", "workdays_until", "workdays", "hours_between", "moment", "plus_hours",
	"week_day", "month_day"}

// needMacros gives the connection the functions of dates and moments that DuckDB lacks, before the first statement that may call one: most
// connections never run such a statement, and making them takes longer than opening a connection. They are temporary, so that the file
// never holds those of another version of the program, and they are part of the transaction that makes them.
func (tx *Tx) needMacros(ctx context.Context, conn *duckdb.Conn, s Statement) error {
	if _, made := tx.db.macros.Load(conn); made || tx.macros != nil || !s.macros {
		return nil
	}
	for _, name := range macroOrder {
		if _, err := conn.ExecContext(ctx, macros.Get(name).SQL(), nil); err != nil {
			return fmt.Errorf("make the macro %s: %w", name, err)
		}
	}
	tx.macros = conn
	return nil
}
