-- Yields the reasons of all rows in quarantine at ledger sequence $as_of, by file, row and cell. Of a file that was taken in
-- again, only the last time counts.
SELECT p.seq, p.row_no, p.cell, p.rule, p.value, p.detail, r.cells
FROM ingest.problems p JOIN ingest.rejected_rows r USING (seq, row_no)
WHERE p.seq IN (SELECT max(seq) FROM ingest.files WHERE seq <= $as_of GROUP BY sha256, sheet, dataset)
ORDER BY p.seq, p.row_no, p.cell, p.rule
