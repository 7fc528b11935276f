-- Medians of records: owner, day, value. A record of somebody with two departments weighs in each of them what the share says.
record AS (
  SELECT row_number() OVER () AS no, * FROM (RECORDS)
),
claim AS (
  SELECT r.*, b.department AS place, b.share * 10000 // sum(b.share) OVER (PARTITION BY r.no) AS part,
    row_number() OVER (PARTITION BY r.no ORDER BY b.share DESC, b.valid_from, b.department) AS place_no
  FROM record r JOIN belonging b ON b.owner = r.owner AND r.day >= b.first AND (b.last IS NULL OR r.day <= b.last)
),
dated AS (
  SELECT s.length, s.first, s.told, c.owner, c.place, CAST(c.value * 10000 AS BIGINT) AS value,
    c.part + if(place_no = 1, 10000 - sum(c.part) OVER (PARTITION BY c.no, s.length), 0) AS part
  FROM claim c JOIN span s ON s.first = CAST(date_trunc(s.length, c.day) AS DATE)
),
levelled AS (
  SELECT '' AS department_id, '' AS employee_no, length, first, value, part FROM dated
  UNION ALL
  SELECT a.ancestor, '', length, first, value, part FROM dated d JOIN above a ON a.told = d.told AND a.id = d.place
  UNION ALL
  SELECT place, owner, length, first, value, part FROM dated
),
weighed AS (
  SELECT department_id, employee_no, length, first, value, sum(part) AS part FROM levelled GROUP BY ALL
),
ordered AS ( -- up to a value, of all, and the next value
  SELECT *, sum(part) OVER up AS upto, sum(part) OVER (PARTITION BY department_id, employee_no, length, first) AS whole, lead(value) OVER up AS next
  FROM weighed WINDOW up AS (PARTITION BY department_id, employee_no, length, first ORDER BY value)
)
SELECT department_id, employee_no, length, first, CAST(if(2 * upto = whole, value + next, value) AS BIGINT), if(2 * upto = whole, 20000, 10000), CAST(whole AS BIGINT)
FROM ordered WHERE 2 * upto >= whole
QUALIFY row_number() OVER (PARTITION BY department_id, employee_no, length, first ORDER BY value) = 1
ORDER BY ALL
