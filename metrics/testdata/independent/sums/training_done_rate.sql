-- Trainings done or due by $today: those done by their day and not failed over all.
SELECT employee_no AS owner, due_on AS day, if(done_on <= due_on AND passed IS DISTINCT FROM false, 1, 0) AS num, 1 AS den, 1 AS n
FROM facts.trainings WHERE _until = 9223372036854775807 AND (done_on IS NOT NULL OR due_on <= CAST($today AS DATE))
