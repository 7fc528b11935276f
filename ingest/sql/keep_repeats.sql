-- Keeps which rows say what the books said already, so that they can stand in for a file that is withdrawn.
INSERT INTO ingest.repeats SELECT $seq, _row, _seq, row_then FROM met WHERE same
