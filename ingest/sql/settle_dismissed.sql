-- Takes the row that people call $id out of quarantine: it is no record.
INSERT INTO ingest.settled
SELECT r.seq, r.row_no, $seq, 'dismissed', 0 FROM ingest.rejected_rows r
  ANTI JOIN (SELECT * FROM ingest.settled WHERE undone = 0) s ON s.seq = r.seq AND s.row_no = r.row_no
WHERE r.root_seq || '-' || r.root_row = $id
