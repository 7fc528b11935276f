-- The outbox: a row for each notice and channel, in the state that its events left it in. recipients is a JSON list of employee numbers, empty
-- for a group, of whose entries neither title nor body is kept. body is a JSON list of texts. next_try is NULL unless the entry is queued.
CREATE TABLE notices.entries (channel VARCHAR NOT NULL, "key" VARCHAR NOT NULL, kind VARCHAR NOT NULL, period VARCHAR NOT NULL, urgent BOOLEAN NOT NULL, grouped BOOLEAN NOT NULL,
  recipients VARCHAR NOT NULL, title_zh VARCHAR NOT NULL, title_en VARCHAR NOT NULL, body VARCHAR NOT NULL, link VARCHAR NOT NULL, since TIMESTAMP NOT NULL,
  queued BIGINT NOT NULL, queued_at TIMESTAMP NOT NULL, state VARCHAR NOT NULL, attempts BIGINT NOT NULL, next_try TIMESTAMP, error VARCHAR NOT NULL,
  changed_at TIMESTAMP NOT NULL, changed_by VARCHAR NOT NULL, reason VARCHAR NOT NULL)
