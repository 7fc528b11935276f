-- Yields one row: how many rows of the file at hand go into quarantine, those not staged left out.
SELECT count(DISTINCT _row) FROM problem
