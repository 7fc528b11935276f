-- Yields the n-th day (DATE) of the ISO week that holds a date, Monday being the first; NULL when one of them is missing or the week has no
-- n-th day.
CREATE TEMP MACRO week_day(on_day, n) AS
  CAST(date_trunc('week', CAST(on_day AS DATE)) AS DATE) + CAST(CASE WHEN n BETWEEN 1 AND 7 THEN n - 1 END AS INTEGER)
