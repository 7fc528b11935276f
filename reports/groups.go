package reports

import (
	"cmp"
	"fmt"
	"slices"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// groupPlan is a table of the sheet of forced distributions: everybody whom one scorecard judges at the end of the period.
type groupPlan struct {
	card      *policy.Scorecard
	rule      *metrics.Distribution
	people    []*metrics.PersonScore // by rank, unranked last
	countRow  int                    // how many have a score, and whether that is enough
	quotaRow  int                    // of the best band
	peopleRow int                    // of the first person
}

func (g *groupPlan) lastRow() int { return g.peopleRow + len(g.people) - 1 }

// Columns of the sheet of forced distributions.
const (
	groupNo = iota + 1
	groupName
	groupDepartment
	groupTotal
	groupRank
	groupTied
	groupEarned
	groupLimit
	groupQuota
	groupBand
	groupReason
)

// Columns of the quotas, which share the sheet.
const (
	quotaBand = iota + 1
	quotaShare
	quotaSum
	quotaAtMost
	quotaHeld
)

// planGroups gives every scorecard with a distribution its table.
func (b *book) planGroups() []groupPlan {
	if b.bands() == 0 {
		return nil
	}
	byCard := map[string][]*metrics.PersonScore{}
	for i := range b.Report.Scores {
		if s := &b.Report.Scores[i]; s.Distribution != nil && len(s.Lines) > 0 {
			if card := b.Report.People[s.Lines[len(s.Lines)-1]].Score.Scorecard; card != nil {
				byCard[card.ID] = append(byCard[card.ID], s)
			}
		}
	}
	var groups []groupPlan
	row := 3 // title, note
	for _, card := range b.Report.Policy.Scorecards {
		people := byCard[card.ID]
		if people == nil {
			continue
		}
		slices.SortStableFunc(people, func(x, y *metrics.PersonScore) int { return cmp.Compare(rankOrLast(x), rankOrLast(y)) })
		g := groupPlan{card: card, rule: people[0].Distribution, people: people}
		g.countRow = row + 2                     // section, words
		g.quotaRow = g.countRow + 3              // enough, header
		g.peopleRow = g.quotaRow + 2 + b.bands() // blank, header
		row = g.lastRow() + 2
		groups = append(groups, g)
	}
	return groups
}

func (b *book) bands() int { return len(b.Report.Policy.Bands) }

func rankOrLast(s *metrics.PersonScore) int {
	if s.Rank == 0 {
		return 1 << 30
	}
	return s.Rank
}

// gradedBand finds the band after the distribution by the number of the person in a column of this row.
func (b *book) gradedBand(s *sheet, no int) string {
	first, last := b.plan.groups[0].peopleRow, b.plan.groups[len(b.plan.groups)-1].lastRow()
	there := func(col int) string { return quoted(b.plan.forced) + "!" + fixedRange(col, first, last) }
	return "INDEX(" + there(groupBand) + ",MATCH(" + address(no, s.row) + "," + there(groupNo) + ",0))"
}

// writeGroups shows how forced distributions come about: the quotas, and everybody with the band by score, the limit, the band that the
// quotas leave, and the band given.
func (b *book) writeGroups() error {
	groups := b.plan.groups
	name, department := 12, 12
	for _, g := range groups {
		for _, s := range g.people {
			name, department = max(name, textWidth(s.Person.Name.In(b.lang))), max(department, textWidth(b.departmentName(s.Department)))
		}
	}
	wide := max(b.bandWidth(), 13)
	rows := groups[len(groups)-1].lastRow()
	s, err := b.open(b.plan.forced, frame{tab: tabDepartment, columns: groupReason, rows: rows, titles: [2]int{1, 1},
		textColumn: address(groupNo, 1) + ":" + address(groupNo, rows),
		widths:     []float64{max(b.bandWidth(), 14), fit(name, 12, 26), fit(department, 14, 34), 12, 9, 11, wide, wide, wide, wide, 46}})
	if err != nil {
		return err
	}
	s.line(titleLook, b.t("强制分布  ", "Forced distribution  ")+b.periodName())
	s.line(noteLook, b.t("按全期得分由高到低排队；某等级及以上至多为“累计名额”人。同分者不拆开：至少一半人落在名额内时一并入级，否则一并降级。等级上限最后适用，由此空出的名额不给他人。",
		"People are put in the order of their whole-period scores; of a band and all better ones there may be as many as the quota says. Equal scores are never split: all get the band when at least half of them fit into its quota. Limits hold last, and a place that they leave free goes to nobody else."))
	for i := range groups {
		if err := s.group(&groups[i]); err != nil {
			return err
		}
	}
	return s.close()
}

func (s *sheet) group(g *groupPlan) error {
	b := s.book
	for _, col := range []int{groupEarned, groupBand} {
		if err := b.bandRules(s.name, address(col, g.peopleRow)+":"+address(col, g.lastRow())); err != nil {
			return err
		}
	}
	s.row = g.countRow - 2
	s.section(b.t("考核表：", "Scorecard: ") + g.card.Name.In(b.lang))
	s.line(noteLook, b.shareWords(g.card.Distribution))
	s.put(1, textLook, b.t("有得分人数", "People with a score"))
	s.formula(groupTotal, number(fmtInt), "COUNT("+fixedRange(groupTotal, g.peopleRow, g.lastRow())+")", g.rule.People)
	s.blank(1, groupTotal, textLook)
	s.end(0)
	s.put(1, textLook, b.t("是否强制分布", "Distribution forced"))
	s.formula(groupTotal, look{align: "right", line: hairline}, "IF("+address(groupTotal, g.countRow)+">="+b.plan.define.at(colMost, b.plan.define.cards[g.card.ID].shares)+","+
		literal(b.yes())+","+literal(b.no())+")", b.yesOrNo(g.rule.Forced))
	s.blank(1, groupTotal, textLook)
	s.end(0)
	s.quotas(g)
	s.skip(1)
	s.header([]string{b.t("工号", "No."), b.t("姓名", "Name"), b.t("期末部门", "Department at the end"), b.t("全期得分", "Whole period"), b.t("排名", "Rank"),
		b.t("同分人数", "With this score"), b.t("得分等级", "Band by score"), b.t("等级上限", "Limit"), b.t("名额内等级", "Within quotas"),
		b.t("分布后等级", "Band given"), b.t("说明", "Why")}, groupNo, groupName, groupDepartment, groupEarned, groupLimit, groupQuota, groupBand, groupReason)
	for _, score := range g.people {
		s.grade(g, score)
	}
	return nil
}

func (b *book) yes() string { return b.t("是", "yes") }
func (b *book) no() string  { return b.t("否", "no") }

func (b *book) yesOrNo(yes bool) string {
	if yes {
		return b.yes()
	}
	return b.no()
}

// forcedCell says whether a group is large enough.
func (g *groupPlan) forcedCell() string { return fixedAddress(groupTotal, g.countRow+1) }

// quotas writes how many people may hold each band or a better one, and how many hold it in the end.
func (s *sheet) quotas(g *groupPlan) {
	b, d := s.book, &s.book.plan.define
	s.header([]string{b.t("等级", "Band"), b.t("比例 %", "Share %"), b.t("累计比例 %", "Added up %"), b.t("累计名额", "Quota"), b.t("人数", "People")}, 1)
	shares := d.cards[g.card.ID].shares
	sum := fixed.Num(0)
	for i := range b.Report.Policy.Bands {
		band := &b.Report.Policy.Bands[i]
		sum += g.card.Distribution.Shares[i]
		s.put(quotaBand, textLook.filled(bandFill(i, b.bands())), b.bandLabel(band))
		s.formula(quotaShare, number("0.##"), d.at(colFigure, shares+i), g.card.Distribution.Shares[i].Float())
		s.formula(quotaSum, number("0.##"), "ROUND(SUM("+fixedAddress(quotaShare, g.quotaRow)+":"+address(quotaShare, s.row)+"),4)", sum.Float())
		var atMost any = ""
		if g.rule.Forced {
			atMost = g.rule.AtMost[i]
		}
		s.formula(quotaAtMost, number(fmtInt), "IF("+g.forcedCell()+"="+literal(b.yes())+",INT(ROUND("+address(quotaSum, s.row)+"*"+
			fixedAddress(groupTotal, g.countRow)+`/100,6)),"")`, atMost)
		s.formula(quotaHeld, number(fmtInt), "COUNTIF("+fixedRange(groupBand, g.peopleRow, g.lastRow())+","+address(quotaBand, s.row)+")", g.held(band))
		s.end(0)
	}
}

// held counts those who hold a band in the end.
func (g *groupPlan) held(band *policy.Band) int {
	n := 0
	for _, s := range g.people {
		if s.Band != nil && s.Band.ID == band.ID {
			n++
		}
	}
	return n
}

// grade writes one person.
func (s *sheet) grade(g *groupPlan, score *metrics.PersonScore) {
	b, row := s.book, s.row
	at := func(col int) string { return address(col, row) }
	total, limit := b.wholeCells(score, row)
	s.put(groupNo, textLook, score.Person.No)
	s.put(groupName, wrapLook, score.Person.Name.In(b.lang))
	s.put(groupDepartment, wrapLook, b.departmentName(score.Department))
	s.formula(groupTotal, number(fmtTwo).strong(), total, scoreOrBlank(score.Total))
	rank, tied, within := g.standing(score)
	s.formula(groupRank, number(fmtInt), "IF(ISNUMBER("+at(groupTotal)+"),RANK("+at(groupTotal)+","+fixedRange(groupTotal, g.peopleRow, g.lastRow())+`),"")`, rank)
	s.formula(groupTied, number(fmtInt), "IF(ISNUMBER("+at(groupTotal)+"),COUNTIF("+fixedRange(groupTotal, g.peopleRow, g.lastRow())+","+at(groupTotal)+`),"")`, tied)
	s.formula(groupEarned, midLook, b.plan.define.bandOf(at(groupTotal)), b.bandLabel(score.Earned))
	if limit != "" {
		s.formula(groupLimit, midLook, limit, b.bandLabel(score.BandLimited))
	}
	labels := fixedRange(quotaBand, g.quotaRow, g.quotaRow+b.bands()-1)
	s.formula(groupQuota, midLook, "IF(AND(ISNUMBER("+at(groupTotal)+"),"+g.forcedCell()+"="+literal(b.yes())+"),INDEX("+labels+
		",SUMPRODUCT(("+fixedRange(quotaAtMost, g.quotaRow, g.quotaRow+b.bands()-1)+"<"+at(groupRank)+"-1+"+at(groupTied)+`/2)*1)+1),"")`, b.labelAt(within))
	s.formula(groupBand, midLook.strong(), s.given(g), b.bandLabel(score.Band))
	why, formula := s.why(score)
	s.formula(groupReason, wrapLook, formula, why)
	s.blank(1, groupReason, textLook)
	s.end(rowHeight(max(wrappedLines(score.Person.Name.In(b.lang), s.frame.widths[groupName-1]), wrappedLines(b.departmentName(score.Department), s.frame.widths[groupDepartment-1]))))
}

func (b *book) labelAt(i int) string {
	if i < 0 {
		return ""
	}
	return b.bandLabel(&b.Report.Policy.Bands[i])
}

// standing gives what the cells of rank, ties and quota hold: the last as a position from the best, -1 for none.
func (g *groupPlan) standing(score *metrics.PersonScore) (rank, tied any, within int) {
	if score.Total == nil {
		return "", "", -1
	}
	better, same := 0, 0
	for _, s := range g.people {
		if s.Total != nil && *s.Total > *score.Total {
			better++
		}
		if s.Total != nil && *s.Total == *score.Total {
			same++
		}
	}
	within = -1
	if g.rule.Forced {
		within = slices.IndexFunc(g.rule.AtMost, func(most int) bool { return 2*(most-better) >= same })
	}
	return better + 1, same, within
}

// wholeCells gives the formulas that find a person's total and limit on the sheet of the department, or of those with several; limit is ""
// where nothing can bound the band.
func (b *book) wholeCells(score *metrics.PersonScore, row int) (total, limit string) {
	no := address(groupNo, row)
	if len(score.Lines) > 1 {
		last := 3
		for _, i := range b.plan.movers {
			last += len(b.Report.Scores[i].Lines)
		}
		there := func(col int) string { return quoted(b.plan.moved) + "!" + fixedRange(col, 4, last) }
		find := func(col int) string { return "INDEX(" + there(col) + ",MATCH(" + no + "," + there(moveNo) + ",0))" }
		if b.plan.move.bound > 0 {
			limit = find(b.plan.move.bound)
		}
		return find(b.plan.move.whole), limit
	}
	p := b.plan.byDepartment[score.Department]
	if p == nil {
		return `""`, ""
	}
	find := func(col int) string { return "INDEX(" + p.there(col) + ",MATCH(" + no + "," + p.there(colNo) + ",0))" }
	if p.limit > 0 {
		limit = find(p.limit)
	}
	return find(p.total), limit
}

// given is the band in the end: within the quotas and, unless people are lifted, no better than earned; then what the limit leaves.
func (s *sheet) given(g *groupPlan) string {
	b := s.book
	at := func(col int) string { return address(col, s.row) }
	d := &b.plan.define
	earned, quota, limit := at(groupEarned), at(groupQuota), d.placeOf(at(groupLimit))
	unforced := "IF(" + earned + `="","",` + d.lowest([]string{d.placeOf(earned), limit}) + ")"
	forced := "IF(" + earned + `="","",` + d.lowest([]string{d.placeOf(earned), d.placeOf(quota), limit}) + ")"
	if g.card.Distribution.Lift {
		forced = d.lowest([]string{d.placeOf(quota), limit})
	}
	return "IF(ISNUMBER(" + at(groupTotal) + "),IF(" + quota + `="",` + unforced + "," + forced + `),"")`
}

// why says in words why the band is another than the score earns.
func (s *sheet) why(score *metrics.PersonScore) (words, formula string) {
	b := s.book
	at := func(col int) string { return address(col, s.row) }
	lowered, lifted, bound := b.t("强制分布：更高等级名额已满", "distribution: the quota of a better band is full"),
		b.t("强制分布：名额有余，上调", "distribution: lifted, the quota has room"), b.t("等级上限", "band limit")
	d := &b.plan.define
	given, earned, limit := at(groupBand), at(groupEarned), at(groupLimit)
	plain := d.limited(earned, limit)
	formula = "IF(" + given + "=" + earned + `,"",IF(` + given + "=" + plain + "," + literal(bound) + ",IF(" + d.placeOf(given) + "<" + "IF(" + earned + `="",0,` + d.placeOf(earned) + ")," +
		literal(lowered) + "," + literal(lifted) + ")))"
	p := b.Report.Policy
	switch {
	case standsAt(p, score.Band) == standsAt(p, score.Earned):
	case !score.Forced:
		words = bound
	case standsAt(p, score.Band) > standsAt(p, score.Earned):
		words = lowered
	default:
		words = lifted
	}
	return words, formula
}

// shareWords says a distribution in words.
func (b *book) shareWords(d *policy.Distribution) string {
	words := fmt.Sprintf(b.t("满 %d 人时强制分布：", "From %d people on, bands are forced: "), d.From)
	for i := range b.Report.Policy.Bands {
		if i > 0 {
			words += b.t("，", ", ")
		}
		words += b.Report.Policy.Bands[i].ID + " " + d.Shares[i].String() + "%"
	}
	words += b.t("；名额由高到低累计，向下取整。", "; quotas add up from the best band and are rounded down. ")
	if d.Lift {
		return words + b.t("名额有余时可高于得分应得的等级。", "People may also get a better band than their score earns.")
	}
	return words + b.t("不会高于得分应得的等级。", "Nobody gets a better band than the score earns.")
}
