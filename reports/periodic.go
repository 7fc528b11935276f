package reports

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/xuri/excelize/v2"

	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// Periodic is a report of a week, a month, a quarter or a year (周报、月报、年报) of the company or a department.
type Periodic struct {
	Report     *metrics.Report // of the period; of a week: of the month that its last day lies in
	Week       *period.Week    // nil: the period of Report
	Department string          // with its subtree; "" for the company
	Activity   *metrics.Activity
	Names      map[string]policy.Text // of people who are not in the report, by employee number
	Made       time.Time
}

// subject is what the report is called: 周报, 月报, 季报 or 年报.
func (d *Periodic) subject() policy.Text {
	kind := policy.Text{ZH: "月报", EN: "Monthly report"}
	switch {
	case d.Week != nil:
		kind = policy.Text{ZH: "周报", EN: "Weekly report"}
	case d.Report.Period.Kind() == period.Quarter:
		kind = policy.Text{ZH: "季报", EN: "Quarterly report"}
	case d.Report.Period.Kind() == period.Year:
		kind = policy.Text{ZH: "年报", EN: "Yearly report"}
	}
	if line := d.department(); line != nil {
		name := line.Department.Name
		kind = policy.Text{ZH: name.In(policy.ZH) + kind.ZH, EN: name.In(policy.EN) + " " + kind.EN}
	}
	return kind
}

func (d *Periodic) department() *metrics.DepartmentLine {
	for i := range d.Report.Departments {
		if d.Department != "" && d.Report.Departments[i].Department.ID == d.Department {
			return &d.Report.Departments[i]
		}
	}
	return nil
}

// line is the figures of the subject.
func (d *Periodic) line() *metrics.Line {
	if x := d.department(); x != nil {
		return &x.Line
	}
	return &d.Report.Company
}

// named is the period as the file is named.
func (d *Periodic) named() Named {
	if d.Week != nil {
		return *d.Week
	}
	return d.Report.Period
}

// WritePeriodic writes the report into a folder as its next version. When the newest version there says the same, apart from when it was made, that
// file stays and changed is false.
func WritePeriodic(ctx context.Context, to Folder, d Periodic, lang policy.Lang) (path string, changed bool, err error) {
	if d.Report == nil || d.Report.Policy == nil || d.Activity == nil {
		return "", false, fmt.Errorf("write report: nothing to write (compute the period first)")
	}
	if d.Department != "" && d.department() == nil {
		return "", false, fmt.Errorf("write report: department %s is not in it", d.Department)
	}
	return writePrivate(to, d.Report.Policy.Company.Name, d.named(), d.subject(), lang, d.Made, func(made time.Time, w io.Writer) (string, error) {
		digest, err := renderPeriodic(ctx, d, lang, made, w)
		if err != nil {
			err = fmt.Errorf("write report %s: %w", d.named().EN(), err)
		}
		return digest, err
	})
}

// periodicBook is a report being written.
type periodicBook struct {
	*book
	Periodic
	main, hours, late, milestones, resolutions, trainings string // sheet names; "" where the policy has no such data
}

func renderPeriodic(ctx context.Context, d Periodic, lang policy.Lang, made time.Time, w io.Writer) (string, error) {
	b := &periodicBook{book: blankBook(lang), Periodic: d}
	b.book.Data = Data{Report: d.Report, Names: d.Names}
	company := d.Report.Policy.Company.Name.In(lang)
	title := policy.Text{ZH: d.named().ZH(), EN: d.named().EN()}.In(lang) + " " + d.subject().In(lang)
	b.foot = footText(company) + " · " + footText(title)
	if err := b.create(b.sheets()); err != nil {
		return "", err
	}
	defer b.close()
	if err := b.describe(company+" "+title, d.subject(), company, made); err != nil {
		return "", err
	}
	yes := true
	if err := b.file.SetCalcProps(&excelize.CalcPropsOptions{FullCalcOnLoad: &yes}); err != nil {
		return "", err
	}
	for _, write := range []func() error{func() error { return b.writeMain(company + "  " + title) }, b.writeHours, b.writeLate, b.writeMilestones, b.writeResolutions, b.writeTrainings} {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if err := write(); err != nil {
			return "", err
		}
	}
	return b.pack(ctx, w)
}

// sheets names the sheets that there are.
func (b *periodicBook) sheets() []string {
	names, a := sheetNames{}, b.Activity
	b.main = names.name(b.t("报告", "Report"))
	list := []string{b.main}
	for _, x := range []struct {
		into   *string
		has    bool
		zh, en string
	}{{&b.hours, a.Hours != nil, "工时", "Hours"}, {&b.late, a.Late != nil, "逾期交付", "Late deliveries"}, {&b.milestones, a.Milestones != nil, "近期节点", "Milestones"},
		{&b.resolutions, a.Resolutions != nil, "未结决议", "Open resolutions"}, {&b.trainings, a.Trainings != nil, "培训", "Trainings"}} {
		if x.has {
			*x.into = names.name(b.t(x.zh, x.en))
			list = append(list, *x.into)
		}
	}
	return list
}

// kpiNow is one KPI of the first sheet now and before.
type kpiNow struct{ now, before metrics.Value }

// figures are the KPIs that the report shows: of a week the shares of counted records over its days, else those of scorecards and those with
// targets.
func (b *periodicBook) figures() (list []kpiNow) {
	line := b.line()
	target := map[*policy.KPI]metrics.Value{}
	for _, v := range line.Values {
		target[v.KPI] = v
	}
	if b.Week != nil {
		for i, v := range b.Activity.Rates {
			v.Target, v.TargetFrom = target[v.KPI].Target, target[v.KPI].TargetFrom
			if x := (kpiNow{now: v}); v.Status != metrics.NoData || b.Activity.RatesBefore[i].Status != metrics.NoData {
				x.before = b.Activity.RatesBefore[i]
				list = append(list, x)
			}
		}
		return list
	}
	o := &overview{book: b.book}
	o.sortKPIs()
	shown := slices.Clone(o.listed)
	for _, g := range o.others {
		shown = append(shown, g.kpis...)
	}
	for _, i := range shown {
		x := kpiNow{now: line.Values[i]}
		if i < len(line.Before) {
			x.before = line.Before[i]
		}
		if x.now.Status != metrics.NoData || x.now.Target != nil {
			list = append(list, x)
		}
	}
	return list
}

// Columns of the figures of the first sheet.
const (
	peKPI = iota + 1
	peActual
	peTarget
	peReached
	peBefore
	peChange
	peNum
	peDen
	peCount
	peStatus
)

func (b *periodicBook) figureList() *list {
	l := &list{table: "tbl_kpis", none: b.t("本期没有可计的记录", "no record of the period counts"), columns: []listColumn{{head: b.t("指标", "KPI"), look: wrapLook, least: 26, most: 44}, {head: b.t("实际", "Actual"), look: number(fmtOne), least: 12, most: 24},
		{head: b.t("目标", "Target"), look: number(fmtOne), least: 12, most: 24}, {head: b.t("达成率 %", "Attainment %"), look: number(fmtOne), least: 12}, {head: b.t("上期", "Before"), look: number(fmtOne), least: 12, most: 24},
		{head: b.t("较上期", "Change"), look: number(fmtChange), least: 12, most: 24}, {head: b.t("分子", "Numerator"), look: number(fmtInt), least: 12, most: 24}, {head: b.t("分母", "Denominator"), look: number(fmtInt), least: 12, most: 24},
		{head: b.t("样本 n", "n"), look: number(fmtInt), least: 10}, {head: b.t("状态", "Status"), look: textLook, least: 14}}}
	for _, x := range b.figures() {
		l.rows = append(l.rows, b.figureRow(x))
	}
	return l
}

func (b *periodicBook) figureRow(x kpiNow) []listCell {
	k, v := x.now.KPI, x.now
	format := number(valueFormat(k.Unit))
	row := cells(b.kpiTitle(k)+b.t("　", ", ")+b.direction(k), nil, nil, nil, nil, nil, nil, nil, nil, b.valueWords(v))
	if v.Status == metrics.Withheld {
		row[peActual-1] = listCell{value: b.withheldWords(), look: look{align: "right", line: hairline}}
		return row
	}
	row[peNum-1] = listCell{value: v.Ratio.Num.Float(), look: number(sumFormat(k.Upper(), v.Ratio.Num))}
	row[peCount-1] = listCell{value: v.N.Float(), look: number(countFormat(v.N))}
	factor := ""
	if k.Unit == policy.Percent {
		factor = "*100"
	}
	actual := listCell{look: format, value: b.noDataWords(), formula: "IF(I{r}=0," + literal(b.noDataWords()) + ",G{r}" + factor + ")"}
	if lower, ok := k.Lower(); ok {
		row[peDen-1] = listCell{value: v.Ratio.Den.Float(), look: number(sumFormat(lower, v.Ratio.Den))}
		actual.formula = "IF(OR(I{r}=0,H{r}=0)," + literal(b.noDataWords()) + ",G{r}/H{r}" + factor + ")"
	}
	value, has := v.Float()
	if has {
		actual.value = value
	}
	row[peActual-1] = actual
	b.reachedCell(row, v, value, has, format)
	b.changeCell(row, x, value, has, format)
	return row
}

// reachedCell writes target and attainment.
func (b *periodicBook) reachedCell(row []listCell, v metrics.Value, value float64, has bool, format look) {
	if v.Target == nil {
		return
	}
	row[peTarget-1] = listCell{value: v.Target.Float(), look: format}
	if !has || v.Status != metrics.OK {
		return
	}
	over, under := "B{r}", "C{r}"
	if !v.KPI.HigherIsBetter {
		over, under = under, over
	}
	row[peReached-1] = listCell{value: numberOr(attained(value, v.Target.Float(), v.KPI.HigherIsBetter), ""), formula: "IF(" + under + `<=0,"",` + over + "/" + under + "*100)"}
}

// changeCell writes the period before and the change since: points for a percentage, percent for all else.
func (b *periodicBook) changeCell(row []listCell, x kpiNow, value float64, has bool, format look) {
	then, ok := x.before.Float()
	if !ok || x.before.Status != metrics.OK {
		if x.before.KPI != nil {
			row[peBefore-1] = listCell{value: b.valueWords(x.before), look: look{align: "right", ink: faintInk, line: hairline}}
		}
		return
	}
	row[peBefore-1] = listCell{value: then, look: format}
	if !has || x.now.Status != metrics.OK {
		return
	}
	good := goodInk
	change, formula := value-then, "B{r}-E{r}"
	if x.now.KPI.Unit != policy.Percent {
		change, formula = (value/then-1)*100, `IF(E{r}=0,"",(B{r}/E{r}-1)*100)`
	}
	if change < 0 == x.now.KPI.HigherIsBetter {
		good = badInk
	}
	l := number(fmtChange)
	if change != 0 {
		l.ink = good
	}
	row[peChange-1] = listCell{value: numberOr(change, ""), formula: formula, look: l}
}

// writeMain writes the first sheet: whom and what it is about, the figures, what there is on the other sheets, and places for texts.
func (b *periodicBook) writeMain(title string) error {
	l := b.figureList()
	widths := make([]float64, peStatus)
	l.fit(widths)
	lists := b.lists()
	rows := 4 + 1 + l.height() + 1 + 1 + len(lists) + 1 + 12
	s, err := b.open(b.main, frame{tab: tabOverview, columns: peStatus, rows: rows, widths: widths, titles: [2]int{1, 1}})
	if err != nil {
		return err
	}
	s.line(titleLook, title)
	s.line(sayLook, b.about())
	s.line(noteLook, b.compared())
	s.section(b.t("一、指标", "1. KPIs"))
	s.list(l)
	s.skip(1)
	s.section(b.t("二、工作与事项", "2. Work and what is due"))
	for _, x := range lists {
		s.put(1, linked(wrapLook), x.sheet)
		s.link(1, quoted(x.sheet)+"!A1")
		s.wide(2, x.says)
	}
	s.skip(1)
	if len(l.rows) > 8 {
		s.keep(s.stream.InsertPageBreak("A" + itoa(s.row))) // what people write starts a printed page where it would be cut
	}
	for i, part := range [][2]string{{"三、本期完成", "3. Done in this period"}, {"四、问题与需要的支持", "4. Problems and support needed"}, {"五、下期计划", "5. Plan for the next period"}} {
		s.section(b.t(part[0], part[1]))
		if err := s.writable(b.t("在此填写", "Write here"), 5-i/2); err != nil {
			return err
		}
	}
	return s.close()
}

// writable is a pale yellow cell across the sheet, some lines high, in which people write.
func (s *sheet) writable(title string, lines int) error {
	s.put(1, look{align: "left", wrap: true, top: true, fill: inputFill, line: hairline, format: fmtText, open: true}, nil)
	s.blank(1, s.frame.columns, look{fill: inputFill, line: hairline, open: true})
	s.keep(s.stream.MergeCell("A"+itoa(s.row), address(s.frame.columns, s.row)))
	cell := "A" + itoa(s.row)
	s.end(float64(lines) * 18)
	check := excelize.NewDataValidation(true)
	check.SetSqref(cell)
	if err := check.SetRange(0, textMost, excelize.DataValidationTypeTextLength, excelize.DataValidationOperatorBetween); err != nil {
		return err
	}
	check.SetInput(title, fmt.Sprintf(s.book.t("至多 %d 字", "%d characters at most"), textMost))
	return s.book.file.AddDataValidation(s.name, check)
}

// about says whom the report is about, and of which days.
func (b *periodicBook) about() string {
	who, head := b.t("全公司", "Company"), ""
	count := b.Report.Company.Headcount
	if d := b.department(); d != nil {
		who, count = d.Department.Name.In(b.lang), d.Headcount
		if d.Department.Head != "" {
			head = b.t("　·　负责人：", " · head: ") + b.nameOfPerson(d.Department.Head)
		}
	}
	return who + head + fmt.Sprintf(b.t("　·　在岗 %d 人", " · headcount %d"), count) + b.t("　·　", " · ") + b.Activity.From.Format("2006-01-02") + b.t(" 至 ", " to ") + b.Activity.To.Format("2006-01-02") +
		b.t("　·　数据截至账序 ", " · ledger sequence ") + fmt.Sprint(b.Report.LedgerSeq)
}

func (b *periodicBook) compared() string {
	if b.Week != nil {
		return b.t("周内指标只列可按日计件的比率，上期为前一周；目标取自当月。百分比指标的变化以百分点计。", "Of a week only shares that count records day by day are shown; before is the week before, targets are those of the month. Changes of percentages are in percentage points.")
	}
	return b.t("上期为", "Before is ") + b.nameOf(b.Report.Period.Before()) + b.t("；百分比指标的变化以百分点计，其余以百分比计。样本不足与无数据照列，不作判断。", "; changes of percentages are in percentage points, all others in percent. Too few records and no data are listed, not judged.")
}
