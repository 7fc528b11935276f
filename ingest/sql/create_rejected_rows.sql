-- Yields one row per row that went into quarantine: the file's event, the row, the event and row by which people name it (of a row
-- that was corrected in vain, those of the first time), the cells as in the file, and the record's key as one text, NULL when unknown.
CREATE TABLE ingest.rejected_rows (
  seq BIGINT NOT NULL, row_no BIGINT NOT NULL, root_seq BIGINT NOT NULL, root_row BIGINT NOT NULL, cells VARCHAR[] NOT NULL, key VARCHAR
)
