package ingest

import (
	"fmt"
	"strings"

	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// plan turns a dataset and the columns of one file into SQL. Checks are numbered: first one per field of the dataset that the file
// has, in the file's order, then one per rule of the dataset.
type plan struct {
	dataset *policy.Dataset
	fields  []field // fields that the file fills, in the file's order
	width   int     // cells per row in the file
	rules   []int   // indexes of the dataset's rules whose columns the file has
}

// field is a dataset column filled from a cell of the file.
type field struct {
	column *policy.Column
	cell   int // 0-based
}

// newPlan pairs the file's cells with the dataset's columns; filled holds a column id or "" per cell.
func newPlan(d *policy.Dataset, filled []string) plan {
	p := plan{dataset: d, width: len(filled)}
	has := map[string]bool{}
	for i, id := range filled {
		if c := d.Column(id); c != nil {
			p.fields = append(p.fields, field{c, i})
			has[id] = true
		}
	}
	for i, r := range d.Rules {
		if all(r.Check.Columns, has) {
			p.rules = append(p.rules, i)
		}
	}
	return p
}

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
	if len(key) != 1 || p.cellOf(key[0]) != 0 {
		return false
	}
	switch p.dataset.Column(key[0]).Type {
	case policy.TypeID, policy.TypeEmployee, policy.TypeDepartment, policy.TypeText:
		return true
	}
	return false
}

// cell is the name of a staged text cell; no column of a dataset begins with an underscore.
func cell(i int) string { return fmt.Sprintf("_c%d", i) }

// usualLine is the longest line that DuckDB's CSV reader takes without being told; being told costs it speed.
const usualLine = 2_000_000

// readStaged is the table function over a staged file: _r, _c0, _c1 …, all text; an empty cell is NULL.
func readStaged(path, delimiter string, width, longest int) string {
	var cols strings.Builder
	cols.WriteString("'_r': 'BIGINT'")
	for i := range width {
		fmt.Fprintf(&cols, ", '%s': 'VARCHAR'", cell(i))
	}
	limit := ""
	if longest >= usualLine {
		limit = fmt.Sprintf(", max_line_size = %d", longest+1)
	}
	return fmt.Sprintf(`read_csv(%s, columns = {%s}, header = false, auto_detect = false, delim = %s, quote = '"', escape = '"', new_line = '\n'%s)`,
		warehouse.Literal(path), cols.String(), warehouse.Literal(delimiter), limit)
}

// typed yields _row, the file's cells _c0 … as text and beside them the typed fields of the rows of source that pass where.
func (p plan) typed(source, where string) string {
	var b strings.Builder
	b.WriteString("SELECT _r AS _row")
	for i := range p.width {
		b.WriteString(", " + cell(i))
	}
	for _, f := range p.fields {
		fmt.Fprintf(&b, ",\n    %s AS %s", typed(f.column, cell(f.cell)), warehouse.Ident(f.column.ID))
	}
	b.WriteString("\n  FROM (SELECT *")
	for _, f := range p.fields {
		if f.column.Type == policy.TypeDate {
			fmt.Fprintf(&b, ", TRY_CAST(%s AS DATE) AS %s", cell(f.cell), guess(cell(f.cell)))
		}
	}
	fmt.Fprintf(&b, " FROM %s)", source)
	if where != "" {
		b.WriteString("\n  WHERE " + where)
	}
	return b.String()
}

// judged yields the typed fields, the event's sequence, _row, and _until: Current for a row that passes its own checks, Faulty else.
func (p plan) judged(source string) string {
	fails := make([]string, p.checks())
	for i := range fails {
		fails[i] = "(" + p.fails(i) + ")"
	}
	return fmt.Sprintf("SELECT %s, $seq AS _seq, _row,\n  CASE WHEN %s THEN %d ELSE %d END AS _until\nFROM (%s)",
		p.columns(), strings.Join(fails, "\n    OR "), faulty, policy.Current, p.typed(source, ""))
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
	value, text := warehouse.Ident(f.column.ID), cell(f.cell)
	if f.column.Optional {
		return value + " IS NULL AND NOT (" + blank(text) + ")"
	}
	return value + " IS NULL"
}

// problems yields _row, col (0-based cell, -1 for the whole row) and rule for every failed check of the rows in the table raw.
func (p plan) problems() string {
	var parts []string
	for i := range p.checks() {
		col, rule := -1, ""
		if i < len(p.fields) {
			f := p.fields[i]
			col, rule = f.cell, classify(f.column, cell(f.cell))
		} else {
			n := p.rules[i-len(p.fields)]
			rule = warehouse.Literal(fmt.Sprintf("check.%d", n+1))
			if cols := p.dataset.Rules[n].Check.Columns; len(cols) > 0 {
				col = p.cellOf(cols[0])
			}
		}
		parts = append(parts, fmt.Sprintf("SELECT _row, %d AS col, %s AS rule FROM raw WHERE %s", col, rule, p.fails(i)))
	}
	return strings.Join(parts, "\nUNION ALL\n")
}

// cells is the row as in the file, as a list of text.
func (p plan) cells() string {
	names := make([]string, p.width)
	for i := range names {
		names[i] = "coalesce(" + cell(i) + ", '')"
	}
	return "[" + strings.Join(names, ", ") + "]"
}

func (p plan) cellOf(id string) int {
	for _, f := range p.fields {
		if f.column.ID == id {
			return f.cell
		}
	}
	return -1
}

// blank is the condition that a text cell holds nothing but white space.
func blank(text string) string {
	return fmt.Sprintf("coalesce(%s, '') = ''", trimmed(text))
}

// trimmed takes white space off both ends, no-break and ideographic spaces included.
func trimmed(text string) string { return fmt.Sprintf("trim(%s, ' \t\r\n\u00A0\u3000')", text) }

// The forms of a date, each with the time of day that may follow; 24:00 is another day, so it is none.
const (
	clock = `(?:[T ]\s*(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?)?`
	ymd   = `^([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*日?` + clock + `$`
	eight = `^([0-9]{4})([0-9]{2})([0-9]{2})` + clock + `$`
)

// typed gives the value of a text cell, NULL when it is blank or not of the column's type. The common form comes first, so
// that the dearer ones are only tried where it fails.
func typed(c *policy.Column, t string) string {
	switch c.Type {
	case policy.TypeDate:
		return typedDate(t)
	case policy.TypeInteger, policy.TypeNumber, policy.TypeHours, policy.TypeMoney:
		return typedNumber(c, t)
	case policy.TypeEnum:
		return typedEnum(c, t)
	case policy.TypeBool:
		return fmt.Sprintf("CASE %s WHEN '1' THEN true WHEN 'true' THEN true WHEN 'yes' THEN true WHEN 'y' THEN true WHEN '是' THEN true "+
			"WHEN '0' THEN false WHEN 'false' THEN false WHEN 'no' THEN false WHEN 'n' THEN false WHEN '否' THEN false END", wordKey(t))
	case policy.TypeID, policy.TypeEmployee, policy.TypeDepartment:
		// Plain ids hold no point and no plus sign, which tell a number that lost its digits.
		return fmt.Sprintf("CASE WHEN strlen(%[1]s) <= 128 AND regexp_full_match(%[1]s, '[!-*,\\-/-~]+') THEN %[1]s\n"+
			"      WHEN regexp_full_match(%[2]s, '[^\\s\\p{Z}]{1,128}') AND NOT regexp_full_match(%[2]s, '%[3]s') THEN %[2]s END",
			t, trimmed(t), lostDigits)
	}
	return fmt.Sprintf("CASE WHEN %s THEN nullif(%s, '') ELSE %s END", padded(t), trimmed(t), t)
}

// padded is the condition that text begins or ends with white space; comparing is cheaper than trimming every cell.
func padded(t string) string {
	return fmt.Sprintf("%[1]s < '!' OR %[1]s >= '\u00A0' AND %[1]s < '\u00A1' OR %[1]s >= '\u3000' AND %[1]s < '\u3001' "+
		"OR ends_with(%[1]s, ' ') OR ends_with(%[1]s, '\u00A0') OR ends_with(%[1]s, '\u3000')", t)
}

// lostDigits is how a long id looks after Excel; 2E10 may be one as it stands.
const lostDigits = `[0-9]\.[0-9]+[eE]\+?[0-9]+|[0-9][eE]\+[0-9]+`

// guess names the cell cast to a date, which stands beside the cell so that it is cast once.
func guess(t string) string { return t + "_date" }

func typedDate(t string) string {
	known := func(date string) string {
		return fmt.Sprintf("CASE WHEN %[1]s BETWEEN DATE '1990-01-01' AND DATE '2100-12-31' THEN %[1]s END", date)
	}
	first := guess(t)
	parts := fmt.Sprintf("TRY_CAST(regexp_replace(%s, '%s', '\\1-\\2-\\3') AS DATE)", trimmed(t), ymd)
	digits := fmt.Sprintf("TRY_CAST(regexp_replace(%s, '%s', '\\1-\\2-\\3') AS DATE)", trimmed(t), eight)
	return fmt.Sprintf("CASE WHEN %[1]s IS NULL THEN NULL WHEN strlen(%[1]s) = 10 AND (contains(%[1]s, '-') OR contains(%[1]s, '/')) AND %[2]s BETWEEN DATE '1990-01-01' AND DATE '2100-12-31' THEN %[2]s\n"+
		"      WHEN regexp_full_match(%[3]s, '%[4]s') THEN %[5]s\n      WHEN regexp_full_match(%[3]s, '%[7]s') THEN %[6]s END",
		t, first, trimmed(t), strings.Trim(ymd, "^$"), known(parts), known(digits), strings.Trim(eight, "^$"))
}

// decimals gives how many decimals a numeric column holds.
func decimals(t policy.Type) int {
	switch t {
	case policy.TypeNumber, policy.TypeHours:
		return 4
	case policy.TypeMoney:
		return 2
	}
	return 0
}

// numberForm is the pattern of a number that the column can hold without rounding; digits bounds those before the point.
func numberForm(c *policy.Column, digits string) string {
	if digits == "" {
		digits = "+"
	}
	if n := decimals(c.Type); n > 0 {
		return fmt.Sprintf(`-?[0-9]%s(?:\.[0-9]{1,%d}0*)?`, digits, n)
	}
	return "-?[0-9]" + digits + `(?:\.0+)?`
}

func typedNumber(c *policy.Column, t string) string {
	form := numberForm(c, "{1,18}")
	return fmt.Sprintf("CASE WHEN regexp_full_match(%[1]s, '%[2]s') THEN TRY_CAST(%[1]s AS %[3]s) WHEN regexp_full_match(%[4]s, '%[2]s') THEN TRY_CAST(%[4]s AS %[3]s) END",
		t, form, c.Type.SQL(), trimmed(t))
}

// typedEnum compares the cell as written with the words as written, and where that fails without case, blanks and width.
func typedEnum(c *policy.Column, t string) string {
	var plain, keyed strings.Builder
	seen := map[string]bool{}
	for _, v := range c.Values {
		for _, w := range append([]string{v.Value, v.Name.ZH, v.Name.EN}, v.Words...) {
			if !seen[w] {
				fmt.Fprintf(&plain, " WHEN %s THEN %s", warehouse.Literal(w), warehouse.Literal(v.Value))
			}
			if k := policy.WordKey(w); !seen["="+k] {
				fmt.Fprintf(&keyed, " WHEN %s THEN %s", warehouse.Literal(k), warehouse.Literal(v.Value))
				seen["="+k] = true
			}
			seen[w] = true
		}
	}
	return fmt.Sprintf("CASE %s%s ELSE CASE %s%s END END", t, plain.String(), wordKey(t), keyed.String())
}

// wordKey is policy.WordKey in SQL: full width to half, lower case, no blanks.
func wordKey(t string) string {
	var wide, narrow strings.Builder
	for r := rune('!'); r <= '~'; r++ {
		wide.WriteRune(r + 0xFEE0)
		narrow.WriteRune(r)
	}
	return fmt.Sprintf(`regexp_replace(lower(translate(%s, %s, %s)), '[\s\x{00A0}\x{3000}]', '', 'g')`,
		t, warehouse.Literal(wide.String()), warehouse.Literal(narrow.String()))
}

// classify names the rule that a faulty cell breaks.
func classify(c *policy.Column, text string) string {
	t := trimmed(text)
	kinds := ""
	switch c.Type {
	case policy.TypeDate:
		kinds = fmt.Sprintf(`WHEN regexp_full_match(%[1]s, '%[2]s') OR regexp_full_match(%[1]s, '%[4]s') THEN
      CASE WHEN TRY_CAST(regexp_replace(regexp_replace(%[1]s, '%[3]s', '\1-\2-\3'), '%[4]s', '\1-\2-\3') AS DATE) IS NULL
           THEN 'date.impossible' ELSE 'date.range' END
    WHEN regexp_full_match(%[1]s, '(?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|1[0-2])[-/.][0-9]{2,4}.*') THEN 'date.ambiguous'
    WHEN regexp_full_match(%[1]s, '[0-9]{1,2}\s*月\s*[0-9]{1,2}\s*日?|[0-9]{1,2}[-/.][0-9]{1,2}') THEN 'date.no_year'
    ELSE 'date.form'`, t, strings.Trim(ymd, "^$"), ymd, eight)
	case policy.TypeInteger, policy.TypeNumber, policy.TypeHours, policy.TypeMoney:
		kinds = fmt.Sprintf(`WHEN NOT regexp_full_match(%[1]s, '-?[0-9]+(?:\.[0-9]+)?') THEN 'number.form'
    WHEN regexp_full_match(%[1]s, '%[2]s') THEN 'number.range' ELSE 'number.scale'`, t, numberForm(c, ""))
	case policy.TypeEnum:
		kinds = "ELSE 'enum.unknown'"
	case policy.TypeBool:
		kinds = "ELSE 'bool.form'"
	default:
		kinds = fmt.Sprintf("WHEN regexp_full_match(%s, '%s') THEN 'id.digits_lost' ELSE 'id.form'", t, lostDigits)
	}
	return fmt.Sprintf("CASE WHEN %s THEN 'required'\n    %s END", blank(text), kinds)
}
