-- Yields every table that is made from the ledger, as schema.name.
SELECT schema_name || '.' || '"' || table_name || '"' FROM duckdb_tables() WHERE database_name = current_database() AND NOT temporary AND schema_name <> 'books' ORDER BY 1
