package metrics

import (
	"context"
	"fmt"
	"slices"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// The KPIs that details are told of. A policy may do without any of them, and then lacks the detail.
const (
	LateKPI      = "on_time_rate"           // what is late of it has causes
	ChainKPI     = "approval_chain_rate"    // what it counts passes steps
	EmergencyKPI = "emergency_made_up_rate" // what it counts was done first and approved afterwards
	NodesKPI     = "milestone_on_time_rate" // what it counts is planned for a day and held on one
)

// Details are counts behind a few KPIs that a report does not hold: they are read only when they are asked for. What they count is exactly
// what the KPIs count, in the report's period and as known at its ledger sequence.
type Details struct {
	Late        *Causes      // nil: the policy has no LateKPI over records
	Chain       *Chain       // nil: no ChainKPI, or its formula names fewer than two moments
	Emergencies *Emergencies // nil: no EmergencyKPI
	Nodes       []Node       // of the NodesKPI, by the day that they are due
}

// ReadDetails reads the details of a report into it. A department's counts are those of its own people; a subtree is their sum.
func (r *Report) ReadDetails(ctx context.Context, b *books.Books) error {
	d := &Details{}
	err := b.View(ctx, func(tx *warehouse.Tx) error {
		org, err := readOrganisation(ctx, tx, r.Policy, r.LedgerSeq, r.Day)
		if err == nil {
			err = org.lay(ctx, tx)
		}
		if err != nil {
			return err
		}
		g := grouper{org: org, within: Range{From: r.Period.Start(), To: r.Period.End(), ReportDay: r.Day, Asked: day(r.Made), AsOf: r.LedgerSeq}}
		if d.Late, err = g.causes(ctx, tx, r.Policy.KPI(LateKPI)); err != nil {
			return err
		}
		if d.Chain, err = g.chain(ctx, tx, r.Policy.KPI(ChainKPI)); err != nil {
			return err
		}
		if d.Emergencies, err = g.emergencies(ctx, tx, r.Policy.KPI(EmergencyKPI)); err != nil {
			return err
		}
		d.Nodes, err = org.nodes(ctx, tx, r)
		return err
	})
	if err != nil {
		return fmt.Errorf("details of %s: %w", r.Period, err)
	}
	r.Details = d
	return nil
}

// countsRecords reports whether a KPI is a share of records that its own dataset holds and that may be told of one by one.
func countsRecords(k *policy.KPI) bool {
	return k != nil && k.Dataset != nil && k.IsRate() && !k.Anonymous
}

// grouper counts the records of KPIs by what they say.
type grouper struct {
	org    *organisation
	within Range
}

// count calls f for every department and every value of some expressions over the records in a KPI's denominator, in order: keys are
// texts, and n is split by shares. met tells whether the records are in the numerator.
func (g grouper) count(ctx context.Context, tx *warehouse.Tx, k *policy.KPI, keys []string, f func(department string, met bool, keys []string, n fixed.Num)) error {
	s := warehouse.SQL("details "+k.ID, groupSQL(k, keys))
	args := warehouse.Args{"as_of": g.within.AsOf, "from": g.within.From, "to": g.within.To}
	g.within.days(s, args)
	return tx.Each(ctx, s, args, func(scan func(...any) error) error {
		var at int64
		var met bool
		var texts []string
		var n int64
		if err := scan(&at, &met, &texts, &n); err != nil {
			return err
		}
		stay := g.org.stays[at]
		i, ok := g.org.index[stay.Department]
		if !ok || len(k.DepartmentKinds) > 0 && !slices.Contains(k.DepartmentKinds, g.org.departments[i].Kind) {
			return nil
		}
		f(stay.Department, met, texts, fixed.Int(n).Times(stay.Share))
		return nil
	})
}

// groupSQL counts the records in a KPI's denominator by stay, whether they are in its numerator, and keys.
func groupSQL(k *policy.KPI, keys []string) string {
	plan := Plans([]*policy.KPI{k})[0]
	den := counts(*k.Denominator)
	if k.Where != nil {
		den += " AND coalesce((" + k.Where.SQL + "), false)"
	}
	texts := ""
	for i, key := range keys {
		if i > 0 {
			texts += ", "
		}
		texts += "coalesce(CAST(" + key + " AS VARCHAR), '')"
	}
	return fmt.Sprintf("SELECT CAST(m._stay AS BIGINT), %s, [%s], count(*)\nFROM %s f\n%s\nWHERE %s AND %s\nGROUP BY ALL\nORDER BY ALL",
		counts(k.Numerator), texts, k.Dataset.Table(), plan.attributed("JOIN"), plan.within(), den)
}
