package policy_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plumbline/policy"
)

// altered gives the default policy with texts replaced, each of which it must hold.
func altered(t *testing.T, pairs ...string) policy.Source {
	t.Helper()
	s := policy.Default()
	for i := 0; i < len(pairs); i += 2 {
		at := slices.IndexFunc(s, func(f policy.File) bool { return strings.Contains(f.Text, pairs[i]) })
		if at < 0 {
			t.Fatalf("the default policy does not hold %q", pairs[i])
		}
		s[at].Text = strings.Replace(s[at].Text, pairs[i], pairs[i+1], 1)
	}
	return s
}

// TestDiff changes one thing after the other in the default policy and wants just that told.
func TestDiff(t *testing.T) {
	db := open(t)
	old, err := policy.Check(t.Context(), db, policy.Default())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ change, want []string }{
		"nothing":    {[]string{"# company.yaml", "# another remark\n# company.yaml", "weight: 60, target: 30,", "target: 30.0, weight: 60,"}, nil},
		"company":    {[]string{"timezone: Asia/Shanghai", "timezone: Asia/Tokyo"}, []string{"company  timezone: Asia/Shanghai → Asia/Tokyo"}},
		"parameter":  {[]string{"director_limit: {value: 50000", "director_limit: {value: 80000"}, []string{"parameters director_limit value: 50000 → 80000", `kpis approval_authority_rate`, "rewards  director_limit: 50000 → 80000"}},
		"band":       {[]string{"from: 95, bonus: 1.2", "from: 96, bonus: 1.1"}, []string{"bands A from: 95 → 96", "bands A bonus: 1.2 → 1.1"}},
		"target":     {[]string{"weight: 60, target: 30", "weight: 60, target: 32"}, []string{"scorecards sales target conversion_rate: 30 → 32"}},
		"curve":      {[]string{"[120, 120]]}", "[150, 120]]}"}, []string{"scorecards sales curve conversion_rate: [[50, 0], [100, 100], [120, 120]] → [[50, 0], [100, 100], [150, 120]]"}},
		"new item":   {[]string{"{kpi: log_punctuality, weight: 20, target: 95", "{kpi: won_amount, weight: 5, target: 9}\n    - {kpi: log_punctuality, weight: 15, target: 95"}, []string{"scorecards sales weight log_punctuality: 20 → 15", "scorecards sales weight won_amount:  → 5", "scorecards sales target won_amount:  → 9", "scorecards sales curve won_amount:  → [[0, 0], [100, 100]]"}},
		"missing":    {[]string{"missing: redistribute", "missing: zero"}, []string{"scorecards sales missing: redistribute → zero"}},
		"cap":        {[]string{"missing: redistribute", "missing: redistribute\n  cap: 110"}, []string{"scorecards sales cap:  → 110"}},
		"definition": {[]string{`"delivered_on <= due_on"`, `"delivered_on < due_on"`}, []string{`kpis on_time_rate numerator: count: delivered_on <= due_on → count: delivered_on < due_on`}},
		"minimum":    {[]string{"\n  minimum: 5\n", "\n  minimum: 6\n"}, []string{"kpis conversion_rate minimum: 5 → 6"}},
		"coverage": {[]string{`where: "hours > 0", expected: workday, due_after: log_within_days, of: days, at_least: 90, minimum: 5`, `where: "hours > 1", expected: week, due_after: 9, of: people, at_least: 80, minimum: 6`}, []string{
			"quality days_logged where: hours > 0 → hours > 1", "quality days_logged expected: workday → week", "quality days_logged due_after: 1 → 9", "quality days_logged of: no → yes",
			"quality days_logged at_least: 90 → 80", "quality days_logged minimum: 5 → 6"}},
		"lateness":    {[]string{"within: log_within_days, at_most: 20", "within: 2, at_most: 21"}, []string{"quality logged_late within: 1 → 2", "quality logged_late at_most: 20 → 21"}},
		"delay":       {[]string{"percentile: 90, at_most: 3", "percentile: 95, at_most: 4"}, []string{"quality logging_delay_p90 percentile: 90 → 95", "quality logging_delay_p90 at_most: 3 → 4"}},
		"column":      {[]string{"    project:      {type: text, optional: true, ", "    stage: {type: text, optional: true}\n    project:      {type: text, optional: true, "}, []string{"datasets deliveries column stage:  → text, optional", "datasets deliveries column stage name:  → stage"}},
		"KPI is gone": {[]string{"    - {kpi: conversion_rate, weight: 60, target: 30, curve: [[50, 0], [100, 100], [120, 120]]}\n    - {kpi: log_punctuality, weight: 20", "    - {kpi: log_punctuality, weight: 80", "    - {kpi: conversion_rate, above: 120, share: 10}\n", ""}, []string{"rewards  extra conversion_rate: 120 % → 10 % → ", "scorecards sales weight conversion_rate: 60 → ", "scorecards sales target conversion_rate: 30 → ", "scorecards sales curve conversion_rate: [[50, 0], [100, 100], [120, 120]] → ", "scorecards sales weight log_punctuality: 20 → 80"}},
		"office":      {[]string{"finance: {positions: [财务经理, 财务总监, 财务主管, CFO, Finance manager]}", `finance: {positions: [财务经理], employees: ["00100"]}`}, []string{"offices finance positions: 财务经理, 财务总监, 财务主管, CFO, Finance manager → 财务经理", "offices finance employees:  → 00100"}},
		"self-review": {[]string{"due_day: 5", "due_day: 6", "hours: {dataset: work_logs, sum: hours, by: project}", "hours: {dataset: work_logs, sum: hours, by: content}", "records: [on_time_rate, conversion_rate]", "records: [on_time_rate]"}, []string{"reviews self_review due_day: 5 → 6", "reviews self_review hours: work_logs: hours / project → work_logs: hours / content", "reviews self_review records: on_time_rate, conversion_rate → on_time_rate"}},
		"evaluation":  {[]string{"evaluation: {due_days: 15, lowest: 0, highest: 120, extreme_below: 60, extreme_above: 110, gap: 20}", "evaluation: {due_days: 16, lowest: 1, highest: 121, extreme_below: 61, extreme_above: 111, gap: 21}"}, []string{"reviews evaluation due_days: 15 → 16", "reviews evaluation lowest: 0 → 1", "reviews evaluation highest: 120 → 121", "reviews evaluation extreme_below: 60 → 61", "reviews evaluation extreme_above: 110 → 111", "reviews evaluation gap: 20 → 21"}},
		"appeals":     {[]string{"appeals: {file_within: 5, mediate_within: 5, arbitrate_within: 10}", "appeals: {file_within: 6, mediate_within: 7, arbitrate_within: 8}"}, []string{"reviews appeals file_within: 5 → 6", "reviews appeals mediate_within: 5 → 7", "reviews appeals arbitrate_within: 10 → 8"}},
		"rewards": {[]string{"director_limit: director_limit", "budget: 500000\n  director_limit: 60000", "emergency_limit: emergency_limit", "emergency_limit: 25000", "make_up_within: make_up_within_days", "make_up_within: 9", "{kpi: conversion_rate, above: 120, share: 10}", "{kpi: conversion_rate, above: 115, share: 10}", "{kpi: on_time_rate, above: 110, share: 10}", "{kpi: on_time_rate, above: 110, share: 15}",
			"{kpi: confirmed_incidents, band: C}", "{kpi: confirmed_incidents, band: D}", "{band: S, prefix: RY}", "{band: A, prefix: GD}", "{band: A, quarters: 4, month: 1}", "{band: B, quarters: 3, month: 2}", "  rotation_years: 2\n", ""}, []string{"rewards  director_limit: 50000 → 60000", "rewards  make_up_within: 3 → 9", "rewards  emergency_limit: 20000 → 25000", "rewards  budget:  → 500000",
			"rewards  extra conversion_rate: 120 % → 10 % → 115 % → 10 %", "rewards  extra on_time_rate: 110 % → 10 % → 110 % → 15 %", "rewards  incident: confirmed_incidents → C → confirmed_incidents → D", "rewards  certificate: S RY → A GD", "rewards  promotion: A × 4 / 1 → B × 3 / 2", "rewards  rotation_years: 2 → "}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := policy.Check(t.Context(), db, altered(t, c.change...))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range policy.Diff(old, p) {
				if d.What.ZH == "" && d.Field != "" || d.Part.Name().EN == "" {
					t.Errorf("no words for %+v", d)
				}
				got = append(got, strings.TrimRight(strings.Join([]string{string(d.Part), d.ID, d.Field + ": " + d.Old.EN + " → " + d.New.EN}, " "), "\n"))
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.EqualFunc(got, c.want, func(g, w string) bool { return g == w || strings.HasPrefix(g, w) && strings.HasPrefix(w, "kpis ") }) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
			for _, d := range policy.Diff(p, old) { // the other way round it is the same with the sides changed
				if !slices.ContainsFunc(policy.Diff(old, p), func(e policy.Difference) bool {
					return e.Part == d.Part && e.ID == d.ID && e.Field == d.Field && e.Old == d.New && e.New == d.Old
				}) {
					t.Errorf("only the other way round: %+v", d)
				}
			}
		})
	}
}

// TestDiffOfWholeThings adds a parameter and a year, and takes them away again.
func TestDiffOfWholeThings(t *testing.T) {
	db := open(t)
	old, err := policy.Check(t.Context(), db, policy.Default())
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Check(t.Context(), db, altered(t, "  bonus_base:", "  spare: {value: 1, name: {zh: 备用, en: Spare}}\n  bonus_base:", "2026-05-09", "2026-05-10"))
	if err != nil {
		t.Fatal(err)
	}
	got := policy.Diff(old, p)
	want := []policy.Difference{{Part: policy.ParametersPart, ID: "spare", Name: policy.Text{ZH: "备用", EN: "Spare"}, New: policy.Text{ZH: "备用", EN: "Spare"}},
		{Part: policy.CalendarPart, ID: "2026", Name: policy.Text{ZH: "2026 年", EN: "2026"}, Field: "2026-05-09", What: policy.Text{ZH: "2026-05-09", EN: "2026-05-09"}, Old: policy.Text{ZH: "上班", EN: "work"}},
		{Part: policy.CalendarPart, ID: "2026", Name: policy.Text{ZH: "2026 年", EN: "2026"}, Field: "2026-05-10", What: policy.Text{ZH: "2026-05-10", EN: "2026-05-10"}, New: policy.Text{ZH: "上班", EN: "work"}}}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if back := policy.Diff(p, old); len(back) != 3 || back[0].Old != want[0].New || back[0].New != (policy.Text{}) {
		t.Errorf("%+v", back)
	}
}

// TestReadOver lays changed files over the default policy.
func TestReadOver(t *testing.T) {
	s, dir := policy.Default(), t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	one := put("one/scorecards.yaml", "cards")
	put("one/README.md", "no policy")
	for _, path := range []string{one, filepath.Dir(one)} {
		got, kept, err := s.ReadOver(path)
		if err != nil || len(got) != 5 || got[3].Text != "cards" || got[0] != s[0] || got[4] != s[4] || !slices.Equal(kept, []string{"company.yaml", "datasets.yaml", "kpis.yaml", "calendar.yaml"}) {
			t.Errorf("%s: kept %v, error %v", path, kept, err)
		}
	}
	if got, _, err := s[:4].ReadOver(put("cal/calendar.yaml", "days")); err != nil || len(got) != 5 || got[4].Text != "days" {
		t.Errorf("a calendar over a policy without one: %v", err)
	}
	put("odd/scorecard.yaml", "misspelt")
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"odd": "did you mean scorecards.yaml?", "odd/scorecard.yaml": "did you mean scorecards.yaml?", "empty": "holds no file of a policy"} {
		_, _, err := s.ReadOver(filepath.Join(dir, path))
		if faults, ok := err.(policy.Errors); !ok || !strings.Contains(faults.In(policy.EN), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, _, err := s.ReadOver(filepath.Join(dir, "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// TestBonusBaseIsColumnAndParameter: expressions over employees read the column.
func TestBonusBaseIsColumnAndParameter(t *testing.T) {
	p, err := policy.Check(t.Context(), open(t), policy.Default())
	if err != nil {
		t.Fatal(err)
	}
	if b := p.Parameter(policy.BonusBase); b == nil || b.Value.String() != "3000" || p.Parameter("nothing") != nil {
		t.Errorf("%+v", b)
	}
	for _, r := range p.Dataset(policy.Employees).Rules {
		if r.Check.Text == "bonus_base >= 0" && (r.Check.SQL != `"bonus_base" >= 0` || !slices.Equal(r.Check.Columns, []string{"bonus_base"})) {
			t.Errorf("%+v", r.Check)
		}
	}
	if reads := p.KPI("won_amount_rate").Reads(); !slices.Equal(reads, []string{"amount", "closed_on", "employee_no", "outcome"}) {
		t.Errorf("a weighted KPI reads %v", reads)
	}
}
