package ingest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/ingest/sheet"
	"plumbline/policy"
)

// TestFilesAreReadByTheEditionOfTheirTime takes a file in as it is read now, and as it was before there were editions, when a tab, a zero-width character, hours
// that are whole seconds and a note below the table set their rows aside. Whenever the warehouse is made anew, either event gives what it gave; and
// nothing that nobody sees gets into the facts.
func TestFilesAreReadByTheEditionOfTheirTime(t *testing.T) {
	file := strings.ReplaceAll(logHeader, "\n", ",工作内容\n") + strings.Join([]string{"L1,0007,2026-07-01,2026-07-01,8,8,开会", "L2\t,0007,2026-07-02,2026-07-02,8,8,写方案\t",
		"\u200bL3,0007\u200b,\u200b2026-07-03,2026-07-03,8\u200b,8,\u200b写\u200b", "L4,0007,2026-07-06,2026-07-06,0.33333333,8,\"\u2060“改”\"", "制表人：王强,,,,,,"}, "\n") + "\n"
	for edition, want := range map[int]string{
		sheet.Edition: "logs.csv work_logs 5 = 4 new 1 excluded",
		0:             "logs.csv work_logs 5 = 1 new 4 quarantined",
	} {
		c := company(t)
		units, err := c.find("logs.csv", file, "")
		if err != nil || len(units) != 1 || units[0].Edition != sheet.Edition {
			t.Fatal(units, err)
		}
		units[0].Edition = edition
		f, _, err := c.takeUnit(units[0], false)
		if err != nil {
			t.Fatal(err)
		}
		if got := receipt(f); got != want {
			t.Errorf("edition %d: %s, want %s", edition, got, want)
		}
		before := c.everything()
		if text := strings.Join(before, "\n"); edition > 0 {
			for _, want := range []string{"{'log_id': L2, ", "'content': 写方案, ", "{'log_id': L3, 'employee_no': 0007, 'work_date': 2026-07-03", "'content': 写, ", "'hours': 0.3333, 'planned_hours': 8.0000, 'project': NULL, 'content': “改”, "} {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in the books:\n%q", want, text)
				}
			}
		}
		if err := c.books.Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, c.everything()); diff != "" {
			t.Errorf("edition %d: a rebuild gives something else:\n%s", edition, diff)
		}
	}
}

// TestFirstEdition takes a file in as the first edition of the rules read it, and as it is read now: debris around an id, an order of dates that the column
// refutes, a number as Java writes it.
func TestFirstEdition(t *testing.T) {
	for edition, want := range map[int][]string{
		1:             {"logs.csv work_logs 3 = 1 new 2 quarantined", "logs.csv 3 [3 工作日期] date.impossible 13/4/2026", "logs.csv 4 [5 实际工时] number.form 1.0E7"},
		sheet.Edition: {"logs.csv work_logs 3 = 3 quarantined", "logs.csv 2 [1 日志编号] id.debris 'L1", "logs.csv 2 [3 工作日期] date.declared 3/4/2026", "logs.csv 3 [3 工作日期] date.declared 13/4/2026", "logs.csv 4 [5 实际工时] number.range 1.0E7"},
	} {
		c := company(t)
		c.how.Order = policy.MDY
		units, err := c.find("logs.csv", logs("'L1,0007,3/4/2026,2026-07-01,8,8", "L2,0007,13/4/2026,2026-07-01,8,8", "L3,0007,2026-04-15,2026-07-01,1.0E7,8"), "")
		if err != nil {
			t.Fatal(err)
		}
		units[0].Edition = edition
		f, _, err := c.takeUnit(units[0], false)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, append([]string{receipt(f)}, c.rejects()...)); diff != "" {
			t.Errorf("edition %d:\n%s", edition, diff)
		}
	}
}
