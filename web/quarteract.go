package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"plumbline/access"
	"plumbline/company"
	"plumbline/internal/ledger"
	"plumbline/internal/period"
	"plumbline/internal/trail"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// quarterActs offers what human resources may do now, in the order of the way.
func (q *request) quarterActs(p *quarterPage, r *reviews.Round, months []*reviews.Round) {
	base := "/quarters/" + r.Period.String() + "/"
	switch {
	case r.Sealed != nil:
		if l := r.List(0); l == nil || l.Refused != nil || unsigned(l) == 0 && len(r.Approved) > 0 && r.Approved[len(r.Approved)-1].Seq > l.AsOf {
			p.Todo = append(p.Todo, task{Href: base + "rewards", Text: q.say("试算并生成奖惩名单", "Preview the reward list, and draw it up")})
		}
		return
	case r.Published != nil:
		p.Acts = append(p.Acts, q.confirmed(base+"seal", "封账", "Seal", "账本、记录、组织、制度与结果记入同一封账号；封账之后不能再改，迟到的数据走调整审批。",
			"Ledger, records, organisation, policy and results come under one hash. Nothing changes after it; what comes late is an adjustment that has to be approved."))
		return
	}
	for _, m := range months {
		if m.Opened == nil && !q.today().Before(m.Period.LastDay()) {
			name := q.periodText(m.Period)
			a := q.confirmed(base+"open-month", fmt.Sprintf("开放%s自评", m.Period.ZH()), "Open the self-reviews of "+name, "开放之后，每位员工的首页都会提示填写自评，截止时间按制度。", "Everybody is asked on the start page to write the self-review; it is due as the regulation says.")
			a.Hidden = []field{{Name: "month", Value: m.Period.String()}}
			if d, err := q.company.Desk(q.ctx(), m.Period, q.viewer.Employee); err == nil && q.now().After(d.MonthDue(m.Period)) {
				a.Explain = fmt.Sprintf(q.say("注意：这个月的自评已于 %s 截止。现在开放，所有人一提交就记为迟交。", "Mind: the self-reviews of this month were due %s. If they are opened now, everybody hands in late."), q.moment(d.MonthDue(m.Period)))
			}
			p.Acts = append(p.Acts, a)
		}
	}
	if r.Opened == nil {
		if !q.today().Before(r.Period.LastDay()) {
			p.Acts = append(p.Acts, q.confirmed(base+"open", "开放上级评估", "Open the evaluations", "开放之后，上级可以填写和提交评估，截止时间按制度。", "Superiors may then write and submit evaluations; they are due as the regulation says."))
		}
		return
	}
	p.Acts = append(p.Acts,
		q.confirmed(base+"exempt", "免评", "Exempt somebody", "本季度不由上级评估该员工，得分只看指标。", "Nobody evaluates the person this quarter; the score rests on the KPIs alone.",
			field{Name: "employee", Label: q.say("工号", "Employee number"), Required: true}, q.departmentField(q.say("部门", "Department"), ""), q.reason()),
		q.confirmed(base+"publish", "公布结果", "Publish the results", "公布之后人人看到自己的结果，申诉期开始；评估不能再改。", "Everybody sees his results and the term for appeals begins; evaluations do not change any more."))
	for _, m := range exemptions(r) {
		name := q.personName(m.Employee)
		a := q.confirmed(base+"unexempt", "取消免评："+name, "Take back the exemption of "+name, "该员工仍须由上级评估。", "The person is to be evaluated after all.", q.reason())
		a.Hidden = []field{{Name: "employee", Value: m.Employee}, {Name: "department", Value: m.Department}}
		p.Unexempt = append(p.Unexempt, a)
	}
}

// quarterStep carries out one of the short steps.
func (q *request) quarterStep() error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	f := q.r.PostFormValue
	m := metrics.Member{Employee: strings.TrimSpace(f("employee")), Department: f("department")}
	var do func(d *reviews.Desk) error
	done := ""
	switch q.r.PathValue("step") {
	case "open-month":
		month, err := period.Parse(f("month"))
		if quarter, ok := reviews.QuarterOf(month); err != nil || !ok || quarter != of || month.Kind() != period.Month {
			return errNotFound
		}
		do, done = func(d *reviews.Desk) error { return d.OpenMonth(q.ctx(), month) }, "month-opened"
	case "open":
		do, done = func(d *reviews.Desk) error { return d.OpenQuarter(q.ctx(), of) }, "quarter-opened"
	case "exempt":
		do, done = func(d *reviews.Desk) error { return d.Exempt(q.ctx(), of, m, f("reason")) }, "exempted"
	case "unexempt":
		do, done = func(d *reviews.Desk) error { return d.Unexempt(q.ctx(), of, m, f("reason")) }, "unexempted"
	case "publish":
		do, done = func(d *reviews.Desk) error { return d.Publish(q.ctx(), of, q.now()) }, "published"
	default:
		return errNotFound
	}
	return q.quarterDo(of, do, "/quarters/"+of.String(), done)
}

// quarterDo lets the viewer's desk decide, and shows the quarter again with the reason where it refuses.
func (q *request) quarterDo(of period.Period, do func(d *reviews.Desk) error, to, done string) error {
	d, err := q.desk(of)
	if err != nil {
		return err
	}
	if err := do(d); err != nil {
		return q.quarterAgain(err)
	}
	return q.see(to, done)
}

func (q *request) sealNow() error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	return q.quarterDo(of, func(d *reviews.Desk) error {
		_, err := d.Seal(q.ctx(), of, q.now())
		return err
	}, "/quarters/"+of.String(), "sealed")
}

// verifiedAction is what the log of reads calls a verification; its subject is the seal.
const verifiedAction = "quarter.verified"

type verifyPage struct {
	frame
	Back  task
	Lines []string // what was found right
	Wrong string   // the first thing that was not
	Head  []noted
}

// verifyNow recomputes a sealed quarter and shows what agrees with the seal, and the first thing that does not. That it was done is written down.
func (q *request) verifyNow() error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	seal, err := reviews.SealOf(q.ctx(), q.company.Books, of, company.Always)
	if err != nil {
		return err
	}
	if seal == nil {
		return refused("本季度尚未封账，没有可以核验的封账。", "The quarter is not sealed; there is nothing to verify.", "封账之后再核验。", "Verify it after the seal.")
	}
	p := &verifyPage{frame: q.frame(fmt.Sprintf(q.say("核验 %s", "Verification of %s"), q.periodText(of))), Back: task{Href: "/quarters/" + of.String(), Text: q.say("返回", "Back")}}
	heads, err := q.heads()
	if err != nil {
		return err
	}
	err = reviews.Verify(q.ctx(), q.company.Books, of, q.zone, heads, func(t policy.Text) { p.Lines = append(p.Lines, t.In(q.lang)) })
	outcome := "✓"
	if found, ok := errors.AsType[reviews.Fault](err); ok {
		p.Wrong = found.What.In(q.lang) + q.say("：", ": ") + found.Detail.In(q.lang)
		outcome = "✗ " + found.What.EN
	} else if err != nil {
		return err
	}
	if err := q.write(verifiedAction, seal.ID(), of.String()+" "+outcome); err != nil {
		return err
	}
	head := q.company.Books.Ledger().Head()
	p.Head = []noted{{q.say("封账号", "Seal"), seal.ID()}, {q.say("账本末尾（请抄下）", "Head of the ledger (note it down)"), fmt.Sprintf("%d %s", head.Seq, head.Hash)}}
	return q.render("verify", p)
}

// heads reads the head that the viewer kept from earlier, where he gives one.
func (q *request) heads() ([]ledger.Head, error) {
	text := strings.Fields(q.r.PostFormValue("head"))
	if len(text) == 0 {
		return nil, nil
	}
	wrong := refused("早先抄下的账本末尾应是账序与 64 位的指纹，中间空一格。", "A head is a ledger sequence and a hash of 64 letters and digits, with a blank between.", "请照抄下的写，或留空。", "Type it as it was noted down, or leave it blank.")
	if len(text) != 2 || len(text[1]) != 64 {
		return nil, wrong
	}
	seq, err := strconv.ParseInt(text[0], 10, 64)
	if err != nil || seq < 1 {
		return nil, wrong
	}
	return []ledger.Head{{Seq: seq, Hash: strings.ToLower(text[1])}}, nil
}

// write puts what was done into the log of reads and changes.
func (q *request) write(action, subject, detail string) error {
	return q.trail.Write(q.ctx(), trail.Entry{At: q.now(), Actor: q.viewer.Login, Employee: q.viewer.Employee, Action: action, Subject: subject, Detail: detail, Address: q.address().String(), Request: q.id})
}

type adjustmentsPage struct {
	frame
	Back  task
	Table table
	Acts  []act
}

func (q *request) adjustments() error { return q.adjustmentsPage(nil) }

// adjustmentsPage lists what came after the seal and would give other results.
func (q *request) adjustmentsPage(f *fault) error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	found, _, err := reviews.Adjustments(q.ctx(), q.company.Books, of, q.zone)
	if err != nil {
		return err
	}
	p := &adjustmentsPage{frame: q.frame(fmt.Sprintf(q.say("%s封账后的调整", "Adjustments of %s"), q.periodText(of))), Back: task{Href: "/quarters/" + of.String(), Text: q.say("返回", "Back")}}
	p.Fault = f
	p.Table = table{Caption: q.say("封账之后会改变结果的事项", "What came after the seal and would change the results"), Empty: q.say("封账之后没有会改变结果的事项。", "Nothing after the seal would change the results."),
		Head: []head{numbers(q.say("账序", "Sequence")), words(q.say("时间", "At")), words(q.say("经手", "By")), words(q.say("事项", "Event")), numbers(q.say("结果变动行", "Rows changed")), words(q.say("得分变动", "Scores changed")), words(q.say("批准", "Approved"))}}
	may := q.may(access.Rounds, access.Subject{Period: of})
	for _, c := range found {
		approved := q.say("待批准", "waits for approval")
		if c.Approved != nil {
			approved = q.personName(c.Approved.Actor) + " " + q.moment(c.Approved.At) + q.say("：", ": ") + c.Approved.Text
		}
		p.Table.add(text(fmt.Sprint(c.Event.Seq)), text(q.moment(c.Event.Time)), text(q.personName(c.Event.Actor)), cell{Text: q.eventName(c.Event.Kind), Say: eventFile(c.Event.Data)}, text(fmt.Sprint(c.Rows)), text(q.scoreChanges(c.Scores)), text(approved))
		if may && c.Approved == nil {
			a := q.confirmed("/quarters/"+of.String()+"/approve", fmt.Sprintf("批准至账序 %d", c.Event.Seq), fmt.Sprintf("Approve up to sequence %d", c.Event.Seq), "批准之后，至此账序的变动计入补差名单；封账的结果不变。", "What changed up to this sequence counts for the list of compensations; the sealed results stay.", q.reason())
			a.Hidden = []field{{Name: "seq", Value: fmt.Sprint(c.Event.Seq)}}
			p.Acts = append(p.Acts, a)
		}
	}
	if q.wantsCSV() {
		return q.download(&p.Table, fmt.Sprintf(q.say("%s-调整", "%s-adjustments"), of))
	}
	if f != nil {
		return q.renderStatus(f.Status, "adjustments", p)
	}
	p.Downloads = []download{{q.r.URL.Path + "?format=csv", q.say("下载（CSV）", "Download (CSV)")}}
	return q.render("adjustments", p)
}

// scoreChanges writes whose score becomes another.
func (q *request) scoreChanges(list []reviews.ScoreChange) string {
	sealed := func(s *reviews.SealedScore) string {
		if s == nil {
			return "–"
		}
		return strings.TrimSpace(points(s.Total) + " " + s.Band)
	}
	var out []string
	for _, c := range list {
		out = append(out, q.personName(c.Employee)+" "+sealed(c.Before)+" → "+sealed(c.After))
	}
	return strings.Join(out, q.say("；", "; "))
}

// eventFile names the file of an event, "" for one without.
func eventFile(data []byte) string {
	var file struct{ Name string }
	_ = json.Unmarshal(data, &file) // some events have no file
	return file.Name
}

func (q *request) approveNow() error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	seq, err := strconv.ParseInt(q.r.PostFormValue("seq"), 10, 64)
	if err != nil {
		return errNotFound
	}
	d, err := q.desk(of)
	if err != nil {
		return err
	}
	if err := d.Approve(q.ctx(), of, seq, q.r.PostFormValue("reason")); err != nil {
		f := q.faultOf(err)
		if f.Status >= 500 {
			return err
		}
		return q.adjustmentsPage(&f)
	}
	return q.see("/quarters/"+of.String()+"/adjustments", "approved")
}

type rewardPreviewPage struct {
	frame
	Back  task
	Lead  string
	Table table
	Draw  *act
}

// rewardPreview works the next reward list out without recording it.
func (q *request) rewardPreview() error {
	of, d, err := q.deskOf(period.Quarter)
	if err != nil {
		return err
	}
	l, lines, err := d.Preview(q.ctx(), of)
	if err != nil {
		return err
	}
	p := &rewardPreviewPage{frame: q.frame(fmt.Sprintf(q.say("试算 %s的奖惩名单", "Preview of the reward list of %s"), q.periodText(of))), Back: task{Href: "/quarters/" + of.String(), Text: q.say("返回", "Back")}}
	p.Lead = fmt.Sprintf(q.say("%s：%d 人，合计 %s 元，预算削减 %s 元。试算不作记录。", "%s: %d people, %s yuan in all, %s yuan cut by the budget. A preview is not recorded."), q.listName(l), l.Lines, yuan(l.Total), yuan(l.Cut))
	p.Table = q.lineTable(d.Version.Policy, l, lines)
	if q.wantsCSV() {
		return q.download(&p.Table, fmt.Sprintf(q.say("%s-试算", "%s-preview"), of))
	}
	p.Downloads = []download{{q.r.URL.Path + "?format=csv", q.say("下载（CSV）", "Download (CSV)")}}
	a := q.confirmed(q.r.URL.Path, "生成名单", "Draw it up", "名单生成后交各部门负责人、财务逐级签字；内容不再改动。", "The list then goes to the heads and to finance for their signatures; what it says does not change any more.")
	a.Hidden = []field{{Name: "total", Value: l.Total.String()}, {Name: "lines", Value: fmt.Sprint(l.Lines)}}
	p.Draw = &a
	return q.render("rewardpreview", p)
}

// drawNow draws the list up, provided that it comes to what the viewer saw.
func (q *request) drawNow() error {
	of, d, err := q.deskOf(period.Quarter)
	if err != nil {
		return err
	}
	l, _, err := d.Preview(q.ctx(), of)
	if err != nil {
		return q.quarterAgain(err)
	}
	if l.Total.String() != q.r.PostFormValue("total") || fmt.Sprint(l.Lines) != q.r.PostFormValue("lines") {
		return refused("您看到试算之后，名单的内容有了变化，没有生成。", "The list has changed since you saw its preview; it was not drawn up.", "请重新试算，核对后再生成。", "Look at the preview again, then draw it up.")
	}
	return q.quarterDo(of, func(d *reviews.Desk) error {
		_, err := d.Draw(q.ctx(), of)
		return err
	}, "/rewards/"+of.String(), "drawn")
}
