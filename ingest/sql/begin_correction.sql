-- Holds the rows of the file at hand that correct a row in quarantine: that row, and the one by which people name it.
CREATE TEMP TABLE correction AS
SELECT c._r AS _row, r.seq, r.row_no, r.root_seq, r.root_row
FROM source c JOIN ingest.rejected_rows r ON c._root = r.root_seq || '-' || r.root_row
  ANTI JOIN (SELECT * FROM ingest.settled WHERE undone = 0) s ON s.seq = r.seq AND s.row_no = r.row_no
