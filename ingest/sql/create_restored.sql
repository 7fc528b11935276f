-- Yields one row per version (seq, row_no) of a record that a withdrawal brought back, and the row (of_seq, of_row) that it came from.
CREATE TABLE ingest.restored (seq BIGINT NOT NULL, dataset VARCHAR NOT NULL, row_no BIGINT NOT NULL, of_seq BIGINT NOT NULL, of_row BIGINT NOT NULL)
