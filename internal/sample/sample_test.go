package sample_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"testing"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/sample"
)

// write makes a company and reads its files back.
func write(t *testing.T, o sample.Options) (map[string][]byte, sample.Summary) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "company")
	summary, err := sample.Write(context.Background(), dir, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return readAll(t, os.DirFS(dir)), summary
}

func readAll(t *testing.T, dir fs.FS) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(dir, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[path], err = fs.ReadFile(dir, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func month(t *testing.T, s string) period.Period {
	t.Helper()
	p, err := period.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSameOptionsSameBytes(t *testing.T) {
	for _, o := range []sample.Options{{Employees: 130, Months: 7, Seed: 5}, {Employees: 60, Months: 9, Seed: 5, Faults: true}} {
		first, _ := write(t, o)
		again, _ := write(t, o)
		o.Seed++
		other, _ := write(t, o)
		for name, data := range first {
			if !bytes.Equal(data, again[name]) {
				t.Errorf("%s differs in a second run with the same options", name)
			}
		}
		for _, name := range []string{"employees.csv", "work_logs-2026-09.csv", "company/work_logs-2026Q3.csv", "company/company.xlsx"} {
			if data, ok := first[name]; ok && bytes.Equal(data, other[name]) {
				t.Errorf("%s is the same with another seed", name)
			}
		}
	}
}

// TestBytesStayAsTheyAre pins a company: made by the same seed, it is the same on every machine and in every year. A change
// to it is a change to everybody's samples.
func TestBytesStayAsTheyAre(t *testing.T) {
	files, _ := write(t, sample.Options{Employees: 260, Months: 4, Seed: 39})
	var names []string
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	sum := sha256.New()
	for _, name := range names {
		sum.Write([]byte(name))
		sum.Write(files[name])
	}
	const want = "2139654e063e02890352e800b7c941a82bc231160a7bb40394427a29168b1548"
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		t.Errorf("%d files hash to %s, want %s", len(names), got, want)
	}
}

func TestRowsWanted(t *testing.T) {
	for _, o := range []sample.Options{
		{Employees: 60, Months: 3, WorkLogs: 1000, Deliveries: 7, Opportunities: 1},
		{Employees: 60, Months: 3, WorkLogs: 30_000, Deliveries: 5_000, Opportunities: 12_345},
		{Employees: 240, Months: 2, Seed: 3, WorkLogs: 59_999, Deliveries: 1, Opportunities: 4_000},
	} {
		files, summary := write(t, o)
		got := map[string]int64{}
		for name, data := range files {
			got[strings.SplitN(name, "-", 2)[0]] += int64(bytes.Count(data, []byte("\n"))) - 1
		}
		if got["work_logs"] != o.WorkLogs || got["deliveries"] != o.Deliveries || got["opportunities"] != o.Opportunities {
			t.Errorf("%+v: got %v", o, got)
		}
		var rows int64
		for _, n := range got {
			rows += n
		}
		if summary.Rows != rows {
			t.Errorf("%+v: summary tells %d rows, the files hold %d", o, summary.Rows, rows)
		}
	}
}

// TestRowsFollowTheDatasets reads every row of clean companies by the rules of the default policy.
func TestRowsFollowTheDatasets(t *testing.T) {
	for _, o := range []sample.Options{
		{},
		{Employees: 1, Months: 1, Seed: 1},
		{Employees: 11, Months: 2, Seed: 2, Last: month(t, "2024Q1")},
		{Employees: 150, Months: 3, Seed: 3, WorkLogs: 18_000, Opportunities: 5_000, Last: month(t, "2027")},
		{Employees: 700, Months: 3, Seed: 4, Last: month(t, "2026-02")},
	} {
		t.Run(fmt.Sprintf("%d people %d months", o.Employees, o.Months), func(t *testing.T) {
			files, _ := write(t, o)
			r := read(t, files, "2027-12-31")
			for i, f := range r.found {
				if i < 10 {
					t.Error(f)
				}
			}
			r.belongs(t)
		})
	}
}

// belongs checks that every record falls on a day on which its owner is in a department that has such records.
func (r *reader) belongs(t *testing.T) {
	t.Helper()
	kinds := map[string]string{"deliveries": "engineering", "opportunities": "sales", "work_logs": ""}
	days := map[string][]string{"deliveries": {"due_on"}, "opportunities": {"created_on", "closed_on"}, "work_logs": {"work_date"}}
	bad := 0
	for name, kind := range kinds {
		if len(r.records[name]) == 0 && len(r.employees) > 10 {
			t.Errorf("no %s", name)
		}
		for _, record := range r.records[name] {
			for _, column := range days[name] {
				d := r.post(record["employee_no"], record[column])
				if record[column] == "" || d != "" && (kind == "" || r.departments[d] == kind) {
					continue
				}
				if bad++; bad < 10 {
					t.Errorf("%s %v: department %q on %s", name, record, d, record[column])
				}
			}
		}
	}
}

// TestCompanyIsPlausible checks that results spread over the bands, and that the organisation is one to learn from.
func TestCompanyIsPlausible(t *testing.T) {
	files, _ := write(t, sample.Options{Employees: 240, Months: 9, Seed: 11})
	r := read(t, files, "2026-12-31")
	var won, closed, onTime, due, punctual, logs int
	var hours, planned fixed.Num
	closings := map[string]int{}
	for _, o := range r.records["opportunities"] {
		if o["outcome"] != "open" {
			closed++
			won += btoi(o["outcome"] == "won")
			closings[o["employee_no"]] += btoi(o["closed_on"] > "2026-06-30")
		}
	}
	for _, d := range r.records["deliveries"] {
		due++
		onTime += btoi(d["delivered_on"] != "" && d["delivered_on"] <= d["due_on"])
	}
	for _, l := range r.records["work_logs"] {
		logs++
		punctual += btoi(l["logged_on"] == l["work_date"] || dayAfter(t, l["work_date"]) == l["logged_on"])
		hours, planned = hours+fixed.MustParse(l["hours"]), planned+fixed.MustParse(l["planned_hours"])
	}
	within := func(what string, part, whole, lo, hi int) {
		if share := 1000 * part / whole; share < lo || share > hi {
			t.Errorf("%s: %d of %d", what, part, whole)
		}
	}
	within("conversion rate", won, closed, 250, 350)
	within("on-time rate", onTime, due, 720, 850)
	within("punctuality", punctual, logs, 920, 970)
	within("hours against plan", int(hours/10_000), int(planned/10_000), 970, 1030)
	few := 0
	for _, n := range closings {
		few += btoi(n < 5)
	}
	within("salespeople with fewer than five closings in a quarter", few, len(closings), 1, 250)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func dayAfter(t *testing.T, day string) string {
	t.Helper()
	p := month(t, day[:7])
	for d := p.Start(); p.Contains(d); d = d.AddDate(0, 0, 1) {
		if d.Format("2006-01-02") == day {
			return d.AddDate(0, 0, 1).Format("2006-01-02")
		}
	}
	t.Fatalf("day %s", day)
	return ""
}

// TestWorkdays looks at days that the calendar of the year moves.
func TestWorkdays(t *testing.T) {
	files, _ := write(t, sample.Options{Months: 15})
	all := string(bytes.Join([][]byte{files["work_logs-2025-09.csv"], files["work_logs-2025-10.csv"], files["work_logs-2026-01.csv"],
		files["work_logs-2026-02.csv"], files["work_logs-2026-09.csv"]}, nil))
	for day, work := range map[string]bool{
		"2025-09-28": true, "2025-10-08": false, "2025-10-09": true, "2025-10-11": true, "2025-10-12": false,
		"2026-01-02": false, "2026-01-04": true, "2026-02-14": true, "2026-02-16": false, "2026-02-23": false, "2026-02-24": true,
		"2026-02-28": true, "2026-09-20": true, "2026-09-25": false,
	} {
		if got := strings.Count(all, ","+day+",") > 20; got != work {
			t.Errorf("%s: worked %v", day, got)
		}
	}
}

// TestMemoryDoesNotGrowWithRows writes 500,000 rows and watches the heap.
func TestMemoryDoesNotGrowWithRows(t *testing.T) {
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var peak uint64
	var reports int
	var last, total int64
	progress := func(done, of int64) {
		runtime.ReadMemStats(&now)
		peak, reports = max(peak, now.HeapAlloc), reports+1
		if done <= last {
			t.Errorf("progress went from %d to %d", last, done)
		}
		last, total = done, of
	}
	o := sample.Options{Employees: 3000, Months: 6, WorkLogs: 300_000, Deliveries: 100_000, Opportunities: 100_000}
	summary, err := sample.Write(context.Background(), t.TempDir(), o, progress)
	if err != nil {
		t.Fatal(err)
	}
	if last != 500_000 || total != 500_000 || reports < 7 {
		t.Errorf("progress ended at %d of %d after %d reports", last, total, reports)
	}
	if summary.Rows < 500_000+3000 {
		t.Errorf("%d rows in all", summary.Rows)
	}
	if peak > before.HeapAlloc+32<<20 {
		t.Errorf("heap grew from %d to %d MiB", before.HeapAlloc>>20, peak>>20)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		o    sample.Options
		want string
	}{
		{sample.Options{Employees: -1}, "employees"},
		{sample.Options{Months: 1000}, "months"},
		{sample.Options{Deliveries: -5}, "rows wanted"},
		{sample.Options{Employees: 2, Months: 1, WorkLogs: 100_000}, "work logs"},
		{sample.Options{Employees: 1, Months: 1, Deliveries: 10}, "deliveries"},
		{sample.Options{Employees: 10, Faults: true}, "with faults"},
		{sample.Options{Faults: true, WorkLogs: 10}, "with faults"},
	} {
		_, err := sample.Write(context.Background(), t.TempDir(), c.o, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want one about %s", c.o, err, c.want)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine.csv"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := sample.Write(context.Background(), dir, sample.Options{}, nil); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a folder with files: %v", err)
	}
}

func TestCancelLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	dir := t.TempDir()
	_, err := sample.Write(ctx, dir, sample.Options{Employees: 2000, Months: 6}, func(int64, int64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	if left := readAll(t, os.DirFS(dir)); len(left) > 0 {
		t.Errorf("%d files stay behind", len(left))
	}
}

func BenchmarkWrite(b *testing.B) {
	for range b.N {
		s, err := sample.Write(context.Background(), filepath.Join(b.TempDir(), "company"), sample.Options{Employees: 20_000, Months: 15,
			WorkLogs: 400_000, Deliveries: 100_000, Opportunities: 100_000}, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(s.Rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	}
}
