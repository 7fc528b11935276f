-- Costs with a budget over their budgets.
SELECT department_id AS department, month_on AS day, amount AS num, budget AS den, 1 AS n
FROM facts.costs WHERE _until = 9223372036854775807 AND budget IS NOT NULL
