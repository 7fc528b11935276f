-- Holds what the texts say that SQL does not read: slot of the plan, text as in the file, value, whether it means blank, else the rule it breaks.
CREATE TEMP TABLE reading (slot INTEGER NOT NULL, text VARCHAR NOT NULL, value VARCHAR, blank BOOLEAN NOT NULL, rule VARCHAR, detail VARCHAR NOT NULL)
