package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// TestDurationsAsSQL shows what an author writes and what DuckDB gets, with plain weeks and with holidays.
//
// In the calendar, week 31 is Monday to Friday. First is 2026 × 12. From Monday 1970-01-05 to Wednesday 2025-12-31 there are 2921 weeks
// and three days, 14608 workdays; January 2026 has 22 weekdays, and so on. Days has a bit for each workday of a month: of September, the
// 20th (a Sunday) is one more; of October, 1 to 7 are none and the 10th (a Saturday) is one. After is −5 +2.
func TestDurationsAsSQL(t *testing.T) {
	db := open(t)
	var got strings.Builder
	for _, calendar := range []string{"", nationalDay} {
		for _, test := range []struct{ kind, text string }{
			{"sum", "workdays(done_on, seen_on)"},
			{"count", "WorkDays (done_on,coalesce( seen_on , report_day )) > limit_days"},
			{"count", "workdays(done_on, seen_on) <= 3 AND workdays(seen_on, DATE '2026-10-08') > -limit_days OR note = 'workdays(done_on, seen_on)'"},
			{"sum", "hours_between(sent_at, coalesce(read_at, moment(report_day, 24)))"},
			{"count", "sent_at <= moment(week_day(done_on, 5), 17.5) AND read_at <= moment(done_on, limit_days)"},
			{"count", "sent_at <= plus_hours(read_at, limit_days * 0.5) OR read_at <= plus_hours('2026-10-01 08:00:00', -shift)"},
			{"count", "seen_on <= month_day(done_on, limit_days) OR seen_on > month_day(done_on + 31, pieces)"},
			{"rule", "workdays(done_on, seen_on) >= 0"},
		} {
			s := kpi(t, test.kind, test.text)
			if calendar != "" {
				s = with(s, "calendar.yaml", calendar)
			}
			p, err := policy.Check(t.Context(), db, s)
			if err != nil {
				t.Errorf("%s:\n%v", test.text, err)
				continue
			}
			e := exprOf(p, test.kind)
			fmt.Fprintf(&got, "-- %s\n%s\n-- %s; reads %s\n\n", e.Text, e.SQL, e.Type, strings.Join(e.Columns, ", "))
			harmless(t, db, e)
		}
	}
	golden(t, "testdata/durations.sql", got.String())
}

// Worked out on a wall calendar. Done on Wednesday 30 September, seen on Monday 12 October 2026; sent on Thursday 1 October at 16:00, read
// on the day after at 17:30. The second row has nothing but its number.
func TestDurationsByHand(t *testing.T) {
	const values = `(1, DATE '2026-09-30', DATE '2026-10-12', TIMESTAMP '2026-10-01 16:00:00', TIMESTAMP '2026-10-02 17:30:00', 5::BIGINT, 1.5::DECIMAL(9,4)),
		(2, NULL, NULL, NULL, NULL, NULL, NULL)`
	db := open(t)
	for _, test := range []struct{ kind, text, want string }{
		{"sum", "workdays(done_on, seen_on)", "4"}, // 8, 9, 10, 12
		{"sum", "workdays(seen_on, done_on)", "-4"},
		{"sum", "workdays(done_on, done_on)", "0"},
		{"sum", "workdays(done_on, DATE '2026-10-08')", "1"},
		{"sum", "workdays('2026-10-09', seen_on)", "2"},
		{"sum", "workdays(done_on, week_day(seen_on, 7))", "8"}, // 13 to 16 as well
		{"sum", "workdays(done_on, seen_on + limit_days)", "6"},
		{"sum", "hours_between(sent_at, read_at)", "25.5000"},
		{"sum", "hours_between(sent_at, moment(seen_on, 9))", "257.0000"}, // eleven days less seven hours
		{"count", "moment(done_on, 17.5) = TIMESTAMP '2026-09-30 17:30:00'", "true"},
		{"count", "moment(done_on, limit_days) = '2026-09-30 02:00:00'", "true"},
		{"count", "plus_hours(sent_at, 25.5) = read_at AND plus_hours(sent_at, hours) = moment(done_on + 1, 17.5)", "true"},
		{"count", "plus_hours(sent_at, shift) = moment(done_on + 1, 13)", "true"},
		{"count", "week_day(done_on, 5) = DATE '2026-10-02' AND week_day(done_on, pieces) = '2026-10-02'", "true"},
		{"count", "sent_at <= moment(week_day(done_on, 4), 16) AND read_at > moment(week_day(done_on, 5), 17)", "true"},
		{"count", "month_day(done_on, 31) = done_on AND month_day(seen_on, pieces) = DATE '2026-10-05' AND month_day(seen_on, limit_days) = DATE '2026-10-02'", "true"},
	} {
		p := check(t, db, with(kpi(t, test.kind, test.text), "calendar.yaml", nationalDay))
		got := rows(t, db, []policy.Expr{exprOf(p, test.kind)}, values)
		if got[0][0] != test.want || got[1][0] != "NULL" {
			t.Errorf("%s is %s, and %s without dates; want %s and NULL", test.text, got[0][0], got[1][0], test.want)
		}
	}
}

// A mapping reads a file of texts; dates come to be where its columns are read.
func TestMappingsHaveNoDurations(t *testing.T) {
	db := open(t)
	p := check(t, db, base(t))
	for _, expression := range []string{"workdays('2026-01-01', '2026-01-31') > 1", "moment(a, 17) = a"} {
		m := policy.File{Name: "first.yaml", Text: strings.Replace(firstOnly.Text, "fields:", fmt.Sprintf("where: %q\nfields:", expression), 1)}
		_, err := policy.CheckMapping(t.Context(), db, p, m)
		if err == nil || !strings.Contains(err.Error(), "first.yaml:5:9: 不能使用 ") || strings.Contains(err.Error(), "week_day") {
			t.Errorf("%s: %v", expression, err)
		}
	}
}

// Calls as many and as deep as fit are answered soon.
func TestDurationsAreBounded(t *testing.T) {
	db := open(t)
	for name, text := range map[string]string{
		"many": "greatest(" + strings.Repeat("workdays(done_on,seen_on),", 150) + "1)",
		"wide": "workdays(done_on,seen_on" + strings.Repeat("+limit_days", 50) + ")",
		"deep": "workdays(" + strings.Repeat("month_day(", 35) + "done_on" + strings.Repeat(",5)", 35) + ",seen_on)",
	} {
		start := time.Now()
		p := check(t, db, with(kpi(t, "sum", text), "calendar.yaml", policy.Default()[4].Text))
		rows(t, db, []policy.Expr{exprOf(p, "sum")}, "(1, DATE '2026-09-30', DATE '2026-10-12', NULL, NULL, 5, 1.5)")
		t.Logf("%s: %v", name, time.Since(start))
	}
}

// How long a million rows take, for those who read the log.
func TestTimeOfAMillionWorkdays(t *testing.T) {
	db := open(t)
	s := policy.Default()
	p := check(t, db, with(kpi(t, "sum", "workdays(done_on, seen_on)"), "calendar.yaml", s[4].Text))
	many := warehouse.SQL("many", "SELECT sum("+exprOf(p, "sum").SQL+`)::BIGINT FROM (SELECT DATE '2024-01-01' + (i % 1000)::INTEGER AS done_on,
		DATE '2024-01-05' + (i % 1000)::INTEGER AS seen_on FROM range(1000000) AS r(i)) AS facts`)
	err := db.View(t.Context(), func(tx *warehouse.Tx) error {
		start := time.Now()
		sum, err := warehouse.One[int64](t.Context(), tx, many, warehouse.Args{})
		t.Logf("1,000,000 rows in %v", time.Since(start))
		want := 0
		for i := range 1000 {
			a := date(t, "2024-01-01").AddDate(0, 0, i)
			want += p.Calendar.Between(a, a.AddDate(0, 0, 4))
		}
		if sum != int64(want)*1000 {
			t.Errorf("%d workdays, want %d", sum, want*1000)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
