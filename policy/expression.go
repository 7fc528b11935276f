package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"plumbline/internal/fixed"
	"plumbline/internal/warehouse"
)

// use is what an expression is for.
type use int

const (
	ruleUse    use = iota // true, false or NULL for a record; known when the record arrives
	countUse              // true for the rows to count
	sumUse                // an exact number of each row
	absenceUse            // true for the records that tell of days off
	qualityUse            // true for the records that a check of data looks at
	textUse               // a text over the headers of a mapping
	rowUse                // true for the rows of a file that become records; over headers too
)

// overHeaders reports whether the names of the expression are those of a file's headers. There are no parameters then.
func (u use) overHeaders() bool { return u == textUse || u == rowUse }

// refusal is why an expression is not accepted.
type refusal struct {
	at   int // byte offset in the expression, -1 = the whole
	what Text
	cure Text
}

// ref is a name in an expression: a column, a parameter or the report day; or the beginning of a call, behind whose bracket the
// calendar is put.
type ref struct {
	name string
	at   int  // byte offset in the expression
	call bool // the name is that of the function, up to and including the bracket
}

// inOneLine gives the text of an expression, which may run over several lines.
func inOneLine(text string) string {
	return strings.NewReplacer("\r", " ", "\n", " ", "\t", " ").Replace(text)
}

// expression checks an SQL expression over the columns of d. After a fault it gives what it has.
func (c *checker) expression(n *node, d *Dataset, purpose use) Expr {
	if n == nil {
		return Expr{}
	}
	spaced := *n
	spaced.text = inOneLine(n.text)
	text, ok := c.word(&spaced, maxExpr)
	e := Expr{Text: text, Place: n.place}
	if !ok || d == nil || c.unknown[d] || c.broken != nil {
		return e
	}
	refs, refusals, err := c.parsed(text, d, purpose)
	if err != nil {
		c.broken = err
		return e
	}
	if len(refusals) == 0 {
		for _, r := range refs {
			if !r.call && d.Column(r.name) != nil && !slices.Contains(e.Order, r.name) {
				e.Order = append(e.Order, r.name)
			}
		}
		e.Columns = slices.Sorted(slices.Values(e.Order))
		e.SQL = c.rewrite(text, refs, d, asParameter)
		refusals, c.broken = c.bind(&e, refs, d, purpose)
	}
	for _, r := range refusals {
		c.fault(c.inside(n, text, r.at), r.what, r.cure)
	}
	return e
}

// parsed gives the names in text, in its order, or why it is refused. An error means that the warehouse failed.
func (c *checker) parsed(text string, d *Dataset, purpose use) ([]ref, []refusal, error) {
	p, refusals, err := c.parseExpression(text, d, purpose)
	if err != nil || refusals != nil {
		return nil, refusals, err
	}
	refused, err := c.prove(p)
	return p.refs, one(refused), err
}

// parsing is an expression that is accepted, once it is proved that it can be rewritten.
type parsing struct {
	walker    *walker
	item      map[string]any // its tree
	refs      []ref
	rewritten string
}

// parseExpression reads text, or says why it is refused.
func (c *checker) parseExpression(text string, d *Dataset, purpose use) (*parsing, []refusal, error) {
	words, refused := scan(text)
	if refused != nil {
		return nil, one(refused), nil
	}
	if refusals := calls(words, purpose); refusals != nil {
		return nil, refusals, nil
	}
	item, refused, err := c.tree(text)
	if err != nil || refused != nil {
		return nil, one(refused), err
	}
	w := &walker{dataset: d, parameters: c.policy.Parameters, purpose: purpose}
	w.walk(item, 0)
	if w.refusals != nil {
		return nil, w.refusals, nil
	}
	slices.SortFunc(w.refs, func(a, b ref) int { return a.at - b.at })
	if refused := agree(words, w.refs); refused != nil {
		return nil, one(refused), nil
	}
	refs := withCalls(text, words, w.refs)
	if len(refs) > len(w.refs) {
		call, refused, err := c.tree(c.calendarCall())
		if err != nil || refused != nil {
			return nil, one(refused), err
		}
		w.calendar = list(call["children"])
	}
	return &parsing{w, item, refs, c.rewrite(text, refs, d, asParameter)}, nil, nil
}

// calendarCall is a call of the function that takes the calendar, with nothing but the calendar.
func (c *checker) calendarCall() string {
	return byCalendar + "(" + calendarFigures(c.policy.Calendar) + ")"
}

// prove makes sure that the text with the names replaced means the same: DuckDB parses it into the same tree.
func (c *checker) prove(p *parsing) (*refusal, error) {
	again, refused, err := c.tree(p.rewritten)
	if err != nil {
		return nil, err
	}
	if refused != nil || !p.walker.same(p.item, again) {
		return &refusal{-1, say("表达式无法可靠地改写", "the expression cannot be rewritten safely"), say("换一种更简单的写法", "write it in a simpler way")}, nil
	}
	return nil, nil
}

// withCalls adds, in their order in the text, the calls that need the calendar.
func withCalls(text string, words []sqlWord, refs []ref) []ref {
	refs = slices.Clone(refs)
	for _, word := range words {
		if word.called && strings.EqualFold(word.text, byCalendar) {
			length := len(word.text) + len(callForm.FindString(text[word.at+len(word.text):]))
			refs = append(refs, ref{text[word.at : word.at+length], word.at, true})
		}
	}
	slices.SortFunc(refs, func(a, b ref) int { return a.at - b.at })
	return refs
}

func one(r *refusal) []refusal {
	if r == nil {
		return nil
	}
	return []refusal{*r}
}

// tree gives the only select item of SELECT text, provided that the statement is nothing but that.
func (c *checker) tree(text string) (map[string]any, *refusal, error) {
	parsed, ok := c.asked.trees[text]
	if !ok {
		c.asked.alone++
		one, err := c.db.ParseTrees(c.ctx, lead+text)
		if err != nil {
			return nil, nil, err
		}
		parsed = one[0]
	}
	if syntax, ok := errors.AsType[*warehouse.SyntaxError](parsed.Err); ok {
		at := syntax.Position - len(lead)
		if syntax.Position < 0 || at < 0 || at > len(text) {
			at = -1
		}
		return nil, &refusal{at, say("表达式有语法错误：%s", "the expression does not parse: %s", clip(syntax.Message)),
			say("写成一个 SQL 条件或算式，文字用单引号", "write one SQL condition or sum; put text into single quotes")}, nil
	}
	if parsed.Err != nil {
		return nil, nil, parsed.Err
	}
	item, ok := onlyItem(parsed.Tree)
	if !ok {
		return nil, &refusal{-1, say("此处只能写一个表达式，不能有 FROM、WHERE、排序、别名或第二列", "this must be one expression: no FROM, WHERE, order, alias or second column"),
			say("只保留条件或算式本身", "keep nothing but the condition or the sum")}, nil
	}
	return item, nil, nil
}

// lead stands before an expression to make it a statement.
const lead = "SELECT "

// rewrite quotes the columns, replaces the parameters by their exact values, and hands the calendar to the functions that need it.
func (c *checker) rewrite(text string, refs []ref, d *Dataset, day func(name string) string) string {
	var b strings.Builder
	done := 0
	for _, r := range refs {
		b.WriteString(text[done:r.at])
		done = r.at + len(r.name)
		switch {
		case r.call:
			b.WriteString(r.name + calendarFigures(c.policy.Calendar) + ", ")
		case isReportDay(r.name):
			b.WriteString(day(r.name))
		case d.Column(r.name) != nil:
			b.WriteString(warehouse.Ident(r.name))
		default:
			b.WriteString(literal(c.policy.Parameters, r.name))
		}
	}
	b.WriteString(text[done:])
	return b.String()
}

// isReportDay reports whether a name asks for a day of the report.
func isReportDay(name string) bool { return name == ReportDay || name == AskedOn }

// asParameter leaves a day to the report that runs the expression.
func asParameter(name string) string { return "$" + name }

// literal gives a parameter's value. A negative one is bracketed, because two minus signs begin a comment.
func literal(parameters []Parameter, id string) string {
	i := slices.IndexFunc(parameters, func(p Parameter) bool { return p.ID == id })
	if i < 0 {
		return "NULL" // not reached: the walker has refused unknown names
	}
	if value := parameters[i].Value; value < 0 {
		return "(" + value.String() + ")"
	}
	return parameters[i].Value.String()
}

// bind asks DuckDB for the type of the expression and compares it with what it is for.
func (c *checker) bind(e *Expr, refs []ref, d *Dataset, purpose use) ([]refusal, error) {
	bound := c.bound(e.Text, refs, d)
	typ, known := c.asked.types[bindingKey{d, bound}]
	if !known {
		c.asked.alone++
		types, err := c.describe("SELECT (" + bound + ") AS result FROM (" + facts(d) + ") AS facts")
		if err != nil {
			if c.ctx.Err() != nil || errors.Is(err, warehouse.ErrClosed) || !slices.Contains([]warehouse.Class{warehouse.Other, warehouse.Conversion, warehouse.Refused}, warehouse.ClassOf(err)) {
				return nil, err
			}
			return []refusal{{-1, say("表达式的类型不相配：%s", "the types of the expression do not fit: %s", firstLine(err)),
				say("核对各列的类型；日期加减用整数天", "check the types of the columns; add whole days to dates")}}, nil
		}
		typ = types[0]
	}
	e.Type = typ
	return one(fits(e.Type, purpose)), nil
}

// bound rewrites an expression for a day that does not matter.
func (c *checker) bound(text string, refs []ref, d *Dataset) string {
	return c.rewrite(text, refs, d, func(string) string { return "DATE '2000-01-01'" })
}

// facts yields a row with the columns of d.
func facts(d *Dataset) string {
	columns := make([]string, len(d.Columns))
	for i, col := range d.Columns {
		columns[i] = "NULL::" + col.Type.SQL() + " AS " + warehouse.Ident(col.ID)
	}
	return "SELECT " + strings.Join(columns, ", ")
}

// describe gives the types of what a statement yields, of which there is at least one.
func (c *checker) describe(text string) ([]string, error) {
	s := warehouse.SQL("policy expression", text)
	var types []string
	err := c.db.View(c.ctx, func(tx *warehouse.Tx) error {
		described, err := tx.Columns(c.ctx, s, warehouse.Args{})
		for _, column := range described {
			types = append(types, column.Type)
		}
		if err == nil && len(types) == 0 {
			err = errors.New("DuckDB describes no column")
		}
		return err
	})
	return types, err
}

var decimalForm = regexp.MustCompile(`^DECIMAL\(\d+,(\d+)\)$`)

// fits compares a type with what the expression is for.
func fits(typ string, purpose use) *refusal {
	if purpose == textUse {
		if typ == "VARCHAR" {
			return nil
		}
		return &refusal{-1, say("此处应为文字，实为 %s", "this must be text, but is %s", typ),
			say("数字写成 CAST(… AS VARCHAR)，固定的文字加单引号", "write CAST(… AS VARCHAR) for a number; put fixed text into single quotes")}
	}
	if purpose != sumUse {
		if typ == "BOOLEAN" {
			return nil
		}
		return &refusal{-1, say("此处应为条件（真或假），实为 %s", "this must be a condition, true or false, but is %s", typ), conditionCure(purpose)}
	}
	switch typ {
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER":
		return nil
	case "DOUBLE", "FLOAT":
		return &refusal{-1, say("结果是浮点数（%s），不精确", "the result is floating point (%s) and not exact", typ),
			say("除法改为乘法，或写成 CAST(round(…, 4) AS DECIMAL(18,4))", "multiply instead of dividing, or write CAST(round(…, 4) AS DECIMAL(18,4))")}
	}
	m := decimalForm.FindStringSubmatch(typ)
	if m == nil {
		return &refusal{-1, say("求和的应为数字，实为 %s", "what is added up must be a number, but is %s", typ),
			say("写数字列或算式；计件用 count", "write a column of numbers or a sum; use count to count rows")}
	}
	if len(m[1]) > 1 || m[1] > fmt.Sprint(fixed.Scale) {
		return &refusal{-1, say("结果有 %s 位小数，最多 %d 位", "the result has %s decimals, but at most %d are kept", m[1], fixed.Scale),
			say("写成 round(…, 4)", "write round(…, 4)")}
	}
	return nil
}

// conditionCure shows a condition.
func conditionCure(purpose use) Text {
	if purpose.overHeaders() {
		return say("写成比较，例如 status <> 'Draft'", "write a comparison such as status <> 'Draft'")
	}
	return say("写成比较，例如 hours > 0", "write a comparison such as hours > 0")
}

// firstLine gives the first line of DuckDB's message: what follows lists every function it knows.
func firstLine(err error) string {
	if q, ok := errors.AsType[*warehouse.QueryError](err); ok {
		err = q.Err
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	if r := []rune(line); len(r) > 160 {
		line = string(r[:160]) + "…"
	}
	return strings.TrimPrefix(line, "Binder Error: ")
}

// inside gives the place of a byte of an expression. Where the file spells the text in another way (escapes, several
// lines), it is where the expression begins.
func (c *checker) inside(n *node, text string, at int) Place {
	lines := c.lines[n.place.File]
	if at < 0 || n.place.Line > len(lines) {
		return n.place
	}
	line := []rune(lines[n.place.Line-1])
	if n.place.Column > len(line) {
		return n.place
	}
	start := n.place.Column - 1
	if line[start] == '"' || line[start] == '\'' {
		start++
	}
	rest := string(line[start:])
	blanks := len(rest) - len(strings.TrimLeft(rest, " "))
	if !strings.HasPrefix(rest[blanks:], text) {
		return n.place
	}
	return Place{n.place.File, n.place.Line, start + blanks + utf8.RuneCountInString(text[:at]) + 1}
}
