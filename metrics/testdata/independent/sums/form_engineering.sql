-- Hours logged and planned in engineering departments.
SELECT employee_no AS owner, work_date AS day, hours AS num, coalesce(planned_hours, 0) AS den, if(planned_hours IS NULL, 0, 1) AS n, 'engineering' AS kind
FROM facts.work_logs WHERE _until = 9223372036854775807
