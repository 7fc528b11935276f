package metrics_test

import (
	"strings"
	"testing"
	"time"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// detailRows writes the details of a report: of the company, and the late ones of each department.
func detailRows(w *table, r *metrics.Report) {
	d := r.Details
	by := func(c *metrics.Causes) string {
		if c.Column == nil {
			return "department"
		}
		return c.Column.ID
	}
	for _, c := range d.Late.In(nil, r.Departments) {
		w.row("late", by(d.Late), c.Name.EN, c.Blank, c.Count)
	}
	for _, row := range d.Late.Rows {
		w.row("late of", row.Department, row.Cause, "", row.Count)
	}
	for _, row := range d.Chain.Rows {
		var signed []string
		for i, s := range row.Signed {
			if s {
				signed = append(signed, d.Chain.Steps[i].EN)
			}
		}
		w.row("chain", row.Department, strings.Join(signed, "+"), map[bool]string{true: "in order", false: "out of order"}[row.InOrder]+map[bool]string{true: ", complete"}[row.Complete], row.Count)
	}
	for _, row := range d.Emergencies.Rows {
		w.row("emergencies", row.Department, row.InTime, row.Late, row.Never)
	}
	for _, n := range d.Nodes {
		held := ""
		if !n.Held.IsZero() {
			held = n.Held.Format(time.DateOnly)
		}
		w.row("node", strings.Join(n.Departments, "+"), n.Project+" "+n.Kind.EN, n.Due.Format(time.DateOnly)+" "+held, n.State)
	}
}

// TestDetailsAddUpToTheKPIs: in the sample company late deliveries are what the KPI has in its denominator and not in its numerator,
// approvals its n and those complete its numerator, for the company and for every department with its own people and those below.
func TestDetailsAddUpToTheKPIs(t *testing.T) {
	b := sampleCompany(t)
	v := inForce(t, b)
	for _, p := range []string{"2026Q2", "2026-07"} {
		r, err := metrics.New(t.Context(), b, question(t, v, p))
		if err == nil {
			err = r.ReadDetails(t.Context(), b)
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := map[string]metrics.Line{"": r.Company}
		for _, d := range r.Departments {
			lines[d.Department.ID] = d.Line
		}
		seen := 0
		for id, line := range lines {
			value := func(kpi string) metrics.Value {
				for i, k := range r.KPIs {
					if k.ID == kpi {
						return line.Values[i]
					}
				}
				t.Fatalf("no KPI %s", kpi)
				return metrics.Value{}
			}
			var late, chained, complete, inTime, emergencies fixed.Num
			within := below(r, id)
			for _, row := range r.Details.Late.Rows {
				if within[row.Department] {
					late += row.Count
				}
			}
			for _, row := range r.Details.Chain.Rows {
				if within[row.Department] {
					chained += row.Count
					if row.Complete {
						complete += row.Count
					}
				}
			}
			for _, row := range r.Details.Emergencies.Rows {
				if within[row.Department] {
					inTime += row.InTime
					emergencies += row.InTime + row.Late + row.Never
				}
			}
			onTime, chain, emergency := value(metrics.LateKPI), value(metrics.ChainKPI), value(metrics.EmergencyKPI)
			if late != onTime.Ratio.Den-onTime.Ratio.Num || chained != chain.N || complete != chain.Ratio.Num || inTime != emergency.Ratio.Num || emergencies != emergency.Ratio.Den {
				t.Errorf("%s of %q: %v late, the KPI %v; %v approvals, %v complete, the KPI %v; %v of %v emergencies, the KPI %v", p, id, late, onTime.Ratio, chained, complete, chain.Ratio, inTime, emergencies, emergency.Ratio)
			}
			if late > 0 && chained > 0 {
				seen++
			}
		}
		if seen < 2 {
			t.Errorf("%s: only %d units have late deliveries and approvals", p, seen)
		}
		counted := fixed.Num(0)
		for _, n := range r.Details.Nodes {
			if n.State != metrics.NodePlanned {
				counted += fixed.Int(1)
			}
		}
		if k := r.Policy.KPI(metrics.NodesKPI); k == nil || counted != nodesOf(r, k) {
			t.Errorf("%s: %v milestones are counted", p, counted)
		}
	}
}

func nodesOf(r *metrics.Report, k *policy.KPI) fixed.Num {
	for i, x := range r.KPIs {
		if x == k {
			return r.Company.Values[i].N
		}
	}
	return -1
}

// below gives a department with all below it, "" the company.
func below(r *metrics.Report, id string) map[string]bool {
	within := map[string]bool{id: true}
	for _, d := range r.Departments {
		if id == "" || within[d.Department.ParentID] {
			within[d.Department.ID] = true
		}
	}
	return within
}
