package reports

import (
	"strings"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// Columns of the sheet of those with several departments that never move.
const (
	moveNo = iota + 1
	moveName
	moveDepartment
	moveFrom
	moveTo
	moveDays
)

// movePlan says where the other columns stand; 0 where no scorecard of these people has such a rule.
type movePlan struct {
	weighed, score int
	penalties      []int
	kpis           []*policy.KPI // of the penalties
	limit          int
	before         int // the whole period before penalties
	taken          int
	whole          int
	earned, bound  int
	band, graded   int
	rank           int
	last, change   int
}

// planMovers gives every column its place.
func (b *book) planMovers(movers []int) movePlan {
	var m movePlan
	bounded, graded := false, false
	for _, i := range movers {
		for _, l := range b.Report.Scores[i].Lines {
			card := b.Report.People[l].Score.Scorecard
			if sharesDays(&b.Report.People[l]) {
				m.weighed = 1
			}
			if card == nil {
				continue
			}
			bounded = bounded || bounds(card)
			m.addPenalties(card)
		}
		graded = graded || b.Report.Scores[i].Distribution != nil && b.bands() > 0
	}
	next := moveDays
	take := func(wanted bool) int {
		if !wanted {
			return 0
		}
		next++
		return next
	}
	punished := len(m.kpis) > 0
	m.weighed, m.score = take(m.weighed > 0), take(true)
	for range m.kpis {
		m.penalties = append(m.penalties, take(true))
	}
	m.limit = take(bounded)
	m.before, m.taken, m.whole = take(punished), take(punished), take(true)
	m.earned, m.bound, m.band, m.graded = take(bounded), take(bounded), take(true), take(graded)
	m.rank, m.last, m.change = take(true), take(true), take(true)
	return m
}

func (m *movePlan) addPenalties(card *policy.Scorecard) {
	for i := range card.Penalties {
		known := false
		for _, k := range m.kpis {
			known = known || k == card.Penalties[i].KPI
		}
		if !known {
			m.kpis = append(m.kpis, card.Penalties[i].KPI)
		}
	}
}

// weight is the column with what a stay weighs.
func (m *movePlan) weight() int {
	if m.weighed > 0 {
		return m.weighed
	}
	return moveDays
}

// writeMovers shows people who spent the period in more than one department, one after the other or at a time: every stay with what it
// weighs and its total, found on the department's sheet by number and first day so that sorting there changes nothing, and what the whole
// period comes to.
func (b *book) writeMovers() error {
	m, rows, name, department := &b.plan.move, 3, 8, 8
	for _, i := range b.plan.movers {
		score := &b.Report.Scores[i]
		rows += len(score.Lines)
		name = max(name, textWidth(score.Person.Name.In(b.lang)))
		for _, l := range score.Lines {
			department = max(department, textWidth(b.departmentName(b.Report.People[l].Department)))
		}
	}
	s, err := b.open(b.plan.moved, frame{tab: tabDepartment, columns: m.change, rows: rows, freezeCol: moveDepartment, freezeRow: 4,
		titles: [2]int{3, 3}, textColumn: address(moveNo, 4) + ":" + address(moveNo, rows),
		widths: b.moveWidths(fit(name, 10, 26), fit(department, 14, 34))})
	if err != nil {
		return err
	}
	if err := b.arrowRules(b.plan.moved, address(m.change, 4)+":"+address(m.change, rows), true); err != nil {
		return err
	}
	for _, col := range []int{m.earned, m.band, m.graded} {
		if col == 0 {
			continue
		}
		if err := b.bandRules(b.plan.moved, address(col, 4)+":"+address(col, rows)); err != nil {
			return err
		}
	}
	s.line(titleLook, b.t("本期在几个部门任职的人员  ", "People with several departments  ")+b.periodName())
	s.line(noteLook, b.moveWords())
	s.header(b.moveHeads(), moveNo, moveName, moveDepartment, moveFrom, moveTo, m.limit, m.earned, m.bound, m.band, m.graded)
	for _, i := range b.plan.movers {
		s.mover(&b.Report.Scores[i])
	}
	return s.close()
}

// moveWords says how the whole period comes about.
func (b *book) moveWords() string {
	m := &b.plan.move
	words := b.t("全期得分 = 各段总分按在岗天数加权平均", "Whole-period score = the stays' totals weighted by days")
	if m.weighed > 0 {
		words = b.t("全期得分 = 各段总分按计权天数（在岗天数 × 兼任份额）加权平均", "Whole-period score = the stays' totals weighted by days × share")
	}
	words += b.t("；没有得分的一段不计入。", "; a stay without a score is left out. ")
	if len(m.kpis) > 0 {
		words += b.t("扣分不按天数折算：先平均扣分前的总分，再减去各段扣分之和，同一指标合计不超过一张考核表的上限。",
			"Penalties are no mean: the totals before penalties are averaged, then the penalties of all stays come off, of one KPI no more than the most of one scorecard. ")
	}
	if m.limit > 0 {
		words += b.t("等级上限取各段中最低的一个。", "The lowest limit of all stays holds. ")
	}
	return words + b.t("各段数字取自部门表。", "The figures of the stays come from the department sheets.")
}

func (b *book) moveWidths(name, department float64) []float64 {
	m := &b.plan.move
	widths := make([]float64, m.change)
	for i := range widths {
		widths[i] = 11.5
	}
	for col, width := range map[int]float64{moveNo: 12, moveName: name, moveDepartment: department, moveFrom: 12.5, moveTo: 12.5, moveDays: 8,
		m.limit: b.bandWidth(), m.earned: b.bandWidth(), m.bound: b.bandWidth(), m.band: max(b.bandWidth(), 15), m.graded: max(b.bandWidth(), 13), m.rank: 18} {
		if col > 0 {
			widths[col-1] = width
		}
	}
	return widths
}

func (b *book) moveHeads() []string {
	m := &b.plan.move
	heads := make([]string, m.change)
	set := func(col int, zh, en string) {
		if col > 0 {
			heads[col-1] = b.t(zh, en)
		}
	}
	set(moveNo, "工号", "No.")
	set(moveName, "姓名", "Name")
	set(moveDepartment, "部门", "Department")
	set(moveFrom, "在岗起", "From")
	set(moveTo, "在岗止", "To")
	set(moveDays, "天数", "Days")
	set(m.weighed, "计权天数", "Days × share")
	set(m.score, "总分", "Total")
	if len(m.kpis) > 0 {
		set(m.score, "扣分前总分", "Before penalties")
	}
	for i, col := range m.penalties {
		set(col, "扣分："+m.kpis[i].Name.ZH, "Off: "+m.kpis[i].Name.EN)
	}
	set(m.limit, "等级上限", "Limit")
	set(m.before, "全期扣分前", "Whole, before")
	set(m.taken, "全期扣分", "Whole, off")
	set(m.whole, "全期得分", "Whole period")
	set(m.earned, "得分等级", "Band by score")
	set(m.bound, "全期上限", "Whole limit")
	set(m.band, "等级", "Band")
	set(m.graded, "分布后等级", "After distribution")
	set(m.rank, "全公司同类名次", "Company rank")
	set(m.last, "上期总分", "Before")
	set(m.change, "较上期", "Change")
	return heads
}

func (b *book) departmentName(id string) string {
	for i := range b.Report.Departments {
		if d := &b.Report.Departments[i].Department; d.ID == id {
			return d.Name.In(b.lang)
		}
	}
	return id
}

// mover writes the stays of one person; the first row carries the whole period.
func (s *sheet) mover(score *metrics.PersonScore) {
	b, first := s.book, s.row
	for _, l := range score.Lines {
		line := &b.Report.People[l]
		s.put(moveNo, textLook, line.Person.No)
		s.put(moveName, wrapLook, line.Person.Name.In(b.lang))
		s.put(moveDepartment, wrapLook, b.departmentName(line.Department))
		s.put(moveFrom, dateLook, day(line.From))
		s.put(moveTo, dateLook, day(line.To))
		if p := b.plan.byDepartment[line.Department]; p != nil {
			s.stay(p, line)
		}
		if s.row == first {
			s.wholePeriod(score, first)
		}
		s.blank(1, b.plan.move.change, textLook)
		s.end(rowHeight(max(wrappedLines(line.Person.Name.In(b.lang), s.frame.widths[moveName-1]),
			wrappedLines(b.departmentName(line.Department), s.frame.widths[moveDepartment-1]))))
	}
}

// stay takes the figures of one stay from its department's sheet.
func (s *sheet) stay(p *stayPlan, line *metrics.PersonLine) {
	m := &s.book.plan.move
	s.formula(moveDays, number(fmtInt), s.lookUp(p, colDays), line.Days)
	if m.weighed > 0 {
		s.formula(m.weighed, number(countFormat(line.Weight)), s.lookUp(p, p.weight()), line.Weight.Float())
	}
	before := line.Score.BeforePenalties
	if p.unpunished == 0 {
		before = line.Score.Total
	}
	s.formula(m.score, number(fmtTwo), s.lookUp(p, p.scored()), scoreOrBlank(before))
	for i, c := range p.penalties {
		for j, k := range m.kpis {
			if k == p.card.Penalties[i].KPI && line.Score.Scorecard != nil {
				s.formula(m.penalties[j], number(fmtTwo), s.lookUp(p, c.points), line.Score.Penalties[i].Points.Float())
			}
		}
	}
	if p.limit > 0 && line.Score.Scorecard != nil {
		s.formula(m.limit, midLook, s.lookUp(p, p.limit), s.book.bandLabel(line.Score.BandLimited))
	}
}

// lookUp finds a cell of this row's stay on a department's sheet.
func (s *sheet) lookUp(p *stayPlan, col int) string {
	no, from := address(moveNo, s.row), address(moveFrom, s.row)
	return "INDEX(" + p.there(col) + ",MATCH(1,INDEX((" + p.there(colNo) + "=" + no + ")*(" + p.there(colFrom) + "=" + from + "),0),0))"
}

func (s *sheet) wholePeriod(score *metrics.PersonScore, first int) {
	m := &s.book.plan.move
	last := first + len(score.Lines) - 1
	stretch := func(col int) string { return address(col, first) + ":" + address(col, last) }
	at := func(col int) string { return address(col, first) }
	weights, totals := stretch(m.weight()), stretch(m.score)
	counted := "SUMPRODUCT(" + weights + ",ISNUMBER(" + totals + ")*1)"
	mean := "IF(" + counted + `=0,"",ROUND(ROUND(SUMPRODUCT(` + weights + "," + totals + ")/" + counted + ",10),2))"
	if m.before == 0 {
		s.formula(m.whole, number(fmtTwo).strong(), mean, scoreOrBlank(score.Total))
	} else {
		s.formula(m.before, number(fmtTwo), mean, scoreOrBlank(score.BeforePenalties))
		s.formula(m.taken, number(fmtTwo), s.takenTogether(score, first), score.PenaltyPoints.Float())
		s.formula(m.whole, number(fmtTwo).strong(), "IF(ISNUMBER("+at(m.before)+"),MAX(ROUND("+at(m.before)+"-"+at(m.taken)+`,2),0),"")`, scoreOrBlank(score.Total))
	}
	s.wholeBand(score, first, last)
	if score.Rank > 0 {
		s.put(m.rank, look{align: "right", line: hairline}, itoa(score.Rank)+" / "+itoa(score.RankOf))
	}
	s.put(m.last, number(fmtTwo), orNothing(score.Before))
	s.formula(m.change, number(fmtMove), "IF(AND(ISNUMBER("+at(m.whole)+"),ISNUMBER("+at(m.last)+")),ROUND("+at(m.whole)+"-"+
		at(m.last)+`,2),"")`, difference(score.Total, score.Before))
}

// takenTogether adds up the penalties of all stays, of each KPI no more than the most that one of their scorecards allows.
func (s *sheet) takenTogether(score *metrics.PersonScore, first int) string {
	b, m := s.book, &s.book.plan.move
	last := first + len(score.Lines) - 1
	var sum []string
	for j, k := range m.kpis {
		var most []string
		for _, l := range score.Lines {
			card := b.Report.People[l].Score.Scorecard
			if card == nil {
				continue
			}
			for i := range card.Penalties {
				if card.Penalties[i].KPI == k {
					most = append(most, b.plan.define.at(colMost, b.plan.define.cards[card.ID].penalties+i))
				}
			}
		}
		if most != nil {
			sum = append(sum, "MIN(SUM("+address(m.penalties[j], first)+":"+address(m.penalties[j], last)+"),MAX("+strings.Join(most, ",")+"))")
		}
	}
	if sum == nil {
		return "0"
	}
	return "ROUND(" + strings.Join(sum, "+") + ",2)"
}

// wholeBand writes the band of the whole period: by the score, after the limits, and after the distribution.
func (s *sheet) wholeBand(score *metrics.PersonScore, first, last int) {
	b, m, d := s.book, &s.book.plan.move, &s.book.plan.define
	whole := address(m.whole, first)
	if m.limit == 0 {
		s.formula(m.band, midLook, d.bandOf(whole), b.bandLabel(undistributed(b.Report.Policy, score)))
	} else {
		var places []string
		for row := first; row <= last; row++ {
			places = append(places, d.placeOf(address(m.limit, row)))
		}
		s.formula(m.earned, midLook, d.bandOf(whole), b.bandLabel(score.Earned))
		s.formula(m.bound, midLook, d.lowest(places), b.bandLabel(score.BandLimited))
		s.formula(m.band, midLook, d.limited(address(m.earned, first), address(m.bound, first)), b.bandLabel(undistributed(b.Report.Policy, score)))
	}
	if b.plan.graded[score.Person.No] != nil {
		s.formula(m.graded, midLook, b.gradedBand(s, moveNo), b.bandLabel(score.Band))
	}
}

// undistributed is the band that score and limits leave, before any distribution.
func undistributed(p *policy.Policy, s *metrics.PersonScore) *policy.Band {
	if s.Distribution == nil {
		return s.Band
	}
	if standsAt(p, s.BandLimited) < len(p.Bands) && standsAt(p, s.Earned) < standsAt(p, s.BandLimited) {
		return s.BandLimited
	}
	return s.Earned
}

// standsAt is the position of a band from the best; a missing one stands below the last.
func standsAt(p *policy.Policy, band *policy.Band) int {
	for i := range p.Bands {
		if band != nil && p.Bands[i].ID == band.ID {
			return i
		}
	}
	return len(p.Bands)
}

// difference is a change of score as a cell holds it.
func difference(now, before *fixed.Num) any {
	if now == nil || before == nil {
		return ""
	}
	return (*now - *before).Float()
}
