-- Yields one row: how many rows repeat an earlier one to the letter.
SELECT count(*) FROM duplicate
