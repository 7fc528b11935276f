package plumbline_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"plumbline/internal/sample"
	"plumbline/internal/warehouse"
)

// The environment variables of the benchmarks: where the large company and its books are kept, and the order to a child process to
// read the files with bare DuckDB.
const (
	benchDir  = "PLUMBLINE_BENCH"
	bareOrder = "PLUMBLINE_BENCH_BARE"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(bareOrder); dir != "" {
		if err := bare(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// largeKinds are the files of the company that the benchmark is about.
var largeKinds = []string{"work_logs", "deliveries", "opportunities"}

// bare is what DuckDB does by itself with the same files, memory and threads: read them with its own guesses into plain tables, and
// checkpoint.
func bare(dir string) (err error) {
	ctx := context.Background()
	db, err := warehouse.Open(ctx, filepath.Join(dir, "bare.duckdb"), warehouse.Options{Memory: "1GiB", Staging: filepath.Join(dir, "company"), KeepOrder: true})
	if err != nil {
		return err
	}
	for _, kind := range largeKinds {
		file := filepath.Join(dir, "company", kind+".csv")
		err := db.Update(ctx, func(tx *warehouse.Tx) error {
			_, err := tx.Exec(ctx, warehouse.SQL("bare "+kind, "CREATE TABLE "+kind+" AS SELECT * FROM read_csv("+warehouse.Literal(file)+")"), nil)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := db.Checkpoint(ctx); err != nil {
		return err
	}
	return db.Close()
}

// largeCompany writes 4 million work logs, a million deliveries and a million opportunities of 20,000 people, one file each, with the
// files of the organisation.
func largeCompany(dir string) error {
	parts := dir + ".parts"
	if err := os.RemoveAll(parts); err != nil {
		return err
	}
	_, err := sample.Write(context.Background(), parts, sample.Options{Employees: 20_000, Seed: 7,
		WorkLogs: 4_000_000, Deliveries: 1_000_000, Opportunities: 1_000_000}, nil)
	if err != nil {
		return err
	}
	for _, kind := range largeKinds {
		files, err := filepath.Glob(filepath.Join(parts, kind+"-*.csv"))
		if err != nil {
			return err
		}
		if err := join(filepath.Join(parts, kind+".csv"), files); err != nil {
			return err
		}
	}
	return os.Rename(parts, dir)
}

// join makes one CSV of several with the same header, and removes them.
func join(to string, files []string) error {
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	for i, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		if i > 0 {
			text = text[bytes.IndexByte(text, '\n')+1:]
		}
		if _, err := out.Write(text); err != nil {
			return err
		}
		if err := os.Remove(f); err != nil {
			return err
		}
	}
	return out.Close()
}

// child runs a command and gives its wall time and peak memory.
func child(b *testing.B, env string, name string, args ...string) (time.Duration, int64) {
	b.Helper()
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), env)
	begun := time.Now()
	if out, err := c.CombinedOutput(); err != nil {
		b.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	took := time.Since(begun)
	return took, c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss / 1024
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// BenchmarkIngest takes in 6 million rows, whole process, against bare DuckDB on the same files, in turn. It leaves the books for
// the benchmark of the rollup. It runs only where PLUMBLINE_BENCH names a directory: `make bench` does.
func BenchmarkIngest(b *testing.B) {
	dir := os.Getenv(benchDir)
	if dir == "" {
		b.Skip("PLUMBLINE_BENCH names no directory; run make bench")
	}
	company := filepath.Join(dir, "company")
	if _, err := os.Stat(company); err != nil {
		if err := largeCompany(company); err != nil {
			b.Fatal(err)
		}
	}
	program, err := filepath.Abs("bin/plumbline")
	if err != nil {
		b.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	var ours, theirs []time.Duration
	var peak, barePeak int64
	for range max(3, b.N) {
		for _, f := range []string{data, filepath.Join(dir, "bare.duckdb")} {
			if err := os.RemoveAll(f); err != nil {
				b.Fatal(err)
			}
		}
		child(b, "", program, "init", "--data", data)
		child(b, "", program, "ingest", "--data", data, filepath.Join(company, "departments.csv"),
			filepath.Join(company, "employees.csv"), filepath.Join(company, "memberships.csv"))
		args := []string{"ingest", "--data", data}
		for _, kind := range largeKinds {
			args = append(args, filepath.Join(company, kind+".csv"))
		}
		took, mib := child(b, "", program, args...)
		ours, peak = append(ours, took), max(peak, mib)
		took, mib = child(b, bareOrder+"="+dir, os.Args[0])
		theirs, barePeak = append(theirs, took), max(barePeak, mib)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(ours).Seconds(), "s")
	b.ReportMetric(median(theirs).Seconds(), "s-bare")
	b.ReportMetric(median(ours).Seconds()/median(theirs).Seconds(), "x-bare")
	b.ReportMetric(float64(peak), "MiB")
	b.ReportMetric(float64(barePeak), "MiB-bare")
}
