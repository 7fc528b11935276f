package ingest

import (
	"bufio"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"plumbline/ingest/sheet"
	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

//go:embed sql/*.sql
var sqlFiles embed.FS

var statements = func() warehouse.Library {
	sub, err := fs.Sub(sqlFiles, "sql")
	if err != nil {
		panic(err)
	}
	return warehouse.MustLoad(sub)
}()

// Tables lists the statements that make the tables of this room in a new warehouse.
func Tables() []warehouse.Statement {
	return []warehouse.Statement{
		statements.Get("create_schema"), statements.Get("create_files"),
		statements.Get("create_rejected_rows"), statements.Get("create_problems"),
	}
}

// Ingested is the kind of event by which a file comes in.
const Ingested = "file.ingested"

// Decision is what such an event holds: the original's hash and everything that was decided about reading it.
type Decision struct {
	Name      string        `json:"name"`
	SHA256    string        `json:"sha256"`
	Size      int64         `json:"size"`
	Dataset   string        `json:"dataset"`
	Sheet     string        `json:"sheet"`
	Format    sheet.Format  `json:"format"`
	Dialect   sheet.Dialect `json:"dialect"`
	HeaderRow int64         `json:"header_row"`
	Header    []string      `json:"header"`  // as in the file
	Columns   []string      `json:"columns"` // the dataset's column per header cell, "" for none
	Policy    int64         `json:"policy"`  // sequence of the policy that says what the dataset is
	Day       string        `json:"day"`     // the day of ingest in the company's zone; later days are the future
	Notices   []policy.Text `json:"notices"`
}

// prepared is what Take has at hand when it records the event.
type prepared struct {
	policy *policy.Policy
	path   string // staged file
	staged sheet.Staged
}

// Handler gives the handler of Ingested. It keeps the policies that it has read.
func Handler() books.Handler {
	known := map[int64]*policy.Policy{}
	return func(ctx context.Context, tx *warehouse.Tx, e books.Entry) error {
		var d Decision
		if err := json.Unmarshal(e.Data, &d); err != nil {
			return fmt.Errorf("read the ingest event: %w", err)
		}
		pre, ok := e.Prepared.(prepared)
		if !ok {
			p, err := policyAt(ctx, tx, known, d.Policy)
			if err != nil {
				return err
			}
			if pre, err = stageAgain(e, d, p); err != nil {
				return fmt.Errorf("stage %s again: %w", d.Name, err)
			}
			defer os.Remove(pre.path)
		}
		return take(ctx, tx, e, d, pre)
	}
}

func policyAt(ctx context.Context, tx *warehouse.Tx, known map[int64]*policy.Policy, seq int64) (*policy.Policy, error) {
	if p, ok := known[seq]; ok {
		return p, nil
	}
	p, err := policy.At(ctx, tx, seq)
	if err == nil {
		known[seq] = p
	}
	return p, err
}

// stageAgain reads the original from the ledger and stages it as the event says.
func stageAgain(e books.Entry, d Decision, p *policy.Policy) (pre prepared, err error) {
	original, err := e.Original(d.SHA256)
	if err != nil {
		return pre, err
	}
	defer func() { err = errors.Join(err, original.Close()) }()
	out, err := os.CreateTemp(e.Staging, "rows-*.csv")
	if err != nil {
		return pre, err
	}
	w := bufio.NewWriterSize(out, 1<<20)
	staged, err := stageOriginal(e.Staging, original, d, w)
	if err = errors.Join(err, w.Flush(), out.Close()); err != nil {
		return pre, errors.Join(err, os.Remove(out.Name()))
	}
	return prepared{p, out.Name(), staged}, nil
}

func stageOriginal(dir string, original io.Reader, d Decision, w io.Writer) (sheet.Staged, error) {
	if d.Format == sheet.CSV {
		return sheet.StageCSV(original, d.Dialect, d.HeaderRow, len(d.Columns), w)
	}
	copied, size, err := spool(dir, original)
	if err != nil {
		return sheet.Staged{}, err
	}
	defer os.Remove(copied.Name())
	defer copied.Close()
	book, err := sheet.OpenXLSX(copied, size)
	if err != nil {
		return sheet.Staged{}, err
	}
	return book.Stage(d.Sheet, d.HeaderRow, len(d.Columns), w)
}

// spool copies r into a file of its own, for formats that are not read from front to back.
func spool(dir string, r io.Reader) (*os.File, int64, error) {
	f, err := os.CreateTemp(dir, "original-*")
	if err != nil {
		return nil, 0, err
	}
	size, err := io.Copy(f, r)
	if err != nil {
		return nil, 0, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return f, size, nil
}

// step is one generated statement and what it does.
type step struct{ name, text string }

// taking is one file on its way into the facts.
type taking struct {
	tx   *warehouse.Tx
	plan plan
	seq  int64
	day  time.Time
	good string // condition on stage s: passed all checks so far
}

// take types, checks and files the staged rows in the event's transaction.
func take(ctx context.Context, tx *warehouse.Tx, e books.Entry, d Decision, pre prepared) error {
	ds := pre.policy.Dataset(d.Dataset)
	if ds == nil {
		return fmt.Errorf("the policy has no dataset %q", d.Dataset)
	}
	day, err := time.Parse(time.DateOnly, d.Day)
	if err != nil {
		return fmt.Errorf("day of ingest: %w", err)
	}
	t := taking{tx: tx, plan: newPlan(ds, d.Columns), seq: e.Seq, day: day}
	t.good = t.plan.good() + " AND s._row NOT IN (SELECT _row FROM problem)"
	delimiter := ","
	if d.Format == sheet.CSV {
		delimiter = string(d.Dialect.Delimiter)
	}
	source := readStaged(pre.path, delimiter, len(d.Columns))
	if err := t.check(ctx, source); err != nil {
		return err
	}
	if err := t.quarantine(ctx, source, pre.staged.Bad); err != nil {
		return err
	}
	added, err := t.file(ctx)
	if err != nil {
		return err
	}
	return t.receipt(ctx, e, d, pre.staged, added)
}

func (t taking) run(ctx context.Context, name, text string) (int64, error) {
	var args warehouse.Args
	s := warehouse.SQL(name+" "+t.plan.dataset.ID, text)
	for _, p := range s.Parameters() {
		if args == nil {
			args = warehouse.Args{}
		}
		switch p {
		case "seq":
			args[p] = t.seq
		case "day":
			args[p] = t.day
		case policy.ReportDay:
			args[p] = t.day
		}
	}
	return t.tx.Exec(ctx, s, args)
}

// check stages the rows and finds all that is wrong with them.
func (t taking) check(ctx context.Context, source string) error {
	for _, name := range []string{"begin_problem", "begin_duplicate", "begin_met"} {
		if _, err := t.tx.Exec(ctx, statements.Get(name), nil); err != nil {
			return err
		}
	}
	steps := []step{{"stage", t.plan.stage(source)}}
	for _, f := range t.plan.fields {
		if text := t.unknown(f); text != "" {
			steps = append(steps, step{"references of", text})
		}
	}
	if text := t.outOfTime(); text != "" {
		steps = append(steps, step{"days of", text})
	}
	steps = append(steps, t.twins()...)
	if text := t.meet(); text != "" {
		steps = append(steps, step{"records met by", text})
	}
	steps = append(steps, t.overlaps()...)
	for _, s := range steps {
		if _, err := t.run(ctx, s.name, s.text); err != nil {
			return err
		}
	}
	return nil
}

// unknown finds references to employees and departments that nobody has heard of, neither in the books nor in this very file.
func (t taking) unknown(f field) string {
	dataset, key := policy.Employees, "employee_no"
	switch f.column.Type {
	case policy.TypeDepartment:
		dataset, key = policy.Departments, "department_id"
	case policy.TypeEmployee:
	default:
		return ""
	}
	known := fmt.Sprintf(`SELECT "%s" FROM facts."%s" WHERE _until = %d`, key, dataset, policy.Current)
	if t.plan.dataset.ID == dataset {
		known += fmt.Sprintf(` UNION ALL SELECT "%s" FROM stage WHERE "%s" IS NOT NULL`, key, key)
	}
	name := warehouse.Ident(f.column.ID)
	return fmt.Sprintf("INSERT INTO problem (_row, col, rule) SELECT _row, %d, '%s.unknown' FROM stage WHERE %s IS NOT NULL AND %s NOT IN (%s)",
		f.cell, f.column.Type, name, name, known)
}

// outOfTime finds records that lie in the future or outside their owner's employment.
func (t taking) outOfTime() string {
	d := t.plan.dataset
	if d.Day == "" || !t.plan.has(d.Day) {
		return ""
	}
	day := warehouse.Ident(d.Day)
	text := fmt.Sprintf("INSERT INTO problem (_row, col, rule)\nSELECT _row, %d, 'date.future' FROM stage WHERE %s > CAST($day AS DATE)", t.plan.cellOf(d.Day), day)
	if d.Owner != "" && t.plan.has(d.Owner) {
		text += fmt.Sprintf("\nUNION ALL\nSELECT s._row, %d, 'employment.outside' FROM stage s JOIN facts.employees e ON e.employee_no = s.%s AND e._until = %d\n"+
			"WHERE s.%s < e.hired_on OR s.%s > e.left_on", t.plan.cellOf(d.Day), warehouse.Ident(d.Owner), policy.Current, day, day)
	}
	return text
}

func (t taking) keys(alias string) string {
	names := make([]string, len(t.plan.dataset.Key))
	for i, k := range t.plan.dataset.Key {
		names[i] = alias + warehouse.Ident(k)
	}
	return strings.Join(names, ", ")
}

func (t taking) columns(alias string) string {
	names := make([]string, len(t.plan.fields))
	for i, f := range t.plan.fields {
		names[i] = alias + warehouse.Ident(f.column.ID)
	}
	return strings.Join(names, ", ")
}

// twins finds rows of the file with the same key: exact repetitions are duplicates, all others contradict each other.
// Hashes narrow the search, the keys themselves decide.
func (t taking) twins() []step {
	keys, first := t.keys("s."), t.plan.cellOf(t.plan.dataset.Key[0])
	return []step{
		{"twins of", fmt.Sprintf("CREATE TEMP TABLE twin AS SELECT s._row, %s FROM stage s WHERE %s AND hash(%s) IN (\n"+
			"  SELECT hash(%s) FROM stage s WHERE %s GROUP BY 1 HAVING count(*) > 1)", t.columns("s."), t.good, keys, keys, t.good)},
		{"conflicts of", fmt.Sprintf("INSERT INTO problem (_row, col, rule) SELECT s._row, %d, 'key.conflict' FROM twin s JOIN (\n"+
			"  SELECT %s FROM twin s GROUP BY ALL HAVING count(DISTINCT row(%s)) > 1) USING (%s)",
			first, keys, t.columns("s."), t.keys(""))},
		{"duplicates of", fmt.Sprintf("INSERT INTO duplicate SELECT _row FROM (SELECT s._row, row_number() OVER (PARTITION BY %s ORDER BY s._row) AS n FROM twin s\n"+
			"  WHERE s._row NOT IN (SELECT _row FROM problem)) WHERE n > 1", keys)},
	}
}

// fit is the condition on stage s that the row is a record of its own.
func (t taking) fit() string { return t.good + " AND s._row NOT IN (SELECT _row FROM duplicate)" }

func (t taking) sameKey() string {
	parts := make([]string, len(t.plan.dataset.Key))
	for i, k := range t.plan.dataset.Key {
		parts[i] = fmt.Sprintf("f.%[1]s = s.%[1]s", warehouse.Ident(k))
	}
	return strings.Join(parts, " AND ")
}

// meet finds the rows whose record is in the books already. Only columns that the file has are compared.
func (t taking) meet() string {
	same := make([]string, len(t.plan.fields))
	for i, f := range t.plan.fields {
		same[i] = fmt.Sprintf("f.%[1]s IS NOT DISTINCT FROM s.%[1]s", warehouse.Ident(f.column.ID))
	}
	return fmt.Sprintf("INSERT INTO met SELECT s._row, %s FROM stage s JOIN %s f ON %s\nWHERE f._until = %d AND %s",
		strings.Join(same, " AND "), t.plan.dataset.Table(), t.sameKey(), policy.Current, t.fit())
}

// overlaps finds rows that share days with another record of the same person, in the file or in the books. A record in the
// books that the file corrects does not count any more; one that the file repeats unchanged stands. What was found then holds
// for the row's repetitions too.
func (t taking) overlaps() []step {
	v := t.plan.dataset.NoOverlap
	if v == nil || !t.plan.has(v.Per) || !t.plan.has(v.From) {
		return nil
	}
	per, from, until := warehouse.Ident(v.Per), warehouse.Ident(v.From), "NULL::DATE"
	if t.plan.has(v.To) {
		until = "s." + warehouse.Ident(v.To)
	}
	col := t.plan.cellOf(v.From)
	find := fmt.Sprintf(`INSERT INTO problem (_row, col, rule)
WITH mine AS (SELECT s._row, s.%[1]s AS per, s.%[2]s AS first, coalesce(%[3]s, %[4]s) AS last FROM stage s
    WHERE %[5]s AND s._row NOT IN (SELECT _row FROM met WHERE same)),
  other AS (SELECT * FROM mine UNION ALL
    SELECT -1, f.%[1]s, f.%[2]s, coalesce(f.%[6]s, %[4]s) FROM %[7]s f
    WHERE f._until = %[8]d AND NOT EXISTS (SELECT 1 FROM stage s JOIN met USING (_row) WHERE NOT met.same AND %[9]s))
SELECT DISTINCT m._row, %[10]d, 'interval.overlap' FROM mine m JOIN other o ON o.per = m.per AND o._row <> m._row AND o.first <= m.last AND m.first <= o.last`,
		per, from, until, "DATE '9999-12-31'", t.fit(), warehouse.Ident(v.To), t.plan.dataset.Table(), policy.Current, t.sameKey(), col)
	repeat := fmt.Sprintf(`INSERT INTO problem (_row, col, rule)
SELECT s._row, %d, 'interval.overlap' FROM stage s JOIN duplicate d USING (_row)
WHERE EXISTS (SELECT 1 FROM stage f JOIN problem p USING (_row) WHERE p.rule = 'interval.overlap' AND %s)`, col, t.sameKey())
	return []step{
		{"overlaps of", find},
		{"repeated overlaps of", repeat},
		{"overlapping duplicates of", "DELETE FROM duplicate WHERE _row IN (SELECT _row FROM problem)"},
		{"overlapping records of", "DELETE FROM met WHERE _row IN (SELECT _row FROM problem)"},
	}
}

// quarantine sets the faulty rows aside with their cells and reasons.
func (t taking) quarantine(ctx context.Context, source string, broken []sheet.BadRow) error {
	cells := make([]string, t.plan.width)
	for i := range cells {
		cells[i] = cell(i)
	}
	faulty, err := warehouse.One[bool](ctx, t.tx, warehouse.SQL("faulty rows",
		fmt.Sprintf("SELECT EXISTS (SELECT 1 FROM problem) OR EXISTS (SELECT 1 FROM stage WHERE NOT (%s))", t.plan.good())), nil)
	if err != nil {
		return err
	}
	if faulty {
		raw := fmt.Sprintf("CREATE TEMP TABLE raw AS SELECT r AS _row, [%s] AS cells FROM %s\nWHERE r IN (SELECT _row FROM problem UNION ALL SELECT _row FROM stage WHERE NOT (%s))",
			strings.Join(cells, ", "), source, t.plan.good())
		for _, s := range []step{
			{"raw rows of", raw},
			{"reasons of", "INSERT INTO problem (_row, col, rule)\n" + t.plan.problems()},
			{"totals of", statements.Get("total_rows").SQL()},
			{"reasons of totals of", statements.Get("drop_total_reasons").SQL()},
			{"quarantined rows of", statements.Get("keep_rows").SQL()},
			{"quarantine reasons of", statements.Get("keep_problems").SQL()},
		} {
			if _, err := t.run(ctx, s.name, s.text); err != nil {
				return err
			}
		}
	}
	return t.keepBroken(ctx, broken)
}

// keepBroken sets aside the rows that could not even be staged.
func (t taking) keepBroken(ctx context.Context, broken []sheet.BadRow) error {
	if len(broken) == 0 {
		return nil
	}
	type row struct {
		Row    int64    `json:"row"`
		Column int      `json:"column"`
		Rule   string   `json:"rule"`
		Value  string   `json:"value"`
		Detail string   `json:"detail"`
		Cells  []string `json:"cells"`
	}
	rows := make([]row, len(broken))
	for i, b := range broken {
		rows[i] = row{b.Row, b.Column, b.Rule, b.Value, b.Detail, b.Cells}
		if b.Cells == nil {
			rows[i].Cells = []string{}
		}
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	for _, name := range []string{"keep_broken_rows", "keep_broken_problems"} {
		if _, err := t.tx.Exec(ctx, statements.Get(name), warehouse.Args{"seq": t.seq, "rows": string(text)}); err != nil {
			return err
		}
	}
	return nil
}

// file writes the good rows into the fact table: new records, and corrections that supersede the record before.
// It gives the number of new records.
func (t taking) file(ctx context.Context) (int64, error) {
	table := t.plan.dataset.Table()
	into := fmt.Sprintf("INSERT INTO %s (%s, _seq, _row, _until)", table, t.columns(""))
	added, err := t.run(ctx, "file new rows of", fmt.Sprintf("%s\nSELECT %s, $seq, s._row, %d FROM stage s WHERE %s AND s._row NOT IN (SELECT _row FROM met)",
		into, t.columns("s."), policy.Current, t.fit()))
	if err != nil {
		return 0, err
	}
	n, err := warehouse.One[int64](ctx, t.tx, statements.Get("corrected"), nil)
	if err != nil || n == 0 {
		return added, err
	}
	var names, values []string
	for _, c := range t.plan.dataset.Columns {
		alias := "f."
		if t.plan.has(c.ID) {
			alias = "s."
		}
		names = append(names, warehouse.Ident(c.ID))
		values = append(values, alias+warehouse.Ident(c.ID))
	}
	change := "FROM stage s JOIN met m ON m._row = s._row AND NOT m.same"
	_, err = t.run(ctx, "file corrections of", fmt.Sprintf("INSERT INTO %s (%s, _seq, _row, _until)\nSELECT %s, $seq, s._row, %d %s JOIN %s f ON %s AND f._until = %d\nORDER BY s._row",
		table, strings.Join(names, ", "), strings.Join(values, ", "), policy.Current, change, table, t.sameKey(), policy.Current))
	if err != nil {
		return 0, err
	}
	_, err = t.run(ctx, "supersede rows of", fmt.Sprintf("UPDATE %s AS f SET _until = $seq %s\nWHERE %s AND f._until = %d AND f._seq <> $seq",
		table, change, t.sameKey(), policy.Current))
	return added, err
}

// receipt writes the file's receipt, and refuses when a row is unaccounted for.
func (t taking) receipt(ctx context.Context, e books.Entry, d Decision, s sheet.Staged, added int64) error {
	counts := map[string]int64{}
	for _, name := range []string{"quarantined", "duplicates", "unchanged", "corrected"} {
		n, err := warehouse.One[int64](ctx, t.tx, statements.Get(name), nil)
		if err != nil {
			return err
		}
		counts[name] = n
	}
	counts["quarantined"] += int64(len(s.Bad))
	if sum := added + counts["corrected"] + counts["unchanged"] + counts["duplicates"] + counts["quarantined"]; sum != s.Rows {
		return fmt.Errorf("%s: %d rows came in but %d are accounted for (new %d, corrected %d, unchanged %d, duplicates %d, quarantined %d); nothing was taken in",
			d.Name, s.Rows, sum, added, counts["corrected"], counts["unchanged"], counts["duplicates"], counts["quarantined"])
	}
	decided, err := json.Marshal(d)
	if err != nil {
		return err
	}
	_, err = t.tx.Exec(ctx, statements.Get("insert_file"), warehouse.Args{
		"seq": e.Seq, "at": e.Time, "actor": e.Actor, "name": d.Name, "sha256": d.SHA256, "dataset": d.Dataset, "sheet": d.Sheet,
		"decided": string(decided), "rows_in": s.Rows, "added": added, "corrected": counts["corrected"], "unchanged": counts["unchanged"],
		"duplicates": counts["duplicates"], "quarantined": counts["quarantined"],
	})
	return err
}
