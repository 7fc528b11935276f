package metrics

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Levels says how finely values are asked for.
type Levels struct{ Company, Department, Employee, Month bool }

// Row is a value with its subject: a department with its subtree, an employee within one department, or the company when
// both are "".
type Row struct {
	Department, Employee string
	Value
}

// Values gives the KPIs of a period at the asked levels: the company first, then departments depth first, then employees by
// department and number; for each the KPIs in the given order, and for each the period or its months. A department has every KPI,
// an employee those with data and those of the department's scorecard.
func Values(ctx context.Context, b *books.Books, q Question, kpis []*policy.KPI, l Levels) ([]Row, error) {
	v := &builder{Report: &Report{Policy: q.Version.Policy, Period: q.Period, KPIs: kpis, Day: earlier(q.Period.LastDay(), day(q.Now))}}
	err := b.View(ctx, func(tx *warehouse.Tx) (err error) {
		if v.org, err = readOrganisation(ctx, tx, v.Policy, q.AsOf); err != nil {
			return err
		}
		v.rolled, err = RollUp(ctx, tx, kpis, Range{q.Period.Start(), q.Period.End(), v.Day, q.AsOf})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("values of %s: %w", q.Period, err)
	}
	periods := []period.Period{q.Period}
	if l.Month {
		periods = q.Period.Months()
	}
	var rows []Row
	n := len(v.org.departments)
	tallies := make([]tally, len(kpis))
	for i, k := range kpis {
		tallies[i] = v.tally(k)
	}
	line := func(i int, id string) {
		for j, k := range kpis {
			for _, p := range periods {
				rows = append(rows, Row{Department: id, Value: newValue(k, p, tallies[j].over(i, p), v.target(i, k))})
			}
		}
	}
	if l.Company {
		line(n, "")
	}
	if l.Department {
		for i, d := range v.org.departments {
			line(i, d.ID)
		}
	}
	if l.Employee {
		rows = append(rows, v.employeeRows(kpis, periods)...)
	}
	return rows, nil
}

// employeeRows gives the values of everybody with a stay in the period, by department and number.
func (b *builder) employeeRows(kpis []*policy.KPI, periods []period.Period) []Row {
	stays := b.org.stays(b.Period)
	stays = slices.DeleteFunc(stays, func(s stay) bool { _, ok := b.org.index[s.department]; return !ok })
	slices.SortStableFunc(stays, func(x, y stay) int {
		return cmp.Or(cmp.Compare(b.org.index[x.department], b.org.index[y.department]), strings.Compare(x.employee, y.employee))
	})
	sums := make([]map[*policy.KPI]map[[2]string]Sum, len(periods))
	for i, p := range periods {
		sums[i] = b.sums(p)
	}
	var rows []Row
	for _, s := range stays {
		key := [2]string{s.department, s.employee}
		card := b.Policy.ScorecardFor(b.org.departments[b.org.index[s.department]].Kind)
		for _, k := range kpis {
			var target *fixed.Num = targetIn(card, k)
			for i, p := range periods {
				sum, ok := sums[i][k][key]
				if ok || target != nil {
					rows = append(rows, Row{s.department, s.employee, newValue(k, p, sum, target)})
				}
			}
		}
	}
	return rows
}
