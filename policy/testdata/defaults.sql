conversion_rate: count "outcome" = 'won'
  / count "outcome" IN ('won', 'lost')
on_time_rate: count "delivered_on" <= "due_on"
  / count "delivered_on" IS NOT NULL OR "due_on" <= $report_day
log_punctuality: count "logged_on" <= "work_date" + 1
  / count "logged_on" IS NOT NULL
logged_hours_rate: sum CASE WHEN "planned_hours" IS NOT NULL THEN "hours" END
  / sum "planned_hours"
won_amount: sum CASE WHEN "outcome" = 'won' THEN "amount" END
won_amount_rate: sum CASE WHEN ("outcome" IN ('won', 'lost')) AND ("outcome" = 'won') THEN ("amount") END
  / sum CASE WHEN "outcome" IN ('won', 'lost') THEN ("amount") END
log_coverage: days "hours" > 0
  / expected workday, due after 1
right_first_time_rate: count "correct"
  / count "correct" IS NOT NULL
response_in_time_rate: count "responded_at" <= plus_hours("requested_at", 4)
  / count "responded_at" IS NOT NULL OR CAST(plus_hours("requested_at", 4) AS DATE) < $asked_on
response_hours: sum hours_between("requested_at", "responded_at")
  / count "responded_at" IS NOT NULL
delivery_delay_days: sum greatest(workdays(31, 24288, 36, '[14085, 14107, 14125, 14146, 14168, 14189, 14208, 14231, 14253, 14274, 14293, 14314, 14336, 14355, 14374, 14395, 14417, 14436, 14456, 14479, 14500, 14523, 14541, 14561, 14584, 14605, 14621, 14643, 14664, 14683, 14704, 14727, 14748, 14770, 14788, 14809]', '[1944571806, 511574523, 524188921, 1005047751, 2096756704, 262093948, 1944571807, 1048377843, 936263486, 2046029696, 524188921, 1741659966, 117044198, 262094576, 1335836284, 1039394759, 1048377824, 667918140, 2046027727, 524188921, 1005047711, 2096756480, 262094460, 1944571807, 1048377848, 260063038, 1741659966, 1023013831, 524189152, 870567839, 2096755687, 1335836284, 956032975, 1048378240, 667918142, 2046027727]', -37, "due_on", "delivered_on"), 0)
  / count "delivered_on" IS NOT NULL
satisfaction_score: sum "score"
  / count TRUE
satisfied_rate: count "score" >= 4
  / count TRUE
costs_total: sum "amount"
cost_budget_rate: sum "amount"
  / sum "budget"
  where "budget" IS NOT NULL
approval_chain_rate: count "head_at" <= "finance_at" AND "finance_at" <= "ceo_at" AND "employee_no" NOT IN ("head_no", "finance_no", "ceo_no")
  / count TRUE
  where "kind" = 'purchase' AND "status" = 'approved' AND NOT coalesce("emergency", FALSE)
approval_authority_rate: count ("amount" < 50000 AND "head_at" IS NOT NULL) OR ("amount" >= 50000 AND "ceo_at" IS NOT NULL)
  / count "amount" IS NOT NULL
  where "status" = 'approved'
approval_hours: sum hours_between("submitted_at", "completed_at")
  / count TRUE
  where "status" IN ('approved', 'rejected')
approval_hours_median: median hours_between("submitted_at", "completed_at")
  / count 
  where "status" IN ('approved', 'rejected')
emergency_made_up_rate: count CAST("made_up_at" AS DATE) <= CAST("acted_at" AS DATE) + 3
  / count "made_up_at" IS NOT NULL OR CAST("acted_at" AS DATE) + 3 < $asked_on
  where "emergency"
reward_signed_rate: count "head_at" <= "finance_at" AND "finance_at" <= "ceo_at"
  / count TRUE
  where "kind" = 'reward' AND "status" = 'approved'
milestone_on_time_rate: count CASE WHEN "kind" = 'kickoff' AND "starts_on" IS NOT NULL THEN "held_on" BETWEEN "starts_on" - 5 AND "starts_on" WHEN "kind" = 'acceptance' AND "completed_on" IS NOT NULL THEN "held_on" <= "completed_on" + 10 ELSE "held_on" <= "due_on" END
  / count "held_on" IS NOT NULL OR CASE WHEN "kind" = 'kickoff' AND "starts_on" IS NOT NULL THEN "starts_on" WHEN "kind" = 'acceptance' AND "completed_on" IS NOT NULL THEN "completed_on" + 10 ELSE "due_on" END <= $report_day
document_naming_rate: count "document_name" LIKE '%-20__年%月-%.%版'
  / count TRUE
document_filed_rate: count "filed_on" <= "created_on" + 5
  / count "created_on" IS NOT NULL
minutes_on_time_rate: count "minutes_at" <= plus_hours(coalesce("ended_at", "held_at"), 24)
  / count "minutes_at" IS NOT NULL OR CAST(plus_hours(coalesce("ended_at", "held_at"), 24) AS DATE) < $asked_on
minutes_complete_rate: count "complete" AND "sent_at" IS NOT NULL
  / count "minutes_at" IS NOT NULL
decision_assigned_rate: count "assigned_at" <= plus_hours("decided_at", 24)
  / count "assigned_at" IS NOT NULL OR CAST(plus_hours("decided_at", 24) AS DATE) < $asked_on
decision_done_rate: count "done_on" <= "due_on"
  / count "done_on" IS NOT NULL OR "due_on" <= $report_day
  where "status" IS NULL OR "status" <> 'cancelled'
report_on_time_rate: count "submitted_at" <= coalesce("due_at", CASE WHEN "kind" = 'weekly' THEN moment(week_day("period_to", 5), 17) WHEN "kind" = 'monthly' THEN moment("period_to" + 5, 18) ELSE moment("period_to" + 20, 18) END)
  / count "submitted_at" IS NOT NULL OR CAST(coalesce("due_at", CASE WHEN "kind" = 'weekly' THEN moment(week_day("period_to", 5), 17) WHEN "kind" = 'monthly' THEN moment("period_to" + 5, 18) ELSE moment("period_to" + 20, 18) END) AS DATE) < $asked_on
report_template_rate: count "on_template"
  / count "submitted_at" IS NOT NULL AND "on_template" IS NOT NULL
incident_report_rate: count "reported_at" <= plus_hours("found_at", 2)
  / count TRUE
  where NOT coalesce("drill", FALSE)
confirmed_incidents: count "confirmed"
  where NOT coalesce("drill", FALSE)
training_done_rate: count "done_on" <= "due_on" AND coalesce("passed", TRUE)
  / count "done_on" IS NOT NULL OR "due_on" <= $report_day
data_protection_rate: people "done_on" IS NOT NULL AND coalesce("passed", TRUE)
  / people "done_on" IS NOT NULL OR "due_on" <= $report_day
  where "kind" = 'data_protection'
audit_compliance_rate: count "compliant"
  / count TRUE
finding_fixed_rate: count "fixed_on" <= "due_on"
  / count "fixed_on" IS NOT NULL OR "due_on" <= $report_day
  where NOT "compliant"
collaboration_sync_rate: count "synchronised_on" < "week_from" + 7
  / count "synchronised_on" IS NOT NULL OR "week_from" + 7 <= $asked_on
collaboration_hours: sum hours_between("requested_at", "completed_at")
  / count "requested_at" IS NOT NULL
survey_score: sum "score"
  / count TRUE
appeal_in_time_rate: count "in_time"
  / count "in_time" IS NOT NULL OR "due_on" < $asked_on
  where "outcome" IS NULL OR "outcome" <> 'withdrawn'
appeal_turnaround: sum workdays(31, 24288, 36, '[14085, 14107, 14125, 14146, 14168, 14189, 14208, 14231, 14253, 14274, 14293, 14314, 14336, 14355, 14374, 14395, 14417, 14436, 14456, 14479, 14500, 14523, 14541, 14561, 14584, 14605, 14621, 14643, 14664, 14683, 14704, 14727, 14748, 14770, 14788, 14809]', '[1944571806, 511574523, 524188921, 1005047751, 2096756704, 262093948, 1944571807, 1048377843, 936263486, 2046029696, 524188921, 1741659966, 117044198, 262094576, 1335836284, 1039394759, 1048377824, 667918140, 2046027727, 524188921, 1005047711, 2096756480, 262094460, 1944571807, 1048377848, 260063038, 1741659966, 1023013831, 524189152, 870567839, 2096755687, 1335836284, 956032975, 1048378240, 667918142, 2046027727]', -37, "filed_on", "decided_on")
  / count "decided_on" IS NOT NULL
  where "outcome" IS NULL OR "outcome" <> 'withdrawn'
funnel_created: count TRUE
funnel_needs: count "stage" IN ('needs', 'proposal', 'contract', 'closed')
funnel_proposal: count "stage" IN ('proposal', 'contract', 'closed')
funnel_contract: count "stage" IN ('contract', 'closed')
funnel_won: count "outcome" = 'won'
cost_of_revenue: sum "amount"
  / sum CASE WHEN "outcome" = 'won' THEN "amount" END
employees: "left_on" >= "hired_on"
employees: "bonus_base" >= 0
memberships: "valid_to" >= "valid_from"
memberships: "superior_no" <> "employee_no"
memberships: "share" >= 1 AND "share" <= 100
memberships: "working_time" >= 1 AND "working_time" <= 100
department_changes: "name" IS NOT NULL OR "name_en" IS NOT NULL OR "parent_id" IS NOT NULL OR "kind" IS NOT NULL OR "top" IS NOT NULL AND "top"
department_changes: "parent_id" <> "department_id"
department_changes: "parent_id" IS NULL OR "top" IS NULL OR NOT "top"
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
leaves: "last_day" >= "first_day"
leaves: "days" = floor("days")
leaves: "decision" = 'approved'
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
