-- Makes room for one row per event of the ledger: its sequence (_event) and the day of recording in the company's zone (_came).
-- The scans of data quality join it to tell when a record came into the books. Neither is ever NULL.
CREATE TEMPORARY TABLE arrivals (_event BIGINT NOT NULL, _came DATE NOT NULL)
