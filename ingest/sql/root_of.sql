-- Yields one row: the root of the file or release that event $seq brought.
SELECT root FROM ingest.files WHERE seq = $seq
