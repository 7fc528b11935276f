-- Yields the files (JSON) of the policy adopted by the event at $seq.
SELECT files FROM policy.versions WHERE seq = $seq
