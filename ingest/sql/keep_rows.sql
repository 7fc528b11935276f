-- Keeps the cells of the rows that go into quarantine.
INSERT INTO ingest.rejected_rows
SELECT $seq, _row, list_transform(_cells, x -> coalesce(x, '')) FROM raw WHERE _row IN (SELECT _row FROM problem) ORDER BY _row
