package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/sample"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
)

// benchData names the environment variable with the data directory that BenchmarkRollup reads. Nothing is written to its facts.
const benchData = "PLUMBLINE_BENCH_DATA"

// BenchmarkRollup times the rollup of all KPIs, cells gathered and those of what is expected formed, against group-bys written by hand over
// the same tables: one per date that records count on, with the join to the memberships but without as-of, range, employment or shares.
// Both run alternately; x-handwritten is the ratio of the medians.
func BenchmarkRollup(b *testing.B) {
	bk := large(b)
	v := inForce(b, bk)
	library, err := warehouse.Load(os.DirFS(filepath.Join("testdata", "handwritten")))
	if err != nil {
		b.Fatal(err)
	}
	r := benchRange(b)
	var ours, theirs []time.Duration
	var cells, rows int64
	for b.Loop() {
		start := time.Now()
		cells = rollUp(b, bk, v.Policy, r)
		ours = append(ours, time.Since(start))
		start = time.Now()
		rows = byHandwriting(b, bk, library, r)
		theirs = append(theirs, time.Since(start))
	}
	if cells == 0 || rows == 0 {
		b.Fatalf("%d cells against %d rows: the data directory holds no records", cells, rows)
	}
	mine, hand := medianOf(ours), medianOf(theirs)
	b.ReportMetric(0, "ns/op") // the sum of both says nothing
	b.ReportMetric(float64(mine.Milliseconds()), "ms-rollup")
	b.ReportMetric(float64(hand.Milliseconds()), "ms-handwritten")
	b.ReportMetric(float64(mine)/float64(hand), "x-handwritten")
}

// BenchmarkRollupAlone rolls all KPIs up once, in books just opened. BenchmarkRollupTenfold runs it as a process of its own.
func BenchmarkRollupAlone(b *testing.B) {
	bk := large(b)
	v := inForce(b, bk)
	for b.Loop() {
		rollUp(b, bk, v.Policy, benchRange(b))
	}
}

// BenchmarkRollupTenfold times the rollup of 60 million rows of 200,000 people against that of 6 million rows, each in a process of its
// own with 1 GiB for DuckDB, which spills what it has no room for. It reads the books that BenchmarkIngestTenfold leaves.
func BenchmarkRollupTenfold(b *testing.B) {
	one := os.Getenv(benchData)
	ten := filepath.Join(filepath.Dir(one), "tenfold.data")
	if _, err := os.Stat(ten); one == "" || err != nil {
		b.Skip("there are no books of 60 million rows; run PLUMBLINE_BENCH_TENFOLD=1 make bench")
	}
	var small, great []time.Duration
	var smallCPU, greatCPU []time.Duration
	var peak int64
	for range 3 {
		wall, cpu, _ := alone(b, one)
		small, smallCPU = append(small, wall), append(smallCPU, cpu)
		wall, cpu, mib := alone(b, ten)
		great, greatCPU, peak = append(great, wall), append(greatCPU, cpu), max(peak, mib)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(medianOf(great).Seconds(), "s")
	b.ReportMetric(medianOf(small).Seconds(), "s-tenth")
	b.ReportMetric(float64(medianOf(great))/float64(medianOf(small)), "x-tenth")
	b.ReportMetric(float64(medianOf(greatCPU))/float64(medianOf(smallCPU)), "x-tenth-cpu")
	b.ReportMetric(float64(peak), "MiB")
}

// alone runs BenchmarkRollupAlone over the books of a directory.
func alone(b *testing.B, data string) (wall, cpu time.Duration, mib int64) {
	b.Helper()
	c := exec.Command(os.Args[0], "-test.run", "^$", "-test.bench", "^BenchmarkRollupAlone$", "-test.benchtime", "1x")
	c.Env = append(os.Environ(), benchData+"="+data)
	begun := time.Now()
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "BenchmarkRollupAlone") {
		b.Fatalf("roll up %s: %v\n%s", data, err, out)
	}
	p := c.ProcessState
	return time.Since(begun), p.UserTime() + p.SystemTime(), p.SysUsage().(*syscall.Rusage).Maxrss / 1024
}

// large opens the books of the large company that BenchmarkIngest leaves. Nothing is written to its facts.
func large(b *testing.B) *books.Books {
	b.Helper()
	dir := os.Getenv(benchData)
	if dir == "" {
		b.Skipf("%s names no data directory; make one with plumbline sample, init and ingest", benchData)
	}
	bk := open(b, dir, policy.Default(), 0)
	b.Cleanup(func() { bk.Close() })
	return bk
}

// benchRange is all months of the large company.
func benchRange(b *testing.B) metrics.Range {
	return metrics.Range{From: day(b, "2024-04-01"), To: day(b, "2026-10-01"), ReportDay: day(b, "2026-09-30"), Asked: day(b, "2026-10-14"), AsOf: always}
}

func medianOf(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func rollUp(b *testing.B, bk *books.Books, p *policy.Policy, r metrics.Range) (cells int64) {
	err := bk.View(b.Context(), func(tx *warehouse.Tx) error {
		rolled, err := metrics.RollUp(b.Context(), tx, p, p.KPIs, r)
		if err != nil {
			return err
		}
		cells = rolled.Rows()
		for _, k := range p.KPIs {
			if k.Expects() != "" {
				cells += rolled.Cells(k)
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return cells
}

// byHandwriting runs the hand-written statements and reads their records to the end.
func byHandwriting(b *testing.B, bk *books.Books, library warehouse.Library, r metrics.Range) (rows int64) {
	err := bk.View(b.Context(), func(tx *warehouse.Tx) error {
		for _, name := range slices.Sorted(maps.Keys(library)) {
			args := warehouse.Args{}
			for parameter, day := range map[string]time.Time{policy.ReportDay: r.ReportDay, policy.AskedOn: r.Asked} {
				if slices.Contains(library.Get(name).Parameters(), parameter) {
					args[parameter] = day
				}
			}
			reader, err := tx.Arrow(b.Context(), library.Get(name), args)
			if err != nil {
				return err
			}
			for reader.Next() {
				rows += reader.RecordBatch().NumRows()
			}
			err = reader.Err()
			reader.Release()
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return rows
}

// BenchmarkRefresh brings a cached rollup of the large company up to date after one row in a hundred is new, all of them of the latest
// month, against reading it from nothing. The new rows stay in the books that it makes a copy of.
func BenchmarkRefresh(b *testing.B) {
	source := os.Getenv(benchData)
	if source == "" {
		b.Skipf("%s names no data directory", benchData)
	}
	dir := filepath.Join(filepath.Dir(source), "refresh")
	if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(source))); err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(dir)
	bk := open(b, dir, policy.Default(), 0)
	defer bk.Close()
	q, from := question(b, inForce(b, bk), "2026Q3"), parse(b, "2024-04")
	var full, again []time.Duration
	var most int
	for round := 0; b.Loop(); round++ {
		cache := metrics.NewCache(bk)
		start := time.Now()
		all, err := cache.Refresh(b.Context(), q, from)
		if err != nil {
			b.Fatal(err)
		}
		full = append(full, time.Since(start))
		moreLogs(b, bk, round, 60_000)
		start = time.Now()
		touched, err := cache.Refresh(b.Context(), q, from)
		if err != nil || touched*10 > all {
			b.Fatalf("%d of %d months scanned anew: %v", touched, all, err)
		}
		again, most = append(again, time.Since(start)), max(most, touched)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(medianOf(again).Milliseconds()), "ms-refresh")
	b.ReportMetric(float64(medianOf(full).Milliseconds()), "ms-full")
	b.ReportMetric(float64(medianOf(again))/float64(medianOf(full)), "x-full")
	b.ReportMetric(float64(most), "months")
}

// moreLogs takes in new logs of September 2026, a few for each of many people.
func moreLogs(b *testing.B, bk *books.Books, round, n int) {
	b.Helper()
	var numbers []string
	err := bk.View(b.Context(), func(tx *warehouse.Tx) error {
		s := warehouse.SQL("people", "SELECT e.employee_no FROM facts.employees e WHERE e._until = 9223372036854775807 AND e.left_on IS NULL AND e.hired_on < DATE '2026-01-01' ORDER BY employee_no")
		return tx.Each(b.Context(), s, nil, func(scan func(...any) error) error {
			var no string
			defer func() { numbers = append(numbers, no) }()
			return scan(&no)
		})
	})
	if err != nil {
		b.Fatal(err)
	}
	var text strings.Builder
	text.WriteString("log_id,employee_no,work_date,logged_on,hours\n")
	for i := range n {
		fmt.Fprintf(&text, "R%d-%d,%s,2026-09-%02d,2026-09-30,0.1\n", round, i, numbers[i%len(numbers)], 1+i/len(numbers)%30)
	}
	path := write(b, b.TempDir(), "work_logs.csv", text.String())
	if faulty := take(b, bk, path); faulty > int64(n/2) {
		b.Fatalf("%d of the new logs are faulty", faulty)
	}
}

// BenchmarkQuality runs the checks of the data of a quarter, as plumbline quality does, over 6 million rows of two and a half years.
func BenchmarkQuality(b *testing.B) {
	bk := large(b)
	q := question(b, inForce(b, bk), "2026Q3")
	begun := processorTime(b)
	for b.Loop() {
		found, err := metrics.Examine(b.Context(), bk, q, metrics.Levels{Company: true, Department: true})
		if err != nil {
			b.Fatal(err)
		}
		if len(found.Findings) == 0 {
			b.Fatal("nothing was found, not even that there is nothing")
		}
	}
	b.ReportMetric((processorTime(b)-begun).Seconds()/float64(b.N), "cpu-s/op")
}

// processorTime is what the process has used of all processors so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPage forms what a page shows, one department in a year with all KPIs, from the cached rollup of a company of 5,000 people.
func BenchmarkPage(b *testing.B) {
	bk := fiveThousand(b)
	q := question(b, inForce(b, bk), "2026Q3")
	cache := metrics.NewCache(bk)
	if _, err := cache.Refresh(b.Context(), q, parse(b, "2025-01")); err != nil {
		b.Fatal(err)
	}
	year := parse(b, "2026")
	for b.Loop() {
		rows, err := cache.Page("D003", year)
		if err != nil || len(rows) < 500 {
			b.Fatalf("%d rows: %v", len(rows), err)
		}
	}
}

// fiveThousand makes the books of a company of 5,000 people with two years of records.
func fiveThousand(b *testing.B) *books.Books {
	b.Helper()
	if testing.Short() {
		b.Skip("it takes in some three million rows first")
	}
	dir := b.TempDir()
	files := filepath.Join(dir, "files")
	if _, err := sample.Write(context.Background(), files, sample.Options{Employees: 5000, Months: 24, Seed: 7}, nil); err != nil {
		b.Fatal(err)
	}
	bk := open(b, filepath.Join(dir, "data"), policy.Default(), 0)
	b.Cleanup(func() { bk.Close() })
	take(b, bk, files)
	if err := bk.Checkpoint(b.Context()); err != nil {
		b.Fatal(err)
	}
	return bk
}

// BenchmarkReport makes the quarterly report of a company of 5,000 people with two years of records.
func BenchmarkReport(b *testing.B) {
	bk := fiveThousand(b)
	q := question(b, inForce(b, bk), "2026Q3")
	b.ReportAllocs()
	for b.Loop() {
		r, err := metrics.New(b.Context(), bk, q)
		if err != nil {
			b.Fatal(err)
		}
		if len(r.People) < 4000 {
			b.Fatalf("only %d people", len(r.People))
		}
	}
}
