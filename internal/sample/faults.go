package sample

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// slip is a fault in one cell: value in column of the row found at permille at of the table, or whatever edit does.
type slip struct {
	at            int
	column, value string
	rule, zh, en  string
	edit          func(t *table, l *line)
	only          func(l *line) bool // rows it may happen to; nil: any
}

// plant puts the faults in. Most go into the latest quarter, spread so that no result hangs on them.
func plant(b *books, g *generator) error {
	plantOrganisation(b, g)
	last := len(b.logs) - 1
	end := g.calendar.last.time()
	planted := []func() error{
		func() error { return b.logs[last].slips(logSlips(end, len(g.people))) },
		func() error { return b.deliveries[last].slips(deliverySlips(len(g.people))) },
		func() error { return b.opportunities[last].slips(opportunitySlips()) },
		func() error { return plantLogRows(b.logs[last-1], b.logs[last], g) },
		func() error { return plantDeliveryRows(b.deliveries[last-1], b.deliveries[last], g) },
		func() error { return plantOpportunityRows(b.opportunities[last-1], b.opportunities[last], g) },
		func() error { return plantKinds(b.kinds, g) },
	}
	for _, f := range planted {
		if err := f(); err != nil {
			return fmt.Errorf("plant faults: %w; choose another seed or more people", err)
		}
	}
	return nil
}

// find gives the first row at or after permille at that has no fault and that only allows.
func (t *table) find(at int, only func(l *line) bool) (int, error) {
	for i := len(t.lines) * at / 1000; i < len(t.lines); i++ {
		if l := t.lines[i]; len(l.faults) == 0 && l.merge == "" && (only == nil || only(l)) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%s has no row to plant a fault in", t.file)
}

// slips plants a list of slips.
func (t *table) slips(list []slip) error {
	for _, s := range list {
		i, err := t.find(s.at, s.only)
		if err != nil {
			return err
		}
		l := t.lines[i]
		if s.edit != nil {
			s.edit(t, l)
		} else {
			l.cells[t.at(s.column)] = cell{text: s.value}
		}
		column := s.column
		if strings.HasPrefix(s.rule, "check.") && s.value == "" {
			column = "" // two cells contradict each other: the row is meant
		}
		l.fault(column, s.rule, s.zh, s.en)
	}
	return nil
}

func (l *line) fault(column, rule, zh, en string) {
	l.faults = append(l.faults, Fault{Column: column, Rule: rule, ZH: zh, EN: en})
}

// set changes one cell.
func (t *table) set(l *line, column, text string, kind cellKind) {
	l.cells[t.at(column)] = cell{text, kind}
}

// copy gives the row again, to be changed.
func (l *line) copy() *line { return &line{cells: slices.Clone(l.cells), record: l.record} }

func (t *table) insert(i int, l *line) { t.lines = slices.Insert(t.lines, i, l) }

// logSlips are the faults in cells of the latest work logs.
func logSlips(end time.Time, people int) []slip {
	year := end.Year()
	content := func(zh string) func(*table, *line) {
		return func(t *table, l *line) { t.set(l, "content", l.cells[t.at("content")].text+zh, textCell) }
	}
	dates := func(text string) func(*table, *line) {
		return func(t *table, l *line) { t.set(l, "work_date", text, textCell); t.set(l, "logged_on", text, textCell) }
	}
	return []slip{
		{at: 30, column: "hours", value: "八小时", rule: "number.form", zh: "工时写成文字：八小时", en: "Hours in words: eight hours"},
		{at: 70, column: "hours", value: "7。5", rule: "number.form", zh: "小数点误作句号：7。5", en: "A full stop in place of the decimal point: 7。5"},
		{at: 110, column: "hours", value: "25", rule: "check.1", zh: "一天工时 25 小时", en: "25 hours in one day"},
		{at: 150, column: "hours", value: "800000", rule: "number.range", zh: "工时 800000，超出该列范围", en: "800000 hours do not fit the column"},
		{at: 190, column: "planned_hours", value: "-8", rule: "check.2", zh: "计划工时为负：-8", en: "Negative planned hours: -8"},
		{at: 230, column: "work_date", value: fmt.Sprintf("03/08/%d", year), rule: "date.ambiguous",
			zh: "日期有歧义：3 月 8 日还是 8 月 3 日", en: "Ambiguous date: 8 March or 3 August"},
		{at: 270, column: "work_date", value: impossible(end), rule: "date.impossible", zh: "不存在的日期", en: "A date that does not exist"},
		{at: 310, column: "work_date", value: fmt.Sprintf("%d月5日", end.Month()), rule: "date.no_year", zh: "日期没有年份", en: "A date without its year"},
		{at: 350, column: "work_date", value: "上周五", rule: "date.form", zh: "日期写成“上周五”", en: "The date reads “last Friday”"},
		{at: 390, column: "work_date", value: "1926" + end.Format("-01") + "-05", rule: "date.range", zh: "年份误为 1926", en: "The year is 1926 by mistake"},
		{at: 430, column: "work_date", edit: dates("2062" + end.Format("-01") + "-06"), rule: "date.future", zh: "年份误为 2062，在将来", en: "The year is 2062 by mistake, in the future"},
		{at: 470, column: "employee_no", rule: "required", zh: "工号为空", en: "No employee number"},
		{at: 510, column: "employee_no", value: employeeNo(people + 900), rule: "employee.unknown", zh: "名册中没有这个工号", en: "An employee number that nobody has"},
		{at: 550, column: "employee_no", edit: func(t *table, l *line) {
			no := l.cells[t.at("employee_no")].text
			t.set(l, "employee_no", no[:3]+"\u200b"+no[3:], textCell)
		}, rule: "text.control", zh: "工号中夹有零宽空格 U+200B", en: "A zero-width space U+200B inside the employee number"},
		{at: 590, column: "content", edit: content("\x00"), rule: "text.control", zh: "工作内容中有 NUL 字符", en: "A NUL character in the description"},
		{at: 630, column: "content", edit: content(string(brokenByte)), rule: "text.undecodable", zh: "字节 0xFF 在 GB18030 中无效", en: "Byte 0xFF is not valid GB18030"},
		{at: 670, column: "log_id", edit: func(t *table, l *line) {
			t.set(l, "log_id", strings.Replace(l.cells[0].text, "WL", "WL ", 1), textCell)
		}, rule: "id.form", zh: "日志编号中有空格", en: "A blank inside the log id"},
		{at: 710, column: "logged_on", edit: func(t *table, l *line) {
			t.set(l, "logged_on", (l.record.(workLog).on - 1).in(t.format.day), textCell)
		}, rule: "check.3", zh: "填写日期早于工作日期", en: "Logged the day before the work"},
		{at: 750, edit: func(_ *table, l *line) { l.cells = append(l.cells, cell{text: "内部讨论"}) },
			rule: "row.fields", zh: "工作内容含未加引号的逗号，多出一列", en: "An unquoted comma in the description makes a field too many"},
		{at: 790, edit: func(_ *table, l *line) { l.cells = l.cells[:5] },
			rule: "row.fields", zh: "行被截断，少了三列", en: "The row is cut off, three fields are missing"},
	}
}

// impossible names a day that the month of end, or February, does not have.
func impossible(end time.Time) string {
	if end.Day() == 30 {
		return end.Format("2006-01") + "-31"
	}
	return end.Format("2006") + "-02-30"
}

// deliverySlips are the faults in cells of the latest deliveries, a workbook.
func deliverySlips(people int) []slip {
	delivered := func(l *line) bool { return l.record.(delivery).delivered != 0 }
	kind := func(column, text string, k cellKind) func(*table, *line) {
		return func(t *table, l *line) { t.set(l, column, text, k) }
	}
	return []slip{
		{at: 90, column: "employee_no", value: employeeNo(people + 901), rule: "employee.unknown", zh: "名册中没有这个工号", en: "An employee number that nobody has"},
		{at: 200, column: "project", edit: kind("project", "#REF!", errorCell), rule: "cell.error", zh: "公式出错：#REF!", en: "A formula error: #REF!"},
		{at: 320, column: "due_on", edit: kind("due_on", "E100+30", formulaCell), rule: "cell.no_value", zh: "公式没有保存计算结果", en: "A formula without a saved result"},
		{at: 430, column: "delivery_id", edit: kind("delivery_id", "3.1010520260701001E+17", longCell), rule: "id.digits_lost",
			zh: "18 位编号被存成数字，末几位已丢失", en: "An id of 18 digits stored as a number: the last digits are lost"},
		{at: 540, column: "delivered_on", edit: func(t *table, l *line) {
			t.set(l, "delivered_on", (l.record.(delivery).created - 2).String(), dateCell)
		}, rule: "check.1", zh: "实际交付早于创建", en: "Delivered before it was created", only: delivered},
		{at: 640, column: "due_on", edit: func(t *table, l *line) {
			t.set(l, "due_on", (l.record.(delivery).created - 3).String(), dateCell)
		}, rule: "check.2", zh: "承诺日期早于创建日期", en: "Due before it was created", only: delivered},
	}
}

// opportunitySlips are the faults in cells of the latest opportunities.
func opportunitySlips() []slip {
	isWon := func(l *line) bool { return l.record.(opportunity).outcome == won }
	return []slip{
		{at: 80, column: "outcome", value: "待定", rule: "enum.unknown", zh: "结果写成“待定”，不在可选值中", en: "The outcome “undecided” is not among the values", only: isWon},
		{at: 180, column: "closed_on", edit: func(t *table, l *line) {
			t.set(l, "closed_on", (l.record.(opportunity).created - 1).in(t.format.day), textCell)
		}, rule: "check.1", zh: "结案早于创建", en: "Closed before it was created", only: isWon},
		{at: 280, column: "closed_on", rule: "check.2", zh: "已成交却没有成交日期", en: "Won, but without a closing date", only: isWon},
		{at: 380, column: "amount", value: "-56000.00", rule: "check.3", zh: "金额为负", en: "A negative amount"},
		{at: 480, column: "amount", value: "12.8万", rule: "number.form",
			zh: "金额以万为单位，该列未声明：12.8万", en: "An amount in 万 (ten thousands), which the column does not declare: 12.8万"},
		{at: 580, column: "amount", value: "86000.125", rule: "number.scale", zh: "金额有三位小数", en: "An amount with three decimals"},
		{at: 680, column: "opportunity_id", value: "1.23457E+17", rule: "id.digits_lost", zh: "编号成了科学计数法，原数字已丢失", en: "The id turned into scientific notation: its digits are lost"},
	}
}

// plantLogRows plants whole rows into the latest work logs; before are those of the quarter before.
func plantLogRows(before, t *table, g *generator) error {
	if err := plantConflict(t, 250, "hours", "3.5"); err != nil {
		return err
	}
	if err := plantDuplicate(t, 450); err != nil {
		return err
	}
	at, err := before.find(700, func(l *line) bool { return l.record.(workLog).hours != 12 })
	if err != nil {
		return err
	}
	corrected := before.lines[at].record.(workLog)
	corrected.hours = 12
	l := logLine(t, corrected)
	l.fault("", "accepted.correction", "更正上季度的一条日志：工时改为 6，取代原记录", "Corrects a log of the quarter before: 6 hours, supersedes the earlier record")
	t.insert(len(t.lines)*3/5, l)
	if err := plantAfterLeaving(t, g); err != nil {
		return err
	}
	total := &line{cells: make([]cell, len(t.columns))}
	halves := [2]int{}
	for _, l := range t.lines {
		r := l.record.(workLog)
		halves[0], halves[1] = halves[0]+r.hours, halves[1]+r.planned
	}
	t.set(total, "log_id", "合计", textCell)
	t.set(total, "hours", string(appendHalves(nil, halves[0])), textCell)
	t.set(total, "planned_hours", string(appendHalves(nil, halves[1])), textCell)
	total.fault("", "row.total", "合计行", "A totals row")
	t.add(total)
	return nil
}

// plantAfterLeaving adds a log of who left last, some days after.
func plantAfterLeaving(t *table, g *generator) error {
	var who *person
	for i := range g.people {
		p := &g.people[i]
		if p.left != 0 && p.left+10 <= g.calendar.last && (who == nil || p.left > who.left) {
			who = p
		}
	}
	if who == nil {
		return fmt.Errorf("nobody has left")
	}
	on := g.calendar.work[g.calendar.index(max(who.left+4, g.calendar.latestQuarter()))]
	g.logID++
	l := logLine(t, workLog{id: g.logID, no: who.no, on: on, logged: on, hours: 16, planned: 16, task: "交接工作"})
	l.fault("work_date", "employment.outside", "工作日期在离职之后", "Work done after the person had left")
	t.insert(len(t.lines)*4/5, l)
	return nil
}

// plantConflict repeats a row under the same key with one cell changed.
func plantConflict(t *table, at int, column, value string) error {
	i, err := t.find(at, func(l *line) bool { return l.cells[t.at(column)].text != "" })
	if err != nil {
		return err
	}
	other := t.lines[i].copy()
	t.set(other, column, value, textCell)
	for _, l := range []*line{t.lines[i], other} {
		l.fault("", "key.conflict", "同一文件中编号相同而内容不同", "The same id twice in one file with different content")
	}
	t.insert(i+1, other)
	return nil
}

// plantDuplicate repeats a row as it is, some rows further on.
func plantDuplicate(t *table, at int) error {
	i, err := t.find(at, nil)
	if err != nil {
		return err
	}
	again := t.lines[i].copy()
	again.fault("", "accepted.duplicate", "与前面一行完全相同，只计一次", "Exactly the same as an earlier row, counted once")
	t.insert(min(i+7, len(t.lines)), again)
	return nil
}

// plantDeliveryRows plants whole rows, merged cells and titles into the latest deliveries.
func plantDeliveryRows(before, t *table, g *generator) error {
	first := g.calendar.latestQuarter()
	at, err := before.find(300, func(l *line) bool { return l.record.(delivery).delivered >= first })
	if err != nil {
		return err
	}
	old := before.lines[at]
	l := deliveryLine(t, old.record.(delivery))
	l.fault("", "accepted.correction", "补上上季度一笔交付的实际交付日期，取代原记录", "Adds the delivery day to a record of the quarter before, supersedes it")
	before.set(old, "delivered_on", "", textCell)
	t.insert(len(t.lines)*7/10, l)

	at, err = t.find(800, nil)
	if err != nil || at+1 == len(t.lines) || len(t.lines[at+1].faults) > 0 {
		return fmt.Errorf("%s has no two rows to merge cells in", t.file)
	}
	t.lines[at].merge = "project"
	t.lines[at+1].fault("project", "cell.merged", "项目名称与上一行合并单元格，本行没有自己的值", "The project is merged with the row above, this row has no value of its own")
	t.set(t.lines[at+1], "project", "", textCell)

	total := &line{cells: make([]cell, len(t.columns))}
	t.set(total, "delivery_id", "合计", textCell)
	t.set(total, "project", fmt.Sprintf("共 %d 项", len(t.lines)), textCell)
	total.fault("", "row.total", "合计行", "A totals row")
	t.add(total)
	t.titles = append(t.titles, "某某公司交付记录")
	t.titles = append(t.titles, "导出日期："+g.calendar.last.String())
	return nil
}

// plantOpportunityRows plants whole rows and a title into the latest opportunities.
func plantOpportunityRows(before, t *table, g *generator) error {
	if err := plantConflict(t, 130, "amount", "1000.00"); err != nil {
		return err
	}
	if err := plantDuplicate(t, 330); err != nil {
		return err
	}
	first := g.calendar.latestQuarter()
	at, err := before.find(300, func(l *line) bool {
		r := l.record.(opportunity)
		return r.outcome == won && r.closed >= first
	})
	if err != nil {
		return err
	}
	old := before.lines[at]
	now := opportunityLine(t, old.record.(opportunity))
	now.fault("", "accepted.correction", "上季度的商机本季度成交，取代原记录", "An opportunity of the quarter before, won in this one; supersedes the earlier record")
	before.set(old, "closed_on", "", textCell)
	before.set(old, "stage", before.format.stages[stageProposal], textCell)
	before.set(old, "outcome", before.format.outcomes[open], textCell)
	t.insert(len(t.lines)/2, now)
	t.titles = append(t.titles, "某某公司商机明细（"+g.calendar.months[len(g.calendar.months)-1].quarter+"）")
	return nil
}

// plantOrganisation plants faults into the workbook of the organisation: in a department without people, in people who
// have not begun yet, and in memberships of people who left before the first month. Nobody's records depend on them.
func plantOrganisation(b *books, g *generator) {
	b.departments.titles = append(b.departments.titles, "某某公司组织架构（截至 "+g.calendar.last.String()+"）")
	b.departments.append("kind", "enum.unknown", "部门类别“战略”不在可选值中", "The kind “strategy” is not among the values",
		"D090", "战略发展部", "Strategy", "", "战略", "扁平")

	next := len(g.people)
	no := func(i int) string { return employeeNo(next + i) }
	left := weekday(g.calendar.first - 40)
	people := b.employees
	former := []string{"秦海燕", "尤志明", "施雨晴", "齐国栋"}
	english := []string{"Haiyan Qin", "Zhiming You", "Yuqing Shi", "Guodong Qi"}
	for i := range former {
		people.append("", "", "", "", no(i+1), former[i], english[i], "u"+no(i+1)+"@example.com",
			weekday(left-day(1500+200*i)).String(), left.String(), "专员")
	}
	people.append("left_on", "check.1", "离职日期早于入职日期", "Left before being hired",
		no(5), "褚建平", "Jianping Chu", "u"+no(5)+"@example.com", left.String(), (left - 300).String(), "专员")
	people.append("name", "cell.error", "公式出错：#N/A", "A formula error: #N/A",
		no(6), "#N/A", "", "u"+no(6)+"@example.com", weekday(g.calendar.last-9).String(), "", "待入职")
	people.append("hired_on", "date.no_year", "入职日期没有年份", "A date of hiring without its year",
		no(7), "柳晓峰", "Xiaofeng Liu", "u"+no(7)+"@example.com", "10月8日", "", "待入职")
	people.append("name", "text.control", "姓名中有双向控制符 U+202E", "A bidi override U+202E in the name",
		no(8), "严\u202e文博", "Wenbo Yan", "u"+no(8)+"@example.com", weekday(g.calendar.last-9).String(), "", "待入职")
	people.append("", "row.total", "合计行", "A totals row", "合计", fmt.Sprintf("%d 人", len(people.lines)), "", "", "", "", "")

	posts := b.memberships
	since := func(i int) string { return weekday(left - day(1500+200*i)).String() }
	posts.append("", "interval.overlap", "同一人两段任职日期重叠", "Two memberships of one person overlap", no(1), "D001", since(0), left.String(), "专员", "")
	posts.append("", "interval.overlap", "同一人两段任职日期重叠", "Two memberships of one person overlap", no(1), "D002", (left - 90).String(), left.String(), "专员", "")
	posts.append("valid_to", "check.1", "任职结束早于开始", "The membership ends before it begins", no(2), "D003", since(1), (left - 2500).String(), "专员", "")
	posts.append("superior_no", "check.2", "直接上级是本人", "The superior is the person himself", no(3), "D004", since(2), left.String(), "专员", no(3))
	posts.append("department_id", "department.unknown", "没有这个部门编号", "A department id that does not exist", no(4), "D099", since(3), left.String(), "专员", "")
	for _, department := range []string{"D001", "D002"} {
		posts.append("", "interval.share", "同一天的任职比例合计 120%", "Shares of one day that add up to 120 percent", no(2), department, since(1), left.String(), "专员", "", "60%")
	}
}

// append adds a row of texts with a fault in a column; no rule, no fault.
func (t *table) append(column, rule, zh, en string, texts ...string) {
	l := &line{cells: textCells(texts)}
	for i, text := range texts {
		switch {
		case strings.HasPrefix(text, "#"):
			l.cells[i].kind = errorCell
		case isISO(text):
			l.cells[i].kind = dateCell
		}
	}
	if rule != "" {
		if strings.HasPrefix(rule, "check.") {
			column = ""
		}
		l.fault(column, rule, zh, en)
	}
	t.add(l)
}

func isISO(text string) bool {
	_, err := time.Parse(isoDate, text)
	return err == nil
}
