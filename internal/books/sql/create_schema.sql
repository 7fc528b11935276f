-- Makes the schema for the books' own state.
CREATE SCHEMA books
