package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"
	duckdb "github.com/duckdb/duckdb-go/v2"
)

// Tx is one transaction on one connection. It ends with the function that received it, and belongs to one goroutine.
type Tx struct {
	db        *DB
	conn      *sql.Conn
	ended     bool
	temporary bool            // a temporary object may be on the connection
	schema    bool            // the schema of the file was changed
	failure   error           // the first failed statement; it forbids the commit
	executed  int             // how many statements Exec was given
	macros    *duckdb.Conn    // the connection, when this transaction made the macros on it
	readers   []*recordReader // handed out and not yet released
}

// Update runs f in the one write transaction; other writers wait, as long as their context allows. It commits when f
// returns nil and no statement in it failed. Otherwise it rolls back and returns the first error: DuckDB itself would
// report success for a commit after a failed statement and save nothing. A panic in f rolls back.
// f must not call Update, Checkpoint or Close of the same DB: they would wait for it.
func (db *DB) Update(ctx context.Context, f func(tx *Tx) error) error {
	if err := db.enter(); err != nil {
		return err
	}
	defer db.running.Done()
	if err := db.lockWriter(ctx); err != nil {
		return err
	}
	defer db.settle(ctx)
	defer db.unlockWriter()
	if cause := db.broken.Load(); cause != nil { // it may have broken while this writer waited
		return reopen(cause)
	}
	return db.transact(ctx, "BEGIN TRANSACTION", f)
}

// View runs f in a read-only snapshot: all its queries see the same state, whatever is committed meanwhile.
func (db *DB) View(ctx context.Context, f func(tx *Tx) error) error {
	if err := db.enter(); err != nil {
		return err
	}
	defer db.running.Done()
	defer db.settle(ctx)
	return db.transact(ctx, "BEGIN TRANSACTION READ ONLY", f)
}

// transact runs f between begin and the end of its transaction.
func (db *DB) transact(ctx context.Context, begin string, f func(tx *Tx) error) error {
	conn, err := db.pool.Conn(ctx)
	if err != nil {
		return db.wrap(ctx, "connect", err)
	}
	if _, err := conn.ExecContext(ctx, begin); err != nil {
		db.discard(conn) // whether a transaction began is not known
		return db.wrap(ctx, begin, err)
	}
	tx := &Tx{db: db, conn: conn}
	defer tx.rollback() // also when f panics; a no-op after a commit
	if err := tx.verdict(f(tx)); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return db.wrap(ctx, "COMMIT", err)
	}
	return tx.commit(ctx)
}

// verdict joins what f returned with the first failure, which f may have swallowed.
func (tx *Tx) verdict(err error) error {
	switch {
	case tx.failure == nil:
		return err
	case err == nil:
		return tx.failure
	case errors.Is(err, tx.failure):
		return err
	}
	return errors.Join(tx.failure, err)
}

func (tx *Tx) commit(ctx context.Context) error { return tx.end(ctx, "COMMIT") }

func (tx *Tx) rollback() {
	if !tx.ended {
		tx.schema, tx.macros = false, nil
		_ = tx.end(context.Background(), "ROLLBACK") // the connection is discarded when it fails
	}
}

// end runs the last statement and returns the connection to the pool, clean or not at all. A commit under way is not
// interrupted: its outcome would be unknown.
func (tx *Tx) end(ctx context.Context, last string) error {
	tx.ended = true
	for _, r := range slices.Clone(tx.readers) {
		r.close(errEnded)
	}
	ctx = context.WithoutCancel(ctx)
	if _, err := tx.conn.ExecContext(ctx, last); err != nil {
		tx.db.discard(tx.conn)
		return tx.db.wrap(ctx, last, err)
	}
	if tx.macros != nil && !tx.temporary {
		tx.db.macros.Store(tx.macros, true)
	}
	if tx.schema {
		tx.db.stale.Store(true)
	}
	if tx.temporary {
		tx.db.discard(tx.conn) // temporary objects go with their connection
		return nil
	}
	if err := tx.conn.Close(); err != nil {
		return tx.db.wrap(ctx, last, err)
	}
	return nil
}

// fail wraps err and forbids the commit.
func (tx *Tx) fail(ctx context.Context, s Statement, err error) error {
	q := tx.db.wrap(ctx, s.name, err)
	if tx.failure == nil {
		tx.failure = q
	}
	return q
}

// prepare checks s and a, asks DuckDB to prepare s, and compares DuckDB's own view of it. It gives the arguments in
// DuckDB's order. The caller closes the statement.
func (tx *Tx) prepare(ctx context.Context, c *duckdb.Conn, s Statement, a Args) (*duckdb.Stmt, []driver.NamedValue, error) {
	if err := tx.needMacros(ctx, c, s); err != nil {
		return nil, nil, err
	}
	prepared, err := c.PrepareContext(ctx, s.text)
	if err != nil {
		return nil, nil, err
	}
	stmt := prepared.(*duckdb.Stmt)
	if err := tx.admit(s, stmt); err != nil {
		return nil, nil, errors.Join(err, stmt.Close())
	}
	args, err := bind(s, stmt, a)
	if err != nil {
		return nil, nil, errors.Join(err, stmt.Close())
	}
	return stmt, args, nil
}

// run checks the names of a and calls do with the connection of the transaction. An error of it forbids the commit.
func (tx *Tx) run(ctx context.Context, s Statement, a Args, do func(c *duckdb.Conn) error) error {
	if tx.ended {
		return tx.fail(ctx, s, errEnded)
	}
	if err := s.check(a); err != nil {
		return tx.fail(ctx, s, err)
	}
	if err := tx.conn.Raw(func(c any) error { return do(c.(*duckdb.Conn)) }); err != nil {
		return tx.fail(ctx, s, err)
	}
	return nil
}

// refusedKinds would change the connection or the transaction behind the back of this package.
var refusedKinds = map[duckdb.StmtType]string{
	duckdb.STATEMENT_TYPE_TRANSACTION:  "BEGIN, COMMIT and ROLLBACK belong to Update and View",
	duckdb.STATEMENT_TYPE_SET:          "settings are fixed by Open",
	duckdb.STATEMENT_TYPE_VARIABLE_SET: "settings are fixed by Open",
	duckdb.STATEMENT_TYPE_PREPARE:      "PREPARE would outlive the transaction",
	duckdb.STATEMENT_TYPE_EXECUTE:      "EXECUTE would outlive the transaction",
	duckdb.STATEMENT_TYPE_LOAD:         "extensions are not loaded",
	duckdb.STATEMENT_TYPE_EXTENSION:    "extensions are not loaded",
	duckdb.STATEMENT_TYPE_ATTACH:       "only one database is open",
	duckdb.STATEMENT_TYPE_DETACH:       "only one database is open",
	duckdb.STATEMENT_TYPE_PRAGMA:       "settings are fixed by Open",
}

// admit refuses kinds of statement and notes what the end of the transaction must know.
func (tx *Tx) admit(s Statement, stmt *duckdb.Stmt) error {
	typ, err := stmt.StatementType()
	if err != nil {
		return err
	}
	if reason, ok := refusedKinds[typ]; ok {
		return &QueryError{Name: s.name, Class: Refused, Err: errors.New(reason)}
	}
	tx.temporary = tx.temporary || s.temporary
	switch typ {
	case duckdb.STATEMENT_TYPE_CREATE, duckdb.STATEMENT_TYPE_CREATE_FUNC, duckdb.STATEMENT_TYPE_ALTER, duckdb.STATEMENT_TYPE_DROP:
		tx.schema = tx.schema || !s.temporary
	}
	return nil
}

// Exec runs s and tells how many rows it inserted, updated or deleted.
func (tx *Tx) Exec(ctx context.Context, s Statement, a Args) (affected int64, err error) {
	tx.executed++
	err = tx.run(ctx, s, a, func(c *duckdb.Conn) error {
		stmt, args, err := tx.prepare(ctx, c, s, a)
		if err != nil {
			return err
		}
		result, err := stmt.ExecContext(ctx, args)
		if err != nil {
			return errors.Join(err, stmt.Close())
		}
		affected, _ = result.RowsAffected() // known to the driver already; it cannot fail
		return stmt.Close()
	})
	return affected, err
}

// Executed counts the statements that Exec was given: while it stays the same, nothing was written.
func (tx *Tx) Executed() int { return tx.executed }

// Failed reports whether a statement failed, so that nothing of the transaction can be committed.
func (tx *Tx) Failed() bool { return tx.failure != nil }

// Append adds rows to a temporary table of this transaction, also in a View: nothing else of it is written. fill calls row once for each,
// with as many values as the table has columns.
func (tx *Tx) Append(ctx context.Context, table string, fill func(row func(values ...driver.Value) error) error) error {
	s := SQL("append to "+table, "SELECT 1") // names the work in errors
	return tx.run(ctx, s, nil, func(c *duckdb.Conn) error {
		a, err := duckdb.NewAppender(c, "temp", "main", table)
		if err != nil {
			return err
		}
		if err := fill(func(values ...driver.Value) error { return a.AppendRow(values...) }); err != nil {
			return errors.Join(err, a.Close())
		}
		return a.Close()
	})
}

// Each runs s and calls row for every row of its result, in order. scan takes exactly as many destinations as there are
// columns; see assign for their types. An error of row ends the loop and is returned as it is.
func (tx *Tx) Each(ctx context.Context, s Statement, a Args, row func(scan func(dest ...any) error) error) error {
	rows, err := tx.query(ctx, s, a)
	if err != nil {
		return err
	}
	defer rows.close()
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return tx.fail(ctx, s, ctx.Err())
		}
		more, err := rows.next()
		if err != nil {
			return tx.fail(ctx, s, err)
		}
		if !more {
			return nil
		}
		scan := func(dest ...any) error {
			if err := rows.scan(dest); err != nil {
				return tx.fail(ctx, s, err)
			}
			return nil
		}
		if err := row(scan); err != nil {
			return err
		}
	}
}

// One runs s, which must give one row of one column. It returns ErrNoRows when there is no row.
func One[T any](ctx context.Context, tx *Tx, s Statement, a Args) (value T, err error) {
	n := 0
	err = tx.Each(ctx, s, a, func(scan func(dest ...any) error) error {
		if n++; n > 1 {
			return tx.fail(ctx, s, errors.New("one row was expected, there are more"))
		}
		return scan(&value)
	})
	if err == nil && n == 0 {
		return value, &QueryError{Name: s.name, Class: Other, Err: ErrNoRows}
	}
	return value, err
}

// Arrow runs s and gives its result as Arrow records. The caller releases the reader; it ends with the transaction.
func (tx *Tx) Arrow(ctx context.Context, s Statement, a Args) (array.RecordReader, error) {
	inner, err := tx.arrow(ctx, s, a)
	if err != nil {
		return nil, err
	}
	r := &recordReader{inner: inner, tx: tx, references: 1}
	tx.readers = append(tx.readers, r)
	return r, nil
}

// Column is a column of a result.
type Column struct {
	Name string
	Type string // as DuckDB writes it: VARCHAR, DECIMAL(18,4), INTEGER[]
}

// Columns tells what columns s yields, without running it.
func (tx *Tx) Columns(ctx context.Context, s Statement, a Args) ([]Column, error) {
	if s.err != nil {
		return nil, tx.fail(ctx, s, s.err)
	}
	describe := SQL("describe "+s.name, "SELECT column_name, column_type FROM (DESCRIBE\n"+s.text[:s.length]+"\n)")
	var columns []Column
	err := tx.Each(ctx, describe, a, func(scan func(dest ...any) error) error {
		var c Column
		if err := scan(&c.Name, &c.Type); err != nil {
			return err
		}
		columns = append(columns, c)
		return nil
	})
	return columns, err
}

// resultRows are the rows of a finished query; DuckDB holds them in memory, so other statements may run meanwhile.
type resultRows struct {
	rows   driver.Rows
	stmt   *duckdb.Stmt
	names  []string
	types  []string
	values []driver.Value
}

// query runs s and gives its rows.
func (tx *Tx) query(ctx context.Context, s Statement, a Args) (*resultRows, error) {
	var r *resultRows
	err := tx.run(ctx, s, a, func(c *duckdb.Conn) error {
		stmt, args, err := tx.prepare(ctx, c, s, a)
		if err != nil {
			return err
		}
		rows, err := stmt.QueryContext(ctx, args)
		if err != nil {
			return errors.Join(err, stmt.Close())
		}
		r = &resultRows{rows: rows, stmt: stmt, names: rows.Columns()}
		types := rows.(driver.RowsColumnTypeDatabaseTypeName)
		for i := range r.names {
			r.types = append(r.types, types.ColumnTypeDatabaseTypeName(i))
		}
		r.values = make([]driver.Value, len(r.names))
		return nil
	})
	return r, err
}

// close frees the memory of the result; the driver has nothing to report about it.
func (r *resultRows) close() {
	_ = r.rows.Close()
	_ = r.stmt.Close()
}

// next moves to the next row and reports whether there is one.
func (r *resultRows) next() (bool, error) {
	err := r.rows.Next(r.values)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}

// scan converts the current row.
func (r *resultRows) scan(dest []any) error {
	if len(dest) != len(r.values) {
		return fmt.Errorf("the result has %d columns (%s), scan was given %d destinations", len(r.names), strings.Join(r.names, ", "), len(dest))
	}
	for i, d := range dest {
		if err := assign(d, r.values[i], r.types[i]); err != nil {
			return fmt.Errorf("column %s (%s): %w", r.names[i], r.types[i], err)
		}
	}
	return nil
}
