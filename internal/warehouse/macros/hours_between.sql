-- Yields the hours (DECIMAL(18,4)) from one moment to another, rounded half away from zero to four decimals; negative when the second lies
-- before the first, NULL when one of them is missing. Half of the last decimal is 180000 microseconds: the whole halves are counted in
-- integers, and the cast of a decimal rounds them without floating point.
CREATE TEMP MACRO hours_between(since, up_to) AS
  CAST(CAST((epoch_us(CAST(up_to AS TIMESTAMP)) - epoch_us(CAST(since AS TIMESTAMP))) // 180000 AS DECIMAL(18,0)) * 0.00005 AS DECIMAL(18,4))
