-- Incidents confirmed against somebody, drills apart.
SELECT person_no AS owner, confirmed_on AS day, 1 AS num, 0 AS den, 1 AS n
FROM facts.incidents WHERE _until = 9223372036854775807 AND drill IS DISTINCT FROM true AND confirmed AND confirmed_on IS NOT NULL
