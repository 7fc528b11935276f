package ingest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// check stages the rows and finds all that is wrong with them.
func (t *taking) check(ctx context.Context) error {
	if err := t.create(ctx, "begin_problem", "begin_duplicate", "begin_met"); err != nil {
		return err
	}
	if err := t.readyReading(ctx); err != nil {
		return err
	}
	if err := t.stage(ctx); err != nil {
		return err
	}
	var alone []step
	for i, f := range t.plan.fields {
		text, err := t.unknown(ctx, fieldCode(i), f)
		if err != nil {
			return err
		}
		if text != "" {
			alone = append(alone, step{"references of", text})
		}
	}
	text, err := t.outOfTime(ctx)
	if err != nil {
		return err
	}
	if text != "" {
		alone = append(alone, step{"days of", text})
	}
	ahead, err := t.ahead(ctx)
	if err != nil {
		return err
	}
	alone = slices.Concat(alone, ahead, t.wholes(), t.zeros(), t.otherCurrencies())
	for _, steps := range []func() []step{func() []step { return alone }, t.twins} {
		if err := t.all(ctx, steps()); err != nil {
			return err
		}
	}
	if err := t.exhaust(ctx, t.orphans); err != nil {
		return err
	}
	if err := t.meet(ctx); err != nil {
		return err
	}
	for {
		if err := t.exhaust(ctx, t.overlaps); err != nil {
			return err
		}
		// A correction that is set aside leaves the record that it was to correct, which counts again.
		if found, err := t.limits(ctx); err != nil || !found || t.decision.Edition < 2 {
			return err
		}
	}
}

// readyReading makes the source and reads what SQL must not read.
func (t *taking) readyReading(ctx context.Context) error {
	if err := t.create(ctx, "begin_reading"); err != nil {
		return err
	}
	if err := t.prepare(ctx); err != nil {
		return err
	}
	return t.readAhead(ctx)
}

// exhaust repeats steps until the first of them finds nothing more: a row that is set aside may take others with it.
func (t *taking) exhaust(ctx context.Context, steps func() []step) error {
	for {
		list := steps()
		if len(list) == 0 {
			return nil
		}
		n, err := t.run(ctx, list[0].name, list[0].text)
		if err != nil || n == 0 {
			return err
		}
		if err := t.all(ctx, list[1:]); err != nil {
			return err
		}
	}
}

// glance is how many rows are looked at to tell whether a file repeats records of the books.
const glance = 1000

// stage makes the relation stage.
func (t *taking) stage(ctx context.Context) error {
	table := t.plan.dataset.Table()
	repeats := t.plan.makesKeys() || t.decision.Corrects > 0 || t.decision.Origin > 0
	if !repeats {
		var err error
		repeats, err = t.any(ctx, fmt.Sprintf("SELECT 1 FROM (%s LIMIT %d) s JOIN %s f ON %s WHERE f._until = %d",
			t.plan.typed(t.rel, ""), glance, table, t.sameKey(), policy.Current))
		if err != nil {
			return err
		}
	}
	source, p := t.rel, t.plan
	if t.read != nil && !t.made {
		var types map[int]string
		if p, types = t.plan.surely(t.staged.Plain); len(types) > 0 {
			source = t.read(types)
		}
	}
	t.home, t.direct = "staged", !repeats
	fill := "CREATE TEMP TABLE staged AS\n" + p.judged(source)
	if t.direct {
		t.home = table
		fill = fmt.Sprintf("INSERT INTO %s (%s, _seq, _row, _until)\n%s", table, t.plan.columns(), p.judged(source))
	}
	first := []step{{"stage", fill}, {"see", "CREATE TEMP VIEW stage AS " + t.staging()}}
	if err := t.all(ctx, first); err != nil {
		return err
	}
	if err := t.readAgain(ctx); err != nil {
		return err
	}
	if t.plan.makesKeys() {
		return t.makeKeys(ctx)
	}
	return t.all(ctx, nil)
}

// slice is how many rows are worth a core of their own.
const slice = 250_000

// staging yields the rows of the file where they lie. DuckDB reads what the open transaction has written on one core, so a large file is read as several
// ranges of rows, each on a core of its own.
func (t *taking) staging() string {
	rows := fmt.Sprintf("SELECT %s, _row, _until FROM %s WHERE _seq = %d", t.plan.columns(), t.home, t.seq)
	n := min(t.staged.Rows/slice, int64(runtime.GOMAXPROCS(0)))
	if n < 2 {
		return rows
	}
	ranges := make([]string, n)
	for i := range n {
		ranges[i] = rows
		if i > 0 {
			ranges[i] += fmt.Sprintf(" AND _row >= %d", t.border(i, n))
		}
		if i < n-1 {
			ranges[i] += fmt.Sprintf(" AND _row < %d", t.border(i+1, n))
		}
	}
	return strings.Join(ranges, "\nUNION ALL ")
}

// border is the row where the i-th of n ranges begins.
func (t *taking) border(i, n int64) int64 { return t.staged.LastRow * t.parts / n * i }

// each runs steps one after the other.
func (t *taking) each(ctx context.Context, steps ...step) error {
	for _, s := range steps {
		if _, err := t.run(ctx, s.name, s.text); err != nil {
			return err
		}
	}
	return nil
}

// all runs steps over the staged rows and then sees what they found.
func (t *taking) all(ctx context.Context, steps []step) error {
	if err := t.each(ctx, steps...); err != nil {
		return err
	}
	return t.see(ctx)
}

// see words the conditions good and fit anew, and notes whether records were met.
func (t *taking) see(ctx context.Context) error {
	found := func(condition string) (bool, error) { return t.any(ctx, condition) }
	t.good = "true"
	sound := fmt.Sprintf("_until = %d", policy.Current)
	bad, err := found("SELECT 1 FROM stage WHERE NOT " + sound)
	if err != nil {
		return err
	}
	if bad {
		t.good += " AND s." + sound
	}
	problem, err := found("SELECT 1 FROM problem")
	if err != nil {
		return err
	}
	if problem {
		t.good += " AND s._row NOT IN (SELECT _row FROM problem)"
	}
	t.fit = t.good
	repeated, err := found("SELECT 1 FROM duplicate")
	if err != nil {
		return err
	}
	if repeated {
		t.fit += " AND s._row NOT IN (SELECT _row FROM duplicate)"
	}
	t.hits, err = found("SELECT 1 FROM met")
	return err
}

// unknown finds references to employees and departments that nobody has heard of, neither in the books nor in this very file; "" when
// there are none. Many rows refer to few, so these are looked at before the rows are.
func (t *taking) unknown(ctx context.Context, code int, f field) (string, error) {
	dataset, key := policy.Employees, "employee_no"
	switch f.column.Type {
	case policy.TypeDepartment:
		dataset, key = policy.Departments, "department_id"
	case policy.TypeEmployee:
	default:
		return "", nil
	}
	known := fmt.Sprintf(`SELECT "%s" FROM facts."%s" f WHERE %s`, key, dataset, standing)
	if t.plan.dataset.ID == dataset {
		known += fmt.Sprintf(` UNION ALL SELECT "%s" FROM stage WHERE "%s" IS NOT NULL`, key, key)
	}
	name := warehouse.Ident(f.column.ID)
	unheard := fmt.Sprintf("%s IS NOT NULL AND %s NOT IN (%s)", name, name, known)
	found, err := t.any(ctx, fmt.Sprintf("SELECT 1 FROM (SELECT DISTINCT %s FROM stage) WHERE %s", name, unheard))
	if err != nil || !found {
		return "", err
	}
	return fmt.Sprintf("INSERT INTO problem (_row, col, rule) SELECT _row, %d, '%s.unknown' FROM stage WHERE %s", code, f.column.Type, unheard), nil
}

// zeros finds new people and departments whose number differs from another's by zeros in front: nothing would refuse them, and each
// would be a second person of the same number. A row that is known by just this number stays what it is.
func (t *taking) zeros() []step {
	d := t.plan.dataset
	if t.decision.Edition == 0 || d.ID != policy.Employees && d.ID != policy.Departments {
		return nil
	}
	key := warehouse.Ident(d.Key[0])
	return []step{{"zeros of", fmt.Sprintf(`INSERT INTO problem (_row, col, rule, detail)
SELECT s._row, %[1]d, 'id.zeros', min(o.k)
FROM stage s JOIN (SELECT %[2]s AS k FROM %[3]s f WHERE %[4]s UNION SELECT %[2]s FROM stage WHERE _until = %[5]d) o
  ON ltrim(o.k, '0') = ltrim(s.%[2]s, '0') AND o.k <> s.%[2]s
WHERE s._until = %[5]d AND regexp_full_match(s.%[2]s, '[0-9]+') AND s.%[2]s NOT IN (SELECT %[2]s FROM %[3]s f WHERE %[4]s)
GROUP BY s._row`, t.plan.cellOf(d.Key[0]), key, d.Table(), standing, policy.Current)}}
}

// orphans finds rows that refer to another row of this file which does not come in itself.
func (t *taking) orphans() []step {
	d := t.plan.dataset
	own := map[string]policy.Type{policy.Departments: policy.TypeDepartment, policy.Employees: policy.TypeEmployee}[d.ID]
	if own == "" || t.good == "true" {
		return nil
	}
	known := fmt.Sprintf("SELECT f.%[1]s FROM %[2]s f WHERE %[3]s UNION ALL SELECT s.%[1]s FROM stage s WHERE %[4]s",
		warehouse.Ident(d.Key[0]), d.Table(), standing, t.good)
	var parts []string
	for i, f := range t.plan.fields {
		if f.column.Type == own {
			parts = append(parts, fmt.Sprintf("SELECT s._row, %d, '%s.unknown' FROM stage s WHERE %s AND s.%[4]s IS NOT NULL AND s.%[4]s NOT IN (%s)",
				fieldCode(i), own, t.good, warehouse.Ident(f.column.ID), known))
		}
	}
	if parts == nil {
		return nil
	}
	return []step{
		{"orphans of", "INSERT INTO problem (_row, col, rule)\n" + strings.Join(parts, "\nUNION ALL\n")},
		{"orphaned duplicates of", "DELETE FROM duplicate WHERE _row IN (SELECT _row FROM problem)"},
	}
}

// wholes checks the rules of which the file has not all columns, on the record as it will stand: what the file lacks stays as it
// is in the books, and is blank in a new record.
func (t *taking) wholes() []step {
	d := t.plan.dataset
	var steps []step
	for i, r := range d.Rules {
		if slices.Contains(t.plan.rules, i) {
			continue
		}
		col, names := -1, ""
		for _, id := range r.Check.Columns {
			alias := "f."
			if t.plan.has(id) {
				alias = "s."
				if col == -1 {
					col = t.plan.cellOf(id)
				}
			}
			names += ", " + alias + warehouse.Ident(id)
		}
		steps = append(steps, step{"whole records of", fmt.Sprintf("INSERT INTO problem (_row, col, rule)\nSELECT _row, %d, 'check.%d' FROM (\n"+
			"  SELECT s._row%s FROM stage s LEFT JOIN %s f ON %s AND %s\n) WHERE NOT (%s)",
			col, i+1, names, d.Table(), standing, t.sameKey(), r.Check.SQL)})
	}
	return steps
}

// outOfTime finds records that lie in the future or outside their owner's employment; "" when there are none, as everybody's first and last day tell.
func (t *taking) outOfTime(ctx context.Context) (string, error) {
	d := t.plan.dataset
	if d.Day == "" || !t.plan.has(d.Day) {
		return "", nil
	}
	on := "s." + warehouse.Ident(d.Day)
	if d.Column(d.Day).Type == policy.TypeDatetime {
		on = "CAST(" + on + " AS DATE)"
	}
	const future, outside = "%s > CAST($day AS DATE)", "(%s < e.hired_on OR %s > e.left_on)"
	suspect := fmt.Sprintf("SELECT 1 FROM (SELECT max(%s) AS _last FROM stage s) WHERE "+future, on, "_last")
	text := fmt.Sprintf("INSERT INTO problem (_row, col, rule)\nSELECT s._row, %d, 'date.future' FROM stage s WHERE "+future, t.plan.cellOf(d.Day), on)
	if d.Owner != "" && t.plan.has(d.Owner) {
		owner := warehouse.Ident(d.Owner)
		employed := fmt.Sprintf("JOIN facts.employees e ON e.employee_no = s.%s AND e._until = %d", owner, policy.Current)
		suspect = fmt.Sprintf("SELECT 1 FROM (SELECT s.%s, min(%[2]s) AS _first, max(%[2]s) AS _last FROM stage s GROUP BY 1) s LEFT %s\nWHERE %s OR %s", owner, on, employed,
			fmt.Sprintf(future, "_last"), fmt.Sprintf(outside, "_first", "_last"))
		text += fmt.Sprintf("\nUNION ALL\nSELECT s._row, %d, 'employment.outside' FROM stage s %s\nWHERE %s", t.plan.cellOf(d.Day), employed, fmt.Sprintf(outside, on, on))
	}
	found, err := t.any(ctx, suspect)
	if err != nil || !found {
		return "", err
	}
	return text, nil
}

// ahead finds dates of what has happened, such as a delivery, that lie in the future.
func (t *taking) ahead(ctx context.Context) (steps []step, err error) {
	for _, id := range t.plan.dataset.Past {
		if !t.plan.has(id) {
			continue
		}
		on := warehouse.Ident(id)
		if t.plan.dataset.Column(id).Type == policy.TypeDatetime {
			on = "CAST(" + on + " AS DATE)"
		}
		future := on + " > CAST($day AS DATE)"
		found, err := t.any(ctx, "SELECT 1 FROM stage WHERE "+future)
		if err != nil {
			return nil, err
		}
		if found {
			steps = append(steps, step{"days ahead of", fmt.Sprintf("INSERT INTO problem (_row, col, rule) SELECT _row, %d, 'date.future' FROM stage WHERE %s", t.plan.cellOf(id), future)})
		}
	}
	return steps, nil
}

func (t *taking) keys(alias string) string {
	names := make([]string, len(t.plan.dataset.Key))
	for i, k := range t.plan.dataset.Key {
		names[i] = alias + warehouse.Ident(k)
	}
	return strings.Join(names, ", ")
}

func (t *taking) columns(alias string) string {
	names := make([]string, len(t.plan.fields))
	for i, f := range t.plan.fields {
		names[i] = alias + warehouse.Ident(f.column.ID)
	}
	return strings.Join(names, ", ")
}

// twins finds rows of the file with the same key: exact repetitions are duplicates, all others contradict each other; a faulty
// row contradicts every good one. Hashes narrow the search, the keys themselves decide; a file sorted by its key needs none.
func (t *taking) twins() []step {
	if t.unique {
		return nil
	}
	keys, first := t.keys("s."), t.plan.cellOf(t.plan.dataset.Key[0])
	var steps []step
	if t.good != "true" {
		steps = append(steps, step{"rows beside faulty rows of", fmt.Sprintf("INSERT INTO problem (_row, col, rule) SELECT s._row, %d, 'key.conflict' FROM stage s\n"+
			"WHERE %s AND (%s) IN (SELECT (%s) FROM stage s WHERE NOT (%s))", first, t.good, keys, keys, t.good)})
		t.good += " AND s._row NOT IN (SELECT _row FROM problem)"
	}
	return append(steps, []step{
		{"twins of", fmt.Sprintf("CREATE TEMP TABLE twin AS SELECT s._row, %s FROM stage s WHERE %s AND hash(%s) IN (\n"+
			"  SELECT hash(%s) FROM stage s WHERE %s GROUP BY 1 HAVING count(*) > 1)", t.columns("s."), t.good, keys, keys, t.good)},
		{"conflicts of", fmt.Sprintf("INSERT INTO problem (_row, col, rule) SELECT s._row, %d, 'key.conflict' FROM twin s JOIN (\n"+
			"  SELECT %s FROM twin s GROUP BY ALL HAVING count(DISTINCT row(%s)) > 1) USING (%s)",
			first, keys, t.columns("s."), t.keys(""))},
		{"duplicates of", fmt.Sprintf("INSERT INTO duplicate SELECT _row FROM (SELECT s._row, row_number() OVER (PARTITION BY %s ORDER BY s._row) AS n FROM twin s\n"+
			"  WHERE s._row NOT IN (SELECT _row FROM problem)) WHERE n > 1", keys)},
	}...)
}

func (t *taking) sameKey() string {
	parts := make([]string, len(t.plan.dataset.Key))
	for i, k := range t.plan.dataset.Key {
		parts[i] = fmt.Sprintf("f.%[1]s = s.%[1]s", warehouse.Ident(k))
	}
	return strings.Join(parts, " AND ")
}

// standing is the condition on fact table f that a row stands in the books and is none of the file at hand.
var standing = fmt.Sprintf("f._until = %d AND f._seq <> $seq", policy.Current)

// meet finds the rows whose record is in the books already, and tells whether they say what the books say. Only columns that the
// file has are compared.
func (t *taking) meet(ctx context.Context) error {
	if !t.direct {
		return t.all(ctx, []step{{"records met by", t.encounters()}})
	}
	// A new file hardly meets a record, so the keys alone are joined first.
	err := t.each(ctx, step{"keys met by", fmt.Sprintf("CREATE TEMP TABLE hit AS SELECT s._row, f._seq, f._row AS row_then FROM stage s JOIN %s f ON %s\nWHERE %s AND %s",
		t.plan.dataset.Table(), t.sameKey(), standing, t.fit)})
	if err != nil {
		return err
	}
	hits, err := t.any(ctx, "SELECT 1 FROM hit")
	if err != nil || !hits {
		return err
	}
	same := make([]string, len(t.plan.fields))
	for i, f := range t.plan.fields {
		same[i] = fmt.Sprintf("f.%[1]s IS NOT DISTINCT FROM s.%[1]s", warehouse.Ident(f.column.ID))
	}
	return t.all(ctx, []step{{"records met by", fmt.Sprintf("INSERT INTO met SELECT s._row, h._seq, h.row_then, %s FROM hit h JOIN stage s ON s._row = h._row\nJOIN %s f ON f._seq = h._seq AND f._row = h.row_then AND %s",
		strings.Join(same, " AND "), t.plan.dataset.Table(), standing)}})
}

// encounters joins all rows with the books by their keys and compares two hashes of 64 bits over the fields, in opposite order: a
// file that repeats millions of records would otherwise have all of its texts, and theirs, in one join.
func (t *taking) encounters() string {
	names := make([]string, len(t.plan.fields))
	for i, f := range t.plan.fields {
		names[i] = warehouse.Ident(f.column.ID)
	}
	back := slices.Clone(names)
	slices.Reverse(back)
	print := fmt.Sprintf("hash(%s) AS _one, hash('back', %s) AS _two", strings.Join(names, ", "), strings.Join(back, ", "))
	keys := t.keys("")
	return fmt.Sprintf("INSERT INTO met SELECT s._row, f._seq, f.row_then, s._one = f._one AND s._two = f._two\n"+
		"FROM (SELECT s._row, %[1]s, %[2]s FROM stage s WHERE %[3]s) s\n"+
		"JOIN (SELECT f._seq, f._row AS row_then, %[1]s, %[2]s FROM %[4]s f WHERE %[5]s) f ON %[6]s",
		keys, print, t.fit, t.plan.dataset.Table(), standing, t.sameKey())
}
