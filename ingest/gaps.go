package ingest

import (
	"context"
	"fmt"

	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// tellGaps announces days of employment without a department, of the people whose memberships the file speaks of: records on such
// days count for nobody.
func (t *taking) tellGaps(ctx context.Context) error {
	if t.plan.dataset.ID != policy.Memberships {
		return nil
	}
	const first = 3 // gaps that are named
	query := fmt.Sprintf(`WITH stays AS (SELECT m.employee_no, m.valid_from, coalesce(m.valid_to, DATE '9999-12-30') AS valid_to FROM facts.memberships m
    WHERE m._until = %[1]d AND m.employee_no IN (SELECT s.employee_no FROM stage s WHERE %[2]s)),
  jobs AS (SELECT e.employee_no, e.hired_on, least(coalesce(e.left_on, DATE '9999-12-30'), CAST($day AS DATE)) AS ends FROM facts.employees e
    WHERE e._until = %[1]d AND e.employee_no IN (SELECT employee_no FROM stays)),
  edges AS (SELECT employee_no, valid_to AS last, lead(valid_from) OVER (PARTITION BY employee_no ORDER BY valid_from) AS next FROM stays
    UNION ALL SELECT j.employee_no, j.hired_on - 1, min(s.valid_from) FROM jobs j JOIN stays s USING (employee_no) GROUP BY ALL),
  gaps AS (SELECT g.employee_no, greatest(CAST(g.last + 1 AS DATE), j.hired_on) AS since, least(coalesce(CAST(g.next - 1 AS DATE), j.ends), j.ends) AS until
    FROM edges g JOIN jobs j USING (employee_no) WHERE g.last < j.ends)
SELECT employee_no, CAST(since AS VARCHAR), CAST(until AS VARCHAR), count(DISTINCT employee_no) OVER () FROM gaps WHERE since <= until ORDER BY employee_no, since`,
		policy.Current, t.good)
	var zh, en string
	var people int64
	named := 0
	err := t.tx.Each(ctx, warehouse.SQL("gaps of memberships", query), warehouse.Args{"day": t.day}, func(scan func(...any) error) error {
		var no, since, until string
		if err := scan(&no, &since, &until, &people); err != nil {
			return err
		}
		if named++; named <= first {
			zh += fmt.Sprintf("；%s %s 至 %s", no, since, until)
			en += fmt.Sprintf("; %s %s to %s", no, since, until)
		}
		return nil
	})
	if err != nil || named == 0 {
		return err
	}
	if named > first {
		zh, en = zh+" 等", en+" …"
	}
	t.notice(fmt.Sprintf("有 %d 人在职期间有不属于任何部门的日子，那些日子的记录不计入部门%s", people, zh),
		fmt.Sprintf("%d people have days of employment without a department, on which their records count for none%s", people, en))
	return nil
}
