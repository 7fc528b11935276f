package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"plumbline/access"
	"plumbline/ingest"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// appealNamed finds the appeal of the path; what belongs to another quarter is none.
func (q *request) appealNamed(look func(r *reviews.Round, a *reviews.Appeal) error) error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	return q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error {
		i := slices.IndexFunc(r.Appeals, func(a *reviews.Appeal) bool { return a.ID == q.r.PathValue("appeal") })
		if i < 0 {
			return errNotFound
		}
		return look(r, r.Appeals[i])
	})
}

// appellant is the person whose appeal the path names, in the department that it is about: in the quarter, or today for who has come to lead it since.
func appellant(q *request) (s access.Subject, err error) {
	err = q.appealNamed(func(r *reviews.Round, a *reviews.Appeal) error {
		s = access.Subject{Employee: a.Employee, Department: a.Department, Period: r.Period}
		return nil
	})
	if err == nil && (s.Employee == q.viewer.Employee || q.viewer.Employee == "" && !access.Everybody(q.viewer, access.Arbitrate)) {
		err = errNotFound
	}
	if err != nil {
		return s, err
	}
	return q.nowOrThen(access.Cases, s), nil
}

// instances says which appeals of a quarter the viewer may decide, as the desk sees it.
type instances struct{ mediate, arbitrate map[string]*reviews.Refusal }

// noInstance is what somebody who decides nothing may.
var noInstance = &reviews.Refusal{Rule: "actor.unknown", Say: policy.Text{ZH: "您不处理申诉。", EN: "You decide no appeals."}}

// deciding asks the desk what the viewer may decide; without an employee number he decides nothing.
func (q *request) deciding(of period.Period) (in instances, err error) {
	if q.viewer.Employee == "" {
		return in, nil
	}
	d, err := q.desk(of)
	if err != nil {
		return in, err
	}
	if in.mediate, err = d.MayDecide(q.ctx(), of, reviews.Mediation, q.now()); err != nil {
		return in, err
	}
	in.arbitrate, err = d.MayDecide(q.ctx(), of, reviews.Arbitration, q.now())
	return in, err
}

// refusal says why the viewer may not decide an appeal for an instance; nil where he may.
func (q *request) refusal(in instances, a *reviews.Appeal, by reviews.Instance) *reviews.Refusal {
	s := access.Subject{Employee: a.Employee, Department: a.Department}
	switch {
	case q.viewer.Employee == "":
		return noInstance
	case by == reviews.Mediation && q.may(access.Mediate, s):
		return in.mediate[a.ID]
	case by == reviews.Mediation && q.leadsNow(a.Department): // of somebody who has left the department since
		return in.mediate[a.ID]
	case by == reviews.Arbitration && q.may(access.Arbitrate, s):
		return in.arbitrate[a.ID]
	}
	return noInstance
}

// sees reports whether an appeal is the viewer's business: human resources see all but their own, heads those of their departments, and whoever may
// mediate one sees it.
func (q *request) seesAppeal(in instances, a *reviews.Appeal) bool {
	if a.Employee == q.viewer.Employee {
		return false
	}
	return access.Everybody(q.viewer, access.Arbitrate) || q.leadsNow(a.Department) || q.refusal(in, a, reviews.Mediation) == nil
}

// appealsLatest leads to the last quarter with appeals, or else to the last one that was published.
func (q *request) appealsLatest() error {
	of, err := q.lastRound(func(r *reviews.Round) bool { return len(r.Appeals) > 0 || r.Published != nil && r.Sealed == nil })
	if err != nil {
		return err
	}
	return q.see("/appeals/"+of.String(), "")
}

// appealsPage lists the appeals of a quarter.
type appealsPage struct {
	frame
	Lead  string
	Table table
}

func (q *request) appeals() error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	in, err := q.deciding(of)
	if err != nil {
		return err
	}
	p := &appealsPage{frame: q.frame(q.say("申诉", "Appeals"))}
	p.Switch = q.periods(of, "/appeals/%s", q.quarters(8))
	err = q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error {
		p.Table = q.appealTable(r, in)
		p.Lead = q.appealLead(r)
		return nil
	})
	if err != nil {
		return err
	}
	return q.render("appeals", p)
}

// appealLead says whether appeals may come.
func (q *request) appealLead(r *reviews.Round) string {
	switch {
	case r.Published == nil:
		return q.say("结果公布后，本人可以申诉。", "Appeals are filed once results are published.")
	case r.Sealed != nil:
		return fmt.Sprintf(q.say("本季度已封账（%s），不再受理申诉。", "The quarter is sealed (%s); no appeals are taken any more."), r.Sealed.ID())
	}
	return fmt.Sprintf(q.say("申诉期至 %s。", "Appeals may be filed until %s."), q.moment(r.AppealUntil))
}

func (q *request) appealTable(r *reviews.Round, in instances) table {
	t := table{Caption: fmt.Sprintf(q.say("申诉，%s", "Appeals, %s"), q.periodText(r.Period)), Empty: q.say("本季度没有要您处理的申诉。", "There are no appeals for you in this quarter."),
		Head: []head{words(q.say("姓名", "Name")), words(q.say("环节", "With")), words(q.say("期限", "Term")), words(q.say("结论", "Outcome")), words(q.say("针对", "Against")), words(q.say("部门", "Department")), words(q.say("提出", "Filed")), words(q.say("编号", "Appeal"))}}
	for _, a := range r.Appeals {
		if !q.seesAppeal(in, a) {
			continue
		}
		term, late := "–", false
		if a.With() != "" {
			term, late = q.due(a.Term())
		}
		due := text(term)
		if late {
			due.Class = "bad"
		}
		outcome := "–"
		if o := a.Outcome(); o != "" {
			outcome = outcomeNames[o].In(q.lang)
		}
		t.add(link(q.personName(a.Employee), "/appeals/"+r.Period.String()+"/"+a.ID), text(q.stageText(a)), due, text(outcome), text(againstNames[a.Against].In(q.lang)), text(q.departmentName(a.Department)), text(q.moment(a.Filed.At)), text(a.ID))
	}
	return t
}

// againstNames say what an appeal objects to.
var againstNames = map[reviews.Against]policy.Text{
	reviews.Fact: {ZH: "记录有误或缺失", EN: "a record is wrong or missing"}, reviews.Rule: {ZH: "制度用错或有误", EN: "the rule was applied wrongly, or is wrong"}, reviews.Judgement: {ZH: "上级的评分", EN: "the superior's judgement"},
}

// stageText says with whom an appeal is.
func (q *request) stageText(a *reviews.Appeal) string {
	switch a.With() {
	case reviews.Mediation:
		return q.say("部门调解", "mediation")
	case reviews.Arbitration:
		return q.say("人力资源仲裁", "arbitration")
	}
	if a.Ended() != nil {
		return q.say("已办结", "ended")
	}
	return q.say("调解未成，待本人决定是否仲裁", "not settled; the person may go on to arbitration")
}

// caseState says in a sentence how far an appeal is.
func (q *request) caseState(a *reviews.Appeal) string {
	switch a.With() {
	case reviews.Mediation:
		return q.say("部门调解中。", "With the department for mediation.")
	case reviews.Arbitration:
		return q.say("人力资源仲裁中。", "With human resources for arbitration.")
	}
	if o := a.Outcome(); o != "" {
		return fmt.Sprintf(q.say("已办结：%s。", "Ended: %s."), outcomeNames[o].In(q.lang))
	}
	return q.say("部门调解未成，待本人决定是否申请仲裁。", "Not settled in the department; the person may go on to arbitration.")
}

// casePage is one appeal with all that one needs to decide it.
type casePage struct {
	frame
	Of     period.Period
	ID     string
	Facts  []fact
	Text   string
	State  string
	Due    string
	Late   bool
	Steps  []string
	Gave   []commentBlock
	Set    string
	Links  []task
	Decide *verdictForm
	WhyNot string
	Files  *table
}

// verdictForm is the form of a decision, with what was typed last.
type verdictForm struct {
	By                       string
	Outcomes                 []choice
	Points                   bool // a granted one sets points; else it names a correction
	Given, Corrected, Reason string
}

// typedVerdict is what was typed and not accepted.
type typedVerdict struct{ outcome, points, corrected, reason string }

func (q *request) appealCase() error { return q.casePage(nil, nil) }

func (q *request) casePage(typed *typedVerdict, f *fault) error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	in, err := q.deciding(of)
	if err != nil {
		return err
	}
	s, err := q.figures.of(q.ctx(), of)
	if err != nil {
		return err
	}
	files, err := ingest.Files(q.ctx(), q.company.Books, reviews.AsKnownNow)
	if err != nil {
		return err
	}
	p := &casePage{frame: q.frame(fmt.Sprintf(q.say("申诉 %s", "Appeal %s"), q.r.PathValue("appeal"))), Of: of, ID: q.r.PathValue("appeal")}
	p.Path, p.Fault, p.Foot = "/appeals/"+of.String()+"/"+p.ID, f, q.basis(s)
	err = q.appealNamed(func(r *reviews.Round, a *reviews.Appeal) error {
		if !q.seesAppeal(in, a) {
			return errNotFound
		}
		q.fillCase(p, s, r, a)
		q.caseForm(p, in, r, a, typed)
		if p.Decide != nil && !p.Decide.Points && access.Everybody(q.viewer, access.Files) {
			p.Files = q.filesSince(files, a.Filed.Seq)
		}
		return nil
	})
	if err != nil {
		return err
	}
	status := http.StatusOK
	if f != nil {
		status = f.Status
	}
	return q.renderStatus(status, "case", p)
}

// fillCase tells the case: who objects to what, the judgement, and what was done so far.
func (q *request) fillCase(p *casePage, s *sheet, r *reviews.Round, a *reviews.Appeal) {
	p.Text, p.State = a.Text, q.caseState(a)
	if a.With() != "" {
		p.Due, p.Late = q.due(a.Term())
	}
	p.Facts = []fact{{Name: q.say("申诉人", "Filed by"), Text: q.personName(a.Employee) + "　" + a.Employee}, {Name: q.say("部门", "Department"), Text: q.departmentName(a.Department)},
		{Name: q.say("针对", "Against"), Text: againstNames[a.Against].In(q.lang)}}
	if a.KPI != "" {
		p.Facts = append(p.Facts, fact{Name: q.say("指标", "KPI"), Text: q.kpiName(s.Policy, a.KPI)})
	}
	if a.Record != "" {
		p.Facts = append(p.Facts, fact{Name: q.say("记录", "Record"), Text: a.Record})
	}
	p.Facts = append(p.Facts, fact{Name: q.say("提出时间", "Filed"), Text: q.moment(a.Filed.At)}, fact{Name: q.say("调解期限", "Mediation until"), Text: q.moment(a.MediateBy)})
	if a.Escalated != nil {
		p.Facts = append(p.Facts, fact{Name: q.say("仲裁期限", "Arbitration until"), Text: q.moment(a.ArbitrateBy)})
	}
	p.Steps = q.appealSteps(a)
	q.caseJudgement(p, s, r, a)
	p.Links = q.caseLinks(s, a)
}

// appealSteps tells what was done, in order.
func (q *request) appealSteps(a *reviews.Appeal) (list []string) {
	add := func(zh, en string, m reviews.Mark, why string) {
		list = append(list, fmt.Sprintf("%s %s %s%s%s", q.moment(m.At), q.personName(m.Actor), q.say(zh, en), q.say("：", ": "), why))
	}
	decided := func(zh, en string, d *reviews.Decision) {
		o := outcomeNames[d.Outcome]
		if d.Remedy.Points != nil {
			o = policy.Text{ZH: o.ZH + "，评分改为 " + d.Remedy.Points.Text(2), EN: o.EN + ", points set to " + d.Remedy.Points.Text(2)}
		}
		if d.Remedy.Seq != 0 {
			o = policy.Text{ZH: fmt.Sprintf("%s，更正见账序 %d", o.ZH, d.Remedy.Seq), EN: fmt.Sprintf("%s, corrected by ledger sequence %d", o.EN, d.Remedy.Seq)}
		}
		add(zh+"（"+o.ZH+"）", en+" ("+o.EN+")", d.Mark, d.Text)
	}
	if a.Mediated != nil {
		decided("部门调解", "mediated", a.Mediated)
	}
	if a.Escalated != nil {
		add("提请人力资源仲裁", "went on to arbitration", a.Escalated.Mark, a.Escalated.Text)
	}
	if a.Arbitrated != nil {
		decided("仲裁", "arbitrated", a.Arbitrated)
	}
	if a.Withdrawn != nil {
		add("撤回", "withdrew", a.Withdrawn.Mark, a.Withdrawn.Text)
	}
	return list
}

// caseJudgement shows what superiors gave, and what took its place.
func (q *request) caseJudgement(p *casePage, s *sheet, r *reviews.Round, a *reviews.Appeal) {
	m := metrics.Member{Employee: a.Employee, Department: a.Department}
	if l := s.stay(m); l != nil {
		b := &roundBlock{}
		q.comments(b, s, r, []*metrics.PersonLine{l})
		p.Gave = b.Comments
		p.Facts = append(p.Facts, fact{Name: q.say("指标得分", "KPI points"), Text: points(l.Score.KPIPoints)}, fact{Name: q.say("上级部分", "Superiors' part"), Text: points(l.Score.Superior)},
			fact{Name: q.say("部门内总分", "Total in the department"), Text: points(l.Score.Total)})
	}
	if c := r.Calibrated[m]; c != nil {
		p.Set = fmt.Sprintf(q.say("%s 于 %s 定为 %s：%s", "%s set %[3]s on %[2]s: %[4]s"), q.personName(c.Actor), q.moment(c.At), c.Points.Text(2), c.Text)
	}
}

// caseLinks lead to the figures and the rows that the case is about, where the viewer may see them.
func (q *request) caseLinks(s *sheet, a *reviews.Appeal) (list []task) {
	about := access.Subject{Employee: a.Employee, Department: a.Department, Period: s.Period}
	base := "/people/" + a.Employee + "/" + s.Period.String()
	if k := s.Policy.KPI(a.KPI); k != nil && !k.IsRatio() && !k.Anonymous && k.Dataset != nil && q.may(access.Evidence, about) {
		list = append(list, task{Href: base + "/evidence/" + k.ID + "?department=" + a.Department, Text: fmt.Sprintf(q.say("逐条记录：%s", "The rows behind it: %s"), q.kpiName(s.Policy, k.ID))})
	}
	if q.may(access.Person, about) {
		list = append(list, task{Href: base, Text: q.say("此人的全部指标", "All figures of the person")}, task{Href: base + "/derivation", Text: q.say("得分的由来", "How the score comes about")})
	}
	return list
}

// caseForm offers the decision that is the viewer's turn, or says why it is not his.
func (q *request) caseForm(p *casePage, in instances, r *reviews.Round, a *reviews.Appeal, typed *typedVerdict) {
	by := a.With()
	if by == "" || r.Sealed != nil {
		return
	}
	if no := q.refusal(in, a, by); no != nil {
		if by == reviews.Mediation && access.Everybody(q.viewer, access.Arbitrate) && !q.leadsNow(a.Department) {
			p.WhyNot = q.say("先由部门调解；调解不成或逾期，本人可以申请仲裁，届时在这里办理。", "The department mediates first; when that fails or takes too long the person may go on to arbitration, which is done here.")
			return
		}
		p.WhyNot = no.Say.In(q.lang)
		return
	}
	p.Decide = &verdictForm{By: string(by), Points: a.Against == reviews.Judgement}
	outcomes := []reviews.Outcome{reviews.Granted, reviews.Settled, reviews.Failed}
	if by == reviews.Arbitration {
		outcomes = []reviews.Outcome{reviews.Granted, reviews.Dismissed}
	}
	if typed != nil {
		p.Decide.Given, p.Decide.Corrected, p.Decide.Reason = typed.points, typed.corrected, typed.reason
	}
	for _, o := range outcomes {
		p.Decide.Outcomes = append(p.Decide.Outcomes, choice{string(o), outcomeNames[o].In(q.lang), typed != nil && typed.outcome == string(o)})
	}
}

// filesSince lists the files that were taken in after an appeal was filed: the correction is one of them.
func (q *request) filesSince(files []ingest.File, seq int64) *table {
	t := &table{Caption: q.say("申诉提出之后导入的文件", "Files taken in since the appeal was filed"), Empty: q.say("申诉提出之后没有导入过文件；请先导入更正。", "No file was taken in since; take the correction in first."),
		Head: []head{numbers(q.say("账序", "Sequence")), words(q.say("文件", "File")), words(q.say("导入时间", "Taken in"))}}
	for _, f := range slices.Backward(files) {
		if f.Seq > seq && len(t.Rows) < 20 {
			t.add(text(strconv.FormatInt(f.Seq, 10)), text(f.Name), text(q.moment(f.At)))
		}
	}
	return t
}

// decideAppeal records the decision of the instance whose turn it is.
func (q *request) decideAppeal() error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	in, err := q.deciding(of)
	if err != nil {
		return err
	}
	var by reviews.Instance
	err = q.appealNamed(func(_ *reviews.Round, a *reviews.Appeal) error {
		if by = a.With(); !q.seesAppeal(in, a) || by != "" && q.refusal(in, a, by) == noInstance {
			return errNotFound
		}
		return nil
	})
	if err != nil {
		return err
	}
	f := q.r.PostFormValue
	typed := &typedVerdict{f("outcome"), strings.TrimSpace(f("points")), strings.TrimSpace(f("corrected")), f("reason")}
	if asked := reviews.Instance(f("by")); asked != by {
		err = refused("申诉的进展与您打开页面时不同。", "The appeal has moved on since you opened the page.", "请看清现在的情况再办理。", "Look at it as it stands now, then decide.")
	} else {
		err = q.verdict(of, by, typed)
	}
	if err == nil {
		return q.see("/appeals/"+of.String()+"/"+q.r.PathValue("appeal"), "decided")
	}
	told := q.faultOf(err)
	if told.Status == http.StatusInternalServerError || told.Status == http.StatusNotFound {
		return err
	}
	return q.casePage(typed, &told)
}

// verdict hands a decision to the desk, which asks again whether it is the viewer's.
func (q *request) verdict(of period.Period, by reviews.Instance, typed *typedVerdict) error {
	v := reviews.Verdict{Outcome: reviews.Outcome(typed.outcome), Reason: typed.reason}
	if typed.points != "" {
		n, err := fixed.Parse(typed.points)
		if err != nil {
			return refused(fmt.Sprintf("“%s”不是分数。", typed.points), fmt.Sprintf("“%s” is no number.", typed.points), "请写数字，如 85 或 85.5。", "Write a number such as 85 or 85.5.")
		}
		v.Remedy.Points = &n
	}
	if typed.corrected != "" {
		seq, err := strconv.ParseInt(typed.corrected, 10, 64)
		if err != nil || seq <= 0 {
			return refused(fmt.Sprintf("“%s”不是账序。", typed.corrected), fmt.Sprintf("“%s” is no ledger sequence.", typed.corrected), "账序是导入更正时显示的编号，如 128。", "The sequence is the number shown when the correction was taken in, such as 128.")
		}
		v.Remedy.Seq = seq
	}
	d, err := q.desk(of)
	if err != nil {
		return err
	}
	if by == reviews.Arbitration {
		return d.Arbitrate(q.ctx(), q.r.PathValue("appeal"), v)
	}
	return d.Mediate(q.ctx(), q.r.PathValue("appeal"), v)
}

// appealTasks are the appeals that wait for the viewer's mediation.
func (q *request) appealTasks(of period.Period) (list []task, err error) {
	var open []*reviews.Appeal
	err = q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error {
		for _, a := range r.Appeals {
			if a.With() == reviews.Mediation && r.Sealed == nil && a.Employee != q.viewer.Employee {
				kept := *a
				open = append(open, &kept)
			}
		}
		return nil
	})
	if err != nil || len(open) == 0 {
		return nil, err
	}
	in, err := q.deciding(of)
	if err != nil {
		return nil, err
	}
	for _, a := range open {
		if q.refusal(in, a, reviews.Mediation) != nil {
			continue
		}
		say, late := q.due(a.MediateBy)
		list = append(list, task{Href: "/appeals/" + of.String() + "/" + a.ID, Text: fmt.Sprintf(q.say("调解 %s的申诉 %s", "Mediate the appeal %[2]s of %[1]s"), q.personName(a.Employee), a.ID), Say: say, Class: lateClass(late)})
	}
	return list, nil
}

// lateClass is the look of what is late.
func lateClass(late bool) string {
	if late {
		return "late"
	}
	return ""
}
