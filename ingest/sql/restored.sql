-- Yields the versions of records that withdrawals brought back, each with the row that it came from.
SELECT dataset, seq, row_no, of_seq, of_row FROM ingest.restored
