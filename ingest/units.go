package ingest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"plumbline/ingest/sheet"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Units and currencies that stand beside the figures, not with them: in a header, above the table, in a column of their own. Whoever does not heed them files
// 3.2 万元 as 3.20 元.

// scaling knows words of units in which figures must not be taken as they stand, by what they measure.
var scaling = map[policy.Type]*regexp.Regexp{
	policy.TypeMoney: regexp.MustCompile(`^(?:人民币|RMB|CNY)?(?:百|千|万|萬|十万|百万|千万|亿|億|(?i:k|thousands?|millions?|mn))(?:元|圆|(?i:rmb|cny|yuan))?$`),
	policy.TypeHours: regexp.MustCompile(`^(?:分|分钟|分鐘|秒|秒钟|天|人天|人日|工日|日|人月|(?i:min|mins|minutes?|sec|secs|seconds?|days?|person-?days?|man-?days?))$`),
}

// bracketed is a header with a unit behind the name: 金额(万元), 工时（分钟）, Amount [k].
var bracketed = regexp.MustCompile(`^(.+?)\s*[(（\[【]\s*(?:单位\s*[:：]\s*)?([^()（）\[\]【】]+?)\s*[)）\]】]$`)

// declaredUnit is a unit that stands above a table: 单位：万元.
var declaredUnit = regexp.MustCompile(`(?:单位|(?i:\bunits?))\s*[:：]\s*([^\s()（）,，;；。]+)`)

// scaled gives the type whose figures a unit scales, "" for none.
func scaled(unit string) policy.Type {
	for _, typ := range []policy.Type{policy.TypeMoney, policy.TypeHours} {
		if scaling[typ].MatchString(unit) {
			return typ
		}
	}
	return ""
}

// heedTitles refuses a table above which a unit stands that scales its figures, unless the columns say themselves in which unit they are read.
func heedTitles(d *policy.Dataset, formats map[string]policy.Format, header sheet.Row, rows []sheet.Row) error {
	for _, row := range rows {
		if row.Number >= header.Number {
			break
		}
		for _, cell := range row.Cells {
			found := declaredUnit.FindStringSubmatch(cell)
			if found == nil {
				continue
			}
			for _, c := range d.Columns {
				if f, there := formats[c.ID]; there && f.Unit == "" && c.Type == scaled(found[1]) {
					return unitRefused(row.Number, cell, c, found[1])
				}
			}
		}
	}
	return nil
}

// heedHeaders refuses a table with a column that would be one of the dataset's, but for the unit in its header: without it the records would lack the figure.
func heedHeaders(words map[string]*policy.Column, f fit) error {
	for i, h := range f.row.Cells {
		found := bracketed.FindStringSubmatch(strings.TrimSpace(h))
		if f.columns[i] != "" || found == nil {
			continue
		}
		if c := words[policy.HeaderKey(found[1])]; c != nil && !f.found[c.ID] && c.Type == scaled(found[2]) {
			return unitRefused(f.row.Number, h, c, found[2])
		}
	}
	return nil
}

func unitRefused(row int64, cell string, c *policy.Column, unit string) error {
	e := refuse("file.unit", policy.Text{
		ZH: fmt.Sprintf("表上写明单位是「%s」，「%s」不能照原样读取。", unit, c.Name.ZH),
		EN: fmt.Sprintf("The table says that its unit is %q; %s cannot be taken as it stands.", unit, c.Name.EN)},
		policy.Text{ZH: "请用 plumbline mapping suggest 文件 起草映射，并在该列写明 unit（万元 wan、千元 thousand、分钟 minutes、秒 seconds、天 workdays）；或换算后重新导入，表头和标题中去掉该单位。",
			EN: "Draft a mapping with plumbline mapping suggest FILE and give the column its unit there (wan, thousand, minutes, seconds, workdays); or convert the figures, take the unit out of header and title, and ingest again."})
	e.Row, e.Value = row, cell
	return e
}

// currencyHeaders are the columns that say in which currency a row's amounts are, by HeaderKey.
var currencyHeaders = []string{"币种", "币别", "货币", "货币类型", "currency", "currencycode", "currencyisocode", "amountcurrency", "dealcurrency", "opportunitycurrency", "交易币种", "金额币种", "结算币种"}

// converted is the header of amounts that another tool has converted.
var converted = regexp.MustCompile(`(?i:(?:company|home)[ _]?currency)|公司货币|本位币|本币`)

// ownCurrency is the company's currency as other tools write it.
const ownCurrency = `^(?i:cny|rmb|cnh|yuan|renminbi|¥|￥)$|人民币|人民幣|^元$|(?i:\(cny\)|（cny）|\bcny\b)`

// otherCurrencies finds rows whose amounts are in another currency, as a column says that nothing else uses.
func (t *taking) otherCurrencies() []step {
	if t.decision.Edition < 2 || t.decision.Corrects > 0 || t.decision.Origin > 0 {
		return nil
	}
	used := map[int]bool{}
	if t.mapping != nil {
		for _, at := range headerCells(t.mapping, t.decision.Header) {
			used[at] = true
		}
	}
	var steps []step
	for at, h := range t.decision.Header {
		if used[at] || at < len(t.decision.Columns) && t.decision.Columns[at] != "" || !slices.Contains(currencyHeaders, policy.HeaderKey(h)) {
			continue
		}
		cell := trimmed(cellColumn(at))
		for i, f := range t.plan.fields {
			if f.column.Type != policy.TypeMoney || len(f.cells) == 0 || slices.ContainsFunc(f.cells, func(c int) bool { return converted.MatchString(t.decision.Header[c]) }) {
				continue
			}
			var amounts []string
			for _, c := range f.cells {
				amounts = append(amounts, "NOT ("+blank(cellColumn(c))+")")
			}
			steps = append(steps, step{"currencies of", fmt.Sprintf("INSERT INTO problem (_row, col, rule, detail)\nSELECT _r, %d, 'number.currency', left(%s, 20) FROM %s\nWHERE NOT (%s) AND NOT regexp_matches(%s, %s) AND (%s)",
				fieldCode(i), cell, t.rel, blank(cellColumn(at)), cell, warehouse.Literal(ownCurrency), strings.Join(amounts, " OR "))})
		}
	}
	return steps
}

// formats gives the formats of the columns that a table fills, by their ids.
func (f fit) formats() map[string]policy.Format {
	list := map[string]policy.Format{}
	for _, c := range f.dataset.Columns {
		if f.found[c.ID] {
			list[c.ID] = c.Format
		}
	}
	return list
}

// formatsOf gives the formats of the columns that a mapping fills, by their ids. Of a duration between two moments the unit is none's to say.
func formatsOf(m *policy.Mapping) map[string]policy.Format {
	list := map[string]policy.Format{}
	for _, f := range m.Fields {
		if f.Between == nil && f.Constant == nil {
			list[f.Column.ID] = f.Format
		}
	}
	return list
}
