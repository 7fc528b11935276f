// Package sample makes a company that does not exist: departments, people, work logs, deliveries and opportunities; a small one
// also keeps every other kind of record of the default policy.
//
// In come a size, a number of months and a seed; out go files in a folder, as a company's systems would export them.
// The same options give the same bytes on every machine: every figure is drawn with integers from a generator seeded by
// person and month. Rows are streamed, so the memory needed does not grow with their number.
// It never reads the clock, never overwrites a file, and holds no rule of the regulation: whether a row is good or bad
// is ingest's to say.
//
// With Options.Faults the same company comes in the mixed formats of real files (see faulty.go), with the further kinds of
// record (see kinds.go), and with faults planted at places that faults.csv names.
package sample

import (
	"context"
	"errors"
	"fmt"
	"os"

	"plumbline/internal/period"
)

// Options say which company is made. The zero value of each counts or seeds is given beside it.
type Options struct {
	Employees int           // people who ever worked there in these months; 0 means 60
	Months    int           // calendar months up to and including Last; 0 means 15
	Seed      uint64        // another seed is another company
	Last      period.Period // the last month, or the period that ends with it; zero means 2026-09

	// Rows wanted in all. 0 is what such a company would have: a log per person and workday outside leave, about three
	// deliveries a month per engineer, about four opportunities a month per salesperson.
	WorkLogs, Deliveries, Opportunities int64

	Faults bool // mixed formats, all kinds of record and planted faults, for a company of 50 to 200 people and at least six months
}

// Small are the options of the company in the folder sample_data.
func Small() Options { return Options{Employees: 60, Months: 15, Seed: 39, Faults: true} }

// Summary says what was written.
type Summary struct {
	Files  []File // in the order written
	Rows   int64  // data rows of all files, planted faults included
	Faults []Fault
}

// File is one file, or one sheet of a workbook.
type File struct {
	Name    string // below the folder, with slashes
	Sheet   string // "" for CSV
	Dataset string // "" for a file that belongs to no dataset
	Rows    int64  // data rows
}

// The limits within which a company can be made.
const (
	maxEmployees = 1_000_000
	maxMonths    = 120
	maxRows      = 99_999_999 // record numbers have eight digits
)

// Write makes the company and writes its files into dir, which is created, or must be empty. Files: departments.csv,
// employees.csv, memberships.csv, work_logs-2026-07.csv for each month, deliveries-2026Q3.csv and
// opportunities-2026Q3.csv for each quarter; UTF-8, with Chinese headers. With Faults: see the package comment.
//
// progress, if not nil, is told now and then how many of how many rows are written. When Write fails or ctx ends, the
// files it began are removed.
func Write(ctx context.Context, dir string, o Options, progress func(done, total int64)) (Summary, error) {
	o, err := o.complete()
	if err != nil {
		return Summary{}, fmt.Errorf("make a sample company: %w", err)
	}
	if err := emptyDir(dir); err != nil {
		return Summary{}, fmt.Errorf("make a sample company: %w", err)
	}
	g, err := newGenerator(o)
	if err != nil {
		return Summary{}, fmt.Errorf("make a sample company: %w", err)
	}
	out := &output{dir: dir, total: g.total(), progress: progress}
	if o.Faults {
		err = writeFaulty(ctx, out, g)
	} else {
		err = writeClean(ctx, out, g)
	}
	if err != nil {
		out.remove()
		return Summary{}, fmt.Errorf("make a sample company in %s: %w", dir, err)
	}
	return out.summary, nil
}

// complete fills in defaults and refuses what cannot be made.
func (o Options) complete() (Options, error) {
	if o.Employees == 0 {
		o.Employees = 60
	}
	if o.Months == 0 {
		o.Months = 15
	}
	if o.Last.IsZero() {
		last, err := period.Parse("2026-09")
		if err != nil {
			return o, err
		}
		o.Last = last
	}
	o.Last = period.MonthOf(o.Last.LastDay())
	switch {
	case o.Employees < 1 || o.Employees > maxEmployees:
		return o, fmt.Errorf("employees: %d; choose 1 to %d", o.Employees, maxEmployees)
	case o.Months < 1 || o.Months > maxMonths:
		return o, fmt.Errorf("months: %d; choose 1 to %d", o.Months, maxMonths)
	case min(o.WorkLogs, o.Deliveries, o.Opportunities) < 0 || max(o.WorkLogs, o.Deliveries, o.Opportunities) > maxRows:
		return o, fmt.Errorf("rows wanted: choose 0 to %d for each kind", maxRows)
	case o.Faults && (o.Employees < 50 || o.Employees > 200 || o.Months < 6):
		return o, errors.New("with faults a company has 50 to 200 employees and at least 6 months")
	case o.Faults && max(o.WorkLogs, o.Deliveries, o.Opportunities) > 0:
		return o, errors.New("with faults the number of rows cannot be chosen")
	}
	return o, nil
}

// emptyDir creates dir, or makes sure that nothing is in it: months of two companies in one folder would be one
// company with impossible people.
func emptyDir(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("folder %s is not empty; name a new folder (文件夹不为空，请换一个新文件夹)", dir)
	}
	return nil
}
