-- Closed opportunities with an amount: the amount of won ones over the amount of all.
SELECT employee_no AS owner, closed_on AS day, if(outcome = 'won', amount, 0) AS num, amount AS den, 1 AS n
FROM facts.opportunities WHERE _until = 9223372036854775807 AND closed_on IS NOT NULL AND outcome <> 'open' AND amount IS NOT NULL
