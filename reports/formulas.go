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

// itemTexts are the parts of an item's formulas that are the same in every row; target is "" where every row has its own.
type itemTexts struct{ target, minimum, weight string }

func (b *book) rowFormulas(p *stayPlan) *rowFormulas {
	f := &rowFormulas{plan: p, define: &b.plan.define, names: make([]string, p.note+1),
		noData: literal(b.noDataWords()), few: literal(b.fewWords()), full: literal(b.fullWords()), final: literal(b.finalWords()),
		waits: literal(b.waitingWords()), none: literal(b.noScoreWords()), totals: p.rows(p.total)}
	for col := 1; col <= p.note; col++ {
		f.names[col] = letters(col)
	}
	for _, c := range p.items {
		texts := itemTexts{minimum: fixedAddress(c.n, rowTargets), weight: fixedAddress(c.points, rowTargets)}
		if c.target == 0 {
			texts.target = fixedAddress(c.value, rowTargets)
		}
		f.items = append(f.items, texts)
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

// quotient is a KPI's value over its two sums; denominator is 0 for a KPI without one.
func (f *rowFormulas) quotient(k *policy.KPI, n, numerator, denominator int) string {
	factor := ""
	if k.Unit == policy.Percent {
		factor = "*100"
	}
	if denominator == 0 {
		return f.make("IF(", n, "=0,", f.noData, ",", numerator, factor, ")")
	}
	return f.make("IF(OR(", n, "=0,", denominator, "=0),", f.noData, ",", numerator, "/", denominator, factor, ")")
}

// attainment is the value against the target, or the words for too few records. A lower-is-better value of zero or
// less has no quotient and has attained all there is.
func (f *rowFormulas) attainment(i int, k *policy.KPI) string {
	c, t := f.plan.items[i], f.items[i]
	target := t.target
	if target == "" {
		target = f.make(c.target)
	}
	f.make("IF(ISNUMBER(", c.value, "),IF(", c.n, "<", t.minimum, ",", f.few, "&", c.n, ",")
	start := append([]byte(nil), f.buf...)
	if k.HigherIsBetter {
		return string(start) + f.make("IF(", target, `<=0,"",`, c.value, "/", target, `*100)),"")`)
	}
	return string(start) + f.make("IF(", c.value, "<=0,", f.full, ",", target, "/", c.value, `*100)),"")`)
}

// points is the curve at the attainment. Without attainment there are none, or what the scorecard gives for want of data.
func (f *rowFormulas) points(i int) string {
	c, card := f.plan.items[i], f.plan.card
	f.make("IF(ISNUMBER(", c.attainment, "),")
	cell := append(append([]byte(nil), f.names[c.attainment]...), f.row...)
	f.buf = append(f.define.curve(f.buf, card, i, cell), ',')
	left := `""`
	switch card.Missing {
	case policy.Zero:
		left = f.ifJudgeable("0")
	case policy.Neutral:
		left = f.ifJudgeable(f.define.at(colKnotScore, f.define.cards[card.ID].neutral))
	}
	if card.Items[i].KPI.HigherIsBetter {
		f.buf = append(append(f.buf, left...), ')')
		return string(f.buf)
	}
	f.buf = append(append(append(f.buf, "IF("...), cell...), '=')
	f.buf = append(append(append(f.buf, f.full...), ','), f.define.lastPoints(card, i)...)
	f.buf = append(append(append(f.buf, ','), left...), "))"...)
	return string(f.buf)
}

// ifJudgeable is what a missing item earns beside others with enough data; someone without any has no score.
func (f *rowFormulas) ifJudgeable(points string) string {
	var any strings.Builder
	for i, c := range f.plan.items {
		if i > 0 {
			any.WriteByte('+')
		}
		cell := func(col int) string { return f.names[col] + string(f.row) }
		any.WriteString("ISNUMBER(" + cell(c.value) + ")*(" + cell(c.n) + ">=" + f.items[i].minimum + ")")
	}
	return "IF(" + any.String() + ">0," + points + `,"")`
}

// penalty is what a penalty takes off: so much for each, and so much at most.
func (f *rowFormulas) penalty(i int) string {
	c := f.plan.penalties[i]
	return f.make("ROUND(ROUND(MIN(", c.count, "*", fixedAddress(c.count, rowTargets), ",", fixedAddress(c.points, rowTargets), "),10),2)")
}

// held is the band that a limit in force leaves. The inner ROUND takes away the noise of binary fractions: a value that is exactly the
// figure is good enough.
func (f *rowFormulas) held(i int) string {
	c, l := f.plan.limits[i], f.plan.card.BandLimits[i]
	minimum := fixedAddress(c.n, rowTargets)
	misses := "<"
	if !l.KPI.HigherIsBetter {
		misses = ">"
	}
	return f.make("IF(AND(ISNUMBER(", c.value, "),", c.n, ">=", minimum, "),IF(ROUND(", c.value, ",9)", misses,
		fixedAddress(c.held, rowTargets), ",", f.define.at(colLeft, f.define.cards[f.plan.card.ID].limits+i), `,""),"")`)
}

// limit is the lowest band that limits and penalties in force leave.
func (f *rowFormulas) limit() string {
	var places []string
	at := f.define.cards[f.plan.card.ID]
	for i, c := range f.plan.penalties {
		if f.plan.card.Penalties[i].BandLimit != nil {
			places = append(places, f.make("IF(", c.count, ">0,", f.define.placeOf(f.define.at(colLeft, at.penalties+i)), ",", itoa(f.define.bands+1), ")"))
		}
	}
	for _, c := range f.plan.limits {
		places = append(places, f.define.placeOf(f.make(c.held)))
	}
	return f.define.lowest(places)
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

// weighted is the weighted sum of the points.
func (f *rowFormulas) weighted() string {
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

// kpiPoints is the weighted sum, or what the cap leaves of it.
func (f *rowFormulas) kpiPoints() string {
	p := f.plan
	if p.uncapped == 0 {
		return f.weighted()
	}
	return f.make("IF(ISNUMBER(", p.uncapped, "),MIN(", p.uncapped, ",", fixedAddress(p.uncapped, rowTargets), `),"")`)
}

// mixed adds the superior's points, or stands on the KPI part alone while there are none.
func (f *rowFormulas) mixed() string {
	p := f.plan
	share := func(col int) string { return fixedAddress(col, rowTargets) }
	return f.make("IF(ISNUMBER(", p.points, "),IF(ISNUMBER(", p.superior, "),ROUND(ROUND((", p.points, "*", share(p.points),
		"+", p.superior, "*", share(p.superior), ")/100,10),2),", p.points, `),"")`)
}

// total is what the penalties leave.
func (f *rowFormulas) total() string {
	p := f.plan
	if p.unpunished == 0 {
		return f.mixed()
	}
	f.make("IF(ISNUMBER(", p.unpunished, "),MAX(ROUND(", p.unpunished)
	for _, c := range p.penalties {
		f.buf = append(append(append(f.buf, '-'), f.names[c.points]...), f.row...)
	}
	f.buf = append(f.buf, `,2),0),"")`...)
	return string(f.buf)
}

// earned is the band of the total alone.
func (f *rowFormulas) earned() string { return f.define.bandOf(f.make(f.plan.total)) }

func (f *rowFormulas) band() string {
	p := f.plan
	if p.limit == 0 {
		return f.earned()
	}
	earned := f.make(p.earned)
	return f.define.limited(earned, f.make(p.limit))
}

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
