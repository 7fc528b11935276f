-- Yields the moment (TIMESTAMP) that lies some hours after another, to the second; NULL when one of them is missing.
CREATE TEMP MACRO plus_hours(since, hours) AS
  CAST(since AS TIMESTAMP) + to_microseconds(CAST(CAST(hours AS DECIMAL(18,4)) * 3600 AS BIGINT) * 1000000)
