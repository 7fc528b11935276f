-- Takes the waiting rows out of quarantine whose corrections could not be staged ($rows, see keep_broken_rows): they wait under event $seq now.
INSERT INTO ingest.settled
SELECT r.seq, r.row_no, $seq, 'moved', 0
FROM (SELECT DISTINCT unnest(from_json($rows, '[{"root":"VARCHAR"}]')).root AS root) b
  JOIN ingest.rejected_rows r ON b.root = r.root_seq || '-' || r.root_row AND r.seq <> $seq
  ANTI JOIN (SELECT * FROM ingest.settled WHERE undone = 0) s ON s.seq = r.seq AND s.row_no = r.row_no
