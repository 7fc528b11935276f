package reports

import (
	"fmt"

	"plumbline/metrics"
	"plumbline/policy"
)

// plan says where everything stands before anything is written, because sheets point at each other.
type plan struct {
	overview, moved, definitions, receipts, rejects, sources, policy string // sheet names
	stays                                                            []stayPlan
	byDepartment                                                     map[string]*stayPlan
	movers                                                           []int // indexes into Report.Scores
	define                                                           definitionPlan
}

// stayPlan is the sheet of one department: its people's stays.
type stayPlan struct {
	sheet      string
	department *metrics.DepartmentLine
	people     []metrics.PersonLine
	card       *policy.Scorecard // nil: no scorecard applies
	items      []itemColumns
	// Columns, counted from 1.
	weightSum, points, superior, total, band, rank, status, before, change, note int
}

// Columns of a department sheet that never move.
const (
	colNo = iota + 1
	colName
	colPosition
	colFrom
	colTo
	colDays
	fixedColumns = colDays
)

// Rows of a department sheet.
const (
	rowGroups     = 4 // names of the items
	rowTargets    = 5 // targets, minima and weights
	rowDepartment = 6 // the department as a whole
	rowHeads      = 7
	rowPeople     = 8
)

// itemColumns says where an item of the scorecard stands; denominator is 0 for a KPI without one.
type itemColumns struct{ numerator, denominator, n, value, attainment, points, weight int }

func (p *stayPlan) lastRow() int { return rowPeople + len(p.people) - 1 }

// rows is the range of a column over all people.
func (p *stayPlan) rows(col int) string { return fixedRange(col, rowPeople, p.lastRow()) }

// there is rows as another sheet writes it.
func (p *stayPlan) there(col int) string { return quoted(p.sheet) + "!" + p.rows(col) }

func (b *book) newPlan() (*plan, error) {
	names := sheetNames{}
	p := &plan{
		overview:     names.name(b.t("总览", "Overview")),
		moved:        names.name(b.t("调动人员", "Movers")),
		definitions:  names.name(b.t("指标口径", "Definitions")),
		receipts:     names.name(b.t("计算回执", "Receipts")),
		rejects:      names.name(b.t("隔离数据", "Rejects")),
		sources:      names.name(b.t("数据来源", "Sources")),
		policy:       names.name(b.t("制度与版本", "Policy")),
		byDepartment: map[string]*stayPlan{},
	}
	if err := checkLines(b.Report); err != nil {
		return nil, err
	}
	if err := p.planStays(b, names); err != nil {
		return nil, err
	}
	for i, s := range b.Report.Scores {
		if len(s.Lines) > 1 {
			p.movers = append(p.movers, i)
		}
	}
	p.define = b.planDefinitions(p.definitions)
	return p, nil
}

// checkLines refuses a report whose lines do not have a value for every KPI.
func checkLines(r *metrics.Report) error {
	check := func(name string, l *metrics.Line) error {
		if len(l.Values) != len(r.KPIs) {
			return fmt.Errorf("%s: %d values for %d KPIs", name, len(l.Values), len(r.KPIs))
		}
		for i, months := range l.Months {
			if len(months) != len(r.Months) {
				return fmt.Errorf("%s: %d months for %s, expected %d", name, len(months), r.KPIs[i].ID, len(r.Months))
			}
		}
		return nil
	}
	if err := check("company", &r.Company); err != nil {
		return err
	}
	for i := range r.Departments {
		if err := check("department "+r.Departments[i].Department.ID, &r.Departments[i].Line); err != nil {
			return err
		}
	}
	return nil
}

// checkItems refuses a score that has not an entry for every item of its scorecard.
func checkItems(subject string, s *metrics.Score) error {
	if s.Scorecard != nil && len(s.Items) != len(s.Scorecard.Items) {
		return fmt.Errorf("%s: %d scored items, but scorecard %s has %d", subject, len(s.Items), s.Scorecard.ID, len(s.Scorecard.Items))
	}
	return nil
}

// planStays gives every department with people its sheet.
func (p *plan) planStays(b *book, names sheetNames) error {
	people := b.Report.People
	groups := map[string][]metrics.PersonLine{}
	for start, i := 0, 1; i <= len(people); i++ {
		if i < len(people) && people[i].Department == people[start].Department {
			continue
		}
		id := people[start].Department
		if groups[id] != nil {
			return fmt.Errorf("department %s: its people do not stand together in the report", id)
		}
		groups[id] = people[start:i]
		start = i
	}
	for i := range b.Report.Departments {
		d := &b.Report.Departments[i]
		if lines := groups[d.Department.ID]; lines != nil {
			s, err := newStayPlan(names.name(d.Department.Name.In(b.lang)), d, lines)
			if err != nil {
				return err
			}
			p.stays = append(p.stays, s)
			delete(groups, d.Department.ID)
		}
	}
	for _, line := range people {
		if groups[line.Department] != nil {
			return fmt.Errorf("employee %s: department %s is not in the report", line.Person.No, line.Department)
		}
	}
	for i := range p.stays {
		p.byDepartment[p.stays[i].department.Department.ID] = &p.stays[i]
	}
	return nil
}

func newStayPlan(sheet string, d *metrics.DepartmentLine, people []metrics.PersonLine) (stayPlan, error) {
	s := stayPlan{sheet: sheet, department: d, people: people, card: d.Score.Scorecard}
	if err := checkItems("department "+d.Department.ID, &d.Score); err != nil {
		return s, err
	}
	for i := range people {
		line := &people[i]
		card := line.Score.Scorecard
		if err := checkItems("employee "+line.Person.No, &line.Score); err != nil {
			return s, err
		}
		if s.card == nil {
			s.card = card
		}
		if card != nil && card.ID != s.card.ID {
			return s, fmt.Errorf("employee %s: judged by scorecard %s, but the others in %s by %s",
				line.Person.No, card.ID, d.Department.ID, s.card.ID)
		}
	}
	next := fixedColumns
	take := func() int { next++; return next }
	if s.card != nil {
		for _, item := range s.card.Items {
			c := itemColumns{numerator: take()}
			if item.KPI.Denominator != nil {
				c.denominator = take()
			}
			c.n, c.value, c.attainment, c.points, c.weight = take(), take(), take(), take(), take()
			s.items = append(s.items, c)
		}
	}
	s.weightSum, s.points, s.superior, s.total = take(), take(), take(), take()
	s.band, s.rank, s.status, s.before, s.change, s.note = take(), take(), take(), take(), take(), take()
	return s, nil
}

// sheets lists the sheets in order.
func (p *plan) sheets() []string {
	list := []string{p.overview}
	for _, s := range p.stays {
		list = append(list, s.sheet)
	}
	if len(p.movers) > 0 {
		list = append(list, p.moved)
	}
	return append(list, p.definitions, p.receipts, p.rejects, p.sources, p.policy)
}

// definitionPlan says where the definitions stand that formulas look up.
type definitionPlan struct {
	kpis       []*policy.KPI
	kpiRow     map[string]int
	bandRow    int // lowest band; the better ones follow below
	bands      int
	cardRow    []int            // head row of each scorecard
	curveRow   map[curveKey]int // first knot
	rows       int
	definition string // sheet name, quoted
}

// curveKey names an item of a scorecard.
type curveKey struct {
	scorecard string
	item      int
}

// Columns of the definitions sheet. The three tables share them.
const (
	colLabel     = 1 // KPI, band, item
	colWords     = 2
	colUnit      = 3
	colWeight    = 3
	colFromScore = 3
	colDirection = 4
	colTarget    = 4
	colMinimum   = 5
	colKnot      = 5
	colKnotScore = 6
	colDataset   = 6
	colSlope     = 7
)

func (b *book) planDefinitions(sheet string) definitionPlan {
	d := definitionPlan{kpiRow: map[string]int{}, curveRow: map[curveKey]int{},
		definition: quoted(sheet), bands: len(b.Report.Policy.Bands)}
	add := func(k *policy.KPI) {
		if k != nil && d.kpiRow[k.ID] == 0 {
			d.kpis = append(d.kpis, k)
			d.kpiRow[k.ID] = 4 + len(d.kpis) // title, note, section, header come first
		}
	}
	for _, k := range b.Report.KPIs {
		add(k)
	}
	for _, card := range b.Report.Policy.Scorecards {
		for _, item := range card.Items {
			add(item.KPI)
		}
	}
	row := 5 + len(d.kpis)
	d.bandRow = row + 3 // blank, section, header
	row = d.bandRow + d.bands
	for _, card := range b.Report.Policy.Scorecards {
		d.cardRow = append(d.cardRow, row+1) // blank, then section, words, header
		row += 4
		for i, item := range card.Items {
			d.curveRow[curveKey{card.ID, i}] = row
			row += max(len(item.Curve), 1)
		}
	}
	d.rows = row - 1
	return d
}

// minimum is the cell with the fewest rows that a KPI needs.
func (d *definitionPlan) minimum(k *policy.KPI) string {
	return d.definition + "!" + fixedAddress(colMinimum, d.kpiRow[k.ID])
}

// bandOf is a formula that gives the band of the score in a cell.
func (d *definitionPlan) bandOf(cell string) string {
	if d.bands == 0 {
		return `""`
	}
	last := d.bandRow + d.bands - 1
	from := d.definition + "!" + fixedRange(colFromScore, d.bandRow, last)
	lowest := d.definition + "!" + fixedAddress(colFromScore, d.bandRow)
	labels := d.definition + "!" + fixedRange(colLabel, d.bandRow, last)
	return "IF(ISNUMBER(" + cell + "),IF(" + cell + "<" + lowest + `,"",LOOKUP(` + cell + "," + from + "," + labels + `)),"")`
}

// lastPoints is the cell with the points of the last knot.
func (d *definitionPlan) lastPoints(key curveKey, knots int) string {
	return d.definition + "!" + fixedAddress(colKnotScore, d.curveRow[key]+max(knots-1, 0))
}

// curve appends a formula for the points at the attainment in a cell: the points of the first knot, and for every stretch of
// the curve its slope times how far the attainment reaches into it.
func (d *definitionPlan) curve(buf []byte, key curveKey, knots int, cell []byte) []byte {
	first := d.curveRow[key]
	at := func(col, row int) { buf = append(append(append(buf, d.definition...), '!'), fixedAddress(col, row)...) }
	at(colKnotScore, first)
	for i := 0; i+1 < knots; i++ {
		row := first + i
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
