-- Yields one row: whether a row of $dataset whose key is known waits in quarantine, other than those of event $seq.
SELECT EXISTS (
  SELECT 1 FROM ingest.rejected_rows r JOIN ingest.files f ON f.seq = r.seq
    ANTI JOIN (SELECT * FROM ingest.settled WHERE undone = 0) s ON s.seq = r.seq AND s.row_no = r.row_no
  WHERE f.dataset = $dataset AND r.key IS NOT NULL AND r.seq <> $seq)
