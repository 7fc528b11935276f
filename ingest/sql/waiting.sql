-- Yields the rows in quarantine that wait, maybe among other things, for others: an employee, a department, a date of employment, a sum or an interval
-- in the books, and with $checked also for what the books say of their record: the file's event, its decision, the row.
SELECT r.seq, f.decided, r.row_no
FROM ingest.rejected_rows r JOIN ingest.files f ON f.seq = r.seq
  ANTI JOIN (SELECT * FROM ingest.settled WHERE undone = 0) s ON s.seq = r.seq AND s.row_no = r.row_no
WHERE f.withdrawn = 0 AND EXISTS (
  SELECT 1 FROM ingest.problems p WHERE p.seq = r.seq AND p.row_no = r.row_no
    AND (p.rule IN ('employee.unknown', 'employee.ambiguous', 'department.unknown', 'employment.outside')
      OR starts_with(p.rule, 'interval.') OR starts_with(p.rule, 'limit.') OR $checked AND starts_with(p.rule, 'check.')))
ORDER BY r.seq, r.row_no
