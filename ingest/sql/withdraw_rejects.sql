-- Takes the waiting rows of the files that event $seq took back out of quarantine.
INSERT INTO ingest.settled
SELECT r.seq, r.row_no, $seq, 'withdrawn', 0 FROM ingest.rejected_rows r JOIN ingest.files f ON f.seq = r.seq
  ANTI JOIN (SELECT * FROM ingest.settled WHERE undone = 0) s ON s.seq = r.seq AND s.row_no = r.row_no
WHERE f.withdrawn = $seq
