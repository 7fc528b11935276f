-- Hours logged.
SELECT employee_no AS owner, work_date AS day, hours AS num, 0 AS den, 1 AS n
FROM facts.work_logs WHERE _until = 9223372036854775807
