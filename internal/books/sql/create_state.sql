-- Yields one row: how far the ledger has been applied (seq 0: nothing yet; hash: SHA-256 of that journal line)
-- and the layout of the tables, so that another layout is told apart and rebuilt.
CREATE TABLE books.state (seq BIGINT NOT NULL, hash VARCHAR NOT NULL, layout VARCHAR NOT NULL)
