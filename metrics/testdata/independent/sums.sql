-- Sums of records: owner or department, day, num, den, n; where a KPI is about departments of one kind, kind; where few rows are not shown, shown_from.
record AS (
  SELECT row_number() OVER () AS no, * FROM (
    SELECT NULL::VARCHAR AS owner, NULL::VARCHAR AS department, NULL::VARCHAR AS kind, NULL::INTEGER AS shown_from WHERE false
    UNION ALL BY NAME
    (RECORDS)
  )
),
claim AS ( -- what each membership of the day would have of a record, rounded down
  SELECT r.*, b.department AS place, b.share * 10000 // sum(b.share) OVER (PARTITION BY r.no) AS part,
    row_number() OVER (PARTITION BY r.no ORDER BY b.share DESC, b.valid_from, b.department) AS place_no
  FROM record r JOIN belonging b ON b.owner = r.owner AND r.day >= b.first AND (b.last IS NULL OR r.day <= b.last)
),
placed AS ( -- the greatest share has what is left; departments have their own records whole
  SELECT owner, place, day, kind, shown_from, num, den, n, part + if(place_no = 1, 10000 - sum(part) OVER (PARTITION BY no), 0) AS part FROM claim
  UNION ALL
  SELECT '', department, day, kind, shown_from, num, den, n, 10000 FROM record WHERE department IS NOT NULL
),
monthly AS ( -- whole records apart from split ones, in hundred-millionths
  SELECT owner, place, kind, shown_from, part = 10000 AS whole, CAST(date_trunc('month', day) AS DATE) AS month,
    sum(CAST(num * 10000 AS HUGEINT) * part) AS num, sum(CAST(den * 10000 AS HUGEINT) * part) AS den, sum(n * part) AS n
  FROM placed GROUP BY ALL
),
rounded AS ( -- the split months of a person are rounded so that they add up: the total up to a department less the total before it
  SELECT owner, place, kind, shown_from, month, n,
    (sum(num) OVER upto + 5000) // 10000 - (sum(num) OVER upto - num + 5000) // 10000 AS num,
    (sum(den) OVER upto + 5000) // 10000 - (sum(den) OVER upto - den + 5000) // 10000 AS den
  FROM monthly WHERE NOT whole
  WINDOW upto AS (PARTITION BY owner, month ORDER BY place)
  UNION ALL
  SELECT owner, place, kind, shown_from, month, n, num // 10000, den // 10000 FROM monthly WHERE whole
),
dated AS (
  SELECT s.length, s.first, s.told, r.*
  FROM rounded r
  JOIN span s ON s.first = if(s.length = 'month', r.month, CAST(date_trunc('quarter', r.month) AS DATE))
  JOIN node d ON d.told = s.told AND d.id = r.place AND (r.kind IS NULL OR d.kind = r.kind)
),
levelled AS (
  SELECT '' AS department_id, '' AS employee_no, length, first, shown_from, num, den, n FROM dated
  UNION ALL
  SELECT a.ancestor, '', length, first, shown_from, num, den, n FROM dated d JOIN above a ON a.told = d.told AND a.id = d.place
  UNION ALL -- a figure with records of departments is nobody's own
  SELECT place, owner, length, first, shown_from, num, den, n FROM dated WHERE NOT EXISTS (FROM dated WHERE owner = '')
)
SELECT department_id, employee_no, length, first, CAST(sum(num) AS BIGINT), CAST(sum(den) AS BIGINT), CAST(sum(n) AS BIGINT)
FROM levelled GROUP BY ALL
HAVING (shown_from IS NULL OR sum(n) >= shown_from * 10000) AND (sum(n) > 0 OR sum(num) > 0)
ORDER BY ALL
