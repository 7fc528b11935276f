package plumbline_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"plumbline/internal/sample"
	"plumbline/internal/warehouse"
)

// The environment variables of the benchmarks: where the large company and its books are kept, and the order to a child process to
// read the files with bare DuckDB.
const (
	benchDir  = "PLUMBLINE_BENCH"
	tenfold   = "PLUMBLINE_BENCH_TENFOLD"
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
	db, err := warehouse.Open(ctx, filepath.Join(dir, "bare.duckdb"), warehouse.Options{Memory: "768MiB", Staging: filepath.Join(dir, "company"), KeepOrder: true})
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

// cost is what a process took.
type cost struct {
	wall, cpu time.Duration
	mib       int64 // at the peak
}

// child runs a command to its end.
func child(b *testing.B, env string, name string, args ...string) cost {
	b.Helper()
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), env)
	begun := time.Now()
	if out, err := c.CombinedOutput(); err != nil {
		b.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return cost{time.Since(begun), c.ProcessState.UserTime() + c.ProcessState.SystemTime(), c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss / 1024}
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// bench gives the directory of the benchmarks, with the large company in it, and the program. They run only where PLUMBLINE_BENCH names
// a directory: `make bench` does.
func bench(b *testing.B) (dir, company, program string) {
	b.Helper()
	if dir = os.Getenv(benchDir); dir == "" {
		b.Skip("PLUMBLINE_BENCH names no directory; run make bench")
	}
	company = filepath.Join(dir, "company")
	if _, err := os.Stat(company); err != nil {
		if err := largeCompany(company); err != nil {
			b.Fatal(err)
		}
	}
	program, err := filepath.Abs("bin/plumbline")
	if err != nil {
		b.Fatal(err)
	}
	return dir, company, program
}

// newBooks makes books that hold the organisation of the company.
func newBooks(b *testing.B, program, data, company string) {
	b.Helper()
	if err := os.RemoveAll(data); err != nil {
		b.Fatal(err)
	}
	child(b, "", program, "init", "--data", data)
	child(b, "", program, "ingest", "--data", data, filepath.Join(company, "departments.csv"),
		filepath.Join(company, "employees.csv"), filepath.Join(company, "memberships.csv"))
}

// takeLarge takes the large files of a folder in, all in one process.
func takeLarge(b *testing.B, program, data, folder string) cost {
	b.Helper()
	args := []string{"ingest", "--data", data}
	for _, kind := range largeKinds {
		args = append(args, filepath.Join(folder, kind+".csv"))
	}
	return child(b, "", program, args...)
}

// rewrite makes a file of another, line by line; change gets the number of the line, from 0 for the header.
func rewrite(from, to string, change func(n int, line []byte) []byte) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(out, 1<<20)
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for n := 0; lines.Scan(); n++ {
		if line := change(n, lines.Bytes()); line != nil {
			w.Write(line)
			w.WriteByte('\n')
		}
	}
	return errors.Join(lines.Err(), w.Flush(), out.Close())
}

// BenchmarkIngest takes in 6 million rows, whole process, against bare DuckDB on the same files, in turn. It leaves the books for
// the benchmark of the rollup.
func BenchmarkIngest(b *testing.B) {
	dir, company, program := bench(b)
	data := filepath.Join(dir, "data")
	var ours, theirs []time.Duration
	var peak, barePeak int64
	for range max(3, b.N) {
		if err := os.RemoveAll(filepath.Join(dir, "bare.duckdb")); err != nil {
			b.Fatal(err)
		}
		newBooks(b, program, data, company)
		took := takeLarge(b, program, data, company)
		ours, peak = append(ours, took.wall), max(peak, took.mib)
		took = child(b, bareOrder+"="+dir, os.Args[0])
		theirs, barePeak = append(theirs, took.wall), max(barePeak, took.mib)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(ours).Seconds(), "s")
	b.ReportMetric(median(theirs).Seconds(), "s-bare")
	b.ReportMetric(median(ours).Seconds()/median(theirs).Seconds(), "x-bare")
	b.ReportMetric(float64(peak), "MiB")
	b.ReportMetric(float64(barePeak), "MiB-bare")
}

// BenchmarkIngestAgain takes the same files in a second time with one row in a hundred changed, against the first time.
func BenchmarkIngestAgain(b *testing.B) {
	dir, company, program := bench(b)
	data, changed := filepath.Join(dir, "again"), filepath.Join(dir, "changed")
	if err := os.RemoveAll(changed); err != nil {
		b.Fatal(err)
	}
	for _, kind := range largeKinds {
		column := -1
		err := rewrite(filepath.Join(company, kind+".csv"), filepath.Join(changed, kind+".csv"), func(n int, line []byte) []byte {
			cells := bytes.Split(line, []byte(","))
			if n == 0 {
				column = slices.IndexFunc(cells, func(c []byte) bool { return string(c) == "项目名称" || string(c) == "客户名称" })
			} else if n%100 == 0 {
				cells[column] = append(slices.Clone(cells[column]), "改"...)
				return bytes.Join(cells, []byte(","))
			}
			return line
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	var first, second []time.Duration
	var peak int64
	for range max(3, b.N) {
		newBooks(b, program, data, company)
		first = append(first, takeLarge(b, program, data, company).wall)
		took := takeLarge(b, program, data, changed)
		second, peak = append(second, took.wall), max(peak, took.mib)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(second).Seconds(), "s")
	b.ReportMetric(median(first).Seconds(), "s-first")
	b.ReportMetric(median(second).Seconds()/median(first).Seconds(), "x-first")
	b.ReportMetric(float64(peak), "MiB")
}

// BenchmarkIngestGB18030 takes a million deliveries in as GB18030, against the same rows as UTF-8.
func BenchmarkIngestGB18030(b *testing.B) {
	dir, company, program := bench(b)
	data, utf8 := filepath.Join(dir, "encoded"), filepath.Join(company, "deliveries.csv")
	gb := filepath.Join(dir, "gb18030", "deliveries.csv")
	if err := os.RemoveAll(filepath.Dir(gb)); err != nil {
		b.Fatal(err)
	}
	encoder := simplifiedchinese.GB18030.NewEncoder()
	err := rewrite(utf8, gb, func(_ int, line []byte) []byte {
		encoded, err := encoder.Bytes(line)
		if err != nil {
			b.Fatal(err)
		}
		return encoded
	})
	if err != nil {
		b.Fatal(err)
	}
	var ours, theirs []time.Duration
	for range max(3, b.N) {
		for _, f := range []struct {
			path string
			took *[]time.Duration
		}{{utf8, &theirs}, {gb, &ours}} {
			newBooks(b, program, data, company)
			*f.took = append(*f.took, child(b, "", program, "ingest", "--data", data, f.path).wall)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(ours).Seconds(), "s")
	b.ReportMetric(median(theirs).Seconds(), "s-utf8")
	b.ReportMetric(median(ours).Seconds()/median(theirs).Seconds(), "x-utf8")
}

// BenchmarkIngestTenfold takes in 60 million rows of ten such companies, once, against 6 million. It needs 15 GB of disk and some
// minutes, so it runs only where PLUMBLINE_BENCH_TENFOLD is set. It leaves both books for the benchmark of the rollup.
func BenchmarkIngestTenfold(b *testing.B) {
	if os.Getenv(tenfold) == "" {
		b.Skip(tenfold + " is not set")
	}
	dir, company, program := bench(b)
	large, data := filepath.Join(dir, "tenfold"), filepath.Join(dir, "tenfold.data")
	if _, err := os.Stat(large); err != nil {
		if err := multiply(company, large, 10); err != nil {
			b.Fatal(err)
		}
	}
	newBooks(b, program, filepath.Join(dir, "data"), company)
	one := takeLarge(b, program, filepath.Join(dir, "data"), company)
	newBooks(b, program, data, large)
	ten := takeLarge(b, program, data, large)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ten.wall.Seconds(), "s")
	b.ReportMetric(one.wall.Seconds(), "s-tenth")
	b.ReportMetric(ten.wall.Seconds()/one.wall.Seconds(), "x-tenth")
	b.ReportMetric(ten.cpu.Seconds()/one.cpu.Seconds(), "x-tenth-cpu")
	b.ReportMetric(float64(ten.mib), "MiB")
}

// multiply makes n companies of one: ids and people get a letter in front, departments stay.
func multiply(from, to string, n int) error {
	parts := to + ".parts" // so that a folder cut short is not taken for a whole one
	if err := os.RemoveAll(parts); err != nil {
		return err
	}
	for _, kind := range append([]string{"departments", "employees", "memberships"}, largeKinds...) {
		for i := range n {
			letter := string(rune('A' + i))
			err := rewrite(filepath.Join(from, kind+".csv"), filepath.Join(parts, kind+".csv"), func(row int, line []byte) []byte {
				switch {
				case row == 0 && i > 0, kind == "departments" && i > 0:
					return nil
				case row == 0 || kind == "departments":
					return line
				}
				id, rest, _ := bytes.Cut(line, []byte(","))
				if kind == "employees" || kind == "memberships" {
					return fmt.Appendf(nil, "%s%s,%s", letter, id, prefixed(rest, kind, letter))
				}
				return fmt.Appendf(nil, "%s%s,%s%s", letter, id, letter, rest)
			})
			if err != nil {
				return err
			}
		}
	}
	return os.Rename(parts, to)
}

// prefixed puts the letter before the superior, the last cell of a membership.
func prefixed(rest []byte, kind, letter string) []byte {
	at := bytes.LastIndexByte(rest, ',')
	if kind != "memberships" || at < 0 || at == len(rest)-1 {
		return rest
	}
	return append(append(slices.Clone(rest[:at+1]), letter...), rest[at+1:]...)
}
