-- Emergencies that were approved afterwards or whose three days ended before $today: those approved within three days over all.
SELECT employee_no AS owner, CAST(acted_at AS DATE) AS day, if(date_diff('day', acted_at, made_up_at) <= 3, 1, 0) AS num, 1 AS den, 1 AS n
FROM facts.approvals WHERE _until = 9223372036854775807 AND emergency AND acted_at IS NOT NULL AND (made_up_at IS NOT NULL OR date_diff('day', acted_at, CAST($today AS DATE)) > 3)
