package metrics

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/ledger"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// arrival is an event of the ledger, and its day in the company's zone.
type arrival struct {
	ledger.Event
	day time.Time
}

// readArrivals reads the events that are known at the question's sequence, and the day of the first.
func readArrivals(l *ledger.Ledger, q Question) (events map[int64]arrival, opened time.Time, err error) {
	zone, err := time.LoadLocation(q.Version.Policy.Company.Timezone)
	if err != nil {
		return nil, opened, err
	}
	events = map[int64]arrival{}
	for e, err := range l.Events(0) {
		if err != nil {
			return nil, opened, err
		}
		if e.Seq > q.AsOf {
			break
		}
		e.Data = nil // what an event says is not needed, and may be large
		events[e.Seq] = arrival{e, day(e.Time.In(zone))}
		if opened.IsZero() {
			opened = events[e.Seq].day
		}
	}
	return events, opened, nil
}

func (i *inspector) layArrivals(ctx context.Context, tx *warehouse.Tx) error {
	if _, err := tx.Exec(ctx, statements.Get("create_arrivals"), nil); err != nil {
		return err
	}
	return tx.Append(ctx, "arrivals", func(row func(...driver.Value) error) error {
		for seq, a := range i.arrivals {
			if err := row(seq, a.day); err != nil {
				return err
			}
		}
		return nil
	})
}

// survey is one scan of a dataset for all checks that look at its records one by one, by the same day.
type survey struct {
	Plan
	until  string // the day of writing, for delays; "" for none
	checks []*policy.QualityCheck
}

// surveys lists the scans that the checks need, in their order.
func surveys(checks []*policy.QualityCheck) []survey {
	var list []survey
	for _, c := range checks {
		until := ""
		switch c.Kind {
		case policy.Late, policy.Delay:
			until = c.Until
		case policy.BackDated, policy.AfterClose, policy.Multiples:
		default:
			continue
		}
		at := slices.IndexFunc(list, func(s survey) bool {
			return s.Dataset == c.Dataset && s.On == c.Day && (s.until == "" || until == "" || s.until == until)
		})
		if at < 0 {
			at = len(list)
			list = append(list, survey{Plan: planOf(c)})
		}
		s := &list[at]
		if until != "" {
			s.until = until
		}
		s.checks = append(s.checks, c)
	}
	return list
}

// planOf attributes the records of a check by its day.
func planOf(c *policy.QualityCheck) Plan {
	return Plan{Dataset: c.Dataset, Owner: c.Dataset.Owner, On: c.Day}
}

// survey runs a scan and shares out its counts.
func (i *inspector) survey(ctx context.Context, tx *warehouse.Tx, s survey) error {
	return eachArrow(ctx, tx, warehouse.SQL("survey "+s.Dataset.ID, s.SQL()), i.surveyArgs(s), func(r arrowRow) {
		stay, all := int(r.number(0)), r.number(2)
		for at, c := range s.checks {
			if c.Kind == policy.Delay {
				i.delayed(c, stay, all, sql.NullInt64{Int64: r.number(1), Valid: !r.null(1)})
			} else {
				i.put(c, stay, all, r.number(3+2*at), r.number(4+2*at))
			}
		}
	})
}

// delayed notes how many records were written after so many days.
func (i *inspector) delayed(c *policy.QualityCheck, stay int, all int64, delay sql.NullInt64) {
	n := fixed.Int(all).Times(i.org.stays[stay].Share)
	j := judged{unjudged: n}
	if delay.Valid {
		j = judged{den: n, delays: map[int64]fixed.Num{delay.Int64: n}}
	}
	i.found[c] = append(i.found[c], verdict{stay, j})
}

// surveyArgs gives the arguments of a survey, the days of the checks among them.
func (i *inspector) surveyArgs(s survey) warehouse.Args {
	args := i.args()
	for at, c := range s.checks {
		switch c.Kind {
		case policy.BackDated, policy.AfterClose:
			args["opened"] = i.opened
			args[s.days(at)] = c.Days
		case policy.Late:
			args[s.days(at)] = c.Days
		}
	}
	return args
}

// days names the parameter with the days of a check.
func (s survey) days(at int) string { return fmt.Sprintf("days%d", at) }

func (s survey) has(kinds ...policy.QualityKind) bool {
	return slices.ContainsFunc(s.checks, func(c *policy.QualityCheck) bool { return slices.Contains(kinds, c.Kind) })
}

// SQL yields the stay, the days from a record's day until it was written (NULL: unknown), the records, and for each check those that it
// can judge and, among them, those that it finds.
func (s survey) SQL() string {
	var b strings.Builder
	delay := "NULL::BIGINT"
	if s.until != "" {
		delay = s.delay()
	}
	fmt.Fprintf(&b, "%sSELECT m._stay, %s AS delay, count(*) AS records", s.with(), delay)
	for at := range s.checks {
		looked, found := s.test(at)
		fmt.Fprintf(&b, ",\n  count(*)%s AS judged%d, count(*)%s AS found%d", filter(looked), at, filter(looked, found), at)
	}
	fmt.Fprintf(&b, "\nFROM %s f\n%s\n%sWHERE %s\nGROUP BY ALL", s.Dataset.Table(), s.attributed("JOIN"), s.joins(), s.within())
	return b.String()
}

func (s survey) delay() string {
	return "(" + dayColumn(s.Dataset, s.until) + " - " + s.day() + ")"
}

// dayColumn is the day of a column in SQL.
func dayColumn(d *policy.Dataset, id string) string { return Plan{Dataset: d, On: id}.own() }

// test gives the conditions under which a check can judge a record, and finds it.
func (s survey) test(at int) (looked, found string) {
	c, days := s.checks[at], "CAST($"+s.days(at)+" AS INTEGER)"
	switch c.Kind {
	case policy.Late:
		return "f." + warehouse.Ident(c.Until) + " IS NOT NULL", s.delay() + " > " + days
	case policy.Delay:
		return "f." + warehouse.Ident(c.Until) + " IS NOT NULL", s.delay() + " > " + c.Limit.String()
	case policy.BackDated:
		due := s.day() + " + " + days
		return due + " >= CAST($opened AS DATE)", "came_first._came > " + due
	case policy.AfterClose:
		due := "last_day(" + s.day() + ") + " + days
		return due + " >= CAST($opened AS DATE)", "came_last._came > " + due
	}
	amount := "f." + warehouse.Ident(c.Amount)
	return amount + " IS NOT NULL", amount + " <> 0 AND " + tenThousandths(c) + " % " + fmt.Sprint(int64(c.Multiple)) + " = 0"
}

// tenThousandths is the amount as a whole number. Hours fit into a BIGINT, with which DuckDB is many times faster.
func tenThousandths(c *policy.QualityCheck) string {
	amount := "f." + warehouse.Ident(c.Amount)
	if c.Dataset.Column(c.Amount).Type == policy.TypeHours {
		return "CAST(" + amount + " * 10000 AS BIGINT)"
	}
	return "CAST(CAST(" + amount + " AS DECIMAL(38,4)) * 10000 AS HUGEINT)"
}

// with makes the table that tells when superseded records first came.
func (s survey) with() string {
	if !s.has(policy.BackDated) {
		return ""
	}
	return fmt.Sprintf("WITH earlier AS (SELECT %s, min(f._seq) AS _first FROM %s f WHERE f._until <= $as_of GROUP BY ALL)\n", keyColumns(s.Dataset), s.Dataset.Table())
}

// joins gives a record the events that brought it first and last.
func (s survey) joins() string {
	var b strings.Builder
	if s.has(policy.AfterClose) {
		b.WriteString("JOIN arrivals came_last ON came_last._event = f._seq\n")
	}
	if s.has(policy.BackDated) {
		fmt.Fprintf(&b, "LEFT JOIN earlier ON %s\nJOIN arrivals came_first ON came_first._event = coalesce(earlier._first, f._seq)\n", sameKey(s.Dataset, "earlier"))
	}
	return b.String()
}

// copiedSQL yields the stay, the records, those with a text, and those whose text their owner has on $days days or more.
func copiedSQL(c *policy.QualityCheck) string {
	return copiedWith(c) + `SELECT p._stay, CAST(sum(p._n) AS BIGINT) AS records, CAST(coalesce(sum(p._n) FILTER (WHERE p._text IS NOT NULL), 0) AS BIGINT) AS judged,
  CAST(coalesce(sum(p._n) FILTER (WHERE c._days IS NOT NULL), 0) AS BIGINT) AS found
FROM pieces p LEFT JOIN copied c ON c._employee = p._employee AND c._text = p._text
GROUP BY ALL`
}

// copiedWith makes the table of the texts that their owners have on many days. The texts themselves are read once: days are gathered as the
// bits of a month.
func copiedWith(c *policy.QualityCheck) string {
	p := planOf(c)
	return fmt.Sprintf(`WITH pieces AS MATERIALIZED (
  SELECT m._stay, m._employee, %[1]s AS _text, %[2]s AS _month, count(*) AS _n, bit_or(CAST(1 AS BIGINT) << (day(%[3]s) - 1)) AS _bits
  FROM %[4]s f
  %[5]s
  WHERE %[6]s
  GROUP BY ALL),
copied AS (
  SELECT _employee, _text, sum(bit_count(_bits)) AS _days FROM (
    SELECT _employee, _text, _month, bit_or(_bits) AS _bits FROM pieces WHERE _text IS NOT NULL GROUP BY ALL)
  GROUP BY ALL HAVING sum(bit_count(_bits)) >= CAST($days AS INTEGER))
`, textOf(c), p.month(), p.day(), p.Dataset.Table(), p.attributed("JOIN"), p.within())
}

// textOf is a record's text without blanks around it, NULL for none.
func textOf(c *policy.QualityCheck) string {
	return "nullif(trim(f." + warehouse.Ident(c.Text) + "), '')"
}

// keyColumns gives the key of f under names that no dataset has.
func keyColumns(d *policy.Dataset) string {
	var list []string
	for at, id := range d.Key {
		list = append(list, fmt.Sprintf("f.%s AS _k%d", warehouse.Ident(id), at))
	}
	return strings.Join(list, ", ")
}

// sameKey joins f with a table of keyColumns.
func sameKey(d *policy.Dataset, table string) string {
	var list []string
	for at, id := range d.Key {
		list = append(list, fmt.Sprintf("%s._k%d = f.%s", table, at, warehouse.Ident(id)))
	}
	return strings.Join(list, " AND ")
}

// keyNames names the columns of keyColumns.
func keyNames(d *policy.Dataset, prefix string) string {
	var list []string
	for at := range d.Key {
		list = append(list, fmt.Sprintf("%s_k%d", prefix, at))
	}
	return strings.Join(list, ", ")
}

// unvariedSQL yields the stays with records of everybody who has them on $days days or more, and whether the amounts of all days are alike.
func unvariedSQL(c *policy.QualityCheck) string {
	p := planOf(c)
	owner := warehouse.Ident(p.Owner)
	return fmt.Sprintf("WITH %s\nSELECT DISTINCT m._stay, s._same\nFROM steady s JOIN daily f ON f.%s = s._owner\n%s", steady(c), owner, p.attributed("JOIN"))
}

// steady makes the tables of everybody's days and of those who have enough of them.
func steady(c *policy.QualityCheck) string {
	p := planOf(c)
	owner := warehouse.Ident(p.Owner)
	return fmt.Sprintf(`daily AS (
  SELECT f.%[1]s, %[2]s AS %[3]s, sum(f.%[4]s) AS _total FROM %[5]s f
  WHERE %[6]s AND f.%[4]s IS NOT NULL GROUP BY ALL),
steady AS (
  SELECT f.%[1]s AS _owner, min(f._total) = max(f._total) AS _same, count(*) AS _days, min(f._total) AS _total FROM daily f
  GROUP BY ALL HAVING count(*) >= CAST($days AS INTEGER))`,
		owner, p.day(), warehouse.Ident(p.On), warehouse.Ident(c.Amount), p.Dataset.Table(), p.within())
}

// closedSQL yields the stay, the closed records, those with a day of creation, and those that were created on the day of their closing when
// they first came.
func closedSQL(c *policy.QualityCheck) string {
	looked, found := closedTest(c)
	return fmt.Sprintf("%sSELECT m._stay, count(*) AS records, count(*)%s AS judged, count(*)%s AS found\n%s\nGROUP BY ALL",
		closedWith(c), filter(looked), filter(looked, found), closedFrom(c, "JOIN"))
}

func closedTest(c *policy.QualityCheck) (looked, found string) {
	same := dayColumn(c.Dataset, c.Until) + " = " + planOf(c).day()
	return "f." + warehouse.Ident(c.Until) + " IS NOT NULL", fmt.Sprintf("CASE WHEN o._first IS NULL THEN %s ELSE o._at_once END", same)
}

// closedWith makes the table of the first versions of records that have changed since.
func closedWith(c *policy.QualityCheck) string {
	d := c.Dataset
	return fmt.Sprintf("WITH origin AS (\n  SELECT %s, f._seq AS _first, coalesce(%s = %s%s, false) AS _at_once FROM %s f WHERE f._until <= $as_of\n  QUALIFY row_number() OVER (PARTITION BY %s ORDER BY f._seq, f._row) = 1)\n",
		keyColumns(d), dayColumn(d, c.Until), planOf(c).day(), whereClosed(c), d.Table(), keyNames(d, ""))
}

func whereClosed(c *policy.QualityCheck) string {
	if c.Where == nil {
		return ""
	}
	return " AND (" + c.Where.SQL + ")"
}

func closedFrom(c *policy.QualityCheck, join string) string {
	p := planOf(c)
	return fmt.Sprintf("FROM %s f\n%s\nLEFT JOIN origin o ON %s\nWHERE %s%s", c.Dataset.Table(), p.attributed(join), sameKey(c.Dataset, "o"), p.within(), whereClosed(c))
}

// holder is the column that says whose a record is.
func holder(d *policy.Dataset) string {
	if d.Owner != "" {
		return warehouse.Ident(d.Owner)
	}
	return warehouse.Ident(d.Department)
}

// movesSQL makes the table of due days that were moved later on a day after them, as long as the record is still due later: with the day
// before and after, the versions of both, and the owner and due day that the record has now.
func movesSQL(c *policy.QualityCheck) string {
	d := c.Dataset
	own, due := "f."+holder(d), planOf(c).day()
	return fmt.Sprintf(`WITH changed AS (SELECT DISTINCT %[1]s FROM %[2]s f WHERE f._until <= $as_of),
versions AS (
  SELECT %[1]s, %[3]s AS _own, %[4]s AS _due, f._seq AS _v, f._row AS _r, f._until AS _to
  FROM %[2]s f JOIN changed ON %[5]s WHERE f._seq <= $as_of),
steps AS (
  SELECT *, lag(_due IGNORE NULLS) OVER w AS _before, lag(_own IGNORE NULLS) OVER w AS _had,
    lag(CASE WHEN _due IS NOT NULL THEN _v END IGNORE NULLS) OVER w AS _before_v, lag(CASE WHEN _due IS NOT NULL THEN _r END IGNORE NULLS) OVER w AS _before_r
  FROM versions WINDOW w AS (PARTITION BY %[6]s ORDER BY _v, _r)),
moves AS (
  SELECT s.*, a._came, n._due AS _now, n._own AS _owns
  FROM steps s JOIN arrivals a ON a._event = s._v JOIN versions n ON %[7]s AND n._to > $as_of
  WHERE s._due > s._before AND a._came > s._before AND n._due > s._before)`,
		keyColumns(d), d.Table(), own, due, sameKey(d, "changed"), keyNames(d, ""), sameKeys(d, "n", "s"))
}

// sameKeys joins two tables of keyColumns.
func sameKeys(d *policy.Dataset, a, b string) string {
	var list []string
	for at := range d.Key {
		list = append(list, fmt.Sprintf("%s._k%d = %s._k%d", a, at, b, at))
	}
	return strings.Join(list, " AND ")
}

// in is the condition that a day lies in the period.
func in(day string) string {
	return day + " >= CAST($from AS DATE) AND " + day + " < CAST($to AS DATE)"
}

// movedSQL yields the stay, the records that are due in the period or were so before a move, the same again, and those that were moved.
func movedSQL(c *policy.QualityCheck) string {
	p := planOf(c)
	own, on := holder(c.Dataset), warehouse.Ident(c.Day)
	return fmt.Sprintf(`%[1]s,
records AS (
  SELECT f.%[2]s, %[3]s AS %[4]s, x._moved FROM %[5]s f LEFT JOIN (SELECT DISTINCT %[6]s, true AS _moved FROM moves) x ON %[7]s
  WHERE %[8]s
  UNION ALL
  SELECT arg_max(_had, _before), max(_before), true FROM moves WHERE %[9]s AND NOT (%[10]s) GROUP BY %[6]s)
SELECT m._stay, count(*) AS records, count(*) AS judged, count(*) FILTER (f._moved) AS found
FROM records f
%[11]s
GROUP BY ALL`, movesSQL(c), own, p.day(), on, c.Dataset.Table(), keyNames(c.Dataset, ""), sameKey(c.Dataset, "x"), p.within(),
		in("_before"), in("_now"), p.attributed("JOIN"))
}
