package reports

import (
	"plumbline/internal/fixed"
	"plumbline/metrics"
)

// Columns of the sheet of movers.
const (
	moveNo = iota + 1
	moveName
	moveDepartment
	moveFrom
	moveTo
	moveDays
	moveTotal
	moveWhole
	moveBand
	moveRank
	moveBefore
	moveChange
)

// writeMovers shows people who spent the period in more than one department: every stay with its days and its total, found
// on the department's sheet by number and first day so that sorting there changes nothing, and the total weighted by days.
func (b *book) writeMovers() error {
	rows, name, department := 3, 8, 8
	for _, i := range b.plan.movers {
		score := &b.Report.Scores[i]
		rows += len(score.Lines)
		name = max(name, textWidth(score.Person.Name.In(b.lang)))
		for _, l := range score.Lines {
			department = max(department, textWidth(b.departmentName(b.Report.People[l].Department)))
		}
	}
	s, err := b.open(b.plan.moved, frame{tab: tabDepartment, columns: moveChange, rows: rows, freezeCol: moveDepartment, freezeRow: 4,
		titles: [2]int{3, 3}, textColumn: address(moveNo, 4) + ":" + address(moveNo, rows),
		widths: []float64{12, fit(name, 10, 26), fit(department, 14, 34), 12.5, 12.5, 8, 10, 12, 15, 18, 11, 11}})
	if err != nil {
		return err
	}
	if err := b.arrowRules(b.plan.moved, address(moveChange, 4)+":"+address(moveChange, rows), true); err != nil {
		return err
	}
	if err := b.bandRules(b.plan.moved, address(moveBand, 4)+":"+address(moveBand, rows)); err != nil {
		return err
	}
	s.line(titleLook, b.t("调动人员  ", "Movers  ")+b.periodName())
	s.line(noteLook, b.t("全期得分 = 各段总分按在岗天数加权平均；没有得分的一段不计入。各段天数与总分取自部门表。",
		"Whole-period score = the stays' totals weighted by days; a stay without a score is left out. Days and totals come from the department sheets."))
	s.header([]string{b.t("工号", "No."), b.t("姓名", "Name"), b.t("部门", "Department"), b.t("在岗起", "From"), b.t("在岗止", "To"),
		b.t("天数", "Days"), b.t("总分", "Total"), b.t("全期得分", "Whole period"), b.t("等级", "Band"),
		b.t("全公司同类名次", "Company rank"), b.t("上期总分", "Before"), b.t("较上期", "Change")},
		moveNo, moveName, moveDepartment, moveFrom, moveTo, moveBand)
	for _, i := range b.plan.movers {
		s.mover(&b.Report.Scores[i])
	}
	return s.close()
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
	last := first + len(score.Lines) - 1
	for _, l := range score.Lines {
		line := &b.Report.People[l]
		s.put(moveNo, textLook, line.Person.No)
		s.put(moveName, wrapLook, line.Person.Name.In(b.lang))
		s.put(moveDepartment, wrapLook, b.departmentName(line.Department))
		s.put(moveFrom, dateLook, day(line.From))
		s.put(moveTo, dateLook, day(line.To))
		if p := b.plan.byDepartment[line.Department]; p != nil {
			s.formula(moveDays, number(fmtInt), s.lookUp(p, colDays), line.Days)
			s.formula(moveTotal, number(fmtTwo), s.lookUp(p, p.total), scoreOrBlank(line.Score.Total))
		}
		if s.row == first {
			s.wholePeriod(score, first, last)
		}
		s.blank(1, moveChange, textLook)
		s.end(rowHeight(max(wrappedLines(line.Person.Name.In(b.lang), s.frame.widths[moveName-1]),
			wrappedLines(b.departmentName(line.Department), s.frame.widths[moveDepartment-1]))))
	}
}

// lookUp finds a cell of this row's stay on a department's sheet.
func (s *sheet) lookUp(p *stayPlan, col int) string {
	no, from := address(moveNo, s.row), address(moveFrom, s.row)
	return "INDEX(" + p.there(col) + ",MATCH(1,INDEX((" + p.there(colNo) + "=" + no + ")*(" + p.there(colFrom) + "=" + from + "),0),0))"
}

func (s *sheet) wholePeriod(score *metrics.PersonScore, first, last int) {
	b := s.book
	days := address(moveDays, first) + ":" + address(moveDays, last)
	totals := address(moveTotal, first) + ":" + address(moveTotal, last)
	whole := address(moveWhole, first)
	counted := "SUMPRODUCT(" + days + ",ISNUMBER(" + totals + ")*1)"
	s.formula(moveWhole, number(fmtTwo).strong(), "IF("+counted+`=0,"",ROUND(ROUND(SUMPRODUCT(`+days+","+totals+")/"+counted+",10),2))",
		scoreOrBlank(score.Total))
	s.formula(moveBand, midLook, b.plan.define.bandOf(whole), b.bandLabel(score.Band))
	if score.Rank > 0 {
		s.put(moveRank, look{align: "right", line: hairline}, itoa(score.Rank)+" / "+itoa(score.RankOf))
	}
	s.put(moveBefore, number(fmtTwo), orNothing(score.Before))
	s.formula(moveChange, number(fmtMove), "IF(AND(ISNUMBER("+whole+"),ISNUMBER("+address(moveBefore, first)+")),ROUND("+whole+"-"+
		address(moveBefore, first)+`,2),"")`, difference(score.Total, score.Before))
}

// difference is a change of score as a cell holds it.
func difference(now, before *fixed.Num) any {
	if now == nil || before == nil {
		return ""
	}
	return (*now - *before).Float()
}
