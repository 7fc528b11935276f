-- Logs that tell when they were written: those of the day or the day after over all.
SELECT employee_no AS owner, work_date AS day, if(date_diff('day', work_date, logged_on) <= 1, 1, 0) AS num, 1 AS den, 1 AS n
FROM facts.work_logs WHERE _until = 9223372036854775807 AND logged_on IS NOT NULL
