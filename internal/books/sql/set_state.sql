-- Notes the event applied in this transaction. $seq follows the one before.
UPDATE books.state SET seq = $seq, hash = $hash WHERE seq = $seq - 1
