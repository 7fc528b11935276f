-- Makes the schema of what people decided.
CREATE SCHEMA reviews
