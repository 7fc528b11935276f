-- Monthly reports by the month in which their period ends; they may come in until five days later.
SELECT employee_no AS owner, period_to AS day, 'month' AS occasion, 5 AS after
FROM facts.submissions WHERE _until = 9223372036854775807 AND kind = 'monthly' AND submitted_at IS NOT NULL
