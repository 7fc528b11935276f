-- Incidents that were no drills: those reported within two hours over all.
SELECT employee_no AS owner, CAST(found_at AS DATE) AS day, if(date_diff('second', found_at, reported_at) <= 7200, 1, 0) AS num, 1 AS den, 1 AS n
FROM facts.incidents WHERE _until = 9223372036854775807 AND drill IS DISTINCT FROM true
