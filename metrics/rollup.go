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

// Plan is one scan: the KPIs of a dataset that count on the same day.
type Plan struct {
	Dataset *policy.Dataset
	Owner   string // the column with the employee whose record it is; "" when the records belong to departments
	On      string // the date or datetime column whose day decides month and department
	// Occasion moves a record to the day of what was expected: the Friday of its week, the last day of its month. "" leaves it.
	Occasion policy.Occasion
	KPIs     []*policy.KPI

	aggregates []string  // the columns of the scan after stay and month, none twice
	uses       []columns // by KPI
}

// columns are the aggregates of one KPI, as indexes; den and n may be those of another measure, and -1 is none.
type columns struct{ num, den, n int }

// Plans lists the scans that the KPIs need, in their order. A ratio of KPIs needs those of its parts.
func Plans(kpis []*policy.KPI) []Plan {
	var plans []Plan
	var add func(k *policy.KPI)
	add = func(k *policy.KPI) {
		if k.IsRatio() {
			add(k.Of)
			add(k.To)
			return
		}
		occasion := k.Expects()
		if occasion == policy.Workday {
			occasion = "" // a workday is its own day
		}
		i := slices.IndexFunc(plans, func(p Plan) bool {
			return p.Dataset == k.Dataset && p.Owner == k.Owner && p.On == k.CountsOn && p.Occasion == occasion
		})
		if i < 0 {
			i = len(plans)
			plans = append(plans, Plan{Dataset: k.Dataset, Owner: k.Owner, On: k.CountsOn, Occasion: occasion})
		}
		if !slices.Contains(plans[i].KPIs, k) { // a KPI asked for twice is not counted twice
			plans[i].add(k)
		}
	}
	for _, k := range kpis {
		add(k)
	}
	return plans
}

// add gives a KPI its columns.
func (p *Plan) add(k *policy.KPI) {
	column := func(text string) int {
		if text == "" {
			return -1
		}
		if i := slices.Index(p.aggregates, text); i >= 0 {
			return i
		}
		p.aggregates = append(p.aggregates, text)
		return len(p.aggregates) - 1
	}
	num, den, n := p.measures(k)
	p.KPIs = append(p.KPIs, k)
	p.uses = append(p.uses, columns{column(num), column(den), column(n)})
}

// Range is what a rollup reads: records whose day lies in [From, To), as known at ledger sequence AsOf, told on ReportDay.
type Range struct {
	From, To, ReportDay time.Time
	Asked               time.Time // the day on which it is asked: what may still come in then is not missing yet
	AsOf                int64
	Proof               bool  // as in Question
	months              []int // only these months, counted since year 0; nil: all
}

// days adds the days that a statement asks for.
func (r Range) days(s warehouse.Statement, args warehouse.Args) {
	for name, day := range map[string]time.Time{policy.ReportDay: r.ReportDay, policy.AskedOn: r.Asked} {
		if slices.Contains(s.Parameters(), name) {
			args[name] = day
		}
	}
}

// Rollup runs the scan and gives Arrow records with the columns stay (int32, a row of the temporary table attribution), month (int64,
// months since year 0), and then the plan's aggregates: int64 for counts and sets of days, decimal(18,4) for sums, NULL for a sum of
// nothing, a list of decimal(18,4) for medians. One record row per stay and month with records; order is not defined.
func Rollup(ctx context.Context, tx *warehouse.Tx, p Plan, r Range) (array.RecordReader, error) {
	s := warehouse.SQL("rollup "+p.Dataset.ID, p.SQL(r.months))
	args := warehouse.Args{"as_of": r.AsOf, "from": r.From, "to": r.To}
	r.days(s, args)
	reader, err := tx.Arrow(ctx, s, args)
	if err != nil {
		return nil, fmt.Errorf("roll up %s: %w", p.Dataset.ID, err)
	}
	return reader, nil
}

// own is the day of a record in SQL: the column, or the day of its moment.
func (p Plan) own() string {
	day := "f." + warehouse.Ident(p.On)
	if c := p.Dataset.Column(p.On); c != nil && c.Type == policy.TypeDatetime {
		return "CAST(" + day + " AS DATE)"
	}
	return day
}

// day is the day that decides month and department.
func (p Plan) day() string {
	switch day := p.own(); p.Occasion {
	case policy.Week: // Friday of the ISO week
		return "(" + day + " - CAST(isodow(" + day + ") AS INTEGER) + 5)"
	case policy.Month:
		return "last_day(" + day + ")"
	default:
		return day
	}
}

func (p Plan) month() string {
	day := p.day()
	return "CAST(year(" + day + ") * 12 + month(" + day + ") - 1 AS BIGINT)"
}

// SQL is the scan as plain SQL with the parameters $as_of, $from, $to and, where an expression asks for it, $report_day. It reads the
// temporary table attribution. months bounds it further; nil: all.
func (p Plan) SQL(months []int) string {
	var b strings.Builder
	b.WriteString("SELECT m._stay, " + p.month() + " AS month")
	for i, text := range p.aggregates {
		fmt.Fprintf(&b, ",\n  %s AS a%d", text, i)
	}
	fmt.Fprintf(&b, "\nFROM %s f\n%s\nWHERE %s", p.Dataset.Table(), p.attributed("JOIN"), p.within())
	if months != nil {
		b.WriteString(" AND " + p.month() + " IN (" + joined(months) + ")")
	}
	b.WriteString("\nGROUP BY ALL")
	return b.String()
}

func joined(numbers []int) string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = fmt.Sprint(n)
	}
	return strings.Join(texts, ", ")
}

// attributed joins the stays that the owner had on the day of the record, or the department whose record it is.
func (p Plan) attributed(join string) string {
	if p.Owner == "" {
		return fmt.Sprintf("%s attribution m ON m._employee = '' AND m._department = f.%s", join, warehouse.Ident(p.Dataset.Department))
	}
	day := p.day()
	return fmt.Sprintf("%s attribution m ON m._employee = f.%s AND %s >= m._first AND %s <= m._last",
		join, warehouse.Ident(p.Owner), day, day)
}

// asksForDay reports whether an expression of the plan asks for the day of the report.
func (p Plan) asksForDay() bool {
	return slices.ContainsFunc(p.aggregates, func(a string) bool { return strings.Contains(a, "$"+policy.ReportDay) })
}

// asksForToday reports whether an expression of the plan asks for the day on which it is asked.
func (p Plan) asksForToday() bool {
	return slices.ContainsFunc(p.aggregates, func(a string) bool { return strings.Contains(a, "$"+policy.AskedOn) })
}

// within keeps the records that are known at $as_of and whose day lies in the range.
func (p Plan) within() string {
	day := p.day()
	return fmt.Sprintf("f._seq <= $as_of AND f._until > $as_of AND %s >= CAST($from AS DATE) AND %s < CAST($to AS DATE)", day, day)
}

// measures gives the aggregates of a KPI: numerator, denominator ("" for none or for what is expected) and the rows that count. The
// numerator of a share counts only rows of the denominator, so that it never exceeds it.
func (p Plan) measures(k *policy.KPI) (num, den, n string) {
	where := ""
	if k.Where != nil {
		where = condition(k.Where.SQL)
	}
	base := k.Denominator
	switch {
	case base == nil:
		return p.aggregate(k.Numerator, where), "", rowCount(k.Numerator, where)
	case base.Kind == policy.Expected:
		return p.aggregate(k.Numerator, where), "", ""
	}
	within := where
	if base.Kind == policy.CountRows || base.Kind == policy.People || base.Kind == policy.PersonDays {
		within = both(where, condition(base.Expr.SQL))
	}
	return p.aggregate(k.Numerator, within), p.aggregate(*base, where), rowCount(*base, where)
}

// condition is an expression in parentheses, or "" for one that is always true.
func condition(sql string) string {
	if strings.EqualFold(strings.TrimSpace(sql), "true") {
		return ""
	}
	return "(" + sql + ")"
}

func both(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " AND " + b
}

func (p Plan) aggregate(m policy.Measure, within string) string {
	switch m.Kind {
	case policy.SumOf:
		return fmt.Sprintf("CAST(sum(%s)%s AS DECIMAL(18,%d))", m.Expr.SQL, filter(within), fixed.Scale)
	case policy.Median:
		return fmt.Sprintf("list(CAST(%s AS DECIMAL(18,%d)))%s", m.Expr.SQL, fixed.Scale, filter("("+m.Expr.SQL+") IS NOT NULL", within))
	case policy.PersonDays: // bit 0 is the first day of the month
		return "CAST(coalesce(bit_or(CAST(1 AS BIGINT) << (day(" + p.day() + ") - 1))" + filter(condition(m.Expr.SQL), within) + ", 0) AS BIGINT)"
	}
	return "count(*)" + filter(condition(m.Expr.SQL), within)
}

// rowCount counts the rows that a measure takes in.
func rowCount(m policy.Measure, within string) string {
	if m.Kind == policy.SumOf || m.Kind == policy.Median {
		return fmt.Sprintf("count(%s)%s", m.Expr.SQL, filter(within))
	}
	return "count(*)" + filter(condition(m.Expr.SQL), within)
}

func filter(conditions ...string) string {
	conditions = slices.DeleteFunc(slices.Clone(conditions), func(c string) bool { return c == "" })
	if len(conditions) == 0 {
		return ""
	}
	return " FILTER (WHERE " + strings.Join(conditions, " AND ") + ")"
}

// RollUp attributes the records of the range to the stays of the people, runs all scans and gathers their sums, those of one scan
// while the next one runs. The departments stand as on the report day.
func RollUp(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, kpis []*policy.KPI, r Range) (*Rolled, error) {
	org, err := readOrganisation(ctx, tx, p, r.AsOf, r.ReportDay)
	if err != nil {
		return nil, err
	}
	return rollUp(ctx, tx, p, org, kpis, r)
}

func rollUp(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, org *organisation, kpis []*policy.KPI, r Range) (*Rolled, error) {
	if err := org.lay(ctx, tx); err != nil {
		return nil, err
	}
	rolled := newRolled(org, p, r)
	plans := Plans(kpis)
	sheets := make([]*sheet, len(plans))
	var gathering sync.WaitGroup
	defer gathering.Wait()
	for i, plan := range plans {
		batches := make(chan arrow.RecordBatch, waiting)
		gathering.Go(func() { sheets[i] = gather(plan, batches) })
		if err := scan(ctx, tx, plan, r.whole(plan), batches); err != nil {
			return nil, err
		}
	}
	gathering.Wait()
	for _, s := range sheets {
		rolled.put(s)
	}
	return rolled, rolled.disclose(ctx, tx, p, plans, r)
}

// waiting is how many batches of a scan may wait to be gathered: enough to let the next scan begin, except where the company is so large
// that they would take much memory.
const waiting = 256

// scan runs a scan to its end. The batches are the receiver's to release.
func scan(ctx context.Context, tx *warehouse.Tx, p Plan, r Range, batches chan<- arrow.RecordBatch) error {
	defer close(batches)
	reader, err := Rollup(ctx, tx, p, r)
	if err != nil {
		return err
	}
	defer reader.Release()
	for reader.Next() {
		batch := reader.RecordBatch()
		batch.Retain()
		batches <- batch
	}
	if err := reader.Err(); err != nil {
		return fmt.Errorf("roll up %s: %w", p.Dataset.ID, err)
	}
	return nil
}

// sheetOf runs a scan and gathers it.
func sheetOf(ctx context.Context, tx *warehouse.Tx, p Plan, r Range) (s *sheet, err error) {
	batches := make(chan arrow.RecordBatch, waiting)
	var gathering sync.WaitGroup
	gathering.Go(func() { s = gather(p, batches) })
	err = scan(ctx, tx, p, r, batches)
	gathering.Wait()
	return s, err
}

// sheet is the result of one scan: by month, a row per stay with records.
type sheet struct {
	plan   Plan
	months map[int]*chunk
}

// chunk is one month of a sheet: columns of equal length. Of each aggregate either the number or, for medians, the list is there.
type chunk struct {
	stays   []int32
	numbers []numbers // by aggregate
	lists   [][][]int64
	row     []int32 // by stay, from 1; 0 for none; made when it is asked for
	once    sync.Once
}

// gather gives the sheet of a scan and releases its batches.
func gather(p Plan, batches <-chan arrow.RecordBatch) *sheet {
	s := &sheet{plan: p, months: map[int]*chunk{}}
	for batch := range batches {
		s.take(batch)
		batch.Release()
	}
	return s
}

// take adds the rows of one batch, month by month.
func (s *sheet) take(batch arrow.RecordBatch) {
	stays, months := batch.Column(0).(*array.Int32).Int32Values(), batch.Column(1).(*array.Int64).Int64Values()
	rows := map[int64][]int{} // of the batch, by month
	for i, m := range months {
		rows[m] = append(rows[m], i)
	}
	for _, m := range slices.Sorted(maps.Keys(rows)) {
		c := s.months[int(m)]
		if c == nil {
			c = &chunk{numbers: make([]numbers, len(s.plan.aggregates)), lists: make([][][]int64, len(s.plan.aggregates))}
			s.months[int(m)] = c
		}
		for _, i := range rows[m] {
			c.stays = append(c.stays, stays[i])
		}
		for a := range s.plan.aggregates {
			c.column(a, batch.Column(a+2), rows[m])
		}
	}
}

// column adds rows of an Arrow column to aggregate a.
func (c *chunk) column(a int, from arrow.Array, rows []int) {
	if lists, ok := from.(*array.List); ok {
		values := integers(lists.ListValues())
		for _, i := range rows {
			var own []int64
			if lists.IsValid(i) {
				start, end := lists.ValueOffsets(i)
				own = slices.Clone(values[start:end])
			}
			c.lists[a] = append(c.lists[a], own)
		}
		return
	}
	values := integers(from)
	for _, i := range rows {
		c.numbers[a].add(values[i])
	}
}

// numbers is a column of a chunk. Most hold counts, so that half the room does until a greater number comes.
type numbers struct {
	narrow []int32
	wide   []int64 // where narrow is nil
}

func (n *numbers) add(v int64) {
	if n.wide == nil && v == int64(int32(v)) {
		n.narrow = append(n.narrow, int32(v))
		return
	}
	if n.wide == nil {
		n.wide = make([]int64, len(n.narrow), cap(n.narrow)+1)
		for i, v := range n.narrow {
			n.wide[i] = int64(v)
		}
		n.narrow = nil
	}
	n.wide = append(n.wide, v)
}

func (n *numbers) at(row int) int64 {
	if n.wide != nil {
		return n.wide[row]
	}
	return int64(n.narrow[row])
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
