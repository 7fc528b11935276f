-- Deliveries accepted with a verdict: those right at the first attempt over all.
SELECT employee_no AS owner, accepted_on AS day, CAST(correct AS INTEGER) AS num, 1 AS den, 1 AS n
FROM facts.deliveries WHERE _until = 9223372036854775807 AND accepted_on IS NOT NULL AND correct IS NOT NULL
