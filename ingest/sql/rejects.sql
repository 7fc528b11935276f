-- Yields the reasons of all rows in quarantine at ledger sequence $as_of, by file, row and cell.
SELECT p.seq, p.row_no, r.root_seq, r.root_row, p.cell, p.rule, p.value, p.detail, p.field, r.cells
FROM ingest.problems p JOIN ingest.rejected_rows r USING (seq, row_no)
ANTI JOIN (SELECT * FROM ingest.settled WHERE by_seq <= $as_of AND (undone = 0 OR undone > $as_of)) s ON s.seq = r.seq AND s.row_no = r.row_no
WHERE p.seq <= $as_of
ORDER BY p.seq, p.row_no, p.cell, p.rule
