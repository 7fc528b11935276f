-- People's days with a log of an hour or more, and the logs.
SELECT employee_no AS owner, work_date AS day, 1 AS num, 0 AS den, count(*) AS n
FROM facts.work_logs WHERE _until = 9223372036854775807 AND hours >= 1 GROUP BY ALL
