package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/books"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports/explain"
)

var updateExplain = flag.Bool("update-explain", false, "write what comes out into testdata/explain")

// explained are the pages that are kept as they read: a mover, somebody in two departments, a part-timer, somebody with too few data; a rate with its
// interval, and a sum whose target is broken down.
var explained = map[string][]string{
	"mover":           {"2026Q3", "00012"},
	"two_departments": {"2026Q3", "00035"},
	"part_time":       {"2026Q3", "00051"},
	"too_few":         {"2026Q3", "00050"},
	"rate":            {"2026Q3", "--kpi", "conversion_rate", "--department", "D001"},
	"sum":             {"2026Q3", "--kpi", "won_amount", "--department", "D001"},
	"occasions":       {"2026Q3", "--kpi", "log_coverage", "--employee", "00051"},
}

func TestExplainPages(t *testing.T) {
	data := filled(t)
	for name, args := range explained {
		for _, lang := range []string{"zh", "en"} {
			got := must(t, exitDone, append([]string{"explain", "--data", data, "--lang", lang}, args...)...)
			for _, fault := range follows(got) {
				t.Errorf("%s.%s: %s", name, lang, fault)
			}
			got = fingerprint.ReplaceAllString(got, "$1 ············") // they change with every word of the policy
			golden := filepath.Join("testdata", "explain", name+"."+lang+".txt")
			if *updateExplain {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("%s (-want +got; go test -update-explain writes it):\n%s", golden, diff)
			}
		}
	}
}

var fingerprint = regexp.MustCompile(`(指纹|fingerprint) [0-9a-f]{12}`)

// TestEveryFigureFollows recomputes the pages of everybody, under the default policy and under one with caps, penalties, limits and a distribution.
func TestEveryFigureFollows(t *testing.T) {
	for name, adopt := range map[string]func(testing.TB, string){"default": func(testing.TB, string) {}, "strict": adoptStrict} {
		t.Run(name, func(t *testing.T) {
			data := filled(t)
			adopt(t, data)
			all := map[string]string{}
			for _, of := range []string{"2026Q3", "2026-08"} {
				pages := everybody(t, data, of)
				sums := 0
				for who, page := range pages {
					sums += strings.Count(page, " = ")
					for _, fault := range follows(page) {
						t.Errorf("%s, %s: %s\n%s", of, who, fault, page)
						return
					}
				}
				if len(pages) < 100 || sums < 500 {
					t.Errorf("only %d pages with %d calculations", len(pages), sums)
				}
				for who, page := range pages {
					all[of+" "+who] = page
				}
			}
			if name == "strict" {
				says(t, all, "指标部分最多 100 分", "最多扣 3 分", "等级不高于", "舍去小数", "分布没有改变等级", "按名额为", "并列", "此时计 60 分", "此时计 0 分", "没有适用的考核表")
			}
		})
	}
}

// says wants every text to stand on one of the pages.
func says(t *testing.T, pages map[string]string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		found := false
		for _, page := range pages {
			found = found || strings.Contains(page, text)
		}
		if !found {
			t.Errorf("no page says %q", text)
		}
	}
}

// everybody gives the pages of all people in both languages.
func everybody(t *testing.T, data, of string) map[string]string {
	t.Helper()
	pages := map[string]string{}
	a := &app{out: &bytes.Buffer{}, err: &bytes.Buffer{}, now: clock, getenv: environment, data: data, memory: "1GiB"}
	err := a.with(t.Context(), func(b *books.Books) error {
		q, err := a.question(t.Context(), b, of, 0)
		if err != nil {
			return err
		}
		r, err := metrics.New(t.Context(), b, q)
		if err != nil {
			return err
		}
		var numbers []string
		for _, s := range r.Scores {
			numbers = append(numbers, s.Person.No)
		}
		list, err := metrics.Derive(t.Context(), b, q, numbers...)
		if err != nil {
			return err
		}
		for _, d := range list {
			for _, lang := range []policy.Lang{policy.ZH, policy.EN} {
				var page bytes.Buffer
				if err := explain.WritePerson(&page, d, nil, lang); err != nil {
					return err
				}
				pages[d.Person.No+"."+string(lang)] = page.String()
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// adoptStrict puts a policy into force that uses all that a scorecard may say, and has none for the support departments.
func adoptStrict(t testing.TB, data string) {
	t.Helper()
	dir := filepath.Join(data, "policy")
	kpis, err := os.ReadFile(filepath.Join(dir, "kpis.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"kpis.yaml": lateLogs + string(kpis), "scorecards.yaml": strict} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	must(t, exitDone, "policy", "adopt", "--data", data, "--effective", "2026-07-01", "--note", "strict")
}

const lateLogs = `late_logs:
  name: {zh: 迟填日志, en: Late logs}
  dataset: work_logs
  counts_on: work_date
  numerator: {count: "logged_on > work_date + log_within_days"}
  unit: count
  better: lower
`

const strict = `sales:
  name: {zh: 销售考核表, en: Sales scorecard}
  applies_to: {department_kind: sales}
  kpi_share: 70
  superior_share: 30
  missing: neutral
  neutral_points: 60
  cap: 100
  items:
    - {kpi: conversion_rate, weight: 60, target: 30, curve: [[50, 0], [100, 100], [120, 120]]}
    - {kpi: satisfaction_score, weight: 15, target: 4.5}
    - {kpi: log_coverage, weight: 25, target: 97, curve: [[60, 0], [100, 110]]}
  penalties:
    - {kpi: late_logs, each: 0.75, most: 3, band_limit: A}
  band_limits:
    - {kpi: log_punctuality, below: 80, band: C}
  distribution: {from: 10, shares: {S: 10, A: 20, B: 40, C: 20, D: 10}}

engineering:
  name: {zh: 技术考核表, en: Engineering scorecard}
  applies_to: {department_kind: engineering}
  kpi_share: 70
  superior_share: 30
  missing: zero
  items:
    - {kpi: delivery_delay_days, weight: 70, target: 0.5, curve: [[20, 0], [100, 100], [115, 115]]}
    - {kpi: response_hours, weight: 30, target: 3, curve: [[20, 0], [100, 95]]}
  penalties:
    - {kpi: confirmed_incidents, each: 90, most: 95, band_limit: C}
    - {kpi: late_logs, each: 0.75, most: 3}
  distribution: {from: 50, shares: {S: 10, A: 20, B: 40, C: 20, D: 10}}
`

// TestExplainDataSaysTheSame reads the JSON of the mover.
func TestExplainDataSaysTheSame(t *testing.T) {
	data := filled(t)
	var p explain.Person
	if err := json.Unmarshal([]byte(must(t, exitDone, "explain", "2026Q3", "00012", "--data", data, "--format", "json")), &p); err != nil {
		t.Fatal(err)
	}
	page := must(t, exitDone, "explain", "2026Q3", "00012", "--data", data)
	if len(p.Lines) != 2 || p.Total == nil || !strings.Contains(page, "总分        "+fmt.Sprint(*p.Total)) {
		t.Fatalf("total %v of %d lines", p.Total, len(p.Lines))
	}
	for _, l := range p.Lines {
		for _, item := range l.Items {
			if item.Points == nil {
				continue
			}
			exact, ok := new(big.Rat).SetString(item.PointsExact)
			if !ok || exact.FloatString(6) != string(*item.Points) {
				t.Errorf("%s: %s points are not %s", item.Value.KPI, *item.Points, item.PointsExact)
			}
			if text := *item.Value.Numerator + " ÷ " + *item.Value.Denominator + " = "; !strings.Contains(page, string(text)) {
				t.Errorf("the page does not say %q", text)
			}
		}
	}
}

// follows recomputes a page: what stands before each equals sign must come to what stands behind it, as rounded there, and must be made of figures that
// stand elsewhere on the page.
func follows(page string) (faults []string) {
	for line := range strings.Lines(page) {
		before, after, ok := strings.Cut(line, " = ")
		if !ok {
			continue
		}
		left, right := calculation.FindString(before), result.FindString(after)
		if strings.ContainsAny(left, "()") {
			left = balanced(left)
		}
		faults = append(faults, comesTo(left, right, percentagePoints.MatchString(after))...)
		rest := strings.Replace(page, left+" = ", " ", 1)
		for _, n := range numeral.FindAllString(left, -1) {
			if !slices.Contains(numeral.FindAllString(rest, -1), n) && !slices.Contains(decimalsOf(rest), strings.TrimRight(strings.TrimRight(n, "0"), ".")) {
				faults = append(faults, fmt.Sprintf("%q: %s stands nowhere else", strings.TrimSpace(line), n))
			}
		}
	}
	return faults
}

var (
	calculation      = regexp.MustCompile(`[(−]*[0-9][0-9.,+−×÷()% /]*$`)
	result           = regexp.MustCompile(`^[+−]?[0-9][0-9,]*(\.[0-9]+)?(/[0-9]+)?%?`)
	percentagePoints = regexp.MustCompile(`^[+−]?[0-9,.]+ (个百分点|percentage points)`)
	numeral          = regexp.MustCompile(`[0-9]+(,[0-9]{3})*(\.[0-9]+)?`)
)

// decimalsOf gives the numbers of a text without the zeros at their ends.
func decimalsOf(text string) (list []string) {
	for _, n := range numeral.FindAllString(text, -1) {
		if strings.Contains(n, ".") {
			n = strings.TrimRight(strings.TrimRight(n, "0"), ".")
		}
		list = append(list, n)
	}
	return list
}

// balanced drops a parenthesis of the text before a calculation.
func balanced(s string) string {
	for strings.Count(s, ")") > strings.Count(s, "(") {
		_, s, _ = strings.Cut(s, ")")
		s = strings.TrimLeft(s, " ,")
	}
	return s
}

// comesTo compares a calculation with its result, half a unit of the last decimal apart at most.
func comesTo(left, right string, points bool) []string {
	c := calculator{rest: strings.ReplaceAll(strings.ReplaceAll(left, ",", ""), " ", "")}
	got, ok := c.sum()
	want := calculator{rest: strings.ReplaceAll(strings.TrimPrefix(right, "+"), ",", "")}
	said, ok2 := want.sum()
	if !ok || !ok2 || c.rest != "" || want.rest != "" {
		return []string{fmt.Sprintf("%q = %q cannot be read", left, right)}
	}
	if points {
		said.Quo(said, big.NewRat(100, 1))
	}
	half := big.NewRat(1, 2)
	if _, decimals, ok := strings.Cut(strings.TrimRight(right, "%"), "."); ok {
		half.Quo(half, power(len(decimals)))
	}
	if points || strings.HasSuffix(right, "%") {
		half.Quo(half, big.NewRat(100, 1))
	}
	if diff := new(big.Rat).Sub(got, said); diff.Abs(diff).Cmp(half) > 0 {
		return []string{fmt.Sprintf("%s = %s, but it is %s", left, right, got.FloatString(6))}
	}
	return nil
}

func power(n int) *big.Rat {
	return new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil))
}

// calculator reads sums, products and quotients of decimals and percentages.
type calculator struct{ rest string }

func (c *calculator) take(sign string) bool {
	rest, ok := strings.CutPrefix(c.rest, sign)
	c.rest = rest
	return ok
}

func (c *calculator) sum() (*big.Rat, bool) {
	v, ok := c.product()
	for ok {
		var w *big.Rat
		switch {
		case c.take("+"):
			if w, ok = c.product(); ok {
				v.Add(v, w)
			}
		case c.take("−"):
			if w, ok = c.product(); ok {
				v.Sub(v, w)
			}
		default:
			return v, true
		}
	}
	return nil, false
}

func (c *calculator) product() (*big.Rat, bool) {
	v, ok := c.factor()
	for ok {
		var w *big.Rat
		switch {
		case c.take("×"):
			if w, ok = c.factor(); ok {
				v.Mul(v, w)
			}
		case c.take("÷"), c.take("/"):
			if w, ok = c.factor(); ok && w.Sign() != 0 {
				v.Quo(v, w)
			}
		default:
			return v, true
		}
	}
	return nil, false
}

func (c *calculator) factor() (*big.Rat, bool) {
	switch {
	case c.take("−"):
		v, ok := c.factor()
		if ok {
			v.Neg(v)
		}
		return v, ok
	case c.take("("):
		v, ok := c.sum()
		return v, ok && c.take(")")
	}
	n := numeral.FindString(c.rest)
	v, ok := new(big.Rat).SetString(n)
	if !ok || !c.take(n) {
		return nil, false
	}
	if c.take("%") {
		v.Quo(v, big.NewRat(100, 1))
	}
	return v, true
}

// TestWrongFiguresAreFound makes sure that the recomputation finds what it looks for.
func TestWrongFiguresAreFound(t *testing.T) {
	for page, faults := range map[string]int{
		"5 12\n 5 ÷ 12 = 41.67%": 0,
		"5 12\n 5 ÷ 12 = 41.66%": 1,
		"5 13\n 5 ÷ 12 = 41.67%": 1,
		"5, 12, 30%, 50%, 100% 0\n 0 + (5 ÷ 12 ÷ 30% − 50%) × 100 = 88.89": 0,
		"5, 12, 30%, 50%, 100% 0\n 0 + (5 ÷ 12 ÷ 30% − 50%) × 100 = 88.99": 1,
		"3 11 1 10\n 3 ÷ 11 − 1 ÷ 10 = +17.27 个百分点":                        0,
		"3 11 1 10\n 3 ÷ 11 − 1 ÷ 10 = −17.27 个百分点":                        1,
		"1,000 2\n 1,000 ÷ 2 = 500":                                        0,
		"1 2\n 1 + = 2":                                                    1,
	} {
		if got := follows(page); len(got) != faults {
			t.Errorf("%q: %q", page, got)
		}
	}
}
