-- What departments cost.
SELECT department_id AS department, month_on AS day, amount AS num, 0 AS den, 1 AS n
FROM facts.costs WHERE _until = 9223372036854775807
