package sample

// This file lays out a company as real files come: one workbook for the organisation, and for the records of each
// quarter another delimiter, encoding, spelling of dates and header words. Faults are planted in faults.go.

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"slices"
)

// formats are how the CSV files of the last quarters are written, the latest first; earlier ones repeat the last entry.
// A workbook takes the place of the latest deliveries.
var (
	logFormats = []format{
		{encoding: gb18030, day: isoDate, header: []string{"日志编号", "工号", "工作日期", "填写日期", "时长(小时)", "计划工时", "项目名称", "工作内容"}},
		{day: dotDate, header: workLogHeader},
		{comma: ';', day: compactDate, header: []string{"Log ID", "Employee no.", "Work date", "Logged on", "Hours", "Planned hours", "Project", "Description"}},
		{bom: true, crlf: true, day: isoDate, clock: true, header: []string{"编号", "员工编号", "日期", "提交日期", "工时", "计划工时(小时)", "项目", "事项"}},
		{comma: '\t', day: slashDate, header: workLogHeader},
	}
	deliveryFormats = []format{
		{day: isoDate, header: deliveryHeader},
		{day: isoDate, crlf: true, bom: true, header: []string{"交付单号", "工号", "项目", "交付物", "立项日期", "计划交付日期", "完成日期"}},
		{day: dotDate, header: deliveryHeader},
		{day: slashDate, encoding: gb18030, header: []string{"交付编号", "员工工号", "项目名称", "交付内容", "登记日期", "截止日期", "交付日期"}},
		{day: chineseDate, header: deliveryHeader},
	}
	opportunityFormats = []format{
		{day: isoDate, header: []string{"商机编号", "销售工号", "客户", "创建时间", "成交日期", "销售阶段", "状态", "金额(元)"},
			stages: [...]string{"线索", "需求", "报价", "谈判", "签约"}, outcomes: [...]string{"成交", "流失", "跟进中"}},
		{day: isoDate, header: []string{"Record ID", "Deal owner", "Account name", "Create date", "Close date", "Deal stage", "Status", "Amount"},
			stages: [...]string{"Lead", "Qualified", "Quotation", "Negotiation", "Closed"}, outcomes: [...]string{"Closed Won", "Closed Lost", "Open"}},
		{day: slashDate, bom: true, crlf: true, header: opportunityHeader, stages: stageNames, outcomes: outcomeNames},
		{day: dotDate, comma: ';', header: opportunityHeader, stages: stageNames, outcomes: outcomeNames},
		{day: chineseDate, header: []string{"商机编号", "员工编号", "客户名称", "创建日期", "关闭日期", "阶段", "商机结果", "商机金额"},
			stages: stageNames, outcomes: outcomeNames},
	}
)

// The ids of the columns, in the order in which the files hold them.
var (
	departmentColumns  = []string{"department_id", "name", "name_en", "parent_id", "kind", "structure"}
	employeeColumns    = []string{"employee_no", "name", "name_en", "email", "hired_on", "left_on", "position"}
	membershipColumns  = []string{"employee_no", "department_id", "valid_from", "valid_to", "role", "superior_no"}
	workLogColumns     = []string{"log_id", "employee_no", "work_date", "logged_on", "hours", "planned_hours", "project", "content"}
	deliveryColumns    = []string{"delivery_id", "employee_no", "project", "item", "created_on", "due_on", "delivered_on"}
	opportunityColumns = []string{"opportunity_id", "employee_no", "customer", "created_on", "closed_on", "stage", "outcome", "amount"}
)

// books are all tables of a company with faults, the records quarter by quarter.
type books struct {
	departments, employees, memberships *table
	logs, deliveries, opportunities     []*table
	kinds                               []*table // the further kinds, in the order of writing
}

// writeFaulty writes company/, refused/, faults.csv and README.md.
func writeFaulty(ctx context.Context, out *output, g *generator) error {
	c := newClerk(g)
	if err := c.cast(); err != nil {
		return err
	}
	b := books{
		departments: organisation("departments", "部门", departmentColumns, departmentHeader, g.departmentRows()),
		employees:   organisation("employees", "员工", staffColumns, staffHeader, c.staffRows()),
		memberships: organisation("memberships", "任职", stayColumns, stayHeader, c.stayRows()),
	}
	if err := b.addRecords(ctx, out, g); err != nil {
		return err
	}
	b.kinds = append(c.tables(), c.changeTable(), c.leaveTable(b.logs))
	if err := plant(&b, g); err != nil {
		return err
	}
	faults, err := writeTables(out, &b)
	if err != nil {
		return err
	}
	refused, err := writeRefused(out, &b)
	if err != nil {
		return err
	}
	out.summary.Faults = append(faults, refused...)
	return writeLists(out, c)
}

// organisationCells are the columns of company.xlsx that hold no texts.
var organisationCells = map[string]cellKind{"hired_on": dateCell, "left_on": dateCell, "valid_from": dateCell, "valid_to": dateCell,
	"bonus_base": numberCell, "share": percentCell, "working_time": percentCell}

// organisation makes a sheet of company.xlsx; dates, amounts and percentages become real ones.
func organisation(dataset, sheet string, columns, header []string, rows [][]string) *table {
	t := &table{dataset: dataset, file: "company/company.xlsx", sheet: sheet, columns: columns, format: format{header: header, day: isoDate}}
	for _, row := range rows {
		l := &line{}
		for i, text := range row {
			l.cells = append(l.cells, cell{text, organisationCells[columns[i]]})
		}
		t.lines = append(t.lines, l)
	}
	return t
}

// addRecords draws the records of every quarter into tables.
func (b *books) addRecords(ctx context.Context, out *output, g *generator) error {
	quarters := 0
	if err := byQuarter(g, func(string, []int) error { quarters++; return nil }); err != nil {
		return err
	}
	return byQuarter(g, func(quarter string, months []int) error {
		age := quarters - len(b.logs) - 1 // 0 for the latest
		logs := newTable("work_logs", quarter, workLogColumns, pickFormat(logFormats, age))
		deliveries := newTable("deliveries", quarter, deliveryColumns, pickFormat(deliveryFormats, age))
		opportunities := newTable("opportunities", quarter, opportunityColumns, pickFormat(opportunityFormats, age))
		if age == 0 {
			deliveries.file, deliveries.sheet = "company/deliveries-"+quarter+".xlsx", "交付记录"
		}
		b.logs, b.deliveries = append(b.logs, logs), append(b.deliveries, deliveries)
		b.opportunities = append(b.opportunities, opportunities)
		for _, m := range months {
			if err := g.eachLog(ctx, m, func(r *workLog) error { out.row(); logs.add(logLine(logs, *r)); return nil }); err != nil {
				return err
			}
			if err := g.eachDelivery(ctx, m, func(r *delivery) error { out.row(); deliveries.add(deliveryLine(deliveries, *r)); return nil }); err != nil {
				return err
			}
			if err := g.eachOpportunity(ctx, m, func(r *opportunity) error {
				out.row()
				opportunities.add(opportunityLine(opportunities, *r))
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

func pickFormat(formats []format, age int) format { return formats[min(age, len(formats)-1)] }

func newTable(dataset, quarter string, columns []string, f format) *table {
	return &table{dataset: dataset, file: "company/" + dataset + "-" + quarter + ".csv", columns: columns, format: f}
}

// logLine writes a work log in the table's way.
func logLine(t *table, r workLog) *line {
	logged := r.logged.in(t.format.day)
	if t.format.clock { // evening of the day, or next morning
		logged += fmt.Sprintf(" %02d:%02d", 17+r.id%3, r.id*7%60)
	}
	return &line{record: r, cells: []cell{
		{text: fmt.Sprintf("WL%08d", r.id)}, {text: employeeNo(r.no)}, t.date(r.on), {text: logged, kind: t.date(0).kind},
		{text: string(appendHalves(nil, r.hours)), kind: numberCell}, {text: string(appendHalves(nil, r.planned)), kind: numberCell},
		{text: r.place + r.theme}, {text: r.task},
	}}
}

// deliveryLine writes a delivery in the table's way.
func deliveryLine(t *table, r delivery) *line {
	return &line{record: r, cells: []cell{
		{text: fmt.Sprintf("JF%08d", r.id)}, {text: employeeNo(r.no)}, {text: r.place + r.theme}, {text: r.item},
		t.date(r.created), t.date(r.due), t.date(r.delivered),
	}}
}

// opportunityLine writes an opportunity in the table's way.
func opportunityLine(t *table, r opportunity) *line {
	return &line{record: r, cells: []cell{
		{text: fmt.Sprintf("SJ%08d", r.id)}, {text: employeeNo(r.no)}, {text: r.client + r.trade},
		t.date(r.created), t.date(r.closed), {text: t.format.stages[r.stage]}, {text: t.format.outcomes[r.outcome]},
		{text: string(appendAmount(nil, r.amount)), kind: numberCell},
	}}
}

// writeTables writes the folder company and tells where the faults came to stand.
func writeTables(out *output, b *books) ([]Fault, error) {
	sheets := []*table{b.departments, b.employees, b.memberships}
	faults, err := writeBook(out, sheets)
	if err != nil {
		return nil, err
	}
	for _, t := range slices.Concat(b.deliveries, b.opportunities, b.logs, b.kinds) {
		var found []Fault
		if t.sheet != "" {
			found, err = writeBook(out, []*table{t})
		} else {
			found, err = t.faults(), out.file(t.file, t.dataset, func(w *bufio.Writer) (int64, error) {
				text, err := t.text()
				if err == nil {
					_, err = w.Write(text)
				}
				return int64(len(t.lines)), err
			})
		}
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", t.file, err)
		}
		faults = append(faults, found...)
	}
	return faults, nil
}

// writeBook writes tables as the sheets of one workbook.
func writeBook(out *output, sheets []*table) (faults []Fault, err error) {
	data, err := workbook(sheets)
	if err != nil {
		return nil, err
	}
	err = out.file(sheets[0].file, sheets[0].dataset, func(w *bufio.Writer) (int64, error) {
		_, err := bytes.NewReader(data).WriteTo(w)
		return 0, err
	})
	if err != nil {
		return nil, err
	}
	files := &out.summary.Files
	*files = (*files)[:len(*files)-1] // a workbook is told sheet by sheet
	for _, t := range sheets {
		out.add(File{Name: t.file, Sheet: t.sheet, Dataset: t.dataset, Rows: int64(len(t.lines))})
		faults = append(faults, t.faults()...)
	}
	return faults, nil
}
