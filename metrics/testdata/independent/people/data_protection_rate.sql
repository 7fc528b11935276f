-- Trainings in data protection done or due by $today: whether done and not failed.
SELECT employee_no AS owner, due_on AS day, if(done_on IS NOT NULL AND passed IS DISTINCT FROM false, 1, 0) AS done, if(done_on IS NOT NULL OR due_on <= CAST($today AS DATE), 1, 0) AS due
FROM facts.trainings WHERE _until = 9223372036854775807 AND kind = 'data_protection'
