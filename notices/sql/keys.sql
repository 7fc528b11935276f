-- Yields the keys that were ever queued in a channel.
SELECT "key" FROM notices.entries WHERE channel = $channel ORDER BY "key"
