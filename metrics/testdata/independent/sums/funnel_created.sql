-- Opportunities created.
SELECT employee_no AS owner, created_on AS day, 1 AS num, 0 AS den, 1 AS n
FROM facts.opportunities WHERE _until = 9223372036854775807 AND true
