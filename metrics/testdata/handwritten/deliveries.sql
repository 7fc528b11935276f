-- Yields per department, employee and month: deliveries made in time, due by $report_day, and made, with the workdays that they were late. The
-- calendar is a running number of workdays for each day of the records, Monday to Friday less the holidays of 2025 and 2026.
WITH calendar AS (
  SELECT CAST(d AS DATE) AS day, sum(CAST(isodow(d) <= 5 AND CAST(d AS DATE) NOT IN (
    DATE '2025-01-01', DATE '2025-01-28', DATE '2025-01-29', DATE '2025-01-30', DATE '2025-01-31', DATE '2025-02-03', DATE '2025-02-04',
    DATE '2025-04-04', DATE '2025-05-01', DATE '2025-05-02', DATE '2025-05-05', DATE '2025-06-02', DATE '2025-10-01', DATE '2025-10-02',
    DATE '2025-10-03', DATE '2025-10-06', DATE '2025-10-07', DATE '2025-10-08', DATE '2026-01-01', DATE '2026-01-02', DATE '2026-02-16',
    DATE '2026-02-17', DATE '2026-02-18', DATE '2026-02-19', DATE '2026-02-20', DATE '2026-02-23', DATE '2026-04-06', DATE '2026-05-01',
    DATE '2026-05-04', DATE '2026-05-05', DATE '2026-06-19', DATE '2026-09-25') AS INTEGER)) OVER (ORDER BY d) AS n
  FROM generate_series(TIMESTAMP '2023-01-01', TIMESTAMP '2027-12-31', INTERVAL 1 DAY) t(d)
)
SELECT m.department_id, m.employee_no, date_trunc('month', f.due_on) AS month,
  count(*) FILTER (WHERE f.delivered_on <= f.due_on) AS num,
  count(*) FILTER (WHERE f.delivered_on IS NOT NULL OR f.due_on <= CAST($report_day AS DATE)) AS den,
  sum(greatest(made.n - due.n, 0)) AS late,
  count(f.delivered_on) AS made
FROM facts.deliveries f
JOIN facts.memberships m ON m.employee_no = f.employee_no AND f.due_on >= m.valid_from AND f.due_on <= coalesce(m.valid_to, DATE '9999-12-31')
LEFT JOIN calendar due ON due.day = f.due_on
LEFT JOIN calendar made ON made.day = f.delivered_on
GROUP BY ALL
