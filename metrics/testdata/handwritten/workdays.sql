-- Yields per department, employee and month: the workdays that are expected, as bits. Monday to Friday alone, which costs what a calendar costs.
WITH month AS (
  SELECT CAST(s AS DATE) AS first, last_day(s) AS last FROM generate_series(TIMESTAMP '2024-04-01', TIMESTAMP '2026-09-01', INTERVAL 1 MONTH) t(s)
),
bits AS (
  SELECT CAST(date_trunc('month', d) AS DATE) AS first, bit_or(1 << (day(d) - 1)) AS workdays
  FROM generate_series(TIMESTAMP '2024-04-01', TIMESTAMP '2026-09-30', INTERVAL 1 DAY) t(d) WHERE isodow(d) <= 5 GROUP BY ALL
)
SELECT m.department_id, m.employee_no, month.first,
  bits.workdays & ((1 << day(least(coalesce(m.valid_to, month.last), month.last))) - 1) & ~((1 << (day(greatest(m.valid_from, month.first)) - 1)) - 1) AS due
FROM facts.memberships m
JOIN month ON m.valid_from <= month.last AND coalesce(m.valid_to, DATE '9999-12-31') >= month.first
JOIN bits ON bits.first = month.first
