package ingest

import (
	"context"
	"fmt"
	"strings"

	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Records of one person may not share a day, or, where the dataset has a share, only up to 100 % of it. Only days on which a record
// begins are added up: on no other day does a sum rise. The rule comes in three: interval.overlap where nobody stated a share,
// interval.share where those of a day add up to more than 100, interval.apart where two records of a day are alike in what should
// tell them apart.

// overlaps finds rows that share days with another record of the same person, in the file or in the books. A record in the
// books that the file corrects does not count any more; one that the file repeats unchanged stands. What was found then holds
// for the row's repetitions too.
func (t *taking) overlaps() []step {
	v := t.plan.dataset.NoOverlap
	if v == nil || !t.plan.has(v.Per) || !t.plan.has(v.From) {
		return nil
	}
	with := fmt.Sprintf("mine AS (%s\n    WHERE %s AND s._row NOT IN (SELECT _row FROM met WHERE same)),\n  other AS (SELECT * FROM mine UNION ALL\n    %s\n"+
		"    WHERE %s AND f.%s IN (SELECT per FROM mine) AND NOT EXISTS (SELECT 1 FROM stage s JOIN met USING (_row) WHERE NOT met.same AND %s))",
		spans(t.plan.dataset, "s._row", "stage s", t.standsAs), t.fit, spans(t.plan.dataset, "-1", t.plan.dataset.Table()+" f", booked),
		standing, warehouse.Ident(v.Per), t.sameKey())
	find := fmt.Sprintf("INSERT INTO problem (_row, col, rule, detail)\nWITH %s%s", with, crossing(v, fmt.Sprint(t.plan.cellOf(v.From))))
	repeat := fmt.Sprintf(`INSERT INTO problem (_row, col, rule, detail)
SELECT DISTINCT s._row, p.col, p.rule, p.detail FROM stage s JOIN duplicate d ON d._row = s._row
JOIN stage f ON %s JOIN problem p ON p._row = f._row AND starts_with(p.rule, 'interval.')`, t.sameKey())
	return []step{
		{"overlaps of", find},
		{"repeated overlaps of", repeat},
		{"overlapping duplicates of", "DELETE FROM duplicate WHERE _row IN (SELECT _row FROM problem)"},
		{"overlapping records of", "DELETE FROM met WHERE _row IN (SELECT _row FROM problem)"},
	}
}

// standsAs is a column of the record as it will stand: what the file lacks stays as it is in the books.
func (t *taking) standsAs(id string) string {
	if t.plan.has(id) {
		return "s." + warehouse.Ident(id)
	}
	return fmt.Sprintf("(SELECT f.%s FROM %s f WHERE %s AND %s)", warehouse.Ident(id), t.plan.dataset.Table(), standing, t.sameKey())
}

// booked is a column of the fact table f.
func booked(id string) string { return "f." + warehouse.Ident(id) }

// spans selects the days of records: row as _row, whose they are (per), the first and the last, and with a share that (NULL: none is
// stated) and how it is written, by which the record is named, and what must tell it apart.
func spans(d *policy.Dataset, row, from string, column func(id string) string) string {
	v := d.NoOverlap
	text := fmt.Sprintf("SELECT %s AS _row, %s AS per, %s AS first, coalesce(%s, DATE '9999-12-31') AS last", row, column(v.Per), column(v.From), column(v.To))
	if v.Share != "" {
		text += fmt.Sprintf(", %[1]s AS share, %[2]s AS part, %[3]s AS label, %[4]s AS alike", column(v.Share), percentage("coalesce("+column(v.Share)+", 100)"), label(d, column), alike(v, column))
	}
	return text + " FROM " + from
}

// label names a record by its key without whom it belongs to; a made key says nothing to people, so its first day stands for it.
func label(d *policy.Dataset, column func(id string) string) string {
	var parts []string
	for _, id := range d.Key {
		if id != d.NoOverlap.Per && d.Column(id).MadeFrom == nil {
			parts = append(parts, "CAST("+column(id)+" AS VARCHAR)")
		}
	}
	if parts == nil {
		parts = []string{"CAST(" + column(d.NoOverlap.From) + " AS VARCHAR)"}
	}
	return "concat_ws(' ', " + strings.Join(parts, ", ") + ")"
}

func alike(v *policy.Interval, column func(id string) string) string {
	if len(v.Apart) == 0 {
		return "NULL"
	}
	columns := make([]string, len(v.Apart))
	for i, id := range v.Apart {
		columns[i] = column(id)
	}
	return "row(" + strings.Join(columns, ", ") + ")"
}

// crossing goes on after the relations mine and other, which hold spans, and yields what is wrong with the rows of mine: _row, col,
// rule, detail.
func crossing(v *policy.Interval, col string) string {
	if v.Share == "" {
		return fmt.Sprintf("\nSELECT DISTINCT m._row, %s, 'interval.overlap', '' FROM mine m JOIN other o ON %s", col, together)
	}
	return fmt.Sprintf(`,
  crowd AS (SELECT d.per, d.day, bool_and(o.share IS NULL) AS whole, sum(coalesce(o.share, 100)) AS total, count(*) AS n
    FROM (SELECT DISTINCT per, first AS day FROM other) d JOIN other o ON o.per = d.per AND o.first <= d.day AND d.day <= o.last
    GROUP BY d.per, d.day HAVING sum(coalesce(o.share, 100)) > 100),
  soonest AS (SELECT m._row, m.per, min(x.day) AS day FROM mine m JOIN crowd x ON x.per = m.per AND m.first <= x.day AND x.day <= m.last GROUP BY m._row, m.per),
  named AS (SELECT x.per, x.day, min(o.label || ' ' || o.part, %[2]d) AS parts
    FROM (SELECT x.per, x.day FROM crowd x WHERE NOT x.whole AND (x.per, x.day) IN (SELECT (per, day) FROM soonest)) x
    JOIN other o ON o.per = x.per AND o.first <= x.day AND x.day <= o.last GROUP BY x.per, x.day),
  twice AS (SELECT m._row, m.label, min({'day': greatest(m.first, o.first), 'label': o.label}) AS soon
    FROM mine m JOIN other o ON %[4]s AND o.alike = m.alike AND (m.share IS NOT NULL OR o.share IS NOT NULL) GROUP BY m._row, m.label)
SELECT s._row, %[1]s, CASE WHEN x.whole THEN 'interval.overlap' ELSE 'interval.share' END,
  CASE WHEN x.whole THEN '' ELSE x.day || ': ' || array_to_string(n.parts, ' + ') || CASE WHEN x.n > %[2]d THEN ' + …' ELSE '' END || ' = ' || %[3]s END
FROM soonest s JOIN crowd x ON x.per = s.per AND x.day = s.day LEFT JOIN named n ON n.per = s.per AND n.day = s.day
UNION ALL
SELECT _row, %[1]s, 'interval.apart', soon.day || ': ' || least(label, soon.label) || ' + ' || greatest(label, soon.label) FROM twice`,
		col, namedAtMost, percentage("x.total"), together)
}

// namedAtMost is how many records of a crowded day a message names.
const namedAtMost = 4

// together is the condition that records m and o are two of one person's that share a day. Those of the books have no row.
const together = "o.per = m.per AND o._row <> m._row AND o.first <= m.last AND m.first <= o.last"

// percentage writes a decimal of four places as people do: 60%, 33.3%.
func percentage(value string) string {
	return `regexp_replace(CAST(` + value + ` AS VARCHAR), '\.?0+$', '') || '%'`
}

// uncrossed refuses a withdrawal after which records that came back share days with others.
func uncrossed(ctx context.Context, tx *warehouse.Tx, d *policy.Dataset, seq int64) error {
	v := d.NoOverlap
	if v == nil {
		return nil
	}
	current := fmt.Sprintf("f._until = %d", policy.Current)
	found := fmt.Sprintf("WITH mine AS (%s\n    WHERE %s AND f._seq = %d),\n  other AS (SELECT * FROM mine UNION ALL\n    %s\n    WHERE %s AND f._seq <> %d AND f.%s IN (SELECT per FROM mine))%s",
		spans(d, "f._row", d.Table()+" f", booked), current, seq, spans(d, "-1", d.Table()+" f", booked), current, seq, warehouse.Ident(v.Per), crossing(v, "-1"))
	query := fmt.Sprintf("SELECT count(DISTINCT w._row), coalesce(min(f.%s || ' ' || coalesce(nullif(w.detail, ''), CAST(f.%s AS VARCHAR))), '')\n"+
		"FROM (%s) w(_row, col, rule, detail) JOIN %s f ON f._seq = %d AND f._row = w._row",
		warehouse.Ident(v.Per), warehouse.Ident(v.From), found, d.Table(), seq)
	var n int64
	var first string
	err := tx.Each(ctx, warehouse.SQL("overlaps of restored "+d.ID, query), nil, func(scan func(...any) error) error { return scan(&n, &first) })
	if err != nil || n == 0 {
		return err
	}
	return refuse("withdraw.overlap", policy.Text{
		ZH: fmt.Sprintf("撤回后「%s」中有 %d 条记录会与后来的记录重叠：%s。", d.Name.ZH, n, first),
		EN: fmt.Sprintf("After the withdrawal %d records of %s would share days with later ones: %s.", n, d.Name.EN, first)},
		policy.Text{ZH: "请先撤回或更正后来的文件。", EN: "Withdraw or correct the later files first."})
}

// overlapWords says what is wrong with records that share a day, in the words of their dataset.
func overlapWords(rule string, d *policy.Dataset) (words, bool) {
	if d == nil || d.NoOverlap == nil {
		return words{}, false
	}
	v := d.NoOverlap
	per := d.Column(v.Per).Name
	switch {
	case rule == "interval.overlap" && d.ID == policy.Memberships:
		w := ruleWords[rule]
		if share := d.Column(v.Share); share != nil {
			w.cure.ZH += "；两段同时有效的，写明各自的" + share.Name.ZH
			w.cure.EN += "; where both go on, give each its " + strings.ToLower(share.Name.EN)
		}
		return w, true
	case rule == "interval.apart":
		zh, en := namesOf(d, v.Apart)
		return words{policy.Text{ZH: "同一天有两条「" + d.Name.ZH + "」的" + zh + "相同（%s）", EN: "two records of " + d.Name.EN + " on one day have the same " + en + " (%s)"},
			ruleWords[rule].cure}, true
	case rule == "interval.overlap" && v.From == v.To:
		return words{policy.Text{ZH: "同一" + per.ZH + "在这一天还有另一条「" + d.Name.ZH + "」", EN: "another record of " + d.Name.EN + " has the same " + per.EN + " and day"},
			policy.Text{ZH: "同一天的合并为一条", EN: "make one record of those of a day"}}, true
	case rule == "interval.overlap":
		return words{policy.Text{ZH: "与同一" + per.ZH + "的另一条「" + d.Name.ZH + "」日期重叠", EN: "shares days with another record of " + d.Name.EN + " with the same " + per.EN},
			policy.Text{ZH: "核对两条的起止日期，重复登记的删去一条", EN: "check the days of both; delete one if it was entered twice"}}, true
	}
	return words{}, false
}

func namesOf(d *policy.Dataset, ids []string) (zh, en string) {
	var zhs, ens []string
	for _, id := range ids {
		zhs, ens = append(zhs, d.Column(id).Name.ZH), append(ens, d.Column(id).Name.EN)
	}
	return strings.Join(zhs, "、"), strings.Join(ens, " and ")
}
