package policy_test

import (
	"slices"
	"strings"
	"testing"

	"plumbline/internal/fixed"
	"plumbline/policy"
)

// strict is a scorecard with everything that a scorecard can have.
const strict = `strict:
  name: {zh: 职能考核表, en: Support scorecard}
  applies_to: {department_kind: support}
  kpi_share: 60
  superior_share: 40
  missing: neutral
  neutral_points: 90
  cap: 107.5
  items:
    - {kpi: log_punctuality, weight: 50, target: 95}
    - {kpi: logged_hours_rate, weight: 50, target: 100, curve: [[60, 0], [100, 100], [120, 120]]}
  penalties:
    - {kpi: incidents_found, each: 2.5, most: 15, band_limit: C}
  band_limits:
    - {kpi: log_punctuality, below: 80, band: B}
    - {kpi: incidents_found, above: 3, band: D}
  distribution: {shares: {S: 10, A: 20, B: 50, C: 15, D: 5}, from: 10, lift: true}
`

// full is the default policy with the strict scorecard before the others, the KPI that it goes by, a ratio with all that it may have, an
// office held by number and a budget of rewards.
func full() policy.Source {
	s := policy.Default()
	s = with(s, "company.yaml", strings.NewReplacer("  finance: {positions: ", "  finance: {employees: [\"00100\"], positions: ", "  rotation_years: 2\n", "  rotation_years: 2\n  budget: 500000\n").Replace(s[0].Text))
	i := slices.IndexFunc(s, func(f policy.File) bool { return f.Name == "kpis.yaml" })
	s = with(s, "kpis.yaml", strings.Replace(s[i].Text, "    to: won_amount\n", "    to: won_amount\n    minimum: 3\n    listed: true\n", 1))
	s = with(s, "kpis.yaml+", "incidents_found:\n  name: {zh: 事件, en: Incidents}\n  dataset: incidents\n"+
		"  counts_on: found_at\n  numerator: {count: \"TRUE\"}\n  applies_to: {department_kind: [support, sales]}\n  unit: count\n  better: lower\n")
	i = slices.IndexFunc(s, func(f policy.File) bool { return f.Name == "scorecards.yaml" })
	return with(s, "scorecards.yaml", strict+s[i].Text)
}

func TestScorecardHoldsWhatIsDeclared(t *testing.T) {
	p := check(t, open(t), full())
	s := p.ScorecardFor("support")
	if s.ID != "strict" || s.Missing != policy.Neutral || s.NeutralPoints != fixed.Int(90) || *s.Cap != fixed.MustParse("107.5") {
		t.Errorf("scorecard: %+v", s)
	}
	incidents, logs := p.KPI("incidents_found"), p.KPI("log_punctuality")
	if want := []policy.Penalty{{KPI: incidents, Each: fixed.MustParse("2.5"), Most: fixed.Int(15), BandLimit: &p.Bands[3]}}; !slices.Equal(s.Penalties, want) {
		t.Errorf("penalties: %+v", s.Penalties)
	}
	want := []policy.BandLimit{{KPI: logs, Figure: fixed.Int(80), Band: &p.Bands[2]}, {KPI: incidents, Figure: fixed.Int(3), Band: &p.Bands[4]}}
	if !slices.Equal(s.BandLimits, want) {
		t.Errorf("band limits: %+v", s.BandLimits)
	}
	shares := []fixed.Num{fixed.Int(10), fixed.Int(20), fixed.Int(50), fixed.Int(15), fixed.Int(5)}
	if d := s.Distribution; !slices.Equal(d.Shares, shares) || d.From != 10 || !d.Lift {
		t.Errorf("distribution: %+v", d)
	}
	var bonuses []string
	for _, b := range p.Bands {
		bonuses = append(bonuses, b.Bonus.String())
	}
	if got := strings.Join(bonuses, " "); got != "1.5 1.2 1 0.8 0" {
		t.Errorf("bonus coefficients %s", got)
	}
}

func TestScorecardDeclaresNothingByItself(t *testing.T) {
	p := check(t, open(t), base(t))
	s := p.Scorecards[0]
	if s.Missing != policy.Redistribute || s.NeutralPoints != 0 || s.Cap != nil || s.Penalties != nil || s.BandLimits != nil || s.Distribution != nil || p.Bands[0].Bonus != nil {
		t.Errorf("%+v", s)
	}
}

// To be missing data is neutral at 100 points, unless it says otherwise.
func TestNeutralPoints(t *testing.T) {
	text := strings.Replace(strict, "  neutral_points: 90\n", "", 1)
	s := with(full(), "scorecards.yaml", text)
	s = with(s, "company.yaml", withoutExtras(t, s[0].Text)) // of KPIs of the other scorecards
	if got := check(t, open(t), s).Scorecards[0].NeutralPoints; got != fixed.Int(100) {
		t.Errorf("neutral points %s, want 100", got)
	}
}

// withoutExtras takes the extras out of a company.yaml.
func withoutExtras(t *testing.T, text string) string {
	t.Helper()
	before, rest, ok := strings.Cut(text, "  extras:")
	_, after, ok2 := strings.Cut(rest, "  incident:")
	if !ok || !ok2 {
		t.Fatal("there are no extras")
	}
	return before + "  incident:" + after
}

// The figure itself is good enough, and the direction is the KPI's.
func TestBandLimitMissed(t *testing.T) {
	for _, test := range []struct {
		higher bool
		value  string
		want   bool
	}{
		{true, "79.9999", true}, {true, "80", false}, {true, "80.0001", false},
		{false, "79.9999", false}, {false, "80", false}, {false, "80.0001", true},
	} {
		l := policy.BandLimit{KPI: &policy.KPI{HigherIsBetter: test.higher}, Figure: fixed.Int(80)}
		if got := l.Missed(fixed.MustParse(test.value).Rat()); got != test.want {
			t.Errorf("higher is better %v: %s misses 80: %v", test.higher, test.value, got)
		}
	}
}
