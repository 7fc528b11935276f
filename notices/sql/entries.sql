-- Yields the outbox: of one channel or, when $channel is '', of all; in one state or, when $state is '', in all. The urgent come first, then the earliest queued.
SELECT channel, "key", kind, period, urgent, grouped, recipients, title_zh, title_en, body, link, since, queued, queued_at, state, attempts, next_try, error, changed_at, changed_by, reason
FROM notices.entries WHERE ($channel = '' OR channel = $channel) AND ($state = '' OR state = $state)
ORDER BY urgent DESC, queued, channel, "key"
