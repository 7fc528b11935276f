package reports

import "fmt"

// Columns of the overview.
const (
	ovName = iota + 1
	ovDepartment
	ovSuperior
	ovKPI
	ovSelf
	ovGiven
	ovGap
	ovScore
	ovBand
	ovState
)

// writeOverview writes a row for everybody, computed from the sheet that is filled in.
func (e *evaluationBook) writeOverview() error {
	const head = 3
	name, department, superior, band := 12, 10, 10, 8
	for i := range e.people {
		p := &e.people[i]
		name = max(name, textWidth(joined(p.Employee, e.names[p.Employee])))
		department, superior = max(department, textWidth(e.department(p.Department))), max(superior, textWidth(e.person(p.Superior)))
	}
	for i := range e.Report.Policy.Bands {
		band = max(band, textWidth(e.bandLabel(&e.Report.Policy.Bands[i])))
	}
	last := head + max(len(e.people), 1)
	s, err := e.open(e.overview, frame{tab: tabOverview, columns: ovState, rows: last, freezeCol: ovName + 1, freezeRow: head + 1, titles: [2]int{head, head},
		widths: []float64{fit(name, 14, 44), fit(department, 12, 44), fit(superior, 12, 44), 12, 12, 12, 12, 12, fit(band+2, 10, 30), 24}})
	if err != nil {
		return err
	}
	if err := e.protect(e.overview); err != nil {
		return err
	}
	s.put(1, titleLook.unwrapped(), e.periodName()+"  "+e.subject().In(e.lang))
	s.end(24)
	s.put(1, noteLook.unwrapped(), e.t("点姓名跳到评分处。预计得分只按本表的评分计算，终值以公布为准。", "Names lead to where points are given. Scores are what this sheet alone leads to; what is published counts."))
	s.end(0)
	s.header([]string{e.t("被评估人", "Person"), e.t("部门", "Department"), e.t("上级", "Superior"), e.t("指标得分", "KPI points"), e.t("自评得分", "Self-review"), e.t("上级评分", "Superior's points"),
		e.t("与指标之差", "Gap to KPIs"), e.t("预计得分", "Expected score"), e.t("预计等级", "Expected band"), e.t("状态", "State")}, ovName, ovDepartment, ovSuperior, ovBand, ovState)
	for i := range e.people {
		e.overviewRow(s, &e.people[i])
	}
	if len(e.people) == 0 {
		s.put(ovName, noteLook.unwrapped(), e.t("没有待评的人", "nobody is to be evaluated"))
		s.end(0)
	}
	return s.close()
}

func (e *evaluationBook) overviewRow(s *sheet, p *evaluatee) {
	there := func(col, row int) string { return quoted(e.sheetName) + "!" + address(col, row) }
	if s.row < 60_000 { // a sheet holds so many links
		s.keep(e.file.SetCellHyperLink(e.overview, address(ovName, s.row), quoted(e.sheetName)+"!"+address(evWhat, p.first), "Location"))
	}
	lines := 1
	for i, words := range []string{joined(p.Employee, e.names[p.Employee]), e.department(p.Department), e.person(p.Superior)} {
		l := wrapLook
		if i == 0 {
			l.ink, l.under = linkInk, true
		}
		s.put(ovName+i, l, words)
		lines = max(lines, wrappedLines(words, s.frame.widths[ovName+i-1]))
	}
	s.put(ovKPI, number(fmtTwo), orNothing(p.KPIPoints))
	if self, ok := p.selfSum(); ok {
		s.put(ovSelf, number(fmtTwo), self.Float())
	}
	given, sum := p.sums()
	gap, score, band := any(""), any(""), ""
	if given && p.KPIPoints != nil {
		n, b := e.preview(p, sum)
		gap, score, band = (sum - *p.KPIPoints).Float(), n.Float(), e.bandLabel(b)
	}
	s.formula(ovGiven, number(fmtTwo), there(evPoints, p.sum()), blankUnless(given, sum))
	s.formula(ovGap, number("+0.00;-0.00;0.00"), there(evPoints, p.gap()), gap)
	s.formula(ovScore, number(fmtTwo).strong(), there(evPoints, p.score()), score)
	s.formula(ovBand, look{align: "left", indent: 1, line: hairline}, there(evComment, p.score()), band)
	points := there(evPoints, p.items()) + ":" + address(evPoints, p.sum()-1)
	hints := there(evHint, p.items()) + ":" + address(evHint, p.sum()-1)
	s.formula(ovState, look{align: "left", line: hairline}, fmt.Sprintf(`IF(SUMPRODUCT(--(LEN(%[1]s)>0))+LEN(%[2]s)>0,%[3]s,IF(COUNT(%[4]s)=0,%[5]s,IF(COUNT(%[4]s)<%[6]d,%[7]s&(%[6]d-COUNT(%[4]s)),%[8]s)))`,
		hints, there(evHint, p.comment()), literal(e.t("待补理由", "needs a reason")), points, literal(e.t("未评", "not begun")), len(p.Items), literal(e.t("缺项：", "items open: ")), literal(e.t("完整", "complete"))), e.state(p))
	s.blank(1, ovState, textLook)
	s.end(rowHeight(lines))
}

// state is how far somebody's evaluation has come, as the formula says it.
func (e *evaluationBook) state(p *evaluatee) string {
	r, open := e.Report.Policy.Reviews.Evaluation, 0
	for i := range p.Items {
		x, ok := p.given[p.Items[i].Item.KPI.ID]
		switch {
		case !ok:
			open++
		case (x.Points < r.Below || x.Points > r.Above) && trimmed(x.Comment) == "":
			return e.t("待补理由", "needs a reason")
		}
	}
	given, sum := p.sums()
	switch {
	case given && p.KPIPoints != nil && max(sum-*p.KPIPoints, *p.KPIPoints-sum) >= r.Gap && trimmed(p.Done.Text.Comment) == "":
		return e.t("待补理由", "needs a reason")
	case open == len(p.Items):
		return e.t("未评", "not begun")
	case open > 0:
		return e.t("缺项：", "items open: ") + itoa(open)
	}
	return e.t("完整", "complete")
}
