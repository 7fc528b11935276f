-- Yields one row: how many rows came into the facts of $dataset, by files and by withdrawals, and how many of all rows were ended.
SELECT
  (SELECT coalesce(sum(added + corrected), 0) FROM ingest.files WHERE dataset = $dataset)::BIGINT + (SELECT count(*) FROM ingest.restored WHERE dataset = $dataset),
  (SELECT coalesce(sum(corrected), 0) FROM ingest.files WHERE dataset = $dataset)::BIGINT + (SELECT count(*) FROM ingest.retired WHERE dataset = $dataset)
