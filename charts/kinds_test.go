package charts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// TestEveryKindIsInert: whatever names say, options hold no template that they could fill in, no function, no mark that turns the direction
// of writing, and as JSON nothing that closes a script, in both languages and at both widths.
func TestEveryKindIsInert(t *testing.T) {
	c := newCompany()
	c.report.Details = fixtureDetails(c)
	long := strings.Repeat("很长的名字"+poison, 8)[:900]
	c.report.Departments[3].Department.Name = policy.Text{ZH: long, EN: long}
	c.report.Details.Nodes[0].Project = long
	c.report.Details.Late.Rows[0].Cause = long + "😀"
	for _, k := range []*policy.KPI{c.hours, c.complaints} {
		k.Name = policy.Text{ZH: "{n|" + poison, EN: "{n|" + poison}
	}
	set := append(everyKind(c), ForDepartment(c.report, c.department("D1/2"))...)
	template := regexp.MustCompile(`\{[a-e@]\d*\}`)
	for _, chart := range set {
		for _, width := range []int{wideWidth, narrowWidth} {
			for _, l := range []policy.Lang{policy.ZH, policy.EN} {
				text, err := chart.At(width).Option(l, Light)
				if err != nil {
					t.Fatal(err)
				}
				if bytes.Contains(text, []byte("</script")) {
					t.Errorf("%s closes a script", chart.ID)
				}
				var option map[string]any
				if err := json.Unmarshal(text, &option); err != nil {
					t.Fatal(err)
				}
				walk(option, "", func(key, s string) {
					if key == "formatter" && template.MatchString(s) {
						t.Errorf("%s: formatter %q would be filled in", chart.ID, s)
					}
					if key != "description" && strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Cf, r) }) {
						t.Errorf("%s: %s %q turns its direction", chart.ID, key, s)
					}
					if strings.HasPrefix(strings.TrimSpace(s), "function") || strings.Contains(s, "=>") {
						t.Errorf("%s: %s is code: %q", chart.ID, key, s)
					}
				})
			}
		}
	}
}

// TestEveryKindSaysItHasNothing: of a report without data no kind draws anything, and each says why in both languages.
func TestEveryKindSaysItHasNothing(t *testing.T) {
	c := newCompany()
	bare := &metrics.Report{Period: mustPeriod("2026Q3"), KPIs: []*policy.KPI{c.conversion, c.amount}}
	who := word("公司", "Company")
	for _, chart := range []Chart{
		Bullet(bare, bare.Company, who, bare.KPIs), Heatmap(bare, nil, who, bare.KPIs), Strip(bare, who, nil), Control(bare, bare.Company, who, c.conversion),
		Waterfall(bare, who, nil), WaterfallChange(bare, who, nil, nil), WaterfallChange(bare, who, nil, fixtureParts(c, 0)), Radar(bare, who, metrics.Score{}),
		Pareto(bare, who, nil, nil), Pareto(bare, who, &metrics.Causes{KPI: c.onTime}, nil), Sankey(bare, who, nil, nil), Sankey(bare, who, &metrics.Details{}, nil), Gantt(bare, who, nil),
	} {
		if chart.Empty.ZH == "" || chart.Empty.EN == "" || chart.Title.ZH == "" || chart.Title.EN == "" {
			t.Errorf("%s: %q, %q", chart.ID, chart.Title, chart.Empty)
		}
		if _, err := chart.Option(policy.EN, Dark); err != nil {
			t.Error(err)
		}
	}
}

// TestStripHidesNobody: A has 3 scores, B 4, C 6 and D 9. A and B together are seven and shown as one. Of 3, 6 and 9 the three are shown
// with the six, since alone they would be what the others leave. Four in all are not shown.
func TestStripHidesNobody(t *testing.T) {
	r := &metrics.Report{Period: mustPeriod("2026Q3")}
	people := func(sizes ...int) (scores []metrics.PersonScore) {
		r.Departments = nil
		for i, n := range sizes {
			id := string(rune('A' + i))
			r.Departments = append(r.Departments, metrics.DepartmentLine{Department: metrics.Department{ID: id, Name: same(id)}})
			for j := range n {
				total := fixed.Int(int64(60 + 10*i + j))
				scores = append(scores, metrics.PersonScore{Department: id, Total: &total})
			}
		}
		return scores
	}
	for _, c := range []struct {
		sizes []int
		want  string
	}{{[]int{3, 4, 6, 9}, "D 9, C 6, A、B（合并） 7"}, {[]int{3, 6, 9}, "C 9, A、B（合并） 9"}, {[]int{9, 6}, "B 6, A 9"}, {[]int{1, 1, 1, 1, 1, 7}, "F 7, 5 个小部门合并 5"}} {
		var got []string
		for _, row := range Strip(r, word("x", "x"), people(c.sizes...)).Figures.Rows {
			got = append(got, row[0].Text.ZH+" "+row[1].Text.ZH)
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%v: %s, want %s", c.sizes, s, c.want)
		}
	}
	if few := Strip(r, word("x", "x"), people(1, 3)); few.Empty == (policy.Text{}) || few.Figures.Rows != nil || strings.Contains(few.spoken(policy.ZH), "70") {
		t.Errorf("four scores are shown: %q", few.spoken(policy.ZH))
	}
}

// TestQuartiles: of 60 70 80 90 and 100 they are themselves; of 60 70 80 90 they lie a quarter, a half and three quarters of the way: 67.5,
// 75, 82.5.
func TestQuartiles(t *testing.T) {
	text := func(scores ...int64) (s string) {
		var totals []fixed.Num
		for _, x := range scores {
			totals = append(totals, fixed.Int(x))
		}
		for _, x := range fiveOf(totals) {
			s += " " + fixed.Text(x, 1)
		}
		return s
	}
	if got := text(60, 70, 80, 90, 100) + text(60, 70, 80, 90) + text(5, 5); got != " 60.0 70.0 80.0 90.0 100.0 60.0 67.5 75.0 82.5 90.0 5.0 5.0 5.0 5.0 5.0" {
		t.Errorf("got %s", got)
	}
}

// TestControlSignals: eleven months about 80 % and one of 40 % for the worse; of complaints the same is for the better. With five months it
// says that this is too few.
func TestControlSignals(t *testing.T) {
	c := newCompany()
	r := c.report
	for _, k := range []*policy.KPI{c.onTime, c.complaints} {
		line := metrics.Line{Months: make([][]metrics.Value, len(r.KPIs))}
		at := 1
		if k == c.complaints {
			at = 5
		}
		for m := range r.Months {
			good := int64(160 + m%2*4)
			if m == 9 {
				good = 80
			}
			v := metrics.Value{KPI: k, Period: r.Months[m], N: fixed.Int(200), Ratio: fixed.Ratio{Num: fixed.Int(good), Den: fixed.Int(200)}}
			line.Months[at] = append(line.Months[at], finish(v))
		}
		chart := Control(r, line, word("一部", "One"), k)
		colour := map[bool]string{true: paletteOf(Light).Bad, false: paletteOf(Light).Good}[k.HigherIsBetter]
		option, err := chart.Option(policy.ZH, Light)
		if err != nil || !strings.Contains(chart.Headline.ZH, "14 个月中有 1 个超出自然过程界限") || !strings.Contains(chart.Headline.ZH, "2026年4月 40.0% 低于下限") ||
			!bytes.Contains(option, []byte("▼ 40.0%")) || !bytes.Contains(option, []byte(`"symbol":"diamond"`)) || !bytes.Contains(option, []byte(fmt.Sprintf(`"color":%q,"fontFamily"`, colour))) {
			t.Errorf("%s: %s %v", k.ID, chart.Headline.ZH, err)
		}
		line.Months[at] = line.Months[at][:5]
		few := Control(r, line, word("一部", "One"), k)
		if option, _ := few.Option(policy.ZH, Light); !strings.Contains(few.Headline.ZH, "只有 5 个，少于 6 个") || bytes.Contains(option, []byte("上限")) {
			t.Errorf("five months: %s", few.Headline.ZH)
		}
	}
}

// TestFallsAddUp: the sums of the figures end in the score and in its change.
func TestFallsAddUp(t *testing.T) {
	c := newCompany()
	now, before := fixtureParts(c, 0), fixtureParts(c, 3)
	last := func(chart Chart) []Cell { return chart.Figures.Rows[len(chart.Figures.Rows)-1] }
	if row := last(Waterfall(c.report, word("张三", "Zhang San"), now)); row[1].Text.ZH != "88.83" || row[2].Text.ZH != "88.83" {
		t.Errorf("the score is %v", row)
	}
	chart := WaterfallChange(c.report, word("张三", "Zhang San"), before, now)
	rows := chart.Figures.Rows
	if row := last(chart); row[1].Text.ZH != "−1.50" || rows[len(rows)-2][2].Text.ZH != "-1.50" {
		t.Errorf("the change is %v after %v", row, rows[len(rows)-2])
	}
	gone := steps(c.report, []metrics.ScorePart{{Kind: metrics.PartPenalty, KPI: c.complaints, Points: -fixed.Int(4)}}, nil)
	if len(gone) != 1 || gone[0].points != fixed.Int(4) {
		t.Errorf("a penalty that is gone: %+v", gone)
	}
}

// TestBulletPointsOneWay: of a KPI of which lower is better, half the target is twice attained, and nothing at all is as good as can be.
func TestBulletPointsOneWay(t *testing.T) {
	lower := rate("r", "投诉率", "Complaint rate", false)
	target := fixed.Int(10)
	for num, want := range map[int64]string{5: "200", 10: "100", 20: "50", 0: "150"} {
		v := finish(metrics.Value{KPI: lower, N: fixed.Int(100), Ratio: fixed.Ratio{Num: fixed.Int(num), Den: fixed.Int(100)}, Target: &target})
		if got, ok := attained(v); !ok || got.FloatString(0) != want {
			t.Errorf("%d of 100: %v, want %s", num, got, want)
		}
	}
	if _, ok := attained(metrics.Value{KPI: lower, Status: metrics.NoData, Target: &target}); ok {
		t.Error("no data attains something")
	}
}

// TestPagesDrawDetails: with details the company's page has causes, milestones and approvals, a department's those of its people.
func TestPagesDrawDetails(t *testing.T) {
	c := newCompany()
	c.report.Details = fixtureDetails(c)
	for _, chart := range []string{"heatmap-departments", "pareto-late", "gantt-milestones", "sankey-approvals", "strip-scores"} {
		find(t, ForCompany(c.report), chart)
	}
	of := ForDepartment(c.report, c.department("D3"))
	if got := find(t, of, "pareto-late").Headline.ZH; !strings.Contains(got, "3.5 件") {
		t.Errorf("late in D3: %s", got)
	}
	if got := find(t, of, "sankey-approvals").Headline.ZH; !strings.Contains(got, "8 件审批中 0 件") {
		t.Errorf("approvals in D3: %s", got)
	}
	for _, chart := range ForDepartment(c.report, c.department("D1-1")) {
		if strings.Contains(chart.ID, "pareto") || strings.Contains(chart.ID, "gantt") || strings.Contains(chart.ID, "sankey") {
			t.Errorf("a department without any has %s", chart.ID)
		}
	}
	find(t, ForDepartment(c.report, c.department("D1-1")), "bullet-targets")
	find(t, ForDepartment(c.report, c.department("D2")), "control-on-time-rate")
}
