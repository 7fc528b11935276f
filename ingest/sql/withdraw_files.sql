-- Marks the readings of the bytes $sha256, and the releases from their quarantine, as taken back by event $seq.
UPDATE ingest.files SET withdrawn = $seq
WHERE withdrawn = 0 AND (sha256 = $sha256 AND origin = 0 OR origin IN (SELECT seq FROM ingest.files WHERE sha256 = $sha256 AND origin = 0 AND withdrawn = 0))
