-- Notes a call, unless somebody was called about the notice already.
INSERT INTO notices.calls SELECT $key, $employee_no, $seq, $at, $actor, $note
WHERE NOT EXISTS (SELECT 1 FROM notices.calls WHERE "key" = $key AND employee_no = $employee_no)
