package notices_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"plumbline/notices"
	"plumbline/reviews"
)

// handIn hands the self-review of an actor in.
func (w *world) handIn(actor string) {
	w.t.Helper()
	ctx := context.Background()
	q := reviews.SelfDraft{AsOf: reviews.AsKnownNow, Rest: reviews.Accepted}
	for _, t := range w.tasks() {
		if t.Employee == actor {
			q.Text.Points = nil
			for _, i := range t.Card.Items {
				q.Text.Points = append(q.Text.Points, reviews.ItemPoints{KPI: i.KPI.ID, Points: 800000})
			}
		}
	}
	w.ok(w.as(actor).SaveSelf(ctx, month, q, w.now))
	w.ok(w.as(actor).SubmitSelf(ctx, month, 1, w.now))
}

// TestSelfReviews: who has not handed in is reminded on the workdays before the term, and told when it is over, with a list for human resources.
func TestSelfReviews(t *testing.T) {
	w := newWorld(t)
	kinds := []notices.Kind{notices.SelfReviewSoon, notices.SelfReviewOverdue, notices.SelfReviewsMissing}
	w.want(w.due("2026-10-01 10:00"), kinds)
	w.ok(w.as(hr).OpenMonth(context.Background(), month)) // due on the 5th, in the holidays: two workdays before lie before the opening
	list := w.due("2026-10-01 10:00")
	w.want(list, kinds, "self_review.due_soon:2026-09:E02", "self_review.due_soon:2026-09:E03", "self_review.due_soon:2026-09:E04", "self_review.due_soon:2026-09:E05", "self_review.due_soon:2026-09:E06",
		"self_review.due_soon:2026-09:E07", "self_review.due_soon:2026-09:E08", "self_review.due_soon:2026-09:E09", "self_review.due_soon:2026-09:E10")
	if n := list[0]; n.Link != "/me/2026-09" || n.Body[0].ZH != "请于 2026-10-05 23:59 前提交。" || n.Title.EN != "Your self-review of September 2026 is due soon" {
		t.Errorf("the first one is %+v", n)
	}
	for _, no := range []string{headSales, leadSales, mover, headTech, engineer, hr, finance} {
		w.handIn(no)
	}
	w.want(w.due("2026-10-05 23:59"), kinds, "self_review.due_soon:2026-09:E04", "self_review.due_soon:2026-09:E09")
	list = w.due("2026-10-06 00:00")
	w.want(list, kinds, "self_review.overdue:2026-09:E04", "self_review.overdue:2026-09:E09", "self_review.missing:2026-09:E08")
	missing := list[len(list)-1]
	if !slices.Equal(missing.To, []string{hr}) || len(missing.Body) != 2 || missing.Body[1].ZH != "E09 赵九" || missing.Title.ZH != "2026年9月：2 人未交自评" {
		t.Errorf("the list is %+v", missing)
	}
	w.now = at("2026-10-06 09:00")
	w.published()
	w.want(w.due("2026-10-06 10:00"), kinds) // the results are out: there is nothing left to hand in for
}

// TestEvaluations: superiors and their deputies are reminded of what waits for them; the CEO of those above whom nobody stands.
func TestEvaluations(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	kinds := []notices.Kind{notices.EvaluationSoon, notices.EvaluationOverdue, notices.EvaluationsMissing}
	w.ok(w.as(hr).OpenQuarter(ctx, quarter)) // due on the 15th
	w.want(w.due("2026-10-12 23:59"), kinds)
	w.ok(w.as(headSales).NameDeputy(ctx, headSales, leadSales, at("2026-10-13 00:00"), at("2026-10-14 00:00"), "出差"))
	list := w.due("2026-10-13 00:00")
	w.want(list, kinds, "evaluation.due_soon:2026Q3:E01", "evaluation.due_soon:2026Q3:E02", "evaluation.due_soon:2026Q3:E03", "evaluation.due_soon:2026Q3:E06", "evaluation.due_soon:2026Q3:E09")
	var said []string
	for _, n := range list {
		said = append(said, n.To[0]+" "+n.Body[0].ZH)
	}
	want := "E01 还有 3 人待您评估，截止 2026-10-15 23:59。|E02 还有 1 人待您评估，截止 2026-10-15 23:59。|E03 还有 2 人待您评估，截止 2026-10-15 23:59。|E06 还有 2 人待您评估，截止 2026-10-15 23:59。|E09 还有 2 人待您评估，截止 2026-10-15 23:59。"
	if got := strings.Join(said, "|"); got != want {
		t.Errorf("they are told\n%s\nwant\n%s", got, want)
	}
	// Nobody evaluates himself, not even as a deputy; another deputy is told for whom he acts.
	w.ok(w.as(headSales).NameDeputy(ctx, headSales, headTech, at("2026-10-13 00:00"), at("2026-10-14 00:00"), "出差"))
	w.want(w.due("2026-10-13 00:00"), kinds, "evaluation.due_soon:2026Q3:E01", "evaluation.due_soon:2026Q3:E02", "evaluation.due_soon:2026Q3:E03", "evaluation.due_soon:2026Q3:E06",
		"evaluation.due_soon:2026Q3:E06:E02", "evaluation.due_soon:2026Q3:E09")
	list = w.due("2026-10-16 00:00") // the deputies' time is over
	w.want(list, kinds, "evaluation.overdue:2026Q3:E01", "evaluation.overdue:2026Q3:E02", "evaluation.overdue:2026Q3:E03", "evaluation.overdue:2026Q3:E06", "evaluation.overdue:2026Q3:E09", "evaluation.missing:2026Q3:E08")
	if missing := list[len(list)-1]; len(missing.Body) != 5 || missing.Body[2].ZH != "E03 李三：2 人" {
		t.Errorf("the list is %+v", missing)
	}
	w.evaluated()
	w.want(w.due("2026-10-16 00:00"), kinds)
}

// TestSuperiorWhoLeft: his evaluations are the business of who stands above now.
func TestSuperiorWhoLeft(t *testing.T) {
	w := newWorld(t)
	w.ok(w.as(hr).OpenQuarter(context.Background(), quarter))
	w.now = at("2026-10-12 09:00")
	if n := w.take(map[string]string{"employees.csv": "工号,姓名,入职日期,离职日期,岗位\nE03,李三,2020-01-01,2026-10-10,销售主管\n"}); n != 0 {
		t.Fatalf("%d rows are faulty", n)
	}
	w.want(w.due("2026-10-13 00:00"), []notices.Kind{notices.EvaluationSoon}, "evaluation.due_soon:2026Q3:E01", "evaluation.due_soon:2026Q3:E02", "evaluation.due_soon:2026Q3:E06", "evaluation.due_soon:2026Q3:E09")
}

// TestPublication: everybody of the quarter is told of the results and, shortly before its end, of the term for appeals, who filed one apart.
func TestPublication(t *testing.T) {
	w := newWorld(t)
	kinds := []notices.Kind{notices.QuarterPublished, notices.AppealTermSoon}
	w.now = at("2026-10-12 09:00")
	w.published() // appeals until the 19th
	list := w.due("2026-10-12 09:00")
	if got := keys(list, kinds...); len(got) != 9 || got[2] != "quarter.published:2026Q3:E04" {
		t.Errorf("told are %q", got)
	}
	if n := list[0]; n.Body[0].ZH != "请查看本人的结果；有异议的，可在 2026-10-19 23:59 前提出申诉。" || n.Link != "/me/2026Q3" {
		t.Errorf("the first one is %+v", n)
	}
	must(w.as(seller).File(context.Background(), quarter, reviews.Objection{Department: "D1", Against: reviews.Judgement, Text: "秘密理由"}, w.now))
	soon := keys(w.due("2026-10-15 00:00"), notices.AppealTermSoon)
	if len(soon) != 8 || slices.Contains(soon, "appeal.term_soon:2026Q3:E04") || len(keys(w.due("2026-10-14 23:59"), notices.AppealTermSoon)) != 0 {
		t.Errorf("reminded of the term are %q", soon)
	}
	w.want(w.due("2026-10-20 00:00"), kinds) // nobody may appeal any more
}

// TestAppeals: each instance is told of what is with it, who gave the judgement and who filed it apart; past the term human resources and the person too.
func TestAppeals(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	kinds := []notices.Kind{notices.AppealWaiting, notices.AppealSoon, notices.AppealOverdue, notices.AppealEscalatable}
	w.now = at("2026-10-12 09:00")
	w.published()
	for _, x := range []struct{ who, department string }{{seller, "D1"}, {headTech, "D2"}, {hr, "D3"}} {
		must(w.as(x.who).File(ctx, quarter, reviews.Objection{Department: x.department, Against: reviews.Fact, Text: "秘密理由"}, w.now))
	}
	// The head of D2 filed one himself: nobody heads him, so the CEO mediates.
	w.want(w.due("2026-10-12 10:00"), kinds, "appeal.waiting:2026Q3-A1:mediation:E02", "appeal.waiting:2026Q3-A2:mediation:E01", "appeal.waiting:2026Q3-A3:mediation:E09")
	w.want(w.due("2026-10-15 00:00"), []notices.Kind{notices.AppealSoon}, "appeal.due_soon:2026Q3-A1:mediation:E02", "appeal.due_soon:2026Q3-A2:mediation:E01", "appeal.due_soon:2026Q3-A3:mediation:E09")
	w.ok(w.as(headSales).Mediate(ctx, "2026Q3-A1", reviews.Verdict{Outcome: reviews.Failed, Reason: "秘密理由"}))
	w.want(w.due("2026-10-20 00:00"), kinds, "appeal.overdue:2026Q3-A2:mediation:E01", "appeal.overdue:2026Q3-A2:mediation:E08", "appeal.overdue:2026Q3-A3:mediation:E09",
		"appeal.escalatable:2026Q3-A1:failed:E04", "appeal.escalatable:2026Q3-A2:late:E06", "appeal.escalatable:2026Q3-A3:late:E08")
	w.ok(w.as(seller).Escalate(ctx, "2026Q3-A1", "秘密理由", w.now))
	w.ok(w.as(hr).Escalate(ctx, "2026Q3-A3", "秘密理由", w.now))
	// Nobody of human resources but the person who filed A3: the CEO arbitrates.
	w.want(w.due("2026-10-20 10:00"), []notices.Kind{notices.AppealWaiting}, "appeal.waiting:2026Q3-A1:arbitration:E08", "appeal.waiting:2026Q3-A3:arbitration:E01")
	w.ok(w.as(hr).Arbitrate(ctx, "2026Q3-A1", reviews.Verdict{Outcome: reviews.Dismissed, Reason: "秘密理由"}))
	w.want(w.due("2026-10-20 10:00"), []notices.Kind{notices.AppealWaiting}, "appeal.waiting:2026Q3-A3:arbitration:E01")
}

// TestJudgementIsNeutral: who gave the judgement, also as the CEO for all superiors, is not asked to decide about it.
func TestJudgementIsNeutral(t *testing.T) {
	w := newWorld(t)
	w.now = at("2026-10-12 09:00")
	w.published() // the CEO wrote the evaluations for E03, the superior
	must(w.as(seller).File(context.Background(), quarter, reviews.Objection{Department: "D1", Against: reviews.Judgement, Text: "秘密理由"}, w.now))
	must(w.as(headSales).File(context.Background(), quarter, reviews.Objection{Department: "D1", Against: reviews.Judgement, Text: "秘密理由"}, w.now))
	// Of E02's own judgement no head but himself is left, and the CEO gave it: human resources have to find somebody.
	w.want(w.due("2026-10-12 10:00"), []notices.Kind{notices.AppealWaiting}, "appeal.waiting:2026Q3-A1:mediation:E02", "appeal.waiting:2026Q3-A2:mediation:E08")
}

// TestRewards: the signer of each step is told, nobody who gets something by the sheet; a payment ahead is urgent until its signatures are made up.
func TestRewards(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	kinds := []notices.Kind{notices.SignatureWaiting, notices.PaymentMakeUp, notices.PaymentOverdue}
	w.now = at("2026-10-12 09:00")
	w.published()
	w.now = at("2026-10-26 09:00")
	must(w.as(hr).Seal(ctx, quarter, w.now))
	must(w.as(hr).Draw(ctx, quarter))
	// Finance and human resources get something by the sheet of D3, so that after its head the CEO signs.
	w.want(w.due("2026-10-26 10:00"), kinds, "rewards.to_sign:2026Q3:1:-:finance:E10", "rewards.to_sign:2026Q3:1:D1:head:E02", "rewards.to_sign:2026Q3:1:D2:head:E06", "rewards.to_sign:2026Q3:1:D3:head:E09")
	w.ok(w.as(headSales).Sign(ctx, quarter, 1, "D1"))
	w.ok(w.as(headOffice).Sign(ctx, quarter, 1, "D3"))
	w.ok(w.as(ceo).PayAhead(ctx, quarter, 1, "D2", "秘密理由", w.now))
	list := w.due("2026-10-26 10:00")
	w.want(list, kinds, "rewards.to_make_up:2026Q3:1:D2:head:E06", "rewards.to_sign:2026Q3:1:-:finance:E10", "rewards.to_sign:2026Q3:1:D1:finance:E10", "rewards.to_sign:2026Q3:1:D3:finance:E01")
	for _, n := range list {
		if must := n.Kind == notices.PaymentMakeUp; n.Urgent != must {
			t.Errorf("%s is urgent: %v", n.Key, n.Urgent)
		}
	}
	// Who is told may sign.
	w.ok(w.as(finance).Sign(ctx, quarter, 1, "D1"))
	w.ok(w.as(ceo).Sign(ctx, quarter, 1, "D3"))
	w.ok(w.as(finance).Sign(ctx, quarter, 1, ""))
	w.want(w.due("2026-10-30 00:00"), kinds, "rewards.overdue:2026Q3:1:D2:head:E06", "rewards.overdue:2026Q3:1:D2:head:E08", "rewards.to_sign:2026Q3:1:-:ceo:E01")
	w.ok(w.as(headTech).Sign(ctx, quarter, 1, "D2"))
	w.ok(w.as(finance).Sign(ctx, quarter, 1, "D2"))
	w.ok(w.as(ceo).Sign(ctx, quarter, 1, ""))
	w.want(w.due("2026-10-30 00:00"), kinds)
}

// TestRecords: resolutions without an owner and overdue, emergencies to be made up, incidents to be reported; their free text is not told.
func TestRecords(t *testing.T) {
	w := newWorld(t)
	w.now = at("2026-09-30 09:00")
	if n := w.take(map[string]string{
		"meetings.csv": "meeting_id,title,kind,employee_no,held_at\nM1,秘密会,weekly,E09,2026-09-28 09:00\n",
		"decisions.csv": "decision_id,meeting_id,content,employee_no,department_id,decided_at,assigned_at,assignee_no,due_on,done_on,status\n" +
			"J1,M1,秘密决议,E09,D1,2026-09-28 10:00,,,,,open\nJ2,M1,秘密决议,E09,,2026-09-28 10:00,2026-09-28 11:00,E04,2026-09-29,,open\n" +
			"J3,M1,秘密决议,E09,,2026-09-28 10:00,,,2026-09-29,,cancelled\nJ4,M1,秘密决议,E09,,2026-09-28 10:00,2026-09-28 11:00,E04,2026-09-29,2026-09-29,done\nJ5,M1,秘密决议,E09,,2026-09-28 10:00,2026-09-28 11:00,E07,2026-09-30,,open\n",
		"approvals.csv": "approval_id,employee_no,title,kind,amount,submitted_at,status,emergency,acted_at,made_up_at\n" +
			"A1,E04,秘密采购,purchase,3000,2026-09-28 18:00,pending,是,2026-09-28 18:00,\nA2,E04,秘密采购,purchase,3000,2026-09-20 18:00,approved,是,2026-09-20 18:00,2026-09-21 09:00\nA3,E07,秘密采购,purchase,3000,2026-09-20 18:00,pending,否,,\n",
		"incidents.csv": "incident_id,kind,title,employee_no,found_at,reported_at,severity,drill\n" +
			"S1,data_leak,秘密事件,E07,2026-09-30 08:30,,major,否\nS2,data_leak,秘密事件,E07,2026-09-29 08:30,2026-09-29 09:00,major,否\nS3,system_failure,秘密事件,E07,2026-09-29 08:30,,minor,是\n",
	}); n != 0 {
		t.Fatalf("%d rows are faulty", n)
	}
	list := w.due("2026-09-29 10:00")
	w.want(list, []notices.Kind{notices.ResolutionUnassigned, notices.ResolutionOverdue}, "resolution.unassigned:decisions:J1:E02", "resolution.unassigned:decisions:J1:E09")
	w.want(w.due("2026-09-29 09:59"), []notices.Kind{notices.ResolutionUnassigned}) // 24 hours are not over
	list = w.due("2026-09-30 10:00")
	w.want(list, nil, "incident.to_report:incidents:S1:E07", "incident.to_report:incidents:S1:E08", "emergency.to_make_up:approvals:A1:E02", "emergency.to_make_up:approvals:A1:E04",
		"resolution.unassigned:decisions:J1:E02", "resolution.unassigned:decisions:J1:E09", "resolution.overdue:decisions:J2:E04", "resolution.overdue:decisions:J2:E09")
	if n := list[0]; !n.Urgent || n.Link != "/records/incidents/S1" || n.Body[0].ZH != "须于 2026-09-30 10:30 前报告。" {
		t.Errorf("the incident is told as %+v", n)
	}
	w.want(w.due("2026-10-02 00:00"), []notices.Kind{notices.IncidentOverdue, notices.EmergencyOverdue, notices.EmergencyMakeUp}, "incident.overdue:incidents:S1:E07", "incident.overdue:incidents:S1:E08",
		"emergency.overdue:approvals:A1:E02", "emergency.overdue:approvals:A1:E04", "emergency.overdue:approvals:A1:E08")
	// A company that begins with notices later is not told of its past.
	late := must(notices.Due(context.Background(), w.b, notices.Question{Version: w.version(), Zone: shanghai, From: at("2026-10-01 00:00")}, w.now))
	w.want(late, nil, "emergency.overdue:approvals:A1:E02", "emergency.overdue:approvals:A1:E04", "emergency.overdue:approvals:A1:E08", "resolution.overdue:decisions:J5:E07", "resolution.overdue:decisions:J5:E09")
	if late[0].Since != at("2026-10-02 00:00").UTC() {
		t.Errorf("it holds from %s", late[0].Since)
	}
}

// TestBarePolicy: a policy without any of the sections has no notices, and no error.
func TestBarePolicy(t *testing.T) {
	w := newWorld(t)
	v := w.version()
	bare := *v.Policy
	bare.Pack, bare.Reviews, bare.Rewards, bare.Offices, bare.Parameters = nil, nil, nil, nil, nil
	v.Policy = &bare
	if list, err := notices.Due(t.Context(), w.b, notices.Question{Version: v, Zone: time.UTC}, w.now); err != nil || len(list) != 0 {
		t.Errorf("got %v, %v", list, err)
	}
}
