-- Keeps the cells of rows that could not be staged; $rows is a JSON list of {row, cells}.
INSERT INTO ingest.rejected_rows
SELECT $seq, b.row, b.cells
FROM (SELECT unnest(from_json($rows, '[{"row":"BIGINT","cells":["VARCHAR"]}]')) AS b)
