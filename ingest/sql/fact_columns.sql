-- Yields the columns of the fact table of $dataset in their order, those of the table's own making left out.
SELECT column_name FROM duckdb_columns() WHERE schema_name = 'facts' AND table_name = $dataset AND NOT starts_with(column_name, '_') ORDER BY column_index
