-- Yields one row: how many rows of the file at hand are no records.
SELECT count(*) FROM excluded
