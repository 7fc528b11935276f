package ingest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"plumbline/ingest/sheet"
)

// randomLogs draws a file of work logs: good rows, faulty ones, repetitions and contradictions, from few ids so that they meet.
func randomLogs(r *rapid.T, label string) string {
	ids := rapid.SampledFrom([]string{"L1", "L2", "L3", "L4", "L5", "L6", "", "L 7", "合计"})
	persons := rapid.SampledFrom([]string{"0007", "E001", "E001", "E002", "E999"})
	days := rapid.SampledFrom([]string{"2026-06-29", "2026/6/30", "20260701", "2026-02-30", "2026-07-16", "7月1日"})
	hours := rapid.SampledFrom([]string{"8", "8.0", "7.5", "0", "8h", "24", "8.00001"})
	row := rapid.Custom(func(r *rapid.T) string {
		if rapid.IntRange(0, 2).Draw(r, "plain") > 0 {
			return fmt.Sprintf("%s,0007,2026-06-30,2026-07-01,%s,8", ids.Draw(r, "id"), rapid.SampledFrom([]string{"8", "7", "8.0"}).Draw(r, "hours"))
		}
		line := fmt.Sprintf("%s,%s,%s,2026-07-01,%s,8", ids.Draw(r, "id"), persons.Draw(r, "person"), days.Draw(r, "day"), hours.Draw(r, "hours"))
		return line + rapid.SampledFrom([]string{"", "", "", ",x", "\n,,,,,", "\u202e"}).Draw(r, "end")
	})
	return logHeader + strings.Join(rapid.SliceOfN(row, 1, 12).Draw(r, label), "\n") + "\n"
}

// randomMemberships draws a file of memberships that close, open and cross each other.
func randomMemberships(r *rapid.T, label string) string {
	day := rapid.SampledFrom([]string{"2020-01-01", "2021-03-01", "2026-01-01", "2026-03-31", "2026-04-01", "2026-06-30"})
	row := rapid.Custom(func(r *rapid.T) string {
		return strings.Join([]string{
			rapid.SampledFrom([]string{"0007", "E001", "E002"}).Draw(r, "person"), rapid.SampledFrom([]string{"D1", "D2", "D9"}).Draw(r, "department"),
			day.Draw(r, "from"), rapid.OneOf(day, rapid.Just("")).Draw(r, "to"), rapid.SampledFrom([]string{"专员", "主管"}).Draw(r, "role")}, ",")
	})
	return "工号,部门编号,任职开始,任职结束,角色\n" + strings.Join(rapid.SliceOfN(row, 1, 8).Draw(r, label), "\n") + "\n"
}

const crossing = `SELECT concat_ws(' ', a.employee_no, a.valid_from, a.valid_to, b.valid_from, b.valid_to) AS line FROM facts.memberships a JOIN facts.memberships b
ON a.employee_no = b.employee_no AND (a.valid_from < b.valid_from OR a.valid_from = b.valid_from AND a.department_id < b.department_id)
WHERE a._until = 9223372036854775807 AND b._until = 9223372036854775807 AND b.valid_from <= coalesce(a.valid_to, DATE '9999-12-31') ORDER BY line`

// Whatever comes in: every row is accounted for, no record has two versions, no membership crosses another, and the books rebuilt
// from the ledger are the same to the last row.
func TestAccounting(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := company(t)
		for i := range rapid.IntRange(1, 3).Draw(r, "files") {
			draw, dataset := randomLogs, "work_logs"
			if rapid.Bool().Draw(r, "memberships") {
				draw, dataset = randomMemberships, "memberships"
			}
			text := draw(r, "rows")
			before := c.facts(dataset)
			f, already, err := c.try(fmt.Sprintf("%d.csv", i), text, "", false)
			if err != nil {
				if refusal(err) == "file.no_rows" {
					continue
				}
				r.Fatalf("%v\n%s", err, text)
			}
			if already {
				continue
			}
			if f.RowsIn != f.New+f.Corrected+f.Unchanged+f.Duplicates+f.Quarantined+f.Excluded || f.RowsIn != f.Accepted+f.Quarantined+f.Excluded || f.RowsIn != rowsOf(text) {
				r.Fatalf("%s, with %d rows in\n%s", receipt(f), rowsOf(text), text)
			}
			after := c.facts(dataset)
			if int64(len(after)-len(before)) != f.New {
				r.Fatalf("%s, but the facts went from %d to %d", receipt(f), len(before), len(after))
			}
			if rows := quarantinedRows(c, f.Name); rows != f.Quarantined {
				r.Fatalf("%s, but %d rows have a reason\n%s", receipt(f), rows, text)
			}
		}
		c.examined()
		if lines := c.lines("crossing", crossing); len(lines) > 0 {
			r.Fatalf("crossing memberships: %q", lines)
		}
		before := c.everything()
		if err := c.books.Rebuild(t.Context()); err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(before, c.everything()); diff != "" {
			r.Fatalf("the rebuilt books differ:\n%s", diff)
		}
		if err := c.books.Close(); err != nil {
			r.Fatal(err)
		}
	})
}

// rowsOf counts the rows below the header that are not blank.
func rowsOf(text string) (n int64) {
	for i, line := range strings.Split(text, "\n") {
		if i > 0 && strings.Trim(line, ",") != "" {
			n++
		}
	}
	return n
}

func quarantinedRows(c *office, name string) int64 {
	rows := map[string]bool{}
	for _, line := range c.rejects() {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			row, _, _ := strings.Cut(rest, " ")
			rows[row] = true
		}
	}
	return int64(len(rows))
}

// Two files that do not speak of the same records give the same current facts in either order.
func TestOrderOfIndependentFiles(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		files := []string{randomLogs(r, "first"), strings.NewReplacer("\nL", "\nM", "\n合计", "\n总计", "-06-", "-05-", "/6/", "/5/", ",20260701,", ",20260501,").Replace(randomLogs(r, "second"))}
		var got [2][]string
		for i := range got {
			c := company(t)
			for _, text := range files {
				if _, _, err := c.try("a.csv", text, "", false); err != nil && refusal(err) != "file.no_rows" {
					r.Fatal(err)
				}
			}
			rejects := c.rejects()
			slices.Sort(rejects)
			got[i] = append(c.facts("work_logs"), rejects...)
			if err := c.books.Close(); err != nil {
				r.Fatal(err)
			}
			slices.Reverse(files)
		}
		if diff := cmp.Diff(got[0], got[1]); diff != "" {
			r.Fatal(diff)
		}
	})
}

// FuzzTake hands any bytes in as a CSV file of work logs, with a header in front or as they are: they are refused with a reason, or every row is accounted for.
func FuzzTake(f *testing.F) {
	for _, text := range []string{
		logHeader, logs(goodLog), logHeader + goodLog + goodLog, "\ufeff" + logs(goodLog), strings.ReplaceAll(logs(goodLog), ",", ";"),
		strings.ReplaceAll(logs(goodLog), "\n", "\r"), strings.ReplaceAll(logs(goodLog), "\n", "\r\n"),
		logs("\"L\"\"1\",\"0007\n\",\"2026-07-01\r\",2026-07-01,8,8", "\"\",,,,,", "L2,0007,2026-07-01,2026-07-01,8,8\"", "'L3',\"a\rb\",,,,\"\""),
		logs("L1,0007,20260701,2026年7月1日,1e5,-8", "合计,,,,8,8", "L1,0007,2026-07-01,2026-07-01,NaN,8", "L\x001,0007,,,,"),
		logs("L1,0007,infinity,-infinity,99999999999999999999,0.00000000000000000000000000000000000000000000000000000001"),
		"\xff\xfe" + strings.Join(strings.Split(logs(goodLog), ""), "\x00"), "log_id|employee_no|work_date|logged_on|hours|planned_hours\nL1|0007|epoch|today|8|8\n",
		"\xc8\xd5\xd6\xbe\xb1\xe0\xba\xc5,employee_no,work_date,logged_on,hours,planned_hours\nL\xb8\xdb1,0007,2026-07-01,2026-07-01,8,8\n",
	} {
		f.Add(strings.HasPrefix(text, logHeader), []byte(strings.TrimPrefix(text, logHeader)))
	}
	c := company(f)
	n := 0
	f.Fuzz(func(t *testing.T, header bool, data []byte) {
		c.TB = t
		n++
		if header {
			data = append([]byte(logHeader), data...)
		}
		units, err := c.find(fmt.Sprintf("%d.csv", n), string(data), "work_logs")
		if _, ok := errors.AsType[*sheet.RefusedError](err); err != nil && !ok {
			t.Fatal(err)
		}
		for _, u := range units {
			got, _, err := c.takeUnit(u, true)
			if _, ok := errors.AsType[*sheet.RefusedError](err); err != nil && !ok {
				t.Fatal(err)
			}
			if got.RowsIn != got.New+got.Corrected+got.Unchanged+got.Duplicates+got.Quarantined+got.Excluded {
				t.Fatal(receipt(got))
			}
		}
	})
}
