-- Yields the decisions known at $as_of about whole rounds and about each of $subjects, which stand between unit separators: of the round $period and,
-- where it is a month, the seal of its quarter, after which nothing of it changes; without order, since sorting takes a third of the time.
-- $quarter is '' for none.
SELECT seq, moment, actor, kind, data, subject FROM reviews.events
WHERE (subject = '' OR list_contains(string_split($subjects, chr(31)), subject)) AND period IN ('', $period, $quarter) AND seq <= $as_of
  AND (period <> $quarter OR kind = 'quarter.sealed' OR $quarter = '')
