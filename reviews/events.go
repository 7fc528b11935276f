package reviews

import (
	"fmt"
	"strings"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
)

// event is one decision as the ledger holds it.
type event interface {
	// about gives the period and the employee whom it concerns, "" for a whole round.
	about() (of period.Period, subject string)
	// apply changes the state of the round, or says why the event cannot follow it.
	apply(r *Round, m Mark) error
}

// kinds makes an event of each kind.
var kinds = map[string]func() event{
	"month.opened":          func() event { return &opened{month: true} },
	"self.saved":            func() event { return &selfSaved{} },
	"self.submitted":        func() event { return &selfSubmitted{} },
	"self.reopened":         func() event { return &selfReopened{} },
	"quarter.opened":        func() event { return &opened{} },
	"evaluation.saved":      func() event { return &evaluationsSaved{} },
	"evaluation.submitted":  func() event { return &evaluationSubmitted{} },
	"evaluation.returned":   func() event { return &evaluationReturned{} },
	"evaluation.calibrated": func() event { return &calibrated{} },
	"evaluation.exempted":   func() event { return &exempted{} },
	"calibration.closed":    func() event { return &calibrationClosed{} },
	"calibration.reopened":  func() event { return &calibrationReopened{} },
	"evaluation.unexempted": func() event { return &unexempted{} },
	"deputy.named":          func() event { return &deputyNamed{} },
	"deputy.revoked":        func() event { return &deputyRevoked{} },
	"quarter.published":     func() event { return &published{} },
	"appeal.filed":          func() event { return &appealFiled{} },
	"appeal.mediated":       func() event { return &appealDecided{} },
	"appeal.escalated":      func() event { return &appealEscalated{} },
	"appeal.arbitrated":     func() event { return &appealDecided{arbitration: true} },
	"appeal.withdrawn":      func() event { return &appealWithdrawn{} },
	"quarter.sealed":        func() event { return &sealed{} },
	"adjustment.approved":   func() event { return &adjustmentApproved{} },
	"rewards.drawn":         func() event { return &rewardsDrawn{} },
	"rewards.signed":        func() event { return &rewardsSigned{} },
	"rewards.refused":       func() event { return &rewardsRefused{} },
	"rewards.emergency":     func() event { return &rewardsEmergency{} },
}

// on is the period of an event: 2026-07 or 2026Q3.
type on struct {
	Period string `json:"period"`
}

func (o on) of() period.Period {
	p, _ := period.Parse(o.Period) // a period that cannot be read belongs to no round and is refused there
	return p
}

func (o on) about() (period.Period, string) { return o.of(), "" }

// opened begins the round of a month or a quarter.
type opened struct {
	on
	Due   time.Time `json:"due"`
	month bool
}

func (e *opened) apply(r *Round, m Mark) error {
	if r.Opened != nil {
		return refuse("round.open", say("%s 已于 %s 开放", "%s was opened on %s", r.Period.ZH(), date(r.Opened.At)), say("无需重复开放", "there is nothing to do"))
	}
	r.Opened, r.Due = &m, e.Due
	return nil
}

// running reports whether the round takes decisions: opened and not sealed.
func (r *Round) running() error {
	switch {
	case r.Sealed != nil:
		return refuse("round.sealed", say("%s 已于 %s 封账（封账号 %s），不再受理", "%s was sealed on %s (seal %s) and takes nothing any more", r.Period.String(), date(r.Sealed.At), r.Sealed.ID()),
			say("如确有错误，请更正原始记录，再走调整审批", "if something is wrong, correct the record and have the adjustment approved"))
	case r.Opened == nil:
		return refuse("round.closed", say("%s 尚未开放", "%s is not open yet", r.Period.String()), say("请人力资源先开放", "human resources open it first"))
	}
	return nil
}

// judging reports whether evaluations may still change.
func (r *Round) judging() error {
	if err := r.running(); err != nil {
		return err
	}
	if r.Published != nil {
		return refuse("round.published", say("%s 已于 %s 公布，评估不能再改", "%s was published on %s; evaluations stand", r.Period.String(), date(r.Published.At)),
			say("对结果有异议的，由本人提出申诉", "whoever objects files an appeal"))
	}
	return nil
}

// stale refuses a command that saw another version.
func stale(seen, now int) error {
	if seen == now {
		return nil
	}
	return refuse("version.stale", say("所依据的是第 %d 版，现已是第 %d 版：有人先改过了", "it was written upon version %d, but there is version %d: somebody was faster", seen, now),
		say("请重新取出最新一版，核对后再提交", "fetch the newest version, look at it, and submit again"))
}

// selfOf is a self-review that an event concerns, with the version that its writer saw.
type selfOf struct {
	on
	Employee string `json:"employee"`
	Version  int    `json:"version"`
}

func (e selfOf) about() (period.Period, string) { return e.of(), e.Employee }

// review gives the self-review, a new one where there is none, if it may change.
func (e selfOf) review(r *Round) (*SelfReview, error) {
	if err := r.running(); err != nil {
		return nil, err
	}
	s := r.SelfReviews[e.Employee]
	if s == nil {
		s = &SelfReview{Employee: e.Employee, State: Draft}
	}
	return s, nil
}

// draft is review for one that is not submitted.
func (e selfOf) draft(r *Round) (*SelfReview, error) {
	s, err := e.review(r)
	if err == nil && s.State == Submitted {
		err = refuse("self.submitted", say("%s 的自评已于 %s 提交", "the self-review of %s was submitted on %s", e.Employee, date(s.In.At)),
			say("要修改，请上级或人力资源退回，并写明理由", "to change it, the superior or human resources reopen it with a reason"))
	}
	if err == nil {
		err = stale(e.Version, s.Version)
	}
	return s, err
}

type selfSaved struct {
	selfOf
	Text SelfText `json:"text"`
}

func (e *selfSaved) apply(r *Round, m Mark) error {
	s, err := e.draft(r)
	if err != nil {
		return err
	}
	s.Version, s.Text, s.Saved = s.Version+1, e.Text, m
	r.SelfReviews[e.Employee] = s
	return nil
}

type selfSubmitted struct{ selfOf }

func (e *selfSubmitted) apply(r *Round, m Mark) error {
	s, err := e.draft(r)
	if err != nil {
		return err
	}
	if s.Version == 0 {
		return refuse("self.empty", say("%s 的自评还没有内容", "the self-review of %s is empty", e.Employee), say("先填写并保存", "fill it in and save it first"))
	}
	s.State, s.In, s.Late = Submitted, &m, m.At.After(r.Due)
	return nil
}

type selfReopened struct {
	selfOf
	Reason string `json:"reason"`
}

func (e *selfReopened) apply(r *Round, m Mark) error {
	s, err := e.review(r)
	switch {
	case err != nil:
		return err
	case s.State != Submitted:
		return refuse("self.draft", say("%s 的自评尚未提交，无须退回", "the self-review of %s was not submitted", e.Employee), say("本人可以直接修改", "its writer may change it as it is"))
	}
	if err := reasoned(e.Reason); err != nil {
		return err
	}
	s.State, s.In, s.Late = Draft, nil, false
	s.Reopened = append(s.Reopened, Reason{m, e.Reason})
	return nil
}

// reasoned refuses a blank reason.
func reasoned(s string) error {
	if strings.TrimSpace(s) == "" {
		return refuse("reason.missing", say("没有写明理由", "there is no reason"), say("请写明理由，它会与决定一起留存", "give the reason; it is kept with the decision"))
	}
	return nil
}

// evaluationOf is an evaluation that an event concerns, with the version that its writer saw.
type evaluationOf struct {
	on
	Employee   string `json:"employee"`
	Department string `json:"department"`
	Superior   string `json:"superior"` // for whom it is written; "" where nobody stands above
	Version    int    `json:"version"`
}

func (e evaluationOf) about() (period.Period, string) { return e.of(), e.Employee }

func (e evaluationOf) member() metrics.Member {
	return metrics.Member{Employee: e.Employee, Department: e.Department}
}

func (e evaluationOf) key() metrics.Evaluated {
	return metrics.Evaluated{Member: e.member(), Superior: e.Superior}
}

// evaluation gives the evaluation, a new one where there is none, if it may change.
func (e evaluationOf) evaluation(r *Round) (*Evaluation, error) {
	if err := r.judging(); err != nil {
		return nil, err
	}
	if err := r.calibrating(e.Department); err != nil {
		return nil, err
	}
	x := r.Evaluations[e.key()]
	if x == nil {
		x = &Evaluation{Evaluated: e.key(), State: Draft}
	}
	return x, stale(e.Version, x.Version)
}

// calibrating refuses to change what a department has closed.
func (r *Round) calibrating(department string) error {
	if m := r.Closed[department]; m != nil {
		return refuse("calibration.closed", say("部门 %s 的校准已于 %s 结束", "the calibration of %s was closed on %s", department, date(m.At)),
			say("要修改，先由人力资源重开校准，并写明理由", "to change something, human resources reopen it with a reason"))
	}
	return nil
}

// written is one evaluation in an event that saves several.
type written struct {
	Employee   string         `json:"employee"`
	Department string         `json:"department"`
	Superior   string         `json:"superior"`
	Version    int            `json:"version"`
	Text       EvaluationText `json:"text"`
	Submit     *handedIn      `json:"submit,omitempty"` // submitted at once
}

// handedIn is what is fixed when an evaluation is submitted.
type handedIn struct {
	Points fixed.Num  `json:"points"`
	KPI    *fixed.Num `json:"kpi,omitempty"`
}

// evaluationsSaved saves one evaluation, or all of a workbook, of which either all or none come in. The warehouse keeps them one by one.
type evaluationsSaved struct {
	on
	Evaluations []written `json:"evaluations"`
}

func (e *evaluationsSaved) about() (period.Period, string) {
	if len(e.Evaluations) == 1 {
		return e.of(), e.Evaluations[0].Employee
	}
	return e.of(), ""
}

func (e *evaluationsSaved) parts() (list []event) {
	for _, w := range e.Evaluations {
		list = append(list, &evaluationsSaved{e.on, []written{w}})
	}
	return list
}

func (e *evaluationsSaved) apply(r *Round, m Mark) error {
	for _, w := range e.Evaluations {
		of := evaluationOf{e.on, w.Employee, w.Department, w.Superior, w.Version}
		x, err := of.evaluation(r)
		if err == nil && x.State == Submitted {
			err = refuse("evaluation.submitted", say("对 %s 的评估已于 %s 提交", "the evaluation of %s was submitted on %s", w.Employee, date(x.In.At)),
				say("要修改，请人力资源退回，并写明理由", "to change it, human resources return it with a reason"))
		}
		if err != nil {
			return err
		}
		x.Version, x.Text, x.Saved = x.Version+1, w.Text, m
		if w.Submit != nil {
			x.State, x.In, x.Points, x.KPI = Submitted, &m, w.Submit.Points, w.Submit.KPI
		}
		r.Evaluations[of.key()] = x
	}
	return nil
}

type evaluationSubmitted struct {
	evaluationOf
	handedIn
}

func (e *evaluationSubmitted) apply(r *Round, m Mark) error {
	x, err := e.evaluation(r)
	switch {
	case err != nil:
		return err
	case x.State == Submitted:
		return refuse("evaluation.submitted", say("对 %s 的评估已于 %s 提交", "the evaluation of %s was submitted on %s", e.Employee, date(x.In.At)), say("无需重复提交", "there is nothing to do"))
	case x.Version == 0:
		return refuse("evaluation.empty", say("对 %s 的评估还没有内容", "the evaluation of %s is empty", e.Employee), say("先填写并保存", "fill it in and save it first"))
	}
	x.State, x.In, x.Points, x.KPI = Submitted, &m, e.Points, e.KPI
	return nil
}

type evaluationReturned struct {
	evaluationOf
	Reason string `json:"reason"`
}

func (e *evaluationReturned) apply(r *Round, m Mark) error {
	x, err := e.evaluation(r)
	switch {
	case err != nil:
		return err
	case x.State != Submitted:
		return refuse("evaluation.draft", say("对 %s 的评估尚未提交，无须退回", "the evaluation of %s was not submitted", e.Employee), say("评估人可以直接修改", "its writer may change it as it is"))
	}
	if err := reasoned(e.Reason); err != nil {
		return err
	}
	x.State, x.In = Draft, nil
	x.Returned = append(x.Returned, Reason{m, e.Reason})
	delete(r.Calibrated, e.member()) // it was a change of what no longer stands
	return nil
}

// memberOf is a person in a department that an event concerns.
type memberOf struct {
	on
	Employee   string `json:"employee"`
	Department string `json:"department"`
	Reason     string `json:"reason"`
}

func (e memberOf) about() (period.Period, string) { return e.of(), e.Employee }

func (e memberOf) member() metrics.Member {
	return metrics.Member{Employee: e.Employee, Department: e.Department}
}

type calibrated struct {
	memberOf
	Points  fixed.Num `json:"points"`
	Version int       `json:"version"`
}

func (e *calibrated) apply(r *Round, m Mark) error {
	if err := r.judging(); err != nil {
		return err
	}
	if err := r.calibrating(e.Department); err != nil {
		return err
	}
	if err := reasoned(e.Reason); err != nil {
		return err
	}
	c := r.Calibrated[e.member()]
	if c == nil {
		c = &Calibration{Member: e.member()}
	}
	if err := stale(e.Version, c.Version); err != nil {
		return err
	}
	r.Calibrated[e.member()] = &Calibration{Member: e.member(), Points: e.Points, Version: c.Version + 1, Reason: Reason{m, e.Reason}}
	return nil
}

type exempted struct{ memberOf }

func (e *exempted) apply(r *Round, m Mark) error {
	if err := r.judging(); err != nil {
		return err
	}
	if err := r.calibrating(e.Department); err != nil {
		return err
	}
	if err := reasoned(e.Reason); err != nil {
		return err
	}
	if r.Exempt[e.member()] != nil {
		return refuse("evaluation.exempt", say("%s 在部门 %s 已免评", "%s is exempt in %s", e.Employee, e.Department), say("无需重复办理", "there is nothing to do"))
	}
	r.Exempt[e.member()] = &Exemption{e.member(), Reason{m, e.Reason}}
	return nil
}

// unexempted takes an exemption back: the person is to be evaluated after all.
type unexempted struct{ memberOf }

func (e *unexempted) apply(r *Round, m Mark) error {
	if err := r.judging(); err != nil {
		return err
	}
	if err := r.calibrating(e.Department); err != nil {
		return err
	}
	if err := reasoned(e.Reason); err != nil {
		return err
	}
	if r.Exempt[e.member()] == nil {
		return refuse("exemption.none", say("%s 在部门 %s 没有免评", "%s is not exempt in %s", e.Employee, e.Department), say("请核对工号与部门编号", "check both numbers"))
	}
	delete(r.Exempt, e.member())
	return nil
}

// departmentOf is a department that an event concerns.
type departmentOf struct {
	on
	Department string `json:"department"`
	Reason     string `json:"reason,omitempty"`
}

type calibrationClosed struct{ departmentOf }

func (e *calibrationClosed) apply(r *Round, m Mark) error {
	if err := r.judging(); err != nil {
		return err
	}
	if err := r.calibrating(e.Department); err != nil {
		return err
	}
	r.Closed[e.Department] = &m
	return nil
}

type calibrationReopened struct{ departmentOf }

func (e *calibrationReopened) apply(r *Round, _ Mark) error {
	if err := r.judging(); err != nil {
		return err
	}
	if err := reasoned(e.Reason); err != nil {
		return err
	}
	if r.Closed[e.Department] == nil {
		return refuse("calibration.running", say("部门 %s 的校准没有结束", "the calibration of %s is not closed", e.Department), say("可以直接修改", "it may be changed as it is"))
	}
	delete(r.Closed, e.Department)
	return nil
}

type deputyNamed struct {
	Superior string `json:"superior"`
	Deputy   string `json:"deputy"`
	From     string `json:"from"`
	To       string `json:"to"`
	Reason   string `json:"reason"`
}

func (e *deputyNamed) about() (period.Period, string) { return period.Period{}, "" }

func (e *deputyNamed) apply(r *Round, m Mark) error {
	from, err := time.Parse(time.DateOnly, e.From)
	to, err2 := time.Parse(time.DateOnly, e.To)
	if err != nil || err2 != nil || to.Before(from) {
		return refuse("deputy.days", say("代理期间 %s 至 %s 不成立", "from %s to %s is no time", e.From, e.To), say("写成 2026-10-01 的样子，止日不早于起日", "write dates like 2026-10-01, the last not before the first"))
	}
	if err := reasoned(e.Reason); err != nil {
		return err
	}
	r.Deputies = append(r.Deputies, Deputy{Superior: e.Superior, Deputy: e.Deputy, From: from, To: to, Reason: Reason{m, e.Reason}})
	return nil
}

type deputyRevoked struct {
	Superior string `json:"superior"`
	Deputy   string `json:"deputy"`
	Reason   string `json:"reason"`
}

func (e *deputyRevoked) about() (period.Period, string) { return period.Period{}, "" }

func (e *deputyRevoked) apply(r *Round, m Mark) error {
	if err := reasoned(e.Reason); err != nil {
		return err
	}
	for i := range r.Deputies {
		if x := &r.Deputies[i]; x.Superior == e.Superior && x.Deputy == e.Deputy && x.Revoked == nil {
			x.Revoked = &Reason{m, e.Reason}
		}
	}
	return nil
}

type published struct {
	on
	AppealUntil time.Time `json:"appeal_until"`
}

func (e *published) apply(r *Round, m Mark) error {
	if err := r.judging(); err != nil {
		return err
	}
	r.Published, r.AppealUntil = &m, e.AppealUntil
	return nil
}

// nextAppeal names the next appeal of a round, such as 2026Q3-A1.
func (r *Round) nextAppeal() string { return fmt.Sprintf("%s-A%d", r.Period, len(r.Appeals)+1) }
