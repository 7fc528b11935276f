-- Yields per department, employee and month: logs written in time, logs, hours and planned hours of logs with a plan, and the days with a log as bits.
SELECT m.department_id, m.employee_no, date_trunc('month', f.work_date) AS month,
  count(*) FILTER (WHERE f.logged_on <= f.work_date + 1) AS num,
  count(f.logged_on) AS den,
  sum(f.hours) FILTER (WHERE f.planned_hours IS NOT NULL) AS hours,
  sum(f.planned_hours) AS planned,
  count(f.planned_hours) AS n,
  bit_or(1 << (day(f.work_date) - 1)) FILTER (WHERE f.hours > 0) AS days
FROM facts.work_logs f
JOIN facts.memberships m ON m.employee_no = f.employee_no AND f.work_date >= m.valid_from AND f.work_date <= coalesce(m.valid_to, DATE '9999-12-31')
GROUP BY ALL
