-- Findings fixed or due by $today: those fixed by their day over all.
SELECT employee_no AS owner, due_on AS day, if(fixed_on <= due_on, 1, 0) AS num, 1 AS den, 1 AS n
FROM facts.findings WHERE _until = 9223372036854775807 AND NOT compliant AND due_on IS NOT NULL AND (fixed_on IS NOT NULL OR due_on <= CAST($today AS DATE))
