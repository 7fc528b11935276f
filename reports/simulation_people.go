package reports

import (
	"github.com/xuri/excelize/v2"

	"plumbline/metrics"
	"plumbline/policy"
)

// Columns of the people's sheet.
const (
	simNo = iota + 1
	simName
	simUnit
	simUnitName
	simScoreOld
	simScoreNew
	simScoreDiff
	simBandOld
	simBandNew
	simFactorOld
	simFactorNew
	simDaysOld
	simDaysNew
	simBaseOld
	simBaseNew
	simRewardOld
	simRewardNew
	simRewardDiff
	simLast = simRewardDiff
)

// Rows of the people's sheet.
const (
	rowPeopleHeads = 3
	rowFirstPerson = 4
)

// people is a column over all people, as the summary writes it. Without people it is one empty row.
func (b *simulationBook) people(col int) string {
	return quoted(b.names[1]) + "!" + fixedRange(col, rowFirstPerson, b.lastPerson())
}

func (b *simulationBook) lastPerson() int { return rowFirstPerson + max(len(b.sim.People), 1) - 1 }

// writePeople writes the people as an Excel table.
func (b *simulationBook) writePeople() error {
	last := b.lastPerson()
	cells := func(col int) string { return address(col, rowFirstPerson) + ":" + address(col, last) }
	s, err := b.open(b.names[1], frame{tab: tabDepartment, columns: simLast, rows: last, widths: b.peopleWidths(), freezeCol: simUnit,
		freezeRow: rowFirstPerson, titles: [2]int{rowPeopleHeads, rowPeopleHeads}, titleCol: simName, textColumn: cells(simNo)})
	if err != nil {
		return err
	}
	for _, col := range []int{simScoreDiff, simRewardDiff} {
		if err := b.arrowRules(b.names[1], cells(col), true); err != nil {
			return err
		}
	}
	if err := b.labelRules(cells(simBandOld), cells(simBandNew)); err != nil {
		return err
	}
	for _, col := range []int{simRewardOld, simRewardNew} {
		if err := b.wordRule(b.names[1], cells(col), address(col, rowFirstPerson)); err != nil {
			return err
		}
	}
	s.line(titleLook, b.t("人员  ", "People  ")+b.periodName()+" "+simulationSubject.In(b.lang))
	s.line(noteLook, b.t("奖金 = 基数（季）× 系数 × 计奖天数 ÷ 期间天数 × 折合季度数，四舍五入到分一次。计奖天数是有得分的天数乘任职比例。系数、期间天数取自概览。",
		"Reward = base (quarter) × coefficient × days counted ÷ days of the period × quarters, rounded once to cents. Days counted are days with a score × share. Coefficients and days of the period stand in the summary."))
	s.header(b.peopleHeads(), simNo, simName, simUnit, simUnitName, simBandOld, simBandNew)
	for i := range b.sim.People {
		b.personEffect(s, &b.sim.People[i])
	}
	if len(b.sim.People) > 0 {
		no := false
		s.keep(s.stream.AddTable(&excelize.Table{Range: address(1, rowPeopleHeads) + ":" + address(simLast, last), Name: "People",
			StyleName: "TableStyleLight1", ShowRowStripes: &no}))
	}
	return s.close()
}

// labelRules sets bands in their pale colours.
func (b *simulationBook) labelRules(ranges ...string) error {
	for _, cells := range ranges {
		first := address(simBandOld, rowFirstPerson)
		if cells != ranges[0] {
			first = address(simBandNew, rowFirstPerson)
		}
		var rules []excelize.ConditionalFormatOptions
		for i := range b.bands {
			style, err := b.rule(look{fill: bandFill(i, len(b.bands))})
			if err != nil {
				return err
			}
			rules = append(rules, excelize.ConditionalFormatOptions{Type: "formula", Criteria: first + "=" + literal(b.label(b.bands[i].any())), Format: style})
		}
		if rules == nil {
			return nil
		}
		if err := b.file.SetConditionalFormat(b.names[1], cells, rules); err != nil {
			return err
		}
	}
	return nil
}

func (b *simulationBook) peopleWidths() []float64 {
	no, name, unit, unitName, band := 6, 8, 6, 8, 6
	for i := range b.sim.People {
		e := &b.sim.People[i]
		no, name = max(no, textWidth(e.Person.No)), max(name, textWidth(e.Person.Name.In(b.lang)))
		unit, unitName = max(unit, textWidth(e.Department)), max(unitName, textWidth(b.departmentName(e.Department)))
		band = max(band, textWidth(b.label(e.Old.Band)), textWidth(b.label(e.New.Band)))
	}
	widths := make([]float64, simLast)
	for i := range widths {
		widths[i] = 12
	}
	widths[simNo-1], widths[simName-1] = fit(no, 10, 22), fit(name, 10, 26)
	widths[simUnit-1], widths[simUnitName-1] = fit(unit, 10, 22), fit(unitName, 12, 30)
	widths[simBandOld-1], widths[simBandNew-1] = fit(band, 13, 24), fit(band, 13, 24)
	widths[simRewardOld-1], widths[simRewardNew-1], widths[simRewardDiff-1] = 13, 13, 14
	return widths
}

// peopleHeads are the heads of the table, all different.
func (b *simulationBook) peopleHeads() []string {
	pair := func(zh, en string) []string {
		return []string{b.t(zh+" 现行", en+", in force"), b.t(zh+" 试算", en+", tried out")}
	}
	heads := []string{b.t("工号", "No."), b.t("姓名", "Name"), b.t("部门编号", "Department ID"), b.t("部门", "Department")}
	heads = append(append(heads, pair("得分", "Score")...), b.t("得分差", "Score change"))
	for _, words := range [][2]string{{"等级", "Band"}, {"系数", "Coefficient"}, {"计奖天数", "Days counted"}, {"基数", "Base"}, {"奖金", "Reward"}} {
		heads = append(heads, pair(words[0], words[1])...)
	}
	return append(heads, b.t("奖金差", "Reward change"))
}

// personEffect writes one person.
func (b *simulationBook) personEffect(s *sheet, e *metrics.PersonEffect) {
	name, unit := e.Person.Name.In(b.lang), b.departmentName(e.Department)
	s.put(simNo, textLook, e.Person.No)
	s.put(simName, wrapLook, name)
	s.put(simUnit, textLook, e.Department)
	s.put(simUnitName, wrapLook, unit)
	b.outcome(s, b.sim.Old.Policy, &e.Old, simScoreOld, simBandOld, simFactorOld, simDaysOld, simBaseOld, simRewardOld, sumOld)
	b.outcome(s, b.sim.New.Policy, &e.New, simScoreNew, simBandNew, simFactorNew, simDaysNew, simBaseNew, simRewardNew, sumNew)
	at := func(col int) string { return address(col, s.row) }
	s.formula(simScoreDiff, number(fmtMove), "IF(AND(ISNUMBER("+at(simScoreOld)+"),ISNUMBER("+at(simScoreNew)+")),ROUND("+at(simScoreNew)+"-"+at(simScoreOld)+`,2),"")`,
		scoreOrBlank(e.ScoreChange()))
	s.formula(simRewardDiff, number(fmtMoney).strong(), b.rewardChange(at(simRewardOld), at(simRewardNew)), scoreOrBlank(e.RewardChange()))
	s.end(rowHeight(max(wrappedLines(name, s.frame.widths[simName-1]), wrappedLines(unit, s.frame.widths[simUnitName-1]))))
}

// rewardChange is the formula of the difference: no reward for want of a score or a band counts as nothing, one that is not known leaves it open.
func (b *simulationBook) rewardChange(old, now string) string {
	var open string
	for _, cell := range []string{old, now} {
		for _, words := range []string{b.noBonusWords(), b.noBaseWords()} {
			open += "," + cell + "=" + literal(words)
		}
	}
	return "IF(OR(" + open[1:] + `),"",ROUND(N(` + now + ")-N(" + old + "),2))"
}

// outcome writes what one policy comes to, with the coefficient looked up and the reward computed.
func (b *simulationBook) outcome(s *sheet, p *policy.Policy, o *metrics.Outcome, score, band, factor, days, base, reward, coefficients int) {
	at := func(col int) string { return address(col, s.row) }
	s.put(score, number(fmtTwo), orNothing(o.Total))
	s.put(band, midLook, b.label(o.Band))
	first, last := b.bandRow, b.bandRow+len(b.bands)-1
	there := quoted(b.names[0]) + "!"
	if len(b.bands) > 0 && hasBonus(p) {
		s.formula(factor, number("0.####"), "IFERROR(INDEX("+there+fixedRange(coefficients, first, last)+",MATCH(1,INDEX(EXACT("+there+fixedRange(sumLabel, first, last)+","+at(band)+`)*1,0),0)),"")`, scoreOrBlank(o.Coefficient))
	} else {
		s.put(factor, look{align: "right", ink: faintInk, line: hairline}, b.noBonusWords())
	}
	s.put(days, number("0.##"), o.Weight.Float())
	s.put(base, number(fmtTwo), orNothing(o.Base))
	shown := any(b.unpaidWords(o.Unpaid))
	if o.Reward != nil {
		shown = o.Reward.Float()
	}
	if !hasBonus(p) {
		s.put(reward, number(fmtTwo), shown)
		return
	}
	product := at(base) + "*" + at(factor) + "*" + at(days) + "/" + there + fixedAddress(sumNew, b.costRow+costDays) + "*" + there + fixedAddress(sumNew, b.costRow+costQuarters)
	s.formula(reward, number(fmtTwo), "IF(NOT(ISNUMBER("+at(score)+")),"+literal(b.noScoreWords())+",IF(NOT(ISNUMBER("+at(factor)+")),"+literal(b.noBandWords())+
		",IF(NOT(ISNUMBER("+at(base)+")),"+literal(b.noBaseWords())+",ROUND(ROUND("+product+",10),2))))", shown)
}
