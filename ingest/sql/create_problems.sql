-- Yields one row per reason: cell is 0-based, -1 when the whole row is meant; value is the cell as in the file; detail adds to the rule;
-- field is the dataset's column that is meant, blank for the row.
CREATE TABLE ingest.problems (
  seq BIGINT NOT NULL, row_no BIGINT NOT NULL, cell INTEGER NOT NULL, rule VARCHAR NOT NULL, value VARCHAR NOT NULL, detail VARCHAR NOT NULL, field VARCHAR NOT NULL
)
