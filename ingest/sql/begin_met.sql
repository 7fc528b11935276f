-- Holds the rows of the file at hand whose record is in the books already, and whether it says the same.
CREATE TEMP TABLE met (_row BIGINT NOT NULL, same BOOLEAN NOT NULL)
