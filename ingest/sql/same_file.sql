-- Yields the last receipt of the same bytes and sheet as the same dataset, if any.
SELECT seq, taken_at, actor, decided, rows_in, added, corrected, unchanged, duplicates, quarantined
FROM ingest.files WHERE sha256 = $sha256 AND sheet = $sheet AND dataset = $dataset ORDER BY seq DESC LIMIT 1
