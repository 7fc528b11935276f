-- Yields the seals known at $as_of, in the order of their quarters.
SELECT seq, moment, actor, kind, data FROM reviews.events WHERE kind = 'quarter.sealed' AND seq <= $as_of ORDER BY period
