-- Takes the waiting rows of earlier readings of the same bytes out of quarantine: this reading has judged them anew.
INSERT INTO ingest.settled
SELECT r.seq, r.row_no, $seq, 'again', 0
FROM ingest.rejected_rows r JOIN ingest.files f ON f.seq = r.seq
  ANTI JOIN (SELECT * FROM ingest.settled WHERE undone = 0) s ON s.seq = r.seq AND s.row_no = r.row_no
WHERE f.sha256 = $sha256 AND f.part = $part AND f.dataset = $dataset AND f.origin = 0 AND f.seq <> $seq
