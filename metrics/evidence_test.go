package metrics_test

import (
	"cmp"
	"context"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plumbline/internal/fixed"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
)

// TestEvidenceAddsUpToTheValue takes random subjects of the sample company, of every KPI a few, and counts their rows by hand.
func TestEvidenceAddsUpToTheValue(t *testing.T) {
	checks(t, roundsInBooks)
	b := sampleCompany(t)
	v := inForce(t, b)
	today, values := day(t, earlyDay), computedEarly(t)
	subjects := map[string][]subject{} // by KPI
	for s := range values {
		subjects[s.kpi] = append(subjects[s.kpi], s)
	}
	c := &counter{policy: v.Policy, working: workingTimes(t)}
	for _, k := range ofFiles(v.Policy.KPIs) {
		if k.Anonymous {
			continue // no answer is listed
		}
		slices.SortFunc(subjects[k.ID], func(a, b subject) int {
			return cmp.Or(strings.Compare(a.period, b.period), strings.Compare(a.department, b.department), strings.Compare(a.employee, b.employee))
		})
		t.Run(k.ID, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				s := rapid.SampledFrom(subjects[k.ID]).Draw(rt, "subject")
				p := parse(t, s.period)
				q := metrics.EvidenceQuestion{KPI: k, Period: p, Department: s.department, Employee: s.employee, AsOf: always, ReportDay: earlier(p.LastDay(), today), Asked: today}
				rows, err := metrics.Evidence(context.Background(), b, v.Policy, q)
				if err != nil {
					rt.Fatal(err)
				}
				rowsMakeSense(rt, s, rows)
				got, splits := c.count(k, rows)
				if want := values[s]; !got.near(want, splits) {
					rt.Fatalf("%v: the rows come to %v, the value is %v", s, got, want)
				}
			})
		})
	}
}

// rowsMakeSense refuses rows that stand there twice or are left out without a reason.
func rowsMakeSense(t *rapid.T, s subject, rows []metrics.EvidenceRow) {
	seen := map[string]bool{}
	for _, r := range rows {
		at := strings.Join(append([]string{r.Dataset.ID, r.Department, r.Employee, r.Day.String()}, r.Cells...), "|")
		if seen[at] {
			t.Fatalf("%v: the row %s stands there twice", s, at)
		}
		seen[at] = true
		if (r.Counted == metrics.LeftOut || r.Counted == metrics.Missing) && (r.Reason.ZH == "" || r.Reason.EN == "") {
			t.Fatalf("%v: %s without a reason: %v", s, r.Counted, r)
		}
	}
}

// exact is sums before they are rounded.
type exact struct{ num, den, n *big.Rat }

func (e exact) String() string {
	return e.num.FloatString(8) + " ÷ " + e.den.FloatString(8) + " of " + e.n.FloatString(8)
}

// near compares with rounded sums. Where months of people are split, each part may have up to a ten-thousandth more or less.
func (e exact) near(s sums, splits int) bool {
	slack := big.NewRat(int64(splits), 10_000)
	for _, x := range [][2]*big.Rat{{e.num, s.num.Rat()}, {e.den, s.den.Rat()}, {e.n, s.n.Rat()}} {
		if d := new(big.Rat).Sub(x[0], x[1]); d.Abs(d).Cmp(slack) > 0 {
			return false
		}
	}
	return true
}

// counter counts the rows of a KPI as its definition says.
type counter struct {
	policy  *policy.Policy
	working map[[2]string]fixed.Num // of part-time people, by employee and department
}

// count gives the sums, and in how many parts months of people were split.
func (c *counter) count(k *policy.KPI, rows []metrics.EvidenceRow) (exact, int) {
	e := exact{new(big.Rat), new(big.Rat), new(big.Rat)}
	splits := map[string]bool{}
	for _, r := range rows {
		if r.Share != 0 && r.Share != fixed.Int(1) {
			splits[r.Employee+r.Department+r.Day.Format("2006-01")] = true
		}
	}
	switch {
	case k.Expects() != "":
		c.occasions(k, rows, e)
		return e, len(splits)
	case k.Numerator.Kind == policy.People:
		countPeople(rows, e)
		return e, 0
	case k.Numerator.Kind == policy.Median:
		return middle(k, rows, e), 0
	}
	days := map[string]bool{}
	for _, r := range rows {
		if r.Counted == metrics.LeftOut {
			continue
		}
		share := r.Share.Rat()
		below := c.amount(k.ID, 1, r)
		if (!k.IsRatio() || r.Counted == metrics.InDenominator) && (k.Denominator == nil || below != nil) { // a row with nothing below the line is none of n
			e.n.Add(e.n, share)
		}
		at := r.Employee + r.Department + r.Day.String()
		if r.Counted == metrics.InBoth && !(k.Numerator.Kind == policy.PersonDays && days[at]) {
			e.num.Add(e.num, new(big.Rat).Mul(share, orZero(c.amount(k.ID, 0, r))))
			days[at] = true
		}
		if k.Denominator != nil || r.Counted == metrics.InDenominator {
			e.den.Add(e.den, new(big.Rat).Mul(share, orZero(below)))
		}
	}
	return e, len(splits)
}

// occasions counts days on which something was due: those with a record, and those without.
func (c *counter) occasions(k *policy.KPI, rows []metrics.EvidenceRow, e exact) {
	type place struct{ employee, department, month string }
	done, due := map[place]*big.Rat{}, map[place]*big.Rat{}
	seen := map[string]bool{}
	for _, r := range rows {
		at := place{r.Employee, r.Department, r.Day.Format("2006-01")}
		if key := r.Employee + r.Department + r.Day.String(); r.Counted == metrics.LeftOut || seen[key] {
			continue
		} else {
			seen[key] = true
		}
		if due[at] == nil {
			done[at], due[at] = new(big.Rat), new(big.Rat)
		}
		due[at].Add(due[at], r.Share.Rat())
		if r.Counted == metrics.InBoth {
			done[at].Add(done[at], r.Share.Rat())
		}
	}
	for at := range due {
		if w, ok := c.working[[2]string{at.employee, at.department}]; ok && k.Expects() == policy.Workday {
			due[at].Mul(due[at], w.Rat())
			if done[at].Cmp(due[at]) > 0 {
				done[at] = due[at]
			}
		}
		e.num.Add(e.num, done[at])
		e.den.Add(e.den, due[at])
	}
	e.n.Set(e.den)
}

// countPeople counts everybody once a month.
func countPeople(rows []metrics.EvidenceRow, e exact) {
	best := map[string]metrics.Counted{}
	for _, r := range rows {
		if at := r.Employee + r.Day.Format("2006-01"); r.Counted == metrics.InBoth || r.Counted == metrics.InDenominator && best[at] == "" {
			best[at] = r.Counted
		}
	}
	e.den.SetInt64(int64(len(best)))
	e.n.SetInt64(int64(len(best)))
	for _, counted := range best {
		if counted == metrics.InBoth {
			e.num.Add(e.num, big.NewRat(1, 1))
		}
	}
}

// middle walks up the values until half of the shares are passed.
func middle(k *policy.KPI, rows []metrics.EvidenceRow, e exact) exact {
	rows = slices.DeleteFunc(rows, func(r metrics.EvidenceRow) bool { return r.Counted == metrics.LeftOut })
	value := func(r metrics.EvidenceRow) *big.Rat { return orZero(amounts[k.ID][0](cells(r))) }
	slices.SortFunc(rows, func(a, b metrics.EvidenceRow) int { return value(a).Cmp(value(b)) })
	var all, upTo fixed.Num
	for _, r := range rows {
		all += r.Share
	}
	for i := 0; i < len(rows) && 2*upTo <= all; i++ {
		if 2*upTo == all && i > 0 && value(rows[i]).Cmp(value(rows[i-1])) != 0 {
			return exact{new(big.Rat).Add(value(rows[i-1]), value(rows[i])), big.NewRat(2, 1), all.Rat()}
		}
		upTo += rows[i].Share
		e = exact{value(rows[i]), big.NewRat(1, 1), all.Rat()}
	}
	return e
}

// cells gives the cells of a row by column.
func cells(r metrics.EvidenceRow) map[string]string {
	byColumn := map[string]string{}
	for i, c := range r.Dataset.Columns {
		byColumn[c.ID] = r.Cells[i]
	}
	return byColumn
}

// orZero gives zero for nothing.
func orZero(x *big.Rat) *big.Rat {
	if x == nil {
		return new(big.Rat)
	}
	return x
}

// amount is what a row adds above (0) or below (1) the line, nil when its cell is blank.
func (c *counter) amount(kpi string, side int, r metrics.EvidenceRow) *big.Rat {
	if kpi == "delivery_delay_days" && side == 0 {
		row := cells(r)
		due, _ := time.Parse(time.DateOnly, row["due_on"])
		made, _ := time.Parse(time.DateOnly, row["delivered_on"])
		n := int64(0)
		for d := due.AddDate(0, 0, 1); !d.After(made); d = d.AddDate(0, 0, 1) {
			if c.policy.Calendar.IsWorkday(d) {
				n++
			}
		}
		return big.NewRat(n, 1)
	}
	if f := amounts[kpi][side]; f != nil {
		return f(cells(r))
	}
	return big.NewRat(1, 1)
}

type cellAmount func(row map[string]string) *big.Rat

// amounts is what rows add above and below the line; nil counts rows.
var amounts = map[string][2]cellAmount{
	"logged_hours_rate": {column("hours"), column("planned_hours")}, "won_amount": {column("amount")}, "won_amount_rate": {column("amount"), column("amount")},
	"response_hours": {hours("requested_at", "responded_at")}, "satisfaction_score": {column("score")}, "costs_total": {column("amount")},
	"cost_budget_rate": {column("amount"), column("budget")}, "approval_hours": {hours("submitted_at", "completed_at")},
	"approval_hours_median": {hours("submitted_at", "completed_at")}, "collaboration_hours": {hours("requested_at", "completed_at")}, "survey_score": {column("score")},
	"cost_of_revenue": {column("amount"), column("amount")}, "form_hours": {column("hours")}, "form_engineering": {column("hours"), column("planned_hours")},
	"form_median": {column("hours")},
}

func column(id string) cellAmount {
	return func(row map[string]string) *big.Rat {
		if row[id] == "" {
			return nil
		}
		return fixed.MustParse(row[id]).Rat()
	}
}

// hours are those from one moment to another, to four decimals.
func hours(from, to string) cellAmount {
	return func(row map[string]string) *big.Rat {
		a, errA := time.Parse(time.DateTime, row[from])
		b, errB := time.Parse(time.DateTime, row[to])
		if errA != nil || errB != nil {
			return new(big.Rat)
		}
		n, _ := fixed.Round(big.NewRat(int64(b.Sub(a)/time.Second), 3600), 4)
		return n.Rat()
	}
}

// workingTimes reads the working time of part-time people.
func workingTimes(t *testing.T) map[[2]string]fixed.Num {
	t.Helper()
	working := map[[2]string]fixed.Num{}
	s := warehouse.SQL("working times", "SELECT employee_no, department_id, CAST(working_time * 100 AS BIGINT) FROM facts.memberships WHERE working_time < 100 AND _until = 9223372036854775807")
	err := sampleCompany(t).View(t.Context(), func(tx *warehouse.Tx) error {
		return tx.Each(t.Context(), s, nil, func(scan func(...any) error) error {
			var employee, department string
			var part int64
			err := scan(&employee, &department, &part)
			working[[2]string{employee, department}] = fixed.Num(part)
			return err
		})
	})
	if err != nil || len(working) == 0 {
		t.Fatal("nobody works part-time", err)
	}
	return working
}
