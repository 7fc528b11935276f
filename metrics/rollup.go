package metrics

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"plumbline/internal/fixed"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Plan is one scan: the KPIs of a dataset that count on the same date.
type Plan struct {
	Dataset *policy.Dataset
	Day     string // the date column that decides month and department
	KPIs    []*policy.KPI
}

// Plans lists the scans that all KPIs of the policy need, in the policy's order.
func Plans(kpis []*policy.KPI) []Plan {
	var plans []Plan
	for _, k := range kpis {
		i := slices.IndexFunc(plans, func(p Plan) bool { return p.Dataset == k.Dataset && p.Day == k.CountsOn })
		if i < 0 {
			i = len(plans)
			plans = append(plans, Plan{Dataset: k.Dataset, Day: k.CountsOn})
		}
		plans[i].KPIs = append(plans[i].KPIs, k)
	}
	return plans
}

// Range is what a rollup reads: records whose day lies in [From, To), as known at ledger sequence AsOf, told on ReportDay.
type Range struct {
	From, To, ReportDay time.Time
	AsOf                int64
}

// Rollup runs the scan and gives Arrow records with the columns department_id (utf8), employee_no (utf8), month (int64, months
// since year 0), and for the i-th KPI num<i>, den<i> and n<i> (int64; sums in ten-thousandths, counts as they are; den<i> is
// absent for a KPI without denominator). One record row per department × employee × month with records; order is not defined.
func Rollup(ctx context.Context, tx *warehouse.Tx, p Plan, r Range) (array.RecordReader, error) {
	s := warehouse.SQL("rollup "+p.Dataset.ID, p.SQL())
	args := warehouse.Args{"as_of": r.AsOf, "from": r.From, "to": r.To}
	if slices.Contains(s.Parameters(), policy.ReportDay) {
		args[policy.ReportDay] = r.ReportDay
	}
	reader, err := tx.Arrow(ctx, s, args)
	if err != nil {
		return nil, fmt.Errorf("roll up %s: %w", p.Dataset.ID, err)
	}
	return reader, nil
}

// SQL is the scan as plain SQL with the parameters $as_of, $from, $to and, where an expression asks for it, $report_day.
func (p Plan) SQL() string {
	var b strings.Builder
	day := "f." + warehouse.Ident(p.Day)
	b.WriteString("SELECT m.department_id, m.employee_no,\n  CAST(year(" + day + ") * 12 + month(" + day + ") - 1 AS BIGINT) AS month")
	for i, k := range p.KPIs {
		num, den, n := measures(k)
		fmt.Fprintf(&b, ",\n  %s AS num%d", num, i)
		if den != "" {
			fmt.Fprintf(&b, ", %s AS den%d", den, i)
		}
		fmt.Fprintf(&b, ", %s AS n%d", n, i)
	}
	fmt.Fprintf(&b, "\nFROM %s f\n%s\nWHERE %s\nGROUP BY ALL", p.Dataset.Table(), p.membership("JOIN"), p.within())
	return b.String()
}

// membership joins the department that the owner belonged to on the day of the record.
func (p Plan) membership(join string) string {
	day := "f." + warehouse.Ident(p.Day)
	return fmt.Sprintf("%s facts.memberships m ON m.employee_no = f.%s AND m._seq <= $as_of AND m._until > $as_of\n"+
		"  AND %s >= m.valid_from AND %s <= coalesce(m.valid_to, DATE '9999-12-31')", join, warehouse.Ident(p.Dataset.Owner), day, day)
}

// within keeps the records that are known at $as_of and whose day lies in the range.
func (p Plan) within() string {
	day := "f." + warehouse.Ident(p.Day)
	return fmt.Sprintf("f._seq <= $as_of AND f._until > $as_of AND %s >= CAST($from AS DATE) AND %s < CAST($to AS DATE)", day, day)
}

// measures gives the aggregates of a KPI: numerator, denominator ("" for none) and the rows that count. The numerator of a share
// counts only rows of the denominator, so that it never exceeds it.
func measures(k *policy.KPI) (num, den, n string) {
	base := k.Denominator
	if base == nil {
		return aggregate(k.Numerator, ""), "", rowCount(k.Numerator)
	}
	within := ""
	if base.Kind == policy.CountRows {
		within = condition(base.Expr.SQL)
	}
	return aggregate(k.Numerator, within), aggregate(*base, ""), rowCount(*base)
}

// condition is an expression in parentheses, or "" for one that is always true.
func condition(sql string) string {
	if strings.EqualFold(strings.TrimSpace(sql), "true") {
		return ""
	}
	return "(" + sql + ")"
}

func aggregate(m policy.Measure, within string) string {
	if m.Kind == policy.CountRows {
		return "count(*)" + filter(condition(m.Expr.SQL), within)
	}
	return fmt.Sprintf("CAST(coalesce(sum(%s)%s, 0) * 10000 AS BIGINT)", m.Expr.SQL, filter(within))
}

// rowCount counts the rows that a measure takes in.
func rowCount(m policy.Measure) string {
	if m.Kind == policy.CountRows {
		return "count(*)" + filter(condition(m.Expr.SQL))
	}
	return fmt.Sprintf("count(%s)", m.Expr.SQL)
}

func filter(conditions ...string) string {
	conditions = slices.DeleteFunc(slices.Clone(conditions), func(c string) bool { return c == "" })
	if len(conditions) == 0 {
		return ""
	}
	return " FILTER (WHERE " + strings.Join(conditions, " AND ") + ")"
}

// Cell is the sums of one KPI for one employee in one department and month.
type Cell struct {
	Department, Employee string
	Month                int // months since year 0
	Sum                  Sum
}

// Sum is what adds up: two sums and a count of rows.
type Sum struct {
	Ratio fixed.Ratio
	N     int64
}

func (s *Sum) add(t Sum) {
	s.Ratio = s.Ratio.Add(t.Ratio)
	s.N += t.N
}

// Rolled holds the cells of every KPI of a policy.
type Rolled map[*policy.KPI][]Cell

// RollUp runs all scans and gathers their cells.
func RollUp(ctx context.Context, tx *warehouse.Tx, kpis []*policy.KPI, r Range) (Rolled, error) {
	rolled := Rolled{}
	for _, p := range Plans(kpis) {
		reader, err := Rollup(ctx, tx, p, r)
		if err != nil {
			return nil, err
		}
		err = gather(rolled, p, reader)
		reader.Release()
		if err != nil {
			return nil, fmt.Errorf("roll up %s: %w", p.Dataset.ID, err)
		}
	}
	return rolled, nil
}

func gather(rolled Rolled, p Plan, reader array.RecordReader) error {
	words := map[string]string{} // one copy of each id
	word := func(s string) string {
		if w, ok := words[s]; ok {
			return w
		}
		w := strings.Clone(s)
		words[w] = w
		return w
	}
	for reader.Next() {
		rec := reader.RecordBatch()
		column := map[string]int{}
		for i, f := range rec.Schema().Fields() {
			column[f.Name] = i
		}
		numbers := func(name string) []int64 {
			if i, ok := column[name]; ok {
				return rec.Column(i).(*array.Int64).Int64Values()
			}
			return nil
		}
		departments, employees := rec.Column(0).(*array.String), rec.Column(1).(*array.String)
		months := numbers("month")
		for i, k := range p.KPIs {
			num, den, n := numbers(fmt.Sprint("num", i)), numbers(fmt.Sprint("den", i)), numbers(fmt.Sprint("n", i))
			for row := range months {
				if n[row] == 0 && num[row] == 0 {
					continue
				}
				c := Cell{word(departments.Value(row)), word(employees.Value(row)), int(months[row]), Sum{N: n[row]}}
				c.Sum.Ratio.Num = scaled(k.Numerator, num[row])
				if den != nil {
					c.Sum.Ratio.Den = scaled(*k.Denominator, den[row])
				}
				rolled[k] = append(rolled[k], c)
			}
		}
	}
	return reader.Err()
}

// scaled turns a count into a number; sums come in ten-thousandths already.
func scaled(m policy.Measure, v int64) fixed.Num {
	if m.Kind == policy.CountRows {
		return fixed.Int(v)
	}
	return fixed.Num(v)
}
