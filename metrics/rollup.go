package metrics

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"plumbline/internal/fixed"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Plan is one scan: the KPIs of a dataset that count on the same date.
type Plan struct {
	Dataset *policy.Dataset
	Day     string // the date or datetime column whose day decides month and department
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
		if !slices.Contains(plans[i].KPIs, k) { // a KPI asked for twice is not counted twice
			plans[i].KPIs = append(plans[i].KPIs, k)
		}
	}
	return plans
}

// Range is what a rollup reads: records whose day lies in [From, To), as known at ledger sequence AsOf, told on ReportDay.
type Range struct {
	From, To, ReportDay time.Time
	AsOf                int64
}

// Rollup runs the scan and gives Arrow records with the columns department_id (utf8), employee_no (utf8), month (int64, months
// since year 0), and for the i-th KPI num<i>, den<i> and n<i> (int64 for counts, decimal(18,4) for sums, NULL for a sum of nothing; den<i> is
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

// day is the day of a record in SQL: the column, or the day of its moment.
func (p Plan) day() string {
	day := "f." + warehouse.Ident(p.Day)
	if c := p.Dataset.Column(p.Day); c != nil && c.Type == policy.TypeDatetime {
		return "CAST(" + day + " AS DATE)"
	}
	return day
}

// SQL is the scan as plain SQL with the parameters $as_of, $from, $to and, where an expression asks for it, $report_day.
func (p Plan) SQL() string {
	var b strings.Builder
	day := p.day()
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

// belonging is who belonged where from first_day to last_day. A stay ends with the employment, also when the list leaves it open:
// otherwise a department would hold records that are nobody's.
const belonging = `(
  SELECT s.employee_no, s.department_id, greatest(s.valid_from, e.hired_on) AS first_day,
    least(coalesce(s.valid_to, DATE '9999-12-31'), coalesce(e.left_on, DATE '9999-12-31')) AS last_day
  FROM facts.memberships s JOIN facts.employees e ON e.employee_no = s.employee_no
  WHERE s._seq <= $as_of AND s._until > $as_of AND e._seq <= $as_of AND e._until > $as_of
)`

// membership joins the department that the owner belonged to on the day of the record.
func (p Plan) membership(join string) string {
	day := p.day()
	return fmt.Sprintf("%s %s m ON m.employee_no = f.%s AND %s >= m.first_day AND %s <= m.last_day",
		join, belonging, warehouse.Ident(p.Dataset.Owner), day, day)
}

// within keeps the records that are known at $as_of and whose day lies in the range.
func (p Plan) within() string {
	day := p.day()
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
	return fmt.Sprintf("CAST(sum(%s)%s AS DECIMAL(18,%d))", m.Expr.SQL, filter(within), fixed.Scale)
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

// RollUp runs all scans and gathers their cells, those of one scan while the next one runs.
func RollUp(ctx context.Context, tx *warehouse.Tx, kpis []*policy.KPI, r Range) (Rolled, error) {
	plans := Plans(kpis)
	parts := make([]Rolled, len(plans))
	var gathering sync.WaitGroup
	defer gathering.Wait()
	for i, p := range plans {
		reader, err := Rollup(ctx, tx, p, r)
		if err != nil {
			return nil, err
		}
		batches, err := collect(reader)
		if err != nil {
			return nil, fmt.Errorf("roll up %s: %w", p.Dataset.ID, err)
		}
		gathering.Go(func() { parts[i] = gather(p, batches) })
	}
	gathering.Wait()
	rolled := Rolled{}
	for _, part := range parts {
		maps.Copy(rolled, part)
	}
	return rolled, nil
}

// collect reads a scan to its end; the batches are the caller's to release.
func collect(reader array.RecordReader) ([]arrow.RecordBatch, error) {
	defer reader.Release()
	var batches []arrow.RecordBatch
	for reader.Next() {
		batch := reader.RecordBatch()
		batch.Retain()
		batches = append(batches, batch)
	}
	return batches, reader.Err()
}

// gather gives the cells of a scan and releases its batches. Each list is made once at its full length.
func gather(p Plan, batches []arrow.RecordBatch) Rolled {
	var rows int64
	for _, batch := range batches {
		rows += batch.NumRows()
	}
	rolled := Rolled{}
	for _, k := range p.KPIs {
		rolled[k] = make([]Cell, 0, rows)
	}
	words := map[string]string{} // one copy of each id
	for _, batch := range batches {
		addCells(rolled, p, batch, words)
		batch.Release()
	}
	return rolled
}

// addCells adds the cells of one record batch.
func addCells(rolled Rolled, p Plan, rec arrow.RecordBatch, words map[string]string) {
	word := func(s string) string {
		if w, ok := words[s]; ok {
			return w
		}
		w := strings.Clone(s)
		words[w] = w
		return w
	}
	column := map[string]int{}
	for i, f := range rec.Schema().Fields() {
		column[f.Name] = i
	}
	numbers := func(name string) []int64 {
		i, ok := column[name]
		if !ok {
			return nil
		}
		return integers(rec.Column(i))
	}
	departments, employees := rec.Column(0).(*array.String), rec.Column(1).(*array.String)
	months := numbers("month")
	owners := make([][2]string, len(months)) // department, employee
	for row := range owners {
		owners[row] = [2]string{word(departments.Value(row)), word(employees.Value(row))}
	}
	for i, k := range p.KPIs {
		num, den, n := numbers(fmt.Sprint("num", i)), numbers(fmt.Sprint("den", i)), numbers(fmt.Sprint("n", i))
		cells := rolled[k]
		for row, owner := range owners {
			if n[row] == 0 && num[row] == 0 {
				continue
			}
			c := Cell{owner[0], owner[1], int(months[row]), Sum{N: n[row]}}
			c.Sum.Ratio.Num = scaled(k.Numerator, num[row])
			if den != nil {
				c.Sum.Ratio.Den = scaled(*k.Denominator, den[row])
			}
			cells = append(cells, c)
		}
		rolled[k] = cells
	}
}

// integers gives a column of counts as it is and one of sums in ten-thousandths; a sum of nothing is zero, and its count says so.
func integers(a arrow.Array) []int64 {
	sums, ok := a.(*array.Decimal128)
	if !ok {
		return a.(*array.Int64).Int64Values()
	}
	values := make([]int64, sums.Len())
	for i := range values {
		if sums.IsValid(i) {
			values[i] = int64(sums.Value(i).LowBits())
		}
	}
	return values
}

// scaled turns a count into a number; sums come in ten-thousandths already.
func scaled(m policy.Measure, v int64) fixed.Num {
	if m.Kind == policy.CountRows {
		return fixed.Int(v)
	}
	return fixed.Num(v)
}
