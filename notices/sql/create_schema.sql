-- Makes the schema of what people are told.
CREATE SCHEMA notices
