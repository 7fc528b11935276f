-- Yields the workdays (BIGINT) of a calendar from Monday 1970-01-05 up to and including a date; negative before that Monday, NULL for no
-- date. Months listed are looked up; all other days are counted by plain weeks. For the figures of the calendar see workdays.
CREATE TEMP MACRO workdays_until(week, first_month, months, counted_before, days_of, more_after, on_day) AS
  CASE
    WHEN calendar_month(first_month, on_day) BETWEEN 1 AND months THEN
      CAST(counted_before AS BIGINT[])[calendar_month(first_month, on_day)]
      + bit_count(CAST(days_of AS BIGINT[])[calendar_month(first_month, on_day)] & ((CAST(1 AS BIGINT) << day(on_day)) - 1))
    WHEN calendar_month(first_month, on_day) > months THEN plain_workdays(week, on_day) + more_after
    ELSE plain_workdays(week, on_day)
  END
