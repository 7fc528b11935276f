-- Closed opportunities: won ones over won and lost ones.
SELECT employee_no AS owner, closed_on AS day, if(outcome = 'won', 1, 0) AS num, 1 AS den, 1 AS n
FROM facts.opportunities WHERE _until = 9223372036854775807 AND closed_on IS NOT NULL AND outcome <> 'open'
