-- Approvals granted with an amount: those signed by the head below 50,000 and by the CEO from there on over all.
SELECT employee_no AS owner, CAST(completed_at AS DATE) AS day, if(if(amount < 50000, head_at, ceo_at) IS NULL, 0, 1) AS num, 1 AS den, 1 AS n
FROM facts.approvals WHERE _until = 9223372036854775807 AND completed_at IS NOT NULL AND status = 'approved' AND amount IS NOT NULL
