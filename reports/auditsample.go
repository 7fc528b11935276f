package reports

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/xuri/excelize/v2"

	"plumbline/audit"
	"plumbline/policy"
)

// auditSubject is what a workbook with an audit sample is about.
var auditSubject = policy.Text{ZH: "审计抽查", EN: "Audit sample"}

// WriteAuditSample writes a sample into dir as its next version: a cover that says what was drawn and how to fill the workbook in, and the sheet
// to fill in, whose header is that of the dataset findings, so that ingest takes it back without a mapping. Only the cells of the
// auditor can be changed. No version is written over: it may be filled in already. The same sample gives the same bytes.
func WriteAuditSample(ctx context.Context, dir string, s *audit.Sample, lang policy.Lang) (string, error) {
	fail := func(err error) (string, error) { return "", fmt.Errorf("write audit sample of %s: %w", s.Period, err) }
	findings := s.Policy.Dataset(policy.Findings)
	if findings == nil {
		return fail(fmt.Errorf("the policy has no dataset %s to take it back (制度没有 %[1]s 这类记录)", policy.Findings))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fail(err)
	}
	stem, end := nameParts(s.Policy.Company.Name, s.Period, auditSubject, lang)
	newest, err := newestVersion(dir, stem, end)
	if err != nil {
		return fail(err)
	}
	path := filepath.Join(dir, FileName(s.Policy.Company.Name, s.Period, auditSubject, newest+1, lang))
	if err := writeWhole(path, func(w io.Writer) error { return renderAuditSample(ctx, w, s, findings, lang) }); err != nil {
		return fail(err)
	}
	return path, nil
}

func renderAuditSample(ctx context.Context, w io.Writer, s *audit.Sample, findings *policy.Dataset, lang policy.Lang) error {
	b := &auditBook{book: blankBook(lang), sample: s, findings: findings}
	b.cover, b.sheet = b.t("说明", "Read me"), b.t("抽查表", "Sample")
	company, of := s.Policy.Company.Name.In(lang), s.Period.ZH()
	if lang == policy.EN {
		of = s.Period.EN()
	}
	b.foot = footText(company) + " · " + of + " " + auditSubject.In(lang)
	if err := b.create([]string{b.cover, b.sheet}); err != nil {
		return err
	}
	defer b.close()
	b.title = company + " " + of + b.t("", " ") + auditSubject.In(lang)
	if err := b.describe(b.title, auditSubject, company, s.Made); err != nil {
		return err
	}
	for _, write := range []func() error{b.writeCover, b.writeSheet} {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := write(); err != nil {
			return err
		}
	}
	_, err := b.pack(ctx, w)
	return err
}

// auditBook is a workbook with an audit sample being written.
type auditBook struct {
	*book
	sample       *audit.Sample
	findings     *policy.Dataset
	title        string
	cover, sheet string // names of the sheets
}

// auditSteps say how the sheet is filled in.
var auditSteps = []policy.Text{
	{ZH: "在「抽查表」中逐行核查。淡黄底的格由审计人填写，其余各格已锁定。", EN: "Check the objects row by row on the sheet “Sample”. Cells in pale yellow are the auditor's to fill in; all others are locked."},
	{ZH: "每行必填抽查日期和是否合规；不合规的，另填问题程度，并写明问题描述和整改期限。", EN: "Every row needs the day of the audit and whether the object is compliant; one that is not needs a severity, and should have the finding and the day by which it is fixed."},
	{ZH: "审计人是提议的，可以改派；改派的人不得属于被审计部门及其上下级部门，也不得是负责人本人。审计人空着的，说明没有合适的人选，请另行指定。", EN: "The auditors are proposals and may be changed, but to nobody of the audited department or of one above or below it, and never to the owner. Where the cell is blank nobody qualifies; appoint somebody from elsewhere."},
	{ZH: "存为 .xlsx 后运行 plumbline ingest 加本文件名。填好的行入账为审计发现；没有填是否合规的行不算发现，留在隔离区待补（plumbline rejects 列出），填好后再次导入本表即可。", EN: "Save it as .xlsx and run plumbline ingest with its name. Rows that are filled in become findings; a row without a verdict is none and waits in quarantine (plumbline rejects lists it) until the workbook, filled in, is ingested again."},
	{ZH: "抽样可以重做：同一季度、种子、账序和件数，抽出的总是同一批对象。", EN: "The draw can be repeated: the same quarter, seed, ledger sequence and number always draw the same objects."},
}

// Columns of the cover's table.
const (
	coverProcess = iota + 1
	coverDepartment
	coverName
	coverPopulation
	coverDrawn
	coverWithout
)

var coverWidths = []float64{24, 14, 30, 14, 14, 18}

// writeCover writes what was drawn and how to fill it in.
func (b *auditBook) writeCover() error {
	x := b.sample
	head := 8 + len(auditSteps) // title, two lines, blank, section, steps, blank, section
	s, err := b.open(b.cover, frame{tab: tabOverview, columns: coverWithout, widths: coverWidths, rows: head + max(len(x.Strata), 1), titles: [2]int{head, head}})
	if err != nil {
		return err
	}
	drawn, without := x.Objects()
	s.line(titleLook, b.title)
	say := fmt.Sprintf(b.t("共抽查 %d 件。", "Objects to be audited: %d."), drawn)
	if without > 0 {
		say += fmt.Sprintf(b.t("其中 %d 件没有合适的审计人。", " For %d of them nobody qualifies as auditor."), without)
	}
	s.line(sayLook, say)
	s.line(noteLook, fmt.Sprintf(b.t("种子 %s；账序 %d，指纹 %.12s；制度第 %d 版；制表于 %s。", "Seed %s; ledger sequence %d, fingerprint %.12s; policy version %d; made %s."),
		x.Seed, x.Basis.LedgerSeq, x.Basis.LedgerHash, x.Basis.PolicyVersion, x.Made.Format("2006-01-02 15:04 -07:00")))
	s.skip(1)
	s.line(sectionLook, b.t("怎样填写", "How to fill it in"))
	for i, step := range auditSteps {
		s.line(sayLook, itoa(i+1)+". "+step.In(b.lang))
	}
	s.skip(1)
	s.line(sectionLook, b.t("各层的总数与抽查数", "Strata: population and sample"))
	s.header([]string{b.t("流程", "Process"), b.t("部门编号", "Department"), b.t("部门", "Name"), b.t("本季度件数", "Population"), b.t("抽查件数", "Drawn"),
		b.t("无合适审计人", "Without auditor")}, coverProcess, coverDepartment, coverName)
	if len(x.Strata) == 0 {
		s.put(coverProcess, textLook, b.t("本季度没有可抽查的记录", "the quarter has no records to audit"))
		s.blank(coverProcess, coverWithout, textLook)
		s.end(0)
	}
	for _, stratum := range x.Strata {
		none := 0
		for _, o := range stratum.Drawn {
			if o.Auditor.No == "" {
				none++
			}
		}
		name := stratum.Name.In(b.lang)
		if stratum.Department == "" {
			name = b.t("（当日没有任职部门）", "(no department on the day)")
		}
		s.put(coverProcess, wrapLook, text(stratum.Process.Name.In(b.lang)))
		s.put(coverDepartment, wrapLook, text(stratum.Department))
		s.put(coverName, wrapLook, text(name))
		s.put(coverPopulation, number(fmtInt), stratum.Population)
		s.put(coverDrawn, number(fmtInt), len(stratum.Drawn))
		s.put(coverWithout, number(fmtInt), none)
		s.end(rowHeight(max(wrappedLines(stratum.Process.Name.In(b.lang), coverWidths[0]), wrappedLines(name, coverWidths[2]))))
	}
	return s.close()
}

// auditColumn is a column of the sheet to fill in.
type auditColumn struct {
	head  string
	width float64
	look  look
	value func(stratum *audit.Stratum, o *audit.Object) any
	list  []string // what may be entered
	days  bool
}

// Looks of the sheet to fill in.
var (
	givenLook = look{align: "left", wrap: true, fill: sumFill, line: hairline, format: fmtText}
	fillLook  = look{align: "left", wrap: true, fill: inputFill, line: rule, format: fmtText, open: true}
	fillDay   = look{align: "left", fill: inputFill, line: rule, format: "yyyy-mm-dd", open: true}
	readLook  = look{align: "left", wrap: true, ink: faintInk, line: hairline}
	readDay   = look{align: "left", ink: faintInk, line: hairline, format: "yyyy-mm-dd"}
)

// columns are those of the dataset, then some for the reader, which ingest does not know.
func (b *auditBook) columns() []auditColumn {
	given := map[string]func(*audit.Stratum, *audit.Object) any{
		"finding_id":    func(_ *audit.Stratum, o *audit.Object) any { return text(o.ID) },
		"process":       func(s *audit.Stratum, _ *audit.Object) any { return text(s.Process.Name.In(b.lang)) },
		"item":          func(_ *audit.Stratum, o *audit.Object) any { return text(o.Item) },
		"employee_no":   func(_ *audit.Stratum, o *audit.Object) any { return text(o.Owner.No) },
		"department_id": func(s *audit.Stratum, _ *audit.Object) any { return text(s.Department) },
	}
	widths := map[string]float64{"finding_id": 24, "item": 34, "finding": 34, "process": 16}
	var list []auditColumn
	for _, c := range b.findings.Columns {
		x := auditColumn{head: c.Name.In(b.lang), width: max(widths[c.ID], 14), look: fillLook, value: given[c.ID]}
		switch {
		case x.value != nil:
			x.look = givenLook
		case c.ID == "auditor_no":
			x.value = func(_ *audit.Stratum, o *audit.Object) any { return text(o.Auditor.No) }
		case c.Type == policy.TypeBool:
			x.list = []string{b.t("是", "yes"), b.t("否", "no")}
		case c.Type == policy.TypeDate:
			x.look, x.days = fillDay, true
		}
		for _, v := range c.Values {
			x.list = append(x.list, v.Name.In(b.lang))
		}
		list = append(list, x)
	}
	return append(list,
		auditColumn{head: b.t("（参考）发生日期", "(for reading) day"), width: 14, look: readDay, value: func(_ *audit.Stratum, o *audit.Object) any { return day(o.Day) }},
		auditColumn{head: b.t("（参考）部门", "(for reading) department"), width: 18, look: readLook, value: func(s *audit.Stratum, _ *audit.Object) any { return text(s.Name.In(b.lang)) }},
		auditColumn{head: b.t("（参考）负责人", "(for reading) owner"), width: 14, look: readLook, value: func(_ *audit.Stratum, o *audit.Object) any { return text(o.Owner.Name.In(b.lang)) }},
		auditColumn{head: b.t("（参考）提议的审计人", "(for reading) auditor proposed"), width: 16, look: readLook, value: func(_ *audit.Stratum, o *audit.Object) any { return text(o.Auditor.Name.In(b.lang)) }},
		auditColumn{head: b.t("（参考）来源：账序与行", "(for reading) ledger entry and row"), width: 16, look: readLook, value: func(_ *audit.Stratum, o *audit.Object) any { return fmt.Sprintf("%d / %d", o.Seq, o.Row) }})
}

// writeSheet writes the sheet to fill in.
func (b *auditBook) writeSheet() error {
	columns := b.columns()
	rows, _ := b.sample.Objects()
	last := rows + 1
	widths, heads, texts := make([]float64, len(columns)), make([]string, len(columns)), make([]int, len(columns))
	total := 0.0
	for i, c := range columns {
		widths[i], heads[i], texts[i] = c.width, c.head, i+1
		total += c.width
	}
	s, err := b.open(b.sheet, frame{tab: tabDepartment, columns: len(columns), rows: last, widths: widths, freezeCol: 2, freezeRow: 2, titles: [2]int{1, 1}, titleCol: 1, across: int(math.Ceil(total / pageWidth)),
		filter: "A1:" + address(len(columns), last), textColumn: "A2:" + address(len(columns), max(last, 2))})
	if err != nil {
		return err
	}
	if err := b.guard(columns, last); err != nil {
		return err
	}
	s.header(heads, texts...)
	for i := range b.sample.Strata {
		stratum := &b.sample.Strata[i]
		for j := range stratum.Drawn {
			lines := 1
			for col, c := range columns {
				var value any
				if c.value != nil {
					value = c.value(stratum, &stratum.Drawn[j])
				}
				if v, ok := value.(string); ok {
					lines = max(lines, wrappedLines(v, c.width))
				}
				s.put(col+1, c.look, value)
			}
			s.end(rowHeight(min(lines, cellLines)))
		}
	}
	return s.close()
}

// guard protects the sheet but for the cells to fill in, and says what may be entered there.
func (b *auditBook) guard(columns []auditColumn, last int) error {
	for i, c := range columns {
		v := excelize.NewDataValidation(true)
		v.SetSqref(address(i+1, 2) + ":" + address(i+1, max(last, 2)))
		switch {
		case c.list != nil:
			if err := v.SetDropList(c.list); err != nil {
				return err
			}
			v.SetError(excelize.DataValidationErrorStyleStop, c.head, b.t("请从列表中选择", "Choose from the list"))
		case c.days:
			if err := v.SetRange(36526, 73050, excelize.DataValidationTypeDate, excelize.DataValidationOperatorBetween); err != nil { // 2000 to 2099
				return err
			}
			v.SetError(excelize.DataValidationErrorStyleStop, c.head, b.t("请填日期，例如 2026-10-15", "Enter a date such as 2026-10-15"))
		default:
			continue
		}
		if err := b.file.AddDataValidation(b.sheet, v); err != nil {
			return err
		}
	}
	return b.file.ProtectSheet(b.sheet, &excelize.SheetProtectionOptions{SelectLockedCells: true, SelectUnlockedCells: true, FormatColumns: true, FormatRows: true,
		AutoFilter: true})
}
