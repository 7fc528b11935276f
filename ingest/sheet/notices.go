package sheet

import (
	"slices"
	"strings"

	"plumbline/policy"
)

// partNotices names the parts that are not imported, by a piece of their lower-case name.
var partNotices = []struct {
	piece string
	say   policy.Text
}{
	{"vbaproject", text("工作簿含有宏：不会执行，只读取单元格的值。", "The workbook holds macros: they are not run, only cell values are read.")},
	{"xl/macrosheets/", text("工作簿含有宏表：不会执行，也不导入。", "The workbook holds macro sheets: they are neither run nor imported.")},
	{"xl/externallinks/", text("工作簿链接到其他文件：不会打开，公式取上次保存的值。", "The workbook links to other files: they are not opened, formulas give the value last saved.")},
	{"xl/connections.", text("工作簿含有数据连接：不会刷新，取上次保存的值。", "The workbook holds data connections: they are not refreshed, the values last saved are read.")},
	{"xl/embeddings/", text("工作簿嵌有其他文件：不导入。", "Other files are embedded in the workbook: they are not imported.")},
	{"xl/activex/", text("工作簿含有控件：不执行，不导入。", "The workbook holds controls: they are neither run nor imported.")},
	{"xl/media/", text("工作簿含有图片：不导入。", "The workbook holds pictures: they are not imported.")},
	{"comments", text("工作簿含有批注：不导入。", "The workbook holds comments: they are not imported.")},
}

// announce collects the notices of an opened workbook.
func (w *Workbook) announce() {
	for _, n := range partNotices {
		for name := range w.parts {
			if strings.HasPrefix(name, "xl/") && strings.Contains(name, n.piece) {
				w.notices = append(w.notices, n.say)
				break
			}
		}
	}
	if w.date1904 {
		w.notices = append(w.notices, text("工作簿使用 1904 日期系统，日期已按此换算。", "The workbook uses the 1904 date system; dates are read accordingly."))
	}
	for _, s := range w.sheets {
		w.notices = append(w.notices, s.notices()...)
	}
}

// notices tells what is odd about one sheet. Empty sheets have nothing to tell.
func (s *worksheet) notices() (list []policy.Text) {
	if s.filled == 0 {
		return nil
	}
	add := func(zh, en string, args ...any) { list = append(list, textf(zh, en, args...)) }
	if s.hidden {
		add("工作表“%[1]s”是隐藏的，有 %[2]d 行数据。", `Sheet "%[1]s" is hidden and holds %[2]d rows.`, s.name, s.filled)
	}
	if s.hiddenRows > 0 {
		add("工作表“%[1]s”有 %[2]d 行被隐藏或筛选掉，照常读取。", `%[2]d rows of sheet "%[1]s" are hidden or filtered out; they are read like the others.`, s.name, s.hiddenRows)
	}
	if len(s.hiddenColumns) > 0 {
		slices.Sort(s.hiddenColumns)
		names := make([]string, 0, len(s.hiddenColumns))
		for _, c := range s.hiddenColumns[:min(len(s.hiddenColumns), 20)] {
			names = append(names, columnName(c))
		}
		if len(s.hiddenColumns) > 20 {
			names = append(names, "…")
		}
		add("工作表“%[1]s”有隐藏列（%[2]s），照常读取。", `Sheet "%[1]s" has hidden columns (%[2]s); they are read like the others.`, s.name, strings.Join(names, ", "))
	}
	if s.declaredRow > s.lastRow {
		add("工作表“%[1]s”声明有 %[2]d 行，实际只到第 %[3]d 行，请核对是否完整。", `Sheet "%[1]s" claims %[2]d rows but ends at row %[3]d; check that it is complete.`, s.name, s.declaredRow, s.lastRow)
	}
	return list
}
