-- Meetings with minutes, or whose 24 hours ended before $today: those with minutes within 24 hours of the end, or of the beginning where no end is known, over all.
SELECT employee_no AS owner, CAST(held_at AS DATE) AS day, if(date_diff('second', coalesce(ended_at, held_at), minutes_at) <= 86400, 1, 0) AS num, 1 AS den, 1 AS n
FROM facts.meetings WHERE _until = 9223372036854775807 AND (minutes_at IS NOT NULL OR coalesce(ended_at, held_at) + INTERVAL 1 DAY < CAST($today AS DATE))
