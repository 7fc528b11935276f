conversion_rate: "outcome" = 'won'
  / "outcome" IN ('won', 'lost')
on_time_rate: "delivered_on" <= "due_on"
  / "delivered_on" IS NOT NULL OR "due_on" <= $report_day
log_punctuality: "logged_on" <= "work_date" + 1
  / TRUE
logged_hours_rate: "hours"
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
opportunities: "closed_on" >= "created_on"
opportunities: "outcome" = 'open' OR "closed_on" IS NOT NULL
opportunities: "amount" >= 0
