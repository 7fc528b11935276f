package reports

import (
	"fmt"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// plan says where everything stands before anything is written, because sheets point at each other.
type plan struct {
	cover, overview, moved, forced, definitions, receipts, rejects, sources, policy, glossary string // sheet names
	bands, trends, rewards, rewardLines, appeals, adjustments, quality                        string // "" without such a sheet
	evidence                                                                                  []evidencePlan
	blocks                                                                                    map[blockKey]string // where the rows behind a value begin
	stays                                                                                     []stayPlan
	byDepartment                                                                              map[string]*stayPlan
	movers                                                                                    []int // indexes into Report.Scores
	move                                                                                      movePlan
	groups                                                                                    []groupPlan // of forced distributions
	graded                                                                                    map[string]*metrics.PersonScore
	define                                                                                    definitionPlan
}

// stayPlan is the sheet of one department: its people's stays.
type stayPlan struct {
	sheet      string
	department *metrics.DepartmentLine
	people     []metrics.PersonLine
	card       *policy.Scorecard // nil: no scorecard applies
	items      []itemColumns
	penalties  []penaltyColumns
	limits     []limitColumns
	byNo       map[string]int // rows by employee number, once asked for
	// Columns, counted from 1; 0 where the scorecard has no such rule.
	weighed, weightSum, uncapped, points, superior, unpunished, total, earned, limit, band, graded, rank, status, before, change, note int
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

// itemColumns says where an item of the scorecard stands; denominator is 0 for a KPI without one, target is 0 where all have that of
// the row of targets.
type itemColumns struct{ numerator, denominator, n, value, target, attainment, points, weight int }

// penaltyColumns says where a penalty stands: what it counts, and the points that it takes off.
type penaltyColumns struct{ count, points int }

// limitColumns says where a band limit stands. A KPI that is an item already has no columns of its own but for held, the band left.
type limitColumns struct {
	numerator, denominator, n, value, held int
	item                                   int // index into items; -1: it has columns of its own
}

// weight is the column with what a stay weighs in the person's score.
func (p *stayPlan) weight() int {
	if p.weighed > 0 {
		return p.weighed
	}
	return colDays
}

// scored is the column with the total before penalties.
func (p *stayPlan) scored() int {
	if p.unpunished > 0 {
		return p.unpunished
	}
	return p.total
}

func (p *stayPlan) lastRow() int { return rowPeople + len(p.people) - 1 }

// rows is the range of a column over all people.
func (p *stayPlan) rows(col int) string { return fixedRange(col, rowPeople, p.lastRow()) }

// there is rows as another sheet writes it.
func (p *stayPlan) there(col int) string { return quoted(p.sheet) + "!" + p.rows(col) }

func (b *book) newPlan() (*plan, error) {
	names := sheetNames{}
	p := &plan{
		cover:        names.name(b.t("封面", "Cover")),
		overview:     names.name(b.t("总览", "Overview")),
		moved:        names.name(b.t("调动与兼任", "Several departments")),
		forced:       names.name(b.t("强制分布", "Distribution")),
		definitions:  names.name(b.t("指标口径", "Definitions")),
		receipts:     names.name(b.t("计算回执", "Receipts")),
		rejects:      names.name(b.t("隔离数据", "Rejects")),
		sources:      names.name(b.t("数据来源", "Sources")),
		policy:       names.name(b.t("制度与版本", "Policy")),
		glossary:     names.name(b.t("术语", "Glossary")),
		blocks:       map[blockKey]string{},
		byDepartment: map[string]*stayPlan{},
		graded:       map[string]*metrics.PersonScore{},
	}
	if err := checkLines(b.Report); err != nil {
		return nil, err
	}
	for i := range b.Report.Scores {
		s := &b.Report.Scores[i]
		if len(s.Lines) > 1 {
			p.movers = append(p.movers, i)
		}
		if s.Distribution != nil && b.bands() > 0 {
			p.graded[s.Person.No] = s
		}
	}
	b.planOptional(p, names)
	if err := p.planStays(b, names); err != nil {
		return nil, err
	}
	b.planEvidence(p, names)
	p.move = b.planMovers(p.movers)
	p.groups = b.planGroups()
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

// checkItems refuses a score that has not an entry for every item, penalty and limit of its scorecard.
func checkItems(subject string, s *metrics.Score) error {
	card := s.Scorecard
	if card == nil {
		return nil
	}
	for _, c := range []struct {
		what      string
		got, want int
	}{{"scored items", len(s.Items), len(card.Items)}, {"penalties", len(s.Penalties), len(card.Penalties)}, {"band limits", len(s.BandLimits), len(card.BandLimits)}} {
		if c.got != c.want {
			return fmt.Errorf("%s: %d %s, but scorecard %s has %d", subject, c.got, c.what, card.ID, c.want)
		}
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
			s, err := p.newStayPlan(names.name(d.Department.Name.In(b.lang)), d, lines)
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

func (p *plan) newStayPlan(sheet string, d *metrics.DepartmentLine, people []metrics.PersonLine) (stayPlan, error) {
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
	s.layOut(p.graded)
	return s, nil
}

// layOut gives every column its place; those of a rule only where the scorecard has it.
func (p *stayPlan) layOut(graded map[string]*metrics.PersonScore) {
	next := fixedColumns
	take := func(wanted bool) int {
		if !wanted {
			return 0
		}
		next++
		return next
	}
	p.weighed = take(p.shared())
	card := p.card
	if card == nil {
		card = &policy.Scorecard{}
	}
	for i := range card.Items {
		k := card.Items[i].KPI
		p.items = append(p.items, itemColumns{numerator: take(true), denominator: take(k.Divides()), n: take(true), value: take(true),
			target: take(p.targetsDiffer(i)), attainment: take(true), points: take(true), weight: take(true)})
	}
	for i := range card.BandLimits {
		p.limits = append(p.limits, p.layOutLimit(card.BandLimits[i].KPI, take))
	}
	for range card.Penalties {
		p.penalties = append(p.penalties, penaltyColumns{take(true), take(true)})
	}
	bounded := bounds(card)
	p.weightSum, p.uncapped, p.points, p.superior = take(true), take(card.Cap != nil), take(true), take(true)
	p.unpunished, p.total = take(len(card.Penalties) > 0), take(true)
	p.earned, p.limit, p.band, p.graded = take(bounded), take(bounded), take(true), take(p.anyGraded(graded))
	p.rank, p.status, p.before, p.change, p.note = take(true), take(true), take(true), take(true), take(true)
}

func (p *stayPlan) layOutLimit(k *policy.KPI, take func(bool) int) limitColumns {
	for i := range p.card.Items {
		if p.card.Items[i].KPI == k {
			c := p.items[i]
			return limitColumns{n: c.n, value: c.value, held: take(true), item: i}
		}
	}
	return limitColumns{numerator: take(true), denominator: take(k.Divides()), n: take(true), value: take(true), held: take(true), item: -1}
}

// shared reports whether a stay here weighs less than its days, because the person belongs to another department too.
func (p *stayPlan) shared() bool {
	for i := range p.people {
		if sharesDays(&p.people[i]) {
			return true
		}
	}
	return false
}

func sharesDays(line *metrics.PersonLine) bool { return line.Weight != fixed.Int(int64(line.Days)) }

// targetsDiffer reports whether an item's target is not the same for the department and everybody in it.
func (p *stayPlan) targetsDiffer(item int) bool {
	shared := p.sharedTarget(item)
	differs := func(s *metrics.Score) bool { return s.Scorecard != nil && targetOfItem(&s.Items[item]) != shared }
	for i := range p.people {
		if differs(&p.people[i].Score) {
			return true
		}
	}
	return differs(&p.department.Score)
}

// sharedTarget is the target that the row of targets shows: the department's.
func (p *stayPlan) sharedTarget(item int) fixed.Num {
	if p.department.Score.Scorecard != nil {
		return targetOfItem(&p.department.Score.Items[item])
	}
	return p.card.Items[item].Target
}

func targetOfItem(s *metrics.ItemScore) fixed.Num {
	if s.Value.Target != nil {
		return *s.Value.Target
	}
	return s.Item.Target
}

// anyGraded reports whether a distribution decides the band of somebody here.
func (p *stayPlan) anyGraded(graded map[string]*metrics.PersonScore) bool {
	for i := range p.people {
		if graded[p.people[i].Person.No] != nil {
			return true
		}
	}
	return false
}

// bounds reports whether a scorecard can bound a band.
func bounds(card *policy.Scorecard) bool {
	for i := range card.Penalties {
		if card.Penalties[i].BandLimit != nil {
			return true
		}
	}
	return len(card.BandLimits) > 0
}

// planOptional names the sheets that only some workbooks have.
func (b *book) planOptional(p *plan, names sheetNames) {
	r := b.Report
	if len(r.People) > 0 && b.bands() > 0 {
		p.bands = names.name(b.t("等级分布", "Bands"))
	}
	if len(r.Months) > 1 && len(b.trendKPIs()) > 0 {
		p.trends = names.name(b.t("趋势", "Trends"))
	}
	if b.Review != nil && b.Review.Round != nil {
		if r.Policy.Rewards != nil {
			p.rewards = names.name(b.t("奖惩", "Rewards"))
			if len(b.Review.Round.Lists) > 0 {
				p.rewardLines = names.name(b.t("奖惩名单", "Reward lines"))
			}
		}
		p.appeals = names.name(b.t("申诉", "Appeals"))
		p.adjustments = names.name(b.t("封账后调整", "Adjustments"))
	}
	if b.Quality != nil {
		p.quality = names.name(b.t("数据质量", "Data quality"))
	}
}

// sheets lists the sheets in order.
func (p *plan) sheets() []string {
	list := []string{p.cover, p.overview}
	add := func(sheets ...string) {
		for _, s := range sheets {
			if s != "" {
				list = append(list, s)
			}
		}
	}
	add(p.bands, p.trends)
	for _, s := range p.stays {
		add(s.sheet)
	}
	if len(p.movers) > 0 {
		add(p.moved)
	}
	if len(p.groups) > 0 {
		add(p.forced)
	}
	add(p.rewards, p.rewardLines, p.appeals, p.adjustments, p.quality, p.definitions, p.receipts)
	for _, e := range p.evidence {
		add(e.sheet)
	}
	add(p.rejects, p.sources, p.policy, p.glossary)
	return list
}
