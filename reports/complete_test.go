package reports

import (
	"math/big"
	"strings"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/ledger"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// completeData is the fixture's company with everything that a workbook may show: a sealed quarter with appeals, reward lists, adjustments,
// candidates, findings of data quality and rows of evidence.
func completeData() Data {
	d := fixtureData()
	d.Report.Seal = "C0FFEE123456"
	rewardRules(d.Report.Policy)
	d.Review = reviewFixture(d.Report)
	d.Quality = qualityFixture(d.Report)
	d.Evidence = evidenceFixture(d.Report)
	d.Names = map[string]policy.Text{"9001": bi("钱总", "Ms Qian"), "9002": bi(`=HYPERLINK("http://x")`, "@SUM(A1)")}
	return d
}

// privateNote is what a superior keeps for himself and human resources.
const privateNote = "只给自己看的备注"

func rewardRules(p *policy.Policy) {
	for i, s := range []string{"1.5", "1.2", "1", "0.8", "0"} {
		n := num(s)
		p.Bands[i].Bonus = &n
	}
	budget := num("100000")
	p.Rewards = &policy.Rewards{DirectorLimit: num("50000"), MakeUpWithin: 3, Budget: &budget, Extras: []policy.Extra{{KPI: p.KPIs[0], Above: num("120"), Share: num("10")}},
		Incident: &policy.Incident{KPI: p.KPIs[2], Band: &p.Bands[3]}, Certificate: &policy.Certificate{Band: &p.Bands[0], Prefix: "RY"},
		Promotion: &policy.Promotion{Band: &p.Bands[1], Quarters: 4, Month: 1}}
}

func mark(seq int64, day, actor string) reviews.Mark {
	at, err := time.Parse("2006-01-02 15:04", day)
	if err != nil {
		panic(err)
	}
	return reviews.Mark{Seq: seq, At: at.UTC(), Actor: actor}
}

func reviewFixture(r *metrics.Report) *Review {
	opened, published := mark(70, "2026-10-01 01:00", "9001"), mark(90, "2026-10-16 01:00", "9002")
	points := num("92.5")
	x := &reviews.Round{Period: r.Period, Opened: &opened, Due: time.Date(2026, 10, 15, 15, 59, 59, 0, time.UTC), Published: &published, AppealUntil: time.Date(2026, 10, 23, 15, 59, 59, 0, time.UTC),
		Sealed: &reviews.Seal{Mark: mark(120, "2026-10-30 02:00", "9001"), AsOf: 119, Head: strings.Repeat("1a", 32), Policy: strings.Repeat("2b", 32), Facts: strings.Repeat("3c", 32), Org: strings.Repeat("4d", 32),
			Results: strings.Repeat("5e", 32), Hash: "c0ffee123456" + strings.Repeat("7", 52)}}
	x.Evaluations = map[metrics.Evaluated]*reviews.Evaluation{{Member: metrics.Member{Employee: "1004", Department: "D11"}, Superior: "1002"}: {State: reviews.Submitted,
		Text: reviews.EvaluationText{Comment: "评语", Note: privateNote}}}
	x.Appeals = []*reviews.Appeal{
		{ID: "2026Q3-A1", Employee: "1004", Department: "D11", Against: reviews.Judgement, Text: poisoned[0] + " 评分偏低", Filed: mark(91, "2026-10-17 03:00", "1004"), MediateBy: date("2026-10-24"),
			Mediated: &reviews.Decision{Reason: reasonOf(93, "2026-10-19 03:00", "1002", "核对属实 "+poisoned[1]), Outcome: reviews.Granted, Remedy: reviews.Remedy{Points: &points}}},
		{ID: "2026Q3-A2", Employee: "1005", Department: "D11", Against: reviews.Fact, KPI: "conversion_rate", Record: "SJ-1", Text: strings.Repeat("记录有误，", 60), Filed: mark(92, "2026-10-18 03:00", "1005"), MediateBy: date("2026-10-25"), ArbitrateBy: date("2026-11-09"),
			Mediated: &reviews.Decision{Reason: reasonOf(94, "2026-10-20 03:00", "1002", "未达成一致"), Outcome: reviews.Failed}},
	}
	approved := reviews.Adjustment{Reason: reasonOf(141, "2026-11-03 03:00", "9001", "客户补签"), Seq: 130}
	x.Approved = []reviews.Adjustment{approved}
	v := &Review{Round: x, Sealed: []period.Period{r.Period, r.Period.Before()}}
	v.Lines = append(v.Lines, rewardFixture(r))
	x.Lists = append(x.Lists, listOfLines(1, v.Lines[0]))
	before, after := num("88.12"), num("90.5")
	v.Changes = []reviews.Change{
		{Event: ledger.Event{Seq: 130, Time: mark(0, "2026-11-01 03:00", "").At, Actor: "9002", Kind: "file.ingested", Data: []byte(`{"name":"=cmd|补录.csv"}`)}, Rows: 3, Approved: &approved,
			Scores: []reviews.ScoreChange{{Employee: "1004", Before: &reviews.SealedScore{Department: "D11", Employee: "1004", Total: &before, Band: "B"}, After: &reviews.SealedScore{Department: "D11", Employee: "1004", Total: &after, Band: "B"}},
				{Employee: "7777", After: &reviews.SealedScore{Department: "D11", Employee: "7777", Total: &after, Band: "B"}}}},
		{Event: ledger.Event{Seq: 133, Time: mark(0, "2026-11-02 03:00", "").At, Actor: "hr", Kind: "something.new"}, Rows: 1},
	}
	v.Candidates = []reviews.Candidate{{Employee: "1004", Department: "D11", Bands: []string{"S", "A"}, Run: 2}, {Employee: "1006", Department: "D11", Bands: []string{"S", "S", "A", "A"}, Run: 4, Earned: true}}
	return v
}

// rewardFixture works rewards out apart from the program: exact fractions, the budget in proportion, rounded down to cents.
func rewardFixture(r *metrics.Report) (lines []reviews.RewardLine) {
	base, total := num("3333.33"), fixed.Num(0)
	for i, s := range r.Scores {
		l := reviews.RewardLine{Sheet: s.Department, Department: s.Department, Employee: s.Person.No, Name: s.Person.Name, Total: s.Total, Base: &base, Weight: fixed.Int(int64(60 + i%33)), Unpaid: metrics.Paid}
		if s.Band == nil {
			l.Base, l.Weight, l.Unpaid = nil, 0, metrics.NoTotal
			lines = append(lines, l)
			continue
		}
		l.Band = s.Band.ID
		coefficient := *s.Band.Bonus
		if l.Capped = i%11 == 3; l.Capped {
			coefficient = min(coefficient, num("0.8"))
		} else if i%7 == 0 {
			l.Extra, l.ExtraFor = num("333.33"), "conversion_rate"
		}
		l.Coefficient = &coefficient
		x := new(big.Rat).Mul(base.Rat(), coefficient.Rat())
		l.Bonus = half(x.Mul(x, l.Weight.Rat()).Quo(x, big.NewRat(92, 1)))
		l.Amount = l.Bonus + l.Extra
		total += l.Amount
		lines = append(lines, l)
	}
	if total <= num("100000") {
		panic("the budget cuts nothing")
	}
	for i := range lines {
		l := &lines[i]
		part := new(big.Rat).Mul(l.Amount.Rat(), num("100000").Rat())
		cents := new(big.Int).Quo(part.Mul(part, big.NewRat(100, 1)).Quo(part, total.Rat()).Num(), part.Denom()).Int64()
		left := fixed.Num(cents * 100)
		l.Cut, l.Amount = l.Amount-left, left
	}
	return lines
}

// listOfLines is a list of lines, of which nothing is signed yet and one part is paid ahead.
func listOfLines(number int, lines []reviews.RewardLine) *reviews.RewardList {
	l := &reviews.RewardList{Number: number, Drawn: mark(125, "2026-10-31 01:00", "9001"), Lines: len(lines)}
	for i, x := range lines {
		l.Total, l.Cut = l.Total+x.Amount, l.Cut+x.Cut
		if i == 0 || l.Sheet(x.Sheet) == nil {
			l.Sheets = append(l.Sheets, reviews.Sheet{Department: x.Sheet, Needs: []reviews.Step{reviews.HeadStep, reviews.FinanceStep}})
		}
	}
	l.Sheets[0].Emergency = &reviews.Emergency{Reason: reasonOf(126, "2026-10-31 02:00", "9001", "节前发放"), MakeUpBy: date("2026-11-03")}
	return l
}

func qualityFixture(r *metrics.Report) *metrics.Quality {
	logs := r.Policy.Datasets[1]
	covered := &policy.QualityCheck{ID: "people_logging", Name: bi("有日志的人数", "People with logs"), Kind: policy.Coverage, Dataset: logs, OfPeople: true, Limit: num("95"), Minimum: 5}
	q := &metrics.Quality{Period: r.Period, Checks: []*policy.QualityCheck{covered}}
	for i := range r.Departments {
		q.Departments = append(q.Departments, r.Departments[i].Department)
	}
	add := func(department string, found, judged int64, status metrics.Status, warning bool) {
		q.Findings = append(q.Findings, metrics.Finding{Check: covered, Department: department, Ratio: fixed.Ratio{Num: fixed.Int(found), Den: fixed.Int(judged)}, N: fixed.Int(judged), Status: status, Warning: warning})
	}
	add("", 55, 59, metrics.OK, true)
	add("D11", 12, 12, metrics.OK, false)
	add("D21", 2, 3, metrics.Insufficient, false)
	add("D3", 0, 0, metrics.NoData, false)
	return q
}

// evidenceFixture is a few rows for everybody in two departments.
func evidenceFixture(r *metrics.Report) []Evidence {
	deals := r.Policy.Datasets[0]
	deals.Columns = []*policy.Column{{ID: "opportunity_id", Name: bi("商机编号", "Opportunity")}, {ID: "customer", Name: bi("客户", "Customer")}, {ID: "employee_no", Name: bi("工号", "Employee no.")}}
	e := Evidence{KPI: r.KPIs[0]}
	for i, line := range r.People {
		if line.Department != "D11" && line.Department != "D12" {
			continue
		}
		for n := range 3 {
			row := EvidenceRow{EvidenceRow: metrics.EvidenceRow{Counted: []metrics.Counted{metrics.InBoth, metrics.InDenominator, metrics.LeftOut}[n], Dataset: deals, Department: line.Department, Employee: line.Person.No,
				Day: line.From.AddDate(0, 0, n), Share: fixed.Int(1), Cells: []string{"SJ-" + itoa(i*3+n), poisoned[(i+n)%len(poisoned)], line.Person.No}}, File: `=HYPERLINK("x").csv`, Line: int64(i*3 + n + 2)}
			if n == 2 {
				row.Reason = bi("仍在进行", "still open")
			}
			e.Rows = append(e.Rows, row)
		}
	}
	e.Rows = append(e.Rows, EvidenceRow{EvidenceRow: metrics.EvidenceRow{Counted: metrics.LeftOut, Reason: bi("当日没有任职部门", "no department on that day"), Dataset: deals, Employee: "7777", Day: date("2026-07-05"), Cells: []string{"SJ-X", "", "7777"}}, File: "a.csv", Line: 9})
	return []Evidence{e}
}

func reasonOf(seq int64, day, actor, text string) reviews.Reason {
	return reviews.Reason{Mark: mark(seq, day, actor), Text: text}
}
