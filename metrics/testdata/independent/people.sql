-- People counted once a month, in a department and all below it: owner, day, done and due as 0 or 1.
record AS (
  RECORDS
),
placed AS (
  SELECT r.owner, b.department AS place, CAST(date_trunc('month', r.day) AS DATE) AS month, max(r.done * r.due) AS done, max(r.due) AS due
  FROM record r JOIN belonging b ON b.owner = r.owner AND r.day >= b.first AND (b.last IS NULL OR r.day <= b.last)
  GROUP BY ALL
),
dated AS (
  SELECT s.length, s.first, s.told, p.*
  FROM placed p JOIN span s ON s.first = if(s.length = 'month', p.month, CAST(date_trunc('quarter', p.month) AS DATE))
),
levelled AS (
  SELECT '' AS department_id, '' AS employee_no, length, first, month, owner, done, due FROM dated
  UNION ALL
  SELECT a.ancestor, '', length, first, month, owner, done, due FROM dated d JOIN above a ON a.told = d.told AND a.id = d.place
  UNION ALL
  SELECT place, owner, length, first, month, owner, done, due FROM dated
),
once AS (
  SELECT department_id, employee_no, length, first, month, owner, max(done) AS done, max(due) AS due FROM levelled GROUP BY ALL
)
SELECT department_id, employee_no, length, first, CAST(sum(done) * 10000 AS BIGINT), CAST(sum(due) * 10000 AS BIGINT), CAST(sum(due) * 10000 AS BIGINT)
FROM once GROUP BY ALL HAVING sum(due) > 0 ORDER BY ALL
