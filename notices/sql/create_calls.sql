-- Calls that were made about urgent notices: who was called about which notice, when, by whom.
CREATE TABLE notices.calls ("key" VARCHAR NOT NULL, employee_no VARCHAR NOT NULL, seq BIGINT NOT NULL, moment TIMESTAMP NOT NULL, actor VARCHAR NOT NULL, note VARCHAR NOT NULL)
