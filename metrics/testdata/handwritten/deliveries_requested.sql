-- Yields per department, employee and month of the request: answered within four hours, answered or past them on $asked_on, seconds to answer, answered.
SELECT m.department_id, m.employee_no, date_trunc('month', f.requested_at) AS month,
  count(*) FILTER (WHERE f.responded_at <= f.requested_at + INTERVAL 4 HOUR) AS num,
  count(*) FILTER (WHERE f.responded_at IS NOT NULL OR CAST(f.requested_at + INTERVAL 4 HOUR AS DATE) <= CAST($asked_on AS DATE)) AS den,
  sum(date_diff('second', f.requested_at, f.responded_at)) AS seconds, count(f.responded_at) AS answered
FROM facts.deliveries f
JOIN facts.memberships m ON m.employee_no = f.employee_no AND CAST(f.requested_at AS DATE) >= m.valid_from AND CAST(f.requested_at AS DATE) <= coalesce(m.valid_to, DATE '9999-12-31')
GROUP BY ALL
