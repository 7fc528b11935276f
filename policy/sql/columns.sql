-- Yields dataset, name and type of each column of all fact tables.
SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'facts' ORDER BY table_name, column_index
