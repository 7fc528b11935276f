-- Yields one row per table of a file that came in, or per release of waiting rows (origin: the file's event, else 0): its receipt.
-- root is the event of the file that the rows first came in: the file's own, or that whose rows it releases or corrects.
-- decided is the event as JSON (columns, encoding, header row, notices); part is the table in the file, feed the stream it belongs to.
-- rows_in = added + corrected + unchanged + duplicates + quarantined + excluded; row numbers are physical row * parts + place in it.
-- withdrawn is the event that took the file back, 0 while it stands.
CREATE TABLE ingest.files (
  seq BIGINT NOT NULL, taken_at TIMESTAMP NOT NULL, actor VARCHAR NOT NULL,
  name VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, dataset VARCHAR NOT NULL, part VARCHAR NOT NULL, feed VARCHAR NOT NULL,
  origin BIGINT NOT NULL, root BIGINT NOT NULL, parts BIGINT NOT NULL, decided VARCHAR NOT NULL,
  rows_in BIGINT NOT NULL, added BIGINT NOT NULL, corrected BIGINT NOT NULL, unchanged BIGINT NOT NULL,
  duplicates BIGINT NOT NULL, quarantined BIGINT NOT NULL, excluded BIGINT NOT NULL, retired BIGINT NOT NULL,
  withdrawn BIGINT NOT NULL
)
