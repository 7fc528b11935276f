-- Yields the decisions of a round known at $as_of, in order: those of the whole round, and of $subject or, when that is '', of everybody.
SELECT seq, moment, actor, kind, data FROM reviews.events
WHERE seq <= $as_of AND (period = $period OR period = '') AND ($subject = '' OR subject = '' OR subject = $subject)
ORDER BY seq, subject
