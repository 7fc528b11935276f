-- Yields one row: seq, hash, layout of the last event applied.
SELECT seq, hash, layout FROM books.state
