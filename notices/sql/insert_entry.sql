-- Queues one notice for a channel, unless it ever was queued there.
INSERT INTO notices.entries
SELECT $channel, $key, $kind, $period, $urgent, $grouped, $recipients, $title_zh, $title_en, $body, $link, $since, $seq, $at, 'queued', 0, $at, '', $at, $actor, ''
WHERE NOT EXISTS (SELECT 1 FROM notices.entries WHERE channel = $channel AND "key" = $key)
