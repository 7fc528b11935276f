-- Takes the rows that the file corrects out of quarantine; those that are still faulty have moved to this file's own rows.
INSERT INTO ingest.settled
SELECT seq, row_no, $seq, CASE WHEN _row IN (SELECT _row FROM problem) THEN 'moved' ELSE 'corrected' END, 0 FROM correction
