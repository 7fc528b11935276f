-- survey of work_logs by work_date
WITH earlier AS (SELECT f."log_id" AS _k0, min(f._seq) AS _first FROM facts."work_logs" f WHERE f._until <= $as_of GROUP BY ALL)
SELECT m._stay, (f."logged_on" - f."work_date") AS delay, count(*) AS records,
  count(*) FILTER (WHERE f."logged_on" IS NOT NULL) AS judged0, count(*) FILTER (WHERE f."logged_on" IS NOT NULL AND (f."logged_on" - f."work_date") > CAST($days0 AS INTEGER)) AS found0,
  count(*) FILTER (WHERE f."logged_on" IS NOT NULL) AS judged1, count(*) FILTER (WHERE f."logged_on" IS NOT NULL AND (f."logged_on" - f."work_date") > 1) AS found1,
  count(*) FILTER (WHERE f."logged_on" IS NOT NULL) AS judged2, count(*) FILTER (WHERE f."logged_on" IS NOT NULL AND (f."logged_on" - f."work_date") > 3) AS found2,
  count(*) FILTER (WHERE f."work_date" + CAST($days3 AS INTEGER) >= CAST($opened AS DATE)) AS judged3, count(*) FILTER (WHERE f."work_date" + CAST($days3 AS INTEGER) >= CAST($opened AS DATE) AND came_first._came > f."work_date" + CAST($days3 AS INTEGER)) AS found3,
  count(*) FILTER (WHERE last_day(f."work_date") + CAST($days4 AS INTEGER) >= CAST($opened AS DATE)) AS judged4, count(*) FILTER (WHERE last_day(f."work_date") + CAST($days4 AS INTEGER) >= CAST($opened AS DATE) AND came_last._came > last_day(f."work_date") + CAST($days4 AS INTEGER)) AS found4,
  count(*) FILTER (WHERE f."hours" IS NOT NULL) AS judged5, count(*) FILTER (WHERE f."hours" IS NOT NULL AND f."hours" <> 0 AND CAST(f."hours" * 10000 AS BIGINT) % 40000 = 0) AS found5
FROM facts."work_logs" f
JOIN attribution m ON m._employee = f."employee_no" AND f."work_date" >= m._first AND f."work_date" <= m._last
JOIN arrivals came_last ON came_last._event = f._seq
LEFT JOIN earlier ON earlier._k0 = f."log_id"
JOIN arrivals came_first ON came_first._event = coalesce(earlier._first, f._seq)
WHERE f._seq <= $as_of AND f._until > $as_of AND f."work_date" >= CAST($from AS DATE) AND f."work_date" < CAST($to AS DATE)
GROUP BY ALL;

-- survey of deliveries by due_on
SELECT m._stay, NULL::BIGINT AS delay, count(*) AS records,
  count(*) FILTER (WHERE last_day(f."due_on") + CAST($days0 AS INTEGER) >= CAST($opened AS DATE)) AS judged0, count(*) FILTER (WHERE last_day(f."due_on") + CAST($days0 AS INTEGER) >= CAST($opened AS DATE) AND came_last._came > last_day(f."due_on") + CAST($days0 AS INTEGER)) AS found0
FROM facts."deliveries" f
JOIN attribution m ON m._employee = f."employee_no" AND f."due_on" >= m._first AND f."due_on" <= m._last
JOIN arrivals came_last ON came_last._event = f._seq
WHERE f._seq <= $as_of AND f._until > $as_of AND f."due_on" >= CAST($from AS DATE) AND f."due_on" < CAST($to AS DATE)
GROUP BY ALL;

-- survey of opportunities by closed_on
SELECT m._stay, NULL::BIGINT AS delay, count(*) AS records,
  count(*) FILTER (WHERE last_day(f."closed_on") + CAST($days0 AS INTEGER) >= CAST($opened AS DATE)) AS judged0, count(*) FILTER (WHERE last_day(f."closed_on") + CAST($days0 AS INTEGER) >= CAST($opened AS DATE) AND came_last._came > last_day(f."closed_on") + CAST($days0 AS INTEGER)) AS found0
FROM facts."opportunities" f
JOIN attribution m ON m._employee = f."employee_no" AND f."closed_on" >= m._first AND f."closed_on" <= m._last
JOIN arrivals came_last ON came_last._event = f._seq
WHERE f._seq <= $as_of AND f._until > $as_of AND f."closed_on" >= CAST($from AS DATE) AND f."closed_on" < CAST($to AS DATE)
GROUP BY ALL;

-- rows of logged_late
SELECT m._stay, f."employee_no", f."work_date", (f."logged_on" - f."work_date"), f._seq, f._row, [coalesce(CAST(f."log_id" AS VARCHAR), ''), coalesce(CAST(f."employee_no" AS VARCHAR), ''), coalesce(CAST(f."work_date" AS VARCHAR), ''), coalesce(CAST(f."logged_on" AS VARCHAR), ''), coalesce(CAST(f."hours" AS VARCHAR), ''), coalesce(CAST(f."planned_hours" AS VARCHAR), ''), coalesce(CAST(f."project" AS VARCHAR), ''), coalesce(CAST(f."content" AS VARCHAR), '')], []::VARCHAR[]
FROM facts."work_logs" f
JOIN attribution m ON m._employee = f."employee_no" AND f."work_date" >= m._first AND f."work_date" <= m._last
WHERE f._seq <= $as_of AND f._until > $as_of AND f."work_date" >= CAST($from AS DATE) AND f."work_date" < CAST($to AS DATE) AND f."logged_on" IS NOT NULL AND (f."logged_on" - f."work_date") > CAST($days0 AS INTEGER)
ORDER BY 2, 3, f._seq, f._row, m._stay;

-- rows of logging_delay_median
SELECT m._stay, f."employee_no", f."work_date", (f."logged_on" - f."work_date"), f._seq, f._row, [coalesce(CAST(f."log_id" AS VARCHAR), ''), coalesce(CAST(f."employee_no" AS VARCHAR), ''), coalesce(CAST(f."work_date" AS VARCHAR), ''), coalesce(CAST(f."logged_on" AS VARCHAR), ''), coalesce(CAST(f."hours" AS VARCHAR), ''), coalesce(CAST(f."planned_hours" AS VARCHAR), ''), coalesce(CAST(f."project" AS VARCHAR), ''), coalesce(CAST(f."content" AS VARCHAR), '')], []::VARCHAR[]
FROM facts."work_logs" f
JOIN attribution m ON m._employee = f."employee_no" AND f."work_date" >= m._first AND f."work_date" <= m._last
WHERE f._seq <= $as_of AND f._until > $as_of AND f."work_date" >= CAST($from AS DATE) AND f."work_date" < CAST($to AS DATE) AND f."logged_on" IS NOT NULL AND (f."logged_on" - f."work_date") > 1
ORDER BY 2, 3, f._seq, f._row, m._stay;

-- rows of logging_delay_p90
SELECT m._stay, f."employee_no", f."work_date", (f."logged_on" - f."work_date"), f._seq, f._row, [coalesce(CAST(f."log_id" AS VARCHAR), ''), coalesce(CAST(f."employee_no" AS VARCHAR), ''), coalesce(CAST(f."work_date" AS VARCHAR), ''), coalesce(CAST(f."logged_on" AS VARCHAR), ''), coalesce(CAST(f."hours" AS VARCHAR), ''), coalesce(CAST(f."planned_hours" AS VARCHAR), ''), coalesce(CAST(f."project" AS VARCHAR), ''), coalesce(CAST(f."content" AS VARCHAR), '')], []::VARCHAR[]
FROM facts."work_logs" f
JOIN attribution m ON m._employee = f."employee_no" AND f."work_date" >= m._first AND f."work_date" <= m._last
WHERE f._seq <= $as_of AND f._until > $as_of AND f."work_date" >= CAST($from AS DATE) AND f."work_date" < CAST($to AS DATE) AND f."logged_on" IS NOT NULL AND (f."logged_on" - f."work_date") > 3
ORDER BY 2, 3, f._seq, f._row, m._stay;

-- rows of logs_back_dated
WITH earlier AS (SELECT f."log_id" AS _k0, min(f._seq) AS _first FROM facts."work_logs" f WHERE f._until <= $as_of GROUP BY ALL)
SELECT m._stay, f."employee_no", f."work_date", came_first._came - f."work_date", f._seq, f._row, [coalesce(CAST(f."log_id" AS VARCHAR), ''), coalesce(CAST(f."employee_no" AS VARCHAR), ''), coalesce(CAST(f."work_date" AS VARCHAR), ''), coalesce(CAST(f."logged_on" AS VARCHAR), ''), coalesce(CAST(f."hours" AS VARCHAR), ''), coalesce(CAST(f."planned_hours" AS VARCHAR), ''), coalesce(CAST(f."project" AS VARCHAR), ''), coalesce(CAST(f."content" AS VARCHAR), '')], []::VARCHAR[]
FROM facts."work_logs" f
JOIN attribution m ON m._employee = f."employee_no" AND f."work_date" >= m._first AND f."work_date" <= m._last
LEFT JOIN earlier ON earlier._k0 = f."log_id"
JOIN arrivals came_first ON came_first._event = coalesce(earlier._first, f._seq)
WHERE f._seq <= $as_of AND f._until > $as_of AND f."work_date" >= CAST($from AS DATE) AND f."work_date" < CAST($to AS DATE) AND f."work_date" + CAST($days0 AS INTEGER) >= CAST($opened AS DATE) AND came_first._came > f."work_date" + CAST($days0 AS INTEGER)
ORDER BY 2, 3, f._seq, f._row, m._stay;

-- rows of logs_after_close
SELECT m._stay, f."employee_no", f."work_date", came_last._came - last_day(f."work_date"), f._seq, f._row, [coalesce(CAST(f."log_id" AS VARCHAR), ''), coalesce(CAST(f."employee_no" AS VARCHAR), ''), coalesce(CAST(f."work_date" AS VARCHAR), ''), coalesce(CAST(f."logged_on" AS VARCHAR), ''), coalesce(CAST(f."hours" AS VARCHAR), ''), coalesce(CAST(f."planned_hours" AS VARCHAR), ''), coalesce(CAST(f."project" AS VARCHAR), ''), coalesce(CAST(f."content" AS VARCHAR), '')], []::VARCHAR[]
FROM facts."work_logs" f
JOIN attribution m ON m._employee = f."employee_no" AND f."work_date" >= m._first AND f."work_date" <= m._last
JOIN arrivals came_last ON came_last._event = f._seq
WHERE f._seq <= $as_of AND f._until > $as_of AND f."work_date" >= CAST($from AS DATE) AND f."work_date" < CAST($to AS DATE) AND last_day(f."work_date") + CAST($days0 AS INTEGER) >= CAST($opened AS DATE) AND came_last._came > last_day(f."work_date") + CAST($days0 AS INTEGER)
ORDER BY 2, 3, f._seq, f._row, m._stay;

-- rows of deliveries_after_close
SELECT m._stay, f."employee_no", f."due_on", came_last._came - last_day(f."due_on"), f._seq, f._row, [coalesce(CAST(f."delivery_id" AS VARCHAR), ''), coalesce(CAST(f."employee_no" AS VARCHAR), ''), coalesce(CAST(f."project" AS VARCHAR), ''), coalesce(CAST(f."item" AS VARCHAR), ''), coalesce(CAST(f."created_on" AS VARCHAR), ''), coalesce(CAST(f."due_on" AS VARCHAR), ''), coalesce(CAST(f."delivered_on" AS VARCHAR), ''), coalesce(CAST(f."customer" AS VARCHAR), ''), coalesce(CAST(f."amount" AS VARCHAR), ''), coalesce(CAST(f."requested_at" AS VARCHAR), ''), coalesce(CAST(f."responded_at" AS VARCHAR), ''), coalesce(CAST(f."accepted_on" AS VARCHAR), ''), coalesce(CAST(f."correct" AS VARCHAR), '')], []::VARCHAR[]
FROM facts."deliveries" f
JOIN attribution m ON m._employee = f."employee_no" AND f."due_on" >= m._first AND f."due_on" <= m._last
JOIN arrivals came_last ON came_last._event = f._seq
WHERE f._seq <= $as_of AND f._until > $as_of AND f."due_on" >= CAST($from AS DATE) AND f."due_on" < CAST($to AS DATE) AND last_day(f."due_on") + CAST($days0 AS INTEGER) >= CAST($opened AS DATE) AND came_last._came > last_day(f."due_on") + CAST($days0 AS INTEGER)
ORDER BY 2, 3, f._seq, f._row, m._stay;

-- rows of opportunities_after_close
SELECT m._stay, f."employee_no", f."closed_on", came_last._came - last_day(f."closed_on"), f._seq, f._row, [coalesce(CAST(f."opportunity_id" AS VARCHAR), ''), coalesce(CAST(f."employee_no" AS VARCHAR), ''), coalesce(CAST(f."customer" AS VARCHAR), ''), coalesce(CAST(f."created_on" AS VARCHAR), ''), coalesce(CAST(f."closed_on" AS VARCHAR), ''), coalesce(CAST(f."stage" AS VARCHAR), ''), coalesce(CAST(f."outcome" AS VARCHAR), ''), coalesce(CAST(f."amount" AS VARCHAR), '')], []::VARCHAR[]
FROM facts."opportunities" f
JOIN attribution m ON m._employee = f."employee_no" AND f."closed_on" >= m._first AND f."closed_on" <= m._last
JOIN arrivals came_last ON came_last._event = f._seq
WHERE f._seq <= $as_of AND f._until > $as_of AND f."closed_on" >= CAST($from AS DATE) AND f."closed_on" < CAST($to AS DATE) AND last_day(f."closed_on") + CAST($days0 AS INTEGER) >= CAST($opened AS DATE) AND came_last._came > last_day(f."closed_on") + CAST($days0 AS INTEGER)
ORDER BY 2, 3, f._seq, f._row, m._stay;

-- due_moved
WITH changed AS (SELECT DISTINCT f."delivery_id" AS _k0 FROM facts."deliveries" f WHERE f._until <= $as_of),
versions AS (
  SELECT f."delivery_id" AS _k0, f."employee_no" AS _own, f."due_on" AS _due, f._seq AS _v, f._row AS _r, f._until AS _to
  FROM facts."deliveries" f JOIN changed ON changed._k0 = f."delivery_id" WHERE f._seq <= $as_of),
steps AS (
  SELECT *, lag(_due IGNORE NULLS) OVER w AS _before, lag(_own IGNORE NULLS) OVER w AS _had,
    lag(CASE WHEN _due IS NOT NULL THEN _v END IGNORE NULLS) OVER w AS _before_v, lag(CASE WHEN _due IS NOT NULL THEN _r END IGNORE NULLS) OVER w AS _before_r
  FROM versions WINDOW w AS (PARTITION BY _k0 ORDER BY _v, _r)),
moves AS (
  SELECT s.*, a._came, n._due AS _now, n._own AS _owns
  FROM steps s JOIN arrivals a ON a._event = s._v JOIN versions n ON n._k0 = s._k0 AND n._to > $as_of
  WHERE s._due > s._before AND a._came > s._before AND n._due > s._before),
records AS (
  SELECT f."employee_no", f."due_on" AS "due_on", x._moved FROM facts."deliveries" f LEFT JOIN (SELECT DISTINCT _k0, true AS _moved FROM moves) x ON x._k0 = f."delivery_id"
  WHERE f._seq <= $as_of AND f._until > $as_of AND f."due_on" >= CAST($from AS DATE) AND f."due_on" < CAST($to AS DATE)
  UNION ALL
  SELECT arg_max(_had, _before), max(_before), true FROM moves WHERE _before >= CAST($from AS DATE) AND _before < CAST($to AS DATE) AND NOT (_now >= CAST($from AS DATE) AND _now < CAST($to AS DATE)) GROUP BY _k0)
SELECT m._stay, count(*) AS records, count(*) AS judged, count(*) FILTER (f._moved) AS found
FROM records f
JOIN attribution m ON m._employee = f."employee_no" AND f."due_on" >= m._first AND f."due_on" <= m._last
GROUP BY ALL;

-- rows of due_moved
WITH changed AS (SELECT DISTINCT f."delivery_id" AS _k0 FROM facts."deliveries" f WHERE f._until <= $as_of),
versions AS (
  SELECT f."delivery_id" AS _k0, f."employee_no" AS _own, f."due_on" AS _due, f._seq AS _v, f._row AS _r, f._until AS _to
  FROM facts."deliveries" f JOIN changed ON changed._k0 = f."delivery_id" WHERE f._seq <= $as_of),
steps AS (
  SELECT *, lag(_due IGNORE NULLS) OVER w AS _before, lag(_own IGNORE NULLS) OVER w AS _had,
    lag(CASE WHEN _due IS NOT NULL THEN _v END IGNORE NULLS) OVER w AS _before_v, lag(CASE WHEN _due IS NOT NULL THEN _r END IGNORE NULLS) OVER w AS _before_r
  FROM versions WINDOW w AS (PARTITION BY _k0 ORDER BY _v, _r)),
moves AS (
  SELECT s.*, a._came, n._due AS _now, n._own AS _owns
  FROM steps s JOIN arrivals a ON a._event = s._v JOIN versions n ON n._k0 = s._k0 AND n._to > $as_of
  WHERE s._due > s._before AND a._came > s._before AND n._due > s._before),
shown AS (
  SELECT *, CASE WHEN _now >= CAST($from AS DATE) AND _now < CAST($to AS DATE) THEN _owns ELSE _had END AS "employee_no", CASE WHEN _now >= CAST($from AS DATE) AND _now < CAST($to AS DATE) THEN _now ELSE _before END AS "due_on"
  FROM moves WHERE _now >= CAST($from AS DATE) AND _now < CAST($to AS DATE) OR _before >= CAST($from AS DATE) AND _before < CAST($to AS DATE))
SELECT m._stay, f."employee_no", f."due_on", f._came - f._before, f._v, f._r, [coalesce(CAST(n."delivery_id" AS VARCHAR), ''), coalesce(CAST(n."employee_no" AS VARCHAR), ''), coalesce(CAST(n."project" AS VARCHAR), ''), coalesce(CAST(n."item" AS VARCHAR), ''), coalesce(CAST(n."created_on" AS VARCHAR), ''), coalesce(CAST(n."due_on" AS VARCHAR), ''), coalesce(CAST(n."delivered_on" AS VARCHAR), ''), coalesce(CAST(n."customer" AS VARCHAR), ''), coalesce(CAST(n."amount" AS VARCHAR), ''), coalesce(CAST(n."requested_at" AS VARCHAR), ''), coalesce(CAST(n."responded_at" AS VARCHAR), ''), coalesce(CAST(n."accepted_on" AS VARCHAR), ''), coalesce(CAST(n."correct" AS VARCHAR), '')], [coalesce(CAST(o."delivery_id" AS VARCHAR), ''), coalesce(CAST(o."employee_no" AS VARCHAR), ''), coalesce(CAST(o."project" AS VARCHAR), ''), coalesce(CAST(o."item" AS VARCHAR), ''), coalesce(CAST(o."created_on" AS VARCHAR), ''), coalesce(CAST(o."due_on" AS VARCHAR), ''), coalesce(CAST(o."delivered_on" AS VARCHAR), ''), coalesce(CAST(o."customer" AS VARCHAR), ''), coalesce(CAST(o."amount" AS VARCHAR), ''), coalesce(CAST(o."requested_at" AS VARCHAR), ''), coalesce(CAST(o."responded_at" AS VARCHAR), ''), coalesce(CAST(o."accepted_on" AS VARCHAR), ''), coalesce(CAST(o."correct" AS VARCHAR), '')]
FROM shown f
JOIN attribution m ON m._employee = f."employee_no" AND f."due_on" >= m._first AND f."due_on" <= m._last
JOIN facts."deliveries" n ON n._seq = f._v AND n._row = f._r
JOIN facts."deliveries" o ON o._seq = f._before_v AND o._row = f._before_r
ORDER BY 2, 3, f._v, f._r, m._stay;

-- won_at_once
WITH origin AS (
  SELECT f."opportunity_id" AS _k0, f._seq AS _first, coalesce(f."created_on" = f."closed_on" AND ("outcome" = 'won'), false) AS _at_once FROM facts."opportunities" f WHERE f._until <= $as_of
  QUALIFY row_number() OVER (PARTITION BY _k0 ORDER BY f._seq, f._row) = 1)
SELECT m._stay, count(*) AS records, count(*) FILTER (WHERE f."created_on" IS NOT NULL) AS judged, count(*) FILTER (WHERE f."created_on" IS NOT NULL AND CASE WHEN o._first IS NULL THEN f."created_on" = f."closed_on" ELSE o._at_once END) AS found
FROM facts."opportunities" f
JOIN attribution m ON m._employee = f."employee_no" AND f."closed_on" >= m._first AND f."closed_on" <= m._last
LEFT JOIN origin o ON o._k0 = f."opportunity_id"
WHERE f._seq <= $as_of AND f._until > $as_of AND f."closed_on" >= CAST($from AS DATE) AND f."closed_on" < CAST($to AS DATE) AND ("outcome" = 'won')
GROUP BY ALL;

-- rows of won_at_once
WITH origin AS (
  SELECT f."opportunity_id" AS _k0, f._seq AS _first, coalesce(f."created_on" = f."closed_on" AND ("outcome" = 'won'), false) AS _at_once FROM facts."opportunities" f WHERE f._until <= $as_of
  QUALIFY row_number() OVER (PARTITION BY _k0 ORDER BY f._seq, f._row) = 1)
SELECT m._stay, f."employee_no", f."closed_on", 0, f._seq, f._row, [coalesce(CAST(f."opportunity_id" AS VARCHAR), ''), coalesce(CAST(f."employee_no" AS VARCHAR), ''), coalesce(CAST(f."customer" AS VARCHAR), ''), coalesce(CAST(f."created_on" AS VARCHAR), ''), coalesce(CAST(f."closed_on" AS VARCHAR), ''), coalesce(CAST(f."stage" AS VARCHAR), ''), coalesce(CAST(f."outcome" AS VARCHAR), ''), coalesce(CAST(f."amount" AS VARCHAR), '')], []::VARCHAR[]
FROM facts."opportunities" f
JOIN attribution m ON m._employee = f."employee_no" AND f."closed_on" >= m._first AND f."closed_on" <= m._last
LEFT JOIN origin o ON o._k0 = f."opportunity_id"
WHERE f._seq <= $as_of AND f._until > $as_of AND f."closed_on" >= CAST($from AS DATE) AND f."closed_on" < CAST($to AS DATE) AND ("outcome" = 'won') AND f."created_on" IS NOT NULL AND CASE WHEN o._first IS NULL THEN f."created_on" = f."closed_on" ELSE o._at_once END
ORDER BY 2, 3, f._seq, f._row, m._stay;

-- rows of round_hours
SELECT m._stay, f."employee_no", f."work_date", 0, f._seq, f._row, [coalesce(CAST(f."log_id" AS VARCHAR), ''), coalesce(CAST(f."employee_no" AS VARCHAR), ''), coalesce(CAST(f."work_date" AS VARCHAR), ''), coalesce(CAST(f."logged_on" AS VARCHAR), ''), coalesce(CAST(f."hours" AS VARCHAR), ''), coalesce(CAST(f."planned_hours" AS VARCHAR), ''), coalesce(CAST(f."project" AS VARCHAR), ''), coalesce(CAST(f."content" AS VARCHAR), '')], []::VARCHAR[]
FROM facts."work_logs" f
JOIN attribution m ON m._employee = f."employee_no" AND f."work_date" >= m._first AND f."work_date" <= m._last
WHERE f._seq <= $as_of AND f._until > $as_of AND f."work_date" >= CAST($from AS DATE) AND f."work_date" < CAST($to AS DATE) AND f."hours" IS NOT NULL AND f."hours" <> 0 AND CAST(f."hours" * 10000 AS BIGINT) % 40000 = 0
ORDER BY 2, 3, f._seq, f._row, m._stay;

-- copied_texts
WITH pieces AS MATERIALIZED (
  SELECT m._stay, m._employee, nullif(trim(f."content"), '') AS _text, CAST(year(f."work_date") * 12 + month(f."work_date") - 1 AS BIGINT) AS _month, count(*) AS _n, bit_or(CAST(1 AS BIGINT) << (day(f."work_date") - 1)) AS _bits
  FROM facts."work_logs" f
  JOIN attribution m ON m._employee = f."employee_no" AND f."work_date" >= m._first AND f."work_date" <= m._last
  WHERE f._seq <= $as_of AND f._until > $as_of AND f."work_date" >= CAST($from AS DATE) AND f."work_date" < CAST($to AS DATE)
  GROUP BY ALL),
copied AS (
  SELECT _employee, _text, sum(bit_count(_bits)) AS _days FROM (
    SELECT _employee, _text, _month, bit_or(_bits) AS _bits FROM pieces WHERE _text IS NOT NULL GROUP BY ALL)
  GROUP BY ALL HAVING sum(bit_count(_bits)) >= CAST($days AS INTEGER))
SELECT p._stay, CAST(sum(p._n) AS BIGINT) AS records, CAST(coalesce(sum(p._n) FILTER (WHERE p._text IS NOT NULL), 0) AS BIGINT) AS judged,
  CAST(coalesce(sum(p._n) FILTER (WHERE c._days IS NOT NULL), 0) AS BIGINT) AS found
FROM pieces p LEFT JOIN copied c ON c._employee = p._employee AND c._text = p._text
GROUP BY ALL;

-- rows of copied_texts
WITH pieces AS MATERIALIZED (
  SELECT m._stay, m._employee, nullif(trim(f."content"), '') AS _text, CAST(year(f."work_date") * 12 + month(f."work_date") - 1 AS BIGINT) AS _month, count(*) AS _n, bit_or(CAST(1 AS BIGINT) << (day(f."work_date") - 1)) AS _bits
  FROM facts."work_logs" f
  JOIN attribution m ON m._employee = f."employee_no" AND f."work_date" >= m._first AND f."work_date" <= m._last
  WHERE f._seq <= $as_of AND f._until > $as_of AND f."work_date" >= CAST($from AS DATE) AND f."work_date" < CAST($to AS DATE)
  GROUP BY ALL),
copied AS (
  SELECT _employee, _text, sum(bit_count(_bits)) AS _days FROM (
    SELECT _employee, _text, _month, bit_or(_bits) AS _bits FROM pieces WHERE _text IS NOT NULL GROUP BY ALL)
  GROUP BY ALL HAVING sum(bit_count(_bits)) >= CAST($days AS INTEGER))
SELECT m._stay, f."employee_no", f."work_date", c._days, f._seq, f._row, [coalesce(CAST(f."log_id" AS VARCHAR), ''), coalesce(CAST(f."employee_no" AS VARCHAR), ''), coalesce(CAST(f."work_date" AS VARCHAR), ''), coalesce(CAST(f."logged_on" AS VARCHAR), ''), coalesce(CAST(f."hours" AS VARCHAR), ''), coalesce(CAST(f."planned_hours" AS VARCHAR), ''), coalesce(CAST(f."project" AS VARCHAR), ''), coalesce(CAST(f."content" AS VARCHAR), '')], []::VARCHAR[]
FROM facts."work_logs" f
JOIN attribution m ON m._employee = f."employee_no" AND f."work_date" >= m._first AND f."work_date" <= m._last
JOIN copied c ON c._employee = m._employee AND c._text = nullif(trim(f."content"), '')
WHERE f._seq <= $as_of AND f._until > $as_of AND f."work_date" >= CAST($from AS DATE) AND f."work_date" < CAST($to AS DATE)
ORDER BY 2, 3, f._seq, f._row, m._stay;

-- same_hours
WITH daily AS (
  SELECT f."employee_no", f."work_date" AS "work_date", sum(f."hours") AS _total FROM facts."work_logs" f
  WHERE f._seq <= $as_of AND f._until > $as_of AND f."work_date" >= CAST($from AS DATE) AND f."work_date" < CAST($to AS DATE) AND f."hours" IS NOT NULL GROUP BY ALL),
steady AS (
  SELECT f."employee_no" AS _owner, min(f._total) = max(f._total) AS _same, count(*) AS _days, min(f._total) AS _total FROM daily f
  GROUP BY ALL HAVING count(*) >= CAST($days AS INTEGER))
SELECT DISTINCT m._stay, s._same
FROM steady s JOIN daily f ON f."employee_no" = s._owner
JOIN attribution m ON m._employee = f."employee_no" AND f."work_date" >= m._first AND f."work_date" <= m._last;

-- rows of same_hours
WITH daily AS (
  SELECT f."employee_no", f."work_date" AS "work_date", sum(f."hours") AS _total FROM facts."work_logs" f
  WHERE f._seq <= $as_of AND f._until > $as_of AND f."work_date" >= CAST($from AS DATE) AND f."work_date" < CAST($to AS DATE) AND f."hours" IS NOT NULL GROUP BY ALL),
steady AS (
  SELECT f."employee_no" AS _owner, min(f._total) = max(f._total) AS _same, count(*) AS _days, min(f._total) AS _total FROM daily f
  GROUP BY ALL HAVING count(*) >= CAST($days AS INTEGER))
SELECT m._stay, s._owner, min(f."work_date"), s._days, 0, 0, []::VARCHAR[], []::VARCHAR[]
FROM steady s JOIN daily f ON f."employee_no" = s._owner
JOIN attribution m ON m._employee = f."employee_no" AND f."work_date" >= m._first AND f."work_date" <= m._last
WHERE s._same
GROUP BY ALL
ORDER BY 2, 3, 1;

