package ingest

import (
	"fmt"
	"strconv"
	"strings"

	"plumbline/policy"
)

// words says what a rule means and what to do. %v in them is the value or the detail of the case at hand.
type words struct{ say, cure policy.Text }

// lookedUp is the detail of employee.unknown where a mapping looked for a login, an e-mail address or a name.
const lookedUp = "lookup"

var ruleWords = map[string]words{
	"row.fields": {
		policy.Text{ZH: "这一行的列数与表头不符（%s）", EN: "the row does not have as many fields as the header (%s)"},
		policy.Text{ZH: "检查是否多了或少了分隔符；内容中含分隔符的单元格要加引号", EN: "look for a missing or extra delimiter; quote cells that contain one"}},
	"row.quote": { // how row.fields is worded when it is a quote that breaks the row
		policy.Text{ZH: "右引号后面还有文字", EN: "text stands behind a closing quote"},
		policy.Text{ZH: "单元格内容中的引号要写成两个", EN: "write a quote inside a quoted cell twice"}},
	"text.undecodable": {
		policy.Text{ZH: "含有无法按文件编码读出的字节（%s）", EN: "bytes that are not valid in the file's encoding (%s)"},
		policy.Text{ZH: "用同一种编码（建议 UTF-8）重新保存整个文件", EN: "save the whole file again in one encoding, best UTF-8"}},
	"text.control": {
		policy.Text{ZH: "含有看不见的控制字符（%s）", EN: "an invisible control character (%s)"},
		policy.Text{ZH: "删去该字符，重新键入这一格", EN: "delete the character; type the cell anew"}},
	"cell.error": {
		policy.Text{ZH: "单元格是公式错误值", EN: "the cell holds a formula error"},
		policy.Text{ZH: "改正公式，或直接填写数值", EN: "correct the formula, or enter the value itself"}},
	"cell.no_value": {
		policy.Text{ZH: "公式没有保存计算结果（%s）", EN: "a formula without a stored result (%s)"},
		policy.Text{ZH: "用 Excel 打开并保存一次，或直接填写数值", EN: "open and save the file in Excel, or enter the value itself"}},
	"cell.merged": {
		policy.Text{ZH: "属于合并单元格，本行没有自己的值（%s）", EN: "part of a merged area; the row has no value of its own (%s)"},
		policy.Text{ZH: "取消合并，每行填写各自的值", EN: "unmerge the cells and fill in every row"}},
	"required": {
		policy.Text{ZH: "必填的格为空", EN: "a required cell is blank"},
		policy.Text{ZH: "补填「%s」", EN: "fill in %q"}},
	"id.form": {
		policy.Text{ZH: "编号中有空格或过长", EN: "the id contains blanks or is too long"},
		policy.Text{ZH: "删去编号中的空格", EN: "take the blanks out of the id"}},
	"id.digits_lost": {
		policy.Text{ZH: "编号被 Excel 当作数字，后几位已丢失", EN: "Excel took the id for a number and lost its last digits"},
		policy.Text{ZH: "把该列设为文本格式，从源系统重新导出", EN: "format the column as text and export it anew from its source"}},
	"id.debris": {
		policy.Text{ZH: "编号首尾有引号或标点，或末尾多了 .0：多半是别的程序留下的", EN: "the id begins or ends with a quote or comma, or ends in .0: probably another program left it there"},
		policy.Text{ZH: "删去首尾的引号、标点与末尾的 .0", EN: "take quotes and commas off its ends, and the .0"}},
	"id.zeros": {
		policy.Text{ZH: "与「%s」只差开头的零：是丢了零，还是另一个编号？", EN: "it differs from %s by zeros in front: were they lost, or is it another number?"},
		policy.Text{ZH: "补上开头的零（把该列设为文本格式，从源系统重新导出）；确是另一个，请改用不会混淆的编号", EN: "put the zeros back (format the column as text and export it anew from its source); if it is another one, give it a number that cannot be mistaken"}},
	"date.form": {
		policy.Text{ZH: "不是能识别的日期", EN: "not a date form that is known"},
		policy.Text{ZH: "写作 2026-07-01；Excel 中请把该格设为日期格式", EN: "write 2026-07-01; in Excel, give the cell a date format"}},
	"date.no_year": {
		policy.Text{ZH: "日期没有年份", EN: "the date has no year"},
		policy.Text{ZH: "补上年份，写作 2026-07-01", EN: "add the year: 2026-07-01"}},
	"date.ambiguous": {
		policy.Text{ZH: "日期有歧义：不知道哪个是月、哪个是日", EN: "the date is ambiguous: which number is the month, which the day?"},
		policy.Text{ZH: "写作 2026-07-01，年在前；整列次序一致的，导入时指明：--date-order dmy（日月年）或 mdy（月日年）。年份只有两位且在前的（26/7/1），请补成四位",
			EN: "write 2026-07-01, the year first; if the whole column has one order, say it when the file is taken in: --date-order dmy or mdy. Where a year of two digits stands in front (26/7/1), write it with four"}},
	"date.impossible": {
		policy.Text{ZH: "日历上没有这一天", EN: "there is no such day in the calendar"},
		policy.Text{ZH: "核对年、月、日", EN: "check year, month and day"}},
	"date.order": {
		policy.Text{ZH: "同一列里的日期有的只能读作日/月，有的只能读作月/日（%s）", EN: "some dates of the column can only be day/month, others only month/day (%s)"},
		policy.Text{ZH: "统一写作 2026-07-01", EN: "write all of them as 2026-07-01"}},
	"date.declared": {
		policy.Text{ZH: "该列声明了日、月的次序，但列中有日期只能按另一种次序读（%s）", EN: "an order of day and month is declared for the column, but one of its dates leaves only the other (%s)"},
		policy.Text{ZH: "次序声明错了的，导入时指明 --date-order，或改映射的 order；次序混杂的，统一写作 2026-07-01", EN: "if the declaration is wrong, say --date-order when taking the file in, or change order in the mapping; if the orders are mixed, write all of them as 2026-07-01"}},
	"date.gap": {
		policy.Text{ZH: "夏令时开始时跳过了这个时刻，当天没有它", EN: "the clock was put forward past this moment: it did not exist on that day"},
		policy.Text{ZH: "核对时刻，或写明时区，例如 2026-07-01T02:30:00+08:00", EN: "check the time, or give its offset, such as 2026-07-01T02:30:00+08:00"}},
	"date.overlap": {
		policy.Text{ZH: "夏令时结束时这个时刻出现了两次，不知是哪一次", EN: "the clock was put back: this moment came twice on that day"},
		policy.Text{ZH: "写明时区，例如 2026-07-01T02:30:00+08:00", EN: "give its offset, such as 2026-07-01T02:30:00+08:00"}},
	"date.range": {
		policy.Text{ZH: "日期不在 1990 年至 2100 年之间", EN: "the date does not lie between 1990 and 2100"},
		policy.Text{ZH: "核对年份；表示至今、长期的请留空", EN: "check the year; leave it blank where it stands for no end"}},
	"date.future": {
		policy.Text{ZH: "日期在导入之日以后", EN: "the date lies after the day of ingest"},
		policy.Text{ZH: "核对日期；未发生的工作不登记", EN: "check the date; work that has not happened is not recorded"}},
	"number.form": {
		policy.Text{ZH: "不是能确切读出的数字", EN: "not a number that can be read for certain"},
		policy.Text{ZH: "只填数字，例如 7.5；以万、亿计的请换算后填写；以逗号作小数点的，可在映射中声明 decimal: \",\"",
			EN: "enter digits, for example 7.5; write out units such as 万; where a comma is the decimal point, a mapping can declare decimal: \",\""}},
	"number.unit": {
		policy.Text{ZH: "没有单位：不知 0.125 是 12.5% 还是 0.125%", EN: "no unit: is 0.125 meant as 12.5% or 0.125%?"},
		policy.Text{ZH: "写上百分号，或在 policy/datasets.yaml 或映射中写明 unit", EN: "write the percent sign, or declare the unit in policy/datasets.yaml or the mapping"}},
	"number.currency": {
		policy.Text{ZH: "是另一种货币", EN: "another currency"},
		policy.Text{ZH: "换算为本位币后填写", EN: "convert it to the company's currency"}},
	"number.scale": {
		policy.Text{ZH: "小数位数过多，系统不会替您舍入", EN: "too many decimals; nothing is rounded for you"},
		policy.Text{ZH: "保留规定的小数位数", EN: "round the value yourself"}},
	"number.range": {
		policy.Text{ZH: "数字超出该列的范围", EN: "the number is too large for the column"},
		policy.Text{ZH: "核对数值与单位", EN: "check the value and its unit"}},
	"enum.unknown": {
		policy.Text{ZH: "不是该列认识的词", EN: "not a word that this column knows"},
		policy.Text{ZH: "改为以下之一：%s；或在 policy/datasets.yaml 中登记该词", EN: "use one of: %s; or list the word in policy/datasets.yaml"}},
	"bool.form": {
		policy.Text{ZH: "不是「是」或「否」", EN: "neither yes nor no"},
		policy.Text{ZH: "填写 是 或 否", EN: "enter yes or no"}},
	"employee.unknown": {
		policy.Text{ZH: "员工名册中没有这个工号", EN: "no employee has this number"},
		policy.Text{ZH: "核对工号（注意前导零）；新员工请先导入员工表", EN: "check the number (mind leading zeros); ingest new employees first"}},
	"employee.nobody": { // how employee.unknown is worded when it is no number that was looked for
		policy.Text{ZH: "员工名册与账号对照表中找不到此人", EN: "nobody among employees and accounts goes by this"},
		policy.Text{ZH: "核对写法，多人的只留负责人；其他系统的登录名请在账号对照表（accounts）中登记，新员工请先导入员工表", EN: "check the spelling, and keep one of several persons; list the login of another tool among the accounts, and ingest new employees first"}},
	"department.unknown": {
		policy.Text{ZH: "部门表中没有这个编号", EN: "no department has this id"},
		policy.Text{ZH: "核对部门编号；新部门请先导入部门表", EN: "check the id; ingest new departments first"}},
	"employee.ambiguous": {
		policy.Text{ZH: "有不止一人用这个名字（%s）", EN: "more than one person goes by this name (%s)"},
		policy.Text{ZH: "改填工号，或在账号对照表（accounts）中登记", EN: "enter the employee number, or list the name among the accounts"}},
	"employment.outside": {
		policy.Text{ZH: "日期在该员工入职之前或离职之后", EN: "the date lies before the person was hired or after the person left"},
		policy.Text{ZH: "核对工号与日期，或更正员工表中的入职、离职日期", EN: "check number and date, or correct the dates in the employee list"}},
	"row.repeated": {
		policy.Text{ZH: "这一行与另一行的所有字段都相同，又没有编号：不知是重复登记还是另一条记录", EN: "the line repeats another in all its fields and has no id: a slip, or a second record?"},
		policy.Text{ZH: "重复登记则删去；确是另一条记录，请在内容中写明区别", EN: "delete it if it is a slip; if it is a second record, say in its text what tells them apart"}},
	"pick.order": {
		policy.Text{ZH: "同一编号有多行，但先后无法判断", EN: "several rows of one key, and their order cannot be told"},
		policy.Text{ZH: "补全这一列的日期和时间", EN: "complete the date and time in this column"}},
	"correction.unknown": {
		policy.Text{ZH: "隔离区中没有编号为 %s 的行", EN: "no row %s is known to the quarantine"},
		policy.Text{ZH: "不要改动第一列；新增的行第一列留空", EN: "leave the first column as it is, and blank for rows that you add"}},
	"correction.twice": {
		policy.Text{ZH: "隔离编号 %s 在表中出现两次", EN: "the reject %s stands twice in this sheet"},
		policy.Text{ZH: "一行更正只留一行；多出的行清空第一列", EN: "keep one row for it; clear the first cell of the others"}},
	"json.line": {
		policy.Text{ZH: "这一行不是完整的 JSON 对象（%s）", EN: "the line is no complete JSON object (%s)"},
		policy.Text{ZH: "从源系统重新导出，或改正这一行", EN: "export it anew, or mend the line"}},
	"json.duplicate_key": {
		policy.Text{ZH: "同一对象中一个键出现两次（%s）", EN: "a key stands twice in one object (%s)"},
		policy.Text{ZH: "只保留正确的一个", EN: "keep the one that is right"}},
	"json.not_object": {
		policy.Text{ZH: "不是对象，无法作为一条记录", EN: "not an object, so it is no record"},
		policy.Text{ZH: "每条记录写成一个 {…}", EN: "write every record as one {…}"}},
	"json.depth": {
		policy.Text{ZH: "嵌套过深", EN: "nested too deep"},
		policy.Text{ZH: "从源系统导出较平的结构", EN: "export a flatter structure"}},
	"key.conflict": {
		policy.Text{ZH: "同一编号在本文件中出现多次且内容不同", EN: "the same key stands several times in this file with different content"},
		policy.Text{ZH: "只保留正确的一行", EN: "keep only the row that is right"}},
	"interval.overlap": {
		policy.Text{ZH: "与同一员工的另一段任职日期重叠", EN: "shares days with another membership of the same person"},
		policy.Text{ZH: "前一段写明结束日期，后一段从次日开始", EN: "end the earlier one on the day before the later one begins"}},
	"interval.share": {
		policy.Text{ZH: "同一天的比例合计超过 100%%（%s）", EN: "the shares of one day add up to more than 100%% (%s)"},
		policy.Text{ZH: "改正比例，或给不再继续的一条写明结束日期；空白即 100%", EN: "correct the shares, or end the record that does not go on; a blank is 100%"}},
	"interval.apart": { // worded for its dataset by overlapWords
		policy.Text{ZH: "同一天有两条相同的记录（%s）", EN: "two records of one day are alike (%s)"},
		policy.Text{ZH: "只留一条，比例合并；或让后一条从前一条结束的次日开始", EN: "keep one with the shares added up, or let the later one begin on the day after the earlier one ends"}},
}

// explain gives the words of a rule for the case at hand.
func explain(rule, detail string, d *policy.Dataset, c *policy.Column) words {
	if n, ok := strings.CutPrefix(rule, "check."); ok && d != nil {
		if i, err := strconv.Atoi(n); err == nil && i >= 1 && i <= len(d.Rules) {
			return words{d.Rules[i-1].Say, d.Rules[i-1].Cure}
		}
	}
	if n, ok := strings.CutPrefix(rule, "limit."); ok && d != nil {
		if i, err := strconv.Atoi(n); err == nil && i >= 1 && i <= len(d.Limits) {
			l := d.Limits[i-1]
			sum := policy.Text{ZH: fmt.Sprintf("（合计 %s，上限 %s）", bare(detail), l.Most), EN: fmt.Sprintf(" (%s in all, at most %s)", bare(detail), l.Most)}
			return words{policy.Text{ZH: l.Say.ZH + sum.ZH, EN: l.Say.EN + sum.EN}, l.Cure}
		}
	}
	switch {
	case rule == "row.fields" && detail == "quote":
		rule = "row.quote"
	case rule == "employee.unknown" && detail == lookedUp:
		rule = "employee.nobody"
	}
	w, ok := overlapWords(rule, d)
	if !ok {
		w, ok = ruleWords[rule]
	}
	if !ok {
		return words{policy.Text{ZH: rule, EN: rule}, policy.Text{}}
	}
	zh, en := detail, detail
	switch rule {
	case "required":
		if c != nil {
			zh, en = c.Name.ZH, c.Name.EN
		}
	case "enum.unknown":
		zh, en = enumWords(c)
	}
	return words{filled(w.say, zh, en), filled(w.cure, zh, en)}
}

func enumWords(c *policy.Column) (zh, en string) {
	if c == nil {
		return "", ""
	}
	var zhs, ens []string
	for _, v := range c.Values {
		zhs, ens = append(zhs, v.Name.ZH), append(ens, v.Name.EN)
	}
	return strings.Join(zhs, "、"), strings.Join(ens, ", ")
}

func withDetail(s, detail string) string {
	if strings.Contains(s, "%s") || strings.Contains(s, "%q") {
		return fmt.Sprintf(s, detail)
	}
	return s
}

func filled(t policy.Text, zh, en string) policy.Text {
	return policy.Text{ZH: withDetail(t.ZH, zh), EN: withDetail(t.EN, en)}
}
