-- Yields the workdays (BIGINT) of plain weeks from Monday 1970-01-05 up to and including a date; negative before that Monday, NULL for
-- no date. The days from that Monday to the Monday of the date's week are a multiple of 7, so that nothing is rounded.
CREATE TEMP MACRO plain_workdays(week, on_day) AS
  (on_day - DATE '1970-01-05' - (isodow(on_day) - 1)) // 7 * bit_count(week) + bit_count(CAST(week AS BIGINT) & ((CAST(1 AS BIGINT) << isodow(on_day)) - 1))
