-- Yields the periods with decisions known at $as_of.
SELECT DISTINCT period FROM reviews.events WHERE seq <= $as_of AND period <> '' ORDER BY period
