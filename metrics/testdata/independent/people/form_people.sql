-- People with logs, and those with one of more than four hours.
SELECT employee_no AS owner, work_date AS day, if(hours > 4, 1, 0) AS done, 1 AS due
FROM facts.work_logs WHERE _until = 9223372036854775807
