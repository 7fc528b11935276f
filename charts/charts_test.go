package charts

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

var update = flag.Bool("update", false, "write goldens instead of comparing with them")

// golden compares with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run go test ./charts -update", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", name, diff)
	}
}

func (c company) department(id string) metrics.DepartmentLine {
	for _, d := range c.report.Departments {
		if d.Department.ID == id {
			return d
		}
	}
	panic("no department " + id)
}

// find gives the chart whose id ends in suffix.
func find(t *testing.T, set []Chart, suffix string) Chart {
	t.Helper()
	for _, c := range set {
		if strings.HasSuffix(c.ID, suffix) {
			return c
		}
	}
	t.Fatalf("no chart %s", suffix)
	return Chart{}
}

// TestOptions keeps words, figures and option of each kind of chart.
func TestOptions(t *testing.T) {
	c := newCompany()
	company := ForCompany(c.report)
	poisoned := ForDepartment(c.report, c.department("D1/2"))
	cases := map[string]Chart{
		"trend-with-intervals-and-target": find(t, ForDepartment(c.report, c.department("D1-1")), "trend-conversion-rate"),
		"trend-insufficient-months":       find(t, poisoned, "trend-conversion-rate"),
		"trend-months-without-data":       find(t, company, "trend-on-time-rate"),
		"trend-forecast":                  Trend(c.report, c.forecast(), c.report.Policy.Company.Name, c.punctual),
		"trend-money":                     Trend(c.report, c.report.Company, c.report.Policy.Company.Name, c.amount),
		"trend-no-data":                   Trend(c.report, c.report.Company, c.report.Policy.Company.Name, c.satisfaction),
		"comparison":                      find(t, company, "comparison-log-punctuality"),
		"comparison-lower-is-better":      find(t, company, "comparison-complaint-rate"),
		"stack":                           find(t, company, "stack-on-time-rate"),
		"funnel":                          find(t, company, "funnel-sales-funnel"),
		"distribution":                    find(t, company, "distribution-scores"),
		"calendar":                        find(t, company, "calendar-logs"),
		"bullet":                          Bullet(c.report, c.department("D1-1").Line, c.department("D1-1").Department.Name, c.report.KPIs),
		"heatmap":                         Heatmap(c.report, c.report.Departments[:3], c.report.Policy.Company.Name, c.report.KPIs[:4]),
		"pareto":                          Pareto(c.report, c.report.Policy.Company.Name, fixtureDetails(c).Late, nil),
		"sankey":                          Sankey(c.report, c.report.Policy.Company.Name, fixtureDetails(c), nil),
		"gantt":                           Gantt(c.report, c.report.Policy.Company.Name, fixtureDetails(c).Nodes),
		"control":                         Control(c.report, c.report.Company, c.report.Policy.Company.Name, c.punctual),
		"waterfall":                       Waterfall(c.report, word("张三", "Zhang San"), fixtureParts(c, 0)),
		"waterfall-change":                WaterfallChange(c.report, word("张三", "Zhang San"), fixtureParts(c, 3), fixtureParts(c, 0)),
		"radar":                           Radar(c.report, word("张三", "Zhang San"), fixtureScore(c)),
		"strip":                           Strip(c.report, c.report.Policy.Company.Name, c.report.Scores),
	}
	for name, chart := range cases {
		t.Run(name, func(t *testing.T) {
			option, err := chart.Option(policy.ZH, Light)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			for _, l := range []policy.Lang{policy.ZH, policy.EN} {
				b.WriteString(strings.Join([]string{chart.Headline.In(l), chart.Title.In(l), chart.Description.In(l), chart.Empty.In(l)}, "\n") + "\n")
			}
			for _, row := range chart.Figures.Rows {
				for _, cell := range row {
					b.WriteString(cell.Text.ZH + "\t")
				}
				b.WriteString("\n")
			}
			if err := json.Indent(&b, option, "", " "); err != nil {
				t.Fatal(err)
			}
			b.WriteString("\n")
			golden(t, name+".txt", b.Bytes())
		})
	}
}

// TestOptionsAreData walks every option of every page: no string may be a template that a name could fill in or a function, and no
// tooltip may be HTML.
func TestOptionsAreData(t *testing.T) {
	r := newCompany().report
	sets := append([]Chart{}, ForCompany(r)...)
	for _, d := range r.Departments {
		sets = append(sets, ForDepartment(r, d)...)
	}
	template := regexp.MustCompile(`\{[a-e@]\d*\}|\{b\|`)
	for _, c := range sets {
		for _, l := range []policy.Lang{policy.ZH, policy.EN} {
			for _, theme := range []Theme{Light, Dark, Print} {
				text, err := c.Option(l, theme)
				if err != nil {
					t.Fatal(err)
				}
				var option map[string]any
				if err := json.Unmarshal(text, &option); err != nil {
					t.Fatal(err)
				}
				if mode := option["tooltip"].(map[string]any)["renderMode"]; mode != "richText" {
					t.Errorf("%s: tooltips are drawn as %v", c.ID, mode)
				}
				walk(option, "", func(key, s string) {
					if key == "formatter" && template.MatchString(s) && !strings.HasPrefix(s, "{n|") {
						t.Errorf("%s: formatter %q would be filled in", c.ID, s)
					}
					if key != "description" && strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Cf, r) }) {
						t.Errorf("%s: %s %q turns its direction", c.ID, key, s)
					}
					if strings.HasPrefix(strings.TrimSpace(s), "function") || strings.Contains(s, "=>") {
						t.Errorf("%s: %s is code: %q", c.ID, key, s)
					}
				})
			}
		}
	}
}

func walk(v any, key string, visit func(key, s string)) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			walk(x, k, visit)
		}
	case []any:
		for _, x := range v {
			walk(x, key, visit)
		}
	case string:
		visit(key, v)
	}
}

func TestHeadlines(t *testing.T) {
	num := func(s string) *fixed.Num { n := fixed.MustParse(s); return &n }
	higher, lower := rate("r", "准时率", "On-time rate", true), rate("r", "投诉率", "Complaint rate", false)
	value := func(k *policy.KPI, n, d int64, low, high float64, target string) metrics.Value {
		v := metrics.Value{KPI: k, Period: mustPeriod("2026Q3"), Ratio: fixed.Ratio{Num: fixed.Int(n), Den: fixed.Int(d)}, N: fixed.Int(d), Status: metrics.OK,
			Low: low, High: high, HasInterval: true}
		if target != "" {
			v.Target = num(target)
		}
		return v
	}
	few := value(higher, 1, 3, 6, 79, "85")
	few.Status = metrics.Insufficient
	exact := value(higher, 9, 10, 0, 0, "90")
	exact.HasInterval = false
	for _, c := range []struct {
		name   string
		v, was metrics.Value
		zh, en string
	}{
		{"above", value(higher, 180, 200, 85.1, 93.4, "85"), metrics.Value{}, "一部 准时率 90.0%，达到目标 85.0%，高出 5.0 个百分点", "一部: On-time rate 90.0%, meets the target of 85.0% by 5.0 pp"},
		{"below", value(higher, 150, 200, 68.6, 80.5, "85"), metrics.Value{}, "一部 准时率 75.0%，低于目标 85.0%，差 10.0 个百分点", "一部: On-time rate 75.0%, misses the target of 85.0% by 10.0 pp"},
		{"inside the interval", value(higher, 168, 200, 78.3, 88.4, "85"), metrics.Value{}, "一部 准时率 84.0%，与目标 85.0% 无显著差异（95% 区间 78.3% 至 88.4%）",
			"一部: On-time rate 84.0%, no significant difference from the target of 85.0% (95% interval 78.3% to 88.4%)"},
		{"on the edge of the interval", value(higher, 168, 200, 85, 88.4, "85"), metrics.Value{}, "一部 准时率 84.0%，与目标 85.0% 无显著差异（95% 区间 85.0% 至 88.4%）",
			"一部: On-time rate 84.0%, no significant difference from the target of 85.0% (95% interval 85.0% to 88.4%)"},
		{"lower is better, met", value(lower, 2, 200, 0.3, 3.6, "5"), metrics.Value{}, "一部 投诉率 1.0%，达到目标 5.0%（越低越好），低 4.0 个百分点",
			"一部: Complaint rate 1.0%, meets the target of 5.0% (lower is better) by 4.0 pp"},
		{"lower is better, missed", value(lower, 30, 200, 10.7, 20.6, "5"), metrics.Value{}, "一部 投诉率 15.0%，高于目标 5.0%（越低越好），超出 10.0 个百分点",
			"一部: Complaint rate 15.0%, misses the target of 5.0% (lower is better) by 10.0 pp"},
		{"exactly", exact, metrics.Value{}, "一部 准时率 90.0%，恰好达到目标 90.0%", "一部: On-time rate 90.0%, exactly on the target of 90.0%"},
		{"insufficient", few, metrics.Value{}, "一部 准时率 33.3%，样本不足 n=3（至少需要 5），不作判断", "一部: On-time rate 33.3%, too few cases, n=3 (at least 5 needed): no judgement"},
		{"no data", metrics.Value{KPI: higher, Period: mustPeriod("2026Q3"), Status: metrics.NoData}, metrics.Value{}, "一部 准时率：2026年第3季度无数据（没有计入的记录）",
			"一部: On-time rate: no data for Q3 2026 (no records count towards it)"},
		{"changed beyond the intervals", value(higher, 180, 200, 85.1, 93.4, ""), value(higher, 140, 200, 63.3, 75.9, ""), "一部 准时率 90.0%，较上季度上升 20.0 个百分点",
			"一部: On-time rate 90.0%, up 20.0 pp on the quarter before"},
		{"changed within the intervals", value(higher, 180, 200, 85.1, 93.4, ""), value(higher, 178, 200, 83.9, 92.6, ""), "一部 准时率 90.0%", "一部: On-time rate 90.0%"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.was.KPI == nil {
				c.was.Status = metrics.NoData
			}
			got := both(func(l policy.Lang) string { return sentence(c.v, c.was, "一部", scaleOf(c.v.KPI, l, c.v)) })
			if diff := cmp.Diff(policy.Text{ZH: c.zh, EN: c.en}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMoney(t *testing.T) {
	k := sum("m", "金额", "Amount", policy.Money)
	for _, c := range []struct {
		yuan   int64
		zh, en string
	}{{98_765, "9.88 万元", "98.8k"}, {123_456, "12.3 万元", "123.5k"}, {12_345_678, "1,234.6 万元", "12.35M"}, {-50_000, "−5.00 万元", "−50.0k"}, {0, "0.00 万元", "0.0k"}} {
		v := metrics.Value{KPI: k, Ratio: fixed.Ratio{Num: fixed.Int(c.yuan), Den: fixed.Int(1)}, N: fixed.Int(1), Status: metrics.OK}
		r, _ := v.Exact()
		got := both(func(l policy.Lang) string { return scaleOf(k, l, v).text(r) })
		if diff := cmp.Diff(policy.Text{ZH: c.zh, EN: c.en}, got); diff != "" {
			t.Errorf("%d: %s", c.yuan, diff)
		}
	}
}

// TestDistributionIsWithheld: four people would recognise each other's scores.
func TestDistributionIsWithheld(t *testing.T) {
	r := newCompany().report
	score := fixed.Int(88)
	people := []metrics.PersonScore{{Total: &score}, {Total: &score}, {Total: &score}, {Total: &score}, {}}
	c := Distribution(r, word("一部", "One"), people)
	if c.Empty == (policy.Text{}) || c.Figures.Rows != nil || strings.Contains(c.spoken(policy.ZH), "88") {
		t.Errorf("four scores are shown: %q, %v", c.spoken(policy.ZH), c.Figures)
	}
	option, err := c.Option(policy.ZH, Light)
	if err != nil || bytes.Contains(option, []byte("88")) {
		t.Errorf("four scores are drawn: %s, %v", option, err)
	}
	people[4].Total = &score
	if c := Distribution(r, word("一部", "One"), people); c.Empty != (policy.Text{}) || len(c.Figures.Rows) != 5 {
		t.Errorf("five scores are not shown: %q", c.Empty.ZH)
	}
}

func TestBandsCountEveryoneOnce(t *testing.T) {
	p := newCompany().report.Policy
	totals := []fixed.Num{fixed.MustParse("-3"), 0, fixed.MustParse("59.99"), fixed.Int(60), fixed.MustParse("104.9999"), fixed.Int(105), fixed.Int(120)}
	got := map[string]int{}
	for _, b := range bandsOf(p, totals) {
		got[b.name.ZH] = b.people
	}
	want := map[string]int{"未入等级": 1, "待改进": 2, "合格": 1, "良好": 0, "优秀": 1, "卓越": 2}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	low, counts := bins(totals)
	if whole := 0; low != -5 || len(counts) != 26 {
		t.Errorf("bars start at %d, %d of them (%d)", low, len(counts), whole)
	}
}

func TestWrapLosesNothing(t *testing.T) {
	for _, s := range []string{"", "华东大客户与渠道合作伙伴联合发展事业组", "East China key accounts and channel partner development group", strings.Repeat("x", 80), "研发（北京）中心", "a 中 b", "𠮷野家"} {
		for _, limit := range []float64{1, 30, 84, 150, 400} {
			got := balanced(s, 12, limit)
			if strip(got) != strip(s) {
				t.Errorf("wrap %q at %v gives %q", s, limit, got)
			}
			for _, line := range strings.Split(got, "\n") {
				if textWidth(line, 12) > limit && len([]rune(line)) > 1 {
					t.Errorf("wrap %q at %v: line %q is %v wide", s, limit, line, textWidth(line, 12))
				}
			}
		}
	}
}

func strip(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\n", " ")), "")
}

func TestSortedBestFirst(t *testing.T) {
	c := newCompany()
	for _, kpi := range []*policy.KPI{c.conversion, c.complaints} {
		rows, _ := comparedRows(c.report, c.report.Departments, kpi)
		for i := 1; i < len(rows); i++ {
			a, okA := rows[i-1].now.Float()
			b, okB := rows[i].now.Float()
			if okA && okB && rows[i].now.Status == metrics.OK && (a < b) == kpi.HigherIsBetter && a != b {
				t.Errorf("%s: %v stands before %v", kpi.ID, a, b)
			}
		}
	}
}

func TestDepartmentFilesAreDistinctAndPlain(t *testing.T) {
	r := &metrics.Report{}
	ids := []string{"D1", "d1", "a-b", "a_b", "a/b", "../../x", "CON", "销售", "市场", "", strings.Repeat("z", 90)}
	for _, id := range ids {
		r.Departments = append(r.Departments, metrics.DepartmentLine{Department: metrics.Department{ID: id}})
	}
	seen := map[string]string{}
	for _, id := range ids {
		name := departmentSlug(r, id)
		if other, taken := seen[name]; taken || !regexp.MustCompile(`^department-[a-z0-9-]{1,60}$`).MatchString(name) {
			t.Errorf("%q is called %q, as is %q", id, name, other)
		}
		seen[name] = id
	}
}

func TestMissingLibraryIsNamed(t *testing.T) {
	_, err := libraryIn(fstest.MapFS{"assets/README.md": {}})
	if err != ErrNoLibrary || !strings.Contains(err.Error(), "make charts/assets/echarts.min.js") || !strings.Contains(err.Error(), "npm ci") {
		t.Errorf("got %v", err)
	}
}

// TestEmptyReport: a report of nothing gives charts that say so, and never a panic.
func TestEmptyReport(t *testing.T) {
	c := newCompany()
	bare := &metrics.Report{Period: mustPeriod("2026-07"), KPIs: []*policy.KPI{c.conversion, c.amount}}
	for _, chart := range append(ForCompany(bare), Trend(bare, bare.Company, word("x", "x"), c.amount), Comparison(bare, nil, word("x", "x"), c.conversion)) {
		if chart.Empty == (policy.Text{}) {
			t.Errorf("%s draws something from nothing", chart.ID)
		}
		if _, err := chart.Option(policy.EN, Dark); err != nil {
			t.Error(err)
		}
	}
}

// TestPagesLeadWithWhatCounts: a page draws the KPIs of its scorecards, then those with a target; it lists the others by dataset, and names
// those without data. In the fixture sales are judged by conversion and punctuality and have a target for complaints, nobody has one for the
// amount won, and nobody has answered on satisfaction.
func TestPagesLeadWithWhatCounts(t *testing.T) {
	c := newCompany()
	names := func(kpis []*policy.KPI) (ids []string) {
		for _, k := range kpis {
			ids = append(ids, k.ID)
		}
		return ids
	}
	listed := func(o Others) (ids []string) {
		for _, g := range o.Groups {
			for _, row := range g.Rows {
				ids = append(ids, row.KPI.ID)
			}
		}
		return ids
	}
	for _, page := range []struct {
		name                  string
		set                   []Chart
		others                Others
		drawn, listed, absent []string
	}{
		{"sales", ForDepartment(c.report, c.department("D1-1")), OthersOfDepartment(c.report, c.department("D1-1")),
			[]string{"conversion_rate", "log_punctuality", "logged_hours_rate", "complaint_rate"}, []string{"won_amount"}, []string{"on_time_rate", "satisfaction"}},
		{"engineering", ForDepartment(c.report, c.department("D2")), OthersOfDepartment(c.report, c.department("D2")),
			[]string{"on_time_rate", "log_punctuality", "logged_hours_rate"}, nil, []string{"conversion_rate", "won_amount", "complaint_rate", "satisfaction"}},
		{"company", ForCompany(c.report), OthersOfCompany(c.report),
			[]string{"conversion_rate", "log_punctuality", "on_time_rate", "logged_hours_rate", "complaint_rate"}, []string{"won_amount"}, []string{"satisfaction"}},
	} {
		var drawn []string
		for _, chart := range page.set {
			if _, id, ok := strings.Cut(chart.ID, "-trend-"); ok {
				drawn = append(drawn, strings.ReplaceAll(id, "-", "_"))
			}
		}
		if diff := cmp.Diff([][]string{page.drawn, page.listed, page.absent}, [][]string{drawn, listed(page.others), names(page.others.Without)}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", page.name, diff)
		}
	}
}

// TestOthersInWords: amounts won of the quarter and of the one before are 160/2 + (7m + 35 + 12) mod 11 cases a month at 18,000 + 700 m each;
// the small picture has a bar a month, the highest 24 pixels high.
func TestOthersInWords(t *testing.T) {
	c := newCompany()
	o := OthersOfCompany(c.report)
	row := o.Groups[0].Rows[0]
	got := fillOther(c.report, row, policy.ZH)
	cases := func(m int64) int64 { return 80 + (m*7+7*5+4*3)%11 }
	won := func(m int64) int64 { return cases(m) * (18_000 + m*700) }
	now, before := won(12)+won(13)+won(14), won(9)+won(10)+won(11)
	wan := func(yuan int64) string {
		return fixed.Grouped(fixed.Int(yuan).Rat().Quo(fixed.Int(yuan).Rat(), fixed.Int(10_000).Rat()).FloatString(1)) + " 万元"
	}
	if got.Now != wan(now) || got.Before != wan(before) || got.Change != "▲ "+wan(now-before) || got.Good != "good" {
		t.Errorf("got %s, before %s, %s %s; want %s, %s, %s", got.Now, got.Before, got.Change, got.Good, wan(now), wan(before), wan(now-before))
	}
	highest, within := 0, 0
	for _, b := range got.Bars {
		highest = max(highest, b.Height)
		if b.Kind == "now" {
			within++
		}
		if b.Y+b.Height != barHeight {
			t.Errorf("a bar does not stand on the ground: %+v", b)
		}
	}
	if len(got.Bars) != 15 || highest != barHeight || within != 3 {
		t.Errorf("%d bars, the highest %d, %d within the quarter", len(got.Bars), highest, within)
	}
	low := metrics.Value{KPI: c.complaints, N: fixed.Int(900), Ratio: fixed.Ratio{Num: fixed.Int(9), Den: fixed.Int(900)}}
	high := metrics.Value{KPI: c.complaints, N: fixed.Int(900), Ratio: fixed.Ratio{Num: fixed.Int(90), Den: fixed.Int(900)}}
	if text, good := changed(finish(low), finish(high), scaleOf(c.complaints, policy.ZH)); text != "▼ 9.0 个百分点" || good != "good" {
		t.Errorf("fewer complaints: %q is %q", text, good)
	}
	if text, good := changed(finish(low), finish(low), scaleOf(c.complaints, policy.ZH)); text != "≈ 无显著变化" || good != "" {
		t.Errorf("as many complaints: %q is %q", text, good)
	}
}

// TestWithheldSaysNothing: three answers are neither drawn nor said, in no place of the page.
func TestWithheldSaysNothing(t *testing.T) {
	c := newCompany()
	k := c.satisfaction
	k.Anonymous = true
	at := len(c.report.KPIs) - 1
	hide := func(l *metrics.Line) {
		for m := range l.Months[at] {
			l.Months[at][m] = metrics.Value{KPI: k, Period: c.report.Months[m], Status: metrics.Withheld}
		}
		l.Values[at] = metrics.Value{KPI: k, Period: c.report.Period, Status: metrics.Withheld}
	}
	hide(&c.report.Company)
	for i := range c.report.Departments {
		hide(&c.report.Departments[i].Line)
	}
	o := OthersOfCompany(c.report)
	if len(o.Withheld) != 1 || o.Withheld[0] != k || len(o.Without) != 0 {
		t.Errorf("withheld are %v, without data %v", o.Withheld, o.Without)
	}
	trend := Trend(c.report, c.report.Company, word("公司", "Company"), k)
	if got, want := trend.Headline.ZH, "公司 客户满意度：匿名答卷不足 5 份或可被推算，不显示"; got != want {
		t.Errorf("the headline is %s, want %s", got, want)
	}
	for _, chart := range []Chart{trend, Comparison(c.report, c.report.Departments, word("公司", "Company"), k)} {
		for _, row := range chart.Figures.Rows {
			for _, cell := range row[1:] {
				if s := cell.Text.ZH; s != "" && s != "不显示" {
					t.Errorf("%s shows %q", chart.ID, s)
				}
			}
		}
	}
}
