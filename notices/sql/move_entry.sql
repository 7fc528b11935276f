-- Brings an entry from one of the states $before (joined by blanks) into the state $after, at most once for each event.
UPDATE notices.entries SET state = $after, attempts = coalesce($attempts, attempts), next_try = $next_try, error = $error, changed_at = $at, changed_by = $actor, reason = $reason
WHERE channel = $channel AND "key" = $key AND list_contains(string_split($before, ' '), state)
