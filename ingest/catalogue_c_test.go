package ingest_test

import (
	"fmt"
	"strings"
	"testing"

	"plumbline/ingest"
	"plumbline/policy"
)

// values are the cases of letter C: what cells say.
func values(testing.TB) []entry {
	// days makes a log of one hour for each text as its day, by the number of the case.
	days := func(texts ...string) string { return told(each("L%02d,0007,%s,1,", texts)...) }
	hours := func(texts ...string) string {
		rows := make([]string, len(texts))
		for i, s := range texts {
			rows[i] = fmt.Sprintf("L%02d,0007,2026-06-%02d,%s,", i+1, i+1, s)
		}
		return told(rows...)
	}
	amounts := func(texts ...string) string {
		return "商机编号,负责人工号,创建日期,结果,金额\n" + strings.Join(each("O%02d,0007,2026-07-01,进行中,%s", texts), "\n") + "\n"
	}
	moments := func(texts ...string) string {
		return "事件编号,事件类型,处理人工号,发现时间,事件级别\n" + strings.Join(each("S%02d,系统故障,0007,%s,一般", texts), "\n") + "\n"
	}
	names := "工号,姓名,入职日期\nE101,张三,2026-01-01\nE102,张三,2026-01-01\nE103,張三,2026-01-01\n"
	byName := "name: {zh: 按姓名, en: By name}\ndataset: work_logs\nheaders: {no: 单号, who: 谁, day: 日子, spent: 用了}\n" +
		"fields: {log_id: no, employee_no: {from: who, lookup: [login, name]}, work_date: day, hours: spent}\n"
	myriads := "name: {zh: 万元, en: Amounts in wan}\ndataset: opportunities\nheaders: {no: 单号, who: 谁, day: 日子, state: 结果, sum: 多少}\n" +
		"fields: {opportunity_id: no, employee_no: who, created_on: day, outcome: state, amount: {from: sum, myriads: true}}\n"
	return []entry{
		{name: "C1 forms of dates", files: []sent{{"dates.csv",
			days("2026年7月1日", "2026.7.2", "2026/7/3", "20260704", "5-Jul-26", "\"Jul 6, 2026\"", "2026-07-07 08:30", "二〇二六年七月八日",
				"7月9日", "07-10", "24/3/5", "2026-07", "上周五")}}},

		{name: "C2 day and month", says: []string{"13/04/2026", "--date-order"}, files: []sent{
			{"open.csv", days("03/04/2026", "05/06/2026", "2026-07-01")},
			{"proved.csv", strings.ReplaceAll(days("03/04/2026", "13/04/2026"), "L0", "M0")},
			{"torn.csv", strings.ReplaceAll(days("03/04/2026", "13/04/2026", "04/13/2026"), "L0", "N0")},
		}},
		{name: "C2 day and month declared", how: ingest.How{Order: policy.MDY}, files: []sent{{"declared.csv", days("03/04/2026", "13/04/2026")}}},

		{name: "C3 days that never were", files: []sent{{"never.csv",
			days("2026-02-30", "0000-00-00", "infinity", "-infinity", "9999-12-31", "1989-12-31", "2026-13-01", "2025-02-29", "2024-02-29")}}},

		{name: "C4 times with a zone", files: []sent{{"zones.csv",
			moments("2026-07-01T08:00:00+08:00", "2026-07-01T00:00:00Z", "2026-06-30 19:00:00-05:00", "2026-07-01 08:00", "2026-07-01 08:00 CST")},
			{"days.csv", days("2026-06-30T16:30:00Z", "2026-07-01T00:30:00+08:00")}}},
		{name: "C4 clocks put forward and back", company: overseas,
			files: []sent{{"summer.csv", moments("2026-03-08 02:30:00", "2025-11-02 01:30:00", "2025-11-02 01:30:00-04:00",
				"2025-11-02 01:30:00-05:00", "2026-03-08 03:00:00")}}},

		{name: "C5 the end of the day", files: []sent{{"midnight.csv",
			moments("2026-06-30 24:00", "2026-06-30 25:30", "2016-12-31 23:59:60", "2026-06-30 24:01")},
			{"mapping shifts.yaml", "name: {zh: 班次, en: Shifts}\ndataset: work_logs\nheaders: {no: 单号, who: 谁, day: 日子, begun: 起, ended: 止}\n" +
				"fields: {log_id: no, employee_no: who, work_date: day, hours: {between: [\"day || ' ' || begun\", \"day || ' ' || ended\"]}}\n"},
			{"shifts.csv", "单号,谁,日子,起,止\nK1,0007,2026-06-01,20:00,24:00\nK2,0007,2026-06-02,22:00,06:00\nK3,0007,2026-06-03,09:00,17:20\n"}}},

		{name: "C6 times that cannot be", says: []string{"2026-06-01", "导入之日以后"}, files: []sent{
			{"logs.csv", told("L1,0007,2026-07-16,8,明天", "L2,E002,2026-02-28,8,入职前", "L3,E002,2026-07-01,8,离职后", "L4,E002,2026-06-30,8,最后一天")},
			{"deliveries.csv", "交付编号,负责人工号,创建日期,承诺日期,实际交付日期\nV1,0007,2026-06-02,2026-06-30,2026-06-01\nV2,0007,2026-06-02,2026-06-01,\nV3,0007,2026-06-02,2026-06-02,2026-06-02\n"},
			{"deals.csv", "商机编号,负责人工号,创建日期,结案日期,结果\nO1,0007,2026-06-02,2026-06-01,赢单\n"},
		}},

		{name: "C7 hours", says: []string{"24.5"}, files: []sent{
			{"hours.csv", hours("-1", "0", "25", "8.0000001", "8h", "8小时", "1天", "1:30", "90分钟", "8.5 小时", "八小时", "8-9", "1d 2h", "10分钟")},
			{"seconds.csv", strings.ReplaceAll(hours("0.33333333", "0.666666666666666", "0.33333334"), "L0", "S0")},
			{"first.csv", told("P1,0007,2026-07-10,16,上午")},
			{"second.csv", told("P2,0007,2026-07-10,8.5,下午")},
		}},

		{name: "C8 money", files: []sent{
			{"amounts.csv", amounts(`"1,234.50"`, `"1.234,50"`, "￥1234", `"￥1,234.50元"`, `"(1,234)"`, "1.2万", "1e5", `"1,23"`, `"12,345,67"`,
				"约100")},
			{"mapping wan.yaml", myriads},
			{"wan.csv", "单号,谁,日子,结果,多少\nW1,0007,2026-07-01,进行中,1.2万\nW2,0007,2026-07-01,进行中,0.3亿\nW3,0007,2026-07-01,进行中,5000\n"},
		}},

		{name: "C9 full width", files: []sent{{"wide.csv", hours("１２．５", "８ｈ", "－１", "７") + "Ｌ５,０００７,２０２６-０７-０５,８,全角\n"}}},

		{name: "C10 numbers that are none", files: []sent{{"numbers.csv", hours("inf", "nan", "-0", "1e400", "0x10", "1_000", "10²", "+8")},
			{"whole.csv", "工号,考勤日期,出勤时长,迟到次数\n0007,2026-07-01,8,12.7\n0007,2026-07-02,8,1.0\n"}}},

		{name: "C11 words for nothing", files: []sent{
			{"blanks.csv", "日志编号,工号,工作日期,实际工时,计划工时,项目名称\nL1,0007,2026-06-01,8,NULL,NULL\nL2,0007,2026-06-02,8,N/A,无\nL3,0007,2026-06-03,8,-,-\nL4,0007,2026-06-04,8,/,/\n" +
				"L5,0007,2026-06-05,8,空,\nL6,0007,2026-06-06,8,0,\nL7,0007,2026-06-07,-,,\nNULL,0007,2026-06-08,8,,\n,0007,2026-06-09,8,,没有编号\n"}}},

		{name: "C12 more decimals than are kept", files: []sent{{"amounts.csv", amounts("12.345", "12.340", "0.005")},
			{"hours.csv", hours("0.33333", "0.33330")}}},

		{name: "C13 leading zeros", files: []sent{{"zeros.csv",
			told("0012,0007,2026-07-01,1,", "12,0007,2026-07-02,1,", "000012,0007,2026-07-03,1,", "13,7,2026-07-04,1,")}}},

		{name: "C13 zeros kept by a formula", says: []string{"引号内的文字"}, files: []sent{{"guarded.csv", "=\"日志编号\",工号,工作日期,实际工时,工作内容\n" +
			"=\"L01\",=\"0007\",=\"2026-07-01\",8,=1+1\n\"=\"\"L02\"\"\",\"=\"\"0007\"\"\",2026-07-02,8,\"=\"\"a\"\"&\"\"b\"\"\"\nL03,0007,2026-07-03,8,说\"好\"\n"}}},

		{name: "C14 huge ids", files: []sent{{"ids.csv", told("12345678901234567890123,0007,2026-07-01,1,", "1.0E+05,0007,2026-07-02,1,",
			"1.23457E+17,0007,2026-07-03,1,", "123456789012345678.0,0007,2026-07-04,1,", "2E10,0007,2026-07-05,1,")}}},

		{name: "C15 names", says: []string{"E101, E102", "账号对照表中找不到此人"}, files: []sent{{"people.csv", names}, {"mapping names.yaml", byName},
			{"names.csv", "单号,谁,日子,用了\nN1,张三,2026-07-01,8\nN2,張三,2026-07-02,8\nN3,张 伟,2026-07-03,8\nN4,张叁,2026-07-04,8\n"}}},

		{name: "C16 words of other tools", says: []string{"赢单、输单、进行中"},
			files: []sent{{"deals.csv", "商机编号,负责人工号,创建日期,结案日期,结果\nO1,0007,2026-06-01,2026-06-02,赢单\nO2,0007,2026-06-01,2026-06-02,Closed Won\n" +
				"O3,0007,2026-06-01,2026-06-02,closed won \nO4,0007,2026-06-01,2026-06-02,流失\nO5,0007,2026-06-01,2026-06-02,成功\nO6,0007,2026-06-01,2026-06-02,won?\n"}}},

		{name: "C17 texts that are formulas", files: []sent{{"formulas.csv", "日志编号,工号,工作日期,实际工时,工作内容\n" +
			strings.Join(each("L%02d,0007,2026-07-01,1,%s", []string{
				"=cmd|'/c calc'!A1", "+1+1", "-2+3", "@SUM(A1)", "\"\t=1+1\"", "＝1+1", "＋1", "－1", "＠x", "\"\u00a0=1+1\"", "\"第一行\n=1+1\"",
				`"=HYPERLINK(""http://x"",""y"")"`}), "\n") + "\n"}}},

		{name: "C18 texts that are programs", files: []sent{{"CON.csv", "日志编号,工号,工作日期,实际工时,工作内容\n" +
			strings.Join(each("L%02d,0007,2026-07-01,1,%s", []string{
				"<script>alert(1)</script>", "{{.}}", "'; DROP TABLE facts.work_logs; --", "../../etc/passwd", "CON", "𠮷😀", "שלום", "%s%n", "$seq",
				"\\u0000", strings.Repeat("长", 300)}), "\n") + "\n"}}},
		{name: "C18 ids and names of files", files: []sent{{"<b>'$seq' %s.csv",
			told("../../x,0007,2026-07-01,1,", "';--,0007,2026-07-02,1,", "𠮷😀,0007,2026-07-03,1,", strings.Repeat("长", 43)+",0007,2026-07-04,1,")},
			{strings.Repeat("长", 83) + ".csv", told("L5,0007,2026-07-05,1,")}}},
	}
}

// each puts every text into a row, behind its number.
func each(row string, texts []string) []string {
	rows := make([]string, len(texts))
	for i, s := range texts {
		rows[i] = fmt.Sprintf(row, i+1, s)
	}
	return rows
}
