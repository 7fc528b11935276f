-- Yields one row per record (of_seq, of_row) of a dataset that the snapshot or withdrawal seq ended without a successor.
CREATE TABLE ingest.retired (seq BIGINT NOT NULL, dataset VARCHAR NOT NULL, of_seq BIGINT NOT NULL, of_row BIGINT NOT NULL)
