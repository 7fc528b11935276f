-- Yields the n-th day (DATE) of the month that holds a date, and its last day when n is more than it has; NULL when one of them is missing
-- or n is less than 1. The n-th day of a month with 31 days is moved there by whole months, which stops at the end of shorter ones.
CREATE TEMP MACRO month_day(on_day, n) AS
  CAST(DATE '2000-01-01' + CAST(CASE WHEN n BETWEEN 1 AND 31 THEN n - 1 WHEN n > 31 THEN 30 END AS INTEGER)
    + to_months(date_diff('month', DATE '2000-01-01', CAST(on_day AS DATE))) AS DATE)
