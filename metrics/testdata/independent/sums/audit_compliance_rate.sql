-- Samples audited: compliant ones over all.
SELECT employee_no AS owner, audited_on AS day, CAST(compliant AS INTEGER) AS num, 1 AS den, 1 AS n
FROM facts.findings WHERE _until = 9223372036854775807
