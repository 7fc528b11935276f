-- Reports handed in, or whose deadline lies on a day before $today: those in by the deadline over all. It is the report's own; else Friday 17:00 of the week in which the
-- weekly one ends, 18:00 five days after the month of the monthly one, 18:00 twenty days after the year of the yearly one.
SELECT employee_no AS owner, period_to AS day, if(submitted_at <= deadline, 1, 0) AS num, 1 AS den, 1 AS n
FROM (
  SELECT *, coalesce(due_at, CASE kind WHEN 'weekly' THEN date_trunc('week', period_to) + INTERVAL '4 days 17 hours'
    WHEN 'monthly' THEN period_to + INTERVAL '5 days 18 hours' ELSE period_to + INTERVAL '20 days 18 hours' END) AS deadline
  FROM facts.submissions WHERE _until = 9223372036854775807
)
WHERE submitted_at IS NOT NULL OR deadline < CAST($today AS DATE)
