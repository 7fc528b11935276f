-- Documents filed: those called like 项目-202X年X月-1.0版 over all.
SELECT employee_no AS owner, filed_on AS day, CAST(regexp_full_match(document_name, '.*-20..年.*月-.*[.].*版') AS INTEGER) AS num, 1 AS den, 1 AS n
FROM facts.documents WHERE _until = 9223372036854775807
