package ingest_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"plumbline/ingest/sheet"
)

// log is a work log in tenths of hours.
type log struct {
	id, person string
	day        int // after 1 January 2026
	tenths     int
}

func (l log) String() string {
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, l.day).Format(time.DateOnly)
	return fmt.Sprintf("%s,%s,%s,2026-07-15,%d.%d,8", l.id, l.person, day, l.tenths/10, l.tenths%10)
}

// Whatever logs come in, in one file or several, corrected or not: a file's logs of a day are set aside where the day would have more than 24 hours, and only
// these. What comes in is compared with sums made one by one.
func TestDaysOfMoreThan24Hours(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := company(t)
		standing := map[string]log{}
		next := 0
		one := rapid.Custom(func(r *rapid.T) log {
			l := log{fmt.Sprintf("L%d", next), rapid.SampledFrom([]string{"0007", "E001"}).Draw(r, "person"),
				rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 190)).Draw(r, "day"), rapid.SampledFrom([]int{80, 80, 121, 159, 240, 239, 1}).Draw(r, "tenths")}
			next++
			return l
		})
		for i := range rapid.IntRange(1, 3).Draw(r, "files") {
			logs := rapid.SliceOfN(one, 1, 12).Draw(r, "logs")
			for j := range logs {
				if len(standing) > 0 && rapid.IntRange(0, 3).Draw(r, "known") == 0 { // a record that is known is corrected
					logs[j].id = rapid.SampledFrom(slices.Sorted(maps.Keys(standing))).Draw(r, "which")
				}
			}
			logs = firstOfEach(logs)
			lines, want := []string{strings.TrimSpace(logHeader)}, []string(nil)
			for n, over := range overfull(standing, logs) {
				l := logs[n]
				lines = append(lines, l.String())
				if over {
					want = append(want, fmt.Sprintf("%d.csv %d [5 实际工时] limit.1 %d.%d", i, n+2, l.tenths/10, l.tenths%10))
				}
			}
			name := fmt.Sprintf("%d.csv", i)
			if _, already, err := c.try(name, strings.Join(lines, "\n")+"\n", "", false); err != nil || already {
				r.Fatal(already, err)
			}
			for n, over := range overfull(standing, logs) {
				if !over {
					standing[logs[n].id] = logs[n]
				}
			}
			var got []string
			for _, line := range c.rejects() {
				if strings.HasPrefix(line, name+" ") {
					got = append(got, line)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				r.Fatalf("%s\n%s", diff, strings.Join(lines, "\n"))
			}
		}
		if err := c.books.Close(); err != nil {
			r.Fatal(err)
		}
	})
}

// overfull tells which logs of a file must stay out, given the records that stand. What a log corrects counts no more, unless the log stays out itself.
func overfull(standing map[string]log, logs []log) []bool {
	out := make([]bool, len(logs))
	for {
		after := maps.Clone(standing)
		for n, l := range logs {
			if !out[n] {
				after[l.id] = l
			}
		}
		sums := map[string]int{}
		for _, l := range after {
			sums[fmt.Sprint(l.person, l.day)] += l.tenths
		}
		again := false
		for n, l := range logs {
			if !out[n] && standing[l.id] != l && sums[fmt.Sprint(l.person, l.day)] > 240 {
				out[n], again = true, true
			}
		}
		if !again {
			return out
		}
	}
}

// firstOfEach leaves one log of each id.
func firstOfEach(logs []log) []log {
	seen := map[string]bool{}
	return slices.DeleteFunc(logs, func(l log) bool {
		twice := seen[l.id]
		seen[l.id] = true
		return twice
	})
}

// What a correction that stays out was to correct counts again; a file from before the second edition of the rules is read as it was then.
func TestCorrectionThatStaysOutLeavesItsRecord(t *testing.T) {
	for edition, want := range map[int]string{
		sheet.Edition: "b.csv work_logs 3 = 3 quarantined",
		1:             "b.csv work_logs 3 = 1 new 2 quarantined",
	} {
		c := company(t)
		c.take("a.csv", logs("L1,0007,2026-07-01,2026-07-01,10,8"))
		units, err := c.find("b.csv", logs("L1,0007,2026-07-02,2026-07-02,20,8", "L2,0007,2026-07-02,2026-07-02,20,8", "L3,0007,2026-07-01,2026-07-01,20,8"), "")
		if err != nil {
			t.Fatal(err)
		}
		units[0].Edition = edition
		f, _, err := c.takeUnit(units[0], false)
		if got := receipt(f); got != want || err != nil {
			t.Errorf("edition %d: %s, %v, want %s", edition, got, err, want)
		}
		before := c.everything()
		if err := c.books.Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, c.everything()); diff != "" {
			t.Errorf("edition %d: a rebuild gives something else:\n%s", edition, diff)
		}
	}
}

// A value may be above the bound alone, and what is taken away counts as well.
func TestLimitOfOneValue(t *testing.T) {
	c := small(t, `meters:
  name: {zh: 抄表, en: Meters}
  key: meter_id
  columns:
    meter_id: {type: id, name: {zh: 表号, en: Meter}}
    read_on: {type: date, name: {zh: 抄表日期, en: Read on}}
    amount: {type: number, name: {zh: 用量, en: Amount}}
  limits:
    - {sum: amount, per: [read_on], most: 10, say: {zh: 用量过多, en: too much}, cure: {zh: 核对, en: check it}}
`)
	c.take("a.csv", "表号,抄表日期,用量\nA,2026-07-01,10.5\nB,2026-07-02,10\nC,2026-07-03,12\nD,2026-07-03,-2\nE,2026-07-04,9\nF,2026-07-04,2\n")
	c.take("b.csv", "表号,抄表日期,用量\nG,2026-07-03,0.1\nH,2026-07-02,-1\n")
	want := []string{"a.csv 2 [3 用量] limit.1 10.5", "a.csv 6 [3 用量] limit.1 9", "a.csv 7 [3 用量] limit.1 2", "b.csv 2 [3 用量] limit.1 0.1"}
	if diff := cmp.Diff(want, c.rejects()); diff != "" {
		t.Error(diff)
	}
	c.examined()
}

// A file that is large enough to be read in ranges loses no row between them, whether its records are new or known.
func TestLargeFile(t *testing.T) {
	const rows = 520_000
	faulty := []int{2, rows / 4, rows/2 - 1, rows / 2, rows/2 + 1, rows + 1} // by physical row
	text := func(hours string) string {
		var b strings.Builder
		b.WriteString(logHeader)
		for row := 2; row <= rows+1; row++ {
			person := "0007"
			if slices.Contains(faulty, row) {
				person = "E999"
			}
			fmt.Fprintf(&b, "L%06d,%s,2024-%02d-%02d,2026-07-01,%s,8\n", row, person, row%12+1, row%28+1, hours)
		}
		return b.String()
	}
	c := company(t)
	for i, hours := range []string{"0.001", "0.0010"} {
		name := fmt.Sprintf("%d.csv", i)
		f := c.take(name, text(hours))
		want := fmt.Sprintf("%s work_logs %d = %d new %d quarantined", name, rows, rows-len(faulty), len(faulty))
		if i > 0 {
			want = strings.Replace(want, "new", "unchanged", 1)
		}
		if got := receipt(f); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		var lines []string
		for _, row := range faulty {
			lines = append(lines, fmt.Sprintf("%s %d [2 工号] employee.unknown E999", name, row))
		}
		if diff := cmp.Diff(lines, slices.DeleteFunc(c.rejects(), func(l string) bool { return !strings.HasPrefix(l, name) })); diff != "" {
			t.Error(diff)
		}
	}
}
