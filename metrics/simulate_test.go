package metrics_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// rewardCompany makes books with the departments E (engineering) and F (sales). In 2026Q3, which has 92 days, 01 and 02 of E and 04 of F are
// there all the time and have bonus bases of their own; 03 of E, hired on 16 August, is there for 46 days and has none. 01 and 03 deliver
// five things in time, 02 four of five, 04 nothing at all.
func rewardCompany(t *testing.T, s policy.Source) *books.Books {
	dir := t.TempDir()
	write(t, dir, "departments.csv", "department_id,name,parent_id,kind\nE,Engineers,,engineering\nF,Sellers,,sales\n")
	write(t, dir, "employees.csv", "employee_no,name,hired_on,left_on,bonus_base\n01,Ann,2020-01-01,,10000.01\n02,Bob,2020-01-01,,8000\n03,Cid,2026-08-16,,\n04,Dan,2020-01-01,,5000\n")
	write(t, dir, "memberships.csv", "employee_no,department_id,valid_from,valid_to,role\n01,E,2020-01-01,,specialist\n02,E,2020-01-01,,specialist\n03,E,2026-08-16,,specialist\n04,F,2020-01-01,,specialist\n")
	rows := deliveryHeader
	for _, no := range []string{"01", "02", "03"} {
		for i := range 5 {
			made := "2026-09-01"
			if no == "02" && i == 0 {
				made = "2026-09-02"
			}
			rows += fmt.Sprintf("%s-%d,%s,2026-09-01,%s\n", no, i, no, made)
		}
	}
	write(t, dir, "deliveries.csv", rows)
	b := fresh(t, s)
	if n := take(t, b, dir); n > 0 {
		t.Fatalf("%d rows are faulty", n)
	}
	return b
}

// changed gives the default policy with texts replaced, each of which it must hold.
func changed(t *testing.T, pairs ...string) policy.Source {
	t.Helper()
	s := policy.Default()
	for i := 0; i < len(pairs); i += 2 {
		found := false
		for j := range s {
			if strings.Contains(s[j].Text, pairs[i]) && !found {
				s[j].Text, found = strings.Replace(s[j].Text, pairs[i], pairs[i+1], 1), true
			}
		}
		if !found {
			t.Fatalf("the default policy does not hold %q", pairs[i])
		}
	}
	return s
}

// simulate tries the files out over 2026Q3 and makes sure that nothing is recorded.
func simulate(t *testing.T, b *books.Books, s policy.Source) (*metrics.Simulation, error) {
	t.Helper()
	p, err := policy.Check(t.Context(), b.Warehouse(), s)
	if err != nil {
		t.Fatal(err)
	}
	before := b.Ledger().Head()
	found, err := metrics.Simulate(t.Context(), b, question(t, inForce(t, b), "2026Q3"), p)
	if b.Ledger().Head() != before {
		t.Error("a simulation has recorded something")
	}
	return found, err
}

// told gives a simulation as lines: people, departments, company, moves.
func told(s *metrics.Simulation) (lines []string) {
	text := func(n *fixed.Num) string {
		if n == nil {
			return "-"
		}
		return n.String()
	}
	band := func(b *policy.Band) string {
		if b == nil {
			return "-"
		}
		return b.ID
	}
	outcome := func(o metrics.Outcome) string {
		return fmt.Sprintf("%s %s %s×%s×%s=%s%s", text(o.Total), band(o.Band), text(o.Base), text(o.Coefficient), o.Weight, text(o.Reward), o.Unpaid)
	}
	for _, e := range s.People {
		lines = append(lines, fmt.Sprintf("%s %s: %s → %s: %s", e.Department, e.Person.No, outcome(e.Old), outcome(e.New), text(e.RewardChange())))
	}
	cost := func(name string, c metrics.Cost) {
		lines = append(lines, fmt.Sprintf("%s: %d people, %d changed, %d up, %d down: %s → %s: %s", name, c.People, c.Changed, c.Up, c.Down, text(c.Old), text(c.New), text(c.Change())))
	}
	for _, d := range s.Departments {
		cost(d.Department.ID, d.Cost)
	}
	cost("company", s.Company)
	for _, m := range s.Bands {
		lines = append(lines, fmt.Sprintf("%s→%s %d", band(m.From), band(m.To), m.People))
	}
	return lines
}

// TestSimulate works out: 5 of 5 is 100 % ÷ 85 % = 117.6 % of the target, past the end of the curve: 115 points, S. 4 of 5 is 94.12 %, which earns
// (94.1176 − 50) × 2 = 88.24: B. Other items have no data and their weight is carried. 01: 10000.01 × 1.5 = 15000.015, which is 15000.02; 03: 3000 × 1.5 ×
// 46 ÷ 92 = 2250. With the target at 80, 02 reaches 100 % and A: 8000 × 1.2; with S at 1.6 and a base of 3500, 01 gets 16000.016 and 03 gets 2800.
// 04 has no score before and after, and gets nothing.
func TestSimulate(t *testing.T) {
	b := rewardCompany(t, policy.Default())
	same, err := simulate(t, b, changed(t, "# company.yaml", "# another comment"))
	if err != nil || len(same.Changes) > 0 || same.Company.Changed > 0 || *same.Company.Change() != 0 {
		t.Errorf("the same policy changes something: %v %v", same, err)
	}
	s, err := simulate(t, b, changed(t, "from: 105, bonus: 1.5", "from: 105, bonus: 1.6", "bonus_base: {value: 3000", "bonus_base: {value: 3500",
		"kpi: on_time_rate, weight: 60, target: 85", "kpi: on_time_rate, weight: 60, target: 80"))
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, told(s),
		"E 01: 115 S 10000.01×1.5×92=15000.02 → 115 S 10000.01×1.6×92=16000.02: 1000",
		"E 02: 88.24 B 8000×1×92=8000 → 100 A 8000×1.2×92=9600: 1600",
		"E 03: 115 S 3000×1.5×46=2250 → 115 S 3500×1.6×46=2800: 550",
		"F 04: - - 5000×-×0=-no_score → - - 5000×-×0=-no_score: 0",
		"E: 3 people, 3 changed, 1 up, 0 down: 25250.02 → 28400.02: 3150",
		"F: 1 people, 0 changed, 0 up, 0 down: 0 → 0: 0",
		"company: 4 people, 3 changed, 1 up, 0 down: 25250.02 → 28400.02: 3150",
		"S→S 2", "B→A 1", "-→- 1")
	var changes []string
	for _, d := range s.Changes {
		changes = append(changes, fmt.Sprintf("%s %s %s: %s → %s", d.Part, d.ID, d.Field, d.Old.EN, d.New.EN))
	}
	wantLines(t, changes, "parameters bonus_base value: 3000 → 3500", "bands S bonus: 1.5 → 1.6", "scorecards engineering target on_time_rate: 85 → 80")
}

// TestSimulateWithoutBonus tries policies of which the rewards are not known: they are never zero.
func TestSimulateWithoutBonus(t *testing.T) {
	bare := changed(t, ", bonus: 1.5", "", ", bonus: 1.2", "", ", bonus: 1.0", "", ", bonus: 0.8", "", ", bonus: 0}", "}", "  incident: {kpi", "  # incident: {kpi")
	s, err := simulate(t, rewardCompany(t, bare), policy.Default())
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, told(s)[:1], "E 01: 115 S 10000.01×-×92=-no_bonus → 115 S 10000.01×1.5×92=15000.02: -")
	if s.Company.Old != nil || s.Company.OldUnknown != 4 || s.Company.Change() != nil || *s.Company.New != dec("25250.02") {
		t.Errorf("%+v", s.Company)
	}
	based := changed(t, "  bonus_base: {value: 3000", "  other_base: {value: 3000")
	if s, err = simulate(t, rewardCompany(t, policy.Default()), based); err != nil {
		t.Fatal(err)
	}
	wantLines(t, told(s)[2:3], "E 03: 115 S 3000×1.5×46=2250 → 115 S -×1.5×46=-no_base: -")
	if s.Company.NewUnknown != 1 || s.Company.Change() != nil || *s.Company.New != dec("23000.02") {
		t.Errorf("%+v", s.Company)
	}
}

func dec(s string) fixed.Num { return fixed.MustParse(s) }

// TestSimulateWantsData tries a policy whose KPI reads a column that no file has brought.
func TestSimulateWantsData(t *testing.T) {
	b := rewardCompany(t, policy.Default())
	for name, s := range map[string]policy.Source{
		"the column deliveries.quality_ok": changed(t, "    due_on:", "    quality_ok: {type: bool, optional: true, name: {zh: 质量合格, en: Quality ok}}\n    due_on:",
			`"delivered_on <= due_on"`, `"delivered_on <= due_on AND quality_ok"`),
		"the dataset visits": changed(t, "satisfaction:\n", "visits:\n  name: {zh: 拜访, en: Visits}\n  key: visit_id\n  owner: employee_no\n  columns:\n    visit_id: {type: id, name: {zh: 编号, en: Visit}}\n    employee_no: {type: employee, name: {zh: 工号, en: Employee}}\n    day: {type: date, name: {zh: 日期, en: Day}}\nsatisfaction:\n",
			"funnels:\n", "visits_made:\n  name: {zh: 拜访次数, en: Visits}\n  dataset: visits\n  counts_on: day\n  numerator: {count: \"true\"}\n  unit: count\n  better: higher\n\nfunnels:\n"),
	} {
		_, err := simulate(t, b, s)
		faults, ok := errors.AsType[policy.Errors](err)
		if !ok || !strings.Contains(faults.In(policy.EN), name+", which the books do not have yet") || !strings.Contains(faults.In(policy.ZH), "先用 plumbline policy adopt 启用新制度") {
			t.Errorf("%s: %v", name, err)
		}
	}
	spare := changed(t, "    due_on:", "    quality_ok: {type: bool, optional: true, name: {zh: 质量合格, en: Quality ok}}\n    due_on:")
	if s, err := simulate(t, b, spare); err != nil || len(s.Changes) == 0 { // nothing reads it
		t.Errorf("a column that no KPI reads: %v", err)
	}
}

// TestReward rounds once, half away from zero.
func TestReward(t *testing.T) {
	for _, c := range []struct{ period, base, coefficient, weight, want string }{
		{"2026Q3", "3000", "1", "92", "3000"},
		{"2026Q3", "3000", "1.2", "46", "1800"},
		{"2026-08", "3000", "1", "31", "1000"},
		{"2026-08", "1000", "1", "31", "333.33"},
		{"2026", "3000", "0.8", "365", "9600"},
		{"2026Q3", "0.01", "0.5", "92", "0.01"},
		{"2026Q3", "0.01", "0.4999", "92", "0"},
		{"2026Q3", "1000", "1", "0.0001", "0"},
	} {
		if got, ok := metrics.Reward(parse(t, c.period), dec(c.base), dec(c.coefficient), dec(c.weight)); !ok || got != dec(c.want) {
			t.Errorf("%v: %s", c, got)
		}
	}
	if _, ok := metrics.Reward(parse(t, "2026"), fixed.Num(1<<62), fixed.Int(2), fixed.Int(365)); ok {
		t.Error("a reward that does not fit is given all the same")
	}
}

// TestRewardIsFair draws rewards: more of base, coefficient or days never pays less, and it is never off by more than half a cent.
func TestRewardIsFair(t *testing.T) {
	p := parse(t, "2026Q3")
	rapid.Check(t, func(rt *rapid.T) {
		base := fixed.Num(rapid.Int64Range(0, 100000).Draw(rt, "cents") * 100)
		coefficient := fixed.Num(rapid.Int64Range(0, 30000).Draw(rt, "coefficient"))
		weight := fixed.Num(rapid.Int64Range(0, 92*10000).Draw(rt, "weight"))
		reward, ok := metrics.Reward(p, base, coefficient, weight)
		more, ok2 := metrics.Reward(p, base+100, coefficient, min(weight+10000, 92*10000))
		if !ok || !ok2 || more < reward || reward%100 != 0 {
			rt.Fatalf("%s, then %s", reward, more)
		}
		exact := base.Rat()
		exact.Mul(exact, coefficient.Rat())
		exact.Mul(exact, weight.Rat())
		exact.Quo(exact, fixed.Int(92).Rat())
		if off := exact.Sub(exact, reward.Rat()); off.Abs(off).Cmp(dec("0.005").Rat()) > 0 {
			rt.Fatalf("off by %s", off)
		}
	})
}
