package ingest

import (
	"context"
	"fmt"
	"time"

	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// tellGaps announces days of employment without a department, of the people whose memberships the file speaks of: records on such
// days count for nobody. It walks through the stays in Go: the same as one statement with windows made DuckDB 1.5.5 crash at times.
func (t *taking) tellGaps(ctx context.Context) error {
	if t.plan.dataset.ID != policy.Memberships {
		return nil
	}
	query := fmt.Sprintf(`SELECT e.employee_no, m.valid_from, coalesce(m.valid_to, DATE '9999-12-30'), e.hired_on, coalesce(e.left_on, DATE '9999-12-30')
FROM facts.memberships m JOIN facts.employees e ON e.employee_no = m.employee_no
WHERE m._until = %[1]d AND e._until = %[1]d AND m.employee_no IN (SELECT s.employee_no FROM stage s WHERE %[2]s)
ORDER BY e.employee_no, m.valid_from`, policy.Current, t.good)
	var gaps []gap
	var person string
	var covered, ends time.Time // the last day that a department covers, and the last that needs one
	open := func(until time.Time) {
		if until.After(ends) {
			until = ends
		}
		if person != "" && covered.Before(until) {
			gaps = append(gaps, gap{person, covered.AddDate(0, 0, 1), until})
		}
	}
	err := t.tx.Each(ctx, warehouse.SQL("stays of memberships", query), nil, func(scan func(...any) error) error {
		var no string
		var from, to, hired, left time.Time
		if err := scan(&no, &from, &to, &hired, &left); err != nil {
			return err
		}
		if no != person {
			open(ends)
			person, covered, ends = no, hired.AddDate(0, 0, -1), left
			if ends.After(t.day) {
				ends = t.day
			}
		}
		open(from.AddDate(0, 0, -1))
		if to.After(covered) {
			covered = to
		}
		return nil
	})
	open(ends)
	if err != nil || len(gaps) == 0 {
		return err
	}
	t.noticeGaps(gaps)
	return nil
}

// gap is a stretch of days, both included.
type gap struct {
	person       string
	since, until time.Time
}

func (t *taking) noticeGaps(gaps []gap) {
	const named = 3
	var zh, en string
	people := map[string]bool{}
	for i, g := range gaps {
		people[g.person] = true
		if i < named {
			since, until := g.since.Format(time.DateOnly), g.until.Format(time.DateOnly)
			zh += fmt.Sprintf("；%s %s 至 %s", g.person, since, until)
			en += fmt.Sprintf("; %s %s to %s", g.person, since, until)
		}
	}
	if len(gaps) > named {
		zh, en = zh+" 等", en+" …"
	}
	t.notice(fmt.Sprintf("有 %d 人在职期间有不属于任何部门的日子，那些日子的记录不计入部门%s", len(people), zh),
		fmt.Sprintf("%d people have days of employment without a department, on which their records count for none%s", len(people), en))
}
