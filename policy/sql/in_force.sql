-- Yields the version in force on $day as known at ledger sequence $as_of: of those effective by then the one effective last, and
-- of several with the same day the one adopted last; the first version when none was effective yet.
SELECT number, seq, effective, note, hash, files
FROM policy.versions
WHERE seq <= $as_of
ORDER BY effective <= $day DESC, CASE WHEN effective <= $day THEN effective END DESC, CASE WHEN effective <= $day THEN number ELSE -number END DESC
LIMIT 1
