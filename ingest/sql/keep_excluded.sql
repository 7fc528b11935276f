-- Keeps the rows that are no records.
INSERT INTO ingest.excluded SELECT $seq, _row, rule FROM excluded ORDER BY _row
