package reports

import (
	"fmt"
	"strconv"
	"strings"

	"plumbline/ingest"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// receiptsFirst is the row of the first receipt.
const receiptsFirst = 4

// writeReceipts shows the sums behind every value of the company and its departments.
func (b *book) writeReceipts() error {
	units := b.units()
	names, kpis := 10, 10
	for _, u := range units {
		names = max(names, textWidth(u.name)+2*u.depth)
	}
	for _, k := range b.Report.KPIs {
		kpis = max(kpis, textWidth(b.kpiTitle(k)))
	}
	heads := []string{b.t("部门", "Department"), b.t("指标", "KPI"), b.t("期间", "Period"), b.t("分子", "Numerator"), b.t("分母", "Denominator"),
		b.t("样本 n", "n"), b.t("实际", "Actual"), b.t("95% 区间下限", "95% low"), b.t("95% 区间上限", "95% high"), b.t("目标", "Target"), b.t("目标来源", "Target from"), b.t("状态", "Status")}
	sums := 13.0
	for _, v := range b.Report.Company.Values {
		sums = max(sums, fit(numberWidth(max(v.Ratio.Num.Float(), v.Ratio.Den.Float()), 2), 13, 28))
	}
	rows := 3 + len(units)*len(b.Report.KPIs)
	s, err := b.open(b.plan.receipts, frame{tab: tabEvidence, columns: len(heads), rows: rows, freezeCol: 3, freezeRow: 4, titles: [2]int{3, 3},
		table: "tbl_receipts", tableCells: "A3:" + address(len(heads), max(rows, 4)),
		widths: []float64{fit(names, 16, 36), fit(kpis, 16, 36), 11, sums, sums, 10, sums, 16, 16, sums, 40, 15}})
	if err != nil {
		return err
	}
	if err := b.wordRule(b.plan.receipts, "G4:G"+itoa(max(rows, 4)), "G4"); err != nil {
		return err
	}
	s.line(titleLook, b.t("计算回执  ", "Receipts  ")+b.periodName())
	s.line(noteLook, b.t("实际 = 分子 ÷ 分母（百分比再乘 100）。部门含下级部门。区间为威尔逊 95% 区间，只对件数之比给出。",
		"Actual = numerator ÷ denominator (times 100 for percent). Departments include their sub-departments. The interval is Wilson's 95% interval, given for shares of counted records only.")+b.receiptWords())
	s.header(heads, 1, 2, 3, 11, 12)
	for _, u := range units {
		for i := range u.line.Values {
			s.receipt(u, u.line.Values[i])
		}
	}
	return s.close()
}

// receiptWords tells what only some companies' receipts need.
func (b *book) receiptWords() string {
	words, split, withheld := "", false, false
	for _, u := range b.units() {
		for _, v := range u.line.Values {
			split = split || v.N%fixed.Int(1) != 0
			withheld = withheld || v.Status == metrics.Withheld
		}
	}
	if split {
		words += b.t("兼任人员的记录按份额分到各部门，件数因而可有小数。", " Records of people in several departments are split by their shares, so that counts may have decimals.")
	}
	if withheld {
		words += fmt.Sprintf(b.t("匿名答卷不足 %d 份的，以及可据以推算出这类答卷的，不显示。", " Anonymous answers of fewer than %d are withheld, and so is what they could be worked out from."), policy.AnonymousFrom)
	}
	return words
}

func (s *sheet) receipt(u unitLine, v metrics.Value) {
	b, format := s.book, number(valueFormat(v.KPI.Unit))
	s.put(1, look{align: "left", wrap: true, indent: u.depth, line: hairline}, u.name)
	s.put(2, wrapLook, b.kpiTitle(v.KPI))
	s.put(3, midLook, v.Period.String())
	b.putValue(s, v, 7, 4, 5, 6)
	if u.dept != nil {
		s.link(7, b.plan.blocks[blockKey{v.KPI.ID, u.dept.Department.ID, ""}])
	}
	if v.HasInterval {
		s.put(8, format, v.Low)
		s.put(9, format, v.High)
	}
	from := b.targetWords(&v)
	if v.Target != nil {
		s.put(10, format, v.Target.Float())
		s.put(11, wrapLook, text(from))
	}
	b.putStatus(s, v, 12, 7, 6)
	s.blank(1, 12, textLook)
	s.end(rowHeight(max(wrappedLines(from, s.frame.widths[10]), wrappedLines(u.name, s.frame.widths[0]-float64(2*u.depth)), wrappedLines(b.kpiTitle(v.KPI), s.frame.widths[1]))))
}

// rejectsMost is how many rejects the sheet lists; a sheet holds a million rows, but nobody reads them.
const rejectsMost = 100_000

// writeRejects shows every row in quarantine with what is wrong and what to do. Values are always texts, as in the file.
func (b *book) writeRejects() error {
	heads := []string{b.t("文件", "File"), b.t("工作表", "Sheet"), b.t("数据", "Data"), b.t("行号", "Row"), b.t("列", "Column"), b.t("列名", "Header"),
		b.t("文件中的值", "Value in the file"), b.t("问题", "What is wrong"), b.t("处理办法", "What to do"), b.t("规则", "Rule")}
	widths := []float64{28, 14, 16, 8, 11, 18, 28, 40, 42, 20}
	shown := b.Rejects[:min(len(b.Rejects), rejectsMost)]
	rows := max(3+len(shown), 4)
	s, err := b.open(b.plan.rejects, frame{tab: tabQuality, columns: len(heads), rows: rows, widths: widths, freezeCol: 2, freezeRow: 4,
		titles: [2]int{3, 3}, table: "tbl_rejects", tableCells: "A3:" + address(len(heads), rows), textColumn: "E4:G" + itoa(rows)})
	if err != nil {
		return err
	}
	s.line(titleLook, b.t("隔离数据", "Rows in quarantine"))
	note := b.t("这些行没有进入任何指标。按“处理办法”改正原文件后重新导入即可；同一行有几处问题时各占一行。",
		"These rows entered no KPI. Correct the file as told and ingest it again; a row with several faults is listed once for each.")
	if left := len(b.Rejects) - len(shown); left > 0 {
		note += fmt.Sprintf(b.t("本页只列前 %d 条，其余 %d 条请用 plumbline rejects 查看。", " Only the first %d are listed here; for the other %d run plumbline rejects."), len(shown), left)
	}
	s.line(noteLook, note)
	s.header(heads, 1, 2, 3, 5, 6, 7, 8, 9, 10)
	if len(b.Rejects) == 0 {
		s.put(1, textLook, b.t("没有隔离的行", "none"))
		s.end(0)
	}
	for i := range shown {
		s.reject(&shown[i])
	}
	return s.close()
}

func (s *sheet) reject(r *ingest.Reject) {
	b := s.book
	cells := []string{r.File, r.Sheet, b.datasetName(r.Dataset), "", r.Column, r.Header, r.Value, r.Say.In(b.lang), r.Cure.In(b.lang), r.Rule}
	lines := 1
	for i, c := range cells {
		s.put(i+1, wrapLook, text(cutBytes(c, 30000))) // a cell holds 32,767 characters
		lines = max(lines, wrappedLines(c, s.frame.widths[i]))
	}
	s.put(4, number("0"), r.Row)
	s.end(rowHeight(lines))
}

func (b *book) datasetName(id string) string {
	if d := b.Report.Policy.Dataset(id); d != nil {
		return d.Name.In(b.lang)
	}
	return id
}

// writeSources shows every file that was read, with its counts checked by formulas.
func (b *book) writeSources() error {
	heads := []string{b.t("账本序号", "Ledger no."), b.t("导入时间", "Ingested"), b.t("文件", "File"), b.t("工作表", "Sheet"), b.t("数据", "Data"),
		b.t("格式", "Format"), b.t("编码", "Encoding"), b.t("表头行", "Header row"), b.t("总行数", "Rows in"), b.t("采纳", "Accepted"), b.t("隔离", "Quarantined"),
		b.t("行数核对", "Rows check"), b.t("新增", "New"), b.t("更正", "Corrected"), b.t("未变", "Unchanged"), b.t("重复", "Duplicates"), b.t("采纳核对", "Accepted check"),
		"SHA-256", b.t("说明", "Notices")}
	widths := []float64{11, 19, 30, 14, 16, 8, 11, 10, 11, 11, 11, 9, 10, 10, 10, 10, 9, 17, 50}
	rows := 4 + len(b.Files)
	s, err := b.open(b.plan.sources, frame{tab: tabQuality, columns: len(heads), rows: rows, widths: widths, freezeCol: 4, freezeRow: 4,
		titles: [2]int{3, 3}, table: sourcesTable(len(b.Files)), tableCells: "A3:" + address(len(heads), rows-1)})
	if err != nil {
		return err
	}
	s.line(titleLook, b.t("数据来源", "Sources"))
	s.line(noteLook, b.t("总行数 = 采纳 + 隔离；采纳 = 新增 + 更正 + 未变 + 重复。每份原件按 SHA-256 存档，可凭此核对。",
		"Rows in = accepted + quarantined; accepted = new + corrected + unchanged + duplicates. Every original is kept under its SHA-256."))
	s.header(heads, 2, 3, 4, 5, 6, 7, 12, 17, 18, 19)
	for i := range b.Files {
		s.source(&b.Files[i])
	}
	s.sourceSums(4, s.row-1)
	return s.close()
}

// sourcesTable is the name of the Excel table over the files; without any there is none.
func sourcesTable(files int) string {
	if files == 0 {
		return ""
	}
	return "tbl_sources"
}

func (s *sheet) source(f *ingest.File) {
	b := s.book
	var notices []string
	for _, n := range f.Notices {
		notices = append(notices, n.In(b.lang))
	}
	notice := strings.Join(notices, b.t("；", "; "))
	s.put(1, number("0"), f.Seq)
	s.put(2, midLook, f.At.UTC().Format("2006-01-02 15:04")+"Z")
	for i, words := range []string{f.Name, f.Sheet, b.datasetName(f.Dataset), f.Format, f.Encoding} {
		s.put(3+i, wrapLook, text(words))
	}
	s.put(8, number("0"), f.HeaderRow)
	for col, n := range map[int]int64{9: f.RowsIn, 10: f.Accepted, 11: f.Quarantined, 13: f.New, 14: f.Corrected, 15: f.Unchanged, 16: f.Duplicates} {
		s.put(col, number(fmtInt), n)
	}
	s.sourceChecks(midLook, f.RowsIn == f.Accepted+f.Quarantined, f.Accepted == f.New+f.Corrected+f.Unchanged+f.Duplicates)
	s.put(18, textLook, text(cutBytes(f.SHA256, 12)))
	s.put(19, wrapLook, text(notice))
	s.blank(1, 19, textLook)
	s.end(rowHeight(max(wrappedLines(f.Name, s.frame.widths[2]), wrappedLines(notice, s.frame.widths[18]), wrappedLines(f.Sheet, s.frame.widths[3]))))
}

// sourceChecks writes the two sums that every file must satisfy.
func (s *sheet) sourceChecks(l look, rowsHold, acceptedHold bool) {
	b, row := s.book, itoa(s.row)
	right, wrong := b.t("相符", "holds"), b.t("不符", "FAILS")
	words := func(ok bool) string {
		if ok {
			return right
		}
		return wrong
	}
	tail := "," + literal(right) + "," + literal(wrong) + ")"
	s.formula(12, l, "IF(I"+row+"=J"+row+"+K"+row+tail, words(rowsHold))
	s.formula(17, l, "IF(J"+row+"=SUM(M"+row+":P"+row+")"+tail, words(acceptedHold))
}

func (s *sheet) sourceSums(first, last int) {
	var sum ingest.File
	for i := range s.book.Files {
		f := &s.book.Files[i]
		sum.RowsIn, sum.Accepted, sum.Quarantined = sum.RowsIn+f.RowsIn, sum.Accepted+f.Accepted, sum.Quarantined+f.Quarantined
		sum.New, sum.Corrected = sum.New+f.New, sum.Corrected+f.Corrected
		sum.Unchanged, sum.Duplicates = sum.Unchanged+f.Unchanged, sum.Duplicates+f.Duplicates
	}
	total := look{align: "right", format: fmtInt, bold: true, line: rule, fill: sumFill}
	s.put(1, look{align: "left", bold: true, line: rule, fill: sumFill}, s.book.t("合计", "Sum"))
	for col, n := range map[int]int64{9: sum.RowsIn, 10: sum.Accepted, 11: sum.Quarantined, 13: sum.New, 14: sum.Corrected, 15: sum.Unchanged, 16: sum.Duplicates} {
		if last >= first {
			s.formula(col, total, "SUM("+address(col, first)+":"+address(col, last)+")", n)
		} else {
			s.put(col, total, n)
		}
	}
	s.sourceChecks(look{align: "left", bold: true, line: rule, fill: sumFill}, sum.RowsIn == sum.Accepted+sum.Quarantined, sum.Accepted == sum.New+sum.Corrected+sum.Unchanged+sum.Duplicates)
	s.blank(1, 19, total)
	s.end(0)
}

// writePolicy says which regulation and which state of the books the numbers come from, and how to check one.
func (b *book) writePolicy() error {
	facts, steps := b.policyFacts(), b.howToCheck()
	s, err := b.open(b.plan.policy, frame{tab: tabEvidence, columns: 2, rows: 2 + len(facts) + 2 + len(b.Report.Policy.Parameters) + 2 + len(steps),
		widths: []float64{34, 96}})
	if err != nil {
		return err
	}
	s.line(titleLook, b.t("制度与版本", "Policy and version"))
	for _, fact := range facts {
		s.put(1, wrapLook.strong(), fact[0])
		s.put(2, wrapLook, text(fact[1]))
		s.end(rowHeight(max(wrappedLines(fact[0], 34), wrappedLines(fact[1], 96))))
	}
	s.skip(1)
	if len(b.Report.Policy.Parameters) > 0 {
		s.section(b.t("制度中的参数", "Parameters of the policy"))
	}
	for i := range b.Report.Policy.Parameters {
		p := &b.Report.Policy.Parameters[i]
		s.put(1, wrapLook, p.Name.In(b.lang))
		s.put(2, look{align: "left", line: hairline, format: "General"}, p.Value.Float())
		s.end(rowHeight(wrappedLines(p.Name.In(b.lang), 34)))
	}
	s.skip(1)
	s.section(b.t("如何核对一个数字", "How to check a number"))
	for i, step := range steps {
		s.line(sayLook, strconv.Itoa(i+1)+". "+step)
	}
	return s.close()
}

func (b *book) policyFacts() [][2]string {
	r := b.Report
	zone := r.Policy.Company.Timezone
	facts := [][2]string{
		{b.t("公司", "Company"), r.Policy.Company.Name.In(b.lang)},
		{b.t("期间", "Period"), b.periodName() + b.t("（", " (") + dates(r.Period, b.t(" 至 ", " to ")) + b.t("）", ")")},
		{b.t("统计截至", "Report day"), r.Day.Format("2006-01-02")},
		{b.t("生成时间", "Made"), r.Made.UTC().Format("2006-01-02 15:04:05") + " UTC"},
		{b.t("制度版本", "Policy version"), strconv.Itoa(r.PolicyVersion)},
		{b.t("制度文件 SHA-256", "Policy SHA-256"), r.PolicyHash},
		{b.t("账本序号", "Ledger sequence"), strconv.FormatInt(r.LedgerSeq, 10)},
		{b.t("账本 SHA-256", "Ledger SHA-256"), r.LedgerHash},
		{b.t("时区", "Time zone"), zone},
	}
	if r.Seal != "" {
		facts = append(facts, [2]string{b.t("封账号", "Seal"), r.Seal})
	}
	return facts
}

func dates(p period.Period, to string) string {
	return p.Start().Format("2006-01-02") + to + p.LastDay().Format("2006-01-02")
}

func (b *book) howToCheck() []string {
	p := b.plan
	return []string{
		b.t("在部门表中点开列号上方的 +，看该指标的分子、分母与样本数；实际、达成率、得分、计分权重、指标得分、总分、等级、名次都是引用同一行单元格的公式。",
			"On a department sheet unfold the columns with + to see numerator, denominator and n; value, attainment, points, weight, total, band and rank are formulas over cells of the same row."),
		b.t("目标、权重、最少样本在部门表第 5 行，曲线与等级在「"+p.definitions+"」。", "Targets, weights and minima stand in row 5 of the department sheet, curves and bands on sheet "+p.definitions+"."),
		b.t("指标得分与总分各四舍五入到两位小数；公式先取到十位小数，以消除二进制小数的误差。",
			"KPI points and total are each rounded half away from zero to two decimals; formulas first round to ten decimals to remove the noise of binary fractions."),
		b.t("一个数字背后的逐条记录：plumbline evidence 指标 期间 --department 部门 --employee 工号。",
			"The records behind a number: plumbline evidence KPI PERIOD --department D --employee E."),
		b.t("没有进入指标的行及原因在「"+p.rejects+"」，每份文件的行数在「"+p.sources+"」。", "Rows that entered no KPI are on sheet "+p.rejects+", the counts of every file on sheet "+p.sources+"."),
	}
}
