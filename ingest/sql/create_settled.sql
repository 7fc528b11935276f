-- Yields one row per row that left quarantine: by which event and how (corrected, moved, released, key, again, withdrawn, dismissed);
-- undone is the event that took this back, 0 while it holds.
CREATE TABLE ingest.settled (seq BIGINT NOT NULL, row_no BIGINT NOT NULL, by_seq BIGINT NOT NULL, how VARCHAR NOT NULL, undone BIGINT NOT NULL)
