-- Yields the ledger sequence of the last time that the same bytes and part came in as the same dataset, of those that stand; else 0.
SELECT coalesce(max(seq), 0) FROM ingest.files
WHERE sha256 = $sha256 AND part = $part AND dataset = $dataset AND origin = 0 AND withdrawn = 0
