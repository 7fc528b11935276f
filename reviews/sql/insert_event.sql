-- Notes one decision.
INSERT INTO reviews.events VALUES ($seq, $moment, $actor, $kind, $period, $subject, $data)
