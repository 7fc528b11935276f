package reviews_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// appealsOf lists the appeals that stand in the facts.
func appealsOf(w *world) (list []string) {
	w.t.Helper()
	s := warehouse.SQL("appeals", `SELECT concat_ws(' ', appeal_id, department_id, stage, coalesce(CAST(decided_on AS VARCHAR), ''), coalesce(outcome, ''), coalesce(CAST(in_time AS VARCHAR), ''))
FROM facts.appeals WHERE _until = 9223372036854775807 ORDER BY appeal_id`)
	w.ok(w.b.View(context.Background(), func(tx *warehouse.Tx) error {
		return tx.Each(context.Background(), s, nil, func(scan func(...any) error) error {
			var line string
			err := scan(&line)
			list = append(list, line)
			return err
		})
	}))
	return list
}

// appealed publishes the quarter and has an appeal fail in mediation late, and another one open.
func appealed(w *world) {
	ctx := context.Background()
	w.ok(w.as(hr).OpenQuarter(ctx, quarter))
	var drafts []reviews.EvaluationDraft
	for _, t := range w.tasks() {
		drafts = append(drafts, evaluation(t, fixed.Int(90), "综合评价"))
	}
	w.ok(w.as(ceo).SaveEvaluations(ctx, quarter, drafts, w.now))
	for _, d := range []string{"D1", "D2", "D3"} {
		w.ok(w.as(ceo).CloseCalibration(ctx, quarter, d))
	}
	w.now = at("2026-10-09 23:30") // already the 9th in the company's zone, still so in UTC
	w.ok(w.as(hr).Publish(ctx, quarter, w.now))
	for _, no := range []string{seller, engineer} {
		department := map[string]string{seller: "D1", engineer: "D2"}[no]
		must(w.as(no).File(ctx, quarter, reviews.Objection{Department: department, Against: reviews.Judgement, Text: "评分偏低"}, w.now))
	}
	w.now = at("2026-10-20 00:30") // after the term, and on the day before in UTC
	w.ok(w.as(seller).Escalate(ctx, "2026Q3-A1", "逾期未调解", w.now))
	w.ok(w.as(hr).Arbitrate(ctx, "2026Q3-A1", reviews.Verdict{Outcome: reviews.Dismissed, Reason: "评分有据"}))
}

// values gives the KPIs of appeals in October by department.
func values(w *world) (list []string) {
	w.t.Helper()
	r := must(metrics.New(context.Background(), w.b, metrics.Question{Period: must(period.Parse("2026-10")), Version: w.version(), AsOf: always, Now: w.now}))
	for _, d := range r.Departments {
		for _, v := range d.Values {
			if strings.HasPrefix(v.KPI.ID, "appeal_") {
				list = append(list, fmt.Sprintf("%s %s %s/%s", d.Department.ID, v.KPI.ID, v.Ratio.Num, v.Ratio.Den))
			}
		}
	}
	return list
}

// TestTurnaroundIsAKPI: late mediation counts against an appeal although the arbitration was quick; days are the company's; what is open and not due is not counted.
func TestTurnaroundIsAKPI(t *testing.T) {
	w := newWorld(t)
	appealed(w)
	rows, figures := appealsOf(w), values(w)
	if want := []string{"2026Q3-A1 D1 arbitration 2026-10-20 dismissed false", "2026Q3-A2 D2 mediation   "}; !slices.Equal(rows, want) {
		t.Errorf("got %q, want %q", rows, want)
	}
	want := []string{"D1 appeal_in_time_rate 0/1", "D1 appeal_turnaround 8/1", "D2 appeal_in_time_rate 0/1", "D2 appeal_turnaround 0/0", "D3 appeal_in_time_rate 0/0", "D3 appeal_turnaround 0/0"}
	if !slices.Equal(figures, want) {
		t.Errorf("got %q, want %q", figures, want)
	}
	w.ok(w.b.Rebuild(context.Background()))
	if !slices.Equal(appealsOf(w), rows) || !slices.Equal(values(w), figures) {
		t.Errorf("after a rebuild %q %q", appealsOf(w), values(w))
	}
}

// TestAppealsBeforeTheirDataset: a policy that begins to tell of appeals knows those decided before, and the seal made under the old one still stands.
func TestAppealsBeforeTheirDataset(t *testing.T) {
	ctx := context.Background()
	w := &world{t: t, dir: t.TempDir(), now: at("2026-10-01 09:00")}
	w.open()
	t.Cleanup(w.close)
	w.ok(policy.Adopt(ctx, w.b, withoutAppeals(t), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), "first", "tester"))
	if n := w.take(tables); n > 0 {
		t.Fatalf("%d rows are faulty", n)
	}
	appealed(w)
	w.ok(w.as(engineer).Escalate(ctx, "2026Q3-A2", "逾期未调解", w.now))
	w.ok(w.as(hr).Arbitrate(ctx, "2026Q3-A2", reviews.Verdict{Outcome: reviews.Dismissed, Reason: "评分有据"}))
	w.now = at("2026-10-26 10:00")
	must(w.as(hr).Seal(ctx, quarter, w.now))
	w.ok(policy.Adopt(ctx, w.b, policy.Default(), time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), "appeals are counted", "tester"))
	want := []string{"2026Q3-A1 D1 arbitration 2026-10-20 dismissed false", "2026Q3-A2 D2 arbitration 2026-10-20 dismissed false"}
	if got := appealsOf(w); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := reviews.Verify(ctx, w.b, quarter, shanghai, nil, func(policy.Text) {}); err != nil {
		t.Errorf("the seal made before: %v", err)
	}
	// Files cannot bring them from now on.
	err := policy.Adopt(ctx, w.b, imported(t), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), "from files", "tester")
	if err == nil || !strings.Contains(err.Error(), "appeals") {
		t.Errorf("files may bring appeals: %v", err)
	}
}

// withoutAppeals is the default policy as it was before it told of appeals.
func withoutAppeals(t *testing.T) policy.Source {
	t.Helper()
	s := policy.Default()
	for i := range s {
		text := s[i].Text
		switch s[i].Name {
		case "datasets.yaml":
			at := strings.Index(text, "\n# Appeals against published results.")
			s[i].Text = text[:at]
		case "kpis.yaml":
			from, to := strings.Index(text, "\nappeal_in_time_rate:"), strings.Index(text, "\nfunnel_created:")
			s[i].Text = text[:from] + text[to:]
		}
	}
	return s
}

// imported is the default policy with appeals that files bring.
func imported(t *testing.T) policy.Source {
	t.Helper()
	s := policy.Default()
	for i := range s {
		s[i].Text = strings.Replace(s[i].Text, "  recorded: appeals\n", "", 1)
	}
	return s
}
