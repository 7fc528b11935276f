//go:build unix

package warehouse

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A test that needs a second process runs this test binary again with the name of a role and a file in the environment.
const roleVariable, fileVariable = "WAREHOUSE_TEST_ROLE", "WAREHOUSE_TEST_FILE"

var roles = map[string]func(ctx context.Context, file string) error{
	"open":     openAndClose,
	"write":    writeForever,
	"alter":    alterForever,
	"fulldisk": fillDisk,
}

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		if err := roles[role](context.Background(), os.Getenv(fileVariable)); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(t *testing.T, role, file string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+role, fileVariable+"="+file)
	cmd.Stderr = os.Stderr
	return cmd
}

func openAndClose(ctx context.Context, file string) error {
	db, err := Open(ctx, file, Options{})
	if err != nil {
		return err
	}
	return db.Close()
}

func TestSecondProcessIsRefusedWithThePID(t *testing.T) {
	db := open(t, Options{})
	out, err := child(t, "open", db.Path()).Output()
	if err == nil {
		t.Fatal("two processes have the file open")
	}
	if want := fmt.Sprintf("locked: the file is in use by process %d", os.Getpid()); !strings.Contains(string(out), want) {
		t.Errorf("the child said %s, want %s", out, want)
	}
}

// writeForever inserts pairs of rows and prints each number after its commit.
func writeForever(ctx context.Context, file string) error {
	db, err := Open(ctx, file, Options{})
	if err != nil {
		return err
	}
	first, err := nextNumber(ctx, db)
	if err != nil {
		return err
	}
	insert := SQL("insert", "INSERT INTO t VALUES ($n, $side)")
	for n := first; ; n++ {
		err := db.Update(ctx, func(tx *Tx) error {
			for _, side := range []string{"left", "right"} {
				if _, err := tx.Exec(ctx, insert, Args{"n": n, "side": side}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		fmt.Println(n)
	}
}

func nextNumber(ctx context.Context, db *DB) (n int64, err error) {
	err = db.Update(ctx, func(tx *Tx) error {
		if _, err := tx.Exec(ctx, SQL("create", "CREATE TABLE IF NOT EXISTS t(n BIGINT, side VARCHAR, PRIMARY KEY (n, side))"), nil); err != nil {
			return err
		}
		n, err = One[int64](ctx, tx, SQL("next", "SELECT coalesce(max(n), 0) + 1 FROM t"), nil)
		return err
	})
	return n, err
}

// killAfter starts a child, kills it after it has printed a few lines, and gives the last line.
func killAfter(t *testing.T, role, file string, lines int) string {
	t.Helper()
	cmd := child(t, role, file)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := ""
	scanner := bufio.NewScanner(out)
	for n := 0; scanner.Scan(); n++ { // to the end: what was printed before the kill was acknowledged
		last = scanner.Text()
		if n == lines {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // killed
	if last == "" || strings.HasPrefix(last, "error") {
		t.Fatalf("%s failed: %q", role, last)
	}
	return last
}

func TestKillDuringUpdatesLosesNothingAcknowledged(t *testing.T) {
	file := filepath.Join(t.TempDir(), "w.duckdb")
	for round := range 20 {
		last := killAfter(t, "write", file, 3+7*round%40)
		db, err := Open(t.Context(), file, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if log, err := os.Stat(file + ".wal"); err == nil && log.Size() > 0 {
			t.Errorf("round %d: Open left %d bytes of log to be replayed once more", round, log.Size())
		}
		if n := number(t, db, "SELECT count(DISTINCT n) - "+last+" FROM t"); n != 0 && n != 1 {
			t.Errorf("round %d: %d transactions more than the %s acknowledged; only the one under way may be there", round, n, last)
		}
		if n := number(t, db, "SELECT count(*) FROM (SELECT n FROM t GROUP BY n HAVING count(*) <> 2)"); n != 0 {
			t.Errorf("round %d: %d half transactions", round, n)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// alterForever inserts rows and adds a column in turn, each in its own transaction.
func alterForever(ctx context.Context, file string) error {
	db, err := Open(ctx, file, Options{})
	if err != nil {
		return err
	}
	update := func(text string) error {
		return db.Update(ctx, func(tx *Tx) error {
			_, err := tx.Exec(ctx, SQL("update", text), nil)
			return err
		})
	}
	for {
		n, err := nextNumber(ctx, db)
		if err != nil {
			return err
		}
		for _, text := range []string{
			fmt.Sprintf("INSERT INTO t(n, side) VALUES (%d, 'left')", n),
			fmt.Sprintf("ALTER TABLE t ADD COLUMN c%d INTEGER", n),
			fmt.Sprintf("UPDATE t SET c%d = 1", n),
		} {
			if err := update(text); err != nil {
				return err
			}
		}
		fmt.Println(n)
	}
}

func TestKillAfterSchemaChangeOpensAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "w.duckdb")
	for round := range 5 {
		last := killAfter(t, "alter", file, round)
		db, err := Open(t.Context(), file, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if n := number(t, db, "SELECT count(*) - "+last+" FROM t"); n != 0 && n != 1 {
			t.Errorf("round %d: %d rows more than the %s acknowledged", round, n, last)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// fillDisk writes until the file may not grow, and prints what the calls after it say.
func fillDisk(ctx context.Context, file string) error {
	db, err := Open(ctx, file, Options{})
	if err != nil {
		return err
	}
	if _, err := nextNumber(ctx, db); err != nil {
		return err
	}
	insert := SQL("insert", "INSERT INTO t SELECT range, md5(range::VARCHAR) FROM range($n, $n + 20_000)")
	write := func(n int) error {
		return db.Update(ctx, func(tx *Tx) error {
			_, err := tx.Exec(ctx, insert, Args{"n": n})
			return err
		})
	}
	if err := write(0); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 600_000, Max: 600_000}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	seen := func(*Tx) error { return nil }
	fmt.Println("checkpoint:", db.Checkpoint(ctx))
	fmt.Println("update:", ClassOf(write(100_000)))
	fmt.Println("view:", db.View(ctx, seen))
	_, err = db.pool.ExecContext(ctx, "CHECKPOINT") // as DuckDB makes one by itself where the log is long
	fmt.Println("checkpoint of its own:", db.wrap(ctx, "CHECKPOINT", err).Class)
	fmt.Println("update:", errors.Is(write(100_000), ErrReopen))
	fmt.Println("view:", errors.Is(db.View(ctx, seen), ErrReopen))
	fmt.Println("close:", errors.Is(db.Close(), ErrReopen))
	return nil
}

// TestDiskFullAtCheckpointLosesNothing has no room for a checkpoint: none is begun, and reading goes on. One that is begun all the same stops the database.
func TestDiskFullAtCheckpointLosesNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "w.duckdb")
	start := time.Now()
	out, err := child(t, "fulldisk", file).Output()
	if want := "checkpoint: <nil>\nupdate: input/output\nview: <nil>\ncheckpoint of its own: fatal\nupdate: true\nview: true\nclose: true\n"; err != nil || string(out) != want {
		t.Errorf("after %v: %v\n%swant\n%s", time.Since(start), err, out, want)
	}
	db, err := Open(t.Context(), file, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if n := number(t, db, "SELECT count(*) FROM t"); n != 20_000 {
		t.Errorf("%d rows, want the 20000 committed", n)
	}
}
