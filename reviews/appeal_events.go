package reviews

import (
	"time"

	"plumbline/metrics"
)

// appealOf is an appeal that an event concerns.
type appealOf struct {
	on
	Appeal string `json:"appeal"`
}

func (e appealOf) id() string { return e.Appeal }

// appealing is an event of an appeal.
type appealing interface {
	event
	id() string
	// change gives the appeal as it stands after the event, whose rules it does not ask.
	change(a *Appeal, m Mark) *Appeal
}

// open gives the appeal if it is still open.
func (e appealOf) open(r *Round) (*Appeal, error) {
	if err := r.running(); err != nil {
		return nil, err
	}
	a := r.appeal(e.Appeal)
	if a == nil {
		return nil, refuse("appeal.unknown", say("没有申诉 %s", "there is no appeal %s", e.Appeal), say("用 plumbline appeal list 查看编号", "plumbline appeal list shows the ids"))
	}
	if end := a.Ended(); end != nil {
		return nil, refuse("appeal.ended", say("申诉 %s 已于 %s 结束", "the appeal %s ended on %s", a.ID, date(end.At)), say("同一事项不再受理", "the same matter is not taken up again"))
	}
	return a, nil
}

type appealFiled struct {
	appealOf
	Employee   string    `json:"employee"`
	Department string    `json:"department"`
	Against    Against   `json:"against"`
	KPI        string    `json:"kpi,omitempty"`
	Record     string    `json:"record,omitempty"`
	Text       string    `json:"text"`
	MediateBy  time.Time `json:"mediate_by"`
}

func (e *appealFiled) apply(r *Round, m Mark) error {
	if err := r.running(); err != nil {
		return err
	}
	switch {
	case r.Published == nil:
		return refuse("appeal.early", say("%s 的结果尚未公布", "the results of %s are not published yet", r.Period.String()), say("公布之后再申诉；有误的记录可请数据管理员更正", "appeal once they are; wrong records can be corrected meanwhile"))
	case m.At.After(r.AppealUntil):
		return refuse("appeal.late", say("申诉期已于 %s 截止", "the term for appeals ended on %s", date(r.AppealUntil)), say("期限由制度规定，逾期不再受理", "the term is set by the regulation; late ones are not taken"))
	case e.Appeal != r.nextAppeal():
		return refuse("appeal.id", say("申诉编号应为 %s", "the id of the appeal is %s", r.nextAppeal()), say("请重新提交", "submit it again"))
	}
	if err := reasoned(e.Text); err != nil {
		return err
	}
	for _, a := range r.Appeals {
		if a.Employee == e.Employee && a.Department == e.Department && a.Against == e.Against && a.KPI == e.KPI && a.Record == e.Record {
			return refuse("appeal.twice", say("同一事项已有申诉 %s", "the same matter was filed as %s already", a.ID), say("补充材料请交给处理人", "give further material to whoever decides it"))
		}
	}
	r.Appeals = append(r.Appeals, e.change(nil, m))
	return nil
}

func (e *appealFiled) change(_ *Appeal, m Mark) *Appeal {
	return &Appeal{ID: e.Appeal, Employee: e.Employee, Department: e.Department, Against: e.Against, KPI: e.KPI, Record: e.Record, Text: e.Text, Filed: m, MediateBy: e.MediateBy}
}

// appealDecided is what mediation or arbitration decides.
type appealDecided struct {
	appealOf
	Outcome     Outcome `json:"outcome"`
	Reason      string  `json:"reason"`
	Remedy      Remedy  `json:"remedy"`
	arbitration bool
}

func (e *appealDecided) apply(r *Round, m Mark) error {
	a, err := e.open(r)
	if err != nil {
		return err
	}
	if err := reasoned(e.Reason); err != nil {
		return err
	}
	if err := e.inTurn(a); err != nil {
		return err
	}
	if err := e.remedied(a); err != nil {
		return err
	}
	e.change(a, m)
	if e.Outcome == Granted && e.Remedy.Points != nil {
		member := metrics.Member{Employee: a.Employee, Department: a.Department}
		version := 0
		if c := r.Calibrated[member]; c != nil {
			version = c.Version
		}
		r.Calibrated[member] = &Calibration{Member: member, Points: *e.Remedy.Points, Version: version + 1, Reason: Reason{m, e.Reason}, Appeal: a.ID}
		delete(r.Exempt, member) // or the points would count for nothing
	}
	return nil
}

func (e *appealDecided) change(a *Appeal, m Mark) *Appeal {
	d := &Decision{Reason{m, e.Reason}, e.Outcome, e.Remedy}
	if e.arbitration {
		a.Arbitrated = d
	} else {
		a.Mediated = d
	}
	return a
}

// inTurn makes sure that the instance decides what is before it, in a way that it can.
func (e *appealDecided) inTurn(a *Appeal) error {
	with := e.Outcome == Granted || e.Outcome == Settled || e.Outcome == Failed
	if e.arbitration {
		with = e.Outcome == Granted || e.Outcome == Dismissed
	}
	switch {
	case !with:
		return refuse("appeal.outcome", say("“%s”不是这一环节的结论", "“%s” is no outcome of this instance", e.Outcome), say("调解：granted、settled、failed；仲裁：granted、dismissed", "mediation: granted, settled, failed; arbitration: granted, dismissed"))
	case !e.arbitration && (a.Mediated != nil || a.Escalated != nil):
		return refuse("appeal.mediated", say("申诉 %s 的部门调解已经结束", "the mediation of %s is over", a.ID), say("由人力资源仲裁", "human resources arbitrate"))
	case e.arbitration && a.Escalated == nil:
		return refuse("appeal.order", say("申诉 %s 尚未提请仲裁：先由部门调解", "%s was not brought to arbitration: the department mediates first", a.ID), say("调解不成或逾期的，由本人提请仲裁", "when that fails or takes too long, the person brings it to arbitration"))
	}
	return nil
}

// remedied makes sure that a granted appeal changes its cause, and that no other one does.
func (e *appealDecided) remedied(a *Appeal) error {
	given := e.Remedy.Points != nil || e.Remedy.Seq != 0
	switch {
	case e.Outcome != Granted && given:
		return refuse("appeal.remedy", say("没有支持申诉，却更正了内容", "the appeal is not granted, and yet something is changed"), say("改为 granted，或去掉更正", "grant it, or leave the change out"))
	case e.Outcome == Granted && a.Against == Judgement && e.Remedy.Points == nil:
		return refuse("appeal.remedy", say("支持对评分的申诉，须写明更正后的评分", "granting an appeal against a judgement sets the points"), say("写上 --points", "add --points"))
	case e.Outcome == Granted && a.Against != Judgement && e.Remedy.Seq <= a.Filed.Seq:
		return refuse("appeal.remedy", say("支持对事实或规则的申诉，须先更正，并指明更正所在的账序（应在 %d 之后）", "granting an appeal against a fact or a rule needs the correction first; name its ledger sequence, above %d", a.Filed.Seq),
			say("先导入更正后的文件或启用新制度，再写上 --corrected 账序", "take the corrected file in or adopt the policy, then add --corrected SEQ"))
	case a.Against == Judgement && e.Remedy.Seq != 0 || a.Against != Judgement && e.Remedy.Points != nil:
		return refuse("appeal.remedy", say("更正与申诉的事项不符", "the change does not fit what the appeal is against"), say("对评分用 --points，对事实或规则用 --corrected", "use --points for judgements, --corrected for facts and rules"))
	}
	return nil
}

type appealEscalated struct {
	appealOf
	Text        string    `json:"text"`
	ArbitrateBy time.Time `json:"arbitrate_by"`
}

func (e *appealEscalated) apply(r *Round, m Mark) error {
	a, err := e.open(r)
	switch {
	case err != nil:
		return err
	case a.Escalated != nil:
		return refuse("appeal.escalated", say("申诉 %s 已于 %s 提请仲裁", "%s was brought to arbitration on %s", a.ID, date(a.Escalated.At)), say("无需重复提请", "there is nothing to do"))
	case a.Mediated == nil && !m.At.After(a.MediateBy):
		return refuse("appeal.order", say("部门调解尚在期限内（至 %s）", "the department may mediate until %s", date(a.MediateBy)), say("调解不成或逾期后再提请仲裁", "bring it to arbitration when that fails or the term is over"))
	}
	e.change(a, m)
	return nil
}

func (e *appealEscalated) change(a *Appeal, m Mark) *Appeal {
	a.Escalated, a.ArbitrateBy = &Reason{m, e.Text}, e.ArbitrateBy
	return a
}

type appealWithdrawn struct {
	appealOf
	Reason string `json:"reason"`
}

func (e *appealWithdrawn) apply(r *Round, m Mark) error {
	a, err := e.open(r)
	if err != nil {
		return err
	}
	e.change(a, m)
	return nil
}

func (e *appealWithdrawn) change(a *Appeal, m Mark) *Appeal {
	a.Withdrawn = &Reason{m, e.Reason}
	return a
}
