-- Deliveries due: those made by their due day over those made or due by $today.
SELECT employee_no AS owner, due_on AS day, if(delivered_on > due_on OR delivered_on IS NULL, 0, 1) AS num, 1 AS den, 1 AS n
FROM facts.deliveries WHERE _until = 9223372036854775807 AND NOT (delivered_on IS NULL AND due_on > CAST($today AS DATE))
