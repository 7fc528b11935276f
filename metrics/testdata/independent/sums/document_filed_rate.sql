-- Documents filed that tell when they were made: those filed within five days over all.
SELECT employee_no AS owner, filed_on AS day, if(date_diff('day', created_on, filed_on) > 5, 0, 1) AS num, 1 AS den, 1 AS n
FROM facts.documents WHERE _until = 9223372036854775807 AND created_on IS NOT NULL
