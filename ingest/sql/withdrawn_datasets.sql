-- Yields the datasets of the files that event $seq took back.
SELECT DISTINCT dataset FROM ingest.files WHERE withdrawn = $seq ORDER BY dataset
