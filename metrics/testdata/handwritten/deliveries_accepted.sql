-- Yields per department, employee and month of acceptance: deliveries right first time, and those with a verdict.
SELECT m.department_id, m.employee_no, date_trunc('month', f.accepted_on) AS month, count(*) FILTER (WHERE f.correct) AS num, count(f.correct) AS den
FROM facts.deliveries f
JOIN facts.memberships m ON m.employee_no = f.employee_no AND f.accepted_on >= m.valid_from AND f.accepted_on <= coalesce(m.valid_to, DATE '9999-12-31')
GROUP BY ALL
