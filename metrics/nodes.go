package metrics

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// NodeState says how a planned node stands.
type NodeState string

// The states. Those that are met and missed are what the KPI counts.
const (
	NodeMet     NodeState = "met"     // held in time, as the KPI's formula has it
	NodeMissed  NodeState = "missed"  // held too late, or not held although its time is over
	NodePlanned NodeState = "planned" // still to come, not counted yet
)

// Node is a milestone of a project: planned for a day and held on one.
type Node struct {
	Project     string
	Kind        policy.Text
	Task        string
	Departments []string // whose records it is, by shares
	Due         time.Time
	Held        time.Time // zero: not held
	State       NodeState
	Seq, Row    int64 // the file's event and the physical row
}

// nodes lists the milestones that are due in a report's period, by the day they are due, project and row.
func (o *organisation) nodes(ctx context.Context, tx *warehouse.Tx, r *Report) ([]Node, error) {
	k := r.Policy.KPI(NodesKPI)
	if !countsRecords(k) {
		return nil, nil
	}
	e, err := o.examine(ctx, tx, r.Policy, EvidenceQuestion{KPI: k, Period: r.Period, AsOf: r.LedgerSeq, ReportDay: r.Day, Asked: day(r.Made)})
	if err != nil {
		return nil, err
	}
	var list []Node
	at := map[FactRow]int{}
	for _, row := range e.rows {
		state := NodePlanned
		switch {
		case row.Counted == InBoth:
			state = NodeMet
		case row.Counted == InDenominator:
			state = NodeMissed
		case row.Department == "" || row.Reason != notInFormula(k):
			continue
		}
		fact := FactRow{k.Dataset.ID, row.Seq, row.Row}
		if i, ok := at[fact]; ok { // split between departments
			list[i].Departments = append(list[i].Departments, row.Department)
			continue
		}
		at[fact] = len(list)
		list = append(list, nodeOf(k, row, state))
	}
	slices.SortStableFunc(list, func(a, b Node) int { return cmp.Or(a.Due.Compare(b.Due), strings.Compare(a.Project, b.Project)) })
	return list, nil
}

// nodeOf reads the columns project, kind and task where the dataset has them; the day it is due is the one that the KPI counts on, the day
// it was held the dataset's own.
func nodeOf(k *policy.KPI, row EvidenceRow, state NodeState) Node {
	n := Node{Departments: []string{row.Department}, Due: row.Day, State: state, Seq: row.Seq, Row: row.Row}
	for i, c := range k.Dataset.Columns {
		cell := row.Cells[i]
		switch c.ID {
		case k.Dataset.Day:
			if t, err := time.Parse(time.DateOnly, cell[:min(len(cell), len(time.DateOnly))]); err == nil {
				n.Held = t
			}
		case "project":
			n.Project = cell
		case "task":
			n.Task = cell
		case "kind":
			n.Kind = policy.Text{ZH: cell, EN: cell}
			for _, v := range c.Values {
				if v.Value == cell {
					n.Kind = v.Name
				}
			}
		}
	}
	return n
}
