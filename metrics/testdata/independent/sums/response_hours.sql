-- Answered requests: hours until the first response, to four decimals.
SELECT employee_no AS owner, CAST(requested_at AS DATE) AS day, CAST((date_diff('second', requested_at, responded_at) * 10000 + 1800) // 3600 AS DECIMAL(18,0)) * 0.0001 AS num, 1 AS den, 1 AS n
FROM facts.deliveries WHERE _until = 9223372036854775807 AND requested_at IS NOT NULL AND responded_at IS NOT NULL
