package metrics_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
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

// BenchmarkRollup times the rollup of all KPIs, cells gathered, against group-bys written by hand over the same tables: one per date
// that records count on, with the join to the memberships but without as-of, range or employment. Both run alternately; x-handwritten
// is the ratio of the medians.
func BenchmarkRollup(b *testing.B) {
	dir := os.Getenv(benchData)
	if dir == "" {
		b.Skipf("%s names no data directory; make one with plumbline sample, init and ingest", benchData)
	}
	bk := open(b, dir, policy.Default())
	defer bk.Close()
	v := inForce(b, bk)
	library, err := warehouse.Load(os.DirFS(filepath.Join("testdata", "handwritten")))
	if err != nil {
		b.Fatal(err)
	}
	r := metrics.Range{From: day(b, "1990-01-01"), To: day(b, "2101-01-01"), ReportDay: day(b, "2026-09-30"), AsOf: always}
	var ours, theirs []time.Duration
	var cells, rows int64
	for b.Loop() {
		start := time.Now()
		cells = rollUp(b, bk, v.Policy.KPIs, r)
		ours = append(ours, time.Since(start))
		start = time.Now()
		rows = byHandwriting(b, bk, library, r.ReportDay)
		theirs = append(theirs, time.Since(start))
	}
	if cells == 0 || rows == 0 {
		b.Fatalf("%d cells against %d rows: the data directory holds no records", cells, rows)
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	mine, hand := ours[len(ours)/2], theirs[len(theirs)/2]
	b.ReportMetric(0, "ns/op") // the sum of both says nothing
	b.ReportMetric(float64(mine.Milliseconds()), "ms-rollup")
	b.ReportMetric(float64(hand.Milliseconds()), "ms-handwritten")
	b.ReportMetric(float64(mine)/float64(hand), "x-handwritten")
}

func rollUp(b *testing.B, bk *books.Books, kpis []*policy.KPI, r metrics.Range) (cells int64) {
	err := bk.View(b.Context(), func(tx *warehouse.Tx) error {
		rolled, err := metrics.RollUp(b.Context(), tx, kpis, r)
		for _, list := range rolled {
			cells += int64(len(list))
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return cells
}

// byHandwriting runs the hand-written statements and reads their records to the end.
func byHandwriting(b *testing.B, bk *books.Books, library warehouse.Library, reportDay time.Time) (rows int64) {
	err := bk.View(b.Context(), func(tx *warehouse.Tx) error {
		for _, name := range []string{"opportunities_closed", "deliveries", "work_logs", "opportunities_created"} {
			args := warehouse.Args{}
			if slices.Contains(library.Get(name).Parameters(), policy.ReportDay) {
				args[policy.ReportDay] = reportDay
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

// BenchmarkReport makes the quarterly report of a company of 5,000 people with two years of records.
func BenchmarkReport(b *testing.B) {
	if testing.Short() {
		b.Skip("it takes in some three million rows first")
	}
	dir := b.TempDir()
	files := filepath.Join(dir, "files")
	if _, err := sample.Write(context.Background(), files, sample.Options{Employees: 5000, Months: 24, Seed: 7}, nil); err != nil {
		b.Fatal(err)
	}
	bk := open(b, filepath.Join(dir, "data"), policy.Default())
	defer bk.Close()
	take(b, bk, files)
	if err := bk.Checkpoint(b.Context()); err != nil {
		b.Fatal(err)
	}
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
