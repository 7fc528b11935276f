-- Yields one row per ingested file or sheet: its receipt. decided is the ingest event as JSON (columns, encoding, header row, notices).
-- rows_in = added + corrected + unchanged + duplicates + quarantined.
CREATE TABLE ingest.files (
  seq BIGINT NOT NULL, taken_at TIMESTAMP NOT NULL, actor VARCHAR NOT NULL,
  name VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, dataset VARCHAR NOT NULL, sheet VARCHAR NOT NULL, decided VARCHAR NOT NULL,
  rows_in BIGINT NOT NULL, added BIGINT NOT NULL, corrected BIGINT NOT NULL, unchanged BIGINT NOT NULL,
  duplicates BIGINT NOT NULL, quarantined BIGINT NOT NULL
)
