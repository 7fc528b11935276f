package reports

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"plumbline/ingest"
	"plumbline/policy"
)

// Columns of the guide's tables. The first holds numbers only, so that nothing in it can be taken for the header of a correction.
const (
	guideNo = iota + 1
	guideTable
	guideFile
	guideSheet
	guideData
	guideRows
	guideRule
	guideSay
	guideCount
)

var guideWidths = []float64{7, 28, 30, 16, 16, 10, 20, 42, 10}

// guideSteps say how rows are corrected.
var guideSteps = []policy.Text{
	{ZH: "后面每个工作表对应一个原文件（或其中一个工作表）。淡黄底、加粗、加框的格有问题：B 列说明错在哪里，C 列说明怎样改；整行淡黄的，是这一行整体有问题。",
		EN: "Each of the other sheets stands for one original file, or one worksheet of it. Cells in pale yellow, bold and framed, are wrong: " +
			"column B says what is wrong, column C what to do. Where the whole row is pale yellow, the row as such is wrong."},
	{ZH: "直接改正这些格。请保留 A 列的隔离编号和第 1 行的表头，不要增加、删除或移动列；可以筛选和排序。",
		EN: "Correct the marked cells. Leave column A and the header in row 1 as they are; add, delete and move no columns. Sorting and filtering do no harm."},
	{ZH: "所有格都是文本：前导零、长编号、以 = 开头的内容都与原文件一致，输入的内容也不会被 Excel 换算。",
		EN: "All cells are texts: leading zeros, long ids and contents that begin with = are as in the file, and Excel changes nothing that you type."},
	{ZH: "以 � 开头的格或所在的行无法照原样读出（列数不符、不可见字符、公式错误、合并单元格等）：改正后请删去 �，否则仍留在隔离区。",
		EN: "A cell that begins with � could not be read as it stood, or its row could not (fields that do not match the header, invisible characters, " +
			"formula errors, merged cells): correct it and delete the �, or it stays in quarantine."},
	{ZH: "改好后存为 .xlsx，运行 plumbline ingest 加本文件名。改对的行随即入账；没有改对的、没有改的和从表中删去的行，都留在隔离区。",
		EN: "Save the workbook as .xlsx and run plumbline ingest with its name. Rows that are right now are taken in; " +
			"rows that are still wrong, left as they were, or deleted here stay in quarantine."},
	{ZH: "不是记录的行（说明、小计之类）不必改正：运行 plumbline rejects dismiss 隔离编号 --note 理由。",
		EN: "Rows that are no records, such as remarks or subtotals, need no correction: run plumbline rejects dismiss ID --note REASON."},
}

// writeGuide writes the first sheet: how to correct, and what waits where.
func (q *rejectBook) writeGuide(ctx context.Context) error {
	rows := 0
	for i := range q.tables {
		rows += len(q.tables[i].rows)
	}
	lines := q.guideLines()
	s, err := q.open(q.guide, frame{tab: tabEvidence, columns: guideCount, rows: lines, widths: guideWidths})
	if err != nil {
		return err
	}
	s.line(titleLook, "隔离区：待更正的行  Quarantine: rows to correct")
	made := q.at.Format("2006-01-02 15:04 -07:00")
	s.line(noteLook, fmt.Sprintf("%s共 %d 行待更正，导出于 %s。%d rows to correct, exported %s.", q.owner(), rows, made, rows, made))
	for _, lang := range q.languages() {
		s.skip(1)
		s.section(policy.Text{ZH: "怎样更正", EN: "How to correct"}.In(lang))
		for i, step := range guideSteps {
			s.line(sayLook, itoa(i+1)+". "+step.In(lang))
		}
	}
	s.skip(1)
	s.section("待更正的行 Rows to correct")
	s.guideTable(q.tables)
	if len(q.unheld) > 0 {
		s.skip(1)
		s.section("本表装不下的行 Rows that this workbook cannot hold")
		s.line(noteLook, q.t("Excel 无法原样保存这些行，因此没有列入后面的工作表。请在原文件中改正后重新导入。",
			"Excel cannot keep these rows as they are, so the other sheets leave them out. Correct them in the original file and ingest that again."))
		if err := s.unheldTable(ctx, q.unheld); err != nil {
			return err
		}
	}
	return s.close()
}

// owner names the company, where it has a name.
func (q *rejectBook) owner() string {
	if q.company == "" {
		return ""
	}
	return q.company + "  "
}

// languages gives both, that of the workbook first.
func (q *rejectBook) languages() []policy.Lang {
	if q.lang == policy.EN {
		return []policy.Lang{policy.EN, policy.ZH}
	}
	return []policy.Lang{policy.ZH, policy.EN}
}

// guideLines counts the rows of the guide.
func (q *rejectBook) guideLines() int {
	rows := 2 + 2*(2+len(guideSteps)) + 3 // title and note, both languages, section and heads with the blank row above
	for i := range q.tables {
		rows += len(q.tables[i].reasons())
	}
	rows++ // the sum, or the word that there is nothing
	if len(q.unheld) > 0 {
		rows += 4 + len(q.unheld)
	}
	return rows
}

// ruleCount is how often a rule is broken on a sheet, with a case.
type ruleCount struct {
	rule  string
	count int
	say   policy.Text
}

// reasons counts the reasons of a table's rows by rule, the most frequent first.
func (t *rejectTable) reasons() []ruleCount {
	at := map[string]int{}
	var list []ruleCount
	for _, row := range t.rows {
		for _, r := range row {
			i, ok := at[r.Rule]
			if !ok {
				i = len(list)
				at[r.Rule] = i
				list = append(list, ruleCount{rule: r.Rule, say: r.Say})
			}
			list[i].count++
		}
	}
	slices.SortFunc(list, func(a, b ruleCount) int { return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.rule, b.rule)) })
	return list
}

// guideTable lists the sheets with their rows and reasons.
func (s *sheet) guideTable(tables []rejectTable) {
	s.header([]string{"序号 No.", "本簿工作表 Sheet", "原文件 File", "原工作表 Worksheet", "数据 Data", "行数 Rows", "规则 Rule", "例如 For example",
		"处数 Count"}, guideTable, guideFile, guideSheet, guideData, guideRule, guideSay)
	if len(tables) == 0 {
		s.put(guideNo, textLook, nil)
		s.put(guideTable, textLook, s.book.t("没有待更正的行", "no rows to correct"))
		s.blank(guideNo, guideCount, textLook)
		s.end(0)
		return
	}
	rows, count := 0, 0
	for i := range tables {
		rows += len(tables[i].rows)
		count += s.guideEntry(i+1, &tables[i])
	}
	total := look{align: "right", format: fmtInt, bold: true, line: rule, fill: sumFill}
	s.put(guideTable, look{align: "left", indent: 1, bold: true, line: rule, fill: sumFill}, "合计 Sum")
	s.put(guideRows, total, rows)
	s.put(guideCount, total, count)
	s.blank(guideNo, guideCount, total)
	s.end(0)
}

// guideEntry writes a row for every rule that rows of a table break, and gives how many reasons there are in all.
func (s *sheet) guideEntry(no int, t *rejectTable) (total int) {
	reasons := t.reasons()
	for i, r := range reasons {
		lines := 1
		write := func(col int, l look, value string) {
			s.put(col, l, text(value))
			lines = max(lines, wrappedLines(value, s.frame.widths[col-1]-1.5))
		}
		if i == 0 {
			s.put(guideNo, number("0"), no)
			s.keep(s.book.file.SetCellHyperLink(s.name, address(guideTable, s.row), quoted(t.name)+"!A1", "Location"))
			write(guideTable, look{align: "left", wrap: true, ink: linkInk, under: true, line: hairline}, t.name)
			write(guideFile, wrapLook, t.origin.File)
			write(guideSheet, wrapLook, t.origin.Sheet)
			write(guideData, wrapLook, t.origin.Dataset)
			s.put(guideRows, number(fmtInt), len(t.rows))
		}
		write(guideRule, wrapLook, r.rule)
		write(guideSay, wrapLook, shortened(r.say.In(s.book.lang)))
		s.put(guideCount, number(fmtInt), r.count)
		s.blank(guideNo, guideCount, textLook)
		s.end(rowHeight(lines))
		total += r.count
	}
	return total
}

// unheldTable lists the rows that are on no sheet.
func (s *sheet) unheldTable(ctx context.Context, rows []unheldRow) error {
	s.header([]string{"序号 No.", ingest.RejectID, "原文件 File", "原工作表 Worksheet", "数据 Data", "原行号 Row", "规则 Rule", "问题与原因 What is wrong", ""},
		guideTable, guideFile, guideSheet, guideData, guideRule, guideSay)
	for i, r := range rows {
		if i%rowsPerCheck == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		first := r.rejectRow[0]
		say, _ := s.words(r.rejectRow)
		say = shortened(r.why.In(s.book.lang) + "\n" + say)
		s.put(guideNo, number("0"), i+1)
		for i, value := range []string{first.ID, first.File, first.Sheet, first.Dataset} {
			s.put(guideTable+i, wrapLook, text(value))
		}
		s.put(guideRule, wrapLook, text(first.Rule))
		s.put(guideRows, number("0"), first.Row)
		s.put(guideSay, wrapLook, say)
		s.blank(guideNo, guideCount, textLook)
		s.end(rowHeight(min(max(wrappedLines(say, guideWidths[guideSay-1]), wrappedLines(first.File, guideWidths[guideFile-1])), cellLines)))
	}
	return nil
}
