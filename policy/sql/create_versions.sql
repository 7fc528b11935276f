-- Yields one row per adopted policy: ledger sequence, first day it counts on, note, SHA-256 of the files, the files as JSON.
CREATE TABLE policy.versions (
  number INTEGER NOT NULL, seq BIGINT NOT NULL, effective DATE NOT NULL, note VARCHAR NOT NULL, hash VARCHAR NOT NULL, files VARCHAR NOT NULL
)
