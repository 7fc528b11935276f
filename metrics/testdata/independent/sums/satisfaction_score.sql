-- Answers: their scores.
SELECT employee_no AS owner, answered_on AS day, score AS num, 1 AS den, 1 AS n
FROM facts.satisfaction WHERE _until = 9223372036854775807
