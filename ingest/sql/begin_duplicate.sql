-- Holds the rows of the file at hand that repeat an earlier row of it to the letter.
CREATE TEMP TABLE duplicate (_row BIGINT NOT NULL)
