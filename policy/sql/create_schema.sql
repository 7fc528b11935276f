-- Makes the schema of the adopted policies.
CREATE SCHEMA policy
