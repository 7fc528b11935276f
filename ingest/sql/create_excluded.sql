-- Yields one row per row of a file that is no record: the rule says why.
CREATE TABLE ingest.excluded (seq BIGINT NOT NULL, row_no BIGINT NOT NULL, rule VARCHAR NOT NULL)
