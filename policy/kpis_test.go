package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/fixed"
	"plumbline/policy"
)

// kinds is a KPI of every form over the records of the base policy, and ratios of them.
const kinds = `weighted:
  name: {zh: 金额比, en: Weighted}
  dataset: logs
  counts_on: done_on
  weight: amount
  numerator: {count: "state = 'won'"}
  denominator: {count: "approved"}
  unit: percent
  better: higher
covered:
  name: {zh: 覆盖, en: Covered}
  dataset: logs
  counts_on: done_on
  numerator: {days: "hours > 0"}
  denominator: {expected: week, due_after: limit_days}
  unit: percent
  better: higher
at_once:
  name: {zh: 即时覆盖, en: At once}
  dataset: logs
  counts_on: done_on
  numerator: {days: "TRUE"}
  denominator: {expected: workday}
  unit: percent
  better: higher
heads:
  name: {zh: 人数, en: Heads}
  clauses: C07
  dataset: logs
  counts_on: done_on
  where: "hours > 1"
  anonymous: true
  additive: false
  numerator: {people: "approved"}
  unit: count
  better: higher
middle:
  name: {zh: 中位, en: Middle}
  source: {zh: 台账, en: Ledger}
  dataset: logs
  counts_on: done_on
  additive: false
  numerator: {median: hours}
  unit: hours
  better: lower
answers:
  name: {zh: 答卷, en: Answers}
  dataset: logs
  counts_on: done_on
  where: "share > 0"
  anonymous: true
  numerator: {count: "TRUE"}
  denominator: {count: "TRUE"}
  unit: percent
  better: higher
ratios:
  pieces_per_win: {name: {zh: 单均, en: Per win}, of: pieces_done, to: rate, unit: count, better: higher}
  pieces_per_answer: {name: {zh: 卷均, en: Per answer}, of: pieces_done, to: answers, unit: count, better: higher, minimum: 3, listed: false}
`

// What a KPI without a formula says of itself is what it computes: weights, conditions, waiting days and the numerators of a ratio.
func TestFormulasTellWhatIsComputed(t *testing.T) {
	p := check(t, open(t), with(base(t), "kpis.yaml+", kinds))
	for id, want := range map[string]policy.Text{
		"weighted": {ZH: "当期日志的（CASE WHEN state = 'won' THEN amount END）之和 ÷ 当期日志的（CASE WHEN approved THEN amount END）之和",
			EN: "Sum of (CASE WHEN state = 'won' THEN amount END) over the Logs of the period ÷ Sum of (CASE WHEN approved THEN amount END) over the Logs of the period"},
		"covered": {ZH: "当期日志中（hours > 0）所在的人日数 ÷ 当期在岗的周数（过 2 天仍没有的才算缺）",
			EN: "Person-days with Logs of the period with (hours > 0) ÷ weeks of the people employed and not on leave (a missing one counts from 2 days after)"},
		"at_once": {ZH: "当期日志所在的人日数 ÷ 当期在岗的应出勤工作日数", EN: "Person-days with Logs of the period ÷ workdays of the people employed and not on leave"},
		"heads": {ZH: "当期日志中（approved）涉及的人数（按月去重），仅计（hours > 1）",
			EN: "People with Logs of the period with (approved), each once a month, only where (hours > 1)"},
		"middle":         {ZH: "当期日志的hours的中位数", EN: "Median of hours over the Logs of the period"},
		"pieces_per_win": {ZH: "件数 ÷ 当期日志中（state = 'won'）的条数", EN: "Pieces ÷ Number of Logs of the period with (state = 'won')"},
		"pieces_per_answer": {ZH: "件数 ÷ 当期日志的条数，仅计（share > 0）",
			EN: "Pieces ÷ Number of Logs of the period, only where (share > 0)"},
	} {
		if diff := cmp.Diff(want, p.KPI(id).Formula); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
}

func TestKPIsHoldWhatIsDeclared(t *testing.T) {
	p := check(t, open(t), with(base(t), "kpis.yaml+", kinds))
	w := p.KPI("weighted")
	if num, den := w.Numerator, *w.Denominator; num.Kind != policy.SumOf || den.Kind != policy.SumOf || w.IsRate() || w.Adds() ||
		num.Expr.SQL != `CASE WHEN ("approved") AND ("state" = 'won') THEN ("amount") END` || den.Expr.SQL != `CASE WHEN "approved" THEN ("amount") END` ||
		strings.Join(num.Expr.Columns, " ") != "amount state" || strings.Join(num.Expr.Order, " ") != "state amount" {
		t.Errorf("weighted: %+v ÷ %+v", num, den)
	}
	if k := p.KPI("covered"); k.Expects() != policy.Week || k.Denominator.After != fixed.Int(2) || k.Numerator.Kind != policy.PersonDays {
		t.Errorf("covered: %+v", k)
	}
	if k := p.KPI("heads"); k.Adds() || k.Divides() || !k.Anonymous || k.Where.SQL != `"hours" > 1` || strings.Join(k.Clauses, " ") != "C07" || k.Source.ZH != "日志" {
		t.Errorf("heads: %+v", k)
	}
	if k := p.KPI("middle"); k.Adds() || !k.Divides() || k.HasDenominator() || k.Source.EN != "Ledger" {
		t.Errorf("middle: %+v", k)
	}
	if k := p.KPI("rate"); k.Owner != "employee_no" || k.DepartmentOnly() || len(k.DepartmentKinds) != 0 || k.Anonymous {
		t.Errorf("rate: %+v", k)
	}
}

// A ratio of answers is as anonymous as they are.
func TestRatiosOfAnonymousAnswersAreAnonymous(t *testing.T) {
	p := check(t, open(t), with(base(t), "kpis.yaml+", kinds))
	if k := p.KPI("pieces_per_answer"); !k.Anonymous || k.Minimum != 3 || k.Listed || !k.IsRatio() {
		t.Errorf("%+v", k)
	}
	if k := p.KPI("pieces_per_win"); k.Anonymous || k.Minimum != 0 || !k.Listed {
		t.Errorf("%+v", k)
	}
}

// The owner may be another person of the record, and then people are counted where the dataset has none.
func TestOwnersAndDepartments(t *testing.T) {
	s := with(base(t), "datasets.yaml+", `costs:
  name: {zh: 费用, en: Costs}
  key: cost_id
  department: department_id
  columns: {cost_id: {type: id}, department_id: {type: department}, payer_no: {type: employee, optional: true}, paid_on: {type: date}}
`)
	s = with(s, "kpis.yaml+", `paid:
  name: {zh: 付款, en: Paid}
  dataset: costs
  counts_on: paid_on
  numerator: {count: "TRUE"}
  unit: count
  better: lower
payers:
  name: {zh: 付款人, en: Payers}
  dataset: costs
  owner: payer_no
  counts_on: paid_on
  applies_to: {department_kind: [sales, support]}
  additive: false
  numerator: {people: "TRUE"}
  unit: count
  better: lower
`)
	p := check(t, open(t), s)
	if k := p.KPI("paid"); !k.DepartmentOnly() || k.Owner != "" {
		t.Errorf("paid: %+v", k)
	}
	if k := p.KPI("payers"); k.DepartmentOnly() || k.Owner != "payer_no" || strings.Join(k.DepartmentKinds, " ") != "sales support" {
		t.Errorf("payers: %+v", k)
	}
}
