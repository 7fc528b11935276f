package charts

import (
	"fmt"
	"math"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/stat"
	"plumbline/metrics"
	"plumbline/policy"
)

// poison is a name that breaks out of scripts, templates, markup, label formatters and go-echarts' function markers, and turns the
// direction of writing.
const poison = "恶意</script><script>alert(1)</script>{{.}}{a}{b|c}\"引'号\n换行\u202Etxt.exe __f__function(){alert(2)}__f__ zr0-cls-0"

func mustPeriod(s string) period.Period {
	p, err := period.Parse(s)
	if err != nil {
		panic(err)
	}
	return p
}

func count1(expr string) policy.Measure {
	return policy.Measure{Kind: policy.CountRows, Expr: policy.Expr{Text: expr}}
}

func rate(id, zh, en string, higher bool) *policy.KPI {
	d := count1("TRUE")
	return &policy.KPI{ID: id, Name: policy.Text{ZH: zh, EN: en}, Numerator: count1("x"), Denominator: &d, Unit: policy.Percent,
		HigherIsBetter: higher, Minimum: 5, Listed: true}
}

func sum(id, zh, en string, unit policy.Unit) *policy.KPI {
	return &policy.KPI{ID: id, Name: policy.Text{ZH: zh, EN: en}, Numerator: policy.Measure{Kind: policy.SumOf}, Unit: unit, HigherIsBetter: true, Listed: true}
}

// company is a hand-made report: the sums follow simple formulas of month and department, so every number is known.
type company struct {
	report                                                                *metrics.Report
	conversion, onTime, punctual, hours, amount, complaints, satisfaction *policy.KPI
}

func newCompany() company {
	c := company{
		conversion: rate("conversion_rate", "客户转化率", "Conversion rate", true),
		onTime:     rate("on_time_rate", "项目交付准时率", "On-time delivery rate", true),
		punctual:   rate("log_punctuality", "日志及时率", "Work-log punctuality", true),
		complaints: rate("complaint_rate", "客户投诉率", "Complaint rate", false),
		amount:     sum("won_amount", "赢单金额", "Amount won", policy.Money),
	}
	hours := policy.Measure{Kind: policy.SumOf}
	c.hours = &policy.KPI{ID: "logged_hours_rate", Name: policy.Text{ZH: "工时达成率", EN: "Logged hours against plan"}, Numerator: hours,
		Denominator: &hours, Unit: policy.Percent, HigherIsBetter: true, Minimum: 5, Listed: true}
	c.satisfaction = &policy.KPI{ID: "satisfaction", Name: policy.Text{ZH: "客户满意度", EN: "Satisfaction"}, Numerator: hours, Denominator: &hours,
		Unit: policy.Points, HigherIsBetter: true, Minimum: 5, Listed: true}
	r := &metrics.Report{
		Policy: c.policy(), PolicyVersion: 3, PolicyHash: "9f2c6b1e", LedgerSeq: 4711, LedgerHash: "77aa01d4",
		Made: time.Date(2026, 9, 20, 9, 0, 0, 0, time.UTC), Period: mustPeriod("2026Q3"), Day: time.Date(2026, 9, 20, 0, 0, 0, 0, time.UTC),
		KPIs: []*policy.KPI{c.conversion, c.onTime, c.punctual, c.hours, c.amount, c.complaints, c.satisfaction},
	}
	r.Months = r.Period.LastMonths(15)
	c.report = r
	c.fill()
	return c
}

func (c company) policy() *policy.Policy {
	item := func(k *policy.KPI, weight int64) policy.Item { return policy.Item{KPI: k, Weight: fixed.Int(weight)} }
	return &policy.Policy{
		Company: policy.Company{Name: policy.Text{ZH: "晨光数据科技有限公司", EN: "Chenguang Data"}, Timezone: "Asia/Shanghai"},
		Scorecards: []*policy.Scorecard{
			{ID: "sales", DepartmentKinds: []string{"sales"}, Items: []policy.Item{item(c.conversion, 60), item(c.punctual, 40)}},
			{ID: "engineering", DepartmentKinds: []string{"engineering"}, Items: []policy.Item{item(c.onTime, 60), item(c.punctual, 40)}},
			{ID: "general", Items: []policy.Item{item(c.hours, 100)}},
		},
		Bands: []policy.Band{
			{ID: "S", Name: policy.Text{ZH: "卓越", EN: "Outstanding"}, From: fixed.Int(105)},
			{ID: "A", Name: policy.Text{ZH: "优秀", EN: "Very good"}, From: fixed.Int(95)},
			{ID: "B", Name: policy.Text{ZH: "良好", EN: "Good"}, From: fixed.Int(80)},
			{ID: "C", Name: policy.Text{ZH: "合格", EN: "Fair"}, From: fixed.Int(60)},
			{ID: "D", Name: policy.Text{ZH: "待改进", EN: "Needs improvement"}, From: 0},
		},
	}
}

func (c company) fill() {
	r := c.report
	departments := []metrics.Department{
		{ID: "D1", Name: policy.Text{ZH: "销售中心", EN: "Sales"}, Kind: "sales"},
		{ID: "D1-1", ParentID: "D1", Depth: 1, Name: policy.Text{ZH: "华东大客户与渠道合作伙伴联合发展事业组", EN: "East China key accounts and channel partner development group"}, Kind: "sales"},
		{ID: "D1/2", ParentID: "D1", Depth: 1, Name: policy.Text{ZH: poison, EN: poison}, Kind: "sales"},
		{ID: "D2", Name: policy.Text{ZH: "研发中心", EN: "Engineering"}, Kind: "engineering"},
		{ID: "D3", Name: policy.Text{ZH: "综合管理部", EN: "Administration"}, Kind: "support"},
		{ID: "../d4", Name: policy.Text{ZH: "新设部门", EN: "New department"}, Kind: "support"},
	}
	sizes := []int64{90, 60, 30, 50, 14, 0}
	for i, d := range departments {
		r.Departments = append(r.Departments, metrics.DepartmentLine{Department: d, Line: c.line(int64(i), sizes[i], d.Kind)})
	}
	r.Company = c.line(7, 160, "company")
	for i := range 40 {
		total := fixed.Int(62 + int64(i*7%41)).Text(2)
		n := fixed.MustParse(total)
		s := metrics.PersonScore{Person: metrics.Person{No: fmt.Sprintf("E%03d", i)}, Department: departments[1+i%4].ID, Total: &n, Status: metrics.Final}
		if i%5 == 0 {
			s.Status = metrics.Provisional
		}
		if departments[1+i%4].ID == "D3" && i > 14 {
			s.Department = "D2"
		}
		r.Scores = append(r.Scores, s)
	}
}

// line makes the numbers of a department with about size cases a month; size 0 is a department without any.
func (c company) line(seed, size int64, kind string) metrics.Line {
	r := c.report
	l := metrics.Line{Headcount: int(size / 4)}
	for k, kpi := range r.KPIs {
		months := make([]metrics.Value, len(r.Months))
		var sums [3]fixed.Ratio
		var ns [3]fixed.Num
		for m, p := range r.Months {
			v := c.month(kpi, int64(k), seed, int64(m), size, kind)
			v.Period = p
			months[m] = finish(v)
			for i, q := range []period.Period{r.Period, r.Period.Before(), r.Period.YearBefore()} {
				if q.Contains(p.Start()) && v.N > 0 {
					sums[i].Num += v.Ratio.Num
					sums[i].Den += v.Ratio.Den
					ns[i] += v.N
				}
			}
		}
		values := [3]metrics.Value{}
		for i, q := range []period.Period{r.Period, r.Period.Before(), r.Period.YearBefore()} {
			if kpi.Denominator == nil && ns[i] > 0 {
				sums[i].Den = fixed.Int(1)
			}
			values[i] = finish(metrics.Value{KPI: kpi, Period: q, Ratio: sums[i], N: ns[i], Target: target(kpi, kind)})
		}
		l.Months = append(l.Months, months)
		l.Values, l.Before, l.YearBefore = append(l.Values, values[0]), append(l.Before, values[1]), append(l.YearBefore, values[2])
	}
	if size > 0 {
		l.Calendar = days(r, seed, size)
		l.Funnels = []metrics.FunnelValues{funnel(size, r.Period)}
	}
	return l
}

// month gives one month of one KPI. Sales have no deliveries, others no opportunities; nobody has answers on satisfaction.
func (c company) month(kpi *policy.KPI, k, seed, m, size int64, kind string) metrics.Value {
	v := metrics.Value{KPI: kpi, Target: target(kpi, kind)}
	sells, delivers := kind == "sales" || kind == "company", kind == "engineering" || kind == "company"
	cases := size/2 + (m*7+seed*5+k*3)%11
	switch {
	case size == 0, kpi == c.satisfaction, kpi == c.onTime && !delivers, (kpi == c.conversion || kpi == c.amount || kpi == c.complaints) && !sells:
		return v
	case kpi == c.onTime && (m == 3 || m == 4):
		return v // no deliveries were due
	case kpi == c.conversion && size == 30 && m%4 == 1:
		cases = 3
	}
	share := map[*policy.KPI]int64{c.conversion: 24 + seed*4, c.onTime: 82, c.punctual: 96 - seed*2, c.complaints: 4 + seed, c.hours: 97, c.amount: 0}[kpi]
	share += (m*5+seed*3)%9 - 4
	v.N = fixed.Int(cases)
	v.Ratio = fixed.Ratio{Num: fixed.Int(min(cases*share/100, cases)), Den: fixed.Int(cases)}
	if kpi == c.amount {
		v.Ratio = fixed.Ratio{Num: fixed.Int(cases * (18_000 + m*700)), Den: fixed.Int(1)}
	}
	if kpi == c.hours {
		v.Ratio = fixed.Ratio{Num: fixed.Int(cases * 8 * share / 100), Den: fixed.Int(cases * 8)}
	}
	return v
}

func target(kpi *policy.KPI, kind string) *fixed.Num {
	set := func(s string) *fixed.Num { n := fixed.MustParse(s); return &n }
	switch {
	case kpi.ID == "conversion_rate" && kind == "sales":
		return set("30")
	case kpi.ID == "on_time_rate" && kind == "engineering":
		return set("85")
	case kpi.ID == "log_punctuality" && kind != "company":
		return set("95")
	case kpi.ID == "logged_hours_rate":
		return set("100")
	case kpi.ID == "complaint_rate" && kind == "sales":
		return set("3.5")
	}
	return nil
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
	if v.KPI.IsRate() {
		n, p, z := v.Ratio.Den.Float(), v.Ratio.Num.Float()/v.Ratio.Den.Float(), 1.959963984540054
		mid, half := (p+z*z/(2*n))/(1+z*z/n), z/(1+z*z/n)*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
		v.Low, v.High, v.HasInterval = 100*(mid-half), 100*(mid+half), true
	}
	return v
}

func days(r *metrics.Report, seed, size int64) []metrics.Day {
	var out []metrics.Day
	i := int64(0)
	for d := r.Period.Start(); !d.After(r.Day); d = d.AddDate(0, 0, 1) {
		i++
		if d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
			continue
		}
		logs := size/4 + (i*7+seed)%9
		out = append(out, metrics.Day{Date: d, Count: logs, Hours: fixed.Num(logs * 76_500)})
	}
	return out
}

func funnel(size int64, p period.Period) metrics.FunnelValues {
	f := metrics.FunnelValues{Funnel: &policy.Funnel{ID: "sales_funnel", Name: policy.Text{ZH: "商机转化漏斗", EN: "Conversion funnel"}}}
	names := []policy.Text{{ZH: "新建商机", EN: "Created"}, {ZH: "需求确认", EN: "Needs confirmed"}, {ZH: "方案报价", EN: "Proposal"}, {ZH: "合同谈判", EN: "Negotiation"}, {ZH: "赢单", EN: "Won"}}
	for i, share := range []int64{300, 210, 140, 80, 66} {
		k := &policy.KPI{ID: "funnel_" + names[i].EN, Name: names[i], Unit: policy.Count, Numerator: count1("x"), HigherIsBetter: true}
		n := size * share / 100
		f.Funnel.Steps = append(f.Funnel.Steps, k)
		f.Steps = append(f.Steps, metrics.Value{KPI: k, Period: p, N: fixed.Int(n), Ratio: fixed.Ratio{Num: fixed.Int(n), Den: fixed.Int(1)}, Status: metrics.OK})
	}
	return f
}

// fixtureParts are the parts of a score: two items, the superior, and a penalty.
func fixtureParts(c company, off int64) []metrics.ScorePart {
	num := func(s string) fixed.Num { return fixed.MustParse(s) }
	parts := []metrics.ScorePart{
		{Kind: metrics.PartItem, KPI: c.conversion, Points: num("38.46") - fixed.Int(2*off)}, {Kind: metrics.PartItem, KPI: c.punctual, Points: num("21.5") + fixed.Int(off)},
		{Kind: metrics.PartItem, KPI: c.satisfaction, Filled: true, Points: num("7")}, {Kind: metrics.PartSuperior, Points: num("26.37")},
	}
	if off == 0 {
		parts = append(parts, metrics.ScorePart{Kind: metrics.PartPenalty, KPI: c.complaints, Points: -num("4.5")})
	}
	return parts
}

// fixtureScore is a scorecard of five items, one of them without enough data.
func fixtureScore(c company) metrics.Score {
	s := metrics.Score{Scorecard: &policy.Scorecard{Name: policy.Text{ZH: "销售考核表", EN: "Sales scorecard"}}}
	line := c.department("D1-1").Line
	for i, k := range []*policy.KPI{c.conversion, c.punctual, c.hours, c.complaints, c.satisfaction} {
		item := metrics.ItemScore{Item: &policy.Item{KPI: k, Weight: fixed.Int(20)}, Value: valueOf(c.report, line.Values, k)}
		if k != c.satisfaction {
			item.Points, item.Weight = fixed.Int(70+int64(i)*13).Rat(), fixed.Int(25).Rat()
		}
		s.Items = append(s.Items, item)
	}
	return s
}

// fixtureDetails are details of the company: late deliveries of twelve projects and some that name none, approvals of every state, and
// milestones of four projects.
func fixtureDetails(c company) *metrics.Details {
	d := &metrics.Details{Late: &metrics.Causes{KPI: c.onTime, Column: &policy.Column{ID: "project", Name: policy.Text{ZH: "项目名称", EN: "Project"}}}}
	for i := range int64(12) {
		name := fmt.Sprintf("%s平台%d期", []string{"数据", "智慧园区", "工单"}[i%3], i+1)
		if i == 1 {
			name = poison
		}
		d.Late.Rows = append(d.Late.Rows, metrics.CauseCount{Department: "D2", Cause: name, Count: fixed.Int(14 - i)})
	}
	d.Late.Rows = append(d.Late.Rows, metrics.CauseCount{Department: "D3", Count: fixed.MustParse("3.5")})
	d.Chain = &metrics.Chain{KPI: rate("approval_chain_rate", "审批链完整率", "Complete approval chains", true),
		Steps: []policy.Text{{ZH: "部门负责人", EN: "Head"}, {ZH: "财务部", EN: "Finance"}, {ZH: "CEO", EN: "CEO"}}}
	for i, row := range []struct {
		signed            [3]bool
		inOrder, complete bool
		n                 int64
	}{{[3]bool{true, true, true}, true, true, 41}, {[3]bool{true, true, false}, true, false, 6}, {[3]bool{true, true, true}, false, false, 4}, {[3]bool{false, true, true}, true, false, 2}, {[3]bool{true, true, true}, true, false, 1}} {
		d.Chain.Rows = append(d.Chain.Rows, metrics.ChainCount{Department: []string{"D2", "D3"}[i%2], Signed: row.signed[:], InOrder: row.inOrder, Complete: row.complete, Count: fixed.Int(row.n)})
	}
	d.Emergencies = &metrics.Emergencies{KPI: rate("emergency_made_up_rate", "应急补办及时率", "Emergencies made up in time", true),
		Rows: []metrics.EmergencyCount{{Department: "D2", InTime: fixed.Int(3), Late: fixed.Int(1), Never: fixed.Int(1)}}}
	day := func(m, d int) time.Time { return time.Date(2026, time.Month(m), d, 0, 0, 0, 0, time.UTC) }
	kinds := []policy.Text{{ZH: "项目启动会", EN: "Kick-off"}, {ZH: "中期评审", EN: "Midterm review"}, {ZH: "结项验收", EN: "Final acceptance"}}
	for i, p := range []string{"数据平台一期", poison, "智慧园区综合管理与运营服务平台升级改造项目", "工单系统"} {
		d.Nodes = append(d.Nodes, metrics.Node{Project: p, Kind: kinds[0], Departments: []string{"D2"}, Due: day(7, 3+i), Held: day(7, 3+i), State: metrics.NodeMet})
		mid := metrics.Node{Project: p, Kind: kinds[1], Departments: []string{"D2"}, Due: day(8, 5+i), Held: day(8, 5+i+i*6), State: metrics.NodeMissed}
		if i == 0 {
			mid.State = metrics.NodeMet
		}
		end := metrics.Node{Project: p, Kind: kinds[2], Departments: []string{"D2", "D3"}, Due: day(9, 10+5*i), State: metrics.NodePlanned}
		if i == 1 {
			end.State, end.Due = metrics.NodeMissed, day(9, 1)
		}
		d.Nodes = append(d.Nodes, mid, end)
	}
	return d
}

// forecast lets the fixture's company be heading for a share of punctual logs.
func (c company) forecast() metrics.Line {
	line := c.report.Company
	line.Readings = make([]metrics.Reading, len(c.report.KPIs))
	line.Readings[2].Forecast = &stat.Projection{Value: 81.2, Low: 76.4, High: 85.9, Level: 80}
	return line
}

// everyKind gives one chart of each kind.
func everyKind(c company) []Chart {
	r, who, d := c.report, c.report.Policy.Company.Name, c.department("D1-1")
	details := fixtureDetails(c)
	person := word("张三", "Zhang San")
	return []Chart{
		Trend(r, c.forecast(), who, c.punctual), Comparison(r, r.Departments, who, c.punctual), Stack(r, r.Company, who, c.onTime), Funnel(r, r.Company.Funnels[0], who),
		Distribution(r, who, r.Scores), Calendar(r, r.Company, who), Bullet(r, d.Line, d.Department.Name, r.KPIs), Heatmap(r, r.Departments, who, r.KPIs), Strip(r, who, r.Scores),
		Control(r, r.Company, who, c.punctual), Waterfall(r, person, fixtureParts(c, 0)), WaterfallChange(r, person, fixtureParts(c, 3), fixtureParts(c, 0)),
		Radar(r, person, fixtureScore(c)), Pareto(r, who, details.Late, nil), Sankey(r, who, details, nil), Gantt(r, who, details.Nodes),
	}
}
