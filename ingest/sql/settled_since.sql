-- Yields one row: how many rows of files before event $first left quarantine since.
SELECT count(*) FROM ingest.settled WHERE by_seq >= $first AND seq < $first AND undone = 0
