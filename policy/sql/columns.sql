-- Yields name and type of each column of a fact table; no rows when there is no such table.
SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'facts' AND table_name = $dataset ORDER BY column_index
