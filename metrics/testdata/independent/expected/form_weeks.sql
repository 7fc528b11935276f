-- Weekly reports by the week in which their period ends; they may come in until the Monday after.
SELECT employee_no AS owner, period_to AS day, 'week' AS occasion, 3 AS after
FROM facts.submissions WHERE _until = 9223372036854775807 AND kind = 'weekly' AND submitted_at IS NOT NULL
