package ingest_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plumbline/ingest"
	"plumbline/ingest/sheet"
)

const (
	visit = "L1,0007,2026-07-01,8,拜访客户，谈合同" // a log below told's header
	write = "L2,0007,2026-07-02,7.5,编写方案"
)

// containers are the cases of letter A: encodings and the build of text files.
func containers(t testing.TB) []entry {
	good := told(visit, write)
	many := strings.Repeat("编写方案", 4)
	undecodable := gbk(t, good+"L3,0007,2026-07-03,8,测试") + "\xff\n"
	mixed := told(visit) + gbk(t, write) + "\nL3,0007,2026-07-03,8," + many + "\n"
	return []entry{
		{name: "A1 GBK", files: []sent{{"gbk.csv", gbk(t, good)}}},
		{name: "A1 undecodable byte", says: []string{fmt.Sprint(strings.Index(undecodable, "\xff"))}, files: []sent{{"gbk.csv", undecodable}}},
		{name: "A1 neither UTF-8 nor GBK", says: []string{`\xe9`, "第 76 个字节", "windows-1252"}, files: []sent{
			{"western.csv", "log_id,employee_no,work_date,hours,project,content\nL1,0007,2026-07-01,8,caf\xe9,na\xefve\nL2,0007,2026-07-02,8,caf\xe9,d\xe9j\xe0\n"}}},
		{name: "A1 encoding declared", how: ingest.How{Hints: sheet.Hints{Encoding: sheet.Windows1252}},
			files: []sent{{"western.csv", "log_id,employee_no,work_date,hours,project\nL1,0007,2026-07-01,8,caf\xe9\n"}}},

		{name: "A2 byte order mark", files: []sent{{"bom.csv", "\ufeff" + good}}},

		{name: "A3 UTF-16", files: []sent{{"little.csv", wide16(good, binary.LittleEndian)},
			{"big.csv", wide16(told("L3,0007,2026-07-03,8,测试"), binary.BigEndian)}}},

		{name: "A4 GBK rows in a UTF-8 file", says: []string{fmt.Sprint(strings.Index(mixed, gbk(t, "编")))}, files: []sent{{"mixed.csv", mixed}}},
		{name: "A4 UTF-8 rows in a GBK file",
			files: []sent{{"mixed.csv", gbk(t, told(visit, "L3,0007,2026-07-03,8,"+many, "L4,0007,2026-07-04,8,"+many)) + write +
				"\nL5,0007,2026-07-05,8,测试员\nL6,0007,2026-07-06,8,测试员工\n"}}},

		{name: "A5 NUL bytes", says: []string{"U+0000"}, files: []sent{{"nul.csv", told("L1,0007,2026-07-01,8,a\x00b", write)}}},
		{name: "A5 more NUL bytes than text", files: []sent{{"nul.csv", told(visit) + strings.Repeat("\x00", 4096)}}},

		{name: "A6 characters that cannot be seen", says: []string{"U+0007", "U+202E", "U+200B", "U+FEFF"},
			files: []sent{{"unseen.csv", told("L1,0007,2026-07-01,8,响\a铃", "L\u202e2,0007,2026-07-02,8,x", "L3,00\u200b07,2026-07-03,8,x",
				"L4,0007,2026-07-04,8,张\ufeff伟",
				"Ｌ５,０００７,2026-07-05,8,全角", " L6 ,0007\u00a0,2026-07-06,8,\u3000两端空白 ")}}},

		{name: "A6 tabs at the ends", files: []sent{{"guarded.csv", "日志编号,工号,工作日期,实际工时,项目名称,工作内容\n" +
			"L1\t,\t0007,2026-07-01\t,8\t,客服\t,写方案\n\"L2\t\",\"0007\t\",\"2026-07-02\t\",\"8\t\",客服,\"写\t\"\nL3,0007,2026-07-03,8,客服,写\t方案\n"}}},

		{name: "A7 CR only", files: []sent{{"mac.csv", strings.ReplaceAll(good, "\n", "\r")}}},
		{name: "A7 mixed line ends", files: []sent{{"mixed.csv", told(visit+"\r", write) +
			"L3,0007,2026-07-03,8,测试\rL4,0007,2026-07-04,8,复核\r\nL5,0007,2026-07-05,8,没有行尾"}}},

		{name: "A8 ragged rows", says: []string{"(3/5)", "(6/5)"},
			files: []sent{{"ragged.csv", told("L1,0007,2026-07-01", visit[:2]+",0007,2026-07-01,8,拜访,谈合同", write,
				"L3,0007,2026-07-03,8,末尾多出的空格子不算,,")}}},

		{name: "A9 unterminated quote", says: []string{"第 3 行", `"编写`},
			files: []sent{{"quote.csv", told(visit, "L2,0007,2026-07-02,8,\"编写", "L3,0007,2026-07-03,8,测试")}}},

		{name: "A10 bare quotes", says: []string{"引号后面还有文字", "taken as it stands"},
			files: []sent{{"bare.csv", told(`L1,0007,2026-07-01,8,换 5" 屏`, `L2,0007,2026-07-02,8,"编写"方案`, `L3,0007,2026-07-03,8,"说""好"""`)}}},

		{name: "A11 delimiters", files: []sent{
			{"semicolon.csv", "日志编号;工号;工作日期;实际工时;工作内容\nL1;0007;2026-07-01;8;一,二,三,四,五\n"},
			{"tab.txt", "日志编号\t工号\t工作日期\t实际工时\nL2\t0007\t2026-07-02\t8\n"},
			{"bar.csv", "日志编号|工号|工作日期|实际工时\nL3|0007|2026-07-03|8\n"},
			{"hint.csv", "sep=;\n日志编号;工号;工作日期;实际工时\nL4;0007;2026-07-04;8\n"},
		}},
		{name: "A11 decimal comma", says: []string{"小数点"}, files: []sent{
			{"guess.csv", "日志编号;工号;工作日期;实际工时\nL1;0007;2026-07-01;7,5\nL2;0007;2026-07-02;1,234\n"},
			{"mapping komma.yaml", "name: {zh: 逗号小数, en: Decimal comma}\ndataset: work_logs\ndelimiter: \";\"\nheaders: {no: 编号, who: 人员, day: 日子, spent: 用了}\n" +
				"fields: {log_id: no, employee_no: who, work_date: day, hours: {from: spent, decimal: \",\"}}\n"},
			{"told.csv", "编号;人员;日子;用了\nL3;0007;2026-07-03;7,5\nL4;0007;2026-07-04;7.5\n"},
		}},

		{name: "A12 nothing in it", files: []sent{{"empty.csv", ""}, {"blanks.csv", "\n\n , ,\n"}, {"header.csv", logHeader},
			{"header and blanks.csv", logHeader + ",,,,,\n\n"}}},

		{name: "A13 huge cell", hostile: true, says: []string{"1 MiB"},
			files: []sent{{"cell.csv", told(visit, "L2,0007,2026-07-02,8,"+strings.Repeat("长", 1<<20))}}},
		{name: "A13 huge row", hostile: true, says: []string{"8 MiB"}, files: []sent{{"row.csv", told(visit) + strings.Repeat("x,", 6<<20)}}},
		{name: "A13 row of 1 GiB", hostile: true, then: rowOfGiB},
		{name: "A13 many columns", hostile: true, says: []string{"10,000"}, files: []sent{
			{"columns.csv", "日志编号,工号,工作日期,实际工时" + strings.Repeat(",列", 10_000) + "\nL1,0007,2026-07-01,8" + strings.Repeat(",1", 10_000) + "\n"},
			{"nonsense.csv", strings.Repeat("列,", 10_000) + "列\n" + strings.Repeat("1,", 10_000) + "1\n"},
		}},
		{name: "A13 many broken rows", hostile: true, says: []string{"100,000"},
			files: []sent{{"rows.csv", told(visit) + strings.Repeat("x,y\n", 100_001)}}},

		{name: "A14 cut in upload", says: []string{"(3/5)"}, files: []sent{
			{"rows.csv", told(visit, write)[:strings.Index(told(visit, write), ",7.5")]},
			{"sealed.csv.gz", gzipped(t, good)[:60]},
			{"total.csv", told("L3,0007,2026-07-03,8,测试", "合计,,,15.5,")},
		}},

		{name: "A15 titles above and totals below", files: []sent{{"july.csv", "二〇二六年七月工作日志,,,,\n制表：行政部,,,,\n\n" +
			told(visit, write, "小计,,,15.5,", "L3,0007,2026-07-03,8,合计各组", "合计：,,,23.5,")}}},
		{name: "A15 totals that are wrong", says: []string{"各行之和是 15.5"}, files: []sent{{"july.csv", told(visit, write, "总计,,,99,")}}},
		{name: "A15 notes below", says: []string{"表格下方的 3 行是说明", "Confidential"}, files: []sent{
			{"signed.csv", "日志编号,工号,工作日期,实际工时,工作内容\n" + visit + "\n合计,,,8,\n制表人：刘洋,,审核人：张伟,,\n备注：含加班\n二〇二六年七月\n"},
			{"report.csv", told(write) + "\nConfidential Information - Do Not Distribute\nCopyright (c) 2000-2026\nWork logs\n某某公司\n"},
			{"none good.csv", "日志编号,工号,工作日期,实际工时,工作内容\nL8,9999,2026-07-01,8,\n\nGenerated By: 刘洋 2026-07-02\n某某公司\n"},
			{"between.csv", told("备注：以下为补登", "L3,0007,2026-07-03,8,写", "L4", "说明：L4 待补,,,,")},
		}},

		{name: "A16 no header", says: []string{"mapping suggest", "工作日志 work_logs", "L1 | 0007"}, files: []sent{{"bare.csv", visit + "\n" + write + "\n"}}},

		{name: "A17 a header twice", says: []string{"「实际工时」"}, files: []sent{{"twice.csv", "日志编号,工号,工作日期,实际工时,工时\nL1,0007,2026-07-01,8,9\n"}}},

		{name: "A18 other words for headers", files: []sent{
			{"blanks.csv", " 工 号 ,日志号,日期,时长（小时）,Task,心情\n0007,L1,2026-07-01,8,写,好\n"},
			{"english.csv", "ＥＭＰ　ＮＯ,LOG NO.,Work_Date,Actual Hours\n0007,L2,2026-07-02,8\n"},
			{"traditional.csv", "日誌編號,工號,工作日期,實際工時,工作內容\nL3,0007,2026-07-03,8,寫\n"},
		}},
		{name: "A18 a column is missing", says: []string{"mapping suggest", "实际工时", "Work logs"},
			files: []sent{{"lacking.csv", "日志编号,工号,工作日期,工作内容\nL1,0007,2026-07-01,写\n"}}},

		{name: "A19 the same again", files: []sent{{"first.csv", good}, {"first.csv", good}, {"renamed.csv", good},
			{"overlapping.csv", told(visit, "L2,0007,2026-07-02,6,编写方案", "L3,0007,2026-07-03,8,测试")}}},

		{name: "A20 another month's file", files: []sent{{"try june.csv", told("L8,0007,2026-06-29,8,六月", "L9,E001,2026-06-30,8,六月", visit)}}},
		{name: "A20 taken back", files: []sent{{"june.csv", told("L8,0007,2026-06-29,8,六月")}, {"withdraw june.csv", ""}}},
	}
}

// rowOfGiB hands in a file whose last row has no end for 1 GiB. The file is full of holes and takes hardly any room on the disk.
func rowOfGiB(c *office, b *strings.Builder) {
	c.Helper()
	path := filepath.Join(c.dir, "long.csv")
	var rows strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&rows, "R%04d,0007,2026-07-01,0.001,写\n", i)
	}
	err := os.WriteFile(path, []byte(told(rows.String())+"L1,0007,2026-07-01,8,"), 0o600)
	if err == nil {
		err = os.Truncate(path, 1<<30)
	}
	if err != nil {
		c.Fatal(err)
	}
	units, faults := ingest.Find(c.Context(), c.books, c.version.Policy, []string{path}, ingest.How{})
	if len(units) != 1 || len(faults) > 0 {
		c.Fatalf("%d tables, %v", len(units), faults)
	}
	_, _, err = c.takeUnit(units[0], false)
	fmt.Fprintf(b, "long.csv refused: %s\n", refusal(err))
}
