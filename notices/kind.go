package notices

import "plumbline/policy"

// Kind is what a notice is about.
type Kind string

// The kinds.
const (
	SelfReviewSoon       Kind = "self_review.due_soon"
	SelfReviewOverdue    Kind = "self_review.overdue"
	SelfReviewsMissing   Kind = "self_review.missing" // the list for human resources
	EvaluationSoon       Kind = "evaluation.due_soon"
	EvaluationOverdue    Kind = "evaluation.overdue"
	EvaluationsMissing   Kind = "evaluation.missing" // the list for human resources
	QuarterPublished     Kind = "quarter.published"
	AppealTermSoon       Kind = "appeal.term_soon"     // the term for filing
	AppealWaiting        Kind = "appeal.waiting"       // with an instance
	AppealSoon           Kind = "appeal.due_soon"      // the term of the instance
	AppealOverdue        Kind = "appeal.overdue"       //
	AppealEscalatable    Kind = "appeal.escalatable"   // the person may bring it to arbitration
	SignatureWaiting     Kind = "rewards.to_sign"      // a sheet of a reward list
	PaymentMakeUp        Kind = "rewards.to_make_up"   // paid ahead, signatures are to be made up
	PaymentOverdue       Kind = "rewards.overdue"      //
	EmergencyMakeUp      Kind = "emergency.to_make_up" // acted at once, the approval is to be made up
	EmergencyOverdue     Kind = "emergency.overdue"    //
	IncidentToReport     Kind = "incident.to_report"   //
	IncidentOverdue      Kind = "incident.overdue"     //
	ResolutionUnassigned Kind = "resolution.unassigned"
	ResolutionOverdue    Kind = "resolution.overdue"
)

// kinds are all kinds in the order of reports, with what they are called and whether people are called by phone about them (C26).
var kinds = []struct {
	kind   Kind
	urgent bool
	name   policy.Text
}{
	{IncidentToReport, true, policy.Text{ZH: "事件待报告", EN: "Incidents to be reported"}},
	{IncidentOverdue, true, policy.Text{ZH: "事件报告已逾期", EN: "Incidents not reported in time"}},
	{EmergencyMakeUp, true, policy.Text{ZH: "应急处置待补办审批", EN: "Emergencies whose approval is to be made up"}},
	{EmergencyOverdue, true, policy.Text{ZH: "应急处置补办已逾期", EN: "Emergencies not made up in time"}},
	{PaymentMakeUp, true, policy.Text{ZH: "先行发放待补签", EN: "Payments ahead whose signatures are to be made up"}},
	{PaymentOverdue, true, policy.Text{ZH: "先行发放补签已逾期", EN: "Payments ahead not signed in time"}},
	{SelfReviewSoon, false, policy.Text{ZH: "自评即将截止", EN: "Self-reviews due soon"}},
	{SelfReviewOverdue, false, policy.Text{ZH: "自评已逾期", EN: "Self-reviews overdue"}},
	{SelfReviewsMissing, false, policy.Text{ZH: "未交自评名单", EN: "List of missing self-reviews"}},
	{EvaluationSoon, false, policy.Text{ZH: "上级评估即将截止", EN: "Evaluations due soon"}},
	{EvaluationOverdue, false, policy.Text{ZH: "上级评估已逾期", EN: "Evaluations overdue"}},
	{EvaluationsMissing, false, policy.Text{ZH: "未完成评估名单", EN: "List of missing evaluations"}},
	{QuarterPublished, false, policy.Text{ZH: "考核结果已公布", EN: "Results published"}},
	{AppealTermSoon, false, policy.Text{ZH: "申诉期即将截止", EN: "Term for appeals ends soon"}},
	{AppealWaiting, false, policy.Text{ZH: "申诉待处理", EN: "Appeals to be decided"}},
	{AppealSoon, false, policy.Text{ZH: "申诉处理即将到期", EN: "Appeals whose term ends soon"}},
	{AppealOverdue, false, policy.Text{ZH: "申诉处理已逾期", EN: "Appeals not decided in time"}},
	{AppealEscalatable, false, policy.Text{ZH: "申诉可提请仲裁", EN: "Appeals that may be brought to arbitration"}},
	{SignatureWaiting, false, policy.Text{ZH: "奖惩名单待签字", EN: "Reward lists to be signed"}},
	{ResolutionUnassigned, false, policy.Text{ZH: "决议未分配责任人", EN: "Resolutions without an owner"}},
	{ResolutionOverdue, false, policy.Text{ZH: "决议已逾期", EN: "Resolutions overdue"}},
}

// Kinds lists all kinds in the order of reports.
func Kinds() (list []Kind) {
	for _, k := range kinds {
		list = append(list, k.kind)
	}
	return list
}

// rank gives the place of a kind in the order of reports; an unknown one comes last.
func (k Kind) rank() int {
	for i, x := range kinds {
		if x.kind == k {
			return i
		}
	}
	return len(kinds)
}

// Name gives the kind in words; one that this version does not know is called by its id.
func (k Kind) Name() policy.Text {
	if i := k.rank(); i < len(kinds) {
		return kinds[i].name
	}
	return policy.Text{ZH: string(k), EN: string(k)}
}

// Urgent reports whether people are called about it.
func (k Kind) Urgent() bool {
	i := k.rank()
	return i < len(kinds) && kinds[i].urgent
}
