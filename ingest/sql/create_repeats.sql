-- Yields one row per row of a file that says what the record (of_seq, of_row) said already.
CREATE TABLE ingest.repeats (seq BIGINT NOT NULL, row_no BIGINT NOT NULL, of_seq BIGINT NOT NULL, of_row BIGINT NOT NULL)
