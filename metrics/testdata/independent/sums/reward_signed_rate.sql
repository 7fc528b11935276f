-- Rewards approved: those signed by head, finance and CEO one after the other over all.
SELECT employee_no AS owner, CAST(completed_at AS DATE) AS day, CASE WHEN finance_at >= head_at AND ceo_at >= finance_at THEN 1 ELSE 0 END AS num, 1 AS den, 1 AS n
FROM facts.approvals WHERE _until = 9223372036854775807 AND completed_at IS NOT NULL AND kind = 'reward' AND status = 'approved'
