-- Yields what was done about appeals up to $as_of, in order: of the quarter $period, or of all when that is ''.
SELECT seq, moment, actor, kind, data FROM reviews.events
WHERE kind LIKE 'appeal.%' AND seq <= $as_of AND ($period = '' OR period = $period)
ORDER BY seq
