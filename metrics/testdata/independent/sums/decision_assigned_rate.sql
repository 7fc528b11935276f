-- Resolutions assigned, or whose 24 hours ended before $today: those assigned within 24 hours over all.
SELECT employee_no AS owner, CAST(decided_at AS DATE) AS day, if(date_diff('second', decided_at, assigned_at) <= 86400, 1, 0) AS num, 1 AS den, 1 AS n
FROM facts.decisions WHERE _until = 9223372036854775807 AND (assigned_at IS NOT NULL OR decided_at + INTERVAL 1 DAY < CAST($today AS DATE))
