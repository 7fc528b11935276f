package suggest_test

import (
	"fmt"
	"strings"
	"testing"

	"plumbline/policy"
)

// trials is a dataset with a column of each type, beside those of the default policy.
const trials = `
trials:
  name: {zh: 试验, en: Trials}
  key: trial_id
  columns:
    trial_id: {type: id, name: {zh: 试验编号, en: Trial ID}}
    who:      {type: employee, optional: true, name: {zh: 试验人, en: Tester}}
    tried_on: {type: date, optional: true, name: {zh: 试验日期, en: Tried on}}
    seen_at:  {type: datetime, optional: true, name: {zh: 观察时间, en: Seen at}}
    took:     {type: hours, optional: true, name: {zh: 试验耗时, en: Took}}
    price:    {type: money, optional: true, name: {zh: 试验费, en: Price}}
    weight:   {type: number, optional: true, name: {zh: 重量, en: Weight}}
    share:    {type: percent, optional: true, name: {zh: 占比, en: Share}}
    passed:   {type: bool, optional: true, name: {zh: 合格, en: Passed}}
    verdict:  {type: enum, optional: true, name: {zh: 结论, en: Verdict}, values: {good: {zh: 良好, en: Good, words: [好]}, bad: {zh: 差, en: Bad}}}
`

// withTrials opens an office whose policy has the dataset trials.
func withTrials(t testing.TB) *office {
	t.Helper()
	o := open(t)
	s := policy.Default()
	for i := range s {
		if s[i].Name == "datasets.yaml" {
			s[i].Text += trials
		}
	}
	var err error
	if o.policy, err = policy.Check(t.Context(), o.db, s); err != nil {
		t.Fatal(err)
	}
	return o
}

// TestHowValuesAreWritten looks at one column in each case: what the draft says about it, and what it asks.
func TestHowValuesAreWritten(t *testing.T) {
	o := withTrials(t)
	for _, c := range []struct {
		header, values string // values are separated by |
		want           string // in the draft
		asks           string // the options of its only question; "" for none
	}{
		{"试验日期", "2026-07-01|2026/7/2", "tried_on: tried_on", ""},
		{"试验日期", "03/04/2026|05/06/2026", "order:", "dmy|mdy"},
		{"试验日期", "03/04/2026|13/04/2026", "{from: tried_on, order: dmy}", ""},
		{"试验日期", "03/04/2026|04/13/2026", "{from: tried_on, order: mdy}", ""},
		{"试验日期", "13/04/2026|04/13/2026", "“13/04/2026” (row 2) can only be day/month, “04/13/2026” (row 3) only month/day", "dmy|mdy"},
		{"试验日期", "26/3/5|26/3/7", "", `{value: "'20' || tried_on_from"}|tried_on_from`},
		{"试验日期", "46204|46205", "serial:", "1900|1904"},
		{"试验日期", "2026-07-01|0000-00-00", `blanks: ["-", "0000-00-00"]`, ""},
		{"Seen at (UTC)", "2026-07-01 10:00|2026-07-02 11:00", "zone: UTC", ""},
		{"Seen at (UTC)", "2026-07-01T10:00:00Z|2026-07-02T11:00:00Z", "seen_at:  seen_at", ""},
		{"试验耗时", "8|7.5|1:30|2h", "took:     took", ""},
		{"试验耗时", "8|2|7", "took:     took", ""},
		{"试验耗时", "3600|1800|900", "unit:", "seconds|minutes|hours"},
		{"试验耗时", "90|45|120", "unit:", "minutes|hours|seconds"},
		{"试验耗时(分钟)", "90|45|120", "unit: minutes", ""},
		{"took_seconds", "3600|1800", "unit: seconds", ""},
		{"试验费", "1,234|5,678", "decimal:", `"."|","`},
		{"重量", "1.234|5.678", "decimal:", `"."|","`},
		{"试验费", "1,234|1,234.50", "price:    price", ""},
		{"试验费", "1.234|1.234,50", `decimal: ","`, ""},
		{"重量", "1,5|2,25", `decimal: ","`, ""},
		{"重量", "1,5|2.25", "decimal:", `","|"."`},
		{"试验费", "1,234,567|8", "price:    price", ""},
		{"试验费(万元)", "1.2|3", "unit: wan", ""},
		{"试验费", "1.2万|3万", "myriads: true", ""},
		{"占比", "12.5%|3%", "share:    share", ""},
		{"占比", "12.5|3", "unit:", "percent|fraction"},
		{"占比(%)", "12.5|3", "unit: percent", ""},
		{"合格", "是|否|√", "passed:   passed", ""},
		{"合格", "是|不太行", `"?1": 不太行`, "true|false"},
		{"结论", "好|差|Good", "verdict:  verdict", ""},
		{"结论", "好|很好", `"?1": 很好`, "good|bad"},
		{"试验人", "0007|E001", "who:      who", ""},
		{"试验人", "zw@example.com|lj@example.com", "lookup: [email]", ""},
		{"试验人", "张伟|李静", "lookup: [name]", ""},
		{"试验人", "zw@example.com|0007|张伟", "lookup: [employee_no, email, name]", ""},
		{"试验人", "zhang.wei|li.jing", "lookup: [employee_no, login, name]", ""},
	} {
		t.Run(c.header+" "+c.values, func(t *testing.T) {
			text := "试验编号\t" + c.header + "\n"
			for i, v := range strings.Split(c.values, "|") {
				text += fmt.Sprintf("T%d\t%s\n", i+1, v)
			}
			d := o.suggest(t, "trial.csv", text, "trials")
			o.check(t, d)
			if !strings.Contains(d.YAML, c.want) {
				t.Errorf("no %q in\n%s", c.want, d.YAML)
			}
			var asks []string
			for _, q := range d.Open {
				asks = append(asks, strings.Join(q.Options, "|"))
			}
			if got := strings.Join(asks, "; "); got != c.asks {
				t.Errorf("asks %q, want %q\n%s", got, c.asks, d.YAML)
			}
		})
	}
}
