package reports

import (
	"math"
	"strconv"

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
	w.score, w.totals, w.move = pick(number(fmtTwo)), pick(number(fmtTwo)), pick(number(fmtMove))
	w.input = w.score
	if over.fill == "" {
		w.totals = style(number(fmtTwo).strong())
		if w.plan.card != nil && w.plan.card.SuperiorShare > 0 {
			w.input = style(number("0.##").filled(inputFill))
		}
	}
	w.items = w.items[:0]
	for i := range w.plan.items {
		k := w.plan.card.Items[i].KPI
		st := itemStyles{numerator: pick(number(sumFormat(&k.Numerator))), value: pick(number(valueFormat(k.Unit))),
			one: pick(number(fmtOne)), points: pick(number(fmtTwo))}
		if k.Denominator != nil {
			st.denominator = pick(number(sumFormat(k.Denominator)))
		}
		w.items = append(w.items, st)
	}
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
	name, position, note := line.Person.Name.In(b.lang), line.Person.Position, b.stayNote(line)
	w.set(colNo, w.text, "", line.Person.No)
	w.set(colName, w.wrap, "", name)
	w.set(colPosition, w.wrap, "", text(position))
	w.set(colFrom, w.date, "", day(line.From))
	w.set(colTo, w.date, "", day(line.To))
	w.set(colDays, w.whole, "", line.Days)
	w.set(p.before, w.score, "", orNothing(line.Before))
	if line.Score.Scorecard != nil {
		w.scoreCells(&line.Score)
		w.set(p.change, w.move, w.formulas.change(), difference(line.Score.Total, line.Before))
	} else {
		w.set(p.status, w.mid, "", b.noScoreWords())
	}
	w.set(p.note, w.mid, "", text(note))
	lines := max(wrappedLines(name, w.frame.widths[colName-1]), wrappedLines(position, w.frame.widths[colPosition-1]))
	w.end(rowHeight(max(lines, wrappedLines(note, w.frame.widths[p.note-1]))))
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
	w.set(p.points, w.score, f.kpiPoints(), scoreOrBlank(score.KPIPoints))
	w.set(p.superior, w.input, "", orNothing(score.Superior))
	w.set(p.total, w.totals, f.total(), scoreOrBlank(score.Total))
	w.set(p.band, w.mid, f.band(), w.book.bandLabel(score.Band))
	rank := any("")
	if score.Rank > 0 {
		rank = score.Rank
	}
	w.set(p.rank, w.whole, f.rank(), rank)
	w.set(p.status, w.mid, f.status(), w.book.statusWords(score.Status))
}

// itemCells writes one item and reports whether it has points.
func (w *stayWriter) itemCells(i int, item *metrics.ItemScore) bool {
	c, st, f, k := w.plan.items[i], w.items[i], w.formulas, item.Item.KPI
	v := item.Value
	w.set(c.numerator, st.numerator, "", v.Ratio.Num.Float())
	if c.denominator > 0 {
		w.set(c.denominator, st.denominator, "", v.Ratio.Den.Float())
	}
	w.set(c.n, w.whole, "", v.N)
	value, attainment := math.NaN(), any("")
	if v.Status != metrics.NoData {
		value = v.Ratio.Num.Float()
		if k.Denominator != nil {
			value /= v.Ratio.Den.Float()
		}
		if k.Unit == policy.Percent {
			value *= 100
		}
		attainment = w.reached(item, value)
	}
	w.set(c.value, st.value, f.value(i, k), numberOr(value, w.book.noDataWords()))
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
func (w *stayWriter) reached(item *metrics.ItemScore, value float64) any {
	higher := item.Item.KPI.HigherIsBetter
	switch {
	case item.Value.Status == metrics.Insufficient:
		return w.book.fewWords() + strconv.FormatInt(item.Value.N, 10)
	case value <= 0 && !higher:
		return w.book.fullWords()
	}
	return numberOr(attained(value, item.Item.Target.Float(), higher), "")
}

// attained is the attainment in percent, NaN when there is none.
func attained(value, target float64, higherIsBetter bool) float64 {
	over, under := value, target
	if !higherIsBetter {
		over, under = target, value
	}
	if under == 0 || under < 0 && !higherIsBetter {
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
