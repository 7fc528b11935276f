-- Every decision as the ledger has it. period is 2026-07 or 2026Q3, '' for what belongs to none; subject is the employee whom it
-- concerns, '' for a whole round.
CREATE TABLE reviews.events (seq BIGINT NOT NULL, moment TIMESTAMP NOT NULL, actor VARCHAR NOT NULL, kind VARCHAR NOT NULL, period VARCHAR NOT NULL,
  subject VARCHAR NOT NULL, data VARCHAR NOT NULL)
