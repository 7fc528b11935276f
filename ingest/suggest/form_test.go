package suggest_test

import (
	"errors"
	"strings"
	"testing"

	"plumbline/ingest/sheet"
	"plumbline/ingest/suggest"
	"plumbline/policy"
)

// TestFormSaysWhatTheDraftSays fills a form from a draft and writes it: the mapping is sound, and answers typed into the form are in it.
func TestFormSaysWhatTheDraftSays(t *testing.T) {
	o := open(t)
	for _, c := range []struct {
		name, text, dataset string
		fill                func(f *suggest.Form)
		want                []string
	}{
		{"plain", "日期,工号,工时,内容\n2026-07-01,00012,8,x\n", "work_logs", func(*suggest.Form) {}, []string{"work_date: work_date", "hours: hours"}},
		{"an answer", "日期,员工姓名,干了啥,几个小时\n2026/10/9,张三,开发,3.5\n", "work_logs", func(f *suggest.Form) { f.Columns[3].To = "hours" }, []string{"lookup: [name]", "hours: column_4"}},
		{"dates that leave it open", "Name,Start,End\na@x.cn,03/04/2026 09:00,03/04/2026 11:00\n", "work_logs", func(f *suggest.Form) { f.Order = policy.DMY }, []string{"between: [work_date, ended], order: dmy", "work_date: {from: work_date, order: dmy}", "lookup: [email]"}},
		{"a constant", "日期,工号\n2026-07-01,00012\n", "work_logs", func(f *suggest.Form) { f.Constants["hours"], f.Constants["content"] = "8", `a "b"` }, []string{`hours: {constant: "8"}`, `content: {constant: "a \"b\""}`}},
		{"names twice", "日期,工号,工时,备注,备注\n2026-07-01,00012,8,x,y\n", "work_logs", func(f *suggest.Form) { f.Columns[3].To, f.Columns[4].To = "project", "content" }, []string{"nth: 2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, tables, _ := o.tables(t, "x.csv", []byte(c.text))
			d, err := suggest.Suggest(t.Context(), o.policy, path, t.TempDir(), tables[0], c.dataset)
			if err != nil {
				t.Fatal(err)
			}
			f, err := suggest.Fill(d, o.policy.Dataset(c.dataset), tables[0].Head[0])
			if err != nil {
				t.Fatal(err)
			}
			c.fill(&f)
			text := f.YAML()
			if _, err := policy.CheckMapping(t.Context(), o.db, o.policy, policy.File{Name: "x.yaml", Text: text}); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			for _, w := range c.want {
				if !strings.Contains(text, w) {
					t.Errorf("it lacks %q:\n%s", w, text)
				}
			}
		})
	}
}

// FuzzForm has headers and constants of all kinds become a mapping whose text at least is YAML of a mapping: what stands in a file never becomes a key.
func FuzzForm(f *testing.F) {
	f.Add("日期", "工号", "8")
	f.Add("a: b", `"]`, "x\ny: z")
	f.Add("{", "# x", "'")
	f.Add("*", "\u202e", "\x00")
	o := open(f)
	f.Fuzz(func(t *testing.T, one, two, constant string) {
		if len(one)+len(two)+len(constant) > 300 {
			return
		}
		ds := o.policy.Dataset("work_logs")
		form, err := suggest.Fill(suggest.Draft{}, ds, row(one, two))
		if err != nil {
			t.Fatal(err)
		}
		form.Name = policy.Text{ZH: "甲", EN: "a"}
		form.Columns[0].To, form.Columns[1].To, form.Constants["hours"] = "work_date", "employee_no", constant
		_, err = policy.CheckMapping(t.Context(), o.db, o.policy, policy.File{Name: "x.yaml", Text: form.YAML()})
		for _, e := range faults(err) {
			if strings.Contains(e.What.EN, "YAML") || strings.Contains(e.What.EN, "there is no key") {
				t.Fatalf("%s\n%s", e.In(policy.EN), form.YAML())
			}
		}
	})
}

func row(cells ...string) sheet.Row { return sheet.Row{Number: 1, Cells: cells} }

// faults gives the faults of a mapping; an error of another kind is none.
func faults(err error) policy.Errors {
	var list policy.Errors
	errors.As(err, &list)
	return list
}
