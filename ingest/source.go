package ingest

import (
	"context"
	"fmt"
	"path"
	"strings"

	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// headerCells says which cell holds which header of the mapping, by the headers' ids. A header that the file lacks is not listed.
func headerCells(m *policy.Mapping, header []string) map[string]int {
	keys := make([]string, len(header))
	for i, h := range header {
		keys[i] = policy.HeaderKey(h)
	}
	cells := map[string]int{}
	for _, h := range m.Headers {
		for _, name := range h.Names {
			if at, ok := nth(keys, policy.HeaderKey(name), max(h.Nth, 1)); ok {
				cells[h.ID] = at
				break
			}
		}
	}
	return cells
}

func nth(keys []string, key string, n int) (int, bool) {
	for i, k := range keys {
		if k == key && key != "" {
			if n--; n == 0 {
				return i, true
			}
		}
	}
	return 0, false
}

// wide lists the cells that become records of their own.
func wide(m *policy.Mapping, header []string) []int {
	u := m.Unpivot
	if u == nil {
		return nil
	}
	named := map[int]bool{}
	for _, at := range headerCells(m, header) {
		named[at] = true
	}
	var cells []int
	for i, h := range header {
		key := strings.TrimSpace(h)
		switch {
		case key == "" || named[i]:
		case len(u.Columns) == 0:
			cells = append(cells, i)
		default:
			for _, pattern := range u.Columns {
				if fits(pattern, key) {
					cells = append(cells, i)
					break
				}
			}
		}
	}
	return cells
}

// fits compares a header with a pattern: alike by HeaderKey, or by a * for anything.
func fits(pattern, header string) bool {
	if !strings.Contains(pattern, "*") {
		return policy.HeaderKey(pattern) == policy.HeaderKey(header)
	}
	parts := strings.Split(pattern, "*")
	for i, p := range parts {
		parts[i] = policy.HeaderKey(p)
	}
	ok, err := path.Match(strings.Join(parts, "*"), policy.HeaderKey(header)) // keys hold letters and digits only
	return ok && err == nil
}

// prepare makes rel ready: as it is for a file whose cells are the texts, and as the temporary table source for all others. There
// the rows that the mapping leaves out are already taken out and listed in the table excluded.
func (t *taking) prepare(ctx context.Context) error {
	t.rowsIn = t.staged.Rows
	if err := t.create(ctx, "begin_excluded"); err != nil {
		return err
	}
	if t.mapping == nil && !t.plan.makesTexts() && t.decision.Corrects == 0 && t.decision.Origin == 0 {
		return nil
	}
	if err := t.each(ctx, step{"source of", "CREATE TEMP TABLE source AS\n" + t.sourceSQL()}); err != nil {
		return err
	}
	t.rel, t.made = "source", true
	rows, err := warehouse.One[int64](ctx, t.tx, warehouse.SQL("rows of the source", "SELECT count(*) FROM source"), nil)
	if err != nil {
		return err
	}
	t.rowsIn = rows + int64(len(t.staged.Bad))
	if t.decision.Corrects > 0 {
		if err := t.corrections(ctx); err != nil {
			return err
		}
	}
	if t.decision.Origin > 0 {
		if _, err := t.tx.Exec(ctx, statements.Get("begin_release"), warehouse.Args{"origin": t.decision.Origin}); err != nil {
			return err
		}
	}
	if t.mapping == nil {
		return nil
	}
	if t.mapping.Where != nil && t.decision.Origin == 0 {
		if err := t.leaveOut(ctx, "row.filtered", "SELECT _r FROM source WHERE NOT _where"); err != nil {
			return err
		}
	}
	return t.pick(ctx)
}

func (t *taking) create(ctx context.Context, names ...string) error {
	for _, name := range names {
		if _, err := t.tx.Exec(ctx, statements.Get(name), nil); err != nil {
			return err
		}
	}
	return nil
}

// makesTexts reports whether the texts of some fields are made, not found in cells.
func (p plan) makesTexts() bool {
	for _, f := range p.fields {
		if f.make != nil {
			return true
		}
	}
	return false
}

// leaveOut takes rows out of the source, for a reason that is no fault.
func (t *taking) leaveOut(ctx context.Context, rule, rows string) error {
	return t.each(ctx,
		step{"rows left out of", fmt.Sprintf("INSERT INTO excluded SELECT _r, %s FROM (%s)", warehouse.Literal(rule), rows)},
		step{"leave rows out of", "DELETE FROM source WHERE _r IN (SELECT _row FROM excluded)"})
}

// sourceSQL yields _r, the cells _c0 …, and the texts that are made, _i0 …; for corrections also _root, the event and row that the
// correction names; and with a mapping _where and _pick.
func (t *taking) sourceSQL() string {
	inner, outer := "", ""
	if m := t.mapping; m != nil {
		cells := headerCells(m, t.decision.Header)
		for _, h := range m.Headers {
			value := "CAST(NULL AS VARCHAR)"
			if at, ok := cells[h.ID]; ok {
				value = fmt.Sprintf("nullif(%s, '')", trimmed(cellColumn(at)))
			} else if v, ok := t.decision.Set[h.ID]; ok {
				value = warehouse.Literal(v)
			}
			inner += fmt.Sprintf(", %s AS %s", value, warehouse.Ident(h.ID))
		}
		if u := m.Unpivot; u != nil {
			inner += fmt.Sprintf(", _name AS %s, nullif(%s, '') AS %s", warehouse.Ident(u.Name), trimmed("_value"), warehouse.Ident(u.Value))
		}
		if m.Where != nil {
			outer += fmt.Sprintf(", coalesce((%s), false) AS _where", m.Where.SQL)
		}
		if m.Pick != nil {
			outer += fmt.Sprintf(", %s AS _pick", warehouse.Ident(m.Pick.By))
		}
	}
	keep := "_r"
	for i := range t.plan.width {
		keep += ", " + cellColumn(i)
	}
	if t.decision.Corrects > 0 {
		keep += ", _root"
	}
	for _, f := range t.plan.fields {
		for i, text := range f.make {
			outer += fmt.Sprintf(", (%s) AS %s", text, f.slots[i].text)
		}
	}
	return fmt.Sprintf("SELECT %s%s\nFROM (SELECT *%s FROM (%s))", keep, outer, inner, t.baseSQL())
}

// baseSQL yields _r and the cells in the file's own layout, one row per record. Of a wide table it yields also _name and _value.
func (t *taking) baseSQL() string {
	rel := "SELECT * FROM " + t.rel
	if t.decision.Corrects > 0 {
		names := ""
		for i := range t.plan.width {
			names += fmt.Sprintf(", %s AS %s", cellColumn(i+Lead), cellColumn(i))
		}
		rel = fmt.Sprintf("SELECT _r, %s AS _root%s FROM %s", trimmed(cellColumn(0)), names, t.rel)
	}
	if t.mapping == nil || t.mapping.Unpivot == nil {
		return rel
	}
	cells := wide(t.mapping, t.decision.Header)
	t.parts = int64(max(len(cells), 1))
	name, value := "CASE _k", "CASE _k"
	for i, at := range cells {
		name += fmt.Sprintf(" WHEN %d THEN %s", i, warehouse.Literal(strings.TrimSpace(t.decision.Header[at])))
		value += fmt.Sprintf(" WHEN %d THEN %s", i, cellColumn(at))
	}
	if len(cells) == 0 {
		name, value = name+" WHEN 0 THEN ''", value+" WHEN 0 THEN ''"
	}
	switch {
	case t.decision.Origin > 0: // rows of the quarantine are records already
		rel = fmt.Sprintf("SELECT *, _r %% %d AS _k FROM (%s)", t.parts, rel)
	case t.decision.Corrects > 0:
		rel = fmt.Sprintf("SELECT * REPLACE (_r * %[1]d + _k AS _r) FROM (SELECT *, coalesce(TRY_CAST(split_part(_root, '-', 2) AS BIGINT), 0) %% %[1]d AS _k FROM (%[2]s))", t.parts, rel)
	default:
		rel = fmt.Sprintf("SELECT b.* REPLACE (b._r * %[1]d + u._k AS _r), u._k FROM (%[2]s) b CROSS JOIN (SELECT unnest(range(%[1]d)) AS _k) u", t.parts, rel)
	}
	rel = fmt.Sprintf("SELECT *, %s END AS _name, %s END AS _value FROM (%s)", name, value, rel)
	if t.decision.Origin > 0 || t.decision.Corrects > 0 {
		return rel
	}
	return fmt.Sprintf("SELECT * FROM (%s) WHERE NOT (%s)", rel, blank("_value"))
}

// pick leaves one row per key, the last or first by a column. Where the order of the rows of one key cannot be told, all of them
// are set aside.
func (t *taking) pick(ctx context.Context) error {
	p := t.mapping.Pick
	if p == nil || t.decision.Origin > 0 {
		return nil
	}
	format := p.Format
	if format.Order == "" {
		format.Order = t.decision.Order
	}
	at := slot{n: t.plan.slots(), text: "_pick", typ: policy.TypeDatetime}
	err := t.readTexts(ctx, []reading{{slot: &at, column: &policy.Column{Type: policy.TypeDatetime}, format: format}},
		fmt.Sprintf("SELECT DISTINCT %d AS slot, _pick AS text FROM source WHERE NOT (%s)", at.n, blank("_pick")))
	if err != nil {
		return err
	}
	var keys []string
	for _, id := range t.plan.dataset.Key {
		for _, f := range t.plan.fields {
			if f.column.ID == id && len(f.slots) == 1 {
				keys = append(keys, trimmed(f.slots[0].text))
			}
		}
	}
	if len(keys) < len(t.plan.dataset.Key) {
		return nil // the key is made of the row itself
	}
	direction := "DESC"
	if p.First {
		direction = "ASC"
	}
	group := strings.Join(keys, ", ")
	cellAt := -1
	if c, ok := headerCells(t.mapping, t.decision.Header)[p.By]; ok {
		cellAt = c
	}
	err = t.each(ctx,
		step{"order of", fmt.Sprintf("CREATE TEMP TABLE ordered AS SELECT _r, r.value AS moment, r.rule, count(*) OVER (PARTITION BY %[1]s) AS alike,\n"+
			"  count(*) FILTER (r.value IS NULL) OVER (PARTITION BY %[1]s) AS untold,\n"+
			"  row_number() OVER (PARTITION BY %[1]s ORDER BY r.value %[2]s NULLS LAST, _r %[2]s) AS place\n"+
			"FROM source q LEFT JOIN reading r ON r.slot = %[3]d AND r.text = q._pick", group, direction, at.n)},
		step{"untold order of", fmt.Sprintf("INSERT INTO problem (_row, col, rule) SELECT _r, %d, 'pick.order' FROM ordered WHERE alike > 1 AND untold > 0", cellAt)})
	if err != nil {
		return err
	}
	return t.leaveOut(ctx, "row.older", "SELECT _r FROM ordered WHERE alike > 1 AND untold = 0 AND place > 1")
}

// slots gives the number of slots.
func (p plan) slots() int {
	n := 0
	for _, f := range p.fields {
		n += len(f.slots)
	}
	return n
}
