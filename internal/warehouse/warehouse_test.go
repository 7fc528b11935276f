package warehouse

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// open gives a warehouse in a new directory, closed when the test ends.
func open(t *testing.T, opt Options) *DB {
	t.Helper()
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "w.duckdb"), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// execute runs each text in one Update.
func execute(t *testing.T, db *DB, texts ...string) {
	t.Helper()
	err := db.Update(t.Context(), func(tx *Tx) error {
		for _, text := range texts {
			if _, err := tx.Exec(t.Context(), SQL("setup", text), nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// number gives the one whole number that text yields.
func number(t *testing.T, db *DB, text string) (n int64) {
	t.Helper()
	err := db.View(t.Context(), func(tx *Tx) (err error) {
		n, err = One[int64](t.Context(), tx, SQL("number", text), nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// attempt runs text in an Update and gives its error.
func attempt(db *DB, text string, a Args) error {
	ctx := context.Background()
	return db.Update(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, SQL("attempt", text), a)
		return err
	})
}

func wantError(t *testing.T, err error, class Class, says string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s: %s", class, says)
	}
	if ClassOf(err) != class || !strings.Contains(err.Error(), says) {
		t.Errorf("error %q of class %s, want class %s and %q", err, ClassOf(err), class, says)
	}
}

func TestFailedStatementThenNilSavesNothing(t *testing.T) {
	failures := map[string]Class{
		"INSERT INTO t VALUES (1)":                   Constraint,
		"INSERT INTO t SELECT CAST('x' AS INTEGER)":  Conversion,
		"INSERT INTO t SELECT no_such_column FROM t": Other,
		"SELEC 1":                   Other,
		"INSERT INTO t VALUES ($a)": Other, // no argument for it
	}
	for text, class := range failures {
		t.Run(text, func(t *testing.T) {
			db := open(t, Options{})
			execute(t, db, "CREATE TABLE t(a INTEGER PRIMARY KEY)", "INSERT INTO t VALUES (1)")
			err := db.Update(t.Context(), func(tx *Tx) error {
				if _, err := tx.Exec(t.Context(), SQL("good", "INSERT INTO t VALUES (2)"), nil); err != nil {
					t.Error(err)
				}
				_, _ = tx.Exec(t.Context(), SQL("bad", text), nil)
				return nil // the error is swallowed
			})
			wantError(t, err, class, "bad")
			if n := number(t, db, "SELECT count(*) FROM t"); n != 1 {
				t.Errorf("%d rows, want the 1 from before", n)
			}
			execute(t, db, "INSERT INTO t VALUES (3)") // the next transaction works
		})
	}
}

func TestErrorOfCallerAndPanicRollBack(t *testing.T) {
	db := open(t, Options{})
	execute(t, db, "CREATE TABLE t(a INTEGER)")
	insert := func(tx *Tx) {
		if _, err := tx.Exec(t.Context(), SQL("insert", "INSERT INTO t VALUES (1)"), nil); err != nil {
			t.Error(err)
		}
	}
	mine := errors.New("mine")
	if err := db.Update(t.Context(), func(tx *Tx) error { insert(tx); return mine }); err != mine {
		t.Errorf("error %v, want the caller's own", err)
	}
	func() {
		defer func() {
			if recover() != "boom" {
				t.Error("the panic did not come through")
			}
		}()
		_ = db.Update(t.Context(), func(tx *Tx) error { insert(tx); panic("boom") })
	}()
	if n := number(t, db, "SELECT count(*) FROM t"); n != 0 {
		t.Errorf("%d rows after two rollbacks", n)
	}
	execute(t, db, "INSERT INTO t VALUES (1)") // the writer's token came back
}

func TestStatementErrorAndCallerErrorAreBothTold(t *testing.T) {
	db := open(t, Options{})
	mine := errors.New("mine")
	err := db.Update(t.Context(), func(tx *Tx) error {
		_, _ = tx.Exec(t.Context(), SQL("bad", "SELEC"), nil)
		return mine
	})
	wantError(t, err, Other, "bad")
	if !errors.Is(err, mine) {
		t.Errorf("%v does not hold the caller's error", err)
	}
}

func TestTransactionStatementsAreRefusedInside(t *testing.T) {
	db := open(t, Options{})
	for _, text := range []string{
		"COMMIT", "ROLLBACK", "BEGIN", "SET threads = 1", "SET VARIABLE a = 1", "RESET threads", "USE main", "ATTACH ':memory:' AS other",
		"DETACH memory", "PREPARE p AS SELECT 1", "INSTALL httpfs", "LOAD httpfs",
	} {
		wantError(t, attempt(db, text, nil), Refused, "attempt")
	}
}

func TestSchemaFeaturesThatLoseRowsAreRefused(t *testing.T) {
	db := open(t, Options{})
	execute(t, db, "CREATE TABLE t(a INTEGER PRIMARY KEY, index_no INTEGER)")
	for text, says := range map[string]string{
		"CREATE INDEX i ON t(a)":                              "loses rows",
		"create /* x */ unique index if not exists i on t(a)": "loses rows",
		"CREATE TABLE u(a INTEGER REFERENCES t(a))":           "foreign keys",
		"INSERT INTO t VALUES (1, 1); DELETE FROM t":          "more than one statement",
	} {
		wantError(t, attempt(db, text, nil), Other, says)
	}
	execute(t, db, "CREATE TABLE u(a INTEGER, b VARCHAR DEFAULT 'CREATE INDEX; REFERENCES', UNIQUE (a));")
}

func TestWrongParameterNameIsRefused(t *testing.T) {
	db := open(t, Options{})
	err := db.View(t.Context(), func(tx *Tx) error {
		_, err := One[int64](t.Context(), tx, SQL("difference", "SELECT $a::INT - $b::INT"), Args{"a": 1, "c": 2})
		return err
	})
	wantError(t, err, Other, "no value for $b; the statement has no $c")
}

func TestExtraArgumentIsRefused(t *testing.T) {
	db := open(t, Options{})
	wantError(t, attempt(db, "SELECT $a::INT", Args{"a": 1, "b": 2}), Other, "the statement has no $b")
	wantError(t, attempt(db, "SELECT 1", Args{"b": 2}), Other, "the statement has no $b")
}

func TestArgumentsGoByNameWhateverTheirOrder(t *testing.T) {
	db := open(t, Options{})
	s := SQL("names", "SELECT concat_ws(',', $zz::VARCHAR, $Aa::VARCHAR, $zz::VARCHAR, $m::VARCHAR)")
	args := Args{"Aa": "1", "m": "2", "zz": "3"}
	err := db.View(t.Context(), func(tx *Tx) error {
		got, err := One[string](t.Context(), tx, s, args)
		if got != "3,1,3,2" {
			t.Errorf("got %s", got)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestViewIsASnapshotAgainstAConcurrentUpdate(t *testing.T) {
	db := open(t, Options{})
	execute(t, db, "CREATE TABLE t(a INTEGER)", "INSERT INTO t VALUES (1)")
	count := SQL("count", "SELECT count(*) FROM t")
	err := db.View(t.Context(), func(tx *Tx) error {
		before, err := One[int](t.Context(), tx, count, nil)
		if err != nil {
			return err
		}
		execute(t, db, "INSERT INTO t VALUES (2)", "ALTER TABLE t ADD COLUMN b INTEGER")
		short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		wantError(t, db.Checkpoint(short), Interrupted, "CHECKPOINT") // it waits for this view
		after, err := One[int](t.Context(), tx, count, nil)
		if before != 1 || after != 1 {
			t.Errorf("the view saw %d, then %d rows", before, after)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := number(t, db, "SELECT count(*) FROM t"); n != 2 {
		t.Errorf("%d rows after it, want 2", n)
	}
	if db.stale.Load() {
		t.Error("the schema change still lies in the log, though the view that held it up has ended")
	}
}

func TestViewRefusesWrites(t *testing.T) {
	db := open(t, Options{})
	execute(t, db, "CREATE TABLE t(a INTEGER)")
	err := db.View(t.Context(), func(tx *Tx) error {
		_, err := tx.Exec(t.Context(), SQL("write", "INSERT INTO t VALUES (1)"), nil)
		return err
	})
	wantError(t, err, Other, "read-only")
}

func TestTemporaryTableDoesNotLeakToTheNextTransaction(t *testing.T) {
	for _, create := range []string{"CREATE TEMP TABLE x AS SELECT 1 AS a", `CREATE TEMP TABLE "temp".x(a INTEGER)`, "CREATE TEMPORARY VIEW x AS SELECT 1", "CREATE TEMP MACRO x() AS 1"} {
		db := open(t, Options{})
		execute(t, db, create)
		for range 5 {
			err := attempt(db, "SELECT * FROM x", nil)
			wantError(t, err, Other, "x does not exist")
			err = attempt(db, "SELECT x()", nil)
			wantError(t, err, Other, "x does not exist")
		}
	}
}

func TestPivotLeavesNoTemporaryType(t *testing.T) {
	db := open(t, Options{})
	execute(t, db, "CREATE TABLE t(k VARCHAR, v INTEGER)", "INSERT INTO t VALUES ('a', 1), ('b', 2)")
	err := db.Update(t.Context(), func(tx *Tx) error {
		columns := 0
		return tx.Each(t.Context(), SQL("pivot", "PIVOT t ON k USING sum(v)"), nil, func(scan func(...any) error) error {
			columns++
			var a, b int64
			return scan(&a, &b)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := number(t, db, "SELECT count(*) FROM duckdb_types() WHERE type_name LIKE '__pivot%'"); n != 0 {
		t.Errorf("%d temporary types are left", n)
	}
}

func TestTransactionEndsWithItsFunction(t *testing.T) {
	db := open(t, Options{})
	var kept *Tx
	if err := db.Update(t.Context(), func(tx *Tx) error { kept = tx; return nil }); err != nil {
		t.Fatal(err)
	}
	_, err := kept.Exec(t.Context(), SQL("late", "SELECT 1"), nil)
	wantError(t, err, Other, "the transaction has ended")
}

func TestStatementsRunInsideEach(t *testing.T) {
	db := open(t, Options{})
	execute(t, db, "CREATE TABLE t(a BIGINT)")
	err := db.Update(t.Context(), func(tx *Tx) error {
		return tx.Each(t.Context(), SQL("range", "SELECT range FROM range(5000)"), nil, func(scan func(...any) error) error {
			var n int64
			if err := scan(&n); err != nil {
				return err
			}
			if n%500 > 0 {
				return nil
			}
			_, err := tx.Exec(t.Context(), SQL("insert", "INSERT INTO t VALUES ($n)"), Args{"n": n})
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := number(t, db, "SELECT sum(a) FROM t"); n != 22500 {
		t.Errorf("sum %d, want 22500", n)
	}
}

func TestOneWantsExactlyOneRow(t *testing.T) {
	db := open(t, Options{})
	err := db.View(t.Context(), func(tx *Tx) error {
		if _, err := One[int](t.Context(), tx, SQL("none", "SELECT 1 WHERE false"), nil); !errors.Is(err, ErrNoRows) {
			t.Errorf("error %v, want ErrNoRows", err)
		}
		null, err := One[*int](t.Context(), tx, SQL("null", "SELECT NULL::INT"), nil)
		if null != nil || err != nil {
			t.Errorf("got %v, %v", null, err)
		}
		_, err = One[int](t.Context(), tx, SQL("two", "SELECT unnest([1, 2])"), nil)
		wantError(t, err, Other, "there are more")
		return nil
	})
	wantError(t, err, Other, "there are more") // a swallowed failure fails a view too
}

func TestWritersWaitAndHonourTheirContext(t *testing.T) {
	db := open(t, Options{})
	execute(t, db, "CREATE TABLE t(a INTEGER)", "INSERT INTO t VALUES (0)")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 10 {
				if err := attempt(db, "UPDATE t SET a = a + 1", nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if n := number(t, db, "SELECT a FROM t"); n != 80 {
		t.Errorf("80 increments gave %d", n)
	}
	err := db.Update(t.Context(), func(*Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		err := db.Update(ctx, func(*Tx) error { t.Error("two writers at once"); return nil })
		wantError(t, err, Interrupted, "wait for the writer")
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

const endless = "SELECT count(*) FROM range(10_000_000) a, range(10_000_000) b WHERE a.range * b.range % 7 = 3"

func TestCancelOfALongQueryArrivesAndTheDatabaseStaysUsable(t *testing.T) {
	db := open(t, Options{})
	execute(t, db, "CREATE TABLE t(a INTEGER)")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	err := db.Update(ctx, func(tx *Tx) error {
		if _, err := tx.Exec(ctx, SQL("insert", "INSERT INTO t VALUES (1)"), nil); err != nil {
			return err
		}
		_, _ = tx.Exec(ctx, SQL("endless", endless), nil)
		return nil
	})
	wantError(t, err, Interrupted, "endless")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v is not a deadline", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the cancel arrived after %v", took)
	}
	if n := number(t, db, "SELECT count(*) FROM t"); n != 0 {
		t.Errorf("%d rows of an interrupted update", n)
	}
	execute(t, db, "INSERT INTO t VALUES (1)")
}

func TestContextEndedBeforeTheCommitRollsBack(t *testing.T) {
	db := open(t, Options{})
	execute(t, db, "CREATE TABLE t(a INTEGER)")
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Update(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, SQL("insert", "INSERT INTO t VALUES (1)"), nil)
		cancel()
		return err
	})
	wantError(t, err, Interrupted, "COMMIT")
	if n := number(t, db, "SELECT count(*) FROM t"); n != 0 {
		t.Errorf("%d rows", n)
	}
}

func TestFileOutsideStagingIsRefused(t *testing.T) {
	dir := t.TempDir()
	staging := filepath.Join(dir, "入库's")
	db := open(t, Options{Staging: staging})
	secret := filepath.Join(dir, "secret.csv")
	for file, text := range map[string]string{secret: "a\n1\n", filepath.Join(staging, "ok.csv"): "a\n1\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(secret, filepath.Join(staging, "link.csv")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(staging, "up")); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{
		secret, filepath.Join(staging, "link.csv"), filepath.Join(staging, "up", "secret.csv"), staging + "/../secret.csv", "/etc/passwd", "file:///etc/passwd",
	} {
		wantError(t, attempt(db, "FROM read_text("+Literal(file)+")", nil), Refused, "attempt")
		wantError(t, attempt(db, "COPY (SELECT 1) TO "+Literal(file), nil), Refused, "attempt")
	}
	if n := number(t, db, "SELECT a FROM read_csv("+Literal(filepath.Join(staging, "ok.csv"))+")"); n != 1 {
		t.Errorf("read %d from staging", n)
	}
	out := filepath.Join(staging, "out.parquet")
	execute(t, db, "COPY (SELECT 7 AS a) TO "+Literal(out))
	if n := number(t, db, "SELECT a FROM read_parquet("+Literal(out)+")"); n != 7 {
		t.Errorf("read %d back", n)
	}
}

func TestStagingBehindASymbolicLinkWorks(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "real"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "real"), filepath.Join(dir, "alias")); err != nil {
		t.Fatal(err)
	}
	staging := filepath.Join(dir, "alias", "staging")
	db := open(t, Options{Staging: staging})
	file := filepath.Join(staging, "a.csv")
	execute(t, db, "COPY (SELECT 7 AS a) TO "+Literal(file))
	if n := number(t, db, "SELECT a FROM read_csv("+Literal(file)+")"); n != 7 {
		t.Errorf("read %d back", n)
	}
}

func TestNoStagingMeansNoFiles(t *testing.T) {
	db := open(t, Options{})
	wantError(t, attempt(db, "FROM read_text('/etc/passwd')", nil), Refused, "disabled by configuration")
}

func TestSetIsRefusedByDuckDBAfterOpen(t *testing.T) {
	db := open(t, Options{Threads: 1, Memory: "200MiB", Temp: filepath.Join(t.TempDir(), "spill"), MaxTemp: "100MiB"})
	for range 3 { // also on later connections of the pool
		conn, err := db.pool.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		for _, text := range []string{"SET threads = 2", "SET GLOBAL memory_limit = '8GiB'", "RESET enable_external_access", "SET lock_configuration = false"} {
			if _, err := conn.ExecContext(t.Context(), text); err == nil || !strings.Contains(err.Error(), "locked") {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
	want := "1 200.0 MiB UTC false false"
	err := db.View(t.Context(), func(tx *Tx) error {
		got, err := One[string](t.Context(), tx, SQL("settings", `SELECT concat_ws(' ', current_setting('threads'), current_setting('memory_limit'),
			current_setting('TimeZone'), current_setting('preserve_insertion_order'), current_setting('autoload_known_extensions'))`), nil)
		if got != want {
			t.Errorf("settings %s, want %s", got, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestMemoryLimitGivesOutOfMemoryAndTheDatabaseStaysUsable(t *testing.T) {
	db := open(t, Options{Memory: "40MiB", MaxTemp: "1MiB", Threads: 1})
	err := attempt(db, "CREATE TABLE big AS SELECT range AS a, md5(range::VARCHAR) AS b FROM range(3_000_000) ORDER BY b", nil)
	wantError(t, err, OutOfMemory, "attempt")
	execute(t, db, "CREATE TABLE small AS SELECT 1 AS a")
}

func TestSecondOpenInOneProcessIsRefused(t *testing.T) {
	db := open(t, Options{})
	_, err := Open(t.Context(), db.Path(), Options{})
	wantError(t, err, Locked, "already open in this process")
	alias := filepath.Join(t.TempDir(), "alias.duckdb")
	if err := os.Symlink(db.Path(), alias); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), alias, Options{})
	wantError(t, err, Locked, "already open in this process")
}

func TestOpenAfterCloseAndAfterAFailedOpen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "项目 #1.duckdb")
	if err := os.WriteFile(file, []byte("this is no database, as anyone can see"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), file, Options{})
	wantError(t, err, Fatal, "not a warehouse")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), file, Options{Memory: "a lot"}); err == nil {
		t.Fatal("a memory limit of a lot was taken")
	}
	for i := range 2 {
		db, err := Open(t.Context(), file, Options{})
		if err != nil {
			t.Fatal(err)
		}
		execute(t, db, fmt.Sprintf("CREATE TABLE t%d(a INTEGER)", i))
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Error("second close:", err)
		}
		if err := db.View(t.Context(), func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
			t.Errorf("view of a closed warehouse: %v", err)
		}
	}
}

func TestPathThatTheDriverWouldMisreadIsRefused(t *testing.T) {
	for _, name := range []string{"a?threads=1", "100%"} {
		if _, err := Open(t.Context(), filepath.Join(t.TempDir(), name), Options{}); err == nil || !strings.Contains(err.Error(), "choose a path") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestInMemoryWarehousesAreSeparate(t *testing.T) {
	for range 2 {
		db, err := Open(t.Context(), "", Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		execute(t, db, "CREATE TABLE t(a INTEGER)")
		if db.Path() != "" {
			t.Errorf("path %q", db.Path())
		}
	}
}

func TestCloseWaitsForRunningTransactions(t *testing.T) {
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "w.duckdb"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	err = db.View(t.Context(), func(tx *Tx) error {
		go func() { closed <- db.Close() }()
		time.Sleep(50 * time.Millisecond)
		n, err := One[int](t.Context(), tx, SQL("one", "SELECT 1"), nil)
		if n != 1 {
			t.Errorf("got %d", n)
		}
		return err
	})
	if err := errors.Join(err, <-closed); err != nil {
		t.Fatal(err)
	}
}

func TestFatalErrorAsksForReopening(t *testing.T) {
	db := open(t, Options{})
	_ = db.wrap(t.Context(), "CHECKPOINT", &QueryError{Name: "CHECKPOINT", Class: Fatal, Err: errors.New("disk full")})
	calls := map[string]func() error{
		"Update":     func() error { return attempt(db, "SELECT 1", nil) },
		"View":       func() error { return db.View(t.Context(), func(*Tx) error { return nil }) },
		"Checkpoint": func() error { return db.Checkpoint(t.Context()) },
		"ParseTrees": func() error { _, err := db.ParseTrees(t.Context(), "SELECT 1"); return err },
	}
	for name, call := range calls {
		err := call()
		if wantError(t, err, Fatal, "disk full"); !errors.Is(err, ErrReopen) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := db.Close(); !errors.Is(err, ErrReopen) {
		t.Errorf("close: %v", err)
	}
}

func TestColumnsTellsTypesWithoutRunning(t *testing.T) {
	db := open(t, Options{})
	execute(t, db, "CREATE TABLE t(a INTEGER, \"列 b\" DECIMAL(9,2), c VARCHAR[])")
	err := db.View(t.Context(), func(tx *Tx) error {
		got, err := tx.Columns(t.Context(), SQL("q", "-- what it yields\nWITH x AS (SELECT * FROM t WHERE a = $a) SELECT *, error('it ran') AS e, $b AS b FROM x; -- end"), Args{"a": 1, "b": "x"})
		want := []Column{{"a", "INTEGER"}, {"列 b", "DECIMAL(9,2)"}, {"c", "VARCHAR[]"}, {"e", "INTEGER"}, {"b", "VARCHAR"}}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestParseTrees(t *testing.T) {
	db := open(t, Options{})
	positions := map[string]int{"SELECT a FROM": 13, "SELECT 'abc": 7, "DROP TABLE t": -1}
	texts := append(slices.Sorted(maps.Keys(positions)), "SELECT outcome = 'won''; DROP TABLE t' FROM t", "SELECT 12345678901234567")
	trees, err := db.ParseTrees(t.Context(), texts...)
	if err != nil || len(trees) != len(texts) {
		t.Fatalf("%d trees of %d texts: %v", len(trees), len(texts), err)
	}
	for i, text := range texts {
		position, wrong := positions[text]
		if !wrong {
			want := map[bool]string{true: "column_names:[outcome]", false: "value:12345678901234567"}[strings.Contains(text, "outcome")]
			if got := fmt.Sprint(trees[i].Tree); trees[i].Err != nil || !strings.Contains(got, want) {
				t.Errorf("%s: tree %s, %v", text, got, trees[i].Err)
			}
			continue
		}
		if syntax, ok := errors.AsType[*SyntaxError](trees[i].Err); !ok || syntax.Position != position || syntax.Message == "" || trees[i].Tree != nil {
			t.Errorf("%s: %#v, want a syntax error at %d", text, trees[i], position)
		}
	}
	if trees, err := db.ParseTrees(t.Context()); err != nil || len(trees) != 0 {
		t.Errorf("of nothing: %v, %v", trees, err)
	}
}

func TestSchemaChangeLeavesNothingInTheLog(t *testing.T) {
	db := open(t, Options{})
	for _, text := range []string{"CREATE TABLE t(a INTEGER)", "INSERT INTO t VALUES (1)", "ALTER TABLE t ADD COLUMN b INTEGER"} {
		execute(t, db, text)
		log, err := os.Stat(db.Path() + ".wal")
		if filled := err == nil && log.Size() > 0; filled != strings.HasPrefix(text, "INSERT") {
			t.Errorf("%s: the log holds something: %v", text, filled)
		}
	}
}
