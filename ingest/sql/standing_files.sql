-- Yields the files and releases of $dataset that stand: event and decision.
SELECT seq, decided FROM ingest.files WHERE dataset = $dataset AND withdrawn = 0 ORDER BY seq
