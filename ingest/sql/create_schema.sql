-- Makes the schema of what came in.
CREATE SCHEMA ingest
