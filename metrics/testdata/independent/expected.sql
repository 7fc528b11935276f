-- What is done of what is due: owner and day of what was done; occasion (workday, week, month) and after, the days on which it may still come in.
record AS (
  RECORDS
),
rule AS (SELECT DISTINCT occasion, after FROM record),
away AS (
  SELECT DISTINCT l.employee_no AS owner, CAST(unnest(generate_series(l.first_day, l.last_day, INTERVAL 1 DAY)) AS DATE) AS d FROM facts.leaves l WHERE l._until = 9223372036854775807
  UNION
  SELECT employee_no, work_date FROM facts.attendance WHERE _until = 9223372036854775807 AND leave_hours >= 8
),
present AS ( -- the workdays on which a person is employed and not on leave
  SELECT e.employee_no AS owner, w.d FROM facts.employees e JOIN workday w ON w.d >= e.hired_on AND (e.left_on IS NULL OR w.d <= e.left_on)
  WHERE e._until = 9223372036854775807 AND NOT EXISTS (FROM away a WHERE a.owner = e.employee_no AND a.d = w.d)
),
due AS ( -- a workday is its own day, a week its Friday, a month its last day
  SELECT DISTINCT owner, CASE occasion WHEN 'workday' THEN d WHEN 'week' THEN CAST(date_trunc('week', d) AS DATE) + 4 ELSE last_day(d) END AS d, after FROM present CROSS JOIN rule
),
done AS (
  SELECT DISTINCT owner, CASE occasion WHEN 'workday' THEN day WHEN 'week' THEN CAST(date_trunc('week', day) AS DATE) + 4 ELSE last_day(day) END AS d FROM record
),
known AS ( -- what is not done but may still come in is not asked for
  SELECT u.owner, u.d, x.owner IS NOT NULL AS done FROM due u LEFT JOIN done x ON x.owner = u.owner AND x.d = u.d
  WHERE u.d <= CAST($today AS DATE) AND (x.owner IS NOT NULL OR u.after = 0 OR u.d + u.after < CAST($today AS DATE))
),
claim AS (
  SELECT k.*, b.department AS place, b.working, b.share * 10000 // sum(b.share) OVER (PARTITION BY k.owner, k.d) AS part,
    row_number() OVER (PARTITION BY k.owner, k.d ORDER BY b.share DESC, b.valid_from, b.department) AS place_no
  FROM known k JOIN belonging b ON b.owner = k.owner AND k.d >= b.first AND (b.last IS NULL OR k.d <= b.last)
),
placed AS (
  SELECT *, part + if(place_no = 1, 10000 - sum(part) OVER (PARTITION BY owner, d), 0) AS share FROM claim
),
monthly AS (
  SELECT owner, place, working, CAST(date_trunc('month', d) AS DATE) AS month, sum(if(done, share, 0)) AS num, sum(share) AS den FROM placed GROUP BY ALL
),
credited AS ( -- of part-time people as many workdays are due as they work, and no more count
  SELECT owner, place, month, if(part_time, least(num, (den * working + 5000) // 10000), num) AS num, if(part_time, (den * working + 5000) // 10000, den) AS den
  FROM (SELECT *, working < 10000 AND (SELECT any_value(occasion) FROM rule) = 'workday' AS part_time FROM monthly)
),
dated AS (
  SELECT s.length, s.first, s.told, c.*
  FROM credited c JOIN span s ON s.first = if(s.length = 'month', c.month, CAST(date_trunc('quarter', c.month) AS DATE))
),
levelled AS (
  SELECT '' AS department_id, '' AS employee_no, length, first, num, den FROM dated
  UNION ALL
  SELECT a.ancestor, '', length, first, num, den FROM dated d JOIN above a ON a.told = d.told AND a.id = d.place
  UNION ALL
  SELECT place, owner, length, first, num, den FROM dated
)
SELECT department_id, employee_no, length, first, CAST(sum(num) AS BIGINT), CAST(sum(den) AS BIGINT), CAST(sum(den) AS BIGINT)
FROM levelled GROUP BY ALL HAVING sum(den) > 0 ORDER BY ALL
