-- Hours logged over hours planned, of the logs with a plan.
SELECT employee_no AS owner, work_date AS day, hours AS num, planned_hours AS den, 1 AS n
FROM facts.work_logs WHERE _until = 9223372036854775807 AND planned_hours IS NOT NULL
