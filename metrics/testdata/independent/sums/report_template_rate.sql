-- Reports handed in of which it is known: those on the template over all.
SELECT employee_no AS owner, period_to AS day, if(on_template, 1, 0) AS num, 1 AS den, 1 AS n
FROM facts.submissions WHERE _until = 9223372036854775807 AND submitted_at IS NOT NULL AND on_template IS NOT NULL
