package ingest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// A file without ids gets made keys: a digest of the columns that MadeFrom names, and a number that tells records of one digest
// apart, in the file's order. So the same export read again, or a later one that repeats its days, names the same records, and a
// corrected figure corrects its record. Only a line that repeats another in all its fields is asked about: it may be a second
// record as well as a slip.

// makeKeys gives the staged rows that passed their own checks their keys.
func (t *taking) makeKeys(ctx context.Context) error {
	key := warehouse.Ident(t.plan.dataset.Key[0])
	made := key
	if !t.plan.numbered {
		made = digest(t.plan.made)
	}
	number := fmt.Sprintf("SELECT _row, %[1]s AS digest, row_number() OVER (PARTITION BY %[1]s ORDER BY _row) AS n FROM stage WHERE _until = %[2]d", made, policy.Current)
	if t.decision.Corrects > 0 || t.decision.Origin > 0 {
		if err := t.findFamily(ctx, made); err != nil {
			return err
		}
		number = t.freeNumbers(number)
	}
	steps := []step{{"make keys of", fmt.Sprintf("UPDATE staged SET %s = k.digest || '-' || k.n FROM (%s) k WHERE staged._row = k._row", key, number)}}
	if t.mapping == nil || !t.mapping.Repeats {
		steps = append(steps, t.repeated()...)
	}
	return t.all(ctx, steps)
}

// findFamily makes the table family: the standing records of these digests of which the file itself speaks, by which the rows at
// hand first came in. A record of another file is no obstacle: the first line of a digest is the same record in every file.
func (t *taking) findFamily(ctx context.Context, made string) error {
	root, err := t.root(ctx)
	if err != nil {
		return err
	}
	key := warehouse.Ident(t.plan.dataset.Key[0])
	files := fmt.Sprintf("SELECT seq FROM ingest.files WHERE root = %d AND withdrawn = 0", root)
	return t.each(ctx, step{"family of", fmt.Sprintf(`CREATE TEMP TABLE family AS SELECT f.* FROM %[1]s f
WHERE f._until = %[2]d AND left(f.%[3]s, 17) IN (SELECT %[4]s FROM stage WHERE _until = %[2]d) AND (f._seq IN (%[5]s)
  OR EXISTS (SELECT 1 FROM ingest.repeats p WHERE p.of_seq = f._seq AND p.of_row = f._row AND p.seq IN (%[5]s))
  OR EXISTS (SELECT 1 FROM ingest.restored o WHERE o.dataset = %[6]s AND o.seq = f._seq AND o.row_no = f._row AND o.of_seq IN (%[5]s)))`,
		t.plan.dataset.Table(), policy.Current, key, made, files, warehouse.Literal(t.plan.dataset.ID))})
}

// freeNumbers gives rows that come in by themselves the numbers that no record of their file has.
func (t *taking) freeNumbers(number string) string {
	key := warehouse.Ident(t.plan.dataset.Key[0])
	return fmt.Sprintf(`WITH mine AS (%s),
  used AS (SELECT left(f.%[2]s, 17) AS digest, TRY_CAST(substr(f.%[2]s, 19) AS BIGINT) AS n FROM family f),
  most AS (SELECT m.digest, max(m.n) + (SELECT count(*) FROM used u WHERE u.digest = m.digest) AS top FROM mine m GROUP BY m.digest),
  free AS (SELECT digest, n, row_number() OVER (PARTITION BY digest ORDER BY n) AS place
    FROM (SELECT digest, unnest(range(1, top + 1)) AS n FROM most) WHERE (digest, n) NOT IN (SELECT (digest, n) FROM used WHERE n IS NOT NULL))
SELECT m._row, m.digest, f.n FROM mine m JOIN free f ON f.digest = m.digest AND f.place = m.n`, number, key)
}

// repeated finds lines that are alike in all their fields: to an earlier line of the file, or, when they come in by themselves,
// to a record that the file has already.
func (t *taking) repeated() []step {
	var names, same []string
	for _, f := range t.plan.fields {
		if len(f.slots) > 0 {
			names = append(names, warehouse.Ident(f.column.ID))
			same = append(same, fmt.Sprintf("f.%[1]s IS NOT DISTINCT FROM s.%[1]s", warehouse.Ident(f.column.ID)))
		}
	}
	steps := []step{{"repeated lines of", fmt.Sprintf("INSERT INTO problem (_row, col, rule) SELECT _row, -1, 'row.repeated' FROM (\n"+
		"  SELECT _row, row_number() OVER (PARTITION BY %s ORDER BY _row) AS n FROM stage WHERE _until = %d) WHERE n > 1", strings.Join(names, ", "), policy.Current)}}
	if t.decision.Corrects > 0 || t.decision.Origin > 0 {
		key := warehouse.Ident(t.plan.dataset.Key[0])
		steps = append(steps, step{"lines repeated from", fmt.Sprintf("INSERT INTO problem (_row, col, rule) SELECT s._row, -1, 'row.repeated' FROM stage s\n"+
			"WHERE s._until = %d AND EXISTS (SELECT 1 FROM family f WHERE left(f.%[2]s, 17) = left(s.%[2]s, 17) AND %[3]s)",
			policy.Current, key, strings.Join(same, " AND "))})
	}
	return steps
}

// limits finds rows that bring a sum over its bound, counting the standing records of other files. Which of the rows is wrong
// cannot be told, so all rows of the file that take part are set aside. It tells whether there are any.
func (t *taking) limits(ctx context.Context) (found bool, err error) {
	for i, l := range t.plan.dataset.Limits {
		if !t.plan.has(l.Sum) || slices.ContainsFunc(l.Per, func(id string) bool { return !t.plan.has(id) }) {
			continue
		}
		over, err := t.limit(ctx, i, l)
		if err != nil {
			return false, err
		}
		found = found || over
	}
	return found, nil
}

// pickFresh copies the rows that say something new into the table fresh: a file that repeats millions of records has few of them.
func (t *taking) pickFresh(ctx context.Context) error {
	if t.fresh {
		return nil
	}
	t.fresh = true
	return t.each(ctx, step{"fresh rows of", fmt.Sprintf("CREATE TEMP TABLE fresh AS SELECT s.* FROM stage s ANTI JOIN (SELECT _row FROM met WHERE same) m ON m._row = s._row WHERE %s", t.fit)})
}

func (t *taking) limit(ctx context.Context, i int, l policy.Limit) (found bool, err error) {
	per := make([]string, len(l.Per))
	for j, id := range l.Per {
		per[j] = warehouse.Ident(id)
	}
	group, sum := strings.Join(per, ", "), warehouse.Ident(l.Sum)
	rows, counts := "stage s", t.fit
	if t.hits {
		if err := t.pickFresh(ctx); err != nil {
			return false, err
		}
		rows, counts = "fresh s", t.fit
	}
	table, stand := t.plan.dataset.Table(), strings.ReplaceAll(standing, "$seq", fmt.Sprint(t.seq))
	others, err := t.any(ctx, fmt.Sprintf("SELECT 1 FROM %s f WHERE %s", table, stand))
	if err != nil {
		return false, err
	}
	if t.hits { // what the file corrects counts no more
		stand += " AND NOT EXISTS (SELECT 1 FROM met m WHERE NOT m.same AND m._seq = f._seq AND m.row_then = f._row)"
	}
	// values yields the groups and values of the rows and of the standing records, under a condition on each.
	values := func(mine, theirs string) string {
		text := fmt.Sprintf("SELECT %s, %s AS _v FROM %s WHERE %s%s", group, sum, rows, counts, mine)
		if others {
			text += fmt.Sprintf("\n  UNION ALL SELECT %s, %s FROM %s f WHERE %s%s", group, sum, table, stand, theirs)
		}
		return text
	}
	touched := func(whole string) string {
		return fmt.Sprintf(" AND %s IN (SELECT %s FROM %s WHERE %s)", whole, whole, rows, counts)
	}
	hash := fmt.Sprintf("hash(%s)", group)
	mine := values("", touched(hash))
	// Sums by the hash of the group come before those of the group, being cheaper; nearly always none is above the bound. Cheaper still are sums that need not be made.
	if span, crowded := t.crowded(l); span != "" {
		found, err := t.findGroups(ctx, "crowded", fmt.Sprintf("SELECT %s AS _h FROM (%s) GROUP BY 1 HAVING %s", span, values("", touched(span)), crowded))
		if err != nil || !found {
			return false, err
		}
		among := fmt.Sprintf(" AND %s IN (SELECT _h FROM crowded)", span)
		mine = values(among, among)
	}
	found, err = t.findGroups(ctx, "near", fmt.Sprintf("SELECT %s AS _h FROM (%s) GROUP BY 1 HAVING sum(_v) > %s", hash, mine, l.Most))
	if err != nil || !found {
		return false, err
	}
	over := fmt.Sprintf("SELECT %s, sum(_v) AS _total FROM (%s) WHERE %s IN (SELECT _h FROM near) GROUP BY ALL HAVING sum(_v) > %s", group, mine, hash, l.Most)
	n, err := t.run(ctx, "limits of", fmt.Sprintf("INSERT INTO problem (_row, col, rule, detail)\nSELECT s._row, %d, 'limit.%d', CAST(x._total AS VARCHAR) FROM %s JOIN (%s) x USING (%s) WHERE %s",
		t.plan.cellOf(l.Sum), i+1, rows, over, group, counts))
	if err != nil || n == 0 {
		return false, err
	}
	return true, t.all(ctx, []step{
		{"limits of duplicates of", fmt.Sprintf("INSERT INTO problem (_row, col, rule, detail)\nSELECT s._row, p.col, p.rule, p.detail FROM stage s JOIN duplicate USING (_row)\n"+
			"JOIN stage o ON %s JOIN problem p ON p._row = o._row AND p.rule = 'limit.%d'", strings.ReplaceAll(t.sameKey(), "f.", "o."), i+1)},
		{"duplicates over limits of", "DELETE FROM duplicate WHERE _row IN (SELECT _row FROM problem)"},
		{"records over limits of", "DELETE FROM met WHERE _row IN (SELECT _row FROM problem)"},
	})
}

// crowdedDays is how many days are looked at together: one less than a BIGINT has bits, which tell the days apart.
const crowdedDays = 63

// crowded gives, for a limit per day, the span in which days are looked at together, as a hash, and the condition on the values of a span that some group of
// it may be above the bound: two of its values lie on one day, or one alone is above. Most people write one log a day, and then no day has to be added up.
func (t *taking) crowded(l policy.Limit) (span, condition string) {
	var parts []string
	day := ""
	for _, id := range l.Per {
		if day == "" && t.plan.dataset.Column(id).Type == policy.TypeDate {
			day = "date_diff('day', DATE '1970-01-01', " + warehouse.Ident(id) + ")"
		} else {
			parts = append(parts, warehouse.Ident(id))
		}
	}
	if day == "" {
		return "", ""
	}
	parts = append(parts, fmt.Sprintf("%s // %d", day, crowdedDays))
	return fmt.Sprintf("hash(%s)", strings.Join(parts, ", ")),
		fmt.Sprintf("count(*) <> bit_count(bit_or(CAST(1 AS BIGINT) << (%s %% %d))) OR max(_v) > %s", day, crowdedDays, l.Most)
}

// findGroups keeps hashes of groups in a temporary table, and tells whether there are any.
func (t *taking) findGroups(ctx context.Context, table, query string) (bool, error) {
	if _, err := t.run(ctx, table+" groups of", "CREATE OR REPLACE TEMP TABLE "+table+" AS "+query); err != nil {
		return false, err
	}
	return t.any(ctx, "SELECT 1 FROM "+table)
}
