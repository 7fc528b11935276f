-- Yields all decisions of a round known at $as_of, in order.
SELECT seq, moment, actor, kind, data FROM reviews.events WHERE seq <= $as_of AND (period = $period OR period = '') ORDER BY seq, subject
