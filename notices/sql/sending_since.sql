-- Yields when the sending of an entry began; nothing unless it is being sent, as far as is known.
SELECT changed_at FROM notices.entries WHERE channel = $channel AND "key" = $key AND state = 'sending'
