-- Yields one row: how many state tables there are, 0 in a new file.
SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'books' AND table_name = 'state'
