-- Yields per department, employee and month of closing: opportunities won, won or lost, and the amounts won and of both with their rows.
SELECT m.department_id, m.employee_no, date_trunc('month', f.closed_on) AS month,
  count(*) FILTER (WHERE f.outcome = 'won') AS num,
  count(*) FILTER (WHERE f.outcome IN ('won', 'lost')) AS den,
  sum(f.amount) FILTER (WHERE f.outcome = 'won') AS amount,
  count(f.amount) FILTER (WHERE f.outcome = 'won') AS n,
  sum(f.amount) FILTER (WHERE f.outcome IN ('won', 'lost')) AS amount_decided,
  count(f.amount) FILTER (WHERE f.outcome IN ('won', 'lost')) AS n_decided
FROM facts.opportunities f
JOIN facts.memberships m ON m.employee_no = f.employee_no AND f.closed_on >= m.valid_from AND f.closed_on <= coalesce(m.valid_to, DATE '9999-12-31')
GROUP BY ALL
