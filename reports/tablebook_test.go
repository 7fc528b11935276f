package reports

import (
	"math/big"

	"plumbline/policy"
)

// tableFixture is a book with a table of every kind of cell, a sheet without tables, and names that no sheet may have.
func tableFixture() *TableBook {
	r := fixtureData().Report
	cell := func(x int64, places int, unit policy.Unit, signed bool) TextCell {
		return TextCell{Number: big.NewRat(x, 8), Places: places, Unit: unit, Signed: signed}
	}
	long := bi("=cmd|' /C calc'!A0 华东大客户与渠道合作伙伴联合发展事业组（二）[]:*?/\\", "East China key accounts [and] partners: a name that is far too long for a sheet")
	return &TableBook{Company: r.Policy.Company.Name, Subject: bi("材料", "Pack"), Period: r.Period, Source: bi("来源", "Source"), Foot: bi("来源 & 封账号", "Source & seal"), Made: r.Made, Sheets: []TableSheet{
		{Name: long, Headline: long, About: bi("说明", "About"), Lines: []policy.Text{bi("一句话", "A sentence")}, Tables: []TextTable{
			{Name: bi("表一", "Table one"), Note: bi("注", "Note"), Heads: []TextHead{{Name: bi("名称", "Name")}, {Name: bi("值", "Value"), Number: true}, {Name: bi("变化", "Change"), Number: true}, {Name: bi("状态", "State")}},
				Rows: [][]TextCell{
					{{Text: long}, cell(251, 1, policy.Percent, false), cell(-12, 1, policy.Percent, true), {Text: bi("正常", "ok")}},
					{{Text: bi("金额", "Amount")}, cell(99999999, 2, policy.Money, false), cell(80, 2, policy.Money, true), {}},
					{{Text: bi("无", "None")}, {Text: bi("无数据", "no data")}, {Text: bi("–", "–")}, {}},
				}},
			{Heads: []TextHead{{Name: bi("月份", "Month")}, {Name: bi("件数", "Count"), Number: true}}, Rows: [][]TextCell{{{Text: bi("7月", "July")}, ParsedCell(bi("1,234.5", "1,234.5"))}, {{Text: bi("8月", "August")}, ParsedCell(bi("−31.4%", "−31.4%"))}}},
		}},
		{Name: long, Headline: bi("没有表", "No tables"), About: bi("说明", "About")},
	}}
}
