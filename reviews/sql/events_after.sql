-- Yields the decisions of a round after the ledger sequence $after, in order, those of everybody; a round is kept current with them.
SELECT seq, moment, actor, kind, data FROM reviews.events
WHERE seq > $after AND (period = $period OR period = '')
ORDER BY seq, subject
