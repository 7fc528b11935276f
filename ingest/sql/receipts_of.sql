-- Yields one row: how many rows the files brought into the facts of $dataset, and how many of these were corrections.
SELECT coalesce(sum(added + corrected), 0)::BIGINT, coalesce(sum(corrected), 0)::BIGINT FROM ingest.files WHERE dataset = $dataset
