package reports

import (
	"fmt"
	"math"
	"strings"

	"github.com/xuri/excelize/v2"

	"plumbline/internal/fixed"
	"plumbline/metrics"
)

// Words that stand in cells and in formulas alike.
func (b *book) noDataWords() string   { return b.t("无数据", "no data") }
func (b *book) fewWords() string      { return b.t("样本不足 n=", "too few, n=") }
func (b *book) withheldWords() string { return b.t("不显示", "withheld") }
func (b *book) fullWords() string     { return b.t("全部达成", "attained") }
func (b *book) finalWords() string    { return b.t("终评", "final") }
func (b *book) waitingWords() string  { return b.t("待上级评分", "provisional") }
func (b *book) noScoreWords() string  { return b.t("无得分", "no score") }

// Points that a superior may give.
const superiorMost = 120

// writeDepartment writes one department's sheet: the department as a whole, then a row for each person's stay.
func (b *book) writeDepartment(p *stayPlan) error {
	s, err := b.open(p.sheet, b.stayFrame(p))
	if err != nil {
		return err
	}
	if err := b.stayRules(p); err != nil {
		return err
	}
	s.arrows(address(p.change, rowPeople) + ":" + address(p.change, p.lastRow()))
	s.line(titleLook, p.department.Department.Name.In(b.lang)+"  "+b.periodName()+" "+Subject.In(b.lang))
	s.line(sayLook, b.departmentFacts(p))
	s.line(noteLook, b.t("淡黄色单元格填写上级评分（0 至 120），总分、等级、名次随即重算。列号上方的 + 展开分子、分母与样本数。",
		"Enter the superior's points (0 to 120) in the pale yellow cells; total, band and rank follow. The + above the columns unfolds numerators, denominators and counts.")+b.pointerWords(p))
	s.groupRow(p)
	s.targetRow(p)
	r := b.stayWriter(s, p)
	r.departmentRow()
	s.header(b.stayHeads(p), p.texts()...)
	for i := range p.people {
		r.personRow(&p.people[i])
	}
	b.defineStays(s, p)
	return s.close()
}

func (b *book) stayFrame(p *stayPlan) frame {
	f := frame{tab: tabDepartment, columns: p.note, rows: p.lastRow(), freezeCol: colPosition, freezeRow: rowPeople,
		titles: [2]int{rowGroups, rowHeads}, widths: make([]float64, p.note),
		filter:     address(1, rowHeads) + ":" + address(p.note, p.lastRow()),
		textColumn: address(colNo, rowPeople) + ":" + address(colNo, p.lastRow())}
	for i := range f.widths {
		f.widths[i] = 9.5
	}
	b.fitPeople(f.widths, p)
	p.fitSums(f.widths)
	for i, c := range p.items {
		f.fold(c.numerator, c.denominator, c.n, c.weight)
		item := &p.card.Items[i]
		target := textWidth(b.t("目标 ", "target ")) + numberWidth(p.sharedTarget(i).Float(), decimals(item.KPI.Unit))
		f.widths[c.value-1] = max(f.widths[c.value-1], fit(max(target, widestWord(b.kpiTitle(item.KPI))), 11, 22))
		f.widths[c.attainment-1], f.widths[c.points-1] = 13.5, 10.5
	}
	f.fold(p.weightSum)
	f.widths[p.status-1], f.widths[p.band-1], f.widths[p.rank-1] = 12.5, b.bandWidth(), 7
	f.widths[p.change-1] = 12 // room for the arrow
	b.fitRules(&f, p)
	return f
}

// fold groups columns and folds them away.
func (f *frame) fold(columns ...int) {
	for _, col := range columns {
		if col > 0 {
			f.folded = append(f.folded, col)
		}
	}
}

// fitRules fits the columns of the rules that only some scorecards have.
func (b *book) fitRules(f *frame, p *stayPlan) {
	for i, c := range p.limits {
		if c.item < 0 {
			f.fold(c.numerator, c.denominator, c.n)
			f.widths[c.value-1] = fit(widestWord(b.kpiTitle(p.card.BandLimits[i].KPI)), 11, 22)
		}
		f.widths[c.held-1] = max(b.bandWidth(), 12.5)
	}
	for _, c := range p.penalties {
		f.widths[c.count-1], f.widths[c.points-1] = 12.5, 11.5
	}
	for _, col := range []int{p.uncapped, p.unpunished} {
		if col > 0 {
			f.widths[col-1] = 11.5
		}
	}
	for _, col := range []int{p.earned, p.limit, p.graded} {
		if col > 0 {
			f.widths[col-1] = b.bandWidth()
		}
	}
}

// texts lists the columns that hold texts.
func (p *stayPlan) texts() []int {
	list := []int{colNo, colName, colPosition, colFrom, colTo, p.band, p.status, p.note}
	for _, c := range p.limits {
		list = append(list, c.held)
	}
	return append(list, p.earned, p.limit, p.graded)
}

// fitPeople fits the columns that hold texts about people.
func (b *book) fitPeople(widths []float64, p *stayPlan) {
	no, name, position, note := 6, 8, 8, 8
	for i := range p.people {
		line := &p.people[i]
		no = max(no, textWidth(line.Person.No))
		name = max(name, textWidth(line.Person.Name.In(b.lang)))
		position = max(position, textWidth(line.Person.Position))
		note = max(note, textWidth(b.stayNote(p, line)))
	}
	widths[colNo-1], widths[colName-1] = fit(no, 9, 22), fit(name, 10, 26)
	widths[colPosition-1], widths[p.note-1] = fit(position, 10, 24), fit(note, 12, 26)
	widths[colFrom-1], widths[colTo-1], widths[colDays-1] = 12, 12, 7
}

// fitSums fits the columns of sums and values to the largest number in them.
func (p *stayPlan) fitSums(widths []float64) {
	for i, c := range p.items {
		var most [4]float64
		k := p.card.Items[i].KPI
		see := func(score *metrics.Score) {
			if i < len(score.Items) {
				v := &score.Items[i].Value
				x, _ := v.Float()
				for j, y := range []float64{v.Ratio.Num.Float(), v.Ratio.Den.Float(), x, targetOfItem(&score.Items[i]).Float()} {
					most[j] = max(most[j], math.Abs(y))
				}
			}
		}
		see(&p.department.Score)
		for j := range p.people {
			see(&p.people[j].Score)
		}
		widths[c.numerator-1] = fit(numberWidth(most[0], 2), 11, 26)
		if c.denominator > 0 {
			widths[c.denominator-1] = fit(numberWidth(most[1], 2), 11, 26)
		}
		widths[c.value-1] = fit(numberWidth(most[2], decimals(k.Unit))+1, 10, 26)
		if c.target > 0 {
			widths[c.target-1] = fit(numberWidth(most[3], decimals(k.Unit))+1, 10, 26)
		}
	}
}

// bandWidth fits the labels of the bands.
func (b *book) bandWidth() float64 {
	widest := 4
	for i := range b.Report.Policy.Bands {
		widest = max(widest, textWidth(b.bandLabel(&b.Report.Policy.Bands[i])))
	}
	return fit(widest, 9, 24)
}

// widestWord is the width of a header once it is broken over two lines.
func widestWord(s string) int { return (textWidth(s)+1)/2 + 2 }

// stayRules sets what changes with the numbers: arrows in colour, bands in pale colours, a bar behind the total.
func (b *book) stayRules(p *stayPlan) error {
	cells := func(col int) string { return address(col, rowPeople) + ":" + address(col, p.lastRow()) }
	if err := b.arrowRules(p.sheet, cells(p.change), true); err != nil {
		return err
	}
	for _, col := range []int{p.band, p.earned, p.graded} {
		if col == 0 {
			continue
		}
		if err := b.bandRules(p.sheet, cells(col)); err != nil {
			return err
		}
	}
	err := b.file.SetConditionalFormat(p.sheet, cells(p.total), []excelize.ConditionalFormatOptions{{
		Type: "data_bar", Criteria: "=", MinType: "num", MinValue: "0", MaxType: "num", MaxValue: itoa(superiorMost),
		BarColor: "#" + barFill}}) // a solid one needs an extension that the library loses
	if err != nil {
		return err
	}
	for _, c := range p.items {
		for _, col := range []int{c.value, c.attainment} {
			for _, stretch := range []string{cells(col), address(col, rowDepartment)} {
				first, _, _ := strings.Cut(stretch, ":")
				if err := b.wordRule(p.sheet, stretch, first); err != nil {
					return err
				}
			}
		}
	}
	return b.superiorInput(p, cells(p.superior))
}

// arrowRules colours changes by whether they are good: up for higher-is-better, down otherwise.
func (b *book) arrowRules(sheet, cells string, higherIsBetter bool) error {
	up, down := goodInk, badInk
	if !higherIsBetter {
		up, down = down, up
	}
	upStyle, err := b.rule(look{ink: up})
	if err != nil {
		return err
	}
	downStyle, err := b.rule(look{ink: down})
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(cells, ":")
	return b.file.SetConditionalFormat(sheet, cells, []excelize.ConditionalFormatOptions{
		{Type: "formula", Criteria: "AND(ISNUMBER(" + first + ")," + first + ">0)", Format: upStyle},
		{Type: "formula", Criteria: "AND(ISNUMBER(" + first + ")," + first + "<0)", Format: downStyle},
	})
}

func (b *book) bandRules(sheet, cells string) error {
	bands := b.Report.Policy.Bands
	first, _, _ := strings.Cut(cells, ":")
	var rules []excelize.ConditionalFormatOptions
	for i := range bands {
		style, err := b.rule(look{fill: bandFill(i, len(bands))})
		if err != nil {
			return err
		}
		rules = append(rules, excelize.ConditionalFormatOptions{
			Type: "formula", Criteria: first + "=" + literal(b.bandLabel(&bands[i])), Format: style})
	}
	if rules == nil {
		return nil
	}
	return b.file.SetConditionalFormat(sheet, cells, rules)
}

// wordRule sets words among numbers (no data, too few) in grey.
func (b *book) wordRule(sheet, cells, first string) error {
	style, err := b.rule(look{ink: faintInk})
	if err != nil {
		return err
	}
	return b.file.SetConditionalFormat(sheet, cells, []excelize.ConditionalFormatOptions{
		{Type: "formula", Criteria: "ISTEXT(" + first + ")", Format: style}})
}

func (b *book) superiorInput(p *stayPlan, cells string) error {
	if p.card == nil || p.card.SuperiorShare == 0 {
		return nil
	}
	check := excelize.NewDataValidation(true)
	check.SetSqref(cells)
	if err := check.SetRange(0, superiorMost, excelize.DataValidationTypeDecimal, excelize.DataValidationOperatorBetween); err != nil {
		return err
	}
	check.SetError(excelize.DataValidationErrorStyleStop, b.t("上级评分", "Superior's points"),
		b.t("请填写 0 至 120 之间的数字，未评分请留空。", "Enter a number from 0 to 120, or leave the cell blank."))
	check.SetInput(b.t("上级评分", "Superior's points"), b.t("0 至 120，留空表示尚未评分", "0 to 120; blank: not given yet"))
	return b.file.AddDataValidation(p.sheet, check)
}

// departmentFacts says who leads, how many belong here and how they are judged.
func (b *book) departmentFacts(p *stayPlan) string {
	d := p.department
	head := b.t("空缺", "vacant")
	if d.Department.Head != "" {
		head = b.nameOfPerson(d.Department.Head)
	}
	facts := []string{b.t("负责人：", "Head: ") + head,
		fmt.Sprintf(b.t("期末在岗（含下级部门）：%d 人", "Headcount with sub-departments: %d"), d.Headcount),
		fmt.Sprintf(b.t("本页：%d 人次", "Stays on this page: %d"), len(p.people))}
	if d.Department.Matrix {
		facts = append(facts, b.t("矩阵部门", "matrix department"))
	}
	if p.card == nil {
		return strings.Join(append(facts, b.t("没有适用的考核表，不计得分", "no scorecard applies, no scores")), b.t("　·　", " · "))
	}
	facts = append(facts, b.t("考核表：", "Scorecard: ")+p.card.Name.In(b.lang))
	return strings.Join(facts, b.t("　·　", " · ")) + "\n" + b.cardWords(p.card)
}

// groupRow names the items and the rules above their columns.
func (s *sheet) groupRow(p *stayPlan) {
	b := s.book
	group := func(from, to int, name string) {
		s.put(from, groupLook, name)
		s.blank(from, to, groupLook)
		if to > from {
			s.keep(s.stream.MergeCell(address(from, s.row), address(to, s.row)))
		}
	}
	for i, c := range p.items {
		group(c.numerator, c.weight, p.card.Items[i].KPI.Name.In(b.lang))
	}
	for i, c := range p.limits {
		from := c.held
		if c.item < 0 {
			from = c.numerator
		}
		group(from, c.held, b.t("等级限制：", "Band limit: ")+p.card.BandLimits[i].KPI.Name.In(b.lang))
	}
	for i, c := range p.penalties {
		group(c.count, c.points, b.t("扣分：", "Penalty: ")+p.card.Penalties[i].KPI.Name.In(b.lang))
	}
	group(p.weightSum, p.change, b.t("考核结果", "Result"))
	s.blank(1, p.note, groupLook)
	s.end(groupHeight(b, p, s.frame.widths))
}

// groupHeight is the height that the names of the rules take, which stand above few columns.
func groupHeight(b *book, p *stayPlan, widths []float64) float64 {
	lines := 1
	for i, c := range p.limits {
		width := widths[c.held-1]
		if c.item < 0 {
			width += widths[c.value-1]
		}
		lines = max(lines, wrappedLines(b.t("等级限制：", "Band limit: ")+p.card.BandLimits[i].KPI.Name.In(b.lang), width/1.15))
	}
	for i, c := range p.penalties {
		lines = max(lines, wrappedLines(b.t("扣分：", "Penalty: ")+p.card.Penalties[i].KPI.Name.In(b.lang), (widths[c.count-1]+widths[c.points-1])/1.15))
	}
	return float64(lines)*16 + 6
}

// targetRow holds the figures of the scorecard that the formulas below read; their number formats say what they are.
func (s *sheet) targetRow(p *stayPlan) {
	b := s.book
	base := look{align: "right", fill: sumFill, line: hairline, ink: faintInk}
	figure := func(col int, before, format, after string, value any) {
		l := base
		l.format = literal(before) + format + literal(after)
		s.put(col, l, value)
	}
	s.put(colName, look{align: "left", fill: sumFill, line: hairline, ink: faintInk}, b.t("目标与权重", "Targets, weights"))
	for i, c := range p.items {
		item := p.card.Items[i]
		figure(c.n, b.t("最少 ", "min "), "0", "", item.KPI.Minimum)
		if c.target == 0 {
			figure(c.value, b.t("目标 ", "target "), valueFormat(item.KPI.Unit), "", p.sharedTarget(i).Float())
		}
		figure(c.points, b.t("权重 ", "weight "), "0.##", "%", item.Weight.Float())
	}
	if p.card != nil {
		figure(p.points, b.t("占 ", "share "), "0.##", "%", p.card.KPIShare.Float())
		figure(p.superior, b.t("占 ", "share "), "0.##", "%", p.card.SuperiorShare.Float())
		s.ruleFigures(p, figure)
	}
	s.blank(1, p.note, base)
	s.end(0)
}

// ruleFigures writes the figures of cap, penalties and limits.
func (s *sheet) ruleFigures(p *stayPlan, figure func(col int, before, format, after string, value any)) {
	b := s.book
	if p.uncapped > 0 {
		figure(p.uncapped, b.t("封顶 ", "cap "), "0.##", "", p.card.Cap.Float())
	}
	for i, c := range p.penalties {
		figure(c.count, b.t("每件 ", "each "), "0.##", b.t(" 分", ""), p.card.Penalties[i].Each.Float())
		figure(c.points, b.t("最多 ", "at most "), "0.##", b.t(" 分", ""), p.card.Penalties[i].Most.Float())
	}
	for i, c := range p.limits {
		l := p.card.BandLimits[i]
		if c.item < 0 {
			figure(c.n, b.t("最少 ", "min "), "0", "", l.KPI.Minimum)
		}
		misses := b.t("低于 ", "below ")
		if !l.KPI.HigherIsBetter {
			misses = b.t("高于 ", "above ")
		}
		figure(c.held, misses, "0.####", "", l.Figure.Float())
	}
}

func (b *book) stayHeads(p *stayPlan) []string {
	heads := make([]string, p.note)
	set := func(col int, zh, en string) {
		if col > 0 {
			heads[col-1] = b.t(zh, en)
		}
	}
	set(colNo, "工号", "No.")
	set(colName, "姓名", "Name")
	set(colPosition, "岗位", "Position")
	set(colFrom, "在岗起", "From")
	set(colTo, "在岗止", "To")
	set(colDays, "天数", "Days")
	for i, c := range p.items {
		set(c.numerator, "分子", "Numerator")
		set(c.denominator, "分母", "Denominator")
		set(c.n, "样本 n", "n")
		heads[c.value-1] = b.kpiTitle(p.card.Items[i].KPI)
		set(c.target, "目标", "Target")
		set(c.attainment, "达成率 %", "Attainment %")
		set(c.points, "得分", "Points")
		set(c.weight, "计分权重 %", "Weight used %")
	}
	b.ruleHeads(p, set)
	for i, c := range p.limits {
		if c.item < 0 {
			heads[c.value-1] = b.kpiTitle(p.card.BandLimits[i].KPI)
		}
	}
	set(p.weightSum, "参与权重 %", "Weights counted %")
	set(p.points, "指标得分", "KPI points")
	set(p.superior, "上级评分", "Superior")
	set(p.total, "总分", "Total")
	set(p.band, "等级", "Band")
	set(p.rank, "名次", "Rank")
	set(p.status, "状态", "Status")
	set(p.before, "上期总分", "Before")
	set(p.change, "较上期", "Change")
	set(p.note, "备注", "Note")
	return heads
}

// ruleHeads names the columns that only some scorecards have.
func (b *book) ruleHeads(p *stayPlan, set func(col int, zh, en string)) {
	set(p.weighed, "计权天数", "Days × share")
	for _, c := range p.limits {
		set(c.numerator, "分子", "Numerator")
		set(c.denominator, "分母", "Denominator")
		if c.item < 0 {
			set(c.n, "样本 n", "n")
		}
		set(c.held, "至多", "At most")
	}
	for _, c := range p.penalties {
		set(c.count, "件数", "Count")
		set(c.points, "扣分", "Points off")
	}
	set(p.uncapped, "封顶前", "Before cap")
	set(p.unpunished, "扣分前", "Before penalties")
	set(p.earned, "得分等级", "Band by score")
	set(p.limit, "等级上限", "Limit")
	set(p.graded, "分布后等级", "After distribution")
}

// stayNote says what is special about a stay: moved, in two departments at a time, hired or left within the period, or with a target of
// its own.
func (b *book) stayNote(p *stayPlan, line *metrics.PersonLine) string {
	var notes []string
	switch {
	case line.Moved && sharesDays(line):
		notes = append(notes, b.t("兼任，全期得分见「", "in several departments; whole period on sheet ")+b.plan.moved+b.t("」", ""))
	case line.Moved:
		notes = append(notes, b.t("本期调动，全期得分见「", "moved; whole period on sheet ")+b.plan.moved+b.t("」", ""))
	}
	if p := b.Report.Period; !line.Person.HiredOn.IsZero() && p.Contains(line.Person.HiredOn) {
		notes = append(notes, line.Person.HiredOn.Format("2006-01-02")+b.t(" 入职", " hired"))
	}
	if p := b.Report.Period; !line.Person.LeftOn.IsZero() && p.Contains(line.Person.LeftOn) {
		notes = append(notes, line.Person.LeftOn.Format("2006-01-02")+b.t(" 离职", " left"))
	}
	for i, c := range p.items {
		if c.target == 0 || line.Score.Scorecard == nil {
			continue
		}
		if own := b.ownTarget(&line.Score.Items[i].Value, &p.department.Score, i); own != "" {
			notes = append(notes, own)
		}
	}
	return strings.Join(notes, b.t("；", "; "))
}

// orNothing gives a score as a cell holds it.
func orNothing(n *fixed.Num) any {
	if n == nil {
		return nil
	}
	return n.Float()
}
