package metrics_test

import (
	"slices"
	"testing"
	"time"

	"plumbline/metrics"
	"plumbline/policy"
)

// TestFollowResolutions: what was resolved at the last strategy meeting by the day of asking, in every state, with what earlier meetings left open;
// meetings of other kinds and those yet to come have no part in it, and a day before tells of less.
func TestFollowResolutions(t *testing.T) {
	b := fresh(t, policy.Default())
	dir := t.TempDir()
	take(t, b, write(t, dir, "departments.csv", "department_id,name,parent_id,kind\nD1,甲,,sales\n"))
	take(t, b, write(t, dir, "employees.csv", "employee_no,name,hired_on\n01,王一,2020-01-01\n02,李二,2020-01-01\n"), write(t, dir, "memberships.csv", "employee_no,department_id,valid_from,role\n01,D1,2020-01-01,head\n02,D1,2020-01-01,specialist\n"))
	take(t, b, write(t, dir, "meetings.csv", "meeting_id,title,kind,employee_no,held_at\n"+
		"M1,2026Q1季度战略会,strategy,01,2026-01-08 09:00\nM2,2026Q2季度战略会,strategy,01,2026-04-08 09:00\nM3,周会,weekly,01,2026-04-20 09:00\nM4,2026Q3季度战略会,strategy,01,2026-07-07 09:00\n"))
	take(t, b, write(t, dir, "decisions.csv", "decision_id,meeting_id,content,employee_no,department_id,decided_at,assigned_at,assignee_no,due_on,done_on,status\n"+
		"J1,M1,早已完成,01,,2026-01-08 10:00,2026-01-08 11:00,02,2026-02-01,2026-01-20,done\n"+
		"J2,M1,一直拖着,01,,2026-01-08 10:00,2026-01-08 11:00,02,2026-02-01,,open\n"+
		"J3,M2,按期,01,D1,2026-04-08 10:00,2026-04-08 11:00,02,2026-04-20,2026-04-20,done\n"+
		"J4,M2,迟了,01,D1,2026-04-08 10:00,2026-04-08 11:00,02,2026-04-20,2026-04-28,done\n"+
		"J5,M2,取消,01,D1,2026-04-08 10:00,2026-04-08 11:00,02,2026-04-20,,cancelled\n"+
		"J6,M2,没人做,01,D1,2026-04-08 10:00,,,2026-06-30,,open\n"+
		"J7,M2,在做,01,,2026-04-08 10:00,2026-04-08 11:00,02,2026-06-30,,open\n"+
		"J8,M3,周会的,01,D1,2026-04-20 10:00,2026-04-20 11:00,02,2026-04-22,,open\n"+
		"J9,M4,还没开的会,01,D1,2026-07-07 10:00,2026-07-07 11:00,02,2026-07-22,,open\n"))
	q := question(t, inForce(t, b), "2026Q1")
	ask := func(day time.Time) *metrics.FollowUp {
		q.Now = day
		f, err := metrics.FollowResolutions(t.Context(), b, q)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	told := func(list []metrics.Resolution) (out []string) {
		for _, r := range list {
			out = append(out, r.Text+" "+string(r.State)+" "+r.Department.ID+" "+r.Assignee.Name.ZH)
		}
		return out
	}
	f := ask(day(t, "2026-05-15"))
	if f.Title != "2026Q2季度战略会" || f.Held != day(t, "2026-04-08") {
		t.Errorf("the last meeting is %q of %s", f.Title, f.Held)
	}
	if got, want := told(f.Last), []string{"没人做 unassigned D1 ", "在做 pending D1 李二", "迟了 done_late D1 李二", "按期 done D1 李二", "取消 cancelled D1 李二"}; !slices.Equal(got, want) {
		t.Errorf("of the last meeting: %q, want %q", got, want)
	}
	if got, want := told(f.Earlier), []string{"一直拖着 overdue D1 李二"}; !slices.Equal(got, want) {
		t.Errorf("of earlier meetings: %q, want %q", got, want)
	}
	if got, want := told(ask(day(t, "2026-04-25")).Last), []string{"没人做 unassigned D1 ", "在做 pending D1 李二", "按期 done D1 李二", "取消 cancelled D1 李二"}; !slices.Contains(got, "迟了 overdue D1 李二") || len(got) != len(want)+1 {
		t.Errorf("before it was done: %q", got)
	}
	if f := ask(day(t, "2025-12-31")); f.Title != "" || len(f.Last)+len(f.Earlier) > 0 {
		t.Errorf("before any meeting: %+v", f)
	}
	bare := *q.Version.Policy
	bare.Pack = nil
	q.Version.Policy = &bare
	if f := ask(day(t, "2026-05-15")); f != nil {
		t.Errorf("a policy that does not say where resolutions are: %+v", f)
	}
}
