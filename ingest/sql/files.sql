-- Yields the receipts of all files known at ledger sequence $as_of, in order of arrival.
SELECT seq, taken_at, actor, decided, rows_in, added, corrected, unchanged, duplicates, quarantined
FROM ingest.files WHERE seq <= $as_of ORDER BY seq
