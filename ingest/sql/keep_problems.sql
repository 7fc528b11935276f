-- Keeps the reasons, each with the value as in the file; the same reason once a cell.
INSERT INTO ingest.problems
SELECT DISTINCT $seq, p._row, p.col, p.rule, CASE WHEN p.col >= 0 THEN coalesce(r._cells[p.col + 1], '') ELSE '' END, p.detail, p.field
FROM problem p JOIN broken r USING (_row)
ORDER BY ALL
