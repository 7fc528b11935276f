package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"plumbline/ingest/sheet"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// quarantine sets the faulty rows aside with their cells and reasons. Only these rows are read again as text.
func (t *taking) quarantine(ctx context.Context) error {
	aside := fmt.Sprintf("SELECT _row FROM problem UNION SELECT _row FROM stage WHERE _until <> %d", policy.Current)
	found, err := t.any(ctx, aside)
	if err != nil {
		return err
	}
	if found {
		if err := t.setAside(ctx, aside); err != nil {
			return err
		}
		root := "$seq, r._row"
		if t.decision.Corrects > 0 || t.decision.Origin > 0 {
			root = "coalesce(k.root_seq, $seq), coalesce(k.root_row, r._row)"
		}
		err = t.all(ctx, []step{
			{"broken rows of", fmt.Sprintf("CREATE TEMP TABLE broken AS SELECT *, %s AS _cells FROM (%s) WHERE _row IN (%s)", t.plan.cells(), t.plan.typed("raw", ""), aside)},
			{"reasons of", "INSERT INTO problem (_row, col, rule, detail)\n" + t.plan.problems("broken")},
			{"totals of", statements.Get("total_rows").SQL()},
		})
		if err != nil {
			return err
		}
		if err := t.placeProblems(ctx); err != nil {
			return err
		}
		if err := t.totals(ctx); err != nil {
			return err
		}
		if err := t.footnotes(ctx, true); err != nil {
			return err
		}
		if t.decision.Origin > 0 {
			if err := t.stayBehind(ctx); err != nil {
				return err
			}
		}
		err = t.all(ctx, []step{
			{"quarantined rows of", fmt.Sprintf("INSERT INTO ingest.rejected_rows\nSELECT $seq, r._row, %s, list_transform(r._cells, x -> coalesce(x, '')), %s\nFROM broken r%s WHERE r._row IN (SELECT _row FROM problem) ORDER BY r._row",
				root, t.keyText("r."), t.roots())},
			{"quarantine reasons of", statements.Get("keep_problems").SQL()},
		})
		if err != nil {
			return err
		}
	} else if err := t.footnotes(ctx, false); err != nil {
		return err
	}
	return t.keepBroken(ctx, t.staged.Bad)
}

// placeProblems names the cells of the problems.
func (t *taking) placeProblems(ctx context.Context) error {
	var cells []int
	if t.mapping != nil {
		cells = wide(t.mapping, t.decision.Header)
	}
	return t.each(ctx, step{"cells of", t.plan.place(cells, t.parts)})
}

// stayBehind leaves rows of a release where they are that still fail for the same reasons as before.
func (t *taking) stayBehind(ctx context.Context) error {
	const reasons = "list_sort(list(DISTINCT %s || ' ' || rule))"
	err := t.each(ctx, step{"rows that stay of", fmt.Sprintf("CREATE TEMP TABLE stay AS SELECT n._row FROM (SELECT _row, "+reasons+" AS why FROM problem GROUP BY 1) n\n"+
		"JOIN (SELECT row_no, "+reasons+" AS why FROM ingest.problems WHERE seq = %d GROUP BY 1) o ON o.row_no = n._row AND o.why = n.why", "col", "cell", t.decision.Origin)})
	if err != nil {
		return err
	}
	n, err := warehouse.One[int64](ctx, t.tx, warehouse.SQL("rows that stay", "SELECT count(*) FROM stay"), nil)
	if err != nil {
		return err
	}
	t.rowsIn -= n
	return t.all(ctx, t.forget("stay"))
}

// keyText is the key of a row of the relation as one text, NULL when a part of it is missing or made.
func (t *taking) keyText(alias string) string {
	parts := make([]string, len(t.plan.dataset.Key))
	for i, k := range t.plan.dataset.Key {
		parts[i] = fmt.Sprintf("CAST(%s%s AS VARCHAR)", alias, warehouse.Ident(k))
	}
	if t.plan.makesKeys() {
		return "CAST(NULL AS VARCHAR)"
	}
	return strings.Join(parts, " || chr(31) || ")
}

// roots joins the rows that a correction names.
func (t *taking) roots() string {
	if t.decision.Corrects == 0 && t.decision.Origin == 0 {
		return ""
	}
	return " LEFT JOIN correction k ON k._row = r._row"
}

// totals excludes the rows that are sums of the others, and says whether they agree with them.
func (t *taking) totals(ctx context.Context) error {
	n, err := warehouse.One[int64](ctx, t.tx, warehouse.SQL("totals rows", "SELECT count(*) FROM total"), nil)
	if err != nil || n == 0 {
		return err
	}
	for _, f := range t.plan.fields {
		if len(f.cells) != 1 || decimals(f.column.Type) == 0 && f.column.Type != policy.TypeInteger || len(f.slots) != 1 {
			continue
		}
		if err := t.reconcile(ctx, f); err != nil {
			return err
		}
	}
	t.notice(fmt.Sprintf("%d 个合计行不是记录，未导入", n), fmt.Sprintf("%d totals rows are no records and were left out", n))
	return t.all(ctx, append([]step{{"totals left out of", "INSERT INTO excluded SELECT _row, 'row.total' FROM total"}}, t.forget("total")...))
}

// forget takes the rows of a relation out of all that was found of the file.
func (t *taking) forget(rel string) []step {
	rows := "IN (SELECT _row FROM " + rel + ")"
	steps := []step{{"forget staged rows of", fmt.Sprintf("DELETE FROM %s AS s WHERE s._seq = $seq AND s._row %s", t.home, rows)}}
	tables := []string{"problem", "duplicate", "met"}
	if t.fresh {
		tables = append(tables, "fresh")
	}
	for _, table := range tables {
		steps = append(steps, step{"forget " + table + " rows of", "DELETE FROM " + table + " WHERE _row " + rows})
	}
	return steps
}

// bare writes a decimal without the zeros at its end.
func bare(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// reconcile compares the grand totals of a column with the sum of its rows.
func (t *taking) reconcile(ctx context.Context, f field) error {
	name := warehouse.Ident(f.column.ID)
	all := fmt.Sprintf("(SELECT coalesce(sum(s.%s), 0) FROM stage s WHERE s._row NOT IN (SELECT _row FROM total))", name)
	same := fmt.Sprintf("b.%s = %s", name, all)
	if t.decision.Edition > 1 { // rows that are set aside may be further sums or averages
		same += fmt.Sprintf(" OR b.%s = (SELECT coalesce(sum(s.%s), 0) FROM stage s WHERE %s)", name, name, t.good)
	}
	query := fmt.Sprintf("SELECT CAST(b.%[1]s AS VARCHAR), CAST(%[2]s AS VARCHAR), %[3]s\n"+
		"FROM broken b JOIN total USING (_row) WHERE total.grand AND b.%[1]s IS NOT NULL ORDER BY _row", name, all, same)
	return t.tx.Each(ctx, warehouse.SQL("reconcile "+t.plan.dataset.ID, query), nil, func(scan func(...any) error) error {
		var said, sum string
		var same bool
		if err := scan(&said, &sum, &same); err != nil {
			return err
		}
		said, sum = bare(said), bare(sum)
		if same {
			t.notice(fmt.Sprintf("合计行的「%s」%s 与各行之和一致", f.column.Name.ZH, said), fmt.Sprintf("the totals row agrees with the rows: %s %s", f.column.Name.EN, said))
		} else {
			t.notice(fmt.Sprintf("合计行的「%s」是 %s，各行之和是 %s，请核对", f.column.Name.ZH, said, sum),
				fmt.Sprintf("the totals row says %s for %s, but the rows add up to %s: please check", said, f.column.Name.EN, sum))
		}
		return nil
	})
}

// keepBroken sets aside the rows that could not even be staged.
func (t *taking) keepBroken(ctx context.Context, broken []sheet.BadRow) error {
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
		Root   string   `json:"root"` // the row that it was to correct
	}
	rows := make([]row, len(broken))
	for i, b := range broken {
		rows[i] = row{b.Row * t.parts, b.Column, b.Rule, b.Value, b.Detail, b.Cells, ""}
		if t.decision.Corrects > 0 && len(b.Cells) > 0 {
			rows[i].Root = strings.TrimSpace(b.Cells[0])
			rows[i].Column, rows[i].Cells = max(b.Column-Lead, -1), b.Cells[min(Lead, len(b.Cells)):]
		}
		if b.Cells == nil {
			rows[i].Cells = []string{}
		}
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	for _, name := range []string{"keep_broken_rows", "keep_broken_problems", "move_broken_rows"} {
		if _, err := t.tx.Exec(ctx, statements.Get(name), warehouse.Args{"seq": t.seq, "rows": string(text)}); err != nil {
			return err
		}
	}
	return nil
}

// file leaves the good rows in the fact table: new records, and corrections that supersede the record before. It gives the number
// of new records, counted in the table.
func (t *taking) file(ctx context.Context) (int64, error) {
	table := t.plan.dataset.Table()
	stays := t.fit
	if t.hits {
		stays += " AND s._row NOT IN (SELECT _row FROM met WHERE same)"
	}
	if t.decision.Snapshot { // before the rows that repeat records are gone from a staged view
		if err := t.retire(ctx); err != nil {
			return 0, err
		}
	}
	if err := t.settleKeys(ctx); err != nil {
		return 0, err
	}
	from := "stage s WHERE " + stays
	if t.hits && !t.direct {
		if err := t.pickFresh(ctx); err != nil {
			return 0, err
		}
		from = "fresh s WHERE " + t.fit
	}
	switch {
	case !t.direct:
		_, err := t.run(ctx, "file rows of", fmt.Sprintf("INSERT INTO %s (%s, _seq, _row, _until)\nSELECT %s, $seq, s._row, %d FROM %s",
			table, t.plan.columns(), t.columns("s."), policy.Current, from))
		if err != nil {
			return 0, err
		}
	case stays != "true":
		_, err := t.run(ctx, "take out rows of", fmt.Sprintf("DELETE FROM %s AS s WHERE s._seq = $seq AND NOT (%s)", table, stays))
		if err != nil {
			return 0, err
		}
	}
	if err := t.supersede(ctx); err != nil {
		return 0, err
	}
	filed, err := warehouse.One[int64](ctx, t.tx, warehouse.SQL("filed in "+t.plan.dataset.ID, "SELECT count(*) FROM "+table+" WHERE _seq = $seq"),
		warehouse.Args{"seq": t.seq})
	if err != nil {
		return 0, err
	}
	corrected, err := warehouse.One[int64](ctx, t.tx, statements.Get("corrected"), nil)
	return filed - corrected, err
}

// supersede ends the versions that the file corrects. What the file has no column for is carried over.
func (t *taking) supersede(ctx context.Context) error {
	if !t.hits {
		return nil
	}
	table := t.plan.dataset.Table()
	then := "(SELECT * FROM met WHERE NOT same) h"
	var steps []step
	var carry []string
	for _, c := range t.plan.dataset.Columns {
		if !t.plan.has(c.ID) {
			carry = append(carry, fmt.Sprintf("%[1]s = f.%[1]s", warehouse.Ident(c.ID)))
		}
	}
	if len(carry) > 0 {
		steps = append(steps, step{"carry over to", fmt.Sprintf("UPDATE %s AS n SET %s FROM %s JOIN %s f ON f._seq = h._seq AND f._row = h.row_then AND %s\nWHERE n._seq = $seq AND n._row = h._row",
			table, strings.Join(carry, ", "), then, table, standing)})
	}
	steps = append(steps, step{"supersede rows of", fmt.Sprintf("UPDATE %s AS f SET _until = $seq FROM %s\nWHERE f._seq = h._seq AND f._row = h.row_then AND %s", table, then, standing)})
	for _, s := range steps {
		if _, err := t.run(ctx, s.name, s.text); err != nil {
			return err
		}
	}
	return nil
}

// receipt writes the file's receipt, and refuses when a row is unaccounted for.
func (t *taking) receipt(ctx context.Context, added int64) error {
	counts := map[string]int64{}
	for _, name := range []string{"quarantined", "duplicates", "unchanged", "corrected", "excluded"} {
		n, err := warehouse.One[int64](ctx, t.tx, statements.Get(name), nil)
		if err != nil {
			return err
		}
		counts[name] = n
	}
	d := t.decision
	counts["quarantined"] += int64(len(t.staged.Bad))
	if sum := added + counts["corrected"] + counts["unchanged"] + counts["duplicates"] + counts["quarantined"] + counts["excluded"]; sum != t.rowsIn {
		return fmt.Errorf("%s: %d rows came in but %d are accounted for (new %d, corrected %d, unchanged %d, duplicates %d, quarantined %d, excluded %d); nothing was taken in",
			d.Name, t.rowsIn, sum, added, counts["corrected"], counts["unchanged"], counts["duplicates"], counts["quarantined"], counts["excluded"])
	}
	d.Notices = append(slices.Clone(d.Notices), t.notices...)
	d.Rows, d.Proven = nil, t.proven
	decided, err := json.Marshal(d)
	if err != nil {
		return err
	}
	for _, name := range []string{"keep_excluded", "keep_repeats"} {
		if _, err := t.tx.Exec(ctx, statements.Get(name), warehouse.Args{"seq": t.seq}); err != nil {
			return err
		}
	}
	e := t.entry
	root, err := t.root(ctx)
	if err != nil {
		return err
	}
	_, err = t.tx.Exec(ctx, statements.Get("insert_file"), warehouse.Args{
		"seq": e.Seq, "at": e.Time, "actor": e.Actor, "name": d.Name, "sha256": d.SHA256, "dataset": d.Dataset, "part": d.part(), "feed": d.feed(),
		"origin": d.Origin, "root": root, "parts": t.parts, "decided": string(decided), "rows_in": t.rowsIn, "added": added, "corrected": counts["corrected"],
		"unchanged": counts["unchanged"], "duplicates": counts["duplicates"], "quarantined": counts["quarantined"],
		"excluded": counts["excluded"], "retired": t.retired,
	})
	return err
}

// part names the table within its file.
func (d Decision) part() string { return strings.Trim(d.Member+" "+d.Sheet, " ") }

// feed names the stream of files that a snapshot continues: those of one dataset, read in the same way.
func (d Decision) feed() string {
	if d.Mapping == nil {
		return d.Dataset
	}
	return d.Dataset + " " + d.Mapping.Name
}
