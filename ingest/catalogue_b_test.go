package ingest_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// workbooks are the cases of letter B: what XLSX files hold beside values.
func workbooks(t testing.TB) []entry {
	plain := book(logLine(), logRow(2), logRow(3), logRow(4))
	xlsx := func(parts []packed) string { return zipped(t, parts...) }
	whole := xlsx(plain)
	many := make([]packed, 2001)
	for i := range many {
		many[i] = packed{name: fmt.Sprintf("xl/media/%d", i), content: "x"}
	}
	thousand := []string{logLine()}
	for n := range 1000 {
		thousand = append(thousand, line(n+2, fmt.Sprint("L", n), "0007", "2026-07-01", "0.01"))
	}
	long := xlsx(book(thousand...))
	longSheet := book(thousand...)[6].content
	merged := func(areas string) []packed {
		return bookOf(`<worksheet ` + spreadsheet + `><sheetData>` + logLine() + logRow(2) + line(3, "L3", "", "2026-07-03", "8") + logRow(4) +
			`</sheetData>` + areas + `</worksheet>`)
	}
	ole := "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600)
	return []entry{
		{name: "B1 not what the name says", says: []string{"网页（HTML）", "XML"}, files: []sent{
			{"page.xls", "<html><head><meta charset=gbk></head><body><table><tr><td>日志编号</td></tr></table></body></html>"},
			{"2003.xls", "<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>\n<Workbook/>"},
			{"text.xlsx", told(visit)},
			{"book.csv", whole},
			{"report.xlsx", "%PDF-1.7\n%\xe2\xe3"},
		}},

		{name: "B2 old and locked workbooks", says: []string{"Excel 97-2003", "password"}, files: []sent{
			{"old.xls", ole}, {"locked.xlsx", ole + wide16("EncryptedPackage", binary.LittleEndian)[2:] + strings.Repeat("\x00", 400)}}},

		{name: "B3 macros and links", says: []string{"macros", "other files", "data connections", "embedded"},
			files: []sent{{"macro.xlsm", xlsx(append(plain,
				packed{name: "xl/vbaProject.bin", content: "\x00\x01Attribut"},
				packed{name: "xl/externalLinks/externalLink1.xml", content: "<externalLink/>"},
				packed{name: "xl/connections.xml", content: "<connections/>"}, packed{name: "xl/embeddings/oleObject1.bin", content: "\xd0\xcf"}))}}},

		{name: "B4 zip bombs", hostile: true, says: []string{"200", "1 GiB", "2,000"}, files: []sent{
			{"ratio.xlsx", xlsx(edited(plain, sheetPart, "</worksheet>", strings.Repeat(" ", 64<<20)+"</worksheet>"))},
			{"total.xlsx", xlsx(append(plain, packed{name: "xl/media/1", content: "x", claimed: 2 << 30}))},
			{"parts.xlsx", xlsx(append(plain, many...))},
			{"more than it says.xlsx", xlsx(append(plain, packed{name: "xl/theme/theme1.xml", content: "<a>" + strings.Repeat(" ", 64<<20) + "</a>",
				claimed: 8}))},
			{"cells.xlsx", xlsx(edited(book(logLine(), line(2, shared(0), shared(0), shared(0), shared(0), shared(0), shared(0), shared(0),
				shared(0), shared(0))),
				"xl/sharedStrings.xml", "0007", strings.Repeat("0", 1<<20)))},
			{"nested.xlsx", xlsx(edited(plain, sheetPart, "<sheetData>", strings.Repeat("<a>", 100_000)+"<sheetData>"))},
		}},

		{name: "B5 entities", hostile: true, says: []string{"DOCTYPE"}, files: []sent{
			{"external.xlsx", xlsx(edited(plain, sheetPart, "<worksheet", `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet`))},
			{"laughs.xlsx", xlsx(edited(plain, "xl/sharedStrings.xml", "<sst",
				`<!DOCTYPE sst [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><sst`))},
			{"unknown.xlsx", xlsx(edited(plain, sheetPart, "L3", "&hello;"))},
		}},

		{name: "B6 damaged", says: []string{"损坏"}, files: []sent{
			{"cut sheet.xlsx", xlsx(edited(book(thousand...), sheetPart, "", longSheet[:len(longSheet)/2]))},
			{"bad end.xlsx", xlsx(edited(book(thousand...), sheetPart, `<row r="500">`, `</c><row r="500">`))},
			{"bad entity.xlsx", xlsx(edited(book(thousand...), sheetPart, "L498", "L&498"))},
			{"flipped.xlsx", long[:len(long)/2] + string(long[len(long)/2]^1) + long[len(long)/2+1:]},
			{"cut.xlsx", long[:len(long)/2]},
		}},
		{name: "B6 fewer rows than claimed", says: []string{"1000"},
			files: []sent{{"claim.xlsx", xlsx(edited(plain, sheetPart, "<sheetData>", `<dimension ref="A1:E1000"/><sheetData>`))}}},

		{name: "B7 shared texts", says: []string{"shared string"}, files: []sent{
			{"beyond.xlsx", xlsx(book(logLine(), line(2, "L2", shared(0), shared(7), "8")))},
			{"none.xlsx", xlsx(append(plain[:4:4], edited(book(logLine(), line(2, "L2", shared(0), shared(1), "8")), sheetPart, "~", "")[5:]...))},
			{"cut.xlsx", xlsx(edited(book(logLine(), line(2, "L2", shared(0), shared(1), "8")), "xl/sharedStrings.xml", "</sst>", ""))},
			{"sound.xlsx", xlsx(book(logLine(), line(2, "L2", shared(0), shared(1), "8")))},
		}},

		{name: "B8 rows out of place", hostile: true, says: []string{"out of order"}, files: []sent{
			{"last.xlsx", xlsx(book(logLine(), logRow(2), line(1_048_576, "L9", "0007", "2026-07-09", "8")))},
			{"beyond.xlsx", xlsx(book(logLine(), logRow(2), line(1_048_577, "L8", "0007", "2026-07-09", "8")))},
			{"twice.xlsx", xlsx(book(logLine(), logRow(2), logRow(3), logRow(3)))},
			{"back.xlsx", xlsx(book(logLine(), logRow(3), logRow(2)))},
		}},

		{name: "B9 other ways to write XML", files: []sent{{"prefixed.xlsx", xlsx(bookOf(`<?xml version='1.0' encoding='UTF-8' standalone='yes'?>` +
			`<x:worksheet xmlns:x='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><x:sheetData>` + prefixed(logLine()+logRow(2)) +
			`</x:sheetData></x:worksheet>`))}}},

		{name: "B10 the 1904 calendar", says: []string{"1904"}, files: []sent{
			{"1900.xlsx", xlsx(book(logLine(), line(2, "L2", "0007", number("46204", asDate), "8")))},
			{"1904.xlsx", xlsx(edited(book(logLine(), line(2, "L3", "0007", number("44743", asDate), "8")), "xl/workbook.xml", "<workbookPr/>",
				`<workbookPr date1904="1"/>`))},
		}},

		{name: "B11 the day that never was", files: []sent{{"leap.xlsx",
			xlsx(book(logLine(), line(2, "L2", "0007", number("60", asDate), "8"), line(3, "L3", "0007", number("0", asDate), "8")))}}},

		{name: "B12 dates as text and as numbers", files: []sent{
			{"dates.xlsx", xlsx(book(logLine(), line(2, "L2", "0007", "2026年7月1日", "8"), line(3, "L3", "0007", number("46205", 0), "8"),
				line(4, "L4", "0007", number("20260703", 0), "8"),
				line(5, "L5", "0007", number("46207", asDate), "8"), line(6, "L6", "0007", number("46208.75", asDatetime), "8")))},
			{"mapping serial.yaml", "name: {zh: 日期序号, en: Serial days}\ndataset: work_logs\nheaders: {no: 编号, who: 人员, day: 日子, spent: 用了}\n" +
				"fields: {log_id: no, employee_no: who, work_date: {from: day, serial: 1900}, hours: spent}\n"},
			{"told.xlsx", xlsx(book(line(1, "编号", "人员", "日子", "用了"), line(2, "L7", "0007", number("46209", 0), "8"),
				line(3, "L8", "0007", number("7", 0), "8")))},
		}},

		{name: "B13 numbers as text and text as numbers", files: []sent{{"numbers.xlsx", xlsx(book(logLine(),
			line(2, "L2", number("7", asFour), "2026-07-02", " 7.5 "), line(3, "L3", number("7", 0), "2026-07-03", "8"),
			line(4, "L4", "7", "2026-07-04", "8"),
			line(5, number("5", 0), number("7", asFour), "2026-07-05", number("8", 0))))}}},

		{name: "B13 zeros lost in the list of people", says: []string{"0007", "只差开头的零"}, files: []sent{
			{"people.csv", "工号,姓名,入职日期\n7,张伟,2020-01-01\n0007,张伟,2020-01-01\n0008,赵六,2026-01-01\n9,钱七,2026-01-01\n09,钱七,2026-01-01\nE01,孙八,2026-01-01\nE1,周九,2026-01-01\n"},
			{"departments.csv", "部门编号,部门名称,部门类别\n10,一部,技术\n100,二部,技术\n"},
			{"departments again.csv", "部门编号,部门名称,部门类别\n010,一部,技术\n10,一部,销售\n"},
		}},

		{name: "B14 digits lost", says: []string{"文本格式"}, files: []sent{{"digits.xlsx",
			xlsx(book(logLine(), line(2, number("123456789012345678", 0), "0007", "2026-07-02", "8"),
				line(3, number("1.23456789012346E+17", 0), "0007", "2026-07-03", "8"), line(4, "123456789012345678", "0007", "2026-07-04", "8"),
				line(5, number("123456789012345", 0), "0007", "2026-07-05", "8")))}}},

		{name: "B15 formulas", says: []string{"D3 =SUM(D1:D2)"},
			files: []sent{{"formulas.xlsx", xlsx(book(logLine(), line(2, "L2", "0007", "2026-07-02", formula("4+4", "n", "8")),
				line(3, "L3", "0007", "2026-07-03", formula("SUM(D1:D2)", "n", "")),
				line(4, "L4", "0007", "2026-07-04", formula("8/0", "e", "#DIV/0!")),
				line(5, "L5", formula("VLOOKUP(A5,X:Y,2,0)", "e", "#N/A"), "2026-07-05", "8"),
				line(6, "L6", formula(`"00"&amp;"07"`, "str", "0007"), "2026-07-06", "8")))}}},

		{name: "B16 merged cells", says: []string{"B2:B3"}, files: []sent{
			{"down.xlsx", xlsx(merged(`<mergeCells><mergeCell ref="B2:B3"/></mergeCells>`))},
			{"title.xlsx", xlsx(bookOf(`<worksheet ` + spreadsheet + `><sheetData>` + line(1, "七月工作日志") + line(2, logWords...) +
				line(3, "L7", "0007", "2026-07-07", "8") + `</sheetData><mergeCells><mergeCell ref="A1:E1"/></mergeCells></worksheet>`))},
		}},

		{name: "B16 a header over two rows", says: []string{"表头占第 2 至 3 行", "B3:B4"}, files: []sent{
			{"groups.xlsx", xlsx(bookOf(`<worksheet ` + spreadsheet + `><sheetData>` + line(1, "七月工作日志") + line(2, "日志编号", "工号", "工作日期", "实际工时", "加班", "") +
				line(3, "", "", "", "", "工时", "工作日期") + line(4, "L7", "0007", "2026-07-07", "8", "2", "2026-07-08") +
				`</sheetData><mergeCells><mergeCell ref="A1:F1"/><mergeCell ref="A2:A3"/><mergeCell ref="B2:B3"/><mergeCell ref="E2:F2"/></mergeCells></worksheet>`))},
			{"flat.xlsx", xlsx(bookOf(`<worksheet ` + spreadsheet + `><sheetData>` + line(1, "日志编号", "工号", "工作日期", "工时") +
				line(2, "", "", "", "计划", "实际") + line(3, "L8", "0007", "2026-07-08", "8", "2") + `</sheetData><mergeCells><mergeCell ref="D1:E1"/></mergeCells></worksheet>`))},
			{"record.xlsx", xlsx(bookOf(`<worksheet ` + spreadsheet + `><sheetData>` + logLine() + logRow(2) + line(3, "L3", "0007", "2026-07-03", "8") + line(4, "L4", "", "2026-07-04", "8") +
				`</sheetData><mergeCells><mergeCell ref="B3:B4"/></mergeCells></worksheet>`))},
		}},

		{name: "B17 hidden rows and columns", says: []string{"2 rows of sheet", "hidden columns (E)"},
			files: []sent{{"hidden.xlsx", xlsx(bookOf(`<worksheet ` + spreadsheet +
				`><cols><col min="5" max="5" hidden="1"/></cols><sheetData>` + logLine() +
				strings.Replace(logRow(2)+logRow(3), "<row ", `<row hidden="1" `, 2) + logRow(4) + `</sheetData></worksheet>`))}}},
		{name: "B17 a hidden sheet", says: []string{"is hidden"},
			files: []sent{{"hidden.xlsx", xlsx(edited(plain, "xl/workbook.xml", "sheetId=", `state="veryHidden" sheetId=`))}}},

		{name: "B18 several sheets", says: []string{"说明"}, files: []sent{{"sheets.xlsx", severalSheets(t)}}},

		{name: "B19 percentages", company: overseas, files: []sent{
			{"bare.xlsx", xlsx(book(line(1, "占比编号", "占比值"), line(2, "S2", number("0.125", asPercent)), line(3, "S3", "12.5%"),
				line(4, "S4", number("12.5", 0))))},
			{"unit.xlsx", xlsx(book(line(1, "比率编号", "比率值"), line(2, "R2", number("0.125", asPercent)), line(3, "R3", "12.5%"),
				line(4, "R4", number("12.5", 0))))},
			{"points.xlsx", xlsx(book(line(1, "百分点编号", "百分点值"), line(2, "P2", number("0.125", asPercent)), line(3, "P3", "12.5%"),
				line(4, "P4", number("12.5", 0))))},
		}},

		{name: "B20 durations", files: []sent{{"durations.xlsx",
			xlsx(book(line(1, "日志编号", "工号", "工作日期", "实际工时", "计划工时"),
				line(2, "L2", "0007", "2026-07-02", number("0.3125", asDuration), number("1", asDuration)),
				line(3, "L3", "0007", "2026-07-03", number("1.5", asDuration), "8"),
				line(4, "L4", "0007", "2026-07-04", number("0.34722222222222221", asDuration), "8")))}}},

		{name: "B20 units that only the format shows", says: []string{"本位币", "万"}, files: []sent{
			{"hours.xlsx", xlsx(book(logLine(), line(2, "L2", "0007", "2026-07-02", number("1.5", asDays)), line(3, "L3", "0007", "2026-07-03", number("20", asMinutes))))},
			{"deals.xlsx", xlsx(book(line(1, "商机编号", "负责人工号", "创建日期", "结果", "金额"), line(2, "O2", "0007", "2026-06-01", "进行中", number("1234.5", asDollars)),
				line(3, "O3", "0007", "2026-06-01", "进行中", number("12.5", asMyriads)), line(4, "O4", "0007", "2026-06-01", "进行中", number("12.5", 0))))},
		}},

		{name: "B21 rich texts and blanks", files: []sent{{"rich.xlsx",
			xlsx(book(logLine(), logRow(2, " L2\u00a0", "0007\u3000", "2026-07-02 ", "8", "第一行\n第二行 "),
				line(3, "L3", "0007", "2026-07-03", "8", `<c t="inlineStr"><is><r><rPr><b/></rPr><t>粗</t></r><r><t xml:space="preserve"> 细</t></r><rPh sb="0" eb="1"><t>cu</t></rPh></is></c>`)))}}},

		{name: "B22 comments and pictures", says: []string{"comments", "pictures"},
			files: []sent{{"comments.xlsx", xlsx(append(edited(plain, sheetPart, "</sheetData>",
				`</sheetData><dataValidations count="1"><dataValidation type="list" sqref="B2:B9"><formula1>"0007"</formula1></dataValidation></dataValidations>`),
				packed{name: "xl/comments1.xml", content: "<comments/>"}, packed{name: "xl/media/image1.png", content: "\x89PNG"}))}}},
	}
}

// prefixed gives every element of a sheet's XML the prefix x, and single quotes.
func prefixed(xml string) string {
	xml = strings.ReplaceAll(strings.ReplaceAll(xml, "</", "\x00"), "<", "<x:")
	return strings.ReplaceAll(strings.ReplaceAll(xml, "\x00", "</x:"), `"`, "'")
}

// severalSheets is a workbook of logs, of people and of remarks.
func severalSheets(t testing.TB) string {
	parts := book(line(1, logWords...), line(2, "L1", "E003", "2026-07-01", "8"))
	for i, s := range []struct{ name, rows string }{
		{"人员", line(1, "工号", "姓名", "入职日期") + line(2, "E003", "吴刚", "2026-01-05")},
		{"说明", line(1, "请在月底前填写")},
	} {
		n := i + 2
		parts = edited(parts, "xl/workbook.xml", "</sheets>", fmt.Sprintf(`<sheet name="%s" sheetId="%d" r:id="rId9%d"/></sheets>`, s.name, n, n))
		parts = edited(parts, "xl/_rels/workbook.xml.rels", "</Relationships>",
			fmt.Sprintf(`<Relationship Id="rId9%d" Type="x/worksheet" Target="worksheets/sheet%d.xml"/></Relationships>`, n, n))
		parts = edited(parts, fmt.Sprintf("xl/worksheets/sheet%d.xml", n), "",
			`<worksheet `+spreadsheet+`><sheetData>`+s.rows+`</sheetData></worksheet>`)
	}
	return zipped(t, parts...)
}
