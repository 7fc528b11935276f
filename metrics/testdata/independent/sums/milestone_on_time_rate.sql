-- Milestones held, or whose last day has come by $today: those in time over all. A kick-off is held in the five days before the start or on its day, an acceptance up to
-- ten days after completion, anything else, and what lacks that day, by the due day.
SELECT employee_no AS owner, due_on AS day, 1 AS den, 1 AS n,
  CASE WHEN held_on IS NULL THEN 0
    WHEN kind = 'kickoff' AND starts_on IS NOT NULL THEN if(date_diff('day', held_on, starts_on) BETWEEN 0 AND 5, 1, 0)
    WHEN kind = 'acceptance' AND completed_on IS NOT NULL THEN if(date_diff('day', completed_on, held_on) <= 10, 1, 0)
    WHEN held_on > due_on THEN 0 ELSE 1 END AS num
FROM facts.milestones WHERE _until = 9223372036854775807 AND (held_on IS NOT NULL
  OR date_diff('day', CAST($today AS DATE), if(kind = 'kickoff', coalesce(starts_on, due_on), if(kind = 'acceptance', coalesce(completed_on + 10, due_on), due_on))) <= 0)
