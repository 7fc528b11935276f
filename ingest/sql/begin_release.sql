-- Holds the rows that the release at hand takes from the quarantine of event $origin, and the row by which people name each.
CREATE TEMP TABLE correction AS
SELECT r.row_no AS _row, r.seq, r.row_no, r.root_seq, r.root_row FROM ingest.rejected_rows r WHERE r.seq = $origin AND r.row_no IN (SELECT _r FROM source)
