-- Yields the receipts of all files known at ledger sequence $as_of, in order of arrival, with the rows that still wait in quarantine then.
SELECT f.seq, f.taken_at, f.actor, f.decided, f.rows_in, f.added, f.corrected, f.unchanged, f.duplicates, f.quarantined, f.excluded, f.retired,
  f.origin, f.parts, CASE WHEN f.withdrawn <= $as_of THEN f.withdrawn ELSE 0 END, coalesce(o.n, 0)
FROM ingest.files f LEFT JOIN (
  SELECT r.seq, count(*) AS n FROM ingest.rejected_rows r ANTI JOIN (SELECT * FROM ingest.settled WHERE by_seq <= $as_of AND (undone = 0 OR undone > $as_of)) s ON s.seq = r.seq AND s.row_no = r.row_no
  GROUP BY r.seq) o ON o.seq = f.seq
WHERE f.seq <= $as_of ORDER BY f.seq
