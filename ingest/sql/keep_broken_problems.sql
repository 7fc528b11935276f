-- Keeps the reasons of rows that could not be staged; $rows is a JSON list of {row, column, rule, value, detail}.
INSERT INTO ingest.problems
SELECT $seq, b.row, b.column, b.rule, b.value, b.detail, ''
FROM (SELECT unnest(from_json($rows, '[{"row":"BIGINT","column":"INTEGER","rule":"VARCHAR","value":"VARCHAR","detail":"VARCHAR"}]')) AS b)
