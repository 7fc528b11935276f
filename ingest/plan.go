package ingest

import (
	"fmt"
	"strings"

	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// maskBits is how many checks one BIGINT of flags carries.
const maskBits = 60

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

// cell is the name of a staged text cell.
func cell(i int) string { return fmt.Sprintf("c%d", i) }

// readStaged is the table function over a staged file: r, c0, c1 …, all text; an empty cell is NULL.
func readStaged(path, delimiter string, width int) string {
	var cols strings.Builder
	cols.WriteString("'r': 'BIGINT'")
	for i := range width {
		fmt.Fprintf(&cols, ", '%s': 'VARCHAR'", cell(i))
	}
	return fmt.Sprintf(`read_csv(%s, columns = {%s}, header = false, auto_detect = false, delim = %s, quote = '"', escape = '"', new_line = '\n', max_line_size = %d)`,
		warehouse.Literal(path), cols.String(), warehouse.Literal(delimiter), 16<<20)
}

// stage makes the temporary table stage: _row, the typed fields, and _bad0 … with one flag per failed check.
func (p plan) stage(source string) string {
	var b strings.Builder
	b.WriteString("CREATE TEMP TABLE stage AS\nSELECT _row")
	for _, f := range p.fields {
		fmt.Fprintf(&b, ", %s", warehouse.Ident(f.column.ID))
	}
	for i, mask := range p.masks() {
		fmt.Fprintf(&b, ",\n  %s AS _bad%d", mask, i)
	}
	b.WriteString("\nFROM (\n  SELECT r AS _row")
	for _, f := range p.fields {
		fmt.Fprintf(&b, ",\n    %s, %s AS %s", cell(f.cell), typed(f.column, cell(f.cell)), warehouse.Ident(f.column.ID))
	}
	fmt.Fprintf(&b, "\n  FROM %s\n)", source)
	return b.String()
}

// checks gives how many checks a row goes through.
func (p plan) checks() int { return len(p.fields) + len(p.rules) }

// masks gives one sum of flags for every maskBits checks.
func (p plan) masks() []string {
	var masks []string
	for i := range p.checks() {
		if i%maskBits == 0 {
			masks = append(masks, "CAST(0 AS BIGINT)")
		}
		masks[len(masks)-1] += fmt.Sprintf("\n    + CASE WHEN %s THEN %d ELSE 0 END", p.fails(i), int64(1)<<(i%maskBits))
	}
	return masks
}

// fails is the condition under which check i fails.
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

// good is the condition that a staged row passed all checks.
func (p plan) good() string {
	var b strings.Builder
	for i := range p.masks() {
		if i > 0 {
			b.WriteString(" AND ")
		}
		fmt.Fprintf(&b, "_bad%d = 0", i)
	}
	return b.String()
}

// problems yields _row, col (0-based cell, -1 for the whole row) and rule for every failed check; it needs stage and raw.
func (p plan) problems() string {
	var parts []string
	for i := range p.checks() {
		flag := fmt.Sprintf("(_bad%d & %d) <> 0", i/maskBits, int64(1)<<(i%maskBits))
		col, rule := -1, ""
		if i < len(p.fields) {
			f := p.fields[i]
			col, rule = f.cell, classify(f.column, fmt.Sprintf("cells[%d]", f.cell+1))
		} else {
			n := p.rules[i-len(p.fields)]
			rule = warehouse.Literal(fmt.Sprintf("check.%d", n+1))
			if cols := p.dataset.Rules[n].Check.Columns; len(cols) > 0 {
				col = p.cellOf(cols[0])
			}
		}
		parts = append(parts, fmt.Sprintf("SELECT _row, %d AS col, %s AS rule FROM stage JOIN raw USING (_row) WHERE %s", col, rule, flag))
	}
	return strings.Join(parts, "\nUNION ALL\n")
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

const ymd = `^([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*日?(?:[T ]\s*[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?$`

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
		return fmt.Sprintf("CASE WHEN regexp_full_match(%[1]s, '[!-~]{1,128}') AND NOT contains(%[1]s, 'E+') THEN %[1]s "+
			"WHEN regexp_full_match(%[2]s, '[^\\s\\x{00A0}\\x{3000}]{1,128}') AND NOT regexp_full_match(%[2]s, '%[3]s') THEN %[2]s END",
			t, trimmed(t), lostDigits)
	}
	return fmt.Sprintf("nullif(%s, '')", trimmed(t))
}

const lostDigits = `[0-9](?:\.[0-9]+)?[eE]\+?[0-9]+`

func typedDate(t string) string {
	known := func(date string) string {
		return fmt.Sprintf("CASE WHEN %[1]s BETWEEN DATE '1990-01-01' AND DATE '2100-12-31' THEN %[1]s END", date)
	}
	first := fmt.Sprintf("TRY_CAST(%s AS DATE)", t)
	parts := fmt.Sprintf("TRY_CAST(regexp_replace(%s, '%s', '\\1-\\2-\\3') AS DATE)", trimmed(t), ymd)
	digits := fmt.Sprintf("TRY_CAST(regexp_replace(%s, '^([0-9]{4})([0-9]{2})([0-9]{2})$', '\\1-\\2-\\3') AS DATE)", trimmed(t))
	return fmt.Sprintf("CASE WHEN %[1]s IS NULL THEN NULL WHEN strlen(%[1]s) = 10 AND %[2]s BETWEEN DATE '1990-01-01' AND DATE '2100-12-31' THEN %[2]s\n"+
		"      WHEN regexp_full_match(%[3]s, '%[4]s') THEN %[5]s\n      WHEN regexp_full_match(%[3]s, '[0-9]{8}') THEN %[6]s END",
		t, first, trimmed(t), strings.Trim(ymd, "^$"), known(parts), known(digits))
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
		kinds = fmt.Sprintf(`WHEN regexp_full_match(%[1]s, '%[2]s') OR regexp_full_match(%[1]s, '[0-9]{8}') THEN
      CASE WHEN TRY_CAST(regexp_replace(regexp_replace(%[1]s, '%[3]s', '\1-\2-\3'), '^([0-9]{4})([0-9]{2})([0-9]{2})$', '\1-\2-\3') AS DATE) IS NULL
           THEN 'date.impossible' ELSE 'date.range' END
    WHEN regexp_full_match(%[1]s, '(?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|1[0-2])[-/.][0-9]{2,4}.*') THEN 'date.ambiguous'
    WHEN regexp_full_match(%[1]s, '[0-9]{1,2}\s*月\s*[0-9]{1,2}\s*日?|[0-9]{1,2}[-/.][0-9]{1,2}') THEN 'date.no_year'
    ELSE 'date.form'`, t, strings.Trim(ymd, "^$"), ymd)
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
