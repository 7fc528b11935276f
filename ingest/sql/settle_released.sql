-- Takes the rows of a release out of quarantine; those that fail for another reason now have moved to the release.
INSERT INTO ingest.settled
SELECT k.seq, k.row_no, $seq, CASE WHEN k._row IN (SELECT _row FROM problem) THEN 'moved' ELSE 'released' END, 0
FROM correction k WHERE k._row IN (SELECT _row FROM stage)
