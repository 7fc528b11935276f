package pack_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/stat"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports/pack"
	"plumbline/reviews"
)

// poison is a name that breaks out of scripts, templates, markup and formulas, and turns the direction of writing.
const poison = "=cmd|' /C calc'!A0</script><script>alert(1)</script>{{.}}\"引'号\u202Etxt.exe😀"

var defaults = sync.OnceValues(func() (*policy.Policy, error) {
	db, err := warehouse.Open(ctx(), "", warehouse.Options{Threads: 1})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return policy.Check(ctx(), db, policy.Default())
})

// company is a made-up report of the default policy with so many departments of eight people: every fourth has three, every fifth no data at all.
// Every value follows from simple formulas of month and department.
func company(t testing.TB, departments int, name string) pack.Data {
	t.Helper()
	p, err := defaults()
	if err != nil {
		t.Fatal(err)
	}
	quarter := must(period.Parse("2026Q3"))
	r := &metrics.Report{Policy: p, PolicyVersion: 3, PolicyHash: strings.Repeat("9f2c6b1e", 8), LedgerSeq: 4711, LedgerHash: strings.Repeat("77aa01d4", 8),
		Made: time.Date(2026, 10, 9, 9, 30, 0, 0, time.UTC), Period: quarter, Day: quarter.LastDay(), Months: quarter.LastMonths(metrics.TrendMonths)}
	for _, k := range p.KPIs {
		if k.Listed || p.Judges(k) {
			r.KPIs = append(r.KPIs, k)
		}
	}
	r.Company = line(r, 1, 40*departments+20)
	r.Company.Headcount = 8 * departments
	kinds := []string{"sales", "engineering", "delivery", "support"}
	for i := range departments {
		people, cases := 8, 40+i%7*10
		switch {
		case i%4 == 3:
			people = 3
		case i%5 == 4:
			cases = 0
		}
		d := metrics.DepartmentLine{Department: metrics.Department{ID: fmt.Sprintf("D%02d", i+1), Kind: kinds[i%4], Name: policy.Text{ZH: fmt.Sprintf("%s第%d事业部", name, i+1), EN: fmt.Sprintf("%s Division %d", name, i+1)}}, Line: line(r, i, cases)}
		d.Headcount = people
		if card := p.ScorecardFor(d.Department.Kind); card != nil && cases > 0 {
			total := fixed.Int(int64(72 + i*5%40))
			d.Score = metrics.Score{Scorecard: card, KPIPoints: &total, Total: &total, Band: &p.Bands[i%3], Rank: 1 + i%3, RankOf: 3, Items: make([]metrics.ItemScore, len(card.Items))}
			for k := range card.Items {
				d.Score.Items[k] = metrics.ItemScore{Item: &card.Items[k], Points: total.Rat()}
			}
		}
		r.Departments = append(r.Departments, d)
		for k := range people {
			total := fixed.Int(int64(58 + (i*13+k*7)%55))
			r.Scores = append(r.Scores, metrics.PersonScore{Person: metrics.Person{No: fmt.Sprintf("%03d%02d", i, k), Name: policy.Text{ZH: "秘密姓名", EN: "Secret Name"}}, Department: d.Department.ID, Total: &total, Status: metrics.Final})
		}
	}
	return pack.Data{Report: r, FollowUp: followUp(name), Rewards: rewards(r), Files: pack.Intake{Files: 12, In: 21000, Accepted: 20950, Quarantined: 46, Excluded: 4}}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// line makes the values of a department with about so many cases a month; 0 is one without data.
func line(r *metrics.Report, seed, cases int) metrics.Line {
	var l metrics.Line
	for k, kpi := range r.KPIs {
		var months []metrics.Value
		sums := map[period.Period]fixed.Ratio{}
		ns := map[period.Period]fixed.Num{}
		all := []period.Period{r.Period, r.Period.Before(), r.Period.YearBefore()}
		for m, p := range r.Months {
			v := month(kpi, k, seed, m, cases)
			v.Period = p
			months = append(months, finish(v))
			for _, q := range all {
				if q.Contains(p.Start()) {
					sums[q], ns[q] = sums[q].Add(v.Ratio), ns[q]+v.N
				}
			}
		}
		values := [3]metrics.Value{}
		for i, q := range all {
			ratio := sums[q]
			if !kpi.HasDenominator() && ns[q] > 0 {
				ratio.Den = fixed.Int(1)
			}
			values[i] = finish(metrics.Value{KPI: kpi, Period: q, Ratio: ratio, N: ns[q], Target: goal(kpi)})
		}
		l.Months = append(l.Months, months)
		l.Values, l.Before, l.YearBefore = append(l.Values, values[0]), append(l.Before, values[1]), append(l.YearBefore, values[2])
		reading := metrics.Reading{Course: stat.Unknown}
		if a, ok := values[0].Float(); ok {
			if b, ok := values[1].Float(); ok {
				reading.Change = stat.Change{Absolute: a - b, Known: true, Significant: math.Abs(a-b) > 4}
			}
		}
		l.Readings = append(l.Readings, reading)
	}
	return l
}

func month(kpi *policy.KPI, k, seed, m, cases int) metrics.Value {
	v := metrics.Value{KPI: kpi, Target: goal(kpi)}
	n := cases + (m*7+seed*5+k*3)%11
	if cases == 0 || k%13 == 12 && m < 6 {
		return v
	}
	if k%9 == 8 {
		n = 1
	}
	share := 55 + (k*11+seed*17+m*3)%45
	v.N = fixed.Int(int64(n))
	v.Ratio = fixed.Ratio{Num: fixed.Int(int64(n * share / 100)), Den: fixed.Int(int64(n))}
	if kpi.Unit == policy.Money {
		v.Ratio.Num = fixed.Int(int64(n * (18_000 + m*700)))
	}
	return v
}

func goal(k *policy.KPI) *fixed.Num {
	n, ok := map[string]fixed.Num{"conversion_rate": fixed.Int(70), "on_time_rate": fixed.Int(85), "log_punctuality": fixed.Int(95), "logged_hours_rate": fixed.Int(100)}[k.ID]
	if !ok {
		return nil
	}
	return &n
}

// finish sets status and interval as a report holds them.
func finish(v metrics.Value) metrics.Value {
	v.Status = metrics.OK
	if v.N == 0 {
		v.Status, v.Ratio = metrics.NoData, fixed.Ratio{}
		return v
	}
	if v.N < fixed.Int(v.KPI.Minimum) {
		v.Status = metrics.Insufficient
	}
	if r, ok := v.Exact(); ok && v.KPI.IsRate() {
		f, _ := r.Float64()
		v.Low, v.High, v.HasInterval = max(f-300/math.Sqrt(v.N.Float()+9), 0), min(f+300/math.Sqrt(v.N.Float()+9), 100), true
	}
	return v
}

// followUp has a resolution in every state, and one that an earlier meeting left.
func followUp(name string) *metrics.FollowUp {
	held := time.Date(2026, 7, 7, 0, 0, 0, 0, time.UTC)
	f := &metrics.FollowUp{Day: time.Date(2026, 10, 9, 0, 0, 0, 0, time.UTC), Title: name + "2026Q3季度战略会", Held: held}
	add := func(list *[]metrics.Resolution, text string, s metrics.ResolutionState, who string) {
		*list = append(*list, metrics.Resolution{Meeting: f.Title, Held: held, Text: text, State: s, Due: held.AddDate(0, 0, 30), Assignee: metrics.Person{No: who}, Department: metrics.Department{Name: policy.Text{ZH: name + "综合部", EN: name + "Office"}}})
	}
	add(&f.Last, "统一项目文件命名"+name, metrics.Overdue, "00012")
	add(&f.Last, "复盘流失商机", metrics.Unassigned, "")
	add(&f.Last, "建立周报模板", metrics.DoneInTime, "00013")
	add(&f.Last, "清理历史账号", metrics.DoneLate, "00013")
	add(&f.Last, "更换会议系统", metrics.Abandoned, "00014")
	add(&f.Earlier, "开展应急演练", metrics.Overdue, "00015")
	f.Earlier[0].Held = held.AddDate(0, -3, 0)
	return f
}

// rewards is a list with a sheet for every department.
func rewards(r *metrics.Report) *pack.Rewards {
	list := &reviews.RewardList{Number: 1}
	var lines []reviews.RewardLine
	for _, s := range r.Scores {
		lines = append(lines, reviews.RewardLine{Sheet: s.Department, Department: s.Department, Employee: s.Person.No, Name: s.Person.Name, Bonus: fixed.Int(3000), Amount: fixed.Int(3000)})
	}
	return &pack.Rewards{Period: r.Period.Before(), Lists: []*reviews.RewardList{list}, Lines: [][]reviews.RewardLine{lines}}
}

func ctx() context.Context { return context.Background() }
