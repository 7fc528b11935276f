-- Requests that were answered or whose four hours ended before $today: those answered within four hours over all.
SELECT employee_no AS owner, CAST(requested_at AS DATE) AS day, if(date_diff('second', requested_at, responded_at) <= 4 * 3600, 1, 0) AS num, 1 AS den, 1 AS n
FROM facts.deliveries WHERE _until = 9223372036854775807 AND requested_at IS NOT NULL AND (responded_at IS NOT NULL OR requested_at + INTERVAL 4 HOUR < CAST($today AS DATE))
