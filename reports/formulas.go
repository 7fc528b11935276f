package reports

import (
	"strings"

	"plumbline/policy"
)

// rowFormulas builds the formulas of one row of a department sheet. A score is rounded half away from zero; the inner
// ROUND to ten decimals takes away the noise of binary fractions, so that a tie such as 87.125 rounds as on paper.
type rowFormulas struct {
	plan   *stayPlan
	define *definitionPlan
	items  []itemTexts
	names  []string // letters of the columns, by column number
	buf    []byte
	row    []byte // number of the row in hand
	noData string // literals in the language of the workbook
	few    string
	full   string
	final  string
	waits  string
	none   string
	totals string // all people's totals
}

// itemTexts are the parts of an item's formulas that are the same in every row.
type itemTexts struct{ target, minimum, weight string }

func (b *book) rowFormulas(p *stayPlan) *rowFormulas {
	f := &rowFormulas{plan: p, define: &b.plan.define, names: make([]string, p.note+1),
		noData: literal(b.noDataWords()), few: literal(b.fewWords()), full: literal(b.fullWords()), final: literal(b.finalWords()),
		waits: literal(b.waitingWords()), none: literal(b.noScoreWords()), totals: p.rows(p.total)}
	for col := 1; col <= p.note; col++ {
		f.names[col] = letters(col)
	}
	for _, c := range p.items {
		f.items = append(f.items, itemTexts{target: fixedAddress(c.value, rowTargets),
			minimum: fixedAddress(c.n, rowTargets), weight: fixedAddress(c.points, rowTargets)})
	}
	return f
}

// at starts on a row.
func (f *rowFormulas) at(row int) { f.row = append(f.row[:0], itoa(row)...) }

// make joins texts and cells of the row: a string is itself, a column number its cell in this row.
func (f *rowFormulas) make(parts ...any) string {
	f.buf = f.buf[:0]
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			f.buf = append(f.buf, p...)
		case int:
			f.buf = append(append(f.buf, f.names[p]...), f.row...)
		}
	}
	return string(f.buf)
}

func (f *rowFormulas) value(i int, k *policy.KPI) string {
	c, factor := f.plan.items[i], ""
	if k.Unit == policy.Percent {
		factor = "*100"
	}
	if c.denominator == 0 {
		return f.make("IF(", c.n, "=0,", f.noData, ",", c.numerator, factor, ")")
	}
	return f.make("IF(OR(", c.n, "=0,", c.denominator, "=0),", f.noData, ",", c.numerator, "/", c.denominator, factor, ")")
}

// attainment is the value against the target, or the words for too few records. A lower-is-better value of zero or
// less has no quotient and has attained all there is.
func (f *rowFormulas) attainment(i int, k *policy.KPI) string {
	c, t := f.plan.items[i], f.items[i]
	f.make("IF(ISNUMBER(", c.value, "),IF(", c.n, "<", t.minimum, ",", f.few, "&", c.n, ",")
	start := append([]byte(nil), f.buf...)
	if k.HigherIsBetter {
		return string(start) + f.make("IF(", t.target, `=0,"",`, c.value, "/", t.target, `*100)),"")`)
	}
	return string(start) + f.make("IF(", c.value, "<=0,", f.full, ",", t.target, "/", c.value, `*100)),"")`)
}

// points is the curve at the attainment. Without attainment there are none, or zero where the scorecard says so.
func (f *rowFormulas) points(i int) string {
	c, knots := f.plan.items[i], len(f.plan.card.Items[i].Curve)
	f.make("IF(ISNUMBER(", c.attainment, "),")
	cell := append(append([]byte(nil), f.names[c.attainment]...), f.row...)
	key := curveKey{f.plan.card.ID, i}
	f.buf = append(f.define.curve(f.buf, key, knots, cell), ',')
	left := `""`
	if f.plan.card.Missing == policy.Zero {
		left = f.zeroIfScored()
	}
	if f.plan.card.Items[i].KPI.HigherIsBetter {
		f.buf = append(append(f.buf, left...), ')')
		return string(f.buf)
	}
	f.buf = append(append(append(f.buf, "IF("...), cell...), '=')
	f.buf = append(append(append(f.buf, f.full...), ','), f.define.lastPoints(key, knots)...)
	f.buf = append(append(append(f.buf, ','), left...), "))"...)
	return string(f.buf)
}

// zeroIfScored is zero for a missing item beside others that have an attainment; someone without any has no score.
func (f *rowFormulas) zeroIfScored() string {
	var any strings.Builder
	for i, c := range f.plan.items {
		if i > 0 {
			any.WriteByte('+')
		}
		cell := string(f.names[c.attainment]) + string(f.row)
		any.WriteString("ISNUMBER(" + cell + ")+(" + cell + "=" + string(f.full) + ")")
	}
	return "IF(" + any.String() + `>0,0,"")`
}

func (f *rowFormulas) weight(i int) string {
	c := f.plan.items[i]
	return f.make("IF(ISNUMBER(", c.points, "),", f.items[i].weight, "/", f.plan.weightSum, `*100,"")`)
}

// weightSum adds up the weights of the items that have points.
func (f *rowFormulas) weightSum() string {
	f.buf = f.buf[:0]
	for i, c := range f.plan.items {
		if i > 0 {
			f.buf = append(f.buf, '+')
		}
		f.buf = append(f.buf, "ISNUMBER("...)
		f.buf = append(append(f.buf, f.names[c.points]...), f.row...)
		f.buf = append(append(f.buf, ")*"...), f.items[i].weight...)
	}
	return string(f.buf)
}

// kpiPoints is the weighted sum of the points.
func (f *rowFormulas) kpiPoints() string {
	f.make("IF(", f.plan.weightSum, `=0,"",ROUND(ROUND((`)
	for i, c := range f.plan.items {
		if i > 0 {
			f.buf = append(f.buf, '+')
		}
		f.buf = append(append(append(f.buf, "N("...), f.names[c.points]...), f.row...)
		f.buf = append(append(append(f.buf, ")*N("...), f.names[c.weight]...), f.row...)
		f.buf = append(f.buf, ')')
	}
	f.buf = append(f.buf, ")/100,10),2))"...)
	return string(f.buf)
}

// total adds the superior's points, or stands on the KPI part alone while there are none.
func (f *rowFormulas) total() string {
	p := f.plan
	share := func(col int) string { return fixedAddress(col, rowTargets) }
	return f.make("IF(ISNUMBER(", p.points, "),IF(ISNUMBER(", p.superior, "),ROUND(ROUND((", p.points, "*", share(p.points),
		"+", p.superior, "*", share(p.superior), ")/100,10),2),", p.points, `),"")`)
}

func (f *rowFormulas) band() string { return f.define.bandOf(f.make(f.plan.total)) }

func (f *rowFormulas) rank() string {
	return f.make("IF(ISNUMBER(", f.plan.total, "),RANK(", f.plan.total, ",", f.totals, `),"")`)
}

func (f *rowFormulas) status() string {
	return f.make("IF(ISNUMBER(", f.plan.total, "),IF(ISNUMBER(", f.plan.superior, "),", f.final, ",", f.waits, "),", f.none, ")")
}

func (f *rowFormulas) change() string {
	p := f.plan
	return f.make("IF(AND(ISNUMBER(", p.total, "),ISNUMBER(", p.before, ")),ROUND(", p.total, "-", p.before, `,2),"")`)
}
