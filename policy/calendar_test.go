package policy_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// nationalDay is a calendar with the National Day of 2026, as its first lines say it.
const nationalDay = `# 2026-10-01 is a Thursday
workweek: [mon, tue, wed, thu, fri]
years:
  2026:
    off:
      - 2026-10-01..2026-10-07 # 国庆节
    work: [2026-09-20, "2026-10-10"]
`

// away gives the base policy with both ways to say which records tell of days off.
func away(t testing.TB) policy.Source {
	return with(base(t), "company.yaml+", `leave:
  - {dataset: logs, from: done_on, to: done_on}
  - {dataset: logs, day: done_on, where: "hours = 0 AND state <> 'won'"}
`)
}

func date(t testing.TB, text string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Counted on a wall calendar: the weekdays of October are 22, of which five are off, and Saturday 10 is worked.
func TestCalendar(t *testing.T) {
	db := open(t)
	for name, test := range map[string]struct {
		calendar string
		october  int
		known    []int // of 2025, 2026, 2027
	}{
		"none":           {"", 22, []int{2025, 2026, 2027}},
		"weeks only":     {"workweek: [fri, mon, tue, wed, thu]\n", 22, []int{2025, 2026, 2027}},
		"holidays":       {nationalDay, 18, []int{2026}},
		"six days":       {"workweek: [mon, tue, wed, thu, fri, sat]\n", 27, []int{2025, 2026, 2027}},
		"years any way":  {"workweek: [mon, tue, wed, thu, fri]\nyears: {\"2027\": {}, 2026: {off: [2026-10-01 .. 2026-10-07], work: [2026-10-10]}, 2025: {}}\n", 18, []int{2025, 2026, 2027}},
		"feast on rest":  {"workweek: [mon, tue, wed, thu, fri]\nyears: {2026: {off: [2026-10-03, 2026-10-04]}}\n", 22, []int{2026}},
		"worked in runs": {"workweek: [mon, tue, wed, thu, fri]\nyears: {2026: {work: [2026-10-09..2026-10-11]}}\n", 24, []int{2026}},
	} {
		s := base(t)
		if test.calendar != "" {
			s = with(s, "calendar.yaml", test.calendar)
		}
		c := check(t, db, s).Calendar
		if got := c.Workdays(date(t, "2026-10-01"), date(t, "2026-11-01")); got != test.october {
			t.Errorf("%s: %d workdays in October, want %d", name, got, test.october)
		}
		for year := 2025; year <= 2027; year++ {
			if c.Knows(year) != slices.Contains(test.known, year) {
				t.Errorf("%s: knows %d: %v", name, year, c.Knows(year))
			}
		}
	}
}

// By the notices of the State Council, counted on wall calendars. 2024 has 262 days from Monday to Friday, 2025 and 2026 have 261.
func TestDefaultCalendar(t *testing.T) {
	c := check(t, open(t), policy.Default()).Calendar
	for _, test := range []struct {
		from, to string
		want     int
	}{
		// 262 − (1 New Year, 5 Spring Festival, 2 Tomb-sweeping, 3 Labour, 1 Dragon Boat, 2 Mid-autumn, 5 National) + 8 made up
		{"2024-01-01", "2025-01-01", 251},
		// 261 − (1, 6, 1, 3, 1, 6 National and Mid-autumn together) + 5
		{"2025-01-01", "2026-01-01", 248},
		// 261 − (2, 6, 1, 3, 1, 1, 5) + 6
		{"2026-01-01", "2027-01-01", 248},
		{"2026-02-14", "2026-03-01", 6}, // Saturday 14, then 24 to 28
		{"2026-09-20", "2026-09-28", 5}, // Sunday 20 to Thursday 24
		{"2025-01-26", "2025-02-09", 6}, // Sunday 26, Monday 27, then 5 to 8
		{"2024-05-01", "2024-05-13", 6}, // 6 to 10, Saturday 11
	} {
		if got := c.Workdays(date(t, test.from), date(t, test.to)); got != test.want {
			t.Errorf("from %s before %s: %d workdays, want %d", test.from, test.to, got, test.want)
		}
	}
	if c.Knows(2023) || !c.Knows(2024) || !c.Knows(2026) || c.Knows(2027) {
		t.Error("other years than 2024 to 2026 are listed")
	}
}

// A policy adopted before there was a calendar reads as it did and keeps its hash.
func TestCalendarIsOptional(t *testing.T) {
	db := open(t)
	s := policy.Default()
	four := s[:4]
	p := check(t, db, four)
	if diff := cmp.Diff(four, p.Source); diff != "" {
		t.Error(diff)
	}
	if p.Calendar.IsWorkday(date(t, "2026-10-10")) || !p.Calendar.IsWorkday(date(t, "2026-10-01")) || !p.Calendar.Knows(1999) {
		t.Error("a policy without a calendar has holidays")
	}
	old := policy.Source{{Name: "company.yaml", Text: "a"}, {Name: "datasets.yaml", Text: "b"}, {Name: "kpis.yaml", Text: "c"}, {Name: "scorecards.yaml", Text: "d"}}
	// SHA-256 over names and texts, each after its length in 8 bytes, reckoned outside of this program
	if got := old.Hash(); got != "dc3dd1573b8165bf17317a8da79d2c577b8209b69977b22e13b4e65752e6c333" {
		t.Errorf("the hash of four files is %s", got)
	}
	dir := t.TempDir()
	if err := four.WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	if read, err := policy.ReadDir(dir); err != nil || !cmp.Equal(four, read) {
		t.Errorf("%d files, %v", len(read), err)
	}
	faults(t, db, append(slices.Clone(s[:3]), s[4]))                        // the calendar does not take the place of another file
	faults(t, db, policy.Source{s[4], s[0], s[1], s[2], s[3]})              // nor comes before them
	faults(t, db, append(slices.Clone(s), policy.File{Name: s[4].Name}))    // nor twice
	faults(t, db, with(s, "calendar.yaml", ""))                             // an empty one is no calendar
	faults(t, db, with(s, "calendar.yaml", strings.Repeat("# x\n", 1<<19))) // nor is one without end
}

func TestLeaves(t *testing.T) {
	p := check(t, open(t), away(t))
	logs := p.Dataset("logs")
	if len(p.Leaves) != 2 || p.Leaves[0].Dataset != logs || p.Leaves[1].Dataset != logs {
		t.Fatalf("%+v", p.Leaves)
	}
	if a := p.Leaves[0]; a.From != "done_on" || a.To != "done_on" || a.Where.SQL != "" || a.Where.Text != "" {
		t.Errorf("%+v", a)
	}
	if a := p.Leaves[1]; a.From != "done_on" || a.To != "done_on" || a.Where.SQL != `"hours" = 0 AND "state" <> 'won'` || a.Where.Type != "BOOLEAN" {
		t.Errorf("%+v", a)
	}
	if p := check(t, open(t), base(t)); p.Leaves != nil {
		t.Errorf("%+v", p.Leaves)
	}
	if a := check(t, open(t), policy.Default()).Leaves; len(a) == 0 || a[len(a)-1].Dataset.ID != "attendance" || a[len(a)-1].Where.Text != "leave_hours >= 8" {
		t.Errorf("%+v", a)
	}
}

// Whatever calendar.yaml holds, there is a calendar that counts as it says of single days, or there are faults with places.
func FuzzCalendar(f *testing.F) {
	f.Add(nationalDay)
	f.Add(policy.Default()[4].Text)
	seed(f, "testdata/calendar.txtar")
	db, plain := open(f), base(f)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 20_000 {
			return
		}
		p, err := policy.Check(t.Context(), db, with(plain, "calendar.yaml", text))
		if err == nil {
			walk(t, p.Calendar)
			return
		}
		faults, ok := errors.AsType[policy.Errors](err)
		if !ok || p != nil || len(faults) == 0 {
			t.Fatalf("policy %v, error %v", p != nil, err)
		}
		for _, e := range faults {
			if e.Place.File != "calendar.yaml" || e.What.ZH == "" || e.What.EN == "" || e.Cure.ZH == "" || e.Cure.EN == "" || strings.Contains(e.Error(), "%!") {
				t.Errorf("%#v", e)
			}
		}
	})
}

// seed adds the calendars of an archive.
func seed(f *testing.F, path string) {
	f.Helper()
	a, err := txtar.ParseFile(path)
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range a.Files {
		if strings.HasSuffix(file.Name, "/calendar.yaml") {
			f.Add(string(file.Data))
		}
	}
}

// walk compares counting with looking at each day around and in the years that a calendar lists.
func walk(t *testing.T, c period.Calendar) {
	t.Helper()
	first := c.Table().First / 12
	if len(c.Table().Days) == 0 {
		first = 2026
	}
	from := time.Date(first-1, 11, 1, 0, 0, 0, 0, time.UTC)
	n := 0
	for d := from; d.Before(from.AddDate(2, 6, 0)); d = d.AddDate(0, 0, 1) {
		if c.IsWorkday(d) {
			n++
		}
		if got := c.Between(from.AddDate(0, 0, -1), d); got != n {
			t.Fatalf("%d workdays up to %s, %d when walked", got, d.Format(time.DateOnly), n)
		}
	}
}

// rows gives what expressions over logs yield in DuckDB for rows of values, as texts.
func rows(t testing.TB, db *warehouse.DB, expressions []policy.Expr, values string) [][]string {
	t.Helper()
	items := make([]string, len(expressions))
	for i, e := range expressions {
		items[i] = fmt.Sprintf("coalesce(CAST((%s) AS VARCHAR), 'NULL')", e.SQL)
	}
	s := warehouse.SQL("rows", "SELECT "+strings.Join(items, ", ")+" FROM (VALUES "+values+") AS facts(n, done_on, seen_on, sent_at, read_at, pieces, hours) ORDER BY n")
	var all [][]string
	err := db.View(t.Context(), func(tx *warehouse.Tx) error {
		return tx.Each(t.Context(), s, warehouse.Args{}, func(scan func(...any) error) error {
			row := make([]string, len(items))
			dest := make([]any, len(items))
			for i := range row {
				dest[i] = &row[i]
			}
			all = append(all, row)
			return scan(dest...)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// What DuckDB makes of workdays is what the calendar says, whatever the week, the years and the days.
func TestWorkdaysInSQLAgreeWithTheCalendar(t *testing.T) {
	db := open(t)
	rapid.Check(t, func(r *rapid.T) {
		week := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}), 1, 7, rapid.ID).Draw(r, "week")
		text := "workweek: [" + strings.Join(week, ", ") + "]\n"
		first := rapid.IntRange(1968, 2030).Draw(r, "first year")
		for i := range rapid.IntRange(0, 3).Draw(r, "years") {
			if i == 0 {
				text += "years:\n"
			}
			text += fmt.Sprintf("  %d: {", first+i)
			if days := rapid.SliceOfNDistinct(rapid.IntRange(0, 360), 0, 30, rapid.ID).Draw(r, "off"); len(days) > 0 {
				var off []string
				for _, n := range days {
					off = append(off, time.Date(first+i, 1, 1+n, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
				}
				text += "off: [" + strings.Join(off, ", ") + "]"
			}
			text += "}\n"
		}
		p, err := policy.Check(t.Context(), db, with(kpi(t, "sum", "workdays(done_on, seen_on)"), "calendar.yaml", text))
		if err != nil {
			r.Fatalf("%s\n%v", text, err)
		}
		var values, want []string
		for i := range 20 {
			a := time.Date(first-1, 1, rapid.IntRange(1, 2000).Draw(r, "a"), 0, 0, 0, 0, time.UTC)
			b := a.AddDate(0, 0, rapid.IntRange(-900, 900).Draw(r, "b − a"))
			values = append(values, fmt.Sprintf("(%d, DATE '%s', DATE '%s', NULL, NULL, 0, 0)", i, a.Format(time.DateOnly), b.Format(time.DateOnly)))
			want = append(want, fmt.Sprint(p.Calendar.Between(a, b)))
		}
		for i, row := range rows(t, db, []policy.Expr{exprOf(p, "sum")}, strings.Join(values, ", ")) {
			if row[0] != want[i] {
				r.Fatalf("%s: %s in DuckDB, %s by the calendar\n%s", values[i], row[0], want[i], text)
			}
		}
	})
}

// Hours between moments are seconds ÷ 3600, rounded half away from zero to four decimals as fixed does it; and that many hours after the
// first moment is the second one.
func TestHoursInSQLAgreeWithExactFractions(t *testing.T) {
	db := open(t)
	p := check(t, db, kpi(t, "sum", "hours_between(sent_at, read_at)"))
	back := check(t, db, kpi(t, "count", "plus_hours(sent_at, hours_between(sent_at, read_at)) = read_at"))
	rapid.Check(t, func(r *rapid.T) {
		var values, want []string
		for i := range 20 {
			a := time.Date(2026, 1, 1, 0, 0, rapid.IntRange(0, 40_000_000).Draw(r, "a"), 0, time.UTC)
			seconds := rapid.IntRange(-4_000_000, 4_000_000).Draw(r, "seconds")
			values = append(values, fmt.Sprintf("(%d, NULL, NULL, TIMESTAMP '%s', TIMESTAMP '%s', 0, 0)", i, a.Format(time.DateTime), a.Add(time.Duration(seconds)*time.Second).Format(time.DateTime)))
			ratio, _ := fixed.Ratio{Num: fixed.Int(int64(seconds)), Den: fixed.Int(3600)}.Rat()
			want = append(want, fixed.Text(ratio, 4))
		}
		for i, row := range rows(t, db, []policy.Expr{exprOf(p, "sum"), exprOf(back, "count")}, strings.Join(values, ", ")) {
			if row[0] != want[i] || row[1] != "true" {
				r.Fatalf("%s: %s hours in DuckDB, %s exactly; and back: %s", values[i], row[0], want[i], row[1])
			}
		}
	})
}
