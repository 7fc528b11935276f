-- Writes the receipt of a file.
INSERT INTO ingest.files
VALUES ($seq, $at, $actor, $name, $sha256, $dataset, $part, $feed, $origin, $root, $parts, $decided,
  $rows_in, $added, $corrected, $unchanged, $duplicates, $quarantined, $excluded, $retired, 0)
