conversion_rate: "outcome" = 'won'
  / "outcome" IN ('won', 'lost')
on_time_rate: "delivered_on" <= "due_on"
  / "delivered_on" IS NOT NULL OR "due_on" <= $report_day
log_punctuality: "logged_on" <= "work_date" + 1
  / "logged_on" IS NOT NULL
logged_hours_rate: CASE WHEN "planned_hours" IS NOT NULL THEN "hours" END
  / "planned_hours"
won_amount: CASE WHEN "outcome" = 'won' THEN "amount" END
funnel_created: TRUE
funnel_needs: "stage" IN ('needs', 'proposal', 'contract', 'closed')
funnel_proposal: "stage" IN ('proposal', 'contract', 'closed')
funnel_contract: "stage" IN ('contract', 'closed')
funnel_won: "outcome" = 'won'
employees: "left_on" >= "hired_on"
memberships: "valid_to" >= "valid_from"
memberships: "superior_no" <> "employee_no"
work_logs: "hours" > 0 AND "hours" <= 24
work_logs: "planned_hours" >= 0 AND "planned_hours" <= 24
work_logs: "logged_on" >= "work_date"
deliveries: "delivered_on" >= "created_on"
deliveries: "due_on" >= "created_on"
deliveries: "accepted_on" >= "delivered_on"
deliveries: "responded_at" >= "requested_at"
deliveries: "amount" >= 0
opportunities: "closed_on" >= "created_on"
opportunities: "outcome" = 'open' OR "closed_on" IS NOT NULL
opportunities: "amount" >= 0
attendance: "worked_hours" >= 0 AND "worked_hours" <= 24
attendance: "leave_hours" >= 0 AND "leave_hours" <= 24
attendance: "late_times" >= 0
satisfaction: "score" >= 1 AND "score" <= 5
satisfaction: "timeliness_score" >= 1 AND "timeliness_score" <= 5
satisfaction: "accuracy_score" >= 1 AND "accuracy_score" <= 5
satisfaction: "response_score" >= 1 AND "response_score" <= 5
milestones: "completed_on" >= "starts_on"
milestones: "result" IS NULL OR "held_on" IS NOT NULL
meetings: "ended_at" >= "held_at"
meetings: "minutes_at" >= "held_at"
meetings: "sent_at" >= "held_at"
meetings: "invited" >= 0 AND "attended" >= 0
decisions: "assigned_at" >= "decided_at"
decisions: "assigned_at" IS NULL OR "assignee_no" IS NOT NULL
decisions: "due_on" >= CAST("decided_at" AS DATE)
decisions: "done_on" >= CAST("decided_at" AS DATE)
decisions: "status" IS NULL OR "status" <> 'done' OR "done_on" IS NOT NULL
approvals: "completed_at" >= "submitted_at"
approvals: "amount" >= 0
approvals: "head_at" IS NULL OR "head_no" IS NOT NULL
approvals: "finance_at" IS NULL OR "finance_no" IS NOT NULL
approvals: "ceo_at" IS NULL OR "ceo_no" IS NOT NULL
approvals: "made_up_at" >= "acted_at"
findings: "fixed_on" >= "audited_on"
findings: "compliant" OR "severity" IS NOT NULL
findings: "auditor_no" <> "employee_no"
trainings: "hours" > 0
trainings: "passed" IS NULL OR "done_on" IS NOT NULL
incidents: "reported_at" >= "found_at"
incidents: "closed_on" >= CAST("found_at" AS DATE)
incidents: "confirmed_on" >= CAST("found_at" AS DATE)
surveys: "score" >= 1 AND "score" <= 5
collaborations: "synchronised_on" >= "week_from"
collaborations: "responded_at" >= "requested_at"
collaborations: "completed_at" >= "requested_at"
collaborations: "partner_id" <> "department_id"
documents: "filed_on" >= "created_on"
targets: "period" LIKE '20__' OR "period" LIKE '20__Q_' OR "period" LIKE '20__-__'
targets: "target_value" >= 0
costs: "budget" >= 0
