-- Days with a log; it may still be written on the day after.
SELECT employee_no AS owner, work_date AS day, 'workday' AS occasion, 1 AS after
FROM facts.work_logs WHERE _until = 9223372036854775807 AND hours > 0
