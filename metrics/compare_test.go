package metrics_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// comparedKPIs are of every kind of sum: shares of rows, of hours, of days that are due, and a mean.
var comparedKPIs = []string{"on_time_rate", "log_punctuality", "logged_hours_rate", "log_coverage", "delivery_delay_days"}

// drawDeliveries gives rows of a delivery table without header; few ids, so that they come again.
func drawDeliveries(t *rapid.T, prefix string, least int) (rows []string) {
	for i := range rapid.IntRange(least, 25).Draw(t, "deliveries") {
		due := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 91).Draw(t, "due"))
		made := ""
		if rapid.IntRange(0, 4).Draw(t, "open") > 0 {
			made = due.AddDate(0, 0, rapid.IntRange(-5, 5).Draw(t, "late")).Format(time.DateOnly)
		}
		rows = append(rows, fmt.Sprintf("%s%d,%s,%s,%s", prefix, i, people.Draw(t, "owner"), due.Format(time.DateOnly), made))
	}
	return rows
}

var everyLevel = metrics.Levels{Company: true, Department: true, Employee: true, Month: true}

// changer changes books at random: files come, are corrected and are withdrawn, people move, leave and are on leave.
type changer struct {
	*rapid.T
	t     *testing.T
	books *books.Books
	taken []string // files that can be withdrawn
	round int
}

func (c *changer) step() {
	c.round++
	switch rapid.IntRange(0, 6).Draw(c.T, "what happens") {
	case 0, 1: // the same ids come again, so that records are corrected and change their month
		c.file(deliveryHeader, drawDeliveries(c.T, "D", 1))
	case 2:
		var rows []string
		for i := range rapid.IntRange(1, 6).Draw(c.T, "logs") {
			on := time.Date(2026, 8, rapid.IntRange(1, 31).Draw(c.T, "day"), 0, 0, 0, 0, time.UTC)
			rows = append(rows, fmt.Sprintf("L%d-%d,%s,%s,%s,%d,8", c.round, i, people.Draw(c.T, "writer"), on.Format(time.DateOnly),
				on.AddDate(0, 0, rapid.IntRange(0, 3).Draw(c.T, "late")).Format(time.DateOnly), rapid.IntRange(1, 9).Draw(c.T, "hours")))
		}
		c.file("log_id,employee_no,work_date,logged_on,hours,planned_hours\n", rows)
	case 3:
		c.file("employee_no,department_id,valid_from,valid_to,role,share\n", []string{fmt.Sprintf("02,B,2026-08-15,2026-08-%d,specialist,%d",
			rapid.IntRange(16, 31).Draw(c.T, "last day"), rapid.SampledFrom([]int{50, 100}).Draw(c.T, "share"))})
	case 4:
		c.file("employee_no,name,hired_on,left_on\n", []string{fmt.Sprintf("04,Dan,2020-01-01,2026-08-%d", rapid.IntRange(5, 31).Draw(c.T, "left"))})
	case 5:
		c.file("leave_id,employee_no,first_day,last_day,kind\n", []string{fmt.Sprintf("V1,01,2026-08-%d,2026-08-20,sick", rapid.IntRange(10, 20).Draw(c.T, "first day"))})
	case 6:
		if len(c.taken) > 0 {
			i := rapid.IntRange(0, len(c.taken)-1).Draw(c.T, "withdrawn")
			_, err := ingest.Withdraw(context.Background(), c.books, inForce(c.t, c.books), c.taken[i], "", ingest.Options{Actor: "tester", Day: clock.Truncate(24 * time.Hour)})
			if err == nil { // it is refused when others lean on the file
				c.taken = slices.Delete(c.taken, i, i+1)
			}
		}
	}
}

// file takes in a table; its last column makes it another file than any before.
func (c *changer) file(header string, rows []string) {
	text := strings.TrimSuffix(header, "\n") + fmt.Sprintf(",remark %d\n", c.round) + strings.Join(rows, ",\n") + ",\n"
	takeTable(c.t, c.books, inForce(c.t, c.books), text)
	sum := sha256.Sum256([]byte(text))
	c.taken = append(c.taken, hex.EncodeToString(sum[:]))
}

// at names a value.
type at struct {
	department, employee, kpi string
	period                    period.Period
}

// sumsAsOf gives the sums of all values as known then; values without any sum are as good as none.
func sumsAsOf(t *rapid.T, b *books.Books, v policy.Version, q metrics.Question, seq int64) map[at]sums {
	q.AsOf = seq
	var ks []*policy.KPI
	for _, id := range comparedKPIs {
		ks = append(ks, v.Policy.KPI(id))
	}
	rows, err := metrics.Values(context.Background(), b, q, ks, everyLevel)
	if err != nil {
		t.Fatal(err)
	}
	m := map[at]sums{}
	for _, r := range rows {
		s := sums{num: r.Ratio.Num, n: r.N}
		if r.KPI.Divides() {
			s.den = r.Ratio.Den
		}
		if s != (sums{}) {
			m[at{r.Department, r.Employee, r.KPI.ID, r.Period}] = s
		}
	}
	return m
}

// TestDifferencesTurnOneStateIntoTheOther adds the differences to the sums of the one state and wants those of the other; the records
// behind a share of rows add up to its difference; and a state does not differ from itself.
func TestDifferencesTurnOneStateIntoTheOther(t *testing.T) {
	checks(t, roundsInBooks)
	b := smallCompany(t)
	v := inForce(t, b)
	first := b.Ledger().Head().Seq
	q := question(t, v, "2026Q3")
	c := &changer{t: t, books: b}
	takeTable(t, b, v, deliveryHeader+"X1,01,2026-08-11,2026-08-11\n")
	differed, whole := 0, true
	rapid.Check(t, func(rt *rapid.T) {
		c.T = rt
		for range 3 {
			c.step()
		}
		head := b.Ledger().Head().Seq
		from, to := rapid.Int64Range(first, head).Draw(rt, "from"), rapid.Int64Range(first, head).Draw(rt, "to")
		if whole { // whatever is drawn, the first comparison spans the delivery X1
			from, to, whole = first, head, false
		}
		found, err := metrics.Compare(context.Background(), b, q, from, to, comparedKPIs, everyLevel)
		if err != nil {
			rt.Fatal(err)
		}
		now := sumsAsOf(rt, b, v, q, from)
		for _, d := range found.Values {
			key := at{d.Department, d.Employee, d.KPI.ID, d.Period}
			s := now[key]
			if now[key] = (sums{s.num + d.Num, s.den + d.Den, s.n + d.N}); now[key] == (sums{}) {
				delete(now, key)
			}
		}
		want := sumsAsOf(rt, b, v, q, to)
		for key, w := range want {
			if now[key] != w {
				rt.Errorf("%d to %d: %v comes to %v, want %v", from, to, key, now[key], w)
			}
		}
		if len(now) != len(want) {
			rt.Errorf("%d to %d: %d values, want %d", from, to, len(now), len(want))
		}
		differed += len(found.Values)
		records, err := metrics.CompareRecords(context.Background(), b, found)
		if err != nil {
			rt.Fatal(err)
		}
		if len(found.Values) > 0 && len(records) == 0 {
			rt.Errorf("%d to %d: nothing makes the difference: %+v", from, to, found.Values)
		}
		recordsAddUp(rt, found, records)
		same, err := metrics.Compare(context.Background(), b, q, to, to, comparedKPIs, everyLevel)
		if err != nil || len(same.Values)+len(same.Policy) > 0 {
			rt.Errorf("%d differs from itself: %v %v", to, same, err)
		}
	})
	if differed == 0 {
		t.Error("nothing ever differed")
	}
}

// recordsAddUp wants the records of on_time_rate to come to the company's difference, and a reason for those that count otherwise.
func recordsAddUp(t *rapid.T, found *metrics.Comparison, records []metrics.RecordDifference) {
	var want, got sums
	for _, d := range found.Values {
		if d.KPI.ID == "on_time_rate" && d.Department == "" && d.Employee == "" {
			want.num += d.Num
			want.den += d.Den
		}
	}
	count := func(s *metrics.RecordState, sign fixed.Num) {
		if s == nil {
			return
		}
		for _, p := range s.Places {
			got.den += sign * p.Share
			if p.Counted == metrics.InBoth {
				got.num += sign * p.Share
			}
		}
	}
	for _, r := range records {
		if (r.Change == metrics.Elsewhere || r.Change == metrics.NotDue) && (r.Why.ZH == "" || r.Why.EN == "") {
			t.Errorf("%+v counts otherwise for no reason", r)
		}
		if r.KPI != nil && r.KPI.ID == "on_time_rate" {
			count(r.Before, -1)
			count(r.After, 1)
		}
	}
	if got != want {
		t.Errorf("the records come to %v, the difference is %v", got, want)
	}
}

// TestRecordsThatMadeTheDifference works a case out by hand. To begin with, 01 and 04 deliver one thing each in August, both in time; D3 of 02
// on 20 August lies in B. Then a file brings the late D4 of 01 and corrects D1, which is late by a day now; and 04 turns out to have
// left on the 10th, so that D2 of the 12th counts nowhere. On-time deliveries go from 3 of 3 to 1 of 3: D1 and D4 are late, D3 stays.
func TestRecordsThatMadeTheDifference(t *testing.T) {
	b := smallCompany(t)
	v := inForce(t, b)
	takeTable(t, b, v, deliveryHeader+"D1,01,2026-08-11,2026-08-11\nD2,04,2026-08-12,2026-08-12\nD3,02,2026-08-20,2026-08-20\n")
	from := b.Ledger().Head().Seq
	takeTable(t, b, v, deliveryHeader+"D1,01,2026-08-11,2026-08-12\nD4,01,2026-08-14,2026-08-17\n")
	takeTable(t, b, v, "employee_no,name,hired_on,left_on\n04,Dan,2020-01-01,2026-08-10\n")
	q := question(t, v, "2026-08")
	found, err := metrics.Compare(t.Context(), b, q, from, always, []string{"on_time_rate"}, metrics.Levels{Company: true, Department: true, Employee: true})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, d := range found.Values {
		lines = append(lines, fmt.Sprintf("%s/%s %s/%s → %s/%s: %s %s %s", d.Department, d.Employee, ratioOf(d.Before).Num, ratioOf(d.Before).Den, ratioOf(d.After).Num, ratioOf(d.After).Den, d.Num, d.Den, d.N))
	}
	wantLines(t, lines, "/ 3/3 → 1/3: -2 0 0", "A/ 2/2 → 1/3: -1 1 1", "C/ 1/1 → 0/0: -1 -1 -1", "A/01 1/1 → 0/2: -1 1 1", "C/04 1/1 → 0/0: -1 -1 -1")
	records, err := metrics.CompareRecords(t.Context(), b, found)
	if err != nil {
		t.Fatal(err)
	}
	lines = nil
	for _, r := range records {
		id := func(s *metrics.RecordState) string {
			if s == nil {
				return "-"
			}
			return strings.TrimSpace(fmt.Sprintf("%s %s%s %v", s.Cells[0], s.Cell("delivered_on"), s.Cell("left_on"), s.Places))
		}
		lines = append(lines, fmt.Sprintf("%s: %s → %s", r.Change, id(r.Before), id(r.After)))
	}
	wantLines(t, lines,
		"changed: 04 2026-08-20 [] → 04 2026-08-10 []",
		"came_in: - → D4 2026-08-17 [{A 1 denominator}]",
		"changed: D1 2026-08-11 [{A 1 numerator}] → D1 2026-08-12 [{A 1 denominator}]",
		"elsewhere: D2 2026-08-12 [{C 1 numerator}] → D2 2026-08-12 []")
}

func ratioOf(v *metrics.Value) fixed.Ratio {
	if v == nil {
		return fixed.Ratio{}
	}
	return v.Ratio
}

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// TestCompareTellsOfAnotherPolicy adopts a higher target and another definition in between.
func TestCompareTellsOfAnotherPolicy(t *testing.T) {
	b := smallCompany(t)
	takeTable(t, b, inForce(t, b), deliveryHeader+"D1,01,2026-08-11,2026-08-12\n")
	from := b.Ledger().Head().Seq
	s := everyForm(t)
	for i := range s {
		s[i].Text = strings.Replace(s[i].Text, `"delivered_on <= due_on"`, `"delivered_on <= due_on + 1"`, 1)
		s[i].Text = strings.Replace(s[i].Text, "kpi: on_time_rate, weight: 60, target: 85", "kpi: on_time_rate, weight: 60, target: 90", 1)
	}
	if err := policy.Adopt(t.Context(), b, s, day(t, "2026-01-01"), "second", "tester"); err != nil {
		t.Fatal(err)
	}
	found, err := metrics.Compare(t.Context(), b, question(t, inForce(t, b), "2026-08"), from, always, []string{"on_time_rate"}, metrics.Levels{Company: true})
	if err != nil {
		t.Fatal(err)
	}
	if found.From.Version.Number != 1 || found.To.Version.Number != 2 || len(found.Policy) != 2 || len(found.Values) != 1 {
		t.Fatalf("%+v", found)
	}
	d := found.Values[0]
	if d.Num != fixed.Int(1) || d.Den != 0 || *d.Before.Target != fixed.Int(85) || *d.After.Target != fixed.Int(90) {
		t.Errorf("%+v", d)
	}
	records, err := metrics.CompareRecords(t.Context(), b, found)
	if err != nil || len(records) != 1 || records[0].Change != metrics.Elsewhere || records[0].Why.EN != "the KPI is defined otherwise" {
		t.Errorf("%+v %v", records, err)
	}
	scores, err := metrics.CompareScores(t.Context(), b, found)
	if err != nil || len(scores) != 0 { // one delivery is too few to be scored
		t.Errorf("%+v %v", scores, err)
	}
}
