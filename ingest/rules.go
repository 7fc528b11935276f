package ingest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"plumbline/policy"
)

// words says what a rule means and what to do. %v in them is the value or the detail of the case at hand.
type words struct{ say, cure policy.Text }

var ruleWords = map[string]words{
	"row.fields": {
		policy.Text{ZH: "这一行的列数与表头不符（%s）", EN: "the row does not have as many fields as the header (%s)"},
		policy.Text{ZH: "检查是否多了或少了分隔符；内容中含分隔符的单元格要加引号", EN: "look for a missing or extra delimiter; quote cells that contain one"}},
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
	"date.form": {
		policy.Text{ZH: "不是能识别的日期", EN: "not a date form that is known"},
		policy.Text{ZH: "写作 2026-07-01；Excel 中请把该格设为日期格式", EN: "write 2026-07-01; in Excel, give the cell a date format"}},
	"date.no_year": {
		policy.Text{ZH: "日期没有年份", EN: "the date has no year"},
		policy.Text{ZH: "补上年份，写作 2026-07-01", EN: "add the year: 2026-07-01"}},
	"date.ambiguous": {
		policy.Text{ZH: "日期有歧义：不知道哪个是月、哪个是日", EN: "the date is ambiguous: which number is the month, which the day?"},
		policy.Text{ZH: "写作 2026-07-01，年在前", EN: "write 2026-07-01, the year first"}},
	"date.impossible": {
		policy.Text{ZH: "日历上没有这一天", EN: "there is no such day in the calendar"},
		policy.Text{ZH: "核对年、月、日", EN: "check year, month and day"}},
	"date.range": {
		policy.Text{ZH: "日期不在 1990 年至 2100 年之间", EN: "the date does not lie between 1990 and 2100"},
		policy.Text{ZH: "核对年份", EN: "check the year"}},
	"date.future": {
		policy.Text{ZH: "日期在导入之日以后", EN: "the date lies after the day of ingest"},
		policy.Text{ZH: "核对日期；未发生的工作不登记", EN: "check the date; work that has not happened is not recorded"}},
	"number.form": {
		policy.Text{ZH: "不是单纯的数字（不得带单位、千分位、全角字符）", EN: "not a plain number (no unit, no grouping, no full-width digits)"},
		policy.Text{ZH: "只填半角数字，例如 %s", EN: "enter digits only, for example %s"}},
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
	"department.unknown": {
		policy.Text{ZH: "部门表中没有这个编号", EN: "no department has this id"},
		policy.Text{ZH: "核对部门编号；新部门请先导入部门表", EN: "check the id; ingest new departments first"}},
	"employment.outside": {
		policy.Text{ZH: "日期在该员工入职之前或离职之后", EN: "the date lies before the person was hired or after the person left"},
		policy.Text{ZH: "核对工号与日期，或更正员工表中的入职、离职日期", EN: "check number and date, or correct the dates in the employee list"}},
	"row.total": {
		policy.Text{ZH: "这是合计行，不是一条记录", EN: "a totals row, not a record"},
		policy.Text{ZH: "无需处理；导出时可不带合计行", EN: "nothing to do; totals rows can be left out of the export"}},
	"key.conflict": {
		policy.Text{ZH: "同一编号在本文件中出现多次且内容不同", EN: "the same key stands several times in this file with different content"},
		policy.Text{ZH: "只保留正确的一行", EN: "keep only the row that is right"}},
	"interval.overlap": {
		policy.Text{ZH: "与同一员工的另一段任职日期重叠", EN: "shares days with another membership of the same person"},
		policy.Text{ZH: "前一段写明结束日期，后一段从次日开始", EN: "end the earlier one on the day before the later one begins"}},
}

// explain gives the words of a rule for the case at hand.
func explain(rule, value, detail string, d *policy.Dataset, c *policy.Column) words {
	if n, ok := strings.CutPrefix(rule, "check."); ok && d != nil {
		if i, err := strconv.Atoi(n); err == nil && i >= 1 && i <= len(d.Rules) {
			return words{d.Rules[i-1].Say, d.Rules[i-1].Cure}
		}
	}
	w, ok := ruleWords[rule]
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
	case "number.form":
		zh = plainNumber(value)
		en = zh
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

// nearlyNumber is a number with a currency in front or a unit behind, with or without groups of three. What would change the
// value (1e5, 1.2万, 8%, brackets for a minus) is none.
var nearlyNumber = regexp.MustCompile(`^(?:[¥$]|RMB|CNY)?(-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?)(?:h|hrs?|hours?|小时|时|元|圆)?$`)

// plainNumber proposes the digits of a value that is nearly a number: "８ｈ" becomes 8. It is a proposal for a person only, and
// any other value gets just an example.
func plainNumber(value string) string {
	m := nearlyNumber.FindStringSubmatch(strings.ReplaceAll(norm.NFKC.String(value), " ", ""))
	if m == nil {
		return "8"
	}
	return strings.ReplaceAll(m[1], ",", "")
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
