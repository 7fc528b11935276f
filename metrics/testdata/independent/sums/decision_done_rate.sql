-- Resolutions not cancelled, done or due by $today: those done by their day over all.
SELECT employee_no AS owner, due_on AS day, if(done_on <= due_on, 1, 0) AS num, 1 AS den, 1 AS n
FROM facts.decisions WHERE _until = 9223372036854775807 AND due_on IS NOT NULL AND status IS DISTINCT FROM 'cancelled' AND (done_on IS NOT NULL OR due_on <= CAST($today AS DATE))
