-- Adds an adopted policy; versions count up from 1.
INSERT INTO policy.versions
SELECT (SELECT coalesce(max(number), 0) + 1 FROM policy.versions), $seq, $effective, $note, $hash, $files
