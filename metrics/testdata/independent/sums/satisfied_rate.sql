-- Answers: those of four and above over all.
SELECT employee_no AS owner, answered_on AS day, if(score < 4, 0, 1) AS num, 1 AS den, 1 AS n
FROM facts.satisfaction WHERE _until = 9223372036854775807
