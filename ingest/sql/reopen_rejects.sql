-- Puts rows of other files back into quarantine that the files which event $seq took back had answered for.
UPDATE ingest.settled SET undone = $seq
WHERE undone = 0 AND how <> 'withdrawn' AND by_seq IN (SELECT seq FROM ingest.files WHERE withdrawn = $seq)
  AND seq IN (SELECT seq FROM ingest.files WHERE withdrawn = 0)
