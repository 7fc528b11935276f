-- Keeps the cells of rows that could not be staged; $rows is a JSON list of {row, cells, root}, where root names the waiting row that
-- a correction was meant for, or is blank.
INSERT INTO ingest.rejected_rows
SELECT $seq, b.row, coalesce(o.root_seq, $seq), coalesce(o.root_row, b.row), b.cells, NULL
FROM (SELECT unnest(from_json($rows, '[{"row":"BIGINT","cells":["VARCHAR"],"root":"VARCHAR"}]')) AS b)
  LEFT JOIN (SELECT DISTINCT root_seq, root_row FROM ingest.rejected_rows WHERE seq <> $seq) o ON b.root = o.root_seq || '-' || o.root_row
