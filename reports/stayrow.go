package reports

import (
	"math"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// stayWriter writes the rows of a department sheet. Styles are looked up once, not once a cell.
type stayWriter struct {
	*sheet
	plan     *stayPlan
	formulas *rowFormulas
	items    []itemStyles
	limits   []itemStyles
	text, wrap, mid, date, whole,
	weight, score, totals, input, move int
}

type itemStyles struct{ numerator, denominator, value, one, points int }

func (b *book) stayWriter(s *sheet, p *stayPlan) *stayWriter {
	w := &stayWriter{sheet: s, plan: p, formulas: b.rowFormulas(p)}
	style := func(l look) int {
		id, err := b.style(l)
		s.keep(err)
		return id
	}
	w.useLooks(style, look{})
	return w
}

// useLooks takes the styles for a kind of row; over carries what all its cells share.
func (w *stayWriter) useLooks(style func(look) int, over look) {
	pick := func(l look) int {
		l.fill, l.bold = over.fill, over.bold
		return style(l)
	}
	w.text, w.wrap, w.mid, w.date = pick(textLook), pick(wrapLook), pick(apartLook), pick(dateLook)
	w.whole, w.weight = pick(number(fmtInt)), pick(number(fmtOne))
	w.score, w.totals, w.move = pick(number(fmtTwo)), pick(number(fmtTwo)), pick(number(fmtSigned))
	w.input = w.score
	if over.fill == "" {
		w.totals = style(number(fmtTwo).strong())
		if w.plan.card != nil && w.plan.card.SuperiorShare > 0 {
			w.input = style(number("0.##").filled(inputFill))
		}
	}
	w.items, w.limits = w.items[:0], w.limits[:0]
	for i := range w.plan.items {
		w.items = append(w.items, figureStyles(w.plan.card.Items[i].KPI, pick))
	}
	for i := range w.plan.limits {
		w.limits = append(w.limits, figureStyles(w.plan.card.BandLimits[i].KPI, pick))
	}
}

// figureStyles takes the styles for the figures of a KPI.
func figureStyles(k *policy.KPI, pick func(look) int) itemStyles {
	st := itemStyles{numerator: pick(number(sumFormat(k.Upper(), 0))), value: pick(number(valueFormat(k.Unit))),
		one: pick(number(fmtOne)), points: pick(number(fmtTwo))}
	if lower, ok := k.Lower(); ok {
		st.denominator = pick(number(sumFormat(lower, 0)))
	}
	return st
}

// counted is the style for a count: with decimals where records are split by shares.
func (w *stayWriter) counted(whole int, n fixed.Num) int {
	if n%fixed.Int(1) != 0 {
		return w.score
	}
	return whole
}

// departmentRow shows the department as a whole, judged like a person but without a superior's share.
func (w *stayWriter) departmentRow() {
	b := w.book
	style := func(l look) int {
		id, err := b.style(l)
		w.keep(err)
		return id
	}
	w.useLooks(style, look{fill: sumFill, bold: true})
	d := w.plan.department
	w.set(colName, w.text, "", b.t("部门合计", "Department"))
	w.set(colPosition, w.text, "", b.t("含下级部门", "with sub-units"))
	if d.Score.Scorecard != nil {
		w.scoreCells(&d.Score)
		w.evidenceLinks("")
		w.cells[w.plan.superior-1] = nil
		w.cells[w.plan.status-1] = nil
		w.cells[w.plan.rank-1] = nil
		w.cells[w.plan.change-1] = nil
	}
	w.blank(1, w.plan.note, look{fill: sumFill, line: hairline})
	w.end(0)
	w.useLooks(style, look{})
}

// personRow writes one stay.
func (w *stayWriter) personRow(line *metrics.PersonLine) {
	b, p := w.book, w.plan
	name, position, note := line.Person.Name.In(b.lang), line.Person.Position, b.stayNote(p, line)
	if p.weighed > 0 {
		w.set(p.weighed, w.counted(w.whole, line.Weight), "", line.Weight.Float())
	}
	w.set(colNo, w.text, "", line.Person.No)
	w.set(colName, w.wrap, "", name)
	w.set(colPosition, w.wrap, "", text(position))
	w.set(colFrom, w.date, "", day(line.From))
	w.set(colTo, w.date, "", day(line.To))
	w.set(colDays, w.whole, "", line.Days)
	w.set(p.before, w.score, "", orNothing(line.Before))
	if line.Score.Scorecard != nil {
		w.scoreCells(&line.Score)
		w.evidenceLinks(line.Person.No)
		w.note(p.total, b.derivation(p, line))
		w.set(p.change, w.move, w.formulas.change(), difference(line.Score.Total, line.Before))
	} else {
		w.set(p.status, w.mid, "", b.noScoreWords())
	}
	if s := b.plan.graded[line.Person.No]; s != nil {
		w.set(p.graded, w.mid, b.gradedBand(w.sheet, colNo), b.bandLabel(s.Band))
	}
	w.set(p.note, w.mid, "", text(note))
	lines := max(wrappedLines(name, w.frame.widths[colName-1]), wrappedLines(position, w.frame.widths[colPosition-1]))
	w.end(rowHeight(max(lines, wrappedLines(note, w.frame.widths[p.note-1]))))
}

// evidenceLinks makes the values of a person, or with "" of the department, lead to the rows behind them.
func (w *stayWriter) evidenceLinks(employee string) {
	p, b := w.plan, w.book
	if len(b.plan.blocks) == 0 {
		return
	}
	for i, c := range p.items {
		if at := b.plan.blocks[blockKey{p.card.Items[i].KPI.ID, p.department.Department.ID, employee}]; at != "" {
			w.link(c.value, at)
		}
	}
}

// text gives a text as a cell holds it: nothing for an empty one.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// scoreCells writes the items and the result of a score at the current row, formulas with their values.
func (w *stayWriter) scoreCells(score *metrics.Score) {
	p, f := w.plan, w.formulas
	f.at(w.row)
	counted := 0.0
	for i := range p.items {
		if w.itemCells(i, &score.Items[i]) {
			counted += score.Items[i].Item.Weight.Float()
		}
	}
	w.set(p.weightSum, w.weight, f.weightSum(), counted)
	if p.uncapped > 0 {
		w.set(p.uncapped, w.score, f.weighted(), scoreOrBlank(uncapped(score)))
	}
	w.set(p.points, w.score, f.kpiPoints(), scoreOrBlank(score.KPIPoints))
	w.set(p.superior, w.input, "", orNothing(score.Superior))
	w.ruleCells(score)
	w.set(p.total, w.totals, f.total(), scoreOrBlank(score.Total))
	w.set(p.band, w.mid, f.band(), w.book.bandLabel(score.Band))
	rank := any("")
	if score.Rank > 0 {
		rank = score.Rank
	}
	w.set(p.rank, w.whole, f.rank(), rank)
	w.set(p.status, w.mid, f.status(), w.book.statusWords(score.Status))
}

// uncapped is what the KPI part would be without the cap.
func uncapped(score *metrics.Score) *fixed.Num {
	if score.Uncapped != nil {
		return score.Uncapped
	}
	return score.KPIPoints
}

// ruleCells writes penalties and band limits.
func (w *stayWriter) ruleCells(score *metrics.Score) {
	p, f, b := w.plan, w.formulas, w.book
	for i, c := range p.penalties {
		s := &score.Penalties[i]
		n := 0.0
		if x, ok := s.Value.Float(); ok {
			n = x
		}
		w.set(c.count, w.counted(w.whole, s.Value.Ratio.Num), "", n)
		w.set(c.points, w.score, f.penalty(i), s.Points.Float())
	}
	for i, c := range p.limits {
		s := &score.BandLimits[i]
		if c.item < 0 {
			w.figures(&s.Value, w.limits[i], itemColumns{numerator: c.numerator, denominator: c.denominator, n: c.n, value: c.value})
		}
		left := ""
		if s.Limits {
			left = b.bandLabel(s.Limit.Band)
		}
		w.set(c.held, w.mid, f.held(i), left)
	}
	if p.unpunished > 0 {
		w.set(p.unpunished, w.score, f.mixed(), scoreOrBlank(score.BeforePenalties))
	}
	if p.limit > 0 {
		earned := (*policy.Band)(nil)
		if score.Total != nil {
			earned = b.Report.Policy.BandFor(*score.Total)
		}
		w.set(p.earned, w.mid, f.earned(), b.bandLabel(earned))
		w.set(p.limit, w.mid, f.limit(), b.bandLabel(score.BandLimited))
	}
}

// figures writes the sums of a value and the value over them, and gives it; NaN without one. Of a withheld value nothing is written but that.
func (w *stayWriter) figures(v *metrics.Value, st itemStyles, c itemColumns) float64 {
	if v.Status == metrics.Withheld {
		w.set(c.value, st.value, "", w.book.withheldWords())
		return math.NaN()
	}
	k := v.KPI
	w.set(c.numerator, w.counted(st.numerator, v.Ratio.Num), "", v.Ratio.Num.Float())
	if c.denominator > 0 {
		w.set(c.denominator, w.counted(st.denominator, v.Ratio.Den), "", v.Ratio.Den.Float())
	}
	w.set(c.n, w.counted(w.whole, v.N), "", v.N.Float())
	value := math.NaN()
	if _, ok := v.Exact(); ok {
		value = v.Ratio.Num.Float()
		if k.Divides() {
			value /= v.Ratio.Den.Float()
		}
		if k.Unit == policy.Percent {
			value *= 100
		}
	}
	w.set(c.value, st.value, w.formulas.quotient(k, c.n, c.numerator, c.denominator), numberOr(value, w.book.noDataWords()))
	return value
}

// itemCells writes one item and reports whether it has points.
func (w *stayWriter) itemCells(i int, item *metrics.ItemScore) bool {
	c, st, f, k := w.plan.items[i], w.items[i], w.formulas, item.Item.KPI
	value, attainment := w.figures(&item.Value, st, c), any("")
	if !math.IsNaN(value) {
		attainment = w.book.reached(item, value)
	}
	if c.target > 0 {
		w.set(c.target, st.value, "", targetOfItem(item).Float())
	}
	w.set(c.attainment, st.one, f.attainment(i, k), attainment)
	points, weight := any(""), any("")
	if item.Points != nil && item.Weight != nil {
		points, _ = item.Points.Float64()
		weight, _ = item.Weight.Float64()
	}
	w.set(c.points, st.points, f.points(i), points)
	w.set(c.weight, st.one, f.weight(i), weight)
	return item.Points != nil
}

// reached is what the attainment cell shows for an item with a value.
func (b *book) reached(item *metrics.ItemScore, value float64) any {
	higher := item.Item.KPI.HigherIsBetter
	switch {
	case item.Value.Status == metrics.Insufficient:
		return b.fewWords() + item.Value.N.String()
	case value <= 0 && !higher:
		return b.fullWords()
	}
	return numberOr(attained(value, targetOfItem(item).Float(), higher), "")
}

// attained is the attainment in percent, NaN when there is none.
func attained(value, target float64, higherIsBetter bool) float64 {
	over, under := value, target
	if !higherIsBetter {
		over, under = target, value
	}
	if under <= 0 {
		return math.NaN()
	}
	return over / under * 100
}

func numberOr(x float64, words string) any {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return words
	}
	return x
}

func scoreOrBlank(n *fixed.Num) any {
	if n == nil {
		return ""
	}
	return n.Float()
}

func (b *book) statusWords(s metrics.ScoreStatus) string {
	switch s {
	case metrics.Final:
		return b.finalWords()
	case metrics.Provisional:
		return b.waitingWords()
	}
	return b.noScoreWords()
}
