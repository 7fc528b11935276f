-- What departments cost over what their people won.
SELECT NULL AS owner, department_id AS department, month_on AS day, amount AS num, 0 AS den, 0 AS n
FROM facts.costs WHERE _until = 9223372036854775807
UNION ALL
SELECT employee_no, NULL, closed_on, 0, amount, 1
FROM facts.opportunities WHERE _until = 9223372036854775807 AND closed_on IS NOT NULL AND outcome = 'won' AND amount IS NOT NULL
