package metrics

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"plumbline/internal/books"
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
	err := b.View(ctx, func(tx *warehouse.Tx) error { return v.gather(ctx, tx, kpis, q, q.Period.Start()) })
	if err != nil {
		return nil, fmt.Errorf("values of %s: %w", q.Period, err)
	}
	return v.rows(kpis, l), nil
}

// rows gives the values of the asked levels.
func (b *builder) rows(kpis []*policy.KPI, l Levels) []Row {
	periods := []period.Period{b.Period}
	if l.Month {
		periods = b.Period.Months()
	}
	var rows []Row
	tallies := make([]tally, len(kpis))
	for i, k := range kpis {
		if l.Company || l.Department {
			tallies[i] = b.rolled.tally(k)
		}
	}
	line := func(i int, id string) {
		for j, k := range kpis {
			for _, p := range periods {
				rows = append(rows, Row{Department: id, Value: b.value(k, p, tallies[j].over(i, p), b.subject(i))})
			}
		}
	}
	if l.Company {
		line(len(b.org.departments), "")
	}
	if l.Department {
		for i, d := range b.org.departments {
			line(i, d.ID)
		}
	}
	if l.Employee {
		rows = append(rows, b.employeeRows(kpis, periods)...)
	}
	return rows
}

// employeeRows gives the values of everybody with a day in the period, by department and number.
func (b *builder) employeeRows(kpis []*policy.KPI, periods []period.Period) []Row {
	all := slices.DeleteFunc(b.org.belongings(b.Period), func(s belonging) bool { _, ok := b.org.index[s.department]; return !ok })
	slices.SortStableFunc(all, func(x, y belonging) int {
		return cmp.Or(cmp.Compare(b.org.index[x.department], b.org.index[y.department]), strings.Compare(x.employee, y.employee))
	})
	sums := make([][][]Sum, len(kpis)) // by KPI, period and pair
	for i, k := range kpis {
		for _, p := range periods {
			sums[i] = append(sums[i], b.rolled.personal(k, p))
		}
	}
	var rows []Row
	for _, s := range all {
		of := subject{b.org.index[s.department], s.employee}
		for i, k := range kpis {
			if k.DepartmentOnly() {
				continue // nothing of it is anybody's own
			}
			for j, p := range periods {
				if v := b.value(k, p, sums[i][j][s.at], of); !sums[i][j][s.at].empty() || v.Target != nil {
					rows = append(rows, Row{s.department, s.employee, v})
				}
			}
		}
	}
	return rows
}
