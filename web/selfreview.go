package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"plumbline/charts"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// selfPage is a person's self-review of a month.
type selfPage struct {
	frame
	Of       period.Period
	Who      whose
	Subject  string
	Version  int
	AsOf     int64
	State    string
	Write    bool
	Due      string
	Late     bool
	Reopened []string
	Items    []selfItem
	Lines    []selfEntry
	Text     reviews.SelfText
	MayOpen  bool // give it back
}

type selfItem struct {
	KPI, Name, Department, Weight, Points, Comment string
}

type selfEntry struct {
	Index                int
	Key, Says, Href      string
	Reply, Comment, Seen string
	Changed              bool // it says something else now than when it was answered
}

// selfReview shows the viewer's self-review, to be written or as it was handed in.
func (q *request) selfReview() error { return q.selfPage(true, nil, nil) }

// personSelfReview shows that of somebody under the viewer.
func (q *request) personSelfReview() error { return q.selfPage(false, nil, nil) }

// selfPage shows a self-review; typed is what was just typed and not accepted, because of f.
func (q *request) selfPage(own bool, typed *reviews.SelfDraft, f *fault) error {
	of, err := q.kindOf(period.Month)
	if err != nil {
		return err
	}
	_, who, _ := q.asked(own)
	s, err := q.figures.of(q.ctx(), of)
	if err != nil {
		return err
	}
	form, err := s.form(q.ctx(), q.company.Books, who.No)
	if err != nil {
		return err
	}
	if form == nil {
		return refused("这个月不属于任何部门，没有自评。", "There was no department in this month, so there is no self-review.", "请核对月份。", "Check the month.")
	}
	p := &selfPage{frame: q.frame(""), Of: of, Who: who, Subject: form.Person.Name.In(q.lang), AsOf: form.AsOf}
	p.Title = fmt.Sprintf(q.say("%s自评", "Self-review, %s"), q.periodText(of))
	if !own {
		p.Title = fmt.Sprintf(q.say("%s的 %s自评", "%s: self-review, %s"), p.Subject, q.periodText(of))
	}
	p.Foot = q.basis(s)
	p.Fault = f
	err = q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error {
		q.selfState(p, r, typed)
		return nil
	})
	if err != nil {
		return err
	}
	q.selfItems(p, form)
	q.selfLines(p, form)
	status := http.StatusOK
	if f != nil {
		status = f.Status
	}
	return q.renderStatus(status, "selfreview", p)
}

// selfState fills in what was written before, and what may be done now.
func (q *request) selfState(p *selfPage, r *reviews.Round, typed *reviews.SelfDraft) {
	x := r.SelfReviews[p.Who.No]
	p.Due, p.Late = q.due(r.Due)
	switch {
	case r.Opened == nil:
		p.State = q.say("这个月的自评还没有开放；以下是将要预填的内容。", "The self-reviews of this month are not open yet; this is what will be prefilled.")
		p.Due = ""
	case x == nil:
		p.State, p.Write = q.say("还没有写。", "Not begun."), p.Who.Own
	case x.State == reviews.Submitted:
		p.State, p.Due = fmt.Sprintf(q.say("已于 %s 提交（第 %d 版）。", "Submitted %s (version %d)."), q.moment(x.In.At), x.Version), ""
		p.MayOpen = !p.Who.Own
	default:
		p.State, p.Write = fmt.Sprintf(q.say("草稿（第 %d 版），尚未提交。", "A draft (version %d), not submitted."), x.Version), p.Who.Own
	}
	if x != nil {
		p.Version, p.Text = x.Version, x.Text
		if !p.Who.Own && x.State != reviews.Submitted {
			p.Text = reviews.SelfText{} // a draft is its writer's own
		}
		for _, o := range x.Reopened {
			p.Reopened = append(p.Reopened, fmt.Sprintf(q.say("%s 由 %s 退回：%s", "given back %s by %s: %s"), q.moment(o.At), q.personName(o.Actor), o.Text))
		}
	}
	if typed != nil {
		p.Text = typed.Text
		if typed.Version != p.Version {
			p.State += q.say("您打开页面之后，它在别处保存过；再次保存会以下面的内容为准。", " It was saved elsewhere since you opened the page; saving again keeps what stands below.")
		}
	}
}

// personName gives somebody's name, or his number where he is unknown.
func (q *request) personName(no string) string {
	if x, ok := q.seat.staff.Person(no); ok {
		return x.Name.In(q.lang)
	}
	return no
}

func (q *request) selfItems(p *selfPage, form *reviews.Form) {
	for _, i := range form.Items {
		item := selfItem{KPI: i.KPI.ID, Name: charts.Name(i.KPI.Name).In(q.lang), Weight: i.Weight.String()}
		if at := slices.IndexFunc(p.Text.Points, func(x reviews.ItemPoints) bool { return x.KPI == i.KPI.ID }); at >= 0 {
			item.Points, item.Comment = p.Text.Points[at].Points.String(), p.Text.Points[at].Comment
		}
		p.Items = append(p.Items, item)
	}
}

func (q *request) selfLines(p *selfPage, form *reviews.Form) {
	for n, l := range form.Lines {
		e := selfEntry{Index: n, Key: l.Key, Says: l.Text.In(q.lang)}
		if parts := strings.Split(l.Key, ":"); parts[0] == "kpi" && len(parts) == 3 {
			e.Href = p.Who.Base + "/evidence/" + parts[1] + "?department=" + parts[2]
		}
		if at := slices.IndexFunc(p.Text.Answers, func(x reviews.Answer) bool { return x.Line == l.Key }); at >= 0 {
			a := p.Text.Answers[at]
			e.Reply, e.Comment = string(a.Reply), a.Comment
			if e.Changed = a.Seen != "" && a.Seen != l.Text.ZH; e.Changed {
				e.Seen = a.Seen
			}
		}
		p.Lines = append(p.Lines, e)
	}
}

// selfReviewNow keeps what was written, and hands it in where that was asked for.
func (q *request) selfReviewNow() error {
	of, err := q.kindOf(period.Month)
	if err != nil {
		return err
	}
	if err := q.r.ParseForm(); err != nil {
		return err
	}
	draft, f := q.selfDraft()
	if f != nil {
		return q.selfPage(true, &draft, f)
	}
	d, err := q.desk(of)
	if err != nil {
		return err
	}
	if err := d.SaveSelf(q.ctx(), of, draft, q.now()); err != nil {
		return q.selfAgain(&draft, err)
	}
	if q.r.PostFormValue("do") != "submit" {
		return q.see("/me/"+of.String()+"/self-review", "saved")
	}
	if err := d.SubmitSelf(q.ctx(), of, draft.Version+1, q.now()); err != nil {
		draft.Version++
		return q.selfAgain(&draft, err)
	}
	return q.see("/me/"+of.String(), "submitted")
}

// selfAgain shows the form once more with what was typed, where it was refused.
func (q *request) selfAgain(draft *reviews.SelfDraft, err error) error {
	f := q.faultOf(err)
	if f.Status == http.StatusInternalServerError {
		return err
	}
	return q.selfPage(true, draft, &f)
}

// selfDraft reads the form.
func (q *request) selfDraft() (reviews.SelfDraft, *fault) {
	form := q.r.PostForm
	d := reviews.SelfDraft{Rest: reviews.Reply(form.Get("rest"))}
	d.Version, _ = strconv.Atoi(form.Get("version"))
	d.AsOf, _ = strconv.ParseInt(form.Get("as_of"), 10, 64)
	d.Text = reviews.SelfText{Achievements: form.Get("achievements"), Problems: form.Get("problems"), Plan: form.Get("plan")}
	var bad *fault
	for i, kpi := range form["kpi"] {
		typed := strings.TrimSpace(nth(form["points"], i))
		if typed == "" {
			continue
		}
		n, err := fixed.Parse(typed)
		if err != nil {
			bad = &fault{Status: http.StatusUnprocessableEntity, Title: q.say("未能保存", "This was not saved"), Say: fmt.Sprintf(q.say("“%s”不是分数。", "“%s” is no number."), typed), Cure: q.say("请写数字，如 85 或 85.5。", "Write a number such as 85 or 85.5.")}
			continue
		}
		d.Text.Points = append(d.Text.Points, reviews.ItemPoints{KPI: kpi, Points: n, Comment: strings.TrimSpace(nth(form["comment"], i))})
	}
	for i, line := range form["line"] {
		reply := reviews.Reply(form.Get("reply-" + strconv.Itoa(i)))
		remark := strings.TrimSpace(nth(form["remark"], i))
		if reply == "" && remark != "" {
			reply = reviews.Commented
		}
		if reply != "" {
			d.Text.Answers = append(d.Text.Answers, reviews.Answer{Line: line, Reply: reply, Comment: remark})
		}
	}
	return d, bad
}

func nth(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// reopenSelf gives a self-review back to its writer.
func (q *request) reopenSelf() error {
	of, d, err := q.deskOf(period.Month)
	if err != nil {
		return err
	}
	no := q.r.PathValue("employee")
	if err := d.ReopenSelf(q.ctx(), of, no, q.r.PostFormValue("reason")); err != nil {
		return err
	}
	return q.see("/people/"+no+"/"+of.String()+"/self-review", "reopened")
}

// appealsOf tells of the viewer's appeals of the quarter, and whether he may file one.
func (q *request) appealsOf(b *roundBlock, p *personPage, r *reviews.Round, lines []*metrics.PersonLine) {
	for _, a := range r.Appeals {
		if a.Employee != p.Who.No {
			continue
		}
		x := appealBlock{ID: a.ID, Text: a.Text, Reason: a.Why()}
		switch o := a.Outcome(); {
		case o != "":
			x.State = outcomeNames[o].In(q.lang)
		case a.Escalated != nil:
			x.State = fmt.Sprintf(q.say("HR 仲裁中，%s 前答复", "with human resources until %s"), q.moment(a.ArbitrateBy))
		case a.Mediated != nil:
			x.State, x.Reason = q.say("部门调解未成，可申请 HR 仲裁", "not settled in the department; you may ask human resources"), a.Mediated.Text
		default:
			x.State = fmt.Sprintf(q.say("部门调解中，%s 前答复", "with the department until %s"), q.moment(a.MediateBy))
		}
		if p.Who.Own && a.Outcome() == "" {
			x.MayWithdraw = true
			x.MayEscalate = a.Escalated == nil && (a.Mediated != nil || q.now().After(a.MediateBy))
		}
		b.Appeals = append(b.Appeals, x)
	}
	if !p.Who.Own || r.Sealed != nil || !r.AppealUntil.After(q.now()) {
		return
	}
	b.MayAppeal, b.AppealUntil = true, q.moment(r.AppealUntil)
	for _, l := range lines {
		d, _ := q.seat.staff.Department(l.Department)
		b.Departments = append(b.Departments, menuItem{Href: l.Department, Text: d.Name.In(q.lang)})
		for _, i := range l.Score.Items {
			b.KPIs = append(b.KPIs, menuItem{Href: i.Item.KPI.ID, Text: charts.Name(i.Item.KPI.Name).In(q.lang)})
		}
	}
}

// outcomeNames say how an appeal ended.
var outcomeNames = map[reviews.Outcome]policy.Text{
	reviews.Granted: {ZH: "申诉成立", EN: "granted"}, reviews.Settled: {ZH: "调解成功", EN: "settled"}, reviews.Failed: {ZH: "调解未成", EN: "not settled"},
	reviews.Dismissed: {ZH: "申诉不成立", EN: "dismissed"}, reviews.Withdrawn: {ZH: "已撤回", EN: "withdrawn"},
}

// appealNow files an appeal of the viewer.
func (q *request) appealNow() error {
	of, d, err := q.deskOf(period.Quarter)
	if err != nil {
		return err
	}
	f := q.r.PostFormValue
	if _, err := d.File(q.ctx(), of, reviews.Objection{Department: f("department"), Against: reviews.Against(f("against")), KPI: f("kpi"), Record: f("record"), Text: f("text")}, q.now()); err != nil {
		return err
	}
	return q.see("/me/"+of.String(), "appealed")
}

// appealStep escalates or withdraws an appeal of the viewer.
func (q *request) appealStep() error {
	of, d, err := q.deskOf(period.Quarter)
	if err != nil {
		return err
	}
	id := q.r.PathValue("appeal")
	if !strings.HasPrefix(id, of.String()+"-") {
		return errNotFound
	}
	switch q.r.PathValue("step") {
	case "escalate":
		err = d.Escalate(q.ctx(), id, q.r.PostFormValue("text"), q.now())
	case "withdraw":
		err = d.Withdraw(q.ctx(), id, q.r.PostFormValue("text"))
	default:
		return errNotFound
	}
	if err != nil {
		return err
	}
	return q.see("/me/"+of.String(), "saved")
}
