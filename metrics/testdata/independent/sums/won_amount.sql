-- Amounts of the opportunities won.
SELECT employee_no AS owner, closed_on AS day, amount AS num, 0 AS den, 1 AS n
FROM facts.opportunities WHERE _until = 9223372036854775807 AND closed_on IS NOT NULL AND outcome = 'won' AND amount IS NOT NULL
