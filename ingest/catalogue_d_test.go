package ingest_test

import (
	"fmt"
	"strings"
	"testing"
)

// businessTime are the cases of letter D that files can show: how records change.
func businessTime(testing.TB) []entry {
	memberships := func(rows ...string) string {
		return "工号,部门编号,任职开始,任职结束,角色\n" + strings.Join(rows, "\n") + "\n"
	}
	deals := "商机编号,负责人工号,创建日期,结案日期,结果,金额\n"
	return []entry{
		{name: "D1 duplicates", files: []sent{
			{"twice.csv", told(visit, visit, write, "L2,0007,2026-07-02,6,编写方案", visit)},
			{"later.csv", told(visit)},
		}},

		{name: "D2 late correction", files: []sent{
			{"june.csv", deals + "O1,0007,2026-06-01,,进行中,10\nO2,0007,2026-06-01,,进行中,20\n"},
			{"july.csv", deals + "O1,0007,2026-06-01,2026-06-30,赢单,12.5\n"},
		}, then: asKnown("opportunities", books0+1, books0+2)},

		{name: "D3 what vanished from a snapshot", says: []string{"1 records of Employees"}, files: []sent{
			{"snapshot june.csv", deals + "O1,0007,2026-06-01,,进行中,10\nO2,0007,2026-06-01,,进行中,20\n"},
			{"delta.csv", deals + "O3,0007,2026-06-01,,进行中,30\n"},
			{"snapshot july.csv", deals + "O2,0007,2026-06-01,,进行中,20\nO4,0007,2026-06-01,,进行中,x\n"},
			{"snapshot staff.csv", "工号,姓名,入职日期\nE001,李静,2021-03-01\nE002,王芳,2026-03-01\n"},
		}, then: asKnown("opportunities", books0+2)},

		{name: "D4 moving to another department", files: []sent{
			{"overlap.csv", memberships("E001,D1,2026-05-16,,专员")},
			{"move.csv", memberships("E001,D2,2021-03-01,2026-05-15,专员", "E001,D1,2026-05-16,,专员", "E002,D1,2026-03-01,2026-04-30,专员",
				"E002,D2,2026-04-30,,专员")},
			{"gap.csv", memberships("E002,D1,2026-03-01,2026-04-30,专员", "E002,D2,2026-05-02,2026-06-30,专员")},
		}},

		{name: "D5 unknown employee", files: []sent{
			{"logs.csv", told("L1,E300,2026-07-01,8,拜访", "L2,E300,2026-07-02,8h,写")},
			{"people.csv", "工号,姓名,入职日期\nE300,陈晨,2026-07-02\n"},
			{"hired.csv", "工号,姓名,入职日期\nE300,陈晨,2026-07-01\n"},
		}},

		{name: "D6 records after leaving", files: []sent{{"logs.csv", told("L1,E002,2026-06-30,8,最后一天", "L2,E002,2026-07-01,8,之后")},
			{"staff.csv", "工号,姓名,入职日期,离职日期\nE002,王芳,2026-03-01,2026-07-31\n"}}},

		{name: "D7 hired again", files: []sent{
			{"people.csv", "工号,姓名,入职日期\nE202,王芳,2026-07-05\n"},
			{"logs.csv", told("L1,E202,2026-07-06,8,拜访", "L2,E002,2026-07-06,8,旧工号")},
		}},

		{name: "D8 a department renamed", files: []sent{
			{"renamed.csv", "部门编号,部门名称,上级部门编号,部门类别\nD1,客户部,D0,销售\n"},
		}, then: asKnown("departments", books0, books0+1)},

		{name: "D11 another currency", says: []string{"本位币"},
			files: []sent{{"deals.csv", deals + "O1,0007,2026-06-01,,进行中,$100\nO2,0007,2026-06-01,,进行中,100美元\nO3,0007,2026-06-01,,进行中,CNY 100\n"}}},

		{name: "D12 a target revised", files: []sent{
			{"targets.csv", "指标,部门编号,目标期间,目标值,下达日期\nconversion_rate,D1,2026Q3,30,2026-06-20\n"},
			{"revised.csv", "指标,部门编号,目标期间,目标值,下达日期\nconversion_rate,D1,2026Q3,25,2026-07-10\n"},
		}},

		{name: "D14 files out of order", files: []sent{{"second.csv", told("L1,0007,2026-07-01,6,第二次")},
			{"first.csv", told("L1,0007,2026-07-01,8,第一次")}, {"second.csv", told("L1,0007,2026-07-01,6,第二次")}}},
	}
}

// asKnown tells what the books said of a dataset at earlier times.
func asKnown(dataset string, seqs ...int64) func(*office, *strings.Builder) {
	return func(c *office, b *strings.Builder) {
		c.Helper()
		for _, seq := range seqs {
			fmt.Fprintf(b, "%s as of event %d:\n", dataset, seq)
			for _, line := range c.factsAsOf(dataset, seq) {
				fmt.Fprintf(b, "  %s\n", line)
			}
		}
	}
}
