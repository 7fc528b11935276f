-- Hours of single logs.
SELECT employee_no AS owner, work_date AS day, hours AS value
FROM facts.work_logs WHERE _until = 9223372036854775807
