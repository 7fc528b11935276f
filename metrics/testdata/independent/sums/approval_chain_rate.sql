-- Purchases approved that were no emergencies: those signed by head, finance and CEO one after the other, by nobody for himself, over all.
SELECT employee_no AS owner, CAST(completed_at AS DATE) AS day, 1 AS den, 1 AS n,
  CASE WHEN head_at IS NULL OR finance_at IS NULL OR ceo_at IS NULL OR head_at > finance_at OR finance_at > ceo_at THEN 0
    WHEN head_no IS NULL OR finance_no IS NULL OR ceo_no IS NULL OR employee_no = head_no OR employee_no = finance_no OR employee_no = ceo_no THEN 0 ELSE 1 END AS num
FROM facts.approvals WHERE _until = 9223372036854775807 AND completed_at IS NOT NULL AND kind = 'purchase' AND status = 'approved' AND emergency IS DISTINCT FROM true
