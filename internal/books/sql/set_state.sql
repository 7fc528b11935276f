-- Notes the events applied in this transaction, the last of which is $seq. They follow $before, the last one applied until now.
UPDATE books.state SET seq = $seq, hash = $hash WHERE seq = $before
