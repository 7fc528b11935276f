package reports

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports/tabular"
)

// Evidence is the rows behind one KPI for the whole company, those that count and those left out.
type Evidence struct {
	KPI  *policy.KPI
	Rows []EvidenceRow
}

// EvidenceRow is a row with the place that it came from.
type EvidenceRow struct {
	metrics.EvidenceRow
	File string
	Line int64 // row of the file; 0: none
}

// excelRows is how many rows a sheet has in Excel.
const excelRows = 1_048_576

// evidenceHead is the row of the heads on a sheet of evidence.
const evidenceHead = 3

// evidencePlan is one sheet of the rows behind a KPI.
type evidencePlan struct {
	sheet    string
	kpi      *policy.KPI
	rows     []EvidenceRow // by department, person and day
	part, of int           // of the sheets of this KPI, from 1
	columns  []*policy.Column
}

// blockKey names the rows behind a value: of a person in a department, or of a department.
type blockKey struct{ kpi, department, employee string }

// personSpot is where a person's value stands on the department's sheet; "" where there is none.
func (b *book) personSpot(e *evidencePlan, department, employee string) string {
	p := b.plan.byDepartment[department]
	if p == nil || employee == "" {
		return ""
	}
	row := p.rowOf(employee)
	if row == 0 {
		return ""
	}
	for i, c := range p.items {
		if p.card.Items[i].KPI == e.kpi {
			return spot(p.sheet, c.value, row)
		}
	}
	return spot(p.sheet, colName, row)
}

// rowOf gives the first row of an employee; 0: none.
func (p *stayPlan) rowOf(employee string) int {
	if p.byNo == nil {
		p.byNo = map[string]int{}
		for i := len(p.people) - 1; i >= 0; i-- {
			p.byNo[p.people[i].Person.No] = rowPeople + i
		}
	}
	return p.byNo[employee]
}

// planEvidence gives the rows behind every KPI their sheets, and remembers where each block begins.
func (b *book) planEvidence(p *plan, names sheetNames) {
	order := map[string]int{}
	for i := range b.Report.Departments {
		order[b.Report.Departments[i].Department.ID] = i + 1
	}
	for _, e := range b.Evidence {
		rows := slices.Clone(e.Rows)
		slices.SortStableFunc(rows, func(x, y EvidenceRow) int {
			return cmp.Or(cmp.Compare(order[x.Department], order[y.Department]), strings.Compare(x.Employee, y.Employee), x.Day.Compare(y.Day))
		})
		most := b.evidenceMost()
		parts := max((len(rows)+most-1)/most, 1)
		for part := range parts {
			sheet := evidencePlan{sheet: names.name(b.t("明细-", "Rows-") + e.KPI.Name.In(b.lang)), kpi: e.KPI, rows: rows[part*most : min((part+1)*most, len(rows))], part: part + 1, of: parts,
				columns: e.KPI.Dataset.Columns}
			for i := range sheet.rows {
				r := &sheet.rows[i]
				at := spot(sheet.sheet, evEmployee, evidenceHead+1+i)
				for _, key := range []blockKey{{e.KPI.ID, r.Department, r.Employee}, {e.KPI.ID, r.Department, ""}} {
					if p.blocks[key] == "" {
						p.blocks[key] = at
					}
				}
			}
			p.evidence = append(p.evidence, sheet)
		}
	}
}

// evidenceMost is how many rows of evidence one sheet takes.
func (d *Data) evidenceMost() int {
	most := d.SheetRows
	if most <= evidenceHead || most > excelRows {
		most = excelRows
	}
	return most - evidenceHead
}

// Columns of evidence before those of the records.
const (
	evCounted = iota + 1
	evReason
	evDepartment
	evEmployee
	evName
	evDay
	evShare
	evFixed = evShare
)

// writeEvidence writes one sheet of the rows behind a KPI. The first row of each person leads back to the person's value.
func (b *book) writeEvidence(e *evidencePlan) error {
	l := b.evidenceList(e)
	title := e.kpi.Name.In(b.lang) + "  " + b.periodName() + b.t("  逐条记录", "  the rows behind it")
	note := b.t("计入与未计入的每一条记录，按部门、人员、日期排列；姓名链接回部门表中的数字。", "Every row that counts or is left out, by department, person and day; names lead back to the figure on the department's sheet.")
	if e.of > 1 {
		note += fmt.Sprintf(b.t("记录超过一页所容，分 %d 页，本页为第 %d 页；全部记录另存为同名的 .parquet 文件（有密码保护时不另存）。", " There are more rows than a sheet holds: %d sheets, of which this is number %d; all rows are in the .parquet file beside the workbook too, unless it is protected by a password."), e.of, e.part)
	}
	return b.listSheet(e.sheet, tabEvidence, title, note, l)
}

func (b *book) evidenceList(e *evidencePlan) *list {
	l := &list{table: "tbl_" + e.kpi.ID, none: b.t("没有记录", "no rows")}
	head := func(zh, en string, look look, most float64) {
		l.columns = append(l.columns, listColumn{head: b.t(zh, en), look: look, most: most})
	}
	head("计入", "Counted", textLook, 14)
	head("未计入的原因", "Why not", wrapLook, 34)
	head("部门", "Department", textLook, 30)
	head("工号", "Employee no.", textLook, 18)
	head("姓名", "Name", wrapLook, 26)
	head("日期", "Day", dateLook, 12)
	head("计入份额", "Share", number("0.##"), 12)
	for _, c := range e.columns {
		head(c.Name.ZH, cmp.Or(c.Name.EN, c.Name.ZH), wrapLook, 30)
	}
	head("文件", "File", wrapLook, 30)
	head("行号", "Row in file", number("0"), 12)
	last := blockKey{}
	for i := range e.rows {
		r := &e.rows[i]
		key := blockKey{e.kpi.ID, r.Department, r.Employee}
		name := listCell{value: text(b.nameAlone(r.Employee))}
		if i == 0 || key != last {
			name.link = b.personSpot(e, r.Department, r.Employee)
		}
		last = key
		row := cells(b.countedWords(r.Counted), r.Reason.In(b.lang), text(b.departmentName(r.Department)), r.Employee, name, day(r.Day), nil)
		if r.Department != "" {
			row[evShare-1].value = r.Share.Float()
		}
		for j := range e.columns {
			row = append(row, cells(cellAt(r.Cells, j))...)
		}
		var line any
		if r.Line > 0 {
			line = r.Line
		}
		l.rows = append(l.rows, append(row, cells(r.File, line)...))
	}
	return l
}

func cellAt(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

func (b *book) countedWords(c metrics.Counted) string {
	switch c {
	case metrics.InBoth:
		return b.t("分子", "numerator")
	case metrics.InDenominator:
		return b.t("仅分母", "denominator only")
	case metrics.Missing:
		return b.t("缺", "missing")
	}
	return b.t("未计入", "left out")
}

// nameAlone is a person's name without the number.
func (b *book) nameAlone(no string) string {
	if no == "" {
		return ""
	}
	b.nameOfPerson(no) // fills the names
	return b.people[no]
}

// writeParquets writes the rows of a KPI that take more than one sheet as a Parquet file beside the workbook.
func (d *Data) writeParquets(workbook string) error {
	for _, e := range d.Evidence {
		if len(e.Rows) <= d.evidenceMost() {
			continue
		}
		if err := writeFor(strings.TrimSuffix(workbook, ".xlsx")+" "+safeName(e.KPI.ID)+".parquet", 0o644, func(w io.Writer) error { return e.table().Write(w, "parquet") }); err != nil {
			return err
		}
	}
	return nil
}

// table gives the rows for machines, named as policy and ledger name things.
func (e *Evidence) table() *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{{Name: "counted"}, {Name: "reason"}, {Name: "department"}, {Name: "employee_no"}, {Name: "day"}, {Name: "share", Kind: tabular.Decimal}}}
	for _, c := range e.KPI.Dataset.Columns {
		t.Columns = append(t.Columns, tabular.Column{Name: "record_" + c.ID})
	}
	t.Columns = append(t.Columns, tabular.Column{Name: "file"}, tabular.Column{Name: "row", Kind: tabular.Integer})
	for i := range e.Rows {
		r := &e.Rows[i]
		date, line, share := "", "", ""
		if !r.Day.IsZero() {
			date = r.Day.Format("2006-01-02")
		}
		if r.Line > 0 {
			line = strconv.FormatInt(r.Line, 10)
		}
		if r.Department != "" {
			share = r.Share.String()
		}
		row := []string{string(r.Counted), r.Reason.EN, r.Department, r.Employee, date, share}
		for j := range e.KPI.Dataset.Columns {
			row = append(row, cellAt(r.Cells, j))
		}
		t.Rows = append(t.Rows, append(row, r.File, line))
	}
	return t
}
