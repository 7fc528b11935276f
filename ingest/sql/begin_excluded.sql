-- Holds the rows of the file at hand that are no records of it: filtered out, older versions, totals.
CREATE TEMP TABLE excluded (_row BIGINT NOT NULL, rule VARCHAR NOT NULL)
