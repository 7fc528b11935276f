package reports

import (
	"fmt"
	"math/big"
	"sort"
	"strings"
	"testing"
	"time"

	"plumbline/ingest"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// The fixture is a company of eight departments with some sixty people, judged by a small scorer that is written apart from
// the program: exact fractions, curve, redistribution, rounding half away from zero; for the departments D4 and D41 also neutral points, caps,
// penalties, band limits, forced distributions, targets of one's own and people in two departments at a time (rules_test.go).

func num(s string) fixed.Num { return fixed.MustParse(s) }

func bi(zh, en string) policy.Text { return policy.Text{ZH: zh, EN: en} }

func date(s string) time.Time {
	t, err := time.Parse("2006-01-02", s)
	if err != nil {
		panic(err)
	}
	return t
}

func curve(pairs ...string) (list []policy.Point) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, policy.Point{Attainment: num(pairs[i]), Points: num(pairs[i+1])})
	}
	return list
}

func fixturePolicy() *policy.Policy {
	count := policy.Measure{Kind: policy.CountRows}
	sum := policy.Measure{Kind: policy.SumOf}
	deals := &policy.Dataset{ID: "opportunities", Name: bi("商机", "Opportunities")}
	logs := &policy.Dataset{ID: "work_logs", Name: bi("工作日志", "Work logs")}
	conversion := &policy.KPI{ID: "conversion_rate", Name: bi("客户转化率", "Conversion rate"), Dataset: deals,
		Formula:   bi("当期结案商机中赢单的件数 ÷ 赢单与输单的件数", "Opportunities won ÷ opportunities won or lost among those closed in the period"),
		Numerator: count, Denominator: &count, Unit: policy.Percent, HigherIsBetter: true, Minimum: 5, Listed: true}
	hours := &policy.KPI{ID: "logged_hours_rate", Name: bi("工时达成率", "Logged hours against plan"), Dataset: logs,
		Formula:   bi("当期实际工时之和 ÷ 计划工时之和", "Hours logged ÷ hours planned in the period"),
		Numerator: sum, Denominator: &sum, Unit: policy.Percent, HigherIsBetter: true, Minimum: 5, Listed: true}
	delay := &policy.KPI{ID: "delay_days", Name: bi("平均延误天数", "Mean delay"), Dataset: logs,
		Formula:   bi("延误天数之和 ÷ 交付件数", "Days of delay ÷ deliveries"),
		Numerator: sum, Denominator: &count, Unit: policy.Days, HigherIsBetter: false, Minimum: 3, Listed: true}
	amount := &policy.KPI{ID: "won_amount", Name: bi("赢单金额", "Amount won"), Dataset: deals,
		Formula:   bi("当期赢单商机的金额之和", "Sum of the amounts of opportunities won in the period"),
		Numerator: sum, Unit: policy.Money, HigherIsBetter: true, Listed: true}
	more := ruledKPIs()
	more[len(more)-1].Of, more[len(more)-1].To = more[4], amount
	p := &policy.Policy{
		Company:    policy.Company{Name: bi("某某公司", "Example Company"), Timezone: "Asia/Shanghai"},
		Parameters: []policy.Parameter{{ID: "log_within_days", Name: bi("工作日志最迟在几日内填写", "Days within which a work log is written"), Value: num("1")}},
		Datasets:   []*policy.Dataset{deals, logs},
		KPIs:       append([]*policy.KPI{conversion, hours, delay, amount}, more...),
		Bands: []policy.Band{{ID: "S", Name: bi("卓越", "Outstanding"), From: num("105")}, {ID: "A", Name: bi("优秀", "Very good"), From: num("95")},
			{ID: "B", Name: bi("良好", "Good"), From: num("80")}, {ID: "C", Name: bi("合格", "Fair"), From: num("60")}, {ID: "D", Name: bi("待改进", "Needs improvement"), From: num("20")}},
	}
	p.Scorecards = []*policy.Scorecard{
		{ID: "sales", Name: bi("销售考核表", "Sales scorecard"), DepartmentKinds: []string{"sales"}, KPIShare: num("70"), SuperiorShare: num("30"),
			Missing: policy.Redistribute, Items: []policy.Item{
				{KPI: conversion, Weight: num("50"), Target: num("30"), Curve: curve("50", "0", "100", "100", "120", "120")},
				{KPI: hours, Weight: num("20"), Target: num("100"), Curve: curve("60", "0", "100", "100", "110", "110")},
				{KPI: amount, Weight: num("30"), Target: num("100000"), Curve: curve("0", "0", "100", "100", "150", "120")}}},
		{ID: "engineering", Name: bi("技术考核表", "Engineering scorecard"), DepartmentKinds: []string{"engineering"}, KPIShare: num("60"), SuperiorShare: num("40"),
			Missing: policy.Zero, Items: []policy.Item{
				{KPI: delay, Weight: num("60"), Target: num("1.5"), Curve: curve("50", "0", "80", "60", "100", "100", "140", "115.5")},
				{KPI: hours, Weight: num("40"), Target: num("100"), Curve: curve("60", "0", "100", "100", "110", "110")}}},
	}
	p.Scorecards = append(p.Scorecards, ruledScorecards(p)...)
	return p
}

// sums are the figures behind a value.
type sums struct {
	numerator, denominator string
	n                      int64
	split                  bool // n is the denominator, which has decimals
}

func value(k *policy.KPI, p period.Period, s sums, target *fixed.Num) metrics.Value {
	v := metrics.Value{KPI: k, Period: p, Ratio: fixed.Ratio{Num: num(s.numerator), Den: fixed.Int(1)}, N: fixed.Int(s.n), Target: target, Status: metrics.OK}
	if k.Divides() {
		v.Ratio.Den = num(s.denominator)
	}
	if s.split {
		v.N = num(s.denominator)
	}
	switch {
	case k.Anonymous && v.N > 0 && v.N < fixed.Int(policy.AnonymousFrom):
		return metrics.Value{KPI: k, Period: p, Status: metrics.Withheld, Target: target}
	case v.N == 0 || v.Ratio.Den == 0:
		v.Status = metrics.NoData
	case v.N < fixed.Int(k.Minimum):
		v.Status = metrics.Insufficient
	}
	if k.IsRate() && v.Status != metrics.NoData {
		x, _ := v.Float()
		v.Low, v.High, v.HasInterval = x*0.8, min(100, x*1.2+2), true
	}
	return v
}

// judge scores values with a scorecard, apart from the program's own way.
func judge(p *policy.Policy, card *policy.Scorecard, values []metrics.Value, superior string) metrics.Score {
	s := metrics.Score{Scorecard: card, Status: metrics.NoScore}
	if card == nil {
		return s
	}
	points, weights := judgeItems(&s, card, values)
	punish(p, &s, values)
	if weights.Sign() == 0 {
		return s
	}
	for i := range s.Items {
		if s.Items[i].Points != nil {
			w := new(big.Rat).Mul(card.Items[i].Weight.Rat(), big.NewRat(100, 1))
			s.Items[i].Weight = w.Quo(w, weights)
		}
	}
	kpi := half(points.Quo(points, weights))
	if card.Cap != nil && kpi > *card.Cap {
		uncapped := kpi
		s.Uncapped, kpi = &uncapped, *card.Cap
	}
	total := kpi
	s.Status = metrics.Provisional
	if superior != "" {
		given := num(superior)
		mixed := new(big.Rat).Add(new(big.Rat).Mul(kpi.Rat(), card.KPIShare.Rat()), new(big.Rat).Mul(given.Rat(), card.SuperiorShare.Rat()))
		total = half(mixed.Quo(mixed, big.NewRat(100, 1)))
		s.Superior, s.Status = &given, metrics.Final
	}
	before := total
	for _, off := range s.Penalties {
		total -= off.Points
	}
	total = max(total, 0)
	s.KPIPoints, s.BeforePenalties, s.Total = &kpi, &before, &total
	s.Band = worse(p, p.BandFor(total), s.BandLimited)
	return s
}

// judgeItems gives every item its points, and what points by weights and weights come to.
func judgeItems(s *metrics.Score, card *policy.Scorecard, values []metrics.Value) (points, weights *big.Rat) {
	points, weights = new(big.Rat), new(big.Rat)
	anyScored := false
	for i := range card.Items {
		for _, v := range values {
			anyScored = anyScored || v.KPI == card.Items[i].KPI && pointsOf(&card.Items[i], v) != nil
		}
	}
	for i := range card.Items {
		item := metrics.ItemScore{Item: &card.Items[i]}
		for _, v := range values {
			if v.KPI == card.Items[i].KPI {
				item.Value = v
			}
		}
		if item.Value.Target == nil {
			item.Value.Target = &card.Items[i].Target
		}
		item.Points = pointsOf(&card.Items[i], item.Value)
		if item.Points == nil && anyScored {
			item.Filled = card.Missing
			switch card.Missing {
			case policy.Zero:
				item.Points = new(big.Rat)
			case policy.Neutral:
				item.Points = card.NeutralPoints.Rat()
			}
		}
		if item.Points != nil {
			w := card.Items[i].Weight.Rat()
			weights.Add(weights, w)
			points.Add(points, new(big.Rat).Mul(w, item.Points))
		}
		s.Items = append(s.Items, item)
	}
	return points, weights
}

func pointsOf(item *policy.Item, v metrics.Value) *big.Rat {
	if v.Status != metrics.OK {
		return nil
	}
	knots := item.Curve
	got, ok := v.Attainment()
	if !ok {
		if x, has := v.Exact(); !has || item.KPI.HigherIsBetter || x.Sign() != 0 {
			return nil
		}
		return knots[len(knots)-1].Points.Rat()
	}
	for i := len(knots) - 1; i >= 0; i-- {
		if got.Cmp(knots[i].Attainment.Rat()) < 0 {
			continue
		}
		if i == len(knots)-1 {
			return knots[i].Points.Rat()
		}
		slope := new(big.Rat).Quo((knots[i+1].Points - knots[i].Points).Rat(), (knots[i+1].Attainment - knots[i].Attainment).Rat())
		slope.Mul(slope, new(big.Rat).Sub(got, knots[i].Attainment.Rat()))
		return slope.Add(slope, knots[i].Points.Rat())
	}
	return knots[0].Points.Rat()
}

// half rounds to two decimals, half away from zero; scores are never negative.
func half(r *big.Rat) fixed.Num {
	x := new(big.Rat).Mul(r, big.NewRat(100, 1))
	x.Add(x, big.NewRat(1, 2))
	cents := new(big.Int).Quo(x.Num(), x.Denom()).Int64()
	return fixed.Num(cents * 100)
}

// rankLines ranks scored lines: 1, 2, 2, 4.
func rankLines(lines []metrics.PersonLine) {
	for i := range lines {
		s := &lines[i].Score
		if s.Total == nil {
			continue
		}
		s.Rank = 1
		for j := range lines {
			if other := lines[j].Score.Total; other != nil {
				s.RankOf++
				if *other > *s.Total {
					s.Rank++
				}
				s.Tied = s.Tied || (i != j && *other == *s.Total)
			}
		}
	}
	sort.SliceStable(lines, func(i, j int) bool {
		a, b := lines[i].Score.Rank, lines[j].Score.Rank
		if a == 0 || b == 0 {
			return a != 0 && b == 0
		}
		return a < b
	})
}

// poisoned are names that have broken workbooks before.
var poisoned = []string{`=cmd|'/c calc'!A1`, `</script><script>alert(1)</script>`, "王🙂小明", strings.Repeat("长名", 150), "@SUM(A1)", "+1+2", "-1", "a\tb\x07c", `"引号"&'单引号'`, "\u202egnp.exe\u2066", "{{.Secret}}"}

func fixtureData() Data {
	p := fixturePolicy()
	q, _ := period.Parse("2026Q3")
	r := &metrics.Report{Policy: p, PolicyVersion: 2, PolicyHash: strings.Repeat("ab12", 16), LedgerSeq: 1234, LedgerHash: strings.Repeat("cd34", 16),
		Made: time.Date(2026, 10, 9, 8, 30, 0, 0, time.UTC), Period: q, Day: date("2026-09-30"), Months: q.LastMonths(6), KPIs: p.KPIs}
	departments := []struct {
		id, parent, zh, en, kind, head string
		depth, people                  int
	}{
		{"D1", "", "销售中心", "Sales", "sales", "1001", 0, 0},
		{"D11", "D1", "华东销售部", "Sales East", "sales", "1002", 1, 12},
		{"D12", "D1", "华南/华中[销售]部：负责大客户与渠道的第二营业部", "Sales South/Central [key accounts and channels]", "sales", "", 1, 9},
		{"D2", "", "研发部", "Engineering", "engineering", "2001", 0, 11},
		{"D21", "D2", "平台组", "Engineering", "engineering", "2012", 1, 7},
		{"D3", "", "总览", "Overview", "board", "", 0, 2},
	}
	next := 1000
	departments = append(departments, ruledDepartments...)
	for di, d := range departments {
		line := metrics.DepartmentLine{Department: metrics.Department{ID: d.id, ParentID: d.parent, Name: bi(d.zh, d.en), Kind: d.kind,
			KindName: kindName(d.kind), Depth: d.depth, Matrix: d.id == "D2", Head: d.head}, Line: fixtureLine(p, r, d.kind, di+1)}
		line.Headcount = d.people
		card := p.ScorecardFor(d.kind)
		aim(d.id, card, line.Values)
		line.Score = judge(p, card, line.Values, "")
		r.Departments = append(r.Departments, line)
		var people []metrics.PersonLine
		for i := range d.people {
			next++
			people = append(people, fixturePerson(p, r, d.id, d.kind, next, i))
		}
		rankLines(people)
		r.People = append(r.People, people...)
	}
	r.Company = fixtureLine(p, r, "sales", 0)
	r.Company.Headcount = 59
	moveOne(p, r)
	shareSome(p, r)
	scorePeople(p, r)
	gradeAll(p, r)
	return Data{Report: r, Files: fixtureFiles(), Rejects: fixtureRejects()}
}

func kindName(kind string) policy.Text {
	return map[string]policy.Text{"sales": bi("销售", "sales"), "engineering": bi("技术", "engineering"), "service": bi("服务", "service"), "project": bi("项目", "project"), "board": bi("管理层", "board")}[kind]
}

func targetOf(p *policy.Policy, kind string, k *policy.KPI) *fixed.Num {
	if card := p.ScorecardFor(kind); card != nil {
		for i := range card.Items {
			if card.Items[i].KPI == k {
				return &card.Items[i].Target
			}
		}
	}
	return nil
}

func fixtureLine(p *policy.Policy, r *metrics.Report, kind string, seed int) metrics.Line {
	var l metrics.Line
	at := func(k int, pd period.Period, i int) metrics.Value {
		n := int64(20+seed*7+i) % 61
		if kind == "board" || (seed == 4 && k == 0) {
			n = int64(seed+k) % 4 // too few or none
		}
		s := []sums{{itoa(int(n * 3 / 10)), itoa(int(n)), n, false}, {fmt.Sprintf("%d.5", n*7), fmt.Sprintf("%d.25", n*8), n, false},
			{itoa(int(n*13/10 - int64(i%3))), itoa(int(n)), n, false}, {fmt.Sprintf("%d.4", n*9100), "1", n, false}}
		s = append(s, ruledSums(n, i, seed)...)
		if n == 0 || kind == "board" && k > 3 {
			return value(p.KPIs[k], pd, sums{"0", "0", 0, false}, targetOf(p, kind, p.KPIs[k]))
		}
		return value(p.KPIs[k], pd, s[k], targetOf(p, kind, p.KPIs[k]))
	}
	for k := range p.KPIs {
		l.Values = append(l.Values, at(k, r.Period, 4))
		l.Before = append(l.Before, at(k, r.Period.Before(), 11))
		l.YearBefore = append(l.YearBefore, at(k, r.Period.YearBefore(), 2))
		var months []metrics.Value
		for m, month := range r.Months {
			months = append(months, at(k, month, 3*m))
		}
		l.Months = append(l.Months, months)
	}
	return l
}

// figures gives person i's sums; some have too few records, some none, some exact ties in rounding.
func figures(i int) []sums {
	won, closed := int64(i%7+1), int64(i*3%17+4)
	hours, planned, days, done := int64(380+i*13%160), int64(480), int64(i%6), int64(4+i%5)
	switch i % 10 {
	case 3:
		closed = 3 // below the minimum
		won = 1
	case 7:
		won, closed = 0, 0
	case 9:
		days = 0 // lower is better and zero: attained
	}
	if i == 8 {
		return append([]sums{{"0", "0", 0, false}, {"0", "0", 0, false}, {"0", "0", 0, false}, {"0", "1", 0, false}}, personSums(i)...)
	}
	won = min(won, closed)
	return append([]sums{{itoa(int(won)), itoa(int(closed)), closed, false}, {fmt.Sprintf("%d.25", hours), itoa(int(planned)), 60, false},
		{itoa(int(days)), itoa(int(done)), done, false}, {fmt.Sprintf("%d.37", won*23817), "1", closed, false}}, personSums(i)...)
}

func fixturePerson(p *policy.Policy, r *metrics.Report, department, kind string, no, i int) metrics.PersonLine {
	surnames, given := []rune("赵钱孙李周吴郑王冯陈"), []string{"伟", "芳", "娜", "敏静", "丽", "强", "磊", "军洋"}
	name := string(surnames[no%len(surnames)]) + given[no%len(given)]
	if department == "D11" && i < len(poisoned) {
		name = poisoned[i]
	}
	line := metrics.PersonLine{Person: metrics.Person{No: itoa(no), Name: bi(name, name), Position: []string{"客户经理", "高级工程师", "专员"}[i%3],
		HiredOn: date("2021-03-01")}, Department: department, From: date("2026-07-01"), To: date("2026-09-30"), Days: 92}
	if i == 2 {
		line.Person.HiredOn, line.From, line.Days = date("2026-08-03"), date("2026-08-03"), 59
	}
	f := figures(i + len(department))
	if i == 4 || i == 5 { // a tie
		f = figures(40)
	}
	for k := range p.KPIs {
		line.Values = append(line.Values, value(p.KPIs[k], r.Period, f[k], targetOf(p, kind, p.KPIs[k])))
	}
	line.Weight = fixed.Int(int64(line.Days))
	aimPerson(r, department, i, line.Values)
	superior := ""
	if i%2 == 0 && i != 4 {
		superior = []string{"88", "101.5", "76.25", "120"}[i/2%4]
	}
	line.Score = judge(p, p.ScorecardFor(kind), line.Values, superior)
	if line.Score.KPIPoints == nil {
		line.Score.Superior = nil
	}
	if i%3 != 2 && line.Score.Scorecard != nil {
		before := num("83.27") + fixed.Num(i*10_000)
		line.Before = &before
	}
	return line
}

// moveOne lets one person spend the first half in sales and the second in engineering.
func moveOne(p *policy.Policy, r *metrics.Report) {
	first, second := -1, -1
	for i := range r.People {
		if r.People[i].Department == "D12" && first < 0 {
			first = i
		}
		if r.People[i].Department == "D21" && second < 0 {
			second = i
		}
	}
	a, b := &r.People[first], &r.People[second]
	b.Person = a.Person
	b.Before = a.Before
	a.To, a.Days, a.Moved = date("2026-08-15"), 46, true
	b.From, b.Days, b.Moved = date("2026-08-16"), 46-1, true
	a.Weight, b.Weight = num("46"), num("45")
}

func scorePeople(p *policy.Policy, r *metrics.Report) {
	byNo := map[string]*metrics.PersonScore{}
	var order []string
	for i := range r.People {
		line := &r.People[i]
		s := byNo[line.Person.No]
		if s == nil {
			s = &metrics.PersonScore{Person: line.Person, Before: line.Before, Status: metrics.NoScore}
			byNo[line.Person.No], order = s, append(order, line.Person.No)
		}
		s.Lines, s.Department = append(s.Lines, i), line.Department
	}
	sort.Strings(order)
	for _, no := range order {
		s := byNo[no]
		combine(p, r, s)
		r.Scores = append(r.Scores, *s)
	}
}

func fixtureFiles() []ingest.File {
	at := time.Date(2026, 10, 8, 1, 2, 3, 0, time.UTC)
	return []ingest.File{
		{Seq: 11, At: at, Actor: "hr", Name: "商机.csv", SHA256: strings.Repeat("0f", 32), Dataset: "opportunities", Format: "csv", Encoding: "GB18030",
			Delimiter: ",", HeaderRow: 2, RowsIn: 1240, Accepted: 1238, Quarantined: 2, New: 1200, Corrected: 8, Unchanged: 20, Duplicates: 10,
			Notices: []policy.Text{bi("表头上方有一行标题，已跳过", "one title row above the header was skipped"), bi("列「备注」没有用到", "column 备注 is not used")}},
		{Seq: 12, At: at, Actor: "hr", Name: `=HYPERLINK("x").xlsx`, SHA256: strings.Repeat("1e", 32), Dataset: "work_logs", Sheet: "七月", Format: "xlsx",
			HeaderRow: 1, RowsIn: 300, Accepted: 300, New: 300},
	}
}

func fixtureRejects() []ingest.Reject {
	return []ingest.Reject{
		{Seq: 11, File: "商机.csv", Dataset: "opportunities", Row: 17, Column: "3", Header: "结案日期", Value: "2026-02-30", Rule: "date.impossible",
			Say: bi("没有这一天", "there is no such day"), Cure: bi("改为实际的结案日期", "give the day it was closed")},
		{Seq: 11, File: "商机.csv", Dataset: "opportunities", Row: 18, Column: "5", Header: "金额", Value: `=1+1`, Rule: "number.formula",
			Say: bi("不是数字", "not a number"), Cure: bi("填写数字，不要填公式", "write a number, not a formula")},
	}
}

func TestFixtureIsWorthTesting(t *testing.T) {
	d := fixtureData()
	var few, none, moved, tied, final int
	for _, l := range d.Report.People {
		for _, v := range l.Values {
			if v.Status == metrics.Insufficient {
				few++
			}
			if v.Status == metrics.NoData {
				none++
			}
		}
		if l.Moved {
			moved++
		}
		if l.Score.Tied {
			tied++
		}
		if l.Score.Status == metrics.Final {
			final++
		}
	}
	if few == 0 || none == 0 || moved != 8 || tied < 2 || final == 0 || len(d.Report.People) < 40 {
		t.Fatalf("too few %d, no data %d, moved %d, tied %d, final %d, people %d", few, none, moved, tied, final, len(d.Report.People))
	}
}
