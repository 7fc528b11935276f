package suggest_test

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"plumbline/ingest/sheet"
	"plumbline/ingest/suggest"
)

// otherHeaders are words that no dataset knows but that other tools use, and some that nobody does.
var otherHeaders = []string{"User", "Email", "Assignee", "Assignee Username", "Reporter", "负责人", "指派给", "由谁完成", "Start", "End", "开始时间", "结束时间",
	"结束日期", "Updated", "更新时间",
	"Duration (h)", "Duration (decimal)", "时长(分钟)", "金额(万元)", "占比(%)", "Closed At (UTC)", "ID", "编号", "1日", "2日", "3日", "31日", "2026-01",
	"2026-02", "2026-03", "2026年4月",
	"2026-07-01", "2026-07-02", "2026-07-03", "1月", "2月", "3月", "合计", "", " ", "x", "备注", "Stage", "客户经理", "*", "%", "true"}

// cellPool are values of all kinds.
var cellPool = []string{"", "-", "0007", "E001", "A-1", "张伟", "李静(#3)", "王芳;", "zw@example.com", "zhang.wei", "2026-07-01", "2026/7/2",
	"03/04/2026", "13/04/2026", "04/13/2026",
	"26-03-01", "01/02/03", "0000-00-00", "46204", "2026-07-01 10:00", "2026-07-01T10:00:00Z", "12/Mar/24 9:41 AM", "09:00", "18:30:00", "8",
	"7.5", "1,5", "1,234", "1.234", "1,234.50",
	"1.234,5", "3600", "90", "2h", "1:30", "1.2万", "￥1,000", "$5", "12.5%", "0.125", "是", "否", "Closed Won", "已完成", "周报", "进行中", "甲项目", "a\"b",
	"x: [y]", "# ??", "合计", "多\n行"}

// Whatever headers stand over whatever values, a draft is refused exactly at its questions.
func TestAnyTable(t *testing.T) {
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		if err := checks.Value.Set("300"); err != nil {
			t.Fatal(err)
		}
	}
	o := withTrials(t)
	dir := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		d := rapid.SampledFrom(o.policy.FromFiles()).Draw(r, "dataset")
		headers := append([]string{}, otherHeaders...)
		for _, c := range d.Columns {
			names := append([]string{c.ID, c.Name.ZH, c.Name.EN}, c.Aliases...)
			headers = append(headers, names...)
			headers = append(headers, names...) // half of them are the dataset's own
		}
		table := [][]string{rapid.SliceOfN(rapid.SampledFrom(headers), 1, 14).Draw(r, "headers")}
		pools := make([][]string, len(table[0])) // a column has few kinds of values
		for i := range pools {
			pools[i] = rapid.SliceOfN(rapid.SampledFrom(cellPool), 1, 4).Draw(r, fmt.Sprint("pool ", i))
		}
		for range rapid.IntRange(0, 8).Draw(r, "rows") {
			var row []string
			for i := range pools {
				row = append(row, rapid.SampledFrom(pools[i]).Draw(r, "cell"))
			}
			table = append(table, row)
		}
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		if err := w.WriteAll(table); err != nil {
			r.Fatal(err)
		}
		path := filepath.Join(dir, "any.csv")
		if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
			r.Fatal(err)
		}
		tables, _ := sheet.Tables(t.Context(), path, dir, sheet.Hints{})
		for _, table := range tables {
			dataset := rapid.SampledFrom([]string{"", d.ID}).Draw(r, "asked for")
			draft, err := suggest.Suggest(t.Context(), o.policy, path, dir, table, dataset)
			if err != nil {
				r.Fatal(err)
			}
			(&office{TB: t, db: o.db, policy: o.policy}).check(fatal{t, r}, draft)
		}
	})
}

// fatal lets a failed check end the run, so that rapid can make the case small.
type fatal struct {
	testing.TB
	run *rapid.T
}

func (f fatal) Errorf(format string, args ...any) { f.run.Fatalf(format, args...) }
func (f fatal) Helper()                           {}
