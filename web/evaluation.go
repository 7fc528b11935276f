package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"plumbline/access"
	"plumbline/charts"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// evaluatee is the person of the path in the department of the path: in the quarter, or today for who has come to stand above him since. Nobody is his own.
func evaluatee(q *request) (access.Subject, error) {
	s, err := person(q)
	if err != nil {
		return s, err
	}
	if _, ok := q.seat.staff.Department(s.Department); !ok || s.Employee == q.viewer.Employee || s.Period.Kind() != period.Quarter {
		return s, errNotFound
	}
	return q.nowOrThen(access.Evaluate, s), nil
}

// nowOrThen gives a subject as it is asked about, or as of today where the viewer may do nothing about it then.
func (q *request) nowOrThen(a access.Action, s access.Subject) access.Subject {
	if !q.may(a, s) {
		s.Period = period.Period{}
	}
	return s
}

// evaluationPage is the desk at which one evaluation is written.
type evaluationPage struct {
	frame
	Of       period.Period
	Key      metrics.Evaluated
	Action   string // where the form goes
	Facts    []fact
	State    string
	Due      string
	Late     bool
	Write    bool
	MayGive  bool // give it back to its writer
	Returned []string
	Items    []judgedItem
	Version  int
	Comment  string
	Note     string
	Given    string
	Other    *otherVersion // what somebody else saved meanwhile
	Unsaved  *otherVersion // what was typed, where it can no longer be saved
	Rules    string
	Selves   []selfSeen
	Hours    table
	Links    []task
	Next     *task
	Left     string
}

// fact is a line of what is known.
type fact struct{ Name, Text, Href string }

// judgedItem is an item of the scorecard with its figures and what is given for it.
type judgedItem struct {
	KPI, Name, Weight               string
	Value, Say, Class, Evidence     string
	Target, Attainment, Points, Own string
	Typed, Comment                  string
}

// otherVersion is an evaluation as it was saved by somebody while the viewer wrote.
type otherVersion struct {
	By, Comment string
	Items       table
}

// selfSeen is a self-review of a month beside the evaluation.
type selfSeen struct {
	Month, State string
	Href         string
	Items        table
	Replies      []string // disputes and comments
	Text         *reviews.SelfText
}

// typedEvaluation is what was typed into the form, numbers or not.
type typedEvaluation struct {
	version          int
	points, comments map[string]string
	comment, note    string
}

func (q *request) evaluation() error { return q.evaluationPage(nil, nil) }

// evaluationKey names the evaluation that is meant: the address has its superior unless it is the viewer's own.
func (q *request) evaluationKey() metrics.Evaluated {
	key := metrics.Evaluated{Member: metrics.Member{Employee: q.r.PathValue("employee"), Department: q.r.PathValue("department")}, Superior: q.viewer.Employee}
	if v := q.r.URL.Query(); v.Has("superior") {
		key.Superior = strings.TrimPrefix(v.Get("superior"), nobodyAbove)
	}
	return key
}

// evaluationPage shows the desk; typed is what was just typed and not accepted, because of f.
func (q *request) evaluationPage(typed *typedEvaluation, f *fault) error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	p := &evaluationPage{frame: q.frame(""), Of: of, Key: q.evaluationKey()}
	var spans []metrics.Span
	var s *sheet
	err = q.judge(of, func(x *judged) error {
		at := q.taskAt(x, p.Key)
		if at < 0 {
			return errNotFound
		}
		p.Key = x.tasks[at].Evaluated
		s, spans = x.sheet, q.fillEvaluation(p, x, &x.tasks[at], typed)
		return nil
	})
	if err != nil {
		return err
	}
	hours, err := metrics.ReadHours(q.ctx(), q.company.Books, s.Policy, p.Key.Employee, s.LedgerSeq, spans)
	if err != nil {
		return err
	}
	p.Hours = q.hoursTable(hours, spans)
	p.Foot, p.Fault = q.basis(s), f
	status := http.StatusOK
	if f != nil {
		status = f.Status
	}
	return q.renderStatus(status, "evaluation", p)
}

// taskAt finds an evaluation that the viewer may read, -1 for none. Where the address names no superior and the viewer is none, the first one of the
// person is meant that he may.
func (q *request) taskAt(x *judged, key metrics.Evaluated) int {
	at := slices.IndexFunc(x.tasks, func(t reviews.Task) bool { return t.Evaluated == key && q.reads(x.Period, t.Evaluated) })
	if at < 0 && !q.r.URL.Query().Has("superior") {
		at = slices.IndexFunc(x.tasks, func(t reviews.Task) bool { return t.Member == key.Member && q.reads(x.Period, t.Evaluated) })
	}
	return at
}

// reads reports whether the viewer may read an evaluation in the making: one that is his to write, or any but his own for human resources.
func (q *request) reads(of period.Period, key metrics.Evaluated) bool {
	return key.Employee != q.viewer.Employee && (access.Everybody(q.viewer, access.Evaluate) || q.falls(of, key))
}

// fillEvaluation fills the page in and gives the days on which the superior stood above the person.
func (q *request) fillEvaluation(p *evaluationPage, x *judged, t *reviews.Task, typed *typedEvaluation) (spans []metrics.Span) {
	name := t.Person.Name.In(q.lang)
	p.Title = fmt.Sprintf(q.say("评估 %s", "Evaluate %s"), name)
	p.Action = q.taskPath(x.Period, t.Evaluated)
	p.Path = p.Action
	l := x.stay(t.Member)
	for _, u := range l.Superiors {
		if u.No == t.Superior {
			spans = append(spans, metrics.Span{From: u.From, To: u.To})
		}
	}
	p.Facts = q.evaluationFacts(x, t, l)
	q.evaluationState(p, x, t)
	if typed != nil && !p.Write { // it was handed in or closed meanwhile
		p.Unsaved, typed = q.unsaved(t, typed), nil
	}
	q.evaluationText(p, t, typed)
	p.Items = q.judgedItems(p, x, t, typed)
	p.Selves = q.selvesOf(x, t)
	p.Links = append(p.Links, task{Href: "/people/" + t.Employee + "/" + x.Period.String(), Text: fmt.Sprintf(q.say("%s的全部指标与图表", "All figures and charts of %s"), name)})
	q.nextTask(p, x, t.Evaluated)
	return spans
}

// stay gives the time of a person in a department.
func (s *sheet) stay(m metrics.Member) *metrics.PersonLine {
	for _, i := range s.lines[m.Employee] {
		if s.People[i].Department == m.Department {
			return &s.People[i]
		}
	}
	return nil
}

func (q *request) evaluationFacts(x *judged, t *reviews.Task, l *metrics.PersonLine) []fact {
	return []fact{
		{Name: q.say("工号", "Number"), Text: strings.TrimSpace(t.Employee + "　" + t.Person.Position)},
		{Name: q.say("部门", "Department"), Text: fmt.Sprintf(q.say("%s，%s 至 %s，%d 天", "%s, %s to %s, %d days"), q.departmentName(t.Department), l.From.Format(time.DateOnly), l.To.Format(time.DateOnly), l.Days)},
		{Name: q.say("评估人", "Superior"), Text: fmt.Sprintf(q.say("%s，%d 天", "%s, %d days"), q.superiorName(t.Superior), t.Days)},
		{Name: q.say("指标得分", "KPI points"), Text: points(t.KPIPoints)},
		{Name: q.say("自评", "Own points"), Text: points(t.SelfTotal())},
	}
}

// evaluationState says how far the evaluation is, and whether the viewer may write or give it back.
func (q *request) evaluationState(p *evaluationPage, x *judged, t *reviews.Task) {
	stands, mine := q.standing(x.round, t.Department), q.falls(x.Period, t.Evaluated)
	given := t.Given()
	switch {
	case t.Exempt != nil:
		p.State = fmt.Sprintf(q.say("本季度免评：%s", "Exempt in this quarter: %s"), t.Exempt.Text)
	case given != nil:
		p.State = fmt.Sprintf(q.say("%s 于 %s 提交，评分 %s。", "Submitted by %s %s: %s points."), q.personName(t.Done.In.Actor), q.moment(t.Done.In.At), given.Text(2))
		p.Given = given.Text(2)
	case t.Done != nil:
		p.State = fmt.Sprintf(q.say("草稿（第 %d 版，%s 保存于 %s），尚未提交。", "A draft (version %d, saved by %s %s), not submitted."), t.Done.Version, q.personName(t.Done.Saved.Actor), q.moment(t.Done.Saved.At))
	default:
		p.State = q.say("还没有写。", "Not begun.")
	}
	if stands != "" {
		p.State += q.say("", " ") + stands
	}
	p.Write = mine && stands == "" && t.Waits()
	p.MayGive = stands == "" && given != nil && (q.seat.holds(q.viewer.Employee, policy.HR) || q.seat.holds(q.viewer.Employee, policy.CEO))
	if p.Write {
		p.Due, p.Late = q.due(x.round.Due)
	}
	if t.Done == nil {
		return
	}
	for _, r := range t.Done.Returned {
		p.Returned = append(p.Returned, fmt.Sprintf(q.say("%s 由 %s 退回：%s", "given back %s by %s: %s"), q.moment(r.At), q.personName(r.Actor), r.Text))
	}
}

// evaluationText fills in what was written, or what was typed last and not accepted; then the version is the newest one, so that saving again keeps what
// is typed, and what somebody else saved meanwhile is shown beside it.
func (q *request) evaluationText(p *evaluationPage, t *reviews.Task, typed *typedEvaluation) {
	if t.Done != nil {
		p.Version, p.Comment, p.Note = t.Done.Version, t.Done.Text.Comment, t.Done.Text.Note
	}
	if typed == nil {
		return
	}
	p.Comment, p.Note = typed.comment, typed.note
	if typed.version == p.Version || t.Done == nil {
		return
	}
	p.Other = &otherVersion{By: fmt.Sprintf(q.say("%s 于 %s 保存的第 %d 版", "version %[3]d, saved by %[1]s %[2]s"), q.personName(t.Done.Saved.Actor), q.moment(t.Done.Saved.At), p.Version), Comment: t.Done.Text.Comment,
		Items: table{Caption: q.say("另一人保存的评分", "What was saved"), Head: []head{words(q.say("项目", "Item")), numbers(q.say("评分", "Points")), words(q.say("说明", "Comment"))}}}
	for _, i := range t.Items {
		if at := slices.IndexFunc(t.Done.Text.Items, func(x reviews.ItemPoints) bool { return x.KPI == i.Item.KPI.ID }); at >= 0 {
			g := t.Done.Text.Items[at]
			p.Other.Items.add(text(charts.Name(i.Item.KPI.Name).In(q.lang)), text(g.Points.Text(2)), text(g.Comment))
		}
	}
}

// unsaved shows what was typed and can no longer be saved, so that it is not lost.
func (q *request) unsaved(t *reviews.Task, typed *typedEvaluation) *otherVersion {
	o := &otherVersion{Comment: strings.TrimSpace(typed.comment + "\n" + typed.note), Items: table{Caption: q.say("您填写的评分", "What you gave"), Head: []head{words(q.say("项目", "Item")), numbers(q.say("评分", "Points")), words(q.say("说明", "Comment"))}}}
	for _, i := range t.Items {
		o.Items.add(text(charts.Name(i.Item.KPI.Name).In(q.lang)), text(typed.points[i.Item.KPI.ID]), text(typed.comments[i.Item.KPI.ID]))
	}
	return o
}

// judgedItems lists the items with their figures, the person's own points and what is given.
func (q *request) judgedItems(p *evaluationPage, x *judged, t *reviews.Task, typed *typedEvaluation) (list []judgedItem) {
	if r := x.Policy.Reviews; r != nil {
		e := r.Evaluation
		p.Rules = fmt.Sprintf(q.say("分数在 %s 与 %s 之间。低于 %s 或高于 %s 的项目须写说明；合计与指标得分相差 %s 分以上的须写总评语。", "Points lie between %s and %s. Items below %s or above %s need a comment; a sum that is %s or more away from the KPI points needs an overall comment."),
			e.Lowest, e.Highest, e.Below, e.Above, e.Gap)
	}
	rows := q.may(access.Evidence, access.Subject{Employee: t.Employee, Department: t.Department, Period: x.Period})
	for _, i := range t.Items {
		k := i.Item.KPI
		v := q.valueCell(i.Value, "")
		item := judgedItem{KPI: k.ID, Name: charts.Name(k.Name).In(q.lang), Weight: i.Item.Weight.String(), Value: v.Text, Say: v.Say, Class: verdict(i.Value), Target: q.targetText(i.Value),
			Attainment: q.attainmentText(i.Value), Points: exactPoints(i.Points), Own: ownPoints(t.Self, k.ID)}
		if rows && !k.IsRatio() && !k.Anonymous && k.Dataset != nil {
			item.Evidence = "/people/" + t.Employee + "/" + x.Period.String() + "/evidence/" + k.ID + "?department=" + url.QueryEscape(t.Department)
		}
		if t.Done != nil {
			if at := slices.IndexFunc(t.Done.Text.Items, func(x reviews.ItemPoints) bool { return x.KPI == k.ID }); at >= 0 {
				item.Typed, item.Comment = t.Done.Text.Items[at].Points.String(), t.Done.Text.Items[at].Comment
			}
		}
		if typed != nil {
			item.Typed, item.Comment = typed.points[k.ID], typed.comments[k.ID]
		}
		list = append(list, item)
	}
	return list
}

func ownPoints(list []reviews.ItemPoints, kpi string) string {
	if at := slices.IndexFunc(list, func(x reviews.ItemPoints) bool { return x.KPI == kpi }); at >= 0 {
		return list[at].Points.String()
	}
	return "–"
}

// selvesOf shows the self-reviews of the quarter's months that the viewer may read, the latest first. A draft is its writer's own.
func (q *request) selvesOf(x *judged, t *reviews.Task) (list []selfSeen) {
	for _, m := range slices.Backward(x.months) {
		if m.Opened == nil || !q.may(access.SelfRead, access.Subject{Employee: t.Employee, Department: t.Department, Period: m.Period}) {
			continue
		}
		s := selfSeen{Month: q.periodText(m.Period), State: q.say("还没有提交", "not submitted")}
		if r := m.SelfReviews[t.Employee]; r != nil && r.State == reviews.Submitted {
			s.State = fmt.Sprintf(q.say("%s 提交", "submitted %s"), q.moment(r.In.At))
			if r.Late {
				s.State += q.say("，迟交", ", late")
			}
			s.Href = "/people/" + t.Employee + "/" + m.Period.String() + "/self-review"
			s.Text = &r.Text
			q.selfDetails(&s, x, r)
		}
		list = append(list, s)
	}
	return list
}

// selfDetails lists the person's own points, and the lines that were disputed or commented.
func (q *request) selfDetails(s *selfSeen, x *judged, r *reviews.SelfReview) {
	s.Items = table{Caption: q.say("自评分", "Own points"), Head: []head{words(q.say("项目", "Item")), numbers(q.say("自评分", "Own points")), words(q.say("说明", "Comment"))}}
	for _, i := range r.Text.Points {
		s.Items.add(text(q.kpiName(x.Policy, i.KPI)), text(i.Points.Text(2)), text(i.Comment))
	}
	for _, a := range r.Text.Answers {
		switch a.Reply {
		case reviews.Disputed:
			s.Replies = append(s.Replies, fmt.Sprintf(q.say("异议：%s —— %s", "disputed: %s — %s"), a.Seen, a.Comment))
		case reviews.Commented:
			s.Replies = append(s.Replies, fmt.Sprintf(q.say("说明：%s —— %s", "comment: %s — %s"), a.Seen, a.Comment))
		}
	}
}

// hoursTable lists the hours by project on the days on which the superior stood above the person.
func (q *request) hoursTable(list []metrics.HoursOf, spans []metrics.Span) table {
	var days []string
	for _, s := range spans {
		days = append(days, fmt.Sprintf(q.say("%s 至 %s", "%s to %s"), s.From.Format(time.DateOnly), s.To.Format(time.DateOnly)))
	}
	t := table{Caption: strings.Join(days, q.say("、", ", ")), Empty: q.say("这些天没有工作日志。", "There are no work logs of these days."),
		Head: []head{words(q.say("项目", "Project")), numbers(q.say("工时", "Hours")), numbers(q.say("天数", "Days")), numbers(q.say("条数", "Logs"))}}
	for _, h := range list {
		name := h.Name
		if name == "" {
			name = q.say("（未填）", "(blank)")
		}
		t.add(text(name), text(h.Hours.Text(1)), text(fmt.Sprint(h.Days)), text(fmt.Sprint(h.Logs)))
	}
	return t
}

// nextTask leads to the next evaluation that waits for the viewer.
func (q *request) nextTask(p *evaluationPage, x *judged, here metrics.Evaluated) {
	var before, after []reviews.Task
	seen := false
	for _, t := range x.tasks {
		switch {
		case t.Evaluated == here:
			seen = true
		case !t.Waits() || q.standing(x.round, t.Department) != "" || !q.falls(x.Period, t.Evaluated):
		case seen:
			after = append(after, t)
		default:
			before = append(before, t)
		}
	}
	if left := append(after, before...); len(left) > 0 {
		p.Next = &task{Href: q.taskPath(x.Period, left[0].Evaluated), Text: fmt.Sprintf(q.say("下一位：%s", "Next: %s"), left[0].Person.Name.In(q.lang))}
		p.Left = fmt.Sprintf(q.say("还有 %d 人待评", "%d waiting"), len(left))
	}
}

// evaluationNow keeps what was written, and hands it in where that was asked for: what may not be handed in is not kept either, and stays in the form.
func (q *request) evaluationNow() error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	key := q.evaluationKey()
	if !q.reads(of, key) {
		return errNotFound
	}
	if err := q.r.ParseForm(); err != nil {
		return err
	}
	typed, draft, f := q.evaluationDraft(key)
	if f != nil {
		return q.evaluationPage(typed, f)
	}
	d, err := q.desk(of)
	if err != nil {
		return err
	}
	if err := d.SaveEvaluations(q.ctx(), of, []reviews.EvaluationDraft{draft}, q.now()); err != nil {
		f := q.faultOf(err)
		if f.Status == http.StatusInternalServerError {
			return err
		}
		return q.evaluationPage(typed, &f)
	}
	if draft.Submit {
		return q.seeTask(of, key, "submitted")
	}
	return q.seeTask(of, key, "saved")
}

// seeTask sends the browser back to an evaluation.
func (q *request) seeTask(of period.Period, key metrics.Evaluated, done string) error {
	path := q.taskPath(of, key)
	join := "?"
	if strings.Contains(path, "?") {
		join = "&"
	}
	return q.see(path+join+url.Values{"done": {done}}.Encode(), "")
}

// evaluationDraft reads the form.
func (q *request) evaluationDraft(key metrics.Evaluated) (*typedEvaluation, reviews.EvaluationDraft, *fault) {
	form := q.r.PostForm
	typed := &typedEvaluation{points: map[string]string{}, comments: map[string]string{}, comment: strings.TrimSpace(form.Get("overall")), note: strings.TrimSpace(form.Get("note"))}
	typed.version, _ = strconv.Atoi(form.Get("version"))
	draft := reviews.EvaluationDraft{Evaluated: key, Version: typed.version, Submit: form.Get("do") == "submit", Text: reviews.EvaluationText{Comment: typed.comment, Note: typed.note}}
	var bad *fault
	for i, kpi := range form["kpi"] {
		given, comment := strings.TrimSpace(nth(form["points"], i)), strings.TrimSpace(nth(form["comment"], i))
		typed.points[kpi], typed.comments[kpi] = given, comment
		if given == "" {
			if comment != "" && !draft.Submit && bad == nil {
				bad = &fault{Status: http.StatusUnprocessableEntity, Title: q.say("未能保存", "This was not saved"), Say: q.say("有项目写了说明但没有打分，说明会丢失。", "An item has a comment but no points; the comment would be lost."), Cure: q.say("请打分，或把话写到总评语里。", "Give points, or move the words to the overall comment.")}
			}
			continue
		}
		n, err := fixed.Parse(given)
		if err != nil {
			bad = q.noNumber(given)
			continue
		}
		draft.Text.Items = append(draft.Text.Items, reviews.ItemPoints{KPI: kpi, Points: n, Comment: comment})
	}
	return typed, draft, bad
}

// noNumber refuses points that are no number.
func (q *request) noNumber(typed string) *fault {
	return &fault{Status: http.StatusUnprocessableEntity, Title: q.say("未能保存", "This was not saved"), Say: fmt.Sprintf(q.say("“%s”不是分数。", "“%s” is no number."), typed), Cure: q.say("请写数字，如 85 或 85.5。", "Write a number such as 85 or 85.5.")}
}

// returnEvaluation gives a submitted evaluation back to its writer.
func (q *request) returnEvaluation() error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	key := q.evaluationKey()
	if !q.reads(of, key) {
		return errNotFound
	}
	d, err := q.desk(of)
	if err != nil {
		return err
	}
	version, _ := strconv.Atoi(q.r.PostFormValue("version"))
	if err := d.ReturnEvaluation(q.ctx(), of, key, version, q.r.PostFormValue("reason")); err != nil {
		f := q.faultOf(err)
		if f.Status == http.StatusInternalServerError {
			return err
		}
		return q.evaluationPage(nil, &f)
	}
	return q.seeTask(of, key, "returned")
}
