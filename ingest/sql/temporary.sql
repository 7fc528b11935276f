-- Yields the temporary tables and views of the transaction, views first: name and kind.
SELECT view_name, 'VIEW' FROM duckdb_views() WHERE temporary AND NOT internal
UNION ALL SELECT table_name, 'TABLE' FROM duckdb_tables() WHERE temporary ORDER BY 2 DESC, 1
