-- Yields the place (BIGINT) of a date's month among the months that a calendar lists, from 1; 0 and less, or more than there are, outside.
-- NULL for no date. The first month listed is given as year * 12 + month - 1.
CREATE TEMP MACRO calendar_month(first_month, on_day) AS year(on_day) * 12 + month(on_day) - first_month
