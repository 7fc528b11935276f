-- Collaborations completed: hours from request to completion, to four decimals.
SELECT employee_no AS owner, CAST(completed_at AS DATE) AS day, CAST((date_diff('second', requested_at, completed_at) * 10000 + 1800) // 3600 AS DECIMAL(18,0)) * 0.0001 AS num, 1 AS den, 1 AS n
FROM facts.collaborations WHERE _until = 9223372036854775807 AND completed_at IS NOT NULL AND requested_at IS NOT NULL
