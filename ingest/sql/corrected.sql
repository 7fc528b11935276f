-- Yields one row: how many rows correct a record in the books.
SELECT count(*) FROM met WHERE NOT same
