package web

import (
	"fmt"

	"plumbline/access"
	"plumbline/company"
	"plumbline/notices"
)

func (s *Server) noticeRoutes() []route {
	return []route{
		{pattern: "GET /notices", action: access.Notices, about: nobody, handle: (*request).noticesPage, trail: true},
		{pattern: "POST /notices/called", action: access.Notices, about: nobody, handle: (*request).called},
		{pattern: "POST /notices/decide", action: access.Notices, about: nobody, handle: (*request).decideNotice},
		// Messages name what they are about; what has no page of its own leads to the start page, where it waits.
		{pattern: "GET /records/{dataset}/{id}", action: access.Home, about: nobody, handle: func(q *request) error { return q.see("/", "") }},
		{pattern: "GET /rewards/{period}/{number}", action: access.Rewards, about: ofPeriod, handle: func(q *request) error { return q.see("/rewards/"+q.periodIfAny().String(), "") }},
	}
}

// noticePage is the call sheet of what is urgent, and the outbox.
type noticePage struct {
	frame
	Lead   string
	Calls  []callLine
	Doubt  []outboxLine
	Outbox table
}

type callLine struct{ Key, Employee, Name, Phone, Say, Since, Done string }

type outboxLine struct{ Key, Channel, Title, State, Error, At string }

// mostOutbox is how many entries of the outbox a page lists.
const mostOutbox = 200

// noticesPage shows whom to call about what is urgent (C26), and what became of messages.
func (q *request) noticesPage() error {
	p := &noticePage{frame: q.frame(q.say("通知", "Notices"))}
	b, v := q.company.Books, q.seat.version
	due, err := notices.Due(q.ctx(), b, notices.Question{Version: v, Zone: company.Zone(v.Policy)}, q.now())
	if err != nil {
		return err
	}
	people, err := notices.Contacts(q.ctx(), b, v.Policy)
	if err != nil {
		return err
	}
	done, err := notices.Calls(q.ctx(), b)
	if err != nil {
		return err
	}
	for _, c := range notices.CallSheet(due, people, done) {
		l := callLine{c.Key, c.Employee, c.Name.In(q.lang), c.Phone, c.Say.In(q.lang), q.moment(c.Since), ""}
		if c.Done != nil {
			l.Done = fmt.Sprintf(q.say("%s 已通知（%s）", "called %s (%s)"), q.moment(c.Done.At), c.Done.Note)
		}
		p.Calls = append(p.Calls, l)
	}
	if p.Lead = q.say("渠道未配置，消息不会发出；在 service.yaml 写上 notices 即启用。", "No channel is configured, so nothing is sent; write notices into service.yaml to begin."); len(q.channels) > 0 {
		p.Lead = fmt.Sprintf(q.say("现有 %d 件事要提醒。", "%d things are to be told now."), len(due))
	}
	return q.outbox(p)
}

// outbox lists the entries: those that a person has to decide about apart.
func (q *request) outbox(p *noticePage) error {
	entries, err := notices.Outbox(q.ctx(), q.company.Books)
	if err != nil {
		return err
	}
	p.Outbox = table{Caption: q.say("发件箱", "Outbox"), Head: []head{words(q.say("事项", "Notice")), words(q.say("渠道", "Channel")), words(q.say("状态", "State")), words(q.say("时间", "When")), numbers(q.say("次数", "Attempts"))}, Empty: q.say("还没有发过消息。", "Nothing has been sent yet.")}
	for i := range entries {
		e := &entries[i]
		if e.Doubtful() || e.State == notices.Failed {
			p.Doubt = append(p.Doubt, outboxLine{e.Key, e.Channel, e.Kind.Name().In(q.lang), e.State.Name().In(q.lang), e.Error, q.moment(e.ChangedAt)})
		}
		if len(p.Outbox.Rows) < mostOutbox {
			p.Outbox.add(cell{Text: e.Kind.Name().In(q.lang), Say: e.Of}, text(e.Channel), text(e.State.Name().In(q.lang)), text(q.moment(e.ChangedAt)), text(fmt.Sprint(e.Attempts)))
		}
	}
	return q.render("notices", p)
}

// called notes that somebody was called.
func (q *request) called() error {
	f := q.r.PostFormValue
	if err := notices.Called(q.ctx(), q.company.Books, q.viewer.Employee, f("key"), f("employee"), f("note")); err != nil {
		return refused("没有记下："+err.Error(), "This was not noted: "+err.Error(), "请刷新通知页后再试。", "Open the page of notices again.")
	}
	return q.see("/notices", "saved")
}

// decideNotice sends an entry again, or lets it be, as somebody decides.
func (q *request) decideNotice() error {
	f := q.r.PostFormValue
	decide := notices.Dismiss
	if f("do") == "resend" {
		decide = notices.Resend
	}
	if err := decide(q.ctx(), q.company.Books, q.viewer.Employee, f("channel"), []string{f("key")}, f("reason")); err != nil {
		return refused("没有办理："+err.Error(), "This was not done: "+err.Error(), "请刷新通知页后再试。", "Open the page of notices again.")
	}
	return q.see("/notices", "saved")
}
