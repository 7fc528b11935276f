-- Holds the rows of the file at hand whose record is in the books already, which record that is (_seq, row_then), and whether they say the same.
CREATE TEMP TABLE met (_row BIGINT NOT NULL, _seq BIGINT NOT NULL, row_then BIGINT NOT NULL, same BOOLEAN NOT NULL)
