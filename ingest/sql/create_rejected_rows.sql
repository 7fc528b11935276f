-- Yields one row per row in quarantine: the file's event, the physical row, the cells as in the file.
CREATE TABLE ingest.rejected_rows (seq BIGINT NOT NULL, row_no BIGINT NOT NULL, cells VARCHAR[] NOT NULL)
