-- Yields the decision of the file that event $seq brought, as JSON.
SELECT decided FROM ingest.files WHERE seq = $seq
