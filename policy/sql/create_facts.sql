-- Makes the schema of the fact tables; each is made when a policy with its dataset is adopted.
CREATE SCHEMA facts
