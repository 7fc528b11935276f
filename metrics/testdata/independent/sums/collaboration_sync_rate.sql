-- Weeks synchronised or over before $today: those synchronised within the seven days over all.
SELECT employee_no AS owner, week_from AS day, if(date_diff('day', week_from, synchronised_on) BETWEEN 0 AND 6, 1, 0) AS num, 1 AS den, 1 AS n
FROM facts.collaborations WHERE _until = 9223372036854775807 AND (synchronised_on IS NOT NULL OR week_from + 6 < CAST($today AS DATE))
