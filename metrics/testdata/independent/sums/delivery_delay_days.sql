-- Deliveries made: workdays after the due day up to the day they were made.
SELECT employee_no AS owner, due_on AS day, (SELECT count(*) FROM workday WHERE d > due_on AND d <= delivered_on) AS num, 1 AS den, 1 AS n
FROM facts.deliveries WHERE _until = 9223372036854775807 AND delivered_on IS NOT NULL
