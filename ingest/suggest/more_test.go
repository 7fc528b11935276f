package suggest_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"plumbline/ingest/sheet"
	"plumbline/ingest/suggest"
)

func TestUnknownDataset(t *testing.T) {
	o := open(t)
	path, tables, _ := o.tables(t, "logs.csv", []byte("工号,日期\n0007,2026-07-01\n"))
	if _, err := suggest.Suggest(t.Context(), o.policy, path, t.TempDir(), tables[0],
		"logs"); err == nil || !strings.Contains(err.Error(), `no dataset "logs"`) {
		t.Error(err)
	}
}

// A table whose rows cannot be told apart is refused, not half read.
func TestBrokenTable(t *testing.T) {
	o := open(t)
	const text = "工号,日期,工时\n0007,2026-07-01,8\n"
	path, tables, faults := o.tables(t, "logs.csv", []byte(text))
	if len(tables) != 1 {
		t.Fatal(faults)
	}
	if err := os.WriteFile(path, []byte(text+"E001,2026-07-01,\"8\n"), 0o600); err != nil { // it changed meanwhile
		t.Fatal(err)
	}
	_, err := suggest.Suggest(t.Context(), o.policy, path, t.TempDir(), tables[0], "")
	if refused, ok := errors.AsType[*sheet.RefusedError](err); !ok || refused.Rule != sheet.TextQuote {
		t.Error(err)
	}
}

// Only the first 10,000 rows are looked at: what stands behind them is neither proof nor fault.
func TestManyRows(t *testing.T) {
	o := open(t)
	var b strings.Builder
	b.WriteString("工号,日期,工时\n")
	for i := range 30_000 {
		day := i%12 + 1
		if i == 20_000 {
			day = 13
		}
		fmt.Fprintf(&b, "E%05d,%02d/07/2026,8\n", i, day)
	}
	text := b.String()
	d := o.suggest(t, "logs.csv", text, "")
	o.check(t, d)
	if len(d.Open) != 1 || strings.Join(d.Open[0].Options, " ") != "dmy mdy" {
		t.Errorf("%+v", d.Open)
	}
	d = o.suggest(t, "logs.csv", strings.Replace(text, "E00009,10/07/2026", "E00009,31/07/2026", 1), "")
	if o.check(t, d); len(d.Open) != 0 || !strings.Contains(d.YAML, "“31/07/2026” (row 11) can only be day/month") {
		t.Error(d.YAML)
	}
}

// The same table gives the same draft in every format.
func TestFormats(t *testing.T) {
	o := open(t)
	rows := [][]string{{"工号", "日期", "工时", "项目"}, {"0007", "2026-07-01", "8", "甲"}, {"E001", "2026-07-02", "7.5", "乙"}}
	var text, lines strings.Builder
	book := excelize.NewFile()
	for i, row := range rows {
		text.WriteString(strings.Join(row, ",") + "\n")
		if i > 0 {
			fmt.Fprintf(&lines, `{"工号": %q, "日期": %q, "工时": %s, "项目": %q}`+"\n", row[0], row[1], row[2], row[3])
		}
		if err := book.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	var xlsx, packed bytes.Buffer
	if err := book.Write(&xlsx); err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, text.String())
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	fields := func(yaml string) string {
		_, yaml, _ = strings.Cut(yaml, "\nheaders:\n")
		return yaml
	}
	want := o.suggest(t, "logs.csv", text.String(), "")
	if len(want.Open) != 0 || want.Dataset != "work_logs" {
		t.Fatalf("%+v", want)
	}
	for name, data := range map[string]string{"logs.xlsx": xlsx.String(), "logs.ndjson": lines.String(), "logs.csv.gz": packed.String()} {
		got := o.suggest(t, name, data, "")
		if o.check(t, got); fields(got.YAML) != fields(want.YAML) {
			t.Errorf("%s:\n%s", name, got.YAML)
		}
	}
}

// What cannot be told from the bytes is declared.
func TestDeclared(t *testing.T) {
	o := open(t)
	path := filepath.Join(t.TempDir(), "logs.csv")
	if err := os.WriteFile(path, []byte("Employee no.^Date^Hours^Description\n0007^2026-07-01^8^caf\xe9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tables, faults := sheet.Tables(t.Context(), path, t.TempDir(), sheet.Hints{Encoding: sheet.Windows1252, Delimiter: '^'})
	if len(tables) != 1 {
		t.Fatal(faults)
	}
	d, err := suggest.Suggest(t.Context(), o.policy, path, t.TempDir(), tables[0], "")
	if err != nil {
		t.Fatal(err)
	}
	if m := o.check(t, d); m == nil || m.Encoding != "windows-1252" || m.Delimiter != '^' {
		t.Error(d.YAML)
	}
}

// No text of a file or of its name breaks out of its quotes or its comment.
func TestHostileNames(t *testing.T) {
	o := open(t)
	for _, header := range []string{
		`项目"]} # x`, "项目\n  evil: true", `项目\`, "项目' || '", "项目*", "项目{a: b}", "项目: [", "- 项目", "? 项目", "&项目", "!!项目", "%项目", "项目\u202e",
		"项目\u2028x: y", "项目\ufffd",
		"项目\u200d项目", "项目 #??", "~", "null", "No", "true", strings.Repeat("项目", 60), "项目\u0301", "e\u200d\u0301项目",
	} {
		quote := `"` + strings.ReplaceAll(header, `"`, `""`) + `"`
		for _, name := range []string{"logs.csv", "a: [\"b\n# ??.csv"} {
			for _, dataset := range []string{"", "work_logs", "opportunities"} {
				path, tables, faults := o.tables(t, name, []byte("工号,日期,工时,结果,"+quote+"\n0007,2026-07-01,8,"+quote+",x\n"))
				if len(tables) != 1 {
					t.Fatal(faults)
				}
				d, err := suggest.Suggest(t.Context(), o.policy, path, t.TempDir(), tables[0], dataset)
				if refused, ok := errors.AsType[*sheet.RefusedError](err); ok {
					t.Logf("%q: %s", header, refused.Rule)
				} else if err != nil {
					t.Error(err)
				} else {
					o.check(t, d)
				}
			}
		}
	}
}

// FuzzSuggest hands in any bytes: there is a draft that is refused exactly at its questions, or the table is.
func FuzzSuggest(f *testing.F) {
	f.Add([]byte("工号,日期,工时,项目,工作内容\n0007,03/04/2026,8,甲,拜访\nE001,05/06/2026,1.234,乙,开发\n"), uint8(0))
	f.Add([]byte("Id,Name,StageName,Amount,CloseDate\n1,Big,\"Closed \"\"Won\"\"\",\"1,234\",7/4/2026\n1,Big,Open,\"1,234\",7/4/2026\n"), uint8(6))
	f.Add([]byte("工号,1日,2日,3日\n0007,8,7,6\n"), uint8(4))
	f.Add([]byte("2026-01,2026-02,2026-03\n1,2,3\n"), uint8(4))
	f.Add([]byte("交付编号,工号,承诺日期,更新时间\nA,1,26-03-01,2026-07-01 10:00\nA,2,26-03-02,01/02/03 10:00\n"), uint8(5))
	f.Add([]byte("工号;日期;开始时间;结束时间\n0007;13/07/2026;09:00;11:00\n"), uint8(4))
	f.Add([]byte(`[{"工号": "0007", "日期\n: x": 1, "a\"b": {"c": [1, 2]}}]`), uint8(4))
	f.Add([]byte("\"项目\"\"]} # x\",\"日期\n# ??\",?1,&a\n是,否,好,坏\n"), uint8(4))
	o := withTrials(f)
	ids := []string{""}
	for _, d := range o.policy.Datasets {
		ids = append(ids, d.ID)
	}
	f.Fuzz(func(t *testing.T, data []byte, dataset uint8) {
		if len(data) > 8<<10 || len(data) == 0 {
			return
		}
		path, tables, _ := o.tables(t, "fuzz.csv", data)
		for _, table := range tables {
			d, err := suggest.Suggest(t.Context(), o.policy, path, t.TempDir(), table, ids[int(dataset)%len(ids)])
			if _, ok := errors.AsType[*sheet.RefusedError](err); ok {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			o.check(t, d)
			if again, err := suggest.Suggest(t.Context(), o.policy, path, t.TempDir(), table, ids[int(dataset)%len(ids)]); err != nil ||
				again.YAML != d.YAML {
				t.Errorf("drafted again it is another one: %v\n%s\n%s", err, d.YAML, again.YAML)
			}
		}
	})
}
