-- Yields level, department, employee, period (its first day), num, den, n: the sums of the counted records, for every month and every quarter; company, departments
-- with all below them, and employees within the department itself. Written from the definitions alone. RECORDS is replaced by one of the other files:
-- owner, day, num, den, n per record.
WITH RECURSIVE
record AS (
RECORDS
),
above AS ( -- a department and everything it lies below
  SELECT department_id AS id, department_id AS ancestor, parent_id AS next FROM facts.departments WHERE _until = 9223372036854775807
  UNION ALL
  SELECT a.id, d.department_id, d.parent_id FROM above a JOIN facts.departments d ON d.department_id = a.next AND d._until = 9223372036854775807
),
placed AS (
  SELECT r.*, (
    SELECT any_value(m.department_id) FROM facts.memberships m, facts.employees e
    WHERE m._until = 9223372036854775807 AND e._until = 9223372036854775807 AND m.employee_no = r.owner AND e.employee_no = r.owner
      AND r.day >= m.valid_from AND (m.valid_to IS NULL OR r.day <= m.valid_to) AND r.day >= e.hired_on AND (e.left_on IS NULL OR r.day <= e.left_on)
  ) AS department
  FROM record r
),
dated AS (
  SELECT *, 'month' AS length, CAST(date_trunc('month', day) AS DATE) AS first FROM placed WHERE department IS NOT NULL
  UNION ALL
  SELECT *, 'quarter', CAST(date_trunc('quarter', day) AS DATE) FROM placed WHERE department IS NOT NULL
),
levelled AS (
  SELECT '' AS department_id, '' AS employee_no, length, first, num, den, n FROM dated
  UNION ALL
  SELECT a.ancestor, '', length, first, num, den, n FROM dated d JOIN above a ON a.id = d.department
  UNION ALL
  SELECT department, owner, length, first, num, den, n FROM dated
)
SELECT department_id, employee_no, length, first, CAST(CAST(sum(num) AS DECIMAL(38,4)) AS VARCHAR), CAST(CAST(sum(den) AS DECIMAL(38,4)) AS VARCHAR), CAST(sum(n) AS BIGINT)
FROM levelled GROUP BY ALL ORDER BY ALL
