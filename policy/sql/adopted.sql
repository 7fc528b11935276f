-- Yields the ledger sequences of all adoptions, in order.
SELECT seq FROM policy.versions ORDER BY seq
