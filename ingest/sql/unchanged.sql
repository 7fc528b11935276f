-- Yields one row: how many rows say what the books already say.
SELECT count(*) FROM met WHERE same
