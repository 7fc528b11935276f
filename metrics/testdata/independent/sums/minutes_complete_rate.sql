-- Minutes written: those complete and sent over all.
SELECT employee_no AS owner, CAST(held_at AS DATE) AS day, if(complete AND sent_at IS NOT NULL, 1, 0) AS num, 1 AS den, 1 AS n
FROM facts.meetings WHERE _until = 9223372036854775807 AND minutes_at IS NOT NULL
