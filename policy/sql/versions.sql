-- Yields all versions, in the order of their adoption: number, ledger sequence, first day that they count, note, SHA-256 of the files.
SELECT number, seq, effective, note, hash FROM policy.versions ORDER BY number
