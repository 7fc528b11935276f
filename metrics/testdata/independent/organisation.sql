-- The opening of every independent computation, written from the definitions alone: which days are workdays, who belonged where with which part of his records, and
-- how the departments stood on the day on which a month or quarter is told. FIGURE is replaced by the part of one kind of figure, and in it RECORDS by the
-- records of one KPI. All yield department, employee, length and first day of the span, numerator, denominator and rows in ten-thousandths: for the company ('', ''),
-- for departments with all below them (department, ''), and for people within one department. Of a median the denominator is 1, or 2 under a sum of two.
WITH RECURSIVE
span AS ( -- the months and quarters asked for, each told on its last day or today
  SELECT 'month' AS length, CAST(g AS DATE) AS first, least(last_day(CAST(g AS DATE)), CAST($today AS DATE)) AS told
  FROM generate_series(DATE '2025-07-01', DATE '2026-09-01', INTERVAL 1 MONTH) t(g)
  UNION ALL
  SELECT 'quarter', CAST(g AS DATE), least(last_day(CAST(g + INTERVAL 2 MONTH AS DATE)), CAST($today AS DATE))
  FROM generate_series(DATE '2025-07-01', DATE '2026-07-01', INTERVAL 3 MONTH) t(g)
),
workday AS ( -- by the notices of the State Council
  SELECT CAST(g AS DATE) AS d FROM generate_series(DATE '2025-06-01', DATE '2026-12-31', INTERVAL 1 DAY) t(g)
  WHERE g IN (DATE '2025-09-28', DATE '2025-10-11', DATE '2026-01-04', DATE '2026-02-14', DATE '2026-02-28', DATE '2026-05-09', DATE '2026-09-20', DATE '2026-10-10')
    OR dayofweek(g) NOT IN (0, 6)
      AND NOT (g BETWEEN DATE '2025-10-01' AND DATE '2025-10-08' OR g BETWEEN DATE '2026-01-01' AND DATE '2026-01-03' OR g BETWEEN DATE '2026-02-15' AND DATE '2026-02-23'
        OR g BETWEEN DATE '2026-04-04' AND DATE '2026-04-06' OR g BETWEEN DATE '2026-05-01' AND DATE '2026-05-05' OR g BETWEEN DATE '2026-06-19' AND DATE '2026-06-21'
        OR g BETWEEN DATE '2026-09-25' AND DATE '2026-09-27' OR g BETWEEN DATE '2026-10-01' AND DATE '2026-10-07')
),
node AS ( -- the departments as on the day of telling
  SELECT s.told, d.department_id AS id,
    if(count(p.change_id) = 0, any_value(d.parent_id), arg_max(coalesce(p.parent_id, ''), p.effective_on)) AS parent,
    coalesce(arg_max(k.kind, k.effective_on), any_value(d.kind)) AS kind
  FROM (SELECT DISTINCT told FROM span) s
  CROSS JOIN (FROM facts.departments WHERE _until = 9223372036854775807) d
  LEFT JOIN facts.department_changes p ON p._until = 9223372036854775807 AND p.department_id = d.department_id AND p.effective_on <= s.told AND (p.parent_id IS NOT NULL OR p.top)
  LEFT JOIN facts.department_changes k ON k._until = 9223372036854775807 AND k.department_id = d.department_id AND k.effective_on <= s.told AND k.kind IS NOT NULL
  GROUP BY ALL
),
above AS ( -- a department and everything it lies below
  SELECT told, id, id AS ancestor, parent AS next FROM node
  UNION ALL
  SELECT a.told, a.id, n.id, n.parent FROM above a JOIN node n ON n.told = a.told AND n.id = a.next
),
belonging AS ( -- memberships within the days of employment; the share in ten-thousandths of a percent, the working time in ten-thousandths
  SELECT m.employee_no AS owner, m.department_id AS department, m.valid_from,
    greatest(m.valid_from, e.hired_on) AS first, least(m.valid_to, e.left_on) AS last, -- least passes blanks over
    CAST(coalesce(m.share, 100) * 10000 AS BIGINT) AS share, CAST(coalesce(m.working_time, 100) * 100 AS BIGINT) AS working
  FROM facts.memberships m JOIN facts.employees e ON e.employee_no = m.employee_no
  WHERE m._until = 9223372036854775807 AND e._until = 9223372036854775807
),
FIGURE
