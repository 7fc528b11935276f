package warehouse

import (
	"context"
	"database/sql/driver"
	"embed"
	"fmt"
	"io/fs"
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

// makeMacros gives a new connection the functions of dates and moments that DuckDB lacks. They are temporary, so that the file never
// holds those of another version of the program, and opening it changes no schema.
func makeMacros(ctx context.Context, conn driver.ExecerContext) error {
	for _, name := range macroOrder {
		if _, err := conn.ExecContext(ctx, macros.Get(name).SQL(), nil); err != nil {
			return fmt.Errorf("make the macro %s: %w", name, err)
		}
	}
	return nil
}
