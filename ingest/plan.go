package ingest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/ingest/sheet"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// plan turns a dataset and the columns of one file into SQL. Checks are numbered: first one per field of the dataset that the file
// fills, then one per rule of the dataset.
//
// The SQL reads only the plain forms of values. Every other text is read by package cell, once per distinct text, into the table
// reading; a slot that is joined looks its texts up there.
type plan struct {
	dataset *policy.Dataset
	fields  []field  // fields that the file fills, in the file's order
	width   int      // cells per row in the file
	rules   []int    // indexes of the dataset's rules whose columns the file has
	made    []string // columns that the key is made from; nil: the file has the key
	// numbered says that the mapping's digest is not yet a key: lines of one digest are records of their own, told apart by number.
	numbered bool
	zone     *time.Location
}

// field is a dataset column filled from the file.
type field struct {
	column  *policy.Column
	cells   []int    // 0-based, which people look at, the first filled one; nil for none
	wide    bool     // the cell is that of a wide table that the record comes from
	slots   []slot   // one; two where a duration is given by its ends; none for a made key
	make    []string // SQL that makes the texts of the slots from headers and cells; nil: the text is the cell
	format  policy.Format
	words   []policy.Word
	lookup  []policy.Lookup
	edition int // of the rules by which to read: see sheet.Edition
}

// slot is a text that is read as a value.
type slot struct {
	n      int    // its number in the table reading
	text   string // the column of the source that holds it
	typ    policy.Type
	fast   bool // SQL reads the plain forms
	sure   bool // the source holds the value itself, since staging saw that every text is plain
	joined bool // the table reading holds what SQL does not read
}

// newPlan pairs the file with the dataset's columns, by a mapping where there is one.
func newPlan(d *policy.Dataset, m *policy.Mapping, decided Decision, company policy.Company) plan {
	p := plan{dataset: d, width: len(decided.Header), zone: zoneOf(company)}
	if m != nil {
		p.mapped(m, decided)
	} else {
		p.matched(decided)
	}
	has := map[string]bool{}
	for i := range p.fields {
		f := &p.fields[i]
		f.edition = decided.Edition
		switch {
		case f.format.Order == "":
			f.format.Order = cmp.Or(decided.Order, decided.Proven[f.column.ID])
		case decided.Edition > 1: // whoever takes the file in knows better than the mapping
			f.format.Order = cmp.Or(decided.Order, f.format.Order)
		}
		has[f.column.ID] = true
		for j := range f.slots {
			f.slots[j].fast = p.plain(f)
		}
	}
	for _, c := range d.Columns {
		if c.MadeFrom == nil || has[c.ID] {
			continue
		}
		for _, id := range c.MadeFrom {
			if has[id] {
				p.made = append(p.made, id)
			}
		}
		p.fields = append(p.fields, field{column: c})
		has[c.ID] = true
	}
	for i, r := range d.Rules {
		if all(r.Check.Columns, has) {
			p.rules = append(p.rules, i)
		}
	}
	return p
}

func zoneOf(c policy.Company) *time.Location {
	zone, err := time.LoadLocation(c.Timezone)
	if err != nil { // the policy was checked
		return time.UTC
	}
	return zone
}

// matched takes the columns as the header names them, and the declared values of those it lacks.
func (p *plan) matched(d Decision) {
	for i, id := range d.Columns {
		if c := p.dataset.Column(id); c != nil {
			p.add(field{column: c, cells: []int{i}, format: c.Format})
		}
	}
	for _, c := range p.dataset.Columns {
		if v, ok := d.Set[c.ID]; ok && !slices.Contains(d.Columns, c.ID) {
			p.add(field{column: c, make: []string{warehouse.Literal(v)}, format: c.Format})
		}
	}
}

// mapped takes the columns as the mapping fills them. A field of which the file has no header is not filled.
func (p *plan) mapped(m *policy.Mapping, d Decision) {
	cells := headerCells(m, d.Header)
	// find tells whether the file has anything of what a field is made of, and notes where.
	find := func(n *field, ids ...string) (there bool) {
		for _, id := range ids {
			if at, ok := cells[id]; ok {
				n.cells, there = append(n.cells, at), true
			}
			if u := m.Unpivot; u != nil && (id == u.Name || id == u.Value) {
				n.wide, there = true, true
			}
			_, declared := d.Set[id]
			there = there || declared
		}
		return there || len(ids) == 0
	}
	for _, f := range m.Fields {
		n := field{column: f.Column, format: f.Format, words: f.Words, lookup: f.Lookup}
		switch {
		case f.Constant != nil:
			n.make = []string{warehouse.Literal(*f.Constant)}
		case f.Value != nil:
			n.make = []string{f.Value.SQL}
		case f.Between != nil:
			n.make = []string{f.Between[0].SQL, f.Between[1].SQL}
		case f.Digest != nil:
			n.make = []string{digest(f.Digest)}
			p.numbered = p.numbered || m.Repeats
		default:
			n.make = []string{warehouse.Ident(f.From)}
		}
		if find(&n, f.Sources()...) {
			p.add(n)
		}
	}
}

// digest is the SQL of a key made of values: the same values give the same key in every file.
func digest(names []string) string {
	parts := make([]string, len(names))
	for i, n := range names {
		parts[i] = fmt.Sprintf("coalesce(CAST(%s AS VARCHAR), chr(30))", warehouse.Ident(n))
	}
	return fmt.Sprintf("'~' || left(md5(concat_ws(chr(31), %s)), 16)", strings.Join(parts, ", "))
}

func (p *plan) add(f field) {
	n := 0
	for _, g := range p.fields {
		n += len(g.slots)
	}
	if f.make == nil {
		f.slots = []slot{{n: n, text: cellColumn(f.cells[0]), typ: f.column.Type}}
	}
	for i := range f.make {
		s := slot{n: n + i, text: fmt.Sprintf("_i%d", n+i), typ: f.column.Type}
		if len(f.make) > 1 {
			s.typ = policy.TypeDatetime
		}
		f.slots = append(f.slots, s)
	}
	p.fields = append(p.fields, f)
}

// surely gives the plan for a source that holds values instead of texts where staging saw that it can, and the types of these cells.
func (p plan) surely(seen []sheet.Plain) (plan, map[int]string) {
	types := map[int]string{}
	p.fields = slices.Clone(p.fields)
	for i, f := range p.fields {
		if len(f.slots) != 1 || f.make != nil || len(f.cells) != 1 || f.cells[0] >= len(seen) || !f.slots[0].fast || f.slots[0].joined {
			continue
		}
		if f.sure(seen[f.cells[0]]) {
			p.fields[i].slots = []slot{f.slots[0]}
			p.fields[i].slots[0].sure = true
			types[f.cells[0]] = f.column.Type.SQL()
		}
	}
	return p, types
}

// sure reports whether a column of cells like these casts to the field without looking.
func (f field) sure(c sheet.Plain) bool {
	switch f.column.Type {
	case policy.TypeDate:
		return c.Date
	case policy.TypeInteger:
		return c.Number && !c.Point
	case policy.TypeNumber:
		return c.Number && c.Digits <= 14 && c.Decimals <= 4
	case policy.TypeHours:
		return c.Number && c.Digits <= 5 && c.Decimals <= 4
	case policy.TypeMoney:
		return c.Number && c.Digits <= 16 && c.Decimals <= 2
	case policy.TypeID, policy.TypeEmployee, policy.TypeDepartment:
		return c.ID
	case policy.TypeText:
		return c.Trimmed
	}
	return false
}

// plain reports whether the SQL may read the plain forms of the field: what else the format says must not change their meaning.
func (p *plan) plain(f *field) bool {
	g := f.format
	switch {
	case len(f.slots) != 1, f.lookup != nil, g.Unit != "", g.Serial != "", g.Zone != "", g.Decimal == ",":
		return false
	case f.column.Type == policy.TypePercent:
		return false
	case f.column.Type == policy.TypeDatetime:
		return steady(p.zone)
	}
	return true
}

// steady reports whether the zone's clock has not been put forward or back since 1992.
func steady(zone *time.Location) bool {
	at := time.Date(1992, 1, 1, 0, 0, 0, 0, time.UTC)
	_, first := at.In(zone).Zone()
	for ; at.Year() <= 2100; at = at.AddDate(0, 0, 14) {
		if _, offset := at.In(zone).Zone(); offset != first {
			return false
		}
	}
	return true
}

// makesKeys reports whether the keys of the records are made in the end, and not found in the file.
func (p plan) makesKeys() bool { return p.made != nil || p.numbered }

func all(ids []string, has map[string]bool) bool {
	for _, id := range ids {
		if !has[id] {
			return false
		}
	}
	return true
}

func (p plan) has(id string) bool {
	for _, f := range p.fields {
		if f.column.ID == id {
			return true
		}
	}
	return false
}

// keyedByFirst reports whether the file's first cell alone is the key and stands in the facts as it is in the file.
func (p plan) keyedByFirst() bool {
	key := p.dataset.Key
	if len(key) != 1 || !slices.ContainsFunc(p.fields, func(f field) bool {
		return f.column.ID == key[0] && slices.Equal(f.cells, []int{0}) && f.make == nil && f.lookup == nil
	}) {
		return false
	}
	switch p.dataset.Column(key[0]).Type {
	case policy.TypeID, policy.TypeEmployee, policy.TypeDepartment, policy.TypeText:
		return true
	}
	return false
}

// cellColumn is the name of a staged text cell; no column of a dataset begins with an underscore.
func cellColumn(i int) string { return fmt.Sprintf("_c%d", i) }

// usualLine is the longest line that DuckDB's CSV reader takes without being told; being told costs it speed.
const usualLine = 2_000_000

// bufferSize is how many bytes of a staged file DuckDB reads at a time. With its own 32 MB the last pieces of a file keep one core waiting for the other,
// and every buffer is memory fetched anew from the system.
const bufferSize = 2 * usualLine

// readStaged is the table function over a staged file: _r, _c0, _c1 …, all text but for the cells of which types says otherwise; an
// empty cell is NULL.
func readStaged(path, delimiter string, width, longest int, types map[int]string) string {
	var cols strings.Builder
	cols.WriteString("'_r': 'BIGINT'")
	for i := range width {
		fmt.Fprintf(&cols, ", '%s': '%s'", cellColumn(i), cmp.Or(types[i], "VARCHAR"))
	}
	limit := fmt.Sprintf(", buffer_size = %d", bufferSize)
	if longest >= usualLine {
		limit = fmt.Sprintf(", max_line_size = %d", longest+1)
	}
	return fmt.Sprintf(`read_csv(%s, columns = {%s}, header = false, auto_detect = false, delim = %s, quote = '"', escape = '"', new_line = '\n'%s)`,
		warehouse.Literal(path), cols.String(), warehouse.Literal(delimiter), limit)
}

// typed yields _row, everything of the source, and beside it the typed fields of its rows that pass where. For a joined slot n it
// yields too whether the text means blank (_b<n>), and the rule and detail when it cannot be read (_u<n>, _d<n>).
func (p plan) typed(source, where string) string {
	var values, guesses, joins strings.Builder
	for _, f := range p.fields {
		for _, s := range f.slots {
			if s.fast && !s.sure && s.typ == policy.TypeDate {
				fmt.Fprintf(&guesses, ", TRY_CAST(%s AS DATE) AS %s", s.text, guess(s.text))
			}
			if s.joined {
				fmt.Fprintf(&values, ",\n    coalesce(r%[1]d.blank, false) AS _b%[1]d, r%[1]d.rule AS _u%[1]d, r%[1]d.detail AS _d%[1]d", s.n)
				fmt.Fprintf(&joins, "\n  LEFT JOIN reading r%[1]d ON r%[1]d.slot = %[1]d AND r%[1]d.text = q.%[2]s", s.n, s.text)
			}
		}
		if len(f.slots) > 0 {
			fmt.Fprintf(&values, ",\n    %s AS %s", f.value(), warehouse.Ident(f.column.ID))
		}
	}
	text := fmt.Sprintf("SELECT q._r AS _row, q.*%s\n  FROM (SELECT *%s FROM %s) q%s", values.String(), guesses.String(), source, joins.String())
	if where != "" {
		text += "\n  WHERE " + where
	}
	return text
}

// judged yields the typed fields, the event's sequence, _row, and _until: Current for a row that passes its own checks, Faulty else.
// A made key is still missing.
func (p plan) judged(source string) string {
	fails := make([]string, p.checks())
	for i := range fails {
		fails[i] = "(" + p.fails(i) + ")"
	}
	names := make([]string, len(p.fields))
	for i, f := range p.fields {
		names[i] = warehouse.Ident(f.column.ID)
		if len(f.slots) == 0 {
			names[i] = "CAST(NULL AS VARCHAR) AS " + names[i]
		}
	}
	return fmt.Sprintf("SELECT %s, $seq AS _seq, _row,\n  CASE WHEN %s THEN %d ELSE %d END AS _until\nFROM (%s)",
		strings.Join(names, ", "), strings.Join(fails, "\n    OR "), faulty, policy.Current, p.typed(source, ""))
}

// faulty marks a row that fails its own checks and is about to be set aside.
const faulty = 0

func (p plan) columns() string {
	names := make([]string, len(p.fields))
	for i, f := range p.fields {
		names[i] = warehouse.Ident(f.column.ID)
	}
	return strings.Join(names, ", ")
}

// checks gives how many checks a row goes through.
func (p plan) checks() int { return len(p.fields) + len(p.rules) }

// fails is the condition under which check i fails; a rule over a missing value does not.
func (p plan) fails(i int) string {
	if i >= len(p.fields) {
		return "NOT (" + p.dataset.Rules[p.rules[i-len(p.fields)]].Check.SQL + ")"
	}
	f := p.fields[i]
	switch {
	case len(f.slots) == 0, f.slots[0].sure && f.column.Optional:
		return "false"
	case f.column.Optional:
		return warehouse.Ident(f.column.ID) + " IS NULL AND NOT (" + f.blank() + ")"
	}
	return warehouse.Ident(f.column.ID) + " IS NULL"
}

// blank is the condition that the field's texts say nothing, or a word for nothing.
func (f field) blank() string {
	parts := make([]string, len(f.slots))
	for i, s := range f.slots {
		parts[i] = blank(s.text)
		if s.joined {
			parts[i] = fmt.Sprintf("(%s OR _b%d)", parts[i], s.n)
		}
	}
	return strings.Join(parts, " AND ")
}

// unread lists the slots and texts of rows of the relation that have no value although they say something: slot, text.
func (p plan) unread(rel string) string {
	var parts []string
	for _, f := range p.fields {
		for _, s := range f.slots {
			if s.joined {
				continue
			}
			failing := "NOT (" + blank(s.text) + ")"
			if s.fast {
				failing = warehouse.Ident(f.column.ID) + " IS NULL AND " + failing
			}
			if s.fast && f.column.Type == policy.TypeText {
				continue
			}
			parts = append(parts, fmt.Sprintf("SELECT %d AS slot, %s AS text FROM %s WHERE %s", s.n, s.text, rel, failing))
		}
	}
	if parts == nil {
		return ""
	}
	return strings.Join(parts, "\nUNION ALL ")
}

// problems yields _row, col (0-based cell, -1 for the whole row), rule and detail for every failed check of the rows in rel.
func (p plan) problems(rel string) string {
	var parts []string
	for i := range p.checks() {
		if i < len(p.fields) {
			f := p.fields[i]
			for j, s := range f.slots {
				rule, detail := "'required'", "''"
				if s.joined {
					rule = fmt.Sprintf("CASE WHEN %s OR _b%d THEN 'required' ELSE coalesce(_u%[2]d, 'required') END", blank(s.text), s.n)
					detail = fmt.Sprintf("coalesce(_d%d, '')", s.n)
				}
				fails := p.fails(i)
				if len(f.slots) > 1 { // name the end that is wrong; both when both are
					fails += fmt.Sprintf(" AND (_u%d IS NOT NULL OR _u%d IS NULL)", s.n, f.slots[1-j].n)
				}
				parts = append(parts, fmt.Sprintf("SELECT _row, %d AS col, %s AS rule, %s AS detail FROM %s WHERE %s", fieldCode(i), rule, detail, rel, fails))
			}
			continue
		}
		n := p.rules[i-len(p.fields)]
		col := -1
		if cols := p.dataset.Rules[n].Check.Columns; len(cols) > 0 {
			col = p.cellOf(cols[0])
		}
		// A rule over a cell that cannot be read says nothing.
		fails := p.fails(i)
		for j, f := range p.fields {
			if slices.Contains(p.dataset.Rules[n].Check.Columns, f.column.ID) {
				fails += " AND NOT (" + p.fails(j) + ")"
			}
		}
		parts = append(parts, fmt.Sprintf("SELECT _row, %d AS col, 'check.%d' AS rule, '' AS detail FROM %s WHERE %s", col, n+1, rel, fails))
	}
	return strings.Join(parts, "\nUNION ALL\n")
}

// cells is the row as in the file, as a list of text.
func (p plan) cells() string {
	names := make([]string, p.width)
	for i := range names {
		names[i] = "coalesce(" + cellColumn(i) + ", '')"
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// cellOf is the code of the field that fills the column, -1 when none does.
func (p plan) cellOf(id string) int {
	for i, f := range p.fields {
		if f.column.ID == id {
			return fieldCode(i)
		}
	}
	return -1
}

// fieldCode stands for a field in the column col of the table problem, until place names its cell.
func fieldCode(i int) int { return -10 - i }

// place yields the statement that names the cell and the dataset's column of all problems with fields. parts are the records per row.
func (p plan) place(wide []int, parts int64) string {
	var cells, ids strings.Builder
	for i, f := range p.fields {
		at := "-1"
		switch {
		case f.wide:
			list := make([]string, len(wide))
			for j, c := range wide {
				list[j] = fmt.Sprint(c)
			}
			at = fmt.Sprintf("([%s])[1 + p._row %% %d]", strings.Join(list, ", "), parts)
		case len(f.cells) == 1:
			at = fmt.Sprint(f.cells[0])
		case len(f.cells) > 1:
			at = "CASE"
			for _, c := range f.cells {
				at += fmt.Sprintf(" WHEN NOT (%s) THEN %d", blank("b."+cellColumn(c)), c)
			}
			at += fmt.Sprintf(" ELSE %d END", f.cells[0])
		}
		fmt.Fprintf(&cells, " WHEN %d THEN %s", fieldCode(i), at)
		fmt.Fprintf(&ids, " WHEN %d THEN %s", fieldCode(i), warehouse.Literal(f.column.ID))
	}
	return fmt.Sprintf("UPDATE problem AS p SET col = CASE p.col%s END, field = CASE p.col%s END FROM broken b WHERE b._row = p._row AND p.col <= -10", cells.String(), ids.String())
}

// blank is the condition that a text cell holds nothing but white space.
func blank(text string) string {
	return fmt.Sprintf("coalesce(%s, '') = ''", trimmed(text))
}

// trimmed takes white space off both ends, no-break and ideographic spaces included.
func trimmed(text string) string { return fmt.Sprintf("trim(%s, ' \t\r\n\u00A0\u3000')", text) }

// value is the typed value of the field, NULL when it is blank or cannot be read.
func (f field) value() string {
	if len(f.slots) == 2 && !(f.slots[0].joined && f.slots[1].joined) {
		return "CAST(NULL AS DECIMAL(9,4))"
	}
	if len(f.slots) == 2 {
		return fmt.Sprintf(durationBetween, f.slots[0].n, f.slots[1].n)
	}
	s := f.slots[0]
	looked := fmt.Sprintf("CAST(r%d.value AS %s)", s.n, f.column.Type.SQL())
	switch {
	case s.sure:
		return s.text
	case !s.joined && !s.fast:
		return "CAST(NULL AS " + f.column.Type.SQL() + ")"
	case !s.joined:
		return f.fast(s.text)
	case !s.fast:
		return looked
	}
	return "coalesce(" + f.fast(s.text) + ", " + looked + ")"
}

// durationBetween is the distance of two moments in hours, rounded half away from zero to the four decimals of a column of hours.
// Only whole numbers are divided, so nothing passes through a float.
const durationBetween = `CAST(CAST((date_diff('second', CAST(r%[1]d.value AS TIMESTAMP), CAST(r%[2]d.value AS TIMESTAMP)) * 20000 + 3600) // 7200 AS DECIMAL(18,0)) * 0.0001 AS DECIMAL(9,4))`

// fast reads the plain forms of a text cell; anything else is NULL.
func (f field) fast(t string) string {
	c := f.column
	switch c.Type {
	case policy.TypeDate:
		return fastDate(t)
	case policy.TypeDatetime:
		return fmt.Sprintf("CASE WHEN strlen(%[1]s) = 19 AND regexp_full_match(%[1]s, '%[2]s') AND %[1]s >= '1992' AND %[1]s < '2101' THEN TRY_CAST(%[1]s AS TIMESTAMP) END", t, moment)
	case policy.TypeInteger, policy.TypeNumber, policy.TypeHours, policy.TypeMoney:
		return fmt.Sprintf("CASE WHEN regexp_full_match(%[1]s, '%[2]s') THEN TRY_CAST(%[1]s AS %[3]s) END", t, numberForm(c), c.Type.SQL())
	case policy.TypeEnum:
		return fastEnum(c, t)
	case policy.TypeBool:
		return fmt.Sprintf("CASE %s WHEN 'true' THEN true WHEN '是' THEN true WHEN '1' THEN true WHEN 'false' THEN false WHEN '否' THEN false WHEN '0' THEN false END", t)
	case policy.TypeID, policy.TypeEmployee, policy.TypeDepartment:
		// Plain ids hold no point and no plus sign, which tell a number that lost its digits.
		const within = `[!-*,\-/-~]`
		plain := within + "+"
		if f.edition > 1 { // nor a quote or comma at their ends
			const atEnd = `[!#-&(-*\-/-:<-_a-~]`
			plain = atEnd + "(?:" + within + "*" + atEnd + ")?"
		}
		foreign := " AND NOT regexp_matches(" + t + ", '" + numeric + "')"
		if f.edition > 1 {
			foreign += fmt.Sprintf(" AND NOT regexp_matches(%s, '%s')", t, strings.ReplaceAll(debrisAtEnds, "'", "''"))
		}
		return fmt.Sprintf("CASE WHEN strlen(%[1]s) <= 128 AND regexp_full_match(%[1]s, '%[2]s') THEN %[1]s\n"+
			"      WHEN strlen(%[1]s) <= 128 AND regexp_full_match(%[1]s, '[!-~\\x{4E00}-\\x{9FA5}]+')%[3]s THEN %[1]s END", t, plain, foreign)
	}
	return fmt.Sprintf("CASE WHEN %s THEN nullif(%s, '') ELSE %s END", f.padded(t), trimmed(t), t)
}

// debrisAtEnds is an id with a quote or comma at an end.
const debrisAtEnds = "^['\"`,;]|['\"`,;]$"

// numeric is an id that may be a number which lost digits; whether it did is not for SQL to say.
const numeric = `[0-9][.eE+]`

// moment is the plain form of a date with a time of day.
const moment = `[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}`

// padded is the condition that text begins or ends with white space; comparing is cheaper than trimming every cell.
func (f field) padded(t string) string {
	tab := " OR ends_with(" + t + ", '\t')"
	if f.edition == 0 {
		tab = ""
	}
	return fmt.Sprintf("%[1]s < '!' OR %[1]s >= '\u00A0' AND %[1]s < '\u00A1' OR %[1]s >= '\u3000' AND %[1]s < '\u3001' "+
		"OR ends_with(%[1]s, ' ') OR ends_with(%[1]s, '\u00A0') OR ends_with(%[1]s, '\u3000')", t) + tab
}

// guess names the cell cast to a date, which stands beside the cell so that it is cast once.
func guess(t string) string { return t + "_date" }

func fastDate(t string) string {
	const known = "BETWEEN DATE '1990-01-01' AND DATE '2100-12-31'"
	return fmt.Sprintf("CASE WHEN %[1]s IS NULL THEN NULL WHEN strlen(%[1]s) = 10 AND (contains(%[1]s, '-') OR contains(%[1]s, '/')) AND %[2]s %[3]s THEN %[2]s\n"+
		"      WHEN strlen(%[1]s) = 19 AND regexp_full_match(%[1]s, '%[4]s') AND TRY_CAST(%[1]s AS TIMESTAMP) IS NOT NULL AND TRY_CAST(left(%[1]s, 10) AS DATE) %[3]s THEN TRY_CAST(left(%[1]s, 10) AS DATE) END",
		t, guess(t), known, moment)
}

// decimals gives how many decimals a numeric column holds.
func decimals(t policy.Type) int {
	switch t {
	case policy.TypeNumber, policy.TypeHours, policy.TypePercent:
		return 4
	case policy.TypeMoney:
		return 2
	}
	return 0
}

// numberForm is the pattern of a plain number that the column can hold without rounding.
func numberForm(c *policy.Column) string {
	if n := decimals(c.Type); n > 0 {
		return fmt.Sprintf(`-?[0-9]{1,18}(?:\.[0-9]{1,%d}0*)?`, n)
	}
	return `-?[0-9]{1,18}(?:\.0+)?`
}

// fastEnum compares the cell as written with the words as written.
func fastEnum(c *policy.Column, t string) string {
	var b strings.Builder
	seen := map[string]bool{}
	for _, v := range c.Values {
		for _, w := range append([]string{v.Value, v.Name.ZH, v.Name.EN}, v.Words...) {
			if !seen[w] {
				fmt.Fprintf(&b, " WHEN %s THEN %s", warehouse.Literal(w), warehouse.Literal(v.Value))
			}
			seen[w] = true
		}
	}
	return fmt.Sprintf("CASE %s%s END", t, b.String())
}
