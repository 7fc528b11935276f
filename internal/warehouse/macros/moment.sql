-- Yields the moment (TIMESTAMP) of a date at an hour of its clock, 17.5 being half past five in the afternoon, to the second; NULL when one
-- of them is missing.
CREATE TEMP MACRO moment(on_day, at_hour) AS
  CAST(CAST(on_day AS DATE) AS TIMESTAMP) + to_microseconds(CAST(CAST(at_hour AS DECIMAL(18,4)) * 3600 AS BIGINT) * 1000000)
