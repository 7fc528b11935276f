-- Yields per department, employee and month of creation: the five steps of the funnel.
SELECT m.department_id, m.employee_no, date_trunc('month', f.created_on) AS month,
  count(*) AS created,
  count(*) FILTER (WHERE f.stage IN ('needs', 'proposal', 'contract', 'closed')) AS needs,
  count(*) FILTER (WHERE f.stage IN ('proposal', 'contract', 'closed')) AS proposal,
  count(*) FILTER (WHERE f.stage IN ('contract', 'closed')) AS contract,
  count(*) FILTER (WHERE f.outcome = 'won') AS won
FROM facts.opportunities f
JOIN facts.memberships m ON m.employee_no = f.employee_no AND f.created_on >= m.valid_from AND f.created_on <= coalesce(m.valid_to, DATE '9999-12-31')
GROUP BY ALL
