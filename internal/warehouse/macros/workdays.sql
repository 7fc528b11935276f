-- Yields the workdays (BIGINT) after a date up to and including another; 0 on the same day, negative when the second date lies before the
-- first, NULL when one of them is missing. The figures of the calendar, all constants, are
--   week            bit n-1 is set: day n of the week (1 = Monday) is a workday
--   first_month     year * 12 + month - 1 of the first month listed
--   months          how many months are listed
--   counted_before  list as text, by month listed: workdays from Monday 1970-01-05 up to the last day of the month before
--   days_of         list as text, by month listed: bit n-1 is set: day n is a workday
--   more_after      what is added to the count of plain weeks for days after the months listed
-- Lists are texts, because DuckDB reads such a constant once while it plans, and takes longer to plan with hundreds of numbers.
CREATE TEMP MACRO workdays(week, first_month, months, counted_before, days_of, more_after, after_day, up_to) AS
  workdays_until(week, first_month, months, counted_before, days_of, more_after, CAST(up_to AS DATE))
  - workdays_until(week, first_month, months, counted_before, days_of, more_after, CAST(after_day AS DATE))
