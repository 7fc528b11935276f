-- Holds the rows of the file at hand whose key is in the books, and where the record there came from (_seq, row_then).
CREATE TEMP TABLE hit (_row BIGINT NOT NULL, _seq BIGINT NOT NULL, row_then BIGINT NOT NULL)
