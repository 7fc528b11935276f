-- Yields per department, employee and month: deliveries made in time, due by $report_day, and due.
SELECT m.department_id, m.employee_no, date_trunc('month', f.due_on) AS month,
  count(*) FILTER (WHERE f.delivered_on <= f.due_on) AS num,
  count(*) FILTER (WHERE f.delivered_on IS NOT NULL OR f.due_on <= CAST($report_day AS DATE)) AS den
FROM facts.deliveries f
JOIN facts.memberships m ON m.employee_no = f.employee_no AND f.due_on >= m.valid_from AND f.due_on <= coalesce(m.valid_to, DATE '9999-12-31')
GROUP BY ALL
