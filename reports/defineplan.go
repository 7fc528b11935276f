package reports

import "plumbline/policy"

// definitionPlan says where the definitions stand that formulas look up.
type definitionPlan struct {
	kpis       []*policy.KPI
	kpiRow     map[string]int
	bandRow    int // lowest band; the better ones follow below
	bands      int
	cards      map[string]cardPlan
	rows       int
	definition string // sheet name, quoted
}

// cardPlan says in which rows a scorecard and its rules stand; 0 where it has no such rule.
type cardPlan struct {
	head      int   // section
	curves    []int // by item: the first knot
	neutral   int
	cap       int
	penalties int // the first
	limits    int // the first
	shares    int // of the best band
}

// Columns of the definitions sheet. The tables share them.
const (
	colLabel     = 1 // KPI, band, item
	colWords     = 2
	colUnit      = 3
	colWeight    = 3
	colFromScore = 3
	colFigure    = 3 // points for each, the figure of a limit, the share of a band
	colDirection = 4
	colTarget    = 4
	colMost      = 4 // points at most, shares added up
	colMinimum   = 5
	colKnot      = 5
	colLeft      = 5 // the best band left
	colKnotScore = 6
	colDataset   = 6
	colSlope     = 7
)

func (b *book) planDefinitions(sheet string) definitionPlan {
	d := definitionPlan{kpiRow: map[string]int{}, cards: map[string]cardPlan{},
		definition: quoted(sheet), bands: len(b.Report.Policy.Bands)}
	for _, k := range b.Report.KPIs {
		d.add(k)
	}
	for _, card := range b.Report.Policy.Scorecards {
		for _, k := range judgedBy(card) {
			d.add(k)
		}
	}
	row := 5 + len(d.kpis)
	d.bandRow = row + 3 // blank, section, header
	row = d.bandRow + d.bands
	for _, card := range b.Report.Policy.Scorecards {
		row = d.place(card, row+1) // blank
	}
	d.rows = row - 1
	return d
}

func (d *definitionPlan) add(k *policy.KPI) {
	if k != nil && d.kpiRow[k.ID] == 0 {
		d.kpis = append(d.kpis, k)
		d.kpiRow[k.ID] = 4 + len(d.kpis) // title, note, section, header come first
	}
}

// judgedBy lists the KPIs that a scorecard judges by: its items, then what bounds bands and costs points.
func judgedBy(card *policy.Scorecard) []*policy.KPI {
	var list []*policy.KPI
	for i := range card.Items {
		list = append(list, card.Items[i].KPI)
	}
	for i := range card.BandLimits {
		list = append(list, card.BandLimits[i].KPI)
	}
	for i := range card.Penalties {
		list = append(list, card.Penalties[i].KPI)
	}
	return list
}

// place gives a scorecard its rows from one on, and returns the next free one.
func (d *definitionPlan) place(card *policy.Scorecard, row int) int {
	p := cardPlan{head: row}
	row += 3 // section, words, header
	for i := range card.Items {
		p.curves = append(p.curves, row)
		row += max(len(card.Items[i].Curve), 1)
	}
	one := func(wanted bool) (at int) {
		if wanted {
			at = row
			row++
		}
		return at
	}
	p.neutral, p.cap = one(card.Missing == policy.Neutral), one(card.Cap != nil)
	table := func(rows int) (at int) {
		if rows > 0 {
			at = row + 1 // header
			row += 1 + rows
		}
		return at
	}
	p.penalties, p.limits = table(len(card.Penalties)), table(len(card.BandLimits))
	if card.Distribution != nil {
		p.shares = table(d.bands)
	}
	d.cards[card.ID] = p
	return row
}

// at is a cell of the definitions as other sheets write it.
func (d *definitionPlan) at(col, row int) string { return d.definition + "!" + fixedAddress(col, row) }

// minimum is the cell with the fewest rows that a KPI needs.
func (d *definitionPlan) minimum(k *policy.KPI) string { return d.at(colMinimum, d.kpiRow[k.ID]) }

// labels is the range of the bands' labels, lowest first.
func (d *definitionPlan) labels() string {
	return d.definition + "!" + fixedRange(colLabel, d.bandRow, d.bandRow+d.bands-1)
}

// bandOf is a formula that gives the band of the score in a cell.
func (d *definitionPlan) bandOf(cell string) string {
	if d.bands == 0 {
		return `""`
	}
	from := d.definition + "!" + fixedRange(colFromScore, d.bandRow, d.bandRow+d.bands-1)
	return "IF(ISNUMBER(" + cell + "),IF(" + cell + "<" + d.at(colFromScore, d.bandRow) + `,"",LOOKUP(` + cell + "," + from + "," + d.labels() + `)),"")`
}

// place of a label among the bands from the lowest, and one more than there are for an empty one, which bounds nothing.
func (d *definitionPlan) placeOf(label string) string {
	return "IFERROR(MATCH(" + label + "," + d.labels() + ",0)," + itoa(d.bands+1) + ")"
}

// lowest is a formula that gives the lowest of the bands at places from the lowest; "" when all bound nothing.
func (d *definitionPlan) lowest(places []string) string {
	least := "MIN("
	for i, p := range places {
		if i > 0 {
			least += ","
		}
		least += p
	}
	least += ")"
	return "IF(" + least + ">" + itoa(d.bands) + `,"",INDEX(` + d.labels() + "," + least + "))"
}

// limited is a formula that gives the band that a limit leaves of the one earned.
func (d *definitionPlan) limited(earned, limit string) string {
	return "IF(" + earned + `="","",` + d.lowest([]string{d.placeOf(earned), d.placeOf(limit)}) + ")"
}

// lastPoints is the cell with the points of the last knot.
func (d *definitionPlan) lastPoints(card *policy.Scorecard, item int) string {
	return d.at(colKnotScore, d.cards[card.ID].curves[item]+max(len(card.Items[item].Curve)-1, 0))
}

// curve appends a formula for the points at the attainment in a cell: the points of the first knot, and for every stretch of
// the curve its slope times how far the attainment reaches into it.
func (d *definitionPlan) curve(buf []byte, card *policy.Scorecard, item int, cell []byte) []byte {
	first := d.cards[card.ID].curves[item]
	at := func(col, row int) { buf = append(buf, d.at(col, row)...) }
	at(colKnotScore, first)
	for row := first; row+1 < first+len(card.Items[item].Curve); row++ {
		buf = append(buf, "+(MEDIAN("...)
		at(colKnot, row)
		buf = append(append(append(buf, ','), cell...), ',')
		at(colKnot, row+1)
		buf = append(buf, ")-"...)
		at(colKnot, row)
		buf = append(buf, ")*"...)
		at(colSlope, row)
	}
	return buf
}
